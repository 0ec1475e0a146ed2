// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole logs on files: format, fold (again at any point of a crash), damage, a log plex that lags.
 */
#include "tests/unit/suite.h"
#include "volio/drl_disk.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/drl_size.h"
#include "base/errors.h"
#include "volio/bits.h"
#include "volio/drl_format.h"
#include "volio/reshape.h"
#include "tests/unit/temp.h"

#define REGIONS 100
#define REGION_LEN 512
#define LOGS 2

struct world {
	struct volconf conf;
	struct volconf_plex log[LOGS];
	struct layout_column column[LOGS];
	struct layout_sd sd[LOGS];
	struct iodisk disk[LOGS], *disks[LOGS];
	struct drl_disk shell;
};

static void world_open(struct world *world)
{
	uint64_t bytes = drl_log_len(REGIONS * REGION_LEN, REGION_LEN) * VX_SECTOR;

	memset(world, 0, sizeof(*world));
	world->conf.log = world->log;
	world->conf.logs = LOGS;
	world->conf.disk = world->disks;
	world->conf.disks = LOGS;
	world->conf.regions = REGIONS;
	world->conf.region_bytes = REGION_LEN * VX_SECTOR;
	world->conf.rid = 9;
	strcpy(world->conf.dgid, "1.2.test");
	for (uint32_t i = 0; i < LOGS; i++) {
		char path[TEMP_PATH_MAX];

		world->sd[i] = (struct layout_sd){ 0, bytes, 4096 * (i + 1), i, 0 };
		world->column[i] = (struct layout_column){ &world->sd[i], 1 };
		world->log[i].layout = (struct layout){ &world->column[i], 1, 0, bytes };
		world->disks[i] = &world->disk[i];
		temp_template(path);
		world->disk[i].fd = mkstemp(path);
		ck_assert(world->disk[i].fd >= 0);
		unlink(path);
	}
	world->shell.conf = &world->conf;
}

static void world_close(struct world *world)
{
	for (uint32_t i = 0; i < LOGS; i++) {
		close(world->disk[i].fd);
	}
}

static void world_put(struct world *world, uint32_t log, enum drl_kind kind, uint32_t slot,
		      uint64_t sequence, const uint64_t *map)
{
	struct drl_block_id id = { .group_hash = drl_group_hash(world->conf.dgid),
				   .volume_rid = 9,
				   .region_len = REGION_LEN,
				   .regions = REGIONS,
				   .kind = kind,
				   .slot = slot };
	uint8_t block[VX_BLOCK];

	drl_block_encode(block, &id, sequence, map);
	ck_assert_int_eq(pwrite(world->disk[log].fd, block, VX_BLOCK,
				(off_t)(world->sd[log].disk_offset + drl_block_offset(&id))),
			 VX_BLOCK);
}

static uint32_t world_recovery(struct world *world, uint64_t *out_map)
{
	uint64_t sequence;

	bits_put_all(out_map, REGIONS, false);
	drl_disk_read_recovery(&world->shell, out_map, &sequence);
	return bits_count(out_map, REGIONS);
}

/* V15 */
START_TEST(fold_moves_bits_and_can_be_done_again)
{
	struct world world;
	uint64_t map[2], active[2] = { 0 };
	uint32_t regions = 0;

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	ck_assert_uint_eq(world_recovery(&world, map), 0);
	bits_put(active, 7, true);
	bits_put(active, 99, true);
	world_put(&world, 0, DRL_KIND_ACTIVE, 5, 2, active);
	world_put(&world, 1, DRL_KIND_ACTIVE, 5, 2, active);
	ck_assert_int_eq(drl_disk_fold(&world.shell, 1u << 4, &regions), 0); /* not his slot */
	ck_assert_uint_eq(regions, 0);
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(drl_disk_fold(&world.shell, 1u << 5 | 1u << 4, &regions), 0);
		ck_assert_uint_eq(regions, 2);
		ck_assert_uint_eq(world_recovery(&world, map), 2);
		ck_assert(bits_get(map, 7) && bits_get(map, 99));
	}
	/* the crash between the two writes: the active map is still there */
	world_put(&world, 0, DRL_KIND_ACTIVE, 5, 9, active);
	ck_assert_int_eq(drl_disk_fold(&world.shell, UINT32_MAX, &regions), 0);
	ck_assert_uint_eq(regions, 2);
	world_close(&world);
}
END_TEST

START_TEST(the_newest_valid_block_counts)
{
	struct world world;
	uint64_t map[2], old[2] = { 0 }, fresh[2] = { 0 };
	uint8_t junk[64] = { 0xff };

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	bits_put(old, 1, true);
	bits_put(fresh, 2, true);
	world_put(&world, 0, DRL_KIND_RECOVERY, 0, 5, old);
	world_put(&world, 1, DRL_KIND_RECOVERY, 0, 6, fresh);
	ck_assert_uint_eq(world_recovery(&world, map), 1);
	ck_assert(bits_get(map, 2));
	/* torn on one log plex: the other one serves */
	ck_assert_int_eq(pwrite(world.disk[1].fd, junk, sizeof(junk),
				(off_t)world.sd[1].disk_offset + VX_BLOCK + 600),
			 64);
	ck_assert_uint_eq(world_recovery(&world, map), 1);
	ck_assert(bits_get(map, 1));
	/* torn on both: everything is dirty (V14) */
	ck_assert_int_eq(pwrite(world.disk[0].fd, junk, sizeof(junk),
				(off_t)world.sd[0].disk_offset + VX_BLOCK + 600),
			 64);
	ck_assert_uint_eq(world_recovery(&world, map), REGIONS);
	ck_assert(world.shell.corrupt);
	world_close(&world);
}
END_TEST

START_TEST(what_is_no_log_is_all_dirty)
{
	struct world world;
	uint64_t map[2];
	uint32_t regions = 0;

	world_open(&world);
	ck_assert_int_eq(ftruncate(world.disk[0].fd, 1 << 20), 0);
	ck_assert_int_eq(ftruncate(world.disk[1].fd, 1 << 20), 0);
	ck_assert_int_eq(drl_disk_fold(&world.shell, 1, &regions), 0);
	ck_assert_uint_eq(regions, REGIONS);
	ck_assert_uint_eq(world_recovery(&world, map), REGIONS);
	world_close(&world);
}
END_TEST

/* Only what is folded is cleared: the others live, and do not write their marks again. */
/* Its header has another major: nothing of it is touched. */
START_TEST(the_log_of_a_newer_program_stays)
{
	struct world world;
	uint8_t before[VX_BLOCK], block[VX_BLOCK];
	uint32_t regions = 0;

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	for (uint32_t i = 0; i < LOGS; i++) {
		off_t offset = (off_t)world.sd[i].disk_offset;

		ck_assert_int_eq(pread(world.disk[i].fd, before, VX_BLOCK, offset), VX_BLOCK);
		before[8] = 2;
		ck_assert_int_eq(pwrite(world.disk[i].fd, before, VX_BLOCK, offset), VX_BLOCK);
	}
	ck_assert_int_eq(drl_disk_fold(&world.shell, UINT32_MAX, &regions), -VX_E_VERSION);
	ck_assert_int_eq(pread(world.disk[0].fd, block, VX_BLOCK, (off_t)world.sd[0].disk_offset),
			 VX_BLOCK);
	ck_assert_mem_eq(block, before, VX_BLOCK);
	world_close(&world);
}
END_TEST

START_TEST(marks_of_the_living_stay_when_the_header_is_lost)
{
	struct world world;
	uint64_t map[2] = { 0 }, active[2] = { 0 }, sequence = 0;
	uint8_t junk[64] = { 0xff };
	uint32_t regions = 0;

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	bits_put(active, 7, true);
	for (uint32_t log = 0; log < LOGS; log++) {
		world_put(&world, log, DRL_KIND_ACTIVE, 4, 20, active);
		world_put(&world, log, DRL_KIND_ACTIVE, 5, 30, active);
		world_put(&world, log, DRL_KIND_RECOVERY, 0, 40, map);
		ck_assert_int_eq(pwrite(world.disk[log].fd, junk, sizeof(junk),
					(off_t)world.sd[log].disk_offset + 600),
				 64);
	}
	ck_assert_int_eq(drl_disk_fold(&world.shell, 1u << 4, &regions), 0);
	ck_assert(world.shell.corrupt && regions == REGIONS);
	ck_assert_uint_eq(world_recovery(&world, map), REGIONS);
	drl_disk_read_recovery(&world.shell, map, &sequence);
	ck_assert_uint_eq(sequence, 41);
	memset(map, 0, sizeof(map));
	drl_disk_read_active(&world.shell, 5, map, &sequence);
	ck_assert(sequence == 30 && bits_count(map, REGIONS) == 1 && bits_get(map, 7));
	memset(map, 0, sizeof(map));
	drl_disk_read_active(&world.shell, 4, map, &sequence);
	ck_assert(sequence == 21 && bits_count(map, REGIONS) == 0);
	world.shell.corrupt = false;
	ck_assert_int_eq(drl_disk_fold(&world.shell, 1u << 5, &regions), 0);
	ck_assert(!world.shell.corrupt); /* it has a header again */
	world_close(&world);
}
END_TEST

/* V15: the recovery map is not on this log plex, so the leaver's map stays on it. */
START_TEST(a_log_plex_that_refused_a_map_keeps_the_others)
{
	struct world world;
	struct iodisk refuses = { 0 }, *disks[LOGS + 1];
	struct volconf alone;
	struct drl_disk first = { .conf = &alone };
	struct layout_sd two[2];
	uint64_t map[2] = { 0 }, active[2] = { 0 }, sequence = 0;
	uint32_t regions = 0;
	char path[64];

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	bits_put(active, 7, true);
	world_put(&world, 0, DRL_KIND_ACTIVE, 5, 2, active);
	world_put(&world, 1, DRL_KIND_ACTIVE, 5, 2, active);
	/* Header and recovery map of the first log plex can be read, not written. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", world.disk[0].fd);
	refuses.fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(refuses.fd, 0);
	memcpy(disks, world.disks, sizeof(world.disks));
	disks[LOGS] = &refuses;
	two[0] = two[1] = world.sd[0];
	two[0].length = two[1].start = (uint64_t)2 * VX_BLOCK;
	two[0].disk = LOGS;
	two[1].length -= two[0].length;
	two[1].disk_offset += two[0].length;
	world.column[0] = (struct layout_column){ two, 2 };
	world.conf.disk = disks;
	world.conf.disks = LOGS + 1;
	ck_assert_int_eq(drl_disk_fold(&world.shell, 1u << 5, &regions), 0);
	ck_assert_uint_eq(regions, 1);
	ck_assert_uint_eq(world.shell.failed, 1);
	/* The other one is lost. */
	alone = world.conf;
	alone.logs = 1;
	drl_disk_read_recovery(&first, map, &sequence);
	drl_disk_read_active(&first, 5, map, &sequence);
	ck_assert(bits_get(map, 7));
	close(refuses.fd);
	world_close(&world);
}
END_TEST

/* V32: written beside a log in use it has what that one has; the one in use stays as it is. */
START_TEST(a_second_log_forgets_nothing)
{
	struct world world;
	struct volconf fresh, live;
	struct drl_disk beside, in_use;
	uint64_t map[2], old[2] = { 0 }, known[2] = { 0 }, sequence = 0;
	uint32_t regions = 0;

	world_open(&world);
	ck_assert_int_eq(ftruncate(world.disk[1].fd, 1 << 20), 0);
	fresh = live = world.conf;
	fresh.log = world.log + 1;
	fresh.logs = live.logs = 1;
	beside = (struct drl_disk){ .conf = &fresh };
	in_use = (struct drl_disk){ .conf = &live };
	bits_put(known, 4, true);
	ck_assert_int_eq(drl_disk_format(&in_use, NULL, known), 0);
	bits_put(old, 50, true);
	world_put(&world, 0, DRL_KIND_ACTIVE, 3, 8, old);
	bits_put(known, 5, true);
	world_put(&world, 0, DRL_KIND_RECOVERY, 0, 9, known);
	ck_assert_int_eq(drl_disk_format(&beside, &in_use, NULL), 0);
	memset(map, 0, sizeof(map));
	drl_disk_read_recovery(&beside, map, &sequence);
	ck_assert_uint_eq(sequence, 9);
	ck_assert(bits_count(map, REGIONS) == 2 && bits_get(map, 4) && bits_get(map, 5));
	memset(map, 0, sizeof(map));
	drl_disk_read_active(&beside, 3, map, &sequence);
	ck_assert_uint_eq(sequence, 8);
	ck_assert(bits_count(map, REGIONS) == 1 && bits_get(map, 50));
	ck_assert_int_eq(drl_disk_fold(&beside, 1u << 3, &regions), 0); /* the other one is lost */
	ck_assert_uint_eq(regions, 3);
	ck_assert(!beside.corrupt && !in_use.corrupt);
	world_close(&world);
}
END_TEST

/* The volume becomes longer: what any map had is in the new recovery map, and the new space. */
START_TEST(a_log_is_reshaped)
{
	struct world world;
	struct volconf old, now;
	struct drl_disk log = { .conf = &now };
	uint64_t map[8] = { 0 }, bits[2] = { 0 }, sequence = 0;

	world_open(&world);
	ck_assert_int_eq(drl_disk_format(&world.shell, NULL, NULL), 0);
	bits_put(bits, 4, true);
	world_put(&world, 0, DRL_KIND_RECOVERY, 0, 7, bits);
	bits_put(bits, 4, false);
	bits_put(bits, 9, true);
	world_put(&world, 1, DRL_KIND_ACTIVE, 31, 12, bits);
	old = now = world.conf;
	old.length = (REGIONS * REGION_LEN - 8) * VX_SECTOR;
	/* Within the last region: the marks of the nodes stay as they are. */
	now.length = REGIONS * REGION_LEN * VX_SECTOR;
	ck_assert_int_eq(drl_disk_reshape(&log, &old), 0);
	drl_disk_read_recovery(&log, map, &sequence);
	ck_assert_uint_eq(sequence, 8);
	ck_assert(bits_count(map, REGIONS) == 2 && bits_get(map, 4) && bits_get(map, REGIONS - 1));
	memset(map, 0, sizeof(map));
	drl_disk_read_active(&log, 31, map, &sequence);
	ck_assert(bits_count(map, REGIONS) == 1 && bits_get(map, 9));
	/* Other regions: all in one, the others are clear. */
	old = now;
	now.length = 2 * REGIONS * REGION_LEN * VX_SECTOR;
	now.region_bytes *= 2;
	ck_assert(!reshape_is_of_regions(&old, &old));
	ck_assert_int_eq(drl_disk_reshape(&log, &old), 0);
	memset(map, 0, sizeof(map));
	drl_disk_read_recovery(&log, map, &sequence);
	ck_assert_uint_eq(sequence, 13);
	ck_assert(bits_get(map, 2) && bits_get(map, 4) && bits_get(map, 49));
	ck_assert_uint_eq(bits_count(map, REGIONS), 3 + REGIONS / 2);
	memset(map, 0, sizeof(map));
	drl_disk_read_active(&log, 31, map, &sequence);
	ck_assert_uint_eq(bits_count(map, REGIONS), 0);
	ck_assert(!log.corrupt && log.failed == 0);
	/* Given up: what is there is of no use for the old one, and counts as all dirty (V14). */
	log.conf = &old;
	drl_disk_read_active(&log, 31, map, &sequence);
	ck_assert_uint_eq(bits_count(map, REGIONS), REGIONS);
	world_close(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio fold");
	TCase *tcase = tcase_create("fold");

	tcase_add_test(tcase, fold_moves_bits_and_can_be_done_again);
	tcase_add_test(tcase, the_newest_valid_block_counts);
	tcase_add_test(tcase, what_is_no_log_is_all_dirty);
	tcase_add_test(tcase, marks_of_the_living_stay_when_the_header_is_lost);
	tcase_add_test(tcase, the_log_of_a_newer_program_stays);
	tcase_add_test(tcase, a_log_plex_that_refused_a_map_keeps_the_others);
	tcase_add_test(tcase, a_second_log_forgets_nothing);
	tcase_add_test(tcase, a_log_is_reshaped);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
