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

