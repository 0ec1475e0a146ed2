/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of disks from inside: for disk.c, disk_probe.c and disk_write.c only. */
#ifndef VX_VXCONFIGD_DISK_SET_H
#define VX_VXCONFIGD_DISK_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "base/worker.h"
#include "vxconfigd/disk.h"

/* One label being read. Lives until it was answered; the one who waits may give up before. */
struct label_read {
	struct worker_job job;
	struct disk_set *set;
	struct disk *disk; /* filled by the worker; the answer's receiver takes it (sets NULL) */
	void (*done)(void *ctx, size_t index, struct label_read *read);
	void *ctx; /* NULL: nobody waits any longer */
	size_t index;
	LIST_ENTRY(label_read) next;
};

struct scan_waiter {
	STAILQ_ENTRY(scan_waiter) next;
	void (*done)(void *ctx);
	void *ctx;
};
STAILQ_HEAD(scan_waiters, scan_waiter);

struct disk_set {
	struct worker *worker;
	char *patterns;
	struct disk **disk; /* in the order of the patterns, then of names */
	size_t count;
	LIST_HEAD(, label_read) reads; /* all that are under way, given up or not */

	/* the scan that runs */
	bool scanning, again;
	struct scan_waiters waiters, waiters_again;
	struct disk **found;
	size_t found_count, missing;
	struct loop_timer timer;
};

struct disk *disk_set_find(const struct disk_set *set, const char *diskid);
/* The label at path is known to be this: from now on the set shows it, and what a scan that is under
 * way found before does not. */
void disk_set_show(struct disk_set *set, const char *path, const struct disk_label *label);
/* Marks further paths to one disk. */
void disk_set_mark_duplicates(struct disk **disk, size_t count);

/*
 * Reads the label at path; done(ctx, index, read) from the loop. Not for a path whose last read did not
 * come back yet: then NULL, and it counts as not answering.
 */
struct label_read *label_read_start(struct disk_set *set, const char *path, size_t index,
				    void (*done)(void *ctx, size_t index, struct label_read *read),
				    void *ctx);
/* Nobody waits for the reads of ctx any longer. */
void label_reads_give_up(struct disk_set *set, const void *ctx);

#endif
