// SPDX-License-Identifier: GPL-2.0-or-later
/* Folding the active maps of lost nodes into a volume's recovery map. */
#include "volio/fold.h"

#include <stdlib.h>

#include "base/errors.h"
#include "base/log.h"
#include "volio/control.h"
#include "volio/drl_disk.h"
#include "volio/sync.h"
#include "volio/volume.h"

struct fold {
	struct worker_job job;
	struct drl_disk log;
	struct volume *volume;
	struct volconf *conf;
	struct gather *gather;
	uint32_t slots, regions;
	bool in_view;
	int error;
};

static void fold_run(struct worker_job *job)
{
	struct fold *fold = (struct fold *)job;

	fold->error = drl_disk_fold(&fold->log, fold->slots, &fold->regions);
}

static void fold_done(struct worker_job *job)
{
	struct fold *fold = (struct fold *)job;
	struct volume *volume = fold->volume;
	struct gather *gather = fold->gather;
	char reason[VX_REASON_MAX] = "";

	fold->error = job->error != 0 ? job->error : fold->error;
	if (fold->conf == volume->conf) {
		control_log_errors(volume, fold->log.failed);
	}
	if (fold->error != 0 && fold->in_view && sync_tell_lost(volume)) {
		log_warning("dg=%s vol=%s: its dirty region log cannot be written: %s: all of the "
			    "volume is made equal",
			    volume->conf->group, volume->conf->name, vx_strerror(fold->error));
		fold->error = 0;
	} else if (fold->error != 0) {
		snprintf(reason, sizeof(reason),
			 "klog update failed: disk group %s, volume %s: cannot write the recovery "
			 "map: %s",
			 volume->conf->group, volume->conf->name, vx_strerror(fold->error));
		log_err("%s", reason);
	} else {
		log_notice("dg=%s vol=%s: %u of %u regions need recovery", volume->conf->group,
			   volume->conf->name, fold->regions, volume->conf->regions);
	}
	iod_job_end(volume->group->iod, volume->group->shared);
	volconf_free(&volume->group->iod->disks, fold->conf);
	volume_busy_end(volume);
	gather_end(gather, fold->error, reason);
	free(fold);
}

void fold_volume(struct volume *volume, uint32_t slots, bool in_view, struct gather *gather)
{
	struct fold *fold = calloc(1, sizeof(*fold));

	if (fold == NULL) {
		log_bug("out of memory");
	}
	*fold = (struct fold){ .volume = volume, .gather = gather, .slots = slots,
				.in_view = in_view };
	fold->log.conf = fold->conf = volconf_get(volume->conf);
	fold->job.run = fold_run;
	fold->job.done = fold_done;
	gather_add(gather);
	volume_busy_begin(volume);
	iod_job_begin(volume->group->iod, volume->group->shared);
	worker_submit(volume->group->iod->worker, "", &fold->job);
}
