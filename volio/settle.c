// SPDX-License-Identifier: GPL-2.0-or-later
/* After a killed vxiod: no I/O of it in flight, no dead mounts. */
#include "volio/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/paths.h"
#include "volio/place.h"

#define SETTLE_POLL_US 20000
#define SETTLE_QUIET 3 /* looks in a row that must find nothing in flight */
#define SETTLE_MOUNTS_MAX 4096

void settle_list_path(char *out, size_t size)
{
	snprintf(out, size, "%s/vxiod.disks", path_run_dir());
}

/* Reads and writes in flight on a block device, by anybody; -errno if it is gone. */
static int settle_in_flight(dev_t device, unsigned long *out_count)
{
	char path[128];
	unsigned long reads, writes;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/inflight", major(device), minor(device));

	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return -errno;
	}

	int fields = fscanf(file, "%lu %lu", &reads, &writes);

	fclose(file);
	*out_count = reads + writes;
	return fields == 2 ? 0 : -EIO;
}

/*
 * A block device: the kernel counts what is in flight. Others may use the disk as well, so this
 * waits for a moment with nothing from anybody.
 */
static int settle_device(dev_t device, uint64_t end_ms)
{
	unsigned long count = 0;

	for (int quiet = 0; quiet < SETTLE_QUIET;) {
		if (settle_in_flight(device, &count) != 0) {
			return 0; /* the kernel does not have it any more: nothing can be in flight */
		}
		if (clock_ms() > end_ms) {
			return -ETIMEDOUT;
		}
		quiet = count == 0 ? quiet + 1 : 0;
		usleep(SETTLE_POLL_US);
	}
	return 0;
}

/* A regular file: changing its size waits for direct I/O that is in flight, even when it stays the
 * same. */
static int settle_file(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int rc = fd >= 0 && ftruncate(fd, size) == 0 && fdatasync(fd) == 0 ? 0 : -errno;

	if (fd >= 0) {
		close(fd);
	}
	return rc;
}

static int settle_disk(const char *path, uint64_t end_ms)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		return -errno;
	}
	return S_ISBLK(status.st_mode) ? settle_device(status.st_rdev, end_ms)
				       : settle_file(path, status.st_size);
}

/* ---- mounts ---- */

/* A mount point in /proc/self/mountinfo has blanks and such as \ooo. */
static void settle_unescape(char *text)
{
	char *out = text;

	while (*text != '\0') {
		unsigned int code;

		if (*text == '\\' && sscanf(text + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static void settle_mounts(void)
{
	char line[2 * PATH_MAX], mount_point[PATH_MAX], root[PATH_MAX];
	char *found[SETTLE_MOUNTS_MAX];
	size_t count = 0;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	snprintf(root, sizeof(root), "%s/dsk/", path_device_dir());
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*s %*s %*s %*s %4095s", mount_point) == 1 &&
		    strstr(line, " - fuse") != NULL) {
			settle_unescape(mount_point);
			if (strncmp(mount_point, root, strlen(root)) == 0 &&
			    count < SETTLE_MOUNTS_MAX) {
				found[count++] = strdup(mount_point);
			}
		}
	}
	if (file != NULL) {
		fclose(file);
	}
	while (count > 0) { /* the last mounted first */
		char *path = found[--count];

		int rc = path != NULL ? place_clear_dead(path) : 0;

		if (rc < 0) {
			fprintf(stderr, "vxiod: cannot unmount %s: %s\n", path, strerror(-rc));
		}
		free(path);
	}
}

/* A disk that cannot be looked at may have I/O in flight. */
static int settle_disks(uint64_t end_ms, char *out_reason)
{
	char path[PATH_MAX], line[PATH_MAX];
	int rc = 0;

	settle_list_path(path, sizeof(path));

	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return 0;
	}
	while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		rc = settle_disk(line, end_ms);
	}
	fclose(file);
	if (rc == 0) {
		(void)unlink(path);
	} else {
		snprintf(out_reason, VX_REASON_MAX,
			 "I/O of a vxiod that was killed may not be over: %.200s: %s (if the disk does "
			 "not come back, restart this node)",
			 line, rc == -ETIMEDOUT ? "I/O is in flight" : vx_strerror(rc));
	}
	return rc;
}

int settle_run(unsigned int limit_ms, char *out_reason)
{
	int rc = settle_disks(limit_ms > 0 ? clock_ms() + limit_ms : UINT64_MAX, out_reason);

	settle_mounts();
	return rc;
}
