// SPDX-License-Identifier: GPL-2.0-or-later
/* The owner's side of a resync. */
#include "volio/resync.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volio/bits.h"

#define ALLOW(state) (1u << RESYNC_##state)

/* Where each state may go, a bit set. */
static const uint32_t resync_next[] = {
	[RESYNC_IDLE] = ALLOW(ASKING) | ALLOW(DONE) | ALLOW(STOPPED),
	[RESYNC_ASKING] = ALLOW(COPYING) | ALLOW(STOPPED),
	[RESYNC_COPYING] = ALLOW(HELD) | ALLOW(CLEARING) | ALLOW(PAUSING) | ALLOW(STOPPED),
	[RESYNC_HELD] = ALLOW(COPYING) | ALLOW(ASKING) | ALLOW(STOPPED),
	[RESYNC_CLEARING] = ALLOW(PAUSING) | ALLOW(STOPPED),
	[RESYNC_PAUSING] = ALLOW(ASKING) | ALLOW(DONE) | ALLOW(STOPPED),
	[RESYNC_DONE] = ALLOW(STOPPED),
	[RESYNC_STOPPED] = ALLOW(STOPPED),
};

static void resync_move(struct resync *resync, enum resync_state state)
{
	assert((resync_next[resync->state] >> state & 1) != 0);
	resync->state = state;
}

void resync_init(struct resync *resync, uint64_t length, uint64_t region_bytes, uint32_t regions,
		 uint64_t *map, const uint32_t *member, uint32_t members, uint64_t serial)
{
	assert(members <= VX_NODES_MAX && regions > 0);
	*resync = (struct resync){
		.length = length,
		.region_bytes = region_bytes,
		.regions = regions,
		.map = map,
		.members = members,
		.serial = serial,
		.total = bits_count(map, regions),
	};
	memcpy(resync->member, member, members * sizeof(member[0]));
}

void resync_free(struct resync *resync)
{
	free(resync->map);
	resync->map = NULL;
}

/* A write of a region that is being copied ended before its window was acknowledged, or in a part that was copied
 * by a window before. */
void resync_differs(struct resync *resync, const uint64_t *map)
{
	for (uint32_t region = bits_next(map, 0, resync->regions); region < resync->regions;
	     region = bits_next(map, region + 1, resync->regions)) {
		uint64_t start = (uint64_t)region * resync->region_bytes;

		if (!bits_get(resync->map, region)) {
			bits_put(resync->map, region, true);
			resync->total++;
		} else if (resync->next > start && resync->next < start + resync->region_bytes) {
			resync->again = true;
		}
	}
}

bool resync_is_clean(const struct resync *resync)
{
	return bits_next(resync->map, resync->first, resync->last + 1) > resync->last;
}

static uint64_t resync_region_end(const struct resync *resync, uint32_t region)
{
	uint64_t end = ((uint64_t)region + 1) * resync->region_bytes;

	return end < resync->length ? end : resync->length;
}

static bool resync_all_acked(const struct resync *resync)
{
	for (uint32_t i = 0; i < resync->members; i++) {
		if (!resync->acked[i]) {
			return false;
		}
	}
	return true;
}

static void resync_copy(struct resync *resync, struct resync_effects *effects)
{
	resync_move(resync, RESYNC_COPYING);
	effects->copy = true;
	effects->offset = resync->offset;
	effects->length = resync->window;
}

/* The next window: from the first byte not copied, over a run of dirty regions, up to
 * VX_WINDOW_BYTES. */
static void resync_ask(struct resync *resync, struct resync_effects *effects)
{
	uint32_t region = bits_next(resync->map, (uint32_t)(resync->next / resync->region_bytes),
				    resync->regions);
	uint64_t start, end;

	if (resync->again) {
		resync->again = false;
		resync->next -= resync->next % resync->region_bytes;
	}
	if (resync->clean_length > 0 && !resync_is_clean(resync)) {
		resync->clean_length = 0;
	}
	if (region == resync->regions) {
		region = bits_next(resync->map, 0, resync->regions);
	}
	if (region == resync->regions) {
		assert(resync->cleaned == resync->total);
		resync_move(resync, RESYNC_DONE);
		effects->done = true;
		return;
	}
	start = (uint64_t)region * resync->region_bytes;
	if (resync->next > start && resync->next < resync_region_end(resync, region)) {
		start = resync->next;
	}
	end = resync_region_end(resync, region);
	while (!resync->narrow && region + 1 < resync->regions && bits_get(resync->map, region + 1) &&
	       resync_region_end(resync, region + 1) - start <= VX_WINDOW_BYTES) {
		end = resync_region_end(resync, ++region);
	}
	if (end - start > VX_WINDOW_BYTES) {
		end = start + VX_WINDOW_BYTES;
	}
	resync->offset = start;
	resync->window = end - start;
	resync->serial++;
	memset(resync->acked, 0, sizeof(resync->acked));
	effects->window = true;
	effects->serial = resync->serial;
	effects->offset = start;
	effects->length = resync->window;
	effects->clean_from = resync->clean_from;
	effects->clean_length = resync->clean_length;
	resync->clean_length = 0;
	resync_move(resync, RESYNC_ASKING);
	if (resync_all_acked(resync)) {
		resync_copy(resync, effects);
	}
}

static void resync_pause(struct resync *resync, struct resync_effects *effects)
{
	resync_move(resync, RESYNC_PAUSING);
	effects->pause = true;
}

/* Regions that end inside the window are equal now; a larger one only with its last window. */
static void resync_copied(struct resync *resync, struct resync_effects *effects)
{
	uint64_t end = resync->offset + resync->window;
	uint32_t first = (uint32_t)(resync->offset / resync->region_bytes);
	uint32_t last = (uint32_t)((end - 1) / resync->region_bytes);

	if (resync->again) {
		resync_pause(resync, effects);
		return;
	}
	resync->next = end;
	if (resync_region_end(resync, last) > end) {
		assert(first == last);
		resync_pause(resync, effects);
		return;
	}
	resync->first = first;
	resync->last = last;
	for (uint32_t region = first; region <= last; region++) {
		assert(bits_get(resync->map, region));
		bits_put(resync->map, region, false);
		resync->cleaned++;
	}
	resync_move(resync, RESYNC_CLEARING);
	effects->clear = true;
	effects->first = first;
	effects->last = last;
}

/* A disk failed, or only a hold ended it early. */
static void resync_failed(struct resync *resync, int result, struct resync_effects *effects)
{
	uint64_t end = resync->offset + resync->window;

	resync_move(resync, RESYNC_HELD);
	if (result == -ECANCELED || !resync->may_release) {
		return;
	}
	resync->next = resync_region_end(resync, (uint32_t)((end - 1) / resync->region_bytes));
	resync->next = resync->next < resync->length ? resync->next : 0;
	resync->released = resync->narrow = true;
	effects->release = true;
	effects->serial = ++resync->serial;
	effects->offset = resync->offset;
}

static void resync_retry(struct resync *resync, struct resync_effects *effects)
{
	if (resync->released) {
		resync->released = false;
		resync_ask(resync, effects);
	} else {
		resync_copy(resync, effects);
	}
}

static void resync_cleared(struct resync *resync, struct resync_effects *effects)
{
	resync->clean_from = (uint64_t)resync->first * resync->region_bytes;
	resync->clean_length = resync_region_end(resync, resync->last) - resync->clean_from;
	resync_pause(resync, effects);
}

static void resync_ack(struct resync *resync, const struct resync_event *event,
		       struct resync_effects *effects)
{
	if (resync->state != RESYNC_ASKING || event->serial != resync->serial) {
		return; /* of an older window */
	}
	for (uint32_t i = 0; i < resync->members; i++) {
		if (resync->member[i] == event->nodeid) {
			resync->acked[i] = true;
		}
	}
	if (resync_all_acked(resync)) {
		resync_copy(resync, effects);
	}
}

void resync_step(struct resync *resync, const struct resync_event *event,
		 struct resync_effects *out_effects)
{
	*out_effects = (struct resync_effects){ 0 };
	if (resync->state == RESYNC_STOPPED) {
		return;
	}
	switch (event->kind) {
	case RESYNC_START:
		assert(resync->state == RESYNC_IDLE);
		resync_ask(resync, out_effects);
		break;
	case RESYNC_ACK:
		resync_ack(resync, event, out_effects);
		break;
	case RESYNC_COPIED:
		assert(resync->state == RESYNC_COPYING);
		if (event->result == 0) {
			resync_copied(resync, out_effects);
		} else {
			resync_failed(resync, event->result, out_effects);
		}
		break;
	case RESYNC_RETRY:
		if (resync->state == RESYNC_HELD) {
			resync_retry(resync, out_effects);
		}
		break;
	case RESYNC_CLEARED:
		assert(resync->state == RESYNC_CLEARING);
		resync_cleared(resync, out_effects);
		break;
	case RESYNC_TIMER:
		if (resync->state == RESYNC_PAUSING) {
			resync_ask(resync, out_effects);
		}
		break;
	case RESYNC_STOP:
		resync_move(resync, RESYNC_STOPPED);
		break;
	}
}
