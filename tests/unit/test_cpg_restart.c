// SPDX-License-Identifier: GPL-2.0-or-later
/* How often something that died is started again. */
#include "cpg/restart.h"

#include <check.h>

#include "base/limits.h"
#include "base/timeouts.h"
#include "tests/unit/suite.h"

#define START 1000000u /* the clock begins anywhere */

START_TEST(each_time_later_and_then_not_any_more)
{
	struct restart restart = { 0 };
	uint64_t now = START;

	for (int i = 0; i < VX_CONFIGD_STARTS_MAX; i++) {
		ck_assert_int_eq(restart_wait_ms(&restart, now), 0);
		restart_note(&restart, now);
		if (i + 1 < VX_CONFIGD_STARTS_MAX) {
			ck_assert_int_eq(restart_wait_ms(&restart, now), VX_CONFIGD_START_MS << i);
			now += (uint64_t)VX_CONFIGD_START_MS << i;
			ck_assert_int_eq(restart_wait_ms(&restart, now - 1), 1);
		}
	}
	ck_assert_int_lt(restart_wait_ms(&restart, now), 0);
	ck_assert_int_lt(restart_wait_ms(&restart, START + VX_CONFIGD_STARTS_MS - 1), 0);
	ck_assert_int_eq(restart_wait_ms(&restart, START + VX_CONFIGD_STARTS_MS), 0);
}
END_TEST

START_TEST(now_and_then_is_not_too_often)
{
	struct restart restart = { 0 };

	for (uint64_t now = START; now < START + 20u * VX_CONFIGD_STARTS_MS;
	     now += VX_CONFIGD_STARTS_MS / (VX_CONFIGD_STARTS_MAX - 1)) {
		ck_assert_int_eq(restart_wait_ms(&restart, now), 0);
		restart_note(&restart, now);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_restart");
	TCase *all = tcase_create("all");

	tcase_add_test(all, each_time_later_and_then_not_any_more);
	tcase_add_test(all, now_and_then_is_not_too_often);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
