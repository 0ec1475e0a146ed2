// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core: membership events, whom to follow, and where each event goes. */
#include "cpg/view_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "base/timeouts.h"

struct view_core *view_create(uint32_t nodeid)
{
	struct view_core *core = calloc(1, sizeof(*core));

	if (core != NULL) {
		core->nodeid = nodeid;
	}
	return core;
}

void view_free(struct view_core *core)
{
	free(core);
}

bool view_is_master(const struct view_core *core)
{
	return core->have_view && core->view.master == core->nodeid;
}

/* ---- closing, stopping ---- */

/* Gate shut and nothing in flight, asked once until the next view resumes (R4). */
static void view_stop_begin(struct view_core *core, struct view_effects *fx)
{
	core->settled = false;
	if (core->stop != STOP_NOT) {
		return;
	}
	core->stop = STOP_WAITING;
	core->stop_token = view_token(core);
	view_fx(fx, FX_STOP)->token = core->stop_token;
}

static void view_close(struct view_core *core, struct view_effects *fx)
{
	core->open = false;
	core->step = STEP_NONE;
	view_admit_forget(core);
	view_stop_begin(core, fx);
}

void view_unfollow(struct view_core *core)
{
	core->following = false;
	core->given_up = false;
	core->hello_sent = false;
}

/* ---- membership events ---- */

static void view_member_left(struct view_core *core, const struct view_member *member)
{
	const struct view_leaver *word =
		view_leaver_find(core->word, core->word_count, member->nodeid, member->incarnation);
	struct view_leaver leaver = {
		.nodeid = member->nodeid,
		.nid = member->nid,
		.incarnation = member->incarnation,
		.fenced_at = member->fenced_at,
		.how = word != NULL ? word->how : VIEW_LOST,
	};

	view_leaver_add(core->left, &core->left_count, VX_COUNT_OF(core->left), &leaver);
}

/* R1 */
static void view_lost(struct view_core *core, struct view_effects *fx)
{
	if (core->state == VS_ABORTING || MUTANT(R1_CLOSE)) {
		return;
	}
	if (core->open) {
		view_fx_mark(fx, "view %llx closed: a member left",
			     (unsigned long long)core->view.epoch);
	}
	view_close(core, fx);
}

static void view_on_confchg(struct view_core *core, const struct view_event *event,
			    struct view_effects *fx)
{
	bool lost = false;

	if (core->state == VS_OUT) {
		return;
	}
	if (event->ring_changing) {
		core->have_ring = false; /* the ring id that we know is of the past */
	}
	core->node_count = event->node_count < VX_NODES_MAX ? event->node_count : VX_NODES_MAX;
	memcpy(core->node, event->node, core->node_count * sizeof(core->node[0]));
	core->asked_count = 0;
	view_admit_left(core, event);
	if (core->busy) {
		view_watch_begin(core, fx);
	}

	/* R1: a member in the left list closes the view, whatever the join list says */
	for (size_t i = 0; core->have_view && i < event->left_count; i++) {
		for (size_t k = 0; k < core->view.member_count; k++) {
			const struct view_member *member = &core->view.member[k];

			if (member->nodeid == event->left[i].nodeid &&
			    (uint32_t)member->incarnation == event->left[i].pid) {
				view_member_left(core, member);
				lost = true;
			}
		}
	}
	view_coord_cancel(core, fx);
	if (!MUTANT(R3_FORGET)) {
		view_unfollow(core); /* R3: a membership event forgets whom I follow */
	}
	if (lost) {
		view_lost(core, fx);
	}
	view_ask_send(core, fx);
	view_coord_consider(core, fx);
}

static void view_on_ring(struct view_core *core, const struct view_event *event,
			 struct view_effects *fx)
{
	core->cpg_ring = event->ring;
	core->have_ring = true;
	core->totem_count = event->nodeid_count < VX_COUNT_OF(core->totem)
				    ? event->nodeid_count
				    : VX_COUNT_OF(core->totem);
	memcpy(core->totem, event->nodeid, core->totem_count * sizeof(core->totem[0]));
	view_proof_peer(core);
	view_coord_cancel(core, fx); /* its packets name the old ring */
	view_unfollow(core);
	for (size_t i = 0; core->have_view && i < core->view.member_count; i++) {
		if (!view_in_totem(core, core->view.member[i].nodeid) && !MUTANT(R1_GHOST)) {
			view_member_left(core, &core->view.member[i]);
			view_lost(core, fx);
		}
	}
	view_ask_send(core, fx);
	view_coord_consider(core, fx);
}

/* R15: nothing is begun, and nothing goes on. */
void view_freeze(struct view_core *core, struct view_effects *fx)
{
	view_coord_cancel(core, fx);
	view_unfollow(core);
	if (core->have_view) {
		view_fx_mark(fx, "quorum lost: I/O is frozen");
		view_close(core, fx);
	}
}

/* As the last word says, which is not of a ring before this one. */
bool view_quorum_lost(const struct view_core *core)
{
	return !core->quorate && core->quorum_ring.seq >= core->cpg_ring.seq &&
	       !MUTANT(R15_FREEZE);
}

static void view_on_quorum(struct view_core *core, const struct view_event *event,
			   struct view_effects *fx)
{
	bool had = core->quorate;

	if (event->quorate && !had) {
		core->apart = true; /* what others fenced meanwhile */
	}
	core->quorum_ring = event->ring;
	core->quorate = event->quorate;
	/* the view may be of a quorate ring between two of which this node was told */
	if (((had && !core->quorate && !MUTANT(R15_FREEZE)) ||
	     (core->open && view_quorum_lost(core))) &&
	    core->state != VS_OUT && core->state != VS_ABORTING) {
		view_freeze(core, fx);
	}
	view_coord_consider(core, fx);
}

/* ---- following a coordinator ---- */

static void view_hello_send(struct view_core *core, struct view_effects *fx)
{
	if (!core->following || core->hello_sent || (core->stop != STOP_DONE && !MUTANT(R4_STOP))) {
		return;
	}

	struct view_packet *packet = view_fx_send(core, fx, VP_HELLO);

	packet->round = core->follow_round;
	packet->coordinator = core->follow_nodeid;
	packet->member = core->have_view;
	packet->let_go = core->let_go;
	packet->ran = core->ran;
	packet->protocol = core->have_view ? core->view.protocol : 0;
	packet->self = core->self;
	packet->last_epoch = core->last_epoch;
	if (core->have_view) {
		packet->view = core->view;
	}
	packet->view.leaver_count = core->left_count;
	memcpy(packet->view.leaver, core->left, core->left_count * sizeof(core->left[0]));
	core->hello_sent = core->hello_said = true;
}

/*
 * R3: is this the coordinator to follow? The last one in the stream is, so that all agree. An open
 * view goes along with a member that closed it: quorum went and came, and it was told alone.
 */
static bool view_rstart_counts(const struct view_core *core, const struct view_packet *packet)
{
	if (core->open && packet->from != core->view.master && MUTANT(R3_AGAIN)) {
		return false;
	}
	if (core->have_view) {
		return packet->epoch == core->view.epoch || MUTANT(R3_LOWER);
	}
	return !core->following || packet->epoch >= core->follow_epoch || MUTANT(R3_FRESH);
}

static void view_on_rstart(struct view_core *core, const struct view_packet *packet,
			   struct view_effects *fx)
{
	if ((!view_ring_equal(&packet->ring, &core->cpg_ring) && !MUTANT(R3_RING)) ||
	    !view_in_ring(core, packet->from, packet->pid)) {
		return;
	}
	if (core->have_view && packet->epoch > core->view.epoch && !MUTANT(R14_STALE)) {
		view_abort(core, fx, "the cluster went on without this node"); /* R14 */
		return;
	}
	if (!view_rstart_counts(core, packet) || (core->following && MUTANT(R3_LAST))) {
		return;
	}
	if (packet->from == core->nodeid && !view_coord_may(core) && !MUTANT(R15_RSTART)) {
		view_unfollow(core); /* R15: it begins again when quorum is back */
		return;
	}
	if (packet->from == core->nodeid) {
		view_coord_followed(core, packet->round);
	} else if (!MUTANT(R3_CANCEL)) {
		view_coord_cancel(core, fx);
	}
	view_fx_timer_cancel(fx, VT_BEGIN);
	core->following = true;
	core->given_up = false;
	core->follow_nodeid = packet->from;
	core->follow_pid = packet->pid;
	core->follow_round = packet->round;
	core->follow_epoch = packet->epoch;
	core->hello_sent = false;
	view_watch_begin(core, fx);
	view_close(core, fx);
	view_hello_send(core, fx);
}

static void view_on_stopped(struct view_core *core, const struct view_event *event,
			    struct view_effects *fx)
{
	if (core->stop != STOP_WAITING || event->token != core->stop_token) {
		return;
	}
	if (event->error != 0) {
		view_abort(core, fx, "%s",
			   event->reason != NULL ? event->reason : "I/O could not be stopped");
		return;
	}
	core->stop = STOP_DONE;
	view_leave_try(core, fx);
	view_hello_send(core, fx);
}

/* ---- events ---- */

static void view_on_packet(struct view_core *core, const struct view_packet *packet,
			   struct view_effects *fx)
{
	if (core->state == VS_OUT) {
		return;
	}
	view_watch_heard(core, packet);
	if (core->state == VS_ABORTING && packet->type != VP_LEAVE) {
		return;
	}
	switch (packet->type) {
	case VP_RSTART:
		view_on_rstart(core, packet, fx);
		return;
	case VP_HELLO:
		view_proof_hello(core, packet);
		view_coord_hello(core, packet, fx);
		return;
	case VP_NEWVIEW:
		view_on_newview(core, packet, fx);
		return;
	case VP_BUSY:
		view_admit_heard(core, packet, fx); /* and a sign of life */
		return;
	case VP_STEP_DONE:
		view_on_step_done(core, packet, fx);
		return;
	case VP_LEAVE:
		view_on_leave_packet(core, packet, fx);
		return;
	case VP_ASK:
		view_on_ask(core, packet, fx);
		return;
	case VP_REFUSE:
		view_on_refuse(core, packet, fx);
		return;
	case VP_SETMASTER:
		view_on_setmaster_packet(core, packet, fx);
		return;
	case VP_LEAVING:
		view_on_leaving_packet(core, packet);
		view_on_ready(core, packet);
		return;
	case VP_RECONF:
		if (core->open && packet->epoch == core->view.epoch) {
			core->upgrade_wanted = core->upgrade_wanted || packet->upgrade;
			core->reconf_wanted = true;
			view_coord_consider(core, fx);
		}
		return;
	}
}

static void view_on_timer(struct view_core *core, enum view_timer timer, struct view_effects *fx)
{
	switch (timer) {
	case VT_BEGIN:
		if (view_coord_needed(core)) {
			view_coord_begin(core, fx);
		}
		return;
	case VT_JOIN:
		if (core->state == VS_JOINING) {
			snprintf(core->reason, sizeof(core->reason),
				 "join timed out during reconfiguration");
			view_join_end(core, fx);
		}
		return;
	case VT_ASK:
		if (core->state == VS_ABORTING) {
			view_abort_end(core, fx, false);
			return;
		}
		core->ask_due = core->coord == VC_FENCE; /* a fencing may be under way: look */
		core->look_waits = core->look_waits && !core->ask_due;
		return;
	case VT_POLL:
		view_coord_poll(core, fx);
		return;
	case VT_LOOK:
		core->look_waits = false;
		return;
	case VT_ADMIT:
		view_admit_timer(core, fx);
		return;
	case VT_BUSY:
	case VT_MUTE:
		view_watch_timer(core, timer, fx);
		return;
	case VT_COUNT:
		return;
	}
}

static void view_on_join(struct view_core *core, const struct view_event *event,
			 struct view_effects *fx)
{
	if (core->state != VS_OUT) {
		return;
	}
	view_state_set(core, VS_JOINING);
	core->reason[0] = '\0';
	core->self = (struct view_member){ .nodeid = core->nodeid,
					   .nid = event->nid_wanted,
					   .incarnation = event->incarnation,
					   .preference = event->preference,
					   .proto_min = event->proto_min,
					   .proto_max = event->proto_max };
	if (event->last_epoch > core->last_epoch) {
		core->last_epoch = event->last_epoch;
	}
	core->peer = event->two_node_peer;
	core->apart = true;
	view_proof_peer(core);
	if (event->timeout_ms > 0) {
		view_fx_timer(fx, VT_JOIN, event->timeout_ms);
	}
}

void view_step(struct view_core *core, const struct view_event *event, struct view_effects *fx)
{
	switch (event->type) {
	case VE_JOIN:
		view_on_join(core, event, fx);
		break;
	case VE_CONFCHG:
		view_on_confchg(core, event, fx);
		break;
	case VE_RING:
		view_on_ring(core, event, fx);
		break;
	case VE_QUORUM:
		view_on_quorum(core, event, fx);
		break;
	case VE_PACKET:
		view_on_packet(core, event->packet, fx);
		break;
	case VE_TIMER:
		view_on_timer(core, event->timer, fx);
		break;
	case VE_STOPPED:
		view_on_stopped(core, event, fx);
		break;
	case VE_PRESTOPPED:
		view_coord_prestopped(core, event, fx);
		break;
	case VE_SURVEYED:
		view_coord_surveyed(core, event, fx);
		break;
	case VE_LOOKED:
		view_on_looked(core, event, fx);
		break;
	case VE_FENCED:
		view_on_fenced(core, event->fenced, fx);
		break;
	case VE_FENCER_LOST:
		core->apart = true;
		break;
	case VE_CLAIMED:
		view_coord_claimed(core, event, fx);
		break;
	case VE_ADMITTED:
		view_on_admitted(core, event, fx);
		break;
	case VE_STORED:
		view_on_stored(core, event, fx);
		break;
	case VE_STEPPED:
		view_on_stepped(core, event, fx);
		break;
	case VE_LEAVE:
		view_on_leave(core, event->reason, fx);
		break;
	case VE_LEAVE_CANCEL:
		view_on_leave_cancel(core, fx);
		break;
	case VE_LET_GO:
		core->let_go = core->state == VS_LEAVING && event->token == core->leave_token;
		break;
	case VE_LEFT:
		view_on_left(core, event, fx);
		break;
	case VE_CLOSED:
		view_on_closed(core, event, fx);
		break;
	case VE_ABORT:
		view_abort(core, fx, "%s",
			   event->reason != NULL ? event->reason : "user initiated abort");
		if (core->state == VS_ABORTING && event->error != 0) {
			view_abort_end(core, fx, MUTANT(R13_STALL)); /* not asked again */
		}
		break;
	case VE_ABORTED:
		view_on_aborted(core, event, fx);
		break;
	case VE_RECONF:
		/* who leaves too: what it waits for may need a new view (T7) */
		if (core->open && (core->state == VS_MEMBER || core->state == VS_LEAVING)) {
			struct view_packet *packet = view_fx_send(core, fx, VP_RECONF);

			packet->upgrade = event->upgrade;
			snprintf(packet->reason, sizeof(packet->reason), "%s",
				 event->reason != NULL ? event->reason : "asked for");
		}
		break;
	case VE_SETMASTER:
		view_on_setmaster(core, event->master, fx);
		break;
	case VE_PEER:
		core->peer = event->two_node_peer;
		view_proof_peer(core);
		break;
	}
	view_leave_try(core, fx);
	view_watch(core, fx);
	view_proof(core, fx);
	view_check(core);
}

uint32_t view_nodeid(const struct view_core *core)
{
	return core->nodeid;
}

enum view_state view_state(const struct view_core *core)
{
	return core->state;
}

const struct view *view_current(const struct view_core *core)
{
	return core->have_view ? &core->view : NULL;
}

bool view_is_open(const struct view_core *core)
{
	return core->open;
}

bool view_is_stored(const struct view_core *core)
{
	return core->stored;
}

bool view_is_settled(const struct view_core *core)
{
	return core->settled;
}

bool view_has_run(const struct view_core *core)
{
	return core->ran;
}

bool view_is_switching(const struct view_core *core)
{
	return core->switch_asked.nodeid != 0;
}

bool view_is_quorate(const struct view_core *core)
{
	return core->quorate;
}

bool view_awaits(const struct view_core *core, uint64_t token)
{
	bool ends = core->state == VS_LEAVING || core->state == VS_ABORTING;

	if (ends && token == core->leave_token) {
		return true;
	}
	return core->state != VS_OUT && core->state != VS_ABORTING &&
	       (token == core->coord_token || view_admit_awaits(core, token) ||
		(core->stop == STOP_WAITING && token == core->stop_token) ||
		(core->step != STEP_NONE && token == core->step_token));
}

void view_describe(const struct view_core *core, char out[VX_REASON_MAX])
{
	out[0] = '\0';
	if (core->state == VS_OUT || (core->settled && core->coord == VC_IDLE)) {
		return;
	}
	if (core->coord != VC_IDLE) {
		snprintf(out, VX_REASON_MAX, "coordinating: %s", view_coord_name(core->coord));
	} else if (core->following) {
		snprintf(out, VX_REASON_MAX, "%s for node %u",
			 core->stop == STOP_DONE ? "stopped" : "stopping", core->follow_nodeid);
	} else if (core->step != STEP_NONE && !core->stored) {
		snprintf(out, VX_REASON_MAX, "storing the epoch on the disk of this node");
	} else if (core->step != STEP_NONE) {
		snprintf(out, VX_REASON_MAX, "step %s", step_name(core->step));
	} else {
		snprintf(out, VX_REASON_MAX, "%s",
			 core->quorate ? "waiting for a coordinator" : "waiting for quorum");
	}
}
