/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks on ranges of a volume: overlapping writes of this node run one after the other (V5), and
 * the window of a resync excludes writes (V20). Pure; no allocation: a lock lives in its owner.
 *
 * Fair: who overlaps a lock that is held or was asked for earlier waits for it, so that a window
 * is not starved by writes. There are at most VX_VOLUME_REQUESTS of them: a list is quick enough.
 */
#ifndef VX_VOLIO_RANGE_LOCK_H
#define VX_VOLIO_RANGE_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct range_lock {
	TAILQ_ENTRY(range_lock) link;
	uint64_t start, end;
	bool held;   /* in the set and granted */
	bool queued; /* in the set */
};

TAILQ_HEAD(range_list, range_lock);

struct range_set {
	struct range_list all; /* in order of asking */
	uint32_t waiting;      /* of them not held */
};

void range_set_init(struct range_set *set);
/* Asks for [start, end). true: held. false: it waits in the set until range_next() grants it. */
bool range_ask(struct range_set *set, struct range_lock *lock, uint64_t start, uint64_t end);
/* Gives a lock back, held or not. */
void range_leave(struct range_set *set, struct range_lock *lock);
/* The next lock that can be granted now (it is then held), NULL if none. Call until NULL after
 * range_leave(). */
struct range_lock *range_next(struct range_set *set);

#endif
