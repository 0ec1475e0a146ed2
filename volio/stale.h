/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plexes that are being attached do not have yet: one map for each attach. Pure.
 *
 * An attach is known by its number (Plex.attach), which is never used again: what is said of one
 * attach cannot be taken for another one of the same plex. A map that is not known is full. V31: only
 * who copied a region, flushed the plex and had every write kept out meanwhile clears its bit.
 * Memory: what cannot be had ends the daemon (log_bug).
 */
#ifndef VX_VOLIO_STALE_H
#define VX_VOLIO_STALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "volio/volconf.h"

struct stale_plex {
	uint64_t attach;
	uint64_t *map; /* a bit for each region */
};

struct stale {
	struct stale_plex plex[VX_PLEXES_MAX];
	uint32_t count, regions;
};

/* The configuration changed: new attaches begin with a full map, those that are over are dropped. */
void stale_follow(struct stale *stale, const struct volconf *conf);
void stale_free(struct stale *stale);
/* Regions first..last are copied for these attaches; others are not touched. */
void stale_clear(struct stale *stale, const uint64_t *attach, size_t count, uint32_t first,
		 uint32_t last);
/* Takes the map (a bit for each region, bit 0 of byte 0 first) as what is left of an attach. */
void stale_set(struct stale *stale, uint64_t attach, const uint8_t *map, size_t size);
/* Sets the bits of all of them in map. */
void stale_or(const struct stale *stale, uint64_t *map);
bool stale_any(const struct stale *stale);
/* Bit set of the plexes of conf that lack something of regions first..last. */
uint32_t stale_targets(const struct stale *stale, const struct volconf *conf, uint32_t first,
		       uint32_t last);

#endif
