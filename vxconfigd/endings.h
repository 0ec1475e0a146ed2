/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How transactions ended in the sight of this vxconfigd, of all groups, those that are gone
 * included (T11). A member without whose vote nothing is written, that missed nothing since then
 * and forgot nothing, knows that what is not among them was not committed.
 *
 * Pure; times are this process's clock_ms().
 */
#ifndef VX_VXCONFIGD_ENDINGS_H
#define VX_VXCONFIGD_ENDINGS_H

#include <stdint.h>

enum ending {
	ENDING_NONE, /* not among them */
	ENDING_COMMITTED,
	ENDING_OPEN, /* decided, but not stored: it may turn out either way */
};

struct ending_ring;

int endings_create(struct ending_ring **out_ring); /* 0, -ENOMEM */
/* This node takes part from now on; nothing if it did already. */
void endings_begin(struct ending_ring *ring, uint64_t now_ms);
/* It does not any more: others may change what they have without its vote. */
void endings_break(struct ending_ring *ring);
/* The oldest beyond VX_ENDINGS_MAX is forgotten. */
void endings_add(struct ending_ring *ring, const uint8_t *txid, enum ending ending,
		 uint64_t now_ms);
/* The last word on it. */
enum ending endings_find(const struct ending_ring *ring, const uint8_t *txid);
/* Everything that was committed in the last so many ms is among them; 0: nothing can be said. */
uint64_t endings_reach(const struct ending_ring *ring, uint64_t now_ms);

#endif
