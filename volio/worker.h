/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for what blocks: opening disks, mounting, reading whole maps. A hung disk holds only the
 * thread that waits for it.
 */
#ifndef VX_VOLIO_WORKER_H
#define VX_VOLIO_WORKER_H

#include <sys/queue.h>

#include "volio/mailbox.h"

struct workers;

struct job {
	struct mail mail;
	STAILQ_ENTRY(job) link;
	struct workers *workers;
	void (*run)(struct job *job);  /* in a worker */
	void (*done)(struct job *job); /* in the main thread, once */
};

int workers_start(unsigned int count, struct mailbox *main_box, struct workers **out_workers);
/* Ends the threads after what is queued. */
void workers_stop(struct workers *workers);
/* Main thread. The memory is the caller's until done() returned. */
void job_start(struct workers *workers, struct job *job);

#endif
