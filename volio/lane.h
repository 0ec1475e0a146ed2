/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane: one I/O thread with its own io_uring, and the volumes and connections that belong to it.
 *
 * Everything of a volume that I/O touches is used by its lane only: no lock anywhere. The main
 * thread reaches a lane by calls (lane_call_send); a lane reaches the main thread by mails. V2:
 * lanes never block but in the ring, never log, and allocate nothing for a request.
 */
#ifndef VX_VOLIO_LANE_H
#define VX_VOLIO_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "volio/mailbox.h"
#include "volio/ring.h"

struct vio;
struct io_request;
struct io_leg;
struct copy_engine;

TAILQ_HEAD(io_request_list, io_request);
SLIST_HEAD(io_leg_list, io_leg);
LIST_HEAD(vio_list, vio);

struct lane {
	struct ring *ring;
	struct mailbox in;
	struct mailbox *main; /* of the main thread */
	struct ring_op in_op, tick_op;
	uint64_t in_value;
	uint64_t now_us; /* read once a round */
	struct vio_list volumes;
	struct io_leg *leg_memory;
	struct io_leg_list legs; /* free ones */
	uint32_t legs_free;
	struct io_request_list leg_waiters;
	struct copy_engine *copy;
	const uint8_t *zeroes; /* VX_IO_BYTES of them */
	int error;	       /* of the start, or of the ring */
	bool stop;
	pthread_t thread;
	pthread_barrier_t started;
	uint32_t load; /* main thread: volumes that were given to it */
};

/* Starts a lane. 0 or -errno. */
int lane_start(struct mailbox *main_box, struct lane **out_lane);
/* Ends it; no volume may be left. */
void lane_stop(struct lane *lane);

/*
 * A call to a lane: run() is called in the lane; it, or something in the lane later, calls
 * lane_call_end(), upon which done() is called in the main thread. The caller owns the memory.
 */
struct lane_call {
	struct mail mail;
	struct lane *lane;
	struct vio *vio;
	uint32_t bits; /* argument of some calls */
	void (*run)(struct lane_call *call);
	void (*done)(struct lane_call *call);
	void *ctx; /* the caller's */
	int result;
	LIST_ENTRY(lane_call) link; /* for who keeps it waiting */
};

LIST_HEAD(lane_call_list, lane_call);

void lane_call_send(struct lane_call *call);
void lane_call_end(struct lane_call *call, int result);

#endif
