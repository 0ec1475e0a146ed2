// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate of a volume: holds, what is in flight, who waits.
 *
 * V4: while a volume has a hold nothing of it is issued: new requests wait in order at the gate, a
 * call that put a hold ends when nothing is in flight. Parked requests (V7) and requests that wait
 * for a range are not in flight. V8: a dead volume fails what waits at once and lets what is issued
 * end.
 */
#include "volio/gate.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "volio/engine.h"

static void gate_show(struct vio *vio)
{
	atomic_store_explicit(&vio->shown_in_flight, vio->in_flight, memory_order_relaxed);
}

void gate_enter(struct vio *vio)
{
	vio->in_flight++;
	gate_show(vio);
}

void gate_leave(struct vio *vio)
{
	assert(vio->in_flight > 0);
	vio->in_flight--;
	gate_show(vio);
	while (vio->in_flight == 0 && !LIST_EMPTY(&vio->drains)) {
		struct lane_call *call = LIST_FIRST(&vio->drains);

		LIST_REMOVE(call, link);
		lane_call_end(call, 0);
	}
}

void gate_queue(struct io_request *request)
{
	request->state = IO_GATE;
	TAILQ_INSERT_TAIL(&request->vio->gate, request, link);
}

void io_submit(struct io_request *request)
{
	struct vio *vio = request->vio;

	assert(request->state == IO_FRONT);
	request->began_us = vio->lane->now_us;
	request->error = 0;
	request->marked = request->unwritten = request->synced = request->reached = false;
	if (vio->dead != 0) {
		request->done(request, vio->dead);
		return;
	}
	if (vio->hold != 0 || !TAILQ_EMPTY(&vio->gate)) {
		gate_queue(request);
		return;
	}
	io_start(request);
}

bool io_withdraw(struct io_request *request, int error)
{
	if (request->state != IO_GATE) {
		return false;
	}
	TAILQ_REMOVE(&request->vio->gate, request, link);
	request->state = IO_FRONT;
	request->done(request, error);
	return true;
}

/* Lets go what waits, in order. A request may close the gate again by what it calls. */
static void gate_open(struct vio *vio)
{
	struct io_request *request;

	if (vio->opening) {
		return;
	}
	vio->opening = true;
	if (vio->retry && vio->hold == 0) {
		vio->retry = false;
		io_retry_parked(vio);
	}
	while (vio->hold == 0 && vio->dead == 0 && (request = TAILQ_FIRST(&vio->gate)) != NULL) {
		TAILQ_REMOVE(&vio->gate, request, link);
		io_start(request);
	}
	vio->opening = false;
}

void gate_run_hold(struct lane_call *call)
{
	struct vio *vio = call->vio;

	vio->hold |= call->bits;
	copy_cancel(vio);
	if (vio->in_flight == 0) {
		lane_call_end(call, 0);
	} else {
		LIST_INSERT_HEAD(&vio->drains, call, link);
	}
}

void gate_run_release(struct lane_call *call)
{
	struct vio *vio = call->vio;
	struct lane_call *drain, *next;

	for (drain = LIST_FIRST(&vio->drains); drain != NULL; drain = next) {
		next = LIST_NEXT(drain, link);
		if ((drain->bits & call->bits) != 0) {
			LIST_REMOVE(drain, link);
			lane_call_end(drain, -ECANCELED);
		}
	}
	vio->hold &= ~call->bits;
	gate_open(vio);
	lane_call_end(call, 0);
}

void gate_run_fail(struct lane_call *call)
{
	struct vio *vio = call->vio;

	vio->dead = call->result;
	io_fail_waiting(vio);
	copy_cancel(vio);
	if (vio->in_flight == 0) {
		lane_call_end(call, 0);
	} else {
		LIST_INSERT_HEAD(&vio->drains, call, link);
	}
}

void gate_run_fail_writes(struct lane_call *call)
{
	io_fail_writes(call->vio);
	lane_call_end(call, 0);
}

static const char *gate_kind_name(enum io_kind kind)
{
	static const char *const names[] = {
		[IO_READ] = "read",	  [IO_WRITE] = "write", [IO_ZERO] = "write of zeroes",
		[IO_DISCARD] = "discard", [IO_FLUSH] = "flush",
	};

	return names[kind];
}

void gate_run_slowest(struct lane_call *call)
{
	struct gate_slow *slow = (struct gate_slow *)call;
	const struct vio *vio = call->vio;
	const struct io_request *oldest = NULL;

	for (uint32_t i = 0; i < VX_VOLUME_REQUESTS; i++) {
		const struct io_request *request = &vio->request[i];

		if (request->state == IO_ACTIVE &&
		    (oldest == NULL || request->began_us < oldest->began_us)) {
			oldest = request;
		}
	}
	if (oldest != NULL) {
		snprintf(slow->text, sizeof(slow->text),
			 "%s/%s: %u in flight, the slowest: %s of %llu bytes at %llu since %llu "
			 "ms, disk %.200s",
			 vio->conf->group, vio->conf->name, vio->in_flight,
			 gate_kind_name(oldest->kind), (unsigned long long)oldest->length,
			 (unsigned long long)oldest->offset,
			 (unsigned long long)(vio->lane->now_us - oldest->began_us) / 1000,
			 oldest->slow_disk != NULL ? oldest->slow_disk->path : "(log)");
	} else if (vio->in_flight > 0) {
		snprintf(slow->text, sizeof(slow->text), "%s/%s: %u log writes or copies in flight",
			 vio->conf->group, vio->conf->name, vio->in_flight);
	} else {
		slow->text[0] = '\0';
	}
	lane_call_end(call, 0);
}
