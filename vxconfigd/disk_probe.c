// SPDX-License-Identifier: GPL-2.0-or-later
/* Are these disks there, now? */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/timeouts.h"
#include "vxconfigd/disk_set.h"

struct probe_disk {
	char diskid[DISK_ID_SIZE];
	bool waited;
	int error;
	char reason[VX_REASON_MAX];
};

struct probe {
	struct disk_set *set;
	void (*done)(void *ctx, int error, const char *diskid, const char *reason);
	void *ctx;
	struct loop_timer timer;
	size_t count, missing;
	struct probe_disk disk[];
};

__attribute__((format(printf, 3, 4))) static void probe_fail(struct probe_disk *disk, int error,
							       const char *format, ...)
{
	va_list args;

	disk->error = error;
	va_start(args, format);
	vsnprintf(disk->reason, sizeof(disk->reason), format, args);
	va_end(args);
}

static void probe_finish(void *ctx)
{
	struct probe *probe = ctx;
	const struct probe_disk *bad = NULL;

	loop_timer_cancel(&probe->timer);
	label_reads_give_up(probe->set, probe);
	for (size_t i = 0; i < probe->count; i++) {
		struct probe_disk *disk = &probe->disk[i];

		if (disk->waited) {
			probe_fail(disk, -ETIMEDOUT, "disk %s does not answer", disk->diskid);
		}
		if (bad == NULL && disk->error != 0) {
			bad = disk;
		}
	}
	if (bad != NULL) {
		probe->done(probe->ctx, bad->error, bad->diskid, bad->reason);
	} else {
		probe->done(probe->ctx, 0, "", "");
	}
	free(probe);
}

static void probe_answer(void *ctx, size_t index, struct label_read *read)
{
	struct probe *probe = ctx;
	struct probe_disk *disk = &probe->disk[index];
	const struct disk *now = read->disk;

	disk->waited = false;
	if (now->error != 0) {
		probe_fail(disk, now->error, "device %s %.400s", now->device, now->reason);
	} else {
		disk_set_show(probe->set, now->path, &now->label);
	}
	if (now->error == 0 && strcmp(now->label.diskid, disk->diskid) != 0) {
		probe_fail(disk, -VX_E_NODISK, "device %s is another disk now (id %s)", now->device,
			   now->label.diskid);
	}
	if (--probe->missing == 0) {
		probe_finish(probe);
	}
}

static bool probe_all_known(const struct probe *probe)
{
	for (size_t i = 0; i < probe->count; i++) {
		if (disk_set_find(probe->set, probe->disk[i].diskid) == NULL) {
			return false;
		}
	}
	return true;
}

static void probe_start(void *ctx)
{
	struct probe *probe = ctx;

	for (size_t i = 0; i < probe->count; i++) {
		struct probe_disk *disk = &probe->disk[i];
		const struct disk *known = disk_set_find(probe->set, disk->diskid);

		if (known == NULL) {
			probe_fail(disk, -VX_E_NODISK, "no disk with id %s is seen here", disk->diskid);
		} else if (label_read_start(probe->set, known->path, i, probe_answer, probe) == NULL) {
			probe_fail(disk, -ETIMEDOUT, "device %s does not answer", known->device);
		} else {
			disk->waited = true;
			probe->missing++;
		}
	}
	loop_timer_set(worker_loop(probe->set->worker), &probe->timer,
		       probe->missing > 0 ? VX_DISK_ANSWER_MS : 0, probe_finish, probe);
}

void disk_probe(struct disk_set *set, const char *const *diskid, size_t count,
		void (*done)(void *ctx, int error, const char *diskid, const char *reason), void *ctx)
{
	struct probe *probe = calloc(1, sizeof(*probe) + count * sizeof(probe->disk[0]));

	if (probe == NULL) {
		abort();
	}
	probe->set = set;
	probe->done = done;
	probe->ctx = ctx;
	probe->count = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(probe->disk[i].diskid, sizeof(probe->disk[i].diskid), "%s", diskid[i]);
	}
	if (probe_all_known(probe)) {
		probe_start(probe);
	} else {
		disk_scan(set, probe_start, probe);
	}
}
