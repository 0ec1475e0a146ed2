// SPDX-License-Identifier: GPL-2.0-or-later
/* What this node remembers of the groups that it took part in. */
#include "vxconfigd/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/proto.h"
#include "base/state_file.h"
#include "vxconfigd/block_codec.h"
#include "vxconfigd/record.h"
#include "vxha.pb-c.h"

#define MEMORY_BYTES_MAX (16u * 1024 * 1024) /* VX_MEMORY_MAX groups with all their copies, and more */
#define MEMORY_ID "memory"
#define MEMORY_PLACES (VX_MEMORY_MAX - VX_GROUPS_MAX + 1) /* for groups; the rest is for those on their way */
#define MEMORY_GROUP_BYTES (2 * VX_BLOCK) /* of one more group, with all its copies, at most */

struct memory_waiter {
	STAILQ_ENTRY(memory_waiter) next;
	void (*done)(void *ctx, int error);
	void *ctx;
	int error;
};
STAILQ_HEAD(memory_waiters, memory_waiter);

struct memory {
	struct worker *worker;
	char *path;
	Vx__Memory *known;
	uint64_t sequence;
	bool writing; /* a job is under way */
	bool changed; /* ... and does not hold the newest */
	unsigned int reserving; /* jobs under way that set room aside */
	struct memory_waiters waiters; /* for the next write */
	struct memory_waiters writing_waiters; /* for the one under way */
};

struct memory_job {
	struct worker_job job;
	struct memory *memory;
	char *path;
	uint8_t *data; /* NULL: only room for it is set aside */
	size_t length;
	bool full; /* no place for one more group */
	int error;
	void (*done)(void *ctx, int error);
	void *ctx;
};

static void memory_start(struct memory *memory);

static size_t memory_length(const Vx__Memory *known)
{
	size_t packed = vx__memory__get_packed_size(known);

	return (BLOCK_HEAD_BYTES + 4 + packed + VX_BLOCK - 1) / VX_BLOCK * VX_BLOCK;
}

static uint8_t *memory_encode(const Vx__Memory *known, uint64_t sequence, size_t *out_length)
{
	size_t length = memory_length(known), packed = vx__memory__get_packed_size(known);
	uint8_t *data = record_alloc(1, length);
	struct cursor cursor = block_begin(data, length);

	cursor_put(&cursor, packed, 4);
	vx__memory__pack(known, data + cursor.offset);
	block_seal(BLOCK_MEMORY, sequence, MEMORY_ID, data, length);
	*out_length = length;
	return data;
}

static int memory_decode(const uint8_t *data, size_t length, Vx__Memory **out_known,
			 uint64_t *out_sequence)
{
	struct block_head head;
	struct cursor cursor;
	int rc = block_open(BLOCK_MEMORY, data, length, &head, &cursor);

	if (rc != 0) {
		return rc == -VX_E_NOTFOUND ? -VX_E_CORRUPT : rc;
	}

	size_t packed = cursor_get(&cursor, 4);

	if (cursor.bad || head.length != length || packed > length - cursor.offset) {
		return -VX_E_CORRUPT;
	}

	Vx__Memory *known = vx__memory__unpack(NULL, packed, data + cursor.offset);

	if (known == NULL) {
		return -VX_E_CORRUPT;
	}
	*out_known = known;
	*out_sequence = head.sequence;
	return 0;
}

/* The whole file. 0, -ENOENT, -errno, -VX_E_CORRUPT. */
static int memory_load(const char *path, uint8_t **out_data, size_t *out_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got = 0;
	int rc = 0;

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &st) != 0) {
		rc = -errno;
	} else if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > MEMORY_BYTES_MAX) {
		rc = -VX_E_CORRUPT;
	}

	uint8_t *data = rc == 0 ? record_alloc(1, (size_t)st.st_size) : NULL;

	if (data != NULL) {
		got = pread(fd, data, (size_t)st.st_size, 0);
		rc = got < 0 ? -errno : got == st.st_size ? 0 : -EIO;
	}
	close(fd);
	if (rc != 0) {
		free(data);
		return rc;
	}
	*out_data = data;
	*out_length = (size_t)got;
	return 0;
}

/* What is wrong with the file, why that matters, what to do (D19). */
static void memory_refuse(const char *path, int error, char *out_reason)
{
	const char *what = error == -VX_E_VERSION ? "was written by a newer vxha" :
			   error == -VX_E_CORRUPT ? "is damaged (its beginning, length or checksum is wrong)" :
						    vx_strerror(error);

	snprintf(out_reason, VX_REASON_MAX,
		 "%s %s. It tells this node which configurations on disks are too old to be used. If "
		 "another node runs or remembers the disk groups, or if you know that the disks hold "
		 "the newest configurations: move the file away and start again",
		 path, what);
}

int memory_open(struct worker *worker, const char *path, struct memory **out_memory,
		char *out_reason)
{
	struct memory *memory = record_alloc(1, sizeof(*memory));
	uint8_t *data = NULL;
	size_t length = 0;
	int rc = memory_load(path, &data, &length);

	memory->worker = worker;
	proto_string_set(&memory->path, path);
	STAILQ_INIT(&memory->waiters);
	STAILQ_INIT(&memory->writing_waiters);
	if (rc == 0) {
		rc = memory_decode(data, length, &memory->known, &memory->sequence);
		free(data);
	} else if (rc == -ENOENT) {
		memory->known = record_alloc(1, sizeof(*memory->known));
		vx__memory__init(memory->known);
		rc = 0;
	}
	if (rc != 0) {
		memory_refuse(path, rc, out_reason);
		memory_free(memory);
		return rc;
	}
	*out_memory = memory;
	return 0;
}

bool memory_idle(const struct memory *memory)
{
	return !memory->writing && memory->reserving == 0;
}

void memory_free(struct memory *memory)
{
	if (memory == NULL) {
		return;
	}
	assert(memory_idle(memory));
	if (memory->known != NULL) {
		vx__memory__free_unpacked(memory->known, NULL);
	}
	free(memory->path);
	free(memory);
}

static Vx__GroupMemory *memory_find(const struct memory *memory, const char *dgid)
{
	for (size_t i = 0; i < memory->known->n_group; i++) {
		if (strcmp(memory->known->group[i]->dgid, dgid) == 0) {
			return memory->known->group[i];
		}
	}
	return NULL;
}

static void memory_tell(const Vx__GroupMemory *group, struct memory_group *out_group)
{
	*out_group = (struct memory_group){
		.dgid = group->dgid,
		.name = group->name,
		.epoch = group->epoch,
		.seq = group->seq,
		.enabled = (const char *const *)group->enabled,
		.enabled_count = group->n_enabled,
	};
}

bool memory_get(const struct memory *memory, const char *dgid, struct memory_group *out_group)
{
	const Vx__GroupMemory *group = memory_find(memory, dgid);

	if (group != NULL) {
		memory_tell(group, out_group);
	}
	return group != NULL;
}

bool memory_group_at(const struct memory *memory, size_t index, struct memory_group *out_group)
{
	if (index >= memory->known->n_group) {
		return false;
	}
	memory_tell(memory->known->group[index], out_group);
	return true;
}

static Vx__GroupMemory *memory_add(struct memory *memory, const char *dgid)
{
	Vx__Memory *known = memory->known;
	Vx__GroupMemory **grown;

	if (known->n_group >= VX_MEMORY_MAX) {
		return NULL;
	}
	grown = reallocarray(known->group, known->n_group + 1, sizeof(*grown));
	if (grown == NULL) {
		return NULL;
	}
	known->group = grown;
	grown[known->n_group] = record_alloc(1, sizeof(**grown));
	vx__group_memory__init(grown[known->n_group]);
	proto_string_set(&grown[known->n_group]->dgid, dgid);
	return grown[known->n_group++];
}

static void memory_enabled_free(Vx__GroupMemory *group)
{
	for (size_t i = 0; i < group->n_enabled; i++) {
		free(group->enabled[i]);
	}
	free(group->enabled);
	group->enabled = NULL;
	group->n_enabled = 0;
}

/* 0, -VX_E_STALE, -VX_E_FULL. */
static int memory_set(struct memory *memory, const struct memory_group *from)
{
	Vx__GroupMemory *group = memory_find(memory, from->dgid);

	if (group != NULL && (from->epoch < group->epoch ||
			      (from->epoch == group->epoch && from->seq < group->seq))) {
		return -VX_E_STALE;
	}
	if (from->enabled_count > VX_COPIES_MAX) {
		return -VX_E_FULL;
	}
	if (group == NULL) {
		group = memory_add(memory, from->dgid);
	}
	if (group == NULL) {
		return -VX_E_FULL;
	}

	char **enabled = record_alloc(from->enabled_count, sizeof(*enabled));

	for (size_t i = 0; i < from->enabled_count; i++) {
		enabled[i] = NULL;
		proto_string_set(&enabled[i], from->enabled[i]);
	}
	memory_enabled_free(group);
	group->enabled = enabled;
	group->n_enabled = from->enabled_count;
	proto_string_set(&group->name, from->name);
	group->epoch = from->epoch;
	group->seq = from->seq;
	return 0;
}

/* What is known now gets written; error: what is told then, if that is no failure. */
static void memory_write(struct memory *memory, int error, void (*done)(void *ctx, int error),
			 void *ctx)
{
	struct memory_waiter *waiter = record_alloc(1, sizeof(*waiter));

	waiter->done = done;
	waiter->ctx = ctx;
	waiter->error = error;
	STAILQ_INSERT_TAIL(&memory->waiters, waiter, next);
	memory_start(memory);
}

void memory_put(struct memory *memory, const struct memory_group *group,
		void (*done)(void *ctx, int error), void *ctx)
{
	memory_write(memory, memory_set(memory, group), done, ctx);
}

void memory_forget(struct memory *memory, const char *dgid, void (*done)(void *ctx, int error),
		   void *ctx)
{
	Vx__Memory *known = memory->known;
	Vx__GroupMemory *group = memory_find(memory, dgid);

	for (size_t i = 0; i < known->n_group; i++) {
		if (known->group[i] == group) {
			known->group[i] = known->group[--known->n_group];
			break;
		}
	}
	if (group != NULL) {
		vx__group_memory__free_unpacked(group, NULL);
	}
	if (group != NULL || done != NULL) {
		memory_write(memory, 0, done, ctx);
	}
}

/* In a worker thread. */
static void memory_run(struct worker_job *base)
{
	struct memory_job *job = (struct memory_job *)base;

	size_t room = job->length + MEMORY_GROUP_BYTES;

	job->error = job->data != NULL
			     ? state_file_write(job->path, job->data, job->length, room)
			     : state_file_reserve(job->path, room);
}

static void memory_done(struct worker_job *base)
{
	struct memory_job *job = (struct memory_job *)base;
	struct memory *memory = job->memory;
	struct memory_waiters waiters = STAILQ_HEAD_INITIALIZER(waiters);
	struct memory_waiter *waiter;
	int error = base->error != 0 ? base->error : job->error;

	STAILQ_CONCAT(&waiters, &memory->writing_waiters);
	memory->writing = false;
	free(job->data);
	free(job->path);
	free(job);
	if (memory->changed) {
		memory_start(memory);
	}
	while ((waiter = STAILQ_FIRST(&waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&waiters, next);
		if (waiter->done != NULL) {
			waiter->done(waiter->ctx, waiter->error != 0 ? waiter->error : error);
		}
		free(waiter);
	}
}

static struct memory_job *memory_job_new(struct memory *memory,
					 void (*done)(struct worker_job *job))
{
	struct memory_job *job = record_alloc(1, sizeof(*job));

	job->job.run = memory_run;
	job->job.done = done;
	job->memory = memory;
	proto_string_set(&job->path, memory->path);
	return job;
}

/* Writes what is known now; while a write is under way the next one has to wait for it. */
static void memory_start(struct memory *memory)
{
	struct memory_job *job;

	if (memory->writing) {
		memory->changed = true;
		return;
	}
	memory->writing = true;
	memory->changed = false;
	STAILQ_CONCAT(&memory->writing_waiters, &memory->waiters);
	job = memory_job_new(memory, memory_done);
	job->data = memory_encode(memory->known, ++memory->sequence, &job->length);
	worker_submit(memory->worker, memory->path, &job->job);
}

static void memory_reserved(struct worker_job *base)
{
	struct memory_job *job = (struct memory_job *)base;

	job->memory->reserving--;
	job->done(job->ctx, job->full		? -VX_E_FULL
			    : base->error != 0 ? base->error
					       : job->error);
	free(job->path);
	free(job);
}

void memory_reserve(struct memory *memory, const char *dgid, void (*done)(void *ctx, int error),
		    void *ctx)
{
	struct memory_job *job = memory_job_new(memory, memory_reserved);

	job->full = memory_find(memory, dgid) == NULL &&
		    memory->known->n_group >= MEMORY_PLACES;
	job->length = memory_length(memory->known);
	job->done = done;
	job->ctx = ctx;
	memory->reserving++;
	worker_submit(memory->worker, memory->path, &job->job);
}

void memory_explain(const struct memory *memory, int error, char *out_reason)
{
	if (error == -VX_E_STALE) {
		snprintf(out_reason, VX_REASON_MAX,
			 "%s holds a newer configuration of the disk group than this one", memory->path);
	} else if (error == -VX_E_FULL) {
		snprintf(out_reason, VX_REASON_MAX,
			 "%s is full: it holds %zu disk groups, and takes no new one from %d on (vxdctl "
			 "remembered: which; vxdctl forget GROUP: one that is gone for good)",
			 memory->path, memory->known->n_group, MEMORY_PLACES);
	} else {
		snprintf(out_reason, VX_REASON_MAX, "%s cannot be written: %s", memory->path,
			 vx_strerror(error));
	}
}
