// SPDX-License-Identifier: GPL-2.0-or-later
/* After a killed vxiod (V29): a disk that cannot be looked at counts as one with I/O in flight. */
#include "tests/unit/suite.h"
#include "volio/settle.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/unit/temp.h"

#define LIMIT_MS 10000

static char folder[TEMP_PATH_MAX], list[PATH_MAX], disk[PATH_MAX], reason[VX_REASON_MAX];

static void named(const char *first, const char *second)
{
	FILE *file = fopen(list, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s\n%s\n", first, second);
	ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
	FILE *file;

	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(setenv("VXHA_RUN_DIR", folder, 1), 0);
	settle_list_path(list, sizeof(list));
	snprintf(disk, sizeof(disk), "%s/d1", folder);
	file = fopen(disk, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(nothing_was_left)
{
	ck_assert_int_eq(settle_run(LIMIT_MS, reason), 0);
}
END_TEST

START_TEST(all_io_is_over)
{
	named(disk, disk);
	ck_assert_int_eq(settle_run(LIMIT_MS, reason), 0);
	ck_assert_int_ne(access(list, F_OK), 0);
}
END_TEST

START_TEST(a_disk_is_not_there)
{
	char gone[PATH_MAX];

	snprintf(gone, sizeof(gone), "%s/gone", folder);
	named(gone, disk);
	ck_assert_int_eq(settle_run(LIMIT_MS, reason), -ENOENT);
	ck_assert_ptr_nonnull(strstr(reason, gone));
	ck_assert_int_eq(access(list, F_OK), 0); /* asked again, the same answer */
	ck_assert_int_eq(settle_run(LIMIT_MS, reason), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_settle");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, NULL);
	tcase_add_test(all, nothing_was_left);
	tcase_add_test(all, all_io_is_over);
	tcase_add_test(all, a_disk_is_not_there);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
