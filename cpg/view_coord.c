// SPDX-License-Identifier: GPL-2.0-or-later
/* The view core: coordinating a new view (R5, R6, R8, R9). */
#include "cpg/view_core.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"

#define VIEW_RETRY_MS 1000 /* a survey, claim or question that failed is asked again */

/* ---- when to begin (R9) ---- */

/* R5, R15: only in a quorate ring, with CPG and quorum speaking of the same one */
bool view_coord_may(const struct view_core *core)
{
	return (core->quorate || MUTANT(R5_QUORUM)) && core->have_ring &&
	       (view_ring_equal(&core->cpg_ring, &core->quorum_ring) || MUTANT(R5_RINGS)) &&
	       view_in_ring(core, core->nodeid, (uint32_t)core->self.incarnation);
}

bool view_coord_needed(const struct view_core *core)
{
	if (core->state == VS_OUT || core->state == VS_ABORTING ||
	    (core->following && !core->given_up && !MUTANT(R9_ONE)) || core->coord != VC_IDLE) {
		return false;
	}
	if (!view_coord_may(core)) {
		return false;
	}
	if (!core->have_view || !core->open) {
		return core->have_view || !core->member_speaks;
	}
	if (!view_is_master(core)) {
		return false;
	}
	if (core->reconf_wanted || core->switching.nodeid != 0) {
		return true;
	}
	return core->settled && view_admit_any(core); /* R22 */
}

/* How long this node lets others begin first. */
static uint32_t view_coord_delay(const struct view_core *core)
{
	uint32_t before = 0;

	if (core->have_view && core->open) {
		return 0;
	}
	if (core->have_view) {
		for (size_t i = 0; i < core->view.member_count; i++) {
			const struct view_member *member = &core->view.member[i];

			if (member->nodeid == core->nodeid) {
				break;
			}
			before += view_in_ring(core, member->nodeid, (uint32_t)member->incarnation);
		}
		return before * VX_RSTART_STAGGER_MS;
	}
	for (size_t i = 0; i < core->node_count; i++) {
		before += core->node[i].nodeid < core->nodeid;
	}
	return VX_RSTART_FRESH_MS + before * VX_RSTART_STAGGER_MS;
}

void view_coord_consider(struct view_core *core, struct view_effects *fx)
{
	view_admit_consider(core, fx);
	if (!view_coord_needed(core)) {
		view_fx_timer_cancel(fx, VT_BEGIN);
		return;
	}

	uint32_t delay_ms = view_coord_delay(core);

	if (delay_ms == 0) {
		view_fx_timer_cancel(fx, VT_BEGIN);
		view_coord_begin(core, fx);
	} else {
		view_fx_timer(fx, VT_BEGIN, delay_ms);
	}
}

static void view_coord_set(struct view_core *core, enum view_coord coord)
{
	core->coord = coord;
	core->coord_token = view_token(core); /* answers to what was asked before are void */
}

void view_coord_cancel(struct view_core *core, struct view_effects *fx)
{
	if (core->coord == VC_IDLE) {
		return;
	}
	if ((core->coord == VC_SURVEY || core->coord == VC_RESURVEY || core->coord == VC_CLAIM ||
	     core->coord == VC_VERIFY) &&
	    !MUTANT(R4_CLAIM)) {
		core->stop = STOP_NOT; /* R4: its own claim may be on its way to the copies */
	}
	if (core->switching.nodeid != 0) { /* R19: forgotten; vxconfigd holds, so a view is made */
		core->switching = (struct view_switch){ 0 };
		core->reconf_wanted = true;
	}
	view_coord_set(core, VC_IDLE);
	view_fx_timer_cancel(fx, VT_POLL);
	view_fx_timer_cancel(fx, VT_ASK);
}

static void view_coord_collect(struct view_core *core)
{
	view_coord_set(core, VC_HELLO);
	memset(core->hello, 0, sizeof(core->hello));
	core->gone_count = 0;
	core->max_epoch = core->last_epoch;
	core->surveyed = core->contested = core->coord_failed = false;
}

void view_coord_followed(struct view_core *core, uint32_t round)
{
	if (core->coord == VC_IDLE && round == core->round && !MUTANT(R3_OWN)) {
		view_coord_collect(core);
	}
}

static void view_coord_rstart(struct view_core *core, struct view_effects *fx)
{
	core->round++;
	view_coord_collect(core);
	view_fx_send(core, fx, VP_RSTART)->round = core->round;
	view_watch_begin(core, fx);
}

void view_coord_begin(struct view_core *core, struct view_effects *fx)
{
	if (core->have_view && core->open && !MUTANT(R9_PRESTOP)) {
		struct view_effect *effect = view_fx(fx, FX_PRESTOP);

		/* R9: the commit stage of a transaction ends first, others are put aside, until
		 * the next view: it is made now, whoever it was for. vxconfigd may refuse a switch
		 * only (R19). */
		if (core->reconf_wanted) {
			core->switching = (struct view_switch){ 0 };
		}
		core->reconf_wanted = core->switching.nodeid == 0;
		view_coord_set(core, VC_PRESTOP);
		effect->token = core->coord_token;
		effect->u.master = core->switching.nodeid;
		return;
	}
	view_coord_rstart(core, fx);
}

void view_coord_prestopped(struct view_core *core, const struct view_event *event,
			   struct view_effects *fx)
{
	if (core->coord != VC_PRESTOP || event->token != core->coord_token) {
		return;
	}
	if (event->error != 0 && core->switching.nodeid != 0) {
		view_coord_set(core, VC_IDLE);
		view_switch_refuse(core, event->reason, fx);
		view_coord_consider(core, fx);
		return;
	}
	view_coord_rstart(core, fx);
	core->switch_round = core->round;
}

/* ---- HELLO: who was in which view, who is gone ---- */

static void view_coord_gone(struct view_core *core, const struct view_leaver *leaver)
{
	struct view_leaver known = *leaver;
	const struct view_leaver *word =
		view_leaver_find(core->word, core->word_count, leaver->nodeid, leaver->incarnation);

	if (word != NULL) {
		known.how = word->how;
	}
	view_leaver_add(core->gone, &core->gone_count, VX_COUNT_OF(core->gone), &known);
}

/* Members of some former view: who of them is not here left it. */
static void view_coord_former(struct view_core *core, const struct view_member *member,
			      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct view_leaver leaver = { .nodeid = member[i].nodeid,
					      .nid = member[i].nid,
					      .incarnation = member[i].incarnation,
					      .fenced_at = member[i].fenced_at,
					      .how = VIEW_LOST };

		if (!view_coord_present(core, member[i].nodeid, member[i].incarnation)) {
			view_coord_gone(core, &leaver);
		}
	}
}

static bool view_coord_all_here(const struct view_core *core)
{
	for (size_t i = 0; i < core->node_count; i++) {
		if (!core->hello[i].here &&
		    view_in_ring(core, core->node[i].nodeid, core->node[i].pid)) {
			return MUTANT(R5_HELLO);
		}
	}
	return true;
}

static void view_coord_survey(struct view_core *core, struct view_effects *fx,
			      enum view_coord coord)
{
	view_coord_set(core, coord);
	core->surveyed = false;
	view_fx(fx, FX_SURVEY)->token = core->coord_token;
}

void view_coord_hello(struct view_core *core, const struct view_packet *packet,
		      struct view_effects *fx)
{
	int index = view_node_index(core, packet->from, packet->pid);

	if (core->coord != VC_HELLO || packet->coordinator != core->nodeid ||
	    packet->round != core->round || !view_ring_equal(&packet->ring, &core->cpg_ring) ||
	    index < 0) {
		return;
	}
	core->hello[index] = (struct view_hello){
		.here = true,
		.member = packet->member,
		.let_go = packet->let_go,
		.ran = packet->ran,
		.protocol = packet->protocol,
		.epoch = packet->epoch,
		.self = packet->self,
	};
	if (packet->epoch > core->max_epoch) {
		core->max_epoch = packet->epoch;
	}
	if (packet->last_epoch > core->max_epoch) {
		core->max_epoch = packet->last_epoch;
	}
	for (size_t i = 0; i < packet->view.leaver_count && !MUTANT(R10_ACCUMULATE); i++) {
		struct view_leaver leaver = packet->view.leaver[i];
		const struct view_member *member = view_member_of(&packet->view, leaver.nodeid);

		/* a view with this leaver was made and installed: it was proven off then (R5b) */
		leaver.proven = member == NULL || member->incarnation != leaver.incarnation ||
				MUTANT(R6_LEFT);
		view_coord_gone(core, &leaver);
	}
	if (!view_coord_all_here(core)) {
		return;
	}
	view_fx_mark(fx, "all members said hello");
	if (core->have_view) {
		view_coord_former(core, core->view.member, core->view.member_count);
	}
	view_coord_survey(core, fx, VC_SURVEY);
}

/* ---- survey, fencing, claim ---- */

/* R6: is it proven that this leaver's I/O is over? */
static bool view_coord_proven(const struct view_core *core, const struct view_leaver *leaver)
{
	return leaver->how != VIEW_LOST || leaver->proven ||
	       view_coord_present(core, leaver->nodeid, 0) ||
	       view_proof_fenced(core, leaver->nodeid, leaver->incarnation) || MUTANT(R6_PROOF);
}

static bool view_coord_all_proven(const struct view_core *core)
{
	for (size_t i = 0; i < core->gone_count; i++) {
		if (!view_coord_proven(core, &core->gone[i])) {
			return false;
		}
	}
	return true;
}

static void view_coord_claim(struct view_core *core, struct view_effects *fx)
{
	view_coord_set(core, VC_CLAIM);
	view_coord_build(core);
	core->own_claim[1] = core->own_claim[0];
	core->own_claim[0] = core->next.epoch;

	if (MUTANT(R5_CLAIM)) {
		const struct view_event done = { .token = core->coord_token };

		view_coord_claimed(core, &done, fx);
		return;
	}

	struct view_effect *effect = view_fx(fx, FX_CLAIM);

	effect->token = core->coord_token;
	effect->u.view = &core->next;
}

/* ---- two nodes, each of which may have quorum alone (R20) ---- */

static bool view_peer_away(const struct view_core *core)
{
	return core->peer != 0 && !view_in_totem(core, core->peer);
}

/* Is there a claim that this process did not make, and that may become a view at any moment? */
static bool view_peer_claims(const struct view_core *core, const struct view_event *event)
{
	for (size_t i = 0; i < event->open_claim_count && view_peer_away(core); i++) {
		if (event->open_claim[i] != core->own_claim[0] &&
		    event->open_claim[i] != core->own_claim[1]) {
			return !MUTANT(R20_CLAIM);
		}
	}
	return false;
}

void view_coord_judge(struct view_core *core, struct view_effects *fx)
{
	size_t waiting = 0;
	uint32_t ask_ms = VX_FENCE_ASK_MS;

	if (!core->surveyed || (core->coord != VC_SURVEY && core->coord != VC_FENCE)) {
		return;
	}
	for (size_t i = 0; i < core->gone_count; i++) {
		const struct view_leaver *leaver = &core->gone[i];

		if (view_coord_proven(core, leaver)) {
			continue;
		}
		waiting++;
		view_proof_add(core, leaver->nodeid, leaver->incarnation);
		/* only its vxclustd is gone: nobody else has a reason to fence the node */
		ask_ms = view_in_totem(core, leaver->nodeid) ? VX_FENCE_ASK_SOON_MS : ask_ms;
		if (core->coord == VC_SURVEY) {
			view_fx_mark(fx, "waiting for the fencing of node %u", leaver->nodeid);
		}
	}
	if (waiting == 0 && (core->coord == VC_SURVEY || MUTANT(R5_AGAIN))) {
		view_coord_claim(core, fx);
	} else if (waiting == 0) {
		view_fx_mark(fx, "fencing is proven");
		view_fx_timer_cancel(fx, VT_ASK);
		core->survey_epoch = core->max_epoch;
		view_coord_survey(core, fx, VC_RESURVEY); /* R5c */
	} else if (core->coord == VC_SURVEY) {
		core->coord = VC_FENCE;
		view_fx_timer(fx, VT_ASK, ask_ms);
	}
}

static void view_coord_newview(struct view_core *core, struct view_effects *fx)
{
	view_coord_refuse(core, fx); /* before the NEWVIEW that leaves them out (R14) */

	struct view_packet *packet = view_fx_send(core, fx, VP_NEWVIEW);

	packet->round = core->round;
	packet->view = core->next;
	view_coord_set(core, VC_SENT);
}

void view_coord_surveyed(struct view_core *core, const struct view_event *event,
			 struct view_effects *fx)
{
	if (event->token != core->coord_token ||
	    (core->coord != VC_SURVEY && core->coord != VC_RESURVEY && core->coord != VC_VERIFY)) {
		return;
	}
	if (event->error != 0) {
		core->coord_failed = true;
		view_fx_mark(fx, "survey of the configuration copies failed: %s",
			     event->reason != NULL ? event->reason : vx_strerror(event->error));
		view_fx_timer(fx, VT_POLL, VIEW_RETRY_MS);
		return;
	}
	if (event->max_epoch > core->max_epoch && !MUTANT(R5_SURVEY)) {
		core->max_epoch = event->max_epoch;
	}
	if (view_outdated(core, event->durable, event->durable_count) && !MUTANT(R5_PAUSED)) {
		view_fx_mark(fx, "others made a view meanwhile");
		view_coord_cancel(core, fx);
		view_unfollow(core);
		view_coord_consider(core, fx);
		return;
	}
	core->wall_s = event->wall_s;
	view_coord_former(core, event->durable, MUTANT(R5_DURABLE) ? 0 : event->durable_count);
	if (core->coord == VC_VERIFY) {
		if (view_peer_claims(core, event) || core->max_epoch > core->next.epoch ||
		    !view_coord_all_proven(core)) {
			view_coord_rstart(core, fx); /* R20: both claimed, neither knew */
		} else {
			view_coord_newview(core, fx);
		}
		return;
	}
	core->contested = core->contested || view_peer_claims(core, event);
	if (core->coord == VC_RESURVEY) {
		if ((core->max_epoch != core->survey_epoch && !MUTANT(R5_ANOTHER)) ||
		    (!view_coord_all_proven(core) && !MUTANT(R5_PROVEN))) {
			view_coord_rstart(core, fx); /* R5c: another view, or another member */
		} else {
			view_coord_claim(core, fx);
		}
		return;
	}
	if (core->contested) { /* R20: the other one may run */
		const struct view_leaver unknown = { .nodeid = core->peer, .how = VIEW_LOST };

		view_leaver_add(core->gone, &core->gone_count, VX_COUNT_OF(core->gone), &unknown);
	}
	core->surveyed = true;
	view_coord_judge(core, fx);
}

void view_coord_claimed(struct view_core *core, const struct view_event *event,
			struct view_effects *fx)
{
	if (event->token != core->coord_token || core->coord != VC_CLAIM) {
		return;
	}
	if (event->error != 0) {
		if (event->max_epoch > core->max_epoch) {
			core->max_epoch =
				event->max_epoch; /* a copy held a higher claim: go above it */
		}
		core->coord_failed = event->error != -VX_E_STALE;
		view_fx_mark(fx, "claim of the configuration copies failed: %s",
			     event->reason != NULL ? event->reason : vx_strerror(event->error));
		view_coord_set(core, VC_SURVEY);
		core->surveyed = false;
		view_fx_timer(fx, VT_POLL, event->error == -VX_E_STALE ? 0 : VIEW_RETRY_MS);
		return;
	}

	if (view_peer_away(core)) {
		view_coord_survey(core, fx, VC_VERIFY); /* R20 */
	} else {
		view_coord_newview(core, fx);
	}
}

/* ---- timers ---- */

void view_coord_poll(struct view_core *core, struct view_effects *fx)
{
	switch (core->coord) {
	case VC_SURVEY:
	case VC_RESURVEY:
	case VC_VERIFY:
		view_coord_survey(core, fx, core->coord);
		return;
	case VC_IDLE:
	case VC_PRESTOP:
	case VC_HELLO:
	case VC_FENCE:
	case VC_CLAIM:
	case VC_SENT:
	case VC_COUNT:
		return;
	}
}

/* Pacemaker has not begun to fence somebody whose proof is awaited (R6). */
void view_coord_ask(struct view_core *core, struct view_effects *fx)
{
	bool pending = false;

	if (core->coord != VC_FENCE) {
		return;
	}
	for (size_t i = 0; i < core->gone_count; i++) {
		const struct view_leaver *leaver = &core->gone[i];

		if (view_coord_proven(core, leaver)) {
			continue;
		}
		switch (view_proof_pending(core, leaver->nodeid)) {
		case PENDING_NOT:
			view_ask_fence(core, fx, leaver->nodeid, false);
			break;
		case PENDING:
			pending = true;
			break;
		case PENDING_STUCK:
			view_ask_fence(core, fx, leaver->nodeid, true);
			break;
		}
	}
	view_fx_timer(fx, VT_ASK, pending ? VX_FENCE_LOOK_MS : VX_FENCE_AGAIN_MS);
}
