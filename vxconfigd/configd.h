/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the daemon share: the loop, the outside world, the cluster as this node sees
 * it, the groups. For the daemon's own files only; the pure parts know nothing of it.
 */
#ifndef VX_VXCONFIGD_CONFIGD_H
#define VX_VXCONFIGD_CONFIGD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/conf.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/worker.h"
#include "vxconfigd/clust.h"
#include "vxconfigd/detach_policy.h"
#include "vxconfigd/disk.h"
#include "vxconfigd/iod_link.h"
#include "vxconfigd/memory.h"
#include "vxha.pb-c.h"

struct answer_ring;
struct ending_ring;
struct group;
struct io_round;
struct relay;
struct request;
struct server;
struct shelf;
struct steps;

/* vxconfigd of one member of the view. */
struct peer {
	uint32_t nodeid;
	bool up;	/* it runs */
	uint64_t up_ms; /* since when */
	bool refused;	/* it could not take the groups over */
	bool ready; /* has the groups of this view; false from its end to its return (T1, T13) */
	bool join;  /* it came back and asked for the groups (T13) */
	uint64_t join_serial;
	Vx__CfgState *state; /* what it told in this view; NULL: nothing yet */
};

struct cview {
	bool registered;  /* vxclustd is there */
	bool member;	  /* this node is in a view */
	bool open;	  /* ... which was not stopped */
	bool was_settled; /* ... an earlier view did since the node joined */
	bool settled;	  /* ... and reached its last step: transactions may begin */
	bool fencing;
	Vx__NodeState state; /* as vxclustd said when it registered us */
	uint32_t self;
	char node[VX_NODENAME_MAX + 1], cluster[VX_CLUSTERNAME_MAX + 1];
	Vx__View *view; /* the last one; NULL: none yet */
	struct peer peer[VX_NODES_MAX];
	size_t peer_count;
	bool wait_view;		/* nothing begins until the next view */
	char number[24];	/* for cview_name() */
	uint64_t master_serial; /* of the master's vxconfigd: another one has lost its queue */
};

TAILQ_HEAD(group_list, group);
TAILQ_HEAD(request_list, request);
TAILQ_HEAD(relay_list, relay);
TAILQ_HEAD(io_round_list, io_round);
TAILQ_HEAD(load_list, group_load_call);
TAILQ_HEAD(disk_setup_list, disk_setup_job);

struct configd {
	struct loop *loop;
	struct conf *conf;
	struct worker *worker;
	struct disk_set *disks;
	struct memory *memory;
	struct clust *clust;
	struct iod *iod;
	struct server *server;
	struct shelf *shelf;
	struct steps *steps;
	char host[VX_NODENAME_MAX + 1];
	uint64_t serial; /* of this process */
	uint64_t dgids;	 /* made by this process */
	bool leaving;	 /* vxiod let go of its volumes: the groups are kept in memory only */
	bool enabled;	 /* vxdctl enable, disable */
	struct cview cluster;
	struct group_list groups;
	struct relay_list relays;	/* what this node forwarded to the master */
	struct io_round_list io_rounds; /* questions to the vxiods of all nodes */
	uint64_t cookies;		/* of what was sent over port u */
	uint64_t mastership; /* counts views in which another node was master */
	struct request_list creating;	/* requests that make a group: one at a time */
	struct request *creating_now;	/* the one that is being planned */
	struct answer_ring *answers;	/* what was answered lately, by transaction (T11) */
	struct ending_ring *endings;	/* what was committed here, also of groups that are gone (T11) */
	struct loop_timer kick_timer, leave_timer, ready_timer;
	uint64_t epoch_floor;	  /* the next view must have a higher epoch than this */
	struct load_list loads;	  /* what vxiod has not answered yet, in the order told */
	uint64_t load_serial;	  /* of the last load that vxiod was told */
	unsigned int disk_writes; /* label writes in flight */
	struct detach_policy_lost lost; /* what this node's vxiod could not write lately (T18) */
	struct disk_setup_list disk_setups; /* of vxdisk setup, the disk that is being written */
	struct disk_setup_list disk_waits;  /* ... whose disk a change that is under way gives up or takes */
	struct loop_timer disk_timer;	    /* they look again */
};

/* ---- cview.c: the cluster as this node sees it ---- */

void cview_registered(struct cview *cluster, const Vx__Registered *registered);
/* A new view; nobody is ready in it yet. */
void cview_set(struct cview *cluster, const Vx__View *view);
/* Out of the cluster. */
void cview_clear(struct cview *cluster);
const Vx__Member *cview_member(const Vx__View *view, uint32_t nodeid); /* NULL: not in it */
bool cview_is_joiner(const Vx__View *view, uint32_t nodeid);
/* Of the members that copies name: who is neither a member nor a leaver of the view. The survey of the
 * view did not see these copies, so nobody has proven that it writes no more (T17). NULL: nobody. */
const Vx__Member *cview_unproven(const Vx__View *view, Vx__Member *const *durable, size_t count);
#define UNPROVEN_TEXT "its disks name node %.64s as a member, and nobody has proven that it is off"
bool cview_is_master(const struct cview *cluster);
/* The view runs, and this vxconfigd need not wait for the next one. */
bool cview_is_settled(const struct cview *cluster);
struct peer *cview_peer(struct cview *cluster, uint32_t nodeid); /* NULL: no member */
/* Name of a node for people; its number if it is not known. Valid until the next view or call. */
const char *cview_name(struct cview *cluster, uint32_t nodeid);
uint64_t cview_epoch(const struct cview *cluster);
uint64_t cview_incarnation(const struct cview *cluster); /* of this node's membership */

#endif
