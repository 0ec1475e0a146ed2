// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: what becomes of the group in a new view, as vxconfigd/takeover_run.c (the
 * master's part, around the core takeover.c) and adopt.c (everybody's).
 */
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "cpg/view_core.h"
#include "tests/sim/sim_disk.h"

static uint32_t adopt_lost_member(const struct sim_configd *configd)
{
	const struct txn_view *before = &configd->txn.view;

	for (size_t i = 0; i < before->count; i++) {
		bool joiner = false;

		for (size_t k = 0; k < configd->view.joiner_count; k++) {
			joiner = joiner || configd->view.joiner[k] == before->member[i];
		}
		if (joiner || !view_has_member(&configd->view, before->member[i])) {
			return before->member[i];
		}
	}
	return 0;
}

/* ---- the master ---- */

/* Those that share the pending one, as far as this node knows. */
static uint64_t takeover_shared(const struct sim_configd *configd)
{
	uint8_t txn = configd->group[MAIN].decision.txid[0];

	return configd->pending && configd->pending_ref.txn == txn ? configd->pending_set
								   : UINT64_C(1) << txn;
}

static void takeover_tell(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	const struct takeover *main = &configd->group[MAIN].decision;
	struct sim_told *told = sim_alloc(sim, SIM_GROUPS_MAX * sizeof(*told));
	struct sim_cfg_msg msg = { .kind = CFG_VIEW, .told = told };

	msg.node = (uint32_t)configd->serial;
	for (uint32_t group = 0; group < sim->groups; group++) {
		const struct sim_group *own = &configd->group[group];

		told[group] = (struct sim_told){
			.have = own->take_error == 0,
			.disabled = own->take_error,
			.base = { own->decision.base_epoch, own->decision.base_seq, 0, 0 },
			.content = own->take,
		};
	}
	msg.pending = main->pending;
	msg.complete = main->complete;
	msg.ref.txn = main->txid[0];
	msg.shared = takeover_shared(configd);
	configd_send(sim, node, &msg);
}

/* One group is done, for good or ill. */
static void takeover_end(struct sim *sim, uint32_t node, uint32_t group, int error)
{
	struct sim_configd *configd = &sim->node[node].configd;

	configd->group[group].take_error = error;
	if (--configd->taking == 0) {
		takeover_tell(sim, node);
	}
}

static void on_stored(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (task->generation == configd->generation && configd->took_over) {
		if (task->error == -VX_E_STALE && sim_proc_runs(sim, node, PROC_CLUSTD)) {
			clustd_ask_view(sim, node, "a claim above ours");
		}
		configd->group[task->group].take_have = task->error == 0;
		takeover_end(sim, node, task->group, task->error);
	}
}

static void takeover_store(struct sim *sim, uint32_t node, uint32_t group,
			   struct sim_content content)
{
	struct sim_configd *configd = &sim->node[node].configd;
	const struct takeover *decision = &configd->group[group].decision;
	struct sim_disk_task *task = disk_task(sim, node, group, DISK_CHECKPOINT);

	content.epoch = configd->view.epoch;
	content.seq = decision->seq;
	if (decision->pending && !decision->complete && decision->base == TAKEOVER_RUNNING) {
		content.aborted |= takeover_shared(configd);
	}
	configd->group[group].take = content;
	task->content = content;
	task->epoch = content.epoch;
	task->member_count = configd->view.member_count;
	memcpy(task->member, configd->view.member, sizeof(task->member));
	task->done = on_stored;
	if (MUTANT(T9_CHECKPOINT)) {
		on_stored(sim, node, task);
		return;
	}
	disk_submit(sim, node, task);
}

static void on_read(struct sim *sim, uint32_t node, struct sim_disk_task *task);

static void takeover_read(struct sim *sim, uint32_t node, uint32_t group, uint64_t max_seq)
{
	struct sim_disk_task *task = disk_task(sim, node, group, DISK_READ);

	task->max_seq = max_seq;
	task->done = on_read;
	disk_submit(sim, node, task);
}

static bool takeover_from_memory(const struct sim_configd *configd, uint32_t group,
				 struct sim_content *out)
{
	const struct sim_group *own = &configd->group[group];
	const struct takeover *decision = &own->decision;

	if (!own->have || own->now.epoch != decision->base_epoch ||
	    own->now.seq != decision->base_seq) {
		return false;
	}
	*out = own->now;
	if (decision->complete) {
		if (!configd->pending || configd->pending_ref.txn != decision->txid[0]) {
			return false;
		}
		out->set |= MUTANT(T15_ALL) ? UINT64_C(1) << configd->pending_ref.txn
					    : configd->pending_set;
	}
	return true;
}

static void takeover_decided(struct sim *sim, uint32_t node, const struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_group *own = &configd->group[task->group];
	struct sim_content content;

	switch (own->decision.base) {
	case TAKEOVER_NONE:
		sim_fail(sim, "I2 node %u: group %u is gone", node, task->group);
		return;
	case TAKEOVER_REFUSE:
		if (own->decision.error == -VX_E_UNPROVEN) {
			clustd_ask_view(sim, node, "copies that the survey did not see");
		}
		takeover_end(sim, node, task->group, own->decision.error);
		return;
	case TAKEOVER_DISK:
		takeover_store(sim, node, task->group, task->found);
		return;
	case TAKEOVER_RUNNING:
		if (takeover_from_memory(configd, task->group, &content)) {
			takeover_store(sim, node, task->group, content);
		} else if (!own->second_read) {
			own->second_read = true;
			takeover_read(sim, node, task->group, own->decision.max_seq);
		} else if (!task->has_content || task->found.epoch != own->decision.base_epoch ||
			   task->found.seq != own->decision.max_seq) {
			takeover_end(sim, node, task->group, -VX_E_STALE);
		} else {
			takeover_store(sim, node, task->group, task->found);
		}
		return;
	}
}

/* What the members said of the group. */
static void takeover_nodes(const struct sim *sim, uint32_t node, uint32_t group,
			   struct takeover_node list[VX_NODES_MAX])
{
	const struct sim_configd *configd = &sim->node[node].configd;

	memset(list, 0, VX_NODES_MAX * sizeof(list[0]));
	for (size_t i = 0; i < configd->view.member_count; i++) {
		const struct sim_cfg_msg *state = &configd->peer[i].state;
		const struct sim_told *told = &state->told[group];

		if (MUTANT(T8_ALL) && configd->peer[i].nodeid != node) {
			continue;
		}
		list[i] = (struct takeover_node){ .nodeid = configd->peer[i].nodeid,
						  .have = told->have,
						  .epoch = told->content.epoch,
						  .seq = told->content.seq,
						  .hash = told->content.set,
						  .pending = group == MAIN && state->pending,
						  .kind = VX__TXN_KIND__TXN_CHANGE,
						  .seen = group == MAIN && state->seen };
		list[i].txid[0] = state->ref.txn;
	}
}

/* T17: as cview_unproven() */
static bool takeover_unproven(const struct view *view, const struct sim_disk_task *task)
{
	for (size_t i = 0; i < task->durable_count; i++) {
		const struct view_member *member = &task->durable[i];

		if (!view_has_member(view, member->nodeid) &&
		    view_leaver_find(view->leaver, view->leaver_count, member->nodeid,
				     member->incarnation) == NULL) {
			return true;
		}
	}
	return false;
}

/* What this master begins again is not told to have failed (T11). */
static bool takeover_goes_on(const struct sim_configd *configd)
{
	const uint8_t *txid = configd->group[MAIN].decision.txid;

	return request_sim_waits(configd, txid[0]) ||
	       (txn_goes_aside(&configd->txn, txid) && adopt_lost_member(configd) == 0);
}

static void on_read(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_group *own = &configd->group[task->group];
	const struct takeover_disk disk = { .error = task->error,
					    .content = task->has_content,
					    .unproven = takeover_unproven(&configd->view, task),
					    .epoch = task->found.epoch,
					    .seq = task->found.seq };
	struct takeover_node list[VX_NODES_MAX];

	if (task->generation != configd->generation || !configd->took_over) {
		return;
	}
	if (!own->second_read) {
		takeover_nodes(sim, node, task->group, list);
		takeover_decide(list, configd->view.member_count, &disk, &own->decision);
		if (task->group == MAIN && !own->decision.complete && takeover_goes_on(configd) &&
		    !MUTANT(T11_ASIDE)) {
			own->decision.pending = false;
		}
		TRACE(sim, node, "take-over of group %u: base %d at %#llx.%llu%s", task->group,
		      (int)own->decision.base, (unsigned long long)own->decision.base_epoch,
		      (unsigned long long)own->decision.base_seq,
		      !own->decision.pending   ? ""
		      : own->decision.complete ? ", pending one completed"
					       : ", pending one failed");
		if (task->group == MAIN) {
			check_takeover(sim, node, &own->decision);
		}
	}
	takeover_decided(sim, node, task);
}

void takeover_run_try(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->view.master != node || !configd->scanned || configd->took_over ||
	    configd->decided || configd->config == 0) {
		return;
	}
	for (size_t i = 0; i < configd->view.member_count; i++) {
		if (!configd->peer[i].told) {
			return;
		}
	}
	configd->took_over = true;
	configd->taking = sim->groups;
	for (uint32_t group = 0; group < sim->groups; group++) {
		configd->group[group].second_read = configd->group[group].take_have = false;
		takeover_read(sim, node, group, UINT64_MAX);
	}
}

/* ---- everybody ---- */

struct adopt {
	struct sim_cfg_msg view;
	uint32_t group;
	struct sim_content content;
	uint64_t generation;
};

static void adopt_resolve(struct sim *sim, uint32_t node, const struct sim_cfg_msg *view)
{
	struct sim_configd *configd = &sim->node[node].configd;
	const struct txn_event close = { .type = TXN_EV_CLOSE };
	struct txn_event event = { .type = TXN_EV_RESOLVE, .error = -VX_E_ABORTED };

	event.node = adopt_lost_member(configd);
	event.lost = event.node != 0;
	if (configd->pending && !MUTANT(T11_TOLD)) {
		event.lost = event.lost || (configd->group[MAIN].now.aborted >>
						    configd->pending_ref.txn &
					    1) != 0;
	}
	if (configd->pending) {
		event.complete =
			view->pending && view->ref.txn == configd->pending_ref.txn
				? view->complete
				: (configd->group[MAIN].now.set >> configd->pending_ref.txn & 1) != 0;
	}
	if (view->told[MAIN].disabled != 0) {
		event.error = -VX_E_LOST;
	}
	txn_sim_event(sim, node, &close);
	txn_sim_event(sim, node, &event);
}

static void adopt_remembered(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct adopt *adopt = ptr;

	(void)arg;
	sim->node[node].memory[adopt->group] = adopt->content;
	if (adopt->generation == sim->node[node].configd.generation) {
		adopt_done(sim, node, 0);
	}
}

/* From now on it is in force here. */
static void adopt_content(struct sim *sim, uint32_t node, struct adopt *adopt)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_group *own = &configd->group[adopt->group];

	own->have = true;
	own->disabled = false;
	own->now = adopt->content;
	check_runs(sim, node, adopt->group);
	if (adopt->group == MAIN) {
		iod_load(sim, node, adopt->content.set);
		adopt_resolve(sim, node, &adopt->view);
		configd_open_group(sim, node);
	}
	sim_later(sim, sim_delay(sim, 200, 8000), PROC_CONFIGD, node, adopt_remembered, 0, adopt);
}

static void adopt_try(struct sim *sim, uint32_t node, struct adopt *adopt)
{
	const struct sim_content *want = &adopt->view.told[adopt->group].content;

	if ((adopt->content.epoch != want->epoch || adopt->content.seq != want->seq ||
	     adopt->content.set != want->set) &&
	    !MUTANT(T10_HASH)) {
		TRACE(sim, node, "read %#llx.%llu, the master has %#llx.%llu",
		      (unsigned long long)adopt->content.epoch,
		      (unsigned long long)adopt->content.seq, (unsigned long long)want->epoch,
		      (unsigned long long)want->seq);
		adopt_done(sim, node, -VX_E_STALE);
		return;
	}
	adopt_content(sim, node, adopt);
}

static void adopt_on_read(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct adopt *adopt = task->ptr;

	if (task->generation != sim->node[node].configd.generation) {
		return;
	}
	if (!task->has_content) {
		adopt_done(sim, node, -VX_E_NODISK);
		return;
	}
	adopt->content = task->found;
	adopt_try(sim, node, adopt);
}

static bool adopt_from_memory(const struct sim_configd *configd, struct adopt *adopt)
{
	const struct sim_cfg_msg *view = &adopt->view;
	const struct sim_told *told = &view->told[adopt->group];
	const struct sim_group *own = &configd->group[adopt->group];
	struct sim_content content = own->now;

	if (!own->have ||
	    ((content.epoch != told->base.epoch || content.seq != told->base.seq) &&
	     !MUTANT(T10_READ))) {
		return false;
	}
	if (adopt->group == MAIN && view->pending && view->complete) {
		if (!configd->pending || configd->pending_ref.txn != view->ref.txn) {
			return false;
		}
		content.set |= configd->pending_set;
	} else if (adopt->group == MAIN && view->pending) {
		content.aborted |= view->shared;
	}
	content.epoch = told->content.epoch;
	content.seq = told->content.seq;
	adopt->content = content;
	return content.set == told->content.set || MUTANT(T10_READ);
}

static void adopt_group(struct sim *sim, uint32_t node, const struct sim_cfg_msg *msg,
			uint32_t group)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_group *own = &configd->group[group];
	struct sim_disk_task *task;
	struct adopt *adopt;

	if (msg->told[group].disabled != 0) {
		own->disabled = true;
		TRACE(sim, node, "group %u is disabled (%d)", group, msg->told[group].disabled);
		if (group == MAIN) {
			adopt_resolve(sim, node, msg);
			configd_open_group(sim, node);
		}
		adopt_done(sim, node, 0);
		return;
	}
	adopt = sim_alloc(sim, sizeof(*adopt));
	adopt->view = *msg;
	adopt->group = group;
	adopt->generation = configd->generation;
	if (configd->took_over && own->take_have && configd->view.master == node) {
		adopt->content = own->take;
		adopt_try(sim, node, adopt);
	} else if (adopt_from_memory(configd, adopt)) {
		adopt_try(sim, node, adopt);
	} else {
		task = disk_task(sim, node, group, DISK_READ);
		task->done = adopt_on_read;
		task->ptr = adopt;
		disk_submit(sim, node, task);
	}
}

void adopt_view(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (from != configd->view.master ||
	    (msg->only != 0 &&
	     (msg->only != node || (msg->serial != 0 && msg->serial != configd->join_serial))) ||
	    (msg->only == 0 && configd->config == 0)) {
		return;
	}
	configd->decided = true;
	for (size_t i = 0; msg->only != 0 && i < configd->view.member_count; i++) {
		configd->peer[i].ready = true;
	}
	relay_sim_master(sim, node, msg);
	configd->rejoining = msg->only != 0;
	configd->adopt_error = 0;
	configd->adopting = (int)sim->groups;
	for (uint32_t group = 0; group < sim->groups; group++) {
		adopt_group(sim, node, msg, group);
	}
}
