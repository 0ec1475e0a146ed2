// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: what becomes of the group in a new view, as vxconfigd/takeover_run.c (the
 * master's part, around the core takeover.c) and adopt.c (everybody's).
 */
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "tests/sim/sim.h"

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
	uint8_t txn = configd->decision.txid[0];

	return configd->pending && configd->pending_ref.txn == txn ? configd->pending_set
								   : UINT64_C(1) << txn;
}

static void takeover_tell(struct sim *sim, uint32_t node, int error)
{
	struct sim_configd *configd = &sim->node[node].configd;
	const struct takeover *decision = &configd->decision;
	struct sim_cfg_msg msg = { .kind = CFG_VIEW };

	msg.node = (uint32_t)configd->serial;
	msg.have = error == 0;
	msg.disabled = error;
	msg.base = (struct sim_content){ decision->base_epoch, decision->base_seq, 0, 0 };
	msg.content = configd->take;
	msg.pending = decision->pending;
	msg.complete = decision->complete;
	msg.ref.txn = decision->txid[0];
	msg.shared = takeover_shared(configd);
	configd_send(sim, node, &msg);
}

static void on_stored(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (task->generation == configd->generation && configd->took_over) {
		if (task->error == -VX_E_STALE && sim_proc_runs(sim, node, PROC_CLUSTD)) {
			clustd_ask_view(sim, node, "a claim above ours");
		}
		configd->take_have = task->error == 0;
		takeover_tell(sim, node, task->error);
	}
}

static void takeover_store(struct sim *sim, uint32_t node, struct sim_content content)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = disk_task(sim, node, DISK_CHECKPOINT);

	content.epoch = configd->view.epoch;
	content.seq = configd->decision.seq;
	if (configd->decision.pending && !configd->decision.complete &&
	    configd->decision.base == TAKEOVER_RUNNING) {
		content.aborted |= takeover_shared(configd);
	}
	configd->take = content;
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

static void takeover_read(struct sim *sim, uint32_t node, uint64_t max_seq)
{
	struct sim_disk_task *task = disk_task(sim, node, DISK_READ);

	task->max_seq = max_seq;
	task->done = on_read;
	disk_submit(sim, node, task);
}

static bool takeover_from_memory(const struct sim_configd *configd, struct sim_content *out)
{
	const struct takeover *decision = &configd->decision;

	if (!configd->have || configd->config_now.epoch != decision->base_epoch ||
	    configd->config_now.seq != decision->base_seq) {
		return false;
	}
	*out = configd->config_now;
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
	struct sim_content content;

	switch (configd->decision.base) {
	case TAKEOVER_NONE:
		sim_fail(sim, "I2 node %u: the group is gone", node);
		return;
	case TAKEOVER_REFUSE:
		takeover_tell(sim, node, configd->decision.error);
		return;
	case TAKEOVER_DISK:
		takeover_store(sim, node, task->found);
		return;
	case TAKEOVER_RUNNING:
		if (takeover_from_memory(configd, &content)) {
			takeover_store(sim, node, content);
		} else if (!configd->second_read) {
			configd->second_read = true;
			takeover_read(sim, node, configd->decision.max_seq);
		} else if (!task->has_content ||
			   task->found.epoch != configd->decision.base_epoch ||
			   task->found.seq != configd->decision.max_seq) {
			takeover_tell(sim, node, -VX_E_STALE);
		} else {
			takeover_store(sim, node, task->found);
		}
		return;
	}
}

/* What this master begins again is not told to have failed (T11). */
static bool takeover_goes_on(const struct sim_configd *configd)
{
	const uint8_t *txid = configd->decision.txid;

	return request_sim_waits(configd, txid[0]) ||
	       (txn_goes_aside(&configd->txn, txid) && adopt_lost_member(configd) == 0);
}

static void on_read(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct takeover_disk disk = { .error = task->error,
				      .content = task->has_content,
				      .epoch = task->found.epoch,
				      .seq = task->found.seq };
	struct takeover_node list[VX_NODES_MAX];

	if (task->generation != configd->generation || !configd->took_over) {
		return;
	}
	if (!configd->second_read) {
		memset(list, 0, sizeof(list));
		for (size_t i = 0; i < configd->view.member_count; i++) {
			const struct sim_cfg_msg *state = &configd->peer[i].state;

			if (MUTANT(T8_ALL) && configd->peer[i].nodeid != node) {
				continue;
			}

			list[i] = (struct takeover_node){ .nodeid = configd->peer[i].nodeid,
							  .have = state->have,
							  .epoch = state->content.epoch,
							  .seq = state->content.seq,
							  .hash = state->content.set,
							  .pending = state->pending,
							  .kind = VX__TXN_KIND__TXN_CHANGE,
							  .seen = state->seen };
			list[i].txid[0] = state->ref.txn;
		}
		takeover_decide(list, configd->view.member_count, &disk, &configd->decision);
		if (!configd->decision.complete && takeover_goes_on(configd) &&
		    !MUTANT(T11_ASIDE)) {
			configd->decision.pending = false;
		}
		TRACE(sim, node, "take-over: base %d at %#llx.%llu%s", (int)configd->decision.base,
		      (unsigned long long)configd->decision.base_epoch,
		      (unsigned long long)configd->decision.base_seq,
		      !configd->decision.pending   ? ""
		      : configd->decision.complete ? ", pending one completed"
						   : ", pending one failed");
		check_takeover(sim, node, &configd->decision);
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
	configd->second_read = configd->take_have = false;
	takeover_read(sim, node, UINT64_MAX);
}

/* ---- everybody ---- */

struct adopt {
	struct sim_cfg_msg view;
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
	if (configd->pending) {
		event.complete =
			view->pending && view->ref.txn == configd->pending_ref.txn
				? view->complete
				: (configd->config_now.set >> configd->pending_ref.txn & 1) != 0;
	}
	if (view->disabled != 0) {
		event.error = -VX_E_LOST;
	}
	txn_sim_event(sim, node, &close);
	txn_sim_event(sim, node, &event);
}

static void adopt_remembered(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct adopt *adopt = ptr;

	(void)arg;
	sim->node[node].memory_epoch = adopt->content.epoch;
	sim->node[node].memory_seq = adopt->content.seq;
	if (adopt->generation == sim->node[node].configd.generation) {
		adopt_done(sim, node, 0);
	}
}

/* From now on it is in force here. */
static void adopt_content(struct sim *sim, uint32_t node, struct adopt *adopt)
{
	struct sim_configd *configd = &sim->node[node].configd;

	configd->have = true;
	configd->disabled = false;
	configd->config_now = adopt->content;
	iod_load(sim, node, adopt->content.set);
	adopt_resolve(sim, node, &adopt->view);
	configd_open_group(sim, node);
	sim_later(sim, sim_delay(sim, 200, 8000), PROC_CONFIGD, node, adopt_remembered, 0, adopt);
}

static void adopt_try(struct sim *sim, uint32_t node, struct adopt *adopt)
{
	const struct sim_content *want = &adopt->view.content;

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
	struct adopt *adopt = (struct adopt *)(uintptr_t)task->token;

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
	struct sim_content content = configd->config_now;

	if (!configd->have ||
	    ((content.epoch != view->base.epoch || content.seq != view->base.seq) &&
	     !MUTANT(T10_READ))) {
		return false;
	}
	if (view->pending && view->complete) {
		if (!configd->pending || configd->pending_ref.txn != view->ref.txn) {
			return false;
		}
		content.set |= configd->pending_set;
	} else if (view->pending) {
		content.aborted |= view->shared;
	}
	content.epoch = view->content.epoch;
	content.seq = view->content.seq;
	adopt->content = content;
	return content.set == view->content.set || MUTANT(T10_READ);
}

void adopt_view(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task;
	struct adopt *adopt;

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
	configd->adopting = 1;
	if (msg->disabled != 0) {
		adopt_resolve(sim, node, msg);
		configd->disabled = true;
		TRACE(sim, node, "the group is disabled (%d)", msg->disabled);
		configd_open_group(sim, node);
		adopt_done(sim, node, 0);
		return;
	}
	adopt = sim_alloc(sim, sizeof(*adopt));
	adopt->view = *msg;
	adopt->generation = configd->generation;
	if (configd->took_over && configd->take_have && configd->view.master == node) {
		adopt->content = configd->take;
		adopt_try(sim, node, adopt);
	} else if (adopt_from_memory(configd, adopt)) {
		adopt_try(sim, node, adopt);
	} else {
		task = disk_task(sim, node, DISK_READ);
		task->done = adopt_on_read;
		task->token = (uint64_t)(uintptr_t)adopt;
		disk_submit(sim, node, task);
	}
}
