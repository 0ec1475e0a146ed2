// SPDX-License-Identifier: GPL-2.0-or-later
/* T17: a group whose disks the survey of the view did not see. Its copies name node c as a member. */
#include "tests/unit/shelf_group.h"
#include "tests/unit/suite.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/takeover_part.h"

#define EPOCH UINT64_C(0x301) /* above the content's */

static const struct clust_ops clust_ops;
static Vx__Member a = VX__MEMBER__INIT, *members[] = { &a };
static Vx__Leaver c = VX__LEAVER__INIT, *leavers[] = { &c };
static Vx__View view = VX__VIEW__INIT;
static Vx__CfgState state = VX__CFG_STATE__INIT;
static Vx__GroupState found = VX__GROUP_STATE__INIT, *groups[] = { &found };
static struct loop_timer timer;
static struct request req;
static Vx__Request request = VX__REQUEST__INIT;
static Vx__Reply reply = VX__REPLY__INIT;
static int done_error;

/* Node a, in a view of its own that was made when nobody was lost. */
static void late_setup(void)
{
	static char *operand[] = { (char *)"data" };
	static char *flag[] = { (char *)"dry-run" };

	setup();
	disks_make(REGION_DISKS);
	vx__config__free_unpacked(group_make(7), NULL);
	ck_assert_int_eq(clust_create(configd.loop, &clust_ops, &configd, &configd.clust), 0);
	ck_assert_int_eq(steps_create(&configd), 0);
	TAILQ_INIT(&configd.creating);
	a.nodeid = 1;
	a.incarnation = 11;
	c.nodeid = 3;
	c.incarnation = 33;
	view.epoch = EPOCH;
	view.master = view.self = 1;
	view.member = members;
	view.n_member = 1;
	view.leaver = leavers;
	cview_set(&configd.cluster, &view);
	snprintf(configd.cluster.cluster, sizeof(configd.cluster.cluster), "demo");
	found.dgid = (char *)REGION_DGID;
	found.name = (char *)"data";
	found.ours = true;
	state.group = groups;
	state.n_group = 1;
	configd.cluster.peer[0].state = &state;
	request.tool = (char *)"vxdg";
	request.verb = (char *)"import";
	request.operand = operand;
	request.n_operand = 1;
	request.flag = flag;
	req = (struct request){ .configd = &configd, .request = &request, .reply = &reply };
}

static void late_teardown(void)
{
	clust_destroy(configd.clust);
	teardown();
}

static void on_planned(struct request *of, int error)
{
	ck_assert_ptr_eq(of, &req);
	done_error = error;
	loop_stop(configd.loop);
}

static void import(void)
{
	configd.cluster.wait_view = false;
	request_plan_import(&req, on_planned);
	loop_run(configd.loop);
}

static void expect_message(const char *text)
{
	ck_assert_uint_eq(reply.n_message, 1);
	ck_assert_uint_eq(reply.message[0]->number, MSG_IMPORT_FAILED);
	ck_assert_msg(strstr(reply.message[0]->text, "name node c as") != NULL, "%s",
		      reply.message[0]->text);
	ck_assert_msg(strstr(reply.message[0]->text, text) != NULL, "%s", reply.message[0]->text);
}

START_TEST(import_asks_for_a_view_once)
{
	import();
	ck_assert_int_eq(done_error, -VX_E_AGAIN);
	ck_assert(configd.cluster.wait_view);
	ck_assert_uint_eq(reply.n_message, 0);
	import(); /* the view came: its survey did not see the disks either */
	ck_assert_int_ne(done_error, -VX_E_AGAIN);
	ck_assert(!configd.cluster.wait_view);
	expect_message("try again");
}
END_TEST

START_TEST(import_that_is_tried_asks_for_nothing)
{
	request.n_flag = 1;
	import();
	ck_assert_int_ne(done_error, -VX_E_AGAIN);
	ck_assert(!configd.cluster.wait_view);
	expect_message("waits for its fencing");
}
END_TEST

/* The group of another cluster, with -C: its survey is not ours. */
START_TEST(import_of_what_is_not_ours)
{
	request.flag[0] = (char *)"C";
	request.n_flag = 1;
	snprintf(configd.cluster.cluster, sizeof(configd.cluster.cluster), "other");
	configd.cluster.view->epoch = 0x100; /* below the content's: it asks for that, and for nothing else */
	import();
	ck_assert_int_eq(done_error, -VX_E_AGAIN);
	ck_assert(!req.proof_asked);
	ck_assert_uint_eq(configd.epoch_floor, 0x101);
}
END_TEST

/* Disabled by the view that it waited for: -f was not typed. */
START_TEST(import_that_waited_is_not_forced)
{
	static struct group data;

	import();
	data = (struct group){ .configd = &configd,
			       .dgid = REGION_DGID,
			       .name = "data",
			       .state = GROUP_DISABLED,
			       .reason = "too few" };
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	configd.cluster.wait_view = false;
	request_plan_import(&req, on_planned);
	ck_assert_int_ne(done_error, -VX_E_AGAIN);
	ck_assert(!configd.cluster.wait_view);
	ck_assert_str_eq(req.force_dgid, "");
	ck_assert_uint_eq(reply.n_message, 1);
}
END_TEST

static void on_look(void *ctx)
{
	const struct takeover_run *run = configd.steps->takeover;

	(void)ctx;
	if (run->waiting == 0) {
		loop_stop(configd.loop);
	} else {
		loop_timer_set(configd.loop, &timer, 5, on_look, NULL);
	}
}

static const struct takeover_group *take_over(void)
{
	takeover_cancel(&configd);
	takeover_begin(&configd);
	on_look(NULL);
	if (configd.steps->takeover->waiting > 0) {
		loop_run(configd.loop);
	}
	return TAILQ_FIRST(&configd.steps->takeover->groups);
}

/* Nothing is written before the proof, and no two views are asked for in a row. */
START_TEST(take_over_waits_for_the_proof)
{
	const struct takeover_group *item = take_over();

	ck_assert_int_eq(item->error, -VX_E_UNPROVEN);
	ck_assert_msg(strstr(item->reason, "name node c as") != NULL, "%s", item->reason);
	ck_assert_msg(strstr(item->reason, "a new view is made") != NULL, "%s", item->reason);
	ck_assert(configd.steps->proof_asked);
	item = take_over();
	ck_assert_int_eq(item->error, -VX_E_UNPROVEN);
	ck_assert_msg(strstr(item->reason, "vxdctl enable") != NULL, "%s", item->reason);
	ck_assert(!configd.steps->proof_asked);
	copies_look();
	ck_assert_uint_eq(answer_durable, 1);
}
END_TEST

/* The survey saw them: node c is a leaver of the view, so it was proven off. No fencing in this world. */
START_TEST(take_over_of_what_the_survey_saw)
{
	configd.cluster.view->leaver = leavers;
	configd.cluster.view->n_leaver = 1;

	const struct takeover_group *item = take_over();

	ck_assert_int_eq(item->error, -VX_E_NOFENCE);
}
END_TEST

START_TEST(who_is_proven)
{
	Vx__Member life = VX__MEMBER__INIT, *durable[] = { &a, &life };

	life.nodeid = 3;
	life.incarnation = 33;
	ck_assert_ptr_eq(cview_unproven(&view, durable, 2), &life);
	ck_assert_ptr_null(cview_unproven(&view, durable, 1));
	view.n_leaver = 1;
	ck_assert_ptr_null(cview_unproven(&view, durable, 2));
	life.incarnation = 34; /* another life of that node */
	ck_assert_ptr_eq(cview_unproven(&view, durable, 2), &life);
	view.n_leaver = 0;
	life.nodeid = 1; /* an earlier life of a member: its HELLO is the proof */
	ck_assert_ptr_null(cview_unproven(&view, durable, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_late");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, late_setup, late_teardown);
	tcase_add_test(all, import_asks_for_a_view_once);
	tcase_add_test(all, import_that_is_tried_asks_for_nothing);
	tcase_add_test(all, import_of_what_is_not_ours);
	tcase_add_test(all, import_that_waited_is_not_forced);
	tcase_add_test(all, take_over_waits_for_the_proof);
	tcase_add_test(all, take_over_of_what_the_survey_saw);
	tcase_add_test(all, who_is_proven);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
