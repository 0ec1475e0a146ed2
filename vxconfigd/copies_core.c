// SPDX-License-Identifier: GPL-2.0-or-later
/* The decisions behind copies.h: stages of a task. What is written: copies_write.c. */
#include "vxconfigd/copies_core.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/proto.h"
#include "vxconfigd/copies_write.h"

static const unsigned int stage_next[STAGE_COUNT] = {
#define TO(name) (1u << STAGE_##name)
#define COPIES_ROW(name, next) [STAGE_##name] = next,
	COPIES_STAGES(COPIES_ROW)
#undef COPIES_ROW
#undef TO
};

static void core_stage_set(struct copies_core *core, enum copies_stage stage)
{
	assert((stage_next[core->stage] & (1u << stage)) != 0);
	core->stage = stage;
}

void copies_core_init(struct copies_core *core, const char *dgid, uint64_t writer)
{
	memset(core, 0, sizeof(*core));
	snprintf(core->dgid, sizeof(core->dgid), "%s", dgid);
	core->writer = writer;
}

static void core_images_free(struct copies_core *core)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		copy_image_free(core->copy[i].image);
		core->copy[i].image = NULL;
	}
}

static void core_durable_free(struct copies_core *core)
{
	if (core->durable != NULL) {
		vx__checkpoint__free_unpacked(core->durable, NULL);
		core->durable = NULL;
	}
}

void copies_core_clear(struct copies_core *core)
{
	assert(!copies_core_busy(core));
	core_images_free(core);
	core_durable_free(core);
}

bool copies_core_busy(const struct copies_core *core)
{
	bool busy = core->task != NULL;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		busy |= core->copy[i].busy;
	}
	return busy;
}

/* D20: a copy that did not answer in time may still be written. */
size_t copies_core_writes(const struct copies_core *core)
{
	size_t count = 0;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct core_copy *copy = &core->copy[i];

		count += copy->busy && copy->writing && (copy->waited || !MUTANT(D20_IDLE));
	}
	return count;
}

bool copies_core_waits(const struct copies_core *core)
{
	bool waits = false;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		waits |= core->copy[i].waited;
	}
	return waits;
}

static struct core_copy *core_copy_get(struct copies_core *core, const char *diskid)
{
	struct core_copy *empty = NULL;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];

		if (copy->used && strcmp(copy->diskid, diskid) == 0) {
			return copy;
		}
		if (!copy->used && empty == NULL) {
			empty = copy;
		}
	}
	if (empty != NULL) {
		*empty = (struct core_copy){ .used = true };
		snprintf(empty->diskid, sizeof(empty->diskid), "%s", diskid);
		snprintf(empty->name, sizeof(empty->name), "%s", diskid);
	}
	return empty;
}

static void core_prune(struct copies_core *core)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];

		if (!copy->listed && !copy->enabled && !copy->before && !copy->busy) {
			copy_image_free(copy->image);
			*copy = (struct core_copy){ 0 };
		}
	}
}

int copies_core_set_disks(struct copies_core *core, const struct copies_disk *disk, size_t count,
			  size_t *out_index)
{
	assert(core->task == NULL);
	if (count > VX_DISKS_MAX) {
		return -VX_E_FULL;
	}
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		core->copy[i].listed = false;
	}
	core_prune(core);
	for (size_t i = 0; i < count; i++) {
		struct core_copy *copy = core_copy_get(core, disk[i].diskid);
		const char *slash = disk[i].path != NULL ? strrchr(disk[i].path, '/') : NULL;

		if (copy == NULL) {
			return -VX_E_FULL;
		}
		copy->listed = true;
		copy->reachable = disk[i].path != NULL;
		if (slash != NULL) {
			snprintf(copy->name, sizeof(copy->name), "%.*s", (int)sizeof(copy->name) - 1,
				 slash + 1);
		}
		out_index[i] = (size_t)(copy - core->copy);
	}
	return 0;
}

static void core_answer(struct copies_core *core, struct copies_effects *effects)
{
	core_stage_set(core, STAGE_IDLE);
	effects->effect[effects->count++] = (struct copies_effect){ .kind = EFFECT_ANSWER };
}

static void core_begin_reading(struct copies_core *core, struct copies_effects *effects)
{
	core_stage_set(core, STAGE_READING);
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct core_copy *copy = &core->copy[i];

		if (!copy->used) {
			continue;
		}
		if (!copy->reachable) {
			copies_copy_fail(copy, -VX_E_NODISK, "no disk with this id is seen here");
		} else if (copy->busy) {
			copies_copy_fail(copy, -ETIMEDOUT, "still does not answer");
		} else {
			copy->busy = copy->waited = true;
			copy->writing = false;
			effects->effect[effects->count++] =
				(struct copies_effect){ .kind = EFFECT_READ, .copy = i };
		}
	}
}

static void core_begin(struct copies_core *core, const struct copies_event *event,
		       struct copies_effects *effects)
{
	struct copies_task *task = event->task;

	assert(core->task == NULL && core->stage == STAGE_IDLE);
	core->task = task;
	task->error = task->found.error = event->error;
	if (event->error != 0) {
		snprintf(task->reason, sizeof(task->reason), "%s", event->reason);
		snprintf(task->found.reason, sizeof(task->found.reason), "%s", event->reason);
		effects->effect[effects->count++] = (struct copies_effect){ .kind = EFFECT_ANSWER };
		return;
	}
	core->wrote = false;
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		core->copy[i].error = 0;
		core->copy[i].reason[0] = '\0';
	}
	if (task->kind == TASK_APPEND && copies_append_ready(core)) {
		core_stage_set(core, STAGE_APPENDING);
		copies_write_change(core, effects);
		return;
	}
	if (task->kind == TASK_APPEND) {
		task->content = vx__checkpoint__unpack(NULL, task->before_length, task->before_packed);
		if (task->content == NULL) {
			abort(); /* packed by ourselves: memory is out */
		}
	}
	core_begin_reading(core, effects);
}

void copies_core_decide(const struct copies_core *core)
{
	struct decide_copy copy[COPIES_ROOM];
	size_t count = 0;
	uint64_t max_seq = core->task->kind == TASK_READ ? core->task->max_seq : UINT64_MAX;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct core_copy *from = &core->copy[i];

		if (from->used && (from->listed || from->enabled || from->before)) {
			copy[count++] = (struct decide_copy){
				.diskid = from->diskid,
				.name = from->name,
				.image = from->image,
				.error = from->error,
				.reason = from->reason,
			};
		}
	}
	copies_decide(copy, count, max_seq, core->task->force, &core->task->found);
}

/* Takes over what the disks say about the set of copies and the durable view. */
static void core_learn(struct copies_core *core)
{
	const struct copies_found *found = &core->task->found;
	Vx__Checkpoint durable = VX__CHECKPOINT__INIT;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		/* Not pruned yet: found points into the images. */
		core->copy[i].enabled = core->copy[i].before = false;
	}
	for (size_t i = 0; i < found->enabled_count + found->before_count; i++) {
		bool enabled = i < found->enabled_count;
		struct core_copy *copy = core_copy_get(core, enabled ? found->enabled[i] :
							found->before[i - found->enabled_count]);

		assert(copy != NULL); /* COPIES_ROOM has room for all that may be */
		copy->enabled |= enabled;
		copy->before |= !enabled;
	}
	durable.durable = found->durable;
	durable.n_durable = found->durable_count;
	core_durable_free(core);
	core->durable = proto_clone(&durable);
	core->known = true;
}

/* The next write of a checkpoint: what is needed to change the set (D18), or the checkpoint itself. */
static void core_next_write(struct copies_core *core, struct copies_effects *effects)
{
	if (core->task->close && !MUTANT(R12_COPIES)) {
		core_stage_set(core, STAGE_WRITING);
		copies_write_close(core, effects);
	} else if (copies_rejoin_needed(core)) {
		core_stage_set(core, STAGE_REJOINING);
		copies_write_rejoin(core, effects);
	} else if (core->stage == STAGE_SEEDING) {
		core_stage_set(core, STAGE_JOINING);
		copies_write_join(core, effects);
	} else if (core->stage != STAGE_JOINING && copies_set_changes(core)) {
		core_stage_set(core, STAGE_SEEDING);
		copies_write_seed(core, effects);
	} else {
		core_stage_set(core, STAGE_WRITING);
		copies_write_checkpoint(core, effects);
	}
}

/* After a reading: goes on to what the task wants written. */
static void core_begin_writing(struct copies_core *core, struct copies_effects *effects)
{
	if (copies_is_stale(core) || copies_is_too_many(core)) {
		core_answer(core, effects);
	} else if (core->task->kind == TASK_CLAIM) {
		core_stage_set(core, STAGE_CLAIMING);
		copies_write_claim(core, effects);
	} else {
		core_next_write(core, effects);
	}
}

static void core_after_decision(struct copies_core *core, struct copies_effects *effects)
{
	struct copies_task *task = core->task;
	const struct copies_found *found = &task->found;

	task->error = found->error;
	memcpy(task->reason, found->reason, sizeof(task->reason));
	if (found->error == 0) {
		core_learn(core);
	}
	if (task->kind == TASK_READ || found->error != 0) {
		core_answer(core, effects);
	} else {
		core_begin_writing(core, effects);
	}
}

/* Every I/O of the stage came back, or is not waited for any longer. */
static void core_stage_done(struct copies_core *core, struct copies_effects *effects)
{
	struct copies_task *task = core->task;

	switch (core->stage) {
	case STAGE_READING:
		copies_generation_learn(core);
		if (task->kind == TASK_READ || task->kind == TASK_CLAIM || !core->known) {
			core_stage_set(core, STAGE_DECIDING);
			effects->effect[effects->count++] =
				(struct copies_effect){ .kind = EFFECT_DECIDE };
		} else {
			core_begin_writing(core, effects);
		}
		return;
	case STAGE_CLAIMING:
		copies_judge_claim(core);
		break;
	case STAGE_REJOINING:
	case STAGE_SEEDING:
	case STAGE_JOINING:
		if (copies_judge_change_of_set(core)) {
			core_next_write(core, effects);
			return;
		}
		break;
	case STAGE_WRITING:
		if (copies_judge_checkpoint(core)) {
			core_prune(core);
			if (task->kind == TASK_APPEND) {
				core_stage_set(core, STAGE_APPENDING);
				copies_write_change(core, effects);
				return;
			}
		}
		break;
	case STAGE_APPENDING:
		copies_judge_change(core);
		break;
	case STAGE_IDLE:
	case STAGE_DECIDING:
	case STAGE_COUNT:
		assert(core->stage == STAGE_READING); /* no I/O belongs to these */
	}
	core_answer(core, effects);
}

static void core_io_done(struct copies_core *core, const struct copies_event *event)
{
	struct core_copy *copy = &core->copy[event->copy];

	assert(copy->used && copy->busy);
	copy->busy = false;
	if (!copy->waited) {
		copy_image_free(event->image); /* too late: the round went on without it */
		return;
	}
	copy->waited = false;
	if (event->error != 0) {
		copies_copy_fail(copy, event->error, "%s", event->reason);
	} else if (event->kind == EVENT_READ) {
		assert(copy->image == NULL);
		copy->image = event->image;
	} else {
		copy->place = copy->next;
		copy->written = true;
	}
}

void copies_core_step(struct copies_core *core, const struct copies_event *event,
		      struct copies_effects *out_effects)
{
	bool waited = copies_core_waits(core);

	out_effects->count = 0;
	switch (event->kind) {
	case EVENT_TASK:
		core_begin(core, event, out_effects);
		waited = true;
		break;
	case EVENT_READ:
	case EVENT_WRITTEN:
		core_io_done(core, event);
		break;
	case EVENT_DECIDED:
		assert(core->stage == STAGE_DECIDING);
		core_after_decision(core, out_effects);
		waited = true;
		break;
	case EVENT_TIMEOUT:
		for (size_t i = 0; i < COPIES_ROOM; i++) {
			if (core->copy[i].waited) {
				core->copy[i].waited = false;
				copies_copy_fail(&core->copy[i], -ETIMEDOUT, "does not answer");
			}
		}
		break;
	}
	/* A stage that found nothing to do is done at once, and so may the next one be. */
	while (waited && core->stage != STAGE_IDLE && core->stage != STAGE_DECIDING &&
	       !copies_core_waits(core)) {
		core_stage_done(core, out_effects);
	}
	for (size_t i = 0; i < out_effects->count; i++) {
		core->wrote |= out_effects->effect[i].kind == EFFECT_WRITE;
	}
}

void copies_core_end(struct copies_core *core)
{
	assert(core->task != NULL && core->stage == STAGE_IDLE);
	copies_found_clear(&core->task->found);
	core_images_free(core);
	core->task = NULL;
	core_prune(core);
}
