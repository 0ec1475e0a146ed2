// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: vxconfigd's part in a reconfiguration and the exchange of states, as
 * vxconfigd/cfg_steps.c, exchange.c and rejoin.c. All groups but the first keep their
 * content: they are claimed, read and written in each view.
 */
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"
#include "tests/sim/sim_disk.h"

#define SCAN_MAX_US 20000

struct sim_peer *configd_peer_of(struct sim *sim, uint32_t node, uint32_t nodeid)
{
	struct sim_configd *configd = &sim->node[node].configd;

	for (size_t i = 0; i < configd->view.member_count; i++) {
		if (configd->peer[i].nodeid == nodeid) {
			return &configd->peer[i];
		}
	}
	return NULL;
}

void configd_send(struct sim *sim, uint32_t node, const struct sim_cfg_msg *msg)
{
	check_port_send(sim, node);
	clustd_port_send(sim, node, msg);
}

/* ---- slots: what vxclustd waits for ---- */

static void slot_progress(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	(void)ptr;
	if (configd->hold == serial || configd->stop == serial || configd->config == serial ||
	    configd->work == serial || configd->leave == serial || configd->abort == serial) {
		clustd_progress(sim, node, serial);
		sim_later(sim, VX_STEP_PROGRESS_MS * SIM_MS, PROC_CONFIGD, node, slot_progress,
			  serial, NULL);
	}
}

static void slot_begin(struct sim *sim, uint32_t node, uint64_t *slot, uint64_t serial)
{
	*slot = serial;
	sim_later(sim, VX_STEP_PROGRESS_MS * SIM_MS, PROC_CONFIGD, node, slot_progress, serial,
		  NULL);
}

static void slot_end(struct sim *sim, uint32_t node, uint64_t *slot, int error)
{
	if (*slot != 0) {
		clustd_ack(sim, node, false, *slot, error);
		*slot = 0;
	}
}

void configd_config_end(struct sim *sim, uint32_t node, int error)
{
	slot_end(sim, node, &sim->node[node].configd.config, error);
}

/* ---- stop, hold, leave ---- */

void configd_stop_look(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (disk_written(sim, node) || MUTANT(R4_WRITES)) {
		configd->stopped = configd->stopped || configd->stop != 0;
		slot_end(sim, node, &configd->stop, 0);
		slot_end(sim, node, &configd->abort, 0);
	}
}

static void configd_stop(struct sim *sim, uint32_t node, uint64_t serial)
{
	const struct txn_event event = { .type = TXN_EV_CLOSE };
	struct sim_configd *configd = &sim->node[node].configd;

	configd->generation++;
	configd->open = MUTANT(R17_SILENT);
	configd->settled = false;
	configd->hold = configd->config = configd->work = 0;
	configd->took_over = false;
	txn_sim_event(sim, node, &event);
	slot_begin(sim, node, &configd->stop, serial);
	configd_stop_look(sim, node);
}

static bool configd_quiet(const struct sim_configd *configd)
{
	return !configd->txn.open || configd->txn.master == TXN_IDLE || configd->txn.stuck;
}

void txn_sim_quiet(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->hold != 0 && configd_quiet(configd)) {
		slot_end(sim, node, &configd->hold, 0);
	}
}

static void configd_leave_look(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;

	(void)arg;
	(void)ptr;
	if (configd->leave == 0) {
		return;
	}
	if (configd->txn.member != TXN_NONE || configd->txn.master != TXN_IDLE ||
	    !disk_written(sim, node)) {
		sim_later(sim, VX_LEAVE_POLL_MS * SIM_MS, PROC_CONFIGD, node, configd_leave_look, 0,
			  NULL);
		return;
	}
	configd->left = true; /* R12 */
	slot_end(sim, node, &configd->leave, 0);
}

/* Out of the cluster: nothing of it is known any more. */
void configd_out(struct sim *sim, uint32_t node)
{
	const struct txn_event close = { .type = TXN_EV_CLOSE };
	const struct txn_event fail = { .type = TXN_EV_RESOLVE,
					.lost = true,
					.error = -VX_E_ABORTED };
	struct sim_configd *configd = &sim->node[node].configd;

	configd->generation++;
	configd->took_over = configd->stopped = configd->left = false;
	configd->leave = 0;
	request_sim_give_up(sim, node);
	relay_sim_give_up(sim, node);
	configd->member = configd->open = configd->settled = false;
	configd->view.member_count = 0;
	configd->view.epoch = 0;
	txn_sim_event(sim, node, &close);
	txn_sim_event(sim, node, &fail);
	txn_init(&configd->txn);
	memset(configd->group, 0, sizeof(configd->group));
	configd->pending = false;
	configd->decided = configd->scanned = false;
}

/* ---- the exchange (T8) ---- */

static void exchange_scanned(struct sim *sim, uint32_t node, uint64_t generation, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_told *told = sim_alloc(sim, SIM_GROUPS_MAX * sizeof(*told));
	struct sim_cfg_msg msg = { .kind = CFG_STATE, .told = told };

	(void)ptr;
	if (generation != configd->generation || configd->config == 0) {
		return;
	}
	configd->scanned = true;
	msg.serial = configd->serial;
	for (uint32_t group = 0; group < sim->groups; group++) {
		const struct sim_group *own = &configd->group[group];

		told[group].have = own->have && own->now.epoch != 0;
		told[group].content =
			told[group].have ? own->now : sim->node[node].memory[group];
	}
	if (configd->pending) {
		msg.pending = true;
		msg.ref = configd->pending_ref;
		msg.seen = txn_has_seen(&configd->txn);
	}
	TRACE(sim, node, "tells its state: %s%#llx.%llu%s", told->have ? "" : "remembers ",
	      (unsigned long long)told->content.epoch, (unsigned long long)told->content.seq,
	      !msg.pending ? ""
	      : msg.seen   ? ", has seen a COMMIT"
			   : ", has a pending one");
	configd_send(sim, node, &msg);
}

static void on_state(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_peer *peer = configd_peer_of(sim, node, from);

	if (peer == NULL) {
		return;
	}
	if (configd->decided) {
		peer->join = !peer->ready;
		peer->join_serial = 0;
		request_sim_kick(sim, node);
		return;
	}
	peer->state = *msg;
	peer->told = peer->up = peer->ready = true;
	takeover_run_try(sim, node);
}

/* ---- one that comes back in an open view (T13) ---- */

static void rejoin_scanned(struct sim *sim, uint32_t node, uint64_t generation, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_cfg_msg msg = { .kind = CFG_JOIN };

	(void)ptr;
	if (generation != configd->generation || !configd->settled ||
	    configd->view.master == node) {
		return;
	}
	configd->join_serial = ++sim->order;
	msg.serial = configd->join_serial;
	configd_send(sim, node, &msg);
}

static void rejoin_ask(struct sim *sim, uint32_t node)
{
	sim_later(sim, sim_delay(sim, 300, SCAN_MAX_US), PROC_CONFIGD, node, rejoin_scanned,
		  sim->node[node].configd.generation, NULL);
}

static void rejoin_retry(struct sim *sim, uint32_t node, uint64_t generation, void *ptr)
{
	(void)ptr;
	if (generation == sim->node[node].configd.generation && sim->node[node].configd.settled) {
		rejoin_ask(sim, node);
	}
}

void configd_serve_joins(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->view.master != node || !configd->open || !configd->decided ||
	    configd->adopting > 0 || configd->txn.member != TXN_NONE ||
	    configd->txn.master != TXN_IDLE) {
		return;
	}
	for (size_t i = 0; i < configd->view.member_count; i++) {
		struct sim_peer *peer = &configd->peer[i];
		struct sim_told *told;
		struct sim_cfg_msg msg = { .kind = CFG_VIEW };

		if (!peer->join) {
			continue;
		}
		told = sim_alloc(sim, SIM_GROUPS_MAX * sizeof(*told));
		for (uint32_t group = 0; group < sim->groups; group++) {
			const struct sim_group *own = &configd->group[group];

			told[group].have = own->have;
			told[group].content = told[group].base = own->now;
			told[group].disabled = own->disabled ? -VX_E_STALE : 0;
		}
		msg.told = told;
		peer->join = false;
		msg.only = peer->nodeid;
		msg.serial = peer->join_serial;
		msg.node = (uint32_t)configd->serial;
		configd_send(sim, node, &msg);
	}
}

static void on_ready(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	const struct txn_event event = { .type = TXN_EV_NODE_UP, .node = from };
	struct sim_peer *peer = configd_peer_of(sim, node, from);

	if (peer == NULL || msg->error != 0) {
		return;
	}
	peer->up = peer->ready = true;
	txn_sim_event(sim, node, &event);
	request_sim_kick(sim, node);
}

void adopt_done(struct sim *sim, uint32_t node, int error)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_cfg_msg msg = { .kind = CFG_READY };

	configd->adopt_error = configd->adopt_error != 0 ? configd->adopt_error : error;
	if (--configd->adopting > 0) {
		return;
	}
	configd_config_end(sim, node, configd->adopt_error);
	if (configd->rejoining) {
		msg.error = configd->adopt_error;
		msg.serial = configd->join_serial;
		configd_send(sim, node, &msg);
		configd->join_serial = 0;
		configd->rejoining = false;
		if (configd->adopt_error != 0) {
			sim_later(sim, VX_REJOIN_MS * SIM_MS, PROC_CONFIGD, node, rejoin_retry,
				  configd->generation, NULL);
		}
	}
	relay_sim_decided(sim, node);
	relay_sim_settled(sim, node);
	request_sim_kick(sim, node);
}

/* ---- from vxclustd ---- */

void configd_open_group(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct txn_view view = { .epoch = configd->view.epoch,
				 .self = node,
				 .master = configd->view.master,
				 .count = configd->view.member_count };
	const struct txn_event open = { .type = TXN_EV_OPEN, .view = &view };

	for (size_t i = 0; i < view.count; i++) {
		view.member[i] = configd->peer[i].nodeid;
	}
	txn_sim_event(sim, node, &open);
	for (size_t i = 0; i < view.count; i++) {
		if (!configd->peer[i].ready) {
			const struct txn_event down = { .type = TXN_EV_NODE_DOWN,
							.node = configd->peer[i].nodeid };

			txn_sim_event(sim, node, &down);
		}
	}
}

void configd_view(struct sim *sim, uint32_t node, const struct view *view)
{
	const struct txn_event event = { .type = TXN_EV_CLOSE };
	struct sim_configd *configd = &sim->node[node].configd;

	configd->generation++;
	configd->held = configd->decided = configd->scanned = configd->rejoining = false;
	configd->join_serial = 0;
	configd->adopting = 0;
	configd->hold = configd->stop = configd->config = 0;
	configd->took_over = false;
	configd->view = *view;
	configd->mastership += view->master != node;
	configd->member = configd->open = true;
	configd->stopped = false;
	configd->settled = false;
	memset(configd->peer, 0, sizeof(configd->peer));
	for (size_t i = 0; i < view->member_count; i++) {
		configd->peer[i].nodeid = view->member[i].nodeid;
		configd->peer[i].up = true;
	}
	txn_sim_event(sim, node, &event);
	shelf_late(sim);
}

void configd_registered(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	const struct sim_clustd *clustd = &sim->node[node].clustd;
	const struct view *view = view_current(clustd->core);

	if (!sim_proc_runs(sim, node, PROC_CLUSTD)) {
		return;
	}
	configd->registered = true;
	configd->left = configd->left && view_state(clustd->core) == VS_LEAVING;
	if (view_state(clustd->core) == VS_OUT && configd->member) {
		configd_out(sim, node);
	}
	if (view != NULL && (!configd->member || configd->view.epoch != view->epoch)) {
		configd_view(sim, node, view);
		configd->settled = view_is_settled(clustd->core);
		configd->open = view_is_open(clustd->core);
		if (configd->settled) {
			rejoin_ask(sim, node);
		}
	}
}

void configd_clustd_lost(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (sim_proc_runs(sim, node, PROC_CONFIGD)) {
		if (configd->member) {
			configd_out(sim, node);
		}
		configd->registered = false;
	}
}

void configd_step(struct sim *sim, uint32_t node, const struct sim_work *work)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (work->event == VE_STEPPED && !configd->member && work->view != NULL) {
		configd_view(sim, node, work->view); /* it was started for this step */
	}
	if (work->event == VE_STOPPED) {
		configd_stop(sim, node, work->serial);
		return;
	}
	if (work->event == VE_PRESTOPPED) {
		const struct txn_event event = { .type = TXN_EV_HOLD };

		if (work->master != 0 && request_sim_busy(sim, node)) { /* R19 */
			clustd_ack(sim, node, false, work->serial, -VX_E_BUSY);
			return;
		}
		configd->held = true;
		slot_begin(sim, node, &configd->hold, work->serial);
		txn_sim_event(sim, node, &event);
		txn_sim_quiet(sim, node);
		return;
	}
	if (work->event == VE_SURVEYED || work->event == VE_CLAIMED || work->event == VE_CLOSED) {
		slot_begin(sim, node, &configd->work, work->serial);
		survey_sim_run(sim, node, work);
		return;
	}
	if (work->event == VE_ADMITTED) { /* now and then the joiner does not see a disk */
		bool unfit = !sim->healed && sim_chance(sim, 8);

		clustd_ack(sim, node, false, work->serial, unfit ? -VX_E_AGAIN : 0);
		return;
	}
	if (work->event == VE_LEFT) {
		slot_begin(sim, node, &configd->leave, work->serial);
		configd_leave_look(sim, node, 0, NULL);
		return;
	}
	if (work->event == VE_ABORTED) {
		configd->hold = configd->stop = configd->config = configd->work = 0;
		configd_out(sim, node);
		slot_begin(sim, node, &configd->abort, work->serial);
		configd_stop_look(sim, node);
		return;
	}
	if (work->step == STEP_CONFIG) {
		slot_begin(sim, node, &configd->config, work->serial);
		sim_later(sim, sim_delay(sim, 300, SCAN_MAX_US), PROC_CONFIGD, node,
			  exchange_scanned, configd->generation, NULL);
		return;
	}
	clustd_ack(sim, node, false, work->serial, 0);
	if (work->step == STEP_RESUME) {
		configd->settled = true;
		relay_sim_settled(sim, node);
		request_sim_kick(sim, node);
	}
}

void configd_peer(struct sim *sim, uint32_t node, uint32_t nodeid, bool up)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_peer *peer = configd_peer_of(sim, node, nodeid);
	const struct txn_event event = { .type = TXN_EV_NODE_DOWN, .node = nodeid };

	if (peer == NULL) {
		return;
	}
	peer->up = up;
	if (up) {
		if (MUTANT(T13_JOIN) && configd->decided && !peer->ready) {
			const struct txn_event there = { .type = TXN_EV_NODE_UP, .node = nodeid };

			peer->ready = true;
			txn_sim_event(sim, node, &there);
		}
		return;
	}
	peer->ready = peer->join = false;
	if (!configd->decided) {
		peer->told = false;
	}
	txn_sim_event(sim, node, &event);
	request_sim_kick(sim, node);
}

void configd_message(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_peer *peer;

	if (!configd->open) {
		return;
	}
	switch (msg->kind) {
	case CFG_STATE:
		on_state(sim, node, from, msg);
		return;
	case CFG_VIEW:
		adopt_view(sim, node, from, msg);
		return;
	case CFG_READY:
		on_ready(sim, node, from, msg);
		return;
	case CFG_JOIN:
		peer = configd_peer_of(sim, node, from);
		if (peer != NULL) {
			peer->join = true;
			peer->join_serial = msg->serial;
			peer->ready = false;
			request_sim_kick(sim, node);
		}
		return;
	case CFG_REQUEST:
	case CFG_REPLY:
	case CFG_ASK:
		relay_sim_message(sim, node, from, msg);
		return;
	case CFG_PROPOSE:
	case CFG_VOTE:
	case CFG_QUIESCE:
	case CFG_PREPARED:
	case CFG_COMMIT:
	case CFG_ACK:
	case CFG_ABORT:
		txn_sim_message(sim, node, from, msg);
		return;
	}
}

void configd_boot(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	memset(configd, 0, sizeof(*configd));
	configd->serial = ++sim->order;
	txn_init(&configd->txn);
	disk_process_starts(sim, node);
	if (sim_proc_runs(sim, node, PROC_CLUSTD)) {
		clustd_client_up(sim, node, false);
	}
}
