// SPDX-License-Identifier: GPL-2.0-or-later
/* Copying a window of a volume from its source plex to others. */
#include "volio/copy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "volio/engine.h"

struct copy_piece {
	struct io_request request; /* never at the gate: the job is */
	struct copy_job *job;
	SLIST_ENTRY(copy_piece) free;
};

TAILQ_HEAD(copy_job_list, copy_job);
SLIST_HEAD(copy_piece_list, copy_piece);

struct copy_engine {
	struct copy_piece piece[VX_COPY_SLOTS];
	struct copy_piece_list free;
	struct copy_job_list jobs; /* with something left to begin */
	uint8_t *memory;
};

static void copy_go(struct lane *lane);

int copy_start(struct lane *lane)
{
	struct copy_engine *engine = calloc(1, sizeof(*engine));
	void *memory = mmap(NULL, (size_t)VX_COPY_SLOTS * VX_IO_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (engine == NULL || memory == MAP_FAILED) {
		free(engine);
		return -ENOMEM;
	}
	engine->memory = memory;
	TAILQ_INIT(&engine->jobs);
	SLIST_INIT(&engine->free);
	for (uint32_t i = 0; i < VX_COPY_SLOTS; i++) {
		engine->piece[i].request.buffer = engine->memory + (size_t)i * VX_IO_BYTES;
		SLIST_INSERT_HEAD(&engine->free, &engine->piece[i], free);
	}
	lane->copy = engine;
	return 0;
}

void copy_stop(struct lane *lane)
{
	if (lane->copy != NULL) {
		munmap(lane->copy->memory, (size_t)VX_COPY_SLOTS * VX_IO_BYTES);
		free(lane->copy);
		lane->copy = NULL;
	}
}

static void copy_end(struct copy_job *job)
{
	struct vio *vio = job->call.vio;

	lane_call_end(&job->call, job->error);
	gate_leave(vio);
}

/* vxconfigd detaches them. */
static void copy_tell(struct io_request *request)
{
	for (uint32_t failed = request->failed; failed != 0; failed &= failed - 1) {
		io_trouble(request->vio, (uint32_t)__builtin_ctz(failed), false, true,
			   request->start, request->end - request->start, request->error);
	}
}

static void copy_flushed(struct io_request *request)
{
	struct copy_piece *piece = (struct copy_piece *)request;
	struct copy_job *job = piece->job;
	struct lane *lane = job->call.lane;

	copy_tell(request);
	job->error = request->failed != 0 ? request->error : 0;
	SLIST_INSERT_HEAD(&lane->copy->free, piece, free);
	copy_end(job);
	copy_go(lane);
}

/* The last piece of a job flushes, with its own request. */
static void copy_piece_end(struct copy_piece *piece, int error)
{
	struct copy_job *job = piece->job;
	struct lane *lane = job->call.lane;

	job->error = job->error == 0 ? error : job->error;
	job->pieces--;
	if (job->pieces == 0 && job->cursor == job->offset + job->length && job->error == 0) {
		piece->request.kind = IO_FLUSH;
		piece->request.failed = 0;
		piece->request.next = copy_flushed;
		legs_flush(&piece->request);
		return;
	}
	SLIST_INSERT_HEAD(&lane->copy->free, piece, free);
	if (job->error != 0 && job->cursor < job->offset + job->length) {
		job->cursor = job->offset + job->length; /* begin no more */
		TAILQ_REMOVE(&lane->copy->jobs, job, link);
	}
	/* Other jobs may have the slots: then it waits with nothing under way. */
	if (job->pieces == 0 && job->cursor == job->offset + job->length) {
		copy_end(job);
	}
	copy_go(lane);
}

static void copy_written(struct io_request *request)
{
	copy_tell(request);
	copy_piece_end((struct copy_piece *)request, request->failed != 0 ? request->error : 0);
}

/* V23: a plex that could not be read gets what another one has. */
static void copy_read(struct io_request *request)
{
	struct copy_job *job = ((struct copy_piece *)request)->job;

	if (request->error != 0) {
		job->unreadable = true;
		copy_piece_end((struct copy_piece *)request, request->error);
		return;
	}
	request->kind = IO_WRITE;
	request->cursor = request->start;
	request->plexes = job->targets | request->failed;
	request->failed = 0;
	request->next = copy_written;
	legs_run(request);
}

static void copy_piece_begin(struct copy_job *job, struct copy_piece *piece)
{
	struct io_request *request = &piece->request;
	uint64_t left = job->offset + job->length - job->cursor;

	piece->job = job;
	request->vio = job->call.vio;
	request->kind = IO_READ;
	request->error = 0;
	request->failed = 0;
	request->durable = false;
	request->start = request->offset = request->cursor = job->cursor;
	request->length = left < VX_IO_BYTES ? left : VX_IO_BYTES;
	request->end = request->start + request->length;
	request->plexes = 1;
	request->next = copy_read;
	job->cursor = request->end;
	job->pieces++;
	legs_run(request);
}

static void copy_go(struct lane *lane)
{
	struct copy_engine *engine = lane->copy;
	struct copy_job *job;

	while ((job = TAILQ_FIRST(&engine->jobs)) != NULL && !SLIST_EMPTY(&engine->free)) {
		struct copy_piece *piece = SLIST_FIRST(&engine->free);

		SLIST_REMOVE_HEAD(&engine->free, free);
		copy_piece_begin(job, piece);
		if (job->cursor == job->offset + job->length) {
			TAILQ_REMOVE(&engine->jobs, job, link);
		}
	}
}

void copy_cancel(struct vio *vio)
{
	struct copy_job *job, *next;

	for (job = TAILQ_FIRST(&vio->lane->copy->jobs); job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->call.vio == vio) {
			TAILQ_REMOVE(&vio->lane->copy->jobs, job, link);
			job->error = -ECANCELED;
			job->cursor = job->offset + job->length;
			if (job->pieces == 0) {
				copy_end(job);
			}
		}
	}
}

void copy_run(struct lane_call *call)
{
	struct copy_job *job = (struct copy_job *)call;
	struct vio *vio = call->vio;

	job->cursor = job->offset;
	job->pieces = 0;
	job->error = 0;
	job->unreadable = false;
	if (vio->hold != 0 || vio->dead != 0) {
		lane_call_end(call, -ECANCELED);
		return;
	}
	gate_enter(vio);
	if (job->targets == 0) { /* the others were detached: nothing is left to make equal */
		copy_end(job);
		return;
	}
	TAILQ_INSERT_TAIL(&call->lane->copy->jobs, job, link);
	copy_go(call->lane);
}
