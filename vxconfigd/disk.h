/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disks of this node: which there are, their labels. Bytes: DISK-FORMAT.md.
 *
 * All I/O runs in worker threads (worker.h); callbacks come on the main loop, exactly once, also
 * after failure, never from the call itself. Reads are bounded by VX_DISK_ANSWER_MS: a disk that hangs is
 * reported as such and not asked again until it answers. Writes are waited for: what was sent to a
 * disk may still land. reason is never NULL; it names the disk and is valid during the callback.
 */
#ifndef VX_VXCONFIGD_DISK_H
#define VX_VXCONFIGD_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/worker.h"
#include "vxconfigd/disk_label.h"

struct disk {
	char *device; /* access name: last part of the path (the whole path if that name is taken) */
	char *path;
	uint64_t len; /* sectors, as the device says; 0 if it could not be opened */
	struct disk_label label; /* all zero if error is set */
	int error; /* 0, or why there is no label: -errno, -VX_E_NOTFOUND: not initialised,
		    * -VX_E_CORRUPT, -VX_E_VERSION, -ETIMEDOUT: does not answer */
	char reason[VX_REASON_MAX]; /* ... in words */
	bool duplicate; /* a further path to a disk that is listed before it: disk_by_id() skips it */
	uint64_t identity[2]; /* what the kernel calls the device or file: equal for two names of one */
};

struct disk_set; /* the disks of this node as last scanned */

/* patterns: shell patterns separated by blanks (conf key disks). Nothing is scanned yet. */
int disk_set_create(struct worker *worker, const char *patterns, struct disk_set **out_set);
void disk_set_free(struct disk_set *set); /* only when worker_pending() is 0 */
/* Reads every label again. done(ctx) when all answered or timed out. Pointers to a struct disk
 * hold until the next scan is done. */
void disk_scan(struct disk_set *set, void (*done)(void *ctx), void *ctx);
/* device: access name or path. */
const struct disk *disk_by_device(const struct disk_set *set, const char *device);
/* The same as a callback; ctx is the set. */
bool disk_is_seen(void *ctx, const char *diskid);
const struct disk *disk_by_id(const struct disk_set *set, const char *diskid);
size_t disk_count(const struct disk_set *set);
const struct disk *disk_at(const struct disk_set *set, size_t index);

/* Initialises a disk (vxdisk setup): label, empty private region. Refuses unless force: a disk that has a
 * group (-VX_E_BUSY), that carries something foreign (-VX_E_EXISTS: a file system, LVM, ...), a label
 * that cannot be read. Refuses always: unknown device, too small, read-only, in use by the kernel.
 * dry_run: all of that, and nothing is written. */
void disk_setup(struct disk_set *set, const char *device, uint64_t priv_len_sectors, bool force,
		bool dry_run, void (*done)(void *ctx, int error, const char *reason), void *ctx);

enum disk_relabel_kind {
	DISK_TAKE,    /* belongs to what label says (dgid, group, media, cluster, host, shared) */
	DISK_RELEASE, /* stays in its group, which nobody owns */
	DISK_CLEAR,   /* is in no group */
};

/* Whose a disk is from now on. */
struct disk_relabel {
	enum disk_relabel_kind kind;
	struct disk_label label; /* diskid: which; RELEASE, CLEAR: of this dgid, by this cluster and host */
};

/* Writes the ownership part of the labels of count disks, each as it is when it is read for this (D5).
 * -VX_E_OWNER if a disk that is to be taken turned out to be of another group: its label is left alone;
 * so is that of one that is to be given up and is not in the group any more, or belongs to somebody else. On an
 * error others may have been written: write again, or clear what was written. */
void disk_label_write(struct disk_set *set, const struct disk_relabel *relabel, size_t count,
		      void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Reads the label of each disk id afresh: error is 0 only if every one is reachable and is that disk.
 * Ids that the last scan did not see are looked for by a new scan first. */
void disk_probe(struct disk_set *set, const char *const *diskid, size_t count,
		void (*done)(void *ctx, int error, const char *diskid, const char *reason), void *ctx);

#endif
