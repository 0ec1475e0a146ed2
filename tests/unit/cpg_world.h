/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the view core: some cores, one bus that orders packets and membership events,
 * and answers of local clients, disks and Pacemaker that a test can hold back.
 */
#ifndef VX_TESTS_CPG_WORLD_H
#define VX_TESTS_CPG_WORLD_H

#include "cpg/steps.h"
#include "cpg/view.h"

#define NODES 4
#define BUS_MAX 4096

struct world_event {
	bool confchg;
	struct view_packet packet;
	struct view_node node[NODES], left[NODES];
	size_t node_count, left_count;
	uint32_t ring_seq;
};

struct world_node {
	struct view_core *core;
	bool up, in_group, cut;
	uint32_t pid, serial;
	size_t next; /* of the bus, to be delivered */
	bool timer[VT_COUNT];
	uint32_t proto_min, proto_max; /* of its program: kept by boot() */
	uint64_t views; /* installed */
	bool gone, unclean; /* unclean: its vxiod says so when it leaves */
	enum view_how gone_how;
	char gone_reason[VX_REASON_MAX];
	char refused[VX_REASON_MAX]; /* its wish for another master */
	char left[VX_REASON_MAX];    /* what it logged of one that said that it leaves */
	uint32_t hold; /* bits of effects: the test holds their answers back */
	uint64_t held; /* token of the last one */
	int steps[STEP_COUNT];
	uint64_t closed; /* STEP_CLOSE asked */
	bool no_quorum;	 /* it is not told of any quorum */
	bool silent;	 /* its program does not ask whether it may join; kept by boot() */
	int unfit;	 /* what the master's vxconfigd says of it: 0 or an error; kept by boot() */
	int looked;	 /* its own vxconfigd was asked about a joiner */
	bool too_late;	 /* a leave that is cancelled: its vxiod has let go already */
	int looks;	 /* at its fencer */
	int apart;	 /* ... which was apart from the others */
	int fencer_error; /* its answer to looks */
	bool again;	 /* it was refused for a reason that may pass */
};

struct world {
	bool two_node;
	uint64_t open_claim; /* counts while none with a higher counter is on the disks */
	struct world_node node[NODES];
	struct world_event *bus;
	size_t bus_count;
	uint32_t ring_seq;
	uint32_t fencing[NODES]; /* a fencing of these is under way */
	size_t fencing_count;
	uint64_t disk_epoch; /* highest claim on the copies */
	struct view_member durable[NODES];
	size_t durable_count;
	int asked[NODES + 1]; /* requests to fence a node */
	int told;	      /* ... made again: to the fencer itself */
	bool always_quorate;  /* Corosync runs on, only vxclustds come and go */
};

/* The world of the running test: Check runs each test in a process of its own. */
extern struct world *w;

void world_setup(void);
void world_teardown(void);
/* Gives one event to one node. */
void deliver(uint32_t id, struct view_event *event);
/* A change of the membership, with the node that left (0: none). */
void membership(uint32_t left);
/* Delivers the next thing on the bus to one node. */
bool advance(uint32_t id);
void run_bus(void);
/* Delivers everything; fires timers that begin or poll when the bus is silent; so many rounds. */
void run(int rounds);
/* Fires a timer of a node, if it is set. */
void fire(uint32_t id, enum view_timer timer);
void boot(uint32_t id);
/* Boots nodes 1 to 3: a view. */
void three(void);
/* All nodes that are up run one view. */
void expect_view(uint32_t master, size_t members);
void crash(uint32_t id);
/* All fencers tell of a fencing of the node. */
void fence(uint32_t id);

#endif
