// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the shell around the core of the copies (vxconfigd/copies_core.h), as
 * vxconfigd/copies.c. Each read and write of a copy is under way for a while; a write has steps with a
 * flush after each. A death leaves the step that is under way done, not done or torn. I/O goes on
 * while its process is paused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/timeouts.h"
#include "tests/sim/sim_disk.h"
#include "vxconfigd/copies_core.h"

#define DECIDE_US 30

struct sim_io {
	bool used;
	uint64_t serial;
	struct copies_effect effect;
	const struct sim_disk_task *task; /* it may outlast it */
	enum copies_stage stage;	  /* what is written */
	size_t step;
	int error;
	struct copy_image *image;
};

/* One group's copies, as one process knows them. Kept from run to run. */
struct sim_copies {
	bool started, dying, deciding;
	struct copies_core core;
	struct copies_task op;
	struct sim_disk_task *first, *last;
	struct sim_io io[COPIES_ROOM];
	uint64_t deadline; /* of this round */
	bool timer;	   /* an event looks at it */
};

static void disk_begin(struct sim *sim, uint32_t node, uint32_t group);
static void copies_event(struct sim *sim, uint32_t node, uint32_t group,
			 const struct copies_event *event);

static struct sim_copies *copies_of(const struct sim *sim, uint32_t node, uint32_t group)
{
	return &sim->node_copies[(node - 1) * SIM_GROUPS_MAX + group];
}

/* Which disk is it? The last digit of its id says so. */
static uint32_t copies_disk(const struct sim_copies *copies, size_t place)
{
	return (uint32_t)(copies->core.copy[place].diskid[1] - '1');
}

struct sim_disk_task *disk_task(struct sim *sim, uint32_t node, uint32_t group,
				enum sim_disk_op op)
{
	struct sim_disk_task *task = sim_alloc(sim, sizeof(*task));

	task->op = op;
	task->group = group;
	task->max_seq = UINT64_MAX;
	task->generation = sim->node[node].configd.generation;
	return task;
}

bool disk_written(const struct sim *sim, uint32_t node)
{
	for (uint32_t group = 0; group < sim->groups; group++) {
		const struct sim_copies *copies = copies_of(sim, node, group);
		const struct sim_disk_task *task = copies->first;

		while (task != NULL && task->op == DISK_READ) {
			task = task->next;
		}
		if (task != NULL || copies_core_writes(&copies->core) > 0) {
			return false;
		}
	}
	return true;
}

bool disk_writes(const struct sim *sim, uint32_t node)
{
	for (uint32_t group = 0; group < sim->groups; group++) {
		const struct sim_copies *copies = copies_of(sim, node, group);
		const struct sim_disk_task *task = copies->first;

		for (size_t i = 0; i < COPIES_ROOM; i++) {
			if (copies->io[i].used && copies->io[i].effect.kind == EFFECT_WRITE) {
				return true;
			}
		}
		for (; task != NULL; task = task->next) {
			if (task->op != DISK_READ) {
				return true;
			}
		}
	}
	return false;
}

/* ---- one read or write of one copy ---- */

static uint64_t io_arg(const struct sim_io *io, uint32_t group, size_t place)
{
	return io->serial << 16 | group << 8 | place;
}

static void io_lands(struct sim *sim, uint32_t node, uint64_t arg, void *ptr);

static void io_later(struct sim *sim, uint32_t node, uint32_t group, size_t place)
{
	struct sim_copies *copies = copies_of(sim, node, group);
	struct sim_io *io = &copies->io[place];
	const struct sim_shelf *shelf =
		&sim->shelf[disk_shelf(sim, group, copies_disk(copies, place))];
	uint64_t delay = sim_delay(sim, 100, 16000);

	if (shelf->trouble == SHELF_SLOW && sim_chance(sim, 30)) {
		delay = sim_below(sim, shelf->until > sim->now ? shelf->until - sim->now : 1);
	}
	io->serial = ++sim->order;
	sim_later(sim, delay, PROC_WORLD, node, io_lands, io_arg(io, group, place), NULL);
}

static void io_free(struct sim_io *io)
{
	copy_steps_free(&io->effect.steps);
	copies_body_put(io->effect.body);
	io->used = false;
}

/* Its process hears of it. */
static void io_back(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	uint32_t group = (uint32_t)(arg >> 8 & 0xff);
	size_t place = arg & 0xff;
	struct sim_io *io = &copies_of(sim, node, group)->io[place];
	struct copies_event event = { .kind = io->effect.kind == EFFECT_READ ? EVENT_READ
									     : EVENT_WRITTEN,
				      .copy = place,
				      .error = io->error,
				      .reason = "broken",
				      .image = io->image };

	(void)ptr;
	if (event.kind == EVENT_WRITTEN && io->error == 0 && io->step < io->effect.steps.count) {
		io_later(sim, node, group, place);
		return;
	}
	io->image = NULL;
	io_free(io);
	copies_event(sim, node, group, &event);
	configd_stop_look(sim, node);
}

static uint64_t copy_claim(const struct sim_copy *copy)
{
	return copy->claim[copy->claim[1] > copy->claim[0]];
}

/* A whole step landed: what do the checks say of it? */
static void io_check(struct sim *sim, uint32_t node, uint32_t group, const struct sim_io *io,
		     uint32_t disk)
{
	const struct copy_write *write = &io->effect.steps.write[io->step];
	struct sim_copy *seen = &sim->copy[group][disk];
	const struct sim_disk_task *task = io->task;

	if (io->stage == STAGE_CLAIMING) {
		uint64_t before = copy_claim(seen);

		disk_write(sim, group, disk, write);
		seen->claim[write->block % 2] = task->epoch;
		check_claim(sim, node, before, copy_claim(seen));
		return;
	}
	disk_write(sim, group, disk, write);
	if (io->step + 1 < io->effect.steps.count) {
		return;
	}
	seen->content = io->stage == STAGE_APPENDING
				? (struct sim_content){ task->epoch, task->seq, task->set,
							task->content.aborted }
				: task->content;
	check_disk_write(sim, node, group, seen->content.epoch);
}

/* The disk has done it. */
static void io_lands(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	uint32_t group = (uint32_t)(arg >> 8 & 0xff);
	size_t place = arg & 0xff;
	struct sim_copies *copies = copies_of(sim, node, group);
	struct sim_io *io = &copies->io[place];
	uint32_t disk = copies_disk(copies, place);
	const struct sim_shelf *shelf = &sim->shelf[disk_shelf(sim, group, disk)];
	char reason[VX_REASON_MAX];

	if (!io->used || io->serial != arg >> 16) {
		return; /* its process is gone */
	}
	io->error = shelf->trouble == SHELF_AWAY ||
				    (shelf->trouble == SHELF_FLAKY && sim_chance(sim, 40))
			    ? -EIO
			    : 0;
	if (io->effect.kind == EFFECT_READ) {
		io->error = io->error != 0 ? io->error
					   : disk_read(sim, group, disk, &io->image, reason);
	} else if (io->error == 0) {
		io_check(sim, node, group, io, disk);
		io->step++;
	} else if (shelf->trouble == SHELF_FLAKY) {
		disk_tear(sim, group, disk, &io->effect.steps.write[io->step]);
	}
	if (sim->node[node].proc[PROC_CONFIGD].paused_until > sim->now) {
		sim_later(sim, 0, PROC_CONFIGD, node, io_back, arg, NULL);
	} else {
		io_back(sim, node, arg, ptr);
	}
}

/* ---- the core ---- */

static void copies_decided(struct sim *sim, uint32_t node, uint64_t group, void *ptr)
{
	struct sim_copies *copies = copies_of(sim, node, (uint32_t)group);

	(void)ptr;
	copies->deciding = false;
	copies_core_decide(&copies->core);
	if (copies->op.found.error == -VX_E_CORRUPT && !copies->dying) {
		sim_fail(sim, "I5 node %u: %s", node, copies->op.found.reason);
	}
	copies_event(sim, node, (uint32_t)group,
		     &(struct copies_event){ .kind = EVENT_DECIDED });
}

static void copies_timeout(struct sim *sim, uint32_t node, uint64_t group, void *ptr)
{
	struct sim_copies *copies = copies_of(sim, node, (uint32_t)group);

	(void)ptr;
	copies->timer = false;
	if (!copies_core_waits(&copies->core)) {
		return;
	}
	if (copies->deadline > sim->now) {
		copies->timer = true;
		sim_later(sim, copies->deadline - sim->now, PROC_CONFIGD, node, copies_timeout,
			  group, NULL);
		return;
	}
	TRACE(sim, node, "a copy of group %u does not answer", (uint32_t)group);
	copies_event(sim, node, (uint32_t)group,
		     &(struct copies_event){ .kind = EVENT_TIMEOUT });
}

static void disk_next(struct sim *sim, uint32_t node, uint64_t group, void *ptr)
{
	struct sim_copies *copies = copies_of(sim, node, (uint32_t)group);
	struct sim_disk_task *task = copies->first;

	(void)ptr;
	copies->first = task->next;
	if (copies->first == NULL) {
		copies->last = NULL;
	} else {
		disk_begin(sim, node, (uint32_t)group);
	}
	task->done(sim, node, task);
	configd_stop_look(sim, node);
}

static void disk_members(struct sim_disk_task *task, const struct copies_found *found)
{
	for (size_t i = 0; i < found->durable_count && i < VX_NODES_MAX; i++) {
		const Vx__Member *member = found->durable[i];

		task->durable[task->durable_count++] =
			(struct view_member){ .nodeid = member->nodeid,
					      .nid = member->nid,
					      .incarnation = member->incarnation,
					      .joined_epoch = member->joined_epoch,
					      .fenced_at = member->fenced_at };
	}
}

static void op_end(struct sim_copies *copies)
{
	copies_core_end(&copies->core);
	if (copies->op.kind == TASK_APPEND && copies->op.content != NULL) {
		vx__checkpoint__free_unpacked(copies->op.content, NULL);
	}
	copies->op.content = NULL;
}

static void copies_answer(struct sim *sim, uint32_t node, uint32_t group)
{
	struct sim_copies *copies = copies_of(sim, node, group);
	struct sim_disk_task *task = copies->first;
	const struct copies_found *found = &copies->op.found;

	task->error = copies->op.error;
	task->max_epoch = found->max_epoch;
	task->open_claims = found->open_claims;
	task->has_content = found->config != NULL;
	if (task->has_content) {
		task->found = disk_content(found->config);
	}
	disk_members(task, found);
	if (task->error != 0) {
		TRACE(sim, node, "copies of group %u: %s", group, copies->op.reason);
	}
	op_end(copies);
	sim_later(sim, 10, PROC_CONFIGD, node, disk_next, group, NULL);
}

static void copies_event(struct sim *sim, uint32_t node, uint32_t group,
			 const struct copies_event *event)
{
	struct sim_copies *copies = copies_of(sim, node, group);
	struct copies_effects effects;
	bool submitted = false;

	copies_core_step(&copies->core, event, &effects);
	for (size_t i = 0; i < effects.count; i++) {
		struct copies_effect *effect = &effects.effect[i];
		struct sim_io *io = &copies->io[effect->copy];

		switch (effect->kind) {
		case EFFECT_READ:
		case EFFECT_WRITE:
			*io = (struct sim_io){ .used = true,
					       .effect = *effect,
					       .task = copies->first,
					       .stage = copies->core.stage };
			submitted = true;
			if (!copies->dying) {
				io_later(sim, node, group, effect->copy);
			}
			break;
		case EFFECT_DECIDE:
			copies->deciding = true;
			if (!copies->dying) {
				sim_later(sim, DECIDE_US, PROC_CONFIGD, node, copies_decided, group,
					  NULL);
			}
			break;
		case EFFECT_ANSWER:
			if (!copies->dying) {
				copies_answer(sim, node, group);
			}
			break;
		}
	}
	if (submitted && !copies->dying) {
		copies->deadline = sim->now + VX_COPY_ANSWER_MS * SIM_MS;
		if (!copies->timer) {
			copies->timer = true;
			sim_later(sim, VX_COPY_ANSWER_MS * SIM_MS, PROC_CONFIGD, node,
				  copies_timeout, group, NULL);
		}
	}
}

/* ---- tasks ---- */

static Vx__Checkpoint *op_checkpoint(struct sim *sim, const struct sim_disk_task *task)
{
	Vx__Checkpoint *checkpoint = sim_alloc(sim, sizeof(*checkpoint));
	Vx__Member *member = sim_alloc(sim, (task->member_count + 1) * sizeof(*member));

	vx__checkpoint__init(checkpoint);
	checkpoint->config = disk_config(sim, task->group, &task->content);
	checkpoint->durable = sim_alloc(sim, (task->member_count + 1) * sizeof(member));
	checkpoint->n_durable = task->member_count;
	for (size_t i = 0; i < task->member_count; i++) {
		vx__member__init(&member[i]);
		member[i].nodeid = task->member[i].nodeid;
		member[i].nid = task->member[i].nid;
		member[i].incarnation = task->member[i].incarnation;
		member[i].joined_epoch = task->member[i].joined_epoch;
		member[i].fenced_at = task->member[i].fenced_at;
		checkpoint->durable[i] = &member[i];
	}
	return checkpoint;
}

static void disk_begin(struct sim *sim, uint32_t node, uint32_t group)
{
	struct sim_copies *copies = copies_of(sim, node, group);
	const struct sim_disk_task *task = copies->first;
	struct copies_task *op = &copies->op;

	memset(op, 0, sizeof(*op));
	op->epoch = task->epoch;
	switch (task->op) {
	case DISK_READ:
		op->kind = TASK_READ;
		op->max_seq = task->max_seq;
		break;
	case DISK_CLAIM:
		op->kind = TASK_CLAIM;
		break;
	case DISK_CHECKPOINT:
		op->kind = TASK_CHECKPOINT;
		op->close = task->member_count == 0;
		op->content = op_checkpoint(sim, task);
		break;
	case DISK_APPEND:
		op->kind = TASK_APPEND;
		op->seq = task->seq;
		op->before_epoch = task->content.epoch;
		op->before_seq = task->content.seq;
		op->change = disk_change(sim, group, task->set);

		const Vx__Checkpoint *before = op_checkpoint(sim, task);

		op->before_length = vx__checkpoint__get_packed_size(before);
		op->before_packed = sim_alloc(sim, op->before_length);
		vx__checkpoint__pack(before, op->before_packed);
		break;
	}
	copies_event(sim, node, group,
		     &(struct copies_event){ .kind = EVENT_TASK, .task = op });
}

void disk_submit(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct sim_copies *copies = copies_of(sim, node, task->group);

	if (copies->last != NULL) {
		copies->last->next = task;
		copies->last = task;
		return;
	}
	copies->first = copies->last = task;
	disk_begin(sim, node, task->group);
}

/* ---- processes ---- */

void disk_process_starts(struct sim *sim, uint32_t node)
{
	struct copies_disk disk[SIM_COPIES_MAX];
	char id[SIM_COPIES_MAX][DISK_ID_SIZE];
	size_t index[SIM_COPIES_MAX];

	for (uint32_t group = 0; group < sim->groups; group++) {
		struct sim_copies *copies = copies_of(sim, node, group);

		copies_core_init(&copies->core, disk_group_id(group), sim_random(sim) | 1);
		copies->started = true;
		for (uint32_t copy = 0; copy < sim->copies[group]; copy++) {
			disk_id(group, copy, id[copy]);
			disk[copy] = (struct copies_disk){ id[copy], "/dev/disk" };
		}
		if (copies_core_set_disks(&copies->core, disk, sim->copies[group], index) != 0) {
			sim_fail(sim, "BUG node %u: no room for the copies", node);
		}
	}
}

/* Frees what the core holds: its I/O fails, and nothing more is done. */
static void copies_stop(struct sim *sim, uint32_t node, uint32_t group)
{
	struct sim_copies *copies = copies_of(sim, node, group);
	bool again = true;

	if (!copies->started) {
		return;
	}
	copies->dying = true;
	while (again) {
		again = copies->deciding;
		if (copies->deciding) {
			copies_decided(sim, node, group, NULL);
		}
		for (size_t i = 0; i < COPIES_ROOM; i++) {
			struct sim_io *io = &copies->io[i];
			struct copies_event event = { .kind = io->effect.kind == EFFECT_READ
								      ? EVENT_READ
								      : EVENT_WRITTEN,
						      .copy = i,
						      .error = -EIO,
						      .reason = "gone" };

			if (io->used) {
				copy_image_free(io->image);
				io_free(io);
				copies_event(sim, node, group, &event);
				again = true;
			}
		}
	}
	if (copies->core.task != NULL) {
		op_end(copies);
	}
	copies_core_clear(&copies->core);
	memset(copies, 0, sizeof(*copies));
}

/* The step of each write that is under way is done, not done, or torn if all went dark. */
void disk_process_died(struct sim *sim, uint32_t node, bool power)
{
	for (uint32_t group = 0; group < sim->groups; group++) {
		struct sim_copies *copies = copies_of(sim, node, group);

		for (size_t i = 0; i < COPIES_ROOM; i++) {
			struct sim_io *io = &copies->io[i];
			uint32_t disk = io->used ? copies_disk(copies, i) : 0;

			if (!io->used || io->effect.kind != EFFECT_WRITE || io->error != 0 ||
			    io->step == io->effect.steps.count || sim_chance(sim, 40) ||
			    sim->shelf[disk_shelf(sim, group, disk)].trouble == SHELF_AWAY) {
				continue;
			}
			if (power) {
				disk_tear(sim, group, disk, &io->effect.steps.write[io->step]);
			} else {
				io_check(sim, node, group, io, disk);
			}
		}
		copies_stop(sim, node, group);
	}
}

void disk_init_nodes(struct sim *sim)
{
	if (sim->node_copies == NULL) {
		sim->node_copies =
			calloc(SIM_NODES_MAX * SIM_GROUPS_MAX, sizeof(*sim->node_copies));
	}
	if (sim->node_copies == NULL) {
		abort();
	}
}

/* crashed: what the cores hold cannot be trusted any more. */
void disk_end(struct sim *sim, bool crashed)
{
	for (uint32_t node = 1; node <= SIM_NODES_MAX && sim->node_copies != NULL; node++) {
		for (uint32_t group = 0; group < SIM_GROUPS_MAX; group++) {
			if (crashed) {
				memset(copies_of(sim, node, group), 0, sizeof(struct sim_copies));
			} else {
				copies_stop(sim, node, group);
			}
		}
	}
}
