/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This node in the cluster: the shell around the view core. One a process, main thread only. */
#ifndef VX_CPG_NODE_H
#define VX_CPG_NODE_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/loop.h"

struct node;

/* Serves local clients; joins nothing yet. ended(ctx, exit code) is called when the daemon must
 * end: after an abort, or after node_terminate(). */
int node_create(struct loop *loop, const struct conf *conf, void (*ended)(void *ctx, int code),
		void *ctx, struct node **out_node);
void node_destroy(struct node *node);
/* SIGTERM: out of the cluster it ends at once, else this node aborts first. */
void node_terminate(struct node *node);

#endif
