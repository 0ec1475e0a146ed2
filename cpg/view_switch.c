// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core: another member is made master (R19).
 *
 *   a member: SETMASTER -> the master: REFUSE
 *                                  or: prestop, RSTART, HELLO, NEWVIEW with the named one as master
 *
 * A membership event before NEWVIEW ends it; what is made then is a view as any other (R8).
 */
#include "cpg/view_core.h"

#include <stdio.h>
#include <string.h>

#include "base/mutant.h"

/* In the original's words. */
#define SWITCH_BUSY "Master switching, a reconfiguration or a transaction is in progress. Try again"
#define SWITCH_LEAVES "it is leaving the cluster"

/* ---- who wants to leave ---- */

void view_leaving_tell(struct view_core *core, struct view_effects *fx)
{
	const struct view_member *known =
		core->have_view ? view_member_of(&core->view, core->nodeid) : NULL;

	core->self.leaving = core->state == VS_LEAVING;
	if (known != NULL &&
	    ((core->open && known->leaving != core->self.leaving) || core->leave_ready) &&
	    core->view.protocol >= VX_PROTOCOL_SETMASTER) {
		struct view_packet *packet = view_fx_send(core, fx, VP_LEAVING);

		packet->leaving = core->self.leaving;
		packet->ready = core->leave_ready;
		packet->incarnation = core->self.incarnation;
	}
}

void view_on_leaving_packet(struct view_core *core, const struct view_packet *packet)
{
	for (size_t i = 0; core->open && packet->epoch == core->view.epoch &&
			   i < core->view.member_count;
	     i++) {
		struct view_member *member = &core->view.member[i];

		if (member->nodeid == packet->from && member->incarnation == packet->incarnation) {
			member->leaving = packet->leaving;
		}
	}
}

/* ---- another master ---- */

static const struct view_member *view_switch_member(const struct view_core *core, uint32_t nodeid,
						    uint64_t incarnation)
{
	const struct view_member *member = view_member_of(&core->view, nodeid);

	return member != NULL && member->incarnation == incarnation ? member : NULL;
}

static void view_switch_tell(struct view_core *core, uint32_t nodeid, const char *reason,
			     struct view_effects *fx)
{
	const struct view_member *member = view_member_of(&core->view, nodeid);
	struct view_packet *packet = view_fx_send(core, fx, VP_REFUSE);

	packet->nodeid = nodeid;
	packet->incarnation = member != NULL ? member->incarnation : 0;
	snprintf(packet->reason, sizeof(packet->reason), "%s", reason);
}

/* Who waits until it can leave would be master for a moment only. */
static bool view_switch_leaves(const struct view_member *member)
{
	return member->leaving && !MUTANT(R19_LEAVING);
}

/* This node's administrator names a new master. */
void view_on_setmaster(struct view_core *core, uint32_t nodeid, struct view_effects *fx)
{
	const struct view_member *member = core->open ? view_member_of(&core->view, nodeid) : NULL;
	const char *reason =
		!core->settled || core->coord != VC_IDLE || core->switch_asked.nodeid != 0
			? SWITCH_BUSY
		: member == NULL	     ? "it is not a member of the cluster"
		: view_switch_leaves(member) ? SWITCH_LEAVES
					     : NULL;

	if (reason != NULL) {
		snprintf(view_fx(fx, FX_REFUSED)->text, VX_REASON_MAX, "%s", reason);
		return;
	}

	struct view_packet *packet = view_fx_send(core, fx, VP_SETMASTER);

	packet->nodeid = nodeid;
	packet->incarnation = member->incarnation;
}

void view_on_setmaster_packet(struct view_core *core, const struct view_packet *packet,
			      struct view_effects *fx)
{
	const struct view_switch asked = { .by = packet->from,
					   .nodeid = packet->nodeid,
					   .incarnation = packet->incarnation };
	const struct view_member *by =
		core->open ? view_member_of(&core->view, packet->from) : NULL;

	if (by == NULL || (uint32_t)by->incarnation != packet->pid ||
	    packet->epoch != core->view.epoch) {
		return; /* R2: a new view answers it */
	}
	if (core->switch_asked.nodeid == 0) {
		core->switch_asked = asked;
	}
	if (!view_is_master(core)) {
		return;
	}

	const struct view_member *to =
		view_switch_member(core, packet->nodeid, packet->incarnation);

	if (!core->settled || core->coord != VC_IDLE || core->reconf_wanted ||
	    core->switching.nodeid != 0) {
		view_switch_tell(core, packet->from, SWITCH_BUSY, fx);
	} else if (to == NULL) {
		view_switch_tell(core, packet->from, "it is not a member of the cluster", fx);
	} else if (view_switch_leaves(to)) {
		view_switch_tell(core, packet->from, SWITCH_LEAVES, fx);
	} else {
		view_fx_mark(fx, "node %u is to become master, node %u asks", packet->nodeid,
			     packet->from);
		core->switching = asked;
		view_coord_consider(core, fx);
	}
}

void view_switch_refuse(struct view_core *core, const char *reason, struct view_effects *fx)
{
	view_switch_tell(core, core->switching.by, reason != NULL ? reason : SWITCH_BUSY, fx);
	core->switching = (struct view_switch){ 0 };
}

/* A REFUSE of the master, in the stream. */
void view_on_refused(struct view_core *core, const struct view_packet *packet,
		     struct view_effects *fx)
{
	if (!core->open || packet->epoch != core->view.epoch || packet->from != core->view.master) {
		return;
	}
	if (core->switch_asked.by == packet->nodeid) {
		core->switch_asked = (struct view_switch){ 0 };
	}
	if (packet->nodeid == core->nodeid && packet->incarnation == core->self.incarnation) {
		snprintf(view_fx(fx, FX_REFUSED)->text, VX_REASON_MAX, "%s", packet->reason);
	}
}

uint32_t view_switch_master(const struct view_core *core)
{
	const struct view_switch *to = &core->switching;
	const struct view_member *member =
		core->have_view ? view_member_of(&core->view, to->nodeid) : NULL;

	if (to->nodeid == 0 || core->switch_round != core->round) {
		return 0;
	}
	if (MUTANT(R19_PRESENT)) {
		return to->nodeid;
	}
	return member != NULL && view_coord_present(core, to->nodeid, to->incarnation) &&
			       (!view_coord_let_go(core, member) || MUTANT(R8_LET_GO))
		       ? to->nodeid
		       : 0;
}
