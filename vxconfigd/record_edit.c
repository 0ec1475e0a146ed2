// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing a configuration: adding and removing records, applying a delta, making one. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/record_list.h"

static void *config_add(Vx__Config *config, enum record_kind kind, const char *name)
{
	struct record_list list = record_list(config, kind);
	struct record_head *record = record_alloc(1, list.type->sizeof_message);

	protobuf_c_message_init(list.type, record);
	if (config->next_rid == 0) {
		config->next_rid = 1;
	}
	record->rid = config->next_rid++;
	proto_string_set(&record->name, name);
	record_list_add(list, record);
	return record;
}

Vx__Dm *config_dm_add(Vx__Config *config, const char *name)
{
	return config_add(config, RECORD_DM, name);
}

Vx__Vol *config_vol_add(Vx__Config *config, const char *name)
{
	return config_add(config, RECORD_VOL, name);
}

Vx__Plex *config_plex_add(Vx__Config *config, const char *name)
{
	return config_add(config, RECORD_PLEX, name);
}

Vx__Sd *config_sd_add(Vx__Config *config, const char *name)
{
	return config_add(config, RECORD_SD, name);
}

bool config_remove(Vx__Config *config, uint64_t rid)
{
	for (enum record_kind kind = 0; kind < RECORD_KINDS; kind++) {
		struct record_list list = record_list(config, kind);
		size_t index = record_list_find(list, rid);

		if (index < *list.count) {
			record_list_remove(list, index);
			return true;
		}
	}
	return false;
}

void config_plex_remove(Vx__Config *config, uint64_t rid)
{
	for (size_t i = config->n_sd; i > 0; i--) {
		if (config->sd[i - 1]->plex_rid == rid) {
			record_list_remove(record_list(config, RECORD_SD), i - 1);
		}
	}
	config_remove(config, rid);
}

void config_vol_remove(Vx__Config *config, uint64_t rid)
{
	for (size_t i = config->n_plex; i > 0; i--) {
		if (config->plex[i - 1]->vol_rid == rid) {
			config_plex_remove(config, config->plex[i - 1]->rid);
		}
	}
	config_remove(config, rid);
}

/* The record of a put and the kind of its list; NULL for the group's record and unknown ones. */
static struct record_head *put_record(const Vx__Record *put, enum record_kind *out_kind)
{
	if (put->kind_case == VX__RECORD__KIND_DM) {
		*out_kind = RECORD_DM;
		return (struct record_head *)put->dm;
	}
	if (put->kind_case == VX__RECORD__KIND_VOL) {
		*out_kind = RECORD_VOL;
		return (struct record_head *)put->vol;
	}
	if (put->kind_case == VX__RECORD__KIND_PLEX) {
		*out_kind = RECORD_PLEX;
		return (struct record_head *)put->plex;
	}
	if (put->kind_case == VX__RECORD__KIND_SD) {
		*out_kind = RECORD_SD;
		return (struct record_head *)put->sd;
	}
	return NULL;
}

static int config_put_group(Vx__Config *config, const Vx__Dg *dg, char *out_reason)
{
	if (dg == NULL || config->dg == NULL || strcmp(dg->dgid, config->dg->dgid) != 0) {
		snprintf(out_reason, VX_REASON_MAX, "the change is for another disk group");
		return -VX_E_INVAL;
	}
	vx__dg__free_unpacked(config->dg, NULL);
	config->dg = proto_clone(dg);
	return 0;
}

static int config_put(Vx__Config *config, const Vx__Record *put, char *out_reason)
{
	enum record_kind kind;
	struct record_head *record;
	struct record_list list;
	size_t index;

	if (put->kind_case == VX__RECORD__KIND_DG) {
		return config_put_group(config, put->dg, out_reason);
	}
	record = put_record(put, &kind);
	if (record == NULL) {
		snprintf(out_reason, VX_REASON_MAX, "the change has a record of an unknown kind");
		return -VX_E_INVAL;
	}
	list = record_list(config, kind);
	index = record_list_find(list, record->rid);
	record = proto_clone(record);
	if (index < *list.count) {
		protobuf_c_message_free_unpacked(&(*list.item)[index]->base, NULL);
		(*list.item)[index] = record;
	} else {
		record_list_add(list, record);
	}
	return 0;
}

int config_replay(Vx__Config *config, const Vx__Delta *delta, char *out_reason)
{
	for (size_t i = 0; i < delta->n_del_rid; i++) {
		if (!config_remove(config, delta->del_rid[i])) {
			snprintf(out_reason, VX_REASON_MAX,
				 "the change removes record %" PRIu64 ", which does not exist",
				 delta->del_rid[i]);
			return -VX_E_INVAL;
		}
	}
	for (size_t i = 0; i < delta->n_put; i++) {
		int error = config_put(config, delta->put[i], out_reason);

		if (error != 0) {
			return error;
		}
	}
	if (delta->next_rid != 0 && delta->next_rid < config->next_rid) {
		snprintf(out_reason, VX_REASON_MAX, "the change would use record ids again");
		return -VX_E_INVAL;
	}
	config->next_rid = delta->next_rid != 0 ? delta->next_rid : config->next_rid;
	return 0;
}

int config_apply(Vx__Config *config, const Vx__Delta *delta, char *out_reason)
{
	Vx__Config *after = proto_clone(config);
	int error = config_replay(after, delta, out_reason);

	error = error == 0 ? config_check(after, out_reason) : error;
	if (error == 0) {
		Vx__Config before = *config;

		*config = *after;
		*after = before;
	}
	vx__config__free_unpacked(after, NULL);
	return error;
}

bool delta_is_empty(const Vx__Delta *delta)
{
	return delta->n_put == 0 && delta->n_del_rid == 0;
}

static Vx__Record *delta_put_add(Vx__Delta *delta)
{
	Vx__Record *put = record_alloc(1, sizeof(*put));
	Vx__Record **list = realloc(delta->put, (delta->n_put + 1) * sizeof(*list));

	if (list == NULL) {
		abort();
	}
	vx__record__init(put);
	list[delta->n_put++] = put;
	delta->put = list;
	return put;
}

static void delta_put_record(Vx__Delta *delta, enum record_kind kind,
			     const ProtobufCMessage *record)
{
	static const Vx__Record__KindCase kind_case[RECORD_KINDS] = {
		[RECORD_DM] = VX__RECORD__KIND_DM,
		[RECORD_VOL] = VX__RECORD__KIND_VOL,
		[RECORD_PLEX] = VX__RECORD__KIND_PLEX,
		[RECORD_SD] = VX__RECORD__KIND_SD,
	};
	Vx__Record *put = delta_put_add(delta);

	put->kind_case = kind_case[kind];
	put->dm = proto_clone(record); /* the union's pointers share one place */
}

static void delta_del_add(Vx__Delta *delta, uint64_t rid)
{
	uint64_t *list = realloc(delta->del_rid, (delta->n_del_rid + 1) * sizeof(*list));

	if (list == NULL) {
		abort();
	}
	list[delta->n_del_rid++] = rid;
	delta->del_rid = list;
}

/* Both lists are in order of rid: one walk through both. */
static void config_diff_list(const Vx__Config *before, const Vx__Config *after,
			     enum record_kind kind, Vx__Delta *delta)
{
	struct record_list old = record_list(before, kind), new = record_list(after, kind);
	size_t i = 0, j = 0;

	while (i < *old.count || j < *new.count) {
		const struct record_head *a = i < *old.count ? (*old.item)[i] : NULL;
		const struct record_head *b = j < *new.count ? (*new.item)[j] : NULL;

		if (b == NULL || (a != NULL && a->rid < b->rid)) {
			delta_del_add(delta, a->rid);
			i++;
		} else if (a == NULL || b->rid < a->rid) {
			delta_put_record(delta, kind, &b->base);
			j++;
		} else {
			if (!proto_equal(&a->base, &b->base)) {
				delta_put_record(delta, kind, &b->base);
			}
			i++;
			j++;
		}
	}
}

Vx__Delta *config_diff(const Vx__Config *before, const Vx__Config *after)
{
	Vx__Delta *delta = record_alloc(1, sizeof(*delta));

	vx__delta__init(delta);
	assert(strcmp(before->dg->dgid, after->dg->dgid) == 0);
	if (!proto_equal(&before->dg->base, &after->dg->base)) {
		Vx__Record *put = delta_put_add(delta);

		put->kind_case = VX__RECORD__KIND_DG;
		put->dg = proto_clone(after->dg);
	}
	for (enum record_kind kind = 0; kind < RECORD_KINDS; kind++) {
		config_diff_list(before, after, kind, delta);
	}
	delta->next_rid = after->next_rid;
	return delta;
}
