/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group in a region_world.h: what tests of its copies begin with. */
#ifndef VX_TESTS_REGION_GROUP_H
#define VX_TESTS_REGION_GROUP_H

#include "region_world.h"

#define E1 UINT64_C(0x101)
#define E2 UINT64_C(0x201)
#define E3 UINT64_C(0x301)
#define THREE 0x7u /* d1, d2, d3 */

static struct world world;

/* A group on d1, d2, d3 with content 1 at (E1, 1), claimed, members {7}. */
static inline void group_create(void)
{
	world_create(&world, 1);
	world_start(&world, 1);
	world_set_disks(&world, THREE);
	world_claim(&world, E1);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
	world_checkpoint(&world, E1, 1, 1, 7);
	ck_assert_msg(world.task.error == 0, "%s", world.task.reason);
	world_end(&world);
}

static inline void group_free(void)
{
	world_free(&world);
}

/* Another process, which knows the disks of mask. */
static inline void restart(unsigned int mask)
{
	world_stop(&world);
	world_start(&world, world.core.writer + 1);
	world_set_disks(&world, mask);
}

#endif
