/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of the copies: the core (copies_core.h) on disks in memory. Reads and writes of one
 * round happen in random order; a disk may fail or not answer in time; a crash tears what is under way.
 */
#ifndef VX_TESTS_UNIT_REGION_WORLD_H
#define VX_TESTS_UNIT_REGION_WORLD_H

#include "region_sample.h"
#include "vxconfigd/copies_core.h"

#define WORLD_DISKS 5

struct pending {
	bool used;
	struct copies_effect effect;
	size_t step;
};

struct world {
	struct memdisk disk[WORLD_DISKS];
	bool failing[WORLD_DISKS]; /* reads and writes */
	bool read_only[WORLD_DISKS]; /* writes fail */
	struct copies_core core;
	struct pending pending[COPIES_ROOM];
	unsigned int seed;
	int crash_in; /* writes until the crash; negative: never */
	int timeout_percent; /* chance that a round gives up on what is missing */
	bool crashed, answered;
	bool force; /* the tasks are forced */
	struct copies_task task;
};

static inline unsigned int world_random(struct world *world, unsigned int limit)
{
	return (unsigned int)rand_r(&world->seed) % limit;
}

static inline void world_create(struct world *world, unsigned int seed)
{
	memset(world, 0, sizeof(*world));
	world->seed = seed;
	world->crash_in = -1;
	for (size_t i = 0; i < WORLD_DISKS; i++) {
		char diskid[8];

		snprintf(diskid, sizeof(diskid), "d%zu", i + 1);
		memdisk_create(&world->disk[i], diskid);
	}
}

/* A new process: it knows the disks of mask (bit 0: d1) and nothing else. */
static inline void world_start(struct world *world, uint64_t writer)
{
	copies_core_init(&world->core, REGION_DGID, writer);
}

static inline void world_set_disks(struct world *world, unsigned int mask)
{
	struct copies_disk disk[WORLD_DISKS];
	size_t index[WORLD_DISKS], count = 0;
	char path[WORLD_DISKS][16];

	for (size_t i = 0; i < WORLD_DISKS; i++) {
		if ((mask & (1u << i)) != 0) {
			snprintf(path[count], sizeof(path[count]), "/dev/d%zu", i + 1);
			disk[count] = (struct copies_disk){ world->disk[i].diskid, path[count] };
			count++;
		}
	}
	ck_assert_int_eq(copies_core_set_disks(&world->core, disk, count, index), 0);
}

static inline size_t world_disk(const struct world *world, const struct pending *pending)
{
	return (size_t)(world->core.copy[pending->effect.copy].diskid[1] - '1');
}

static inline void world_step(struct world *world, const struct copies_event *event)
{
	struct copies_effects *effects = malloc(sizeof(*effects));
	bool decide = false;

	copies_core_step(&world->core, event, effects);
	for (size_t i = 0; i < effects->count; i++) {
		const struct copies_effect *effect = &effects->effect[i];
		struct pending *pending = &world->pending[effect->copy];

		if (effect->kind == EFFECT_DECIDE) {
			decide = true;
		} else if (effect->kind == EFFECT_ANSWER) {
			world->answered = true;
		} else {
			ck_assert_msg(!pending->used, "two I/O of one copy at a time");
			*pending = (struct pending){ .used = true, .effect = *effect };
		}
	}
	free(effects);
	if (decide) {
		copies_core_decide(&world->core);
		world_step(world, &(struct copies_event){ .kind = EVENT_DECIDED });
	}
}

/* The end of one I/O. */
static inline void world_finish(struct world *world, struct pending *pending, int error,
				struct copy_image *image)
{
	struct copies_event event = {
		.kind = pending->effect.kind == EFFECT_READ ? EVENT_READ : EVENT_WRITTEN,
		.copy = pending->effect.copy,
		.error = error,
		.reason = "broken",
		.image = image,
	};

	copy_steps_free(&pending->effect.steps);
	copies_body_put(pending->effect.body);
	pending->used = false;
	world_step(world, &event);
}

/* Everything under way lands in part, and nobody hears of it. */
static inline void world_crash(struct world *world)
{
	world->crashed = true;
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct pending *pending = &world->pending[i];

		if (pending->used && pending->effect.kind == EFFECT_WRITE &&
		    !world->failing[world_disk(world, pending)]) {
			const struct copy_write *write = &pending->effect.steps.write[pending->step];
			size_t sectors = (size_t)write->blocks * (VX_BLOCK / VX_SECTOR);

			memdisk_write_torn(&world->disk[world_disk(world, pending)], write,
					   world_random(world, (unsigned int)sectors + 1),
					   (enum tear)world_random(world, 2));
		}
	}
}

/* Lets one I/O that is under way go on by one step. */
static inline void world_io(struct world *world, struct pending *pending)
{
	struct memdisk *disk = &world->disk[world_disk(world, pending)];
	const struct copy_reader reader = { memdisk_read, disk };
	struct copy_image *image = NULL;
	char reason[VX_REASON_MAX];

	if (world->failing[world_disk(world, pending)] ||
	    (world->read_only[world_disk(world, pending)] && pending->effect.kind == EFFECT_WRITE)) {
		world_finish(world, pending, -EIO, NULL);
	} else if (pending->effect.kind == EFFECT_READ) {
		int rc = copy_image_read(&reader, REGION_DGID, disk->diskid, &image, reason);

		world_finish(world, pending, rc, image);
	} else if (world->crash_in >= 0 && world->crash_in-- == 0) {
		world_crash(world);
	} else {
		memdisk_write(disk, &pending->effect.steps.write[pending->step++]);
		if (pending->step == pending->effect.steps.count) {
			world_finish(world, pending, 0, NULL);
		}
	}
}

/* One I/O of those under way, by chance. False: there is none. */
static inline bool world_any_io(struct world *world)
{
	size_t start = world_random(world, COPIES_ROOM);

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct pending *pending = &world->pending[(start + i) % COPIES_ROOM];

		if (pending->used) {
			world_io(world, pending);
			return true;
		}
	}
	return false;
}

static inline void world_begin(struct world *world)
{
	world->answered = world->crashed = false;
	world->task.force = world->force;
	world_step(world, &(struct copies_event){ .kind = EVENT_TASK, .task = &world->task });
}

/* Runs the task to its answer, or to the crash. */
static inline void world_run(struct world *world)
{
	world_begin(world);
	while (!world->answered && !world->crashed) {
		if (copies_core_waits(&world->core) &&
		    (int)world_random(world, 100) < world->timeout_percent) {
			world_step(world, &(struct copies_event){ .kind = EVENT_TIMEOUT });
		} else {
			ck_assert_msg(world_any_io(world), "nothing under way and no answer");
		}
	}
}

static inline void world_task_free(struct world *world)
{
	if (world->task.content != NULL) {
		vx__checkpoint__free_unpacked(world->task.content, NULL);
	}
	if (world->task.change != NULL) {
		vx__change__free_unpacked(world->task.change, NULL);
	}
	free(world->task.before_packed);
	world->task = (struct copies_task){ 0 };
}

/* After an answer was looked at. */
static inline void world_end(struct world *world)
{
	copies_core_end(&world->core);
	world_task_free(world);
}

/* The process is gone: what the core holds is freed, nothing more reaches a disk. */
static inline void world_stop(struct world *world)
{
	bool any = true;

	while (any) {
		any = false;
		for (size_t i = 0; i < COPIES_ROOM; i++) {
			if (world->pending[i].used) {
				world_finish(world, &world->pending[i], -EIO, NULL);
				any = true;
			}
		}
	}
	if (world->core.task != NULL) {
		world_end(world);
	}
	copies_core_clear(&world->core);
	world->crash_in = -1;
}

static inline void world_free(struct world *world)
{
	world_stop(world);
	for (size_t i = 0; i < WORLD_DISKS; i++) {
		memdisk_free(&world->disk[i]);
	}
}

static inline void world_read(struct world *world, uint64_t max_seq)
{
	world->task = (struct copies_task){ .kind = TASK_READ, .max_seq = max_seq };
	world_run(world);
}

static inline void world_claim(struct world *world, uint64_t epoch)
{
	world->task = (struct copies_task){ .kind = TASK_CLAIM, .epoch = epoch };
	world_run(world);
}

static inline void world_checkpoint_task(struct world *world, uint64_t epoch, uint64_t seq,
					 uint64_t number, uint32_t member)
{
	Vx__Checkpoint *content = record_alloc(1, sizeof(*content));

	vx__checkpoint__init(content);
	content->config = region_config(epoch, seq, number);
	if (member != 0) {
		content->durable = record_alloc(1, sizeof(Vx__Member *));
		content->durable[0] = record_alloc(1, sizeof(Vx__Member));
		vx__member__init(content->durable[0]);
		content->durable[0]->nodeid = member;
		content->n_durable = 1;
	}
	world->task = (struct copies_task){ .kind = TASK_CHECKPOINT, .content = content };
}

static inline void world_checkpoint(struct world *world, uint64_t epoch, uint64_t seq, uint64_t number,
				    uint32_t member)
{
	world_checkpoint_task(world, epoch, seq, number, member);
	world_run(world);
}

static inline void world_checkpoint_begin(struct world *world, uint64_t epoch, uint64_t seq,
					  uint64_t number, uint32_t member)
{
	world_checkpoint_task(world, epoch, seq, number, member);
	world_begin(world);
}

/* The change that makes (epoch, seq - 1) with content before into (epoch, seq) with content number. */
static inline void world_append_task(struct world *world, uint64_t epoch, uint64_t seq,
				     uint64_t before, uint64_t number, size_t length)
{
	Vx__Checkpoint content = VX__CHECKPOINT__INIT;
	struct copies_task *task = &world->task;

	content.config = region_config(epoch, seq - 1, before);
	*task = (struct copies_task){ .kind = TASK_APPEND, .epoch = epoch, .seq = seq,
				      .before_epoch = epoch, .before_seq = seq - 1 };
	task->change = region_change(number, length);
	task->before_packed = record_alloc(1, vx__checkpoint__get_packed_size(&content));
	task->before_length = vx__checkpoint__pack(&content, task->before_packed);
	vx__config__free_unpacked(content.config, NULL);
}

static inline void world_append(struct world *world, uint64_t epoch, uint64_t seq, uint64_t before,
				uint64_t number, size_t length)
{
	world_append_task(world, epoch, seq, before, number, length);
	world_run(world);
}

#endif
