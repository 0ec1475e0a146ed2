// SPDX-License-Identifier: GPL-2.0-or-later
/* The disks of this node: the list, and the scan that makes it. */
#include "vxconfigd/disk.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/timeouts.h"
#include "vxconfigd/disk_io.h"
#include "vxconfigd/disk_set.h"

static struct disk *disk_alloc(const char *path)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	const char *slash = strrchr(path, '/');

	if (disk == NULL || (disk->path = strdup(path)) == NULL ||
	    (disk->device = strdup(slash != NULL ? slash + 1 : path)) == NULL) {
		abort();
	}
	return disk;
}

static void disk_free(struct disk *disk)
{
	if (disk != NULL) {
		free(disk->device);
		free(disk->path);
		free(disk);
	}
}

int disk_set_create(struct worker *worker, const char *patterns, struct disk_set **out_set)
{
	struct disk_set *set = calloc(1, sizeof(*set));

	if (set == NULL || (set->patterns = strdup(patterns)) == NULL) {
		free(set);
		return -ENOMEM;
	}
	set->worker = worker;
	LIST_INIT(&set->reads);
	STAILQ_INIT(&set->waiters);
	STAILQ_INIT(&set->waiters_again);
	*out_set = set;
	return 0;
}

static void disks_free(struct disk **disk, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		disk_free(disk[i]);
	}
	free(disk);
}

void disk_set_free(struct disk_set *set)
{
	if (set == NULL) {
		return;
	}
	assert(!set->scanning && LIST_EMPTY(&set->reads));
	disks_free(set->disk, set->count);
	free(set->patterns);
	free(set);
}

__attribute__((format(printf, 3, 4))) static void disk_fail(struct disk *disk, int error,
							     const char *format, ...)
{
	va_list args;

	disk->error = error;
	memset(&disk->label, 0, sizeof(disk->label));
	va_start(args, format);
	vsnprintf(disk->reason, sizeof(disk->reason), format, args);
	va_end(args);
}

const struct disk *disk_by_device(const struct disk_set *set, const char *device)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->disk[i]->device, device) == 0 || strcmp(set->disk[i]->path, device) == 0) {
			return set->disk[i];
		}
	}
	return NULL;
}

struct disk *disk_set_find(const struct disk_set *set, const char *diskid)
{
	for (size_t i = 0; i < set->count && diskid[0] != '\0'; i++) {
		struct disk *disk = set->disk[i];

		if (disk->error == 0 && !disk->duplicate && strcmp(disk->label.diskid, diskid) == 0) {
			return disk;
		}
	}
	return NULL;
}

const struct disk *disk_by_id(const struct disk_set *set, const char *diskid)
{
	return disk_set_find(set, diskid);
}

bool disk_is_seen(void *ctx, const char *diskid)
{
	return disk_by_id(ctx, diskid) != NULL;
}

size_t disk_count(const struct disk_set *set)
{
	return set->count;
}

const struct disk *disk_at(const struct disk_set *set, size_t index)
{
	assert(index < set->count);
	return set->disk[index];
}

/* One disk is the same device, or carries the same id. An access name belongs to one path. */
void disk_set_mark_duplicates(struct disk **disk, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		disk[i]->duplicate = false;
		for (size_t j = 0; j < i; j++) {
			bool same_device = disk[i]->len > 0 && disk[j]->len > 0 &&
					   memcmp(disk[i]->identity, disk[j]->identity,
						  sizeof(disk[i]->identity)) == 0;
			bool same_id = disk[i]->error == 0 && disk[j]->error == 0 &&
				       strcmp(disk[i]->label.diskid, disk[j]->label.diskid) == 0;

			disk[i]->duplicate |= same_device || same_id;
			if (strcmp(disk[i]->device, disk[j]->device) == 0) {
				free(disk[i]->device);
				disk[i]->device = strdup(disk[i]->path);
				if (disk[i]->device == NULL) {
					abort();
				}
			}
		}
	}
}

static bool disks_show(struct disk **disk, size_t count, const char *path,
		       const struct disk_label *label)
{
	const struct disk *at = NULL;
	bool other_id = false;

	for (size_t i = 0; i < count && at == NULL; i++) {
		at = strcmp(disk[i]->path, path) == 0 ? disk[i] : NULL;
	}
	for (size_t i = 0; at != NULL && i < count; i++) {
		if (disk[i] == at || (at->len > 0 && memcmp(disk[i]->identity, at->identity,
							     sizeof(at->identity)) == 0)) {
			other_id |= strcmp(disk[i]->label.diskid, label->diskid) != 0;
			disk[i]->label = *label;
			disk[i]->error = 0;
			disk[i]->reason[0] = '\0';
		}
	}
	return other_id;
}

void disk_set_show(struct disk_set *set, const char *path, const struct disk_label *label)
{
	if (disks_show(set->disk, set->count, path, label)) {
		disk_set_mark_duplicates(set->disk, set->count);
	}
	disks_show(set->found, set->found_count, path, label);
}

/* In a worker thread: fills the disk. */
static void label_read_run(struct worker_job *job)
{
	struct disk *disk = ((struct label_read *)job)->disk;
	uint8_t *blocks = aligned_alloc(VX_BLOCK, LABEL_BLOCKS * VX_BLOCK);
	struct disk_label_turn turn;
	struct disk_io *io = NULL;
	struct stat st;

	if (blocks == NULL) {
		abort();
	}
	disk->error = disk_io_open(disk->path, DISK_IO_READ, &io, disk->reason);
	if (disk->error == 0 && fstat(io->fd, &st) == 0) {
		disk->len = io->len;
		disk->identity[0] = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
		disk->identity[1] = S_ISBLK(st.st_mode) ? UINT64_MAX : st.st_ino;
		disk->error = disk_io_read(io, 0, LABEL_BLOCKS, blocks);
		if (disk->error != 0) {
			disk_fail(disk, disk->error, "cannot read the label: %s", vx_strerror(disk->error));
		} else {
			disk->error = disk_label_pick(blocks, &disk->label, &turn, disk->reason);
		}
	}
	if (disk->error == 0 && disk->label.pub_offset + disk->label.pub_len > disk->len) {
		disk_fail(disk, -VX_E_CORRUPT, "has %llu sectors, its label says %llu",
			  (unsigned long long)disk->len, (unsigned long long)disk->label.len);
	}
	disk_io_close(io);
	free(blocks);
}

static void label_read_done(struct worker_job *job)
{
	struct label_read *read = (struct label_read *)job;

	LIST_REMOVE(read, next);
	if (job->error != 0) {
		disk_fail(read->disk, job->error, "%s", vx_strerror(job->error));
	}
	if (read->ctx != NULL) {
		read->done(read->ctx, read->index, read);
	}
	disk_free(read->disk);
	free(read);
}

struct label_read *label_read_start(struct disk_set *set, const char *path, size_t index,
				    void (*done)(void *ctx, size_t index, struct label_read *read),
				    void *ctx)
{
	struct label_read *read;

	LIST_FOREACH(read, &set->reads, next) {
		if (read->ctx == NULL && strcmp(read->disk->path, path) == 0) {
			return NULL;
		}
	}
	read = calloc(1, sizeof(*read));
	if (read == NULL) {
		abort();
	}
	read->job.run = label_read_run;
	read->job.done = label_read_done;
	read->set = set;
	read->disk = disk_alloc(path);
	read->done = done;
	read->ctx = ctx;
	read->index = index;
	LIST_INSERT_HEAD(&set->reads, read, next);
	worker_submit(set->worker, path, &read->job);
	return read;
}

void label_reads_give_up(struct disk_set *set, const void *ctx)
{
	struct label_read *read;

	LIST_FOREACH(read, &set->reads, next) {
		if (read->ctx == ctx) {
			read->ctx = NULL;
		}
	}
}

/* The names, found by a worker: a pattern may lead into a file system that hangs. */
struct glob_job {
	struct worker_job job;
	struct disk_set *set;
	glob_t paths;
};

static void glob_run(struct worker_job *base)
{
	struct glob_job *job = (struct glob_job *)base;
	char *patterns = strdup(job->set->patterns), *rest;
	int flags = GLOB_BRACE;

	for (char *one = patterns != NULL ? strtok_r(patterns, " \t", &rest) : NULL; one != NULL;
	     one = strtok_r(NULL, " \t", &rest)) {
		/* What cannot be looked at holds no disk for us; a pattern without a match is no mistake. */
		glob(one, flags, NULL, &job->paths);
		flags |= GLOB_APPEND;
	}
	free(patterns);
}

static void scan_finish(struct disk_set *set)
{
	struct scan_waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);
	struct scan_waiter *waiter;
	bool again = set->again;

	loop_timer_cancel(&set->timer);
	label_reads_give_up(set, set);
	for (size_t i = 0; i < set->found_count; i++) {
		assert(set->found[i] != NULL);
	}
	disks_free(set->disk, set->count);
	disk_set_mark_duplicates(set->found, set->found_count);
	set->disk = set->found;
	set->count = set->found_count;
	set->found = NULL;
	set->found_count = 0;
	set->scanning = false;
	set->again = false;
	STAILQ_CONCAT(&waiters, &set->waiters);
	STAILQ_CONCAT(&set->waiters, &set->waiters_again);
	if (again) {
		disk_scan(set, NULL, NULL);
	}
	while ((waiter = STAILQ_FIRST(&waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiters, next);
		waiter->done(waiter->ctx);
		free(waiter);
	}
}

static void scan_answer(void *ctx, size_t index, struct label_read *read)
{
	struct disk_set *set = ctx;

	assert(set->scanning && index < set->found_count);
	disk_free(set->found[index]);
	set->found[index] = read->disk;
	read->disk = NULL;
	if (--set->missing == 0) {
		scan_finish(set);
	}
}

static void scan_timeout(void *ctx)
{
	scan_finish(ctx); /* the places of the missing say already that they do not answer */
}

static void glob_done(struct worker_job *base)
{
	struct glob_job *job = (struct glob_job *)base;
	struct disk_set *set = job->set;
	size_t count = base->error == 0 ? job->paths.gl_pathc : 0;

	count = count < VX_DEVICES_MAX ? count : VX_DEVICES_MAX;
	set->found = calloc(count + 1, sizeof(struct disk *));
	if (set->found == NULL) {
		abort();
	}
	set->found_count = count;
	set->missing = 0;
	for (size_t i = 0; i < count; i++) {
		set->found[i] = disk_alloc(job->paths.gl_pathv[i]);
		disk_fail(set->found[i], -ETIMEDOUT, "does not answer");
		if (label_read_start(set, job->paths.gl_pathv[i], i, scan_answer, set) != NULL) {
			set->missing++;
		}
	}
	if (base->error == 0) {
		globfree(&job->paths);
	}
	free(job);
	loop_timer_set(worker_loop(set->worker), &set->timer, set->missing > 0 ? VX_DISK_ANSWER_MS : 0,
		       scan_timeout, set);
}

void disk_scan(struct disk_set *set, void (*done)(void *ctx), void *ctx)
{
	struct glob_job *job;

	if (done != NULL) {
		struct scan_waiter *waiter = calloc(1, sizeof(*waiter));

		if (waiter == NULL) {
			abort();
		}
		waiter->done = done;
		waiter->ctx = ctx;
		if (set->scanning) {
			STAILQ_INSERT_TAIL(&set->waiters_again, waiter, next);
		} else {
			STAILQ_INSERT_TAIL(&set->waiters, waiter, next);
		}
	}
	if (set->scanning) {
		set->again = true; /* what runs may have looked already: this one wants to look afresh */
		return;
	}
	set->scanning = true;
	job = calloc(1, sizeof(*job));
	if (job == NULL) {
		abort();
	}
	job->job.run = glob_run;
	job->job.done = glob_done;
	job->set = set;
	worker_submit(set->worker, "scan", &job->job);
}
