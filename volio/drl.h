/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dirty region log of one volume on this node: which regions may differ between plexes. Pure.
 *
 *            write            log write begins       log written
 *   CLEAN ----------> WAITING ----------------> MARKING ------> DIRTY <--------------+
 *     ^                  ^                                       | idle, chosen       | write
 *     |                  | write                                 v                    |
 *     +---- written -- CLEARING <-- log write begins -- CLEARWAIT <-- flushed -- FLUSHING
 *                                                        | write
 *                                                        +-----> DIRTY
 *
 * V10: a write to a region goes to the plexes only when its bit is on every enabled log plex.
 * V11: a bit is taken back only when no write is in the region, and after a flush of the plexes
 * that began after the last write ended. V12: a region with a write that ended in EIO is stuck: its bit
 * stays until somebody made it equal. V13: there is one log write at a time; what comes meanwhile goes
 * together into the next.
 *
 * The hot calls (begin, ready, end) take the first and last region; the rest are events of one step
 * function.
 */
#ifndef VX_VOLIO_DRL_H
#define VX_VOLIO_DRL_H

#include <stdbool.h>
#include <stdint.h>

enum drl_state {
	DRL_CLEAN,
	DRL_WAITING,
	DRL_MARKING,
	DRL_DIRTY,
	DRL_FLUSHING,
	DRL_CLEARWAIT,
	DRL_CLEARING,
};

enum drl_event {
	DRL_POLL, /* after begin said "not ready" */
	DRL_TICK,
	DRL_LOG_DONE,
	DRL_LOG_FAILED, /* no log write begins until DRL_RESTART */
	DRL_FLUSH_DONE,
	DRL_FLUSH_FAILED,
	DRL_RESTART,   /* the set of log plexes changed: the whole map is written again */
	DRL_CLEAR_ALL, /* every region without a write is cleared now, whatever its age */
};

struct drl_effects {
	uint32_t write_blocks; /* bit set of map blocks to write to every log plex, then LOG_DONE or
				  _FAILED */
	bool flush; /* flush the disks of every active plex, then FLUSH_DONE or _FAILED */
};

struct drl_list {
	uint32_t *region;
	uint32_t count;
};

struct drl {
	uint32_t regions, blocks;
	uint8_t *state;
	uint16_t *in_flight;
	uint32_t *used;	  /* tick of the last write */
	uint64_t *stuck;  /* bit map */
	uint64_t *bits;	  /* the map as the next log write has it */
	uint32_t changed; /* bit set of blocks that differ from the disk */
	struct drl_list pending, marking, flushing, clear_wait, clearing;
	uint32_t writing_blocks; /* 0: no log write in flight */
	bool flush_busy;
	bool broken;
	uint32_t tick, cursor, age_ticks;
	uint32_t marked; /* bits set in bits */
};

/* 0 or -ENOMEM. age_ticks: a region idle for that long is cleared. */
int drl_init(struct drl *drl, uint32_t regions, uint32_t age_ticks);
void drl_free(struct drl *drl);

/* Counts a write into regions first..last. true: it may go now (V10). false: after drl_ready(). */
bool drl_begin(struct drl *drl, uint32_t first, uint32_t last);
bool drl_ready(const struct drl *drl, uint32_t first, uint32_t last);
/* The write ended. */
void drl_end(struct drl *drl, uint32_t first, uint32_t last);

void drl_step(struct drl *drl, enum drl_event event, struct drl_effects *out_effects);

/* The region is marked, and stays so until drl_unstick(): a write to it ended in parts (V12), or its
 * bit was found on disk and nobody knows its writes. */
void drl_stick(struct drl *drl, uint32_t region);
void drl_unstick(struct drl *drl, uint32_t region);
bool drl_is_idle(const struct drl *drl);
/* No region is marked, here and on disk. */
bool drl_is_clean(const struct drl *drl);

#endif
