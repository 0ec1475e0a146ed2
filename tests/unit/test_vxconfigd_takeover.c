// SPDX-License-Identifier: GPL-2.0-or-later
/* Take-over: what becomes of a group in a new view. With nodes that die: test_vxconfigd_members.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "vxconfigd/takeover.h"

static struct takeover_node running(uint32_t nodeid, uint64_t epoch, uint64_t seq)
{
	return (struct takeover_node){
		.nodeid = nodeid, .have = true, .epoch = epoch, .seq = seq, .hash = seq
	};
}

START_TEST(nobody_runs_it)
{
	const struct takeover_node fresh[] = { { .nodeid = 1 },
					       { .nodeid = 2, .epoch = 5, .seq = 3 } };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 4 };
	struct takeover out;

	takeover_decide(fresh, 2, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_DISK);
	ck_assert_uint_eq(out.seq, 5);
}
END_TEST

START_TEST(a_node_remembers_more_than_the_copies_hold)
{
	const struct takeover_node fresh[] = { { .nodeid = 1 },
					       { .nodeid = 2, .epoch = 5, .seq = 5 } };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 4 };
	struct takeover out;

	takeover_decide(fresh, 2, &disk, &out); /* T12 */
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_ptr_nonnull(strstr(out.reason, "node 2"));
}
END_TEST

/* T8 */
START_TEST(who_was_left_behind_does_not_count)
{
	const struct takeover_node node[] = { running(1, 4, 9), running(2, 5, 3) };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 3 };
	struct takeover out;

	takeover_decide(node, 2, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_RUNNING);
	ck_assert_uint_eq(out.base_epoch, 5);
	ck_assert_uint_eq(out.base_seq, 3);
	ck_assert_uint_gt(out.seq, 9);
}
END_TEST

START_TEST(a_record_that_nobody_saw_committed_is_left_out)
{
	struct takeover_node node[] = { running(1, 5, 3), running(2, 5, 3) };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 4 };
	struct takeover out;

	node[0].pending = node[1].pending = true;
	takeover_decide(node, 2, &disk, &out);
	ck_assert(out.pending && !out.complete);
	ck_assert_uint_eq(out.max_seq, 3);
	node[1].seen = true; /* one saw COMMIT: it is completed */
	takeover_decide(node, 2, &disk, &out);
	ck_assert(out.complete);
	ck_assert_uint_eq(out.max_seq, 4);
}
END_TEST

START_TEST(copies_that_are_too_few_or_too_old_are_refused)
{
	const struct takeover_node node[] = { running(1, 5, 3) };
	const struct takeover_disk none = { .error = -VX_E_MINORITY };
	const struct takeover_disk old = { .content = true, .epoch = 4, .seq = 7 };
	struct takeover out;

	takeover_decide(node, 1, &none, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_int_eq(out.error, -VX_E_MINORITY);
	takeover_decide(node, 1, &old, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
}
END_TEST

START_TEST(imports_and_deports)
{
	struct takeover_node node = { .nodeid = 1,
				      .pending = true,
				      .kind = VX__TXN_KIND__TXN_IMPORT };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 4 };
	struct takeover out;

	takeover_decide(&node, 1, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_NONE);
	node.seen = true;
	takeover_decide(&node, 1, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_DISK);
	node = running(1, 5, 4);
	node.pending = node.seen = true;
	node.kind = VX__TXN_KIND__TXN_DEPORT;
	takeover_decide(&node, 1, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_NONE);
	ck_assert(out.complete);
	node.seen = false;
	takeover_decide(&node, 1, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_RUNNING);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("takeover");
	TCase *tcase = tcase_create("takeover");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, nobody_runs_it);
	tcase_add_test(tcase, a_node_remembers_more_than_the_copies_hold);
	tcase_add_test(tcase, who_was_left_behind_does_not_count);
	tcase_add_test(tcase, a_record_that_nobody_saw_committed_is_left_out);
	tcase_add_test(tcase, copies_that_are_too_few_or_too_old_are_refused);
	tcase_add_test(tcase, imports_and_deports);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
