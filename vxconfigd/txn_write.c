// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The master's writes of a transaction: new logs before, then labels and configuration copies (T4).
 *
 * CHANGE: labels of new disks, the record (a checkpoint if the set of disks changes), labels of
 * disks that leave. IMPORT: labels, a checkpoint, and this node's vxiod loads the group first.
 * DEPORT: a checkpoint without members, labels. What is left half-done by a failure or a death is
 * mended by the next view (takeover_run.c).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/share.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/txn_run.h"

/* Logs to be written, one after the other: vxiod does no two things with one group. */
struct txn_format_job {
	struct txn_job job;
	struct txn_format_log {
		struct plan_log log;
		bool dirty;
	} *log;
	size_t count, next;
};

/* ---- new logs ---- */

static void txn_format_next(struct txn_format_job *format);

static void txn_format_end(struct txn_format_job *format, int error, const char *reason)
{
	txn_run_result(format->job.configd, format->job.dgid, TXN_EV_FORMATTED, &format->job.ref,
		       error, reason);
	free(format->log);
	free(format);
}

static void txn_on_formatted(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	char text[VX_REASON_MAX];

	(void)answer;
	if (error != 0) {
		snprintf(text, sizeof(text), "cannot write the log: %s", reason);
		txn_format_end(ctx, error, text);
		return;
	}
	txn_format_next(ctx);
}

/* Of the records of after those that the volume is made of; in lists that the caller frees. */
static void txn_format_config(const Vx__Config *after, uint64_t vol_rid, Vx__Config *out)
{
	const Vx__Vol *vol = config_vol_rid(after, vol_rid);

	*out = *after;
	out->vol = NULL;
	out->plex = NULL;
	out->sd = NULL;
	out->n_vol = out->n_plex = out->n_sd = 0;
	if (vol != NULL) {
		PROTO_ADD(out->vol, out->n_vol, (Vx__Vol *)(uintptr_t)vol);
	}
	for (size_t i = 0; i < after->n_plex; i++) {
		if (after->plex[i]->vol_rid == vol_rid) {
			PROTO_ADD(out->plex, out->n_plex, after->plex[i]);
		}
	}
	for (size_t i = 0; i < after->n_sd; i++) {
		const Vx__Plex *plex = config_plex_rid(out, after->sd[i]->plex_rid);

		if (plex != NULL && plex->is_log) {
			PROTO_ADD(out->sd, out->n_sd, after->sd[i]);
		}
	}
}

static void txn_format_next(struct txn_format_job *format)
{
	const struct group *group = txn_job_group(&format->job);
	Vx__IodFormatLog log = VX__IOD_FORMAT_LOG__INIT;
	Vx__Config config;
	Vx__Ipc msg = VX__IPC__INIT;

	if (group == NULL || format->next == format->count) {
		txn_format_end(format, 0, "");
		return;
	}

	const struct txn_format_log *next = &format->log[format->next++];

	txn_format_config(group->pending.after, next->log.vol_rid, &config);
	log.config = &config;
	log.n_path = group_paths(group->configd, &config, &log.path);
	log.vol_rid = next->log.vol_rid;
	log.fold = next->log.fold;
	log.dirty = next->dirty;
	msg.body_case = VX__IPC__BODY_IOD_FORMAT_LOG;
	msg.iod_format_log = &log;
	iod_call(group->configd->iod, &msg, txn_on_formatted, format);
	group_paths_free(log.path, log.n_path);
	free(config.vol);
	free(config.plex);
	free(config.sd);
}

static void txn_format_add(struct txn_format_job *format, const struct plan *plan)
{
	for (size_t i = 0; i < plan->format_log_count; i++) {
		struct txn_format_log log = { plan->format_log[i], plan->format_dirty };

		PROTO_ADD(format->log, format->count, log);
	}
}

void txn_format(struct group *group, const struct txn_ref *ref)
{
	struct txn_format_job *format = proto_grow(NULL, 0, sizeof(*format));
	const struct request *req;

	memset(format, 0, sizeof(*format));
	txn_job_init(&format->job, group, ref);
	txn_format_add(format, group->current->plan);
	TAILQ_FOREACH(req, &group->sharing, next)
	{
		txn_format_add(format, req->plan);
	}
	txn_format_next(format);
}

/* ---- the commit write ---- */

static void txn_write_end(struct txn_job *job, int error, const char *reason)
{
	if (error != 0) {
		log_err("dg=%s write failed: %s: %s", job->dgid, vx_strerror(error), reason);
	}
	txn_run_result(job->configd, job->dgid, TXN_EV_WRITTEN, &job->ref, error, reason);
	free(job);
}

/* Labels of the disks that come (with an import: all that every node sees) or go; false if there are none. */
static bool txn_write_labels(struct txn_job *job, struct group *group,
			     void (*done)(void *ctx, int error, const char *reason))
{
	const struct plan *plan = group->current != NULL ? group->current->plan : NULL;
	const Vx__Propose *propose = group->pending.propose;
	const Vx__Config *after = group->pending.after;
	struct group_labels labels;

	group_labels_init(&labels, group->configd);
	if (propose->kind == VX__TXN_KIND__TXN_IMPORT) {
		for (size_t i = 0; i < propose->n_need_disk; i++) {
			group_labels_own_disk(&labels, after, propose->need_disk[i]);
		}
		return group_labels_write(&labels, done, job);
	}
	for (size_t i = 0; plan != NULL && i < plan->label_disk_count; i++) {
		const char *diskid = plan->label_disk[i];

		if (plan->label_clear) {
			group_labels_give_up(&labels, DISK_CLEAR, group->dgid, diskid);
		} else if (propose->kind == VX__TXN_KIND__TXN_DEPORT) {
			group_labels_give_up(&labels, DISK_RELEASE, group->dgid, diskid);
		} else {
			group_labels_own_disk(&labels, after, diskid);
		}
	}
	return group_labels_write(&labels, done, job);
}

/* -- CHANGE -- */

static void txn_change_on_cleared(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;

	if (error != 0) { /* the change is stored: what stays is the mark on a disk that left */
		log_warning("dg=%s the label of a disk that left was not cleared: %s", job->dgid,
			    reason);
	}
	txn_write_end(job, 0, "");
}

static void txn_change_on_stored(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;
	struct group *group = txn_job_group(job);

	if (error != 0 || group == NULL) {
		txn_write_end(job, error, reason);
		return;
	}
	if (group->current == NULL || !group->current->plan->label_clear ||
	    !txn_write_labels(job, group, txn_change_on_cleared)) {
		txn_write_end(job, 0, "");
	}
}

static bool txn_change_disks(const Vx__Config *before, const Vx__Config *after)
{
	bool changed = before->n_dm != after->n_dm;

	for (size_t i = 0; !changed && i < before->n_dm; i++) {
		changed = strcmp(before->dm[i]->diskid, after->dm[i]->diskid) != 0 ||
			  before->dm[i]->nconfig != after->dm[i]->nconfig;
	}
	return changed;
}

/* The whole content goes to the copies that it names. */
static void txn_write_whole(struct txn_job *job, const struct group *group,
			    void (*done)(void *ctx, int error, const char *reason))
{
	const Vx__View *view = group->configd->cluster.view;
	struct copies *copies = shelf_set(group->configd->shelf, group->pending.after);

	if (copies == NULL) {
		txn_write_end(job, -VX_E_FULL, "no disk, or too many, for the copies");
		return;
	}
	copies_force(copies, group->pending.propose->forced);
	copies_checkpoint(copies, group->pending.after, view->member, view->n_member, done, job);
}

static void txn_change_append(struct txn_job *job, struct copies *copies, const struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	Vx__Change *change = share_change(group->pending.after, propose);

	copies_append(copies, group->pending.after->epoch, group->pending.after->seq, change,
		      group->config, txn_change_on_stored, job);
	proto_free(change);
}

static void txn_change_store(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;
	struct group *group = txn_job_group(job);
	struct copies *copies;

	if (error != 0 || group == NULL) {
		txn_write_end(job, error != 0 ? error : -VX_E_ABORTED, reason);
		return;
	}

	const Vx__Config *after = group->pending.after;

	if (txn_change_disks(group->config, after)) {
		txn_write_whole(job, group, txn_change_on_stored);
		return;
	}
	copies = shelf_find(group->configd->shelf, group->dgid);
	if (copies == NULL) {
		txn_write_end(job, -VX_E_MINORITY,
			      "the configuration copies were not read in this view");
		return;
	}
	txn_change_append(job, copies, group);
}

static void txn_write_change(struct txn_job *job, struct group *group)
{
	if (group->current == NULL || group->current->plan->label_clear ||
	    !txn_write_labels(job, group, txn_change_store)) {
		txn_change_store(job, 0, "");
	}
}

/* -- IMPORT -- */

static void txn_import_on_loaded(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	(void)answer;
	txn_write_end(ctx, error, reason);
}

/* Nobody uses the group yet: the dirty maps of its last users are folded by one vxiod, this one. */
static void txn_import_on_stored(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;
	struct group *group = txn_job_group(job);
	Vx__IodLoad load = VX__IOD_LOAD__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	if (error != 0 || group == NULL) {
		txn_write_end(job, error != 0 ? error : -VX_E_ABORTED, reason);
		return;
	}
	load.config = group->pending.after;
	load.first = true;
	load.n_path = group_paths(group->configd, load.config, &load.path);
	msg.body_case = VX__IPC__BODY_IOD_LOAD;
	msg.iod_load = &load;
	group->loaded = true;
	iod_call(group->configd->iod, &msg, txn_import_on_loaded, job);
	group_paths_free(load.path, load.n_path);
}

/* Nothing of a private region is touched before the label says whose it is. */
static void txn_import_on_labelled(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;
	struct group *group = txn_job_group(job);

	if (error != 0 || group == NULL) {
		txn_write_end(job, error != 0 ? error : -VX_E_ABORTED, reason);
		return;
	}
	txn_write_whole(job, group, txn_import_on_stored);
}

static void txn_write_import(struct txn_job *job, struct group *group)
{
	if (!txn_write_labels(job, group, txn_import_on_labelled)) {
		txn_import_on_labelled(job, 0, "");
	}
}

/* -- DEPORT -- */

/* One that stays names a group that nobody knows: a later view takes it over, or clears it. */
static void txn_forced_on_labelled(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;

	if (error != 0) {
		log_warning("dg=%s given up by force, but not every label was written: %s", job->dgid,
			    reason);
	}
	txn_write_end(job, 0, "");
}

/* A disabled group: its copies may be another group's by now, or newer than anybody knows. */
static void txn_write_forced(struct txn_job *job, struct group *group)
{
	struct group_labels labels;

	group_labels_init(&labels, group->configd);
	group_labels_give_up_all(&labels,
				 group->pending.propose->destroy ? DISK_CLEAR : DISK_RELEASE,
				 group->dgid);
	if (!group_labels_write(&labels, txn_forced_on_labelled, job)) {
		txn_forced_on_labelled(job, 0, "");
	}
}

static void txn_deport_on_labelled(void *ctx, int error, const char *reason)
{
	txn_write_end(ctx, error, reason);
}

static void txn_deport_on_stored(void *ctx, int error, const char *reason)
{
	struct txn_job *job = ctx;
	struct group *group = txn_job_group(job);

	if (error != 0 || group == NULL) {
		txn_write_end(job, error != 0 ? error : -VX_E_ABORTED, reason);
	} else if (!txn_write_labels(job, group, txn_deport_on_labelled)) {
		txn_write_end(job, 0, "");
	}
}

static void txn_write_deport(struct txn_job *job, struct group *group)
{
	struct copies *copies = shelf_find(group->configd->shelf, group->dgid);
	Vx__Config *last;

	if (group->pending.propose->forced) {
		txn_write_forced(job, group);
		return;
	}
	if (copies == NULL) {
		txn_write_end(job, -VX_E_MINORITY,
			      "the configuration copies were not read in this view");
		return;
	}
	last = proto_clone(group->config);
	last->seq++;
	config_outcome_add(last, group->pending.propose->txid.data, true,
			   group->pending.propose->author);
	copies_checkpoint(copies, last, NULL, 0, txn_deport_on_stored, job);
	proto_free(last);
}

void txn_write(struct group *group, const struct txn_ref *ref)
{
	struct txn_job *job = proto_grow(NULL, 0, sizeof(*job));

	txn_job_init(job, group, ref);
	switch (group->pending.propose->kind) {
	case VX__TXN_KIND__TXN_CHANGE:
		txn_write_change(job, group);
		return;
	case VX__TXN_KIND__TXN_IMPORT:
		txn_write_import(job, group);
		return;
	case VX__TXN_KIND__TXN_DEPORT:
		txn_write_deport(job, group);
		return;
	case VX__TXN_KIND__TXN_ACTIVATE:
	case _VX__TXN_KIND_IS_INT_SIZE:
		break;
	}
	log_bug("dg=%s a write for a transaction that has none", group->name);
}
