/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the core of the copies writes and when it counts: for copies_core.c only.
 *
 * Pure. write functions add effects for the stage just entered, or set the task's error and add
 * none; judge functions look at what came of it and set the task's error.
 */
#ifndef VX_VXCONFIGD_COPIES_WRITE_H
#define VX_VXCONFIGD_COPIES_WRITE_H

#include <stdbool.h>

#include "vxconfigd/copies_core.h"

__attribute__((format(printf, 3, 4))) void copies_copy_fail(struct core_copy *copy, int error,
							    const char *format, ...);
Vx__Checkpoint *copies_checkpoint_clone(const Vx__Checkpoint *checkpoint);
/* After a reading: remembers the highest generation, and where each copy can be written. */
void copies_generation_learn(struct copies_core *core);

/* D16: a copy holds something newer than what is to be written. Sets the task's error. */
bool copies_is_stale(struct copies_core *core);

void copies_write_claim(struct copies_core *core, struct copies_effects *effects);
void copies_judge_claim(struct copies_core *core);

/* D18: new copies get the content before the set that names them is written. */
bool copies_seed_needed(const struct copies_core *core);
void copies_write_seed(struct copies_core *core, struct copies_effects *effects);
bool copies_judge_seed(struct copies_core *core); /* true: go on */

void copies_write_checkpoint(struct copies_core *core, struct copies_effects *effects);
bool copies_judge_checkpoint(struct copies_core *core); /* true: it counts */

/* Can the journal be gone on with, without a checkpoint first? */
bool copies_append_ready(const struct copies_core *core);
void copies_write_change(struct copies_core *core, struct copies_effects *effects);
void copies_judge_change(struct copies_core *core);

#endif
