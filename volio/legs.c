// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Legs: one transfer of a request on one plex, cut at the borders of subdisks and disks' answers.
 *
 * A request is cut where any of its plexes changes disk; each part has one leg on each plex. Legs
 * come from a fixed pool of the lane: who finds too few waits in order until others give theirs back (V2).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "volio/engine.h"

#define LEG_MOST_BYTES (1u << 30) /* one transfer; the kernel takes a little less than 2 GiB */

enum leg_kind { LEG_READ, LEG_WRITE, LEG_ZERO, LEG_ZERO_WRITE, LEG_FLUSH };

struct io_leg {
	struct ring_op op;
	SLIST_ENTRY(io_leg) link;
	struct io_request *request;
	enum leg_kind kind;
	uint32_t plex;	/* of a flush: index of the disk */
	uint32_t tried; /* bit set of plexes that could not be read */
	struct iodisk *disk;
	uint64_t position, length, done; /* in the volume */
	uint32_t subdisk;
	uint64_t issued, issued_us;
	uint8_t *data;
};

static void leg_on_done(struct ring_op *op, int result);

int legs_start(struct lane *lane)
{
	lane->leg_memory = calloc(VX_LANE_LEGS, sizeof(*lane->leg_memory));
	if (lane->leg_memory == NULL) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < VX_LANE_LEGS; i++) {
		lane->leg_memory[i].op.done = leg_on_done;
		SLIST_INSERT_HEAD(&lane->legs, &lane->leg_memory[i], link);
	}
	lane->legs_free = VX_LANE_LEGS;
	return 0;
}

void legs_stop(struct lane *lane)
{
	free(lane->leg_memory);
	lane->leg_memory = NULL;
}

static void leg_issue(struct io_leg *leg)
{
	struct io_request *request = leg->request;
	const struct volconf *conf = request->vio->conf;
	struct ring *ring = request->vio->lane->ring;
	uint64_t left = leg->length - leg->done;
	struct layout_extent extent =
		layout_map(&conf->plex[leg->plex].layout, leg->position + leg->done,
			   left < LEG_MOST_BYTES || leg->kind == LEG_ZERO ? left : LEG_MOST_BYTES);
	bool durable;

	leg->disk = conf->disk[extent.disk];
	leg->subdisk = extent.subdisk;
	leg->issued = extent.length;
	leg->issued_us = request->vio->lane->now_us;
	request->slow_disk = leg->disk;
	durable = request->durable && leg->disk->has_cache;
	if (leg->kind == LEG_ZERO &&
	    atomic_load_explicit(&leg->disk->no_punch, memory_order_relaxed)) {
		leg->kind = LEG_ZERO_WRITE;
	}
	switch (leg->kind) {
	case LEG_READ:
		ring_read(ring, &leg->op, leg->disk->fd, leg->data + leg->done,
			  (uint32_t)extent.length, extent.offset);
		break;
	case LEG_WRITE:
		ring_write(ring, &leg->op, leg->disk->fd, leg->data + leg->done,
			   (uint32_t)extent.length, extent.offset, durable);
		break;
	case LEG_ZERO:
		ring_fallocate(ring, &leg->op, leg->disk->fd,
			       FALLOC_FL_KEEP_SIZE |
				       (request->kind == IO_DISCARD ? FALLOC_FL_PUNCH_HOLE
								    : FALLOC_FL_ZERO_RANGE),
			       extent.offset, extent.length);
		break;
	case LEG_ZERO_WRITE:
		leg->issued = extent.length < VX_IO_BYTES ? extent.length : VX_IO_BYTES;
		ring_write(ring, &leg->op, leg->disk->fd, request->vio->lane->zeroes,
			   (uint32_t)leg->issued, extent.offset, durable);
		break;
	case LEG_FLUSH:
		break;
	}
}

/* A leg of the request, if the pool has one. The caller made sure. */
static struct io_leg *leg_make(struct io_request *request, enum leg_kind kind, uint32_t plex)
{
	struct lane *lane = request->vio->lane;
	struct io_leg *leg = SLIST_FIRST(&lane->legs);

	assert(leg != NULL);
	SLIST_REMOVE_HEAD(&lane->legs, link);
	lane->legs_free--;
	leg->request = request;
	leg->kind = kind;
	leg->plex = plex;
	leg->tried = 0;
	leg->done = 0;
	request->legs++;
	return leg;
}

/*
 * Are so many legs there, and is it the request's turn? Who comes later waits behind who waits: else
 * what needs many would never find them. false: it waits, unless legs of its own call it again.
 */
static bool legs_may(struct io_request *request, uint32_t need)
{
	struct lane *lane = request->vio->lane;
	struct io_request *first = TAILQ_FIRST(&lane->leg_waiters);

	if (lane->legs_free >= need && (first == NULL || first == request || request->legs > 0)) {
		if (first == request) {
			TAILQ_REMOVE(&lane->leg_waiters, request, link);
		}
		return true;
	}
	if (first != request && request->legs == 0) {
		TAILQ_INSERT_TAIL(&lane->leg_waiters, request, link);
	}
	return false;
}

void legs_run(struct io_request *request)
{
	static const enum leg_kind kinds[] = {
		[IO_READ] = LEG_READ,
		[IO_WRITE] = LEG_WRITE,
		[IO_ZERO] = LEG_ZERO,
		[IO_DISCARD] = LEG_ZERO,
	};
	struct vio *vio = request->vio;
	const struct volconf *conf = vio->conf;
	uint32_t need = (uint32_t)__builtin_popcount(request->plexes);

	assert(request->plexes != 0);
	while (request->cursor < request->end) {
		uint64_t length = request->end - request->cursor;

		if (!legs_may(request, need)) {
			return;
		}
		for (uint32_t left = request->plexes; left != 0; left &= left - 1) {
			const struct layout *layout = &conf->plex[__builtin_ctz(left)].layout;

			length = layout_map(layout, request->cursor, length).length;
		}
		for (uint32_t left = request->plexes; left != 0; left &= left - 1) {
			struct io_leg *leg = leg_make(request, kinds[request->kind],
						      (uint32_t)__builtin_ctz(left));

			leg->position = request->cursor;
			leg->length = length;
			leg->data = request->buffer + (request->cursor - request->start);
			leg_issue(leg);
		}
		request->cursor += length;
	}
}

void legs_edges(struct io_request *request)
{
	uint32_t block = request->vio->conf->block;
	uint64_t end = request->offset + request->length;
	int plex = io_read_plex(request->vio, request->start, request->end, 0);

	if (!legs_may(request, 2)) {
		return;
	}
	for (int edge = 0; edge < 2; edge++) {
		bool wanted = edge == 0 ? request->offset != request->start : end != request->end;
		struct io_leg *leg;

		if (!wanted) {
			continue;
		}
		leg = leg_make(request, LEG_READ, plex < 0 ? 0 : (uint32_t)plex);
		leg->position = edge == 0 ? request->start : request->end - block;
		leg->length = block;
		leg->data = request->buffer + IO_EDGES_AT + (size_t)edge * IO_EDGE;
		leg_issue(leg);
	}
}

void legs_flush(struct io_request *request)
{
	const struct volconf *conf = request->vio->conf;

	if (!legs_may(request, conf->disks)) {
		return;
	}
	for (uint32_t i = 0; i < conf->disks; i++) {
		if (conf->disk[i]->has_cache) {
			struct io_leg *leg = leg_make(request, LEG_FLUSH, i);

			leg->disk = conf->disk[i];
			request->slow_disk = leg->disk;
			ring_flush(request->vio->lane->ring, &leg->op, leg->disk->fd);
		}
	}
	if (request->legs == 0) {
		request->next(request);
	}
}

/* Who waits goes on, in order, as far as the legs reach. */
static void legs_wake(struct lane *lane)
{
	struct io_request *waiter;

	while ((waiter = TAILQ_FIRST(&lane->leg_waiters)) != NULL) {
		if (waiter->cursor == waiter->end) { /* a flush, also the one behind durable zeroes */
			legs_flush(waiter);
		} else if (waiter->plexes == 0) {
			legs_edges(waiter);
		} else {
			legs_run(waiter);
		}
		if (TAILQ_FIRST(&lane->leg_waiters) == waiter) {
			return;
		}
	}
}

static void leg_end(struct io_leg *leg)
{
	struct io_request *request = leg->request;
	struct lane *lane = request->vio->lane;

	SLIST_INSERT_HEAD(&lane->legs, leg, link);
	lane->legs_free++;
	request->legs--;
	if (request->kind != IO_FLUSH && request->plexes != 0 && request->cursor < request->end) {
		legs_run(request);
	} else if (request->legs == 0) {
		request->next(request);
	}
	legs_wake(lane);
}

/* V23: what one plex cannot read another one serves. */
static void leg_read_failed(struct io_leg *leg, int error)
{
	struct io_request *request = leg->request;
	struct vio *vio = request->vio;
	int other;

	io_trouble(vio, leg->plex, false, false, leg->position + leg->done, leg->length - leg->done,
		   error);
	leg->tried |= 1u << leg->plex;
	request->failed |= 1u << leg->plex;
	other = io_read_plex(vio, leg->position, leg->position + leg->length, leg->tried);
	if (other < 0) {
		request->error = error;
		leg_end(leg);
		return;
	}
	leg->plex = (uint32_t)other;
	leg_issue(leg);
}

static void leg_failed(struct io_leg *leg, int error)
{
	struct io_request *request = leg->request;
	struct vio *vio = request->vio;
	uint32_t failed = leg->kind == LEG_FLUSH ? volconf_plexes_on(vio->conf, leg->plex) :
						   1u << leg->plex;

	atomic_fetch_add_explicit(&leg->disk->counters.errors, 1, memory_order_relaxed);
	if (leg->kind == LEG_FLUSH && failed != 0) {
		vio_log_flush_failed(vio, leg->plex);
	} else if (leg->kind != LEG_FLUSH) {
		atomic_fetch_add_explicit(&vio->conf->subdisk[leg->subdisk].counters.errors, 1,
					  memory_order_relaxed);
	}
	if (leg->kind == LEG_READ) {
		leg_read_failed(leg, error);
		return;
	}
	if (leg->kind == LEG_ZERO &&
	    (error == -EOPNOTSUPP || error == -EINVAL || error == -ENOSYS)) {
		if (request->kind == IO_DISCARD) {
			atomic_store_explicit(&leg->disk->no_punch, true, memory_order_relaxed);
		}
		leg->kind = LEG_ZERO_WRITE;
		leg_issue(leg);
		return;
	}
	request->failed |= failed;
	request->error = error;
	leg_end(leg);
}

static void leg_count_in(struct io_counters *counters, bool read, uint64_t bytes, uint64_t us)
{
	atomic_fetch_add_explicit(read ? &counters->reads : &counters->writes, 1,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(read ? &counters->read_bytes : &counters->write_bytes, bytes,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(read ? &counters->read_us : &counters->write_us, us,
				  memory_order_relaxed);
}

static void leg_count(struct io_leg *leg, uint64_t bytes)
{
	const struct vio *vio = leg->request->vio;
	uint64_t us = vio->lane->now_us - leg->issued_us;

	leg_count_in(&leg->disk->counters, leg->kind == LEG_READ, bytes, us);
	leg_count_in(&vio->conf->subdisk[leg->subdisk].counters, leg->kind == LEG_READ, bytes, us);
}

static void leg_on_done(struct ring_op *op, int result)
{
	struct io_leg *leg = (struct io_leg *)op;

	if (leg->kind == LEG_FLUSH || (leg->kind == LEG_ZERO && result == 0)) {
		if (result < 0) {
			leg_failed(leg, result);
			return;
		}
		leg->done = leg->kind == LEG_ZERO ? leg->done + leg->issued : leg->length;
	} else if (result <= 0 || (uint64_t)result > leg->issued) {
		leg_failed(leg, result < 0 ? result : -EIO);
		return;
	} else {
		leg_count(leg, (uint64_t)result);
		leg->done += (uint64_t)result;
	}
	if (leg->kind != LEG_FLUSH && leg->done < leg->length) {
		leg_issue(leg);
		return;
	}
	leg_end(leg);
}
