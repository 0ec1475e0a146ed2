// SPDX-License-Identifier: GPL-2.0-or-later
/* D21: one copy of a group is damaged: what counts then, and how it is written anew. */
#include "tests/unit/suite.h"
#include "vxconfigd/copies_core.h"

#include <check.h>
#include <string.h>

#include "region_group.h"

/* X(name, what rots on d2, the words that tell it) */
#define DAMAGES(X) \
	X(CLAIMS, PART_CLAIMS, "corrupt: its claims are damaged") \
	X(HEADERS, PART_HEADERS, "corrupt: its checkpoints are damaged") \
	X(BODY, PART_BODY, "corrupt: its newest checkpoint is damaged") \
	X(BODIES, PART_BODY | PART_OTHER_BODY, "corrupt: its newest checkpoint is damaged") \
	X(ALL, PART_CLAIMS | PART_HEADERS | PART_BODY | PART_OTHER_BODY, "corrupt: its checkpoints are damaged")

enum part { PART_CLAIMS = 1, PART_HEADERS = 2, PART_BODY = 4, PART_OTHER_BODY = 8 };
enum damage {
#define DAMAGE_ENUM(name, parts, words) DAMAGE_##name,
	DAMAGES(DAMAGE_ENUM)
#undef DAMAGE_ENUM
	DAMAGE_COUNT
};

static const struct {
	unsigned int parts;
	const char *words;
} damage_table[] = {
#define DAMAGE_ROW(name, parts, words) { parts, words },
	DAMAGES(DAMAGE_ROW)
#undef DAMAGE_ROW
};

static void rot(struct memdisk *disk, uint32_t block)
{
	for (size_t i = 0; i < VX_BLOCK; i++) {
		disk->data[(size_t)block * VX_BLOCK + i] ^= 0x5a;
	}
}

/* Three contents, so that both slots of d2 were written; then d2 rots. */
static void damage(enum damage kind)
{
	const unsigned int parts = damage_table[kind].parts;
	struct memdisk *disk = &world.disk[1];
	struct copy_place place;

	world_checkpoint(&world, E1, 2, 2, 7);
	ck_assert_int_eq(world.task.error, 0);
	world_end(&world);
	world_append(&world, E1, 3, 2, 3, 50);
	ck_assert_int_eq(world.task.error, 0);
	world_end(&world);
	place = region_place(disk);
	for (uint32_t i = 0; i < 2; i++) {
		if ((parts & PART_CLAIMS) != 0) {
			rot(disk, place.layout.claim_block + i);
		}
		if ((parts & PART_HEADERS) != 0) {
			rot(disk, place.layout.header_block + i);
		}
	}
	if ((parts & PART_BODY) != 0) {
		rot(disk, place.layout.body_block[place.slot]);
	}
	if ((parts & PART_OTHER_BODY) != 0) {
		rot(disk, place.layout.body_block[1 - place.slot]);
	}
}

static const char *state_of_d2(void)
{
	const struct copies_found *found = &world.task.found;

	for (size_t i = 0; i < found->copy_count; i++) {
		if (strcmp(found->copy[i].disk, "d2") == 0) {
			return found->copy[i].state;
		}
	}
	return "none";
}

/* Reads the group: no error, content seq, and d2 in this state. */
static void check_group(uint64_t seq, const char *state)
{
	world_read(&world, UINT64_MAX);
	ck_assert_msg(world.task.found.error == 0, "%s", world.task.found.reason);
	ck_assert_uint_eq(world.task.found.config->seq, seq);
	ck_assert_str_eq(state_of_d2(), state);
	world_end(&world);
}

/* d2 and one other copy are enough again. */
static void check_d2_counts(uint64_t seq)
{
	restart(THREE);
	world.failing[0] = true;
	check_group(seq, "clean online");
	world.failing[0] = false;
}

START_TEST(is_told_and_not_believed)
{
	damage(_i);
	restart(THREE);
	check_group(3, damage_table[_i].words);
	world.failing[2] = true;
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_MINORITY);
	ck_assert_msg(strstr(world.task.found.reason, "d2: corrupt") != NULL, "%s", world.task.found.reason);
	world_end(&world);
}
END_TEST

/* Who writes does not know of it until somebody reads. */
START_TEST(next_change_mends_it)
{
	damage(_i);
	check_group(3, damage_table[_i].words);
	world_append(&world, E1, 4, 3, 4, 50);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_append(&world, E1, 5, 4, 5, 50);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	check_d2_counts(5);
}
END_TEST

START_TEST(takeover_mends_it)
{
	damage(_i);
	restart(THREE);
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	if ((damage_table[_i].parts & PART_CLAIMS) != 0) {
		check_group(3, damage_table[_i].words); /* a claim alone hides nothing */
	}
	world_checkpoint(&world, E2, 4, 4, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	check_d2_counts(4);
}
END_TEST

/* A promise that was lost may have been on d2 and d3: with d1 and d2 alone nothing is written. */
START_TEST(lost_promise_is_no_vote)
{
	struct memdisk *disk = &world.disk[1];
	size_t length = (size_t)disk->blocks * VX_BLOCK;
	uint8_t *before = malloc(length);

	damage(DAMAGE_CLAIMS);
	memcpy(before, disk->data, length);
	world.failing[2] = true;
	if (_i == 0) {
		restart(THREE);
		world_claim(&world, E2);
	} else if (_i == 1) {
		world_checkpoint(&world, E1, 4, 4, 7);
	} else { /* the sets are not known, and do not count */
		restart(THREE);
		world.force = true;
		world_claim(&world, E2);
		world.force = false;
	}
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	ck_assert_int_eq(memcmp(before, disk->data, length), 0);
	free(before);
	world.failing[2] = false;
	restart(THREE);
	world_claim(&world, E3);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_checkpoint(&world, E3, 4, 4, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	check_d2_counts(4);
}
END_TEST

/* The same when d3 fails only as it is written. */
START_TEST(lost_promise_is_no_witness)
{
	damage(DAMAGE_CLAIMS);
	world.read_only[2] = true;
	world_checkpoint(&world, E1, 4, 4, 7);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	ck_assert_msg(strstr(world.task.reason, "1 of 3") != NULL, "%s", world.task.reason);
	world_end(&world);
}
END_TEST

/* A header that outlived its body is not in the way of an older content. */
START_TEST(newest_header_is_replaced)
{
	struct memdisk *disk = &world.disk[1];
	struct copy_place place = region_place(disk);

	region_checkpoint(disk, &place, E3, 9, 9, 1);
	rot(disk, place.layout.body_block[0]);
	rot(disk, place.layout.body_block[1]);
	restart(THREE);
	world_checkpoint(&world, E2, 2, 2, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	check_d2_counts(2);
}
END_TEST

/* R12: the one copy that says that nobody is left is one that is believed. */
START_TEST(closing_passes_it_over)
{
	damage(_i);
	world.failing[0] = true;
	world_checkpoint_task(&world, E1, 4, 4, 0);
	world.task.close = true;
	world_run(&world);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world.failing[0] = false;
	restart(THREE);
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, 0);
	ck_assert_uint_eq(world.task.found.durable_count, 0);
	ck_assert_str_eq(state_of_d2(), damage_table[_i].words);
	world_end(&world);
}
END_TEST

/* Power goes at any write of the mending: the old or the new content, and d2 mended or still marked. */
START_TEST(crash_while_it_is_mended)
{
	for (int crash = 0; crash < 10; crash++) {
		group_free();
		group_create();
		world.seed = (unsigned int)(_i * 100 + crash);
		damage(_i);
		restart(THREE);
		world.crash_in = crash;
		world_checkpoint(&world, E2, 4, 4, 7);
		if (!world.crashed) {
			world_end(&world);
		}
		restart(THREE);
		world_read(&world, UINT64_MAX);
		ck_assert_msg(world.task.found.error == 0, "%s", world.task.found.reason);
		ck_assert_uint_eq(region_number(world.task.found.config), world.task.found.config->seq);
		ck_assert(world.task.found.config->seq == 3 || world.task.found.config->seq == 4);
		if (strncmp(state_of_d2(), "corrupt", 7) != 0) {
			struct copy_image *image;

			world_end(&world);
			image = memdisk_image(&world.disk[1]);
			ck_assert_uint_eq(image->place.seq, 4);
			copy_image_free(image);
		} else {
			world_end(&world);
		}
		world_claim(&world, E3);
		ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
		world_end(&world);
		world_checkpoint(&world, E3, 5, 5, 7);
		ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
		world_end(&world);
		check_d2_counts(5);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("damage");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, group_create, group_free);
	tcase_add_loop_test(core, is_told_and_not_believed, 0, DAMAGE_COUNT);
	tcase_add_loop_test(core, next_change_mends_it, 0, DAMAGE_COUNT);
	tcase_add_loop_test(core, takeover_mends_it, 0, DAMAGE_COUNT);
	tcase_add_loop_test(core, lost_promise_is_no_vote, 0, 3);
	tcase_add_test(core, lost_promise_is_no_witness);
	tcase_add_test(core, newest_header_is_replaced);
	tcase_add_loop_test(core, closing_passes_it_over, 0, DAMAGE_COUNT);
	tcase_add_loop_test(core, crash_while_it_is_mended, 0, DAMAGE_COUNT);
	suite_add_tcase(suite, core);
	return suite_run(suite);
}
