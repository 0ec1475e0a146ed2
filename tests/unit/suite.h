/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VX_TESTS_UNIT_SUITE_H
#define VX_TESTS_UNIT_SUITE_H

#include <check.h>

/* The end of each main: runs the suite and frees it. 0 when all passed; CK_VERBOSITY is heeded. */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}

#endif
