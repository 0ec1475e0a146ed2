// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core in a small world (cpg_world.h). Each test names the rules it tries. */
#include <check.h>
#include <errno.h>

#include "tests/unit/cpg_world.h"
#include "tests/unit/suite.h"

/* R5, R7, R8, R10: fresh nodes make a view; the lowest node id is master */
START_TEST(fresh_nodes_form_a_view)
{
	three();
	ck_assert_int_ge(w->node[0].steps[STEP_CONFIG], 1);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 1); /* R10: nobody remembers leavers */
}
END_TEST

/* R9: a joiner gets in by a view of the master; seniority keeps the master */
START_TEST(joiner_is_taken_in)
{
	boot(3);
	boot(2);
	run(4);
	expect_view(2, 2);
	boot(1);
	run(4);
	expect_view(2, 3);
	ck_assert_uint_eq(view_member_of(view_current(w->node[0].core), 1)->nid, 0);
}
END_TEST

/* R1, R6: a lost member closes the view; nothing resumes before its fencing is proven */
START_TEST(loss_waits_for_fencing)
{
	three();
	crash(3);
	run(6);
	ck_assert(!view_is_settled(w->node[0].core));
	ck_assert(!view_is_open(w->node[0].core));
	ck_assert_uint_eq(w->node[0].views, w->node[1].views);
	fence(3);
	run(4);
	expect_view(1, 2);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 2);
	ck_assert_uint_eq(view_current(w->node[0].core)->leaver_count, 1);
	ck_assert_int_eq(view_current(w->node[0].core)->leaver[0].how, VIEW_LOST);
}
END_TEST

/* R6: a fencing of an earlier life is no proof */
START_TEST(old_fencing_is_no_proof)
{
	fence(3);
	three();
	crash(3);
	run(6);
	ck_assert(!view_is_settled(w->node[0].core));
	fence(3);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R8: the master is lost: the next in seniority takes over */
START_TEST(master_is_lost)
{
	three();
	crash(1);
	fence(1);
	run(6);
	expect_view(2, 2);
	boot(1);
	run(4);
	expect_view(2, 3);
}
END_TEST

/* R10: what a lost node left accumulates until a view reached its last step with it */
START_TEST(leavers_accumulate)
{
	for (uint32_t id = 1; id <= 4; id++) {
		boot(id);
	}
	run(4);
	expect_view(1, 4);
	w->node[0].hold = 1u << FX_STOP;
	crash(4);
	fence(4);
	run(2);
	crash(3);
	fence(3);
	w->node[0].hold = 0;

	struct view_event event = { .type = VE_STOPPED, .token = w->node[0].held };

	deliver(1, &event);
	run(6);
	expect_view(1, 2);
	ck_assert_uint_eq(view_current(w->node[1].core)->leaver_count, 2);
}
END_TEST

/* R4: no HELLO before the stop, so no view either */
START_TEST(no_hello_before_stop)
{
	three();
	w->node[1].hold = 1u << FX_STOP;
	crash(3);
	fence(3);
	run(6);
	ck_assert(!view_is_settled(w->node[0].core));
	w->node[1].hold = 0;

	struct view_event event = { .type = VE_STOPPED, .token = w->node[1].held };

	deliver(2, &event);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R12: a clean leaver needs no fencing and no recovery */
START_TEST(clean_leave)
{
	struct view_event event = { .type = VE_LEAVE };

	w->always_quorate = true;
	three();
	deliver(2, &event);
	run(4);
	ck_assert(w->node[1].gone);
	ck_assert_int_eq(w->node[1].gone_how, VIEW_CLEAN);
	expect_view(1, 2);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 1); /* that of the first view */
	deliver(3, &event);
	run(4);
	ck_assert_uint_eq(w->durable_count, 1);
}
END_TEST

/* R12: marks that had to stay are folded: no fencing, but recovery; for its administrator it left */
START_TEST(leave_with_marks)
{
	struct view_event event = { .type = VE_LEAVE };

	w->always_quorate = true;
	three();
	w->node[1].unclean = true;
	deliver(2, &event);
	run(4);
	ck_assert(w->node[1].gone);
	ck_assert_int_eq(w->node[1].gone_how, VIEW_CLEAN);
	expect_view(1, 2);
	ck_assert_uint_eq(w->asked[2], 0);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 2);
}
END_TEST

/* R12: not while a step runs: it may be the master, and write */
START_TEST(no_leave_in_a_step)
{
	struct view_event event = { .type = VE_LEAVE };

	w->always_quorate = true;
	three();
	w->node[1].hold = 1u << FX_STEP;
	boot(4);
	run(2);
	ck_assert(!view_is_settled(w->node[0].core));
	deliver(1, &event); /* nothing is open: it could leave at once */
	run(2);
	ck_assert(!w->node[0].gone);
	w->node[1].hold = 0;

	struct view_event done = { .type = VE_STEPPED, .token = w->node[1].held };

	deliver(2, &done);
	run(4);
	ck_assert(w->node[0].gone);
	ck_assert_int_eq(w->node[0].gone_how, VIEW_CLEAN);
	expect_view(2, 3);
}
END_TEST

/* R12: the last member writes "no members" */
START_TEST(last_one_closes)
{
	struct view_event event = { .type = VE_LEAVE };

	w->always_quorate = true;
	boot(1);
	boot(2);
	run(4);
	expect_view(1, 2);
	deliver(2, &event);
	run(4);
	expect_view(1, 1);
	deliver(1, &event);
	run(4);
	ck_assert(w->node[0].gone && w->node[1].gone);
	ck_assert_uint_eq(w->node[0].closed, 1);
	ck_assert_uint_eq(w->durable_count, 0);
}
END_TEST

/* R13: an abort needs no fencing, but recovery */
START_TEST(abort_is_recovered)
{
	struct view_event event = { .type = VE_ABORT, .reason = "test" };

	three();
	deliver(3, &event);
	run(4);
	ck_assert_int_eq(w->node[2].gone_how, VIEW_ABORTED);
	ck_assert_str_eq(w->node[2].gone_reason, "test");
	ck_assert_str_eq(w->node[0].left, "node 3 aborts: test");
	ck_assert_str_eq(w->node[1].left, "node 3 aborts: test");
	expect_view(1, 2);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 2);
}
END_TEST

/* R20: two_node may come and go while the node is a member. */
START_TEST(peer_is_set_later)
{
	struct view_event peer = { .type = VE_PEER, .two_node_peer = 2 };

	w->always_quorate = true;
	boot(1);
	boot(2);
	run(4);
	expect_view(1, 2);
	deliver(1, &peer);
	w->open_claim = 0x900; /* the other one's: may become a view at any moment */
	w->disk_epoch = 0x900;
	crash(2);
	run(4);
	ck_assert(!view_is_settled(w->node[0].core));
	fence(2);
	run(6);
	expect_view(1, 1);
}
END_TEST

/* R5b: whoever is named on the copies and not here must be fenced, also after a start from nothing
 */
START_TEST(durable_member_is_fenced_first)
{
	w->durable[0] = (struct view_member){ .nodeid = 3, .nid = 2, .incarnation = 77 };
	w->durable_count = 1;
	w->disk_epoch = 0x500;
	fence(3);
	boot(1);
	boot(2);
	run(6);
	ck_assert(!view_is_settled(w->node[0].core));
	fence(3);
	run(4);
	expect_view(1, 2);
	ck_assert_uint_gt(view_current(w->node[0].core)->epoch, 0x500);
	ck_assert_uint_eq(view_current(w->node[0].core)->leaver[0].nid, 2);
}
END_TEST

/* R6: a node that came back by itself proves by its HELLO that its old I/O is over */
START_TEST(return_is_a_proof)
{
	three();
	crash(3);
	run(2);
	boot(3);
	run(6);
	expect_view(1, 3);
	ck_assert_int_ge(w->node[0].steps[STEP_RECOVER], 1);
	ck_assert_uint_eq(view_member_of(view_current(w->node[0].core), 3)->nid, 2);
}
END_TEST

/* R14: a member that was left behind aborts when it meets a higher epoch */
START_TEST(stale_member_aborts)
{
	three();
	w->node[2].cut = true; /* hears nothing, believes its view */
	w->node[2].in_group = false;
	membership(3);
	fence(3);
	run(6);
	ck_assert(view_is_settled(w->node[0].core));
	w->node[2].cut = false;
	w->node[2].in_group = true;
	w->node[2].next = w->bus_count;
	membership(0);
	run(6);
	ck_assert(w->node[2].gone);
	ck_assert_int_eq(w->node[2].gone_how, VIEW_ABORTED);
}
END_TEST

/* R3: a membership event in the middle of a round cancels it; the next round succeeds */
START_TEST(change_in_the_middle)
{
	for (uint32_t id = 1; id <= 4; id++) {
		boot(id);
	}
	run(4);
	crash(2);
	fence(2);
	for (int i = 0; i < 3; i++) {
		advance(1);
		advance(3);
		advance(4);
	}
	crash(4);
	run(6); /* what it still said is delivered */
	fence(4);
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R9: transactions that were put aside for a joiner come back, also when it died meanwhile */
START_TEST(joiner_dies_at_prestop)
{
	uint64_t views;

	boot(1);
	boot(2);
	run(4);
	expect_view(1, 2);
	views = w->node[1].views;
	w->node[0].hold = 1u << FX_PRESTOP;
	boot(3);
	run(2);
	ck_assert(view_is_settled(w->node[0].core));
	ck_assert(view_awaits(w->node[0].core, w->node[0].held));
	w->node[0].hold = 0;
	crash(3);
	run(4);
	ck_assert_uint_gt(w->node[1].views, views);
	expect_view(1, 2);
}
END_TEST

/* R2: packets of an old epoch do not count */
START_TEST(old_epoch_does_not_count)
{
	struct view_packet packet = { .type = VP_RECONF, .from = 2, .pid = 102, .epoch = 1 };
	struct view_event event = { .type = VE_PACKET, .packet = &packet };
	uint64_t views;

	three();
	views = w->node[0].views;
	deliver(1, &event);
	run(2);
	ck_assert_uint_eq(w->node[0].views, views);
	packet.epoch = view_current(w->node[0].core)->epoch;
	deliver(1, &event);
	run(2);
	ck_assert_uint_eq(w->node[0].views, views + 1);
	expect_view(1, 3);
}
END_TEST

/* R4: a coordinator whose round is cancelled stops again: its claim may be on its way */
START_TEST(cancelled_claim_is_waited_for)
{
	three();
	crash(3);
	fence(3);
	w->node[0].hold = 1u << FX_CLAIM;
	run(4);
	ck_assert(!view_is_settled(w->node[0].core));
	w->node[0].hold = 1u << FX_STOP;
	boot(4);
	run(4);
	ck_assert_msg(!view_is_settled(w->node[1].core), "HELLO was said before the claim ended");
	w->node[0].hold = 0;

	struct view_event event = { .type = VE_STOPPED, .token = w->node[0].held };

	deliver(1, &event);
	run(4);
	expect_view(1, 3);
}
END_TEST

/* R5: a coordinator that was paused holds HELLOs of others that made a view without it since */
START_TEST(outdated_hellos_make_no_view)
{
	struct view_member other;
	struct view_event event = { .type = VE_SURVEYED, .durable = &other, .durable_count = 1 };

	boot(1);
	boot(2);
	w->node[0].hold = 1u << FX_SURVEY;
	run(4);
	other = (struct view_member){ .nodeid = 2,
				      .nid = 1,
				      .incarnation = (uint64_t)1 << 40 | w->node[1].pid };
	event.max_epoch = 0x500;
	event.token = w->node[0].held;
	deliver(1, &event);
	run_bus();
	ck_assert_ptr_null(view_current(w->node[0].core));
	ck_assert_uint_eq(w->disk_epoch, 0);
	w->node[0].hold = 0;
	run(4);
	expect_view(1, 2);
}
END_TEST

/* R20: of two nodes, each with quorum of its own, the other one has claimed: it may run */
START_TEST(claim_of_the_other_one_of_two)
{
	w->two_node = true;
	w->disk_epoch = w->open_claim = 0x101;
	boot(1);
	run(4);
	ck_assert_ptr_null(view_current(w->node[0].core));
	ck_assert_uint_eq(w->disk_epoch, 0x101); /* nothing is claimed before the proof */
	fence(2);
	run(4);
	expect_view(1, 1);
}
END_TEST

/* R20: a fencing that was known when its claim was found is no proof */
START_TEST(old_fencing_of_the_other_one_of_two)
{
	w->two_node = true;
	w->disk_epoch = w->open_claim = 0x101;
	fence(2);
	boot(1);
	run(4);
	ck_assert_ptr_null(view_current(w->node[0].core));
	fence(2);
	run(4);
	expect_view(1, 1);
}
END_TEST

/* R20: both claimed, and neither had seen the other one's claim */
START_TEST(two_claims_at_the_same_time)
{
	struct view_event claimed = { .type = VE_CLAIMED };

	w->two_node = true;
	boot(1);
	w->node[0].hold = 1u << FX_CLAIM;
	run(4);
	w->node[0].hold = 0;
	claimed.token = w->node[0].held;
	w->disk_epoch = w->open_claim = 0x101;
	deliver(1, &claimed);
	run(4);
	ck_assert_ptr_null(view_current(w->node[0].core));
	fence(2);
	run(4);
	expect_view(1, 1);
}
END_TEST

/* R20: an own claim that no view came of is no hindrance */
START_TEST(own_claim_of_two)
{
	struct view_event claimed = { .type = VE_CLAIMED, .error = -EIO };

	w->two_node = true;
	boot(1);
	w->node[0].hold = 1u << FX_CLAIM;
	run(4);
	w->node[0].hold = 0;
	claimed.token = w->node[0].held;
	w->disk_epoch = w->open_claim = 0x100;
	deliver(1, &claimed);
	run(4);
	expect_view(1, 1);
}
END_TEST

/* R10: who was out of sight for others, but never left, is no leaver: its map is its own */
START_TEST(who_is_there_did_not_leave)
{
	three();
	membership(3); /* node 3 left and joined in one change, the same process */
	membership(0);
	run(4);
	expect_view(1, 3);
	ck_assert_uint_eq(view_current(w->node[0].core)->leaver_count, 0);
}
END_TEST

/* R3: two begin; whose RSTART is the last in the stream coordinates, though the other one's came first */
START_TEST(the_last_rstart_has_a_coordinator)
{
	three();
	crash(3);
	fence(3);
	ck_assert(advance(2));
	fire(2, VT_BEGIN);
	ck_assert(advance(1));
	run_bus();
	expect_view(1, 2);
}
END_TEST

/* T7: what a leaver waits for may need a new view: it asks for one */
START_TEST(leaver_asks_for_a_view)
{
	struct view_event leave = { .type = VE_LEAVE }, ask = { .type = VE_RECONF };
	uint64_t views;

	three();
	views = w->node[1].views;
	w->node[0].hold = 1u << FX_LEAVE_LOCAL;
	deliver(1, &leave);
	deliver(1, &ask);
	run(4);
	ck_assert_uint_eq(w->node[1].views, views + 1);
	expect_view(1, 3);
}
END_TEST

/* R8: a master that let its volumes go cannot fold maps any more: another one is made master */
START_TEST(leaving_master_is_replaced)
{
	struct view_event event = { .type = VE_LEAVE }, let_go = { .type = VE_LET_GO };

	w->always_quorate = true;
	three();
	w->node[0].hold = 1u << FX_LEAVE_LOCAL;
	deliver(1, &event);
	let_go.token = w->node[0].held;
	deliver(1, &let_go);
	crash(3);
	fence(3);
	run(4);
	expect_view(2, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_view");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_setup, world_teardown);
	tcase_add_test(all, fresh_nodes_form_a_view);
	tcase_add_test(all, joiner_is_taken_in);
	tcase_add_test(all, loss_waits_for_fencing);
	tcase_add_test(all, old_fencing_is_no_proof);
	tcase_add_test(all, master_is_lost);
	tcase_add_test(all, leavers_accumulate);
	tcase_add_test(all, no_hello_before_stop);
	tcase_add_test(all, clean_leave);
	tcase_add_test(all, leave_with_marks);
	tcase_add_test(all, no_leave_in_a_step);
	tcase_add_test(all, last_one_closes);
	tcase_add_test(all, abort_is_recovered);
	tcase_add_test(all, peer_is_set_later);
	tcase_add_test(all, durable_member_is_fenced_first);
	tcase_add_test(all, return_is_a_proof);
	tcase_add_test(all, stale_member_aborts);
	tcase_add_test(all, change_in_the_middle);
	tcase_add_test(all, old_epoch_does_not_count);
	tcase_add_test(all, joiner_dies_at_prestop);
	tcase_add_test(all, cancelled_claim_is_waited_for);
	tcase_add_test(all, outdated_hellos_make_no_view);
	tcase_add_test(all, claim_of_the_other_one_of_two);
	tcase_add_test(all, old_fencing_of_the_other_one_of_two);
	tcase_add_test(all, two_claims_at_the_same_time);
	tcase_add_test(all, own_claim_of_two);
	tcase_add_test(all, who_is_there_did_not_leave);
	tcase_add_test(all, leaving_master_is_replaced);
	tcase_add_test(all, the_last_rstart_has_a_coordinator);
	tcase_add_test(all, leaver_asks_for_a_view);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
