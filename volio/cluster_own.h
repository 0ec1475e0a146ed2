/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state that cluster.c (connection, view) and iosteps.c (steps) share. */
#ifndef VX_VOLIO_CLUSTER_OWN_H
#define VX_VOLIO_CLUSTER_OWN_H

#include "volio/cluster.h"
#include "volio/gather.h"

/* LEFT: until this membership is over nothing shared is loaded any more (V16). */
enum leave_state { LEAVE_NONE, LEAVE_WAITING, LEAVE_REMOVING, LEAVE_LEFT };

struct cluster {
	struct iod *iod;
	struct ipc_client *client;
	Vx__View *view; /* the last one; NULL: none, or given up */
	uint32_t nid;
	bool live;	   /* between View and stop: port v may be used (R17) */
	bool gate_open;	   /* between resume and stop */
	bool said_unclean; /* at the last registration */
	/* the step that runs; a newer one takes its place */
	Vx__Step step;
	uint64_t serial;
	bool step_waits; /* its parts ended, it waits for steps_poke() */
	enum leave_state leave;
	uint64_t leave_serial;
	char told[VX_REASON_MAX]; /* who has what open, as told last while leaving */
	uint64_t left;		  /* what the step still waited for when progress was told last */
	struct loop_timer progress, grace;
};

/* iosteps.c */
void steps_run(struct cluster *cluster, const Vx__StepRun *run);
void steps_lost(struct cluster *cluster); /* the connection to vxclustd is gone */
void steps_poke(struct cluster *cluster);

/* cluster.c */
/* LEAVE is done. unclean: what was removed needs recovery (V16). */
void cluster_ack_left(struct cluster *cluster, bool unclean);
void cluster_ack(struct cluster *cluster, Vx__Step step, uint64_t serial, bool progress, int error,
		 const char *reason);
void cluster_register(struct cluster *cluster);
void cluster_set_view(struct cluster *cluster, const Vx__View *view);

#endif
