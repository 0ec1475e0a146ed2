// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning for disk groups: vxdg init, destroy, deport, set. Their disks: plan_disk.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/disk_label.h"
#include "vxconfigd/plan_disk.h"
#include "vxconfigd/plan_work.h"

#define GROUP_COPIES 5 /* configuration copies unless nconfig= says otherwise, as the original */
#define GROUP_MINOR_STEP 1000
#define GROUP_MINOR_STEPS 60
#define GROUP_MINOR_MAX 65000

static void group_fill(struct plan_work *work, const char *name, unsigned int minor_base)
{
	const struct plan_env *env = work->env;
	Vx__Dg *dg = record_alloc(1, sizeof(*dg));
	char dgid[DISK_ID_SIZE]; /* as much of the host's name as a label holds */

	vx__dg__init(dg);
	work->after->dg = dg;
	work->after->next_rid = 1;
	snprintf(dgid, sizeof(dgid), "%" PRIu64 ".%" PRIu64 ".%s", env->now_s, env->serial,
		 env->host);
	proto_string_set(&dg->name, name);
	proto_string_set(&dg->dgid, dgid);
	dg->shared = plan_has_flag(work, "s");
	if (dg->shared) {
		proto_string_set(&dg->cluster, env->cluster);
	} else {
		proto_string_set(&dg->host, env->host);
	}
	/* What the original does where it has no defaults file: usable at once. */
	dg->activation = dg->shared ? VX__ACTIVATION__ACT_SW : VX__ACTIVATION__ACT_EW;
	dg->detach_policy = VX__DETACH_POLICY__DETACH_GLOBAL;
	dg->minor_base = minor_base;
	dg->version = VX_DG_VERSION_MAX;
}

/* nconfig=N|all|default: how many disks hold a copy. */
static int group_copies(struct plan_work *work, unsigned int *out_copies)
{
	const char *value = plan_attr(work, "nconfig");

	if (value != NULL && strcmp(value, "all") == 0) {
		*out_copies = VX_COPIES_MAX;
		return 0;
	}
	if (value != NULL && strcmp(value, "default") == 0) {
		*out_copies = GROUP_COPIES;
		return 0;
	}
	return plan_attr_number(work, "nconfig", 1, VX_COPIES_MAX, GROUP_COPIES, out_copies);
}

int plan_group_init(struct plan_work *work)
{
	const struct plan_env *env = work->env;
	const char *name = work->request->operand[0], *cds = plan_attr(work, "cds");
	unsigned int minor =
		GROUP_MINOR_STEP * (1 + (unsigned int)(env->serial % GROUP_MINOR_STEPS));
	unsigned int copies;
	int error;

	if (work->before != NULL) {
		return plan_say(work, GROUP_EXISTS, name);
	}
	if (!record_name_valid(name)) {
		return plan_say(work, NAME_INVALID, name);
	}
	if (plan_has_flag(work, "s") && env->cluster[0] == '\0') {
		return plan_say(work, NOT_CLUSTER, env->node,
				"only a member of a cluster can make a shared disk group");
	}
	if (cds != NULL && strcmp(cds, "on") != 0) {
		return plan_attr_bad(work, "cds",
				     "the format of vxha is always portable: only cds=on");
	}
	error = group_copies(work, &copies);
	if (error == 0) {
		error = plan_attr_number(work, "minor", 0, GROUP_MINOR_MAX, minor, &minor);
	}
	if (error != 0) {
		return error;
	}
	group_fill(work, name, minor);
	work->plan->kind = VX__TXN_KIND__TXN_IMPORT;
	error = plan_disk_add(work, 1);
	if (error == 0) {
		plan_disk_choose_copies(work, copies);
	}
	return error;
}

/*
 * How many copies the group is to have after disks came or went. Where each disk had one, that is
 * the default (or all); where fewer had, somebody wanted just that many.
 */
static unsigned int group_copies_kept(const Vx__Config *config)
{
	unsigned int have = 0;

	for (size_t i = 0; i < config->n_dm; i++) {
		have += config->dm[i]->nconfig ? 1 : 0;
	}
	if (have < config->n_dm) {
		return have;
	}
	return have > GROUP_COPIES ? VX_COPIES_MAX : GROUP_COPIES;
}

int plan_group_add_disks(struct plan_work *work)
{
	int error = plan_disk_add(work, 0);

	if (error == 0) {
		plan_disk_choose_copies(work, group_copies_kept(work->before));
	}
	return error;
}

int plan_group_remove_disks(struct plan_work *work)
{
	int error = plan_disk_remove(work);

	if (error == 0) {
		work->plan->label_clear = true;
		plan_disk_choose_copies(work, group_copies_kept(work->before));
	}
	return error;
}

/* All volumes are quiet when the group goes. */
static void group_leave(struct plan_work *work)
{
	for (size_t i = 0; i < work->after->n_vol; i++) {
		plan_quiesce(work, work->after->vol[i]->rid);
	}
	work->plan->kind = VX__TXN_KIND__TXN_DEPORT;
}

int plan_group_deport(struct plan_work *work)
{
	group_leave(work);
	for (size_t i = 0; i < work->after->n_dm; i++) {
		const Vx__DiskInfo *disk = plan_disk_by_id(work, work->after->dm[i]->diskid);

		/* One that is not seen keeps its owner: at import the copies decide. */
		if (disk != NULL) {
			plan_add_label(work->plan, disk->diskid);
		}
	}
	return 0;
}

int plan_group_destroy(struct plan_work *work)
{
	int error = 0;

	group_leave(work);
	for (size_t i = 0; i < work->after->n_dm && error == 0; i++) {
		const Vx__Dm *dm = work->after->dm[i];
		const Vx__DiskInfo *disk = plan_disk_by_id(work, dm->diskid);

		if (disk != NULL) {
			plan_add_label(work->plan, disk->diskid);
		} else if (!plan_has_flag(work, "f")) {
			error = plan_say(work, DISK_UNREACHABLE, plan_group_name(work),
					 work->env->node, dm->name, dm->diskid,
					 "it would keep the mark of the destroyed group (-f: do it "
					 "nevertheless)");
		}
	}
	work->plan->label_clear = true;
	return error;
}

int plan_group_set(struct plan_work *work)
{
	const char *policy = plan_attr(work, "diskdetpolicy");

	if (work->request->n_attr == 0) {
		return plan_say(work, USAGE,
				"vxdg set: name an attribute: diskdetpolicy=global|local");
	}
	if (plan_attr(work, "activation") != NULL) {
		return plan_attr_bad(work, "activation",
				     "it is set on each node by itself, without other attributes");
	}
	if (strcmp(policy, "global") == 0) {
		work->after->dg->detach_policy = VX__DETACH_POLICY__DETACH_GLOBAL;
	} else if (strcmp(policy, "local") == 0) {
		work->after->dg->detach_policy = VX__DETACH_POLICY__DETACH_LOCAL;
	} else {
		return plan_attr_bad(work, "diskdetpolicy", "global or local");
	}
	return 0;
}
