// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dirty region log: random writes, ticks, slow and failing disks against a model of what is on
 * disk. What must hold after every event: a region with a write on its way to the plexes, or with
 * one that is not on stable storage of every plex, has its bit on disk (V10, V11, V12).
 */
#include "tests/unit/suite.h"
#include "volio/drl.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"
#include "volio/bits.h"
#include "volio/drl_format.h"

#define REGIONS 60
#define WRITES 12

struct write {
	bool used, going; /* going: it was told that its regions are marked */
	uint32_t first, last;
};

struct world {
	struct drl drl;
	uint64_t disk[1], in_log_write[1]; /* maps: on disk; of the log write under way */
	bool log_busy, flush_busy;
	uint32_t
		unsafe[REGIONS]; /* writes that ended since the last flush that covers them began */
	uint32_t flushing[REGIONS]; /* of those: ended before the flush under way began */
	bool stuck[REGIONS];
	struct write write[WRITES];
	uint32_t log_writes;
};

static void world_check(const struct world *world)
{
	for (uint32_t region = 0; region < REGIONS; region++) {
		bool needed = world->stuck[region] || world->unsafe[region] > 0;

		for (int i = 0; i < WRITES; i++) {
			const struct write *write = &world->write[i];

			needed = needed ||
				 (write->going && region >= write->first && region <= write->last);
		}
		if (needed) {
			ck_assert_msg(bits_get(world->disk, region),
				      "region %u is not marked on disk", region);
			/* ... and would still be if the log write under way reached the disk now */
			ck_assert_msg(!world->log_busy || bits_get(world->in_log_write, region),
				      "region %u loses its mark too early", region);
		}
	}
}

static void world_step(struct world *world, enum drl_event event)
{
	struct drl_effects effects;

	drl_step(&world->drl, event, &effects);
	if (effects.write_blocks != 0) {
		ck_assert(!world->log_busy); /* V13 */
		world->log_busy = true;
		world->log_writes++;
		memcpy(world->in_log_write, world->drl.bits, sizeof(world->in_log_write));
	}
	if (effects.flush) {
		ck_assert(!world->flush_busy);
		world->flush_busy = true;
		memcpy(world->flushing, world->unsafe, sizeof(world->flushing));
	}
	for (int i = 0; i < WRITES; i++) {
		struct write *write = &world->write[i];

		if (write->used && !write->going &&
		    drl_ready(&world->drl, write->first, write->last)) {
			write->going = true;
		}
	}
}

static void world_write(struct world *world)
{
	struct write *write = &world->write[rand() % WRITES];

	if (!write->used) {
		write->first = (uint32_t)rand() % REGIONS;
		write->last = write->first + (uint32_t)rand() % 4;
		write->last = write->last < REGIONS ? write->last : REGIONS - 1;
		write->used = true;
		write->going = drl_begin(&world->drl, write->first, write->last);
		if (!write->going) {
			world_step(world, DRL_POLL);
		}
	} else if (write->going) {
		bool stuck = rand() % 200 == 0;

		for (uint32_t region = write->first; region <= write->last; region++) {
			world->unsafe[region]++;
			if (stuck) {
				world->stuck[region] = true;
				drl_stick(&world->drl, region);
			}
		}
		drl_end(&world->drl, write->first, write->last);
		write->used = write->going = false;
	}
}

static void world_log_end(struct world *world, bool fails)
{
	world->log_busy = false;
	if (fails && rand() % 2 == 0) { /* it may have reached the disk all the same */
		memcpy(world->disk, world->in_log_write, sizeof(world->disk));
	} else if (!fails) {
		memcpy(world->disk, world->in_log_write, sizeof(world->disk));
	}
	world_step(world, fails ? DRL_LOG_FAILED : DRL_LOG_DONE);
}

static void world_flush_end(struct world *world, bool fails)
{
	world->flush_busy = false;
	for (uint32_t region = 0; !fails && region < REGIONS; region++) {
		world->unsafe[region] -= world->flushing[region];
	}
	world_step(world, fails ? DRL_FLUSH_FAILED : DRL_FLUSH_DONE);
}

START_TEST(a_region_at_risk_is_marked_on_disk)
{
	struct world world;

	memset(&world, 0, sizeof(world));
	srand((unsigned int)_i);
	ck_assert_int_eq(drl_init(&world.drl, REGIONS, 3), 0);
	for (int step = 0; step < 2500; step++) {
		int what = rand() % 10;

		if (what < 5) {
			world_write(&world);
		} else if (what < 7 && world.log_busy) {
			world_log_end(&world, rand() % 50 == 0);
		} else if (what < 8 && world.flush_busy) {
			world_flush_end(&world, rand() % 20 == 0);
		} else if (what == 8) {
			world_step(&world, DRL_TICK);
		} else if (world.drl.broken && !world.log_busy) {
			world_step(&world, DRL_RESTART);
		}
		world_check(&world);
	}
	drl_free(&world.drl);
}
END_TEST

/* Everything ends: after the last write all that is not stuck becomes clean. */
START_TEST(everything_becomes_clean)
{
	struct world world;

	memset(&world, 0, sizeof(world));
	srand((unsigned int)_i + 1000);
	ck_assert_int_eq(drl_init(&world.drl, REGIONS, 3), 0);
	for (int step = 0; step < 500; step++) {
		world_write(&world);
		if (world.log_busy && rand() % 2 == 0) {
			world_log_end(&world, false);
		}
	}
	for (int step = 0; step < 500; step++) {
		for (int i = 0; i < WRITES; i++) {
			if (world.write[i].going) {
				drl_end(&world.drl, world.write[i].first, world.write[i].last);
				world.write[i].used = world.write[i].going = false;
			}
		}
		if (world.log_busy) {
			world_log_end(&world, false);
		}
		if (world.flush_busy) {
			world_flush_end(&world, false);
		}
		world_step(&world, _i % 2 == 0 ? DRL_TICK : DRL_CLEAR_ALL);
		world_check(&world);
	}
	for (uint32_t region = 0; region < REGIONS; region++) {
		ck_assert(bits_get(world.disk, region) == world.stuck[region]);
	}
	ck_assert(drl_is_idle(&world.drl));
	ck_assert(drl_is_clean(&world.drl) == (bits_count(world.disk, REGIONS) == 0)); /* V16 */
	drl_free(&world.drl);
}
END_TEST

/* V13: many marks that come during a log write go together into the next one. */
START_TEST(marks_are_grouped)
{
	struct world world;

	memset(&world, 0, sizeof(world));
	ck_assert_int_eq(drl_init(&world.drl, REGIONS, 3), 0);
	for (uint32_t i = 0; i < 40; i++) {
		ck_assert(!drl_begin(&world.drl, i, i));
		world_step(&world, DRL_POLL);
	}
	ck_assert_uint_eq(world.log_writes, 1);
	world_log_end(&world, false);
	ck_assert_uint_eq(world.log_writes, 2);
	world_log_end(&world, false);
	ck_assert(drl_ready(&world.drl, 0, 39));
	ck_assert_uint_eq(world.log_writes, 2);
	drl_free(&world.drl);
}
END_TEST

/* ---- bytes ---- */

static struct drl_block_id sample_id(enum drl_kind kind, uint32_t slot, uint32_t index)
{
	return (struct drl_block_id){ .group_hash = drl_group_hash("1700000000.1.a"),
				      .volume_rid = 42,
				      .region_len = 512,
				      .regions = 40000,
				      .kind = kind,
				      .slot = slot,
				      .index = index };
}

/* "OFFSET: 16 bytes" a line, lines of zeroes left out, so that a change of the format can be
 * reviewed. */
static void golden_text(const uint8_t *block, char *out, size_t size)
{
	static const uint8_t zero[16];
	size_t used = 0;

	for (size_t at = 0; at < VX_BLOCK; at += 16) {
		if (memcmp(block + at, zero, 16) != 0) {
			used += (size_t)snprintf(out + used, size - used, "%06zx:", at);
			for (size_t i = 0; i < 16; i++) {
				used += (size_t)snprintf(out + used, size - used, " %02x",
							 block[at + i]);
			}
			used += (size_t)snprintf(out + used, size - used, "\n");
		}
	}
}

/* VXHA_GOLDEN_WRITE=1 writes the file anew: only with a commit that says why the format changed. */
START_TEST(golden_block)
{
	const char *top = getenv("VXHA_TOP") != NULL ? getenv("VXHA_TOP") : ".";
	struct drl_block_id id = sample_id(DRL_KIND_ACTIVE, 3, 1);
	uint64_t *map = bits_new(id.regions), sequence = 0;
	uint8_t block[VX_BLOCK];
	char path[4096], text[32768] = "", stored[32768] = "";
	FILE *file;

	for (uint32_t i = 0; i < id.regions; i += 97) {
		bits_put(map, i, true);
	}
	drl_block_encode(block, &id, 0x1122334455667788, map);
	golden_text(block, text, sizeof(text));
	snprintf(path, sizeof(path), "%s/tests/unit/golden/drl_block.golden", top);
	if (getenv("VXHA_GOLDEN_WRITE") != NULL) {
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		fclose(file);
	}
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: cannot be read (run from the top folder, or set VXHA_TOP)",
		      path);
	ck_assert(fread(stored, 1, sizeof(stored) - 1, file) > 0);
	fclose(file);
	ck_assert_msg(strcmp(text, stored) == 0, "%s: the format on disk changed", path);
	bits_put_all(map, id.regions, false);
	ck_assert_int_eq(drl_block_decode(block, &id, &sequence, map), 0);
	ck_assert_uint_eq(sequence, 0x1122334455667788);
	for (uint32_t i = 0; i < id.regions; i++) {
		ck_assert(bits_get(map, i) == (i >= DRL_BLOCK_BITS && i % 97 == 0));
	}
	free(map);
}
END_TEST

/* Any changed bit, any other identity: the block does not decode, and then counts as all dirty
 * (V14). */
START_TEST(damage_is_seen)
{
	struct drl_block_id id = sample_id(DRL_KIND_RECOVERY, 0, 0), other;
	uint64_t *map = bits_new(id.regions), sequence;
	uint8_t block[VX_BLOCK];

	bits_put(map, 5, true);
	drl_block_encode(block, &id, 7, map);
	for (uint32_t bit = 0; bit < VX_BLOCK * 8; bit += bit < 512 ? 1 : 37) {
		block[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		ck_assert_int_ne(drl_block_decode(block, &id, &sequence, NULL), 0);
		block[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	ck_assert_int_eq(drl_block_decode(block, &id, &sequence, NULL), 0);
	other = id;
	other.volume_rid++;
	ck_assert_int_eq(drl_block_decode(block, &other, &sequence, NULL), -VX_E_CORRUPT);
	other = id;
	other.index = 1;
	ck_assert_int_eq(drl_block_decode(block, &other, &sequence, NULL), -VX_E_CORRUPT);
	other = id;
	other.regions--;
	ck_assert_int_eq(drl_block_decode(block, &other, &sequence, NULL), -VX_E_CORRUPT);
	block[8] = 2; /* a newer major */
	ck_assert_int_eq(drl_block_decode(block, &id, &sequence, NULL), -VX_E_VERSION);
	bits_put_all(map, id.regions, false);
	id.index = 1;
	drl_block_all_dirty(&id, map);
	ck_assert_uint_eq(bits_count(map, id.regions), id.regions - DRL_BLOCK_BITS);
	free(map);
}
END_TEST

START_TEST(blocks_do_not_overlap)
{
	uint32_t map_blocks = drl_map_blocks(40000);
	uint64_t next = VX_BLOCK;
	struct drl_block_id id = sample_id(DRL_KIND_HEADER, 0, 0);

	ck_assert_uint_eq(drl_block_offset(&id), 0);
	for (uint32_t map = 0; map <= VX_NODES_MAX; map++) {
		for (uint32_t i = 0; i < map_blocks; i++) {
			id = sample_id(map == 0 ? DRL_KIND_RECOVERY : DRL_KIND_ACTIVE,
				       map == 0 ? 0 : map - 1, i);
			ck_assert_uint_eq(drl_block_offset(&id), next);
			next += VX_BLOCK;
		}
	}
	ck_assert_uint_eq(next, drl_log_len(UINT64_C(40000) * 512, 512) * VX_SECTOR);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio drl");
	TCase *tcase = tcase_create("drl");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_region_at_risk_is_marked_on_disk, 0, 60);
	tcase_add_loop_test(tcase, everything_becomes_clean, 0, 20);
	tcase_add_test(tcase, marks_are_grouped);
	tcase_add_test(tcase, golden_block);
	tcase_add_test(tcase, damage_is_seen);
	tcase_add_test(tcase, blocks_do_not_overlap);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
