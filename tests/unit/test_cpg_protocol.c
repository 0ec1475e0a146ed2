// SPDX-License-Identifier: GPL-2.0-or-later
/* R21: the cluster runs one protocol version, in the small world of cpg_world.h. */
#include <check.h>
#include <string.h>

#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

static void speaks(uint32_t id, uint32_t low, uint32_t high)
{
	w->node[id - 1].proto_min = low;
	w->node[id - 1].proto_max = high;
}

static void three_speak(uint32_t one, uint32_t two, uint32_t three)
{
	speaks(1, 10, one);
	speaks(2, 10, two);
	speaks(3, 10, three);
	for (uint32_t id = 1; id <= 3; id++) {
		boot(id);
	}
	run(4);
	expect_view(1, 3);
}

static uint32_t protocol(void)
{
	return view_current(w->node[0].core)->protocol;
}

static void upgrade(uint32_t at)
{
	struct view_event event = { .type = VE_RECONF, .upgrade = true };

	deliver(at, &event);
	run(4);
}

START_TEST(highest_common)
{
	three_speak(12, 11, 12);
	ck_assert_uint_eq(protocol(), 11);
	ck_assert_uint_eq(view_protocol_common(view_current(w->node[2].core)), 11);
}
END_TEST

/* It is told why, and the members go on without a new view (R22). */
START_TEST(joiner_out_of_range)
{
	uint64_t views;

	three_speak(12, 12, 12);
	views = w->node[1].views;
	speaks(4, 10, 11);
	boot(4);
	run(4);
	ck_assert(w->node[3].gone);
	ck_assert_int_eq(w->node[3].gone_how, VIEW_CLEAN);
	ck_assert_ptr_nonnull(strstr(w->node[3].gone_reason, "protocol version out of range"));
	expect_view(1, 3);
	ck_assert_uint_eq(w->node[1].views, views);
	speaks(4, 11, 13);
	boot(4);
	run(4);
	expect_view(1, 4);
	ck_assert_uint_eq(protocol(), 12);
}
END_TEST

/* Fresh nodes that have nothing in common: the one that begins stays. */
START_TEST(nothing_in_common)
{
	w->always_quorate = true;
	speaks(1, 10, 10);
	speaks(2, 11, 12);
	boot(1);
	boot(2);
	run(4);
	expect_view(1, 1);
	ck_assert_uint_eq(protocol(), 10);
	ck_assert(w->node[1].gone);
}
END_TEST

/* One node after the other gets the newer program; then, and not before, the version is raised. */
START_TEST(rolling_upgrade)
{
	three_speak(11, 11, 11);
	for (uint32_t id = 3; id >= 1; id--) {
		upgrade(2);
		ck_assert_uint_eq(view_current(w->node[1].core)->protocol, 11);
		crash(id);
		fence(id);
		run(6);
		speaks(id, 11, 12);
		boot(id);
		run(6);
	}
	expect_view(3, 3);
	ck_assert_uint_eq(protocol(), 11);
	upgrade(3);
	expect_view(3, 3);
	ck_assert_uint_eq(protocol(), 12);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_protocol");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, highest_common);
	tcase_add_test(all, joiner_out_of_range);
	tcase_add_test(all, nothing_in_common);
	tcase_add_test(all, rolling_upgrade);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
