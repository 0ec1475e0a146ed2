// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning for plexes: vxplex det and dis, vxassist remove, and the detach after a write error. */
#include "vxconfigd/plan_plex.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/plan_work.h"

bool plex_is_complete(const Vx__Vol *vol, const Vx__Plex *plex)
{
	if (plex->vol_rid != vol->rid || plex->is_log) {
		return false;
	}
	return plex->state == VX__PLEX_STATE__PLEX_ACTIVE ||
	       plex->state == VX__PLEX_STATE__PLEX_CLEAN ||
	       (plex->state == VX__PLEX_STATE__PLEX_EMPTY &&
		vol->state == VX__VOL_STATE__VOL_EMPTY);
}

/* Complete plexes of the volume but this one. */
static size_t volume_others(const Vx__Config *config, const Vx__Vol *vol, const Vx__Plex *plex)
{
	size_t count = 0;

	for (size_t i = 0; i < config->n_plex; i++) {
		if (config->plex[i] != plex && plex_is_complete(vol, config->plex[i])) {
			count++;
		}
	}
	return count;
}

bool volume_is_startable(const Vx__Config *config, const Vx__Vol *vol)
{
	return volume_others(config, vol, NULL) > 0;
}

void volume_lost_plex(const Vx__Config *config, Vx__Vol *vol)
{
	if (vol->state == VX__VOL_STATE__VOL_SYNC && volume_others(config, vol, NULL) == 1) {
		vol->state = VX__VOL_STATE__VOL_ACTIVE;
	}
}

struct plan *plan_of_change(const Vx__Config *before, const Vx__Config *after)
{
	struct plan *plan = record_alloc(1, sizeof(*plan));

	plan->kind = VX__TXN_KIND__TXN_CHANGE;
	plan->delta = config_diff(before, after);
	return plan;
}

int plan_plex_detach(struct plan_work *work)
{
	int error = plan_check_twice(work, 0);

	for (size_t i = 0; i < work->request->n_operand && error == 0; i++) {
		Vx__Plex *plex;
		Vx__Vol *vol;

		error = plan_find_plex(work, work->request->operand[i], &plex);
		if (error != 0) {
			return error;
		}
		vol = config_vol_rid(work->after, plex->vol_rid);
		if (vol == NULL) {
			return plan_say(work, STATE_INVALID, plex->name, "dissociated");
		}
		if (plex->kstate == VX__KSTATE__KS_DETACHED) {
			return plan_say(work, STATE_INVALID, plex->name, "DETACHED");
		}
		if (!plex->is_log && volume_others(work->after, vol, plex) == 0) {
			return plan_say(work, PLEX_LAST, plex->name, vol->name);
		}
		plex->kstate = VX__KSTATE__KS_DETACHED;
		plex->state = VX__PLEX_STATE__PLEX_STALE;
		plex_stays(plex);
		volume_lost_plex(work->after, vol);
		plan_quiesce(work, vol->rid);
	}
	return error;
}

static bool volume_has_log(const Vx__Config *config, const Vx__Vol *vol)
{
	for (size_t i = 0; i < config->n_plex; i++) {
		if (config->plex[i]->vol_rid == vol->rid && config->plex[i]->is_log) {
			return true;
		}
	}
	return false;
}

void plex_stays(Vx__Plex *plex)
{
	plex->leaves = plex->remove_replaced = false;
	plex->replaces = 0;
}

void plex_dissociate(Vx__Config *config, Vx__Plex *plex, const Vx__Plex *instead)
{
	Vx__Vol *vol = config_vol_rid(config, plex->vol_rid);

	plex->vol_rid = 0;
	plex->kstate = VX__KSTATE__KS_DISABLED;
	plex->state = VX__PLEX_STATE__PLEX_STALE;
	plex_stays(plex);
	if (strcmp(vol->prefer_plex, plex->name) == 0) {
		proto_string_set(&vol->prefer_plex, instead != NULL ? instead->name : "");
		vol->read_policy = instead != NULL ? vol->read_policy :
						     VX__READ_POLICY__READ_SELECT;
	}
	if (!volume_has_log(config, vol)) {
		vol->region_len = 0;
	}
	volume_lost_plex(config, vol);
}

static void plex_leave(struct plan_work *work, const Vx__Vol *vol, Vx__Plex *plex)
{
	plex_dissociate(work->after, plex, NULL);
	plan_quiesce(work, vol->rid);
}

int plan_plex_dissociate(struct plan_work *work)
{
	bool remove = plan_has_flag(work, "o:rm");
	int error = plan_check_twice(work, 0);

	for (size_t i = 0; i < work->request->n_operand && error == 0; i++) {
		Vx__Plex *plex;
		Vx__Vol *vol;

		error = plan_find_plex(work, work->request->operand[i], &plex);
		if (error != 0) {
			return error;
		}
		vol = config_vol_rid(work->after, plex->vol_rid);
		if (vol == NULL && !remove) {
			return plan_say(work, STATE_INVALID, plex->name, "dissociated");
		}
		if (vol != NULL && !plex->is_log && volume_others(work->after, vol, plex) == 0) {
			return plan_say(work, PLEX_LAST, plex->name, vol->name);
		}
		if (vol != NULL) {
			plex_leave(work, vol, plex);
		}
		if (remove) {
			config_plex_remove(work->after, plex->rid);
		}
	}
	return error;
}

/* ---- vxassist remove mirror, log ---- */

#define REDUCE_USAGE "usage: vxassist -g GROUP remove mirror|log VOLUME [nmirror=|nlog=] [!MEDIA ...]"

/* Is a part of the plex on one of the disks that are named, if any is? */
static bool reduce_is_meant(const struct plan_work *work, const Vx__Plex *plex)
{
	const Vx__Request *request = work->request;
	bool meant = request->n_operand == 2;

	for (size_t i = 2; i < request->n_operand; i++) {
		const Vx__Dm *dm = config_dm(work->after, request->operand[i] + 1);

		for (size_t k = 0; k < work->after->n_sd; k++) {
			meant = meant || (work->after->sd[k]->plex_rid == plex->rid &&
					  work->after->sd[k]->dm_rid == dm->rid);
		}
	}
	return meant;
}

/* The one to go: what is not complete, then the youngest. NULL: none is meant. */
static Vx__Plex *reduce_choose(const struct plan_work *work, const Vx__Vol *vol, bool is_log)
{
	Vx__Plex *best = NULL;

	for (size_t i = 0; i < work->after->n_plex; i++) {
		Vx__Plex *plex = work->after->plex[i];
		bool better = best == NULL || !plex_is_complete(vol, plex) ||
			      plex_is_complete(vol, best);

		if (plex->vol_rid == vol->rid && plex->is_log == is_log && better &&
		    reduce_is_meant(work, plex)) {
			best = plex;
		}
	}
	return best;
}

static int reduce_check_disks(struct plan_work *work)
{
	for (size_t i = 2; i < work->request->n_operand; i++) {
		const char *word = work->request->operand[i];
		Vx__Dm *dm;
		int error = word[0] == '!' ? plan_find_disk(work, word + 1, &dm) :
					     plan_say(work, USAGE, REDUCE_USAGE);

		if (error != 0) {
			return error;
		}
	}
	return 0;
}

static int reduce_count(struct plan_work *work, const Vx__Vol *vol, bool is_log, size_t *out_count)
{
	const char *key = is_log ? "nlog" : "nmirror", *other = is_log ? "nmirror" : "nlog";
	unsigned int have = 0, keep;
	int error;

	if (plan_attr(work, other) != NULL) {
		return plan_attr_bad(work, other, REDUCE_USAGE);
	}
	for (size_t i = 0; i < work->after->n_plex; i++) {
		have += work->after->plex[i]->vol_rid == vol->rid &&
			work->after->plex[i]->is_log == is_log;
	}
	error = plan_attr_number(work, key, is_log ? 0 : 1, VX_PLEXES_MAX, have > 0 ? have - 1 : 0,
				 &keep);
	*out_count = have > keep ? have - keep : plan_attr(work, key) != NULL ? 0 : 1;
	return error;
}

int plan_plex_reduce(struct plan_work *work, bool is_log)
{
	size_t count = 0;
	Vx__Vol *vol;
	int error = work->request->n_operand < 2 ? plan_say(work, USAGE, REDUCE_USAGE) : 0;

	error = error == 0 ? plan_find_volume(work, work->request->operand[1], &vol) : error;
	error = error == 0 ? reduce_check_disks(work) : error;
	error = error == 0 ? reduce_count(work, vol, is_log, &count) : error;
	for (; error == 0 && count > 0; count--) {
		Vx__Plex *plex = reduce_choose(work, vol, is_log);

		if (plex == NULL) {
			return plan_say(work, PLEX_FEW, vol->name, is_log ? "logs" : "mirrors",
					work->request->n_operand > 2 ? " on these disks" : "");
		}
		if (!is_log && volume_others(work->after, vol, plex) == 0) {
			return plan_say(work, PLEX_LAST, plex->name, vol->name);
		}
		plex_leave(work, vol, plex);
		config_plex_remove(work->after, plex->rid);
	}
	return error;
}

int plan_detach(const Vx__Config *config, uint64_t vol_rid, uint64_t plex_rid,
		struct plan **out_plan)
{
	const Vx__Plex *plex = config_plex_rid(config, plex_rid);
	const Vx__Vol *vol = config_vol_rid(config, vol_rid);
	struct plan *plan;
	Vx__Config *after;
	Vx__Plex *lost;

	if (vol == NULL || plex == NULL || plex->vol_rid != vol_rid) {
		return -VX_E_NOTFOUND;
	}
	if (plex->kstate != VX__KSTATE__KS_ENABLED) {
		return -VX_E_STALE;
	}
	after = proto_clone(config);
	lost = config_plex_rid(after, plex_rid);
	lost->kstate = VX__KSTATE__KS_DETACHED;
	lost->state = VX__PLEX_STATE__PLEX_IOFAIL;
	if (!lost->is_log && volume_others(after, config_vol_rid(after, vol_rid), lost) == 0) {
		vx__config__free_unpacked(after, NULL);
		return -VX_E_LAST;
	}
	volume_lost_plex(after, config_vol_rid(after, vol_rid));
	plan = plan_of_change(config, after);
	plan_add_quiesce(plan, vol_rid);
	vx__config__free_unpacked(after, NULL);
	*out_plan = plan;
	return 0;
}
