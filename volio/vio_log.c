// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dirty region log of a volume in its lane.
 *
 * One log write at a time (V13), to every log plex, durable. If one of them fails, no mark can be
 * made until the configuration has another set of log plexes: requests that need one are parked as
 * those with a failed plex.
 */
#include "volio/vio_log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/drl.h"
#include "volio/drl_format.h"
#include "volio/engine.h"
#include "volio/reshape.h"

struct log_op {
	struct ring_op op;
	struct vio *vio;
	uint32_t plex; /* of a flush: index of the disk */
};

struct vio_log {
	struct drl drl;
	struct drl_block_id id;
	uint64_t sequence;
	uint8_t *block;		 /* one for each block of the map, aligned */
	struct log_op *op;	 /* VX_PLEXES_MAX for each block: log writes */
	struct log_op *flush_op; /* one for each disk */
	uint32_t flush_ops;
	uint32_t writes, flushes; /* in flight */
	bool write_failed;
	uint32_t failed_plex; /* log plex that failed last */
	bool flush_failed;    /* no mark is taken back until the configuration changed (V11) */
	uint32_t failed_disk; /* the one that failed last; ticks since then */
	uint32_t failed_ticks;
	struct lane_call *clean;
};

static void log_do(struct vio *vio, enum drl_event event);

int vio_log_create(const struct volconf *conf, uint32_t slot, const uint64_t *active,
		   uint64_t sequence, struct vio_log **out_log)
{
	struct vio_log *log = calloc(1, sizeof(*log));
	uint32_t blocks = drl_map_blocks(conf->regions);

	if (log == NULL || drl_init(&log->drl, conf->regions, VX_DRL_AGE_TICKS) != 0) {
		free(log);
		return -ENOMEM;
	}
	log->id = (struct drl_block_id){
		.group_hash = drl_group_hash(conf->dgid),
		.volume_rid = conf->rid,
		.region_len = conf->region_bytes / VX_SECTOR,
		.regions = conf->regions,
		.kind = DRL_KIND_ACTIVE,
		.slot = slot,
	};
	log->sequence = sequence;
	log->block = aligned_alloc(VX_BLOCK, (size_t)blocks * VX_BLOCK);
	log->op = calloc((size_t)blocks * VX_PLEXES_MAX, sizeof(*log->op));
	log->flush_ops = VX_DISKS_MAX;
	log->flush_op = calloc(log->flush_ops, sizeof(*log->flush_op));
	if (log->block == NULL || log->op == NULL || log->flush_op == NULL) {
		vio_log_free(log);
		return -ENOMEM;
	}
	for (uint32_t region = 0; active != NULL && region < conf->regions; region++) {
		if (bits_get(active, region)) {
			drl_stick(&log->drl, region);
		}
	}
	*out_log = log;
	return 0;
}

void vio_log_free(struct vio_log *log)
{
	if (log != NULL) {
		drl_free(&log->drl);
		free(log->block);
		free(log->op);
		free(log->flush_op);
		free(log);
	}
}

/* ---- log writes ---- */

static void log_marking_go(struct vio *vio)
{
	struct io_request *request, *next;

	for (request = TAILQ_FIRST(&vio->marking); request != NULL; request = next) {
		next = TAILQ_NEXT(request, link);
		if (drl_ready(&vio->log->drl, request->region_first, request->region_last)) {
			TAILQ_REMOVE(&vio->marking, request, link);
			io_write(request);
		}
	}
}

static void log_park(struct io_request *request)
{
	request->unwritten = true;
	request->failed = 0;
	request->error = -EIO;
	io_park(request);
}

static void log_write_ended(struct vio *vio)
{
	struct vio_log *log = vio->log;
	bool failed = log->write_failed;
	struct io_request *request;

	log->write_failed = false;
	atomic_fetch_add_explicit(&vio->shown_log_writes, 1, memory_order_relaxed);
	if (failed) {
		log_do(vio, DRL_LOG_FAILED);
		while ((request = TAILQ_FIRST(&vio->marking)) != NULL) {
			TAILQ_REMOVE(&vio->marking, request, link);
			log_park(request);
		}
	} else {
		log_do(vio, DRL_LOG_DONE);
		log_marking_go(vio);
	}
	gate_leave(vio);
}

static void log_on_written(struct ring_op *op, int result)
{
	struct log_op *write = (struct log_op *)op;
	struct vio *vio = write->vio;
	struct vio_log *log = vio->log;

	if (result != VX_BLOCK) {
		log->write_failed = true;
		log->failed_plex = write->plex;
		io_trouble(vio, write->plex, true, true, 0, VX_BLOCK, result < 0 ? result : -EIO);
	}
	if (--log->writes == 0) {
		log_write_ended(vio);
	}
}

static void log_write(struct vio *vio, uint32_t blocks)
{
	struct vio_log *log = vio->log;
	const struct volconf *conf = vio->conf;
	uint32_t used = 0;

	gate_enter(vio);
	log->sequence++;
	for (; blocks != 0; blocks &= blocks - 1) {
		uint32_t index = (uint32_t)__builtin_ctz(blocks);
		uint8_t *block = log->block + (size_t)index * VX_BLOCK;

		log->id.index = index;
		drl_block_encode(block, &log->id, log->sequence, log->drl.bits);
		for (uint32_t i = 0; i < conf->logs; i++) {
			struct log_op *op = &log->op[used++];
			struct layout_extent extent = layout_map(
				&conf->log[i].layout, drl_block_offset(&log->id), VX_BLOCK);
			const struct iodisk *disk = conf->disk[extent.disk];

			*op = (struct log_op){ { log_on_written }, vio, i };
			log->writes++;
			ring_write(vio->lane->ring, &op->op, disk->fd, block, VX_BLOCK,
				   extent.offset, disk->has_cache);
		}
	}
	assert(log->writes > 0);
}

void vio_log_tell(struct vio *vio)
{
	if (vio->log != NULL && vio->log->failed_plex < vio->conf->logs) {
		io_trouble(vio, vio->log->failed_plex, true, true, 0, VX_BLOCK, -EIO);
	}
}

/* ---- flush of the plexes before bits are cleared (V11) ---- */

/* What its cache had is lost. Linux says so once: the next flush would succeed, and mean nothing. */
static void log_tell_flush(struct vio *vio)
{
	uint32_t failed = volconf_plexes_on(vio->conf, vio->log->failed_disk);

	for (; failed != 0; failed &= failed - 1) {
		io_trouble(vio, (uint32_t)__builtin_ctz(failed), false, true, 0, 0, -EIO);
	}
}

void vio_log_flush_failed(struct vio *vio, uint32_t disk)
{
	if (vio->log != NULL) {
		vio->log->flush_failed = true;
		vio->log->failed_disk = disk;
		vio->log->failed_ticks = 0;
	}
}

static void log_flush_ended(struct vio *vio)
{
	log_do(vio, vio->log->flush_failed ? DRL_FLUSH_FAILED : DRL_FLUSH_DONE);
	gate_leave(vio);
}

static void log_on_flushed(struct ring_op *op, int result)
{
	const struct log_op *flush = (struct log_op *)op;
	struct vio *vio = flush->vio;
	struct vio_log *log = vio->log;

	if (result < 0) {
		vio_log_flush_failed(vio, flush->plex);
		log_tell_flush(vio);
	}
	if (--log->flushes == 0) {
		log_flush_ended(vio);
	}
}

static void log_flush(struct vio *vio)
{
	struct vio_log *log = vio->log;
	const struct volconf *conf = vio->conf;

	gate_enter(vio);
	assert(conf->disks <= log->flush_ops);
	for (uint32_t i = 0; i < conf->disks; i++) {
		if (conf->disk[i]->has_cache && volconf_plexes_on(conf, i) != 0) {
			struct log_op *op = &log->flush_op[i];

			*op = (struct log_op){ { log_on_flushed }, vio, i };
			log->flushes++;
			ring_flush(vio->lane->ring, &op->op, conf->disk[i]->fd);
		}
	}
	if (log->flushes == 0) {
		log_flush_ended(vio);
	}
}

static void log_do(struct vio *vio, enum drl_event event)
{
	struct vio_log *log = vio->log;
	struct drl_effects effects;

	drl_step(&log->drl, event, &effects);
	atomic_store_explicit(&vio->shown_dirty, log->drl.marked, memory_order_relaxed);
	if (effects.write_blocks != 0) {
		log_write(vio, effects.write_blocks);
	}
	if (effects.flush) {
		log_flush(vio);
	}
	if (log->clean != NULL && drl_is_idle(&log->drl)) {
		struct lane_call *call = log->clean;

		log->clean = NULL;
		lane_call_end(call, drl_is_clean(&log->drl) && vio->stuck.count == 0 ? 0 : -EIO);
	}
}

/* ---- for requests ---- */

void vio_log_tick(struct vio *vio)
{
	struct vio_log *log = vio->log;

	if (log == NULL || vio->hold != 0 || vio->dead != 0) {
		return;
	}
	if (!log->flush_failed) {
		log_do(vio, DRL_TICK);
	} else if (++log->failed_ticks % IO_TELL_TICKS == 0) {
		log_tell_flush(vio);
	}
}

bool vio_log_begin(struct io_request *request)
{
	struct vio *vio = request->vio;

	if (vio->log == NULL) {
		return true;
	}
	request->region_first = (uint32_t)(request->start / vio->conf->region_bytes);
	request->region_last = (uint32_t)((request->end - 1) / vio->conf->region_bytes);
	request->marked = true;
	if (drl_begin(&vio->log->drl, request->region_first, request->region_last)) {
		return true;
	}
	if (vio->log->drl.broken) {
		log_park(request);
		return false;
	}
	TAILQ_INSERT_TAIL(&vio->marking, request, link);
	log_do(vio, DRL_POLL);
	return false;
}

void vio_log_again(struct io_request *request)
{
	struct vio *vio = request->vio;

	request->unwritten = false;
	if (!request->marked ||
	    drl_ready(&vio->log->drl, request->region_first, request->region_last)) {
		io_write(request);
	} else if (vio->log->drl.broken) {
		log_park(request);
	} else {
		TAILQ_INSERT_TAIL(&vio->marking, request, link);
	}
}

void vio_log_end(struct io_request *request)
{
	if (request->vio->log != NULL) {
		drl_end(&request->vio->log->drl, request->region_first, request->region_last);
	}
	request->marked = false;
}

void vio_log_stick(struct vio *vio, uint32_t first, uint32_t last)
{
	for (uint32_t region = first; vio->log != NULL && region <= last; region++) {
		drl_stick(&vio->log->drl, region);
	}
}

void vio_log_unstick(struct vio *vio, uint32_t region)
{
	if (vio->log != NULL) {
		drl_unstick(&vio->log->drl, region);
	}
}

void vio_log_stick_marked(struct vio *vio)
{
	const uint64_t *bits = vio->log->drl.bits;
	uint32_t regions = vio->log->drl.regions;

	for (uint32_t region = bits_next(bits, 0, regions); region < regions;
	     region = bits_next(bits, region + 1, regions)) {
		stuck_add(&vio->stuck, region, region);
		drl_stick(&vio->log->drl, region);
	}
}

/* ---- calls ---- */

void vio_recover_show(struct vio *vio)
{
	vio->recover_count =
		vio->recover != NULL ? bits_count(vio->recover, vio->conf->regions) : 0;
	atomic_store_explicit(&vio->shown_recover, vio->recover_count, memory_order_relaxed);
}

/* A new log: what is marked there belongs to nobody, what is stuck is not marked there yet. */
static void log_take_stuck(struct vio *vio)
{
	if (vio->log != NULL) {
		vio_log_stick_marked(vio);
		for (uint32_t region = 0; region < vio->stuck.regions; region++) {
			if (bits_get(vio->stuck.map, region)) {
				drl_stick(&vio->log->drl, region);
			}
		}
		vio_stuck_show(vio);
	}
}

void vio_run_maps(struct lane_call *call)
{
	struct vio_maps *maps = (struct vio_maps *)call;
	struct vio *vio = call->vio;
	uint64_t *recover = vio->recover;

	vio->recover = maps->recover;
	maps->recover = recover;
	if (!maps->keep_log) {
		struct vio_log *log = vio->log;

		struct io_request *request;

		assert(TAILQ_EMPTY(&vio->marking));
		TAILQ_FOREACH(request, &vio->parked, link)
		{
			request->marked = false; /* in no log, or in that of other regions */
		}
		vio->log = maps->log;
		maps->log = log;
		log_take_stuck(vio);
		atomic_store_explicit(&vio->shown_dirty,
				      vio->log != NULL ? vio->log->drl.marked : 0,
				      memory_order_relaxed);
	}
	vio_recover_show(vio);
	lane_call_end(call, 0);
}

/* They go on as regions of the other length, and are told again. */
static void log_reshape_stuck(struct vio *vio, const struct volconf *old, struct stuck *other)
{
	struct stuck before = vio->stuck;

	if (before.count > 0 && other->regions > 0) {
		reshape_bits(before.map, before.regions, old->region_bytes, vio->conf, other->map);
		memcpy(other->fresh, other->map, bits_words(other->regions) * sizeof(uint64_t));
		other->count = bits_count(other->map, other->regions);
	}
	vio->stuck = *other;
	*other = before;
	vio_stuck_show(vio);
}

void vio_run_apply(struct lane_call *call)
{
	struct vio_apply *apply = (struct vio_apply *)call;
	struct vio *vio = call->vio;
	const struct volconf *old = vio->conf;

	assert(vio->hold != 0 && vio->in_flight == 0);
	vio->conf = apply->conf;
	apply->conf = old;
	vio->retry = true;
	vio->fail_ticks = 0;
	if (vio->log != NULL) {
		vio->log->flush_failed = false;
	}
	apply->dropped_log = NULL;
	apply->dropped_recover = NULL;
	if (reshape_is_of_regions(old, vio->conf)) {
		log_reshape_stuck(vio, old, &apply->stuck);
	}
	if (old->regions != vio->conf->regions) {
		apply->dropped_recover = vio->recover;
		vio->recover = NULL;
		vio_recover_show(vio);
	}
	if (vio->log != NULL && vio->conf->logs == 0) {
		struct io_request *request;

		apply->dropped_log = vio->log;
		vio->log = NULL;
		TAILQ_FOREACH(request, &vio->parked, link)
		{
			request->marked = false;
		}
	} else if (vio->log != NULL && apply->logs_changed) {
		log_do(vio,
		       DRL_RESTART); /* new log plexes get the whole map before the gate opens */
	}
	lane_call_end(call, 0);
}

static void clean_flushed(struct io_request *request)
{
	struct vio_clean *clean = (struct vio_clean *)((char *)request -
						       offsetof(struct vio_clean, flush));
	struct vio *vio = request->vio;
	bool differs = request->failed != 0 || vio->stuck.count > 0 || !TAILQ_EMPTY(&vio->parked);

	lane_call_end(&clean->call, differs && vio->conf->regions > 0 ? -EIO : 0);
	gate_leave(vio);
}

static void clean_flush(struct vio_clean *clean)
{
	struct vio *vio = clean->call.vio;

	clean->flush = (struct io_request){ .vio = vio, .kind = IO_FLUSH, .next = clean_flushed };
	gate_enter(vio);
	legs_flush(&clean->flush);
}

void vio_run_clean(struct lane_call *call)
{
	struct vio *vio = call->vio;

	if (vio->log == NULL) {
		clean_flush((struct vio_clean *)call);
		return;
	}
	if (vio->log->flush_failed) {
		lane_call_end(call, -EIO);
		return;
	}
	vio->log->clean = call;
	log_do(vio, DRL_CLEAR_ALL);
}

void vio_run_window(struct lane_call *call)
{
	struct vio_window *window = (struct vio_window *)call;
	struct vio *vio = call->vio;

	if (vio->window_call != NULL) {
		struct lane_call *awaited = vio->window_call;

		vio->window_call = NULL;
		lane_call_end(awaited, -ECANCELED);
	}
	if (vio->window.queued) {
		io_range_leave(vio, &vio->window);
	}
	if (window->start == window->end ||
	    range_ask(&vio->ranges, &vio->window, window->start, window->end)) {
		lane_call_end(call, 0);
	} else {
		vio->window_call = call;
	}
}
