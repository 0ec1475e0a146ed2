/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a reconfiguration (PROTOCOL.md 5): one table, in order. Pure. */
#ifndef VX_CPG_STEPS_H
#define VX_CPG_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "cpg/view.h"

/* Numbers as enum Step in the schema. */
enum step {
	STEP_NONE,
	STEP_STOP,
	STEP_FENCE,
	STEP_ROLE,
	STEP_CONFIG,
	STEP_RECOVER,
	STEP_RESUME,
	STEP_COUNT
};

const char *step_name(enum step step);
/* Does the local vxiod, vxconfigd take part in it? */
bool step_uses_iod(enum step step);
bool step_uses_configd(enum step step);
/* The step after `step` that this view needs; STEP_COUNT after the last. */
enum step step_next(enum step step, const struct view *view);

#endif
