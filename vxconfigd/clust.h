/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to vxclustd: views and steps in, acknowledgements and packets of the ports w and
 * u out. Connects again by itself. Main thread only.
 */
#ifndef VX_VXCONFIGD_CLUST_H
#define VX_VXCONFIGD_CLUST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "vxha.pb-c.h"

struct clust;

struct clust_ops {
	/* vxclustd is there: names and state are known. In the cluster: view is not NULL. */
	void (*registered)(void *ctx, const Vx__Registered *registered);
	void (*view)(void *ctx, const Vx__View *view);
	void (*step)(void *ctx, const Vx__StepRun *run);
	void (*config)(void *ctx, uint32_t from, const Vx__CfgMsg *msg);  /* port w */
	void (*command)(void *ctx, uint32_t from, const Vx__CmdMsg *msg); /* port u */
	void (*peer)(void *ctx, uint32_t nodeid, bool up); /* a vxconfigd comes or goes */
	void (*lost)(void *ctx);			   /* vxclustd is gone */
};

int clust_create(struct loop *loop, const struct clust_ops *ops, void *ctx,
		 struct clust **out_clust);
void clust_destroy(struct clust *clust);

/* To all vxconfigds, this one too. 0; -EMSGSIZE: too large for a packet; -ENOTCONN: vxclustd is gone, which
 * lost() tells; -VX_E_FULL: it does not read. */
int clust_send_config(struct clust *clust, const Vx__CfgMsg *msg);
/* To the vxconfigd of one node. */
int clust_send_command(struct clust *clust, uint32_t nodeid, const Vx__CmdMsg *msg);
/* The same serial and step as run. max_epoch and durable: survey and claim, else 0 and NULL. */
void clust_ack(struct clust *clust, const Vx__StepRun *run, int error, const char *reason);
/* The same with what a survey or a claim found, filled in by the caller but for serial and step. */
void clust_ack_found(struct clust *clust, const Vx__StepRun *run, Vx__StepAck *ack);
/* It goes on. waits: nothing ended since that was said last (R11). */
void clust_progress(struct clust *clust, const Vx__StepRun *run, bool waits, const char *what);
/* Asks for a new view that runs the highest protocol of all members (R21). */
void clust_ask_upgrade(struct clust *clust);
/* Asks for a new view (T7). */
void clust_ask_view(struct clust *clust, const char *reason);
/* This node cannot go on as a member: asks vxclustd to abort it. */
void clust_abort(struct clust *clust, const char *reason);
/* Says that vxconfigd ends on purpose. */
void clust_goodbye(struct clust *clust);

#endif
