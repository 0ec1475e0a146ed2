// SPDX-License-Identifier: GPL-2.0-or-later
/* Resyncs that this node owns. */
#include "volio/sync.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/copy.h"
#include "volio/drl_disk.h"
#include "volio/resync.h"
#include "volio/sync_own.h"
#include "volio/volume.h"

#define SYNC_TRIES 3 /* to read what an attach needs */

struct sync {
	struct volume *volume;
	struct resync core;
	struct copy_job copy;
	struct worker_job clear_job;
	struct drl_disk clear_log;
	struct volconf *clear_conf;
	uint64_t *clear_map;
	uint64_t clear_sequence;
	bool copying, clearing; /* the lane, a worker has its part */
	bool failed;		/* the last copy met an error of a disk */
	uint64_t bad_offset;	/* of a window that cannot be read, */
	uint32_t bad_times;	/* so many times */
	uint64_t attach[VX_PLEXES_MAX]; /* what is copied becomes clean for these */
	uint32_t attaches;
	char plex[VX_NAME_MAX + 1]; /* the only work is to fill this one and perhaps others */
	struct loop_timer timer, retry_timer;
	uint64_t started_ms, told_ms;
};

static void sync_event(struct sync *sync, enum resync_event_kind kind, uint32_t nodeid,
		       uint64_t serial, int result);
static void sync_start_in(struct iod_group *group);

void sync_send(struct volume *volume, const Vx__IodMsg *msg)
{
	struct iod *iod = volume->group->iod;

	if (volume->group->shared) {
		cluster_send(iod, msg);
	} else {
		size_t size;
		uint8_t *data = proto_pack(msg, &size);

		sync_receive(iod, 0, data, size);
		free(data);
	}
}

static void sync_send_window(struct sync *sync, const struct resync_effects *effects)
{
	Vx__Window window = VX__WINDOW__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	window.dgid = sync->volume->group->dgid;
	window.vol_rid = sync->volume->conf->rid;
	window.serial = effects->serial;
	window.offset = effects->offset / VX_SECTOR;
	window.len = effects->length / VX_SECTOR;
	window.clean_from = effects->clean_from / VX_SECTOR;
	window.clean_len = effects->clean_length / VX_SECTOR;
	window.attach = sync->attach;
	window.n_attach = sync->attaches;
	window.differs = sync->volume->differs.heard;
	sync->volume->sync_serial = effects->serial;
	msg.body_case = VX__IOD_MSG__BODY_WINDOW;
	msg.window = &window;
	sync_send(sync->volume, &msg);
}

/* At most one a second, and the first at once. */
static void sync_send_progress(struct sync *sync)
{
	uint64_t now = clock_ms();
	Vx__Progress progress = VX__PROGRESS__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	if (sync->told_ms != 0 && now - sync->told_ms < VX_TASK_MS) {
		return;
	}
	sync->told_ms = now;
	progress.dgid = sync->volume->group->dgid;
	progress.vol_rid = sync->volume->conf->rid;
	progress.done = sync->core.cleaned;
	progress.total = progress.regions = sync->core.total;
	progress.all_regions = sync->core.regions;
	progress.elapsed_ms = now - sync->started_ms;
	progress.plex = sync->plex;
	msg.body_case = VX__IOD_MSG__BODY_PROGRESS;
	msg.progress = &progress;
	sync_send(sync->volume, &msg);
}

static void sync_send_done(struct volume *volume, uint64_t regions, uint64_t ms,
			   const uint64_t *attach, uint32_t attaches)
{
	Vx__SyncDone done = VX__SYNC_DONE__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	done.dgid = volume->group->dgid;
	done.vol_rid = volume->conf->rid;
	done.regions = regions;
	done.all_regions = volume->conf->regions;
	done.ms = ms;
	done.attach = (uint64_t *)(uintptr_t)attach;
	done.n_attach = attaches;
	done.lost = volume->log_lost;
	done.differs = volume->differs.heard;
	msg.body_case = VX__IOD_MSG__BODY_DONE;
	msg.done = &done;
	sync_send(volume, &msg);
}

static void sync_send_map(struct volume *volume, uint64_t attach, const uint64_t *map)
{
	uint32_t regions = volume->conf->regions;
	Vx__SyncStart start = VX__SYNC_START__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;
	uint8_t *bytes = bits_bytes(map, regions);

	if (bytes == NULL) {
		log_bug("out of memory");
	}
	start.dgid = volume->group->dgid;
	start.vol_rid = volume->conf->rid;
	start.map.data = bytes;
	start.map.len = (regions + 7) / 8;
	start.regions = regions;
	start.attach = attach;
	msg.body_case = VX__IOD_MSG__BODY_START;
	msg.start = &start;
	sync_send(volume, &msg);
	free(bytes);
}

/* Maps that are in no log: the others learn them here. */
static void sync_send_start(struct volume *volume)
{
	if (!volume->group->shared) {
		return;
	}
	if (volume->conf->logs == 0) {
		sync_send_map(volume, 0, volume->map);
	}
	for (uint32_t i = 0; i < volume->stale.count; i++) {
		sync_send_map(volume, volume->stale.plex[i].attach, volume->stale.plex[i].map);
	}
}

bool sync_tell_lost(struct volume *volume)
{
	Vx__SyncStart start = VX__SYNC_START__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	if (cluster_protocol(volume->group->iod) < VX_PROTOCOL_LOST) {
		return false;
	}
	start.dgid = volume->group->dgid;
	start.vol_rid = volume->conf->rid;
	start.lost = true;
	msg.body_case = VX__IOD_MSG__BODY_START;
	msg.start = &start;
	sync_send(volume, &msg);
	return true;
}

/* ---- the effects of the core ---- */

static void sync_free_if_over(struct sync *sync)
{
	bool over = sync->core.state == RESYNC_STOPPED || sync->core.state == RESYNC_DONE;

	if (over && !sync->copying && !sync->clearing) {
		struct volume *volume = sync->volume;

		loop_timer_cancel(&sync->timer);
		loop_timer_cancel(&sync->retry_timer);
		resync_free(&sync->core);
		free(sync->clear_map);
		free(sync);
		volume_busy_end(volume);
	}
}

/* An attach onto what cannot be read would go on for ever: it ends as after a write error. */
static void sync_give_up(struct sync *sync, int error)
{
	struct volume *volume = sync->volume;
	const struct volconf *conf = volume->conf;

	for (uint32_t i = conf->plexes; i < conf->written; i++) {
		log_err("dg=%s vol=%s plex=%s: the attach ends: no complete plex can be read at "
			"%llu: %s; restore what is there, or write it anew, then attach again",
			conf->group, conf->name, conf->plex[i].name,
			(unsigned long long)sync->copy.offset, strerror(-error));
		control_plex_error(volume, conf->plex[i].rid, sync->copy.offset, sync->copy.length,
				   true, error);
	}
}

static void sync_count_unreadable(struct sync *sync, int result)
{
	if (sync->copy.offset != sync->bad_offset && sync->bad_times > 0) {
		return;
	}
	sync->bad_offset = sync->copy.offset;
	if (!sync->failed) {
		sync->bad_times = 0;
	} else if (sync->copy.unreadable && ++sync->bad_times == SYNC_TRIES) {
		sync->bad_times = 0;
		sync_give_up(sync, result);
	}
}

static void sync_copied(struct lane_call *call)
{
	struct sync *sync = (struct sync *)((char *)call - offsetof(struct sync, copy));
	int result = call->result;

	sync->copying = false;
	if (sync->core.state == RESYNC_STOPPED) {
		sync_free_if_over(sync);
		return;
	}
	sync->failed = result != 0 && result != -ECANCELED;
	if (result != -ECANCELED) {
		sync_count_unreadable(sync, result);
	}
	sync_event(sync, RESYNC_COPIED, 0, 0, result);
}

static void sync_on_retry(void *ctx)
{
	struct sync *sync = ctx;

	sync_event(sync, RESYNC_RETRY, 0, 0, 0);
}

/* Who is behind in the window: all but the source (V21), or only plexes that are being attached. */
static uint32_t sync_targets(const struct volume *volume, uint64_t offset, uint64_t length)
{
	const struct volconf *conf = volume->conf;
	uint32_t first = (uint32_t)(offset / conf->region_bytes);
	uint32_t last = (uint32_t)((offset + length - 1) / conf->region_bytes);

	if (bits_next(volume->map, first, last + 1) <= last) {
		return (conf->written == 32 ? UINT32_MAX : (1u << conf->written) - 1) & ~1u;
	}
	return stale_targets(&volume->stale, conf, first, last);
}

static void sync_copy(struct sync *sync, const struct resync_effects *effects)
{
	struct vio *vio = sync->volume->vio;

	sync->copying = true;
	sync->copy.offset = effects->offset;
	sync->copy.length = effects->length;
	sync->copy.targets = sync_targets(sync->volume, effects->offset, effects->length);
	sync->copy.call.lane = vio->lane;
	sync->copy.call.vio = vio;
	sync->copy.call.run = copy_run;
	sync->copy.call.done = sync_copied;
	lane_call_send(&sync->copy.call);
}

static void sync_clear_run(struct worker_job *job)
{
	struct sync *sync = (struct sync *)((char *)job - offsetof(struct sync, clear_job));

	(void)drl_disk_write_recovery(&sync->clear_log, sync->clear_map, sync->clear_sequence);
}

static void sync_cleared(struct sync *sync)
{
	if (sync->core.state == RESYNC_STOPPED) {
		sync_free_if_over(sync);
		return;
	}
	if (resync_is_clean(&sync->core)) { /* else it was told meanwhile that they differ (V12) */
		volume_clear_map(sync->volume, sync->core.first, sync->core.last, true);
		stale_clear(&sync->volume->stale, sync->attach, sync->attaches, sync->core.first,
			    sync->core.last);
	}
	sync_event(sync, RESYNC_CLEARED, 0, 0, 0);
}

static void sync_clear_done(struct worker_job *job)
{
	struct sync *sync = (struct sync *)((char *)job - offsetof(struct sync, clear_job));

	struct volume *volume = sync->volume;

	iod_job_end(volume->group->iod, volume->group->shared);
	sync->clearing = false;
	if (sync->clear_conf == sync->volume->conf) { /* a bit too many on disk does no harm */
		control_log_errors(sync->volume, sync->clear_log.failed);
	}
	volconf_free(&sync->volume->group->iod->disks, sync->clear_conf);
	sync_cleared(sync);
	volume_map_write_end(volume);
}

/* V24: the bits go from the disk first, from this node's memory then, from the others' with the
 * next window. */
static void sync_clear(struct sync *sync, const struct resync_effects *effects)
{
	struct volume *volume = sync->volume;
	size_t size = bits_words(volume->conf->regions) * sizeof(uint64_t);

	if (volume->conf->logs == 0 ||
	    bits_next(volume->map, effects->first, effects->last + 1) > effects->last) {
		sync_cleared(sync); /* nothing of it is on disk */
		return;
	}
	memcpy(sync->clear_map, volume->map, size);
	for (uint32_t region = effects->first; region <= effects->last; region++) {
		bits_put(sync->clear_map, region, false);
	}
	sync->clear_sequence = ++volume->map_sequence;
	sync->clear_conf = volconf_get(volume->conf);
	sync->clear_log = (struct drl_disk){ .conf = sync->clear_conf };
	sync->clearing = true;
	sync->clear_job.run = sync_clear_run;
	sync->clear_job.done = sync_clear_done;
	iod_job_begin(volume->group->iod, volume->group->shared);
	volume_map_write_begin(volume);
	worker_submit(volume->group->iod->worker, "", &sync->clear_job);
}

static void sync_on_timer(void *ctx)
{
	sync_event(ctx, RESYNC_TIMER, 0, 0, 0);
}

static void sync_finish(struct sync *sync)
{
	struct volume *volume = sync->volume;
	uint64_t ms = clock_ms() - sync->started_ms, regions = sync->core.total;

	volume->sync = NULL;
	sync_send_done(volume, regions, ms, sync->attach, sync->attaches);
	sync_free_if_over(sync);
}

static void sync_event(struct sync *sync, enum resync_event_kind kind, uint32_t nodeid,
		       uint64_t serial, int result)
{
	const struct resync_event event = { kind, nodeid, serial, result };
	struct resync_effects effects;
	struct iod *iod = sync->volume->group->iod;

	resync_step(&sync->core, &event, &effects);
	sync_send_progress(sync);
	if (sync->core.state == RESYNC_HELD && kind == RESYNC_COPIED &&
	    (sync->failed || sync->volume->holds == 0)) {
		/* A disk failed: vxconfigd detaches the plex, or it was passing. Or the hold is
		 * over already. */
		loop_timer_set(iod->loop, &sync->retry_timer, sync->failed ? VX_TASK_MS : 1,
			       sync_on_retry, sync);
	}
	if (effects.window || effects.release) { /* of no length: given back */
		sync_send_window(sync, &effects);
	}
	if (effects.copy) {
		sync_copy(sync, &effects);
	}
	if (effects.clear) {
		sync_clear(sync, &effects);
	}
	if (effects.pause) {
		loop_timer_set(iod->loop, &sync->timer, iod->resync_slow_ms, sync_on_timer, sync);
	}
	if (effects.done) {
		sync_finish(sync);
	}
}

/* ---- from outside ---- */

static void sync_take_attaches(struct sync *sync)
{
	const struct volume *volume = sync->volume;
	const struct volconf *conf = volume->conf;

	for (uint32_t i = conf->plexes; i < conf->written; i++) {
		sync->attach[sync->attaches++] = conf->plex[i].attach;
		if (sync->plex[0] == '\0' &&
		    bits_next(volume->map, 0, conf->regions) == conf->regions) {
			snprintf(sync->plex, sizeof(sync->plex), "%s", conf->plex[i].name);
		}
	}
}

static void sync_start(struct volume *volume)
{
	const struct volconf *conf = volume->conf;
	size_t size = bits_words(conf->regions) * sizeof(uint64_t);
	struct sync *sync = calloc(1, sizeof(*sync));
	uint64_t *map = malloc(size);
	uint32_t member[VX_NODES_MAX], members = cluster_members(volume->group, member);

	assert(volume->sync == NULL && volume->map != NULL);
	if (sync != NULL) {
		sync->clear_map = malloc(size);
	}
	if (sync == NULL || map == NULL || sync->clear_map == NULL) {
		log_bug("out of memory");
	}
	memcpy(map, volume->map, size);
	stale_or(&volume->stale, map);
	if (!volume->group->shared) {
		member[0] = 0; /* itself, by way of sync_send() */
		members = 1;
	}
	sync->volume = volume;
	sync->started_ms = clock_ms();
	sync_take_attaches(sync);
	resync_init(&sync->core, conf->length, conf->region_bytes, conf->regions, map, member,
		    members, volume->sync_serial);
	sync->core.may_release = !volume->group->shared ||
				 cluster_protocol(volume->group->iod) >= VX_PROTOCOL_LOST;
	volume->sync = sync;
	volume_busy_begin(volume);
	volume->sync_cut = false;
	log_notice("dg=%s vol=%s: %s%s of %u of %u regions begins", conf->group, conf->name,
		   sync->plex[0] != '\0' ? "attach of " : "resync", sync->plex, sync->core.total,
		   conf->regions);
	sync_send_start(volume);
	sync_event(sync, RESYNC_START, 0, 0, 0);
}

void sync_stop(struct volume *volume)
{
	struct sync *sync = volume->sync;
	const struct resync_event stop = { .kind = RESYNC_STOP };
	struct resync_effects effects;

	if (sync == NULL) {
		return;
	}
	volume->sync = NULL;
	log_info("dg=%s vol=%s: resync stops after %u of %u regions", volume->conf->group,
		 volume->conf->name, sync->core.cleaned, sync->core.total);
	resync_step(&sync->core, &stop, &effects);
	loop_timer_cancel(&sync->timer);
	loop_timer_cancel(&sync->retry_timer);
	sync_free_if_over(sync);
}

void sync_differs(struct volume *volume, const uint64_t *map)
{
	if (volume->sync != NULL) {
		resync_differs(&volume->sync->core, map);
	} else {
		sync_start_in(volume->group);
	}
}

void sync_cut(struct volume *volume)
{
	volume->sync_cut = volume->sync_cut || volume->sync != NULL;
	sync_stop(volume);
}

void sync_retry(struct volume *volume)
{
	if (volume->sync != NULL) {
		sync_event(volume->sync, RESYNC_RETRY, 0, 0, 0);
	}
}

void sync_ack(struct volume *volume, uint32_t from, uint64_t serial)
{
	if (volume->sync != NULL) {
		sync_event(volume->sync, RESYNC_ACK, from, serial, 0);
	}
}

void sync_waits_for(const struct volume *volume, char *out, size_t size)
{
	const struct sync *sync = volume->sync;
	size_t used = 0;

	out[0] = '\0';
	if (sync == NULL || sync->core.state != RESYNC_ASKING) {
		return;
	}
	for (uint32_t i = 0; i < sync->core.members && used < size; i++) {
		if (!sync->core.acked[i]) {
			used += (size_t)snprintf(out + used, size - used, "%snode %u",
						 used > 0 ? ", " : "", sync->core.member[i]);
		}
	}
}

/* There is nothing to do for this volume: who may think otherwise is told. */
static void sync_tell_clean(struct volume *volume)
{
	const struct volconf *conf = volume->conf;
	bool joiners = volume->group->shared && cluster_has_joiners(volume->group->iod);
	uint64_t attach[VX_PLEXES_MAX];
	uint32_t attaches = 0;

	if (volume->sync_cut || (conf->regions > 0 && conf->logs == 0 && joiners)) {
		volume->sync_cut = false;
		sync_send_done(volume, 0, 0, NULL, 0);
	}
	for (uint32_t i = conf->plexes; i < conf->written; i++) {
		attach[attaches++] = conf->plex[i].attach;
	}
	if (attaches > 0 || (conf->is_new && conf->logs > 0)) {
		/* The word of its end was lost with a vxconfigd: told again. */
		control_synced(volume, 0, conf->regions, 0, attach, attaches);
	}
}

static bool sync_is_needed(const struct volume *volume)
{
	const struct volconf *conf = volume->conf;

	return conf->regions > 0 && volume->map != NULL &&
	       (bits_count(volume->map, conf->regions) > 0 || stale_any(&volume->stale));
}

static void sync_start_in(struct iod_group *group)
{
	struct volume *volume;

	if (!iod_gate_is_open(group)) {
		return;
	}
	LIST_FOREACH(volume, &group->volumes, link)
	{
		if (volume->sync != NULL || volume->leaving || !volume->maps_ready ||
		    !volconf_is_usable(volume->conf) || !cluster_owns(volume)) {
			continue; /* of a stopped one its map is kept */
		}
		if (sync_is_needed(volume)) {
			sync_start(volume);
		} else {
			sync_tell_clean(volume);
		}
	}
}

void sync_start_owned(struct iod *iod)
{
	struct iod_group *group;

	LIST_FOREACH(group, &iod->groups, link)
	{
		sync_start_in(group);
	}
}
