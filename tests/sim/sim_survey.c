// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: survey, claim and close of all groups, as vxconfigd/survey.c. */
#include "base/errors.h"
#include "tests/sim/sim_disk.h"

/* All groups together. */
struct survey {
	uint32_t waiting;
	int error;
	struct sim_disk_task sum;
};

static void survey_answered(struct sim *sim, uint32_t node, struct survey *survey)
{
	struct sim_configd *configd = &sim->node[node].configd;

	if (--survey->waiting == 0 && survey->sum.generation == configd->generation &&
	    configd->work == survey->sum.token) {
		configd->work = 0;
		clustd_ack_survey(sim, node, &survey->sum, survey->error);
	}
}

static void survey_add_member(struct sim_disk_task *sum, const struct view_member *member)
{
	for (size_t i = 0; i < sum->durable_count; i++) {
		if (sum->durable[i].nodeid == member->nodeid &&
		    sum->durable[i].incarnation == member->incarnation) {
			return;
		}
	}
	if (sum->durable_count < VX_COUNT_OF(sum->durable)) {
		sum->durable[sum->durable_count++] = *member;
	}
}

/* A group that cannot be read or claimed will be disabled. */
static void on_group(struct sim *sim, uint32_t node, struct sim_disk_task *task)
{
	struct survey *survey = task->ptr;
	struct sim_disk_task *sum = &survey->sum;

	sum->max_epoch = task->max_epoch > sum->max_epoch ? task->max_epoch : sum->max_epoch;
	for (size_t i = 0; i < task->durable_count && task->op == DISK_READ; i++) {
		survey_add_member(sum, &task->durable[i]);
	}
	for (size_t i = 0; i < task->open_claims.count; i++) {
		open_claims_add(&sum->open_claims, task->open_claims.epoch[i]);
	}
	if (task->op == DISK_CLAIM && task->error == -VX_E_STALE) {
		survey->error = task->error;
	}
	survey_answered(sim, node, survey);
}

void survey_sim_run(struct sim *sim, uint32_t node, const struct sim_work *work)
{
	struct sim_configd *configd = &sim->node[node].configd;
	struct survey *survey = sim_alloc(sim, sizeof(*survey));

	survey->waiting = 1;
	survey->sum.op = work->event == VE_SURVEYED ? DISK_READ
			 : work->event == VE_CLAIMED ? DISK_CLAIM
						     : DISK_CHECKPOINT;
	survey->sum.generation = configd->generation;
	survey->sum.token = work->serial;
	for (uint32_t group = sim->groups; group-- > 0;) {
		const struct sim_group *own = &configd->group[group];
		struct sim_disk_task *task = disk_task(sim, node, group, survey->sum.op);

		if (task->op == DISK_CHECKPOINT && (!own->have || own->disabled)) {
			continue;
		}
		task->content = own->now;
		task->epoch = task->op == DISK_CLAIM ? work->view->epoch : own->now.epoch;
		task->done = on_group;
		task->ptr = survey;
		survey->waiting++;
		disk_submit(sim, node, task);
	}
	survey_answered(sim, node, survey);
}
