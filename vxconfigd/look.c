// SPDX-License-Identifier: GPL-2.0-or-later
/* May a node join (R22)? */
#include "vxconfigd/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/disk.h"
#include "vxconfigd/group.h"
#include "vxconfigd/record.h"

/* ---- what is seen ---- */

static void look_add_missing(Vx__Look *look, const char *dgid, const char *diskid,
			     const char *cluster)
{
	Vx__LookMissing *missing;

	if (look->n_missing == VX_LOOK_MISSING_MAX) {
		return; /* one is enough to be refused */
	}
	missing = PROTO_NEW(vx__look_missing, Vx__LookMissing);
	proto_string_set(&missing->dgid, dgid);
	proto_string_set(&missing->diskid, diskid);
	proto_string_set(&missing->cluster, cluster);
	PROTO_ADD(look->missing, look->n_missing, missing);
}

void look_add_group(Vx__Look *look, const char *dgid, const Vx__Config *config,
		    const char *cluster, look_label_fn *label, void *ctx)
{
	PROTO_ADD(look->dgid, look->n_dgid, proto_string(dgid));
	for (size_t i = 0; config != NULL && i < config->n_dm; i++) {
		const char *owner = label(ctx, config->dm[i]->diskid);

		if (owner == NULL) {
			look_add_missing(look, dgid, config->dm[i]->diskid, "");
		} else if (strcmp(owner, cluster) != 0) {
			look_add_missing(look, dgid, config->dm[i]->diskid, owner);
		}
	}
}

void look_add_foreign(Vx__Look *look, const char *dgid, const char *cluster)
{
	for (size_t i = 0; i < look->n_missing; i++) {
		if (strcmp(look->missing[i]->dgid, dgid) == 0) {
			return;
		}
	}
	look_add_missing(look, dgid, "", cluster);
}

/* ---- what is judged ---- */

static bool look_has_group(const Vx__Look *look, const char *dgid)
{
	for (size_t i = 0; i < look->n_dgid; i++) {
		if (strcmp(look->dgid[i], dgid) == 0) {
			return true;
		}
	}
	return false;
}

bool look_is_whole(const Vx__Look *look, const char *dgid)
{
	for (size_t i = 0; i < look->n_missing; i++) {
		if (strcmp(look->missing[i]->dgid, dgid) == 0) {
			return false;
		}
	}
	return look_has_group(look, dgid);
}

static int look_refuse(const Vx__Config *config, const char *disk, const char *cluster,
		       char *out_reason)
{
	bool foreign = cluster[0] != '\0';

	snprintf(out_reason, VX_REASON_MAX, "%s: disk group %s, %s%s%s%s",
		 foreign ? "disk in use by another cluster" : "cannot find disk on slave node",
		 config->dg->name,
		 disk[0] != '\0' ? "disk "
		 : foreign	 ? "all that are seen there"
				 : "no disk of it is seen there",
		 disk, foreign ? ": the label names cluster " : "", cluster);
	return foreign ? -VX_E_OWNER : -VX_E_NODISK;
}

int look_judge(const Vx__Look *look, const Vx__Config *config,
	       bool (*sees)(void *ctx, const char *diskid), void *ctx, char *out_reason)
{
	const char *dgid = config->dg->dgid;

	for (size_t i = 0; i < look->n_missing; i++) {
		const Vx__LookMissing *missing = look->missing[i];

		if (strcmp(missing->dgid, dgid) != 0) {
			continue;
		}
		if (missing->diskid[0] == '\0' && !look_has_group(look, dgid)) {
			return look_refuse(config, "", missing->cluster, out_reason);
		}
		for (size_t k = 0; k < config->n_dm; k++) {
			if (strcmp(config->dm[k]->diskid, missing->diskid) == 0 &&
			    sees(ctx, missing->diskid)) {
				return look_refuse(config, config->dm[k]->name, missing->cluster,
						   out_reason);
			}
		}
	}
	return look_has_group(look, dgid) ? 0 : look_refuse(config, "", "", out_reason);
}

/* ---- the master's vxconfigd ---- */

/* A question whether a node may join, while the disks are read for it. */
struct look_ask {
	struct configd *configd;
	Vx__StepRun *run;
	struct loop_timer progress;
};

static bool look_is_of(const struct group *group)
{
	return !group->gone && group->state == GROUP_ENABLED && group_is_shared(group) &&
	       group->config != NULL;
}

static void look_answer(struct look_ask *ask)
{
	struct configd *configd = ask->configd;
	char reason[VX_REASON_MAX] = "";
	const struct group *group;
	int rc = 0;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (rc == 0 && look_is_of(group)) {
			rc = look_judge(ask->run->look, group->config, disk_is_seen, configd->disks,
					reason);
		}
	}
	clust_ack(configd->clust, ask->run, rc, reason);
	loop_timer_cancel(&ask->progress);
	proto_free(ask->run);
	free(ask);
}

static void look_on_scanned(void *ctx)
{
	look_answer(ctx);
}

static void look_on_progress(void *ctx)
{
	struct look_ask *ask = ctx;

	clust_progress(ask->configd->clust, ask->run, true, "reading the labels of the disks");
	loop_timer_set(ask->configd->loop, &ask->progress, VX_STEP_PROGRESS_MS, look_on_progress,
		       ask);
}

void look_admit(struct configd *configd, const Vx__StepRun *run)
{
	const struct group *group;
	struct look_ask *ask;
	bool whole = true;
	char reason[VX_REASON_MAX];

	if (!configd->enabled) {
		snprintf(reason, sizeof(reason),
			 "connection refused by master: vxconfigd of node %s is disabled (vxdctl "
			 "enable there)",
			 configd->cluster.node);
		clust_ack(configd->clust, run, -VX_E_AGAIN, reason);
		return;
	}
	ask = proto_grow(NULL, 0, sizeof(*ask));
	*ask = (struct look_ask){ .configd = configd, .run = proto_clone(run) };
	TAILQ_FOREACH(group, &configd->groups, next)
	{
		whole = whole && (!look_is_of(group) || look_is_whole(run->look, group->dgid));
	}
	if (whole) {
		look_answer(ask);
		return;
	}
	/* what is gone for this node, too, keeps nobody out (T14) */
	look_on_progress(ask);
	disk_scan(configd->disks, look_on_scanned, ask);
}
