// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocking reads and writes of a disk. */
#include "vxconfigd/disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"

__attribute__((format(printf, 3, 4))) static int io_fail(char *out_reason, int error,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out_reason, VX_REASON_MAX, format, args);
	va_end(args);
	return error;
}

/* Size and kind of what was opened. */
static int io_examine(struct disk_io *io, enum disk_io_mode mode, char *out_reason)
{
	struct stat stat;
	uint64_t bytes;
	int sector, read_only = 0;

	if (fstat(io->fd, &stat) != 0) {
		return io_fail(out_reason, -errno, "%s", vx_strerror(-errno));
	}
	if (S_ISREG(stat.st_mode)) {
		io->len = (uint64_t)stat.st_size / VX_SECTOR;
		return 0;
	}
	if (!S_ISBLK(stat.st_mode)) {
		return io_fail(out_reason, -EINVAL, "is neither a block device nor a file");
	}
	if (ioctl(io->fd, BLKGETSIZE64, &bytes) != 0 || ioctl(io->fd, BLKSSZGET, &sector) != 0 ||
	    ioctl(io->fd, BLKROGET, &read_only) != 0) {
		return io_fail(out_reason, -errno, "cannot tell its size: %s", vx_strerror(-errno));
	}
	if (sector > VX_BLOCK) {
		return io_fail(out_reason, -EINVAL, "has sectors of %d bytes, at most %d work", sector,
			       VX_BLOCK);
	}
	if (read_only != 0 && mode != DISK_IO_READ) {
		return io_fail(out_reason, -EROFS, "is read-only");
	}
	io->len = bytes / VX_SECTOR;
	return 0;
}

static int io_flags(const char *path, enum disk_io_mode mode)
{
	struct stat st;

	if (mode == DISK_IO_READ) {
		return O_RDONLY | O_CLOEXEC | O_NONBLOCK;
	}
	if (mode == DISK_IO_EXCLUSIVE && stat(path, &st) == 0 && S_ISBLK(st.st_mode)) {
		return O_RDWR | O_CLOEXEC | O_NONBLOCK | O_EXCL;
	}
	return O_RDWR | O_CLOEXEC | O_NONBLOCK; /* O_NONBLOCK: a FIFO must not hold us */
}

int disk_io_open(const char *path, enum disk_io_mode mode, struct disk_io **out_io, char *out_reason)
{
	struct disk_io *io = calloc(1, sizeof(*io));
	int flags = io_flags(path, mode);
	int rc;

	if (io == NULL) {
		return io_fail(out_reason, -ENOMEM, "%s", vx_strerror(-ENOMEM));
	}
	io->writable = mode != DISK_IO_READ;
	io->fd = open(path, flags | O_DIRECT);
	if (io->fd < 0 && errno == EINVAL) {
		io->fd = open(path, flags | O_DSYNC);
	}
	if (io->fd < 0) {
		rc = -errno;
		free(io);
		return io_fail(out_reason, rc, "cannot be opened: %s%s", vx_strerror(rc),
			       rc == -EBUSY ? " (mounted, or used by another subsystem)" : "");
	}
	rc = io_examine(io, mode, out_reason);
	if (rc != 0) {
		disk_io_close(io);
		return rc;
	}
	*out_io = io;
	return 0;
}

void disk_io_close(struct disk_io *io)
{
	if (io != NULL) {
		close(io->fd);
		free(io);
	}
}

int disk_io_read(struct disk_io *io, uint64_t block, size_t blocks, uint8_t *out)
{
	size_t length = blocks * VX_BLOCK, done = 0;

	while (done < length) {
		ssize_t rc = pread(io->fd, out + done, length - done, (off_t)(block * VX_BLOCK + done));

		if (rc < 0 && errno == EINTR) {
			continue;
		}
		if (rc <= 0) {
			return rc == 0 ? -EIO : -errno;
		}
		done += (size_t)rc;
	}
	return 0;
}

int disk_io_write(struct disk_io *io, uint64_t block, size_t blocks, const uint8_t *data)
{
	size_t length = blocks * VX_BLOCK, done = 0;

	while (done < length) {
		ssize_t rc = pwrite(io->fd, data + done, length - done, (off_t)(block * VX_BLOCK + done));

		if (rc < 0 && errno == EINTR) {
			continue;
		}
		if (rc <= 0) {
			return rc == 0 ? -EIO : -errno;
		}
		done += (size_t)rc;
	}
	return 0;
}

int disk_io_flush(struct disk_io *io)
{
	return fdatasync(io->fd) == 0 ? 0 : -errno;
}
