/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk as vxiod uses it: opened once with O_DIRECT, shared by all volumes on it.
 *
 * Made and dropped by the main thread (opening itself blocks and is done by a worker); the I/O
 * threads only read the fixed fields and add to the counters. A disk is whatever opens with
 * O_DIRECT: block device or file.
 */
#ifndef VX_VOLIO_IODISK_H
#define VX_VOLIO_IODISK_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct io_counters {
	_Atomic uint64_t reads, writes, read_bytes, write_bytes, read_us, write_us, errors;
};

struct iodisk {
	LIST_ENTRY(iodisk) link;
	char diskid[64];
	char path[PATH_MAX];
	int fd;
	uint64_t size;	      /* bytes */
	uint32_t block;	      /* unit of I/O: 512 or more */
	bool has_cache;	      /* writes need a flush to be durable */
	atomic_bool no_punch; /* found out: it cannot zero by itself */
	uint32_t users;	      /* main thread */
	struct io_counters counters;
};

LIST_HEAD(iodisk_list, iodisk);

struct iodisk_set {
	struct iodisk_list list;
};

/* Opens a disk (worker thread). 0 or -errno with a text in out_reason (VX_REASON_MAX). users is 0.
 */
int iodisk_open(const char *diskid, const char *path, struct iodisk **out_disk, char *out_reason);
void iodisk_close(struct iodisk *disk);

/* Main thread: the set of open disks, written to the run folder so that --settle knows them (V29).
 */
struct iodisk *iodisk_find(const struct iodisk_set *set, const char *diskid, const char *path);
int iodisk_add(struct iodisk_set *set, struct iodisk *disk);
void iodisk_get(struct iodisk *disk);
/* Drops a use; the last one closes it. */
void iodisk_put(struct iodisk_set *set, struct iodisk *disk);

#endif
