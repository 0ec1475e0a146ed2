// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of records: finding by rid and name, adding, removing, copying. */
#include "vxconfigd/record_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vxconfigd/record.h"

#define HEAD_FITS(type)                                                                  \
	static_assert(offsetof(type, rid) == offsetof(struct record_head, rid) &&        \
			      offsetof(type, name) == offsetof(struct record_head, name), \
		      "record head")
HEAD_FITS(Vx__Dm);
HEAD_FITS(Vx__Vol);
HEAD_FITS(Vx__Plex);
HEAD_FITS(Vx__Sd);

struct record_list record_list(const Vx__Config *config, enum record_kind kind)
{
	Vx__Config *c = (Vx__Config *)config;
	const struct record_list lists[RECORD_KINDS] = {
		[RECORD_DM] = { &c->n_dm, (void *)&c->dm, &vx__dm__descriptor, "disk" },
		[RECORD_VOL] = { &c->n_vol, (void *)&c->vol, &vx__vol__descriptor, "volume" },
		[RECORD_PLEX] = { &c->n_plex, (void *)&c->plex, &vx__plex__descriptor, "plex" },
		[RECORD_SD] = { &c->n_sd, (void *)&c->sd, &vx__sd__descriptor, "subdisk" },
	};

	assert(kind < RECORD_KINDS);
	return lists[kind];
}

size_t record_list_find(struct record_list list, uint64_t rid)
{
	size_t low = 0, high = *list.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((*list.item)[middle]->rid < rid) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < *list.count && (*list.item)[low]->rid == rid ? low : *list.count;
}

struct record_head *record_list_named(struct record_list list, const char *name)
{
	for (size_t i = 0; i < *list.count; i++) {
		if (strcmp((*list.item)[i]->name, name) == 0) {
			return (*list.item)[i];
		}
	}
	return NULL;
}

void record_list_add(struct record_list list, struct record_head *record)
{
	size_t place = *list.count;
	struct record_head **item = realloc(*list.item, (place + 1) * sizeof(*item));

	if (item == NULL) {
		abort();
	}
	for (; place > 0 && item[place - 1]->rid > record->rid; place--) {
		item[place] = item[place - 1];
	}
	item[place] = record;
	*list.item = item;
	*list.count += 1;
}

void record_list_remove(struct record_list list, size_t index)
{
	struct record_head **item = *list.item;

	assert(index < *list.count);
	protobuf_c_message_free_unpacked(&item[index]->base, NULL);
	*list.count -= 1;
	memmove(item + index, item + index + 1, (*list.count - index) * sizeof(*item));
}

static uint8_t *record_pack(const ProtobufCMessage *message, size_t *out_length)
{
	uint8_t *data = record_alloc(1, protobuf_c_message_get_packed_size(message) + 1);

	*out_length = protobuf_c_message_pack(message, data);
	return data;
}

ProtobufCMessage *record_copy(const ProtobufCMessage *message)
{
	size_t length;
	uint8_t *data = record_pack(message, &length);
	ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, length, data);

	if (copy == NULL) {
		abort();
	}
	free(data);
	return copy;
}

bool record_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	size_t a_length, b_length;
	uint8_t *a_data = record_pack(a, &a_length);
	uint8_t *b_data = record_pack(b, &b_length);
	bool equal = a_length == b_length && memcmp(a_data, b_data, a_length) == 0;

	free(a_data);
	free(b_data);
	return equal;
}
