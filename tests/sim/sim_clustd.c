// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the shell around the view core, as cpg/node*.c: questions to the local clients,
 * their ports, joining.
 */
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"
#include "tests/sim/sim_disk.h"

#define BIT(node) (1u << (node))
#define SWITCH_TRIES 40

/* ---- clients come and go ---- */

static void port_say(struct sim *sim, uint32_t node, bool up)
{
	struct sim_msg *msg = sim_alloc(sim, sizeof(*msg));
	const struct view *view = view_current(sim->node[node].clustd.core);

	msg->port_state = true;
	msg->up = up;
	msg->epoch = view != NULL ? view->epoch : 0;
	net_send(sim, node, msg);
}

static void configd_gets_peer(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)ptr;
	configd_peer(sim, node, (uint32_t)arg >> 1, (arg & 1) != 0);
}

static void port_on_state(struct sim *sim, uint32_t node, uint32_t from, bool up)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;

	clustd->peers_up = up ? clustd->peers_up | BIT(from) : clustd->peers_up & ~BIT(from);
	if (from == node) {
		clustd->port_local = up && sim_proc_runs(sim, node, PROC_CONFIGD);
		for (uint32_t i = 1; clustd->port_local && i <= sim->options.nodes; i++) {
			if ((clustd->peers_up & BIT(i)) != 0 && i != node) {
				sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_peer,
					  i << 1 | 1, NULL);
			}
		}
	}
	if (clustd->port_local) {
		sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_peer, from << 1 | up,
			  NULL);
	}
}

struct port_in {
	uint32_t from;
	uint64_t epoch;
	const struct sim_cfg_msg *msg;
};

static void configd_gets_message(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	/* as clust.c: of the view that it was told last */
	const struct port_in *in = ptr;

	if (sim->node[node].configd.view.epoch == in->epoch) {
		configd_message(sim, node, in->from, in->msg);
	}
}

void clustd_message(struct sim *sim, uint32_t node, const struct sim_msg *msg)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	const struct view *view = view_current(clustd->core);
	const struct view_member *member;

	if (msg->packet != NULL) {
		struct view_event event = { .type = VE_PACKET, .packet = msg->packet };

		clustd_event(sim, node, &event);
		return;
	}
	member = view != NULL ? view_member_of(view, msg->from) : NULL;
	if (!view_is_open(clustd->core) || (msg->epoch != view->epoch && !MUTANT(R2_PORT)) ||
	    member == NULL || (uint32_t)member->incarnation != msg->pid) {
		return; /* R2 */
	}
	if (msg->port_state) {
		port_on_state(sim, node, msg->from, msg->up);
	} else if (clustd->port_local && (msg->cfg->to == 0 || msg->cfg->to == node)) {
		struct port_in *in = sim_alloc(sim, sizeof(*in));

		*in = (struct port_in){ msg->from, msg->epoch, msg->cfg };
		sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_message, 0, in);
	}
}

static void port_send_arrives(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	struct sim_msg *msg;

	(void)arg;
	if (!view_is_open(clustd->core)) {
		return;
	}
	msg = sim_alloc(sim, sizeof(*msg));
	msg->cfg = ptr;
	msg->epoch = view_current(clustd->core)->epoch;
	net_send(sim, node, msg);
}

void clustd_port_send(struct sim *sim, uint32_t node, const struct sim_cfg_msg *msg)
{
	struct sim_cfg_msg *copy = sim_alloc(sim, sizeof(*copy));

	*copy = *msg;
	sim_later(sim, SIM_IPC_US, PROC_CLUSTD, node, port_send_arrives, 0, copy);
}

static void configd_gets_registered(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	configd_registered(sim, node);
}

static void client_up_arrives(struct sim *sim, uint32_t node, uint64_t iod, void *ptr)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;

	(void)ptr;
	if (!sim_proc_runs(sim, node, iod ? PROC_IOD : PROC_CONFIGD)) {
		return;
	}
	if (iod && view_state(clustd->core) != VS_OUT) { /* refused: tries again */
		sim_later(sim, 200 * SIM_MS, PROC_CLUSTD, node, client_up_arrives, iod, NULL);
		return;
	}
	if (!iod) {
		clustd->stopped_by_hand = false;
		sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_registered, 0, NULL);
		if (view_is_open(clustd->core)) {
			port_say(sim, node, true);
		}
	} else {
		sim->node[node].iod.registered = true;
	}
	for (int i = 0; i < SIM_WORKS; i++) {
		struct sim_work *work = &clustd->work[i];

		if (work->used && (iod ? work->wait_iod : work->wait_configd)) {
			clustd_work_send(sim, node, work, iod);
			work->alive = sim->now;
		}
	}
	if (!iod && view_is_settled(clustd->core) && view_current(clustd->core)->master == node) {
		clustd_ask_view(sim, node, "vxconfigd of the master came back");
	}
	clustd_start(sim, node);
}

void clustd_client_up(struct sim *sim, uint32_t node, bool iod)
{
	sim_later(sim, SIM_IPC_US, PROC_CLUSTD, node, client_up_arrives, iod, NULL);
}

static void iod_settled(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct view_event event = { .type = VE_ABORT, .reason = "vxiod was lost" };

	(void)arg;
	(void)ptr;
	sim->node[node].clustd.iod_settling = false;
	clustd_event(sim, node, &event);
}

static void configd_lost(struct sim *sim, uint32_t node)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;

	clustd->port_local = false;
	if (!view_is_open(clustd->core)) {
		return;
	}
	port_say(sim, node, false);
	if (!clustd->stopped_by_hand &&
	    (view_current(clustd->core)->master == node || !view_is_settled(clustd->core))) {
		clustd_ask_view(sim, node, "vxconfigd was lost");
	}
}

static void client_down_arrives(struct sim *sim, uint32_t node, uint64_t iod, void *ptr)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;

	(void)ptr;
	for (int i = 0; i < SIM_WORKS; i++) {
		struct sim_work *work = &clustd->work[i];
		bool *waits = iod ? &work->wait_iod : &work->wait_configd;

		if (!work->used || !*waits || (!iod && clustd_work_needs_configd(work)) ||
		    (iod && work->event != VE_ABORTED)) {
			continue;
		}
		*waits = false;
		if (iod && !iod_is_quiet(sim, node)) {
			work->error = -VX_E_NODAEMON;
		}
		if (!work->wait_iod && !work->wait_configd) {
			clustd_work_end(sim, node, work);
		}
	}
	if (!iod) {
		configd_lost(sim, node);
	} else if (view_state(clustd->core) != VS_OUT && !clustd->iod_settling) {
		uint64_t quiet = sim->node[node].iod.inflight;

		clustd->iod_settling = true; /* vxiod --settle waits for the rest of its I/O */
		sim_later(sim, (quiet > sim->now ? quiet - sim->now : 0) + 5 * SIM_MS, PROC_CLUSTD,
			  node, iod_settled, 0, NULL);
	}
}

void clustd_client_down(struct sim *sim, uint32_t node, bool iod)
{
	sim_later(sim, SIM_IPC_US, PROC_CLUSTD, node, client_down_arrives, iod, NULL);
}

/* ---- effects ---- */

static void on_timer(struct sim *sim, uint32_t node, uint64_t generation, void *ptr)
{
	enum view_timer timer = (enum view_timer)(uintptr_t)ptr;
	struct sim_clustd *clustd = &sim->node[node].clustd;

	if (clustd->timer[timer] == generation) {
		struct view_event event = { .type = VE_TIMER, .timer = timer };

		clustd->timer[timer] = 0;
		clustd_event(sim, node, &event);
	}
}

static void iod_gets_view(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	iod_view(sim, node, ptr);
}

static void configd_gets_view(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	configd_view(sim, node, ptr);
}

static void stored(struct sim *sim, uint32_t node, uint64_t token, void *ptr)
{
	const struct view_event event = { .type = VE_STORED, .token = token };

	sim->node[node].last_epoch = *(const uint64_t *)ptr;
	clustd_event(sim, node, &event);
}

static void fx_store(struct sim *sim, uint32_t node, const struct view_effect *effect)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	uint64_t *epoch = sim_alloc(sim, sizeof(*epoch));

	*epoch = effect->u.view->epoch;
	clustd->peers_up = 0;
	clustd->port_local = false;
	/* one thread writes: one after the other */
	clustd->storing_until = clustd->storing_until > sim->now ? clustd->storing_until : sim->now;
	clustd->storing_until += sim_delay(sim, 200, sim_chance(sim, 2) ? 9 * SIM_S : 8 * SIM_MS);
	sim_later(sim, clustd->storing_until - sim->now, PROC_CLUSTD, node, stored, effect->token,
		  epoch);
}

static void fx_install(struct sim *sim, uint32_t node, const struct view *view)
{
	struct view *copy = sim_alloc(sim, sizeof(*copy));

	*copy = *view;
	TRACE(sim, node, "view %#llx: %zu members, %zu joiners, %zu leavers, master %u",
	      (unsigned long long)view->epoch, view->member_count, view->joiner_count,
	      view->leaver_count, view->master);
	check_view(sim, node, view);
	check_stored(sim, node, view->epoch);
	sim_later(sim, SIM_IPC_US, PROC_IOD, node, iod_gets_view, 0, copy);
	sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_view, 0, copy);
	if (sim_proc_runs(sim, node, PROC_CONFIGD)) {
		port_say(sim, node, true);
	}
}

static void fx_gone(struct sim *sim, uint32_t node, const struct view_effect *effect)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	bool failed = effect->u.how != VIEW_CLEAN;

	if (strstr(effect->text, "protocol version out of range") != NULL) {
		sim->node[node].proto_min = SIM_PROTOCOL_MIN; /* another program is installed */
		sim->node[node].proto_max = SIM_PROTOCOL_MAX;
	}
	TRACE(sim, node, "is out: %s", effect->text);
	for (int i = 0; i < SIM_WORKS; i++) {
		clustd->work[i].used = false;
	}
	if (sim->healed && sim->now > sim->healed_at + 120 * SIM_S &&
	    strstr(effect->text, "timed out") != NULL) {
		sim_fail(sim, "LIVE node %u: nothing is wrong any more, and its join timed out",
			 node);
	}
	net_leave(sim, node);
	clustd->corosync_dead = false;
	clustd->peers_up = 0;
	clustd->port_local = false;
	clustd->switch_to = 0;
	sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_registered, 0, NULL);
	pacemaker_gone(sim, node, failed);
	if (!failed) {
		check_nobody(sim);
	}
}

static void switch_again(struct sim *sim, uint32_t node, uint64_t master, void *ptr)
{
	(void)ptr;
	clustd_setmaster(sim, node, (uint32_t)master);
}

/* "Try again": he does, a few times. */
static void clustd_switch_refused(struct sim *sim, uint32_t node, const char *reason)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	uint32_t master = clustd->switch_to;

	TRACE(sim, node, "node %u is not made master: %s", master, reason);
	clustd->switch_to = 0;
	if (master != 0 && clustd->switch_tries++ < SWITCH_TRIES) {
		sim_later(sim, sim_delay(sim, 300, 100 * SIM_MS), PROC_CLUSTD, node, switch_again,
			  master, NULL);
	}
}

static void clustd_effect(struct sim *sim, uint32_t node, struct view_effect *effect)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	struct sim_msg *msg;
	int step;

	switch (effect->type) {
	case FX_SEND:
		if (effect->u.packet->type == VP_HELLO) {
			check_hello(sim, node);
		} else if (effect->u.packet->type == VP_RSTART) {
			check_rstart(sim, node);
		} else if (effect->u.packet->type == VP_ASK &&
			   sim->node[node].proto_max == SIM_PROTOCOL_MIN) {
			return; /* an older program */
		}
		msg = sim_alloc(sim, sizeof(*msg));
		msg->packet = sim_alloc(sim, sizeof(*msg->packet));
		*msg->packet = *effect->u.packet;
		msg->packet->pid = clustd->pid;
		TRACE(sim, node, "sends %s, epoch %#llx round %u",
		      view_packet_name(msg->packet->type), (unsigned long long)msg->packet->epoch,
		      msg->packet->round);
		net_send(sim, node, msg);
		return;
	case FX_STOP:
		clustd_work_start(sim, node, VE_STOPPED, STEP_STOP, effect->token, true, true,
				  NULL);
		return;
	case FX_PRESTOP:
		clustd->prestop_master = effect->u.master;
		clustd_work_start(sim, node, VE_PRESTOPPED, STEP_STOP, effect->token, false, true,
				  NULL);
		return;
	case FX_SURVEY:
		clustd_work_start(sim, node, VE_SURVEYED, STEP_NONE, effect->token, false, true,
				  NULL);
		return;
	case FX_LOOK:
		fencer_look(sim, node, effect);
		return;
	case FX_CLAIM:
		check_has_quorum(sim, node, "it claims");
		clustd_work_start(sim, node, VE_CLAIMED, STEP_NONE, effect->token, false, true,
				  effect->u.view);
		return;
	case FX_ADMIT:
		clustd_work_start(sim, node, VE_ADMITTED, STEP_NONE, effect->token, false, true,
				  NULL);
		return;
	case FX_STORE:
		fx_store(sim, node, effect);
		return;
	case FX_INSTALL:
		fx_install(sim, node, effect->u.view);
		return;
	case FX_STEP:
		check_has_quorum(sim, node, "a step begins");
		step = (int)effect->u.step;
		clustd_work_start(sim, node, VE_STEPPED, step, effect->token,
				  step_uses_iod((enum step)step),
				  step_uses_configd((enum step)step), view_current(clustd->core));
		return;
	case FX_SETTLED:
		TRACE(sim, node, "runs");
		sim->switches += clustd->switch_to != 0 &&
				 view_current(clustd->core)->master == clustd->switch_to;
		clustd->switch_to = 0;
		return;
	case FX_REFUSED:
		clustd_switch_refused(sim, node, effect->text);
		return;
	case FX_ASK_FENCE:
		check_ask_fence(sim, node, effect->u.ask.nodeid);
		pacemaker_ask(sim, node, effect->u.ask.nodeid, effect->u.ask.again);
		return;
	case FX_LEAVE_LOCAL:
		clustd_work_start(sim, node, VE_LEFT, STEP_NONE, effect->token, true, false, NULL);
		return;
	case FX_LEAVE_CANCEL:
		return;
	case FX_CLOSE:
		clustd_work_start(sim, node, VE_CLOSED, STEP_NONE, effect->token, false, true,
				  NULL);
		return;
	case FX_ABORT_LOCAL:
		TRACE(sim, node, "aborts: %s", effect->text);
		clustd_work_start(sim, node, VE_ABORTED, STEP_NONE, effect->token, true, true,
				  NULL);
		return;
	case FX_GONE:
		fx_gone(sim, node, effect);
		return;
	case FX_TIMER_SET:
		clustd->timer[effect->u.set.timer] = ++sim->order;
		sim_later(sim, effect->u.set.delay_ms * SIM_MS, PROC_CLUSTD, node, on_timer,
			  clustd->timer[effect->u.set.timer],
			  (void *)(uintptr_t)effect->u.set.timer);
		return;
	case FX_TIMER_CANCEL:
		clustd->timer[effect->u.timer] = 0;
		return;
	case FX_MARK:
		TRACE(sim, node, "%s", effect->text);
		return;
	}
}

void clustd_event(struct sim *sim, uint32_t node, const struct view_event *event)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	struct view_effects fx = { 0 };

	view_step(clustd->core, event, &fx);
	for (int i = 0; i < SIM_WORKS; i++) { /* R11, as node_work_prune() */
		struct sim_work *work = &clustd->work[i];

		if (work->used && work->token != 0 && !view_awaits(clustd->core, work->token)) {
			work->used = false;
		}
	}
	for (size_t i = 0; i < fx.count && !sim->over; i++) {
		clustd_effect(sim, node, &fx.effect[i]);
	}
	view_effects_free(&fx);
}

void clustd_corosync_died(struct sim *sim, uint32_t node)
{
	const struct view_event event = { .type = VE_ABORT, .reason = "Corosync is gone" };

	sim->node[node].clustd.corosync_dead = true;
	clustd_event(sim, node, &event);
	if (view_state(sim->node[node].clustd.core) == VS_OUT) {
		sim->node[node].clustd.corosync_dead = false;
	}
}

void clustd_setmaster(struct sim *sim, uint32_t node, uint32_t master)
{
	const struct view_event event = { .type = VE_SETMASTER, .master = master };
	struct sim_clustd *clustd = &sim->node[node].clustd;

	if (view_state(clustd->core) == VS_MEMBER && clustd->switch_to == 0) {
		clustd->switch_to = master;
		clustd_event(sim, node, &event);
	}
}

void clustd_ask_view(struct sim *sim, uint32_t node, const char *reason)
{
	const struct view_event event = { .type = VE_RECONF, .reason = reason };

	clustd_event(sim, node, &event);
}

/* ---- joining ---- */

static void start_try(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	clustd_start(sim, node);
}

void clustd_start(struct sim *sim, uint32_t node)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	struct view_event event = { .type = VE_JOIN,
				    .last_epoch = sim->node[node].last_epoch,
				    /* a node list that somebody changes now and then */
				    .nid_wanted = (node - 1 + (uint32_t)sim->txn_count / 8) %
						  sim->options.nodes,
				    .two_node_peer = sim->options.nodes == 2 ? 3 - node : 0 };

	if (!sim_proc_runs(sim, node, PROC_CLUSTD) || view_state(clustd->core) != VS_OUT ||
	    (sim->stopped & BIT(node)) != 0) {
		return;
	}
	if (!sim_proc_runs(sim, node, PROC_IOD) || !sim->node[node].iod.registered ||
	    !sim_proc_runs(sim, node, PROC_CONFIGD) || !sim_proc_runs(sim, node, PROC_COROSYNC) ||
	    sim->node[node].conf < 0) {
		sim_later(sim, 100 * SIM_MS, PROC_CLUSTD, node, start_try, 0, NULL);
		return;
	}
	if (!iod_is_quiet(sim, node)) { /* vxiod ends its earlier volumes first */
		bool under_way = false;

		for (int i = 0; i < SIM_WORKS; i++) {
			under_way = under_way || clustd->work[i].used;
		}
		if (!under_way) {
			clustd_work_start(sim, node, VE_ABORTED, STEP_NONE, 0, true, true, NULL);
		}
		sim_later(sim, 100 * SIM_MS, PROC_CLUSTD, node, start_try, 0, NULL);
		return;
	}
	clustd->pid = ++sim->pids;
	memset(clustd->timer, 0, sizeof(clustd->timer));
	event.incarnation = (uint64_t)sim_below(sim, 1u << 30) << 32 | clustd->pid;
	sim->node[node].iod.incarnation = event.incarnation;
	sim->node[node].iod.gone = false;
	event.timeout_ms = VX_JOIN_MS;
	event.proto_min = sim->node[node].proto_min;
	event.proto_max = sim->node[node].proto_max;
	clustd_event(sim, node, &event);
	net_join(sim, node);
	sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_registered, 0, NULL);
}

void clustd_boot(struct sim *sim, uint32_t node)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;

	if (sim->node[node].iod.gate) {
		sim_fail(sim, "I21 node %u: vxclustd was gone, and the gate stayed open", node);
	}
	view_free(clustd->core);
	memset(clustd, 0, sizeof(*clustd));
	clustd->core = view_create(node);
	clustd->pid = ++sim->pids;
	if (sim_proc_runs(sim, node, PROC_IOD)) {
		sim->node[node].iod.registered = false;
		clustd_client_up(sim, node, true);
	}
	if (sim_proc_runs(sim, node, PROC_CONFIGD)) {
		clustd_client_up(sim, node, false);
	}
	clustd_start(sim, node);
}
