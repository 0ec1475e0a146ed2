// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core in a small world (cpg_world.h): quorum that goes and comes, also in one ring (R15). */
#include <check.h>

#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

/* Of the ring that it is in. */
static void quorum(uint32_t id, bool quorate)
{
	struct view_event event = { .type = VE_QUORUM,
				    .ring = { 1, w->ring_seq },
				    .quorate = quorate };

	deliver(id, &event);
}

/* R15: a view that was made between two words about quorum is closed by the second one */
START_TEST(quorum_that_was_never_told)
{
	three();
	quorum(2, false);
	ck_assert(!view_is_open(w->node[1].core));
	boot(4);
	w->node[1].no_quorum = true; /* the others heard of it */
	run(4);
	ck_assert(view_is_open(w->node[1].core));
	quorum(2, false);
	ck_assert_msg(!view_is_open(w->node[1].core), "no quorum, and the view is open");
}
END_TEST

/* R15: quorum that goes without a change of the ring ends the round of a fresh coordinator */
START_TEST(fresh_round_ends_with_quorum)
{
	w->durable[0] = (struct view_member){ .nodeid = 3, .nid = 2, .incarnation = 77 };
	w->durable_count = 1;
	w->disk_epoch = 0x500;
	boot(1);
	boot(2);
	run(4); /* waits for the fencing of node 3 */
	quorum(1, false);
	quorum(2, false);
	fence(3);
	run(6);
	ck_assert_msg(view_current(w->node[0].core) == NULL, "a view was made without quorum");
	quorum(2, true);
	quorum(1, true);
	run(6);
	expect_view(1, 2);
}
END_TEST

/* R15: the own RSTART that comes back after quorum went begins nothing */
START_TEST(late_rstart_begins_nothing)
{
	uint64_t views;

	three();
	views = w->node[0].views;
	crash(3);
	fence(3);
	ck_assert(advance(1)); /* node 1 begins: its RSTART is on its way */
	quorum(1, false);
	run(6);
	ck_assert_uint_eq(w->node[0].views, views);
	ck_assert_uint_eq(w->node[1].views, views);
	quorum(2, false);
	quorum(2, true);
	quorum(1, true);
	run(6);
	expect_view(1, 2);
}
END_TEST

/* R15: ... and who followed another one till then does not any more: all others follow this one */
START_TEST(late_rstart_leaves_nobody_behind)
{
	for (uint32_t id = 1; id <= 4; id++) {
		boot(id);
	}
	run(4);
	expect_view(1, 4);
	crash(4);
	fence(4);
	ck_assert(advance(2));
	fire(2, VT_BEGIN); /* the RSTART of node 2 is the first one in the stream, */
	ck_assert(advance(1)); /* that of node 1 the second */
	quorum(1, false);
	run_bus(); /* node 1 meets both after that */
	quorum(1, true);
	run(6);
	expect_view(1, 3);
}
END_TEST

/* R15: a NEWVIEW of a coordinator that does not know it yet opens no view */
START_TEST(view_without_quorum_is_closed)
{
	three();
	crash(3);
	fence(3);
	ck_assert(advance(1)); /* node 1 begins */
	ck_assert(advance(2));
	quorum(2, false);
	run(4);
	ck_assert_msg(!view_is_open(w->node[1].core), "no quorum, and the view is open");
	ck_assert_msg(!view_is_settled(w->node[0].core), "it runs without node 2");
	quorum(1, false);
	quorum(2, true);
	quorum(1, true);
	run(6);
	expect_view(1, 2);
}
END_TEST

/* R3: one member closed the view, the others were told of the loss before it was made */
START_TEST(one_member_has_closed_the_view)
{
	three();
	quorum(2, false);
	quorum(2, true);
	run(6);
	expect_view(1, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_quorum");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, quorum_that_was_never_told);
	tcase_add_test(all, fresh_round_ends_with_quorum);
	tcase_add_test(all, late_rstart_begins_nothing);
	tcase_add_test(all, late_rstart_leaves_nobody_behind);
	tcase_add_test(all, view_without_quorum_is_closed);
	tcase_add_test(all, one_member_has_closed_the_view);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
