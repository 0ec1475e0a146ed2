// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions of a volume that writes of this node left different. */
#include "volio/stuck.h"

#include <assert.h>
#include <errno.h>

#include "volio/bits.h"

int stuck_init(struct stuck *stuck, uint32_t regions)
{
	*stuck = (struct stuck){ .regions = regions };
	if (regions == 0) {
		return 0;
	}
	stuck->map = bits_new(regions);
	stuck->fresh = bits_new(regions);
	if (stuck->map == NULL || stuck->fresh == NULL) {
		stuck_free(stuck);
		return -ENOMEM;
	}
	return 0;
}

void stuck_free(struct stuck *stuck)
{
	free(stuck->map);
	free(stuck->fresh);
	*stuck = (struct stuck){ 0 };
}

void stuck_add(struct stuck *stuck, uint32_t first, uint32_t last)
{
	assert(first <= last && last < stuck->regions);
	for (uint32_t region = first; region <= last; region++) {
		stuck->count += !bits_get(stuck->map, region);
		bits_put(stuck->map, region, true);
		bits_put(stuck->fresh, region, true);
	}
}

uint32_t stuck_take(struct stuck *stuck, bool all, uint64_t *map)
{
	const uint64_t *from = all ? stuck->map : stuck->fresh;
	uint32_t count = bits_count(from, stuck->regions);

	if (count > 0) {
		bits_or(map, from, stuck->regions);
		bits_put_all(stuck->fresh, stuck->regions, false);
	}
	return count;
}

bool stuck_heal(struct stuck *stuck, uint32_t region)
{
	if (stuck->count == 0 || !bits_get(stuck->map, region) ||
	    bits_get(stuck->fresh, region)) {
		return false;
	}
	bits_put(stuck->map, region, false);
	stuck->count--;
	return true;
}
