// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the safety list, looked at after everything that could break it.
 *
 *   I1   all nodes whose gate is open run the same configuration
 *   I2   what was ever in use, or answered "committed", is in every later configuration
 *   I3   what was answered "aborted" is in none, before or after
 *   I4   one answer for each transaction
 *   I5   one writer for each epoch; no write below a higher claim; one content for (epoch, seq)
 *   I6   who fails a transaction met nobody who had seen its COMMIT
 *   I9   no write to a copy is under way when HELLO is sent
 *   I11  one master and one list of members for each epoch
 *   I12  a gate opens only when nobody outside the view has I/O in flight
 *   I13  no gate opens before each map of one that did not leave cleanly was folded
 *   LIVE after the last fault all nodes become members that run, and all answers are known
 */
#include "tests/sim/sim.h"

#include <string.h>

static struct sim_epoch *check_epoch(struct sim *sim, uint64_t epoch)
{
	for (size_t i = 0; i < sim->epoch_count; i++) {
		if (sim->epochs[i].epoch == epoch) {
			return &sim->epochs[i];
		}
	}
	if (sim->epoch_count == VX_COUNT_OF(sim->epochs)) {
		sim_fail(sim, "LIVE: more than %zu views", VX_COUNT_OF(sim->epochs));
		return &sim->epochs[0];
	}
	sim->epochs[sim->epoch_count] = (struct sim_epoch){ .epoch = epoch };
	return &sim->epochs[sim->epoch_count++];
}

void check_view(struct sim *sim, uint32_t node, const struct view *view)
{
	struct sim_epoch *epoch = check_epoch(sim, view->epoch);
	uint64_t members = 0;

	for (size_t i = 0; i < view->member_count; i++) {
		members |= UINT64_C(1) << view->member[i].nodeid;
	}
	if (epoch->master == 0) {
		epoch->master = view->master;
		epoch->members = members;
		sim->views++;
	} else if (epoch->master != view->master || epoch->members != members) {
		sim_fail(sim, "I11 epoch %#llx: node %u installs another view",
			 (unsigned long long)view->epoch, node);
	}
}

void check_gate_opens(struct sim *sim, uint32_t node)
{
	const struct view *view = view_current(sim->node[node].clustd.core);
	const struct sim_iod *own = &sim->node[node].iod;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct sim_iod *iod = &sim->node[i].iod;

		if (i != node && sim->node[i].power && iod->epoch != own->epoch &&
		    !iod_is_quiet(sim, i)) {
			sim_fail(sim,
				 "I12 node %u opens its gate in view %#llx while node %u has I/O "
				 "in flight of view %#llx",
				 node, (unsigned long long)own->epoch, i,
				 (unsigned long long)iod->epoch);
		}
	}
	for (uint32_t nid = 0; nid < VX_NODES_MAX; nid++) {
		bool member = sim->slot_dirty[nid] == 0;

		for (size_t i = 0; view != NULL && i < view->member_count && !member; i++) {
			member = view->member[i].nid == nid &&
				 view->member[i].incarnation == sim->slot_dirty[nid];
		}
		if (!member) {
			sim_fail(
				sim,
				"I13 node %u opens its gate, and the map of slot %u was not folded",
				node, nid);
		}
	}
}

void check_applied(struct sim *sim, uint32_t node, uint64_t set)
{
	if ((sim->ever_applied & ~set) != 0) {
		sim_fail(sim, "I2 node %u runs %#llx without %#llx, which was in use", node,
			 (unsigned long long)set, (unsigned long long)(sim->ever_applied & ~set));
	}
	if ((set & sim->failed) != 0) {
		sim_fail(sim, "I3 node %u runs %#llx, which was answered as aborted", node,
			 (unsigned long long)(set & sim->failed));
	}
	sim->ever_applied |= set;
}

void check_running(struct sim *sim, uint32_t node)
{
	const struct sim_iod *own = &sim->node[node].iod;

	if (!own->gate || !own->loaded) {
		return;
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct sim_iod *iod = &sim->node[i].iod;

		if (i != node && sim->node[i].power && iod->gate && iod->loaded &&
		    ((iod->set ^ own->set) & sim->quiesce_mask) != 0) {
			sim_fail(sim, "I1 nodes %u and %u run %#llx and %#llx at the same time",
				 node, i, (unsigned long long)own->set,
				 (unsigned long long)iod->set);
		}
	}
}

void check_answer(struct sim *sim, uint8_t txn, enum sim_outcome outcome)
{
	uint64_t bit = UINT64_C(1) << txn;

	if ((sim->answered & bit) != 0) {
		sim_fail(sim, "I4 transaction %u is answered twice", txn);
	}
	sim->answered |= bit;
	if (outcome == OUTCOME_COMMITTED) {
		sim->committed |= bit;
		sim->txns_ok++;
		if ((sim->ever_applied & bit) == 0) {
			sim_fail(sim,
				 "I2 transaction %u is answered as committed and in use nowhere",
				 txn);
		}
	} else {
		sim->failed |= bit;
		sim->txns_failed++;
		if ((sim->ever_applied & bit) != 0) {
			sim_fail(sim, "I3 transaction %u is answered as aborted and was in use",
				 txn);
		}
	}
}

void check_disk_write(struct sim *sim, uint32_t node, const struct sim_copy *copy, uint64_t epoch)
{
	struct sim_epoch *known = check_epoch(sim, epoch);

	/* a claim whose view nobody installed is a promise that nobody uses */
	if (copy->claim > epoch && check_epoch(sim, copy->claim)->master != 0) {
		sim_fail(sim, "I5 node %u writes a content of epoch %#llx below the claim of %#llx",
			 node, (unsigned long long)epoch, (unsigned long long)copy->claim);
	}
	if (known->writer != 0 && known->writer != node) {
		sim_fail(sim, "I5 nodes %u and %u write contents of epoch %#llx", known->writer,
			 node, (unsigned long long)epoch);
	}
	known->writer = node;
}

void check_claim(struct sim *sim, uint32_t node, const struct sim_copy *copy, uint64_t epoch)
{
	if (copy->claim > epoch) {
		sim_fail(sim, "I5 node %u lowers a claim from %#llx to %#llx", node,
			 (unsigned long long)copy->claim, (unsigned long long)epoch);
	}
}

void check_hello(struct sim *sim, uint32_t node)
{
	if (disk_writes(sim, node)) {
		sim_fail(sim, "I9 node %u says HELLO with a write to the copies under way", node);
	}
	if (!iod_is_quiet(sim, node)) {
		sim_fail(sim, "I9 node %u says HELLO with I/O in flight", node);
	}
}

void check_takeover(struct sim *sim, uint32_t node, const struct takeover_node *list, size_t count,
		    const struct takeover *decision)
{
	for (size_t i = 0; i < count && decision->base == TAKEOVER_RUNNING; i++) {
		if (list[i].have && list[i].pending && list[i].seen && !decision->complete &&
		    list[i].epoch == decision->base_epoch && list[i].seq == decision->base_seq) {
			sim_fail(sim,
				 "I6 node %u fails a transaction that node %u has seen committed",
				 node, list[i].nodeid);
		}
	}
}

void check_alive(struct sim *sim)
{
	for (uint32_t node = 1; node <= sim->options.nodes; node++) {
		const struct sim_node *n = &sim->node[node];

		if (!n->power || n->clustd.core == NULL ||
		    view_state(n->clustd.core) != VS_MEMBER || !view_is_settled(n->clustd.core) ||
		    !n->configd.settled || !n->configd.have || n->configd.disabled ||
		    n->configd.adopting > 0 || !n->iod.gate ||
		    view_current(n->clustd.core)->member_count != sim->options.nodes) {
			return;
		}
	}
	if (client_idle(sim)) {
		sim->over = true;
	}
}
