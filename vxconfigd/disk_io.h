/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocking reads and writes of a disk in blocks of VX_BLOCK, past the page cache: for worker threads.
 *
 * A disk is a block device or a file. Where O_DIRECT is refused (tmpfs) O_DSYNC alone is used.
 * Buffers are aligned to VX_BLOCK. Reasons are short: the caller names the disk.
 */
#ifndef VX_VXCONFIGD_DISK_IO_H
#define VX_VXCONFIGD_DISK_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct disk_io {
	int fd;
	bool writable;
	uint64_t len; /* sectors */
};

enum disk_io_mode {
	DISK_IO_READ,
	DISK_IO_WRITE,
	DISK_IO_EXCLUSIVE, /* write; a block device that the kernel uses (mounted, swap, dm) is refused */
};

/* 0 or -errno (-EINVAL: not a disk) with a text in out_reason (VX_REASON_MAX). */
int disk_io_open(const char *path, enum disk_io_mode mode, struct disk_io **out_io, char *out_reason);
void disk_io_close(struct disk_io *io); /* NULL is allowed */
/* 0 or -errno; the end of the disk is -EIO. */
int disk_io_read(struct disk_io *io, uint64_t block, size_t blocks, uint8_t *out);
int disk_io_write(struct disk_io *io, uint64_t block, size_t blocks, const uint8_t *data);
int disk_io_flush(struct disk_io *io);

#endif
