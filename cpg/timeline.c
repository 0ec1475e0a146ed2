// SPDX-License-Identifier: GPL-2.0-or-later
/* The last reconfigurations as this node lived them. */
#include "cpg/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct timeline_entry *timeline_now(struct timeline *line)
{
	struct timeline_entry *entry;

	if (line->count == 0) {
		return NULL;
	}
	entry = &line->entry[(line->count - 1) % TIMELINE_LENGTH];
	return entry->running ? entry : NULL;
}

static void timeline_step_end(struct timeline_entry *entry, uint64_t now_us)
{
	for (int step = 0; step < STEP_COUNT; step++) {
		if (entry->step_begin_us[step] != 0) {
			entry->step_us[step] += now_us - entry->step_begin_us[step];
			entry->step_begin_us[step] = 0;
		}
	}
}

void timeline_begin(struct timeline *line, const char *cause, uint64_t now_us, uint64_t wall_ms)
{
	struct timeline_entry *entry = timeline_now(line);

	if (entry != NULL) {
		timeline_step(line, STEP_STOP,
			      now_us); /* started again: one freeze for the applications */
		return;
	}
	entry = &line->entry[line->count++ % TIMELINE_LENGTH];
	memset(entry, 0, sizeof(*entry));
	entry->running = true;
	entry->begin_us = now_us;
	entry->wall_ms = wall_ms;
	entry->step_begin_us[STEP_STOP] = now_us;
	snprintf(entry->cause, sizeof(entry->cause), "%s", cause);
}

void timeline_step(struct timeline *line, enum step step, uint64_t now_us)
{
	struct timeline_entry *entry = timeline_now(line);

	if (entry != NULL) {
		timeline_step_end(entry, now_us);
		entry->step_begin_us[step] = now_us;
	}
}

void timeline_cause(struct timeline *line, const char *cause)
{
	struct timeline_entry *entry = timeline_now(line);

	if (entry != NULL) {
		snprintf(entry->cause, sizeof(entry->cause), "%s", cause);
	}
}

static uint64_t timeline_quorum_us(const struct timeline *line, const struct timeline_entry *entry,
				   uint64_t now_us)
{
	uint64_t from = line->quorum_lost_us;

	if (from == 0 || !entry->running) {
		return entry->quorum_us;
	}
	return entry->quorum_us + now_us - (from > entry->begin_us ? from : entry->begin_us);
}

void timeline_quorum(struct timeline *line, bool quorate, uint64_t now_us)
{
	struct timeline_entry *entry = timeline_now(line);

	if (quorate && entry != NULL) {
		entry->quorum_us = timeline_quorum_us(line, entry, now_us);
	}
	if (quorate) {
		line->quorum_lost_us = 0;
	} else if (line->quorum_lost_us == 0) {
		line->quorum_lost_us = now_us;
	}
}

void timeline_end(struct timeline *line, uint64_t epoch, uint64_t now_us)
{
	struct timeline_entry *entry = timeline_now(line);

	if (entry != NULL) {
		timeline_step_end(entry, now_us);
		entry->epoch = epoch;
		entry->end_us = now_us;
		entry->running = false;
		entry->done = true;
	}
}

const struct timeline_entry *timeline_last(const struct timeline *line)
{
	return line->count > 0 ? &line->entry[(line->count - 1) % TIMELINE_LENGTH] : NULL;
}

static uint64_t timeline_step_us(const struct timeline_entry *entry, enum step step,
				 uint64_t now_us)
{
	uint64_t begin = entry->step_begin_us[step];

	return entry->step_us[step] + (begin != 0 ? now_us - begin : 0);
}

static Vx__Reconf *timeline_report(const struct timeline *line, const struct timeline_entry *entry,
				   uint64_t now_us)
{
	uint64_t end_us = entry->done ? entry->end_us : now_us, others_ms;
	Vx__Reconf *reconf = malloc(sizeof(*reconf));

	if (reconf == NULL) {
		abort();
	}
	vx__reconf__init(reconf);
	reconf->epoch = entry->epoch;
	reconf->cause = (char *)(uintptr_t)entry->cause;
	reconf->wall_ms = entry->wall_ms;
	reconf->done = entry->done;
	reconf->freeze_ms = (end_us - entry->begin_us) / 1000;
	reconf->fence_ms = timeline_step_us(entry, STEP_FENCE, now_us) / 1000;
	reconf->quorum_ms = timeline_quorum_us(line, entry, now_us) / 1000;
	others_ms = reconf->fence_ms + reconf->quorum_ms;
	reconf->own_ms = reconf->freeze_ms > others_ms ? reconf->freeze_ms - others_ms : 0;
	reconf->step = calloc(STEP_COUNT, sizeof(reconf->step[0]));
	for (int step = STEP_STOP; step < STEP_COUNT && reconf->step != NULL; step++) {
		Vx__StepTime *time = malloc(sizeof(*time));

		if (time == NULL) {
			abort();
		}
		vx__step_time__init(time);
		time->step = (Vx__Step)step;
		time->us = timeline_step_us(entry, (enum step)step, now_us);
		time->ms = time->us / 1000;
		reconf->step[reconf->n_step++] = time;
	}
	return reconf;
}

void timeline_reports_make(const struct timeline *line, uint64_t now_us, Vx__AdmState *state)
{
	uint64_t first = line->count > TIMELINE_LENGTH ? line->count - TIMELINE_LENGTH : 0;

	state->reconf = calloc(TIMELINE_LENGTH, sizeof(state->reconf[0]));
	for (uint64_t i = first; i < line->count && state->reconf != NULL; i++) {
		state->reconf[state->n_reconf++] =
			timeline_report(line, &line->entry[i % TIMELINE_LENGTH], now_us);
	}
}

void timeline_reports_free(Vx__AdmState *state)
{
	for (size_t i = 0; i < state->n_reconf; i++) {
		for (size_t k = 0; k < state->reconf[i]->n_step; k++) {
			free(state->reconf[i]->step[k]);
		}
		free(state->reconf[i]->step);
		free(state->reconf[i]);
	}
	free(state->reconf);
	state->reconf = NULL;
	state->n_reconf = 0;
}
