// SPDX-License-Identifier: GPL-2.0-or-later
/* Activation modes: the matrix of the original, names, who may have what. */
#include "tests/unit/suite.h"
#include "vxconfigd/activation.h"

#include <check.h>

#include "base/errors.h"

#define OFF VX__ACTIVATION__ACT_OFF
#define SR VX__ACTIVATION__ACT_SR
#define RO VX__ACTIVATION__ACT_RO
#define SW VX__ACTIVATION__ACT_SW
#define EW VX__ACTIVATION__ACT_EW

START_TEST(matrix)
{
	static const Vx__Activation mode[] = { EW, RO, SR, SW, OFF };
	static const bool succeeds[5][5] = {
		/* asked here: ew ro sr sw off; a row for each held elsewhere */
		{ false, false, true, false, true }, { false, true, true, false, true },
		{ true, true, true, true, true },    { false, false, true, true, true },
		{ true, true, true, true, true },
	};

	for (size_t held = 0; held < 5; held++) {
		for (size_t asked = 0; asked < 5; asked++) {
			ck_assert_int_eq(activation_conflicts(mode[held], mode[asked]),
					 !succeeds[held][asked]);
			ck_assert_int_eq(activation_conflicts(mode[held], mode[asked]),
					 activation_conflicts(mode[asked], mode[held]));
		}
	}
}
END_TEST

START_TEST(each_node_against_all_others)
{
	struct activation_map map = { .count = 0 };
	uint32_t other = 0;

	activation_set(&map, 1, SW);
	activation_set(&map, 2, SR);
	ck_assert_int_eq(activation_check(&map, 3, EW, &other), -VX_E_BUSY);
	ck_assert_uint_eq(other, 1);
	ck_assert_int_eq(activation_check(&map, 3, SW, &other), 0);
	ck_assert_int_eq(activation_check(&map, 1, EW, &other), 0); /* not against its own */
	ck_assert_int_eq(activation_get(&map, 9), OFF);
	ck_assert(!activation_admit(&map, 3, RO));
	ck_assert_int_eq(activation_get(&map, 3), OFF);
	ck_assert(activation_admit(&map, 3, SW));
	activation_set(&map, 1, OFF);
	activation_set(&map, 3, OFF);
	ck_assert(activation_admit(&map, 2, EW));
}
END_TEST

/* A newer program may propose a mode that this one does not know. */
START_TEST(an_unknown_mode_is_refused)
{
	const Vx__Activation unknown = (Vx__Activation)(EW + 1);
	struct activation_map map = { .count = 0 };
	uint32_t other = 0;

	ck_assert_int_eq(activation_check(&map, 3, unknown, &other), -VX_E_VERSION);
	activation_set(&map, 1, SW);
	ck_assert_int_eq(activation_check(&map, 3, unknown, &other), -VX_E_VERSION);
	ck_assert_int_eq(activation_check(&map, 1, (Vx__Activation)-1, &other), -VX_E_VERSION);
	ck_assert(!activation_admit(&map, 3, unknown));
	ck_assert_int_eq(activation_get(&map, 3), OFF);
}
END_TEST

START_TEST(names)
{
	static const char *const words[] = { "ew", "exclusivewrite", "exclusive-write" };
	Vx__Activation mode = OFF;

	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(activation_parse(words[i], &mode), 0);
		ck_assert_int_eq(mode, EW);
	}
	ck_assert_int_eq(activation_parse("sharedwrite", &mode), 0);
	ck_assert_str_eq(activation_name(mode), "shared-write");
	ck_assert_int_eq(activation_parse("off", &mode), 0);
	ck_assert_int_eq(activation_parse("", &mode), -VX_E_SYNTAX);
	ck_assert_int_eq(activation_parse("shared", &mode), -VX_E_SYNTAX);
	ck_assert_int_eq(activation_parse("shared-writer", &mode), -VX_E_SYNTAX);
}
END_TEST

START_TEST(a_mode_of_a_newer_version_is_none)
{
	struct activation_map map = { .count = 0 };

	activation_set(&map, 1, (Vx__Activation)17);
	ck_assert_int_eq(activation_get(&map, 1), OFF);
	ck_assert(!activation_admit(&map, 1, (Vx__Activation)17));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("activation");
	TCase *tcase = tcase_create("activation");

	tcase_add_test(tcase, matrix);
	tcase_add_test(tcase, each_node_against_all_others);
	tcase_add_test(tcase, an_unknown_mode_is_refused);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, a_mode_of_a_newer_version_is_none);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
