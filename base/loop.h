/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop of a daemon: descriptors, timers, signals, later calls. libqb's loop, met here
 * only.
 *
 * One loop a process, run by the main thread; nothing here may be called from another thread
 * (libqb's timers and jobs are not safe for that). Other threads post to an eventfd.
 */
#ifndef VX_BASE_LOOP_H
#define VX_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

int loop_create(struct loop **out_loop);
void loop_destroy(struct loop *loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls fn(ctx, revents) when fd has one of events (POLLIN...). 0 or -errno. */
int loop_fd_add(struct loop *loop, int fd, int events, void (*fn)(void *ctx, int revents),
		void *ctx);
int loop_fd_del(struct loop *loop, int fd);

/* One-shot timer. A zeroed struct is an idle timer; setting it again moves it. */
struct loop_timer {
	struct loop *loop;
	void (*fn)(void *ctx);
	void *ctx;
	uint64_t handle;
	bool armed;
};
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay_ms,
		    void (*fn)(void *ctx), void *ctx);
void loop_timer_cancel(struct loop_timer *timer);

/* Calls fn(ctx, signal) from the loop, not from a signal handler. */
int loop_signal_add(struct loop *loop, int signal, void (*fn)(void *ctx, int signal), void *ctx);

/* Monotonic and wall clock, milliseconds. Any thread. */
uint64_t clock_ms(void);
uint64_t clock_wall_ms(void);
uint64_t clock_us(void);

/* For base/ipc.c only: the libqb loop below. */
void *loop_qb(struct loop *loop);

#endif
