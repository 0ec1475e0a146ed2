// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One request on its way: range, mark, plexes, end.
 *
 * V5: overlapping writes of this node run one after the other. V6: a write is acknowledged only
 * when it is on every active plex and on those that are being attached. V7: one that failed on some plexes is parked until the
 * configuration changed, then runs again as a whole; after VX_PARK_MS with an open gate, or when it
 * reached no plex, it fails with EIO and its regions are stuck (V12). V9: what is not aligned to the disks' blocks
 * is read, merged and written under the lock of its range.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/engine.h"

#define IO_PARK_TICKS (VX_PARK_MS / VX_DRL_TICK_MS)

static uint32_t io_first_plexes(uint32_t count)
{
	return count == 32 ? UINT32_MAX : (1u << count) - 1;
}

uint64_t io_cut(enum io_kind kind, uint64_t offset, uint64_t length)
{
	const uint64_t most =
		kind == IO_ZERO || kind == IO_DISCARD ? 32 * 1024 * 1024 : VX_IO_BYTES;

	if (kind == IO_ZERO &&
	    length > IO_EDGE) { /* edges alone: they are merged like small writes */
		if (offset % IO_EDGE != 0) {
			return IO_EDGE - offset % IO_EDGE;
		}
		length -= length % IO_EDGE;
	}
	if (length > most) {
		length = most - offset % most;
	}
	return length;
}

static void io_count(struct io_request *request, int error)
{
	struct io_counters *counters = &request->vio->counters;
	uint64_t us = request->vio->lane->now_us - request->began_us;

	if (request->kind == IO_READ) {
		atomic_fetch_add_explicit(&counters->reads, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&counters->read_bytes, request->length,
					  memory_order_relaxed);
		atomic_fetch_add_explicit(&counters->read_us, us, memory_order_relaxed);
	} else if (request->kind != IO_FLUSH) {
		atomic_fetch_add_explicit(&counters->writes, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&counters->write_bytes, request->length,
					  memory_order_relaxed);
		atomic_fetch_add_explicit(&counters->write_us, us, memory_order_relaxed);
	}
	if (error != 0) {
		atomic_fetch_add_explicit(&counters->errors, 1, memory_order_relaxed);
	}
}

/* The end of a request that is in flight. */
static void io_end(struct io_request *request, int error)
{
	struct vio *vio = request->vio;

	if (error != 0 && request->reached) { /* who has what of it nobody knows (V12) */
		vio_stick(request);
	}
	if (request->marked) {
		vio_log_end(request);
	}
	if (request->range.queued) {
		io_range_leave(vio, &request->range);
	}
	io_count(request, error);
	request->state = IO_FRONT;
	request->done(request, error);
	gate_leave(vio); /* last: the volume may go when nothing is in flight */
}

/* ---- reads ---- */

int io_read_plex(struct vio *vio, uint64_t start, uint64_t end, uint32_t not_these)
{
	const struct volconf *conf = vio->conf;

	if (vio->recover_count > 0) { /* V22 */
		uint32_t last = (uint32_t)((end - 1) / conf->region_bytes);

		if (bits_next(vio->recover, (uint32_t)(start / conf->region_bytes), last + 1) <=
		    last) {
			for (uint32_t i = 0; i < conf->plexes; i++) {
				if ((not_these >> i & 1) == 0) {
					return (int)i;
				}
			}
			return -1;
		}
	}
	if (conf->read_policy == VX__READ_POLICY__READ_PREFER &&
	    (not_these >> conf->prefer & 1) == 0) {
		return (int)conf->prefer;
	}
	for (uint32_t i = 0; i < conf->plexes; i++) {
		uint32_t plex = vio->read_turn++ % conf->plexes;

		if ((not_these >> plex & 1) == 0) {
			return (int)plex;
		}
	}
	return -1;
}

static void io_read_done(struct io_request *request)
{
	request->data = request->buffer + (request->offset - request->start);
	io_end(request, request->error);
}

static void io_read(struct io_request *request)
{
	int plex = io_read_plex(request->vio, request->start, request->end, 0);

	assert(plex >= 0);
	request->plexes = 1u << plex;
	request->next = io_read_done;
	legs_run(request);
}

/* ---- writes and flushes ---- */

static void io_written(struct io_request *request)
{
	uint32_t good = io_first_plexes(request->vio->conf->plexes);

	if (request->failed != 0 && (request->failed & good) != good) {
		io_park(request);
		return;
	}
	if (request->failed != 0) {
		io_end(request, request->error);
		return;
	}
	if (request->durable && !request->synced &&
	    (request->kind == IO_ZERO || request->kind == IO_DISCARD)) {
		request->synced = true;
		legs_flush(request);
		return;
	}
	io_end(request, 0);
}

void io_write(struct io_request *request)
{
	request->reached = true;
	request->cursor = request->start;
	request->failed = 0;
	request->plexes = io_first_plexes(request->vio->conf->written);
	request->next = io_written;
	legs_run(request);
}

static void io_mark(struct io_request *request)
{
	if (vio_log_begin(request)) {
		io_write(request);
	}
}

static void io_merge(struct io_request *request)
{
	uint32_t block = request->vio->conf->block;
	uint64_t end = request->offset + request->length;
	size_t head = request->offset - request->start, tail = request->end - end;

	if (request->error != 0) { /* the edges could not be read from any plex */
		io_end(request, request->error);
		return;
	}
	if (head > 0) {
		memcpy(request->buffer, request->buffer + IO_EDGES_AT, head);
	}
	if (tail > 0) {
		memcpy(request->buffer + (end - request->start),
		       request->buffer + IO_EDGES_AT + IO_EDGE + block - tail, tail);
	}
	io_mark(request);
}

/* Its range was of blocks of another length, or of a longer volume. What of it was written stays marked. */
static void io_restart(struct io_request *request)
{
	if (request->reached) {
		vio_stick(request);
	}
	if (request->marked) {
		vio_log_end(request);
	}
	request->reached = request->unwritten = false;
	io_range_leave(request->vio, &request->range);
	io_start(request);
}

/* The range is held. */
static void io_locked(struct io_request *request)
{
	struct vio *vio = request->vio;
	bool whole = request->offset == request->start &&
		     request->offset + request->length == request->end;

	if (vio->hold != 0) {
		io_range_leave(vio, &request->range);
		gate_queue(request);
		return;
	}
	if (request->block != vio->conf->block || request->end > vio->conf->length) {
		io_restart(request);
		return;
	}
	if (vio->fail_ticks > 0) { /* V37 */
		io_range_leave(vio, &request->range);
		request->state = IO_FRONT;
		request->done(request, -EIO);
		return;
	}
	gate_enter(vio);
	request->state = IO_ACTIVE;
	request->cursor = request->start;
	request->plexes = 0;
	if (request->kind == IO_WRITE &&
	    request->data != request->buffer + (request->offset - request->start)) {
		memmove(request->buffer + (request->offset - request->start), request->data,
			request->length);
		request->data = request->buffer + (request->offset - request->start);
	}
	if (whole) {
		io_mark(request);
	} else {
		request->next = io_merge;
		legs_edges(request);
	}
}

/* Discards only what is whole blocks; small zeroes with edges become a write. false: nothing is
 * left to do. */
static bool io_shape(struct io_request *request, uint32_t block)
{
	uint64_t end = request->offset + request->length;
	bool aligned = request->offset % block == 0 && end % block == 0;

	if (request->kind == IO_DISCARD && !aligned) {
		uint64_t first = (request->offset + block - 1) / block * block,
			 last = end / block * block;

		if (first >= last) {
			return false;
		}
		request->offset = first;
		request->length = last - first;
	} else if (request->kind == IO_ZERO && !aligned) {
		assert(request->length <= VX_IO_BYTES);
		memset(request->buffer, 0, request->length);
		request->data = request->buffer;
		request->kind = IO_WRITE;
	}
	request->block = block;
	request->start = request->offset / block * block;
	request->end = (request->offset + request->length + block - 1) / block * block;
	return true;
}

void io_start(struct io_request *request)
{
	struct vio *vio = request->vio;

	if (request->offset > vio->conf->length ||
	    request->length > vio->conf->length - request->offset) { /* it became shorter */
		request->state = IO_FRONT;
		request->done(request, -EIO);
		return;
	}
	if (!io_shape(request, vio->conf->block)) {
		request->state = IO_FRONT;
		request->done(request, 0);
		return;
	}
	request->cursor = request->start;
	request->failed = 0;
	request->state = IO_ACTIVE;
	switch (request->kind) {
	case IO_READ:
		gate_enter(vio);
		io_read(request);
		break;
	case IO_FLUSH:
		gate_enter(vio);
		request->reached = true;
		request->next = io_written;
		legs_flush(request);
		break;
	case IO_WRITE:
	case IO_ZERO:
	case IO_DISCARD:
		request->state = IO_RANGE;
		if (range_ask(&vio->ranges, &request->range, request->start, request->end)) {
			io_locked(request);
		}
		break;
	}
}

void io_range_leave(struct vio *vio, struct range_lock *lock)
{
	range_leave(&vio->ranges, lock);
	while ((lock = range_next(&vio->ranges)) != NULL) {
		if (lock != &vio->window) {
			io_locked(REQUEST_OF(range, lock));
		} else if (vio->window_call != NULL) {
			struct lane_call *call = vio->window_call;

			vio->window_call = NULL;
			lane_call_end(call, 0);
		}
	}
}

/* ---- parked requests ---- */

static void io_tell(struct io_request *request)
{
	struct vio *vio = request->vio;

	if (request->unwritten) {
		vio_log_tell(vio);
	}
	for (uint32_t failed = request->failed; failed != 0; failed &= failed - 1) {
		io_trouble(vio, (uint32_t)__builtin_ctz(failed), false, true, request->offset,
			   request->length, request->error);
	}
}

void io_park(struct io_request *request)
{
	struct vio *vio = request->vio;

	if (vio->dead != 0) {
		io_end(request, vio->dead); /* V8: no other configuration will come */
		return;
	}
	request->state = IO_PARKED;
	request->parked_ticks = 0;
	TAILQ_INSERT_TAIL(&vio->parked, request, link);
	io_tell(request);
	gate_leave(vio);
}

static void io_end_parked(struct io_request *request, int error)
{
	TAILQ_REMOVE(&request->vio->parked, request, link);
	gate_enter(request->vio); /* io_end() counts it out */
	io_end(request, error);
}

void io_retry_parked(struct vio *vio)
{
	struct io_request_list again = TAILQ_HEAD_INITIALIZER(again);
	struct io_request *request;

	TAILQ_CONCAT(&again, &vio->parked, link);
	while ((request = TAILQ_FIRST(&again)) != NULL) {
		TAILQ_REMOVE(&again, request, link);
		gate_enter(vio);
		request->state = IO_ACTIVE;
		request->error = 0;
		request->failed = 0;
		request->synced = false;
		if (request->kind != IO_FLUSH && request->end > vio->conf->length) {
			io_end(request, -EIO); /* it became shorter */
		} else if (request->kind != IO_FLUSH && request->block != vio->conf->block) {
			gate_leave(vio);
			io_restart(request);
		} else if (request->kind == IO_FLUSH) {
			legs_flush(request);
		} else if (vio->log != NULL && !request->marked) { /* parked before there was a log */
			request->unwritten = false;
			io_mark(request);
		} else if (request->unwritten) {
			vio_log_again(request);
		} else {
			io_write(request);
		}
	}
}

/*
 * Behind a shut gate a request waits as any other one: no transaction can help it. Nor is anything told:
 * the configuration may be another one, whose plexes have other indexes.
 */
void io_expire_parked(struct vio *vio)
{
	struct io_request *request, *next;
	bool tell = false;

	vio->fail_ticks -= vio->fail_ticks > 0;
	for (request = TAILQ_FIRST(&vio->parked); request != NULL && vio->hold == 0;
	     request = next) {
		next = TAILQ_NEXT(request, link);
		if (request->parked_ticks == IO_PARK_TICKS) {
			io_end_parked(request, -EIO);
		} else if (request->parked_ticks++ % IO_TELL_TICKS == 0 && !tell) {
			tell = true;
			io_tell(request);
		}
	}
}

/* What waits for its log is not concerned: logs are detached whatever the policy. */
void io_fail_writes(struct vio *vio)
{
	struct io_request *request, *next;

	vio->fail_ticks = VX_LOCAL_MS / VX_DRL_TICK_MS;
	for (request = TAILQ_FIRST(&vio->parked); request != NULL; request = next) {
		next = TAILQ_NEXT(request, link);
		if (!request->unwritten) {
			io_end_parked(request, -EIO);
		}
	}
}

void io_fail_waiting(struct vio *vio)
{
	struct range_lock *lock, *next;
	struct io_request *request;

	while ((request = TAILQ_FIRST(&vio->gate)) != NULL) {
		(void)io_withdraw(request, vio->dead);
	}
	for (lock = TAILQ_FIRST(&vio->ranges.all); lock != NULL; lock = next) {
		next = TAILQ_NEXT(lock, link);
		if (lock != &vio->window && !lock->held) {
			request = REQUEST_OF(range, lock);
			range_leave(&vio->ranges, lock);
			request->state = IO_FRONT;
			request->done(request, vio->dead);
		}
	}
	while ((request = TAILQ_FIRST(&vio->parked)) != NULL) {
		io_end_parked(request, vio->dead);
	}
}

void io_trouble(struct vio *vio, uint32_t plex, bool is_log, bool write, uint64_t offset,
		uint64_t length, int error)
{
	struct vio_trouble *trouble = &vio->trouble[write];

	if (atomic_exchange_explicit(&trouble->posted, true, memory_order_acquire)) {
		return; /* one is on its way; parked requests tell it again */
	}
	trouble->plex_rid = is_log ? vio->conf->log[plex].rid : vio->conf->plex[plex].rid;
	trouble->offset = offset;
	trouble->length = length;
	trouble->error = error;
	mailbox_post(vio->lane->main, &trouble->mail);
}
