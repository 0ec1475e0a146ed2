// SPDX-License-Identifier: GPL-2.0-or-later
/* A small world for the view core. */
#include "tests/unit/cpg_world.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

struct world *w;

static void cast(const struct view_packet *packet)
{
	struct world_event *event = &w->bus[w->bus_count++];

	ck_assert_uint_lt(w->bus_count, BUS_MAX);
	memset(event, 0, sizeof(*event));
	event->packet = *packet;
}

/* Everybody who can hear everybody is told of the new membership. */
void membership(uint32_t left)
{
	struct world_event *event = &w->bus[w->bus_count++];

	memset(event, 0, sizeof(*event));
	event->confchg = true;
	event->ring_seq = ++w->ring_seq;
	for (uint32_t i = 0; i < NODES; i++) {
		if (w->node[i].in_group) {
			event->node[event->node_count++] =
				(struct view_node){ i + 1, w->node[i].pid };
		}
	}
	if (left != 0) {
		event->left[event->left_count++] =
			(struct view_node){ left, w->node[left - 1].pid };
	}
}

static void effect(uint32_t id, struct view_effect *fx)
{
	struct world_node *node = &w->node[id - 1];
	struct view_event answer = { .token = fx->token };

	if ((node->hold >> fx->type & 1u) != 0) {
		node->held = fx->token;
		return;
	}
	switch (fx->type) {
	case FX_SEND:
		if (fx->u.packet->type == VP_ASK && node->silent) {
			return;
		}
		fx->u.packet->pid = node->pid;
		cast(fx->u.packet);
		return;
	case FX_STOP:
		answer.type = VE_STOPPED;
		break;
	case FX_PRESTOP:
		answer.type = VE_PRESTOPPED;
		break;
	case FX_SURVEY:
		answer.type = VE_SURVEYED;
		answer.max_epoch = w->disk_epoch;
		answer.durable = w->durable;
		answer.durable_count = w->durable_count;
		answer.open_claim = &w->open_claim;
		answer.open_claim_count = w->open_claim >> 8 == w->disk_epoch >> 8;
		break;
	case FX_LOOK:
		answer.type = VE_LOOKED;
		answer.error = node->fencer_error;
		answer.nodeid = w->fencing;
		answer.nodeid_count = w->fencing_count;
		node->looks++;
		node->apart += fx->u.apart;
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
	case FX_ADMIT:
		answer.type = VE_ADMITTED;
		answer.error = w->node[fx->u.nodeid - 1].unfit;
		answer.reason = answer.error != 0 ? "cannot find disk on slave node" : NULL;
		node->looked++;
		break;
	case FX_STORE:
		answer.type = VE_STORED;
		break;
	case FX_INSTALL:
		node->views++;
		return;
	case FX_STEP:
		node->steps[fx->u.step]++;
		if (fx->u.step == STEP_CONFIG && view_current(node->core)->master == id) {
			const struct view *view = view_current(node->core);

			w->durable_count = view->member_count;
			memcpy(w->durable, view->member,
			       view->member_count * sizeof(w->durable[0]));
		}
		answer.type = VE_STEPPED;
		break;
	case FX_SETTLED:
		return;
	case FX_LEAVE_CANCEL: /* in time, while the test holds the leave back */
		answer.type = VE_LEFT;
		answer.token = node->held;
		answer.error = node->too_late ? 0 : -ECANCELED;
		break;
	case FX_MARK:
		if (strstr(fx->text, " aborts: ") != NULL || strstr(fx->text, " leaves: ") != NULL) {
			snprintf(node->left, sizeof(node->left), "%s", fx->text);
		}
		return;
	case FX_REFUSED:
		snprintf(node->refused, sizeof(node->refused), "%s", fx->text);
		return;
	case FX_ASK_FENCE:
		w->asked[fx->u.ask.nodeid]++;
		w->told += fx->u.ask.again;
		return;
	case FX_LEAVE_LOCAL:
		answer.type = VE_LEFT;
		answer.unclean = node->unclean;
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
		node->again = fx->again;
		snprintf(node->gone_reason, sizeof(node->gone_reason), "%s", fx->text);
		node->in_group = false;
		membership(id);
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

void deliver(uint32_t id, struct view_event *event)
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
bool advance(uint32_t id)
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
	event = (struct view_event){ .type = VE_RING,
				     .ring = { 1, next->ring_seq },
				     .nodeid = ids,
				     .nodeid_count = next->node_count };
	deliver(id, &event);
	event = (struct view_event){ .type = VE_QUORUM,
				     .ring = { 1, next->ring_seq },
				     .quorate = w->always_quorate || w->two_node || next->node_count * 2 > 3 };
	if (!node->no_quorum) {
		deliver(id, &event);
	}
	return true;
}

void run_bus(void)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (uint32_t id = 1; id <= NODES; id++) {
			moved = advance(id) || moved;
		}
	}
}

void fire(uint32_t id, enum view_timer timer)
{
	struct view_event event = { .type = VE_TIMER, .timer = timer };

	if (w->node[id - 1].up && w->node[id - 1].timer[timer]) {
		w->node[id - 1].timer[timer] = false;
		deliver(id, &event);
	}
}

/* Runs until nothing moves; timers fire when the bus is silent: the ones that begin or poll. */
void run(int rounds)
{
	while (rounds-- > 0) {
		run_bus();
		for (uint32_t id = 1; id <= NODES; id++) {
			fire(id, VT_BEGIN);
			run_bus();
			fire(id, VT_POLL);
			run_bus();
		}
	}
}

void boot(uint32_t id)
{
	struct world_node *node = &w->node[id - 1];
	uint32_t serial = node->serial + 1, low = node->proto_min, high = node->proto_max;
	bool silent = node->silent;
	int unfit = node->unfit;

	view_free(node->core);
	memset(node, 0, sizeof(*node));
	node->serial = serial;
	node->proto_min = low;
	node->proto_max = high;
	node->silent = silent;
	node->unfit = unfit;
	node->pid = 100 * serial + id;
	node->core = view_create(id);
	node->up = node->in_group = true;
	node->next = w->bus_count;

	struct view_event event = { .type = VE_JOIN,
				    .nid_wanted = id - 1,
				    .two_node_peer = w->two_node ? 3 - id : 0,
				    .proto_min = low,
				    .proto_max = high,
				    .incarnation = (uint64_t)serial << 40 | node->pid };

	deliver(id, &event);
	membership(0);
}

void crash(uint32_t id)
{
	w->node[id - 1].up = w->node[id - 1].in_group = false;
	membership(id);
}

void fence(uint32_t id)
{
	struct view_event event = { .type = VE_FENCED, .fenced = id };

	for (uint32_t node = 1; node <= NODES; node++) {
		deliver(node, &event);
	}
}

void world_setup(void)
{
	w = calloc(1, sizeof(*w));
	w->bus = calloc(BUS_MAX, sizeof(w->bus[0]));
}

void world_teardown(void)
{
	for (int i = 0; i < NODES; i++) {
		view_free(w->node[i].core);
	}
	free(w->bus);
	free(w);
}

void expect_view(uint32_t master, size_t members)
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

void three(void)
{
	for (uint32_t id = 1; id <= 3; id++) {
		boot(id);
	}
	run(4);
	expect_view(1, 3);
}
