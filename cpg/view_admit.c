// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The view core: who may join is asked before anybody stands still for it (R22).
 *
 *   a fresh node: ASK -> the master of an open view: its vxconfigd looks -> REFUSE
 *                                                    or: a view is begun (R9)
 *
 * Who asked nothing for VX_ADMIT_MS speaks an older program, and is taken in unasked. A view that is
 * made for another reason takes in whoever says HELLO: those who cannot take part find out in step 4.
 */
#include "cpg/view_core.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"

static struct view_ask *admit_find(struct view_core *core, uint32_t nodeid, uint32_t pid)
{
	for (size_t i = 0; i < core->ask_count; i++) {
		if (core->ask[i].self.nodeid == nodeid &&
		    (uint32_t)core->ask[i].self.incarnation == pid) {
			return &core->ask[i];
		}
	}
	return NULL;
}

static bool admit_is_fresh(const struct view_core *core, const struct view_node *node)
{
	return view_in_ring(core, node->nodeid, node->pid) &&
	       !view_has_member(&core->view, node->nodeid);
}

/* A member that was left behind does not ask; it is to meet the higher epoch soon (R14). */
static bool admit_is_stale(const struct view_core *core, const struct view_node *node)
{
	for (size_t i = 0; i < core->view.leaver_count; i++) {
		if (core->view.leaver[i].how == VIEW_LOST &&
		    core->view.leaver[i].nodeid == node->nodeid &&
		    (uint32_t)core->view.leaver[i].incarnation == node->pid) {
			return true;
		}
	}
	return false;
}

/* ---- the joiner ---- */

void view_ask_send(struct view_core *core, struct view_effects *fx)
{
	if (core->state == VS_JOINING && !core->have_view && core->have_ring &&
	    view_in_ring(core, core->nodeid, (uint32_t)core->self.incarnation)) {
		view_fx_send(core, fx, VP_ASK)->self = core->self;
	}
}

void view_on_refuse(struct view_core *core, const struct view_packet *packet,
		    struct view_effects *fx)
{
	if (packet->nodeid == core->nodeid && packet->incarnation == core->self.incarnation &&
	    core->state == VS_JOINING) {
		snprintf(core->reason, sizeof(core->reason), "%s", packet->reason);
		core->again = packet->error == -VX_E_AGAIN;
		view_join_end(core, fx);
		return;
	}
	view_on_refused(core, packet, fx);
}

/* ---- every member: the next master may be any ---- */

/* Who left asks anew if it comes again. */
void view_admit_left(struct view_core *core, const struct view_event *event)
{
	size_t kept = 0;

	for (size_t i = 0; i < core->ask_count; i++) {
		const struct view_member *self = &core->ask[i].self;
		bool left = view_node_index(core, self->nodeid, (uint32_t)self->incarnation) < 0;

		for (size_t k = 0; k < event->left_count; k++) {
			left = left || (event->left[k].nodeid == self->nodeid &&
					event->left[k].pid == (uint32_t)self->incarnation);
		}
		if (!left) {
			core->ask[kept++] = core->ask[i];
		}
	}
	core->ask_count = kept;
	core->admit_late = core->member_speaks = false;
}

/* What was asked in a view that is over is asked anew. */
void view_admit_forget(struct view_core *core)
{
	for (size_t i = 0; i < core->ask_count; i++) {
		core->ask[i].state =
			core->ask[i].state == ASK_LOOKING ? ASK_NEW : core->ask[i].state;
	}
}

bool view_admit_awaits(const struct view_core *core, uint64_t token)
{
	for (size_t i = 0; i < core->ask_count; i++) {
		if (core->ask[i].state == ASK_LOOKING && core->ask[i].token == token) {
			return true;
		}
	}
	return false;
}

void view_on_ask(struct view_core *core, const struct view_packet *packet, struct view_effects *fx)
{
	struct view_ask *ask = admit_find(core, packet->from, packet->pid);

	if (view_node_index(core, packet->from, packet->pid) < 0 ||
	    (ask == NULL && core->ask_count == VX_COUNT_OF(core->ask))) {
		return;
	}
	if (ask == NULL) {
		ask = &core->ask[core->ask_count++];
		ask->self.incarnation = 0;
	}
	if (ask->self.incarnation != packet->self.incarnation) {
		*ask = (struct view_ask){ .self = packet->self };
	}
	if (core->open && view_is_master(core)) {
		(void)view_fx_send(core, fx, VP_BUSY); /* a member speaks: R9 */
	}
	view_coord_consider(core, fx);
}

/* R9: a member with a view is there, and takes this fresh node in when it can. */
void view_admit_heard(struct view_core *core, const struct view_packet *packet,
		      struct view_effects *fx)
{
	if (core->have_view || packet->epoch == 0 || MUTANT(R9_FRESH) ||
	    !view_in_ring(core, packet->from, packet->pid)) {
		return;
	}
	core->member_speaks = true;
	view_coord_cancel(core, fx);
	if (core->following && core->follow_nodeid == core->nodeid) {
		view_unfollow(core);
	}
	view_fx_timer_cancel(fx, VT_BEGIN);
}

/* ---- the master ---- */

static void admit_refuse(struct view_core *core, const struct view_member *joiner, int error,
			 const char *reason, struct view_effects *fx)
{
	struct view_packet *packet = view_fx_send(core, fx, VP_REFUSE);

	packet->nodeid = joiner->nodeid;
	packet->incarnation = joiner->incarnation;
	packet->error = error;
	snprintf(packet->reason, sizeof(packet->reason), "%s", reason);
	view_fx_mark(fx, "node %u is refused: %.440s", joiner->nodeid, reason);
}

void view_refuse_protocol(struct view_core *core, const struct view_member *joiner,
			  uint32_t protocol, struct view_effects *fx)
{
	char reason[VX_REASON_MAX];

	snprintf(reason, sizeof(reason),
		 "protocol version out of range: the cluster runs %u, this node speaks %u to %u",
		 protocol, joiner->proto_min, joiner->proto_max);
	admit_refuse(core, joiner, 0, reason, fx);
}

static void admit_look(struct view_core *core, struct view_ask *ask, struct view_effects *fx)
{
	struct view_effect *effect;

	if (!view_protocol_fits(&ask->self, core->view.protocol)) {
		ask->state = ASK_REFUSED;
		view_refuse_protocol(core, &ask->self, core->view.protocol, fx);
		return;
	}
	ask->state = ASK_LOOKING;
	ask->token = view_token(core);
	effect = view_fx(fx, FX_ADMIT);
	effect->token = ask->token;
	effect->u.nodeid = ask->self.nodeid;
}

/* Looks at those who asked; waits a while for those who did not. */
void view_admit_consider(struct view_core *core, struct view_effects *fx)
{
	bool silent = false;

	for (size_t i = 0; core->settled && core->coord == VC_IDLE && view_is_master(core) &&
			   i < core->node_count;
	     i++) {
		struct view_ask *ask =
			admit_find(core, core->node[i].nodeid, core->node[i].pid);

		if (!admit_is_fresh(core, &core->node[i])) {
			continue;
		}
		if (ask != NULL && ask->state == ASK_NEW) {
			admit_look(core, ask, fx);
		}
		silent = silent || (ask == NULL && !admit_is_stale(core, &core->node[i]));
	}
	if (silent && !core->admit_late && !core->admit_timing && !MUTANT(R22_SILENT)) {
		core->admit_timing = true;
		view_fx_timer(fx, VT_ADMIT, VX_ADMIT_MS);
	} else if (!silent && core->admit_timing) {
		core->admit_timing = false;
		view_fx_timer_cancel(fx, VT_ADMIT);
	}
}

void view_admit_timer(struct view_core *core, struct view_effects *fx)
{
	core->admit_timing = false;
	core->admit_late = true;
	view_fx_mark(fx, "a joiner did not ask in %d ms: an older program", VX_ADMIT_MS);
	view_coord_consider(core, fx);
}

void view_on_admitted(struct view_core *core, const struct view_event *event,
		      struct view_effects *fx)
{
	for (size_t i = 0; i < core->ask_count; i++) {
		struct view_ask *ask = &core->ask[i];

		if (ask->state != ASK_LOOKING || ask->token != event->token) {
			continue;
		}
		ask->state = event->error == 0 ? ASK_ADMITTED : ASK_REFUSED;
		if (event->error != 0) {
			admit_refuse(core, &ask->self, event->error,
				     event->reason != NULL ? event->reason
							   : vx_strerror(event->error),
				     fx);
		}
		view_coord_consider(core, fx);
		return;
	}
}

/* Somebody may join, and of nobody it is still to be found out: they join together. */
bool view_admit_any(const struct view_core *core)
{
	bool any = false;

	for (size_t i = 0; i < core->node_count; i++) {
		const struct view_ask *ask;

		if (!admit_is_fresh(core, &core->node[i])) {
			continue;
		}
		ask = admit_find((struct view_core *)(uintptr_t)core, core->node[i].nodeid,
				 core->node[i].pid);
		if (ask == NULL ? !core->admit_late && !admit_is_stale(core, &core->node[i])
				: ask->state == ASK_NEW || ask->state == ASK_LOOKING) {
			return MUTANT(R22_LOOK);
		}
		any = any || ask == NULL || ask->state == ASK_ADMITTED;
	}
	return any;
}
