// SPDX-License-Identifier: GPL-2.0-or-later
/* The copies that a node has in hand, on real files: which disks of a group are looked at. */
#include "tests/unit/suite.h"
#include "vxconfigd/shelf.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/loop.h"
#include "region_sample.h"
#include "tests/unit/temp.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/group.h"

#define DISK_BYTES (8 * 1024 * 1024)
#define DISKS (VX_COPIES_MAX + 3)

static struct configd configd;
static char folder[TEMP_PATH_MAX];
static int answer_error;
static uint64_t answer_seq;
static size_t answer_durable;

static void on_done(void *ctx)
{
	(void)ctx;
	loop_stop(configd.loop);
}

static void on_written(void *ctx, int error, const char *reason)
{
	(void)ctx;
	ck_assert_msg(error == 0, "%s", reason);
	loop_stop(configd.loop);
}

static void on_read(void *ctx, struct copies_found *found)
{
	(void)ctx;
	answer_error = found->error;
	answer_seq = found->config != NULL ? found->config->seq : 0;
	answer_durable = found->durable_count;
	loop_stop(configd.loop);
}

static void scan(void)
{
	disk_scan(configd.disks, on_done, NULL);
	loop_run(configd.loop);
}

/* A process that starts: it has the disks, and nothing in hand. */
static void start(void)
{
	memset(&configd, 0, sizeof(configd));
	TAILQ_INIT(&configd.groups);
	ck_assert_int_eq(loop_create(&configd.loop), 0);
	ck_assert_int_eq(worker_create(configd.loop, "test", 0, &configd.worker), 0);
	ck_assert_int_eq(shelf_create(&configd, &configd.shelf), 0);
}

/* disks: how many there are, all of the group by their labels; c01, c02, ... */
static void disks_make(size_t disks)
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

/* The group is made on the last disks of the list. */
static Vx__Config *group_make(uint64_t seq)
{
	Vx__Config *config = region_config(0x101, seq, seq);
	Vx__Member member = VX__MEMBER__INIT, *members[] = { &member };
	struct copies_disk disk[REGION_DISKS];
	struct copies *copies;

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

static void copies_look(void)
{
	struct copies *copies = shelf_open(configd.shelf, REGION_DGID, NULL);

	ck_assert_ptr_nonnull(copies);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	loop_run(configd.loop);
	ck_assert_int_eq(answer_error, 0);
	copies_when_written(copies, on_done, NULL);
	loop_run(configd.loop);
}

static void setup(void)
{
	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	start();
}

static void teardown(void)
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

/*
 * D12: a group has more disks than copies, and nothing says which disks hold one before they are read:
 * a node that starts reads every disk whose label names the group.
 */
START_TEST(every_disk_of_the_group_is_read)
{
	disks_make(DISKS);
	vx__config__free_unpacked(group_make(7), NULL);
	copies_look();
	ck_assert_uint_eq(answer_seq, 7);
	ck_assert_uint_eq(answer_durable, 1);
}
END_TEST

/* R12: the last member says that nobody is left, also if it never had the copies in hand: a slave to the end. */
START_TEST(the_last_member_closes)
{
	static const struct clust_ops clust_ops;
	struct group data = { .configd = &configd, .dgid = REGION_DGID, .state = GROUP_ENABLED };
	Vx__StepRun run = VX__STEP_RUN__INIT;

	disks_make(REGION_DISKS);
	data.config = group_make(7);
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	ck_assert_int_eq(clust_create(configd.loop, &clust_ops, &configd, &configd.clust), 0);
	ck_assert_int_eq(steps_create(&configd), 0);
	run.step = VX__STEP__STEP_CLOSE;
	survey_run(&configd, &run);
	shelf_when_written(configd.shelf, on_done, NULL);
	loop_run(configd.loop);
	copies_look();
	ck_assert_uint_eq(answer_seq, 7);
	ck_assert_uint_eq(answer_durable, 0);
	clust_destroy(configd.clust);
	vx__config__free_unpacked(data.config, NULL);
}
END_TEST

/* What cannot be looked at as a whole is not looked at in part: too many is an error. */
START_TEST(too_many_disks)
{
	disks_make(VX_DISKS_MAX + 1);
	ck_assert_ptr_null(shelf_open(configd.shelf, REGION_DGID, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_shelf");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, every_disk_of_the_group_is_read);
	tcase_add_test(all, too_many_disks);
	tcase_add_test(all, the_last_member_closes);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
