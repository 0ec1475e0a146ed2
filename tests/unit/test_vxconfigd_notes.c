// SPDX-License-Identifier: GPL-2.0-or-later
/* What a vxconfigd noted of the groups that vxiod runs, for the one after it, and the one after that. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/paths.h"
#include "temp.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cfg_part.h"

#define SELF 1

static Vx__View view;
static Vx__Member member;

/* A vxconfigd that was just started, in the view of the one before. */
static struct configd configd_new(void)
{
	static Vx__Member *members[] = { &member };

	vx__view__init(&view);
	vx__member__init(&member);
	member.nodeid = SELF;
	member.incarnation = 7;
	view.member = members;
	view.n_member = 1;
	return (struct configd){ .cluster = { .self = SELF, .view = &view } };
}

static struct group *group_loaded(struct configd *configd, const char *dgid, const char *name)
{
	struct group *group;

	ck_assert_int_eq(group_add(configd, dgid, name, &group), 0);
	group->loaded = true;
	activation_set(&group->activation, SELF, VX__ACTIVATION__ACT_SR);
	return group;
}

static void groups_free(struct configd *configd)
{
	while (!TAILQ_EMPTY(&configd->groups)) {
		group_remove(TAILQ_FIRST(&configd->groups));
	}
}

/* T13: it is killed again, when it has told vxiod the first of its groups: the others still run. */
START_TEST(notes_outlive_two_of_them)
{
	char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX + 32];
	struct configd first = configd_new(), second = configd_new();
	struct group *group;
	Vx__CfgState *notes;

	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("VXHA_RUN_DIR", folder, 1);
	TAILQ_INIT(&first.groups);
	group_loaded(&first, "1.a", "data");
	group_loaded(&first, "2.a", "more");
	group_loaded(&first, "3.a", "last");
	group_notes_save(&first);

	TAILQ_INIT(&second.groups);
	ck_assert_int_eq(group_add(&second, "2.a", "more", &group), 0);
	group_disable(group, "its master sees no disk of it"); /* it is never loaded by this one */
	adopt_noted(&second);
	group_find(&second, "3.a")->loaded = false; /* this one was unloaded */
	group_notes_save(&second);
	notes = group_notes_read(&second);
	ck_assert_ptr_nonnull(notes);
	ck_assert_uint_eq(notes->n_group, 2);
	for (size_t i = 0; i < notes->n_group; i++) {
		ck_assert_str_ne(notes->group[i]->name, "last");
		ck_assert(notes->group[i]->loaded);
		ck_assert_int_eq(notes->group[i]->activation, VX__ACTIVATION__ACT_SR);
	}
	vx__cfg_state__free_unpacked(notes, NULL);
	snprintf(path, sizeof(path), "%s/" PATH_GROUP_NOTES, folder);
	unlink(path);
	rmdir(folder);
	groups_free(&first);
	groups_free(&second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notes");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, notes_outlive_two_of_them);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
