// SPDX-License-Identifier: GPL-2.0-or-later
/* R22: what a joiner sees of the cluster's groups, and what the master's vxconfigd makes of it. */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/proto.h"
#include "tests/unit/suite.h"
#include "vxconfigd/look.h"

static Vx__Config *config;
static Vx__Look *look;
static const char *hidden, *foreign; /* disks that the joiner does not see, or of another cluster */
static const char *lost;	     /* a disk that the master does not see */
static char reason[VX_REASON_MAX];

static void setup(void)
{
	config = PROTO_NEW(vx__config, Vx__Config);
	config->dg = PROTO_NEW(vx__dg, Vx__Dg);
	proto_string_set(&config->dg->name, "data");
	proto_string_set(&config->dg->dgid, "1.1.a");
	for (int i = 1; i <= 3; i++) {
		Vx__Dm *dm = PROTO_NEW(vx__dm, Vx__Dm);
		const char id[] = { 'i', 'd', (char)('0' + i), '\0' };
		const char name[] = { 'd', (char)('0' + i), '\0' };

		proto_string_set(&dm->diskid, id);
		proto_string_set(&dm->name, name);
		PROTO_ADD(config->dm, config->n_dm, dm);
	}
	look = PROTO_NEW(vx__look, Vx__Look);
	hidden = foreign = lost = "";
	reason[0] = '\0';
}

static void teardown(void)
{
	proto_free(config);
	proto_free(look);
}

static const char *label(void *ctx, const char *diskid)
{
	(void)ctx;
	return strcmp(diskid, hidden) == 0 ? NULL : strcmp(diskid, foreign) == 0 ? "other" : "here";
}

static bool sees(void *ctx, const char *diskid)
{
	(void)ctx;
	return strcmp(diskid, lost) != 0;
}

static int judge(void)
{
	look_add_group(look, "1.1.a", config, "here", label, NULL);
	return look_judge(look, config, sees, NULL, reason);
}

START_TEST(all_is_seen)
{
	ck_assert_int_eq(judge(), 0);
	ck_assert(look_is_whole(look, "1.1.a"));
	ck_assert(!look_is_whole(look, "2.2.a"));
}
END_TEST

START_TEST(disk_is_not_seen)
{
	hidden = "id2";
	ck_assert_int_eq(judge(), -VX_E_NODISK);
	ck_assert_str_eq(reason, "cannot find disk on slave node: disk group data, disk d2");
	ck_assert(!look_is_whole(look, "1.1.a"));
}
END_TEST

/* T14: the master does not see it either */
START_TEST(disk_is_gone_for_all)
{
	hidden = lost = "id2";
	ck_assert_int_eq(judge(), 0);
}
END_TEST

/* It is not of the configuration any more, or of another group. */
START_TEST(disk_of_the_past)
{
	hidden = "id3";
	look_add_group(look, "1.1.a", config, "here", label, NULL);
	proto_string_set(&config->dm[2]->diskid, "id4");
	ck_assert_int_eq(look_judge(look, config, sees, NULL, reason), 0);
}
END_TEST

START_TEST(disk_of_another_cluster)
{
	foreign = "id1";
	ck_assert_int_eq(judge(), -VX_E_OWNER);
	ck_assert_str_eq(reason, "disk in use by another cluster: disk group data, disk d1: the "
				 "label names cluster other");
}
END_TEST

START_TEST(group_is_not_seen)
{
	ck_assert_int_eq(look_judge(look, config, sees, NULL, reason), -VX_E_NODISK);
	ck_assert_str_eq(reason, "cannot find disk on slave node: disk group data, no disk of it "
				 "is seen there");
	look_add_foreign(look, "1.1.a", "other");
	look_add_foreign(look, "1.1.a", "other");
	ck_assert_uint_eq(look->n_missing, 1);
	ck_assert_int_eq(look_judge(look, config, sees, NULL, reason), -VX_E_OWNER);
	ck_assert_str_eq(reason, "disk in use by another cluster: disk group data, all that are "
				 "seen there: the label names cluster other");
}
END_TEST

/* Copies that cannot be read say nothing about disks: step 4 finds out. */
START_TEST(copies_that_cannot_be_read)
{
	look_add_group(look, "1.1.a", NULL, "here", label, NULL);
	ck_assert_int_eq(look_judge(look, config, sees, NULL, reason), 0);
}
END_TEST

START_TEST(bound)
{
	hidden = "id1";
	for (int i = 0; i < 2 * VX_LOOK_MISSING_MAX; i++) {
		look_add_group(look, "1.1.a", config, "here", label, NULL);
	}
	ck_assert_uint_eq(look->n_missing, VX_LOOK_MISSING_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_look");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, all_is_seen);
	tcase_add_test(all, disk_is_not_seen);
	tcase_add_test(all, disk_is_gone_for_all);
	tcase_add_test(all, disk_of_the_past);
	tcase_add_test(all, disk_of_another_cluster);
	tcase_add_test(all, group_is_not_seen);
	tcase_add_test(all, copies_that_cannot_be_read);
	tcase_add_test(all, bound);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
