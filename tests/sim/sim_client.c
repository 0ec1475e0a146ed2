// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: utilities. One transaction at a time each; one that lost its answer asks for the
 * outcome until somebody knows it (T11). */
#include "base/timeouts.h"
#include "tests/sim/sim.h"

static void client_think(struct sim *sim, uint8_t client);

static void client_ask(struct sim *sim, uint32_t node, uint64_t arg, void *ptr);

static void client_ask_later(struct sim *sim, uint8_t client)
{
	sim_later(sim, VX_OUTCOME_RETRY_MS * SIM_MS, PROC_WORLD, 0, client_ask, client, NULL);
}

static void client_ask(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_client *c = &sim->client[arg];

	(void)node;
	(void)ptr;
	if (c->state != CLIENT_ASKS) {
		return;
	}
	if (!sim_proc_runs(sim, c->node, PROC_CONFIGD) ||
	    sim->node[c->node].proc[PROC_CONFIGD].paused_until > sim->now) {
		client_ask_later(sim, (uint8_t)arg);
		return;
	}
	c->asked_at = sim->now;
	relay_sim_submit(sim, c->node, c->txn, (uint8_t)arg, true);
}

void client_answer(struct sim *sim, uint8_t client, uint8_t txn, enum sim_outcome outcome)
{
	struct sim_client *c = &sim->client[client];

	if (c->state == CLIENT_THINKS || c->txn != txn) {
		return;
	}
	if (outcome == OUTCOME_NONE) { /* not taken at all: later, the same one */
		c->state = CLIENT_THINKS;
		sim->txn_count--;
		client_think(sim, client);
		return;
	}
	if (outcome == OUTCOME_UNKNOWN) {
		c->state = CLIENT_ASKS;
		client_ask_later(sim, client);
		return;
	}
	TRACE(sim, 0, "utility %u hears: transaction %u %s", client, txn,
	      outcome == OUTCOME_COMMITTED ? "committed" : "aborted");
	check_answer(sim, txn, outcome);
	c->state = CLIENT_THINKS;
	client_think(sim, client);
}

/* Its connection breaks. */
void client_lost_configd(struct sim *sim, uint32_t node)
{
	for (uint8_t i = 0; i < sim->client_count; i++) {
		if (sim->client[i].node == node && sim->client[i].state == CLIENT_WAITS) {
			sim->client[i].state = CLIENT_ASKS;
			client_ask_later(sim, i);
		} else if (sim->client[i].node == node && sim->client[i].state == CLIENT_ASKS) {
			client_ask_later(sim, i);
		}
	}
}

static void client_begin(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_client *c = &sim->client[arg];

	(void)node;
	(void)ptr;
	if (sim->txn_count >= sim->txn_limit || c->state != CLIENT_THINKS) {
		return;
	}
	c->node = 1 + (uint32_t)sim_below(sim, sim->options.nodes);
	if (!sim_proc_runs(sim, c->node, PROC_CONFIGD) || !sim->node[c->node].configd.member ||
	    sim->node[c->node].proc[PROC_CONFIGD].paused_until > sim->now) {
		client_think(sim, (uint8_t)arg);
		return;
	}
	c->txn = (uint8_t)sim->txn_count++;
	if (sim_chance(sim, 60)) {
		sim->quiesce_mask |= UINT64_C(1) << c->txn;
	}
	c->state = CLIENT_WAITS;
	TRACE(sim, c->node, "utility %u asks for transaction %u", (unsigned int)arg, c->txn);
	relay_sim_submit(sim, c->node, c->txn, (uint8_t)arg, false);
}

static void client_think(struct sim *sim, uint8_t client)
{
	uint64_t wait = sim->events < 400 ? 2300 * SIM_MS
			: sim->eager	  ? 60 * SIM_MS
					  : 2040 * SIM_MS;

	sim_later(sim, sim_delay(sim, SIM_MS, wait), PROC_WORLD, 0, client_begin, client, NULL);
}

bool client_idle(const struct sim *sim)
{
	for (size_t i = 0; i < sim->client_count; i++) {
		if (sim->client[i].state != CLIENT_THINKS) {
			return false;
		}
	}
	return sim->txn_count >= sim->txn_limit;
}

void client_init(struct sim *sim)
{
	sim->eager = sim->options.seed % 4 == 2;
	sim->client_count = sim->eager ? SIM_CLIENTS : 3;
	sim->txn_limit = (sim->eager ? 30 : 8) + sim_below(sim, 16);
	sim->txn_limit = sim->options.txns > 0 ? sim->options.txns : sim->txn_limit;
	for (uint8_t i = 0; i < sim->client_count; i++) {
		client_think(sim, i);
	}
}
