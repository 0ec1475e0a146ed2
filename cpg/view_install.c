// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core: a NEWVIEW is installed, its steps run (R7, R10).
 *
 *   NEWVIEW -> epoch stored -> clients know the view -> step, barrier, step, ... -> settled
 *
 * A member that leaves, or an RSTART, ends it at any point (view_close()).
 */
#include "cpg/view_core.h"

#include <string.h>

#include "base/limits.h"
#include "base/mutant.h"

static void view_step_begin(struct view_core *core, struct view_effects *fx)
{
	if (core->leave_said && !MUTANT(R12_STEPS)) {
		return; /* R12: its word is behind the NEWVIEW in the stream */
	}

	struct view_effect *effect = view_fx(fx, FX_STEP);

	core->step_token = view_token(core);
	effect->token = core->step_token;
	effect->u.step = core->step;
	view_watch_begin(core, fx);
}

static void view_settle(struct view_core *core, struct view_effects *fx)
{
	core->step = STEP_NONE;
	core->settled = true;
	core->ran = true;
	core->left_count =
		core->view.unfolded && !MUTANT(R10_UNFOLDED) ? core->left_count : 0; /* R10 */
	core->word_count = 0;
	core->switch_asked = (struct view_switch){ 0 };
	view_fx_timer_cancel(fx, VT_JOIN);
	view_fx(fx, FX_SETTLED);
	view_leave_try(core, fx);
	view_coord_consider(core, fx);
}

/* Goes on while the barrier of the present step is complete. */
static void view_steps_advance(struct view_core *core, struct view_effects *fx)
{
	uint64_t all = (UINT64_C(1) << core->view.member_count) - 1;

	while (core->step != STEP_NONE && (core->done[core->step] == all ||
					   (core->done[core->step] != 0 && MUTANT(R10_BARRIER)))) {
		core->step = step_next(core->step, &core->view);
		if (core->step == STEP_COUNT) {
			view_settle(core, fx);
			return;
		}
		view_step_begin(core, fx);
	}
}

static void view_install(struct view_core *core, const struct view *view, struct view_effects *fx)
{
	const struct view_member *self = view_member_of(view, core->nodeid);

	core->view = *view;
	core->have_view = true;
	core->open = true;
	core->stored = false;
	core->settled = false;
	core->self = *self;
	core->last_epoch = view->epoch > core->last_epoch ? view->epoch : core->last_epoch;
	core->stop = STOP_NOT; /* asked anew by the next one; the gate is shut till the last step */
	core->reconf_wanted = core->upgrade_wanted = false;
	core->switching = (struct view_switch){ 0 };
	core->left_count = core->ready_count = 0;
	for (size_t i = 0; i < view->leaver_count; i++) {
		view_leaver_add(core->left, &core->left_count, VX_COUNT_OF(core->left),
				&view->leaver[i]);
	}
	view_proof_install(core);
	memset(core->done, 0, sizeof(core->done));
	if (core->state == VS_JOINING) {
		view_state_set(core, VS_MEMBER);
	}
	view_leaving_tell(core, fx); /* HELLO may have been sent before */
	core->step = step_next(STEP_FENCE, &core->view);
	core->step_token = view_token(core); /* what still runs of a step before is void */

	struct view_effect *effect = view_fx(fx, FX_STORE);

	effect->token = core->step_token;
	effect->u.view = &core->view;
	view_watch_begin(core, fx);
	if (MUTANT(R7_STORE)) {
		const struct view_event done = { .token = core->step_token };

		view_on_stored(core, &done, fx);
	}
}

/* R7: first the epoch is on the node's disk, then the clients know the view and the steps run. */
void view_on_stored(struct view_core *core, const struct view_event *event, struct view_effects *fx)
{
	if (core->step == STEP_NONE || event->token != core->step_token) {
		return;
	}
	if (event->error != 0) {
		view_abort(core, fx, "%s",
			   event->reason != NULL ? event->reason : "the epoch cannot be stored");
		return;
	}
	core->stored = true;
	view_fx(fx, FX_INSTALL)->u.view = &core->view;
	view_step_begin(core, fx);
}

void view_on_newview(struct view_core *core, const struct view_packet *packet,
		     struct view_effects *fx)
{
	/* R7: only from whom I follow, in my present ring */
	if (((!core->following || packet->from != core->follow_nodeid ||
	      packet->round != core->follow_round) &&
	     !MUTANT(R7_FOLLOW)) ||
	    (!view_ring_equal(&packet->ring, &core->cpg_ring) && !MUTANT(R7_RING)) ||
	    packet->view.epoch <= core->last_epoch) {
		return;
	}

	const struct view_member *self = view_member_of(&packet->view, core->nodeid);

	if (self == NULL && MUTANT(R14_LEFT_OUT)) {
		return;
	}
	if ((self == NULL || self->incarnation != core->self.incarnation) && core->leave_said) {
		return; /* R12: it goes when its word comes back, for the reason that it has */
	}
	if (self == NULL || self->incarnation != core->self.incarnation) {
		view_abort(core, fx, "left out of the new view of node %u", packet->from);
		return;
	}
	view_unfollow(core);
	core->coord = VC_IDLE;
	view_install(core, &packet->view, fx);
	if (view_quorum_lost(core) && !MUTANT(R15_VIEW)) {
		view_freeze(core, fx); /* R15: its coordinator did not know it yet */
	}
}

void view_on_step_done(struct view_core *core, const struct view_packet *packet,
		       struct view_effects *fx)
{
	if (!core->open || (packet->epoch != core->view.epoch && !MUTANT(R2_EPOCH)) ||
	    packet->step >= STEP_COUNT) {
		return; /* R2 */
	}
	for (size_t i = 0; i < core->view.member_count; i++) {
		if (core->view.member[i].nodeid == packet->from &&
		    (uint32_t)core->view.member[i].incarnation == packet->pid) {
			core->done[packet->step] |= UINT64_C(1) << i;
		}
	}
	view_steps_advance(core, fx);
}

/* The local part of a step ended. */
void view_on_stepped(struct view_core *core, const struct view_event *event,
		     struct view_effects *fx)
{
	if (core->step == STEP_NONE || event->token != core->step_token) {
		return;
	}
	if (event->error != 0) {
		view_abort(core, fx, "%s",
			   event->reason != NULL ? event->reason : "transition to role failed");
		return;
	}
	view_fx_send(core, fx, VP_STEP_DONE)->step = core->step;
}
