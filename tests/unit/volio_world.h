/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main thread around a lane that the test turns by hand: one group with one volume. What is said to vxconfigd
 * and to the other nodes is only counted. Instead of control.c and ipc_client.c.
 */
#ifndef VX_TESTS_UNIT_VOLIO_WORLD_H
#define VX_TESTS_UNIT_VOLIO_WORLD_H

#include "volio/cluster_own.h"
#include "volio/gather.h"
#include "volio/volume.h"
#include "volio_hand.h"

struct world {
	struct cluster cluster;
	struct iod_group group;
	struct volume *volume;
	struct gather gather;
	unsigned int synced; /* said to vxconfigd */
	unsigned int answers; /* to it; the last one: */
	int answer;
	unsigned int sent;   /* to the other nodes; the last one: */
	uint8_t said[4096];
	size_t said_size;
	bool gone; /* what the gather waited for */
};

extern struct world world;

/* A private group with a volume that runs, all of it to be recovered if full. */
void world_open(struct volconf *conf, bool full);
void world_close(void);
/* Of a volume that is gone. */
void world_end(void);
/* Begins the gather, with one part. */
void world_begin(void);
void world_hold(void);
void world_release(void);
/* Sends it; the lane and this thread have not taken it yet. */
void world_apply(struct volconf *conf, uint64_t *map);
/* Its timers that are due run. */
void world_loop(void);

#endif
