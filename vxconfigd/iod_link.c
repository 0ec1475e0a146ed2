// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to vxiod. */
#include "vxconfigd/iod_link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/errors.h"
#include "base/ipc.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"
#include "base/timeouts.h"

struct iod_request {
	TAILQ_ENTRY(iod_request) next;
	uint64_t cookie, since_ms;
	Vx__Ipc *msg; /* not sent yet; NULL: waits for its answer */
	iod_done *done;
	void *ctx;
};

struct iod {
	struct loop *loop;
	struct ipc_client *ipc;
	const struct iod_ops *ops;
	void *ctx;
	uint64_t cookie;
	TAILQ_HEAD(, iod_request) requests;
	struct loop_timer timer;
};

static void iod_end(struct iod *iod, struct iod_request *request, int error, const char *reason,
		    const Vx__Ipc *answer)
{
	TAILQ_REMOVE(&iod->requests, request, next);
	if (request->done != NULL) {
		request->done(request->ctx, error, reason, answer);
	} else if (error != 0) {
		log_warning("vxiod: %s%s%s", vx_strerror(error), reason[0] != '\0' ? ": " : "",
			    reason);
	}
	proto_free(request->msg);
	free(request);
}

static void iod_send(struct iod *iod, struct iod_request *request)
{
	if (ipc_client_send(iod->ipc, request->msg) == 0) {
		proto_free(request->msg);
		request->msg = NULL;
	}
}

static void iod_on_connected(void *ctx)
{
	struct iod *iod = ctx;
	struct iod_request *request;

	log_info("connected to vxiod");
	TAILQ_FOREACH(request, &iod->requests, next)
	{
		if (request->msg != NULL) {
			iod_send(iod, request);
		}
	}
}

static struct iod_request *iod_find(struct iod *iod, uint64_t cookie)
{
	struct iod_request *request;

	TAILQ_FOREACH(request, &iod->requests, next)
	{
		if (request->cookie == cookie && request->msg == NULL) {
			return request;
		}
	}
	return NULL;
}

static void iod_on_message(void *ctx, const Vx__Ipc *msg)
{
	struct iod *iod = ctx;

	if (msg->cookie != 0) {
		struct iod_request *request = iod_find(iod, msg->cookie);

		if (request != NULL) {
			iod_end(iod, request, msg->error, msg->reason, msg);
		}
	} else if (msg->body_case == VX__IPC__BODY_IOD_SYNCED) {
		iod->ops->synced(iod->ctx, msg->iod_synced);
	} else if (msg->body_case == VX__IPC__BODY_IOD_PLEX_ERROR) {
		iod->ops->plex_error(iod->ctx, msg->iod_plex_error);
	}
}

/* What was sent is lost with the connection; what was not waits for the next one. */
static void iod_on_closed(void *ctx)
{
	struct iod *iod = ctx;
	struct iod_request *request;
	bool again = true;

	log_warning("the connection to vxiod is lost");
	while (again) { /* a callback may add requests */
		again = false;
		TAILQ_FOREACH(request, &iod->requests, next)
		{
			if (request->msg == NULL) {
				iod_end(iod, request, -VX_E_NODAEMON, "vxiod ended", NULL);
				again = true;
				break;
			}
		}
	}
}

/* Requests that waited too long for vxiod to come. */
static void iod_on_timer(void *ctx)
{
	struct iod *iod = ctx;
	struct iod_request *request;
	uint64_t now_ms = clock_ms();

	while ((request = TAILQ_FIRST(&iod->requests)) != NULL && request->msg != NULL &&
	       now_ms - request->since_ms >= VX_IOD_WAIT_MS) {
		iod_end(iod, request, -VX_E_NODAEMON, "vxiod is not running", NULL);
	}
	if (request != NULL && request->msg != NULL) {
		loop_timer_set(iod->loop, &iod->timer, VX_IPC_RETRY_MS, iod_on_timer, iod);
	}
}

void iod_call(struct iod *iod, Vx__Ipc *msg, iod_done *done, void *ctx)
{
	struct iod_request *request = proto_grow(NULL, 0, sizeof(*request));

	msg->cookie = ++iod->cookie;
	*request = (struct iod_request){
		.cookie = msg->cookie,
		.since_ms = clock_ms(),
		.done = done,
		.ctx = ctx,
	};
	TAILQ_INSERT_TAIL(&iod->requests, request, next);
	if (ipc_client_send(iod->ipc, msg) == 0) {
		return;
	}
	request->msg = proto_clone(msg);
	if (!iod->timer.armed) {
		loop_timer_set(iod->loop, &iod->timer, VX_IPC_RETRY_MS, iod_on_timer, iod);
	}
}

int iod_create(struct loop *loop, const struct iod_ops *ops, void *ctx, struct iod **out_iod)
{
	static const struct ipc_client_ops ipc_ops = {
		.connected = iod_on_connected,
		.message = iod_on_message,
		.closed = iod_on_closed,
	};
	struct iod *iod = calloc(1, sizeof(*iod));

	if (iod == NULL) {
		return -ENOMEM;
	}
	iod->loop = loop;
	iod->ops = ops;
	iod->ctx = ctx;
	TAILQ_INIT(&iod->requests);

	int rc = ipc_client_create(loop, IPC_IOD, &ipc_ops, iod, &iod->ipc);

	if (rc != 0) {
		free(iod);
		return rc;
	}
	*out_iod = iod;
	return 0;
}
