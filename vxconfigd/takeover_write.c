// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the master of a new view writes: the result of its decision on the copies (T9) and on the
 * labels, and the first load of a group that nobody uses yet.
 */
#include <string.h>

#include "base/errors.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/losses.h"
#include "vxconfigd/record.h"
#include "vxconfigd/share.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/takeover_part.h"

static void takeover_on_loaded(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	(void)answer;
	takeover_end(ctx, error, reason);
}

/* Nobody uses the group: the maps of its last users are folded once, here, before others load it.
 */
static void takeover_load_first(struct takeover_group *item)
{
	struct configd *configd = item->run->configd;
	Vx__IodLoad load = VX__IOD_LOAD__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	if (item->runs || item->config == NULL) {
		takeover_end(item, 0, "");
		return;
	}
	load.config = item->config;
	load.first = true;
	load.n_path = group_paths(configd, item->config, &load.path);
	msg.body_case = VX__IPC__BODY_IOD_LOAD;
	msg.iod_load = &load;
	iod_call(configd->iod, &msg, takeover_on_loaded, item);
	group_paths_free(load.path, load.n_path);
}

static void takeover_on_labelled(void *ctx, int error, const char *reason)
{
	struct takeover_group *item = ctx;

	if (error != 0) { /* a label that cannot be written now is written in a later view */
		log_warning("dg=%s labels: %s", item->name, reason);
	}
	if (item->run->cancelled) {
		takeover_end(item, 0, "");
	} else {
		takeover_load_first(item);
	}
}

/* What a master that died left half-written: disks that are in the group and do not say so, and
 * disks that say so and are not. */
static void takeover_labels(struct takeover_group *item)
{
	struct configd *configd = item->run->configd;
	struct group_labels labels;

	group_labels_init(&labels, configd);
	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);
		const Vx__Dm *dm;

		if (disk->error != 0 || disk->duplicate) {
			continue;
		}
		dm = item->config != NULL ? config_dm_disk(item->config, disk->label.diskid) : NULL;
		if (dm != NULL) {
			group_labels_own(&labels, item->config, dm);
		} else if (strcmp(disk->label.dgid, item->dgid) == 0) {
			group_labels_give_up(&labels, DISK_CLEAR, item->dgid, disk->label.diskid);
		}
	}
	if (!group_labels_write(&labels, takeover_on_labelled, item)) {
		takeover_on_labelled(item, 0, "");
	}
}

static void takeover_on_stored(void *ctx, int error, const char *reason)
{
	struct takeover_group *item = ctx;

	if (error == -VX_E_STALE && !item->run->cancelled) {
		/* a claim above ours, of a coordinator that nobody followed: go above it (R5d) */
		clust_ask_view(item->run->configd->clust,
			       "another node claimed the configuration copies");
	}
	if (error != 0 || item->run->cancelled) {
		takeover_end(item, error, reason);
		return;
	}
	takeover_labels(item);
}

/* Who begins to use it has the group's own mode, unless that conflicts with what others have. */
static void takeover_new_modes(struct takeover_group *item)
{
	const struct cview *cluster = &item->run->configd->cluster;

	for (size_t i = 0; i < cluster->peer_count; i++) {
		if (takeover_is_new_to(item, cluster->peer[i].nodeid)) {
			activation_admit(&item->activation, cluster->peer[i].nodeid,
					 item->config->dg->activation);
		}
	}
}

/* T14: before anybody joins or uses the group again. */
static void takeover_leave_out(struct takeover_group *item)
{
	struct configd *configd = item->run->configd;
	Vx__Config *before;

	if (item->runs && configd->cluster.view->n_joiner == 0) {
		return;
	}
	before = proto_clone(item->config);
	if (item->forced) {
		losses_drop_copies(item->config, disk_is_seen, configd->disks);
	}
	losses_leave_out(item->config, disk_is_seen, configd->disks, item->runs);
	losses_tell(before, item->config);
	proto_free(before);
}

static void takeover_add_failed(struct takeover_group *item)
{
	const Vx__Propose *propose = takeover_propose(item);

	if (propose != NULL) {
		share_outcomes_add(item->config, propose, false);
	} else {
		config_outcome_add(item->config, item->decision.txid, false, NULL);
	}
}

void takeover_store(struct takeover_group *item)
{
	struct configd *configd = item->run->configd;
	const Vx__View *view = configd->cluster.view;
	struct copies *copies;

	if (!item->runs && !configd->cluster.fencing) {
		takeover_end(item, -VX_E_NOFENCE,
			     "not imported: fencing is not enabled in Pacemaker (fencing = "
			     "unsafe-none in "
			     "vxha.conf overrides)");
		return;
	}
	FAULT(R7_CONTENT);
	takeover_new_modes(item);
	takeover_leave_out(item);
	item->config->epoch = view->epoch;
	item->config->seq = item->decision.seq;
	if (item->decision.pending && !item->decision.complete &&
	    item->decision.base == TAKEOVER_RUNNING) {
		takeover_add_failed(item);
	}
	copies = shelf_set(configd->shelf, item->config);
	if (copies == NULL) {
		takeover_end(item, -VX_E_FULL, "no disk, or too many, for the configuration copies");
		return;
	}
	copies_force(copies, item->forced);
	copies_checkpoint(copies, item->config, view->member, view->n_member, takeover_on_stored,
			  item);
}

/* ---- an import that failed ---- */

static void takeover_on_undone(void *ctx, int error, const char *reason)
{
	struct takeover_group *item = ctx;

	if (error != 0) {
		log_warning("dg=%s labels of the import that failed: %s", item->name, reason);
	}
	takeover_end(item, 0, "");
}

/* A group that was to be made is not; one that was to be imported stays as it was: deported. */
void takeover_undo(struct takeover_group *item)
{
	const Vx__Propose *propose = takeover_propose(item);
	bool made = propose != NULL ? propose->base_epoch == 0 : item->decision.made;
	struct group_labels labels;

	group_labels_init(&labels, item->run->configd);
	group_labels_give_up_all(&labels, made ? DISK_CLEAR : DISK_RELEASE, item->dgid);
	if (!group_labels_write(&labels, takeover_on_undone, item)) {
		takeover_end(item, 0, "");
	}
}
