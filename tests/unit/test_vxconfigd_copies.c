// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several copies of one group: what counts with one missing, stale, late or contradicting; changes of
 * the set. Claims: test_vxconfigd_claims.c. Random histories: test_vxconfigd_copies_random.c.
 */
#include "tests/unit/suite.h"
#include "vxconfigd/copies_core.h"

#include <check.h>
#include <string.h>

#include "region_group.h"

static void append_ok(uint64_t epoch, uint64_t seq, uint64_t number)
{
	world_append(&world, epoch, seq, number - 1, number, 50);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
}

static void check_read(int error, uint64_t seq, uint64_t number)
{
	world_read(&world, UINT64_MAX);

	const struct copies_found *found = &world.task.found;

	ck_assert_msg(found->error == error, "%d (%s)", found->error, found->reason);
	if (seq != 0) {
		ck_assert_ptr_nonnull(found->config);
		ck_assert_uint_eq(found->config->seq, seq);
		ck_assert_uint_eq(region_number(found->config), number);
	}
	world_end(&world);
}

static const char *copy_state(const char *disk)
{
	const struct copies_found *found = &world.task.found;

	for (size_t i = 0; i < found->copy_count; i++) {
		if (strcmp(found->copy[i].disk, disk) == 0) {
			return found->copy[i].state;
		}
	}
	return "none";
}

START_TEST(new_group)
{
	check_read(0, 1, 1);
	for (uint64_t seq = 2; seq < 8; seq++) {
		append_ok(E1, seq, seq);
	}
	check_read(0, 7, 7);
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.durable_count, 1);
	ck_assert_uint_eq(world.task.found.durable[0]->nodeid, 7);
	ck_assert_uint_eq(world.task.found.enabled_count, 3);
	ck_assert_uint_eq(world.task.found.max_epoch, E1);
	ck_assert_uint_eq(world.task.found.copy_count, 3);
	ck_assert_str_eq(copy_state("d2"), "clean online");
	ck_assert_uint_eq(world.task.found.config->outcome[5]->seq, 7);
	world_end(&world);
}
END_TEST

/* T15 */
START_TEST(a_change_of_several_requests)
{
	Vx__Outcome *also = PROTO_NEW(vx__outcome, Vx__Outcome);
	static const uint8_t txid[16] = { 9, 9, 9 };

	also->txid.data = proto_grow(NULL, 0, sizeof(txid));
	also->txid.len = sizeof(txid);
	memcpy(also->txid.data, txid, sizeof(txid));
	also->committed = true;
	world_append_task(&world, E1, 2, 1, 2, 50);
	PROTO_ADD(world.task.change->also, world.task.change->n_also, also);
	world_run(&world);
	ck_assert_int_eq(world.task.error, 0);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.config->n_outcome, 2);
	ck_assert_uint_eq(config_outcome_find(world.task.found.config, txid)->seq, 2);
	ck_assert(config_outcome_find(world.task.found.config, txid)->committed);
	world_end(&world);
}
END_TEST

/* R12, D15: one copy says that nobody is left; without it the members are still named. */
START_TEST(one_copy_names_nobody)
{
	unsigned int without = 0;

	world_checkpoint_task(&world, E1, 1, 1, 0);
	world.task.close = true;
	world_run(&world);
	ck_assert_int_eq(world.task.error, 0);
	world_end(&world);
	for (size_t away = 0; away < 4; away++) { /* the last time: none */
		restart(THREE);
		world.failing[away] = away < 3;
		world_read(&world, UINT64_MAX);
		ck_assert_int_eq(world.task.error, 0);
		without += world.task.found.durable_count > 0;
		ck_assert(away < 3 || world.task.found.durable_count == 0);
		world_end(&world);
		world.failing[away] = false;
	}
	ck_assert_uint_eq(without, 1);
	append_ok(E1, 2, 2); /* the sets are as they were */
	check_read(0, 2, 2);
}
END_TEST

START_TEST(nothing_there)
{
	restart(0x18); /* d4, d5 */
	check_read(0, 0, 0);
	world.failing[3] = true;
	check_read(-VX_E_MINORITY, 0, 0);
}
END_TEST

/* D12, D13; K = 3: any one copy may be missing, stale or torn; with two missing nothing is believed. */
START_TEST(one_copy_away)
{
	size_t away = (size_t)_i;
	char disk[] = { 'd', (char)('1' + away), '\0' };

	world.failing[away] = true;
	append_ok(E1, 2, 2);
	append_ok(E1, 3, 3);
	check_read(0, 3, 3);
	restart(THREE);
	world.failing[away] = false;
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state(disk), "stale");
	ck_assert_uint_eq(region_number(world.task.found.config), 3);
	world_end(&world);
	/* it and one good copy: still the newest */
	world.failing[(away + 1) % 3] = true;
	check_read(0, 3, 3);
	/* alone: refused */
	world.failing[(away + 2) % 3] = true;
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_MINORITY);
	ck_assert_msg(strstr(world.task.found.reason, "1 of 3") != NULL, "%s", world.task.found.reason);
	ck_assert_uint_eq(region_number(world.task.found.config), 1);
	world_end(&world);
	memset(world.failing, 0, sizeof(world.failing));
	/* the next checkpoint mends it */
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_checkpoint(&world, E2, 4, 3, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state(disk), "clean online");
	world_end(&world);
}
END_TEST

/* D17 */
START_TEST(two_copies_away)
{
	append_ok(E1, 2, 2);
	world.failing[0] = world.failing[2] = true;
	world_append(&world, E1, 3, 2, 3, 50);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	ck_assert_ptr_nonnull(strstr(world.task.reason, "d1: broken"));
	world_end(&world);
	memset(world.failing, 0, sizeof(world.failing));
	/* d2 may have it: this epoch is over for this writer */
	world_append(&world, E1, 3, 2, 4, 50);
	ck_assert_int_eq(world.task.error, -VX_E_STALE);
	world_end(&world);
	world_checkpoint(&world, E1, 3, 2, 7);
	ck_assert_int_eq(world.task.error, -VX_E_STALE);
	world_end(&world);
	check_read(0, 3, 3);
	/* left out by who knows better */
	world_read(&world, 2);
	ck_assert_uint_eq(region_number(world.task.found.config), 2);
	world_end(&world);
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_checkpoint(&world, E2, 4, 2, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	append_ok(E2, 5, 3);
	check_read(0, 5, 3);
}
END_TEST

/* Changes one disk behind the back of the others. */
static struct copy_place disk_place(size_t disk)
{
	return region_place(&world.disk[disk]);
}

static void check_corrupt(const char *first, const char *second)
{
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_CORRUPT);
	ck_assert_msg(strstr(world.task.found.reason, first) != NULL &&
		      strstr(world.task.found.reason, second) != NULL, "%s", world.task.found.reason);
	ck_assert_ptr_null(world.task.found.config);
	world_end(&world);
	world_claim(&world, E3);
	ck_assert_int_eq(world.task.error, -VX_E_CORRUPT);
	world_end(&world);
}

/* D14 */
START_TEST(two_records_of_one_sequence)
{
	struct copy_place one = disk_place(0), two = disk_place(1);

	region_append(&world.disk[0], &one, 2, 10);
	region_append(&world.disk[1], &two, 3, 10);
	region_append(&world.disk[1], &two, 4, 10);
	check_corrupt("d1", "d2");
}
END_TEST

START_TEST(two_checkpoints_of_one_sequence)
{
	struct copy_place one = disk_place(0), two = disk_place(2);

	region_checkpoint(&world.disk[0], &one, E2, 2, 2, 5);
	region_checkpoint(&world.disk[2], &two, E2, 2, 3, 5);
	check_corrupt("d1", "d3");
}
END_TEST

START_TEST(record_against_checkpoint)
{
	struct copy_place one = disk_place(0), two = disk_place(2);

	region_append(&world.disk[0], &one, 2, 10);
	region_checkpoint(&world.disk[2], &two, E1, 2, 3, 5);
	check_corrupt("d1", "d3");
}
END_TEST

START_TEST(equal_by_two_ways)
{
	struct copy_place one = disk_place(0), two = disk_place(2);

	region_append(&world.disk[0], &one, 2, 0);
	region_checkpoint(&world.disk[2], &two, E1, 2, 2, 5);
	check_read(0, 2, 2);
}
END_TEST

START_TEST(newer_version_stops)
{
	world.disk[1].data[(size_t)5 * VX_BLOCK] = 'v'; /* a header block with a newer major */
	memcpy(world.disk[1].data + (size_t)5 * VX_BLOCK, "vxhaCHKP\2\0\0\0", 12);
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_VERSION);
	ck_assert_ptr_nonnull(strstr(world.task.found.reason, "d2"));
	world_end(&world);
}
END_TEST

START_TEST(full_journal_is_checkpointed)
{
	uint64_t generation = world.core.generation;

	for (uint64_t seq = 2; seq < 60; seq++) {
		world_append(&world, E1, seq, seq - 1, seq, 12000);
		ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
		world_end(&world);
	}
	ck_assert_uint_ge(world.core.generation, generation + 2);
	check_read(0, 59, 59);
	/* the members survive a checkpoint that the journal asked for */
	world_read(&world, UINT64_MAX);
	ck_assert_uint_eq(world.task.found.durable_count, 1);
	world_end(&world);
}
END_TEST

START_TEST(first_append_after_a_restart)
{
	append_ok(E1, 2, 2);
	restart(THREE);
	append_ok(E1, 3, 3);
	append_ok(E1, 4, 4);
	check_read(0, 4, 4);
	world_append(&world, E1, 9, 4, 9, 10);
	ck_assert_int_ne(world.task.error, 0);
	world_end(&world);
	check_read(0, 4, 4);
}
END_TEST

START_TEST(clean_close)
{
	world_checkpoint(&world, E1, 1, 1, 0);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	restart(THREE);
	world.failing[0] = true;
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, 0);
	ck_assert_uint_eq(world.task.found.durable_count, 0);
	world_end(&world);
}
END_TEST

/* D18: {d1, d2, d3} becomes {d3, d4, d5}: a majority of both sets must have it. */
START_TEST(set_changes)
{
	world_set_disks(&world, 0x1c);
	world.failing[0] = world.failing[1] = true;
	world_checkpoint(&world, E1, 2, 2, 7);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	restart(0x1f);
	check_read(-VX_E_MINORITY, 0, 0); /* d3, d4, d5 name d1 to d3, or all five */
	memset(world.failing, 0, sizeof(world.failing));
	check_read(0, 2, 2);
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_set_disks(&world, 0x1c);
	world_checkpoint(&world, E2, 3, 3, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	append_ok(E2, 4, 4);
	/* the old ones are no majority of anything */
	restart(0x1f);
	world.failing[3] = world.failing[4] = true;
	check_read(-VX_E_MINORITY, 0, 0);
	world.failing[3] = false;
	world.failing[0] = world.failing[1] = true;
	check_read(0, 4, 4);
}
END_TEST

/* The joining of {d3, d4, d5} reached d3 only. Whoever finds it must bring it to a majority of the set before
 * first; else that majority could still decide without it. */
START_TEST(joining_is_finished_first)
{
	world_set_disks(&world, 0x1c);
	world_checkpoint_begin(&world, E1, 2, 1, 7);
	while (world.core.stage != STAGE_JOINING) {
		world_any_io(&world);
	}
	while (world.pending[2].used) {
		world_io(&world, &world.pending[2]); /* d3 is the third that the core was told of */
	}
	restart(0x1f);
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, 0);
	ck_assert_uint_eq(world.task.found.before_count, 3);
	ck_assert_uint_eq(world.task.found.enabled_count, 3);
	world_end(&world);
	world.failing[0] = world.failing[1] = true;
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_MINORITY);
	ck_assert_ptr_nonnull(strstr(world.task.found.reason, "of the set before"));
	world_end(&world);
	world.failing[0] = world.failing[1] = false;
	world_set_disks(&world, 0x1c);
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world.failing[0] = world.failing[1] = true;
	world_checkpoint(&world, E2, 3, 2, 7);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	memset(world.failing, 0, sizeof(world.failing));
	restart(0x1f);
	world_claim(&world, E3);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_set_disks(&world, 0x1c);
	world_checkpoint(&world, E3, 3, 3, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	append_ok(E3, 4, 4);
	restart(0x3);
	check_read(-VX_E_MINORITY, 0, 0); /* d1 and d2 know that they decide nothing any more */
	restart(0x1c);
	check_read(0, 4, 4);
}
END_TEST

/* d3 missed everything; then d3 is to be the only copy. It must be filled before it decides. */
START_TEST(set_of_an_empty_copy)
{
	world.failing[2] = true;
	memset(world.disk[2].data + (size_t)2 * VX_BLOCK, 0, (size_t)4 * VX_BLOCK);
	append_ok(E1, 2, 2);
	world_set_disks(&world, 0x4);
	world_checkpoint(&world, E1, 3, 3, 7);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	world.failing[2] = false;
	restart(0x1f);
	check_read(0, 2, 2);
	world_set_disks(&world, 0x4);
	world_checkpoint(&world, E2, 3, 3, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	restart(0x1f);
	check_read(0, 3, 3);
}
END_TEST

/* D11: a copy whose journal lost its end is not gone on with. */
START_TEST(rotten_journal_is_left_out)
{
	append_ok(E1, 2, 2);
	world.disk[1].data[(size_t)194 * VX_BLOCK + 300] ^= 1;
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state("d2"), "stale");
	world_end(&world);
	append_ok(E1, 3, 3);
	check_read(0, 3, 3);
	world_checkpoint(&world, E1, 4, 4, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state("d2"), "clean online");
	world_end(&world);
}
END_TEST

/* A copy that was wiped proves nothing about what was on it. */
START_TEST(empty_copy_is_no_witness)
{
	append_ok(E1, 2, 2);
	world.failing[0] = true;
	memset(world.disk[1].data + (size_t)2 * VX_BLOCK, 0, (size_t)4 * VX_BLOCK);
	restart(THREE);
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_MINORITY);
	ck_assert_str_eq(copy_state("d2"), "empty");
	world_end(&world);
}
END_TEST

/* Disks of the group that hold no copy are not told to be what is missing. */
START_TEST(only_copies_are_missing)
{
	restart(0x1f);
	world.failing[0] = world.failing[1] = true;
	world_read(&world, UINT64_MAX);
	ck_assert_int_eq(world.task.found.error, -VX_E_MINORITY);
	ck_assert_str_eq(copy_state("d4"), "not enabled");
	ck_assert_msg(strstr(world.task.found.reason, "d2") != NULL, "%s", world.task.found.reason);
	ck_assert_msg(strstr(world.task.found.reason, "d4") == NULL, "%s", world.task.found.reason);
	world_end(&world);
}
END_TEST

/* A crash while a single copy becomes three leaves a group that can be read from what it was. */
START_TEST(set_grows_and_crashes)
{
	for (int crash = 0; crash < 18; crash++) {
		bool grown;

		world_free(&world);
		world_create(&world, 1);
		world_start(&world, 1);
		world_set_disks(&world, 0x1);
		world_checkpoint(&world, E1, 1, 1, 7);
		ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
		world_end(&world);
		world_set_disks(&world, THREE);
		world.crash_in = crash;
		world_checkpoint(&world, E1, 2, 2, 7);
		grown = !world.crashed;
		ck_assert_int_eq(grown, crash >= 2 * 2 + 3 * 2 + 3 * 2);
		restart(0x1f);
		world_read(&world, UINT64_MAX);
		ck_assert_msg(world.task.found.error == 0, "crash %d: %s", crash, world.task.found.reason);
		ck_assert_uint_ge(region_number(world.task.found.config), grown ? 2 : 1);
		world_end(&world);
	}
}
END_TEST

START_TEST(forced)
{
	append_ok(E1, 2, 2);
	world.failing[0] = world.failing[1] = true;
	restart(0x4);
	world_claim(&world, E2);
	ck_assert_int_eq(world.task.error, -VX_E_MINORITY);
	world_end(&world);
	world.force = true;
	check_read(0, 2, 2);
	world_claim(&world, E2);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_checkpoint(&world, E2, 3, 2, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world.force = false;
	append_ok(E2, 4, 3);
	/* the others come back: older epoch, they lose */
	memset(world.failing, 0, sizeof(world.failing));
	restart(THREE);
	check_read(0, 4, 3);
}
END_TEST

/* D20 */
START_TEST(late_disk)
{
	struct pending *late = &world.pending[0];

	/* d1 takes its time with a write of which the others are done */
	world_append_task(&world, E1, 2, 1, 2, 10);
	world_begin(&world);
	world_io(&world, &world.pending[1]);
	world_io(&world, &world.pending[2]);
	ck_assert(!world.answered && late->used);
	world_step(&world, &(struct copies_event){ .kind = EVENT_TIMEOUT });
	ck_assert(world.answered && world.task.error == 0);
	world_end(&world);
	ck_assert(copies_core_busy(&world.core)); /* R4: it may still land */

	struct pending kept = *late;

	late->used = false; /* not picked by the world meanwhile */
	world_append(&world, E1, 3, 2, 3, 10);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_ptr_nonnull(strstr(copy_state("d1"), "still does not answer"));
	world_end(&world);
	*late = kept;
	world_io(&world, late);
	ck_assert(!copies_core_busy(&world.core));
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state("d1"), "stale");
	world_end(&world);
	append_ok(E1, 4, 4); /* d1 stays out until a checkpoint */
	world_checkpoint(&world, E1, 5, 5, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_read(&world, UINT64_MAX);
	ck_assert_str_eq(copy_state("d1"), "clean online");
	world_end(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("copies");
	TCase *core = tcase_create("core");

	tcase_add_checked_fixture(core, group_create, group_free);
	tcase_add_test(core, new_group);
	tcase_add_test(core, a_change_of_several_requests);
	tcase_add_test(core, one_copy_names_nobody);
	tcase_add_test(core, nothing_there);
	tcase_add_loop_test(core, one_copy_away, 0, 3);
	tcase_add_test(core, two_copies_away);
	tcase_add_test(core, two_records_of_one_sequence);
	tcase_add_test(core, two_checkpoints_of_one_sequence);
	tcase_add_test(core, record_against_checkpoint);
	tcase_add_test(core, equal_by_two_ways);
	tcase_add_test(core, newer_version_stops);
	tcase_add_test(core, full_journal_is_checkpointed);
	tcase_add_test(core, first_append_after_a_restart);
	tcase_add_test(core, clean_close);
	tcase_add_test(core, set_changes);
	tcase_add_test(core, joining_is_finished_first);
	tcase_add_test(core, set_of_an_empty_copy);
	tcase_add_test(core, rotten_journal_is_left_out);
	tcase_add_test(core, empty_copy_is_no_witness);
	tcase_add_test(core, only_copies_are_missing);
	tcase_add_test(core, set_grows_and_crashes);
	tcase_add_test(core, forced);
	tcase_add_test(core, late_disk);
	tcase_set_timeout(core, 120);
	suite_add_tcase(suite, core);
	return suite_run(suite);
}
