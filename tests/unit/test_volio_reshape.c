// SPDX-License-Identifier: GPL-2.0-or-later
/* Maps of volumes that become longer or shorter (V33), against an obvious one: block by block. */
#include "tests/unit/suite.h"
#include "volio/reshape.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "volio/bits.h"

#define GRAIN 4096
#define GRAINS_MOST 2000

static struct volconf conf_of(uint64_t grains, uint64_t region_grains)
{
	return (struct volconf){ .length = grains * GRAIN,
				 .region_bytes = region_grains * GRAIN,
				 .regions = (uint32_t)((grains + region_grains - 1) /
						       region_grains) };
}

/* Nothing that was dirty becomes clean, new space is dirty, and no region without reason. */
START_TEST(as_block_by_block)
{
	uint64_t grains[2], region[2], old_map[GRAINS_MOST / 64 + 1] = { 0 };
	uint64_t map[GRAINS_MOST / 64 + 1] = { 0 }, wanted[GRAINS_MOST / 64 + 1] = { 0 };
	struct volconf old, conf;

	srand((unsigned int)_i);
	for (int i = 0; i < 2; i++) {
		grains[i] = 1 + (uint64_t)rand() % GRAINS_MOST;
		region[i] = UINT64_C(1) << (rand() % 7);
	}
	region[1] = _i % 3 == 0 ? region[0] : region[1];
	old = conf_of(grains[0], region[0]);
	conf = conf_of(grains[1], region[1]);
	for (uint32_t i = 0; i < old.regions; i++) {
		bits_put(old_map, i, rand() % 4 == 0);
	}
	reshape_map(&old, old_map, &conf, map);
	for (uint64_t i = 0; i < grains[1]; i++) {
		if (i >= grains[0] || bits_get(old_map, (uint32_t)(i / region[0]))) {
			bits_put(wanted, (uint32_t)(i / region[1]), true);
		}
	}
	ck_assert_mem_eq(map, wanted, sizeof(map));
	ck_assert(reshape_is_needed(&old, &conf) ==
		  (grains[0] != grains[1] || region[0] != region[1]));
	memset(map, 0, sizeof(map));
	reshape_map(&old, NULL, &conf, map); /* nothing is known */
	ck_assert_uint_eq(bits_count(map, conf.regions), conf.regions);
}
END_TEST

START_TEST(one_plex_has_no_map)
{
	struct volconf one = conf_of(100, 4), two = conf_of(200, 4);

	one.regions = 0;
	ck_assert(!reshape_is_needed(&one, &two));
	ck_assert(!reshape_is_needed(&two, &one));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_reshape");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, as_block_by_block, 0, 300);
	tcase_add_test(all, one_plex_has_no_map);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
