// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning for the state of volumes: vxvol start, stop, rdpol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/plan_plex.h"
#include "vxconfigd/plan_work.h"

/*
 *   state of a volume (DISABLED)      start, mirrored      start, one complete plex
 *   EMPTY                             SYNC                 ACTIVE
 *   CLEAN                             ACTIVE               ACTIVE
 *   ACTIVE (was not stopped)          SYNC                 ACTIVE
 *   SYNC, NEEDSYNC                    SYNC                 ACTIVE
 */
void plan_start_one(struct plan_work *work, Vx__Vol *vol)
{
	Vx__Config *config = work->after;
	size_t complete = 0;

	for (size_t i = 0; i < config->n_plex; i++) {
		Vx__Plex *plex = config->plex[i];

		if (plex->vol_rid != vol->rid) {
			continue;
		}
		if (plex_is_complete(vol, plex)) {
			plex->state = VX__PLEX_STATE__PLEX_ACTIVE;
			plex->kstate = VX__KSTATE__KS_ENABLED;
			complete++;
		} else if (plex->state == VX__PLEX_STATE__PLEX_LOG) {
			plex->kstate = VX__KSTATE__KS_ENABLED;
			/* Nobody looked at the marks in it since the volume was in use. */
			plan_add_log(work->plan, vol->rid, true);
		} else if (plex->attach != 0 && plex->kstate == VX__KSTATE__KS_DISABLED &&
			   (plex->state == VX__PLEX_STATE__PLEX_TEMPRMSD ||
			    plex->state == VX__PLEX_STATE__PLEX_STALE)) {
			plex_attach(config, plex, plex->state); /* the stop had ended it */
		}
	}
	vol->kstate = VX__KSTATE__KS_ENABLED;
	vol->state = complete > 1 && vol->state != VX__VOL_STATE__VOL_CLEAN
			     ? VX__VOL_STATE__VOL_SYNC
			     : VX__VOL_STATE__VOL_ACTIVE;
}

/* CLEAN only if the vxiods say, when it is quiet, that its plexes are equal; else NEEDSYNC (V35). */
static void volume_stop(Vx__Config *config, Vx__Vol *vol, bool clean)
{
	for (size_t i = 0; i < config->n_plex; i++) {
		Vx__Plex *plex = config->plex[i];

		if (plex->vol_rid != vol->rid || plex->kstate != VX__KSTATE__KS_ENABLED) {
			continue;
		}
		plex->kstate = VX__KSTATE__KS_DISABLED;
		if (plex->state == VX__PLEX_STATE__PLEX_ACTIVE) {
			plex->state = VX__PLEX_STATE__PLEX_CLEAN;
		}
	}
	vol->kstate = VX__KSTATE__KS_DISABLED;
	vol->state = clean && vol->state == VX__VOL_STATE__VOL_ACTIVE ? VX__VOL_STATE__VOL_CLEAN :
								       VX__VOL_STATE__VOL_NEEDSYNC;
}

static int start_one(struct plan_work *work, Vx__Vol *vol)
{
	if (!volume_is_startable(work->after, vol)) {
		return plan_say(work, VOLUME_NO_PLEX, vol->name);
	}
	plan_start_one(work, vol);
	return 0;
}

static void stop_one(struct plan_work *work, Vx__Vol *vol)
{
	plan_quiesce(work, vol->rid);
	volume_stop(work->after, vol, !plan_has_flag(work, "f"));
}

int plan_volume_start(struct plan_work *work)
{
	int error = plan_check_twice(work, 0);

	for (size_t i = 0; i < work->request->n_operand && error == 0; i++) {
		Vx__Vol *vol;

		error = plan_find_volume(work, work->request->operand[i], &vol);

		if (error == 0 && vol->kstate == VX__KSTATE__KS_ENABLED) {
			error = plan_say(work, VOLUME_STARTED, vol->name);
		}
		error = error == 0 ? start_one(work, vol) : error;
	}
	return error;
}

int plan_volume_stop(struct plan_work *work)
{
	int error = plan_check_twice(work, 0);

	for (size_t i = 0; i < work->request->n_operand && error == 0; i++) {
		Vx__Vol *vol;

		error = plan_find_volume(work, work->request->operand[i], &vol);

		if (error == 0 && vol->kstate == VX__KSTATE__KS_DISABLED) {
			error = plan_say(work, VOLUME_NOT_STARTED, vol->name);
		}
		if (error == 0) {
			stop_one(work, vol);
		}
	}
	return error;
}

/* What stands in the way is told for every volume; then nothing is started at all. */
int plan_volume_start_all(struct plan_work *work)
{
	int result = 0;

	for (size_t i = 0; i < work->after->n_vol; i++) {
		Vx__Vol *vol = work->after->vol[i];
		int error = vol->kstate != VX__KSTATE__KS_ENABLED ? start_one(work, vol) : 0;

		result = error != 0 ? error : result;
	}
	return result;
}

int plan_volume_stop_all(struct plan_work *work)
{
	for (size_t i = 0; i < work->after->n_vol; i++) {
		Vx__Vol *vol = work->after->vol[i];

		if (vol->kstate != VX__KSTATE__KS_DISABLED) {
			stop_one(work, vol);
		}
	}
	return 0;
}

int plan_volume_read_policy(struct plan_work *work)
{
	const Vx__Request *request = work->request;
	const char *policy = request->operand[0];
	bool prefer = strcmp(policy, "prefer") == 0, round = strcmp(policy, "round") == 0;
	Vx__Plex *plex = NULL;
	Vx__Vol *vol;
	int error;

	if (!prefer && !round && strcmp(policy, "select") != 0) {
		return plan_say(work, POLICY_UNKNOWN, policy);
	}
	if (request->n_operand != (prefer ? 3 : 2)) {
		return plan_say(
			work, USAGE,
			prefer ? "rdpol prefer: usage: vxvol -g GROUP rdpol prefer VOLUME PLEX"
			       : "rdpol: a plex is named only with prefer: usage: vxvol -g "
				 "GROUP rdpol round|select VOLUME");
	}
	error = plan_find_volume(work, request->operand[1], &vol);
	if (error == 0 && prefer) {
		error = plan_find_plex(work, request->operand[2], &plex);
	}
	if (error != 0) {
		return error;
	}
	if (prefer && (plex->vol_rid != vol->rid || plex->is_log)) {
		return plan_say(work, PLEX_NOT_OF, plex->name, vol->name);
	}
	vol->read_policy = prefer ? VX__READ_POLICY__READ_PREFER :
			   round  ? VX__READ_POLICY__READ_ROUND :
				    VX__READ_POLICY__READ_SELECT;
	proto_string_set(&vol->prefer_plex, prefer ? plex->name : "");
	return 0;
}
