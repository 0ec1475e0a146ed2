// SPDX-License-Identifier: GPL-2.0-or-later
/* The main loop, on libqb. */
#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <qb/qbloop.h>
#include <qb/qbdefs.h>

#define LOOP_FDS_MAX 512
#define LOOP_SIGNALS_MAX 8

struct loop_fd {
	int fd;
	void (*fn)(void *ctx, int revents);
	void *ctx;
	bool used;
};

struct loop_signal {
	void (*fn)(void *ctx, int signal);
	void *ctx;
};

struct loop {
	qb_loop_t *qb;
	struct loop_fd fd[LOOP_FDS_MAX];
	struct loop_signal signal[LOOP_SIGNALS_MAX];
	int signal_count;
};

int loop_create(struct loop **out_loop)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL) {
		return -ENOMEM;
	}
	loop->qb = qb_loop_create();
	if (loop->qb == NULL) {
		free(loop);
		return -ENOMEM;
	}
	*out_loop = loop;
	return 0;
}

void loop_destroy(struct loop *loop)
{
	if (loop != NULL) {
		qb_loop_destroy(loop->qb);
		free(loop);
	}
}

void loop_run(struct loop *loop)
{
	qb_loop_run(loop->qb);
}

void loop_stop(struct loop *loop)
{
	qb_loop_stop(loop->qb);
}

void *loop_qb(struct loop *loop)
{
	return loop->qb;
}

static int32_t loop_fd_dispatch(int32_t fd, int32_t revents, void *data)
{
	struct loop_fd *slot = data;

	if (slot->used && slot->fd == fd) {
		slot->fn(slot->ctx, revents);
	}
	return slot->used && slot->fd == fd ? 0 : -1;
}

int loop_fd_add(struct loop *loop, int fd, int events, void (*fn)(void *ctx, int revents),
		void *ctx)
{
	for (int i = 0; i < LOOP_FDS_MAX; i++) {
		struct loop_fd *slot = &loop->fd[i];

		if (slot->used) {
			continue;
		}
		*slot = (struct loop_fd){ .fd = fd, .fn = fn, .ctx = ctx, .used = true };

		int rc =
			qb_loop_poll_add(loop->qb, QB_LOOP_MED, fd, events, slot, loop_fd_dispatch);

		if (rc != 0) {
			slot->used = false;
		}
		return rc;
	}
	return -ENFILE;
}

int loop_fd_del(struct loop *loop, int fd)
{
	for (int i = 0; i < LOOP_FDS_MAX; i++) {
		if (loop->fd[i].used && loop->fd[i].fd == fd) {
			loop->fd[i].used = false;
			return qb_loop_poll_del(loop->qb, fd);
		}
	}
	return -ENOENT;
}

static void loop_timer_dispatch(void *data)
{
	struct loop_timer *timer = data;

	timer->armed = false;
	timer->fn(timer->ctx);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms,
		    void (*fn)(void *ctx), void *ctx)
{
	qb_loop_timer_handle handle;

	loop_timer_cancel(timer);
	timer->loop = loop;
	timer->fn = fn;
	timer->ctx = ctx;
	if (qb_loop_timer_add(loop->qb, QB_LOOP_MED, delay_ms * QB_TIME_NS_IN_MSEC, timer,
			      loop_timer_dispatch, &handle) != 0) {
		abort(); /* out of memory for a timer: nothing sensible goes on without it */
	}
	timer->handle = handle;
	timer->armed = true;
}

void loop_timer_cancel(struct loop_timer *timer)
{
	if (timer->armed) {
		timer->armed = false;
		qb_loop_timer_del(timer->loop->qb, timer->handle);
	}
}

static int32_t loop_signal_dispatch(int32_t signal, void *data)
{
	struct loop_signal *slot = data;

	slot->fn(slot->ctx, signal);
	return 0;
}

int loop_signal_add(struct loop *loop, int signal, void (*fn)(void *ctx, int signal), void *ctx)
{
	if (loop->signal_count == LOOP_SIGNALS_MAX) {
		return -ENFILE;
	}

	struct loop_signal *slot = &loop->signal[loop->signal_count++];
	qb_loop_signal_handle handle;

	*slot = (struct loop_signal){ .fn = fn, .ctx = ctx };
	return qb_loop_signal_add(loop->qb, QB_LOOP_HIGH, signal, slot, loop_signal_dispatch,
				  &handle);
}

static uint64_t clock_read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t clock_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

uint64_t clock_ms(void)
{
	return clock_us() / 1000u;
}

uint64_t clock_wall_ms(void)
{
	return clock_read_us(CLOCK_REALTIME) / 1000u;
}
