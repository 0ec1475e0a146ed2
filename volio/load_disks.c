// SPDX-License-Identifier: GPL-2.0-or-later
/* The disks of an operation on a group: opened by workers, side by side. */
#include "volio/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"

struct load_disk {
	struct worker_job job;
	struct load *load;
	char diskid[64];
	const char *path; /* of the request */
	struct iodisk *disk;
	bool fresh; /* opened for this operation, not in the set yet */
	bool taken;
	int error;
	char reason[VX_REASON_MAX];
};

static void load_disk_run(struct worker_job *job)
{
	struct load_disk *item = (struct load_disk *)job;

	item->error = iodisk_open(item->diskid, item->path, &item->disk, item->reason);
}

static void load_disk_done(struct worker_job *job)
{
	struct load_disk *item = (struct load_disk *)job;

	if (job->error != 0) {
		item->error = job->error;
		snprintf(item->reason, sizeof(item->reason), "disk %s: %s", item->diskid,
			 vx_strerror(job->error));
	}
	item->fresh = item->error == 0;
	gather_end(&item->load->part, item->error == 0 ? 0 : -VX_E_NODISK, item->reason);
}

static struct load_disk *load_disk_item(const struct load *load, const char *diskid)
{
	for (size_t i = 0; i < load->disks; i++) {
		if (strcmp(load->disk[i].diskid, diskid) == 0) {
			return &load->disk[i];
		}
	}
	return NULL;
}

static void load_disk_need(void *ctx, const Vx__Dm *dm)
{
	struct load *load = ctx;

	if (load->disks < VX_DISKS_MAX && load_disk_item(load, dm->diskid) == NULL) {
		struct load_disk *item = &load->disk[load->disks++];

		item->load = load;
		snprintf(item->diskid, sizeof(item->diskid), "%s", dm->diskid);
	}
}

static void load_disk_open(struct load *load, struct load_disk *item)
{
	item->disk = iodisk_find(&load->op.iod->disks, item->diskid, item->path);
	if (item->disk != NULL) {
		return;
	}
	gather_add(&load->part);
	if (item->path == NULL) {
		char reason[VX_REASON_MAX];

		snprintf(reason, sizeof(reason), "disk %s: not seen on this node", item->diskid);
		gather_end(&load->part, -VX_E_NODISK, reason);
		return;
	}
	item->job.run = load_disk_run;
	item->job.done = load_disk_done;
	worker_submit(load->op.iod->worker, item->path, &item->job);
}

void load_open_disks(struct load *load, const Vx__Config *config, Vx__DiskPath *const *path,
		     size_t paths)
{
	volconf_index_make(config, &load->index);
	load->disk = calloc(VX_DISKS_MAX, sizeof(*load->disk));
	if (load->disk == NULL) {
		log_bug("out of memory");
	}
	for (size_t i = 0; i < config->n_vol; i++) {
		volconf_need_disks(&load->index, config->vol[i], load_disk_need, load);
	}
	for (size_t i = 0; i < load->disks; i++) {
		for (size_t j = 0; j < paths; j++) {
			if (strcmp(path[j]->diskid, load->disk[i].diskid) == 0) {
				load->disk[i].path = path[j]->path;
			}
		}
		load_disk_open(load, &load->disk[i]);
	}
}

int load_take_disks(struct load *load)
{
	int rc = 0;

	for (size_t i = 0; i < load->disks; i++) {
		struct load_disk *item = &load->disk[i];

		if (item->fresh) {
			struct iodisk *other =
				iodisk_find(&load->op.iod->disks, item->diskid, item->path);

			item->fresh = false;
			if (other != NULL) { /* another group's operation was quicker */
				iodisk_close(item->disk);
				item->disk = other;
			} else if (rc == 0) {
				rc = iodisk_add(&load->op.iod->disks, item->disk);
			}
			if (rc != 0) {
				iodisk_close(item->disk);
				item->disk = NULL;
			}
		}
		if (item->disk != NULL) {
			iodisk_get(item->disk);
			item->taken = true;
		}
	}
	return rc;
}

struct iodisk *load_disk(const struct load *load, const char *diskid)
{
	const struct load_disk *item = load_disk_item(load, diskid);

	return item != NULL ? item->disk : NULL;
}

void load_close_disks(struct load *load)
{
	for (size_t i = 0; i < load->disks; i++) {
		if (load->disk[i].taken) {
			iodisk_put(&load->op.iod->disks, load->disk[i].disk);
		} else if (load->disk[i].fresh) {
			iodisk_close(load->disk[i].disk);
		}
	}
	volconf_index_free(&load->index);
	free(load->disk);
	load->disk = NULL;
	load->disks = 0;
}
