// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing which disks hold copies (D18), so that a crash anywhere leaves a set that decides:
 *
 *   on disk        set                                a majority is needed of
 *   old            {1 2 3}                            old
 *   seeding        new copies hold the content,       old
 *                  naming the old set
 *   joining        {3 4 5}, before {1 2 3}            old and new
 *   writing        {3 4 5}                            new
 *
 * Joining must be on a majority of both before the set before is left out: whoever still reads a
 * majority of the old ones then sees it. A joining found after a crash is written again first.
 */
#include "vxconfigd/copies_write.h"

/* A copy of the new set that the old set cannot count on yet. */
static bool is_unfilled(const struct core_copy *copy)
{
	return copy->listed && !(copy->enabled && copies_has_content(copy));
}

bool copies_rejoin_needed(const struct copies_core *core)
{
	size_t written;

	return copies_set_counts(core) && copies_count(core, copies_is_before, &written) > 0;
}

bool copies_set_changes(const struct copies_core *core)
{
	bool differs = false;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		differs |= core->copy[i].listed != core->copy[i].enabled;
	}
	return differs && copies_set_counts(core);
}

void copies_write_rejoin(struct copies_core *core, struct copies_effects *effects)
{
	copies_write_body(core, effects, copies_is_enabled, copies_is_before, copies_is_any);
	copies_write_check(core, effects, copies_is_enabled);
	copies_write_check(core, effects, copies_is_before);
}

void copies_write_seed(struct copies_core *core, struct copies_effects *effects)
{
	copies_write_body(core, effects, copies_is_enabled, NULL, is_unfilled);
}

void copies_write_join(struct copies_core *core, struct copies_effects *effects)
{
	copies_write_body(core, effects, copies_is_listed, copies_is_enabled, copies_is_any);
	copies_write_check(core, effects, copies_is_listed);
	copies_write_check(core, effects, copies_is_enabled);
}

/* Is the stage written to a majority of a set? Sets the task's error if not. */
static bool set_has_it(struct copies_core *core, copies_set of_set, const char *what)
{
	size_t written, all = copies_count(core, of_set, &written);

	if (written >= copies_majority(all)) {
		return true;
	}
	copies_fail_minority(core, what, written, all);
	return false;
}

/* A majority of the new set holds a content: so it can decide alone later. */
static bool new_set_is_filled(struct copies_core *core)
{
	size_t have = 0, all = 0;

	for (size_t i = 0; i < COPIES_ROOM; i++) {
		const struct core_copy *copy = &core->copy[i];

		all += copy->listed;
		have += copy->listed && (!is_unfilled(copy) || copies_counts(copy));
	}
	if (have >= copies_majority(all)) {
		return true;
	}
	copies_fail_minority(core, "the configuration is", have, all);
	return false;
}

bool copies_judge_change_of_set(struct copies_core *core)
{
	struct copies_task *task = core->task;
	bool done = false;

	if (task->error == 0 && core->stage == STAGE_REJOINING) {
		done = set_has_it(core, copies_is_enabled, "written") &&
		       set_has_it(core, copies_is_before, "written (set before)");
		for (size_t i = 0; done && i < COPIES_ROOM; i++) {
			core->copy[i].before = false;
		}
	} else if (task->error == 0 && core->stage == STAGE_SEEDING) {
		done = new_set_is_filled(core);
	} else if (task->error == 0) {
		done = set_has_it(core, copies_is_listed, "written") &&
		       set_has_it(core, copies_is_enabled, "written (set before)");
	}
	if (!done) {
		copies_write_failed(core);
	}
	return done;
}
