// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Planning for vxrecover: starts what can be started, begins the recovery that a volume waits for,
 * attaches plexes whose disks are back. The copying itself is vxiod's, and begins by itself.
 */
#include <stdio.h>
#include <string.h>

#include "vxconfigd/plan_plex.h"
#include "vxconfigd/plan_work.h"

static bool volume_is_on(const Vx__Config *config, const Vx__Vol *vol, const Vx__Dm *dm)
{
	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Plex *plex = config_plex_rid(config, config->sd[i]->plex_rid);

		if (config->sd[i]->dm_rid == dm->rid && plex->vol_rid == vol->rid) {
			return true;
		}
	}
	return false;
}

/* Do the operands, volumes or disks, name the volume? No operands: all. */
static bool volume_is_meant(const struct plan_work *work, const Vx__Vol *vol)
{
	const Vx__Request *request = work->request;

	if (plan_has_flag(work, "c") && !work->after->dg->shared) {
		return false;
	}
	for (size_t i = 0; i < request->n_operand; i++) {
		const Vx__Dm *dm = config_dm(work->after, request->operand[i]);

		if (strcmp(vol->name, request->operand[i]) == 0 ||
		    (dm != NULL && volume_is_on(work->after, vol, dm))) {
			return true;
		}
	}
	return request->n_operand == 0;
}

static bool volume_can_start(const Vx__Config *config, const Vx__Vol *vol)
{
	return vol->kstate == VX__KSTATE__KS_DISABLED && volume_is_startable(config, vol);
}

int plan_recover_check(struct plan_work *work)
{
	for (size_t i = 0; i < work->request->n_operand; i++) {
		const char *name = work->request->operand[i];

		if (config_vol(work->after, name) == NULL && config_dm(work->after, name) == NULL) {
			return plan_say(work, VOLUME_UNKNOWN, name, plan_group_name(work));
		}
	}
	return 0;
}

bool plan_recover_startable(const struct plan_work *work, const Vx__Vol *vol)
{
	return volume_is_meant(work, vol) && volume_can_start(work->after, vol);
}

/* Why the plex cannot be attached now; false: it can. Whether the other nodes see its disks too is
 * asked with the change. */
static bool plex_must_stay(const struct plan_work *work, const Vx__Vol *vol, const Vx__Plex *plex,
			   char *out_why)
{
	if (work->env->protocol < VX_PROTOCOL_ATTACH) {
		snprintf(out_why, VX_REASON_MAX, "the cluster runs protocol %u, this needs %u",
			 work->env->protocol, VX_PROTOCOL_ATTACH);
		return true;
	}
	if (vol->kstate != VX__KSTATE__KS_ENABLED) {
		snprintf(out_why, VX_REASON_MAX, "its volume is not started");
		return true;
	}
	for (size_t i = 0; i < work->after->n_sd; i++) {
		const Vx__Sd *sd = work->after->sd[i];
		const Vx__Dm *dm = config_dm_rid(work->after, sd->dm_rid);
		const Vx__DiskInfo *disk = plan_disk_by_id(work, dm->diskid);

		if (sd->plex_rid == plex->rid &&
		    (disk == NULL || strcmp(disk->status, "error") == 0)) {
			snprintf(out_why, VX_REASON_MAX, "node %s does not see disk %s",
				 work->env->node, dm->name);
			return true;
		}
	}
	return false;
}

/* Plexes that were detached, by the administrator or because their disk was gone. */
static void volume_attach(struct plan_work *work, Vx__Vol *vol)
{
	for (size_t i = 0; i < work->after->n_plex; i++) {
		Vx__Plex *plex = work->after->plex[i];
		char why[VX_REASON_MAX];

		if (plex->vol_rid != vol->rid || plex->kstate != VX__KSTATE__KS_DETACHED) {
			continue;
		}
		if (plex_must_stay(work, vol, plex, why)) {
			plan_say(work, PLEX_STAYS, plex->name,
				 plex->state == VX__PLEX_STATE__PLEX_IOFAIL ? "IOFAIL" : "STALE",
				 why, vol->name, plan_group_name(work), plex->name);
		} else {
			(void)plan_plex_attach_one(work, vol, plex);
		}
	}
}

/* Does what it can. What it cannot is told, so that the utility fails, but ends nothing. */
int plan_volume_recover(struct plan_work *work)
{
	bool start = plan_has_flag(work, "s"), recover = !plan_has_flag(work, "n");
	int error = plan_recover_check(work);

	for (size_t i = 0; i < work->after->n_vol && error == 0; i++) {
		Vx__Vol *vol = work->after->vol[i];

		if (!volume_is_meant(work, vol)) {
			continue;
		}
		if (start && volume_can_start(work->after, vol)) {
			plan_start_one(work, vol);
		} else if (recover && vol->kstate == VX__KSTATE__KS_ENABLED &&
			   vol->state == VX__VOL_STATE__VOL_NEEDSYNC) {
			vol->state = VX__VOL_STATE__VOL_SYNC;
		}
		if (start && vol->kstate == VX__KSTATE__KS_DISABLED) {
			plan_say(work, VOLUME_NO_PLEX, vol->name);
		}
		if (recover) {
			volume_attach(work, vol);
		}
	}
	return error;
}
