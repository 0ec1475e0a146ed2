// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose a disk is (T16): what is in force, what was proposed, what this master begins. */
#include "tests/unit/suite.h"
#include "vxconfigd/group.h"
#include "vxconfigd/request_queue.h"

#include "vxconfigd_sample.h"

static struct configd configd;
static struct group data, made;
static struct sample *s;

static void setup(void)
{
	s = sample_create(4);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1");
	TAILQ_INIT(&configd.groups);
	data = (struct group){ .configd = &configd, .config = s->config, .state = GROUP_ENABLED };
	made = (struct group){ .configd = &configd, .state = GROUP_NEW };
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	TAILQ_INSERT_TAIL(&configd.groups, &made, next);
}

static void teardown(void)
{
	sample_free(s);
}

static const struct group *with(const char *diskid, enum group_claim claim)
{
	return group_with_disk(&configd, diskid, claim, NULL);
}

START_TEST(a_group_has_its_disks)
{
	ck_assert_ptr_eq(with("id-0001", GROUP_HAS), &data);
	ck_assert_ptr_eq(with("id-0001", GROUP_PLANS), &data);
	ck_assert_ptr_null(with("id-0002", GROUP_PLANS));
	ck_assert_ptr_null(with("", GROUP_PLANS)); /* a disk without a label */
	ck_assert_ptr_null(group_with_disk(&configd, "id-0001", GROUP_PLANS, &data));
	data.gone = true;
	ck_assert_ptr_null(with("id-0001", GROUP_PLANS));
}
END_TEST

/* A member says no to the one that comes later in the stream, not to what the master only plans. */
START_TEST(a_proposal_takes_its_disks)
{
	char *diskid = (char *)"id-0003";
	Vx__Propose propose = VX__PROPOSE__INIT;
	struct request req = { .propose = &propose };

	propose.need_disk = &diskid;
	propose.n_need_disk = 1;
	made.current = &req;
	ck_assert_ptr_null(with("id-0003", GROUP_HAS));
	ck_assert_ptr_null(with("id-0003", GROUP_TAKES));
	ck_assert_ptr_eq(with("id-0003", GROUP_PLANS), &made);
	made.pending.propose = &propose;
	ck_assert_ptr_null(with("id-0003", GROUP_HAS));
	ck_assert_ptr_eq(with("id-0003", GROUP_TAKES), &made);
	ck_assert_ptr_null(group_with_disk(&configd, "id-0003", GROUP_TAKES, &made));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_one_disk");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_group_has_its_disks);
	tcase_add_test(all, a_proposal_takes_its_disks);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
