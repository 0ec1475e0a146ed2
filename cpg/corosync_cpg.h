/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcpg, met here only: one group, packets in one order, membership events.
 *
 * What Corosync does not take at once ("try again") waits in a bounded queue. Main thread only.
 */
#ifndef VX_CPG_COROSYNC_CPG_H
#define VX_CPG_COROSYNC_CPG_H

#include "base/loop.h"
#include "cpg/view.h"

struct corosync_cpg;

struct corosync_cpg_ops {
	void (*packet)(void *ctx, uint32_t nodeid, uint32_t pid, const void *data, size_t length);
	void (*confchg)(void *ctx, const struct view_node *node, size_t node_count,
			const struct view_node *left, size_t left_count, bool ring_changing);
	void (*ring)(void *ctx, struct view_ring ring, const uint32_t *nodeid, size_t count);
	void (*died)(void *ctx, const char *reason); /* Corosync is gone: the handle is dead */
};

/* Connects and joins group. 0; -VX_E_NODAEMON: Corosync does not run; -errno. */
int corosync_cpg_create(struct loop *loop, const char *group, const struct corosync_cpg_ops *ops,
			void *ctx, struct corosync_cpg **out_cpg);
/* Leaves the group and closes. */
void corosync_cpg_destroy(struct corosync_cpg *cpg);
/* Too many packets wait for Corosync: who sends what is not of the view protocol aborts the node. */
bool corosync_cpg_is_full(const struct corosync_cpg *cpg);
/* Takes data over (free()). 0; -VX_E_FULL: there is no room even for the view protocol. */
int corosync_cpg_send(struct corosync_cpg *cpg, uint8_t *data, size_t length);

#endif
