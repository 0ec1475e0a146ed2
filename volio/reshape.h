/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps of a volume whose length, or length of regions, changes (V33). Pure.
 *
 * Nothing that was dirty becomes clean: a new region is dirty if any old one that it meets was. New
 * space is dirty: the plexes hold there whatever the disks held.
 */
#ifndef VX_VOLIO_RESHAPE_H
#define VX_VOLIO_RESHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "volio/volconf.h"

/* Is the volume longer or shorter, or divided into other regions? */
bool reshape_is_needed(const struct volconf *old, const struct volconf *conf);
/* The latter: then the log has another form too. */
bool reshape_is_of_regions(const struct volconf *old, const struct volconf *conf);
/* Bits of map, of regions of that length, as bits of conf's regions (or'ed). */
void reshape_bits(const uint64_t *map, uint32_t regions, uint64_t region_bytes,
		  const struct volconf *conf, uint64_t *out_map);
/* The map of conf (or'ed) that stands for map of old. map NULL: all of it is dirty. */
void reshape_map(const struct volconf *old, const uint64_t *map, const struct volconf *conf,
		 uint64_t *out_map);

#endif
