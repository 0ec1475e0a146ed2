// SPDX-License-Identifier: GPL-2.0-or-later
/* What the volumes of a group have lost. */
#include "vxconfigd/losses.h"

#include <stdlib.h>

#include "base/log.h"
#include "vxconfigd/plan_plex.h"
#include "vxconfigd/record.h"
#include "vxconfigd/record_list.h"

/* What counts for one volume, in the order of the configuration's list. */
struct losses_volume {
	size_t complete;     /* plexes that hold all of it, on disks that are seen */
	size_t plexes, logs; /* that take I/O */
	bool hit;	     /* a plex that takes I/O has a part on a disk that is not seen */
};

static bool plex_takes_io(const Vx__Plex *plex)
{
	return plex->kstate == VX__KSTATE__KS_ENABLED;
}

/* Index of the plex' volume; config->n_vol if it has none. */
static size_t losses_index(const Vx__Config *config, const Vx__Plex *plex)
{
	return record_list_find(record_list(config, RECORD_VOL), plex->vol_rid);
}

static void losses_count(const Vx__Config *config, const bool *gone, struct losses_volume *volume)
{
	for (size_t i = 0; i < config->n_plex; i++) {
		const Vx__Plex *plex = config->plex[i];
		size_t index = losses_index(config, plex);

		if (index == config->n_vol) {
			continue;
		}
		volume[index].complete += !gone[i] && plex_is_complete(config->vol[index], plex);
		volume[index].plexes += plex_is_good(plex);
		volume[index].logs += plex->is_log && plex_takes_io(plex);
		volume[index].hit |= gone[i] && !plex->is_log && plex_takes_io(plex);
	}
}

/* Which plexes have a part on a disk that is not seen; NULL if none has. */
static bool *losses_gone(const Vx__Config *config, bool (*is_seen)(void *ctx, const char *diskid),
			 void *ctx)
{
	struct record_list plexes = record_list(config, RECORD_PLEX);
	bool *gone = record_alloc(config->n_plex, sizeof(*gone)), any = false;

	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Dm *dm = config_dm_rid(config, config->sd[i]->dm_rid);
		size_t index = record_list_find(plexes, config->sd[i]->plex_rid);

		if (dm != NULL && index < config->n_plex && !is_seen(ctx, dm->diskid)) {
			gone[index] = any = true;
		}
	}
	if (!any) {
		free(gone);
		return NULL;
	}
	return gone;
}

static void losses_detach(Vx__Config *config, Vx__Plex *plex)
{
	plex->kstate = VX__KSTATE__KS_DETACHED;
	plex->state = VX__PLEX_STATE__PLEX_IOFAIL;
	volume_lost_plex(config, config_vol_rid(config, plex->vol_rid));
}

/* Not started: its plexes keep their states. */
static void losses_stop(Vx__Config *config, Vx__Vol *vol)
{
	for (size_t i = 0; i < config->n_plex; i++) {
		if (config->plex[i]->vol_rid == vol->rid && plex_takes_io(config->plex[i])) {
			config->plex[i]->kstate = VX__KSTATE__KS_DISABLED;
		}
	}
	vol->kstate = VX__KSTATE__KS_DISABLED;
}

bool losses_leave_out(Vx__Config *config, bool (*is_seen)(void *ctx, const char *diskid), void *ctx,
		      bool in_use)
{
	struct losses_volume *volume = record_alloc(config->n_vol, sizeof(*volume));
	bool *gone = losses_gone(config, is_seen, ctx), changed = false;

	if (gone != NULL) {
		losses_count(config, gone, volume);
	}
	for (size_t i = 0; gone != NULL && i < config->n_vol; i++) {
		if (volume[i].hit && volume[i].complete == 0 && !in_use) {
			losses_stop(config, config->vol[i]);
			changed = true;
		}
	}
	for (size_t i = 0; gone != NULL && i < config->n_plex; i++) {
		Vx__Plex *plex = config->plex[i];
		size_t index = losses_index(config, plex);

		if (gone[i] && plex_takes_io(plex) && index < config->n_vol &&
		    (plex->is_log || volume[index].complete > 0)) {
			losses_detach(config, plex);
			changed = true;
		}
	}
	free(gone);
	free(volume);
	return changed;
}

void losses_drop_copies(Vx__Config *config, bool (*is_seen)(void *ctx, const char *diskid),
			void *ctx)
{
	for (size_t i = 0; i < config->n_dm; i++) {
		config->dm[i]->nconfig =
			config->dm[i]->nconfig && is_seen(ctx, config->dm[i]->diskid);
	}
}

/* ---- words ---- */

/* A write failed, or a disk was not there when the group was taken over (late at boot): what is
 * known here is only which disks they are. */
static void losses_tell_plex(const Vx__Config *config, const Vx__Vol *vol, const Vx__Plex *plex)
{
	char disks[VX_REASON_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < config->n_sd && used < sizeof(disks); i++) {
		const Vx__Dm *dm = config->sd[i]->plex_rid == plex->rid
					   ? config_dm_rid(config, config->sd[i]->dm_rid)
					   : NULL;

		if (dm != NULL) {
			used += (size_t)snprintf(disks + used, sizeof(disks) - used, "%s%s",
						 used > 0 ? ", " : "", dm->name);
		}
	}
	log_warning("dg=%s vol=%s plex=%s is detached: its disk (%s) failed or was not there; when "
		    "the disk is back: vxrecover -g %s %s",
		    config->dg->name, vol->name, plex->name, disks, config->dg->name, vol->name);
}

static void losses_tell_plexes(const Vx__Config *before, const Vx__Config *after)
{
	for (size_t i = 0; i < after->n_plex; i++) {
		const Vx__Plex *plex = after->plex[i];
		const Vx__Plex *old = config_plex_rid(before, plex->rid);
		size_t index = losses_index(after, plex);

		if (old != NULL && plex_takes_io(old) && index < after->n_vol &&
		    plex->state == VX__PLEX_STATE__PLEX_IOFAIL && !plex_takes_io(plex)) {
			losses_tell_plex(after, after->vol[index], plex);
		}
	}
}

void losses_tell(const Vx__Config *before, const Vx__Config *after)
{
	struct losses_volume *was, *is;
	bool *none;

	if (before == NULL) {
		return;
	}
	was = record_alloc(before->n_vol, sizeof(*was));
	is = record_alloc(after->n_vol, sizeof(*is));
	none = record_alloc(before->n_plex > after->n_plex ? before->n_plex : after->n_plex,
			    sizeof(*none));
	losses_count(before, none, was);
	losses_count(after, none, is);
	losses_tell_plexes(before, after);
	for (size_t i = 0; i < after->n_vol; i++) {
		const Vx__Vol *vol = after->vol[i];
		size_t old = record_list_find(record_list(before, RECORD_VOL), vol->rid);

		if (old == before->n_vol) {
			continue;
		}
		if (was[old].logs > 0 && is[i].logs == 0 && is[i].plexes > 1) {
			log_warning("dg=%s vol=%s has no log any more: after the next crash of a "
				    "node the whole volume is made equal, not only what was being "
				    "written",
				    after->dg->name, vol->name);
		}
		if (was[old].plexes > 1 && is[i].plexes == 1) {
			log_warning("dg=%s vol=%s has one plex left: it is not mirrored any more",
				    after->dg->name, vol->name);
		}
		if (was[old].plexes > 0 && is[i].plexes == 0 &&
		    vol->kstate == VX__KSTATE__KS_DISABLED) {
			log_warning("dg=%s vol=%s is not started any more", after->dg->name,
				    vol->name);
		}
	}
	free(was);
	free(is);
	free(none);
}
