/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator's Corosync: what sim_net.c (packets, the group) and sim_ring.c (configurations)
 * share. */
#ifndef VX_TESTS_SIM_NET_H
#define VX_TESTS_SIM_NET_H

#include "tests/sim/sim.h"

#define NET_LOG_MAX 8192

/* An entry of the ordered stream. */
struct net_entry {
	enum { ENTRY_PACKET, ENTRY_JOIN, ENTRY_LEAVE } kind;
	uint32_t node, reach; /* whom it got to (bits) */
	struct view_node who;
	struct sim_msg *msg;
};

struct net_conf {
	struct view_ring ring;
	uint32_t members; /* bits, by node id */
	struct net_entry *entry;
	size_t count;
};

#define NET_QUORATE (UINT64_C(1) << 32)
#define NET_NOT_QUORATE (UINT64_C(2) << 32)
#define BIT(node) (1u << (node))

/* sim_net.c */
bool net_runs(const struct sim *sim, uint32_t node);
/* Can a packet go around in this node's ring, or does it wait for the next one? */
bool net_ring_turns(const struct sim *sim, uint32_t node);
void net_confchg(struct sim *sim, uint32_t node, const struct view_node *left, size_t left_count,
		 bool ring_changing);
void net_tell_ring(struct sim *sim, uint32_t node);
/* conf: with NET_QUORATE or NET_NOT_QUORATE if it is not to be looked up when it is told. */
void net_tell_quorum(struct sim *sim, uint32_t node, uint64_t conf, void *ptr);
void net_tell_died(struct sim *sim, uint32_t node);
void net_group_add(struct sim_node *n, struct view_node who);
/* Puts the coming or going of a process into the stream. */
void net_process(struct sim *sim, uint32_t node, int kind, uint32_t pid);
/* One entry of the stream reaches one node. */
void net_deliver_entry(struct sim *sim, uint32_t node, const struct net_entry *entry);
void net_deliver_later(struct sim *sim, uint32_t node);
void net_originate_later(struct sim *sim, uint32_t node);

#endif
