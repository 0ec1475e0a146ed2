/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For unit tests of disks: a node whose disks c1 to c4 are real files below build/. */
#ifndef VX_TESTS_UNIT_DISK_FILES_H
#define VX_TESTS_UNIT_DISK_FILES_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/loop.h"
#include "vxconfigd/copies.h"
#include "vxconfigd/disk.h"

#define DISK_BYTES (8 * 1024 * 1024)

static struct loop *loop;
static struct worker *worker;
static struct disk_set *set;
static char folder[64], patterns[256];

/* What the last callback said. */
static struct {
	int calls, error;
	char reason[VX_REASON_MAX], diskid[DISK_ID_SIZE];
	uint64_t max_epoch, seq, number;
	size_t copies, durable;
	char state[VX_COPIES_MAX][VX_REASON_MAX];
} answer;

static inline void answered(int error, const char *reason)
{
	answer.calls++;
	answer.error = error;
	snprintf(answer.reason, sizeof(answer.reason), "%s", reason);
	loop_stop(loop);
}

/* Runs the loop until the callback of what was just started. */
static inline void wait_answer(void)
{
	int before = answer.calls;

	loop_run(loop);
	ck_assert_int_eq(answer.calls, before + 1);
}

static inline void on_done(void *ctx)
{
	(void)ctx;
	answered(0, "");
}

static inline void on_written(void *ctx, int error, const char *reason)
{
	(void)ctx;
	answered(error, reason);
}

static inline void on_probed(void *ctx, int error, const char *diskid, const char *reason)
{
	(void)ctx;
	snprintf(answer.diskid, sizeof(answer.diskid), "%s", diskid);
	answered(error, reason);
}

static inline void file_make(const char *name, off_t bytes)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert(fd >= 0 && ftruncate(fd, bytes) == 0);
	close(fd);
}

static inline void files_setup(void)
{
	memset(&answer, 0, sizeof(answer));
	mkdir("build", 0777);
	snprintf(folder, sizeof(folder), "build/unit-disk-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(patterns, sizeof(patterns), "%s/nothing* %s/c*", folder, folder);
	for (int i = 1; i <= 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		file_make(name, DISK_BYTES);
	}
	ck_assert_int_eq(loop_create(&loop), 0);
	ck_assert_int_eq(worker_create(loop, "test", 0, &worker), 0);
	ck_assert_int_eq(disk_set_create(worker, patterns, &set), 0);
}

static inline void files_teardown(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	disk_set_free(set);
	ck_assert_uint_eq(worker_pending(worker), 0);
	worker_free(worker);
	loop_destroy(loop);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(folder);
}

static inline void scan(void)
{
	disk_scan(set, on_done, NULL);
	wait_answer();
}

static inline int setup_disk(const char *device, uint64_t priv_len, bool force)
{
	disk_setup(set, device, priv_len, force, false, on_written, NULL);
	wait_answer();
	return answer.error;
}

static inline struct disk_relabel owner(const char *device, const char *dgid, const char *group)
{
	struct disk_relabel taken = { .kind = DISK_TAKE, .label = disk_by_device(set, device)->label };

	snprintf(taken.label.dgid, sizeof(taken.label.dgid), "%s", dgid);
	snprintf(taken.label.group, sizeof(taken.label.group), "%s", group);
	snprintf(taken.label.media, sizeof(taken.label.media), "disk1");
	snprintf(taken.label.cluster, sizeof(taken.label.cluster), "demo");
	taken.label.shared = true;
	return taken;
}

#endif
