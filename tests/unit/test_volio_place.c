// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be in the way of a device, what is taken away, and above all what is not. */
#include "tests/unit/suite.h"
#include "volio/place.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "tests/unit/temp.h"

static char root[TEMP_PATH_MAX], path[TEMP_PATH_MAX + 32], reason[VX_REASON_MAX];

static void setup(void)
{
	temp_template(root);
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/dsk/data/vol1", root);
	umask(022);
}

static void teardown(void)
{
	char command[TEMP_PATH_MAX + 32];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

/* sh, in the folder root, with P as the place. */
static int sh(const char *line)
{
	char command[TEMP_PATH_MAX + 512];

	snprintf(command, sizeof(command), "cd %s && P=dsk/data/vol1 && { %s; }", root, line);
	return system(command);
}

START_TEST(nothing_is_there)
{
	ck_assert_int_eq(place_check(root, path, reason), 0);
	ck_assert_int_ne(sh("test -e dsk"), 0);
	ck_assert_int_eq(place_make(root, path, reason), 0);
	ck_assert_int_eq(sh("test -f $P && ! test -s $P"), 0);
	/* its own empty file, also of a vxiod that was killed, is in nobody's way */
	ck_assert_int_eq(place_check(root, path, reason), 0);
	ck_assert_int_eq(place_make(root, path, reason), 0);
	place_remove(path);
	ck_assert_int_ne(sh("test -e dsk/data"), 0);
}
END_TEST

static const struct {
	const char *make, *where, *what, *still;
} obstacles[] = {
	{ "mkdir -p $P", "/dsk/data/vol1: ", "a folder is in the way", "test -d $P" },
	{ "mkdir -p $P; touch $P/x", "/dsk/data/vol1: ", "a folder", "test -f $P/x" },
	{ "mkdir -p dsk/data; echo precious >$P", "/dsk/data/vol1: ", "a file",
	  "grep -q precious $P" },
	{ "mkdir -p dsk/data; touch $P", "/dsk/data/vol1: ", "a file", "test -f $P" },
	{ "mkdir -p dsk/data; touch $P; chmod 600 $P; ln $P other", "/dsk/data/vol1: ", "a file",
	  "test -f $P" },
	{ "mkdir -p dsk/data; echo precious >other; ln -s $PWD/other $P",
	  "/dsk/data/vol1: ", "a symbolic link", "grep -q precious other && test -L $P" },
	{ "mkdir -p dsk/data; ln -s / $P", "/dsk/data/vol1: ", "a symbolic link", "test -L $P" },
	{ "mkdir -p dsk/data; mkfifo $P", "/dsk/data/vol1: ", "a socket or pipe", "test -p $P" },
	{ "mkdir dsk; echo precious >dsk/data", "/dsk/data: ", "a file", "test -s dsk/data" },
	{ "mkdir dsk other; ln -s ../other dsk/data", "/dsk/data: ", "a symbolic link",
	  "test -L dsk/data" },
	{ "touch dsk", "/dsk: ", "a file", "test -f dsk" },
};

START_TEST(something_is_in_the_way)
{
	char start[256];

	ck_assert_int_eq(sh(obstacles[_i].make), 0);
	snprintf(start, sizeof(start), "%s%s%s", root, obstacles[_i].where, obstacles[_i].what);
	for (int i = 0; i < 2; i++) {
		reason[0] = '\0';
		ck_assert_int_eq(i == 0 ? place_check(root, path, reason)
					: place_make(root, path, reason),
				 -VX_E_EXISTS);
		ck_assert_msg(strncmp(reason, start, strlen(start)) == 0, "%s", reason);
		place_remove(path); /* whatever is asked for: it is not ours */
		ck_assert_int_eq(sh(obstacles[_i].still), 0);
	}
}
END_TEST

START_TEST(a_link_that_leads_nowhere_goes)
{
	ck_assert_int_eq(sh("mkdir -p dsk/data; ln -s gone $P"), 0);
	ck_assert_int_eq(place_check(root, path, reason), 0);
	ck_assert_int_ne(sh("test -L $P"), 0);
	ck_assert_int_eq(sh("ln -s gone $P"), 0);
	ck_assert_int_eq(place_make(root, path, reason), 0);
	ck_assert_int_eq(sh("test -f $P && ! test -L $P"), 0);
}
END_TEST

START_TEST(a_folder_that_others_use_stays)
{
	ck_assert_int_eq(place_make(root, path, reason), 0);
	ck_assert_int_eq(sh("touch dsk/data/vol2"), 0);
	place_remove(path);
	ck_assert_int_eq(sh("test -f dsk/data/vol2 && ! test -e $P"), 0);
}
END_TEST

START_TEST(the_root_may_be_a_link)
{
	ck_assert_int_eq(sh("mkdir elsewhere; ln -s elsewhere link"), 0);
	snprintf(path, sizeof(path), "%s/link/dsk/data/vol1", root);
	strcat(root, "/link");
	ck_assert_int_eq(place_make(root, path, reason), 0);
	root[strlen(root) - strlen("/link")] = '\0';
	ck_assert_int_eq(sh("test -f elsewhere/dsk/data/vol1"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_place");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, nothing_is_there);
	tcase_add_loop_test(all, something_is_in_the_way, 0, VX_COUNT_OF(obstacles));
	tcase_add_test(all, a_link_that_leads_nowhere_goes);
	tcase_add_test(all, a_folder_that_others_use_stays);
	tcase_add_test(all, the_root_may_be_a_link);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
