// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: the shell around the transaction core, as vxconfigd/txn_run.c and txn_port.c. */
#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"
#include "tests/sim/sim_disk.h"

static bool ref_is(const struct sim_ref *ref, const struct txn_ref *other)
{
	return ref->txn == other->txid[0] && ref->attempt == other->attempt;
}

static void cast(struct sim *sim, uint32_t node, enum sim_cfg_kind kind,
		 const struct txn_effect *effect)
{
	struct sim_cfg_msg msg = { .kind = kind, .error = effect->error, .node = effect->node };

	msg.ref.txn = effect->ref.txid[0];
	msg.ref.attempt = effect->ref.attempt;
	if (kind == CFG_VOTE || kind == CFG_PREPARED) {
		check_vote(sim, node, msg.ref, kind, msg.error);
	} else if (kind == CFG_COMMIT) {
		check_commit(sim, node, msg.ref);
	}
	configd_send(sim, node, &msg);
}

/* ---- what this node is asked to do ---- */

struct job {
	struct sim_ref ref;
	enum txn_event_type type;
	int error;
};

static void job_done(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct job *job = ptr;
	struct txn_event event = { .type = job->type,
				   .ref.attempt = job->ref.attempt,
				   .error = job->error };

	(void)arg;
	event.ref.txid[0] = job->ref.txn;
	if (job->type == TXN_EV_REMEMBERED &&
	    ref_is(&sim->node[node].configd.pending_ref, &event.ref)) {
		sim->node[node].memory[MAIN] = sim->node[node].configd.pending_base;
		sim->node[node].memory[MAIN].seq++;
	}
	txn_sim_event(sim, node, &event);
}

static void job_later(struct sim *sim, uint32_t node, enum txn_event_type type,
		      const struct txn_ref *ref, int error, uint64_t delay)
{
	struct job *job = sim_alloc(sim, sizeof(*job));

	job->type = type;
	job->ref = (struct sim_ref){ ref->txid[0], ref->attempt };
	job->error = error;
	sim_later(sim, delay, PROC_CONFIGD, node, job_done, 0, job);
}

static void fx_check(struct sim *sim, uint32_t node, const struct txn_ref *ref)
{
	struct sim_configd *configd = &sim->node[node].configd;
	int error = 0;

	configd->pending = true;
	configd->pending_ref = configd->incoming_ref;
	configd->pending_base = configd->incoming_base;
	configd->pending_quiesce = configd->incoming_quiesce;
	configd->pending_set = configd->incoming_set;
	configd->incoming = false;
	if (configd->group[MAIN].disabled || !configd->group[MAIN].have ||
	    configd->group[MAIN].now.epoch != configd->pending_base.epoch ||
	    configd->group[MAIN].now.seq != configd->pending_base.seq) {
		error = -VX_E_STALE;
	} else if (sim_chance(sim, 5)) {
		error = -VX_E_NODISK;
	}
	job_later(sim, node, TXN_EV_CHECKED, ref, error, sim_delay(sim, 50, 5000));
}

static void on_written(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct txn_event event = { .type = TXN_EV_WRITTEN,
				   .ref.attempt = task->ref.attempt,
				   .error = task->error };

	event.ref.txid[0] = task->ref.txn;
	txn_sim_event(sim, node, &event);
}

static void fx_write(struct sim *sim, uint32_t node, const struct txn_ref *ref)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = disk_task(sim, node, MAIN, DISK_APPEND);

	check_write_begins(sim, node, (struct sim_ref){ ref->txid[0], ref->attempt });
	task->content = configd->group[MAIN].now;
	task->epoch = configd->group[MAIN].now.epoch;
	task->seq = configd->group[MAIN].now.seq + 1;
	task->set = configd->group[MAIN].now.set | configd->pending_set;
	task->ref = (struct sim_ref){ ref->txid[0], ref->attempt };
	task->done = on_written;
	disk_submit(sim, node, task);
}

/* ---- ends ---- */

static void pending_end(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->pending && configd->pending_quiesce) {
		iod_resume(sim, node);
	}
	configd->pending = false;
}

static void fx_apply(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	bool adopted = !configd->open || configd->adopting > 0;

	if (!adopted) {
		configd->group[MAIN].now.seq = configd->pending_base.seq + 1;
		configd->group[MAIN].now.set |= configd->pending_set;
		TRACE(sim, node, "applies transaction %u", configd->pending_ref.txn);
		check_runs(sim, node, MAIN);
		iod_load(sim, node, configd->group[MAIN].now.set);
	}
	pending_end(sim, node);
}

static void request_end_one(struct sim *sim, uint32_t node, const struct sim_request *request,
			    enum sim_outcome outcome)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_cfg_msg msg = { .kind = CFG_REPLY,
				   .to = request->node,
				   .cookie = request->cookie,
				   .outcome = outcome };

	if (outcome == OUTCOME_ABORTED) {
		configd->answered |= UINT64_C(1) << request->txn;
	}
	msg.ref.txn = request->txn;
	if (request->node == node) {
		relay_sim_message(sim, node, node, &msg);
	} else {
		configd_send(sim, node, &msg);
	}
}

static void request_end(struct sim *sim, uint32_t node, int error)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_request request = configd->current;
	bool adopts = !configd->open || configd->adopting > 0;
	enum sim_outcome outcome = error == 0		 ? OUTCOME_COMMITTED
				   : error == -VX_E_LOST ? OUTCOME_UNKNOWN
							 : OUTCOME_ABORTED;

	if (!request.used) {
		return;
	}
	if (error != 0 && error != -VX_E_ABORTED && error != -VX_E_NOPEER &&
	    (!adopts || (MUTANT(T15_AGAIN) && error != -VX_E_LOST)) && configd->sharing_count > 0) {
		sim->txns_split += 1 + configd->sharing_count;
		request_sim_scatter(sim, node, true);
		return;
	}
	configd->current.used = false;
	request_end_one(sim, node, &request, outcome);
	for (size_t i = 0; i < configd->sharing_count; i++) {
		struct sim_request shared = configd->sharing[i];

		request_end_one(sim, node, &shared, outcome);
	}
	configd->sharing_count = 0;
}

static void on_timer(struct sim *sim, uint32_t node, uint64_t generation, void *ptr)
{
	const struct txn_event event = { .type = TXN_EV_TIMEOUT };

	(void)ptr;
	if (sim->node[node].configd.timer == generation) {
		txn_sim_event(sim, node, &event);
	}
}

static void txn_effect(struct sim *sim, uint32_t node, const struct txn_effect *effect)
{
	struct sim_configd *configd = &sim->node[node].configd;

	switch (effect->type) {
	case TXN_FX_SEND_PROPOSE: {
		struct sim_cfg_msg msg = { .kind = CFG_PROPOSE, .base = configd->group[MAIN].now };

		msg.ref.txn = effect->ref.txid[0];
		msg.ref.attempt = effect->ref.attempt;
		msg.shared = request_sim_shared(configd);
		msg.quiesce = (sim->quiesce_mask & msg.shared) != 0;
		configd_send(sim, node, &msg);
		return;
	}
	case TXN_FX_SEND_VOTE:
		cast(sim, node, CFG_VOTE, effect);
		return;
	case TXN_FX_SEND_QUIESCE:
		cast(sim, node, CFG_QUIESCE, effect);
		return;
	case TXN_FX_SEND_PREPARED:
		cast(sim, node, CFG_PREPARED, effect);
		return;
	case TXN_FX_SEND_COMMIT:
		cast(sim, node, CFG_COMMIT, effect);
		return;
	case TXN_FX_SEND_ACK:
		cast(sim, node, CFG_ACK, effect);
		return;
	case TXN_FX_SEND_ABORT:
		cast(sim, node, CFG_ABORT, effect);
		return;
	case TXN_FX_CHECK:
		fx_check(sim, node, &effect->ref);
		return;
	case TXN_FX_SUSPEND:
		iod_suspend(sim, node,
			    (struct sim_ref){ effect->ref.txid[0], effect->ref.attempt });
		return;
	case TXN_FX_FORMAT:
		job_later(sim, node, TXN_EV_FORMATTED, &effect->ref, sim_chance(sim, 5) ? -EIO : 0,
			  sim_chance(sim, 1) ? sim_below(sim, 2 * VX_VOTE_MS * SIM_MS)
					     : sim_delay(sim, 200, 8000));
		return;
	case TXN_FX_WRITE:
		fx_write(sim, node, &effect->ref);
		return;
	case TXN_FX_REMEMBER:
		job_later(sim, node, TXN_EV_REMEMBERED, &effect->ref, 0, sim_delay(sim, 200, 8000));
		return;
	case TXN_FX_APPLY:
		fx_apply(sim, node);
		return;
	case TXN_FX_DROP:
		pending_end(sim, node);
		return;
	case TXN_FX_ANSWER:
		request_end(sim, node, effect->error);
		return;
	case TXN_FX_ASIDE:
		request_sim_scatter(sim, node, false);
		return;
	case TXN_FX_ASK_VIEW:
		if (sim_proc_runs(sim, node, PROC_CLUSTD)) {
			clustd_ask_view(sim, node, effect->reason);
		}
		return;
	case TXN_FX_TIMER:
		configd->timer = ++sim->order;
		if (effect->delay_ms > 0) {
			sim_later(sim, effect->delay_ms * SIM_MS, PROC_CONFIGD, node, on_timer,
				  configd->timer, NULL);
		}
		return;
	case TXN_FX_QUIET:
		txn_sim_quiet(sim, node);
		return;
	}
}

/* One event after the other: effects may lead to more. */
void txn_sim_event(struct sim *sim, uint32_t node, const struct txn_event *event)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->input_count == VX_COUNT_OF(configd->input)) {
		sim_fail(sim, "BUG node %u: too many events at a time", node);
		return;
	}
	configd->input[configd->input_count++] = *event;
	if (configd->running) {
		return;
	}
	configd->running = true;
	for (size_t i = 0; i < configd->input_count && !sim->over; i++) {
		struct txn_effects fx;
		struct txn_event now = configd->input[i];

		txn_step(&configd->txn, &now, &fx);
		for (size_t k = 0; k < fx.count; k++) {
			txn_effect(sim, node, &fx.effect[k]);
		}
		configd->incoming = false;
	}
	configd->input_count = 0;
	configd->running = false;
	request_sim_kick(sim, node);
}

/* ---- messages ---- */

void txn_sim_message(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	static const enum txn_event_type type[] = {
		[CFG_PROPOSE] = TXN_EV_PROPOSE_MSG, [CFG_VOTE] = TXN_EV_VOTE_MSG,
		[CFG_QUIESCE] = TXN_EV_QUIESCE_MSG, [CFG_PREPARED] = TXN_EV_PREPARED_MSG,
		[CFG_COMMIT] = TXN_EV_COMMIT_MSG,   [CFG_ACK] = TXN_EV_ACK_MSG,
		[CFG_ABORT] = TXN_EV_ABORT_MSG,
	};
	struct sim_configd *configd = &sim->node[node].configd;
	struct txn_event event = { .type = type[msg->kind],
				   .from = from,
				   .ref.attempt = msg->ref.attempt,
				   .error = msg->error,
				   .node = msg->node,
				   .quiesce = msg->quiesce };

	event.ref.txid[0] = msg->ref.txn;
	if (msg->kind == CFG_PROPOSE) {
		if (!configd->group[MAIN].have && !configd->group[MAIN].disabled) { /* not imported here */
			struct txn_effect vote = { .ref = event.ref, .error = -VX_E_NOGROUP };

			cast(sim, node, CFG_VOTE, &vote);
			return;
		}
		configd->incoming = true;
		configd->incoming_ref = msg->ref;
		configd->incoming_base = msg->base;
		configd->incoming_quiesce = msg->quiesce;
		configd->incoming_set = msg->shared;
	}
	txn_sim_event(sim, node, &event);
}
