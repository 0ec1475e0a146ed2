// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustd remembers on the node's own disk. */
#include "cpg/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/paths.h"
#include "vxha.pb-c.h"

#define STORE_FILE "vxclustd.state"
#define STORE_REASON "last-reason"
#define STORE_BYTES_MAX 512

/* Writes name in the state folder so that either the old or the new content is there. */
static int store_replace(const char *name, const void *data, size_t length)
{
	char path[PATH_MAX], temp[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/%s", path_state_dir(), name);
	snprintf(temp, sizeof(temp), "%s.new", path);

	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0) {
		return -errno;
	}

	int rc = write(fd, data, length) == (ssize_t)length && fsync(fd) == 0 ? 0 : -EIO;

	close(fd);
	if (rc == 0 && rename(temp, path) != 0) {
		rc = -errno;
	}

	int dir = open(path_state_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0) {
		if (rc == 0 && fsync(dir) != 0) {
			rc = -errno;
		}
		close(dir);
	}
	return rc;
}

int store_read(struct store *out_store)
{
	char path[PATH_MAX];
	uint8_t data[STORE_BYTES_MAX];
	uint32_t crc;

	memset(out_store, 0, sizeof(*out_store));
	snprintf(path, sizeof(path), "%s/%s", path_state_dir(), STORE_FILE);

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}

	ssize_t length = read(fd, data, sizeof(data));

	close(fd);
	if (length < (ssize_t)sizeof(crc)) {
		return -VX_E_CORRUPT;
	}
	memcpy(&crc, data, sizeof(crc));
	if (crc != crc32c(0, data + sizeof(crc), (size_t)length - sizeof(crc))) {
		return -VX_E_CORRUPT;
	}

	Vx__NodeFile *file =
		vx__node_file__unpack(NULL, (size_t)length - sizeof(crc), data + sizeof(crc));

	if (file == NULL) {
		return -VX_E_CORRUPT;
	}
	out_store->last_epoch = file->last_epoch;
	out_store->preference = file->preference;
	vx__node_file__free_unpacked(file, NULL);
	return 0;
}

int store_write(const struct store *store)
{
	Vx__NodeFile file = VX__NODE_FILE__INIT;
	uint8_t data[STORE_BYTES_MAX];

	file.last_epoch = store->last_epoch;
	file.preference = store->preference;

	size_t length = vx__node_file__pack(&file, data + sizeof(uint32_t));
	uint32_t crc = crc32c(0, data + sizeof(uint32_t), length);

	memcpy(data, &crc, sizeof(crc));
	return store_replace(STORE_FILE, data, length + sizeof(crc));
}

void store_reason(const char *reason)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s\n", reason);
	(void)store_replace(STORE_REASON, line, strlen(line));
}
