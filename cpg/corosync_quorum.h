/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libquorum, met here only: is this part of the cluster quorate, in which ring. Main thread. */
#ifndef VX_CPG_COROSYNC_QUORUM_H
#define VX_CPG_COROSYNC_QUORUM_H

#include "base/loop.h"
#include "cpg/view.h"

struct corosync_quorum;

struct corosync_quorum_ops {
	void (*quorum)(void *ctx, struct view_ring ring, bool quorate);
	void (*died)(void *ctx, const char *reason);
};

/* 0; -VX_E_NODAEMON; -VX_E_AGAIN; -errno. */
int corosync_quorum_create(struct loop *loop, const struct corosync_quorum_ops *ops, void *ctx,
			   struct corosync_quorum **out_quorum);
void corosync_quorum_destroy(struct corosync_quorum *quorum);

#endif
