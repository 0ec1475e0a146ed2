/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the shell, shared by node*.c only. */
#ifndef VX_CPG_NODE_INNER_H
#define VX_CPG_NODE_INNER_H

#include "agent/child.h"
#include "agent/fence.h"
#include "agent/pacemaker.h"
#include "base/ipc.h"
#include "base/timeouts.h"
#include "base/worker.h"
#include "cpg/corosync_cmap.h"
#include "cpg/corosync_cpg.h"
#include "cpg/corosync_quorum.h"
#include "cpg/node.h"
#include "cpg/packet.h"
#include "cpg/restart.h"
#include "cpg/store.h"
#include "cpg/timeline.h"
#include "cpg/view.h"

#define NODE_WORKS (16 + VX_NODES_MAX) /* of them ADMIT: one for each joiner (R22) */
#define CLUSTER_GROUP_MAX 128
#define NODE_ADMS 16
#define NODE_PORTS 3

enum node_client { NODE_IOD, NODE_CONFIGD, NODE_CLIENTS };

/* A question to local clients, and the event of the core that its end becomes. */
struct node_ask {
	Vx__Step step;
	enum view_event_type event;
	bool iod, configd; /* who is asked */
	const char *reason;
	uint32_t master; /* prestop: who is to become master (R19); 0: no switch */
};

/* Something that local clients were asked to do; its end becomes an event of the core. */
struct node_work {
	bool used;
	uint64_t serial; /* in StepRun and StepAck */
	uint64_t token;	 /* of the core */
	struct node_ask ask;
	bool waits[NODE_CLIENTS];
	int error;
	char reason[VX_REASON_MAX];
	char progress[VX_REASON_MAX];
	uint64_t max_epoch;
	bool unclean;
	struct view_member durable[VX_NODES_MAX];
	size_t durable_count;
	uint64_t open_claim[VX_OPEN_CLAIMS_MAX];
	size_t open_claim_count;
	Vx__Look *look;	 /* LOOK: the answer; ADMIT: the joiner's */
	struct view view; /* what SURVEY and CLAIM speak of; else the core's */
	bool has_view;
	struct loop_timer stall, hang;
	struct node *node;
};

/* An administrator's request that is not answered yet. */
struct node_adm {
	struct ipc_peer *peer;
	uint64_t cookie;
	enum {
		ADM_WAITS_START,
		ADM_WAITS_STOP,
		ADM_WAITS_CANCEL,
		ADM_WAITS_ABORT,
		ADM_WAITS_STORE,
		ADM_WAITS_SWITCH
	} waits;
};

/* What is remembered on the node's disk. One write at a time, by a thread: a system disk that is
 * slow must not make this vxclustd mute (R11). */
struct node_store {
	struct store wanted, writing; /* what is to be there; what the thread works on */
	bool busy, again;	      /* again: wanted changed meanwhile */
	int error;
	uint64_t token; /* of the core, which waits for the epoch; 0: it does not */
	struct worker *worker;
	struct worker_job job;
	struct loop_timer stall;
};

struct node {
	struct loop *loop;
	const struct conf *conf;
	void (*ended)(void *ctx, int code);
	void *ctx;

	struct view_core *core;
	bool in_event;			  /* the core's effects are being carried out */
	char abort_reason[VX_REASON_MAX]; /* ... and led to this */
	struct loop_timer timer[VT_COUNT];
	struct node_timer {
		struct node *node;
		enum view_timer which;
	} timer_ctx[VT_COUNT];

	struct cluster_info info;
	struct corosync_cpg *cpg;
	struct corosync_quorum *quorum;
	bool corosync_dead;
	uint64_t serial; /* of packets */
	struct fence *fence;
	struct pacemaker *pacemaker;
	bool fencing;	    /* is it enabled */
	bool fencing_asked; /* Pacemaker has not answered yet */
	struct node_store store;
	struct timeline timeline;
	char reason[VX_REASON_MAX]; /* why it is out */

	/* local clients */
	struct ipc_server *server;
	struct ipc_peer *client[NODE_CLIENTS];
	bool iod_clean;
	bool configd_stopped; /* by hand: not lost */
	bool configd_died;    /* and is to be started again */
	bool configd_left;    /* it did not last: not any more */
	struct restart restart;
	struct child *settle, *spawned;
	struct loop_timer spawn_timer; /* vxconfigd is to be started, and does not run */
	pid_t gone_pid;		       /* a vxconfigd whose connection closed, */
	uint64_t gone_ms;	       /* then */
	struct loop_timer gone_timer;
	char configd_trouble[VX_REASON_MAX]; /* why vxconfigd does not run; empty: it does, or not known */
	struct node_work work[NODE_WORKS];
	uint64_t work_serial;

	/* ports: v, w, u */
	uint64_t port_up[NODE_PORTS]; /* bit = place in the node list */
	bool port_local[NODE_PORTS];  /* our own "up" was delivered */

	/* joining, administrators */
	bool start_wanted, terminating;
	uint32_t start_timeout_ms;
	struct loop_timer start_timer;
	uint64_t start_deadline_ms, join_deadline_ms;
	uint32_t again_ms; /* refused, and it may pass: so long until the next try (R22) */
	Vx__Look *look;	   /* what vxconfigd of this node saw of the cluster's groups */
	Vx__Look *asked[VX_NODES_MAX]; /* ... of joiners, by place in the node list */
	struct node_adm adm[NODE_ADMS];
	uint32_t switch_to; /* ADM_WAITS_SWITCH: who is to become master */
	struct loop_timer adm_timer, switch_timer, end_timer;
	int end_code;
};

/* node.c */
void node_event(struct node *node, const struct view_event *event);
const char *node_name(void *ctx, uint32_t nodeid);
const char *node_addr(void *ctx, uint32_t nodeid);
const char *node_self_name(const struct node *node);
void node_abort(struct node *node, const char *reason);
void node_fencing_ask(struct node *node);

/* node_join.c: Corosync, joining */
void node_start_try(void *ctx);
/* vxconfigd said what it sees, or that it does not take part; the look is the node's then. */
void node_start_looked(struct node *node, int error, const char *reason, Vx__Look *look);
/* Refused for a reason that may pass: is it tried again? */
bool node_start_again(struct node *node);

/* node_list.c: Corosync's node list */
/* The other one of two, where quorum does not exclude it (R20); 0: none. */
uint32_t node_list_peer(const struct node *node);
/* Reads it again, while the node may be a member. 0, or an error with a text in out_reason. */
int node_list_reread(struct node *node, char *out_reason);
/* Reads it again if one of these is not in it. */
void node_list_meet(struct node *node, const struct view_node *member, size_t count);

/* node_work.c: questions to local clients */
extern const struct node_ask node_ask_abort; /* node.c */
/* view: what it speaks of; NULL: the core's. */
void node_work_start(struct node *node, const struct node_ask *ask, uint64_t token,
		     const struct view *view);
/* May a joiner that sees this take part (R22)? */
void node_work_admit(struct node *node, uint64_t token, const Vx__Look *look);
void node_work_ack(struct node *node, enum node_client client, const Vx__StepAck *ack);
void node_work_client_up(struct node *node, enum node_client client);
void node_work_client_down(struct node *node, enum node_client client);
/* Its connection closed: it says nothing any more, and is waited for until it is gone. */
void node_work_configd_closed(struct node *node);
bool node_work_waits_configd(const struct node *node);
/* It is not started any more: what needs it has stalled. */
void node_work_configd_given_up(struct node *node);
void node_work_cancel_all(struct node *node);
/* Forgets what the core does not wait for any longer: a client that was asked for something newer
 * since then does not answer it, and its time-out means nothing (R11). */
void node_work_prune(struct node *node);
/* Is the work of this step still under way, and on what? NULL if not. */
const struct node_work *node_work_of(const struct node *node, Vx__Step step);

/* node_configd.c: the life of vxconfigd (R16) */
/* A step needs it, and it does not run. */
void node_configd_spawn(struct node *node);
void node_configd_registered(struct node *node);
/* Its connection closed: it is gone when the process is. */
void node_configd_closed(struct node *node, pid_t pid);

/* node_store.c: the node's disk */
int node_store_create(struct node *node);
/* Only when it is not busy: else the thread still uses the node's memory. */
void node_store_free(struct node *node);
void node_store_write(struct node *node);
void node_store_epoch(struct node *node, uint64_t epoch, uint64_t token);
void node_store_reason(struct node *node, const char *reason);
/* As node_work_prune(). */
void node_store_prune(struct node *node);

/* node_client.c: the IPC server, registration, ports */
int node_client_serve(struct node *node);
void node_client_view(struct node *node);
void node_client_registered(struct node *node, enum node_client client);
void node_port_reset(struct node *node);
void node_port_announce(struct node *node);
/* Is vxconfigd (port w) of a node up, as the stream says? */
bool node_configd_is_up(const struct node *node, uint32_t nodeid);
void node_port_packet(struct node *node, const Vx__Cpg *msg, uint32_t from, uint32_t pid);

/* node_adm.c: vxclustadm */
void node_adm_message(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg);
void node_adm_closed(struct node *node, const struct ipc_peer *peer);
void node_adm_done(struct node *node, int waits, int error, const char *reason);
/* A view runs: is it the one that a new master was asked for (R19)? */
void node_adm_settled(struct node *node);

#endif
