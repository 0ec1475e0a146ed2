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
#include "base/cursor.h"
#include "base/errors.h"
#include "base/paths.h"
#include "base/state_file.h"
#include "vxha.pb-c.h"

#define STORE_FILE "vxclustd.state"
#define STORE_REASON "last-reason"
#define STORE_HEAD 4 /* crc32c of the packed message behind it */
#define STORE_BYTES_MAX 512

static void store_path(const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", path_state_dir(), name);
}

int store_read(struct store *out_store)
{
	char path[PATH_MAX];
	uint8_t data[STORE_BYTES_MAX];

	memset(out_store, 0, sizeof(*out_store));
	store_path(STORE_FILE, path);

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}

	ssize_t length = read(fd, data, sizeof(data));

	close(fd);
	if (length < STORE_HEAD) {
		return -VX_E_CORRUPT;
	}

	struct cursor cursor = cursor_read(data, (size_t)length);
	uint64_t crc = cursor_get(&cursor, STORE_HEAD);
	size_t packed = (size_t)length - STORE_HEAD;

	if (crc != crc32c(0, data + STORE_HEAD, packed)) {
		return -VX_E_CORRUPT;
	}

	Vx__NodeFile *file = vx__node_file__unpack(NULL, packed, data + STORE_HEAD);

	if (file == NULL) {
		return -VX_E_CORRUPT;
	}
	out_store->last_epoch = file->last_epoch;
	out_store->preference = file->preference;
	vx__node_file__free_unpacked(file, NULL);
	return 0;
}

static void store_write_reason(const struct store *store)
{
	char line[VX_REASON_MAX + 1], path[PATH_MAX];

	store_path(STORE_REASON, path);
	if (store->reason[0] != '\0') {
		snprintf(line, sizeof(line), "%s\n", store->reason);
		(void)state_file_write(path, line, strlen(line), 0);
	} else if (store->joined) {
		(void)unlink(path);
	}
}

int store_write(const struct store *store)
{
	Vx__NodeFile file = VX__NODE_FILE__INIT;
	uint8_t data[STORE_BYTES_MAX];
	char path[PATH_MAX];

	file.last_epoch = store->last_epoch;
	file.preference = store->preference;

	size_t length = vx__node_file__pack(&file, data + STORE_HEAD);
	struct cursor cursor = cursor_write(data, STORE_HEAD);

	cursor_put(&cursor, crc32c(0, data + STORE_HEAD, length), STORE_HEAD);
	store_path(STORE_FILE, path);
	store_write_reason(store);
	return state_file_write(path, data, length + STORE_HEAD, STORE_BYTES_MAX);
}

int store_reserve(void)
{
	char path[PATH_MAX];

	store_path(STORE_FILE, path);
	return state_file_reserve(path, STORE_BYTES_MAX);
}

void store_explain(int error, char out_reason[VX_REASON_MAX])
{
	snprintf(out_reason, VX_REASON_MAX, "%s/" STORE_FILE " cannot be written: %s",
		 path_state_dir(), vx_strerror(error));
}
