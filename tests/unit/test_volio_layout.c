// SPDX-License-Identifier: GPL-2.0-or-later
/* The mapping of plexes against a slow, obvious one; locks on ranges against an obvious model. */
#include "tests/unit/suite.h"
#include "volio/layout.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "volio/range_lock.h"

#define UNIT 512
#define PLEX_UNITS 240

/* Where each unit of the plex is: found by walking columns and subdisks one unit at a time. */
static struct layout_extent slow_map(const struct layout *layout, uint64_t unit)
{
	uint64_t stripe = layout->columns > 1 ? layout->stripe / UNIT : UINT64_MAX;
	uint32_t column = 0;
	uint64_t at[8] = { 0 }, inside = 0;

	for (uint64_t i = 0; i < unit; i++) {
		at[column]++;
		if (++inside == stripe) {
			inside = 0;
			column = (column + 1) % layout->columns;
		}
	}
	for (uint32_t i = 0; i < layout->column[column].count; i++) {
		const struct layout_sd *sd = &layout->column[column].sd[i];

		if (at[column] * UNIT >= sd->start && at[column] * UNIT < sd->start + sd->length) {
			return (struct layout_extent){ sd->disk, sd->subdisk,
						       sd->disk_offset + at[column] * UNIT -
							       sd->start,
						       UNIT };
		}
	}
	ck_abort_msg("unit is nowhere");
	return (struct layout_extent){ 0 };
}

/* A random plex: columns of subdisks of random lengths, given in a random order. */
static void random_layout(struct layout *layout, struct layout_column column[8],
			  struct layout_sd sd[8][64])
{
	layout->columns = (uint32_t)(1 + rand() % 5);
	layout->stripe = (uint64_t)(1 + rand() % 9) * UNIT;
	layout->length = PLEX_UNITS * UNIT;
	layout->column = column;
	for (uint32_t c = 0; c < layout->columns; c++) {
		uint64_t start = 0, disk_offset = (uint64_t)(rand() % 100) * UNIT;

		column[c].sd = sd[c];
		column[c].count = 0;
		while (start < (PLEX_UNITS + 50) * UNIT && column[c].count < 64) {
			uint64_t length = (uint64_t)(1 + rand() % 40) * UNIT;
			uint32_t place = (uint32_t)rand() % (column[c].count + 1);

			sd[c][column[c].count] = sd[c][place];
			sd[c][place] = (struct layout_sd){ start, length, disk_offset,
							   c * 100 + column[c].count,
							   c * 1000 + column[c].count };
			column[c].count++;
			start += length;
			disk_offset += length + (uint64_t)(rand() % 3) * UNIT;
		}
	}
}

START_TEST(mapping_is_the_obvious_one)
{
	struct layout layout;
	struct layout_column column[8];
	struct layout_sd sd[8][64];

	srand((unsigned int)_i);
	random_layout(&layout, column, sd);
	ck_assert(layout_check(&layout, layout.length));
	for (uint64_t unit = 0; unit < PLEX_UNITS; unit++) {
		uint64_t ask = (uint64_t)(1 + rand() % 60) * UNIT;
		struct layout_extent extent = layout_map(&layout, unit * UNIT, ask);

		ck_assert(extent.length > 0 && extent.length <= ask && extent.length % UNIT == 0);
		for (uint64_t i = 0; i < extent.length / UNIT; i++) {
			struct layout_extent slow = slow_map(&layout, unit + i);

			ck_assert_uint_eq(slow.disk, extent.disk);
			ck_assert_uint_eq(slow.subdisk, extent.subdisk);
			ck_assert_uint_eq(slow.offset, extent.offset + i * UNIT);
		}
	}
}
END_TEST

/* V1: columns that just reach are enough, a unit less is not; no two bytes are at one place. */
START_TEST(columns_that_are_too_short_are_refused)
{
	struct layout layout;
	struct layout_column column[8];
	struct layout_sd sd[8][64], *last;
	uint64_t need[8] = { 0 }, length;
	uint32_t inside = 0, at = 0;

	srand((unsigned int)_i);
	random_layout(&layout, column, sd);
	length = (uint64_t)(1 + rand() % PLEX_UNITS) * UNIT;
	ck_assert(layout_check(&layout, length)); /* in order now */
	for (uint64_t unit = 0; unit < length / UNIT; unit++) {
		if (inside++ == 0) { /* a stripe unit is whole also at the end of the plex */
			need[at] += layout.columns > 1 ? layout.stripe : length;
		}
		if (layout.columns > 1 && inside == layout.stripe / UNIT) {
			inside = 0;
			at = (at + 1) % layout.columns;
		}
	}
	for (uint32_t c = 0; c < layout.columns; c++) {
		need[c] = need[0]; /* a row is whole too */
		while (column[c].sd[column[c].count - 1].start >= need[c]) {
			column[c].count--;
		}
		last = &column[c].sd[column[c].count - 1];
		last->length = need[c] - last->start;
	}
	ck_assert(layout_check(&layout, length));
	last = &column[rand() % (int)layout.columns].sd[0];
	last->length -= UNIT;
	ck_assert(!layout_check(&layout, length));
	last->length += 2 * UNIT;
	ck_assert(layout_check(&layout, length) == (last[0].start + last[0].length == need[0] + UNIT));
}
END_TEST

START_TEST(every_byte_has_its_own_place)
{
	static uint8_t used[8 * 100][4096];
	struct layout layout;
	struct layout_column column[8];
	struct layout_sd sd[8][64];

	srand((unsigned int)_i);
	memset(used, 0, sizeof(used));
	random_layout(&layout, column, sd);
	ck_assert(layout_check(&layout, layout.length));
	for (uint64_t offset = 0; offset < layout.length;) {
		struct layout_extent extent = layout_map(&layout, offset, layout.length);

		for (uint64_t i = 0; i < extent.length / UNIT; i++) {
			uint8_t *place = &used[extent.disk][extent.offset / UNIT + i];

			ck_assert_uint_eq(*place, 0);
			*place = 1;
		}
		offset += extent.length;
	}
}
END_TEST

START_TEST(holes_and_overlaps_are_refused)
{
	struct layout_sd sd[2] = { { 0, 8 * UNIT, 0, 0, 0 }, { 8 * UNIT, 8 * UNIT, 0, 1, 1 } };
	struct layout_column column = { sd, 2 };
	struct layout layout = { &column, 1, 0, 16 * UNIT };

	ck_assert(layout_check(&layout, 16 * UNIT));
	ck_assert(!layout_check(&layout, 17 * UNIT));
	sd[1].start = 9 * UNIT;
	ck_assert(!layout_check(&layout, 16 * UNIT));
	sd[1].start = 7 * UNIT;
	ck_assert(!layout_check(&layout, 8 * UNIT));
	sd[1].start = 8 * UNIT;
	layout.columns = 0;
	ck_assert(!layout_check(&layout, UNIT));
}
END_TEST

/* Random asking and leaving: no two held locks overlap, nobody passes who asked earlier and
 * overlaps. */
START_TEST(range_locks_are_exclusive_and_fair)
{
	struct range_lock lock[24];
	struct range_set set;
	unsigned int asked[24] = { 0 }, clock = 0;

	memset(lock, 0, sizeof(lock));
	range_set_init(&set);
	srand((unsigned int)_i);
	for (int step = 0; step < 2000; step++) {
		struct range_lock *one = &lock[rand() % 24];
		const struct range_lock *given;

		if (one->queued) {
			range_leave(&set, one);
			while ((given = range_next(&set)) != NULL) {
				ck_assert(given->held);
			}
		} else {
			uint64_t start = (uint64_t)rand() % 100;

			asked[one - lock] = ++clock;
			range_ask(&set, one, start, start + 1 + (uint64_t)rand() % 20);
		}
		for (int i = 0; i < 24; i++) {
			bool must_wait = false;

			for (int j = 0; lock[i].queued && j < 24; j++) {
				must_wait = must_wait ||
					    (j != i && lock[j].queued && asked[j] < asked[i] &&
					     lock[j].start < lock[i].end &&
					     lock[i].start < lock[j].end);
			}
			ck_assert(!lock[i].queued || lock[i].held == !must_wait);
		}
	}
}
END_TEST

START_TEST(sizes_of_logs)
{
	ck_assert_uint_eq(drl_region_len(1), DRL_REGION_MIN_SECTORS);
	ck_assert_uint_eq(drl_region_len(UINT64_C(16384) * 512), 512);
	ck_assert_uint_eq(drl_region_len(UINT64_C(16384) * 512 + 1), 1024);
	ck_assert_uint_eq(drl_region_count(513, 512), 2);
	ck_assert_uint_eq(drl_region_count(UINT64_C(1) << 40, 512), 0); /* too many */
	ck_assert_uint_eq(drl_region_count(1000, 513), 0);
	ck_assert_uint_eq(drl_region_count(1000, 0), 0);
	ck_assert_uint_eq(drl_log_len(409600, 512), (1 + 33) * 8);
	for (uint64_t length = 1; length < UINT64_C(1) << 45; length = length * 3 + 1) {
		uint32_t regions = drl_region_count(length, drl_region_len(length));

		ck_assert(regions > 0 && regions <= DRL_REGIONS_STANDARD);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_loop_test(tcase, mapping_is_the_obvious_one, 0, 200);
	tcase_add_loop_test(tcase, columns_that_are_too_short_are_refused, 0, 200);
	tcase_add_loop_test(tcase, every_byte_has_its_own_place, 0, 100);
	tcase_add_test(tcase, holes_and_overlaps_are_refused);
	tcase_add_loop_test(tcase, range_locks_are_exclusive_and_fair, 0, 20);
	tcase_add_test(tcase, sizes_of_logs);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
