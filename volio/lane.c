// SPDX-License-Identifier: GPL-2.0-or-later
/* A lane: one I/O thread. */
#include "volio/lane.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "base/loop.h"
#include "base/timeouts.h"
#include "volio/engine.h"

#define LANE_RING_ENTRIES 1024
#define LANE_OF(member, pointer) ((struct lane *)((char *)(pointer)-offsetof(struct lane, member)))

static void lane_listen(struct lane *lane)
{
	ring_read(lane->ring, &lane->in_op, lane->in.event_fd, &lane->in_value,
		  sizeof(lane->in_value), 0);
}

static void lane_on_mail(struct ring_op *op, int result)
{
	struct lane *lane = LANE_OF(in_op, op);

	(void)result; /* the event says only: look */
	lane_listen(lane);
	mailbox_deliver(&lane->in);
}

static void lane_on_tick(struct ring_op *op, int result)
{
	struct lane *lane = LANE_OF(tick_op, op);
	struct vio *vio;

	(void)result;
	ring_after(lane->ring, &lane->tick_op, VX_DRL_TICK_MS);
	LIST_FOREACH(vio, &lane->volumes, link)
	{
		vio_log_tick(vio);
		io_expire_parked(vio);
	}
}

static int lane_set_up(struct lane *lane)
{
	void *zeroes = mmap(NULL, VX_IO_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc = zeroes == MAP_FAILED ? -errno : ring_create(LANE_RING_ENTRIES, &lane->ring);

	lane->zeroes = zeroes == MAP_FAILED ? NULL : zeroes;
	if (rc == 0) {
		rc = legs_start(lane);
	}
	return rc == 0 ? copy_start(lane) : rc;
}

static void *lane_main(void *argument)
{
	struct lane *lane = argument;
	sigset_t all;

	sigfillset(&all); /* signals belong to the main thread */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), "vxiod-lane");
	lane->error = lane_set_up(lane);
	if (lane->error == 0) {
		lane->in_op.done = lane_on_mail;
		lane->tick_op.done = lane_on_tick;
		lane_listen(lane);
		ring_after(lane->ring, &lane->tick_op, VX_DRL_TICK_MS);
	}
	pthread_barrier_wait(&lane->started);
	while (lane->error == 0 && !lane->stop) {
		if (ring_wait(lane->ring) != 0) {
			abort(); /* without its ring a lane can finish nothing: the node must be
				    fenced */
		}
		lane->now_us = clock_us();
		ring_dispatch(lane->ring);
	}
	copy_stop(lane);
	legs_stop(lane);
	ring_destroy(lane->ring);
	if (lane->zeroes != NULL) {
		munmap((void *)(uintptr_t)lane->zeroes, VX_IO_BYTES);
	}
	return NULL;
}

int lane_start(struct mailbox *main_box, struct lane **out_lane)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	int rc;

	if (lane == NULL) {
		return -ENOMEM;
	}
	lane->main = main_box;
	lane->now_us = clock_us();
	LIST_INIT(&lane->volumes);
	SLIST_INIT(&lane->legs);
	TAILQ_INIT(&lane->leg_waiters);
	rc = mailbox_open(&lane->in);
	if (rc != 0) {
		free(lane);
		return rc;
	}
	pthread_barrier_init(&lane->started, NULL, 2);
	rc = -pthread_create(&lane->thread, NULL, lane_main, lane);
	if (rc == 0) {
		pthread_barrier_wait(&lane->started);
		rc = lane->error;
		if (rc != 0) {
			pthread_join(lane->thread, NULL);
		}
	}
	if (rc != 0) {
		pthread_barrier_destroy(&lane->started);
		mailbox_close(&lane->in);
		free(lane);
		return rc;
	}
	*out_lane = lane;
	return 0;
}

static void lane_run_stop(struct lane_call *call)
{
	call->lane->stop = true;
}

void lane_stop(struct lane *lane)
{
	struct lane_call call = { .lane = lane, .run = lane_run_stop };

	lane_call_send(&call);
	pthread_join(lane->thread, NULL);
	pthread_barrier_destroy(&lane->started);
	mailbox_close(&lane->in);
	free(lane);
}

static void lane_call_arrived(struct mail *mail)
{
	struct lane_call *call =
		(struct lane_call *)((char *)mail - offsetof(struct lane_call, mail));

	call->run(call);
}

static void lane_call_back(struct mail *mail)
{
	struct lane_call *call =
		(struct lane_call *)((char *)mail - offsetof(struct lane_call, mail));

	call->done(call);
}

void lane_call_send(struct lane_call *call)
{
	call->mail.fn = lane_call_arrived;
	mailbox_post(&call->lane->in, &call->mail);
}

void lane_call_end(struct lane_call *call, int result)
{
	call->result = result;
	call->mail.fn = lane_call_back;
	mailbox_post(call->lane->main, &call->mail);
}
