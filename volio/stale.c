// SPDX-License-Identifier: GPL-2.0-or-later
/* What the plexes that are being attached do not have yet. */
#include "volio/stale.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "volio/bits.h"

static struct stale_plex *stale_find(struct stale *stale, uint64_t attach)
{
	for (uint32_t i = 0; i < stale->count; i++) {
		if (stale->plex[i].attach == attach) {
			return &stale->plex[i];
		}
	}
	return NULL;
}

/* The map of an attach before, if it goes on over the same regions; else a full one. */
static uint64_t *stale_take(struct stale *before, uint64_t attach, uint32_t regions)
{
	struct stale_plex *old =
		before->regions == regions ? stale_find(before, attach) : NULL;
	uint64_t *map = old != NULL ? old->map : bits_new(regions);

	if (map == NULL) {
		log_bug("out of memory");
	}
	if (old != NULL) {
		old->map = NULL;
	} else {
		bits_put_all(map, regions, true);
	}
	return map;
}

void stale_follow(struct stale *stale, const struct volconf *conf)
{
	struct stale after = { .regions = conf->regions };

	for (uint32_t i = conf->plexes; i < conf->written; i++) {
		after.plex[after.count++] = (struct stale_plex){
			.attach = conf->plex[i].attach,
			.map = stale_take(stale, conf->plex[i].attach, conf->regions),
		};
	}
	stale_free(stale);
	*stale = after;
}

void stale_free(struct stale *stale)
{
	for (uint32_t i = 0; i < stale->count; i++) {
		free(stale->plex[i].map);
	}
	stale->count = 0;
}

void stale_clear(struct stale *stale, const uint64_t *attach, size_t count, uint32_t first,
		 uint32_t last)
{
	for (size_t i = 0; i < count; i++) {
		const struct stale_plex *plex = stale_find(stale, attach[i]);

		for (uint32_t region = first;
		     plex != NULL && region <= last && region < stale->regions; region++) {
			bits_put(plex->map, region, false);
		}
	}
}

void stale_set(struct stale *stale, uint64_t attach, const uint8_t *map, size_t size)
{
	const struct stale_plex *plex = stale_find(stale, attach);

	if (plex == NULL || size != (stale->regions + 7) / 8) {
		return;
	}
	for (uint32_t i = 0; i < stale->regions; i++) {
		bits_put(plex->map, i, (map[i / 8] >> (i % 8) & 1) != 0);
	}
}

void stale_or(const struct stale *stale, uint64_t *map)
{
	for (uint32_t i = 0; i < stale->count; i++) {
		bits_or(map, stale->plex[i].map, stale->regions);
	}
}

bool stale_any(const struct stale *stale)
{
	for (uint32_t i = 0; i < stale->count; i++) {
		if (bits_next(stale->plex[i].map, 0, stale->regions) < stale->regions) {
			return true;
		}
	}
	return false;
}

uint32_t stale_targets(const struct stale *stale, const struct volconf *conf, uint32_t first,
		       uint32_t last)
{
	uint32_t targets = 0;

	for (uint32_t i = 0; i < stale->count; i++) {
		if (bits_next(stale->plex[i].map, first, last + 1) > last) {
			continue;
		}
		for (uint32_t plex = conf->plexes; plex < conf->written; plex++) {
			targets |= conf->plex[plex].attach == stale->plex[i].attach ? 1u << plex : 0;
		}
	}
	return targets;
}
