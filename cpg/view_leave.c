// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core: the states of the node, leaving cleanly and by abort (R12, R13). */
#include "cpg/view_core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mutant.h"
#include "base/timeouts.h"

/*
 * States of the node (PROTOCOL.md 3) and where each may go:
 *
 *      OUT -> JOINING -> MEMBER -> LEAVING -> OUT
 *               |           |         |
 *               +-----------+---------+----> ABORTING -> OUT
 *               +-> OUT (refused, timed out, told to stop)
 *               +-> LEAVING (the same, after HELLO: a NEWVIEW may name it)
 *                           LEAVING -> MEMBER (cancelled)
 */
#define TO(state) (1u << VS_##state)
static const unsigned int view_state_next[] = {
	[VS_OUT] = TO(JOINING),
	[VS_JOINING] = TO(MEMBER) | TO(LEAVING) | TO(OUT) | TO(ABORTING),
	[VS_MEMBER] = TO(LEAVING) | TO(ABORTING),
	[VS_LEAVING] = TO(OUT) | TO(MEMBER) | TO(ABORTING),
	[VS_ABORTING] = TO(OUT),
};

void view_state_set(struct view_core *core, enum view_state state)
{
	assert((view_state_next[core->state] >> state & 1u) != 0);
	core->state = state;
}

void view_gone(struct view_core *core, struct view_effects *fx, enum view_how how)
{
	struct view_effect *effect = view_fx(fx, FX_GONE);

	effect->u.how = how;
	effect->again = core->again;
	snprintf(effect->text, sizeof(effect->text), "%s", core->reason);
	for (int timer = 0; timer < VT_COUNT; timer++) {
		view_fx_timer_cancel(fx, (enum view_timer)timer);
	}
	view_state_set(core, VS_OUT);

	/* what outlives a membership: who we are, the highest epoch, tokens */
	struct view_core fresh = { .nodeid = core->nodeid,
				   .last_epoch = core->last_epoch,
				   .own_claim = { core->own_claim[0], core->own_claim[1] },
				   .tokens = core->tokens };

	memcpy(fresh.reason, core->reason, sizeof(fresh.reason));
	*core = fresh;
}

/* R13, R14: this node cannot go on; the first reason counts. */
void view_abort(struct view_core *core, struct view_effects *fx, const char *format, ...)
{
	va_list args;

	if (core->state == VS_OUT || core->state == VS_ABORTING) {
		return;
	}
	va_start(args, format);
	vsnprintf(core->reason, sizeof(core->reason), format, args);
	va_end(args);
	view_coord_cancel(core, fx);
	view_unfollow(core);
	view_fx_timer_cancel(fx, VT_BEGIN);
	view_state_set(core, VS_ABORTING);
	core->open = false;
	core->settled = false;
	core->step = STEP_NONE;
	core->leave_token = view_token(core);

	struct view_effect *effect = view_fx(fx, FX_ABORT_LOCAL);

	effect->token = core->leave_token;
	snprintf(effect->text, sizeof(effect->text), "%s", core->reason);
	view_fx_timer(fx, VT_ASK, VX_STEP_STALL_MS);
}

/* ---- leaving ---- */

static void view_leave_say(struct view_core *core, struct view_effects *fx)
{
	struct view_packet *packet = view_fx_send(core, fx, VP_LEAVE);

	packet->how = core->leave_unclean ? VIEW_ABORTED : VIEW_CLEAN;
	packet->incarnation = core->self.incarnation;
	memcpy(packet->reason, core->reason, sizeof(packet->reason));
	core->leave_said = true;
}

/* VX_NODES_MAX: it did not say that it is ready. */
static size_t view_ready_place(const struct view_core *core, uint32_t nodeid)
{
	for (size_t i = 0; i < core->ready_count; i++) {
		if (core->ready[i] == nodeid) {
			return i;
		}
	}
	return VX_NODES_MAX;
}

void view_on_ready(struct view_core *core, const struct view_packet *packet)
{
	const struct view_member *member =
		core->have_view ? view_member_of(&core->view, packet->from) : NULL;

	if (packet->ready && member != NULL && packet->epoch == core->view.epoch &&
	    packet->incarnation == member->incarnation &&
	    view_ready_place(core, packet->from) == VX_NODES_MAX) {
		core->ready[core->ready_count++] = packet->from;
	}
}

/*
 * R12: does everybody else of the view leave before this node? Those who want to leave at the same
 * time say in the stream that they are ready. All hear it in one order: the last one is the last.
 */
static bool view_leave_is_last(const struct view_core *core)
{
	size_t own = view_ready_place(core, core->nodeid);

	for (size_t i = 0; i < core->view.member_count; i++) {
		const struct view_member *member = &core->view.member[i];
		bool here = view_in_ring(core, member->nodeid, (uint32_t)member->incarnation);

		if (member->nodeid != core->nodeid && here &&
		    view_ready_place(core, member->nodeid) >= own) {
			return false;
		}
	}
	return core->have_view && !MUTANT(R12_LAST);
}

/* The last one waits for a view of its own, in which it says that nobody is left; not for a fencing. */
static bool view_leave_awaits_view(const struct view_core *core)
{
	for (size_t i = 0; i < core->left_count; i++) {
		if (core->left[i].how == VIEW_LOST && !core->left[i].proven) {
			return false;
		}
	}
	return core->quorate && !core->coord_failed && core->coord != VC_FENCE;
}

/* R12: not while it may be writing to the copies, as the master of a view that does not run yet. */
void view_leave_try(struct view_core *core, struct view_effects *fx)
{
	bool quiet = core->settled || (!core->open && core->stop == STOP_DONE) || MUTANT(R12_STEPS);
	bool heard = !core->have_view || core->view.protocol < VX_PROTOCOL_SETMASTER ||
		     view_ready_place(core, core->nodeid) < VX_NODES_MAX;

	if (core->state != VS_LEAVING || !core->leave_ready || core->leave_sent || !quiet ||
	    !heard) {
		return;
	}
	if (core->open && core->view.member_count == 1) {
		core->leave_sent = true;
		core->leave_token = view_token(core);
		view_fx(fx, FX_CLOSE)->token = core->leave_token; /* R12: the last one */
	} else if (!view_leave_is_last(core) || !view_leave_awaits_view(core)) {
		core->leave_sent = true;
		view_leave_say(core, fx);
	}
}

/* R12: a NEWVIEW that names it may be in the stream: who has said HELLO says that it goes. */
void view_join_end(struct view_core *core, struct view_effects *fx)
{
	view_coord_cancel(core, fx);
	if (!core->hello_said || MUTANT(R12_JOINER)) {
		view_gone(core, fx, VIEW_CLEAN);
		return;
	}
	view_state_set(core, VS_LEAVING);
	core->leave_ready = core->leave_sent = true;
	view_leave_say(core, fx);
}

void view_on_leave(struct view_core *core, const char *reason, struct view_effects *fx)
{
	switch (core->state) {
	case VS_JOINING:
		snprintf(core->reason, sizeof(core->reason), "%s",
			 reason != NULL ? reason : "user initiated stop");
		view_join_end(core, fx);
		return;
	case VS_MEMBER:
		snprintf(core->reason, sizeof(core->reason), "user initiated stop");
		view_state_set(core, VS_LEAVING);
		core->leave_ready = core->leave_sent = false;
		core->leave_token = view_token(core);
		view_leaving_tell(core, fx);
		view_fx(fx, FX_LEAVE_LOCAL)->token = core->leave_token;
		return;
	case VS_OUT:
	case VS_LEAVING:
	case VS_ABORTING:
		return;
	}
}

void view_on_leave_cancel(struct view_core *core, struct view_effects *fx)
{
	if (core->state == VS_LEAVING && !core->leave_ready) {
		view_fx(fx, FX_LEAVE_CANCEL); /* vxiod says: the leave failed, or it is too late */
	}
}

void view_on_left(struct view_core *core, const struct view_event *event, struct view_effects *fx)
{
	if (core->state != VS_LEAVING || event->token != core->leave_token || core->leave_ready) {
		return;
	}
	if (event->error != 0) {
		view_state_set(core, VS_MEMBER);
		view_leaving_tell(core, fx);
		return;
	}
	core->leave_ready = true;
	core->leave_unclean = event->unclean;
	view_leaving_tell(core, fx);
}

void view_on_closed(struct view_core *core, const struct view_event *event, struct view_effects *fx)
{
	if (core->state == VS_LEAVING && event->token == core->leave_token) {
		view_leave_say(core, fx);
	}
}

void view_abort_end(struct view_core *core, struct view_effects *fx, bool proven)
{
	if (!proven && !MUTANT(R13_WAIT)) {
		view_ask_fence(core, fx, core->nodeid, false);
		view_gone(core, fx, VIEW_LOST);
		return;
	}

	struct view_packet *packet = view_fx_send(core, fx, VP_LEAVE);

	packet->how = VIEW_ABORTED;
	packet->incarnation = core->self.incarnation;
	memcpy(packet->reason, core->reason, sizeof(packet->reason));
}

void view_on_aborted(struct view_core *core, const struct view_event *event,
		     struct view_effects *fx)
{
	if (core->state == VS_ABORTING && event->token == core->leave_token) {
		view_abort_end(core, fx, event->error == 0);
	}
}

/* A LEAVE in the stream: the word of a leaver; our own one ends our membership. */
void view_on_leave_packet(struct view_core *core, const struct view_packet *packet,
			  struct view_effects *fx)
{
	struct view_leaver word = { .nodeid = packet->from,
				    .incarnation = packet->incarnation,
				    .how = packet->how };

	if ((uint32_t)packet->incarnation != packet->pid) {
		return;
	}
	word.how = MUTANT(R13_WORD) ? VIEW_CLEAN : word.how;
	if (packet->from == core->nodeid) {
		if (packet->incarnation == core->self.incarnation) {
			view_gone(core, fx, core->leave_unclean ? VIEW_CLEAN : packet->how);
		}
		return;
	}
	view_fx_mark(fx, "node %u %s: %.400s", packet->from,
		     packet->how == VIEW_ABORTED ? "aborts" : "leaves", packet->reason);
	view_leaver_add(core->word, &core->word_count, VX_COUNT_OF(core->word), &word);
}
