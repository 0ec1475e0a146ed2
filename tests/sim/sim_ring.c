// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator's Corosync: configurations, what is lost with them, quorum (see sim_net.c). */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_net.h"

#define NET_CONFS_MAX 256
#define NET_QUORUM_TOLD (41 * SIM_MS)
#define NET_TOKEN (1200 * SIM_MS) /* until a loss is seen */

static void net_reform_later(struct sim *sim, uint64_t delay);

static uint32_t net_count(uint32_t bits)
{
	return (uint32_t)__builtin_popcount(bits);
}

bool net_is_quorate(const struct sim *sim, uint32_t node)
{
	const struct sim_node *n = &sim->node[node];

	if (!net_runs(sim, node) || n->conf < 0) {
		return false;
	}
	if (sim->now < sim->no_quorum_until) {
		return false;
	}
	if (sim->arbiter != 0) {
		return (sim->conf[n->conf].members & BIT(sim->arbiter)) != 0;
	}
	/* two_node: one of two is enough, once it has seen the other one (wait_for_all) */
	return (sim->options.nodes == 2 && n->seen_all) ||
	       2 * net_count(sim->conf[n->conf].members) > sim->options.nodes;
}

/* All Corosyncs know it at once; their vxclustds are told soon, one word after the other. */
static void net_quorum_changed(struct sim *sim, uint32_t node, uint64_t arbiter, void *ptr)
{
	(void)node;
	(void)ptr;
	sim->arbiter = arbiter != 0 ? (uint32_t)arbiter : sim->arbiter;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if (sim->node[i].conf >= 0) {
			sim_later(sim, sim_delay(sim, 50, NET_QUORUM_TOLD - 1), PROC_COROSYNC, i,
				  net_tell_quorum,
				  (uint64_t)sim->node[i].conf | (net_is_quorate(sim, i) ? NET_QUORATE : NET_NOT_QUORATE),
				  NULL);
		}
	}
}

void net_quorum_moves(struct sim *sim, uint32_t node, uint32_t how)
{
	uint64_t length = NET_QUORUM_TOLD + how % (how % 2 == 0 ? 100 * SIM_MS : 9 * SIM_S);

	if (sim->now < sim->no_quorum_until) {
		return;
	}
	sim->no_quorum_until = sim->now + length;
	net_quorum_changed(sim, 0, 0, NULL);
	/* two_node and a quorum device exclude each other */
	sim_later(sim, length, PROC_WORLD, 0, net_quorum_changed,
		  sim->options.nodes == 2 ? 0 : node, NULL);
}

/* ---- a new configuration ---- */

/* What the nodes that go on together from one old configuration still deliver of it. */
static void net_flush(struct sim *sim, int old, uint32_t together)
{
	const struct net_conf *conf = &sim->conf[old];
	size_t cut = 0;
	bool hole = false;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((together & BIT(i)) != 0 && sim->node[i].delivered > cut) {
			cut = sim->node[i].delivered;
		}
	}
	/* some may have received what none of them has delivered yet */
	while (cut < conf->count && (together & conf->entry[cut].reach) != 0) {
		cut++;
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		struct sim_node *n = &sim->node[i];

		if ((together & BIT(i)) == 0) {
			continue;
		}
		hole = false;
		for (; n->delivered < conf->count; n->delivered++) {
			const struct net_entry *entry = &conf->entry[n->delivered];

			hole = hole || n->delivered >= cut;
			if (!hole || (together & BIT(entry->node)) != 0) {
				net_deliver_entry(sim, i, entry);
			}
		}
	}
}

/* CPG's part of the change at one node: who left, who joined, then the ring. */
static void net_change(struct sim *sim, uint32_t node, uint32_t together, uint32_t members)
{
	struct sim_node *n = &sim->node[node];
	struct view_node left[2 * SIM_NODES_MAX];
	size_t left_count = 0;
	bool ghost = sim_chance(sim, 1);
	size_t before;

	for (size_t i = 0; i < n->group_count;) {
		if ((together & BIT(n->group[i].nodeid)) != 0 ||
		    (ghost && (members & BIT(n->group[i].nodeid)) == 0)) {
			i++;
			continue;
		}
		if (left_count < SIM_NODES_MAX) {
			left[left_count++] = n->group[i];
		}
		n->group[i] = n->group[--n->group_count];
	}
	if (left_count > 0) {
		net_confchg(sim, node, left, left_count, true);
	}
	before = n->group_count;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((members & BIT(i)) != 0 && (together & BIT(i)) == 0 && sim->node[i].in_group) {
			net_group_add(n, (struct view_node){ i, sim->node[i].group_pid });
		}
	}
	if (n->group_count > before) {
		net_confchg(sim, node, NULL, 0, true);
	}
	if (n->group_pid != 0 && !n->in_group) {
		/* its join was ordered in a configuration that did not hold */
		net_process(sim, node, ENTRY_JOIN, n->group_pid);
	}
	net_tell_ring(sim, node);
	sim_later(sim, sim_delay(sim, 100, sim_chance(sim, 10) ? 8 * SIM_S : 41000), PROC_COROSYNC,
		  node, net_tell_quorum, (uint64_t)n->conf, NULL);
}

static int net_conf_new(struct sim *sim, uint32_t members)
{
	struct net_conf *conf;

	if (sim->conf == NULL) {
		sim->conf = calloc(NET_CONFS_MAX, sizeof(*sim->conf));
	}
	if (sim->conf_count == NET_CONFS_MAX) {
		sim_fail(sim, "LIVE: more than %d configurations", NET_CONFS_MAX);
		return 0;
	}
	conf = &sim->conf[sim->conf_count];
	if (conf->entry == NULL) {
		conf->entry = calloc(NET_LOG_MAX, sizeof(*conf->entry));
	}
	conf->count = 0;
	conf->members = members;
	conf->ring.rep = (uint32_t)__builtin_ctz(members);
	sim->ring_seq += 4;
	conf->ring.seq = sim->ring_seq;
	return (int)sim->conf_count++;
}

static void net_form(struct sim *sim, uint32_t members)
{
	uint32_t old_members[SIM_NODES_MAX + 1] = { 0 };
	int old[SIM_NODES_MAX + 1], fresh;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		old[i] = sim->node[i].conf;
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		for (uint32_t k = 1; k <= sim->options.nodes; k++) {
			if ((members & BIT(i)) != 0 && (members & BIT(k)) != 0 && old[i] >= 0 &&
			    old[i] == old[k]) {
				old_members[i] |= BIT(k);
			}
		}
		old_members[i] |= BIT(i);
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((members & BIT(i)) != 0 && old[i] >= 0 &&
		    (uint32_t)__builtin_ctz(old_members[i]) == i) {
			net_flush(sim, old[i], old_members[i]);
		}
	}
	fresh = net_conf_new(sim, members);
	TRACE(sim, 0, "ring %u.%llu: members %#x", sim->conf[fresh].ring.rep,
	      (unsigned long long)sim->conf[fresh].ring.seq, members >> 1);
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((members & BIT(i)) != 0) {
			sim->node[i].conf = fresh;
			sim->node[i].seen_all =
				sim->node[i].seen_all || net_count(members) == sim->options.nodes;
			sim->node[i].delivered = 0;
			sim->node[i].token_lost_at = 0;
		}
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((members & BIT(i)) != 0) {
			net_change(sim, i, old_members[i], members);
		}
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((members & BIT(i)) != 0) {
			net_originate_later(sim, i);
		}
	}
	/* Pacemaker on a quorate side fences whom it lost */
	if (net_is_quorate(sim, (uint32_t)__builtin_ctz(members))) {
		for (uint32_t i = 1; i <= sim->options.nodes; i++) {
			for (uint32_t k = 1; k <= sim->options.nodes; k++) {
				if ((members & BIT(i)) != 0 && (members & BIT(k)) == 0 &&
				    old[i] >= 0 && (sim->conf[old[i]].members & BIT(k)) != 0) {
					fencer_fence(sim, i, k);
				}
			}
		}
	}
}

/*
 * The ring broke: of what one side ordered last, and nobody of the other side has delivered, the
 * other side may have received nothing, or the beginning.
 */
static void net_lose(struct sim *sim, uint32_t side)
{
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		struct sim_node *n = &sim->node[i];
		size_t seen = 0;
		bool lost = false;

		if ((side & BIT(i)) == 0 || n->conf < 0) {
			continue;
		}
		for (uint32_t k = 1; k <= sim->options.nodes; k++) {
			if ((side & BIT(k)) != 0 && sim->node[k].conf == n->conf &&
			    sim->node[k].delivered > seen) {
				seen = sim->node[k].delivered;
			}
		}
		for (size_t at = seen; at < sim->conf[n->conf].count; at++) {
			struct net_entry *entry = &sim->conf[n->conf].entry[at];

			if ((side & BIT(entry->node)) == 0 && (entry->reach & side) != 0) {
				lost = lost || sim_chance(sim, 50);
				entry->reach &= lost ? ~side : ~0u;
			}
		}
	}
}

static uint32_t net_side(const struct sim *sim, uint32_t node)
{
	uint32_t side = 0;

	for (uint32_t k = 1; k <= sim->options.nodes; k++) {
		if (net_runs(sim, k) && sim->node[k].component == sim->node[node].component) {
			side |= BIT(k);
		}
	}
	return side;
}

/* Who hears whom now? A component whose members are not one configuration forms one. */
static void net_reform(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	uint32_t seen = 0;

	(void)node;
	(void)arg;
	(void)ptr;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		uint32_t members = net_side(sim, i);
		bool formed = true;

		if ((seen & BIT(i)) != 0 || !net_runs(sim, i)) {
			continue;
		}
		seen |= members;
		for (uint32_t k = 1; k <= sim->options.nodes; k++) {
			if ((members & BIT(k)) != 0 &&
			    (sim->node[k].conf < 0 ||
			     sim->conf[sim->node[k].conf].members != members ||
			     sim->node[k].conf != sim->node[i].conf)) {
				formed = false;
			}
		}
		if (!formed) {
			net_form(sim, members);
		}
	}
}

static void net_reform_later(struct sim *sim, uint64_t delay)
{
	sim_later(sim, delay, PROC_WORLD, 0, net_reform, 0, NULL);
}

void net_links_changed(struct sim *sim, bool broken)
{
	uint32_t seen = 0;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		struct sim_node *n = &sim->node[i];

		if (broken && net_runs(sim, i) && (seen & BIT(i)) == 0) {
			net_lose(sim, net_side(sim, i));
			seen |= net_side(sim, i);
		}
		if (n->conf >= 0 && net_runs(sim, i) && n->token_lost_at == 0 &&
		    !net_ring_turns(sim, i)) {
			n->token_lost_at = sim->now;
		}
	}
	net_reform_later(sim, NET_TOKEN + sim_below(sim, 100 * SIM_MS));
}

void net_boot(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	n->conf = -1;
	n->delivered = 0;
	n->out_first = n->out_count = 0;
	n->originating = n->delivering = false;
	n->group_count = 0;
	n->in_group = n->seen_all = false;
	n->token_lost_at = 0;
	net_reform_later(sim, sim_delay(sim, 50 * SIM_MS, 1000 * SIM_MS));
}

/* graceful: its clients' connections end first, which is told as "process gone" (PROCDOWN). */
void net_down(struct sim *sim, uint32_t node, bool graceful)
{
	struct sim_node *n = &sim->node[node];

	if (graceful && n->group_pid != 0) {
		net_process(sim, node, ENTRY_LEAVE, n->group_pid);
	}
	if (sim_proc_runs(sim, node, PROC_CLUSTD) && n->group_pid != 0) {
		n->in_group = true; /* so that it is told */
		net_tell_died(sim, node);
	}
	n->conf = -1;
	n->group_pid = 0;
	n->in_group = false;
	net_links_changed(sim, true);
	if (graceful) {
		net_reform_later(sim, sim_delay(sim, 10 * SIM_MS, 100 * SIM_MS));
	}
}

/* A ring that did not break after all sends again what somebody missed. */
static void net_retransmit(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	if (n->conf >= 0 && net_ring_turns(sim, node)) {
		for (size_t at = n->delivered; at < sim->conf[n->conf].count; at++) {
			sim->conf[n->conf].entry[at].reach |= BIT(node);
		}
	}
}

/* A pause is over, or a cable is plugged in again. */
void net_continue(struct sim *sim, uint32_t node)
{
	(void)node;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if (net_runs(sim, i)) {
			sim->node[i].token_lost_at = 0;
			net_retransmit(sim, i);
			net_originate_later(sim, i);
			net_deliver_later(sim, i);
		}
	}
	net_reform_later(sim, sim_delay(sim, 100 * SIM_MS, 2000 * SIM_MS));
}
