// SPDX-License-Identifier: GPL-2.0-or-later
/* The FUSE requests of one volume, served in its lane. */
#include "volio/fuse_serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "volio/fuse_slot.h"

#define FUSE_POSTED_MAX 16 /* reads of /dev/fuse that wait for a request */

static void fuse_post(struct fuse_server *server);
static void fuse_on_request(struct ring_op *op, int result);

static void fuse_ready(struct vio_waiter *waiter)
{
	fuse_post((struct fuse_server *)((char *)waiter - offsetof(struct fuse_server, waiter)));
}

int fuse_server_create(struct vio *vio, int fd, void (*ask)(struct mail *mail), void *owner,
		       struct fuse_server **out_server)
{
	struct fuse_server *server = calloc(1, sizeof(*server));

	if (server != NULL) {
		server->slot = calloc(FUSE_SLOTS, sizeof(*server->slot));
	}
	if (server == NULL || server->slot == NULL) {
		free(server);
		return -ENOMEM;
	}
	server->vio = vio;
	server->fd = fd;
	server->since_s = clock_wall_ms() / 1000;
	server->ask = ask;
	server->owner = owner;
	server->wanted = 1;
	server->waiter.ready = fuse_ready;
	SLIST_INIT(&server->free);
	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		server->slot[i].server = server;
		server->slot[i].ask.server = server;
		SLIST_INSERT_HEAD(&server->free, &server->slot[i], link);
	}
	*out_server = server;
	return 0;
}

void fuse_server_free(struct fuse_server *server)
{
	free(server->slot);
	free(server);
}

void *fuse_server_owner(const struct fuse_server *server)
{
	return server->owner;
}

/* ---- slots ---- */

static void fuse_slot_free(struct fuse_slot *slot)
{
	struct fuse_server *server = slot->server;
	struct io_request *request = slot->request;

	slot->request = NULL;
	SLIST_INSERT_HEAD(&server->free, slot, link);
	server->used--;
	io_request_put(request);
}

static void fuse_post(struct fuse_server *server)
{
	while (server->posted < server->wanted && !server->dead && !server->stopping &&
	       !SLIST_EMPTY(&server->free)) {
		struct io_request *request = io_request_get(server->vio);
		struct fuse_slot *slot = SLIST_FIRST(&server->free);

		if (request == NULL) {
			if (server->posted == 0) {
				vio_wait(server->vio, &server->waiter);
			}
			return;
		}
		SLIST_REMOVE_HEAD(&server->free, link);
		server->used++;
		server->posted++;
		slot->request = request;
		slot->op.done = fuse_on_request;
		slot->vector[0] = (struct iovec){ slot->head, sizeof(slot->head) };
		slot->vector[1] = (struct iovec){ request->buffer, VX_IO_BYTES };
		ring_readv(server->vio->lane->ring, &slot->op, server->fd, slot->vector, 2);
	}
}

static void fuse_check_stop(struct fuse_server *server)
{
	if (server->stopping && server->used == 0 && server->stop != NULL) {
		struct lane_call *call = server->stop;

		server->stop = NULL;
		vio_unwait(server->vio, &server->waiter);
		close(server->fd); /* the kernel ends what is still open with ENOTCONN */
		lane_call_end(call, 0);
	}
}

/* After a slot became free; the server may be gone when this returns. */
static void fuse_continue(struct fuse_server *server)
{
	if (server->stopping) {
		fuse_check_stop(server);
	} else {
		fuse_post(server);
	}
}

/*
 * Every waiting read is woken by every request: as many should wait as there come requests in a
 * round of the lane, one when it is quiet.
 */
static void fuse_adapt(struct fuse_server *server)
{
	uint64_t now = server->vio->lane->now_us;

	if (server->round_us != now) {
		server->round_us = now;
		server->round_reads = 0;
	}
	server->round_reads++;
	if (server->round_reads >= server->wanted) {
		server->wanted =
			server->wanted * 2 < FUSE_POSTED_MAX ? server->wanted * 2 : FUSE_POSTED_MAX;
	} else if (server->round_reads == 1 && server->wanted > 1) {
		server->wanted--;
	}
}

/* ---- answers ---- */

static void fuse_on_answered(struct ring_op *op, int result)
{
	struct fuse_slot *slot = (struct fuse_slot *)op;
	struct fuse_server *server = slot->server;

	(void)result; /* -ENOENT: the request was interrupted; -ENODEV: unmounted; nobody waits in
			 both */
	fuse_slot_free(slot);
	fuse_continue(server);
}

void fuse_reply(struct fuse_slot *slot, int error, const void *data, size_t length)
{
	slot->out.len = (uint32_t)(sizeof(slot->out) + (error == 0 ? length : 0));
	slot->out.error = error;
	slot->vector[0] = (struct iovec){ &slot->out, sizeof(slot->out) };
	slot->vector[1] = (struct iovec){ (void *)(uintptr_t)data, length };
	slot->op.done = fuse_on_answered;
	ring_writev(slot->server->vio->lane->ring, &slot->op, slot->server->fd, slot->vector,
		    error == 0 && length > 0 ? 2 : 1);
}

void fuse_no_reply(struct fuse_slot *slot)
{
	struct fuse_server *server = slot->server;

	fuse_slot_free(slot);
	fuse_continue(server);
}

static void fuse_on_request(struct ring_op *op, int result)
{
	struct fuse_slot *slot = (struct fuse_slot *)op;
	struct fuse_server *server = slot->server;
	struct fuse_in_header in;

	server->posted--;
	if (result < (int)sizeof(in)) {
		server->dead = server->dead || result == -ENODEV || result == -EBADF ||
			       result == -EPERM || result >= 0;
		fuse_no_reply(slot);
		return;
	}
	fuse_adapt(server);
	fuse_post(server); /* before the request: the server may be gone after it */
	memcpy(&in, slot->head, sizeof(in));
	slot->out.unique = in.unique;
	slot->ask.pid = (pid_t)in.pid;
	slot->op.done = fuse_on_answered;
	if (in.len != (uint32_t)result) {
		fuse_reply(slot, -EIO, NULL, 0);
	} else {
		fuse_dispatch(slot, &in);
	}
}

void fuse_run_start(struct lane_call *call)
{
	fuse_post(call->ctx);
	lane_call_end(call, 0);
}

/* ---- requests at the gate ---- */

void fuse_run_list(struct lane_call *call)
{
	struct fuse_waiting *waiting = call->ctx;
	const struct fuse_server *server = waiting->server;

	waiting->count = 0;
	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		const struct fuse_slot *slot = &server->slot[i];
		struct fuse_waiter *waiter = &waiting->of[i];

		if (slot->request == NULL || slot->request->state != IO_GATE) {
			*waiter = (struct fuse_waiter){ 0 };
			continue;
		}
		waiting->count++;
		if (waiter->unique != slot->out.unique) {
			*waiter = (struct fuse_waiter){ .unique = slot->out.unique,
							.thread = slot->ask.pid };
		}
	}
	lane_call_end(call, 0);
}

void fuse_run_withdraw(struct lane_call *call)
{
	const struct fuse_waiting *waiting = call->ctx;

	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		const struct fuse_slot *slot = &waiting->server->slot[i];

		if (waiting->of[i].killed && slot->request != NULL &&
		    slot->out.unique == waiting->of[i].unique) {
			(void)io_withdraw(slot->request, -EINTR);
		}
	}
	lane_call_end(call, 0);
}

void fuse_run_stop(struct lane_call *call)
{
	struct fuse_server *server = call->ctx;

	server->stopping = true;
	server->stop = call;
	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		struct fuse_slot *slot = &server->slot[i];

		if (slot->request != NULL && slot->op.done == fuse_on_request) {
			ring_cancel(server->vio->lane->ring, &slot->op);
		}
	}
	fuse_check_stop(server);
}
