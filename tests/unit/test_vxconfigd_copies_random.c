// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random histories of a group's copies: processes come and crash, disks fail, answer late, tear writes, the set
 * of copies changes; a simple model says which contents may be found. VXHA_SEEDS=n: more of them.
 */
#include "tests/unit/suite.h"
#include "vxconfigd/copies_core.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "region_group.h"

/* The model: which contents may be found. An answer "written" leaves one; a failure or crash adds one. */
struct model {
	uint64_t allowed[64];
	size_t count;
};

static void model_is(struct model *model, uint64_t number)
{
	model->allowed[0] = number;
	model->count = 1;
}

static void model_may(struct model *model, uint64_t number)
{
	ck_assert(model->count < VX_COUNT_OF(model->allowed));
	model->allowed[model->count++] = number;
}

static bool model_allows(const struct model *model, uint64_t number)
{
	bool found = false;

	for (size_t i = 0; i < model->count; i++) {
		found |= model->allowed[i] == number;
	}
	return found;
}

/* What a write that ended, or did not, means. */
static bool model_after(struct model *model, uint64_t number)
{
	bool done = !world.crashed && world.task.error == 0;

	if (done) {
		model_is(model, number);
	} else {
		model_may(model, number);
	}
	if (!world.crashed) {
		world_end(&world);
	}
	return done;
}

static void trouble(void)
{
	static const int chance[] = { 0, 15, 30, 50 };
	int percent = chance[world_random(&world, 4)];

	for (size_t i = 0; i < WORLD_DISKS; i++) {
		world.failing[i] = (int)world_random(&world, 100) < percent;
	}
	world.crash_in = world_random(&world, 3) == 0 ? (int)world_random(&world, 30) : -1;
	world.timeout_percent = world_random(&world, 4) == 0 ? 3 : 0;
}

/* One process: reads, claims, writes a checkpoint, appends until it fails or crashes. */
static void one_life(struct model *model, uint64_t *epoch, uint64_t *next_number)
{
	uint64_t seq, number;
	unsigned int mask = 0;

	trouble();
	world_read(&world, UINT64_MAX);
	if (world.task.found.error != 0 || world.task.found.config == NULL) {
		ck_assert_msg(world.task.found.error == -VX_E_MINORITY, "%s", world.task.found.reason);
		world_end(&world);
		return;
	}
	seq = world.task.found.config->seq;
	number = region_number(world.task.found.config);
	ck_assert_msg(model_allows(model, number), "content %llu was lost or came back from the past",
		      (unsigned long long)number);
	for (size_t i = 0; i < world.task.found.enabled_count; i++) {
		mask |= 1u << (world.task.found.enabled[i][1] - '1');
	}
	*epoch = (world.task.found.max_epoch > *epoch ? world.task.found.max_epoch : *epoch) + 0x100;
	world_end(&world);
	world_set_disks(&world, world_random(&world, 4) != 0 ? mask : 1 + world_random(&world, 31));
	world_claim(&world, *epoch);
	if (world.crashed || world.task.error != 0) {
		return;
	}
	world_end(&world);
	world_checkpoint(&world, *epoch, ++seq, number, 7);
	if (!model_after(model, number)) {
		return;
	}
	for (unsigned int i = world_random(&world, 25); i > 0; i--) {
		uint64_t before = number;

		if (world_random(&world, 10) == 0) {
			trouble();
		}
		number = (*next_number)++;
		if (world_random(&world, 5) == 0) {
			world_set_disks(&world, 1 + world_random(&world, 31));
			world_checkpoint(&world, *epoch, ++seq, number, 7);
		} else {
			world_append(&world, *epoch, ++seq, before, number, world_random(&world, 20000));
		}
		if (!model_after(model, number)) {
			return;
		}
	}
}

START_TEST(random_lives)
{
	struct model model;
	uint64_t epoch = E1, number = 2, writer = 100;

	world.seed = (unsigned int)_i * 7919u + 1;
	model_is(&model, 1);
	for (int life = 0; life < 100; life++) {
		world_stop(&world);
		world_start(&world, writer++);
		world_set_disks(&world, 0x1f);
		if (model.count > 40) {
			/* too much in doubt for the model: one quiet life */
			memset(world.failing, 0, sizeof(world.failing));
			world.timeout_percent = 0;
			world_read(&world, UINT64_MAX);
			ck_assert_msg(world.task.found.error == 0, "%s", world.task.found.reason);
			ck_assert(model_allows(&model, region_number(world.task.found.config)));
			world_end(&world);
		}
		one_life(&model, &epoch, &number);
	}
	/* healed, everything is readable */
	world_stop(&world);
	world_start(&world, writer);
	world_set_disks(&world, 0x1f);
	memset(world.failing, 0, sizeof(world.failing));
	world.timeout_percent = 0;
	world_read(&world, UINT64_MAX);
	ck_assert_msg(world.task.found.error == 0, "%s", world.task.found.reason);
	ck_assert(model_allows(&model, region_number(world.task.found.config)));
	world_end(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("copies_random");
	TCase *core = tcase_create("core");
	int seeds = getenv("VXHA_SEEDS") != NULL ? atoi(getenv("VXHA_SEEDS")) : 60;

	tcase_add_checked_fixture(core, group_create, group_free);
	tcase_add_loop_test(core, random_lives, 0, seeds);
	tcase_set_timeout(core, 120);
	suite_add_tcase(suite, core);
	return suite_run(suite);
}
