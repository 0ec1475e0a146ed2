/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner's side of a resync: window after window until no region differs. Pure.
 *
 *   IDLE -START-> ASKING -all acks-> COPYING -copied-> CLEARING -cleared-> PAUSING -timer-> ASKING
 * ... |   ^                                  | held or  v   | RETRY                            +->
 * DONE (no region is left) failed  HELD-+              any -STOP-> STOPPED
 *                                 RETRY of what failed -> ASKING
 *
 * What cannot be copied keeps nobody waiting: its window is given back, it is tried again after what
 * else is left, region by region.
 * V20: nothing is copied in a window before every vxiod of the view said that no write of its node
 * is in it and none will go in. V24: a bit is cleared on disk only after the copy was flushed, and
 * told to others only after that. Regions larger than a window are copied in several; the bit goes
 * with the last. V12: of a region that is told to differ in the middle all is copied anew, and it is not
 * told as clean.
 */
#ifndef VX_VOLIO_RESYNC_H
#define VX_VOLIO_RESYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum resync_state {
	RESYNC_IDLE,
	RESYNC_ASKING,
	RESYNC_COPYING,
	RESYNC_HELD,
	RESYNC_CLEARING,
	RESYNC_PAUSING,
	RESYNC_DONE,
	RESYNC_STOPPED,
};

enum resync_event_kind {
	RESYNC_START,
	RESYNC_ACK,
	RESYNC_COPIED,
	RESYNC_RETRY,
	RESYNC_CLEARED,
	RESYNC_TIMER,
	RESYNC_STOP
};

struct resync_event {
	enum resync_event_kind kind;
	uint32_t nodeid; /* ACK */
	uint64_t serial; /* ACK */
	int result;	 /* COPIED */
};

struct resync_effects {
	bool window; /* ask for [offset, offset + length) under serial, telling what became clean */
	uint64_t serial, offset, length;
	uint64_t clean_from, clean_length; /* bytes */
	bool copy;			   /* offset, length */
	bool release;			   /* the window is given back, under serial */
	bool clear;			   /* regions first..last, on disk and here */
	uint32_t first, last;
	bool pause;
	bool done;
};

struct resync {
	enum resync_state state;
	uint64_t length, region_bytes;	  /* of the volume */
	uint32_t regions, total, cleaned; /* all, dirty at the start, clean since */
	uint64_t *map;			  /* dirty regions; owned */
	uint32_t member[VX_NODES_MAX];	  /* node ids whose word is needed */
	bool acked[VX_NODES_MAX];
	uint32_t members;
	uint64_t serial, offset, window;   /* the present window; serials go on from the caller's */
	uint64_t next;			   /* first byte not yet copied */
	uint64_t clean_from, clean_length; /* not told yet */
	uint32_t first, last;		   /* being cleared */
	bool may_release; /* the caller's: all members know a window that is given back */
	bool released, narrow;
	bool again; /* the region that next is in is copied from its start */
};

/* Takes map over (freed by resync_free()). members may be 0: nobody else uses the volume. serial: of
 * the last window that was asked for before. */
void resync_init(struct resync *resync, uint64_t length, uint64_t region_bytes, uint32_t regions,
		 uint64_t *map, const uint32_t *member, uint32_t members, uint64_t serial);
void resync_free(struct resync *resync);
/* These regions differ (V12), also what of them was copied already. */
void resync_differs(struct resync *resync, const uint64_t *map);
/* CLEARING: are they clean, all that were copied last? */
bool resync_is_clean(const struct resync *resync);
void resync_step(struct resync *resync, const struct resync_event *event,
		 struct resync_effects *out_effects);

#endif
