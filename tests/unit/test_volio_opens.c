// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has what open: the words in which a node that leaves, and an unload, tell it. */
#include <check.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "volio/opens.h"
#include "volio/volume.h"

static struct opens opens;
static struct volconf conf[2];
static struct volume volume[2];
static int changes;

static void on_changed(void *ctx)
{
	(void)ctx;
	changes++;
}

static bool is_first(void *ctx, const struct volume *which)
{
	(void)ctx;
	return which == &volume[0];
}

static bool is_any(void *ctx, const struct volume *which)
{
	(void)ctx;
	(void)which;
	return true;
}

static void setup(void)
{
	opens_init(&opens, on_changed, NULL);
	changes = 0;
	for (int i = 0; i < 2; i++) {
		snprintf(conf[i].group, sizeof(conf[i].group), "data");
		snprintf(conf[i].name, sizeof(conf[i].name), "vol%d", i + 1);
		volume[i].conf = &conf[i];
	}
	prctl(PR_SET_NAME, "db\twriter");
}

static struct open_entry *add_of(int which, pid_t pid)
{
	struct open_entry *entry;

	ck_assert_int_eq(opens_add(&opens, &volume[which], pid, "fuse", false, &entry), 0);
	return entry;
}

static struct open_entry *add(int which)
{
	return add_of(which, getpid());
}

static void teardown(void)
{
	while (!LIST_EMPTY(&opens.list)) {
		opens_remove(&opens, LIST_FIRST(&opens.list));
	}
}

START_TEST(chosen_ones)
{
	char text[VX_REASON_MAX], wanted[VX_REASON_MAX];

	add(0);
	add(1);
	add(0); /* another connection of the same process */
	ck_assert_int_eq(changes, 3);
	snprintf(wanted, sizeof(wanted), "data/vol1: open by pid %d (db\\x09writer) since 0 s",
		 (int)getpid());
	ck_assert_uint_eq(opens_text(&opens, is_first, NULL, "; ", text, sizeof(text)), 1);
	ck_assert_str_eq(text, wanted);
	opens_forget(&opens, &volume[0]);
	ck_assert_uint_eq(opens_text(&opens, is_first, NULL, "; ", text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

/* One a line; none is cut in the middle, and those that do not fit are counted. */
START_TEST(many)
{
	char text[VX_REASON_MAX];
	char *rest = text, *line, *last = NULL;
	unsigned int shown = 0, more = 0;

	for (int i = 0; i < 100; i++) {
		add_of(i % 2, i + 1);
	}
	ck_assert_uint_eq(opens_text(&opens, is_any, NULL, "\n", text, sizeof(text)), 100);
	while ((line = strsep(&rest, "\n")) != NULL) {
		last = line;
		shown += strstr(line, ": open by pid ") != NULL && strstr(line, " since ") != NULL;
	}
	ck_assert_uint_gt(shown, 5);
	ck_assert_int_eq(sscanf(last, "and %u more", &more), 1);
	ck_assert_uint_eq(shown + more, 100);
}
END_TEST

/* A process that reads on one connection, and writes on another one, writes. */
START_TEST(a_writer_among_them)
{
	struct open_entry *reader = add_of(0, 1), *other = add_of(0, 2), *entry;

	ck_assert(!opens_writes(&opens, reader));
	ck_assert_int_eq(opens_add(&opens, &volume[0], 1, reader->how, true, &entry), 0);
	ck_assert(opens_writes(&opens, reader));
	ck_assert(!opens_writes(&opens, other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_opens");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, chosen_ones);
	tcase_add_test(all, many);
	tcase_add_test(all, a_writer_among_them);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
