// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Planning for the length of volumes: vxassist growto, growby, shrinkto, shrinkby.
 *
 * Every data plex of the volume becomes as long, the detached ones too. A column grows behind its
 * last subdisk if there is room, else by further subdisks; its end is cut off. A log that is too
 * small for as many regions gets longer ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"
#include "vxconfigd/plan_layout.h"
#include "vxconfigd/plan_plex.h"

/* ---- what is asked for ---- */

static int resize_len(struct plan_work *work, const Vx__Vol *vol, uint64_t *out_len)
{
	const char *verb = work->request->verb, *text = work->request->operand[1];
	bool grow = strncmp(verb, "grow", 4) == 0, by = strcmp(verb + strlen(verb) - 2, "by") == 0;
	uint64_t len;
	int error = plan_layout_size(work, text, &len);

	if (error != 0) {
		return error;
	}
	if (by && (grow ? len > VX_SECTORS_MAX - vol->len : len >= vol->len)) {
		return plan_say(work, SIZE_RANGE, text);
	}
	len = !by ? len : grow ? vol->len + len : vol->len - len;
	if (grow ? len <= vol->len : len >= vol->len) {
		return plan_say(work, RESIZE_LEN, vol->name, (unsigned long long)vol->len, verb,
				grow ? "more" : "less");
	}
	*out_len = len;
	return 0;
}

static int resize_check(struct plan_work *work, const Vx__Vol *vol, uint64_t len)
{
	if (work->env->protocol < VX_PROTOCOL_RESIZE) {
		return plan_say(work, PROTOCOL_LOW, vol->name, work->env->protocol,
				VX_PROTOCOL_RESIZE);
	}
	if (vol->kstate != VX__KSTATE__KS_ENABLED) {
		return plan_say(work, VOLUME_NOT_STARTED, vol->name);
	}
	for (size_t i = 0; i < work->after->n_plex; i++) {
		const Vx__Plex *plex = work->after->plex[i];

		if (plex->vol_rid == vol->rid && plex_is_attaching(plex)) {
			return plan_say(work, RESIZE_ATTACH, vol->name, plex->name);
		}
	}
	if (len < vol->len && strcmp(vol->usetype, "gen") != 0 && !plan_has_flag(work, "f")) {
		return plan_say(work, SHRINK_LOSES, vol->name, (unsigned long long)len);
	}
	return 0;
}

/* ---- columns ---- */

static uint64_t resize_column_len(const Vx__Plex *plex, uint64_t len)
{
	uint64_t row = plex->columns * plex->stripe_width;

	return plex->columns < 2 ? len : (len + row - 1) / row * plex->stripe_width;
}

/* The subdisk at the end of the column. */
static Vx__Sd *column_last(const Vx__Config *config, const Vx__Plex *plex, uint32_t column)
{
	Vx__Sd *last = NULL;

	for (size_t i = 0; i < config->n_sd; i++) {
		Vx__Sd *sd = config->sd[i];

		if (sd->plex_rid == plex->rid && sd->column == column &&
		    (last == NULL || sd->plex_offset > last->plex_offset)) {
			last = sd;
		}
	}
	return last;
}

static void column_add(struct plan_work *work, const Vx__Plex *plex, uint32_t column,
		       const struct allocate_extent *extent)
{
	Vx__Sd *last = column_last(work->after, plex, column);

	if (last->dm_rid == extent->dm_rid && last->disk_offset + last->len == extent->offset) {
		last->len += extent->len;
	} else {
		plan_layout_add_subdisk(work, plex, column, last->plex_offset + last->len, extent);
	}
	if (plex->kstate == VX__KSTATE__KS_ENABLED) {
		plan_add_need_disk(work->plan, config_dm_rid(work->after, extent->dm_rid)->diskid);
	}
}

static int column_grow(struct plan_work *work, const Vx__Plex *plex, uint32_t column,
		       const struct layout *layout, uint64_t more)
{
	const struct allocate_more want = {
		.plex = plex,
		.column = column,
		.len = more,
		.disk = layout->disk,
		.disk_count = layout->disk_count,
	};
	struct allocate_column place = { 0 };
	char reason[VX_REASON_MAX];

	if (allocate_more(work->after, &want, &place, reason) != 0) {
		return plan_say(work, NO_SPACE, plan_group_name(work), (unsigned long long)more,
				reason);
	}
	for (size_t i = 0; i < place.extent_count; i++) {
		column_add(work, plex, column, &place.extent[i]);
	}
	free(place.extent);
	return 0;
}

static void column_cut(struct plan_work *work, const Vx__Plex *plex, uint32_t column, uint64_t len)
{
	Vx__Sd *last = column_last(work->after, plex, column);

	while (last->plex_offset >= len) {
		config_remove(work->after, last->rid);
		last = column_last(work->after, plex, column);
	}
	if (last->plex_offset + last->len > len) {
		last->len = len - last->plex_offset;
	}
}

static int plex_resize(struct plan_work *work, Vx__Plex *plex, const struct layout *layout,
		       uint64_t len)
{
	uint32_t columns = plex->columns > 1 ? plex->columns : 1;
	uint64_t column_len = resize_column_len(plex, len), have = plex->len / columns;
	int error = 0;

	for (uint32_t column = 0; column < columns && error == 0; column++) {
		if (column_len > have) {
			error = column_grow(work, plex, column, layout, column_len - have);
		} else if (column_len < have) {
			column_cut(work, plex, column, column_len);
		}
	}
	plex->len = column_len * columns;
	return error;
}

/* ---- the log ---- */

/* Regions as long as before, if the logs have room for as many as there are then. */
static void resize_log(struct plan_work *work, Vx__Vol *vol)
{
	uint64_t room = UINT64_MAX;

	if (vol->region_len == 0) {
		return;
	}
	for (size_t i = 0; i < work->after->n_plex; i++) {
		const Vx__Plex *plex = work->after->plex[i];

		if (plex->vol_rid == vol->rid && plex->is_log && plex->len < room) {
			room = plex->len;
		}
	}
	while (drl_log_len(vol->len, vol->region_len) == 0 ||
	       drl_log_len(vol->len, vol->region_len) > room) {
		vol->region_len *= 2;
	}
	plan_add_log(work->plan, vol->rid, false);
}

int plan_volume_resize(struct plan_work *work)
{
	struct layout layout = { 0 };
	uint64_t len = 0;
	Vx__Vol *vol;
	int error = plan_find_volume(work, work->request->operand[0], &vol);

	error = error == 0 ? resize_len(work, vol, &len) : error;
	error = error == 0 ? resize_check(work, vol, len) : error;
	error = error == 0 ? plan_layout_disks(work, 2, &layout) : error;
	for (size_t i = 0; i < work->after->n_plex && error == 0; i++) {
		Vx__Plex *plex = work->after->plex[i];

		if (plex->vol_rid == vol->rid && !plex->is_log) {
			error = plex_resize(work, plex, &layout, len);
		}
	}
	if (error != 0) {
		return error;
	}
	vol->len = len;
	resize_log(work, vol);
	plan_quiesce(work, vol->rid);
	return 0;
}
