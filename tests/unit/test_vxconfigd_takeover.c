// SPDX-License-Identifier: GPL-2.0-or-later
/* Take-over: what becomes of a group in a new view. With nodes that die: test_vxconfigd_members.c.
 */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "tests/unit/suite.h"
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

/* T17 */
START_TEST(a_member_that_the_copies_name_is_not_proven_off)
{
	const struct takeover_node fresh[] = { { .nodeid = 1 } }, runs[] = { running(1, 5, 4) };
	const struct takeover_disk disk = { .content = true, .epoch = 5, .seq = 4, .unproven = true };
	struct takeover out;

	takeover_decide(fresh, 1, &disk, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_int_eq(out.error, -VX_E_UNPROVEN);
	takeover_decide(runs, 1, &disk, &out); /* who runs it was in that view, and knows who left since */
	ck_assert_int_eq(out.base, TAKEOVER_RUNNING);
}
END_TEST

/* D19 */
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

/* T12: no copy holds anything. Was the group being made, or are its copies not seen? Its disks stay its own. */
START_TEST(copies_without_a_content)
{
	struct takeover_node node[] = { { .nodeid = 1 }, { .nodeid = 2 } };
	const struct takeover_disk empty = { .content = false };
	struct takeover out;

	takeover_decide(node, 2, &empty, &out); /* nobody knows */
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_int_eq(out.error, -VX_E_MINORITY);
	ck_assert_msg(strstr(out.reason, "vxdg -f destroy") != NULL, "%s", out.reason);
	node[1].pending = true; /* it voted for its making */
	node[1].kind = VX__TXN_KIND__TXN_IMPORT;
	takeover_decide(node, 2, &empty, &out);
	ck_assert_int_eq(out.base, TAKEOVER_NONE);
	ck_assert(out.made);
	node[1].pending = false;
	node[1].epoch = 5; /* it was in force: all its copies are lost */
	node[1].seq = 1;
	takeover_decide(node, 2, &empty, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_int_eq(out.error, -VX_E_STALE);
	ck_assert_msg(strstr(out.reason, "node 2 remembers") != NULL, "%s", out.reason);
	node[1] = (struct takeover_node){ .nodeid = 2, .runs = true }; /* it writes to the disks */
	takeover_decide(node, 2, &empty, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_msg(strstr(out.reason, "node 2 runs") != NULL, "%s", out.reason);
}
END_TEST

/* Of a group that was imported only the owner is taken away again, of one that was made everything. */
START_TEST(an_import_that_failed)
{
	struct takeover_node node = { .nodeid = 1,
				      .pending = true,
				      .kind = VX__TXN_KIND__TXN_IMPORT };
	const struct takeover_disk empty = { .content = false },
				   unread = { .error = -VX_E_MINORITY },
				   first = { .content = true, .epoch = 5, .seq = 1 },
				   old = { .content = true, .epoch = 5, .seq = 4 };
	struct takeover out;

	takeover_decide(&node, 1, &empty, &out);
	ck_assert(out.base == TAKEOVER_NONE && out.made);
	takeover_decide(&node, 1, &first, &out);
	ck_assert(out.base == TAKEOVER_NONE && out.made);
	takeover_decide(&node, 1, &old, &out);
	ck_assert(out.base == TAKEOVER_NONE && !out.made);
	takeover_decide(&node, 1, &unread, &out); /* it may have held anything */
	ck_assert(out.base == TAKEOVER_NONE && !out.made);
	node.epoch = 4; /* remembered from before it was deported */
	node.seq = 1;
	takeover_decide(&node, 1, &empty, &out);
	ck_assert(out.base == TAKEOVER_NONE && !out.made);
}
END_TEST

/* A group that was given up is gone, also where no disk names it any more. */
START_TEST(a_destroy_that_was_committed)
{
	struct takeover_node node[] = { running(1, 5, 4), { .nodeid = 2 } };
	const struct takeover_disk none = { .error = -VX_E_NODISK };
	struct takeover out;

	node[0].pending = node[0].seen = true;
	node[0].kind = VX__TXN_KIND__TXN_DEPORT;
	takeover_decide(node, 2, &none, &out);
	ck_assert_int_eq(out.base, TAKEOVER_NONE);
	ck_assert(out.pending && out.complete);
	node[0].seen = false;
	takeover_decide(node, 2, &none, &out);
	ck_assert_int_eq(out.base, TAKEOVER_REFUSE);
	ck_assert_int_eq(out.error, -VX_E_NODISK);
}
END_TEST

/* A vxconfigd that came back tells a group twice: what it shows of it, and what the one before noted. */
START_TEST(a_node_counts_once)
{
	struct takeover_node list[VX_NODES_MAX], note = { .runs = true };
	struct takeover_node shown = { .epoch = 5, .seq = 3 };
	size_t count = 0;

	for (uint32_t i = 1; i <= VX_NODES_MAX; i++) {
		struct takeover_node last = running(i, 5, 4);

		shown.nodeid = note.nodeid = i;
		ck_assert(takeover_add_node(list, &count, &shown));
		ck_assert(takeover_add_node(list, &count, i < VX_NODES_MAX ? &note : &last));
	}
	ck_assert_uint_eq(count, VX_NODES_MAX);
	ck_assert(list[0].nodeid == 1 && list[0].runs && !list[0].have && list[0].seq == 3);
	ck_assert(list[count - 1].have && list[count - 1].seq == 4 && list[count - 1].hash == 4);
	note.nodeid = VX_NODES_MAX + 1;
	ck_assert(!takeover_add_node(list, &count, &note));
	note = (struct takeover_node){ .nodeid = 2, .pending = true, .seen = true, .txid = { 7 } };
	ck_assert(takeover_add_node(list, &count, &note));
	ck_assert(list[1].pending && list[1].seen && list[1].txid[0] == 7 && list[1].runs);
	ck_assert(list[1].epoch == 5 && list[1].seq == 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("takeover");
	TCase *tcase = tcase_create("takeover");

	tcase_add_test(tcase, nobody_runs_it);
	tcase_add_test(tcase, a_member_that_the_copies_name_is_not_proven_off);
	tcase_add_test(tcase, a_node_remembers_more_than_the_copies_hold);
	tcase_add_test(tcase, who_was_left_behind_does_not_count);
	tcase_add_test(tcase, a_record_that_nobody_saw_committed_is_left_out);
	tcase_add_test(tcase, copies_that_are_too_few_or_too_old_are_refused);
	tcase_add_test(tcase, imports_and_deports);
	tcase_add_test(tcase, copies_without_a_content);
	tcase_add_test(tcase, an_import_that_failed);
	tcase_add_test(tcase, a_destroy_that_was_committed);
	tcase_add_test(tcase, a_node_counts_once);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
