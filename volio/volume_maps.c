// SPDX-License-Identifier: GPL-2.0-or-later
/* The maps of a volume: read from its log, handed to its lane, cleared as a resync goes on. */
#include "volio/volume.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "volio/bits.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/drl_disk.h"
#include "volio/sync.h"
#include "volio/vio_log.h"

/*
 * V18: the recovery map is read anew for each view with leavers that were not clean, and by who has
 * none or has bits left; the own active map only once, after the fold of that view: what is found
 * there belongs to nobody and stays (stuck).
 */
struct maps_read {
	struct worker_job job;
	struct vio_maps maps; /* what goes to the lane */
	struct volume *volume;
	struct gather *gather;
	struct drl_disk disk;
	struct volconf *conf; /* it is read by this one */
	uint64_t *recover, *active;
	uint64_t recover_sequence, active_sequence;
	uint32_t slot;
	bool first; /* the log of this node begins with it */
	bool full;
};

static void maps_run(struct worker_job *job)
{
	struct maps_read *read = (struct maps_read *)job;

	drl_disk_read_recovery(&read->disk, read->recover, &read->recover_sequence);
	if (read->first) {
		drl_disk_read_active(&read->disk, read->slot, read->active, &read->active_sequence);
	}
}

static void maps_end(struct maps_read *read, int error)
{
	struct gather *gather = read->gather;
	struct volume *volume = read->volume;

	volume->reading = false;
	volconf_free(&volume->group->iod->disks, read->conf);
	free(read->recover);
	free(read->active);
	free(read);
	volume_busy_end(volume);
	gather_end(gather, error, NULL);
}

static void maps_given(struct lane_call *call)
{
	struct maps_read *read =
		(struct maps_read *)((char *)call - offsetof(struct maps_read, maps));
	struct volume *volume = read->volume;

	free(read->maps.recover); /* the one before */
	vio_log_free(read->maps.log);
	volume->maps_ready = true;
	if (volume->map_dropped && volume->conf->regions > 0) {
		volume_clear_map(volume, 0, volume->conf->regions - 1, false);
		if (volume->differs.told != NULL) { /* after that */
			volume_or_map(volume, volume->differs.told);
		}
	}
	if (volume->log_lost && volume->conf->regions > 0) {
		volume_set_map_full(volume); /* before the gate opens */
	}
	volume_release(volume, VIO_HOLD_MAPS);
	maps_end(read, 0);
}

/* Hands read->recover over: one copy stays here, one goes to the lane. */
static void maps_give(struct maps_read *read)
{
	struct volume *volume = read->volume;
	uint32_t regions = volume->conf->regions;
	size_t size = bits_words(regions) * sizeof(uint64_t);
	struct vio_maps *maps = &read->maps;

	free(volume->map);
	volume->map = read->recover;
	volume->map_sequence = read->recover_sequence;
	read->recover = NULL;
	if (volume->differs.told != NULL) {
		bits_or(volume->map, volume->differs.told, regions);
	}
	maps->keep_log = !read->first;
	maps->recover = NULL;
	if (regions > 0) {
		maps->recover = malloc(size);
		if (maps->recover == NULL) {
			log_bug("out of memory");
		}
		memcpy(maps->recover, volume->map, size);
	}
	maps->call.lane = volume->vio->lane;
	maps->call.vio = volume->vio;
	maps->call.run = vio_run_maps;
	maps->call.done = maps_given;
	lane_call_send(&maps->call);
}

static void maps_done(struct worker_job *job)
{
	struct maps_read *read = (struct maps_read *)job;
	struct volume *volume = read->volume;
	const struct volconf *conf = volume->conf;
	uint32_t strange = 0;

	iod_job_end(volume->group->iod, volume->group->shared);
	if (job->error == 0 && read->conf != conf) { /* it changed meanwhile */
		volume_read_maps(volume, read->full, read->gather);
		maps_end(read, 0);
		volume->reading = true;
		return;
	}
	if (job->error != 0) {
		maps_end(read, job->error);
		return;
	}
	if (read->disk.corrupt) {
		log_warning("dg=%s vol=%s: a block of the dirty region log is not valid: its "
			    "regions count as dirty",
			    conf->group, conf->name);
	}
	control_log_errors(volume, read->disk.failed);
	if (read->first) {
		strange = bits_count(read->active, conf->regions);
		if (vio_log_create(conf, read->slot, read->active, read->active_sequence,
				   &read->maps.log) != 0) {
			maps_end(read, -ENOMEM);
			return;
		}
	}
	if (strange > 0) {
		log_warning("dg=%s vol=%s: %u regions are marked in this node's map by nobody: "
			    "they count as different",
			    conf->group, conf->name, strange);
	}
	maps_give(read);
}

void volume_read_maps(struct volume *volume, bool full, struct gather *gather)
{
	struct maps_read *read = calloc(1, sizeof(*read));
	const struct volconf *conf = volume->conf;

	if (read == NULL) {
		log_bug("out of memory");
	}
	gather_add(gather);
	volume_busy_begin(volume);
	volume->reading = true;
	volume->map_dropped = false;
	read->volume = volume;
	read->gather = gather;
	read->conf = volconf_get(volume->conf);
	read->full = full;
	read->first = !volume->maps_ready && conf->logs > 0;
	read->slot = cluster_slot(volume->group);
	if (conf->regions > 0) {
		read->recover = bits_new(conf->regions);
		read->active = bits_new(conf->regions);
		if (read->recover == NULL || read->active == NULL) {
			log_bug("out of memory");
		}
	}
	if (conf->logs == 0) {
		if (conf->regions > 0) {
			bits_put_all(read->recover, conf->regions, full);
		}
		maps_give(read);
		return;
	}
	read->disk.conf = conf;
	read->job.run = maps_run;
	read->job.done = maps_done;
	iod_job_begin(volume->group->iod, volume->group->shared);
	worker_submit(volume->group->iod->worker, "", &read->job);
}

/* ---- while a resync goes on ---- */

static void volume_map_set(struct lane_call *call)
{
	struct vio_maps *maps = (struct vio_maps *)call;

	free(maps->recover);
	free(maps);
}

void volume_set_map(struct volume *volume, uint64_t *map)
{
	size_t size = bits_words(volume->conf->regions) * sizeof(uint64_t);
	struct vio_maps *maps = calloc(1, sizeof(*maps));
	uint64_t *copy = malloc(size);

	if (maps == NULL || copy == NULL) {
		log_bug("out of memory");
	}
	memcpy(copy, map, size);
	free(volume->map);
	volume->map = map;
	maps->keep_log = true;
	maps->recover = copy;
	maps->call.lane = volume->vio->lane;
	maps->call.vio = volume->vio;
	maps->call.run = vio_run_maps;
	maps->call.done = volume_map_set;
	lane_call_send(&maps->call);
}

void volume_set_map_full(struct volume *volume)
{
	uint64_t *map = bits_new(volume->conf->regions);

	if (map == NULL) {
		log_bug("out of memory");
	}
	bits_put_all(map, volume->conf->regions, true);
	volume_set_map(volume, map);
}

void volume_or_map(struct volume *volume, const uint64_t *map)
{
	uint64_t *all = bits_new(volume->conf->regions);

	if (all == NULL) {
		log_bug("out of memory");
	}
	bits_or(all, volume->map, volume->conf->regions);
	bits_or(all, map, volume->conf->regions);
	volume_set_map(volume, all);
}

static void volume_clear_done(struct lane_call *call)
{
	const struct vio_clear *clear = (struct vio_clear *)call;
	struct volume *volume = call->ctx;

	volume->differs.stuck = clear->stuck > 0;
	free(call);
}

void volume_clear_map(struct volume *volume, uint32_t first, uint32_t last, bool healed)
{
	uint64_t *told = healed ? volume->differs.told : NULL;
	struct vio_clear *clear = calloc(1, sizeof(*clear));

	if (clear == NULL) {
		log_bug("out of memory");
	}
	for (uint32_t region = first; region <= last && region < volume->conf->regions; region++) {
		if (volume->map != NULL) {
			bits_put(volume->map, region, false);
		}
		if (told != NULL) {
			bits_put(told, region, false);
		}
	}
	clear->healed = healed && differs_may_heal(volume);
	clear->call.ctx = volume;
	clear->first = first;
	clear->last = last;
	clear->call.lane = volume->vio->lane;
	clear->call.vio = volume->vio;
	clear->call.run = vio_run_clear;
	clear->call.done = volume_clear_done;
	lane_call_send(&clear->call);
}

struct volume_window {
	struct vio_window window;
	struct gather *gather;
};

static void volume_window_done(struct lane_call *call)
{
	struct gather *gather = ((struct volume_window *)call)->gather;
	int result = call->result;

	free(call);
	if (gather != NULL) {
		gather_end(gather, result, NULL);
	}
}

void volume_set_window(struct volume *volume, uint64_t offset, uint64_t length,
		       struct gather *gather)
{
	struct volume_window *window = calloc(1, sizeof(*window));

	if (window == NULL) {
		log_bug("out of memory");
	}
	if (gather != NULL) {
		gather_add(gather);
	}
	volume->window_open = length > 0;
	window->gather = gather;
	window->window.start = offset;
	window->window.end = offset + length;
	window->window.call.lane = volume->vio->lane;
	window->window.call.vio = volume->vio;
	window->window.call.run = vio_run_window;
	window->window.call.done = volume_window_done;
	lane_call_send(&window->window.call);
}
