// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the configuration copies, with the rules of vxconfigd/copies.h. Writes to several
 * copies are under way at once; a death leaves any subset of them done; a torn write is none (two
 * headers, checksums: DISK-FORMAT.md; real bytes are tried in tests/unit/test_vxconfigd_copies*).
 */
#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "tests/sim/sim.h"

#define PHASE_READ 0
#define PHASE_WRITE 1

struct disk_write {
	struct sim_disk_task *task;
	uint32_t copy;
	bool checkpoint;
	uint64_t epoch;
};

static void disk_begin(struct sim *sim, uint32_t node);

struct sim_disk_task *disk_task(struct sim *sim, uint32_t node, enum sim_disk_op op)
{
	struct sim_disk_task *task = sim_alloc(sim, sizeof(*task));

	task->op = op;
	task->max_seq = UINT64_MAX;
	task->generation = sim->node[node].configd.generation;
	return task;
}

static uint32_t majority(const struct sim *sim)
{
	return sim->options.copies / 2 + 1;
}

bool disk_has_majority(const struct sim *sim)
{
	uint32_t here = 0;

	for (uint32_t i = 0; i < sim->options.copies; i++) {
		here += !sim->copy[i].away;
	}
	return here >= majority(sim);
}

bool disk_idle(const struct sim *sim, uint32_t node)
{
	return sim->node[node].configd.task == NULL && sim->node[node].configd.flying == 0;
}

/* A write is under way or will be. */
bool disk_writes(const struct sim *sim, uint32_t node)
{
	const struct sim_disk_task *task = sim->node[node].configd.task;

	while (task != NULL && task->op == DISK_READ) {
		task = task->next;
	}
	return task != NULL || sim->node[node].configd.flying != 0;
}

/* ---- ends ---- */

static void disk_next(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	(void)arg;
	(void)ptr;
	configd->task = task->next;
	if (configd->task == NULL) {
		configd->task_last = NULL;
	} else {
		disk_begin(sim, node);
	}
	task->done(sim, node, task);
	configd_stop_look(sim, node);
}

static void disk_end(struct sim *sim, uint32_t node, int error)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	task->error = error;
	if (error != 0 && (task->op == DISK_APPEND || task->op == DISK_CHECKPOINT)) {
		configd->spoiled = task->epoch > configd->spoiled ? task->epoch : configd->spoiled;
	}
	sim_later(sim, 10, PROC_CONFIGD, node, disk_next, 0, NULL);
}

/* ---- reading ---- */

static bool content_newer(const struct sim_content *a, const struct sim_content *b)
{
	return a->epoch > b->epoch || (a->epoch == b->epoch && a->seq > b->seq);
}

static void disk_read_all(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;
	uint64_t newest_epoch = 0;
	const struct sim_copy *newest_base = NULL;
	uint32_t readable = 0;

	task->max_epoch = 0;
	task->has_content = false;
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		const struct sim_copy *copy = &sim->copy[i];

		if (copy->away) {
			continue;
		}
		readable++;
		newest_epoch = copy->base.epoch > newest_epoch ? copy->base.epoch : newest_epoch;
		task->max_epoch = copy->claim > task->max_epoch ? copy->claim : task->max_epoch;
		task->new_generation = copy->generation >= task->new_generation
					       ? copy->generation + 1
					       : task->new_generation;
		if (newest_base == NULL || content_newer(&copy->base, &newest_base->base) ||
		    (!content_newer(&newest_base->base, &copy->base) &&
		     copy->generation > newest_base->generation)) {
			newest_base = copy;
		}
	}
	task->max_epoch = newest_epoch > task->max_epoch ? newest_epoch : task->max_epoch;
	task->open_claim_count = 0;
	for (uint32_t i = 0; i < 2 * sim->options.copies; i++) {
		const struct sim_copy *copy = &sim->copy[i / 2];
		uint64_t epoch = i % 2 == 0 ? copy->claim : copy->claim_before;

		if (!copy->away && epoch > newest_epoch && epoch >> 8 == task->max_epoch >> 8 &&
		    task->open_claim_count < VX_OPEN_CLAIMS_MAX) {
			task->open_claim[task->open_claim_count++] = epoch;
		}
	}
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		const struct sim_copy *copy = &sim->copy[i];
		struct sim_content content = copy->base;

		if (copy->away) {
			continue;
		}
		for (size_t k = 0; k < copy->rec_count; k++) {
			if (content.epoch != newest_epoch || copy->rec[k].seq <= task->max_seq) {
				content = copy->rec[k];
			}
		}
		if (task->has_content && content.epoch == task->found.epoch &&
		    content.seq == task->found.seq && content.set != task->found.set) {
			sim_fail(sim, "I5 two contents of %#llx.%llu on the copies: %#llx %#llx",
				 (unsigned long long)content.epoch, (unsigned long long)content.seq,
				 (unsigned long long)content.set,
				 (unsigned long long)task->found.set);
		}
		if (!task->has_content || content_newer(&content, &task->found)) {
			task->has_content = true;
			task->found = content;
		}
	}
	task->durable_count = 0;
	if (newest_base != NULL) {
		task->durable_count = newest_base->member_count;
		memcpy(task->durable, newest_base->member, sizeof(task->durable));
		configd->durable_count = task->durable_count;
		memcpy(configd->durable, task->durable, sizeof(configd->durable));
		configd->durable_known = true;
	}
	task->error = readable < majority(sim) ? -VX_E_MINORITY : 0;
}

/* ---- writing ---- */

static void disk_write_lands(struct sim *sim, const struct disk_write *write, uint32_t node)
{
	struct sim_copy *copy = &sim->copy[write->copy];
	struct sim_disk_task *task = write->task;

	if (copy->away) {
		return;
	}
	if (task->op == DISK_CLAIM) {
		check_claim(sim, node, copy, task->epoch);
		copy->claim_before = copy->claim;
		copy->claim = task->epoch;
		return;
	}
	check_disk_write(sim, node, write->epoch);
	if (write->checkpoint) {
		copy->base = task->content;
		copy->generation = task->new_generation;
		copy->rec_count = 0;
		copy->member_count = task->member_count;
		memcpy(copy->member, task->member, sizeof(copy->member));
	} else if (copy->rec_count < VX_COUNT_OF(copy->rec)) {
		copy->rec[copy->rec_count++] =
			(struct sim_content){ task->epoch, task->seq, task->set,
					      task->content.aborted };
	}
}

static void disk_written(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct disk_write *write = ptr;
	struct sim_disk_task *task = write->task;
	uint32_t bit = 1u << write->copy;

	(void)arg;
	if (!sim->copy[write->copy].away) {
		task->good |= bit;
	}
	disk_write_lands(sim, write, node);
	configd->flying--;
	task->waits &= ~bit;
	if (task->waits != 0 || configd->task != task) {
		configd_stop_look(sim, node);
		return;
	}

	bool enough =
		(uint32_t)__builtin_popcount(task->good) >= majority(sim) || MUTANT(T7_MAJORITY);

	if (task->op == DISK_CLAIM) {
		configd->claimed = task->epoch;
		disk_end(sim, node, enough ? 0 : -VX_E_MINORITY);
		return;
	}
	configd->healthy = task->good;
	if (!enough) {
		disk_end(sim, node, -VX_E_MINORITY);
		return;
	}
	if (write->checkpoint) {
		configd->copies_at = task->content;
		configd->durable_count = task->member_count;
		memcpy(configd->durable, task->member, sizeof(configd->durable));
		configd->durable_known = true;
		if (task->op == DISK_APPEND) {
			disk_begin(sim, node); /* now the record itself */
			return;
		}
	} else {
		configd->copies_at = (struct sim_content){ task->epoch, task->seq, task->set,
							   task->content.aborted };
	}
	disk_end(sim, node, 0);
}

static void disk_write_all(struct sim *sim, uint32_t node, uint32_t copies, bool checkpoint,
			   uint64_t epoch)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	task->phase = PHASE_WRITE;
	task->waits = copies;
	task->good = 0;
	if (copies == 0) {
		disk_end(sim, node, -VX_E_MINORITY);
		return;
	}
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		if ((copies >> i & 1) != 0) {
			struct disk_write *write = sim_alloc(sim, sizeof(*write));

			*write = (struct disk_write){ task, i, checkpoint, epoch };
			configd->flying++;
			sim_later(sim, sim_delay(sim, 150, 8000), PROC_CONFIGD, node, disk_written,
				  0, write);
		}
	}
}

static uint32_t disk_present(const struct sim *sim, uint64_t epoch)
{
	uint32_t present = 0;

	for (uint32_t i = 0; i < sim->options.copies; i++) {
		if (!sim->copy[i].away && sim->copy[i].claim <= epoch) {
			present |= 1u << i;
		}
	}
	return present;
}

static void disk_read_done(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	(void)arg;
	(void)ptr;
	disk_read_all(sim, node, task);
	if (task->op == DISK_READ) {
		disk_end(sim, node, task->error);
		return;
	}
	if (task->error != 0) {
		disk_end(sim, node, task->error);
		return;
	}
	if (task->op == DISK_CLAIM) {
		bool own = configd->claimed == task->epoch && task->max_epoch == task->epoch &&
			   task->found.epoch < task->epoch;

		if (task->max_epoch >= task->epoch && !own) {
			disk_end(sim, node, -VX_E_STALE);
		} else {
			disk_write_all(sim, node,
				       MUTANT(R5_MAJORITY) ? 1 : disk_present(sim, UINT64_MAX),
				       false, 0);
		}
		return;
	}
	if (task->max_epoch > task->epoch) {
		disk_end(sim, node, -VX_E_STALE);
		return;
	}
	if (task->op == DISK_APPEND) { /* the content before it, first */
		task->member_count = configd->durable_count;
		memcpy(task->member, configd->durable, sizeof(task->member));
	}
	disk_write_all(sim, node, disk_present(sim, task->epoch), true, task->content.epoch);
}

static bool disk_can_append(const struct sim *sim, uint32_t node, const struct sim_disk_task *task)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	if ((uint32_t)__builtin_popcount(configd->healthy) < majority(sim) ||
	    configd->copies_at.epoch != task->epoch || configd->copies_at.seq + 1 != task->seq) {
		return false;
	}
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		if ((configd->healthy >> i & 1) != 0 &&
		    sim->copy[i].rec_count == VX_COUNT_OF(sim->copy[i].rec)) {
			return false;
		}
	}
	return true;
}

static void disk_begin(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	if ((task->op == DISK_APPEND || task->op == DISK_CHECKPOINT) &&
	    task->epoch <= configd->spoiled && !MUTANT(T7_SPOILED)) {
		disk_end(sim, node, -VX_E_STALE);
	} else if (task->op == DISK_APPEND && disk_can_append(sim, node, task)) {
		disk_write_all(sim, node, configd->healthy, false, task->epoch);
	} else {
		task->phase = PHASE_READ;
		sim_later(sim, sim_delay(sim, 200, 10000), PROC_CONFIGD, node, disk_read_done, 0,
			  NULL);
	}
}

void disk_submit(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (configd->task_last != NULL) {
		configd->task_last->next = task;
		configd->task_last = task;
		return;
	}
	configd->task = configd->task_last = task;
	disk_begin(sim, node);
}

/* Some of its writes under way are done all the same; nothing comes after that. */
void disk_process_died(struct sim *sim, uint32_t node)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct sim_disk_task *task = configd->task;

	if (task != NULL && task->phase == PHASE_WRITE) {
		bool checkpoint = task->op == DISK_CHECKPOINT ||
				  (task->op == DISK_APPEND && !disk_can_append(sim, node, task));

		for (uint32_t i = 0; i < sim->options.copies; i++) {
			if ((task->waits >> i & 1) != 0 && sim_chance(sim, 50)) {
				const struct disk_write write = { task, i, checkpoint,
								  checkpoint ? task->content.epoch
									     : task->epoch };

				disk_write_lands(sim, &write, node);
			}
		}
	}
	configd->task = configd->task_last = NULL;
	configd->flying = 0;
}

void disk_init(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		sim->copy[i].base = (struct sim_content){ 1, 1, 0, 0 };
	}
}
