// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are replaced as a whole. */
#include "base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAT_BLOCK 512 /* unit of st_blocks */

/* Room that is there already is left alone: to set it aside anew is one more write of the journal. */
static int state_file_room(int fd, size_t length)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return -errno;
	}
	if ((size_t)st.st_blocks * STAT_BLOCK >= length ||
	    fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)length) == 0 || errno == EOPNOTSUPP) {
		return 0;
	}
	return -errno;
}

/* The twin, open, with room for length bytes; or -errno. */
static int state_file_open(const char *path, size_t length, char twin[PATH_MAX])
{
	int fd, rc;

	if (snprintf(twin, PATH_MAX, "%s.new", path) >= PATH_MAX) {
		return -ENAMETOOLONG;
	}
	fd = open(twin, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -errno;
	}
	rc = state_file_room(fd, length);
	if (rc != 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int state_file_reserve(const char *path, size_t length)
{
	char twin[PATH_MAX];
	int fd = state_file_open(path, length, twin);

	if (fd < 0) {
		return fd;
	}
	close(fd);
	return 0;
}

/* A content as long as the one before changes nothing but data, which spares the journal a write. */
static int state_file_fill(int fd, const void *data, size_t length)
{
	struct stat st;
	size_t done = 0;

	while (done < length) {
		ssize_t got = pwrite(fd, (const char *)data + done, length - done, (off_t)done);

		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	if (fstat(fd, &st) != 0 ||
	    (st.st_size != (off_t)length && ftruncate(fd, (off_t)length) != 0)) {
		return -errno;
	}
	return fdatasync(fd) == 0 ? 0 : -errno;
}

/* The two change places, so that the old one's room is the next one's. */
static int state_file_swap(const char *path, const char *twin)
{
	if (renameat2(AT_FDCWD, twin, AT_FDCWD, path, RENAME_EXCHANGE) == 0) {
		return 0;
	}
	/* the first content, or a file system that cannot exchange */
	return rename(twin, path) == 0 ? 0 : -errno;
}

static int state_file_sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, rc;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	rc = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

int state_file_write(const char *path, const void *data, size_t length, size_t room)
{
	char twin[PATH_MAX];
	int fd = state_file_open(path, length, twin), rc;

	if (fd < 0) {
		return fd;
	}
	rc = state_file_fill(fd, data, length);
	close(fd);
	rc = rc == 0 ? state_file_swap(path, twin) : rc;
	rc = rc == 0 ? state_file_sync_folder(path) : rc;
	if (rc == 0) {
		(void)state_file_reserve(path, room);
	}
	return rc;
}
