// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps of a volume whose length, or length of regions, changes. */
#include "volio/reshape.h"

#include "volio/bits.h"

bool reshape_is_needed(const struct volconf *old, const struct volconf *conf)
{
	return old->regions > 0 && conf->regions > 0 &&
	       (old->length != conf->length || reshape_is_of_regions(old, conf));
}

bool reshape_is_of_regions(const struct volconf *old, const struct volconf *conf)
{
	return old->regions != conf->regions || old->region_bytes != conf->region_bytes;
}

/* Regions of conf that [from, to) meets. */
static void reshape_put(const struct volconf *conf, uint64_t from, uint64_t to, uint64_t *map)
{
	to = to < conf->length ? to : conf->length;
	for (uint64_t region = from / conf->region_bytes;
	     from < to && region <= (to - 1) / conf->region_bytes; region++) {
		bits_put(map, (uint32_t)region, true);
	}
}

void reshape_bits(const uint64_t *map, uint32_t regions, uint64_t region_bytes,
		  const struct volconf *conf, uint64_t *out_map)
{
	for (uint32_t region = bits_next(map, 0, regions); region < regions;
	     region = bits_next(map, region + 1, regions)) {
		uint64_t from = region * region_bytes;

		reshape_put(conf, from, from + region_bytes, out_map);
	}
}

void reshape_map(const struct volconf *old, const uint64_t *map, const struct volconf *conf,
		 uint64_t *out_map)
{
	if (map != NULL) {
		reshape_bits(map, old->regions, old->region_bytes, conf, out_map);
	} else {
		reshape_put(conf, 0, old->length, out_map);
	}
	reshape_put(conf, old->length, conf->length, out_map);
}
