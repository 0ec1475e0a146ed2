// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration copies of one group: carries out what the core decides (copies_core.h), with
 * worker threads, and keeps the queue of operations.
 */
#include "vxconfigd/copies.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/copies_core.h"
#include "vxconfigd/disk_io.h"
#include "vxconfigd/record.h"

/* Disks that were given, not yet taken over. */
struct copies_disks {
	size_t count;
	struct copies_disk disk[];
};

struct copies_op {
	STAILQ_ENTRY(copies_op) next;
	struct copies_disks *disks; /* from this operation on; NULL: those of the one before */
	struct copies_task task;
	void (*read_done)(void *ctx, struct copies_found *found);
	void (*claim_done)(void *ctx, int error, uint64_t max_epoch, const char *reason);
	void (*write_done)(void *ctx, int error, const char *reason);
	void *ctx;
};

struct copies_waiter {
	STAILQ_ENTRY(copies_waiter) next;
	void (*done)(void *ctx);
	void *ctx;
};

/* Where a copy is. A job takes the open disk with it and brings it back. */
struct copies_path {
	char *path; /* NULL: not seen by this node */
	struct disk_io *io; /* NULL: not open, or with a job */
	bool bad; /* it was told that the copy there cannot be used */
	unsigned int turn; /* counts changes of path: what a job brings back may be of the old one */
};

struct copies {
	struct worker *worker;
	struct copies_core core;
	struct copies_path path[COPIES_ROOM];
	STAILQ_HEAD(, copies_op) ops; /* the first one runs, once started */
	struct copies_disks *disks_next; /* for the next operation that is given; NULL: no others */
	STAILQ_HEAD(, copies_waiter) waiters;
	struct loop_timer kick, answer_timer;
	size_t decide_jobs; /* 0 or 1 */
	bool force_next;
	bool running;
};

struct copies_job {
	struct worker_job job;
	struct copies *copies;
	size_t copy;
	unsigned int turn;
	char *path;
	struct disk_io *io;
	bool write;
	char dgid[DISK_ID_SIZE], diskid[DISK_ID_SIZE];
	struct copy_steps steps;
	struct copies_body *body;

	int error;
	char reason[VX_REASON_MAX];
	struct copy_image *image;
};

static void copies_kick(struct copies *copies);
static void copies_step(struct copies *copies, const struct copies_event *event);

static void disks_free(struct copies_disks *disks)
{
	for (size_t i = 0; disks != NULL && i < disks->count; i++) {
		free((char *)disks->disk[i].diskid);
		free((char *)disks->disk[i].path);
	}
	free(disks);
}

static struct copies_disks *disks_clone(const struct copies_disk *disk, size_t count)
{
	struct copies_disks *disks = record_alloc(1, sizeof(*disks) + count * sizeof(*disk));

	disks->count = count;
	for (size_t i = 0; i < count; i++) {
		disks->disk[i].diskid = proto_string(disk[i].diskid);
		disks->disk[i].path = disk[i].path != NULL ? proto_string(disk[i].path) : NULL;
	}
	return disks;
}

int copies_create(struct worker *worker, const char *dgid, const struct copies_disk *disk,
		  size_t count, struct copies **out_copies)
{
	struct copies *copies = calloc(1, sizeof(*copies));

	if (copies == NULL) {
		return -ENOMEM;
	}
	copies->worker = worker;
	STAILQ_INIT(&copies->ops);
	STAILQ_INIT(&copies->waiters);
	copies_core_init(&copies->core, dgid, id_make_u64());

	int rc = copies_set_disks(copies, disk, count);

	if (rc != 0) {
		copies_free(copies);
		return rc;
	}
	*out_copies = copies;
	return 0;
}

void copies_free(struct copies *copies)
{
	if (copies == NULL) {
		return;
	}
	assert(copies_idle(copies) && STAILQ_EMPTY(&copies->waiters));
	loop_timer_cancel(&copies->kick);
	loop_timer_cancel(&copies->answer_timer);
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		disk_io_close(copies->path[i].io);
		free(copies->path[i].path);
	}
	copies_core_clear(&copies->core);
	disks_free(copies->disks_next);
	free(copies);
}

int copies_set_disks(struct copies *copies, const struct copies_disk *disk, size_t count)
{
	if (count > VX_DISKS_MAX) {
		return -VX_E_FULL;
	}
	disks_free(copies->disks_next);
	copies->disks_next = disks_clone(disk, count);
	return 0;
}

/* Between two operations. */
static int copies_take_disks(struct copies *copies, struct copies_disks *disks)
{
	size_t index[VX_DISKS_MAX];
	int rc = copies_core_set_disks(&copies->core, disks->disk, disks->count, index);

	for (size_t i = 0; rc == 0 && i < disks->count; i++) {
		struct copies_path *path = &copies->path[index[i]];
		struct copies_disk *disk = &disks->disk[i];

		if (path->path != NULL && disk->path != NULL &&
		    strcmp(path->path, disk->path) == 0) {
			continue;
		}
		disk_io_close(path->io);
		free(path->path);
		path->io = NULL;
		path->turn++;
		path->path = (char *)disk->path;
		disk->path = NULL;
	}
	return rc;
}

/* What became of the places that the core gave up: their disks are closed. */
static void copies_paths_prune(struct copies *copies)
{
	for (size_t i = 0; i < COPIES_ROOM; i++) {
		struct copies_path *path = &copies->path[i];

		if (!copies->core.copy[i].used && path->path != NULL) {
			disk_io_close(path->io);
			free(path->path);
			path->io = NULL;
			path->path = NULL;
			path->turn++;
		}
	}
}

static int job_read_blocks(void *ctx, uint32_t block, uint32_t blocks, uint8_t *out)
{
	return disk_io_read(ctx, block, blocks, out);
}

static void job_write_steps(struct copies_job *job)
{
	for (size_t i = 0; i < job->steps.count && job->error == 0; i++) {
		const struct copy_write *write = &job->steps.write[i];

		job->error = disk_io_write(job->io, write->block, write->blocks, write->data);
		FAULT(P9_PART);
		if (job->error == 0) {
			job->error = disk_io_flush(job->io);
		}
	}
	if (job->error != 0) {
		snprintf(job->reason, sizeof(job->reason), "write failed: %s", vx_strerror(job->error));
	}
}

/* In a worker thread. */
static void job_run(struct worker_job *base)
{
	struct copies_job *job = (struct copies_job *)base;

	if (job->io != NULL && job->write && !job->io->writable) {
		disk_io_close(job->io);
		job->io = NULL;
	}
	if (job->io == NULL) {
		job->error = disk_io_open(job->path, job->write ? DISK_IO_WRITE : DISK_IO_READ, &job->io,
					  job->reason);
	}
	if (job->error == 0 && job->write) {
		job_write_steps(job);
		FAULT(P10_COPY);
	} else if (job->error == 0) {
		struct copy_reader reader = { job_read_blocks, job->io };

		job->error = copy_image_read(&reader, job->dgid, job->diskid, &job->image, job->reason);
	}
	if (job->error != 0) {
		disk_io_close(job->io); /* the next one opens it afresh */
		job->io = NULL;
	}
}

/* Told once, until it is well again. A disk that left the group (-VX_E_NODISK) is no fault. */
static void job_tell(struct copies_path *path, const struct copies_job *job, const struct copies_event *event)
{
	const char *reason = event->error != 0		? event->reason
			     : event->image != NULL ? event->image->damage
						    : NULL;
	bool bad = reason != NULL && event->error != -VX_E_NODISK;

	if (!bad && job->write && job->body == NULL) {
		return; /* a claim, or a record: it says nothing about the rest */
	}
	if (bad && !path->bad) {
		log_warning("dgid=%s disk=%s its configuration copy cannot be used: %s%s", job->dgid,
			    path->path, reason,
			    event->error == 0 ? ": the next change of the group writes it anew" : "");
	} else if (!bad && path->bad) {
		log_notice("dgid=%s disk=%s its configuration copy is %s", job->dgid, path->path,
			   job->write ? "written anew" : "usable again");
	}
	path->bad = bad;
}

static void job_done(struct worker_job *base)
{
	struct copies_job *job = (struct copies_job *)base;
	struct copies *copies = job->copies;
	struct copies_path *path = &copies->path[job->copy];
	struct copies_event event = {
		.kind = job->write ? EVENT_WRITTEN : EVENT_READ,
		.copy = job->copy,
		.error = base->error != 0 ? base->error : job->error,
		.reason = base->error != 0 ? vx_strerror(base->error) : job->reason,
		.image = job->image,
	};

	if (path->turn == job->turn) {
		job_tell(path, job, &event);
	}
	if (path->turn == job->turn && path->io == NULL) {
		path->io = job->io;
	} else {
		disk_io_close(job->io);
	}
	copy_steps_free(&job->steps);
	copies_body_put(job->body);
	copies_step(copies, &event);
	free(job->path);
	free(job);
}

static void copies_submit(struct copies *copies, struct copies_effect *effect)
{
	const struct core_copy *copy = &copies->core.copy[effect->copy];
	struct copies_path *path = &copies->path[effect->copy];
	struct copies_job *job = calloc(1, sizeof(*job));

	if (job == NULL || (job->path = strdup(path->path)) == NULL) {
		abort(); /* out of memory between two writes of a commit */
	}
	job->job.run = job_run;
	job->job.done = job_done;
	job->copies = copies;
	job->copy = effect->copy;
	job->turn = path->turn;
	job->io = path->io;
	path->io = NULL;
	job->write = effect->kind == EFFECT_WRITE;
	job->steps = effect->steps;
	job->body = effect->body;
	memcpy(job->dgid, copies->core.dgid, sizeof(job->dgid));
	memcpy(job->diskid, copy->diskid, sizeof(job->diskid));
	worker_submit(copies->worker, job->path, &job->job);
}

struct decide_job {
	struct worker_job job;
	struct copies *copies;
};

/* In a worker thread: nothing that it reads changes until it is done. */
static void decide_run(struct worker_job *base)
{
	copies_core_decide(&((struct decide_job *)base)->copies->core);
}

static void decide_done(struct worker_job *base)
{
	struct decide_job *job = (struct decide_job *)base;
	struct copies *copies = job->copies;
	const struct copies_event event = { .kind = EVENT_DECIDED };

	if (base->error != 0) {
		copies_core_decide(&copies->core); /* no room for the job: then here */
	}
	free(job);
	copies_step(copies, &event);
}

static void copies_submit_decide(struct copies *copies)
{
	struct decide_job *job = calloc(1, sizeof(*job));
	char queue[DISK_ID_SIZE + 8];

	if (job == NULL) {
		abort();
	}
	job->job.run = decide_run;
	job->job.done = decide_done;
	job->copies = copies;
	snprintf(queue, sizeof(queue), "group %s", copies->core.dgid);
	worker_submit(copies->worker, queue, &job->job);
}

static void op_free(struct copies_op *op)
{
	if (op->task.content != NULL) {
		vx__checkpoint__free_unpacked(op->task.content, NULL);
	}
	if (op->task.change != NULL) {
		vx__change__free_unpacked(op->task.change, NULL);
	}
	free(op->task.before_packed);
	disks_free(op->disks);
	free(op);
}

static void copies_answer(struct copies *copies)
{
	struct copies_op *op = STAILQ_FIRST(&copies->ops);
	struct copies_task *task = &op->task;

	loop_timer_cancel(&copies->answer_timer);
	switch (task->kind) {
	case TASK_READ:
		op->read_done(op->ctx, &task->found);
		break;
	case TASK_CLAIM:
		op->claim_done(op->ctx, task->error, task->found.max_epoch, task->reason);
		break;
	case TASK_CHECKPOINT:
	case TASK_APPEND:
		op->write_done(op->ctx, task->error, task->reason);
		break;
	}
	copies_core_end(&copies->core);
	copies_paths_prune(copies);
	STAILQ_REMOVE_HEAD(&copies->ops, next);
	copies->running = false;
	op_free(op);
}

static void copies_timeout(void *ctx)
{
	const struct copies_event event = { .kind = EVENT_TIMEOUT };

	copies_step(ctx, &event);
}

static void copies_step(struct copies *copies, const struct copies_event *event)
{
	struct copies_effects effects;
	bool submitted = false;

	copies_core_step(&copies->core, event, &effects);
	for (size_t i = 0; i < effects.count; i++) {
		switch (effects.effect[i].kind) {
		case EFFECT_READ:
		case EFFECT_WRITE:
			copies_submit(copies, &effects.effect[i]);
			submitted = true;
			break;
		case EFFECT_DECIDE:
			copies_submit_decide(copies);
			break;
		case EFFECT_ANSWER:
			copies_answer(copies);
			break;
		}
	}
	if (submitted) {
		loop_timer_set(worker_loop(copies->worker), &copies->answer_timer, VX_COPY_ANSWER_MS,
			       copies_timeout, copies);
	} else if (!copies_core_waits(&copies->core)) {
		loop_timer_cancel(&copies->answer_timer);
	}
	copies_kick(copies);
}

/* From the loop: starts the next operation, tells who waits for the end of the writes. */
static void copies_next(void *ctx)
{
	struct copies *copies = ctx;
	struct copies_op *op = STAILQ_FIRST(&copies->ops);
	struct copies_waiter *waiter;

	if (op != NULL && !copies->running) {
		int rc = op->disks != NULL ? copies_take_disks(copies, op->disks) : 0;
		const struct copies_event event = {
			.kind = EVENT_TASK, .task = &op->task, .error = rc, .reason = vx_strerror(rc)
		};

		copies->running = true;
		copies_step(copies, &event);
		return;
	}
	if (copies_writes(copies) == 0 && (waiter = STAILQ_FIRST(&copies->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&copies->waiters, next);
		copies_kick(copies);
		waiter->done(waiter->ctx);
		free(waiter);
	}
}

/* Is there something for copies_next() to do? Then it is called from the loop, not from here. */
static void copies_kick(struct copies *copies)
{
	bool start = !STAILQ_EMPTY(&copies->ops) && !copies->running;
	bool tell = !STAILQ_EMPTY(&copies->waiters) && copies_writes(copies) == 0;

	if (start || tell) {
		loop_timer_set(worker_loop(copies->worker), &copies->kick, 0, copies_next, copies);
	}
}

static struct copies_op *op_create(enum copies_task_kind kind, void *ctx)
{
	struct copies_op *op = calloc(1, sizeof(*op));

	if (op == NULL) {
		abort();
	}
	op->task.kind = kind;
	op->ctx = ctx;
	return op;
}

static void op_queue(struct copies *copies, struct copies_op *op)
{
	op->disks = copies->disks_next;
	copies->disks_next = NULL;
	op->task.force = copies->force_next;
	copies->force_next = false;
	STAILQ_INSERT_TAIL(&copies->ops, op, next);
	copies_kick(copies);
}

void copies_read(struct copies *copies, uint64_t max_seq,
		 void (*done)(void *ctx, struct copies_found *found), void *ctx)
{
	struct copies_op *op = op_create(TASK_READ, ctx);

	op->task.max_seq = max_seq;
	op->read_done = done;
	op_queue(copies, op);
}

void copies_claim(struct copies *copies, uint64_t epoch,
		  void (*done)(void *ctx, int error, uint64_t max_epoch, const char *reason), void *ctx)
{
	struct copies_op *op = op_create(TASK_CLAIM, ctx);

	op->task.epoch = epoch;
	op->claim_done = done;
	op_queue(copies, op);
}

static uint8_t *content_pack(const Vx__Config *config, Vx__Member *const *member, size_t count,
			     size_t *out_length)
{
	Vx__Checkpoint content = VX__CHECKPOINT__INIT;

	/* Packing only reads: the schema's types know no const. */
	content.config = (Vx__Config *)config;
	content.durable = (Vx__Member **)member;
	content.n_durable = count;
	return proto_pack(&content, out_length);
}

static void checkpoint_queue(struct copies *copies, const Vx__Config *config,
			     Vx__Member *const *member, size_t member_count, bool close,
			     void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	struct copies_op *op = op_create(TASK_CHECKPOINT, ctx);

	size_t length;
	uint8_t *packed = content_pack(config, member, member_count, &length);

	op->task.content = vx__checkpoint__unpack(NULL, length, packed);
	free(packed);
	assert(op->task.content != NULL && op->task.content->config != NULL);
	op->task.close = close;
	op->write_done = done;
	op_queue(copies, op);
}

void copies_checkpoint(struct copies *copies, const Vx__Config *config, Vx__Member *const *member,
		       size_t member_count, void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	checkpoint_queue(copies, config, member, member_count, false, done, ctx);
}

void copies_close(struct copies *copies, const Vx__Config *config,
		  void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	checkpoint_queue(copies, config, NULL, 0, true, done, ctx);
}

void copies_append(struct copies *copies, uint64_t epoch, uint64_t seq, const Vx__Change *change,
		   const Vx__Config *config_before,
		   void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	struct copies_op *op = op_create(TASK_APPEND, ctx);

	op->task.change = proto_clone(change);
	op->task.epoch = epoch;
	op->task.seq = seq;
	op->task.before_epoch = config_before->epoch;
	op->task.before_seq = config_before->seq;
	op->task.before_packed = content_pack(config_before, NULL, 0, &op->task.before_length);
	op->write_done = done;
	op_queue(copies, op);
}

void copies_force(struct copies *copies, bool force)
{
	copies->force_next = force;
}

bool copies_idle(const struct copies *copies)
{
	return STAILQ_EMPTY(&copies->ops) && !copies_core_busy(&copies->core);
}

size_t copies_writes(const struct copies *copies)
{
	const struct copies_op *op;
	size_t count = copies_core_writes(&copies->core);

	STAILQ_FOREACH(op, &copies->ops, next)
	{
		count += op->task.kind != TASK_READ;
	}
	return count;
}

void copies_when_written(struct copies *copies, void (*done)(void *ctx), void *ctx)
{
	struct copies_waiter *waiter = record_alloc(1, sizeof(*waiter));

	waiter->done = done;
	waiter->ctx = ctx;
	STAILQ_INSERT_TAIL(&copies->waiters, waiter, next);
	copies_kick(copies);
}
