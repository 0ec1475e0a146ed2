/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for calls that may block (open, pread, fdatasync): the main loop gives jobs and gets
 * them back done.
 *
 * Jobs of one lane (a disk's path) run one at a time in the order given; lanes run side by side, so that
 * a disk that hangs holds one thread and its own queue, and nothing else. Threads are started on demand,
 * at most VX_WORKERS_MAX: so many disks may hang at one time before others have to wait.
 */
#ifndef VX_VXCONFIGD_WORKER_H
#define VX_VXCONFIGD_WORKER_H

#include <stddef.h>
#include <sys/queue.h>

#include "base/loop.h"

struct worker;

/* Embedded in the caller's own struct; must live and be left alone until done() was called. */
struct worker_job {
	void (*run)(struct worker_job *job); /* in a worker thread: may block, must not log */
	void (*done)(struct worker_job *job); /* from the main loop, exactly once, never from submit */
	int error; /* -VX_E_FULL: too many jobs are waiting and run() was not called; else 0 */
	STAILQ_ENTRY(worker_job) next; /* the worker's own */
};

/* 0 or -errno. Main thread only, as all functions here. */
int worker_create(struct loop *loop, struct worker **out_worker);
/* Ends the threads. Only when no job is pending: a daemon that has hung disks just exits. */
void worker_free(struct worker *worker);
/* run and done must be set. The lane's name is copied. */
void worker_submit(struct worker *worker, const char *lane, struct worker_job *job);
/* Jobs whose done() was not called yet. */
size_t worker_pending(const struct worker *worker);
struct loop *worker_loop(const struct worker *worker);

#endif
