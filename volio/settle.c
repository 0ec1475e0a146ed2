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

#include "base/daemon.h"
#include "base/errors.h"
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
 * waits for a moment with nothing from anybody; a disk that never has one is left to the caller's
 * time-out.
 */
static void settle_device(const char *path, dev_t device)
{
	unsigned long count = 0;

	for (int quiet = 0; quiet < SETTLE_QUIET;) {
		if (settle_in_flight(device, &count) != 0) {
			fprintf(stderr, "vxiod: %s: gone, nothing can be in flight\n", path);
			return;
		}
		quiet = count == 0 ? quiet + 1 : 0;
		usleep(SETTLE_POLL_US);
	}
}

/* A regular file: changing its size waits for direct I/O that is in flight, even when it stays the
 * same. */
static void settle_file(const char *path, int fd, off_t size)
{
	if (ftruncate(fd, size) != 0) {
		fprintf(stderr, "vxiod: %s: %s\n", path, strerror(errno));
	}
	(void)fdatasync(fd);
}

static void settle_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		fprintf(stderr, "vxiod: %s: %s\n", path, strerror(errno));
	} else if (S_ISBLK(status.st_mode)) {
		settle_device(path, status.st_rdev);
	} else {
		settle_file(path, fd, status.st_size);
	}
	if (fd >= 0) {
		close(fd);
	}
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

void settle_mounts(void)
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

int settle_run(void)
{
	char path[PATH_MAX], line[PATH_MAX];
	pid_t pid = daemon_running("vxiod");

	if (pid != 0) {
		fprintf(stderr, "vxiod: runs as pid %d: nothing to settle\n", (int)pid);
		return -VX_E_BUSY;
	}
	settle_list_path(path, sizeof(path));

	FILE *file = fopen(path, "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		settle_disk(line);
	}
	if (file != NULL) {
		fclose(file);
		(void)unlink(path);
	}
	settle_mounts();
	return 0;
}
