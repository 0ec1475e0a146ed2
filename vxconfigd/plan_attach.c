// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Planning for plexes that come into a volume that is in use: vxassist mirror and addlog, vxplex
 * att, and the end of an attach.
 *
 *   vxassist mirror: a new plex              TEMPRMSD --+
 *   vxplex att: detached, or dissociated        STALE --+-- all of it is copied --> ACTIVE
 *   vxplex mv: dissociated                      STALE --+   (mv: another one is dissociated with it)
 *   vxplex cp: dissociated                      STALE ----- all of it is copied --> dissociated
 *
 * Until then it is ENABLED, takes every write, serves no read and stands in for no other one. Each
 * attach has a number of its own (Plex.attach): what is said of an earlier one is not taken for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/plan_layout.h"
#include "vxconfigd/plan_plex.h"

/* The log must not be one that was left behind when the volume had one plex: it is written anew,
 * but where it is in use. */
static void attach_format_log(struct plan_work *work, const Vx__Vol *vol)
{
	if (vol->region_len != 0) {
		plan_add_log(work->plan, vol->rid, false);
	}
}

void plex_attach(Vx__Config *config, Vx__Plex *plex, Vx__PlexState state)
{
	plex->attach = config->next_rid++;
	plex->state = state;
	plex->kstate = VX__KSTATE__KS_ENABLED;
}

static void attach_begin(struct plan_work *work, const Vx__Vol *vol, Vx__Plex *plex,
			 Vx__PlexState state)
{
	plex_attach(work->after, plex, state);
	attach_format_log(work, vol);
	plan_quiesce(work, vol->rid);
}

int plan_attach_possible(struct plan_work *work, const Vx__Vol *vol)
{
	if (work->env->protocol < VX_PROTOCOL_ATTACH) {
		return plan_say(work, PROTOCOL_LOW, vol->name, work->env->protocol,
				VX_PROTOCOL_ATTACH);
	}
	return vol->kstate == VX__KSTATE__KS_ENABLED ?
		       0 :
		       plan_say(work, VOLUME_NOT_STARTED, vol->name);
}

/* Plexes of the volume, of both kinds. */
static int attach_check_count(struct plan_work *work, const Vx__Vol *vol, size_t more)
{
	size_t count = more;

	for (size_t i = 0; i < work->after->n_plex; i++) {
		count += work->after->plex[i]->vol_rid == vol->rid ? 1 : 0;
	}
	return count > VX_PLEXES_MAX ? plan_say(work, LIMIT, plan_group_name(work), VX_PLEXES_MAX,
						"plexes of a volume") :
				       0;
}

/* ---- vxassist mirror ---- */

/* As the oldest complete plex, unless layout= says otherwise. */
static void mirror_layout(const struct plan_work *work, const Vx__Vol *vol, struct layout *layout)
{
	layout->vol_rid = vol->rid;
	if (plan_attr(work, "nmirror") == NULL) {
		layout->mirrors = 1;
	}
	for (size_t i = 0; i < work->after->n_plex && plan_attr(work, "layout") == NULL; i++) {
		const Vx__Plex *plex = work->after->plex[i];

		if (plex_is_complete(vol, plex)) {
			layout->columns = plex->columns > 1 ? plex->columns : 1;
			layout->stripe_width = plex->stripe_width;
			return;
		}
	}
}

int plan_volume_mirror(struct plan_work *work)
{
	struct allocation *allocation;
	char reason[VX_REASON_MAX];
	struct layout layout;
	Vx__Vol *vol;
	int error = plan_find_volume(work, work->request->operand[0], &vol);

	error = error == 0 ? plan_attach_possible(work, vol) : error;
	error = error == 0 ? plan_layout_read(work, 1, &layout) : error;
	if (error != 0) {
		return error;
	}
	mirror_layout(work, vol, &layout);
	error = attach_check_count(work, vol, layout.mirrors);
	if (error != 0) {
		return error;
	}
	if (plan_layout_place(work->after, &layout, vol->len, &allocation, reason) != 0) {
		return plan_say(work, NO_SPACE, plan_group_name(work), (unsigned long long)vol->len,
				reason);
	}
	for (size_t i = 0; i < allocation->plex_count; i++) {
		attach_begin(work, vol,
			     plan_layout_add_plex(work, vol, layout.stripe_width,
						  &allocation->plex[i]),
			     VX__PLEX_STATE__PLEX_TEMPRMSD);
	}
	allocation_free(allocation);
	return 0;
}

/* ---- vxassist addlog ---- */

static size_t volume_data_plexes(const Vx__Config *config, const Vx__Vol *vol)
{
	size_t count = 0;

	for (size_t i = 0; i < config->n_plex; i++) {
		count += config->plex[i]->vol_rid == vol->rid && !config->plex[i]->is_log ? 1 : 0;
	}
	return count;
}

static void log_begin(struct plan_work *work, Vx__Vol *vol, Vx__Plex *plex)
{
	plex->state = VX__PLEX_STATE__PLEX_LOG;
	plex->kstate = vol->kstate;
	attach_format_log(work, vol);
	plan_quiesce(work, vol->rid);
}

int plan_volume_add_log(struct plan_work *work)
{
	struct layout layout = { .columns = 1, .vol_rid = 0 };
	struct allocation *allocation;
	char reason[VX_REASON_MAX];
	Vx__Vol *vol;
	int error = plan_find_volume(work, work->request->operand[0], &vol);

	error = error == 0 ? plan_attr_number(work, "nlog", 1, VX_PLEXES_MAX, 1, &layout.log_min) :
			     error;
	error = error == 0 ? plan_layout_disks(work, 1, &layout) : error;
	if (error != 0) {
		return error;
	}
	if (work->env->protocol < VX_PROTOCOL_ATTACH) {
		return plan_say(work, PROTOCOL_LOW, vol->name, work->env->protocol,
				VX_PROTOCOL_ATTACH);
	}
	if (volume_data_plexes(work->after, vol) < 2) {
		return plan_say(work, LOG_UNMIRRORED, vol->name, plan_group_name(work), vol->name);
	}
	layout.log_max = layout.log_min;
	layout.vol_rid = vol->rid;
	error = attach_check_count(work, vol, layout.log_min);
	if (error != 0) {
		return error;
	}
	if (plan_layout_place(work->after, &layout, vol->len, &allocation, reason) != 0) {
		return plan_say(work, NO_SPACE, plan_group_name(work), (unsigned long long)vol->len,
				reason);
	}
	vol->region_len = vol->region_len != 0 ? vol->region_len : drl_region_len(vol->len);
	for (size_t i = 0; i < allocation->plex_count; i++) {
		log_begin(work, vol, plan_layout_add_plex(work, vol, 0, &allocation->plex[i]));
	}
	allocation_free(allocation);
	return 0;
}

/* ---- vxplex att ---- */

static int attach_log(struct plan_work *work, Vx__Vol *vol, Vx__Plex *plex)
{
	uint64_t region_len = vol->region_len != 0 ? vol->region_len : drl_region_len(vol->len);

	if (plex->len < drl_log_len(vol->len, region_len)) {
		return plan_say(work, PLEX_SHORT, plex->name, vol->name);
	}
	vol->region_len = region_len;
	log_begin(work, vol, plex);
	return 0;
}

int plan_plex_attach_one(struct plan_work *work, Vx__Vol *vol, Vx__Plex *plex)
{
	bool detached = plex->vol_rid == vol->rid && plex->kstate == VX__KSTATE__KS_DETACHED;
	int error;

	if (plex->vol_rid != 0 && !detached) {
		const Vx__Vol *of = config_vol_rid(work->after, plex->vol_rid);

		return of == vol ? plan_say(work, STATE_INVALID, plex->name, "ENABLED") :
				   plan_say(work, PLEX_NOT_OF, plex->name, vol->name);
	}
	error = detached ? 0 : attach_check_count(work, vol, 1);
	if (error != 0) {
		return error;
	}
	plex->vol_rid = vol->rid;
	plex_stays(plex);
	if (plex->is_log) {
		return attach_log(work, vol, plex);
	}
	if (plex->len < vol->len) {
		return plan_say(work, PLEX_SHORT, plex->name, vol->name);
	}
	attach_begin(work, vol, plex, VX__PLEX_STATE__PLEX_STALE);
	return 0;
}

int plan_plex_attach(struct plan_work *work)
{
	Vx__Vol *vol;
	int error = plan_find_volume(work, work->request->operand[0], &vol);

	error = error == 0 ? plan_attach_possible(work, vol) : error;
	error = error == 0 ? plan_check_twice(work, 1) : error;
	for (size_t i = 1; i < work->request->n_operand && error == 0; i++) {
		Vx__Plex *plex;

		error = plan_find_plex(work, work->request->operand[i], &plex);
		error = error == 0 ? plan_plex_attach_one(work, vol, plex) : error;
	}
	return error;
}

/* ---- vxplex mv, cp ---- */

/* A plex of no volume, which the command fills. */
static int move_find_new(struct plan_work *work, const char *name, Vx__Plex **out_plex)
{
	int error = plan_find_plex(work, name, out_plex);

	if (error == 0 && (*out_plex)->vol_rid != 0) {
		const Vx__Vol *vol = config_vol_rid(work->after, (*out_plex)->vol_rid);

		return plan_say(work, PLEX_IN_USE, name, vol->name);
	}
	if (error == 0 && (*out_plex)->is_log) {
		return plan_say(work, PLEX_IS_LOG, name);
	}
	return error;
}

static int move_possible(struct plan_work *work, const Vx__Vol *vol)
{
	if (work->env->protocol < VX_PROTOCOL_MOVE) {
		return plan_say(work, PROTOCOL_LOW, vol->name, work->env->protocol, VX_PROTOCOL_MOVE);
	}
	return plan_attach_possible(work, vol);
}

/* Is somebody moving that plex already? */
static bool move_is_replaced(const Vx__Config *config, const Vx__Plex *plex)
{
	for (size_t i = 0; i < config->n_plex; i++) {
		if (plex_is_attaching(config->plex[i]) && config->plex[i]->replaces == plex->rid) {
			return true;
		}
	}
	return false;
}

int plan_plex_move(struct plan_work *work)
{
	Vx__Plex *plex, *other;
	Vx__Vol *vol;
	int error = plan_find_plex(work, work->request->operand[0], &plex);

	if (error != 0) {
		return error;
	}
	vol = config_vol_rid(work->after, plex->vol_rid);
	if (vol == NULL) {
		return plan_say(work, STATE_INVALID, plex->name, "dissociated");
	}
	if (plex->is_log) {
		return plan_say(work, PLEX_IS_LOG, plex->name);
	}
	if (plex_is_attaching(plex) || move_is_replaced(work->after, plex)) {
		return plan_say(work, STATE_INVALID, plex->name,
				plex_is_attaching(plex) ? "being attached" : "being moved");
	}
	error = move_possible(work, vol);
	error = error == 0 ? move_find_new(work, work->request->operand[1], &other) : error;
	error = error == 0 ? plan_plex_attach_one(work, vol, other) : error;
	if (error == 0) {
		other->replaces = plex->rid;
		other->remove_replaced = plan_has_flag(work, "o:rm");
	}
	return error;
}

int plan_plex_copy(struct plan_work *work)
{
	Vx__Vol *vol;
	int error = plan_find_volume(work, work->request->operand[0], &vol);

	error = error == 0 ? move_possible(work, vol) : error;
	error = error == 0 ? plan_check_twice(work, 1) : error;
	for (size_t i = 1; i < work->request->n_operand && error == 0; i++) {
		Vx__Plex *plex;

		error = move_find_new(work, work->request->operand[i], &plex);
		error = error == 0 ? plan_plex_attach_one(work, vol, plex) : error;
		if (error == 0) {
			plex->leaves = true;
		}
	}
	return error;
}

/* ---- the end ---- */

/* All of the plex was copied, and the volume is quiet. */
static void attach_end(Vx__Config *config, Vx__Plex *plex)
{
	Vx__Plex *replaced = config_plex_rid(config, plex->replaces);
	bool leaves = plex->leaves, remove = plex->remove_replaced;

	plex->state = VX__PLEX_STATE__PLEX_ACTIVE;
	plex_stays(plex);
	if (replaced != NULL && replaced->vol_rid == plex->vol_rid) {
		plex_dissociate(config, replaced, plex);
		if (remove) {
			config_plex_remove(config, replaced->rid);
		}
	}
	if (leaves) {
		plex_dissociate(config, plex, NULL);
	}
}

int plan_synced(const Vx__Config *config, uint64_t vol_rid, const uint64_t *attach, size_t count,
		struct plan **out_plan)
{
	const Vx__Vol *vol = config_vol_rid(config, vol_rid);
	bool changed = false, quiesce = false;
	Vx__Config *after;

	if (vol == NULL) {
		return -VX_E_NOTFOUND;
	}
	if (vol->kstate != VX__KSTATE__KS_ENABLED) {
		return -VX_E_STALE;
	}
	after = proto_clone(config);
	if (vol->state == VX__VOL_STATE__VOL_SYNC) {
		config_vol_rid(after, vol_rid)->state = VX__VOL_STATE__VOL_ACTIVE;
		changed = true;
	}
	for (size_t i = 0; i < after->n_plex; i++) {
		Vx__Plex *plex = after->plex[i];

		for (size_t k = 0; k < count && plex_is_attaching(plex); k++) {
			if (plex->vol_rid == vol_rid && plex->attach == attach[k]) {
				attach_end(after, plex);
				changed = quiesce = true;
			}
		}
	}
	if (changed) {
		*out_plan = plan_of_change(config, after);
	}
	if (quiesce) {
		plan_add_quiesce(*out_plan, vol_rid);
	}
	vx__config__free_unpacked(after, NULL);
	return changed ? 0 : -VX_E_STALE;
}
