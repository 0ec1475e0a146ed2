// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes that a plex did not take: what is told, how long they wait, what ends them (V7, V8, V37). */
#include "tests/unit/suite.h"
#include "volio_vios.h"

START_TEST(only_the_failed_plex_is_told)
{
	struct volconf *other = hand_conf(2, 0, 0, REGIONS);

	park();
	ck_assert_uint_eq(told, UINT64_C(1) << 10);
	hold(vio[0], VIO_HOLD_CONF);
	other->plex[0].rid = 11; /* what was second is first */
	other->plex[1].rid = 12;
	apply(vio[0], other, false);
	ticks(VX_PARK_MS);
	release(vio[0], VIO_HOLD_CONF);
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(told, UINT64_C(1) << 10);
	ck_assert_uint_eq(ended, 1);
	ck_assert_uint_eq(failed, 0);
}
END_TEST

START_TEST(a_shut_gate_does_not_count)
{
	park();
	ticks(VX_PARK_MS / 2);
	hold(vio[0], VIO_HOLD_CLUSTER);
	ticks(10 * VX_PARK_MS);
	ck_assert_uint_eq(ended, 0);
	told = 0;
	release(vio[0], VIO_HOLD_CLUSTER);
	ticks(VX_PARK_MS / 2 - VX_DRL_TICK_MS);
	ck_assert_uint_eq(ended, 0);
	ck_assert_uint_eq(told, UINT64_C(1) << 10); /* and it is told again */
	ticks(2 * VX_DRL_TICK_MS);
	ck_assert_uint_eq(failed, 1);
}
END_TEST

/* V37: what is parked ends, what comes fails at once and reaches no disk; after a while one tries again. */
START_TEST(writes_fail_for_a_while)
{
	struct lane_call call = { .lane = NULL };
	bool done;

	park();
	ck_assert(submit(vio[0], IO_WRITE, 0, BYTES, false)); /* waits for the range of the first one */
	run(vio[0], &call, gate_run_fail_writes, 0, &done);
	ck_assert(done);
	ck_assert_uint_eq(failed, 2);
	ck_assert(submit(vio[0], IO_WRITE, BYTES, BYTES, false));
	ck_assert_uint_eq(failed, 3);
	ck_assert(submit(vio[0], IO_READ, 0, BYTES, false));
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(ended, 4);
	ck_assert_uint_eq(failed, 3);
	ticks(VX_LOCAL_MS);
	ck_assert(submit(vio[0], IO_WRITE, BYTES, BYTES, false));
	ck_assert_uint_eq(ended, 4);
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(ended, 5);
	ck_assert_uint_eq(failed, 3);
}
END_TEST

/* V8 */
START_TEST(nothing_is_parked_in_a_dead_volume)
{
	struct lane_call call = { .result = -EIO };
	bool done;

	ck_assert(submit(vio[0], IO_WRITE, 0, BYTES, false));
	run(vio[0], &call, gate_run_fail, 0, &done);
	ck_assert(!done);
	hand_end_disk(0, -EIO);
	hand_end_disk(-1, 0);
	ck_assert(done);
	ck_assert_uint_eq(failed, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_parked");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_open, world_close);
	tcase_add_test(all, only_the_failed_plex_is_told);
	tcase_add_test(all, a_shut_gate_does_not_count);
	tcase_add_test(all, writes_fail_for_a_while);
	tcase_add_test(all, nothing_is_parked_in_a_dead_volume);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
