// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owner's side of a resync among several nodes: acknowledgements in any order, late ones,
 * holds, failing copies, a stop and another owner that goes on. What must hold: nothing is copied
 * outside a window that all members acknowledged (V20), a region's bit goes only after all of it
 * was copied (V24), all becomes clean. Writes fail meanwhile, which is told a while later (V12): nothing is
 * told as clean that the owner knows to differ, and all that was told is copied.
 */
#include "tests/unit/suite.h"
#include "volio/resync.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volio/bits.h"

#define NODES 3
#define REGIONS 300

struct world {
	struct resync resync;
	uint64_t length, region_bytes;
	uint64_t *disk;	   /* the recovery map */
	uint8_t *copied;   /* for each 64 KiB: equal on all plexes */
	uint64_t asked;	   /* serial of the window that is asked for */
	uint64_t acks[64]; /* node << 32 | serial, on their way */
	uint32_t acks_count;
	uint64_t offset, window; /* acknowledged by all: may be copied */
	uint32_t told[NODES];	 /* serial that the node acknowledged last */
	bool copying, clearing, pausing, done;
	bool may_release;
	uint32_t released; /* windows that were given back */
	uint32_t bad;	   /* region that cannot be copied while others are dirty; 0: none */
	bool writes_fail;
	uint64_t pending[REGIONS / 64 + 1]; /* it is not told yet that they differ */
};

#define GRAIN 65536u

static bool world_is_copied(const struct world *world, uint32_t region)
{
	uint64_t end = (region + 1) * world->region_bytes;

	end = end < world->length ? end : world->length;
	for (uint64_t at = region * world->region_bytes; at < end; at += GRAIN) {
		if (!world->copied[at / GRAIN]) {
			return false;
		}
	}
	return true;
}

static void world_do(struct world *world, const struct resync_event *event)
{
	struct resync_effects effects;

	resync_step(&world->resync, event, &effects);
	if (effects.window) {
		ck_assert(effects.length > 0 && effects.length <= VX_WINDOW_BYTES);
		ck_assert(effects.offset + effects.length <= world->length);
		if (effects.clean_length > 0) { /* told only what is clean on disk */
			for (uint64_t at = effects.clean_from;
			     at < effects.clean_from + effects.clean_length; at += GRAIN) {
				uint32_t region = (uint32_t)(at / world->region_bytes);

				ck_assert(!bits_get(world->disk, region));
				ck_assert_msg(world_is_copied(world, region) ||
						      bits_get(world->pending, region),
					      "region %u is told as clean, and differs", region);
			}
		}
		world->asked = effects.serial;
		world->offset = effects.offset;
		world->window = effects.length;
		for (uint64_t node = 0; node < NODES; node++) {
			ck_assert(world->acks_count < 64);
			world->acks[world->acks_count++] = (node + 1) << 32 | effects.serial;
		}
	}
	if (effects.release) { /* writes go where they like */
		ck_assert(!effects.window && !effects.copy && world->resync.may_release);
		world->window = 0;
		world->released++;
		memset(world->told, 0, sizeof(world->told));
	}
	if (effects.copy) {
		for (int node = 0; node < NODES; node++) {
			ck_assert_msg(world->told[node] == world->asked,
				      "copy without the word of node %d", node + 1);
		}
		ck_assert(effects.offset == world->offset && effects.length == world->window);
		ck_assert(!world->copying);
		world->copying = true;
	}
	if (effects.clear) {
		for (uint32_t region = effects.first; region <= effects.last; region++) {
			ck_assert_msg(world_is_copied(world, region) ||
					      bits_get(world->pending, region),
				      "region %u is cleared before it is copied", region);
			bits_put(world->disk, region, false);
		}
		world->clearing = true;
	}
	world->pausing = world->pausing || effects.pause;
	world->done = world->done || effects.done;
}

static void world_start(struct world *world)
{
	static const uint32_t members[NODES] = { 1, 2, 3 };
	const struct resync_event start = { .kind = RESYNC_START };
	uint64_t *map = bits_new(REGIONS);

	memcpy(map, world->disk, bits_words(REGIONS) * sizeof(uint64_t));
	resync_init(&world->resync, world->length, world->region_bytes, REGIONS, map, members,
		    NODES, 0);
	world->resync.may_release = world->may_release;
	world->acks_count = 0;
	memset(world->told, 0, sizeof(world->told));
	world->copying = world->clearing = world->pausing = world->done = false;
	world_do(world, &start);
}

static void world_ack(struct world *world)
{
	uint32_t pick = (uint32_t)rand() % world->acks_count;
	uint64_t ack = world->acks[pick];
	const struct resync_event event = { .kind = RESYNC_ACK,
					    .nodeid = (uint32_t)(ack >> 32),
					    .serial = ack & UINT32_MAX };

	if (rand() % 10 != 0) { /* else it comes once more later */
		world->acks[pick] = world->acks[--world->acks_count];
	}
	world->told[event.nodeid - 1] = (uint32_t)event.serial > world->told[event.nodeid - 1]
						? (uint32_t)event.serial
						: world->told[event.nodeid - 1];
	world_do(world, &event);
}

static void world_copied(struct world *world)
{
	struct resync_event event = { .kind = RESYNC_COPIED };
	uint64_t bad = world->bad * world->region_bytes;
	uint32_t released = world->released;

	event.result = rand() % 8 == 0 ? -EIO : rand() % 8 == 0 ? -ECANCELED : 0;
	if (world->bad > 0 && world->offset < bad + world->region_bytes &&
	    world->offset + world->window > bad && bits_count(world->disk, REGIONS) > 1) {
		event.result = -EIO;
	}
	for (uint64_t at = world->offset; event.result == 0 && at < world->offset + world->window;
	     at += GRAIN) {
		world->copied[at / GRAIN] = 1;
	}
	world->copying = false;
	world_do(world, &event);
	ck_assert_uint_eq(world->released - released, world->may_release && event.result == -EIO);
}

/* A write of node 1 ends in parts; not in a window that its node acknowledged. */
static void world_fail_write(struct world *world)
{
	uint64_t grains = world->length / GRAIN + (world->length % GRAIN != 0);
	uint64_t at = (uint64_t)rand() % grains * GRAIN;
	uint64_t near = world->resync.next / world->region_bytes * world->region_bytes;

	if (rand() % 2 == 0 && near + world->region_bytes <= world->length) {
		at = near + at % world->region_bytes; /* where it copies */
	}
	if (world->told[0] == world->asked && at + GRAIN > world->offset &&
	    at < world->offset + world->window) {
		return;
	}
	world->copied[at / GRAIN] = 0;
	bits_put(world->pending, (uint32_t)(at / world->region_bytes), true);
}

/* One after the other, as they are told. */
static void world_tell(struct world *world)
{
	uint32_t region = bits_next(world->pending, (uint32_t)rand() % REGIONS, REGIONS);
	uint64_t map[REGIONS / 64 + 1] = { 0 };

	if (region < REGIONS) {
		bits_put(world->pending, region, false);
		bits_put(world->disk, region, true);
		bits_put(map, region, true);
		resync_differs(&world->resync, map);
	}
}

/* One life of an owner; false: it was stopped before the end. */
static bool world_run(struct world *world, bool may_stop)
{
	const struct resync_event cleared = { .kind = RESYNC_CLEARED },
				  timer = { .kind = RESYNC_TIMER };
	const struct resync_event retry = { .kind = RESYNC_RETRY }, stop = { .kind = RESYNC_STOP };

	world_start(world);
	for (int step = 0; step < 100000 && !world->done; step++) {
		if (may_stop && rand() % 300 == 0) {
			world_do(world, &stop);
			resync_free(&world->resync);
			return false;
		}
		if (world->writes_fail && rand() % 8 == 0) {
			if (step < 3000) {
				world_fail_write(world);
			}
			world_tell(world);
		}
		if (world->acks_count > 0 && rand() % 2 == 0) {
			world_ack(world);
		} else if (world->copying) {
			world_copied(world);
		} else if (world->clearing) {
			world->clearing = false;
			world_do(world, &cleared);
		} else if (world->pausing) {
			world->pausing = false;
			world_do(world, &timer);
		} else {
			world_do(world, &retry);
		}
	}
	ck_assert_msg(world->done, "no end");
	for (uint32_t region = 0; region < REGIONS && world->writes_fail; region++) {
		ck_assert_msg(world_is_copied(world, region) || bits_get(world->pending, region),
			      "region %u differs at the end", region);
	}
	resync_free(&world->resync);
	return true;
}

START_TEST(everything_is_copied_and_then_clean)
{
	static const uint64_t region_bytes[] = { 65536, 262144, 4194304, 16777216 };
	struct world world = { .region_bytes = region_bytes[_i % 4],
			       .may_release = _i / 4 % 2 == 0 };
	uint32_t lives = 0;

	srand((unsigned int)_i);
	world.length = world.region_bytes * (REGIONS - 1) + GRAIN; /* the last region is short */
	world.disk = bits_new(REGIONS);
	world.copied = calloc(world.length / GRAIN + 1, 1);
	for (uint32_t region = 0; region < REGIONS; region++) {
		if (rand() % 3 == 0) {
			bits_put(world.disk, region, true);
		}
	}
	while (!world_run(&world, lives < 5)) {
		lives++;
	}
	ck_assert_uint_eq(bits_count(world.disk, REGIONS), 0);
	free(world.disk);
	free(world.copied);
}
END_TEST

/* What is told after the end is there when the next one begins. */
START_TEST(what_is_told_to_differ_is_copied)
{
	static const uint64_t region_bytes[] = { 65536, 262144, 16777216 };
	struct world world = { .region_bytes = region_bytes[_i % 3],
			       .may_release = _i % 2 == 0,
			       .writes_fail = true };
	uint32_t lives = 0;

	srand((unsigned int)_i);
	world.length = world.region_bytes * (REGIONS - 1) + GRAIN;
	world.disk = bits_new(REGIONS);
	world.copied = calloc(world.length / GRAIN + 1, 1);
	bits_put_all(world.disk, REGIONS, true);
	do {
		bits_or(world.disk, world.pending, REGIONS);
		memset(world.pending, 0, sizeof(world.pending));
		world.writes_fail = lives < 5;
		(void)world_run(&world, lives < 3);
		lives++;
	} while (lives < 6 || bits_count(world.disk, REGIONS) + bits_count(world.pending, REGIONS) > 0);
	for (uint32_t region = 0; region < REGIONS; region++) {
		ck_assert_msg(world_is_copied(&world, region), "region %u differs", region);
	}
	free(world.disk);
	free(world.copied);
}
END_TEST

/* The one that cannot be copied is the last that is left, and blocks nobody meanwhile. */
START_TEST(what_cannot_be_copied_waits)
{
	struct world world = { .region_bytes = _i % 2 == 0 ? 262144 : 16777216,
			       .may_release = true,
			       .bad = _i % 3 == 0 ? 7 : REGIONS - 1 };

	srand((unsigned int)_i);
	world.length = world.region_bytes * (REGIONS - 1) + GRAIN;
	world.disk = bits_new(REGIONS);
	world.copied = calloc(world.length / GRAIN + 1, 1);
	bits_put_all(world.disk, REGIONS, true);
	ck_assert(world_run(&world, false));
	ck_assert_uint_gt(world.released, 0);
	ck_assert_uint_eq(bits_count(world.disk, REGIONS), 0);
	free(world.disk);
	free(world.copied);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio resync");
	TCase *tcase = tcase_create("resync");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, everything_is_copied_and_then_clean, 0, 100);
	tcase_add_loop_test(tcase, what_cannot_be_copied_waits, 0, 10);
	tcase_add_loop_test(tcase, what_is_told_to_differ_is_copied, 0, 60);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
