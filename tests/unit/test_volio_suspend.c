// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Volumes that a transaction suspends: who stops one as CLEAN must know that its plexes are equal (V35), who writes its log
 * anew that nobody else does (V36).
 */
#include "tests/unit/suite.h"
#include "volio/op.h"

#include <check.h>
#include <errno.h>

#include "base/errors.h"
#include "volio/sync.h"
#include "volio_world.h"

#define REGIONS 24

static void suspend(bool clean)
{
	Vx__IodSuspend request = VX__IOD_SUSPEND__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	uint8_t txid = 1;

	request.txid.data = &txid;
	request.txid.len = 1;
	request.dgid = world.group.dgid;
	request.vol_rid = request.clean_rid = &world.volume->conf->rid;
	request.n_vol_rid = 1;
	request.n_clean_rid = clean;
	msg.body_case = VX__IPC__BODY_IOD_SUSPEND;
	msg.iod_suspend = &request;
	world.answers = 0;
	suspend_request(&hand.iod, 1, &msg);
	hand_turn();
}

static void resume(void)
{
	Vx__IodResume request = VX__IOD_RESUME__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	uint8_t txid = 1;

	request.txid.data = &txid;
	request.txid.len = 1;
	msg.body_case = VX__IPC__BODY_IOD_RESUME;
	msg.iod_resume = &request;
	resume_request(&hand.iod, 1, &msg);
	hand_turn();
}

/* ... after which there is an answer. */
static void check_answer(int error)
{
	ck_assert_uint_eq(world.answers, 1);
	ck_assert_int_eq(world.answer, error);
	resume();
}

START_TEST(nothing_is_clean_that_was_not_flushed)
{
	world_open(hand_conf(2, 0, 0, REGIONS), false);
	for (int fails = 0; fails < 2; fails++) {
		suspend(true);
		ck_assert_uint_eq(world.answers, 0);
		ck_assert_uint_eq(hand.ops, 2);
		ck_assert_int_eq(hand.op[0].kind, HAND_FLUSH);
		hand_end_disk(0, fails ? -EIO : 0);
		hand_end_disk(1, 0);
		check_answer(fails ? -VX_E_DIFFERS : 0);
	}
	suspend(false);
	check_answer(0);
	world_close();
}
END_TEST

/* A single plex does not differ from itself, whatever its disk does: nobody has to recover anything. */
START_TEST(one_plex_is_clean)
{
	world_open(hand_conf(1, 0, 0, REGIONS), false);
	suspend(true);
	hand_end_disk(0, -EIO);
	check_answer(0);
	world_close();
}
END_TEST

/* Without a log nothing but the map in memory says where the plexes differ. */
START_TEST(nothing_is_clean_that_is_being_recovered)
{
	world_open(hand_conf(2, 0, 0, REGIONS), true);
	suspend(true);
	check_answer(-VX_E_DIFFERS);
	sync_start_owned(&hand.iod);
	for (int i = 0; i < 1000 && world.volume->sync != NULL; i++) {
		hand_end_disk(-1, 0);
		world_loop();
	}
	ck_assert_ptr_null(world.volume->sync);
	suspend(true);
	hand_end_disk(-1, 0);
	check_answer(0);
	world_close();
}
END_TEST

static void on_done(struct io_request *request, int error)
{
	ck_assert_int_ne(error, 0);
	io_request_put(request);
}

/* One that no plex took, in a view below protocol 16, so that nothing is told (V12); one that is parked. */
START_TEST(nothing_is_clean_after_a_failed_write)
{
	struct io_request *request;

	world_open(hand_conf(2, 0, 0, REGIONS), false);
	world.group.shared = true;
	request = io_request_get(world.volume->vio);
	request->kind = IO_WRITE;
	request->offset = 0;
	request->length = VX_BLOCK;
	request->data = request->buffer;
	request->done = on_done;
	io_submit(request);
	hand_end_disk(0, -EIO);
	hand_end_disk(1, _i == 0 ? -EIO : 0);
	suspend(true);
	hand_end_disk(-1, 0);
	check_answer(-VX_E_DIFFERS);
	world_close();
}
END_TEST

/* The job of a worker was begun for a copy that ended before the hold. */
START_TEST(no_map_is_written_late)
{
	world_open(hand_conf(2, 0, 0, REGIONS), false);
	volume_map_write_begin(world.volume);
	suspend(false);
	ck_assert_uint_eq(world.answers, 0);
	volume_map_write_end(world.volume);
	check_answer(0);
	world_close();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_suspend");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, hand_open, hand_close);
	tcase_add_test(all, nothing_is_clean_that_was_not_flushed);
	tcase_add_test(all, one_plex_is_clean);
	tcase_add_test(all, nothing_is_clean_that_is_being_recovered);
	tcase_add_loop_test(all, nothing_is_clean_after_a_failed_write, 0, 2);
	tcase_add_test(all, no_map_is_written_late);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
