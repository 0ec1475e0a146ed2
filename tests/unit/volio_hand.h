/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane that the test turns by hand, in its own thread: calls and mails are delivered when it says
 * so, transfers end when and how it says so. Instead of ring.c.
 */
#ifndef VX_TESTS_UNIT_VOLIO_HAND_H
#define VX_TESTS_UNIT_VOLIO_HAND_H

#include "volio/iod.h"
#include "volio/lane.h"
#include "volio/volconf.h"

#define HAND_DISKS 8
#define HAND_OPS 4096
#define HAND_REGION (UINT64_C(1) << 20)

enum hand_kind { HAND_READ, HAND_WRITE, HAND_ZERO, HAND_FLUSH, HAND_OTHER };

/* A transfer under way. */
struct hand_op {
	struct ring_op *op;
	enum hand_kind kind;
	int disk;
	uint64_t offset, length;
	bool durable;
};

struct hand {
	struct iod iod; /* its mailbox and its only lane */
	struct lane lane;
	struct iodisk disk[HAND_DISKS];
	struct hand_op op[HAND_OPS];
	size_t ops;
};

extern struct hand hand;

void hand_open(void);
void hand_close(void);
/* Delivers what waits for the lane; for the main thread; both until nothing waits. */
void hand_lane(void);
void hand_main(void);
void hand_turn(void);
/* Ends one transfer: 0, all of it is done, or an error. */
void hand_end(size_t index, int error);
/* Ends the transfers on one disk, or on all (-1), also those that come from it; turns. */
void hand_end_disk(int disk, int error);
/* Plex i is on disk i, with ids 10 + i, attach number 100 + i if it is being attached; so are logs. No plex: the
 * volume is stopped. */
struct volconf *hand_conf(uint32_t plexes, uint32_t attaching, uint32_t logs, uint32_t regions);

#endif
