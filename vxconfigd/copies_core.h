/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decisions behind copies.h: which copies to read and write, in which order, what counts.
 *
 * Pure: copies_core_step(core, event, effects), no clock, I/O, thread, log; its one random number is
 * given to it. One task at a time. The shell carries effects out and gives back an event for each;
 * EVENT_TIMEOUT says that what is still missing of this round is not waited for any longer (its
 * event comes later all the same).
 *
 *   READ        reading -> deciding -> answer
 *   CLAIM       reading -> deciding -> claiming -> answer
 *   CHECKPOINT  reading -> (deciding) -> (change of the set) -> writing -> answer
 *   APPEND      appending -> answer; where the journal cannot be gone on with:
 *               reading -> (deciding) -> (change of the set) -> writing -> appending -> answer
 *
 * Change of the set of copies (D18): (rejoining, if somebody's change was not finished) ->
 * seeding -> joining.
 */
#ifndef VX_VXCONFIGD_COPIES_CORE_H
#define VX_VXCONFIGD_COPIES_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxconfigd/copies_decide.h"
#include "vxconfigd/copy_image.h"

/* X(name, stages that may follow) */
#define COPIES_STAGES(X) \
	X(IDLE, TO(READING) | TO(APPENDING)) \
	X(READING, TO(DECIDING) | TO(REJOINING) | TO(SEEDING) | TO(WRITING) | TO(IDLE)) \
	X(DECIDING, TO(CLAIMING) | TO(REJOINING) | TO(SEEDING) | TO(WRITING) | TO(IDLE)) \
	X(CLAIMING, TO(IDLE)) \
	X(REJOINING, TO(SEEDING) | TO(WRITING) | TO(IDLE)) \
	X(SEEDING, TO(JOINING) | TO(IDLE)) \
	X(JOINING, TO(WRITING) | TO(IDLE)) \
	X(WRITING, TO(APPENDING) | TO(IDLE)) \
	X(APPENDING, TO(IDLE))

enum copies_stage {
#define COPIES_ENUM(name, next) STAGE_##name,
	COPIES_STAGES(COPIES_ENUM)
#undef COPIES_ENUM
	STAGE_COUNT
};

enum copies_task_kind { TASK_READ, TASK_CLAIM, TASK_CHECKPOINT, TASK_APPEND };

struct copies_task {
	enum copies_task_kind kind;
	bool force; /* no majority of the copies named on disk is asked for */
	uint64_t epoch, seq; /* CLAIM: epoch; APPEND: of the content after the change */
	uint64_t max_seq; /* READ */
	bool close; /* CHECKPOINT that names nobody: on one copy, as this node's last write (R12) */
	Vx__Checkpoint *content; /* CHECKPOINT: config and durable; APPEND: made from before_packed when needed */
	Vx__Change *change; /* APPEND */
	uint64_t before_epoch, before_seq; /* APPEND: of the content before the change */
	uint8_t *before_packed; /* APPEND: a packed Vx__Checkpoint with that content */
	size_t before_length;

	/* the answer, from EFFECT_ANSWER until copies_core_end() */
	int error;
	char reason[VX_REASON_MAX];
	struct copies_found found; /* of the reading, if there was one */
};

/* The body of a checkpoint, shared by the writes to all copies. Counted by the main thread. */
struct copies_body {
	unsigned int users;
	uint32_t length, crc;
	uint8_t *data;
};

struct core_copy {
	bool used; /* this place in the array is */
	bool reachable; /* the shell knows a path */
	bool listed; /* the caller says that it holds a copy */
	bool enabled; /* the newest checkpoint names it */
	bool before; /* ... as one of the set before: the change of the set was not finished */
	bool healthy; /* holds everything; appends go on here */
	bool busy; /* I/O is under way */
	bool writing; /* ... and it is a write */
	bool waited; /* ... and this round waits for it */
	bool written; /* in this stage */
	char diskid[DISK_ID_SIZE];
	char name[DISK_ID_SIZE];

	/* of the running task */
	int error;
	char reason[VX_REASON_MAX / 2];
	struct copy_image *image;
	struct copy_place place, next; /* now; after the write under way */
};

struct copies_core {
	char dgid[DISK_ID_SIZE];
	uint64_t writer; /* random, not 0 */
	struct core_copy copy[COPIES_ROOM]; /* a copy keeps its index */
	enum copies_stage stage;
	bool known; /* enabled and durable are those on disk */
	uint64_t claimed; /* epoch of our own claim */
	uint64_t spoiled; /* up to this epoch nothing more is written */
	bool mend; /* a copy was read that lost something: the next change goes by a checkpoint (D21) */
	bool wrote; /* the running task sent something to a disk */
	uint64_t generation; /* highest seen */
	uint64_t epoch, seq; /* of what healthy copies hold */
	Vx__Checkpoint *durable; /* only durable is set; NULL: not known */
	struct copies_task *task;
};

enum copies_event_kind { EVENT_TASK, EVENT_READ, EVENT_WRITTEN, EVENT_DECIDED, EVENT_TIMEOUT };

struct copies_event {
	enum copies_event_kind kind;
	struct copies_task *task; /* TASK; must live until copies_core_end() */
	size_t copy; /* READ, WRITTEN */
	int error; /* TASK: it cannot begin */
	const char *reason; /* if error */
	struct copy_image *image; /* READ: belongs to the core from now on */
};

enum copies_effect_kind { EFFECT_READ, EFFECT_WRITE, EFFECT_DECIDE, EFFECT_ANSWER };

struct copies_effect {
	enum copies_effect_kind kind;
	size_t copy; /* READ, WRITE */
	struct copy_steps steps; /* WRITE: the shell's to free */
	struct copies_body *body; /* WRITE: behind the steps, or NULL; give it back */
};

struct copies_effects {
	struct copies_effect effect[COPIES_ROOM + 1];
	size_t count;
};

void copies_core_init(struct copies_core *core, const char *dgid, uint64_t writer);
void copies_core_clear(struct copies_core *core);
/* Only when no task runs. out_index: where each disk is. 0, -VX_E_FULL. */
int copies_core_set_disks(struct copies_core *core, const struct copies_disk *disk, size_t count,
			  size_t *out_index);
void copies_core_step(struct copies_core *core, const struct copies_event *event,
		      struct copies_effects *out_effects);
/* EFFECT_DECIDE: call this, in any thread, then give EVENT_DECIDED. Touches the task's found only. */
void copies_core_decide(const struct copies_core *core);
/* The answer was delivered: frees what it pointed to. The task is the caller's again. */
void copies_core_end(struct copies_core *core);
bool copies_core_busy(const struct copies_core *core); /* a task runs, or I/O is under way */
size_t copies_core_writes(const struct copies_core *core); /* that are under way, waited for or not (D20) */
bool copies_core_waits(const struct copies_core *core); /* the round waits for I/O: a time-out is due */

void copies_body_put(struct copies_body *body);

#endif
