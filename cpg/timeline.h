/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last reconfigurations as this node lived them: cause, freeze, time of each step.
 * For `vxclustadm -v nodestate` and measurements; no decision depends on it.
 */
#ifndef VX_CPG_TIMELINE_H
#define VX_CPG_TIMELINE_H

#include <stdint.h>

#include "base/limits.h"
#include "cpg/steps.h"
#include "vxha.pb-c.h"

#define TIMELINE_LENGTH 16 /* reconfigurations that are kept */

struct timeline_entry {
	uint64_t epoch, wall_ms; /* when I/O was told to stop */
	uint64_t begin_us, end_us;
	uint64_t quorum_us;	      /* of it: without quorum */
	uint64_t step_us[STEP_COUNT]; /* length of each step */
	uint64_t step_begin_us[STEP_COUNT];
	bool done, running;
	char cause[VX_REASON_MAX];
};

struct timeline {
	struct timeline_entry entry[TIMELINE_LENGTH];
	uint64_t count;		 /* ever begun: also the sequence number of reconfigurations */
	uint64_t quorum_lost_us; /* 0: there is quorum */
};

void timeline_begin(struct timeline *line, const char *cause, uint64_t now_us, uint64_t wall_ms);
void timeline_step(struct timeline *line, enum step step, uint64_t now_us);
void timeline_cause(struct timeline *line, const char *cause);
void timeline_quorum(struct timeline *line, bool quorate, uint64_t now_us);
void timeline_end(struct timeline *line, uint64_t epoch, uint64_t now_us);
const struct timeline_entry *timeline_last(const struct timeline *line);
/*
 * Appends the entries to state (oldest first); one that runs is told as it would be if it ended
 * now. Memory is freed with timeline_reports_free().
 */
void timeline_reports_make(const struct timeline *line, uint64_t now_us, Vx__AdmState *state);
void timeline_reports_free(Vx__AdmState *state);

#endif
