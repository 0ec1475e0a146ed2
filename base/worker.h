/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for calls that may block (open, pread, fsync, mount): the main loop gives jobs and gets
 * them back done.
 *
 * Jobs of one queue (a disk's path) run one at a time in the order given; queues run side by side,
 * so that a disk that hangs holds one thread and its own queue, and nothing else. More threads are
 * started on demand, at most VX_WORKERS_MAX: so many disks may hang at one time before others have
 * to wait.
 */
#ifndef VX_BASE_WORKER_H
#define VX_BASE_WORKER_H

#include <stddef.h>
#include <sys/queue.h>

#include "base/loop.h"

struct worker;

/* Embedded in the caller's own struct; must live and be left alone until done() was called. */
struct worker_job {
	void (*run)(struct worker_job *job);  /* in a thread: may block, must not log */
	void (*done)(struct worker_job *job); /* from the main loop, once, never from submit */
	int error; /* -VX_E_FULL: too many jobs wait and run() was not called; else 0 */
	STAILQ_ENTRY(worker_job) next; /* the worker's own */
};

/* 0 or -errno. Main thread only, as all functions here. name: of the threads, 15 bytes; threads:
 * so many are started now. */
int worker_create(struct loop *loop, const char *name, size_t threads, struct worker **out_worker);
/* Ends the threads after what is queued, and waits for it; done() is not called any more. A daemon
 * that must not wait for a disk that hangs just exits. */
void worker_free(struct worker *worker);
/* run and done must be set. The queue's name is copied; "": the job waits for no other one. */
void worker_submit(struct worker *worker, const char *queue, struct worker_job *job);
/* Jobs whose done() was not called yet. */
size_t worker_pending(const struct worker *worker);
struct loop *worker_loop(const struct worker *worker);

#endif
