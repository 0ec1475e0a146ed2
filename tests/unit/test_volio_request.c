// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests inside a lane that meet failed disks, shut gates and too few transfers or requests: each
 * ends, what is told is right, and nobody waits who need not.
 */
#include "tests/unit/suite.h"
#include "volio_vios.h"

/* ---- a cache that was lost (V11) ---- */

static void log_open(void)
{
	struct vio_maps maps = { .recover = bits_new(REGIONS) };
	struct volconf *other = hand_conf(2, 0, 2, REGIONS);
	bool done;

	hold(vio[0], VIO_HOLD_MAPS);
	apply(vio[0], other, true);
	ck_assert_int_eq(vio_log_create(conf, 0, NULL, 0, &maps.log), 0);
	run(vio[0], &maps.call, vio_run_maps, 0, &done);
	ck_assert(done);
	release(vio[0], VIO_HOLD_MAPS);
}

/* And its first region is marked. */
static void use_log(void)
{
	log_open();
	ck_assert(submit(vio[0], IO_WRITE, 0, BYTES, false));
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(ended, 1);
}

/* The next flush would succeed: Linux tells it once. */
START_TEST(a_failed_flush_clears_no_marks)
{
	use_log();
	ticks((VX_DRL_AGE_TICKS + 1) * VX_DRL_TICK_MS);
	ck_assert_uint_eq(hand.ops, 2);
	ck_assert_int_eq(hand.op[0].kind, HAND_FLUSH);
	hand_end_disk(1, -EIO);
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(told, UINT64_C(1) << 11);
	told = 0;
	for (int i = 0; i < 100; i++) {
		ticks(VX_DRL_TICK_MS);
		hand_end_disk(-1, 0);
	}
	ck_assert_uint_eq(told, UINT64_C(1) << 11); /* again, as that of a parked request */
	ck_assert_uint_eq(atomic_load(&vio[0]->shown_dirty), 1);
	hold(vio[0], VIO_HOLD_CONF); /* that plex is detached, and another one is there */
	apply(vio[0], hand_conf(2, 0, 2, REGIONS), false);
	release(vio[0], VIO_HOLD_CONF);
	for (int i = 0; i < 100; i++) {
		ticks(VX_DRL_TICK_MS);
		hand_end_disk(-1, 0);
	}
	ck_assert_uint_eq(atomic_load(&vio[0]->shown_dirty), 0);
}
END_TEST

/* Nor does who leaves. */
START_TEST(a_failed_flush_is_no_clean_end)
{
	struct lane_call call = { 0 };
	bool done;

	use_log();
	ticks((VX_DRL_AGE_TICKS + 1) * VX_DRL_TICK_MS);
	hand_end_disk(1, -EIO);
	hand_end_disk(-1, 0);
	hold(vio[0], VIO_HOLD_CONF);
	run(vio[0], &call, vio_run_clean, 0, &done);
	hand_end_disk(-1, 0);
	ck_assert(done);
	ck_assert_int_eq(call.result, -EIO);
	ck_assert_uint_eq(atomic_load(&vio[0]->shown_dirty), 1);
}
END_TEST

/* ---- too few transfers ---- */

/* A flush needs more of them at a time than a write. */
static void more_disks(void)
{
	while (conf->disks < HAND_DISKS) {
		conf->disk[conf->disks] = &hand.disk[conf->disks];
		iodisk_get(conf->disk[conf->disks++]);
	}
}

/* Writes until no transfer is left. */
static void use_all(void)
{
	for (uint64_t i = 0; hand.lane.legs_free > 0; i++) {
		if (vios == 1 || !submit(vio[vios - 1], IO_WRITE, i % 64 * BYTES, BYTES, false)) {
			volume_new(conf);
		}
	}
}

START_TEST(durable_zeroes_wait_for_their_flush)
{
	more_disks();
	ck_assert(submit(vio[0], IO_ZERO, 0, BYTES, true));
	use_all();
	hand_end(0, 0);
	hand_end(0, 0); /* both of the zeroes */
	ck_assert_uint_eq(ended, 0);
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(ended, 1 + VX_LANE_LEGS / 2 - 1);
	ck_assert_uint_eq(vio[0]->in_flight, 0);
}
END_TEST

/* One comes for each that ends: the lane is never half idle. */
START_TEST(who_waits_comes_before_newcomers)
{
	more_disks();
	use_all();
	ck_assert(submit(vio[0], IO_FLUSH, 0, 0, false));
	for (uint32_t i = 0; i < 4 * VX_LANE_LEGS && vio[0]->in_flight > 0; i++) {
		size_t to = 1;

		hand_end(0, 0);
		hand_end(0, 0); /* both of a write */
		while (to < vios && !submit(vio[to], IO_WRITE, (100 + i % 1000) * BYTES, BYTES, false)) {
			to++;
		}
	}
	ck_assert_uint_eq(vio[0]->in_flight, 0);
}
END_TEST

/* ---- too few requests (V34) ---- */

enum { BLOCKED = 3, TAKERS = 2 };

struct client {
	struct vio_waiter waiter;
	struct io_request *request;
	unsigned int asked;
	bool blocked; /* it waits for something else as well: for room to receive a large write */
};

static void on_ready(struct vio_waiter *waiter)
{
	struct client *client = (struct client *)waiter;

	client->asked++;
	if (client->blocked) {
		vio_wait(vio[0], waiter);
		return;
	}
	client->request = io_request_get(vio[0]);
	ck_assert_ptr_nonnull(client->request);
}

/* All requests come free one by one: who can use one gets it. */
START_TEST(a_free_request_goes_to_who_can_use_it)
{
	struct io_request *request[VX_VOLUME_REQUESTS];
	struct client client[BLOCKED + TAKERS] = { 0 };

	for (size_t i = 0; i < VX_COUNT_OF(request); i++) {
		request[i] = io_request_get(vio[0]);
	}
	for (size_t i = 0; i < VX_COUNT_OF(client); i++) {
		client[i].blocked = i < BLOCKED;
		client[i].waiter.ready = on_ready;
		vio_wait(vio[0], &client[i].waiter);
	}
	for (size_t i = 0; i < TAKERS; i++) {
		io_request_put(request[i]);
		ck_assert_ptr_nonnull(client[BLOCKED + i].request);
	}
	io_request_put(request[TAKERS]);
	for (size_t i = 0; i < BLOCKED; i++) {
		ck_assert_uint_ge(client[i].asked, 1);
		ck_assert_uint_le(client[i].asked, TAKERS + 1);
		vio_unwait(vio[0], &client[i].waiter);
	}
	for (size_t i = TAKERS + 1; i < VX_COUNT_OF(request); i++) {
		io_request_put(request[i]);
	}
	for (size_t i = BLOCKED; i < VX_COUNT_OF(client); i++) {
		io_request_put(client[i].request);
	}
}
END_TEST

/* ---- what ends in parts (V12) ---- */

/* Takes what is stuck and fresh; the number of regions. */
static uint32_t take(uint64_t *map)
{
	struct vio_take call = { .regions = REGIONS, .map = map };
	bool done;

	run(vio[0], &call.call, vio_run_take, 0, &done);
	ck_assert(done);
	return call.count;
}

/* All of it was made equal; the number of those that are stuck still. */
static uint32_t heal(void)
{
	struct vio_clear call = { .last = REGIONS - 1, .healed = true };
	bool done;

	run(vio[0], &call.call, vio_run_clear, 0, &done);
	ck_assert(done);
	return call.stuck;
}

/* A write that no plex takes. */
static void fail_write(uint32_t region)
{
	ck_assert(submit(vio[0], IO_WRITE, region * HAND_REGION, BYTES, false));
	hand_end_disk(-1, -EIO);
}

START_TEST(what_ends_in_parts_is_told)
{
	uint64_t map = 0;

	park();
	ck_assert_uint_eq(take(&map), 0); /* it may be on all of them in the end */
	ticks(VX_PARK_MS + 2 * VX_DRL_TICK_MS);
	ck_assert_uint_eq(failed, 1);
	fail_write(3);
	fail_write(3);
	ck_assert_uint_eq(stuck_told, 3);
	ck_assert_uint_eq(take(&map), 2);
	ck_assert_uint_eq(map, 1 | 1 << 3);
	ck_assert_uint_eq(take(&map), 0);
	fail_write(3); /* what is made equal now may not have it */
	ck_assert_uint_eq(heal(), 1);
	ck_assert_uint_eq(take(&map), 1);
	ck_assert_uint_eq(heal(), 0);
}
END_TEST

START_TEST(a_lost_cache_is_told)
{
	uint64_t map = 0;

	ck_assert(submit(vio[0], IO_FLUSH, 0, 0, false));
	hand_end_disk(-1, -EIO);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_eq(take(&map), REGIONS); /* without a log nobody knows what was in it */
}
END_TEST

static uint32_t marks(void)
{
	return atomic_load(&vio[0]->shown_dirty);
}

/* Writes and flushes as they come, none fails. */
static void settle(void)
{
	for (int i = 0; i < 4 * VX_DRL_AGE_TICKS; i++) {
		ticks(VX_DRL_TICK_MS);
		hand_end_disk(-1, 0);
	}
}

START_TEST(a_mark_stays_until_it_is_equal)
{
	uint64_t map = 0;

	use_log();
	ck_assert(submit(vio[0], IO_WRITE, 5 * HAND_REGION, BYTES, false));
	hand_end_disk(-1, 0);
	fail_write(5);
	ck_assert_uint_eq(failed, 1);
	settle();
	ck_assert_uint_eq(marks(), 1);
	ck_assert_uint_eq(take(&map), 1);
	ck_assert_uint_eq(map, 1 << 5);
	settle();
	ck_assert_uint_eq(marks(), 1);
	ck_assert_uint_eq(heal(), 0);
	settle();
	ck_assert_uint_eq(marks(), 0);
}
END_TEST

/* The flush of an application fails, the log's own one would succeed: Linux says it once. */
START_TEST(a_lost_cache_keeps_its_marks)
{
	uint64_t map = 0;

	use_log();
	ck_assert(submit(vio[0], IO_FLUSH, 0, 0, false));
	hand_end_disk(0, -EIO);
	hand_end_disk(-1, 0);
	settle();
	ck_assert_uint_eq(marks(), 1);
	ticks(VX_PARK_MS + 2 * VX_DRL_TICK_MS);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_eq(take(&map), 1);
	ck_assert_uint_eq(map, 1);
}
END_TEST

/* Something of it was sent; then, with another log, it waits for its mark in vain. */
START_TEST(who_waits_for_the_log_may_have_written)
{
	uint64_t map = 0;

	park();
	log_open();
	hand_end_disk(-1, -EIO); /* the log */
	ck_assert_uint_eq(ended, 0);
	ticks(VX_PARK_MS + 2 * VX_DRL_TICK_MS);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_eq(take(&map), 1);
}
END_TEST

/* ---- a disk of larger blocks comes (V9) ---- */

static struct volconf *with_block(uint32_t block)
{
	struct volconf *other = hand_conf(2, 0, 0, REGIONS);

	other->block = block;
	return other;
}

/* One is parked, one waits for the range of it; both are not whole blocks afterwards. */
START_TEST(who_waits_goes_on_in_larger_blocks)
{
	ck_assert(submit(vio[0], IO_WRITE, VX_SECTOR, VX_SECTOR, false));
	hand_end_disk(0, -EIO);
	hand_end_disk(-1, 0);
	ck_assert(submit(vio[0], IO_WRITE, VX_SECTOR, 2 * VX_SECTOR, false));
	hold(vio[0], VIO_HOLD_CONF);
	apply(vio[0], with_block(VX_BLOCK), false);
	release(vio[0], VIO_HOLD_CONF);
	while (hand.ops > 0) {
		for (size_t i = 0; i < hand.ops; i++) {
			ck_assert_uint_eq(hand.op[i].offset % VX_BLOCK, 0);
			ck_assert_uint_eq(hand.op[i].length, VX_BLOCK);
		}
		hand_end(0, 0);
		hand_turn();
	}
	ck_assert_uint_eq(ended, 2);
	ck_assert_uint_eq(failed, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_request");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_open, world_close);
	tcase_add_test(all, a_failed_flush_clears_no_marks);
	tcase_add_test(all, a_failed_flush_is_no_clean_end);
	tcase_add_test(all, durable_zeroes_wait_for_their_flush);
	tcase_add_test(all, who_waits_comes_before_newcomers);
	tcase_add_test(all, a_free_request_goes_to_who_can_use_it);
	tcase_add_test(all, who_waits_goes_on_in_larger_blocks);
	tcase_add_test(all, what_ends_in_parts_is_told);
	tcase_add_test(all, a_lost_cache_is_told);
	tcase_add_test(all, a_mark_stays_until_it_is_equal);
	tcase_add_test(all, a_lost_cache_keeps_its_marks);
	tcase_add_test(all, who_waits_for_the_log_may_have_written);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
