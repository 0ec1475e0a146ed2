// SPDX-License-Identifier: GPL-2.0-or-later
/* The dirty region log of one volume on this node. */
#include "volio/drl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "volio/bits.h"

/* Above the high mark regions are cleared when idle for one tick, down to the low mark. */
#define DRL_HIGH(regions) ((regions) / 2)
#define DRL_LOW(regions) ((regions) / 8 * 3)

int drl_init(struct drl *drl, uint32_t regions, uint32_t age_ticks)
{
	struct drl_list *const list[] = { &drl->pending, &drl->marking, &drl->flushing,
					  &drl->clear_wait, &drl->clearing };
	bool failed = false;

	assert(regions > 0 && regions <= DRL_REGIONS_MAX);
	*drl = (struct drl){ .regions = regions,
			     .blocks = drl_map_blocks(regions),
			     .age_ticks = age_ticks };
	drl->state = calloc(regions, sizeof(*drl->state));
	drl->in_flight = calloc(regions, sizeof(*drl->in_flight));
	drl->used = calloc(regions, sizeof(*drl->used));
	drl->stuck = bits_new(regions);
	drl->bits = bits_new(regions);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		list[i]->region = calloc(regions, sizeof(uint32_t));
		failed = failed || list[i]->region == NULL;
	}
	if (failed || drl->state == NULL || drl->in_flight == NULL || drl->used == NULL ||
	    drl->stuck == NULL || drl->bits == NULL) {
		drl_free(drl);
		return -ENOMEM;
	}
	return 0;
}

void drl_free(struct drl *drl)
{
	free(drl->state);
	free(drl->in_flight);
	free(drl->used);
	free(drl->stuck);
	free(drl->bits);
	free(drl->pending.region);
	free(drl->marking.region);
	free(drl->flushing.region);
	free(drl->clear_wait.region);
	free(drl->clearing.region);
	*drl = (struct drl){ 0 };
}

static void drl_list_add(struct drl *drl, struct drl_list *list, uint32_t region)
{
	assert(list->count < drl->regions);
	list->region[list->count++] = region;
}

static void drl_list_swap(struct drl_list *from, struct drl_list *to)
{
	struct drl_list swap = *to;

	assert(to->count == 0);
	*to = *from;
	*from = swap;
}

static void drl_bit(struct drl *drl, uint32_t region, bool set)
{
	assert(bits_get(drl->bits, region) != set);
	bits_put(drl->bits, region, set);
	drl->marked = set ? drl->marked + 1 : drl->marked - 1;
	drl->changed |= 1u << (region / DRL_BLOCK_BITS);
}

/* ---- the hot path ---- */

bool drl_begin(struct drl *drl, uint32_t first, uint32_t last)
{
	bool ready = true;

	assert(first <= last && last < drl->regions);
	for (uint32_t region = first; region <= last; region++) {
		assert(drl->in_flight[region] < UINT16_MAX);
		drl->in_flight[region]++;
		drl->used[region] = drl->tick;
		switch ((enum drl_state)drl->state[region]) {
		case DRL_CLEAN:
		case DRL_CLEARING: /* the log write in flight lacks the bit: the next one brings it
				      back */
			drl->state[region] = DRL_WAITING;
			drl_bit(drl, region, true);
			drl_list_add(drl, &drl->pending, region);
			ready = false;
			break;
		case DRL_WAITING:
		case DRL_MARKING:
			ready = false;
			break;
		case DRL_CLEARWAIT: /* no log write without the bit has begun: it is still on disk
				     */
			drl_bit(drl, region, true);
			drl->state[region] = DRL_DIRTY;
			break;
		case DRL_FLUSHING:
		case DRL_DIRTY:
			drl->state[region] = DRL_DIRTY;
			break;
		}
	}
	return ready;
}

bool drl_ready(const struct drl *drl, uint32_t first, uint32_t last)
{
	for (uint32_t region = first; region <= last; region++) {
		if (drl->state[region] != DRL_DIRTY) {
			return false;
		}
	}
	return true;
}

void drl_end(struct drl *drl, uint32_t first, uint32_t last)
{
	for (uint32_t region = first; region <= last; region++) {
		assert(drl->in_flight[region] > 0);
		drl->in_flight[region]--;
		drl->used[region] = drl->tick;
	}
}

/* ---- events ---- */

/* V11: only regions without a write, and not stuck ones (V12), are chosen to be cleared. */
static bool drl_choose(struct drl *drl, uint32_t age, uint32_t most)
{
	for (uint32_t i = 0; i < drl->regions && drl->flushing.count < most; i++) {
		uint32_t region = drl->cursor;

		drl->cursor = region + 1 == drl->regions ? 0 : region + 1;
		if (drl->state[region] == DRL_DIRTY && drl->in_flight[region] == 0 &&
		    drl->tick - drl->used[region] >= age && !bits_get(drl->stuck, region)) {
			drl->state[region] = DRL_FLUSHING;
			drl_list_add(drl, &drl->flushing, region);
		}
	}
	return drl->flushing.count > 0;
}

static void drl_choose_by_age(struct drl *drl, struct drl_effects *effects)
{
	if (drl->flush_busy || drl->broken || drl->marked == 0) {
		return;
	}
	if (drl->marked > DRL_HIGH(drl->regions)) {
		drl_choose(drl, 1, drl->marked - DRL_LOW(drl->regions));
	} else {
		drl_choose(drl, drl->age_ticks, drl->regions);
	}
	drl->flush_busy = effects->flush = drl->flushing.count > 0;
}

static void drl_flush_end(struct drl *drl, bool done)
{
	uint32_t kept = 0;

	assert(drl->flush_busy);
	drl->flush_busy = false;
	for (uint32_t i = 0; i < drl->clear_wait.count;
	     i++) { /* those written meanwhile may come again */
		uint32_t region = drl->clear_wait.region[i];

		if (drl->state[region] == DRL_CLEARWAIT) {
			drl->clear_wait.region[kept++] = region;
		}
	}
	drl->clear_wait.count = kept;
	for (uint32_t i = 0; i < drl->flushing.count; i++) {
		uint32_t region = drl->flushing.region[i];

		if (drl->state[region] != DRL_FLUSHING) {
			continue; /* written meanwhile */
		}
		if (done) {
			drl->state[region] = DRL_CLEARWAIT;
			drl_bit(drl, region, false);
			drl_list_add(drl, &drl->clear_wait, region);
		} else {
			drl->state[region] = DRL_DIRTY;
		}
	}
	drl->flushing.count = 0;
}

static void drl_log_end(struct drl *drl, bool done)
{
	assert(drl->writing_blocks != 0);
	for (uint32_t i = 0; i < drl->marking.count; i++) {
		uint32_t region = drl->marking.region[i];

		assert(drl->state[region] == DRL_MARKING);
		if (done) {
			drl->state[region] = DRL_DIRTY;
		} else {
			drl->state[region] = DRL_WAITING;
			drl_list_add(drl, &drl->pending, region);
		}
	}
	for (uint32_t i = 0; i < drl->clearing.count; i++) {
		uint32_t region = drl->clearing.region[i];

		if (drl->state[region] == DRL_CLEARING) {
			drl->state[region] = DRL_CLEAN; /* a bit too many on disk does no harm */
		}
	}
	drl->marking.count = drl->clearing.count = 0;
	drl->writing_blocks = 0;
	drl->broken = !done; /* DRL_RESTART writes every block again */
}

static void drl_log_begin(struct drl *drl, struct drl_effects *effects)
{
	if (drl->writing_blocks != 0 || drl->broken || drl->changed == 0) {
		return;
	}
	drl_list_swap(&drl->pending, &drl->marking);
	for (uint32_t i = 0; i < drl->marking.count; i++) {
		assert(drl->state[drl->marking.region[i]] == DRL_WAITING);
		drl->state[drl->marking.region[i]] = DRL_MARKING;
	}
	for (uint32_t i = 0; i < drl->clear_wait.count; i++) {
		uint32_t region = drl->clear_wait.region[i];

		if (drl->state[region] == DRL_CLEARWAIT) {
			drl->state[region] = DRL_CLEARING;
			drl_list_add(drl, &drl->clearing, region);
		}
	}
	drl->clear_wait.count = 0;
	drl->writing_blocks = drl->changed;
	drl->changed = 0;
	effects->write_blocks = drl->writing_blocks;
}

void drl_step(struct drl *drl, enum drl_event event, struct drl_effects *out_effects)
{
	*out_effects = (struct drl_effects){ 0 };
	switch (event) {
	case DRL_POLL:
		break;
	case DRL_TICK:
		drl->tick++;
		drl_choose_by_age(drl, out_effects);
		break;
	case DRL_LOG_DONE:
	case DRL_LOG_FAILED:
		drl_log_end(drl, event == DRL_LOG_DONE);
		break;
	case DRL_FLUSH_DONE:
	case DRL_FLUSH_FAILED:
		drl_flush_end(drl, event == DRL_FLUSH_DONE);
		break;
	case DRL_RESTART:
		drl->broken = false;
		drl->changed = (1u << drl->blocks) - 1;
		break;
	case DRL_CLEAR_ALL:
		if (!drl->flush_busy) {
			drl->flush_busy = out_effects->flush = drl_choose(drl, 0, drl->regions);
		}
		break;
	}
	drl_log_begin(drl, out_effects);
}

void drl_stick(struct drl *drl, uint32_t region)
{
	bits_put(drl->stuck, region, true);
	if (drl->state[region] == DRL_CLEAN) {
		drl->state[region] = DRL_DIRTY;
		drl_bit(drl, region, true);
	} else if (drl->state[region] == DRL_FLUSHING) {
		drl->state[region] = DRL_DIRTY;
	}
}

void drl_unstick(struct drl *drl, uint32_t region)
{
	bits_put(drl->stuck, region, false);
}

bool drl_is_idle(const struct drl *drl)
{
	return drl->writing_blocks == 0 && !drl->flush_busy;
}

bool drl_is_clean(const struct drl *drl)
{
	return drl_is_idle(drl) && !drl->broken && drl->marked == 0;
}
