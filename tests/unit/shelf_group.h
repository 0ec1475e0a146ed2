/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of what a vxconfigd finds on disks: files as disks of a group, and a process that starts. */
#ifndef VX_TESTS_UNIT_SHELF_GROUP_H
#define VX_TESTS_UNIT_SHELF_GROUP_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/loop.h"
#include "region_sample.h"
#include "tests/unit/temp.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/group.h"
#include "vxconfigd/shelf.h"

#define DISK_BYTES (8 * 1024 * 1024)

static struct configd configd;
static char folder[TEMP_PATH_MAX];
static int answer_error;
static uint64_t answer_seq;
static size_t answer_durable;

static inline void on_done(void *ctx)
{
	(void)ctx;
	loop_stop(configd.loop);
}

static inline void on_written(void *ctx, int error, const char *reason)
{
	(void)ctx;
	ck_assert_msg(error == 0, "%s", reason);
	loop_stop(configd.loop);
}

static inline void on_read(void *ctx, struct copies_found *found)
{
	(void)ctx;
	answer_error = found->error;
	answer_seq = found->config != NULL ? found->config->seq : 0;
	answer_durable = found->durable_count;
	loop_stop(configd.loop);
}

static inline void scan(void)
{
	disk_scan(configd.disks, on_done, NULL);
	loop_run(configd.loop);
}

/* A process that starts: it has the disks, and nothing in hand. */
static inline void start(void)
{
	memset(&configd, 0, sizeof(configd));
	TAILQ_INIT(&configd.groups);
	ck_assert_int_eq(loop_create(&configd.loop), 0);
	ck_assert_int_eq(worker_create(configd.loop, "test", 0, &configd.worker), 0);
	ck_assert_int_eq(shelf_create(&configd, &configd.shelf), 0);
}

/* disks: how many there are, all of the group by their labels; c01, c02, ... */
static inline void disks_make(size_t disks)
{
	struct disk_relabel *taken = record_alloc(disks, sizeof(*taken));
	char name[TEMP_PATH_MAX + 32];

	for (size_t i = 0; i < disks; i++) {
		snprintf(name, sizeof(name), "%s/c%03zu", folder, i + 1);

		int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		ck_assert(fd >= 0 && ftruncate(fd, DISK_BYTES) == 0);
		close(fd);
	}
	snprintf(name, sizeof(name), "%s/c*", folder);
	ck_assert_int_eq(disk_set_create(configd.worker, name, &configd.disks), 0);
	scan();
	for (size_t i = 0; i < disks; i++) {
		disk_setup(configd.disks, disk_at(configd.disks, i)->device, VX_PRIV_LEN_MIN, false,
			   false, on_written, NULL);
		loop_run(configd.loop);
	}
	for (size_t i = 0; i < disks; i++) {
		struct disk_label *label = &taken[i].label;

		taken[i].kind = DISK_TAKE;
		*label = disk_at(configd.disks, i)->label;
		snprintf(label->dgid, sizeof(label->dgid), "%s", REGION_DGID);
		snprintf(label->group, sizeof(label->group), "data");
		snprintf(label->media, sizeof(label->media), "m%zu", i + 1);
		snprintf(label->cluster, sizeof(label->cluster), "demo");
		label->shared = true;
	}
	disk_label_write(configd.disks, taken, disks, on_written, NULL);
	loop_run(configd.loop);
	free(taken);
}

/* The group is made on the last disks of the list, by a view with node c as its only member. */
static inline Vx__Config *group_make(uint64_t seq)
{
	Vx__Config *config = region_config(0x101, seq, seq);
	Vx__Member member = VX__MEMBER__INIT, *members[] = { &member };
	char name[] = "c";
	struct copies_disk disk[REGION_DISKS];
	struct copies *copies;

	member.nodeid = 3;
	member.incarnation = 33;
	member.name = name;
	for (size_t i = 0; i < REGION_DISKS; i++) {
		const struct disk *at =
			disk_at(configd.disks, disk_count(configd.disks) - REGION_DISKS + i);

		disk[i] = (struct copies_disk){ at->label.diskid, at->path };
		proto_string_set(&config->dm[i]->diskid, at->label.diskid);
	}
	ck_assert_int_eq(copies_create(configd.worker, REGION_DGID, disk, REGION_DISKS, &copies),
			 0);
	copies_checkpoint(copies, config, members, 1, on_written, NULL);
	loop_run(configd.loop);
	copies_when_written(copies, on_done, NULL);
	loop_run(configd.loop);
	copies_free(copies);
	return config;
}

static inline void copies_look(void)
{
	struct copies *copies = shelf_open(configd.shelf, REGION_DGID, NULL);

	ck_assert_ptr_nonnull(copies);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	loop_run(configd.loop);
	ck_assert_int_eq(answer_error, 0);
	copies_when_written(copies, on_done, NULL);
	loop_run(configd.loop);
}

static inline void setup(void)
{
	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	start();
}

static inline void teardown(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	disk_set_free(configd.disks);
	worker_free(configd.worker);
	loop_destroy(configd.loop);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(folder);
}

#endif
