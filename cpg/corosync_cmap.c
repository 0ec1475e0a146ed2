// SPDX-License-Identifier: GPL-2.0-or-later
/* libcmap: cluster name and node list. */
#include "cpg/corosync_cmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <corosync/cmap.h>

#include "base/errors.h"

#define CMAP_PLACES 128 /* numbers in nodelist.node.N that are looked at */

static int cluster_node_order(const void *a, const void *b)
{
	const struct cluster_node *x = a, *y = b;

	return x->nodeid < y->nodeid ? -1 : x->nodeid > y->nodeid;
}

static void cmap_text(cmap_handle_t handle, int place, const char *key, char *out, size_t size)
{
	char name[CMAP_KEYNAME_MAXLEN];
	char *value = NULL;

	snprintf(name, sizeof(name), "nodelist.node.%d.%s", place, key);
	if (cmap_get_string(handle, name, &value) == CS_OK) {
		snprintf(out, size, "%s", value);
		free(value);
	}
}

static int cmap_read_nodes(cmap_handle_t handle, struct cluster_info *out_info, char *out_reason)
{
	for (int place = 0; place < CMAP_PLACES; place++) {
		char name[CMAP_KEYNAME_MAXLEN];
		struct cluster_node node = { 0 };

		snprintf(name, sizeof(name), "nodelist.node.%d.nodeid", place);
		if (cmap_get_uint32(handle, name, &node.nodeid) != CS_OK) {
			continue;
		}
		if (out_info->count == VX_NODES_MAX) {
			snprintf(out_reason, VX_REASON_MAX,
				 "corosync.conf names more than %d nodes", VX_NODES_MAX);
			return -VX_E_INVAL;
		}
		cmap_text(handle, place, "ring0_addr", node.addr, sizeof(node.addr));
		cmap_text(handle, place, "name", node.name, sizeof(node.name));
		if (node.name[0] == '\0') {
			snprintf(node.name, sizeof(node.name), "%s", node.addr);
		}
		out_info->node[out_info->count++] = node;
	}
	if (out_info->count == 0) {
		snprintf(out_reason, VX_REASON_MAX, "corosync.conf has no nodelist");
		return -VX_E_INVAL;
	}
	qsort(out_info->node, out_info->count, sizeof(out_info->node[0]), cluster_node_order);
	return 0;
}

int corosync_cmap_read(struct cluster_info *out_info, char *out_reason)
{
	cmap_handle_t handle;
	cs_error_t error = cmap_initialize(&handle);
	char *name = NULL;

	if (error != CS_OK) {
		snprintf(out_reason, VX_REASON_MAX, "Corosync does not run on this node");
		return error == CS_ERR_TRY_AGAIN ? -VX_E_AGAIN : -VX_E_NODAEMON;
	}
	memset(out_info, 0, sizeof(*out_info));
	(void)cmap_get_string(handle, "totem.cluster_name", &name);

	int rc = cluster_name_check(name != NULL ? name : "", out_reason);

	if (rc == 0) {
		snprintf(out_info->name, sizeof(out_info->name), "%s", name);
		rc = cmap_read_nodes(handle, out_info, out_reason);
	}
	free(name);

	uint8_t two_node = 0;

	if (cmap_get_uint8(handle, "quorum.two_node", &two_node) == CS_OK) {
		out_info->two_node = two_node != 0;
	}

	if (rc == 0 &&
	    cmap_get_uint32(handle, "runtime.votequorum.this_node_id", &out_info->self) != CS_OK) {
		snprintf(out_reason, VX_REASON_MAX,
			 "corosync.conf names no quorum provider (votequorum)");
		rc = -VX_E_INVAL;
	}
	cmap_finalize(handle);
	if (rc == 0 && cluster_node_find(out_info, out_info->self) == NULL) {
		snprintf(out_reason, VX_REASON_MAX, "this node (id %u) is not in corosync.conf",
			 out_info->self);
		rc = -VX_E_INVAL;
	}
	return rc;
}

int cluster_name_check(const char *name, char *out_reason)
{
	if (name[0] == '\0') {
		snprintf(out_reason, VX_REASON_MAX,
			 "corosync.conf gives the cluster no name (totem.cluster_name): labels of disks "
			 "say by it whose they are");
		return -VX_E_INVAL;
	}
	if (strlen(name) > VX_CLUSTERNAME_MAX) {
		snprintf(out_reason, VX_REASON_MAX,
			 "the name of the cluster has %zu bytes (totem.cluster_name in corosync.conf), at "
			 "most %d are possible: it is written into the labels of disks",
			 strlen(name), VX_CLUSTERNAME_MAX);
		return -VX_E_INVAL;
	}
	return 0;
}

const struct cluster_node *cluster_node_find(const struct cluster_info *info, uint32_t nodeid)
{
	uint32_t place = cluster_node_place(info, nodeid);

	return place < VX_NODES_MAX ? &info->node[place] : NULL;
}

uint32_t cluster_node_place(const struct cluster_info *info, uint32_t nodeid)
{
	for (size_t i = 0; i < info->count; i++) {
		if (info->node[i].nodeid == nodeid) {
			return (uint32_t)i;
		}
	}
	return VX_NODES_MAX;
}
