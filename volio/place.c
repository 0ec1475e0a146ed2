// SPDX-License-Identifier: GPL-2.0-or-later
/* The place of a device in the file system: an empty file that is mounted over. */
#include "volio/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"

#define PLACE_MODE 0600

static const char *place_kind(mode_t mode)
{
	return S_ISDIR(mode)   ? "a folder"
	       : S_ISLNK(mode) ? "a symbolic link"
	       : S_ISREG(mode) ? "a file"
	       : S_ISBLK(mode) ? "a block device"
	       : S_ISCHR(mode) ? "a character device"
			       : "a socket or pipe";
}

static int place_say(char *reason, int error, const char *path, const char *what)
{
	if (error == -VX_E_EXISTS) {
		snprintf(reason, VX_REASON_MAX,
			 "%.300s: %s is in the way of the device (move it away)", path, what);
	} else {
		snprintf(reason, VX_REASON_MAX, "%.300s: %s", path, what);
	}
	return error;
}

/* As vxiod makes it and nobody else does by chance: nothing is lost with it. */
static bool place_is_ours(const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_size == 0 &&
	       (status->st_mode & 07777) == PLACE_MODE && status->st_uid == geteuid() &&
	       status->st_nlink == 1;
}

int place_clear_dead(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 || (errno != ENOTCONN && errno != ECONNABORTED)) {
		return 0;
	}
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
		return -errno;
	}
	place_remove(path);
	return 1;
}

/* The folders from root on: what is there must be one. make: those that are missing are made. */
static int place_folders(const char *root, const char *path, bool make, char *reason)
{
	char folder[PATH_MAX];
	struct stat status;

	for (const char *slash = path + strlen(root); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (make && mkdir(folder, 0755) == 0) {
			continue;
		}
		/* root itself may be a link: it is the administrator's choice */
		if ((slash == path + strlen(root) ? stat : lstat)(folder, &status) != 0) {
			return errno == ENOENT && !make
				       ? 0
				       : place_say(reason, -errno, folder, strerror(errno));
		}
		if (!S_ISDIR(status.st_mode)) {
			return place_say(reason, -VX_E_EXISTS, folder, place_kind(status.st_mode));
		}
	}
	return 0;
}

/* The last part of path. */
static int place_end(const char *path, char *reason)
{
	struct stat status, target;
	int rc = place_clear_dead(path);

	if (rc < 0) {
		return place_say(reason, rc, path, "a dead mount cannot be removed");
	}
	if (lstat(path, &status) != 0) {
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : place_say(reason, -errno, path, strerror(errno));
	}
	if (S_ISLNK(status.st_mode) && stat(path, &target) != 0 && errno == ENOENT) {
		return unlink(path) == 0 ? 0 : place_say(reason, -errno, path, strerror(errno));
	}
	return place_is_ours(&status)
		       ? 0
		       : place_say(reason, -VX_E_EXISTS, path, place_kind(status.st_mode));
}

int place_check(const char *root, const char *path, char *out_reason)
{
	int rc = place_folders(root, path, false, out_reason);

	return rc == 0 ? place_end(path, out_reason) : rc;
}

int place_make(const char *root, const char *path, char *out_reason)
{
	int rc = place_folders(root, path, true, out_reason);
	int file;

	if (rc == 0) {
		rc = place_end(path, out_reason);
	}
	if (rc != 0) {
		return rc;
	}
	file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PLACE_MODE);
	if (file < 0 && errno != EEXIST) { /* it is there already: ours */
		return place_say(out_reason, -errno, path, strerror(errno));
	}
	if (file >= 0) {
		close(file);
	}
	return 0;
}

void place_remove(const char *path)
{
	char folder[PATH_MAX];
	struct stat status;
	char *slash;

	if (lstat(path, &status) == 0 && place_is_ours(&status)) {
		(void)unlink(path);
	}
	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash != NULL) {
		*slash = '\0';
		(void)rmdir(folder);
	}
}
