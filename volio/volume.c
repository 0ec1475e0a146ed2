// SPDX-License-Identifier: GPL-2.0-or-later
/* A volume as the main thread sees it. */
#include "volio/volume.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/log.h"
#include "volio/bits.h"
#include "volio/control.h"
#include "volio/gate.h"
#include "volio/reshape.h"
#include "volio/sync.h"
#include "volio/vio_log.h"

/* A call whose end is a part of a gather. */
struct volume_call {
	struct lane_call call;
	struct gather *gather; /* may be NULL */
};

static void volume_call_done(struct lane_call *call)
{
	struct gather *gather = ((struct volume_call *)call)->gather;
	int result = call->result;

	free(call);
	if (gather != NULL) {
		gather_end(gather, result, NULL);
	}
}

static void volume_call_init(struct volume *volume, struct lane_call *call,
			     void (*run)(struct lane_call *call),
			     void (*done)(struct lane_call *call))
{
	call->lane = volume->vio->lane;
	call->vio = volume->vio;
	call->run = run;
	call->done = done;
}

/* Control calls need little memory; without it the daemon cannot keep its promises: it ends. */
static void *volume_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL) {
		log_bug("out of memory");
	}
	return memory;
}

static void volume_call(struct volume *volume, void (*run)(struct lane_call *call), uint32_t bits,
			int result, struct gather *gather)
{
	struct volume_call *call = volume_alloc(sizeof(*call));

	volume_call_init(volume, &call->call, run, volume_call_done);
	call->call.bits = bits;
	call->call.result = result;
	call->gather = gather;
	if (gather != NULL) {
		gather_add(gather);
	}
	lane_call_send(&call->call);
}

struct volume_clean {
	struct vio_clean clean;
	struct volume *volume;
	struct gather *gather;
};

static void volume_cleaned(struct lane_call *call)
{
	struct volume_clean *clean = (struct volume_clean *)call;
	char reason[VX_REASON_MAX];

	snprintf(reason, sizeof(reason), "volume %s: a write failed, or a disk could not be flushed",
		 clean->volume->conf->name);
	gather_end(clean->gather, call->result != 0 ? -VX_E_DIFFERS : 0, reason);
	free(clean);
}

void volume_clean(struct volume *volume, struct gather *gather)
{
	struct volume_clean *clean = volume_alloc(sizeof(*clean));

	volume_call_init(volume, &clean->clean.call, vio_run_clean, volume_cleaned);
	clean->volume = volume;
	clean->gather = gather;
	gather_add(gather);
	lane_call_send(&clean->clean.call);
}

/* ---- life ---- */

static void volume_on_trouble(struct mail *mail)
{
	struct vio_trouble *trouble =
		(struct vio_trouble *)((char *)mail - offsetof(struct vio_trouble, mail));
	struct volume *volume = trouble->vio->owner;

	control_plex_error(volume, trouble->plex_rid, trouble->offset, trouble->length,
			   trouble->write, trouble->error);
	atomic_store_explicit(&trouble->posted, false, memory_order_release);
}

static struct lane *volume_pick_lane(const struct iod *iod)
{
	struct lane *best = iod->lane[0];

	for (unsigned int i = 1; i < iod->lanes; i++) {
		best = iod->lane[i]->load < best->load ? iod->lane[i] : best;
	}
	return best;
}

int volume_create(struct iod_group *group, struct volconf *conf, uint32_t holds,
		  struct volume **out_volume)
{
	struct volume *volume = calloc(1, sizeof(*volume));
	struct lane *lane = volume_pick_lane(group->iod);

	if (volume == NULL ||
	    vio_create(lane, conf, holds, volume, volume_on_trouble, differs_on_stuck,
		       &volume->vio) != 0) {
		free(volume);
		return -ENOMEM;
	}
	lane->load++;
	volume->group = group;
	volume->conf = conf;
	volume->holds = holds;
	stale_follow(&volume->stale, conf);
	LIST_INSERT_HEAD(&group->volumes, volume, link);
	volume_call(volume, vio_run_attach, 0, 0, NULL);
	*out_volume = volume;
	return 0;
}

/* ---- removal: hold -> clean or fail -> devices -> detach -> forget -> free ---- */

struct volume_end {
	struct volume *volume;
	struct iod *iod;
	bool clean;
	int error;
	struct gather part; /* of the present stage */
	struct gather *whole;
};

static void volume_end_free(struct gather *part)
{
	struct volume_end *end = part->ctx;
	struct volume *volume = end->volume;

	volume->vio->lane->load--;
	vio_log_free(volume->vio->log);
	vio_destroy(volume->vio);
	volconf_free(&end->iod->disks, volume->conf);
	if (volume->task != NULL) {
		vx__task__free_unpacked(volume->task, NULL);
	}
	stale_free(&volume->stale);
	free(volume->differs.told);
	free(volume->map);
	free(volume);
	gather_end(end->whole, 0, NULL);
	free(end);
}

static void volume_run_nothing(struct lane_call *call)
{
	lane_call_end(call, 0);
}

/* Nobody finds it any more; what its lane was sent until now (STOP holds every volume) comes before
 * this last call. */
static void volume_end_forget(struct gather *part)
{
	struct volume_end *end = part->ctx;

	opens_forget(&end->iod->opens, end->volume);
	LIST_REMOVE(end->volume, link);
	gather_begin(&end->part, volume_end_free, end);
	volume_call(end->volume, volume_run_nothing, 0, 0, &end->part);
	gather_end(&end->part, 0, NULL);
}

static void volume_end_detach(struct gather *part)
{
	struct volume_end *end = part->ctx;

	gather_begin(&end->part, volume_end_forget, end);
	volume_call(end->volume, vio_run_detach, 0, 0, &end->part);
	gather_end(&end->part, 0, NULL);
}

static void volume_device_gone(void *ctx)
{
	gather_end(ctx, 0, NULL);
}

static void volume_end_devices(struct gather *part)
{
	struct volume_end *end = part->ctx;
	struct volume *volume = end->volume;

	gather_begin(&end->part, volume_end_detach, end);
	for (int i = 0; i < FRONT_COUNT; i++) {
		void *device = volume->device[i];

		if (device != NULL) {
			volume->device[i] = NULL;
			gather_add(&end->part);
			front_table[i]->remove(volume->group->iod->front[i], device,
					       volume_device_gone, &end->part);
		}
	}
	gather_end(&end->part, 0, NULL);
}

static void volume_end_fail(struct gather *part)
{
	struct volume_end *end = part->ctx;

	if (part->error != 0) {
		log_warning("dg=%s vol=%s: its dirty regions could not be cleared: they are "
			    "resynchronised later",
			    end->volume->conf->group, end->volume->conf->name);
		end->volume->group->iod->marks_left |= end->volume->group->shared;
	}
	gather_begin(&end->part, volume_end_devices, end);
	volume_call(end->volume, gate_run_fail, 0, end->error, &end->part);
	gather_end(&end->part, 0, NULL);
}

static void volume_end_clean(struct gather *part)
{
	struct volume_end *end = part->ctx;

	gather_begin(&end->part, volume_end_fail, end);
	if (end->clean) {
		volume_clean(end->volume, &end->part);
	}
	gather_end(&end->part, 0, NULL);
}

void volume_remove(struct volume *volume, bool clean, int error, struct gather *gather)
{
	struct volume_end *end = volume_alloc(sizeof(*end));

	assert(!volume->leaving);
	volume->leaving = true;
	sync_stop(volume);
	gather_add(gather);
	*end = (struct volume_end){ .volume = volume,
				    .iod = volume->group->iod,
				    .clean = clean,
				    .error = error,
				    .whole = gather };
	if (clean) {
		gather_begin(&end->part, volume_end_clean, end);
		volume_hold(volume, VIO_HOLD_CONF, &end->part);
	} else { /* what waits fails at once (V8) */
		gather_begin(&end->part, volume_end_fail, end);
		volume_call(volume, gate_run_fail, 0, error, &end->part);
	}
	if (volume->busy > 0) {
		gather_add(&end->part);
		volume->busy_waiter = &end->part;
	}
	gather_end(&end->part, 0, NULL);
}

struct volume_waiter {
	SLIST_ENTRY(volume_waiter) link;
	struct gather *gather;
};

void volume_map_write_begin(struct volume *volume)
{
	volume->map_writes++;
	volume_busy_begin(volume);
}

void volume_map_write_end(struct volume *volume)
{
	struct volume_waiter *waiter;

	assert(volume->map_writes > 0);
	volume->map_writes--;
	while (volume->map_writes == 0 && (waiter = SLIST_FIRST(&volume->map_waiters)) != NULL) {
		SLIST_REMOVE_HEAD(&volume->map_waiters, link);
		gather_end(waiter->gather, 0, NULL);
		free(waiter);
	}
	volume_busy_end(volume);
}

void volume_map_wait(struct volume *volume, struct gather *gather)
{
	if (volume->map_writes > 0) {
		struct volume_waiter *waiter = volume_alloc(sizeof(*waiter));

		waiter->gather = gather;
		gather_add(gather);
		SLIST_INSERT_HEAD(&volume->map_waiters, waiter, link);
	}
}

void volume_busy_begin(struct volume *volume)
{
	volume->busy++;
}

void volume_busy_end(struct volume *volume)
{
	assert(volume->busy > 0);
	if (--volume->busy == 0 && volume->busy_waiter != NULL) {
		struct gather *waiter = volume->busy_waiter;

		volume->busy_waiter = NULL;
		gather_end(waiter, 0, NULL);
	}
}

/* ---- holds ---- */

void volume_hold(struct volume *volume, enum vio_hold hold, struct gather *gather)
{
	volume->holds |= hold;
	volume_call(volume, gate_run_hold, hold, 0, gather);
}

void volume_release(struct volume *volume, enum vio_hold hold)
{
	if ((volume->holds & hold) != 0) {
		volume->holds &= ~(uint32_t)hold;
		volume_call(volume, gate_run_release, hold, 0, NULL);
		if (volume->holds == 0) {
			sync_retry(volume);
		}
	}
}

void volume_fail_writes(struct volume *volume)
{
	volume_call(volume, gate_run_fail_writes, 0, 0, NULL);
}

struct volume_slow {
	struct gate_slow slow;
	void (*done)(void *ctx, const char *text);
	void *ctx;
};

static void volume_slow_done(struct lane_call *call)
{
	struct volume_slow *ask = (struct volume_slow *)call;

	ask->done(ask->ctx, ask->slow.text);
	free(ask);
}

void volume_slowest(struct volume *volume, void (*done)(void *ctx, const char *text), void *ctx)
{
	struct volume_slow *ask = volume_alloc(sizeof(*ask));

	volume_call_init(volume, &ask->slow.call, gate_run_slowest, volume_slow_done);
	ask->done = done;
	ask->ctx = ctx;
	lane_call_send(&ask->slow.call);
}

/* ---- another configuration ---- */

struct volume_change {
	struct vio_apply apply;
	struct volume *volume;
	uint64_t *map;
	struct gather *gather;
};

static void volume_applied(struct lane_call *call)
{
	struct volume_change *change = (struct volume_change *)call;
	struct volume *volume = change->volume;
	struct gather *gather = change->gather;
	struct volconf *old = volume->conf, *conf = (struct volconf *)(uintptr_t)volume->vio->conf;
	bool other_regions = reshape_is_of_regions(old, conf);

	assert(change->apply.conf == old);
	if (other_regions || old->length != conf->length || !volconf_is_usable(conf) ||
	    !volconf_attaches_are_same(old, conf)) {
		sync_cut(volume); /* another one begins with all that is left: load_done() */
	}
	volume->conf = conf;
	if (other_regions) {
		free(volume->map); /* made or read anew before the gate opens, with what was told */
		volume->map = NULL;
		free(volume->differs.told);
		volume->differs.told = NULL;
	}
	if (change->map != NULL) {
		volume_set_map(volume, change->map);
	}
	stale_follow(&volume->stale, conf);
	volume->log_lost = volume->log_lost && conf->logs > 0; /* else V26 */
	free(change->apply.dropped_recover);
	stuck_free(&change->apply.stuck);
	vio_log_free(change->apply.dropped_log);
	volconf_free(&volume->group->iod->disks, old);
	free(change);
	gather_end(gather, 0, NULL);
}

void volume_apply(struct volume *volume, struct volconf *conf, uint64_t *map,
		  struct gather *gather)
{
	struct volume_change *change = volume_alloc(sizeof(*change));

	volume_call_init(volume, &change->apply.call, vio_run_apply, volume_applied);
	volconf_take_counters(conf, volume->conf);
	change->apply.conf = conf;
	change->apply.logs_changed = !volconf_logs_are_same(volume->conf, conf);
	if (reshape_is_of_regions(volume->conf, conf) &&
	    stuck_init(&change->apply.stuck, conf->regions) != 0) {
		log_bug("out of memory");
	}
	change->volume = volume;
	change->map = map;
	change->gather = gather;
	gather_add(gather);
	lane_call_send(&change->apply.call);
}

/* ---- devices ---- */

static void volume_device_dropped(void *ctx)
{
	(void)ctx;
}

void volume_update_devices(struct volume *volume)
{
	Vx__Activation activation = volume->group->activation;
	bool wanted = activation != VX__ACTIVATION__ACT_OFF && volconf_is_usable(volume->conf) &&
		      !volume->leaving;
	struct iod *iod = volume->group->iod;

	volume->read_only =
		activation == VX__ACTIVATION__ACT_SR || activation == VX__ACTIVATION__ACT_RO;
	for (int i = 0; i < FRONT_COUNT; i++) {
		void *device = volume->device[i];

		if (wanted && device == NULL && iod->front[i] != NULL) {
			(void)front_table[i]->add(iod->front[i], volume, &volume->device[i]);
		} else if (!wanted && device != NULL) {
			volume->device[i] = NULL;
			front_table[i]->remove(iod->front[i], device, volume_device_dropped, NULL);
		}
	}
}

int volume_open(struct volume *volume, pid_t pid, const char *how, bool write,
		struct open_entry **out_entry)
{
	if (volume->leaving || volume->group->iod->stopping) {
		return -ENODEV;
	}
	if (write && volume->read_only) {
		return -EROFS;
	}
	if (!volconf_is_usable(volume->conf)) {
		return -EIO;
	}
	return opens_add(&volume->group->iod->opens, volume, pid, how, write, out_entry) == 0
		       ? 0
		       : -EMFILE;
}
