/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions of a volume that writes of this node left different, as far as it knows (V12). Pure.
 *
 *   equal --a write ends in parts--> FRESH --taken, to be told--> STUCK --healed--> equal
 *                                      ^                            |
 *                                      +-------- another one -------+
 *
 * What is fresh was not told since its last write: no resync that is told now can have healed it.
 */
#ifndef VX_VOLIO_STUCK_H
#define VX_VOLIO_STUCK_H

#include <stdbool.h>
#include <stdint.h>

struct stuck {
	uint32_t regions, count;
	uint64_t *map, *fresh; /* NULL: no regions */
};

/* 0 or -ENOMEM. */
int stuck_init(struct stuck *stuck, uint32_t regions);
void stuck_free(struct stuck *stuck);
/* A write to first..last ended in parts. */
void stuck_add(struct stuck *stuck, uint32_t first, uint32_t last);
/* Takes those that are fresh, or all, into map (or'ed) to be told; the number of them. */
uint32_t stuck_take(struct stuck *stuck, bool all, uint64_t *map);
/* The region was made equal since it was told; false: it was not stuck, or is fresh. */
bool stuck_heal(struct stuck *stuck, uint32_t region);

#endif
