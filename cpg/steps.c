// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps of a reconfiguration: one table. */
#include "cpg/steps.h"

#include <stddef.h>

#include "base/mutant.h"

enum step_need { NEED_ALWAYS, NEED_UNCLEAN };

static const struct step_row {
	const char *name;
	bool iod, configd;
	enum step_need need;
} step_table[STEP_COUNT] = {
	[STEP_NONE] = { "none", false, false, NEED_ALWAYS },
	[STEP_STOP] = { "stop", true, true, NEED_ALWAYS },
	[STEP_FENCE] = { "fence", false, false, NEED_ALWAYS },
	[STEP_ROLE] = { "role", false, true, NEED_ALWAYS },
	[STEP_CONFIG] = { "configuration", false, true, NEED_ALWAYS },
	[STEP_RECOVER] = { "recovery map", true, false, NEED_UNCLEAN },
	[STEP_RESUME] = { "resume", true, true, NEED_ALWAYS },
};

const char *step_name(enum step step)
{
	return step < STEP_COUNT ? step_table[step].name : "none";
}

bool step_uses_iod(enum step step)
{
	return step < STEP_COUNT && step_table[step].iod;
}

bool step_uses_configd(enum step step)
{
	return step < STEP_COUNT && step_table[step].configd;
}

static bool step_is_needed(enum step_need need, const struct view *view)
{
	switch (need) {
	case NEED_ALWAYS:
		return true;
	case NEED_UNCLEAN:
		if (view->cold && !MUTANT(R10_COLD)) {
			return true; /* R10 */
		}
		for (size_t i = 0; i < view->leaver_count; i++) {
			if (view->leaver[i].how != VIEW_CLEAN) {
				return true;
			}
		}
		return false;
	}
	return true;
}

enum step step_next(enum step step, const struct view *view)
{
	while (++step < STEP_COUNT && !step_is_needed(step_table[step].need, view)) {
	}
	return step;
}
