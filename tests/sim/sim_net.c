// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator's Corosync, as it was measured (PROTOCOL.md 1):
 *
 *   - one order for all packets and process events of a configuration; everybody delivers a prefix;
 *   - agreed, not safe: the sender may deliver its own packet and nobody else ever does;
 *   - nodes that go together into the next configuration deliver the same before it; after a hole
 *     only packets of each other;
 *   - packets that were not yet sent are sent in the next configuration, whatever that is;
 *   - quorum is told on another connection, at any time; a paused node is not told that it lost it;
 *     it moves without a change of the ring too (a quorum device);
 *   - a node may be in the left and the joined list of one change; a ghost may stay in the list.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_net.h"

/* What a vxclustd finds on its two connections, in order. */
struct net_input {
	struct net_input *next;
	enum { INPUT_PACKET, INPUT_CONFCHG, INPUT_RING, INPUT_QUORUM, INPUT_DIED } kind;
	struct sim_msg *msg;
	struct view_node node[2 * SIM_NODES_MAX], left[SIM_NODES_MAX];
	size_t node_count, left_count;
	bool ring_changing;
	struct view_ring ring;
	uint32_t members;
	bool quorate;
};

bool net_runs(const struct sim *sim, uint32_t node)
{
	const struct sim_node *n = &sim->node[node];

	return sim_proc_runs(sim, node, PROC_COROSYNC) &&
	       n->proc[PROC_COROSYNC].paused_until <= sim->now;
}

/* ---- to the application ---- */

static void net_pump(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_node *n = &sim->node[node];
	struct net_input *input = n->inbox;

	(void)arg;
	(void)ptr;
	n->pumping = false;
	if (input == NULL) {
		return;
	}
	n->inbox = input->next;
	if (n->inbox == NULL) {
		n->inbox_last = NULL;
	} else {
		n->pumping = true;
		sim_later(sim, sim_delay(sim, 5, 400), PROC_CLUSTD, node, net_pump, 0, NULL);
	}

	struct view_event event = { 0 };
	uint32_t nodeid[SIM_NODES_MAX];

	switch (input->kind) {
	case INPUT_PACKET:
		clustd_message(sim, node, input->msg);
		return;
	case INPUT_CONFCHG:
		event.type = VE_CONFCHG;
		event.node = input->node;
		event.node_count = input->node_count;
		event.left = input->left;
		event.left_count = input->left_count;
		event.ring_changing = input->ring_changing;
		clustd_event(sim, node, &event);
		return;
	case INPUT_RING:
		event.type = VE_RING;
		n->told_ring = input->ring.seq;
		event.ring = input->ring;
		event.nodeid = nodeid;
		for (uint32_t i = 1; i <= sim->options.nodes; i++) {
			if ((input->members & BIT(i)) != 0) {
				nodeid[event.nodeid_count++] = i;
			}
		}
		clustd_event(sim, node, &event);
		check_ring(sim, node, input->members);
		return;
	case INPUT_QUORUM:
		event.type = VE_QUORUM;
		n->told_quorum_ring = input->ring.seq;
		n->told_quorum = input->quorate;
		event.ring = input->ring;
		event.quorate = input->quorate;
		clustd_event(sim, node, &event);
		check_no_quorum(sim, node);
		return;
	case INPUT_DIED:
		clustd_corosync_died(sim, node);
		return;
	}
}

static struct net_input *net_input_add(struct sim *sim, uint32_t node, int kind)
{
	struct sim_node *n = &sim->node[node];
	struct net_input *input = sim_alloc(sim, sizeof(*input));

	input->kind = kind;
	if (n->inbox_last != NULL) {
		n->inbox_last->next = input;
	} else {
		n->inbox = input;
	}
	n->inbox_last = input;
	if (!n->pumping && sim_proc_runs(sim, node, PROC_CLUSTD)) {
		n->pumping = true;
		sim_later(sim, sim_delay(sim, 5, 400), PROC_CLUSTD, node, net_pump, 0, NULL);
	}
	return input;
}

static bool net_listens(const struct sim *sim, uint32_t node)
{
	return sim->node[node].in_group;
}

void net_confchg(struct sim *sim, uint32_t node, const struct view_node *left, size_t left_count,
		 bool ring_changing)
{
	struct sim_node *n = &sim->node[node];

	if (!net_listens(sim, node)) {
		return;
	}

	struct net_input *input = net_input_add(sim, node, INPUT_CONFCHG);

	memcpy(input->node, n->group, n->group_count * sizeof(n->group[0]));
	input->node_count = n->group_count;
	memcpy(input->left, left, left_count * sizeof(*left));
	input->left_count = left_count;
	input->ring_changing = ring_changing;
}

void net_tell_ring(struct sim *sim, uint32_t node)
{
	const struct net_conf *conf = &sim->conf[sim->node[node].conf];

	if (net_listens(sim, node)) {
		struct net_input *input = net_input_add(sim, node, INPUT_RING);

		input->ring = conf->ring;
		input->members = conf->members;
	}
}

void net_tell_quorum(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)ptr;
	const uint32_t conf = (uint32_t)arg;

	if (net_listens(sim, node) && sim->node[node].conf == (int)conf) {
		struct net_input *input = net_input_add(sim, node, INPUT_QUORUM);

		input->ring = sim->conf[conf].ring;
		input->quorate = (arg & NET_QUORATE) != 0 ||
				 ((arg & NET_NOT_QUORATE) == 0 && net_is_quorate(sim, node));
	}
}

/* ---- the group ---- */

static int group_find(const struct sim_node *n, struct view_node who)
{
	for (size_t i = 0; i < n->group_count; i++) {
		if (n->group[i].nodeid == who.nodeid && n->group[i].pid == who.pid) {
			return (int)i;
		}
	}
	return -1;
}

void net_group_add(struct sim_node *n, struct view_node who)
{
	if (group_find(n, who) < 0 && n->group_count < 2 * SIM_NODES_MAX) {
		n->group[n->group_count++] = who;
	}
}

static bool group_remove(struct sim_node *n, struct view_node who)
{
	int at = group_find(n, who);

	if (at < 0) {
		return false;
	}
	n->group[at] = n->group[--n->group_count];
	return true;
}

/* One entry of the stream reaches one node. */
void net_deliver_entry(struct sim *sim, uint32_t node, const struct net_entry *entry)
{
	struct sim_node *n = &sim->node[node];

	switch (entry->kind) {
	case ENTRY_PACKET:
		/* packets of a process that is not in the list are not delivered */
		if (net_listens(sim, node) &&
		    group_find(n, (struct view_node){ entry->msg->from, entry->msg->pid }) >= 0) {
			net_input_add(sim, node, INPUT_PACKET)->msg = entry->msg;
		}
		return;
	case ENTRY_JOIN:
		net_group_add(n, entry->who);
		if (entry->who.nodeid == node && entry->who.pid == n->group_pid) {
			n->in_group = true;
		}
		net_confchg(sim, node, NULL, 0, false);
		if (entry->who.nodeid == node && n->in_group) {
			net_tell_ring(sim, node);
			sim_later(sim, sim_delay(sim, 50, 5000), PROC_COROSYNC, node,
				  net_tell_quorum, (uint64_t)n->conf, NULL);
		}
		return;
	case ENTRY_LEAVE:
		if (group_remove(n, entry->who)) {
			net_confchg(sim, node, &entry->who, 1, false);
		}
		return;
	}
}

static void net_deliver(struct sim *sim, uint32_t node, uint64_t arg, void *ptr);

void net_deliver_later(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	if (!n->delivering && n->conf >= 0 && n->delivered < sim->conf[n->conf].count) {
		n->delivering = true;
		sim_later(sim, sim_delay(sim, 20, 600), PROC_COROSYNC, node, net_deliver, 0, NULL);
	}
}

static void net_deliver(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_node *n = &sim->node[node];

	(void)arg;
	(void)ptr;
	n->delivering = false;
	if (n->conf < 0 || n->delivered >= sim->conf[n->conf].count ||
	    (sim->conf[n->conf].entry[n->delivered].reach & BIT(node)) == 0) {
		return; /* nothing, or a hole: the next configuration closes it */
	}
	net_deliver_entry(sim, node, &sim->conf[n->conf].entry[n->delivered++]);
	net_deliver_later(sim, node);
}

/* ---- sending ---- */

bool net_ring_turns(const struct sim *sim, uint32_t node)
{
	const struct sim_node *n = &sim->node[node];
	const struct net_conf *conf = &sim->conf[n->conf];

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((conf->members & BIT(i)) != 0 &&
		    (!net_runs(sim, i) || sim->node[i].conf != n->conf ||
		     sim->node[i].component != n->component)) {
			return false;
		}
	}
	return true;
}

static void net_order(struct sim *sim, int conf, const struct net_entry *entry)
{
	struct net_conf *c = &sim->conf[conf];

	if (c->count == NET_LOG_MAX) {
		sim_fail(sim, "LIVE: more than %d packets in one configuration", NET_LOG_MAX);
		return;
	}
	c->entry[c->count] = *entry;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((c->members & BIT(i)) != 0 && sim->node[i].conf == conf &&
		    sim_proc_runs(sim, i, PROC_COROSYNC) &&
		    sim->node[i].component == sim->node[entry->node].component) {
			c->entry[c->count].reach |= BIT(i);
		}
	}
	c->count++;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if ((c->entry[c->count - 1].reach & BIT(i)) != 0) {
			net_deliver_later(sim, i);
		}
	}
}

static void net_originate(struct sim *sim, uint32_t node, uint64_t arg, void *ptr);

void net_originate_later(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	if (!n->originating && n->out_first < n->out_count && n->conf >= 0) {
		n->originating = true;
		sim_later(sim, sim_delay(sim, 30, 700), PROC_COROSYNC, node, net_originate, 0,
			  NULL);
	}
}

static void net_originate(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_node *n = &sim->node[node];
	struct net_entry entry = { .kind = ENTRY_PACKET, .node = node };

	(void)arg;
	(void)ptr;
	n->originating = false;
	if (n->out_first == n->out_count || n->conf < 0) {
		return;
	}
	if (!net_ring_turns(sim, node)) {
		/* the token is lost: what was sent with its last visit may reach only some */
		if (sim->now > n->token_lost_at + 10 * SIM_MS || !sim_chance(sim, 50)) {
			return; /* the next configuration begins it again */
		}
	}
	entry.msg = n->outq[n->out_first++];
	net_order(sim, n->conf, &entry);
	net_originate_later(sim, node);
}

#define NET_OUT_MAX 2048

void net_send(struct sim *sim, uint32_t node, struct sim_msg *msg)
{
	struct sim_node *n = &sim->node[node];

	if (!sim_proc_runs(sim, node, PROC_COROSYNC) || !n->group_pid) {
		return;
	}
	msg->from = node;
	msg->pid = n->group_pid;
	if (n->outq == NULL) {
		n->outq = sim_alloc(sim, NET_OUT_MAX * sizeof(*n->outq));
	}
	if (n->out_count == NET_OUT_MAX) {
		sim_fail(sim, "LIVE: node %u sends without end", node);
		return;
	}
	n->outq[n->out_count++] = msg;
	net_originate_later(sim, node);
}

void net_process(struct sim *sim, uint32_t node, int kind, uint32_t pid)
{
	struct sim_node *n = &sim->node[node];
	struct net_entry entry = { .kind = kind, .node = node, .who = { node, pid } };

	if (n->conf >= 0 && sim_proc_runs(sim, node, PROC_COROSYNC)) {
		net_order(sim, n->conf, &entry);
	}
}

void net_join(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	n->group_pid = n->clustd.pid;
	n->in_group = false;
	n->inbox = n->inbox_last = NULL;
	n->pumping = false;
	n->told_quorum_ring = 0;
	net_process(sim, node, ENTRY_JOIN, n->group_pid);
}

/* Also when its process died: what was not yet ordered then is lost, as in the IPC ring. */
void net_leave(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];
	uint32_t pid = n->group_pid;

	if (pid == 0) {
		return;
	}
	if (!sim_proc_runs(sim, node, PROC_CLUSTD)) {
		n->out_count = n->out_first + sim_below(sim, n->out_count - n->out_first + 1);
	}
	n->group_pid = 0;
	n->in_group = false;
	n->inbox = n->inbox_last = NULL;
	net_process(sim, node, ENTRY_LEAVE, pid);
}

void net_tell_died(struct sim *sim, uint32_t node)
{
	net_input_add(sim, node, INPUT_DIED);
}
