/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcmap, met here only: what Corosync knows of the cluster (names, node ids, addresses). */
#ifndef VX_CPG_COROSYNC_CMAP_H
#define VX_CPG_COROSYNC_CMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

struct cluster_node {
	uint32_t nodeid;
	char name[VX_NODENAME_MAX + 1], addr[64];
};

struct cluster_info {
	char name[VX_CLUSTERNAME_MAX + 1]; /* totem.cluster_name */
	uint32_t self;
	bool two_node; /* quorum.two_node: each of two has quorum alone */
	size_t count;
	struct cluster_node
		node[VX_NODES_MAX]; /* in order of node id: the index is a node's place */
};

/* 0; -VX_E_NODAEMON; -VX_E_AGAIN; -VX_E_INVAL with a text in out_reason (VX_REASON_MAX): no node
 * list, more than VX_NODES_MAX nodes, a name that cluster_name_check() refuses. */
int corosync_cmap_read(struct cluster_info *out_info, char *out_reason);
/* The name of a cluster says in labels whose a disk is. 0; -VX_E_INVAL: none, or too long, with a text. */
int cluster_name_check(const char *name, char *out_reason);
const struct cluster_node *cluster_node_find(const struct cluster_info *info, uint32_t nodeid);
/* Place of a node in the list, VX_NODES_MAX if it is not there. */
uint32_t cluster_node_place(const struct cluster_info *info, uint32_t nodeid);

#endif
