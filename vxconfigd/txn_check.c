// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Can this node do what is proposed? (T2) Names, the content that it is based on, disks that must
 * be reached, volumes that must not be open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/detach_policy.h"
#include "vxconfigd/record.h"
#include "vxconfigd/server.h"
#include "vxconfigd/share.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/txn_run.h"

struct txn_check {
	struct txn_job job;
	unsigned int waiting; /* questions that were not answered yet */
	bool writers;	      /* of the volumes that are open only those that may be written count */
	int error;
	char reason[VX_REASON_MAX];
};

static void txn_check_no(struct txn_check *check, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void txn_check_no(struct txn_check *check, int error, const char *format, ...)
{
	va_list args;

	if (check->error != 0) {
		return; /* the first reason is told */
	}
	check->error = error;
	va_start(args, format);
	vsnprintf(check->reason, sizeof(check->reason), format, args);
	va_end(args);
}

static void txn_check_answered(struct txn_check *check)
{
	if (--check->waiting == 0) {
		txn_run_result(check->job.configd, check->job.dgid, TXN_EV_CHECKED, &check->job.ref,
			       check->error, check->reason);
		free(check);
	}
}

/* ---- disks ---- */

static const char *txn_check_disk_name(const struct txn_check *check, const char *diskid)
{
	struct group *group = txn_job_group(&check->job);
	const Vx__Config *config = group == NULL		  ? NULL
				   : group->pending.after != NULL ? group->pending.after
								  : group->config;

	return config != NULL ? config_disk_name(config, diskid) : diskid;
}

static void txn_check_disk_free(struct txn_check *check, const struct group *group,
				const char *diskid, bool label_read)
{
	char reason[VX_REASON_MAX];
	int rc = group_may_take(group, diskid, txn_check_disk_name(check, diskid), label_read, reason);

	if (rc != 0) {
		txn_check_no(check, rc, "%s", reason);
	}
}

/* Another transaction came before this one in the stream, and takes the disk: so on every node. */
static void txn_check_claims(struct txn_check *check, const struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;

	for (size_t i = 0; i < propose->n_need_disk; i++) {
		const char *diskid = propose->need_disk[i];
		const struct group *other =
			group_with_disk(check->job.configd, diskid, GROUP_TAKES, group);

		if (other != NULL) {
			txn_check_no(check, -VX_E_BUSY, "disk %s (%s) is taken by disk group %s",
				     txn_check_disk_name(check, diskid), diskid, other->name);
		}
	}
}

static void txn_check_on_probe(void *ctx, int error, const char *diskid, const char *reason)
{
	struct txn_check *check = ctx;
	const struct group *group = txn_job_group(&check->job);

	for (size_t i = 0; group != NULL && i < group->pending.propose->n_need_disk; i++) {
		txn_check_disk_free(check, group, group->pending.propose->need_disk[i], error == 0);
	}
	if (error != 0) {
		txn_check_no(check, -VX_E_NODISK, "does not see disk %s (%s): %s",
			     txn_check_disk_name(check, diskid != NULL ? diskid : ""),
			     diskid != NULL ? diskid : "", reason);
	}
	txn_check_answered(check);
}

static void txn_check_disks(struct txn_check *check, const char *const *diskid, size_t count)
{
	if (count > 0) {
		check->waiting++;
		disk_probe(check->job.configd->disks, diskid, count, txn_check_on_probe, check);
	}
}

/* T18: a plex that one node cannot write stays while another one reaches all of it. */
static void txn_check_on_lost(void *ctx, int error, const char *diskid, const char *reason)
{
	struct txn_check *check = ctx;

	(void)diskid;
	(void)reason;
	if (error == 0) {
		txn_check_no(check, -VX_E_LOCAL, "reaches all disks of the plex");
	}
	txn_check_answered(check);
}

static void txn_check_lost(struct txn_check *check, const struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	struct configd *configd = check->job.configd;
	const char *diskid[VX_DISKS_MAX];

	if (propose->lost_plex != 0 && propose->nodeid != configd->cluster.self &&
	    !detach_policy_failed_here(&configd->lost, propose->lost_plex, clock_ms())) {
		check->waiting++;
		disk_probe(configd->disks, diskid,
			   detach_policy_disks(group->config, propose->lost_plex, diskid),
			   txn_check_on_lost, check);
	}
}

/* ---- open volumes ---- */

/* Is the volume gone, stopped or shorter once the transaction is in force? */
static bool txn_check_is_cut(const struct group *group, const Vx__Vol *before)
{
	const Vx__Vol *after;

	if (before == NULL) {
		return false;
	}
	if (group->pending.after == NULL) {
		return true; /* deport, activation off */
	}
	after = config_vol_rid(group->pending.after, before->rid);
	return after == NULL || after->kstate < before->kstate || after->len < before->len;
}

static void txn_check_on_opens(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct txn_check *check = ctx;
	struct group *group = txn_job_group(&check->job);

	if (error != 0) {
		txn_check_no(check, error, "cannot tell which volumes are open: %s", reason);
	}
	for (size_t i = 0;
	     error == 0 && group != NULL && answer->body_case == VX__IPC__BODY_IOD_REPORT &&
	     i < answer->iod_report->n_open;
	     i++) {
		const Vx__OpenBy *open = answer->iod_report->open[i];

		if (strcmp(open->group, group->name) == 0 && (open->write || !check->writers) &&
		    (group->config == NULL ||
		     txn_check_is_cut(group, config_vol(group->config, open->volume)))) {
			txn_check_no(check, -VX_E_OPEN, "volume %s is open%s: %s (pid %u)",
				     open->volume, check->writers ? " for writing" : "",
				     open->command, open->pid);
		}
	}
	txn_check_answered(check);
}

static void txn_check_opens(struct txn_check *check, struct group *group)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	query.opens = true;
	query.dgid = group->dgid;
	msg.body_case = VX__IPC__BODY_IOD_QUERY;
	msg.iod_query = &query;
	check->waiting++;
	iod_call(group->configd->iod, &msg, txn_check_on_opens, check);
}

/* ---- this node's memory (T5): what could not be remembered is refused before it begins ---- */

static void txn_check_on_reserved(void *ctx, int error)
{
	struct txn_check *check = ctx;
	char reason[VX_REASON_MAX];

	if (error != 0) {
		memory_explain(check->job.configd->memory, error, reason);
		txn_check_no(check, error, "%s", reason);
	}
	txn_check_answered(check);
}

static void txn_check_memory(struct txn_check *check)
{
	check->waiting++;
	memory_reserve(check->job.configd->memory, check->job.dgid, txn_check_on_reserved, check);
}

/* ---- devices ---- */

static bool txn_check_runs(const Vx__Config *config, uint64_t vol_rid)
{
	const Vx__Vol *vol = config != NULL ? config_vol_rid(config, vol_rid) : NULL;

	return vol != NULL && vol->kstate == VX__KSTATE__KS_ENABLED;
}

static void txn_check_on_devices(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct txn_check *check = ctx;

	(void)answer;
	if (error != 0) {
		txn_check_no(check, error, "%s", reason[0] != '\0' ? reason : vx_strerror(error));
	}
	txn_check_answered(check);
}

/* Volumes that come into use here: can their devices appear? before: what is in use here now. */
static void txn_check_devices(struct txn_check *check, struct group *group,
			      const Vx__Config *before, const Vx__Config *after)
{
	Vx__IodDevices devices = VX__IOD_DEVICES__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	devices.group = after->dg->name;
	for (size_t i = 0; i < after->n_vol; i++) {
		const Vx__Vol *vol = after->vol[i];

		if (txn_check_runs(after, vol->rid) && !txn_check_runs(before, vol->rid)) {
			PROTO_ADD(devices.volume, devices.n_volume, vol->name);
		}
	}
	if (devices.n_volume > 0) {
		msg.body_case = VX__IPC__BODY_IOD_DEVICES;
		msg.iod_devices = &devices;
		check->waiting++;
		iod_call(group->configd->iod, &msg, txn_check_on_devices, check);
	}
	free(devices.volume);
}

/* ---- the kinds ---- */

static bool txn_check_base(struct txn_check *check, struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;

	if (group->state == GROUP_DISABLED) {
		txn_check_no(check, -VX_E_INVAL, "the disk group is disabled there: %s",
			     group->reason);
		return false;
	}
	if (group->config == NULL || group->config->epoch != propose->base_epoch ||
	    group->config->seq != propose->base_seq) {
		txn_check_no(check, -VX_E_STALE, "runs another configuration of the disk group");
		return false;
	}
	return true;
}

/* What is given up by force must have nothing to lose anywhere. */
static bool txn_check_disabled(struct txn_check *check, const struct group *group)
{
	if (group->state != GROUP_DISABLED) {
		txn_check_no(check, -VX_E_INVAL, "the disk group is not disabled there");
	}
	return check->error == 0;
}

static void txn_check_change(struct txn_check *check, struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	Vx__Config *after;
	bool cut = false;
	int rc;

	if (!txn_check_base(check, group)) {
		return;
	}
	if (propose->delta == NULL) {
		txn_check_no(check, -VX_E_PROTO, "the proposal holds no change");
		return;
	}
	after = proto_clone(group->config);
	rc = config_replay(after, propose->delta, check->reason);
	rc = rc == 0 ? config_check(after, check->reason) : rc;
	if (rc != 0) {
		check->error = rc;
		proto_free(after);
		return;
	}
	after->seq = propose->base_seq + 1;
	share_outcomes_add(after, propose, true);
	group->pending.after = after;
	txn_check_memory(check);
	txn_check_disks(check, (const char *const *)propose->need_disk, propose->n_need_disk);
	txn_check_lost(check, group);
	for (size_t i = 0; i < group->config->n_vol; i++) {
		cut = cut || txn_check_is_cut(group, group->config->vol[i]);
	}
	if (cut) {
		txn_check_opens(check, group);
	}
	if (group_activation(group) != VX__ACTIVATION__ACT_OFF) {
		txn_check_devices(check, group, group->config, after);
	}
}

/* A name is taken by any other group of this node, be it private, shared or just being made. */
static void txn_check_name(struct txn_check *check, struct group *group)
{
	struct group *other;

	TAILQ_FOREACH(other, &group->configd->groups, next)
	{
		if (other != group && !other->gone && strcmp(other->name, group->name) == 0) {
			txn_check_no(check, -VX_E_EXISTS, "a disk group of that name exists there");
		}
	}
}

static void txn_check_import_config(struct txn_check *check, struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	const Vx__Config *after = group->pending.after;

	if (config_check(after, check->reason) != 0) {
		check->error = -VX_E_INVAL;
	}
	txn_check_disks(check, (const char *const *)propose->need_disk, propose->n_need_disk);
	if (check->error == 0 && after->dg->activation != VX__ACTIVATION__ACT_OFF) {
		txn_check_devices(check, group, NULL, after);
	}
}

/* A configuration that is too large for a message is read from the disks. */
static void txn_check_on_read(void *ctx, struct copies_found *found)
{
	struct txn_check *check = ctx;
	struct group *group = txn_job_group(&check->job);

	if (group != NULL && (found->error != 0 || found->config == NULL)) {
		txn_check_no(check, found->error != 0 ? found->error : -VX_E_NODISK,
			     "cannot read the configuration: %s", found->reason);
	} else if (group != NULL) {
		const Vx__Propose *propose = group->pending.propose;

		group->pending.after = found->config;
		found->config = NULL;
		if (propose->delta != NULL && /* what hangs on disks that are not there */
		    config_apply(group->pending.after, propose->delta, check->reason) != 0) {
			check->error = -VX_E_STALE;
		}
		group_config_own(group->configd, group->pending.after, true);
		group->pending.after->epoch = cview_epoch(&group->configd->cluster);
		group->pending.after->seq = propose->base_seq + 1;
		if (config_hash(group->pending.after) != propose->hash) {
			txn_check_no(check, -VX_E_STALE,
				     "reads another configuration from the disks");
		}
		txn_check_import_config(check, group);
	}
	txn_check_answered(check);
}

static void txn_check_import(struct txn_check *check, struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	struct memory_group known;

	txn_check_name(check, group);
	if (group->state != GROUP_NEW) {
		txn_check_no(check, -VX_E_EXISTS, "the disk group is imported there");
	}
	if (memory_get(group->configd->memory, group->dgid, &known) &&
	    (known.epoch > propose->base_epoch ||
	     (known.epoch == propose->base_epoch && known.seq > propose->base_seq))) {
		txn_check_no(check, -VX_E_STALE, /* T12 */
			     "remembers a newer configuration (%#llx.%llu) than the disks hold "
			     "(%#llx.%llu)",
			     (unsigned long long)known.epoch, (unsigned long long)known.seq,
			     (unsigned long long)propose->base_epoch,
			     (unsigned long long)propose->base_seq);
	}
	if (check->error != 0) {
		return;
	}
	txn_check_memory(check);
	if (propose->config != NULL) {
		group->pending.after = proto_clone(propose->config);
		txn_check_import_config(check, group);
		return;
	}

	struct copies *copies = shelf_open(group->configd->shelf, group->dgid, NULL);

	if (copies == NULL) {
		txn_check_no(check, -VX_E_NODISK, "sees no disk of the disk group");
		return;
	}
	check->waiting++;
	copies_force(copies, propose->forced);
	copies_read(copies, UINT64_MAX, txn_check_on_read, check);
}

static void txn_check_activate(struct txn_check *check, struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	struct configd *configd = group->configd;
	uint32_t other;
	int rc = activation_check(&group->activation, propose->nodeid, propose->activation, &other);

	if (group->state == GROUP_DISABLED) {
		txn_check_no(check, -VX_E_INVAL, "the disk group is disabled there: %s",
			     group->reason);
	} else if (rc == -VX_E_VERSION) {
		txn_check_no(check, rc, "does not know this activation mode");
	} else if (rc != 0) {
		txn_check_no(check, -VX_E_BUSY, "activation %s conflicts with %s on node %s",
			     activation_name(propose->activation),
			     activation_name(activation_get(&group->activation, other)),
			     cview_name(&configd->cluster, other));
	} else if (propose->nodeid == configd->cluster.self &&
		   !activation_writes(propose->activation) &&
		   group_activation(group) != VX__ACTIVATION__ACT_OFF) {
		check->writers = propose->activation != VX__ACTIVATION__ACT_OFF;
		txn_check_opens(check, group);
	} else if (propose->nodeid == configd->cluster.self &&
		   group_activation(group) == VX__ACTIVATION__ACT_OFF && group->config != NULL) {
		txn_check_devices(check, group, NULL, group->config);
	}
}

void txn_check(struct group *group, const struct txn_ref *ref)
{
	struct txn_check *check = proto_grow(NULL, 0, sizeof(*check));

	memset(check, 0, sizeof(*check));
	txn_job_init(&check->job, group, ref);
	check->waiting = 1;
	txn_check_claims(check, group);
	if (!group->configd->enabled) {
		txn_check_no(check, -VX_E_INVAL, "vxconfigd is disabled there (vxdctl enable)");
	}
	switch (check->error == 0 ? group->pending.propose->kind : VX__TXN_KIND__TXN_CHANGE) {
	case VX__TXN_KIND__TXN_CHANGE:
		if (check->error == 0) {
			txn_check_change(check, group);
		}
		break;
	case VX__TXN_KIND__TXN_IMPORT:
		txn_check_import(check, group);
		break;
	case VX__TXN_KIND__TXN_DEPORT:
		if (group->pending.propose->forced ? txn_check_disabled(check, group)
						   : txn_check_base(check, group)) {
			txn_check_opens(check, group);
		}
		break;
	case VX__TXN_KIND__TXN_ACTIVATE:
		txn_check_activate(check, group);
		break;
	case _VX__TXN_KIND_IS_INT_SIZE:
		txn_check_no(check, -VX_E_VERSION, "does not know this kind of transaction");
		break;
	}
	txn_check_answered(check);
}
