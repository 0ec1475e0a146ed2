// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core: who goes on and who is mute (R11).
 *
 * Whoever lets others wait says BUSY every VX_BUSY_MS; every packet is a sign of life. A member of
 * the ring of which others need something (HELLO, "done" of a step, the word of the coordinator)
 * and that says nothing at all for VX_MUTE_MS is hung. A slow one is not mute: it ends itself when
 * its own part stalls.
 */
#include "cpg/view_core.h"

#include <string.h>

#include "base/timeouts.h"

static bool view_is_busy(const struct view_core *core)
{
	return core->following || core->step != STEP_NONE || core->state == VS_ABORTING ||
	       (core->coord != VC_IDLE && core->coord != VC_PRESTOP);
}

/* After each event: the timers run exactly while somebody waits. */
void view_watch(struct view_core *core, struct view_effects *fx)
{
	bool busy = view_is_busy(core);

	if (busy == core->busy) {
		return;
	}
	core->busy = busy;
	if (busy) {
		view_fx_timer(fx, VT_BUSY, VX_BUSY_MS);
		view_watch_begin(core, fx);
	} else {
		view_fx_timer_cancel(fx, VT_BUSY);
		view_fx_timer_cancel(fx, VT_MUTE);
	}
}

/* Something new is expected of the others: they have the whole time for it. */
void view_watch_begin(struct view_core *core, struct view_effects *fx)
{
	memset(core->heard, 0, sizeof(core->heard));
	view_fx_timer(fx, VT_MUTE, VX_MUTE_MS);
}

void view_watch_heard(struct view_core *core, const struct view_packet *packet)
{
	int index = view_node_index(core, packet->from, packet->pid);

	if (index >= 0) {
		core->heard[index] = true;
	}
}

static bool view_heard(const struct view_core *core, uint32_t nodeid, uint64_t incarnation)
{
	int index = view_node_index(core, nodeid, (uint32_t)incarnation);

	return index >= 0 && core->heard[index];
}

/* Asked a second time, the fencer itself is told (R6), or at once. */
void view_ask_fence(struct view_core *core, struct view_effects *fx, uint32_t nodeid, bool fencer)
{
	struct view_effect *effect = view_fx(fx, FX_ASK_FENCE);

	effect->u.ask.nodeid = nodeid;
	effect->u.ask.again = fencer;
	for (size_t i = 0; i < core->asked_count; i++) {
		if (core->asked[i] == nodeid) {
			effect->u.ask.again = true;
			return;
		}
	}
	if (core->asked_count < VX_COUNT_OF(core->asked)) {
		core->asked[core->asked_count++] = nodeid;
	}
}

static void view_mute_fence(struct view_core *core, struct view_effects *fx, uint32_t nodeid,
			    uint32_t pid)
{
	if (view_proof_told(core, nodeid, pid)) {
		return; /* it was fenced: Corosync will tell its loss */
	}
	view_fx_mark(fx, "node %u hangs: no word of its vxclustd for %d ms", nodeid, VX_MUTE_MS);
	view_ask_fence(core, fx, nodeid, false);
}

/* The coordinator waits for HELLO of all members of the ring. */
static void view_mute_hello(struct view_core *core, struct view_effects *fx)
{
	for (size_t i = 0; i < core->node_count; i++) {
		const struct view_node *node = &core->node[i];

		if (!core->hello[i].here && !core->heard[i] &&
		    view_in_ring(core, node->nodeid, node->pid)) {
			view_mute_fence(core, fx, node->nodeid, node->pid);
		}
	}
}

/* All members wait for "done" of all; the first one that is not mute itself asks for fencing. */
static void view_mute_step(struct view_core *core, struct view_effects *fx)
{
	uint32_t first = 0;

	for (size_t i = 0; i < core->view.member_count && first == 0; i++) {
		const struct view_member *member = &core->view.member[i];

		if (view_heard(core, member->nodeid, member->incarnation)) {
			first = member->nodeid;
		}
	}
	for (size_t i = 0; i < core->view.member_count; i++) {
		const struct view_member *member = &core->view.member[i];

		if ((core->done[core->step] >> i & 1) != 0) {
			continue;
		}
		if (view_heard(core, member->nodeid, member->incarnation)) {
			view_fx_mark(fx, "step %s: waiting for node %u", step_name(core->step),
				     member->nodeid);
		} else if (first == core->nodeid) {
			view_mute_fence(core, fx, member->nodeid, (uint32_t)member->incarnation);
		}
	}
}

static void view_on_mute_timer(struct view_core *core, struct view_effects *fx)
{
	/* who does not hear itself cannot judge: Corosync delivers nothing now */
	if (view_heard(core, core->nodeid, core->self.incarnation)) {
		if (core->coord == VC_HELLO) {
			view_mute_hello(core, fx);
		} else if (core->following && core->follow_nodeid != core->nodeid &&
			   !core->given_up &&
			   !view_heard(core, core->follow_nodeid, core->follow_pid)) {
			/* somebody else may begin; till then its NEWVIEW counts, for all alike (R3) */
			view_fx_mark(fx, "coordinator %u hangs: given up", core->follow_nodeid);
			core->given_up = true;
			view_coord_consider(core, fx);
		} else if (core->step != STEP_NONE) {
			view_mute_step(core, fx);
		}
	}
	view_watch_begin(core, fx);
}

void view_watch_timer(struct view_core *core, enum view_timer timer, struct view_effects *fx)
{
	if (!core->busy) {
		return;
	}
	if (timer == VT_MUTE) {
		view_on_mute_timer(core, fx);
	} else {
		(void)view_fx_send(core, fx, VP_BUSY);
		view_fx_timer(fx, VT_BUSY, VX_BUSY_MS);
	}
}
