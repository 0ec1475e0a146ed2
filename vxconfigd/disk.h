/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disks of this node: which there are, their labels. Bytes: DISK-FORMAT.md.
 *
 * All I/O runs in worker threads (worker.h); callbacks come on the main loop, exactly once, also
 * after failure. Times are bounded by the disk, not by us: a hung disk holds only its own worker.
 */
#ifndef VX_VXCONFIGD_DISK_H
#define VX_VXCONFIGD_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "vxha.pb-c.h"

struct disk_label {
	char diskid[64]; /* "" = not initialised */
	char dgid[64], group[32], media[32]; /* "" = in no group */
	char cluster[64]; /* owner of a shared group */
	char host[256]; /* owner of a private group */
	bool shared;
	uint64_t len, pub_offset, pub_len, priv_len; /* sectors */
};

struct disk {
	char *device; /* access name: last part of the path */
	char *path;
	struct disk_label label;
	int error; /* 0, or why it could not be read (-errno, -VX_E_CORRUPT) */
};

struct disk_set; /* the disks of this node as last scanned */

/* patterns: shell patterns separated by blanks (conf key disks). */
int disk_set_create(struct loop *loop, const char *patterns, struct disk_set **out_set);
void disk_set_free(struct disk_set *set);
/* Reads every label again. done(ctx) when all answered. */
void disk_scan(struct disk_set *set, void (*done)(void *ctx), void *ctx);
const struct disk *disk_by_device(const struct disk_set *set, const char *device);
const struct disk *disk_by_id(const struct disk_set *set, const char *diskid);
size_t disk_count(const struct disk_set *set);
const struct disk *disk_at(const struct disk_set *set, size_t index);

/* Initialises a disk (vxdisk setup): label, empty private region. Refuses one that has a group
 * unless force. done(ctx, error, reason). */
void disk_setup(struct disk_set *set, const char *device, uint64_t priv_len_sectors, bool force,
		void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Writes the ownership part of labels (group, media, cluster, host, shared) of count disks. */
void disk_label_write(struct disk_set *set, const struct disk_label *label, size_t count,
		      void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Reads the label of each disk id afresh: error is 0 only if every one is reachable and is that disk. */
void disk_probe(struct disk_set *set, const char *const *diskid, size_t count,
		void (*done)(void *ctx, int error, const char *diskid, const char *reason), void *ctx);

#endif
