// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustd leaves on the node's disk. */
#include "cpg/store.h"
#include "tests/unit/suite.h"
#include "tests/unit/temp.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[TEMP_PATH_MAX];

static void setup(void)
{
	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	setenv("VXHA_STATE_DIR", folder, 1);
}

static void teardown(void)
{
	char command[TEMP_PATH_MAX + 32];

	snprintf(command, sizeof(command), "/bin/rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* "" when there is no file. */
static const char *last_reason(void)
{
	static char line[VX_REASON_MAX];
	FILE *file = fopen("last-reason", "r");

	line[0] = '\0';
	if (file != NULL) {
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
		fclose(file);
	}
	return line;
}

START_TEST(comes_back)
{
	struct store store = { .last_epoch = 0x700, .preference = -3 }, back;

	ck_assert_int_eq(store_read(&back), 0);
	ck_assert_uint_eq(back.last_epoch, 0);
	ck_assert_int_eq(store_write(&store), 0);
	ck_assert_int_eq(store_read(&back), 0);
	ck_assert_uint_eq(back.last_epoch, 0x700);
	ck_assert_int_eq(back.preference, -3);
}
END_TEST

/* It tells of the last leave: a node that joined again has none until it leaves. */
START_TEST(reason_is_the_present_one)
{
	struct store store = { .last_epoch = 1 };

	ck_assert_int_eq(store_write(&store), 0);
	ck_assert_str_eq(last_reason(), "");
	snprintf(store.reason, sizeof(store.reason), "user initiated stop");
	ck_assert_int_eq(store_write(&store), 0);
	ck_assert_str_eq(last_reason(), "user initiated stop\n");
	store.reason[0] = '\0';
	ck_assert_int_eq(store_write(&store), 0); /* out of the cluster: a preference was set */
	ck_assert_str_eq(last_reason(), "user initiated stop\n");
	store.joined = true;
	ck_assert_int_eq(store_write(&store), 0);
	ck_assert_str_eq(last_reason(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_store");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, comes_back);
	tcase_add_test(all, reason_is_the_present_one);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
