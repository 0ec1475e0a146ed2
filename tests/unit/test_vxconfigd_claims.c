// SPDX-License-Identifier: GPL-2.0-or-later
/* Claims on several copies of one group: what refuses them, which are open. */
#include "tests/unit/suite.h"
#include "vxconfigd/copies_core.h"

#include <check.h>
#include <string.h>

#include "region_group.h"

/* D16 */
START_TEST(claims)
{
	world_claim(&world, E1);
	ck_assert_int_eq(world.task.error, -VX_E_STALE); /* there is content of it */
	world_end(&world);
	restart(THREE);
	world.failing[0] = true;
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_claim(&world, E2); /* its own: once more does no harm */
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world.failing[0] = false;
	world.failing[1] = true;
	restart(THREE);
	world_claim(&world, E2); /* somebody else's on d3 */
	ck_assert_int_eq(world.task.error, -VX_E_STALE);
	ck_assert_uint_eq(world.task.found.max_epoch, E2);
	ck_assert_ptr_nonnull(strstr(world.task.reason, "d3"));
	world_end(&world);
	world_checkpoint(&world, E1, 2, 2, 7);
	ck_assert_int_eq(world.task.error, -VX_E_STALE);
	world_end(&world);
	world_append(&world, E1, 2, 1, 2, 50);
	ck_assert_int_eq(world.task.error, -VX_E_STALE);
	world_end(&world);
	world.failing[2] = true;
	world_claim(&world, E3);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	memset(world.failing, 0, sizeof(world.failing));
	world.read_only[0] = world.read_only[1] = true;
	world_claim(&world, E3);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	ck_assert_ptr_nonnull(strstr(world.task.reason, "claimed on 1 of 3"));
	world_end(&world);
}
END_TEST

/* D7: whoever reads the group does not count d2, so he may not meet the claim that is on it. */
START_TEST(a_claim_on_an_empty_copy_does_not_count)
{
	memset(world.disk[1].data + (size_t)2 * VX_BLOCK, 0, (size_t)4 * VX_BLOCK);
	restart(THREE);
	world.read_only[2] = true;
	world_claim(&world, E2);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	ck_assert_msg(strstr(world.task.reason, "claimed on 1 of 3") != NULL, "%s", world.task.reason);
	world_end(&world);
	world.read_only[2] = false;
	world_claim(&world, E3);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
}
END_TEST

/* R20: claims without a content: the newest, and those that did not see each other */
START_TEST(open_claims)
{
	struct copy_image *image;
	struct copy_steps steps;

	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.open_claims.count, 0);
	world_end(&world);
	world_claim(&world, E2);
	world_end(&world);
	image = memdisk_image(&world.disk[1]);
	ck_assert_int_eq(copy_plan_claim(image, REGION_DGID, E2 + 1, &steps), 0);
	memdisk_steps(&world.disk[1], &steps);
	copy_image_free(image);
	restart(THREE);
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.open_claims.count, 2);
	ck_assert_uint_eq(world.task.found.open_claims.epoch[0] + world.task.found.open_claims.epoch[1],
			  2 * E2 + 1);
	world_end(&world);
	world_claim(&world, E3);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.open_claims.count, 1); /* it knew them all */
	ck_assert_uint_eq(world.task.found.open_claims.epoch[0], E3);
	world_end(&world);
	world_checkpoint(&world, E3, 2, 2, 7);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.open_claims.count, 0);
	world_end(&world);
}
END_TEST

/* R20, D6: two that both read before either wrote do not write over each other's claim */
START_TEST(claims_at_the_same_time)
{
	struct copy_image *image = memdisk_image(&world.disk[0]);
	struct copy_steps steps[2];

	ck_assert_int_eq(copy_plan_claim(image, REGION_DGID, E2, &steps[0]), 0);
	ck_assert_int_eq(copy_plan_claim(image, REGION_DGID, E2 + 1, &steps[1]), 0);
	copy_image_free(image);
	memdisk_steps(&world.disk[0], &steps[1]);
	memdisk_steps(&world.disk[0], &steps[0]);
	image = memdisk_image(&world.disk[0]);
	ck_assert_uint_eq(image->claim_epoch, E2 + 1);
	ck_assert_uint_eq(image->claim[0] + image->claim[1], 2 * E2 + 1);
	copy_image_free(image);
}
END_TEST

/* R20: groups without number that all hold the same claim leave room for another one */
START_TEST(claims_of_many_groups)
{
	struct open_claims all = { .count = 0 };

	for (int group = 0; group < 2 * VX_OPEN_CLAIMS_MAX; group++) {
		open_claims_add(&all, E2);
	}
	open_claims_add(&all, E2 + 1);
	ck_assert_uint_eq(all.count, 2);
	ck_assert_uint_eq(all.epoch[1], E2 + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("claims");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, group_create, group_free);
	tcase_add_test(core, claims);
	tcase_add_test(core, a_claim_on_an_empty_copy_does_not_count);
	tcase_add_test(core, open_claims);
	tcase_add_test(core, claims_at_the_same_time);
	tcase_add_test(core, claims_of_many_groups);
	suite_add_tcase(suite, core);
	return suite_run(suite);
}
