// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core in a small world (cpg_world.h): leaves that are cancelled, joins that are given up. */
#include <check.h>
#include <errno.h>

#include "cpg/view_core.h"
#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

static const struct view_event leave = { .type = VE_LEAVE }, cancel = { .type = VE_LEAVE_CANCEL };

static void say(uint32_t id, const struct view_event *event)
{
	struct view_event copy = *event;

	deliver(id, &copy);
}

/* R12: a leave is cancelled by vxiod's word: it may have let go already */
START_TEST(leave_is_cancelled_in_time)
{
	three();
	w->node[1].hold = 1u << FX_LEAVE_LOCAL;
	say(2, &leave);
	say(2, &cancel);
	ck_assert_int_eq(view_state(w->node[1].core), VS_MEMBER);
	run(2);
	expect_view(1, 3);
}
END_TEST

START_TEST(leave_is_cancelled_too_late)
{
	w->always_quorate = true;
	three();
	w->node[1].hold = 1u << FX_LEAVE_LOCAL | 1u << FX_LEAVE_CANCEL;
	say(2, &leave);
	say(2, &cancel);
	ck_assert_int_eq(view_state(w->node[1].core), VS_LEAVING);

	struct view_event left = { .type = VE_LEFT, .token = w->node[1].core->leave_token };

	deliver(2, &left);
	run(4);
	ck_assert(w->node[1].gone);
	ck_assert_int_eq(w->node[1].gone_how, VIEW_CLEAN);
	expect_view(1, 2);
}
END_TEST

/* Of programs that say in the stream that they leave. */
static void three_today(void)
{
	for (int i = 0; i < 3; i++) {
		w->node[i].proto_min = VX_PROTOCOL_MIN;
		w->node[i].proto_max = VX_PROTOCOL_MAX;
	}
	three();
}

static void expect_all_gone(void)
{
	for (int i = 0; i < 3; i++) {
		if (w->node[i].up) {
			ck_assert_msg(w->node[i].gone, "node %d stays", i + 1);
			ck_assert_int_eq(w->node[i].gone_how, VIEW_CLEAN);
		}
	}
}

/* R12: one of them is the last: it says on the copies that nobody is left, and the next start waits for nobody. */
START_TEST(all_leave_at_once)
{
	w->always_quorate = true;
	three_today();
	w->node[1].hold = _i == 1 ? 1u << FX_LEAVE_LOCAL : 0;
	w->node[2].hold = _i == 2 ? 1u << FX_STOP : 0;
	for (uint32_t id = 1; id <= 3; id++) {
		say(_i == 3 ? 4 - id : id, &leave);
	}
	run_bus();
	if (_i == 1) { /* node 2 is ready when the view of the others is over */
		struct view_event left = { .type = VE_LEFT, .token = w->node[1].core->leave_token };

		deliver(2, &left);
	}
	if (_i == 2) { /* node 3 stops late */
		struct view_event stopped = { .type = VE_STOPPED, .token = w->node[2].held };

		w->node[2].hold = 0;
		deliver(3, &stopped);
	}
	run(8);
	expect_all_gone();
	ck_assert_uint_eq(w->node[0].closed + w->node[1].closed + w->node[2].closed, 1);
	ck_assert_uint_eq(w->durable_count, 0);
	boot(1);
	boot(2);
	run(6);
	expect_view(1, 2);
	ck_assert_int_eq(w->asked[3], 0);
}
END_TEST

/* The last one waits for its view, but neither for quorum nor for a fencing: a stop has its time. */
START_TEST(last_one_cannot_make_a_view)
{
	w->always_quorate = _i == 1;
	three_today();
	if (_i == 1) {
		crash(3);
		run(2);
		ck_assert(!view_is_open(w->node[0].core));
	}
	say(1, &leave);
	say(2, &leave);
	if (_i == 0) {
		say(3, &leave);
	}
	run(4);
	expect_all_gone();
	ck_assert_uint_eq(w->node[0].closed + w->node[1].closed + w->node[2].closed, 0);
}
END_TEST

/* Who stays is nobody's last one. */
START_TEST(two_of_three_leave)
{
	w->always_quorate = true;
	three_today();
	say(1, &leave);
	say(2, &leave);
	run(6);
	ck_assert(w->node[0].gone && w->node[1].gone && !w->node[2].gone);
	ck_assert_uint_eq(w->node[0].closed + w->node[1].closed, 0);
	expect_view(3, 1);
}
END_TEST

/* R12: a joiner gives up while the NEWVIEW that names it is in the stream */
START_TEST(joiner_stops_after_hello)
{
	struct view_event timer = { .type = VE_TIMER, .timer = VT_JOIN };

	w->always_quorate = true;
	boot(1);
	boot(2);
	run(4);
	expect_view(1, 2);
	boot(3);
	w->node[0].hold = 1u << FX_CLAIM;
	run(4);
	w->node[2].cut = true; /* it hears of NEWVIEW later */

	struct view_event claimed = { .type = VE_CLAIMED, .token = w->node[0].held };

	w->node[0].hold = 0;
	deliver(1, &claimed);
	run(2);
	say(3, _i == 0 ? &leave : &timer);
	w->node[2].cut = false;
	run(6);
	ck_assert(w->node[2].gone);
	ck_assert_int_eq(w->node[2].gone_how, VIEW_CLEAN);
	ck_assert_int_eq(w->asked[3], 0);
	expect_view(1, 2);
}
END_TEST

/* R11: a node that ends its I/O for long is not mute */
START_TEST(slow_abort_is_not_mute)
{
	struct view_event abort_event = { .type = VE_ABORT, .reason = "test" };

	three();
	w->node[2].hold = 1u << FX_ABORT_LOCAL;
	deliver(3, &abort_event);
	boot(4);
	run(2);
	ck_assert(!view_is_settled(w->node[0].core));
	for (int i = 0; i < 3; i++) {
		fire(3, VT_BUSY);
		fire(1, VT_BUSY);
		run_bus();
		fire(1, VT_MUTE);
	}
	ck_assert_int_eq(w->asked[3], 0);

	struct view_event aborted = { .type = VE_ABORTED, .token = w->node[2].held };

	deliver(3, &aborted);
	run(4);
	ck_assert_int_eq(w->node[2].gone_how, VIEW_ABORTED);
	expect_view(1, 3);
}
END_TEST

/* R13: an abort whose cause is a vxiod that stalled does not wait for it again */
START_TEST(stalled_vxiod_is_not_asked_again)
{
	struct view_event stalled = { .type = VE_ABORT, .reason = "test", .error = -ETIMEDOUT };

	three();
	w->node[2].hold = 1u << FX_ABORT_LOCAL;
	deliver(3, &stalled);
	ck_assert(w->node[2].gone);
	ck_assert_int_eq(w->node[2].gone_how, VIEW_LOST);
	ck_assert_int_eq(w->asked[3], 1);
	ck_assert_int_eq(w->told, 0);
	run(4);
	ck_assert(!view_is_open(w->node[0].core)); /* no word of it counts: the proof is waited for */

	struct view_event aborted = { .type = VE_ABORTED, .token = w->node[2].held };

	deliver(3, &aborted); /* what was asked of it means nothing any more */
	ck_assert_int_eq(w->asked[3], 1);
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R10: a full list keeps what is to be proven and folded */
START_TEST(full_list_of_leavers)
{
	struct view_leaver list[4];
	size_t count = 0;

	for (uint64_t life = 1; life <= 9; life++) {
		for (uint32_t id = 1; id <= 2; id++) {
			const struct view_leaver leaver = {
				.nodeid = id,
				.nid = id + 5,
				.incarnation = life << 32 | id,
				.fenced_at = 100 + life,
				.how = life == 4 && id == 2 ? VIEW_LOST : VIEW_CLEAN,
			};

			view_leaver_add(list, &count, 4, &leaver);
		}
	}
	ck_assert_uint_eq(count, 4);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(list[i].nid, list[i].nodeid + 5);
		ck_assert_uint_eq(list[i].fenced_at, 109);
		ck_assert_int_eq(list[i].how, i == 1 ? VIEW_LOST : VIEW_CLEAN);
	}
}
END_TEST

/* R1: the node of a member died, and CPG does not say that it left: a ghost */
START_TEST(ghost_of_a_member)
{
	uint32_t nodeid[] = { 1, 2 };
	struct view_event ring = { .type = VE_RING, .nodeid = nodeid, .nodeid_count = 2 };
	struct view_event quorum = { .type = VE_QUORUM, .quorate = true };

	three();
	w->node[2].up = false;
	ring.ring = quorum.ring = (struct view_ring){ 1, ++w->ring_seq };
	for (uint32_t id = 1; id <= 2; id++) {
		deliver(id, &ring);
		deliver(id, &quorum);
	}
	ck_assert(!view_is_open(w->node[0].core) && !view_is_open(w->node[1].core));
	run(4);
	ck_assert(!view_is_settled(w->node[0].core)); /* R6 */
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_leave");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, leave_is_cancelled_in_time);
	tcase_add_test(all, leave_is_cancelled_too_late);
	tcase_add_loop_test(all, all_leave_at_once, 0, 4);
	tcase_add_loop_test(all, last_one_cannot_make_a_view, 0, 2);
	tcase_add_test(all, two_of_three_leave);
	tcase_add_loop_test(all, joiner_stops_after_hello, 0, 2);
	tcase_add_test(all, slow_abort_is_not_mute);
	tcase_add_test(all, stalled_vxiod_is_not_asked_again);
	tcase_add_test(all, full_list_of_leavers);
	tcase_add_test(all, ghost_of_a_member);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
