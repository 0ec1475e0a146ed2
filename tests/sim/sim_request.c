// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: requests at the master and those that a slave forwards, as
 * vxconfigd/request_queue.c, relay.c and "vxdctl outcome" (T6, T11). */
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"
#include "tests/sim/sim.h"

static bool is_master(const struct sim *sim, uint32_t node)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	return configd->member && configd->view.master == node;
}

static bool in_set(const struct sim_configd *configd, uint8_t txn)
{
	return configd->group[MAIN].have && (configd->group[MAIN].now.set >> txn & 1) != 0;
}

static bool is_aborted(const struct sim_configd *configd, uint8_t txn)
{
	return configd->group[MAIN].have && (configd->group[MAIN].now.aborted >> txn & 1) != 0;
}

/* ---- the master's queue ---- */

static void reply(struct sim *sim, uint32_t node, uint32_t to, uint64_t cookie, uint8_t txn,
		  enum sim_outcome outcome)
{
	struct sim_cfg_msg msg = {
		.kind = CFG_REPLY, .to = to, .cookie = cookie, .outcome = outcome
	};

	msg.ref.txn = txn;
	if (to == node) {
		relay_sim_message(sim, node, node, &msg);
	} else {
		configd_send(sim, node, &msg);
	}
}

bool request_sim_waits(const struct sim_configd *configd, uint8_t txn)
{
	for (size_t i = 0; i < configd->queue_count; i++) {
		if (configd->queue[i].txn == txn) {
			return configd->queue[i].mastership == configd->mastership;
		}
	}
	return false;
}

bool request_sim_known(const struct sim *sim, uint32_t node, uint8_t txn)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	for (size_t i = 0; i < configd->queue_count; i++) {
		if (configd->queue[i].txn == txn) {
			return true;
		}
	}
	return (request_sim_shared(configd) >> txn & 1) != 0 ||
	       (configd->pending && (configd->pending_set >> txn & 1) != 0);
}

uint64_t request_sim_shared(const struct sim_configd *configd)
{
	uint64_t set = configd->current.used ? UINT64_C(1) << configd->current.txn : 0;

	for (size_t i = 0; i < configd->sharing_count; i++) {
		set |= UINT64_C(1) << configd->sharing[i].txn;
	}
	return set;
}

void request_sim_scatter(struct sim *sim, uint32_t node, bool halve)
{
	struct sim_configd *configd = &sim->node[node].configd;
	size_t count = configd->sharing_count + 1;

	if (!configd->current.used || configd->queue_count + count > SIM_QUEUE) {
		return;
	}
	memmove(&configd->queue[count], &configd->queue[0],
		configd->queue_count * sizeof(configd->queue[0]));
	configd->queue[0] = configd->current;
	memcpy(&configd->queue[1], configd->sharing, (count - 1) * sizeof(configd->queue[0]));
	configd->parts += halve ? 2 : 0;
	for (size_t i = 0; i < count && halve; i++) {
		configd->queue[i].part = i < count / 2 ? configd->parts - 1 : configd->parts;
	}
	configd->queue_count += count;
	configd->current.used = false;
	configd->sharing_count = 0;
}

bool request_sim_busy(const struct sim *sim, uint32_t node)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	return configd->queue_count > 0 || configd->current.used ||
	       configd->txn.member != TXN_NONE || configd->txn.master != TXN_IDLE;
}

void request_sim_submit(struct sim *sim, uint32_t node, uint8_t txn, uint32_t from, uint64_t cookie)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (request_sim_known(sim, node, txn) && !MUTANT(T11_TWICE)) {
		return; /* the first one is answered, to the same node and cookie */
	}
	if (in_set(configd, txn)) {
		reply(sim, node, from, cookie, txn, OUTCOME_COMMITTED);
	} else if (configd->answered >> txn & 1 || is_aborted(configd, txn)) {
		reply(sim, node, from, cookie, txn, OUTCOME_ABORTED);
	} else if (!configd->group[MAIN].have || configd->queue_count == SIM_QUEUE) {
		reply(sim, node, from, cookie, txn, OUTCOME_ABORTED);
	} else {
		configd->queue[configd->queue_count++] =
			(struct sim_request){ .mastership = configd->mastership,
					      .txn = txn,
					      .node = from,
					      .cookie = cookie,
					      .used = true };
		request_sim_kick(sim, node);
	}
}

static void queue_take(struct sim_configd *configd)
{
	configd->queue_count--;
	memmove(&configd->queue[0], &configd->queue[1],
		configd->queue_count * sizeof(configd->queue[0]));
}

/* Another node was master meanwhile, or is: never begun, its utility may have its answer (T11). */
static void queue_expire(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	while (configd->queue_count > 0 && configd->queue[0].mastership != configd->mastership) {
		struct sim_request request = configd->queue[0];

		queue_take(configd);
		configd->answered |= UINT64_C(1) << request.txn;
		reply(sim, node, request.node, request.cookie, request.txn, OUTCOME_ABORTED);
	}
}

/* T15; one that does not fit (too large, the same record) is left for the next one */
static void gather(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	while (configd->view.protocol >= SIM_PROTOCOL_SHARE && configd->queue_count > 0 &&
	       configd->queue[0].part == configd->current.part && sim_chance(sim, 60)) {
		struct sim_request *shared = &configd->sharing[configd->sharing_count++];

		*shared = configd->queue[0];
		queue_take(configd);
		shared->attempt++;
		sim->txns_shared++;
	}
}

static void kick(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	uint32_t missing = 0;
	struct txn_event event = { .type = TXN_EV_BEGIN, .write = true };

	(void)arg;
	(void)ptr;
	configd_serve_joins(sim, node);
	queue_expire(sim, node);
	if (!is_master(sim, node) || !configd->settled || configd->held ||
	    (configd->left && !MUTANT(R12_BEGIN)) || configd->queue_count == 0 ||
	    configd->current.used || !configd->group[MAIN].have) {
		return;
	}
	for (size_t i = 0; i < configd->view.member_count; i++) {
		if (!configd->peer[i].ready) {
			missing = configd->peer[i].nodeid;
			if (configd->peer[i].up) {
				/* it is coming back: not for ever */
				sim_later(sim, VX_READY_MS * SIM_MS, PROC_CONFIGD, node, kick, 1,
					  NULL);
				if (arg == 0) {
					return;
				}
			}
		}
	}
	if (missing != 0 || configd->group[MAIN].disabled) {
		struct sim_request request = configd->queue[0];

		queue_take(configd);
		configd->answered |= UINT64_C(1) << request.txn;
		reply(sim, node, request.node, request.cookie, request.txn, OUTCOME_ABORTED);
		request_sim_kick(sim, node);
		return;
	}
	if (txn_can_begin(&configd->txn, &missing) != 0) {
		return;
	}
	configd->current = configd->queue[0];
	queue_take(configd);
	configd->current.attempt++;
	gather(sim, node);
	event.ref.txid[0] = configd->current.txn;
	event.ref.attempt = configd->current.attempt;
	event.quiesce = (sim->quiesce_mask & request_sim_shared(configd)) != 0;
	event.format = event.quiesce && configd->current.txn % 4 == 0;
	TRACE(sim, node, "begins transaction %u (%#llx)", configd->current.txn,
	      (unsigned long long)request_sim_shared(configd));
	txn_sim_event(sim, node, &event);
}

/* From the loop: whoever asks may be in the middle of something. */
void request_sim_kick(struct sim *sim, uint32_t node)
{
	if (sim_proc_runs(sim, node, PROC_CONFIGD)) {
		sim_later(sim, 0, PROC_CONFIGD, node, kick, 0, NULL);
	}
}

/* Out of the cluster: what is past its write may be completed by others. */
void request_sim_give_up(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	bool unknown = txn_has_seen(&configd->txn) || configd->txn.master == TXN_WRITING;

	if (configd->current.used) {
		struct sim_request request = configd->current;

		configd->current.used = false;
		reply(sim, node, request.node, request.cookie, request.txn,
		      unknown ? OUTCOME_UNKNOWN : OUTCOME_ABORTED);
	}
	while (configd->sharing_count > 0) {
		struct sim_request request = configd->sharing[--configd->sharing_count];

		reply(sim, node, request.node, request.cookie, request.txn,
		      unknown && !MUTANT(T15_UNKNOWN) ? OUTCOME_UNKNOWN : OUTCOME_ABORTED);
	}
	while (configd->queue_count > 0) {
		struct sim_request request = configd->queue[0];

		queue_take(configd);
		reply(sim, node, request.node, request.cookie, request.txn, OUTCOME_ABORTED);
	}
}

/* ---- forwarded ---- */

static void relay_send(struct sim *sim, uint32_t node, struct sim_relay *relay)
{
	struct sim_cfg_msg msg = { .kind = relay->ask ? CFG_ASK : CFG_REQUEST,
				   .to = sim->node[node].configd.view.master,
				   .cookie = relay->cookie };

	msg.ref.txn = relay->txn;
	relay->sent = true;
	configd_send(sim, node, &msg);
}

static void relay_end(struct sim *sim, struct sim_relay *relay, enum sim_outcome outcome)
{
	relay->used = false;
	client_answer(sim, relay->client, relay->txn, outcome);
}

static enum sim_outcome outcome_here(const struct sim *sim, uint32_t node, uint8_t txn)
{
	const struct sim_configd *configd = &sim->node[node].configd;
	bool sure = (configd->settled || MUTANT(T11_ASK)) && is_master(sim, node) &&
		    !request_sim_known(sim, node, txn) && !configd->group[MAIN].disabled && configd->group[MAIN].have;

	return in_set(configd, txn) ? OUTCOME_COMMITTED
	       : sure || is_aborted(configd, txn) ? OUTCOME_ABORTED
						  : OUTCOME_UNKNOWN;
}

/* From a utility. ask: what became of it? */
void relay_sim_submit(struct sim *sim, uint32_t node, uint8_t txn, uint8_t client, bool ask)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_relay *relay = NULL;

	if (!configd->member) {
		client_answer(sim, client, txn, ask ? OUTCOME_UNKNOWN : OUTCOME_NONE);
		return;
	}
	for (size_t i = 0; i < SIM_QUEUE && relay == NULL; i++) {
		relay = configd->relay[i].used ? NULL : &configd->relay[i];
	}
	if (relay == NULL) {
		client_answer(sim, client, txn, ask ? OUTCOME_UNKNOWN : OUTCOME_NONE);
		return;
	}
	*relay = (struct sim_relay){ .used = true,
				     .ask = ask,
				     .txn = txn,
				     .client = client,
				     .cookie = configd->serial << 16 | ++configd->cookies };
	if (ask && (in_set(configd, txn) || is_aborted(configd, txn))) {
		relay_end(sim, relay, outcome_here(sim, node, txn));
	} else if (ask && (!configd->settled || is_master(sim, node))) {
		relay_end(sim, relay, outcome_here(sim, node, txn));
	} else if (configd->settled && is_master(sim, node)) {
		request_sim_submit(sim, node, txn, node, relay->cookie);
	} else if (configd->settled && configd->master_serial != 0) {
		relay_send(sim, node, relay);
	}
}

void relay_sim_master(struct sim *sim, uint32_t node, const struct sim_cfg_msg *view)
{
	struct sim_configd *configd = &sim->node[node].configd;
	bool same = configd->master_serial == view->node;

	configd->master_serial = view->node;
	for (size_t i = 0; i < SIM_QUEUE; i++) {
		struct sim_relay *relay = &configd->relay[i];

		if (!relay->used || !relay->sent || same) {
			continue;
		}
		relay->orphan = true;
		relay->unknown = relay->unknown || view->told[MAIN].disabled != 0;
		if (view->pending && view->ref.txn == relay->txn) {
			relay->known = true;
			relay->committed = view->complete;
		}
	}
}

void relay_sim_decided(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	for (size_t i = 0; i < SIM_QUEUE; i++) {
		struct sim_relay *relay = &configd->relay[i];

		if (relay->used && relay->orphan) {
			bool committed =
				relay->known ? relay->committed : in_set(configd, relay->txn);

			relay_end(sim, relay,
				  relay->unknown || relay->ask ? OUTCOME_UNKNOWN
				  : committed		       ? OUTCOME_COMMITTED
							       : OUTCOME_ABORTED);
		}
	}
}

void relay_sim_settled(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (!configd->settled || configd->master_serial == 0) {
		return;
	}
	for (size_t i = 0; i < SIM_QUEUE; i++) {
		struct sim_relay *relay = &configd->relay[i];

		if (!relay->used) {
			continue;
		}
		if (is_master(sim, node)) {
			request_sim_submit(sim, node, relay->txn, node, relay->cookie);
		} else {
			relay_send(sim, node, relay);
		}
	}
}

void relay_sim_give_up(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;

	for (size_t i = 0; i < SIM_QUEUE; i++) {
		struct sim_relay *relay = &configd->relay[i];

		if (relay->used) {
			relay_end(sim, relay,
				  relay->sent || relay->ask ? OUTCOME_UNKNOWN : OUTCOME_ABORTED);
		}
	}
}

void relay_sim_message(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (msg->kind == CFG_ASK) {
		reply(sim, node, from, msg->cookie, msg->ref.txn,
		      outcome_here(sim, node, msg->ref.txn));
		return;
	}
	if (msg->kind == CFG_REQUEST) {
		if (is_master(sim, node) && configd->settled) {
			request_sim_submit(sim, node, msg->ref.txn, from, msg->cookie);
		} else if (!is_master(sim, node)) {
			reply(sim, node, from, msg->cookie, msg->ref.txn, OUTCOME_ABORTED);
		}
		return; /* a master that is not settled: it comes again */
	}
	for (size_t i = 0; i < SIM_QUEUE; i++) {
		if (configd->relay[i].used && configd->relay[i].cookie == msg->cookie) {
			relay_end(sim, &configd->relay[i], msg->outcome);
			return;
		}
	}
}
