// SPDX-License-Identifier: GPL-2.0-or-later
/* A disk as vxiod uses it. */
#include "volio/iodisk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/paths.h"
#include "volio/settle.h"

/* The kernel says "write through" where a finished write is durable; a partition asks its disk. */
static bool iodisk_has_cache(dev_t device)
{
	static const char *const pattern[] = { "/sys/dev/block/%u:%u/queue/write_cache",
					       "/sys/dev/block/%u:%u/../queue/write_cache" };
	char path[128], text[64] = "";

	for (size_t i = 0; i < VX_COUNT_OF(pattern); i++) {
		snprintf(path, sizeof(path), pattern[i], major(device), minor(device));

		FILE *file = fopen(path, "re");

		if (file != NULL) {
			const char *line = fgets(text, sizeof(text), file);

			fclose(file);
			return line == NULL ||
			       strncmp(line, "write through", strlen("write through")) != 0;
		}
	}
	return true;
}

static int iodisk_probe_device(struct iodisk *disk, dev_t device)
{
	unsigned int block = 0;

	if (ioctl(disk->fd, BLKGETSIZE64, &disk->size) != 0 ||
	    ioctl(disk->fd, BLKSSZGET, &block) != 0) {
		return -errno;
	}
	disk->block = block;
	disk->has_cache = iodisk_has_cache(device);
	return 0;
}

static int iodisk_probe_file(struct iodisk *disk, const struct stat *status)
{
	struct statx extended;

	disk->size = (uint64_t)status->st_size;
	disk->block = VX_SECTOR;
	disk->has_cache = true;
	if (statx(disk->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &extended) == 0 &&
	    (extended.stx_mask & STATX_DIOALIGN) != 0 &&
	    extended.stx_dio_offset_align > VX_SECTOR) {
		disk->block = extended.stx_dio_offset_align;
	}
	return 0;
}

int iodisk_open(const char *diskid, const char *path, struct iodisk **out_disk, char *out_reason)
{
	struct iodisk *disk = calloc(1, sizeof(*disk));
	struct stat status;
	int rc;

	if (disk == NULL) {
		return -ENOMEM;
	}
	snprintf(disk->diskid, sizeof(disk->diskid), "%s", diskid);
	snprintf(disk->path, sizeof(disk->path), "%s", path);
	disk->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	rc = disk->fd < 0 || fstat(disk->fd, &status) != 0 ? -errno : 0;
	if (rc == 0 && S_ISBLK(status.st_mode)) {
		rc = iodisk_probe_device(disk, status.st_rdev);
	} else if (rc == 0 && S_ISREG(status.st_mode)) {
		rc = iodisk_probe_file(disk, &status);
	} else if (rc == 0) {
		rc = -ENOTBLK;
	}
	if (rc == 0 && (disk->block > VX_BLOCK || (disk->block & (disk->block - 1)) != 0)) {
		rc = -EINVAL;
	}
	if (rc != 0) {
		snprintf(out_reason, VX_REASON_MAX, "disk %s (%s): %s", diskid, path,
			 vx_strerror(rc));
		iodisk_close(disk);
		return rc;
	}
	*out_disk = disk;
	return 0;
}

void iodisk_close(struct iodisk *disk)
{
	if (disk->fd >= 0) {
		close(disk->fd);
	}
	free(disk);
}

struct iodisk *iodisk_find(const struct iodisk_set *set, const char *diskid, const char *path)
{
	struct iodisk *disk;

	LIST_FOREACH(disk, &set->list, link)
	{
		if (strcmp(disk->diskid, diskid) == 0 &&
		    (path == NULL || strcmp(disk->path, path) == 0)) {
			return disk;
		}
	}
	return NULL;
}

/* Written anew for each change, and before the first I/O to a disk: a crash leaves no disk unnamed.
 */
static int iodisk_list_write(const struct iodisk_set *set)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	const struct iodisk *disk;

	settle_list_path(path, sizeof(path));
	snprintf(fresh, sizeof(fresh), "%s.new", path);

	FILE *file = fopen(fresh, "we");

	if (file == NULL) {
		return -errno;
	}
	LIST_FOREACH(disk, &set->list, link)
	{
		fprintf(file, "%s\n", disk->path);
	}
	if (fclose(file) != 0 || rename(fresh, path) != 0) {
		return -errno;
	}
	return 0;
}

int iodisk_add(struct iodisk_set *set, struct iodisk *disk)
{
	LIST_INSERT_HEAD(&set->list, disk, link);

	int rc = iodisk_list_write(set);

	if (rc != 0) {
		LIST_REMOVE(disk, link);
	}
	return rc;
}

void iodisk_get(struct iodisk *disk)
{
	disk->users++;
}

void iodisk_put(struct iodisk_set *set, struct iodisk *disk)
{
	if (--disk->users == 0) {
		LIST_REMOVE(disk, link);
		iodisk_close(disk);
		(void)iodisk_list_write(set);
	}
}
