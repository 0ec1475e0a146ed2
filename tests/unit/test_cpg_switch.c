// SPDX-License-Identifier: GPL-2.0-or-later
/* R19: another member is made master, in the small world of cpg_world.h. */
#include <check.h>

#include "base/errors.h"
#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

#define BUSY "Master switching, a reconfiguration or a transaction is in progress. Try again"

static void setmaster(uint32_t at, uint32_t to)
{
	struct view_event event = { .type = VE_SETMASTER, .master = to };

	deliver(at, &event);
}

static void answer(uint32_t at, enum view_event_type type, int error, const char *reason)
{
	struct view_event event = {
		.type = type, .token = w->node[at - 1].held, .error = error, .reason = reason
	};

	w->node[at - 1].hold = 0;
	deliver(at, &event);
}

/* asked on any node; it stays master when others come and go */
START_TEST(slave_becomes_master)
{
	uint64_t epoch;

	three();
	epoch = view_current(w->node[0].core)->epoch;
	setmaster(2, 3);
	run(4);
	expect_view(3, 3);
	ck_assert_uint_gt(view_current(w->node[0].core)->epoch, epoch);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 1); /* nobody left */
	ck_assert_str_eq(w->node[1].refused, "");
	ck_assert(!view_is_switching(w->node[0].core) && !view_is_switching(w->node[1].core));
	crash(1);
	fence(1);
	run(6);
	expect_view(3, 2);
	boot(1);
	run(6);
	expect_view(3, 3);
	setmaster(1, 1);
	run(4);
	expect_view(1, 3);
}
END_TEST

/* R9: the master's vxconfigd says no: nothing happens, and who asked is told why */
START_TEST(transaction_is_under_way)
{
	uint64_t epoch;

	three();
	epoch = view_current(w->node[0].core)->epoch;
	w->node[0].hold = 1u << FX_PRESTOP;
	setmaster(2, 3);
	run(2);
	ck_assert(view_is_switching(w->node[1].core) && view_is_settled(w->node[1].core));
	setmaster(3, 2); /* meanwhile: one at a time */
	ck_assert_str_eq(w->node[2].refused, BUSY);
	answer(1, VE_PRESTOPPED, -VX_E_BUSY, "a transaction is in progress");
	run(4);
	expect_view(1, 3);
	ck_assert_uint_eq(view_current(w->node[0].core)->epoch, epoch);
	ck_assert_str_eq(w->node[1].refused, "a transaction is in progress");
	for (int i = 0; i < 3; i++) {
		ck_assert(!view_is_switching(w->node[i].core));
	}
	setmaster(2, 3);
	run(4);
	expect_view(3, 3);
}
END_TEST

/* Two ask at one time: the first one in the stream is heard. */
START_TEST(two_ask)
{
	three();
	w->node[0].hold = 1u << FX_PRESTOP;
	setmaster(2, 2);
	setmaster(3, 3);
	run_bus();
	ck_assert_str_eq(w->node[1].refused, "");
	ck_assert_str_eq(w->node[2].refused, BUSY);
	answer(1, VE_PRESTOPPED, 0, NULL);
	run(4);
	expect_view(2, 3);
}
END_TEST

START_TEST(who_is_no_member)
{
	uint64_t views;

	three();
	views = w->node[0].views;
	setmaster(2, 4);
	run(2);
	ck_assert_str_ne(w->node[1].refused, "");
	ck_assert_uint_eq(w->node[0].views, views);
	w->node[0].hold = 1u << FX_STOP; /* a reconfiguration is under way */
	boot(4);
	run(2);
	w->node[1].refused[0] = '\0';
	setmaster(2, 3);
	ck_assert_str_eq(w->node[1].refused, BUSY);
	answer(1, VE_STOPPED, 0, NULL);
	run(4);
	expect_view(1, 4);
}
END_TEST

/* Who waits until it can leave is not made master, and nobody stands still for it. */
START_TEST(who_wants_to_leave)
{
	struct view_event leave = { .type = VE_LEAVE }, cancel = { .type = VE_LEAVE_CANCEL };
	uint64_t views;

	for (int i = 0; i < NODES; i++) {
		w->node[i].proto_min = 10;
		w->node[i].proto_max = 11;
	}
	three();
	w->node[2].hold = 1u << FX_LEAVE_LOCAL; /* a volume is open */
	deliver(3, &leave);
	run(2);
	views = w->node[0].views;
	setmaster(2, 3);
	ck_assert_str_eq(w->node[1].refused, "it is leaving the cluster");
	boot(4); /* who comes later knows it too */
	run(4);
	expect_view(1, 4);
	ck_assert_uint_eq(w->node[0].views, views + 1);
	setmaster(4, 3);
	ck_assert_str_eq(w->node[3].refused, "it is leaving the cluster");
	deliver(3, &cancel);
	run(2);
	ck_assert_uint_eq(w->node[0].views, views + 1);
	setmaster(4, 3);
	run(4);
	expect_view(3, 4);
}
END_TEST

/* The word crosses the wish: the master hears it first, and refuses. */
START_TEST(leave_crosses_the_wish)
{
	struct view_event leave = { .type = VE_LEAVE };
	uint64_t views;

	for (int i = 0; i < NODES; i++) {
		w->node[i].proto_min = 10;
		w->node[i].proto_max = 11;
	}
	three();
	views = w->node[0].views;
	w->node[2].hold = 1u << FX_LEAVE_LOCAL;
	deliver(3, &leave);
	setmaster(2, 3);
	run(4);
	ck_assert_str_eq(w->node[1].refused, "it is leaving the cluster");
	ck_assert_uint_eq(w->node[0].views, views);
	expect_view(1, 3);
}
END_TEST

/* The leave begins while the others make a view: the next one's members learn it. */
START_TEST(leave_in_a_view_change)
{
	struct view_event leave = { .type = VE_LEAVE };

	for (int i = 0; i < NODES; i++) {
		w->node[i].proto_min = 10;
		w->node[i].proto_max = 11;
	}
	three();
	w->node[0].hold = 1u << FX_SURVEY;
	boot(4);
	run(1); /* all said HELLO */
	w->node[2].hold = 1u << FX_LEAVE_LOCAL;
	deliver(3, &leave);
	answer(1, VE_SURVEYED, 0, NULL);
	run(4);
	expect_view(1, 4);
	setmaster(2, 3);
	ck_assert_str_eq(w->node[1].refused, "it is leaving the cluster");
}
END_TEST

/* R8: a joiner comes in between: the old master stays, and all is as in any other view */
START_TEST(joiner_comes_in_between)
{
	three();
	w->node[0].hold = 1u << FX_PRESTOP;
	setmaster(2, 3);
	run(1);
	w->node[0].hold = 0;
	boot(4);
	run(6);
	expect_view(1, 4);
	ck_assert(!view_is_switching(w->node[1].core));
	ck_assert_str_eq(w->node[1].refused, ""); /* the view is the answer */
}
END_TEST

/* R8: the named one dies before NEWVIEW, after it, or the old master does */
START_TEST(death_in_the_middle)
{
	static const struct {
		uint32_t dies, master;
		bool newview;
	} rows[] = { { 3, 1, false }, { 3, 1, true }, { 1, 2, false }, { 1, 3, true } };
	const uint32_t asks = 2, dies = rows[_i].dies;

	three();
	w->node[0].hold = rows[_i].newview ? 0 : 1u << FX_CLAIM;
	w->node[1].hold = rows[_i].newview ? 1u << FX_STEP : 0;
	setmaster(asks, 3);
	run(2);
	w->node[0].hold = 0;
	ck_assert(!view_is_settled(w->node[1].core));
	ck_assert_uint_eq(view_current(w->node[1].core)->master, rows[_i].newview ? 3 : 1);
	w->node[1].hold = 0;
	crash(dies);
	fence(dies);
	run(8);
	expect_view(rows[_i].master, 2);
}
END_TEST

/* R12: who let its volumes go cannot fold maps */
START_TEST(who_let_go_is_not_made_master)
{
	struct view_event leave = { .type = VE_LEAVE }, let_go = { .type = VE_LET_GO };

	three();
	w->node[2].hold = 1u << FX_LEAVE_LOCAL;
	deliver(3, &leave);
	let_go.token = w->node[2].held;
	deliver(3, &let_go);
	setmaster(2, 3);
	run(4);
	expect_view(1, 3);
}
END_TEST

/* R2: a wish of the view before counts no more */
START_TEST(wish_of_an_old_view)
{
	struct view_packet packet = { .type = VP_SETMASTER, .from = 2, .pid = 102, .nodeid = 3 };
	struct view_event event = { .type = VE_PACKET, .packet = &packet };
	uint64_t views;

	three();
	packet.incarnation = view_member_of(view_current(w->node[0].core), 3)->incarnation;
	packet.epoch = view_current(w->node[0].core)->epoch - 1;
	views = w->node[0].views;
	deliver(1, &event);
	run(2);
	ck_assert_uint_eq(w->node[0].views, views);
	packet.epoch++;
	deliver(1, &event);
	run(4);
	expect_view(3, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_switch");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, slave_becomes_master);
	tcase_add_test(all, transaction_is_under_way);
	tcase_add_test(all, two_ask);
	tcase_add_test(all, who_is_no_member);
	tcase_add_test(all, who_wants_to_leave);
	tcase_add_test(all, leave_crosses_the_wish);
	tcase_add_test(all, leave_in_a_view_change);
	tcase_add_test(all, joiner_comes_in_between);
	tcase_add_loop_test(all, death_in_the_middle, 0, 4);
	tcase_add_test(all, who_let_go_is_not_made_master);
	tcase_add_test(all, wish_of_an_old_view);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
