// SPDX-License-Identifier: GPL-2.0-or-later
/* What the writes of a node left different, told in the stream. */
#include "volio/differs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/drl_size.h"
#include "base/log.h"
#include "volio/bits.h"
#include "volio/cluster.h"
#include "volio/reshape.h"
#include "volio/sync.h"
#include "volio/sync_own.h"
#include "volio/vio_log.h"
#include "volio/volume.h"

static uint64_t *differs_map(uint32_t regions)
{
	uint64_t *map = bits_new(regions);

	if (map == NULL) {
		log_bug("out of memory");
	}
	return map;
}

/* ---- telling ---- */

static bool differs_may_tell(const struct volume *volume)
{
	const struct iod *iod = volume->group->iod;

	return !volume->group->shared ||
	       (cluster_is_live(iod) && cluster_protocol(iod) >= VX_PROTOCOL_DIFFERS);
}

static void differs_send(struct volume *volume, const uint64_t *map)
{
	const struct volconf *conf = volume->conf;
	Vx__Differs differs = VX__DIFFERS__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	differs.dgid = volume->group->dgid;
	differs.vol_rid = conf->rid;
	differs.region_len = conf->region_bytes / VX_SECTOR;
	differs.map.data = bits_bytes(map, conf->regions);
	differs.map.len = (conf->regions + 7) / 8;
	if (differs.map.data == NULL) {
		log_bug("out of memory");
	}
	msg.body_case = VX__IOD_MSG__BODY_DIFFERS;
	msg.differs = &differs;
	volume->differs.telling++;
	sync_send(volume, &msg);
	free(differs.map.data);
}

static void differs_tell(struct volume *volume, bool all);

static void differs_taken(struct lane_call *call)
{
	struct vio_take *take = (struct vio_take *)call;
	struct volume *volume = call->ctx;

	volume->differs.taking--;
	if (call->result == -EAGAIN) {
		differs_tell(volume, take->all);
	} else if (take->count > 0 && differs_may_tell(volume)) {
		log_warning("dg=%s vol=%s: writes failed that may have reached some plexes: %u regions "
			    "are read from one plex and made equal",
			    volume->conf->group, volume->conf->name, take->count);
		differs_send(volume, take->map);
	}
	free(take->map);
	free(take);
	volume_busy_end(volume);
}

static void differs_tell(struct volume *volume, bool all)
{
	struct vio_take *take;

	if (volume->leaving || volume->conf->regions == 0 || !differs_may_tell(volume)) {
		return; /* in a later view, or whoever folds its slot (V16) */
	}
	take = calloc(1, sizeof(*take));
	if (take == NULL) {
		log_bug("out of memory");
	}
	take->all = all;
	take->regions = volume->conf->regions;
	take->map = differs_map(take->regions);
	take->call.lane = volume->vio->lane;
	take->call.vio = volume->vio;
	take->call.run = vio_run_take;
	take->call.done = differs_taken;
	take->call.ctx = volume;
	volume->differs.taking++;
	volume_busy_begin(volume);
	lane_call_send(&take->call);
}

void differs_on_stuck(struct mail *mail)
{
	struct vio_stuck *stuck =
		(struct vio_stuck *)((char *)mail - offsetof(struct vio_stuck, mail));
	struct volume *volume = stuck->vio->owner;

	atomic_store_explicit(&stuck->posted, false, memory_order_release);
	volume->differs.stuck = true;
	if (volume->differs.telling == 0) { /* else together, with the next message */
		differs_tell(volume, false);
	}
}

void differs_on_view(struct iod *iod)
{
	struct iod_group *group;
	struct volume *volume;

	LIST_FOREACH(group, &iod->groups, link)
	{
		LIST_FOREACH(volume, &group->volumes, link)
		{
			if (group->shared && volume->differs.stuck) {
				differs_tell(volume, true);
			}
		}
	}
}

/* ---- hearing ---- */

/* The sender may run the configuration before or after, with regions of another length. */
static uint64_t *differs_regions(const struct volconf *conf, const Vx__Differs *differs)
{
	uint32_t bits = (uint32_t)differs->map.len * 8;
	uint64_t *map = differs_map(conf->regions), *said = bits_of_bytes(differs->map.data, bits);

	if (said == NULL) {
		log_bug("out of memory");
	}
	reshape_bits(said, bits, differs->region_len * VX_SECTOR, conf, map);
	free(said);
	return map;
}

static void differs_take(struct volume *volume, const uint64_t *map)
{
	struct differs *differs = &volume->differs;

	if (differs->told == NULL) {
		differs->told = differs_map(volume->conf->regions);
	}
	bits_or(differs->told, map, volume->conf->regions);
	if (volume->map != NULL) { /* else with what is read */
		volume_or_map(volume, map);
	}
}

void differs_receive(struct iod *iod, bool own, uint32_t from, const Vx__Differs *said)
{
	struct volume *volume = iod_volume(iod, said->dgid, said->vol_rid);
	struct differs *differs;

	if (volume == NULL) {
		notes_differs(iod->notes, said->dgid, said->vol_rid);
		return;
	}
	differs = &volume->differs;
	differs->heard++;
	if (volume->conf->regions > 0 && said->region_len > 0 &&
	    said->map.len <= DRL_REGIONS_MAX / 8) {
		uint64_t *map = differs_regions(volume->conf, said);

		if (!own) {
			log_notice("dg=%s vol=%s: a write of node %u failed: %u regions are read "
				   "from one plex and made equal",
				   volume->conf->group, volume->conf->name, from,
				   bits_count(map, volume->conf->regions));
		}
		differs_take(volume, map);
		sync_differs(volume, map);
		free(map);
	}
	if (own && differs->telling > 0 && --differs->telling == 0) {
		differs_tell(volume, false); /* what came meanwhile */
	}
}

bool differs_may_heal(const struct volume *volume)
{
	return volume->differs.taking == 0 && volume->differs.telling == 0;
}

void differs_take_all(struct volume *volume)
{
	if (volume->conf->regions > 0 && volume->differs.told == NULL) {
		volume->differs.told = differs_map(volume->conf->regions);
		bits_put_all(volume->differs.told, volume->conf->regions, true);
	}
}

void differs_forget(struct volume *volume)
{
	volume->differs.telling = 0;
	volume->differs.heard = 0;
}
