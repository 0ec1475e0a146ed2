// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: Corosync's node list, which may change while the node is a member. */
#include "cpg/node_inner.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"

uint32_t node_list_peer(const struct node *node)
{
	uint32_t peer = 0;

	for (size_t i = 0; i < node->info.count && node->info.two_node; i++) {
		if (node->info.node[i].nodeid != node->info.self) {
			peer = node->info.node[i].nodeid;
		}
	}
	return peer;
}

/* What is kept by a node's place in the list moves with it. */
static void list_move(struct node *node, const struct cluster_info *now)
{
	Vx__Look *asked[VX_NODES_MAX] = { NULL };
	uint64_t up[NODE_PORTS] = { 0 };

	for (size_t i = 0; i < node->info.count; i++) {
		uint32_t place = cluster_node_place(now, node->info.node[i].nodeid);

		if (place == VX_NODES_MAX) {
			proto_free(node->asked[i]);
			continue;
		}
		asked[place] = node->asked[i];
		for (int port = 0; port < NODE_PORTS; port++) {
			up[port] |= (node->port_up[port] >> i & 1) << place;
		}
	}
	memcpy(node->asked, asked, sizeof(asked));
	memcpy(node->port_up, up, sizeof(up));
	node->info = *now;
}

int node_list_reread(struct node *node, char *out_reason)
{
	const struct cluster_info *before = &node->info;
	struct cluster_info now;
	struct view_event event = { .type = VE_PEER };
	int rc = corosync_cmap_read(&now, out_reason);

	if (rc != 0) {
		return rc;
	}
	if (view_state(node->core) != VS_OUT &&
	    (now.self != before->self || strcmp(now.name, before->name) != 0)) {
		snprintf(out_reason, VX_REASON_MAX,
			 "the name of the cluster or the id of this node has changed: it must leave "
			 "and join again");
		return -VX_E_INVAL;
	}
	list_move(node, &now);
	log_notice("the node list was read again: %zu nodes", node->info.count);
	event.two_node_peer = node_list_peer(node);
	node_event(node, &event);
	return 0;
}

void node_list_meet(struct node *node, const struct view_node *member, size_t count)
{
	char reason[VX_REASON_MAX];

	for (size_t i = 0; i < count; i++) {
		if (cluster_node_find(&node->info, member[i].nodeid) != NULL) {
			continue;
		}
		if (node_list_reread(node, reason) != 0) {
			log_warning("node %u is not in the node list: %s", member[i].nodeid, reason);
		}
		return;
	}
}
