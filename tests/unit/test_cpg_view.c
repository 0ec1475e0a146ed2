// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core in a small world: some cores, one bus that orders packets, and answers of local
 * clients, disks and Pacemaker that the test can hold back. Each test names the rules it tries.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "cpg/steps.h"
#include "cpg/view.h"
#include "cpg/view_core.h"

#define NODES 4
#define BUS_MAX 4096

struct world_event {
	bool confchg;
	struct view_packet packet;
	struct view_node node[NODES], left[NODES];
	size_t node_count, left_count;
	uint32_t ring_seq;
};

struct world_node {
	struct view_core *core;
	bool up, in_group, cut;
	uint32_t pid, serial;
	size_t next; /* of the bus, to be delivered */
	bool timer[VT_COUNT];
	uint64_t views; /* installed */
	bool gone;
	enum view_how gone_how;
	char gone_reason[VX_REASON_MAX];
	bool hold_stop; /* the test holds back "stopped" */
	uint64_t held_stop;
	int steps[STEP_COUNT];
	uint64_t closed; /* STEP_CLOSE asked */
};

struct world {
	struct world_node node[NODES];
	struct world_event *bus;
	size_t bus_count;
	uint32_t ring_seq;
	uint64_t fenced[NODES + 1]; /* Pacemaker's history, by node id */
	uint64_t clock;
	uint64_t disk_epoch; /* highest claim on the copies */
	struct view_member durable[NODES];
	size_t durable_count;
	int asked[NODES + 1]; /* requests to fence a node */
	bool always_quorate; /* Corosync runs on, only vxclustds come and go */
};

static struct world *w;

static void deliver(uint32_t id, struct view_event *event);

static void cast(const struct view_packet *packet)
{
	struct world_event *event = &w->bus[w->bus_count++];

	ck_assert_uint_lt(w->bus_count, BUS_MAX);
	memset(event, 0, sizeof(*event));
	event->packet = *packet;
}

/* Everybody who can hear everybody is told of the new membership. */
static void membership(uint32_t joined, uint32_t left)
{
	struct world_event *event = &w->bus[w->bus_count++];

	memset(event, 0, sizeof(*event));
	event->confchg = true;
	event->ring_seq = ++w->ring_seq;
	for (uint32_t i = 0; i < NODES; i++) {
		if (w->node[i].in_group) {
			event->node[event->node_count++] = (struct view_node){ i + 1, w->node[i].pid };
		}
	}
	if (left != 0) {
		event->left[event->left_count++] = (struct view_node){ left, w->node[left - 1].pid };
	}
	(void)joined;
}

static void effect(uint32_t id, struct view_effect *fx)
{
	struct world_node *node = &w->node[id - 1];
	struct view_event answer = { .token = fx->token };
	struct view_time time[VX_NODES_MAX];

	switch (fx->type) {
	case FX_SEND:
		fx->u.packet->pid = node->pid;
		cast(fx->u.packet);
		return;
	case FX_STOP:
		answer.type = VE_STOPPED;
		if (node->hold_stop) {
			node->held_stop = fx->token;
			return;
		}
		break;
	case FX_PRESTOP:
		answer.type = VE_PRESTOPPED;
		break;
	case FX_SURVEY:
		answer.type = VE_SURVEYED;
		answer.max_epoch = w->disk_epoch;
		answer.durable = w->durable;
		answer.durable_count = w->durable_count;
		break;
	case FX_TIMES:
		answer.type = VE_TIMES;
		answer.time = time;
		for (size_t i = 0; i < fx->u.times.count; i++) {
			time[answer.time_count++] = (struct view_time){ .nodeid = fx->u.times.nodeid[i],
									.when_s = w->fenced[fx->u.times.nodeid[i]] };
		}
		break;
	case FX_CLAIM:
		answer.type = VE_CLAIMED;
		if (fx->u.view->epoch <= w->disk_epoch) {
			answer.error = -VX_E_STALE;
			answer.max_epoch = w->disk_epoch;
		} else {
			w->disk_epoch = fx->u.view->epoch;
		}
		break;
	case FX_INSTALL:
		node->views++;
		return;
	case FX_STEP:
		node->steps[fx->u.step]++;
		if (fx->u.step == STEP_CONFIG && view_current(node->core)->master == id) {
			const struct view *view = view_current(node->core);

			w->durable_count = view->member_count;
			memcpy(w->durable, view->member, view->member_count * sizeof(w->durable[0]));
		}
		answer.type = VE_STEPPED;
		break;
	case FX_SETTLED:
	case FX_MARK:
	case FX_LEAVE_CANCEL:
		return;
	case FX_ASK_FENCE:
		w->asked[fx->u.nodeid]++;
		return;
	case FX_LEAVE_LOCAL:
		answer.type = VE_LEFT;
		break;
	case FX_CLOSE:
		w->durable_count = 0;
		node->closed++;
		answer.type = VE_CLOSED;
		break;
	case FX_ABORT_LOCAL:
		answer.type = VE_ABORTED;
		break;
	case FX_GONE:
		node->gone = true;
		node->gone_how = fx->u.how;
		snprintf(node->gone_reason, sizeof(node->gone_reason), "%s", fx->text);
		node->in_group = false;
		membership(0, id);
		return;
	case FX_TIMER_SET:
		node->timer[fx->u.set.timer] = true;
		return;
	case FX_TIMER_CANCEL:
		node->timer[fx->u.timer] = false;
		return;
	}
	deliver(id, &answer);
}

static void deliver(uint32_t id, struct view_event *event)
{
	struct view_effects fx = { 0 };

	if (!w->node[id - 1].up) {
		return;
	}
	view_step(w->node[id - 1].core, event, &fx);
	for (size_t i = 0; i < fx.count && w->node[id - 1].up; i++) {
		effect(id, &fx.effect[i]);
	}
	view_effects_free(&fx);
}

/* The next thing on the bus for one node. */
static bool advance(uint32_t id)
{
	struct world_node *node = &w->node[id - 1];
	uint32_t ids[NODES];
	struct view_event event = { 0 };

	if (!node->up || node->cut || node->next >= w->bus_count) {
		return false;
	}

	struct world_event *next = &w->bus[node->next++];

	if (!next->confchg) {
		event.type = VE_PACKET;
		event.packet = &next->packet;
		deliver(id, &event);
		return true;
	}
	for (size_t i = 0; i < next->node_count; i++) {
		ids[i] = next->node[i].nodeid;
	}
	event.type = VE_CONFCHG;
	event.node = next->node;
	event.node_count = next->node_count;
	event.left = next->left;
	event.left_count = next->left_count;
	event.ring_changing = true;
	deliver(id, &event);
	event = (struct view_event){ .type = VE_RING, .ring = { 1, next->ring_seq }, .nodeid = ids,
				     .nodeid_count = next->node_count };
	deliver(id, &event);
	event = (struct view_event){ .type = VE_QUORUM, .ring = { 1, next->ring_seq },
				     .quorate = w->always_quorate || next->node_count * 2 > 3 };
	deliver(id, &event);
	return true;
}

static void run_bus(void)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (uint32_t id = 1; id <= NODES; id++) {
			moved = advance(id) || moved;
		}
	}
}

/* Runs until nothing moves; timers fire when the bus is silent: the ones that begin or poll. */
static void run(int rounds)
{
	while (rounds-- > 0) {
		run_bus();
		for (uint32_t id = 1; id <= NODES; id++) {
			static const enum view_timer may[] = { VT_BEGIN, VT_POLL };

			for (size_t i = 0; i < VX_COUNT_OF(may); i++) {
				if (w->node[id - 1].up && w->node[id - 1].timer[may[i]]) {
					struct view_event event = { .type = VE_TIMER, .timer = may[i] };

					w->node[id - 1].timer[may[i]] = false;
					deliver(id, &event);
					run_bus();
				}
			}
		}
	}
}

static void boot(uint32_t id)
{
	struct world_node *node = &w->node[id - 1];
	uint32_t serial = node->serial + 1;

	view_free(node->core);
	memset(node, 0, sizeof(*node));
	node->serial = serial;
	node->pid = 100 * serial + id;
	node->core = view_create(id);
	node->up = node->in_group = true;
	node->next = w->bus_count;

	struct view_event event = { .type = VE_JOIN, .nid_wanted = id - 1,
				    .incarnation = (uint64_t)serial << 40 | node->pid };

	deliver(id, &event);
	membership(id, 0);
}

static void crash(uint32_t id)
{
	w->node[id - 1].up = w->node[id - 1].in_group = false;
	membership(0, id);
}

static void fence(uint32_t id)
{
	w->fenced[id] = ++w->clock;
}

static void setup(void)
{
	w = calloc(1, sizeof(*w));
	w->bus = calloc(BUS_MAX, sizeof(w->bus[0]));
	w->clock = 100;
}

static void teardown(void)
{
	for (int i = 0; i < NODES; i++) {
		view_free(w->node[i].core);
	}
	free(w->bus);
	free(w);
}

static void expect_view(uint32_t master, size_t members)
{
	uint64_t epoch = 0;
	size_t count = 0;

	for (int i = 0; i < NODES; i++) {
		const struct view_core *core = w->node[i].core;

		if (!w->node[i].up || w->node[i].gone || core == NULL) {
			continue;
		}
		ck_assert_msg(view_is_settled(core), "node %d is not settled", i + 1);
		ck_assert_uint_eq(view_current(core)->member_count, members);
		ck_assert_uint_eq(view_current(core)->master, master);
		ck_assert(epoch == 0 || epoch == view_current(core)->epoch);
		epoch = view_current(core)->epoch;
		count++;
	}
	ck_assert_uint_eq(count, members);
}

static void three(void)
{
	for (uint32_t id = 1; id <= 3; id++) {
		boot(id);
	}
	run(4);
	expect_view(1, 3);
}

/* R5, R7, R8, R10: fresh nodes make a view; the lowest node id is master */
START_TEST(fresh_nodes_form_a_view)
{
	three();
	ck_assert_int_ge(w->node[0].steps[STEP_CONFIG], 1);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 0);
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
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 1);
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
	w->node[0].hold_stop = true;
	crash(4);
	fence(4);
	run(2);
	crash(3);
	fence(3);
	w->node[0].hold_stop = false;

	struct view_event event = { .type = VE_STOPPED, .token = w->node[0].held_stop };

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
	w->node[1].hold_stop = true;
	crash(3);
	fence(3);
	run(6);
	ck_assert(!view_is_settled(w->node[0].core));
	w->node[1].hold_stop = false;

	struct view_event event = { .type = VE_STOPPED, .token = w->node[1].held_stop };

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
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 0);
	deliver(3, &event);
	run(4);
	ck_assert_uint_eq(w->durable_count, 1);
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
	expect_view(1, 2);
	ck_assert_int_eq(w->node[0].steps[STEP_RECOVER], 1);
}
END_TEST

/* R5b: whoever is named on the copies and not here must be fenced, also after a start from nothing */
START_TEST(durable_member_is_fenced_first)
{
	w->durable[0] = (struct view_member){ .nodeid = 3, .nid = 2, .incarnation = 77, .fenced_at = 50 };
	w->durable_count = 1;
	w->disk_epoch = 0x500;
	w->fenced[3] = 50;
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
	membership(0, 3);
	fence(3);
	run(6);
	ck_assert(view_is_settled(w->node[0].core));
	w->node[2].cut = false;
	w->node[2].in_group = true;
	w->node[2].next = w->bus_count;
	membership(3, 0);
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
	fence(4);
	run(6);
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

int main(void)
{
	Suite *suite = suite_create("cpg_view");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, fresh_nodes_form_a_view);
	tcase_add_test(all, joiner_is_taken_in);
	tcase_add_test(all, loss_waits_for_fencing);
	tcase_add_test(all, old_fencing_is_no_proof);
	tcase_add_test(all, master_is_lost);
	tcase_add_test(all, leavers_accumulate);
	tcase_add_test(all, no_hello_before_stop);
	tcase_add_test(all, clean_leave);
	tcase_add_test(all, last_one_closes);
	tcase_add_test(all, abort_is_recovered);
	tcase_add_test(all, durable_member_is_fenced_first);
	tcase_add_test(all, return_is_a_proof);
	tcase_add_test(all, stale_member_aborts);
	tcase_add_test(all, change_in_the_middle);
	tcase_add_test(all, old_epoch_does_not_count);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
