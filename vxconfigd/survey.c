// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For the coordinator of a new view (R5): what the copies of every shared group of this cluster say
 * about epochs and views; the claim of a new epoch. For a joiner (R22): what it sees. For the last member: the word that nobody is
 * left (R12).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/look.h"

struct survey {
	struct configd *configd;
	Vx__StepRun *run;
	uint64_t generation;
	unsigned int waiting;
	uint64_t max_epoch;
	Vx__Member **durable;
	size_t durable_count;
	struct open_claims open_claims;
	Vx__Look *look; /* LOOK: what this node sees (R22) */
	int error;
	char reason[VX_REASON_MAX];
};

struct survey_group {
	struct survey *survey;
	char name[VX_NAME_MAX + 1], dgid[DISK_ID_SIZE];
};

/* Not if something newer was asked for since: nobody waits for the answer then. */
static bool survey_is_asked_for(const struct survey *survey)
{
	const struct steps *steps = survey->configd->steps;

	return survey->generation == steps->generation && steps->work != NULL &&
	       steps->work->serial == survey->run->serial;
}

static void survey_answered(struct survey *survey)
{
	struct configd *configd = survey->configd;
	Vx__StepRun **slot = &configd->steps->work;
	Vx__StepAck ack = VX__STEP_ACK__INIT;

	if (survey_is_asked_for(survey)) {
		steps_moved(configd);
	}
	if (--survey->waiting > 0) {
		return;
	}
	if (survey_is_asked_for(survey)) {
		if (configd->epoch_floor > survey->max_epoch) {
			survey->max_epoch = configd->epoch_floor;
		}
		ack.error = survey->error;
		ack.reason = survey->reason;
		ack.max_epoch = survey->max_epoch;
		ack.durable = survey->durable;
		ack.n_durable = survey->durable_count;
		ack.open_claim = survey->open_claims.epoch;
		ack.n_open_claim = survey->open_claims.count;
		ack.look = survey->look;
		clust_ack_found(configd->clust, survey->run, &ack);
		proto_free(*slot);
		*slot = NULL;
	}
	for (size_t i = 0; i < survey->durable_count; i++) {
		proto_free(survey->durable[i]);
	}
	free(survey->durable);
	proto_free(survey->look);
	proto_free(survey->run);
	free(survey);
}

static void survey_epoch(struct survey *survey, uint64_t epoch)
{
	if (epoch > survey->max_epoch) {
		survey->max_epoch = epoch;
	}
}

static void survey_add_member(struct survey *survey, const Vx__Member *member)
{
	for (size_t i = 0; i < survey->durable_count; i++) {
		if (survey->durable[i]->nodeid == member->nodeid &&
		    survey->durable[i]->incarnation == member->incarnation) {
			return;
		}
	}
	PROTO_ADD(survey->durable, survey->durable_count, proto_clone(member));
}

static void survey_on_read(void *ctx, struct copies_found *found)
{
	struct survey_group *item = ctx;
	struct survey *survey = item->survey;

	survey_epoch(survey, found->max_epoch);
	for (size_t i = 0; i < found->durable_count; i++) {
		survey_add_member(survey, found->durable[i]);
	}
	for (size_t i = 0; i < found->open_claims.count; i++) {
		open_claims_add(&survey->open_claims, found->open_claims.epoch[i]);
	}
	if (found->error != 0) { /* the group will be disabled; the view goes on */
		log_warning("dg=%s survey: %s", item->name, found->reason);
	}
	survey_answered(survey);
	free(item);
}

static const char *survey_label(void *ctx, const char *diskid)
{
	const struct disk *disk = disk_by_id(ctx, diskid);

	return disk != NULL ? disk->label.cluster : NULL;
}

static void survey_on_looked(void *ctx, struct copies_found *found)
{
	struct survey_group *item = ctx;
	struct survey *survey = item->survey;
	struct configd *configd = survey->configd;

	look_add_group(survey->look, item->dgid, found->config, configd->cluster.cluster,
		       survey_label, configd->disks);
	survey_answered(survey);
	free(item);
}

static void survey_on_claimed(void *ctx, int error, uint64_t max_epoch, const char *reason)
{
	struct survey_group *item = ctx;
	struct survey *survey = item->survey;

	survey_epoch(survey, max_epoch);
	if (error == -VX_E_STALE) {
		survey->error = error;
		snprintf(survey->reason, sizeof(survey->reason), "%s", reason);
	} else if (error != 0) { /* it cannot be written by anybody: disabled at the next step */
		log_warning("dg=%s claim: %s: %s", item->name, vx_strerror(error), reason);
	}
	survey_answered(survey);
	free(item);
}

static void survey_on_closed(void *ctx, int error, const char *reason)
{
	struct survey_group *item = ctx;

	if (error != 0) { /* the next start waits for the fencing of nobody: it recovers instead */
		log_warning("dg=%s not marked as closed: %s", item->name, reason);
	}
	survey_answered(item->survey);
	free(item);
}

static void survey_group(struct survey *survey, const struct disk_label *label)
{
	struct shelf *shelf = survey->configd->shelf;
	struct group *group = group_find(survey->configd, label->dgid);
	struct copies *copies =
		shelf_open(shelf, label->dgid, group != NULL ? group->config : NULL);
	struct survey_group *item;

	if (copies == NULL) {
		return;
	}
	item = proto_grow(NULL, 0, sizeof(*item));
	*item = (struct survey_group){ .survey = survey };
	snprintf(item->name, sizeof(item->name), "%s", label->group);
	snprintf(item->dgid, sizeof(item->dgid), "%s", label->dgid);
	survey->waiting++;
	if (survey->run->step == VX__STEP__STEP_LOOK) {
		copies_read(copies, UINT64_MAX, survey_on_looked, item);
	} else if (survey->run->step == VX__STEP__STEP_SURVEY) {
		copies_read(copies, UINT64_MAX, survey_on_read, item);
	} else {
		copies_claim(copies, survey->run->view != NULL ? survey->run->view->epoch : 0,
			     survey_on_claimed, item);
	}
}

static bool survey_is_ours(const struct configd *configd, const struct disk *disk)
{
	return disk->error == 0 && !disk->duplicate && disk->label.shared &&
	       strcmp(disk->label.cluster, configd->cluster.cluster) == 0;
}

static int survey_compare(const void *a, const void *b)
{
	const struct disk *const *left = a, *const *right = b;

	return strcmp((*left)->label.dgid, (*right)->label.dgid);
}

/* The disks of this cluster in order of their groups: each group once. */
static void survey_groups(struct survey *survey)
{
	const struct configd *configd = survey->configd;
	const struct disk **ours = proto_grow(NULL, disk_count(configd->disks), sizeof(*ours));
	size_t count = 0;

	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		if (survey_is_ours(configd, disk_at(configd->disks, i))) {
			ours[count++] = disk_at(configd->disks, i);
		}
	}
	qsort(ours, count, sizeof(*ours), survey_compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || survey_compare(&ours[i - 1], &ours[i]) != 0) {
			survey_group(survey, &ours[i]->label);
		}
	}
	free(ours);
}

/* Disks whose labels name another cluster: of our groups, if the master says so. */
static void survey_foreign(struct survey *survey)
{
	const struct configd *configd = survey->configd;

	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);

		if (disk->error == 0 && disk->label.shared && disk->label.dgid[0] != '\0' &&
		    !survey_is_ours(configd, disk) && !disk->duplicate) {
			look_add_foreign(survey->look, disk->label.dgid, disk->label.cluster);
		}
	}
}

static void survey_on_scanned(void *ctx)
{
	struct survey *survey = ctx;

	if (survey_is_asked_for(survey)) {
		survey_groups(survey);
		if (survey->look != NULL) {
			survey_foreign(survey);
		}
	}
	survey_answered(survey);
}

/* The last member leaves: a checkpoint of the same content that names nobody. */
static void survey_close(struct survey *survey)
{
	struct configd *configd = survey->configd;
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		struct copies *copies;
		struct survey_group *item;

		if (group->gone || group->state != GROUP_ENABLED || !group_is_shared(group)) {
			continue;
		}
		copies = shelf_set(configd->shelf, group->config);
		if (copies == NULL) {
			log_warning("dg=%s not marked as closed: it has no disk for a copy", group->name);
			continue;
		}
		item = proto_grow(NULL, 0, sizeof(*item));
		*item = (struct survey_group){ .survey = survey };
		snprintf(item->name, sizeof(item->name), "%s", group->name);
		survey->waiting++;
		copies_close(copies, group->config, survey_on_closed, item);
	}
	survey_answered(survey);
}

void survey_run(struct configd *configd, const Vx__StepRun *run)
{
	struct survey *survey = proto_grow(NULL, 0, sizeof(*survey));

	memset(survey, 0, sizeof(*survey));
	survey->configd = configd;
	survey->run = proto_clone(run);
	survey->generation = configd->steps->generation;
	survey->waiting = 1;
	steps_begin(configd, &configd->steps->work, run, "reading configuration copies");
	if (run->step == VX__STEP__STEP_LOOK) {
		survey->look = PROTO_NEW(vx__look, Vx__Look);
		if (!configd->enabled) {
			survey->error = -VX_E_NODAEMON;
			snprintf(survey->reason, sizeof(survey->reason),
				 "vxconfigd is not enabled: it was disabled on this node (vxdctl "
				 "enable)");
		}
	}
	if (run->step == VX__STEP__STEP_CLOSE) {
		survey_close(survey);
	} else if (run->step == VX__STEP__STEP_SURVEY || run->step == VX__STEP__STEP_LOOK) {
		disk_scan(configd->disks, survey_on_scanned, survey);
	} else { /* the disks were read a moment ago, by the survey */
		survey_on_scanned(survey);
	}
}
