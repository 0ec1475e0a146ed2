// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing labels: vxdisk setup, and who owns a disk. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "vxconfigd/disk_io.h"
#include "vxconfigd/disk_set.h"
#include "vxconfigd/disk_signature.h"

#define WIPE_BLOCKS (DISK_SIGNATURE_BYTES / VX_BLOCK)
_Static_assert(DISK_SIGNATURE_BYTES <= VX_PRIV_LEN_MIN * VX_SECTOR, "the wipe stays in the region");

/* One disk whose label is written. */
struct label_write {
	struct worker_job job;
	struct disk_set *set;
	char *device, *path;
	bool setup, force, dry_run;
	uint64_t priv_len;
	enum disk_relabel_kind kind;
	struct disk_label label; /* wanted ownership; in the end what is there */
	int error;
	char reason[VX_REASON_MAX];
	struct label_batch *batch;
};

/* All disks of one call. */
struct label_batch {
	void (*done)(void *ctx, int error, const char *reason);
	void *ctx;
	size_t missing;
	int error; /* of the first disk that failed */
	char reason[VX_REASON_MAX];
};

__attribute__((format(printf, 3, 4))) static int write_fail(struct label_write *write, int error,
							      const char *format, ...)
{
	char text[VX_REASON_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write->error = error;
	snprintf(write->reason, sizeof(write->reason), "Device %s: %.400s", write->device, text);
	return error;
}

/* Both blocks of the label, one after the other: at any time one of them is whole (D3). */
static int label_store(struct disk_io *io, const struct disk_label *label,
		       const struct disk_label_turn *turn, uint8_t *block)
{
	int rc = 0;

	disk_label_encode(label, turn->sequence, block);
	for (unsigned int i = 0; i < LABEL_BLOCKS && rc == 0; i++) {
		rc = disk_io_write(io, i == 0 ? turn->first : 1 - turn->first, 1, block);
		if (rc == 0) {
			rc = disk_io_flush(io);
		}
	}
	return rc;
}

/* May this disk be initialised? What it carries is in data. */
static int setup_check(struct label_write *write, const uint8_t *data, struct disk_label_turn *turn)
{
	struct disk_label old;
	char reason[VX_REASON_MAX];
	int rc = disk_label_pick(data, &old, turn, reason);
	const char *foreign = disk_signature_find(data, DISK_SIGNATURE_BYTES);

	if (write->force) {
		return 0;
	}
	if (rc == 0 && old.dgid[0] != '\0') {
		return write_fail(write, -VX_E_BUSY, "appears to be owned by disk group %s (use -f to take it)",
				  old.group);
	}
	if (rc == -VX_E_NOTFOUND && foreign != NULL) {
		return write_fail(write, -VX_E_EXISTS, "carries %s (use -f to overwrite it)", foreign);
	}
	if (rc != 0 && rc != -VX_E_NOTFOUND) {
		return write_fail(write, rc, "%s (use -f to overwrite it)", reason);
	}
	return 0;
}

/* D5: what was there is gone before the new label is there. */
static int setup_store(struct label_write *write, struct disk_io *io, uint8_t *data,
		       const struct disk_label_turn *turn)
{
	int rc;

	memset(data, 0, DISK_SIGNATURE_BYTES);
	rc = disk_io_write(io, 0, WIPE_BLOCKS, data);
	if (rc == 0) {
		rc = disk_io_flush(io);
	}
	if (rc == 0) {
		rc = label_store(io, &write->label, turn, data);
	}
	return rc == 0 ? 0 : write_fail(write, rc, "cannot be written: %s", vx_strerror(rc));
}

static int setup_run(struct label_write *write, struct disk_io *io, uint8_t *data)
{
	struct disk_label_turn turn;
	char reason[VX_REASON_MAX];
	uint8_t id[ID_BYTES];
	int rc = disk_label_geometry(io->len, write->priv_len, &write->label, reason);

	if (rc != 0) {
		return write_fail(write, rc, "%s", reason);
	}
	rc = disk_io_read(io, 0, WIPE_BLOCKS, data);
	if (rc != 0) {
		return write_fail(write, rc, "cannot be read: %s", vx_strerror(rc));
	}
	rc = setup_check(write, data, &turn);
	if (rc != 0 || write->dry_run) {
		return rc;
	}
	id_make(id);
	id_text(id, sizeof(id), write->label.diskid);
	return setup_store(write, io, data, &turn);
}

static void owner_take(const struct disk_label *wanted, struct disk_label *label)
{
	memcpy(label->dgid, wanted->dgid, sizeof(label->dgid));
	memcpy(label->group, wanted->group, sizeof(label->group));
	memcpy(label->media, wanted->media, sizeof(label->media));
	memcpy(label->cluster, wanted->cluster, sizeof(label->cluster));
	memcpy(label->host, wanted->host, sizeof(label->host));
	label->shared = wanted->shared;
}

static bool owner_is_other(const char *owner, const char *self)
{
	return owner[0] != '\0' && strcmp(owner, self) != 0;
}

/* Is there anything to give up? */
static bool owner_leave(const struct label_write *write, struct disk_label *label)
{
	const struct disk_label *self = &write->label;

	if (strcmp(label->dgid, self->dgid) != 0 || owner_is_other(label->cluster, self->cluster) ||
	    owner_is_other(label->host, self->host)) {
		return false;
	}
	if (write->kind == DISK_CLEAR) {
		label->dgid[0] = label->group[0] = label->media[0] = '\0';
	}
	label->cluster[0] = label->host[0] = '\0';
	label->shared = false;
	return true;
}

/* Takes the wanted owner into the label that is there. */
static int owner_run(struct label_write *write, struct disk_io *io, uint8_t *data)
{
	const struct disk_label *wanted = &write->label;
	struct disk_label_turn turn;
	struct disk_label label;
	char reason[VX_REASON_MAX];
	int rc = disk_io_read(io, 0, LABEL_BLOCKS, data);

	if (rc != 0) {
		return write_fail(write, rc, "cannot be read: %s", vx_strerror(rc));
	}
	rc = disk_label_pick(data, &label, &turn, reason);
	if (rc != 0) {
		return write_fail(write, rc, "%s", reason);
	}
	if (strcmp(label.diskid, wanted->diskid) != 0) {
		return write_fail(write, -VX_E_NODISK, "is another disk now (id %s)", label.diskid);
	}
	if (write->kind != DISK_TAKE) {
		rc = owner_leave(write, &label) ? label_store(io, &label, &turn, data) : 0;
	} else if (label.dgid[0] != '\0' && strcmp(label.dgid, wanted->dgid) != 0) {
		return write_fail(write, -VX_E_OWNER, "appears to be owned by disk group %s", label.group);
	} else {
		owner_take(wanted, &label);
		rc = label_store(io, &label, &turn, data);
	}
	write->label = label;
	return rc == 0 ? 0 : write_fail(write, rc, "label cannot be written: %s", vx_strerror(rc));
}

/* In a worker thread. */
static void write_run(struct worker_job *job)
{
	struct label_write *write = (struct label_write *)job;
	struct disk_io *io = NULL;
	char reason[VX_REASON_MAX];
	uint8_t *data;

	if (write->error != 0) {
		return; /* known before: it came here to be told from the loop */
	}

	int rc = disk_io_open(write->path, write->setup ? DISK_IO_EXCLUSIVE : DISK_IO_WRITE, &io, reason);

	if (rc != 0) {
		write_fail(write, rc, "%s", reason);
		return;
	}
	data = aligned_alloc(VX_BLOCK, DISK_SIGNATURE_BYTES);
	if (data == NULL) {
		abort();
	}
	if (write->setup) {
		setup_run(write, io, data);
	} else {
		owner_run(write, io, data);
	}
	free(data);
	disk_io_close(io);
}

static void write_done(struct worker_job *job)
{
	struct label_write *write = (struct label_write *)job;
	struct label_batch *batch = write->batch;

	if (job->error != 0) {
		write_fail(write, job->error, "%s", vx_strerror(job->error));
	}
	if (write->error == 0 && !write->dry_run) {
		disk_set_show(write->set, write->path, &write->label);
	} else if (write->error != 0 && batch->error == 0) {
		batch->error = write->error;
		memcpy(batch->reason, write->reason, sizeof(batch->reason));
	}
	free(write->device);
	free(write->path);
	free(write);
	if (--batch->missing == 0) {
		batch->done(batch->ctx, batch->error, batch->reason);
		free(batch);
	}
}

static struct label_batch *batch_create(size_t count,
					void (*done)(void *ctx, int error, const char *reason),
					void *ctx)
{
	struct label_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL) {
		abort();
	}
	batch->done = done;
	batch->ctx = ctx;
	batch->missing = count;
	return batch;
}

/* disk may be NULL: the caller then says why with write_fail(). */
static struct label_write *write_create(struct disk_set *set, struct label_batch *batch,
					const struct disk *disk, const char *name)
{
	struct label_write *write = calloc(1, sizeof(*write));

	if (write == NULL || (write->device = strdup(disk != NULL ? disk->device : name)) == NULL ||
	    (write->path = strdup(disk != NULL ? disk->path : "")) == NULL) {
		abort();
	}
	write->job.run = write_run;
	write->job.done = write_done;
	write->set = set;
	write->batch = batch;
	return write;
}

void disk_setup(struct disk_set *set, const char *device, uint64_t priv_len_sectors, bool force,
		bool dry_run, void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	const struct disk *disk = disk_by_device(set, device);
	struct label_write *write = write_create(set, batch_create(1, done, ctx), disk, device);

	write->setup = true;
	write->force = force;
	write->dry_run = dry_run;
	write->priv_len = priv_len_sectors;
	if (disk == NULL) {
		write_fail(write, -VX_E_NOTFOUND, "not known on this node");
	}
	worker_submit(set->worker, write->path, &write->job);
}

static void write_owner(struct disk_set *set, struct label_batch *batch,
			const struct disk_relabel *relabel)
{
	const struct disk_label *label = &relabel->label;
	const struct disk *disk = disk_by_id(set, label->diskid);
	struct label_write *write = write_create(set, batch, disk, label->diskid);

	write->kind = relabel->kind;
	write->label = *label;
	if (disk == NULL) {
		write_fail(write, -VX_E_NODISK, "no disk with this id is seen here");
	} else if (label->dgid[0] == '\0' ||
		   (relabel->kind == DISK_TAKE && label->group[0] == '\0')) {
		write_fail(write, -VX_E_INVAL, "a group has an id and a name");
	}
	worker_submit(set->worker, write->path, &write->job);
}

void disk_label_write(struct disk_set *set, const struct disk_relabel *relabel, size_t count,
		      void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	struct label_batch *batch = batch_create(count > 0 ? count : 1, done, ctx);

	for (size_t i = 0; i < count; i++) {
		write_owner(set, batch, &relabel[i]);
	}
	if (count == 0) {
		struct label_write *nothing = write_create(set, batch, NULL, "");

		write_fail(nothing, -VX_E_INVAL, "no disk given");
		worker_submit(set->worker, nothing->path, &nothing->job);
	}
}
