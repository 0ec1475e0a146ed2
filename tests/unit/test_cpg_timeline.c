// SPDX-License-Identifier: GPL-2.0-or-later
/* The ring of the last reconfigurations: what their times are said to be. */
#include "cpg/timeline.h"
#include "tests/unit/suite.h"

#include <check.h>

#define MS UINT64_C(1000)

static struct timeline line;
static Vx__AdmState state;

static void setup(void)
{
	line = (struct timeline){ 0 };
	vx__adm_state__init(&state);
}

static void teardown(void)
{
	timeline_reports_free(&state);
}

static const Vx__Reconf *last(uint64_t now_us)
{
	timeline_reports_free(&state);
	timeline_reports_make(&line, now_us, &state);
	ck_assert_uint_gt(state.n_reconf, 0);
	return state.reconf[state.n_reconf - 1];
}

static uint64_t step_us(const Vx__Reconf *reconf, enum step step)
{
	for (size_t i = 0; i < reconf->n_step; i++) {
		if (reconf->step[i]->step == (Vx__Step)step) {
			return reconf->step[i]->us;
		}
	}
	ck_abort_msg("no step %d", (int)step);
}

START_TEST(one_is_told_when_it_ended)
{
	const Vx__Reconf *reconf;

	timeline_begin(&line, "c lost", 1000 * MS, 77);
	timeline_step(&line, STEP_FENCE, 1010 * MS);
	timeline_step(&line, STEP_ROLE, 2010 * MS);
	timeline_end(&line, 0x200, 2015 * MS);
	reconf = last(9000 * MS);
	ck_assert(reconf->done);
	ck_assert_uint_eq(reconf->epoch, 0x200);
	ck_assert_uint_eq(reconf->wall_ms, 77);
	ck_assert_uint_eq(reconf->freeze_ms, 1015);
	ck_assert_uint_eq(reconf->fence_ms, 1000);
	ck_assert_uint_eq(reconf->quorum_ms, 0);
	ck_assert_uint_eq(reconf->own_ms, 15);
	ck_assert_uint_eq(step_us(reconf, STEP_STOP), 10 * MS);
	ck_assert_uint_eq(step_us(reconf, STEP_ROLE), 5 * MS);
}
END_TEST

START_TEST(one_that_runs_is_told_up_to_now)
{
	const Vx__Reconf *reconf;

	timeline_begin(&line, "c lost", 1000 * MS, 77);
	timeline_step(&line, STEP_FENCE, 1010 * MS);
	reconf = last(1500 * MS);
	ck_assert(!reconf->done);
	ck_assert_uint_eq(reconf->freeze_ms, 500);
	ck_assert_uint_eq(reconf->fence_ms, 490);
	ck_assert_uint_eq(step_us(reconf, STEP_FENCE), 490 * MS);
	timeline_begin(&line, "again", 1600 * MS, 78); /* the same freeze goes on */
	reconf = last(1700 * MS);
	ck_assert_uint_eq(state.n_reconf, 1);
	ck_assert_uint_eq(reconf->freeze_ms, 700);
	ck_assert_uint_eq(step_us(reconf, STEP_STOP), 110 * MS);
}
END_TEST

START_TEST(time_without_quorum_is_not_its_own)
{
	const Vx__Reconf *reconf;

	timeline_begin(&line, "b, c lost", 1000 * MS, 77);
	timeline_quorum(&line, false, 1100 * MS);
	timeline_quorum(&line, false, 1200 * MS); /* said again with the next ring */
	ck_assert_uint_eq(last(1300 * MS)->quorum_ms, 200);
	timeline_quorum(&line, true, 3100 * MS);
	timeline_quorum(&line, true, 3150 * MS);
	timeline_step(&line, STEP_FENCE, 3200 * MS);
	timeline_step(&line, STEP_ROLE, 3700 * MS);
	timeline_end(&line, 0x200, 3710 * MS);
	reconf = last(9000 * MS);
	ck_assert_uint_eq(reconf->quorum_ms, 2000);
	ck_assert_uint_eq(reconf->fence_ms, 500);
	ck_assert_uint_eq(reconf->own_ms, 2710 - 2500);
}
END_TEST

START_TEST(quorum_that_was_lost_before_counts_from_the_begin)
{
	timeline_quorum(&line, false, 500 * MS);
	timeline_begin(&line, "b, c lost", 1000 * MS, 77);
	timeline_quorum(&line, true, 1400 * MS);
	timeline_end(&line, 0x200, 1500 * MS);
	ck_assert_uint_eq(last(2000 * MS)->quorum_ms, 400);
	timeline_quorum(&line, false, 2100 * MS);
	ck_assert_uint_eq(last(2200 * MS)->quorum_ms, 400); /* that one has ended */
}
END_TEST

START_TEST(the_last_ones_are_kept)
{
	for (uint64_t i = 1; i <= TIMELINE_LENGTH + 3; i++) {
		timeline_begin(&line, "asked for", i * 100 * MS, i);
		timeline_end(&line, i, (i * 100 + 1) * MS);
	}
	ck_assert_uint_eq(last(9000 * MS)->epoch, TIMELINE_LENGTH + 3);
	ck_assert_uint_eq(state.n_reconf, TIMELINE_LENGTH);
	ck_assert_uint_eq(state.reconf[0]->epoch, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_timeline");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, one_is_told_when_it_ended);
	tcase_add_test(all, one_that_runs_is_told_up_to_now);
	tcase_add_test(all, time_without_quorum_is_not_its_own);
	tcase_add_test(all, quorum_that_was_lost_before_counts_from_the_begin);
	tcase_add_test(all, the_last_ones_are_kept);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
