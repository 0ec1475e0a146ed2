// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The steps of a reconfiguration as vxclustd asks for them (cpg/PROTOCOL.md 5): what each does to
 * shared volumes.
 *
 *   STOP     gate shut; resyncs and windows end; acknowledged when nothing is in flight (V17)
 *   RECOVER  the master folds the maps of leavers that were not clean (V15)
 *   RESUME   recovery maps are read (V18), the gate opens, owned resyncs begin (V25)
 *   LEAVE    waits until nothing is open, then everything is cleaned and removed (V16)
 *   ABORT    queued I/O fails, issued I/O is waited for, everything is removed (V8)
 *
 * Private groups are not touched.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/cluster_own.h"
#include "volio/fold.h"
#include "volio/op.h"
#include "volio/sync.h"
#include "volio/volume.h"

/* A step whose parts run; it counts only while it is the newest (serial). */
struct step_parts {
	struct gather gather;
	struct cluster *cluster;
	uint64_t serial;
	Vx__Step step;
};

static void step_done(struct cluster *cluster, int error, const char *reason)
{
	Vx__Step step = cluster->step;

	cluster->step = VX__STEP__STEP_NONE;
	cluster->step_waits = false;
	cluster_ack(cluster, step, cluster->serial, false, error, reason);
}

/* Begins the parts of the present step; done() is called also when a newer step took its place. */
static struct step_parts *step_parts_begin(struct cluster *cluster,
					   void (*done)(struct gather *gather))
{
	struct step_parts *parts = calloc(1, sizeof(*parts));

	if (parts == NULL) {
		log_bug("out of memory");
	}
	parts->cluster = cluster;
	parts->serial = cluster->serial;
	parts->step = cluster->step;
	gather_begin(&parts->gather, done, parts);
	return parts;
}

static bool step_is_present(const struct step_parts *parts)
{
	return parts->cluster->step == parts->step && parts->cluster->serial == parts->serial;
}

static void each_shared(struct cluster *cluster,
			void (*fn)(struct cluster *cluster, struct volume *volume, void *ctx),
			void *ctx)
{
	struct iod_group *group;
	struct volume *volume, *next;

	LIST_FOREACH(group, &cluster->iod->groups, link)
	{
		for (volume = LIST_FIRST(&group->volumes); group->shared && volume != NULL;
		     volume = next) {
			next = LIST_NEXT(volume, link);
			fn(cluster, volume, ctx);
		}
	}
}

/* ---- progress ---- */

static void progress_said(void *ctx, const char *text)
{
	struct cluster *cluster = ctx;

	if (cluster->step != VX__STEP__STEP_NONE) {
		cluster_ack(cluster, cluster->step, cluster->serial, true, 0,
			    text[0] != '\0' ? text : "waiting for disks");
	}
}

/* What is in flight, and the volume with the most of it. */
struct progress {
	uint64_t left;
	uint32_t most;
	struct volume *volume;
};

static void progress_count(struct cluster *cluster, struct volume *volume, void *ctx)
{
	struct progress *progress = ctx;
	uint32_t in_flight =
		atomic_load_explicit(&volume->vio->shown_in_flight, memory_order_relaxed);

	(void)cluster;
	progress->left += in_flight;
	if (in_flight > progress->most && !volume->leaving) {
		progress->most = in_flight;
		progress->volume = volume;
	}
}

/* Told only when something ended since it was told last: a disk that hangs is no progress, and
 * vxclustd's time-out then ends this node instead of the cluster's patience. */
static void progress_tell(struct cluster *cluster)
{
	struct progress progress = { .left = cluster->iod->shared_jobs };

	each_shared(cluster, progress_count, &progress);
	if (progress.left == cluster->left) {
		return;
	}
	cluster->left = progress.left;
	if (progress.volume != NULL) {
		volume_slowest(progress.volume, progress_said, cluster);
	} else {
		progress_said(cluster, "");
	}
}

static bool opens_shared(void *ctx, const struct volume *volume)
{
	(void)ctx;
	return volume->group->shared;
}

static void leave_tell(struct cluster *cluster)
{
	char text[VX_REASON_MAX] = "volumes are being flushed and removed";

	if (cluster->leave == LEAVE_WAITING &&
	    opens_text(&cluster->iod->opens, opens_shared, NULL, "\n", text, sizeof(text)) == 0) {
		snprintf(text, sizeof(text), "a reconfiguration runs");
	}
	cluster_ack(cluster, VX__STEP__STEP_LEAVE, cluster->leave_serial, true, 0, text);
}

static void progress_on_timer(void *ctx)
{
	struct cluster *cluster = ctx;

	bool leaves = cluster->leave == LEAVE_WAITING || cluster->leave == LEAVE_REMOVING;

	if (cluster->step == VX__STEP__STEP_NONE && !leaves) {
		return;
	}
	if (cluster->step != VX__STEP__STEP_NONE) {
		progress_tell(cluster);
	}
	if (leaves) {
		leave_tell(cluster);
	}
	loop_timer_set(cluster->iod->loop, &cluster->progress, VX_PROGRESS_MS, progress_on_timer,
		       cluster);
}

/* ---- stop ---- */

static void stop_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	(void)cluster;
	sync_stop(volume);
	volume_hold(volume, VIO_HOLD_CLUSTER, ctx);
}

static void stop_drained(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;

	if (step_is_present(parts)) {
		parts->cluster->step_waits = true;
		steps_poke(parts->cluster);
	}
	free(parts);
}

static void stop_begin(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, stop_drained);

	cluster->gate_open = false;
	cluster->live = false;
	each_shared(cluster, stop_volume, &parts->gather);
	sync_forget(cluster->iod);
	gather_end(&parts->gather, 0, NULL);
}

/* ---- recover ---- */

static uint32_t leavers_unclean(const Vx__View *view)
{
	uint32_t slots = 0;

	for (size_t i = 0; view != NULL && i < view->n_leaver; i++) {
		if (view->leaver[i]->how != VX__LEAVE_HOW__LEFT_CLEAN &&
		    view->leaver[i]->nid < VX_NODES_MAX) {
			slots |= 1u << view->leaver[i]->nid;
		}
	}
	return slots;
}

/*
 * Whose maps the master folds. In a cold view nobody is left who could name all who did not leave
 * cleanly: the last view may have ended before its own fold (R10). All of them then.
 */
static uint32_t slots_to_fold(const Vx__View *view)
{
	if (view != NULL && view->cold) {
		return UINT32_MAX;
	}
	return leavers_unclean(view);
}

static void recover_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	uint32_t slots = slots_to_fold(cluster->view);

	if (volume->conf->logs > 0 && slots != 0 && !volume->leaving) {
		fold_volume(volume, slots, true, ctx);
	}
}

static void step_parts_done(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;

	if (step_is_present(parts)) {
		step_done(parts->cluster, gather->error, gather->reason);
	}
	free(parts);
}

static void recover_begin(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, step_parts_done);

	if (cluster_is_master(cluster->iod)) {
		each_shared(cluster, recover_volume, &parts->gather);
	}
	gather_end(&parts->gather, 0, NULL);
}

/* ---- resume ---- */

static bool self_is_joiner(const Vx__View *view)
{
	for (size_t i = 0; i < view->n_joiner; i++) {
		if (view->joiner[i] == view->self) {
			return true;
		}
	}
	return false;
}

/* A volume without a log: is all of it to be recovered as far as this node knows (V26)? */
static bool resume_is_full(const Vx__View *view, const struct volume *volume)
{
	if (leavers_unclean(view) != 0) {
		return true;
	}
	if (volume->maps_ready) {
		return false;
	}
	if (view->n_joiner < view->n_member) {
		return true; /* until its owner says what it knows */
	}
	return volume->conf->is_new || !volume->conf->was_clean;
}

static void resume_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	const Vx__View *view = cluster->view;
	bool folded = slots_to_fold(view) != 0;
	bool has_bits = volume->map != NULL && bits_count(volume->map, volume->conf->regions) > 0;

	if (volume->leaving || volume->reading) {
		return;
	}
	if (!volume->maps_ready ||
	    (volume->conf->regions > 0 && (folded || self_is_joiner(view))) ||
	    ((has_bits || volume->log_lost) && volume->conf->logs > 0)) {
		volume_read_maps(volume, resume_is_full(view, volume), ctx);
	}
}

/* Who joins in a later view than the one in which the log was lost reads nothing of that in it. */
static void resume_tell_lost(struct cluster *cluster, struct volume *volume, void *ctx)
{
	(void)cluster;
	(void)ctx;
	if (volume->log_lost && !volume->leaving) {
		(void)sync_tell_lost(volume);
	}
}

static void resume_release(struct cluster *cluster, struct volume *volume, void *ctx)
{
	(void)cluster;
	(void)ctx;
	volume_release(volume, VIO_HOLD_CLUSTER);
}

/* Volumes that were loaded while the others' maps were read. */
static void resume_late_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	if (!volume->maps_ready && !volume->reading && !volume->leaving) {
		volume_read_maps(volume, resume_is_full(cluster->view, volume), ctx);
	}
}

static void resume_late_read(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;

	sync_start_owned(parts->cluster->iod);
	free(parts);
}

static void resume_late(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, resume_late_read);

	each_shared(cluster, resume_late_volume, &parts->gather);
	gather_end(&parts->gather, 0, NULL);
}

static void resume_read(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;
	struct cluster *cluster = parts->cluster;

	if (step_is_present(parts)) {
		if (gather->error == 0) {
			loop_timer_cancel(&cluster->grace);
			cluster->gate_open = true;
			each_shared(cluster, resume_release, NULL);
			log_info("view=%llu: gate open", (unsigned long long)cluster->view->epoch);
		}
		step_done(cluster, gather->error, gather->reason);
		if (gather->error == 0) {
			resume_late(cluster);
			sync_start_owned(cluster->iod);
			steps_poke(cluster);
		}
	}
	free(parts);
}

static void resume_begin(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, resume_read);

	if (cluster->view == NULL) {
		gather_end(&parts->gather, -VX_E_NOTMEMBER, "no view");
		return;
	}
	if (cluster_is_master(cluster->iod) && cluster_has_joiners(cluster->iod)) {
		each_shared(cluster, resume_tell_lost, NULL);
	}
	each_shared(cluster, resume_volume, &parts->gather);
	gather_end(&parts->gather, 0, NULL);
}

/* ---- leave, abort ---- */

static void leave_removed(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;
	struct cluster *cluster = parts->cluster;

	cluster->leave = LEAVE_LEFT;
	ops_drop_empty_groups(cluster->iod);
	cluster_set_view(cluster, NULL);
	cluster->gate_open = false;
	log_notice("left: every shared volume is %s",
		   cluster->iod->marks_left ? "removed, some need recovery" : "flushed and removed");
	cluster_ack_left(cluster, cluster->iod->marks_left);
	free(parts);
	steps_poke(cluster);
}

static void leave_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	(void)cluster;
	if (!volume->leaving) {
		volume_remove(volume, true, -ENODEV, ctx);
	}
}

static void leave_try(struct cluster *cluster)
{
	char text[VX_REASON_MAX];
	struct step_parts *parts;

	if (opens_text(&cluster->iod->opens, opens_shared, NULL, "\n", text, sizeof(text)) > 0) {
		if (strcmp(text, cluster->told) != 0) {
			snprintf(cluster->told, sizeof(cluster->told), "%s", text);
			leave_tell(cluster);
		}
		return;
	}
	if ((!cluster->gate_open && !iod_is_clean(cluster->iod)) || ops_busy_shared(cluster->iod)) {
		return;
	}
	cluster->leave = LEAVE_REMOVING;
	cluster->iod->marks_left = false;
	parts = step_parts_begin(cluster, leave_removed);
	each_shared(cluster, leave_volume, &parts->gather);
	gather_end(&parts->gather, 0, NULL);
}

static void leave_begin(struct cluster *cluster, uint64_t serial)
{
	cluster->leave = LEAVE_WAITING;
	cluster->leave_serial = serial;
	cluster->told[0] = '\0';
	steps_poke(cluster);
}

static void leave_cancel(struct cluster *cluster, uint64_t serial)
{
	if (cluster->leave == LEAVE_REMOVING || cluster->leave == LEAVE_LEFT) {
		cluster_ack(cluster, VX__STEP__STEP_LEAVE_CANCEL, serial, false, -VX_E_INVAL,
			    "too late: volumes are being removed");
		return;
	}
	if (cluster->leave == LEAVE_WAITING) {
		cluster->leave = LEAVE_NONE;
		cluster_ack(cluster, VX__STEP__STEP_LEAVE, cluster->leave_serial, false, -ECANCELED,
			    "cancelled");
	}
	cluster_ack(cluster, VX__STEP__STEP_LEAVE_CANCEL, serial, false, 0, NULL);
}

static void abort_volume(struct cluster *cluster, struct volume *volume, void *ctx)
{
	(void)cluster;
	if (!volume->leaving) {
		volume_remove(volume, false, -EIO, ctx);
	}
}

static void abort_removed(struct gather *gather)
{
	struct step_parts *parts = gather->ctx;
	struct cluster *cluster = parts->cluster;

	free(parts);
	steps_poke(cluster);
}

static void abort_begin(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, abort_removed);

	cluster->gate_open = false;
	loop_timer_cancel(&cluster->grace);
	cluster_set_view(cluster, NULL);
	ops_abort_shared(cluster->iod);
	sync_forget(cluster->iod);
	if (cluster->leave == LEAVE_WAITING) {
		cluster->leave = LEAVE_NONE;
		cluster_ack(cluster, VX__STEP__STEP_LEAVE, cluster->leave_serial, false, -ECANCELED,
			    "aborted");
	}
	each_shared(cluster, abort_volume, &parts->gather);
	cluster->step_waits = true;
	gather_end(&parts->gather, 0, NULL);
}

/* ---- the connection is gone ---- */

static void lost_grace_over(void *ctx)
{
	struct cluster *cluster = ctx;

	log_err("vxclustd: gone for %d s: I/O to shared volumes fails, they are removed",
		VX_GATE_GRACE_MS / 1000);
	cluster->step = VX__STEP__STEP_ABORT;
	cluster->serial = 0; /* nobody asked */
	abort_begin(cluster);
}

static void lost_drained(struct gather *gather)
{
	free(gather->ctx);
}

void steps_lost(struct cluster *cluster)
{
	struct step_parts *parts = step_parts_begin(cluster, lost_drained);

	if (cluster->leave == LEAVE_WAITING || cluster->leave == LEAVE_LEFT) {
		cluster->leave = LEAVE_NONE;
	}
	if (cluster->step != VX__STEP__STEP_ABORT) {
		cluster->step = VX__STEP__STEP_NONE;
	}
	cluster->gate_open = false;
	cluster->live = false;
	each_shared(cluster, stop_volume, &parts->gather);
	sync_forget(cluster->iod);
	gather_end(&parts->gather, 0, NULL);
	if (!iod_is_clean(cluster->iod)) {
		log_err("vxclustd: the connection is lost: I/O to shared volumes stops");
		loop_timer_set(cluster->iod->loop, &cluster->grace, VX_GATE_GRACE_MS,
			       lost_grace_over, cluster);
	}
}

/* ---- what is waited for ---- */

void steps_poke(struct cluster *cluster)
{
	struct iod *iod = cluster->iod;

	if (cluster->step == VX__STEP__STEP_STOP && cluster->step_waits && iod->shared_jobs == 0 &&
	    cluster->leave != LEAVE_REMOVING) {
		log_info("stopped: nothing is in flight");
		step_done(cluster, 0, NULL);
	}
	if (cluster->step == VX__STEP__STEP_ABORT && cluster->step_waits && iod_is_clean(iod) &&
	    iod->shared_jobs == 0 && !ops_busy_shared(iod)) {
		ops_drop_empty_groups(iod);
		log_notice("aborted: every shared volume is removed");
		if (cluster->serial != 0) {
			step_done(cluster, 0, NULL);
		} else {
			cluster->step = VX__STEP__STEP_NONE;
			cluster->step_waits = false;
		}
	}
	if (cluster->said_unclean && iod_is_clean(iod) && iod->shared_jobs == 0 &&
	    ipc_client_is_connected(cluster->client)) {
		cluster_register(cluster); /* clean now */
	}
	if (cluster->leave == LEAVE_WAITING) {
		leave_try(cluster);
	}
}

void steps_run(struct cluster *cluster, const Vx__StepRun *run)
{
	bool is_leave =
		run->step == VX__STEP__STEP_LEAVE || run->step == VX__STEP__STEP_LEAVE_CANCEL;

	log_info("step %d (%llu): %s", (int)run->step, (unsigned long long)run->serial,
		 run->reason);
	if (!is_leave) {
		cluster->step = run->step;
		cluster->serial = run->serial;
		cluster->step_waits = false;
		cluster->left = UINT64_MAX;
	}
	loop_timer_set(cluster->iod->loop, &cluster->progress, VX_PROGRESS_MS, progress_on_timer,
		       cluster);
	if (run->step == VX__STEP__STEP_STOP) {
		stop_begin(cluster);
	} else if (run->step == VX__STEP__STEP_RECOVER) {
		recover_begin(cluster);
	} else if (run->step == VX__STEP__STEP_RESUME) {
		resume_begin(cluster);
	} else if (run->step == VX__STEP__STEP_LEAVE) {
		leave_begin(cluster, run->serial);
	} else if (run->step == VX__STEP__STEP_LEAVE_CANCEL) {
		leave_cancel(cluster, run->serial);
	} else if (run->step == VX__STEP__STEP_ABORT) {
		abort_begin(cluster);
	} else {
		step_done(cluster, 0, NULL); /* not a step of vxiod: nothing to do */
	}
}
