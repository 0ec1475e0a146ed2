// SPDX-License-Identifier: GPL-2.0-or-later
/* cpg/view_proof: which fencing proves that a lost member is off (R6, R5c). */
#include <check.h>
#include <errno.h>

#include "base/timeouts.h"
#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

static bool settled(uint32_t id)
{
	return view_is_settled(w->node[id - 1].core);
}

/* A fencing of the node is under way. */
static void fencing(uint32_t id)
{
	w->fencing[0] = id;
	w->fencing_count = 1;
}

/* It ends: all fencers tell of it. */
static void fencing_ends(uint32_t id)
{
	w->fencing_count = 0;
	fence(id);
}

static void look_again(void)
{
	for (uint32_t id = 1; id <= NODES; id++) {
		fire(id, VT_LOOK);
	}
}

/* R6: a fencing of the life before, whose end is told when its node has joined again */
START_TEST(fencing_that_ends_late_is_no_proof)
{
	fencing(3);
	three();
	fencing_ends(3);
	crash(3);
	run(6);
	ck_assert(!settled(1));
	look_again();
	run(2);
	ck_assert(!settled(1));
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R6: as long as a fencing is under way it is looked again, then the next one counts */
START_TEST(look_is_taken_again)
{
	int looks;

	fencing(3);
	three();
	looks = w->node[0].looks;
	look_again();
	ck_assert_int_eq(w->node[0].looks, looks + 1);
	fencing_ends(3);
	look_again();
	look_again(); /* nobody is blind any more */
	ck_assert_int_eq(w->node[0].looks, looks + 2);
	crash(3);
	fence(3);
	run(6);
	expect_view(1, 2);
}
END_TEST

/* R6: nothing is known as long as the fencer does not answer; views are made nevertheless */
START_TEST(fencer_that_does_not_answer)
{
	for (uint32_t id = 1; id <= 2; id++) {
		boot(id);
		w->node[id - 1].fencer_error = -ENOTCONN;
	}
	run(4);
	expect_view(1, 2);
	boot(3);
	run(4);
	expect_view(1, 3);
	fence(3); /* heard, but before the look */
	crash(3);
	run(6);
	ck_assert(!settled(1));
	w->node[0].fencer_error = 0;
	look_again();
	run(2);
	ck_assert(!settled(1));
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R6: an answer to a look that was taken before the node joined */
START_TEST(look_from_before_is_void)
{
	struct view_event looked = { .type = VE_LOOKED };

	w->always_quorate = true;
	boot(1);
	w->node[0].hold = 1u << FX_LOOK;
	boot(2);
	run(4);
	looked.token = w->node[0].held;
	boot(3);
	run(4);
	expect_view(1, 3);
	deliver(1, &looked); /* counts for node 2, not for node 3: asked again */
	ck_assert_uint_ne(w->node[0].held, looked.token);
	crash(3);
	fence(3);
	run(4);
	ck_assert(!settled(1));
	w->node[0].hold = 0;
	looked.token = w->node[0].held;
	deliver(1, &looked);
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R6: one life was fenced, the next one is not */
START_TEST(fencing_of_another_life)
{
	three();
	crash(3);
	fence(3);
	run(4);
	expect_view(1, 2);
	boot(3);
	run(4);
	expect_view(1, 3);
	crash(3);
	run(4);
	ck_assert(!settled(1));
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R6: a node that says HELLO after a fencing was told lives on */
START_TEST(hello_after_a_fencing)
{
	three();
	fence(3);
	boot(4);
	run(4);
	expect_view(1, 4);
	crash(3);
	run(4);
	ck_assert(!settled(1));
	fence(3);
	run(4);
	expect_view(1, 3);
}
END_TEST

/* R6: after it was apart a fencer asks the others, for each look that was not answered again */
START_TEST(fencer_that_was_apart)
{
	struct view_event lost = { .type = VE_FENCER_LOST };
	int apart;

	three();
	apart = w->node[0].apart;
	ck_assert_int_eq(apart, 1); /* it was never heard before */
	deliver(1, &lost);
	ck_assert_int_eq(w->node[0].apart, apart); /* nobody to look for */
	w->node[0].fencer_error = -ENOTCONN;
	boot(4);
	run(4);
	ck_assert_int_eq(w->node[0].apart, apart + 1);
	w->node[0].fencer_error = 0;
	fire(1, VT_LOOK);
	ck_assert_int_eq(w->node[0].apart, apart + 2);
	crash(4);
	fence(4);
	run(4);
	expect_view(1, 3);
	ck_assert_int_eq(w->node[0].apart, apart + 2);
}
END_TEST

/* R6: a fencer that is lost while a look is under way */
START_TEST(fencer_is_lost_in_a_look)
{
	struct view_event lost = { .type = VE_FENCER_LOST };
	struct view_event looked = { .type = VE_LOOKED };

	three();
	w->node[0].hold = 1u << FX_LOOK;
	boot(4);
	run(4);
	looked.token = w->node[0].held;
	deliver(1, &lost);
	deliver(1, &looked);
	crash(4);
	fence(4);
	run(4);
	ck_assert(!settled(1));
}
END_TEST

/* R5b, R6: what a view was made without is proven, also for who never saw it */
START_TEST(leaver_of_a_view_is_proven)
{
	w->always_quorate = true;
	three();
	w->node[1].hold = 1u << FX_STEP; /* the next view does not settle, so its leaver stays */
	crash(3);
	fence(3);
	boot(4);
	run(4);
	ck_assert_uint_eq(view_current(w->node[3].core)->leaver_count, 1);
	crash(1);
	crash(2);
	fence(1);
	fence(2);
	run(6);
	expect_view(4, 1);
	ck_assert_uint_eq(view_current(w->node[3].core)->leaver_count, 3);
}
END_TEST

/* R5c: the second survey names one more, who is not proven off */
START_TEST(second_survey_names_another)
{
	struct view_event surveyed = { .type = VE_SURVEYED };

	w->always_quorate = true;
	w->durable[0] = (struct view_member){ .nodeid = 3, .nid = 2, .incarnation = 77 };
	w->durable_count = 1;
	w->disk_epoch = 0x500;
	boot(1);
	run(4);
	ck_assert(!settled(1));
	w->node[0].hold = 1u << FX_SURVEY;
	fence(3);
	surveyed.token = w->node[0].held;
	surveyed.max_epoch = w->disk_epoch;
	w->durable[1] = (struct view_member){ .nodeid = 4, .nid = 3, .incarnation = 78 };
	w->durable_count = 2;
	surveyed.durable = w->durable;
	surveyed.durable_count = w->durable_count;
	w->node[0].hold = 0;
	deliver(1, &surveyed);
	run(4);
	ck_assert(!settled(1));
	fence(4);
	run(4);
	expect_view(1, 1);
	ck_assert_uint_eq(view_current(w->node[0].core)->leaver_count, 2);
}
END_TEST

/* R6: Pacemaker is asked after a look: not while a fencing is under way */
START_TEST(asked_after_a_look)
{
	three();
	crash(3);
	run(4);
	fencing(3);
	fire(1, VT_ASK);
	ck_assert_int_eq(w->asked[3], 0);
	w->fencing_count = 0; /* it failed */
	fire(1, VT_ASK);
	ck_assert_int_eq(w->asked[3], 1);
	ck_assert_int_eq(w->told, 0);
	fire(1, VT_ASK);
	ck_assert_int_eq(w->told, 1);
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R6: the originator of what is under way is gone: nobody will tell its end */
START_TEST(fencing_that_is_stuck)
{
	three();
	crash(3);
	run(4);
	fencing(3);
	for (int i = 1; i < VX_FENCE_STUCK_MS / VX_FENCE_LOOK_MS; i++) {
		fire(1, VT_ASK);
	}
	ck_assert_int_eq(w->asked[3], 0);
	fire(1, VT_ASK);
	ck_assert_int_eq(w->asked[3], 1);
	ck_assert_int_eq(w->told, 1); /* the fencer itself: it gives the stuck one up */
	fire(1, VT_ASK);
	ck_assert_int_eq(w->asked[3], 1);
	fencing_ends(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R11: who was fenced while it hangs is not fenced again: Corosync will tell its loss */
START_TEST(mute_and_fenced)
{
	three();
	w->node[2].cut = true;
	boot(4);
	run(2);
	fence(3);
	fire(1, VT_MUTE);
	ck_assert_int_eq(w->asked[3], 0);
	crash(3);
	run(4);
	expect_view(1, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_proof");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, fencing_that_ends_late_is_no_proof);
	tcase_add_test(all, look_is_taken_again);
	tcase_add_test(all, fencer_that_does_not_answer);
	tcase_add_test(all, look_from_before_is_void);
	tcase_add_test(all, fencing_of_another_life);
	tcase_add_test(all, hello_after_a_fencing);
	tcase_add_test(all, fencer_that_was_apart);
	tcase_add_test(all, fencer_is_lost_in_a_look);
	tcase_add_test(all, leaver_of_a_view_is_proven);
	tcase_add_test(all, second_survey_names_another);
	tcase_add_test(all, asked_after_a_look);
	tcase_add_test(all, fencing_that_is_stuck);
	tcase_add_test(all, mute_and_fenced);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
