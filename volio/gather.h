/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for several things that end in any order. Main thread only; part of the object that
 * waits. */
#ifndef VX_VOLIO_GATHER_H
#define VX_VOLIO_GATHER_H

#include <stdio.h>

#include "base/limits.h"

struct gather {
	unsigned int pending;
	int error; /* the first one */
	char reason[VX_REASON_MAX];
	void (*done)(struct gather *gather);
	void *ctx;
};

/* Begins with one thing pending, so that it cannot end before gather_end() of the caller. */
static inline void gather_begin(struct gather *gather, void (*done)(struct gather *gather),
				void *ctx)
{
	*gather = (struct gather){ .pending = 1, .done = done, .ctx = ctx };
}

static inline void gather_add(struct gather *gather)
{
	gather->pending++;
}

static inline void gather_end(struct gather *gather, int error, const char *reason)
{
	if (error != 0 && gather->error == 0) {
		gather->error = error;
		snprintf(gather->reason, sizeof(gather->reason), "%s",
			 reason != NULL ? reason : "");
	}
	if (--gather->pending == 0) {
		gather->done(gather);
	}
}

#endif
