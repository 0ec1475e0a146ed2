// SPDX-License-Identifier: GPL-2.0-or-later
/* The other operations on groups: IodUnload, IodFormatLog. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "volio/bits.h"
#include "volio/control.h"
#include "volio/drl_disk.h"
#include "volio/fold.h"
#include "volio/load.h"
#include "volio/reshape.h"
#include "volio/sync.h"
#include "volio/volume.h"

/* ---- unload ---- */

struct unload {
	struct op op;
	struct gather part;
};

static bool unload_is_of_group(void *ctx, const struct volume *volume)
{
	return volume->group == ctx;
}

static void unload_done(struct gather *gather)
{
	struct unload *unload = gather->ctx;
	struct iod *iod = unload->op.iod;
	struct iod_group *group = iod_group(iod, unload->op.dgid);

	if (group != NULL && LIST_EMPTY(&group->volumes)) {
		suspensions_lift(iod, group->dgid, true);
		notes_clear_group(iod->notes, group->dgid);
		log_notice("dg=%s: unloaded", group->name);
		LIST_REMOVE(group, link);
		free(group);
	}
	op_end(&unload->op, 0, NULL);
}

static void unload_start(struct op *op)
{
	struct unload *unload = (struct unload *)op;
	struct iod_group *group = iod_group(op->iod, op->dgid);
	struct volume *volume, *next;
	char reason[VX_REASON_MAX];

	if (group == NULL) {
		op_end(op, 0, NULL); /* it is not there: what was asked for */
		return;
	}
	if (!op->msg->iod_unload->force &&
	    opens_text(&op->iod->opens, unload_is_of_group, group, "; ", reason, sizeof(reason)) > 0) {
		op_end(op, -VX_E_OPEN, reason);
		return;
	}
	gather_begin(&unload->part, unload_done, unload);
	for (volume = LIST_FIRST(&group->volumes); volume != NULL; volume = next) {
		next = LIST_NEXT(volume, link);
		if (!volume->leaving) {
			volume_remove(volume, true, -ENODEV, &unload->part);
		}
	}
	gather_end(&unload->part, 0, NULL);
}

void unload_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	const char *dgid = msg->iod_unload->dgid;
	const struct iod_group *group = iod_group(iod, dgid);

	op_submit(iod, asker, msg, sizeof(struct unload), dgid, group != NULL && group->shared,
		  unload_start);
}

/* ---- format a log ---- */

struct format {
	struct load load; /* for its disks */
	struct worker_job job;
	struct volconf *conf;
	struct volconf fresh, in_use; /* of conf: its logs that are written, and the others */
	struct drl_disk log, live;
	struct volconf *old; /* not NULL: the log of another length becomes this one's */
	uint64_t *recover;
	uint32_t folded; /* regions that need recovery after a fold */
	bool dirty, fold;
	int error;
};

static void format_end(struct format *format, int error, const char *reason)
{
	volconf_free(&format->load.op.iod->disks, format->conf);
	volconf_free(&format->load.op.iod->disks, format->old);
	free(format->recover);
	load_close_disks(&format->load);
	op_end(&format->load.op, error, reason);
}

static void format_run(struct worker_job *job)
{
	struct format *format = (struct format *)((char *)job - offsetof(struct format, job));

	if (format->fold) {
		format->error = drl_disk_fold(&format->log, FOLD_ALL_SLOTS, &format->folded);
		return;
	}
	if (format->old != NULL) {
		format->error = drl_disk_reshape(&format->log, format->old);
	} else {
		format->error = drl_disk_format(&format->log,
						format->in_use.logs > 0 ? &format->live : NULL,
						format->recover);
	}
	if (format->error == 0 && format->log.failed != 0) {
		format->error = -VX_E_DISKIO; /* a new log must be whole on every log plex */
	}
}

static void format_done(struct worker_job *job)
{
	struct format *format = (struct format *)((char *)job - offsetof(struct format, job));

	iod_job_end(format->load.op.iod, format->load.op.shared);
	format->error = job->error != 0 ? job->error : format->error;
	if (format->error == 0 && format->fold) {
		log_notice("dg=%s vol=%s: %u of %u regions need recovery", format->conf->group,
			   format->conf->name, format->folded, format->conf->regions);
	} else if (format->error == 0) {
		log_notice("dg=%s vol=%s: new dirty region log, %u regions%s", format->conf->group,
			   format->conf->name, format->conf->regions,
			   format->dirty ? ", all to be synchronised" : "");
	}
	format_end(format, format->error,
		   format->error != 0 ? "cannot write the dirty region log" : NULL);
}

static struct iodisk *format_find_disk(void *ctx, const char *diskid)
{
	return load_disk(ctx, diskid);
}

/* Log plexes that the loaded volume uses hold live maps: they are read, not written. They go to the
 * end. */
static void format_part(struct format *format, const struct volume *volume)
{
	struct volconf *conf = format->conf;
	uint32_t fresh = 0;

	for (uint32_t i = 0; i < conf->logs; i++) {
		struct volconf_plex log = conf->log[i];
		bool live = false;

		for (uint32_t j = 0; volume != NULL && j < volume->conf->logs; j++) {
			live = live || volume->conf->log[j].rid == log.rid;
		}
		if (!live) {
			conf->log[i] = conf->log[fresh];
			conf->log[fresh++] = log;
		}
	}
	format->fresh = format->in_use = *conf;
	format->fresh.logs = fresh;
	format->in_use.log = conf->log + fresh;
	format->in_use.logs = conf->logs - fresh;
	format->log.conf = &format->fresh;
	format->live.conf = &format->in_use;
}

/* What is to be recovered of a volume that has had no log is in memory only: it gets into the log. */
static void format_recover(struct format *format, const struct volume *volume)
{
	uint32_t regions = format->conf->regions;
	bool known = volume != NULL && volume->maps_ready && volume->map != NULL &&
		     volume->conf->regions == regions;
	bool equal = volume != NULL && volume->conf->regions == 0; /* one plex */

	format->recover = bits_new(regions);
	if (format->recover == NULL) {
		log_bug("out of memory");
	}
	if (format->dirty || (volume != NULL && !known && !equal)) {
		bits_put_all(format->recover, regions, true);
	} else if (known) {
		bits_or(format->recover, volume->map, regions);
	}
}

static void format_opened(struct gather *gather)
{
	struct format *format = gather->ctx;
	struct op *op = &format->load.op;
	Vx__IodFormatLog *request = op->msg->iod_format_log;
	char reason[VX_REASON_MAX] = "no such volume";
	const struct volume *volume;
	int rc = load_take_disks(&format->load);
	size_t at;

	if (gather->error != 0 || rc != 0) {
		format_end(format, gather->error != 0 ? gather->error : rc, gather->reason);
		return;
	}
	at = volconf_index_vol(&format->load.index, request->vol_rid);
	rc = at == request->config->n_vol
		     ? -VX_E_NOTFOUND
		     : volconf_make(&format->load.index, request->config->vol[at], format_find_disk,
				    &format->load, &format->conf, reason);
	if (rc != 0) {
		format_end(format, rc, reason);
		return;
	}
	volume = iod_volume(op->iod, op->dgid, request->vol_rid);
	if (volume != NULL && volume->conf->logs > 0 &&
	    reshape_is_needed(volume->conf, format->conf)) {
		format->old = volconf_get(volume->conf);
		volume = NULL; /* every log is written */
	}
	format_part(format, volume);
	if (format->fresh.logs == 0) {
		format_end(format, 0, NULL);
		return;
	}
	format->dirty = request->dirty;
	format->fold = request->fold;
	format_recover(format, volume);
	format->job.run = format_run;
	format->job.done = format_done;
	iod_job_begin(op->iod, op->shared);
	worker_submit(op->iod->worker, "", &format->job);
}

/* The volume need not be enabled yet: only its log counts here. */
static void format_shape(Vx__IodFormatLog *request)
{
	for (size_t i = 0; i < request->config->n_vol; i++) {
		Vx__Vol *vol = request->config->vol[i];

		vol->kstate = vol->rid == request->vol_rid ? VX__KSTATE__KS_ENABLED
							   : VX__KSTATE__KS_DISABLED;
	}
	for (size_t i = 0; i < request->config->n_plex; i++) {
		Vx__Plex *plex = request->config->plex[i];

		if (plex->vol_rid == request->vol_rid && plex->is_log &&
		    plex->state == VX__PLEX_STATE__PLEX_LOG) {
			plex->kstate = VX__KSTATE__KS_ENABLED;
		} else if (plex->vol_rid == request->vol_rid) {
			plex->vol_rid = 0;
		}
	}
}

static void format_start(struct op *op)
{
	struct format *format = (struct format *)op;
	Vx__IodFormatLog *request = op->msg->iod_format_log;

	format_shape(request);
	gather_begin(&format->load.part, format_opened, format);
	load_open_disks(&format->load, request->config, request->path, request->n_path);
	gather_end(&format->load.part, 0, NULL);
}

void format_log_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	const Vx__IodFormatLog *request = msg->iod_format_log;

	if (request->config == NULL || request->config->dg == NULL) {
		control_answer(iod, asker, msg->cookie, -VX_E_PROTO,
			       "no configuration in the request");
		return;
	}
	op_submit(iod, asker, msg, sizeof(struct format), request->config->dg->dgid,
		  request->config->dg->shared, format_start);
}
