// SPDX-License-Identifier: GPL-2.0-or-later
/* A volume inside its lane: its life and the pool of its requests. */
#include "volio/vio.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "volio/engine.h"

int vio_create(struct lane *lane, const struct volconf *conf, uint32_t hold, void *owner,
	       void (*trouble)(struct mail *mail), void (*stuck)(struct mail *mail),
	       struct vio **out_vio)
{
	struct vio *vio = calloc(1, sizeof(*vio));
	void *memory =
		mmap(NULL, (size_t)VX_VOLUME_REQUESTS * IO_BUFFER_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (vio != NULL) {
		vio->request = calloc(VX_VOLUME_REQUESTS, sizeof(*vio->request));
	}
	if (vio == NULL || vio->request == NULL || memory == MAP_FAILED ||
	    stuck_init(&vio->stuck, conf->regions) != 0) {
		if (memory != MAP_FAILED) {
			munmap(memory, (size_t)VX_VOLUME_REQUESTS * IO_BUFFER_BYTES);
		}
		if (vio != NULL) {
			free(vio->request);
		}
		free(vio);
		return -ENOMEM;
	}
	vio->lane = lane;
	vio->conf = conf;
	vio->hold = hold;
	vio->owner = owner;
	vio->memory = memory;
	TAILQ_INIT(&vio->gate);
	TAILQ_INIT(&vio->parked);
	TAILQ_INIT(&vio->marking);
	TAILQ_INIT(&vio->free);
	TAILQ_INIT(&vio->waiters);
	LIST_INIT(&vio->drains);
	range_set_init(&vio->ranges);
	for (uint32_t i = 0; i < VX_VOLUME_REQUESTS; i++) {
		vio->request[i].vio = vio;
		vio->request[i].buffer = vio->memory + (size_t)i * IO_BUFFER_BYTES;
		TAILQ_INSERT_TAIL(&vio->free, &vio->request[i], link);
	}
	for (int write = 0; write < 2; write++) {
		vio->trouble[write].mail.fn = trouble;
		vio->trouble[write].vio = vio;
		vio->trouble[write].write = write == 1;
	}
	vio->stuck_mail.mail.fn = stuck;
	vio->stuck_mail.vio = vio;
	*out_vio = vio;
	return 0;
}

void vio_destroy(struct vio *vio)
{
	assert(vio->used == 0 && vio->in_flight == 0);
	munmap(vio->memory, (size_t)VX_VOLUME_REQUESTS * IO_BUFFER_BYTES);
	stuck_free(&vio->stuck);
	free(vio->recover);
	free(vio->request);
	free(vio);
}

void vio_run_attach(struct lane_call *call)
{
	LIST_INSERT_HEAD(&call->lane->volumes, call->vio, link);
	lane_call_end(call, 0);
}

void vio_run_detach(struct lane_call *call)
{
	struct vio *vio = call->vio;

	LIST_REMOVE(vio, link);
	if (vio->used == 0) {
		lane_call_end(call, 0);
	} else {
		vio->detach_call = call;
	}
}

struct io_request *io_request_get(struct vio *vio)
{
	struct io_request *request = TAILQ_FIRST(&vio->free);

	if (request == NULL) {
		return NULL;
	}
	TAILQ_REMOVE(&vio->free, request, link);
	assert(request->state == IO_FREE);
	request->state = IO_FRONT;
	request->durable = false;
	vio->used++;
	return request;
}

/* V34: not everybody can use a request that is free (it waits for more, or ends): then the next one is
 * asked, each once. */
static void vio_wake(struct vio *vio)
{
	for (uint32_t left = vio->waiting; left > 0 && !TAILQ_EMPTY(&vio->free); left--) {
		struct vio_waiter *waiter = TAILQ_FIRST(&vio->waiters);

		if (waiter == NULL) {
			return; /* others were called from here, and gave requests back */
		}
		vio_unwait(vio, waiter);
		waiter->ready(waiter);
	}
}

void io_request_put(struct io_request *request)
{
	struct vio *vio = request->vio;

	assert(request->state == IO_FRONT);
	request->state = IO_FREE;
	/* The one used last is in the cache. */
	TAILQ_INSERT_HEAD(&vio->free, request, link);
	vio->used--;
	vio_wake(vio);
	if (vio->used == 0 && vio->detach_call != NULL) {
		struct lane_call *call = vio->detach_call;

		vio->detach_call = NULL;
		lane_call_end(call, 0);
	}
}

void vio_wait(struct vio *vio, struct vio_waiter *waiter)
{
	if (!waiter->queued) {
		waiter->queued = true;
		vio->waiting++;
		TAILQ_INSERT_TAIL(&vio->waiters, waiter, link);
	}
}

void vio_unwait(struct vio *vio, struct vio_waiter *waiter)
{
	if (waiter->queued) {
		waiter->queued = false;
		vio->waiting--;
		TAILQ_REMOVE(&vio->waiters, waiter, link);
	}
}
