// SPDX-License-Identifier: GPL-2.0-or-later
/* The copies that a node has in hand, on real files: which disks of a group are looked at. */
#include "tests/unit/shelf_group.h"
#include "tests/unit/suite.h"

#define DISKS (VX_COPIES_MAX + 3)

/*
 * D12: a group has more disks than copies, and nothing says which disks hold one before they are read:
 * a node that starts reads every disk whose label names the group.
 */
START_TEST(every_disk_of_the_group_is_read)
{
	disks_make(DISKS);
	vx__config__free_unpacked(group_make(7), NULL);
	copies_look();
	ck_assert_uint_eq(answer_seq, 7);
	ck_assert_uint_eq(answer_durable, 1);
}
END_TEST

/* R12: the last member says that nobody is left, also if it never had the copies in hand: a slave to the end. */
START_TEST(the_last_member_closes)
{
	static const struct clust_ops clust_ops;
	struct group data = { .configd = &configd, .dgid = REGION_DGID, .state = GROUP_ENABLED };
	Vx__StepRun run = VX__STEP_RUN__INIT;

	disks_make(REGION_DISKS);
	data.config = group_make(7);
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	ck_assert_int_eq(clust_create(configd.loop, &clust_ops, &configd, &configd.clust), 0);
	ck_assert_int_eq(steps_create(&configd), 0);
	run.step = VX__STEP__STEP_CLOSE;
	survey_run(&configd, &run);
	shelf_when_written(configd.shelf, on_done, NULL);
	loop_run(configd.loop);
	copies_look();
	ck_assert_uint_eq(answer_seq, 7);
	ck_assert_uint_eq(answer_durable, 0);
	clust_destroy(configd.clust);
	vx__config__free_unpacked(data.config, NULL);
}
END_TEST

/* What cannot be looked at as a whole is not looked at in part: too many is an error. */
START_TEST(too_many_disks)
{
	disks_make(VX_DISKS_MAX + 1);
	ck_assert_ptr_null(shelf_open(configd.shelf, REGION_DGID, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_shelf");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, every_disk_of_the_group_is_read);
	tcase_add_test(all, too_many_disks);
	tcase_add_test(all, the_last_member_closes);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
