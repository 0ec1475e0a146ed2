// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core: the proof that a lost member is off (R6, R20).
 *
 * Each node watches each life (node id, incarnation) that it may have to prove off:
 *
 *              a look: no fencing of the node        the fencer tells of
 *              was under way                         a successful one
 *      BLIND ------------------------------> SEES ------------------------> FENCED
 *        ^                                                                    |
 *        +---------------- its HELLO, later in the stream --------------------+
 *
 * A fencing that is told in SEES began after the look, so after this life did: it ended it. No time
 * is compared, and what the fencer remembers of the past does not count.
 */
#include "cpg/view_core.h"

#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"

static struct view_life *view_life_find(struct view_core *core, uint32_t nodeid,
					uint64_t incarnation)
{
	for (size_t i = 0; i < core->life_count; i++) {
		struct view_life *life = &core->life[i];

		if (life->nodeid == nodeid &&
		    (life->incarnation == incarnation || MUTANT(R6_LIFE))) {
			return life;
		}
	}
	return NULL;
}

/* Whoever does not fit in stays unproven. */
void view_proof_add(struct view_core *core, uint32_t nodeid, uint64_t incarnation)
{
	if (view_life_find(core, nodeid, incarnation) == NULL &&
	    core->life_count < VX_COUNT_OF(core->life)) {
		core->life[core->life_count++] =
			(struct view_life){ .nodeid = nodeid, .incarnation = incarnation };
	}
}

bool view_proof_fenced(const struct view_core *core, uint32_t nodeid, uint64_t incarnation)
{
	const struct view_life *life =
		view_life_find((struct view_core *)core, nodeid, incarnation);

	return life != NULL && life->state == LIFE_FENCED;
}

bool view_proof_told(const struct view_core *core, uint32_t nodeid, uint32_t pid)
{
	for (size_t i = 0; i < core->life_count; i++) {
		const struct view_life *life = &core->life[i];

		if (life->nodeid == nodeid && (uint32_t)life->incarnation == pid &&
		    life->state == LIFE_FENCED) {
			return true;
		}
	}
	return false;
}

enum view_pending view_proof_pending(struct view_core *core, uint32_t nodeid)
{
	enum view_pending result = PENDING_NOT;

	for (size_t i = 0; i < core->life_count && result == PENDING_NOT; i++) {
		struct view_life *life = &core->life[i];

		if (life->nodeid == nodeid && life->pending > 0) {
			result = life->pending < VX_FENCE_STUCK_MS / VX_FENCE_LOOK_MS
					 ? PENDING
					 : PENDING_STUCK;
			life->pending = result == PENDING ? life->pending : 1;
		}
	}
	return result;
}

/* A look that is under way was perhaps taken before. */
static void view_life_blind(struct view_life *life)
{
	life->state = LIFE_BLIND;
	life->asked = false;
}

/* A view is installed: its members are watched. Its leavers are proven, others of no interest. */
void view_proof_install(struct view_core *core)
{
	size_t kept = 0;

	for (size_t i = 0; i < core->life_count; i++) {
		const struct view_life *life = &core->life[i];
		const struct view_member *member = view_member_of(&core->view, life->nodeid);

		if (life->incarnation == 0 ||
		    (member != NULL &&
		     (member->incarnation == life->incarnation || MUTANT(R6_LIFE)))) {
			core->life[kept++] = *life;
		}
	}
	core->life_count = kept;
	for (size_t i = 0; i < core->view.member_count; i++) {
		const struct view_member *member = &core->view.member[i];

		if (member->nodeid != core->nodeid) {
			view_proof_add(core, member->nodeid, member->incarnation);
		}
	}
}

/* It speaks: whatever was fenced, its life goes on. */
void view_proof_hello(struct view_core *core, const struct view_packet *packet)
{
	struct view_life *life = view_life_find(core, packet->from, packet->self.incarnation);

	if (life != NULL && life->state == LIFE_FENCED && !MUTANT(R6_HELLO)) {
		view_life_blind(life);
	}
}

/* R20: the other one of two, whatever its life: what counts began after it was seen last. */
void view_proof_peer(struct view_core *core)
{
	struct view_life *life;

	if (core->peer == 0) {
		return;
	}
	view_proof_add(core, core->peer, 0);
	life = view_life_find(core, core->peer, 0);
	if (life != NULL && MUTANT(R20_FRESH)) {
		life->state = life->state == LIFE_BLIND ? LIFE_SEES : life->state;
	} else if (life != NULL && view_in_totem(core, core->peer)) {
		view_life_blind(life);
	}
}

/* ---- looks ---- */

/* After each event: a look is asked for while somebody is not seen, and before Pacemaker is asked
 * to fence. */
void view_proof(struct view_core *core, struct view_effects *fx)
{
	bool wanted = core->ask_due;

	for (size_t i = 0; i < core->life_count; i++) {
		wanted = wanted || core->life[i].state == LIFE_BLIND;
	}
	if (!wanted || core->look_token != 0 || core->look_waits || core->state == VS_OUT ||
	    core->state == VS_ABORTING) {
		return;
	}
	for (size_t i = 0; i < core->life_count; i++) {
		core->life[i].asked = true;
	}

	struct view_effect *effect = view_fx(fx, FX_LOOK);

	core->look_token = view_token(core);
	effect->token = core->look_token;
	effect->u.apart = core->apart && !MUTANT(R6_APART);
	core->look_apart = core->apart;
	core->apart = false;
}

static bool view_look_names(const struct view_event *event, uint32_t nodeid)
{
	for (size_t i = 0; i < event->nodeid_count; i++) {
		if (event->nodeid[i] == nodeid) {
			return true;
		}
	}
	return false;
}

void view_on_looked(struct view_core *core, const struct view_event *event,
		    struct view_effects *fx)
{
	bool blind = false;

	if (core->look_token == 0 || event->token != core->look_token) {
		return;
	}
	core->look_token = 0;
	if (event->error != 0) {
		core->apart = core->apart || core->look_apart;
		if (!core->look_failed) {
			view_fx_mark(fx, "Pacemaker's fencer does not answer: %s",
				     vx_strerror(event->error));
		}
	}
	core->look_failed = event->error != 0;
	for (size_t i = 0; i < core->life_count; i++) {
		struct view_life *life = &core->life[i];
		bool pending = view_look_names(event, life->nodeid);

		if (event->error == 0) {
			life->pending = pending ? life->pending + 1 : 0;
		}
		if (life->state == LIFE_BLIND && event->error == 0 &&
		    (life->asked || MUTANT(R6_ASKED)) && (!pending || MUTANT(R6_PENDING)) &&
		    !core->apart) {
			life->state = LIFE_SEES;
		}
		blind = blind || (life->state == LIFE_BLIND && life->asked);
	}
	if (core->ask_due) {
		core->ask_due = false;
		view_coord_ask(core, fx);
	}
	if (blind) {
		core->look_waits = true;
		view_fx_timer(fx, VT_LOOK, VX_FENCE_LOOK_MS);
	}
}

/* The fencer tells of a fencing, now. */
void view_on_fenced(struct view_core *core, uint32_t nodeid, struct view_effects *fx)
{
	for (size_t i = 0; i < core->life_count; i++) {
		struct view_life *life = &core->life[i];

		if ((life->nodeid == nodeid || nodeid == 0) &&
		    (life->state == LIFE_SEES || MUTANT(R6_OLD))) {
			life->state = LIFE_FENCED;
		}
	}
	view_coord_judge(core, fx);
}
