// SPDX-License-Identifier: GPL-2.0-or-later
/* R22: who may join is asked before anybody stands still, in the small world of cpg_world.h. */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

static void answer(uint32_t at, int error)
{
	struct view_event event = {
		.type = VE_ADMITTED, .token = w->node[at - 1].held, .error = error
	};

	deliver(at, &event);
}

/* Nobody stops, nobody gets a new view; it is out, and told why. */
START_TEST(unfit_one_freezes_nobody)
{
	uint64_t epoch;

	three();
	epoch = view_current(w->node[0].core)->epoch;
	w->node[3].unfit = -VX_E_NODISK;
	for (int i = 0; i < 3; i++) {
		w->node[i].hold = 1u << FX_STOP; /* who is asked to stop does not get on */
	}
	for (int i = 1; i <= 3; i++) {
		boot(4);
		run(2);
		ck_assert(w->node[3].gone && !w->node[3].again);
		ck_assert_int_eq(w->node[3].gone_how, VIEW_CLEAN);
		ck_assert_str_eq(w->node[3].gone_reason, "cannot find disk on slave node");
		expect_view(1, 3);
		ck_assert_uint_eq(view_current(w->node[0].core)->epoch, epoch);
		ck_assert_int_eq(w->node[0].looked, i);
	}
	for (int i = 0; i < 3; i++) {
		w->node[i].hold = 0;
	}
	w->node[3].unfit = 0;
	boot(4);
	run(4);
	expect_view(1, 4);
}
END_TEST

/* The same process left cleanly, and asks again: it is a joiner, and no member that was left behind. */
START_TEST(who_left_asks_again)
{
	struct view_event leave = { .type = VE_LEAVE };
	uint64_t views;

	three();
	deliver(3, &leave);
	run(4);
	expect_view(1, 2);
	views = w->node[0].views;
	w->node[2].unfit = -VX_E_NODISK;
	w->node[2].serial--; /* its pid */
	boot(3);
	run(4);
	ck_assert(w->node[2].gone);
	expect_view(1, 2);
	ck_assert_uint_eq(w->node[0].views, views);
}
END_TEST

START_TEST(reason_that_may_pass)
{
	three();
	w->node[3].unfit = -VX_E_AGAIN;
	boot(4);
	run(2);
	ck_assert(w->node[3].gone && w->node[3].again);
	expect_view(1, 3);
}
END_TEST

/* The answer is late: nobody stands still for it, and what else comes goes on. */
START_TEST(slow_look)
{
	struct view_event reconf = { .type = VE_RECONF };

	three();
	w->node[0].hold = 1u << FX_ADMIT;
	boot(4);
	run(4);
	ck_assert(view_is_settled(w->node[0].core));
	ck_assert_uint_eq(w->node[0].views, 1);
	ck_assert(!w->node[0].timer[VT_ADMIT]); /* it asked: nobody is waited for any more */
	fire(4, VT_MUTE); /* R9: it leaves it to the members, and has nobody fenced who says nothing */
	ck_assert_int_eq(w->asked[1] + w->asked[2] + w->asked[3], 0);
	w->node[0].hold = 0;
	answer(1, 0);
	run(4);
	expect_view(1, 4);

	/* a view for another reason comes first, and takes the joiner in; the answer is void then */
	crash(4);
	fence(4);
	run(6);
	expect_view(1, 3);
	w->node[0].hold = 1u << FX_ADMIT;
	boot(4);
	run(2);
	deliver(2, &reconf);
	run(4);
	expect_view(1, 4);
	answer(1, -VX_E_NODISK);
	run(4);
	expect_view(1, 4);
}
END_TEST

/* An older program does not ask: it is taken in after a while. */
START_TEST(who_does_not_ask)
{
	three();
	w->node[3].silent = true;
	boot(4);
	run(4);
	ck_assert_uint_eq(w->node[0].views, 1);
	fire(1, VT_ADMIT);
	run(4);
	expect_view(1, 4);
	ck_assert_int_eq(w->node[0].looked, 0);
}
END_TEST

/* One may join, the other may not: one view, of which the second one is no member. */
START_TEST(two_at_a_time)
{
	uint64_t views;

	w->always_quorate = true; /* so that two are enough */
	boot(1);
	boot(2);
	run(4);
	expect_view(1, 2);
	views = w->node[0].views;
	w->node[3].unfit = -VX_E_NODISK;
	boot(3);
	boot(4);
	run(6);
	ck_assert(w->node[3].gone);
	expect_view(1, 3);
	ck_assert_uint_eq(w->node[0].views, views + 1);
}
END_TEST

/* The master is lost while it looks: the next one looks itself. */
START_TEST(master_lost_while_it_looks)
{
	three();
	w->node[0].hold = 1u << FX_ADMIT;
	boot(4);
	run(2);
	crash(1);
	fence(1);
	run(8);
	expect_view(2, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_admit");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, unfit_one_freezes_nobody);
	tcase_add_test(all, who_left_asks_again);
	tcase_add_test(all, reason_that_may_pass);
	tcase_add_test(all, slow_look);
	tcase_add_test(all, who_does_not_ask);
	tcase_add_test(all, two_at_a_time);
	tcase_add_test(all, master_lost_while_it_looks);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
