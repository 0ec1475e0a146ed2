// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must always hold in a configuration. Every node checks every change with this before it
 * votes, and every content that comes from a disk or a peer.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "vxconfigd/record.h"
#include "vxconfigd/record_list.h"

__attribute__((format(printf, 2, 3))) static int bad(char *out_reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out_reason, VX_REASON_MAX, format, args);
	va_end(args);
	return -VX_E_INVAL;
}

static bool text_is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* Enums of proto3 are open: a value of a newer version must not be taken for a known one. */
static int check_enums(const ProtobufCMessage *message, const char *name, char *out_reason)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		int value;

		if (field->type != PROTOBUF_C_TYPE_ENUM) {
			continue;
		}
		memcpy(&value, (const char *)message + field->offset, sizeof(value));
		if (protobuf_c_enum_descriptor_get_value(field->descriptor, value) == NULL) {
			return bad(out_reason, "%s: %s has the unknown value %d", name, field->name,
				   value);
		}
	}
	return 0;
}

static int check_group(const Vx__Config *config, char *out_reason)
{
	const Vx__Dg *dg = config->dg;

	if (dg == NULL || !record_name_valid(dg->name)) {
		return bad(out_reason, "the disk group has no valid name");
	}
	if (!text_is_set(dg->dgid)) {
		return bad(out_reason, "disk group %s: has no id", dg->name);
	}
	if (dg->shared ? !text_is_set(dg->cluster) : !text_is_set(dg->host)) {
		return bad(out_reason, "disk group %s: has no owner", dg->name);
	}
	for (size_t i = 0; i < config->n_outcome; i++) {
		if (config->outcome[i]->txid.len != ID_BYTES) {
			return bad(out_reason, "disk group %s: bad outcome record", dg->name);
		}
	}
	if (config->n_outcome > VX_OUTCOMES_MAX) {
		return bad(out_reason, "disk group %s: too many outcomes", dg->name);
	}
	return check_enums(&dg->base, dg->name, out_reason);
}

static int check_list(const Vx__Config *config, enum record_kind kind, char *out_reason)
{
	struct record_list list = record_list(config, kind);
	uint64_t before = 0;

	for (size_t i = 0; i < *list.count; i++) {
		const struct record_head *record = (*list.item)[i];
		int error;

		if (!record_name_valid(record->name)) {
			return bad(out_reason, "%s %" PRIu64 ": has no valid name", list.word,
				   record->rid);
		}
		if (record->rid <= before || record->rid >= config->next_rid) {
			return bad(out_reason, "%s %s: record id %" PRIu64 " is out of order",
				   list.word, record->name, record->rid);
		}
		before = record->rid;
		error = check_enums(&record->base, record->name, out_reason);
		if (error != 0) {
			return error;
		}
	}
	return 0;
}

static int compare_name(const void *a, const void *b)
{
	const struct record_head *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int compare_rid(const void *a, const void *b)
{
	const struct record_head *const *left = a, *const *right = b;

	return ((*left)->rid > (*right)->rid) - ((*left)->rid < (*right)->rid);
}

/* Names and rids are unique over all kinds. */
static int check_unique(const Vx__Config *config, char *out_reason)
{
	size_t total = config->n_dm + config->n_vol + config->n_plex + config->n_sd, count = 0;
	struct record_head **all = record_alloc(total, sizeof(struct record_head *));
	int error = 0;

	for (enum record_kind kind = 0; kind < RECORD_KINDS; kind++) {
		struct record_list list = record_list(config, kind);

		for (size_t i = 0; i < *list.count; i++) {
			all[count++] = (*list.item)[i];
		}
	}
	qsort(all, count, sizeof(*all), compare_name);
	for (size_t i = 1; i < count && error == 0; i++) {
		if (strcmp(all[i - 1]->name, all[i]->name) == 0) {
			error = bad(out_reason, "%s: two objects have this name", all[i]->name);
		}
	}
	qsort(all, count, sizeof(*all), compare_rid);
	for (size_t i = 1; i < count && error == 0; i++) {
		if (all[i - 1]->rid == all[i]->rid) {
			error = bad(out_reason, "%s and %s: have one record id", all[i - 1]->name,
				    all[i]->name);
		}
	}
	free(all);
	return error;
}

static int check_disks(const Vx__Config *config, char *out_reason)
{
	size_t copies = 0;

	if (config->n_dm > VX_DISKS_MAX) {
		return bad(out_reason, "more than %d disks", VX_DISKS_MAX);
	}
	for (size_t i = 0; i < config->n_dm; i++) {
		const Vx__Dm *dm = config->dm[i];

		if (!text_is_set(dm->diskid)) {
			return bad(out_reason, "disk %s: has no disk id", dm->name);
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(dm->diskid, config->dm[j]->diskid) == 0) {
				return bad(out_reason, "disks %s and %s are one disk",
					   config->dm[j]->name, dm->name);
			}
		}
		if (dm->pub_offset > VX_SECTORS_MAX ||
		    dm->pub_len > VX_SECTORS_MAX - dm->pub_offset) {
			return bad(out_reason, "disk %s: impossible size", dm->name);
		}
		copies += dm->nconfig ? 1 : 0;
	}
	if (copies == 0 || copies > VX_COPIES_MAX) {
		return bad(out_reason, "%zu configuration copies: 1 to %d are possible", copies,
			   VX_COPIES_MAX);
	}
	return 0;
}

struct plex_count {
	size_t data, good, log;
};

static int check_volume(const Vx__Config *config, const Vx__Vol *vol, struct plex_count count,
			char *out_reason)
{
	const Vx__Plex *prefer = NULL;

	if (vol->len == 0 || vol->len > VX_SECTORS_MAX) {
		return bad(out_reason, "volume %s: impossible size", vol->name);
	}
	if (count.data == 0 || count.data + count.log > VX_PLEXES_MAX) {
		return bad(out_reason, "volume %s: %zu plexes: 1 to %d are possible", vol->name,
			   count.data + count.log, VX_PLEXES_MAX);
	}
	if (vol->kstate == VX__KSTATE__KS_ENABLED && count.good == 0) {
		return bad(out_reason, "volume %s: is started and has no active plex", vol->name);
	}
	if ((vol->region_len != 0) != (count.log != 0)) {
		return bad(out_reason, "volume %s: region size and log plexes do not agree",
			   vol->name);
	}
	if (text_is_set(vol->prefer_plex)) {
		prefer = config_plex(config, vol->prefer_plex);
		if (prefer == NULL || prefer->vol_rid != vol->rid || prefer->is_log) {
			return bad(out_reason, "volume %s: preferred plex %s is not its plex",
				   vol->name, vol->prefer_plex);
		}
	}
	if ((vol->read_policy == VX__READ_POLICY__READ_PREFER) != (prefer != NULL)) {
		return bad(out_reason, "volume %s: read policy and preferred plex do not agree",
			   vol->name);
	}
	return 0;
}

static int compare_minor(const void *a, const void *b)
{
	const Vx__Vol *left = *(const Vx__Vol *const *)a, *right = *(const Vx__Vol *const *)b;

	return (left->minor > right->minor) - (left->minor < right->minor);
}

static int check_minors(const Vx__Config *config, char *out_reason)
{
	Vx__Vol **vol = record_alloc(config->n_vol, sizeof(Vx__Vol *));
	int error = 0;

	for (size_t i = 0; i < config->n_vol; i++) {
		vol[i] = config->vol[i];
	}
	qsort(vol, config->n_vol, sizeof(Vx__Vol *), compare_minor);
	for (size_t i = 1; i < config->n_vol && error == 0; i++) {
		if (vol[i - 1]->minor == vol[i]->minor) {
			error = bad(out_reason, "volumes %s and %s have one minor number",
				    vol[i - 1]->name, vol[i]->name);
		}
	}
	free(vol);
	return error;
}

static int check_volumes(const Vx__Config *config, char *out_reason)
{
	struct record_list volumes = record_list(config, RECORD_VOL);
	struct plex_count *count = record_alloc(config->n_vol, sizeof(*count));
	int error = 0;

	if (config->n_vol > VX_VOLUMES_MAX) {
		free(count);
		return bad(out_reason, "more than %d volumes", VX_VOLUMES_MAX);
	}
	for (size_t i = 0; i < config->n_plex; i++) {
		const Vx__Plex *plex = config->plex[i];
		size_t index = record_list_find(volumes, plex->vol_rid);

		if (plex->vol_rid == 0) {
			continue;
		}
		if (index == config->n_vol) {
			free(count);
			return bad(out_reason, "plex %s: its volume does not exist", plex->name);
		}
		count[index].data += plex->is_log ? 0 : 1;
		count[index].log += plex->is_log ? 1 : 0;
		count[index].good += plex_is_good(plex) ? 1 : 0;
	}
	for (size_t i = 0; i < config->n_vol && error == 0; i++) {
		error = check_volume(config, config->vol[i], count[i], out_reason);
	}
	free(count);
	return error == 0 ? check_minors(config, out_reason) : error;
}

static int compare_in_plex(const void *a, const void *b)
{
	const Vx__Sd *left = *(const Vx__Sd *const *)a, *right = *(const Vx__Sd *const *)b;

	if (left->plex_rid != right->plex_rid) {
		return left->plex_rid < right->plex_rid ? -1 : 1;
	}
	if (left->column != right->column) {
		return left->column < right->column ? -1 : 1;
	}
	return (left->plex_offset > right->plex_offset) - (left->plex_offset < right->plex_offset);
}

static int compare_on_disk(const void *a, const void *b)
{
	const Vx__Sd *left = *(const Vx__Sd *const *)a, *right = *(const Vx__Sd *const *)b;

	if (left->dm_rid != right->dm_rid) {
		return left->dm_rid < right->dm_rid ? -1 : 1;
	}
	return (left->disk_offset > right->disk_offset) - (left->disk_offset < right->disk_offset);
}

/* The subdisks sd (of this plex, in order) cover each column from 0 to its end, once. */
static int check_cover(const Vx__Plex *plex, Vx__Sd *const *sd, size_t count, char *out_reason)
{
	uint32_t columns = plex->layout == VX__LAYOUT__LAYOUT_STRIPE ? plex->columns : 1;
	uint64_t column_len = plex->len / columns, reached = 0;
	uint32_t column = 0;

	for (size_t i = 0; i < count; i++) {
		if (sd[i]->column != column && reached == column_len) {
			column++;
			reached = 0;
		}
		if (sd[i]->column != column || sd[i]->plex_offset != reached) {
			return bad(out_reason,
				   "plex %s: subdisk %s leaves a hole or covers another",
				   plex->name, sd[i]->name);
		}
		reached += sd[i]->len;
	}
	if (column + 1 != columns || reached != column_len) {
		return bad(out_reason, "plex %s: its subdisks do not cover it", plex->name);
	}
	return 0;
}

static int check_shape(const Vx__Config *config, const Vx__Plex *plex, char *out_reason)
{
	const Vx__Vol *vol = config_vol_rid(config, plex->vol_rid);
	bool stripe = plex->layout == VX__LAYOUT__LAYOUT_STRIPE;

	if (plex->len == 0 || plex->len > VX_SECTORS_MAX) {
		return bad(out_reason, "plex %s: impossible size", plex->name);
	}
	if (stripe ? plex->columns < 2 || plex->stripe_width == 0 || plex->is_log ||
			     plex->len % plex->columns != 0 ||
			     plex->len / plex->columns % plex->stripe_width != 0 :
		     plex->columns > 1) {
		return bad(out_reason, "plex %s: impossible layout", plex->name);
	}
	if (!plex->is_log && vol != NULL && plex->len < vol->len) {
		return bad(out_reason, "plex %s: is shorter than volume %s", plex->name, vol->name);
	}
	if (plex_is_attaching(plex) &&
	    (plex->attach == 0 || vol == NULL || vol->kstate != VX__KSTATE__KS_ENABLED)) {
		return bad(out_reason, "plex %s: is being attached to nothing", plex->name);
	}
	if (plex->attach >= config->next_rid) {
		return bad(out_reason, "plex %s: number of its attach is out of order", plex->name);
	}
	if (plex->is_log ? plex->state == VX__PLEX_STATE__PLEX_ACTIVE ||
				   plex->state == VX__PLEX_STATE__PLEX_CLEAN ||
				   plex->state == VX__PLEX_STATE__PLEX_TEMPRMSD :
			   plex->state == VX__PLEX_STATE__PLEX_LOG) {
		return bad(out_reason, "plex %s: state does not fit what it holds", plex->name);
	}
	return 0;
}

static int check_plexes(const Vx__Config *config, Vx__Sd **sd, char *out_reason)
{
	size_t first = 0;

	qsort(sd, config->n_sd, sizeof(Vx__Sd *), compare_in_plex);
	for (size_t i = 0; i < config->n_plex; i++) {
		const Vx__Plex *plex = config->plex[i];
		size_t end = first;
		int error = check_shape(config, plex, out_reason);

		while (end < config->n_sd && sd[end]->plex_rid == plex->rid) {
			end++;
		}
		if (error == 0 && end - first > (plex->is_log ? 1 : VX_SUBDISKS_MAX)) {
			error = bad(out_reason, "plex %s: too many subdisks", plex->name);
		}
		if (error == 0) {
			error = check_cover(plex, sd + first, end - first, out_reason);
		}
		if (error != 0) {
			return error;
		}
		first = end;
	}
	if (first != config->n_sd) {
		return bad(out_reason, "subdisk %s: its plex does not exist", sd[first]->name);
	}
	return 0;
}

static int check_subdisks(const Vx__Config *config, Vx__Sd **sd, char *out_reason)
{
	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Dm *dm = config_dm_rid(config, sd[i]->dm_rid);

		if (dm == NULL) {
			return bad(out_reason, "subdisk %s: its disk does not exist", sd[i]->name);
		}
		if (sd[i]->len == 0 || sd[i]->len > dm->pub_len ||
		    sd[i]->disk_offset > dm->pub_len - sd[i]->len) {
			return bad(out_reason, "subdisk %s: is not inside disk %s", sd[i]->name,
				   dm->name);
		}
	}
	qsort(sd, config->n_sd, sizeof(Vx__Sd *), compare_on_disk);
	for (size_t i = 1; i < config->n_sd; i++) {
		if (sd[i]->dm_rid == sd[i - 1]->dm_rid &&
		    sd[i]->disk_offset < sd[i - 1]->disk_offset + sd[i - 1]->len) {
			return bad(out_reason, "subdisks %s and %s overlap", sd[i - 1]->name,
				   sd[i]->name);
		}
	}
	return 0;
}

int config_check(const Vx__Config *config, char *out_reason)
{
	Vx__Sd **sd;
	int error = check_group(config, out_reason);

	for (enum record_kind kind = 0; kind < RECORD_KINDS && error == 0; kind++) {
		error = check_list(config, kind, out_reason);
	}
	error = error == 0 ? check_unique(config, out_reason) : error;
	error = error == 0 ? check_disks(config, out_reason) : error;
	error = error == 0 ? check_volumes(config, out_reason) : error;
	if (error != 0) {
		return error;
	}
	sd = record_alloc(config->n_sd, sizeof(Vx__Sd *));
	if (config->n_sd > 0) {
		memcpy(sd, config->sd, config->n_sd * sizeof(Vx__Sd *));
	}
	error = check_subdisks(config, sd, out_reason);
	error = error == 0 ? check_plexes(config, sd, out_reason) : error;
	free(sd);
	return error;
}
