// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A volume in the main thread while its configuration changes (V3) and while it goes: what other parts
 * may see of it between any two turns of the loop.
 */
#include "tests/unit/suite.h"
#include "volio/volume.h"

#include <check.h>
#include <errno.h>

#include "volio/bits.h"
#include "volio/sync.h"
#include "volio/vio.h"
#include "volio_world.h"

#define REGIONS 24

/* ---- a change ---- */

/* Another load ends just then and looks for resyncs that are to begin. */
START_TEST(a_new_attach_is_seen_at_once)
{
	world_open(hand_conf(2, 0, 0, REGIONS), false);
	world_hold();
	world_apply(hand_conf(2, 1, 0, REGIONS), NULL);
	hand_turn();
	sync_start_owned(&hand.iod);
	ck_assert_uint_eq(world.synced, 0);
	ck_assert_ptr_nonnull(world.volume->sync);
	world_release();
	world_close();
}
END_TEST

START_TEST(new_space_is_seen_at_once)
{
	uint64_t *map = bits_new(REGIONS + 1);

	bits_put(map, REGIONS, true);
	world_open(hand_conf(2, 0, 0, REGIONS), true);
	sync_start_owned(&hand.iod);
	hand_turn();
	ck_assert(world.volume->window_open);
	world_hold();
	hand_end_disk(-1, 0);
	ck_assert_ptr_nonnull(world.volume->sync);
	world_apply(hand_conf(2, 0, 0, REGIONS + 1), map);
	hand_turn();
	ck_assert_ptr_null(world.volume->sync);
	sync_start_owned(&hand.iod);
	ck_assert_ptr_nonnull(world.volume->sync);
	ck_assert(bits_get(world.volume->map, REGIONS));
	world_release();
	world_close();
}
END_TEST

/* It begins by the configuration before, when the change is on its way already. */
START_TEST(a_resync_of_before_does_not_go_on)
{
	world_open(hand_conf(2, 0, 0, REGIONS), true);
	world_hold();
	world_apply(hand_conf(2, 1, 0, REGIONS), NULL);
	sync_start_owned(&hand.iod);
	ck_assert_ptr_nonnull(world.volume->sync);
	hand_turn();
	ck_assert_ptr_null(world.volume->sync);
	sync_start_owned(&hand.iod);
	ck_assert_ptr_nonnull(world.volume->sync);
	world_release();
	world_close();
}
END_TEST

/* A disk dies while its plex is being copied: one plex is left, with nothing to keep equal. */
START_TEST(a_resync_ends_with_the_other_plex)
{
	world_open(hand_conf(2, 0, 0, REGIONS), true);
	sync_start_owned(&hand.iod);
	hand_turn();
	hand_end_disk(0, 0);
	ck_assert_uint_gt(hand.ops, 0);
	hand_end_disk(1, -EIO);
	hand_end_disk(-1, -EIO);
	ck_assert_ptr_nonnull(world.volume->sync);
	world_hold();
	world_apply(hand_conf(1, 0, 0, REGIONS), NULL);
	hand_turn();
	world_release();
	world_loop(); /* nothing of it is tried again */
	ck_assert_ptr_null(world.volume->sync);
	sync_start_owned(&hand.iod);
	hand_turn();
	ck_assert(!world.volume->window_open);
	ck_assert_uint_eq(hand.ops, 0);
	world_close();
}
END_TEST

/* Without a log nothing but the map in memory says what was not copied. */
START_TEST(a_stop_keeps_what_is_left)
{
	uint32_t left;

	world_open(hand_conf(2, 0, 0, REGIONS), true);
	sync_start_owned(&hand.iod);
	hand_turn();
	world_hold();
	hand_end_disk(-1, 0);
	left = bits_count(world.volume->map, REGIONS);
	ck_assert_uint_gt(left, 0);
	world_apply(hand_conf(0, 0, 0, REGIONS), NULL);
	hand_turn();
	world_release();
	sync_start_owned(&hand.iod);
	for (int i = 0; i < 100; i++) {
		world_loop();
	}
	ck_assert_ptr_null(world.volume->sync);
	ck_assert_uint_eq(bits_count(world.volume->map, REGIONS), left);
	world_hold();
	world_apply(hand_conf(2, 0, 0, REGIONS), NULL);
	hand_turn();
	world_release();
	sync_start_owned(&hand.iod);
	ck_assert_ptr_nonnull(world.volume->sync);
	world_close();
}
END_TEST

/* ---- the end ---- */

/* STOP, or another thing that is told to all volumes, comes between any two turns. */
START_TEST(nothing_is_sent_to_a_volume_that_is_gone)
{
	world_open(hand_conf(2, 0, 0, REGIONS), false);
	world_begin();
	volume_remove(world.volume, _i == 0, -ENODEV, &world.gather);
	gather_end(&world.gather, 0, NULL);
	while (!world.gone) {
		struct volume *one;

		LIST_FOREACH(one, &world.group.volumes, link)
		{
			volume_hold(one, VIO_HOLD_CLUSTER, NULL);
		}
		hand_lane();
		while (hand.ops > 0) { /* its flush */
			hand_end(0, 0);
		}
		LIST_FOREACH(one, &world.group.volumes, link)
		{
			volume_set_window(one, 0, 0, NULL);
		}
		hand_main();
	}
	ck_assert_ptr_null(atomic_load(&hand.lane.in.head));
	world_end();
}
END_TEST

/* ---- windows of other nodes' resyncs (V20) ---- */

#define NOTES 300

static void hear_window(uint64_t rid)
{
	Vx__Window window = VX__WINDOW__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;
	uint8_t data[512];

	window.dgid = world.group.dgid;
	window.vol_rid = rid;
	window.serial = 1;
	window.len = HAND_REGION / VX_SECTOR;
	msg.body_case = VX__IOD_MSG__BODY_WINDOW;
	msg.window = &window;
	sync_receive(&hand.iod, 2, data, vx__iod_msg__pack(&msg, data));
	hand_turn();
}

static void be_shared(void)
{
	world.group.shared = true;
	world.cluster.live = world.cluster.gate_open = true;
	world.sent = 0;
}

/* More volumes than one may think are being copied, and none is loaded here yet. */
START_TEST(each_window_is_kept_for_the_loading)
{
	struct volume *late[NOTES];

	world_open(hand_conf(2, 0, 0, REGIONS), false);
	be_shared();
	for (uint64_t i = 0; i < NOTES; i++) {
		hear_window(100 + i);
	}
	ck_assert_uint_eq(world.sent, NOTES);
	world_begin();
	for (uint64_t i = 0; i < NOTES; i += NOTES - 1) {
		struct volconf *conf = hand_conf(2, 0, 0, REGIONS);

		conf->rid = 100 + i;
		ck_assert_int_eq(volume_create(&world.group, conf, 0, &late[i]), 0);
		notes_apply(&hand.iod, late[i]);
		ck_assert(late[i]->window_open);
		volume_remove(late[i], false, -ENODEV, &world.gather);
	}
	gather_end(&world.gather, 0, NULL);
	hand_turn();
	sync_forget(&hand.iod);
	world_close();
}
END_TEST

static void write_done(struct io_request *request, int error)
{
	(void)error;
	io_request_put(request);
}

/* Its disk hangs, and its group is given up by force. */
START_TEST(a_volume_that_goes_has_writes_still)
{
	struct io_request *request;

	world_open(hand_conf(2, 0, 0, REGIONS), false);
	be_shared();
	request = io_request_get(world.volume->vio);
	request->kind = IO_WRITE;
	request->offset = 0;
	request->length = VX_BLOCK;
	request->data = request->buffer;
	request->done = write_done;
	io_submit(request);
	world_begin();
	volume_remove(world.volume, _i == 0, -ENODEV, &world.gather);
	gather_end(&world.gather, 0, NULL);
	hand_turn();
	hear_window(world.volume->conf->rid);
	ck_assert_uint_eq(world.sent, 0);
	hand_end_disk(-1, 0);
	ck_assert(world.gone);
	ck_assert_uint_eq(world.sent, 1);
	sync_forget(&hand.iod);
	world_end();
}
END_TEST

/* ---- whose resync it is (V25) ---- */

/* Node id of who owns it, in a view of 1, 2, 3 in which 2 joined. */
static uint32_t owner(Vx__View *view, uint32_t minor, struct volconf *conf)
{
	struct volume one = { .group = &world.group, .conf = conf };
	uint32_t found = 0;

	world.cluster.view = view;
	conf->minor = minor;
	for (view->self = 1; view->self <= 3; view->self++) {
		if (cluster_owns(&one)) {
			ck_assert_uint_eq(found, 0);
			found = view->self;
		}
	}
	world.cluster.view = NULL;
	return found;
}

/* A plex that is being attached is detached in the middle of a view: who copied gives its window back. */
START_TEST(the_owner_stays_the_same)
{
	Vx__Member one = VX__MEMBER__INIT, two = VX__MEMBER__INIT, three = VX__MEMBER__INIT;
	Vx__Member *member[] = { &one, &two, &three };
	uint32_t joiner = 2;
	Vx__View view = VX__VIEW__INIT;
	struct volconf *attaching = hand_conf(2, 1, 1, REGIONS), *detached = hand_conf(2, 0, 1, REGIONS);

	for (uint32_t i = 0; i < 3; i++) {
		member[i]->nodeid = i + 1;
		member[i]->nid = i;
	}
	view.member = member;
	view.n_member = 3;
	view.joiner = &joiner;
	view.n_joiner = 1;
	view.protocol = VX_PROTOCOL_OWNER;
	world.cluster.iod = &hand.iod;
	hand.iod.cluster = &world.cluster;
	world.group = (struct iod_group){ .iod = &hand.iod, .shared = true };
	for (uint32_t minor = 0; minor < 6; minor++) {
		uint32_t node = owner(&view, minor, attaching);

		ck_assert(node == 1 || node == 3);
		ck_assert_uint_eq(owner(&view, minor, detached), node);
	}
	view.protocol--; /* all count as the oldest program does */
	ck_assert_uint_eq(owner(&view, 1, detached), 2);
	volconf_free(&hand.iod.disks, attaching);
	volconf_free(&hand.iod.disks, detached);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_volume");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, hand_open, hand_close);
	tcase_add_test(all, a_new_attach_is_seen_at_once);
	tcase_add_test(all, new_space_is_seen_at_once);
	tcase_add_test(all, a_resync_of_before_does_not_go_on);
	tcase_add_test(all, a_resync_ends_with_the_other_plex);
	tcase_add_test(all, a_stop_keeps_what_is_left);
	tcase_add_loop_test(all, nothing_is_sent_to_a_volume_that_is_gone, 0, 2);
	tcase_add_test(all, each_window_is_kept_for_the_loading);
	tcase_add_loop_test(all, a_volume_that_goes_has_writes_still, 0, 2);
	tcase_add_test(all, the_owner_stays_the_same);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
