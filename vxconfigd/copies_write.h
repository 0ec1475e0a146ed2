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

typedef bool (*copies_set)(const struct core_copy *copy); /* is this copy one of the set? */
bool copies_is_listed(const struct core_copy *copy);
bool copies_is_enabled(const struct core_copy *copy);
bool copies_is_before(const struct core_copy *copy);
bool copies_is_any(const struct core_copy *copy);
bool copies_has_content(const struct core_copy *copy); /* it was read and counts for a majority */
/* D21: what was written in this stage counts for a majority. */
bool copies_counts(const struct core_copy *copy);

/* How many copies are of a set, and how many of these were written in this stage. */
size_t copies_count(const struct copies_core *core, copies_set of_set, size_t *out_written);
/* Without a set on disk, or when forced, the caller's list is the set that counts: then false. */
bool copies_set_counts(const struct copies_core *core);
/* Not enough copies: sets the task's error, with why the others are not among them. */
void copies_fail_minority(struct copies_core *core, const char *what, size_t have, size_t all);
/* D17: a write did not reach enough copies: if anything may be on disk, this epoch is over for us. */
void copies_write_failed(struct copies_core *core);
/* Writes a checkpoint naming these sets (before may be NULL) to every copy that was read and is chosen. */
void copies_write_body(struct copies_core *core, struct copies_effects *effects, copies_set enabled,
		       copies_set before, copies_set chosen);

__attribute__((format(printf, 3, 4))) void copies_copy_fail(struct core_copy *copy, int error,
							    const char *format, ...);
/* After a reading: remembers the highest generation, and where each copy can be written. */
void copies_generation_learn(struct copies_core *core);

/* D16: a copy holds something newer than what is to be written. Sets the task's error. */
bool copies_is_stale(struct copies_core *core);
/* More disks are listed than a checkpoint may name. Sets the task's error. */
bool copies_is_too_many(struct copies_core *core);

void copies_write_claim(struct copies_core *core, struct copies_effects *effects);
void copies_judge_claim(struct copies_core *core);

/* If the effects cannot reach a majority of a set: drops them all and sets the task's error. */
void copies_write_check(struct copies_core *core, struct copies_effects *effects, copies_set of_set);

/* D18: a change of the set. Finishing somebody's joining, filling new copies, naming both sets. */
bool copies_rejoin_needed(const struct copies_core *core);
bool copies_set_changes(const struct copies_core *core);
void copies_write_rejoin(struct copies_core *core, struct copies_effects *effects);
void copies_write_seed(struct copies_core *core, struct copies_effects *effects);
void copies_write_join(struct copies_core *core, struct copies_effects *effects);
bool copies_judge_change_of_set(struct copies_core *core); /* true: go on */

/* R12: one copy names nobody, once nothing of this node is on its way to any. */
void copies_write_close(struct copies_core *core, struct copies_effects *effects);
void copies_write_checkpoint(struct copies_core *core, struct copies_effects *effects);
bool copies_judge_checkpoint(struct copies_core *core); /* true: it counts */

/* Can the journal be gone on with, without a checkpoint first? */
bool copies_append_ready(const struct copies_core *core);
void copies_write_change(struct copies_core *core, struct copies_effects *effects);
void copies_judge_change(struct copies_core *core);

#endif
