// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions that a failed write left different (V12), in the main thread: told in the stream, read from one plex by all,
 * made equal, and forgotten only when that is certain.
 */
#include "tests/unit/suite.h"
#include "volio/differs.h"

#include <check.h>
#include <errno.h>

#include "volio/bits.h"
#include "volio/sync.h"
#include "volio_world.h"

#define REGIONS 24
#define SELF 1
#define OTHER 2

static Vx__Member one, two;
static Vx__Member *member[] = { &one, &two };
static Vx__View view;

/* A shared group in a view of two nodes; the other one owns the resync. */
static void shared_open(uint32_t attaching, uint32_t protocol)
{
	struct volconf *conf = hand_conf(2, attaching, 0, REGIONS);

	vx__member__init(&one);
	vx__member__init(&two);
	vx__view__init(&view);
	one.nodeid = SELF;
	two.nodeid = OTHER;
	two.nid = 1;
	view.member = member;
	view.n_member = 2;
	view.self = SELF;
	view.protocol = protocol;
	conf->minor = 1;
	world_open(conf, false);
	world.cluster.view = &view;
	world.cluster.live = world.cluster.gate_open = world.group.shared = true;
	world.sent = 0;
}

static void shared_close(void)
{
	world.cluster.view = NULL;
	world_close();
}

static void on_done(struct io_request *request, int error)
{
	ck_assert_int_ne(error, 0);
	io_request_put(request);
}

static void fail_write(uint32_t region)
{
	struct io_request *request = io_request_get(world.volume->vio);

	request->kind = IO_WRITE;
	request->offset = region * HAND_REGION;
	request->length = VX_BLOCK;
	request->data = request->buffer;
	request->done = on_done;
	io_submit(request);
	hand_end_disk(-1, -EIO);
}

static void hear(uint32_t from, const Vx__IodMsg *msg)
{
	uint8_t data[4096];

	sync_receive(&hand.iod, from, data, vx__iod_msg__pack(msg, data));
	hand_turn();
}

/* What this node said last comes back to it. */
static void hear_self(void)
{
	sync_receive(&hand.iod, SELF, world.said, world.said_size);
	hand_turn();
}

static void hear_differs(uint64_t rid, uint32_t region)
{
	Vx__Differs differs = VX__DIFFERS__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;
	uint8_t map[REGIONS / 8] = { 0 };

	map[region / 8] = (uint8_t)(1 << (region % 8));
	differs.dgid = world.group.dgid;
	differs.vol_rid = rid;
	differs.region_len = HAND_REGION / VX_SECTOR;
	differs.map.data = map;
	differs.map.len = sizeof(map);
	msg.body_case = VX__IOD_MSG__BODY_DIFFERS;
	msg.differs = &differs;
	hear(OTHER, &msg);
}

static void hear_done(uint64_t heard)
{
	Vx__SyncDone done = VX__SYNC_DONE__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;
	uint64_t attach[] = { 102 };

	done.dgid = world.group.dgid;
	done.vol_rid = world.volume->conf->rid;
	done.regions = 1;
	done.differs = heard;
	done.attach = attach;
	done.n_attach = 1;
	msg.body_case = VX__IOD_MSG__BODY_DONE;
	msg.done = &done;
	hear(OTHER, &msg);
}

/* The region is clean, and the next window is at the end. */
static void hear_clean(uint32_t region, uint64_t heard)
{
	Vx__Window window = VX__WINDOW__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	window.dgid = world.group.dgid;
	window.vol_rid = world.volume->conf->rid;
	window.serial = 7;
	window.offset = (REGIONS - 1) * HAND_REGION / VX_SECTOR;
	window.len = window.clean_len = HAND_REGION / VX_SECTOR;
	window.clean_from = region * HAND_REGION / VX_SECTOR;
	window.differs = heard;
	msg.body_case = VX__IOD_MSG__BODY_WINDOW;
	msg.window = &window;
	hear(OTHER, &msg);
}

static void check_map(uint32_t bits)
{
	ck_assert_uint_eq(world.volume->map[0], bits);
	ck_assert_uint_eq(world.volume->vio->recover[0], bits);
}

static uint32_t stuck(void)
{
	ck_assert(world.volume->differs.stuck == (world.volume->vio->stuck.count > 0));
	return world.volume->vio->stuck.count;
}

/* A private group is its own stream. */
START_TEST(a_private_volume_becomes_equal)
{
	world_open(hand_conf(2, 0, 0, REGIONS), false);
	fail_write(3);
	ck_assert_ptr_nonnull(world.volume->sync);
	check_map(1 << 3);
	fail_write(5);
	check_map(1 << 3 | 1 << 5);
	for (int i = 0; i < 1000 && world.volume->sync != NULL; i++) {
		hand_end_disk(-1, 0);
		sync_retry(world.volume); /* its copy failed as well */
		world_loop();
	}
	ck_assert_ptr_null(world.volume->sync);
	check_map(0);
	ck_assert_uint_eq(stuck(), 0);
	world_close();
}
END_TEST

START_TEST(only_what_was_heard_is_healed)
{
	shared_open(1, VX_PROTOCOL_DIFFERS);
	fail_write(3);
	ck_assert_uint_eq(world.sent, 1);
	check_map(0);
	hear_done(0); /* it was said before */
	ck_assert_uint_eq(stuck(), 1);
	hear_self();
	check_map(1 << 3);
	fail_write(3);
	ck_assert_uint_eq(world.sent, 2);
	fail_write(4); /* not alone: with the next message */
	ck_assert_uint_eq(world.sent, 2);
	hear_done(1);
	ck_assert_uint_eq(stuck(), 2);
	hear_self();
	ck_assert_uint_eq(world.sent, 3);
	hear_self();
	check_map(1 << 3 | 1 << 4);
	ck_assert_uint_eq(stuck(), 2);
	hear_clean(3, 2);
	check_map(1 << 3 | 1 << 4);
	hear_clean(3, 3);
	check_map(1 << 4);
	ck_assert_uint_eq(stuck(), 1);
	world.synced = 0;
	hear_done(2); /* an attach would end with a hole */
	ck_assert_uint_eq(world.synced, 0);
	ck_assert(!world.volume->window_open);
	hear_done(3);
	ck_assert_uint_eq(world.synced, 1);
	check_map(0);
	ck_assert_uint_eq(stuck(), 0);
	shared_close();
}
END_TEST

START_TEST(another_view_hears_it_again)
{
	shared_open(0, VX_PROTOCOL_DIFFERS);
	fail_write(3);
	hear_self();
	fail_write(4);
	sync_forget(&hand.iod); /* before that one is heard */
	world.cluster.live = false;
	fail_write(5);
	ck_assert_uint_eq(world.sent, 2);
	world.cluster.live = true;
	differs_on_view(&hand.iod);
	hand_turn();
	ck_assert_uint_eq(world.sent, 3);
	hear_self();
	check_map(1 << 3 | 1 << 4 | 1 << 5);
	hear_done(1);
	check_map(0);
	ck_assert_uint_eq(stuck(), 0);
	differs_on_view(&hand.iod);
	hand_turn();
	ck_assert_uint_eq(world.sent, 3);
	shared_close();
}
END_TEST

/* Who speaks an older protocol would not understand it. */
START_TEST(an_older_view_hears_nothing)
{
	shared_open(0, VX_PROTOCOL_DIFFERS - 1);
	fail_write(3);
	ck_assert_uint_eq(world.sent, 0);
	ck_assert_uint_eq(stuck(), 1);
	hear_done(0);
	ck_assert_uint_eq(stuck(), 1);
	view.protocol++;
	sync_forget(&hand.iod);
	differs_on_view(&hand.iod);
	hand_turn();
	ck_assert_uint_eq(world.sent, 1);
	shared_close();
}
END_TEST

static void read_maps(struct volume *volume)
{
	volume_hold(volume, VIO_HOLD_MAPS, NULL);
	hand_turn();
	world_begin();
	volume_read_maps(volume, false, &world.gather);
	gather_end(&world.gather, 0, NULL);
	hand_turn();
}

/* What is read does not have it. */
START_TEST(it_stays_with_what_is_read)
{
	shared_open(0, VX_PROTOCOL_DIFFERS);
	hear_differs(world.volume->conf->rid, 2);
	check_map(1 << 2);
	read_maps(world.volume);
	check_map(1 << 2);
	hear_done(1);
	check_map(0);
	read_maps(world.volume);
	check_map(0);
	shared_close();
}
END_TEST

START_TEST(who_loads_it_late_takes_all)
{
	struct volconf *conf = hand_conf(2, 0, 0, REGIONS);
	struct volume *late;

	shared_open(0, VX_PROTOCOL_DIFFERS);
	hear_differs(100, 2);
	conf->rid = 100;
	ck_assert_int_eq(volume_create(&world.group, conf, VIO_HOLD_MAPS, &late), 0);
	notes_apply(&hand.iod, late);
	read_maps(late);
	ck_assert_uint_eq(bits_count(late->map, REGIONS), REGIONS);
	ck_assert_uint_eq(late->differs.heard, 1);
	world_begin();
	volume_remove(late, false, -ENODEV, &world.gather);
	gather_end(&world.gather, 0, NULL);
	hand_turn();
	sync_forget(&hand.iod);
	shared_close();
}
END_TEST

/* Its regions become longer: what was not equal is not either, and is told by the new ones. */
START_TEST(other_regions_differ_too)
{
	struct volconf *conf = hand_conf(2, 0, 0, REGIONS);

	shared_open(0, VX_PROTOCOL_DIFFERS);
	fail_write(5);
	world_hold();
	conf->minor = 1;
	conf->regions = REGIONS / 2;
	conf->region_bytes = 2 * HAND_REGION;
	world_apply(conf, bits_new(REGIONS / 2));
	hand_turn();
	hear_self();
	check_map(1 << 2);
	ck_assert_uint_eq(world.sent, 2);
	hear_differs(conf->rid, 8); /* by who runs the configuration before */
	check_map(1 << 2 | 1 << 4);
	world_release();
	shared_close();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_differs");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, hand_open, hand_close);
	tcase_add_test(all, a_private_volume_becomes_equal);
	tcase_add_test(all, only_what_was_heard_is_healed);
	tcase_add_test(all, another_view_hears_it_again);
	tcase_add_test(all, an_older_view_hears_nothing);
	tcase_add_test(all, it_stays_with_what_is_read);
	tcase_add_test(all, who_loads_it_late_takes_all);
	tcase_add_test(all, other_regions_differ_too);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
