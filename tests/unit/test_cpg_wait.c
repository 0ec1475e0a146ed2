// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core in a small world (cpg_world.h): what it waits for, and what not (R7, R11). */
#include <check.h>

#include "base/errors.h"
#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

/* Three nodes whose first view waits for the answer to an effect on node 2: what was held back. */
static struct view_event three_wait_for(enum view_effect_type effect, enum view_event_type answer)
{
	for (uint32_t id = 1; id <= 3; id++) {
		boot(id);
	}
	w->node[1].hold = 1u << effect;
	run(4);
	ck_assert(view_is_open(w->node[1].core) && !view_is_settled(w->node[1].core));
	return (struct view_event){ .type = answer, .token = w->node[1].held };
}

/* R7: no client knows a view, and none of its steps runs, before its epoch is on the node's disk */
START_TEST(steps_wait_for_the_stored_epoch)
{
	struct view_event stored = three_wait_for(FX_STORE, VE_STORED);

	ck_assert(!view_is_stored(w->node[1].core));
	ck_assert_uint_eq(w->node[1].views, 0);
	ck_assert_int_eq(w->node[1].steps[STEP_ROLE], 0);
	ck_assert_int_eq(w->node[0].steps[STEP_ROLE], 1);
	ck_assert_int_eq(w->node[0].steps[STEP_CONFIG], 0);
	deliver(2, &stored);
	run(1);
	ck_assert_uint_eq(w->node[1].views, 1);
	expect_view(1, 3);
}
END_TEST

/* R7, R10: what is stored for a view that is over begins nothing */
START_TEST(store_of_a_view_that_is_over)
{
	struct view_event stored = three_wait_for(FX_STORE, VE_STORED);

	crash(3);
	run(2);
	deliver(2, &stored); /* the view is closed */
	ck_assert_uint_eq(w->node[1].views, 0);
	fence(3);
	run(4);
	deliver(2, &stored); /* the next one waits for its own */
	run(1);
	ck_assert_uint_eq(w->node[1].views, 0);
	ck_assert_int_eq(w->node[1].steps[STEP_ROLE], 0);
	stored.token = w->node[1].held;
	deliver(2, &stored);
	run(1);
	expect_view(1, 2);
}
END_TEST

/* R10: what a step of the view before still answers does not count for the next view */
START_TEST(late_step_of_the_view_before)
{
	struct view_event stepped = three_wait_for(FX_STEP, VE_STEPPED);
	struct view_event stored = { .type = VE_STORED };

	w->node[1].hold = 1u << FX_STORE;
	crash(3);
	fence(3);
	run(4);
	ck_assert(view_is_open(w->node[1].core));
	deliver(2, &stepped);
	run(1);
	ck_assert_int_eq(w->node[0].steps[STEP_CONFIG], 0);
	stored.token = w->node[1].held;
	deliver(2, &stored);
	run(1);
	expect_view(1, 2);
}
END_TEST

/* R7: a node whose disk does not take the epoch aborts */
START_TEST(epoch_cannot_be_stored)
{
	struct view_event stored = three_wait_for(FX_STORE, VE_STORED);

	stored.error = -VX_E_DISKIO;
	stored.reason = "disk full";
	deliver(2, &stored);
	run(4);
	ck_assert_int_eq(w->node[1].gone_how, VIEW_ABORTED);
	ck_assert_str_eq(w->node[1].gone_reason, "disk full");
	expect_view(1, 2);
}
END_TEST

static const struct {
	enum view_effect_type effect;
	enum view_event_type answer;
} asked[] = {
	{ FX_SURVEY, VE_SURVEYED },
	{ FX_CLAIM, VE_CLAIMED },
	{ FX_STORE, VE_STORED },
	{ FX_STEP, VE_STEPPED },
};

/* R11: what was asked for a round or a view that is over is not waited for */
START_TEST(what_is_over_is_not_awaited)
{
	struct world_node *master = &w->node[0];
	uint64_t first;

	w->always_quorate = true;
	boot(1);
	boot(2);
	run(4);
	master->hold = 1u << asked[_i].effect;
	boot(3);
	run(4);
	first = master->held;
	ck_assert(view_awaits(master->core, first));
	crash(3);
	fence(3);
	run(4);
	ck_assert(!view_awaits(master->core, first));
	ck_assert_uint_ne(master->held, first);
	ck_assert(view_awaits(master->core, master->held));
	master->hold = 0;

	struct view_event answer = { .type = asked[_i].answer, .token = master->held };

	deliver(1, &answer);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* Node 3 hangs: it is a member of the group, but hears and says nothing. A fourth one joins. */
static void three_of_which_one_hangs(void)
{
	three();
	w->node[2].cut = true;
	boot(4);
	run(2);
	ck_assert(!view_is_settled(w->node[0].core));
	ck_assert_int_eq(w->asked[3], 0);
}

/* R11: a member that says nothing hangs, and is fenced after the first VX_MUTE_MS */
START_TEST(mute_member_is_fenced)
{
	three_of_which_one_hangs();
	fire(1, VT_MUTE);
	fire(2, VT_MUTE); /* only the coordinator asks */
	ck_assert_int_eq(w->asked[3], 1);
	ck_assert_int_eq(w->asked[1] + w->asked[2] + w->asked[4], 0);
	ck_assert_int_eq(w->told, 0);
	for (uint32_t id = 1; id <= 4; id++) {
		fire(id, VT_BUSY);
	}
	run_bus();
	fire(1, VT_MUTE); /* still there: the fencer itself is told */
	ck_assert_int_eq(w->asked[3], 2);
	ck_assert_int_eq(w->told, 1);
	crash(3);
	fence(3);
	run(4);
	expect_view(1, 3);
}
END_TEST

/* R11: a slow one that says BUSY is not mute */
START_TEST(slow_member_is_not_mute)
{
	three();
	w->node[2].hold = 1u << FX_STOP;
	boot(4);
	run(2);
	for (int i = 0; i < 3; i++) {
		fire(3, VT_BUSY);
		run_bus();
		fire(1, VT_MUTE);
		fire(1, VT_BUSY);
		run_bus();
	}
	ck_assert_int_eq(w->asked[3], 0);
	ck_assert(!view_is_settled(w->node[0].core));
	fire(1, VT_MUTE); /* now it says nothing more */
	ck_assert_int_eq(w->asked[3], 1);
}
END_TEST

/* R11: who does not hear its own words does not judge others */
START_TEST(deaf_coordinator_does_not_judge)
{
	three();
	boot(4);
	advance(1); /* sees the joiner: prestop, RSTART sent; hears nothing of its own */
	w->node[0].cut = true;
	fire(1, VT_MUTE);
	ck_assert_int_eq(w->asked[1] + w->asked[2] + w->asked[3] + w->asked[4], 0);
}
END_TEST

/* R11: a coordinator that hangs is given up; the next one begins and has it fenced */
START_TEST(mute_coordinator_is_given_up)
{
	three();
	boot(4);
	advance(4);
	advance(1);
	advance(1); /* hears the joiner's ASK: RSTART is on the bus */
	w->node[0].cut = true;
	run(1);
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_BUSY);
	}
	run_bus();
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_MUTE); /* its RSTART was heard, as a sign of life */
	}
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_BUSY);
	}
	run_bus();
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_MUTE);
	}
	run(1);
	fire(2, VT_MUTE);
	ck_assert_int_eq(w->asked[1], 1);
	crash(1);
	fence(1);
	run(4);
	expect_view(2, 3);
}
END_TEST

/* R3, R11: one that was given up and goes on before anybody else began: its NEWVIEW counts, for all */
START_TEST(given_up_coordinator_goes_on)
{
	struct view_event surveyed = { .type = VE_SURVEYED };

	three();
	boot(4);
	w->node[0].hold = 1u << FX_SURVEY;
	run(1);
	for (int times = 0; times < 2; times++) {
		for (uint32_t id = 2; id <= 4; id++) {
			fire(id, VT_BUSY);
		}
		run_bus();
		for (uint32_t id = 2; id <= 4; id++) {
			fire(id, VT_MUTE);
		}
	}
	surveyed.token = w->node[0].held;
	w->node[0].hold = 0;
	deliver(1, &surveyed);
	run(4);
	expect_view(1, 4);
}
END_TEST

/* R11: a member that hangs in a step is fenced too, by the first that is not mute itself */
START_TEST(mute_member_in_a_step)
{
	three();
	boot(4);
	while (!view_is_open(w->node[0].core) || view_is_settled(w->node[0].core)) {
		ck_assert_int_gt(advance(1) + advance(2) + advance(3) + advance(4), 0);
	}
	w->node[0].cut = true;
	run_bus();
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_BUSY);
	}
	run_bus();
	for (uint32_t id = 2; id <= 4; id++) {
		fire(id, VT_MUTE);
	}
	ck_assert_int_eq(w->asked[1], 1);
	ck_assert_int_eq(w->asked[2] + w->asked[3] + w->asked[4], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_wait");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, steps_wait_for_the_stored_epoch);
	tcase_add_test(all, store_of_a_view_that_is_over);
	tcase_add_test(all, late_step_of_the_view_before);
	tcase_add_test(all, epoch_cannot_be_stored);
	tcase_add_loop_test(all, what_is_over_is_not_awaited, 0, VX_COUNT_OF(asked));
	tcase_add_test(all, mute_member_is_fenced);
	tcase_add_test(all, slow_member_is_not_mute);
	tcase_add_test(all, deaf_coordinator_does_not_judge);
	tcase_add_test(all, mute_coordinator_is_given_up);
	tcase_add_test(all, given_up_coordinator_goes_on);
	tcase_add_test(all, mute_member_in_a_step);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
