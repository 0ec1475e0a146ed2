// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads for calls that may block.
 *
 *   main loop                          worker threads
 *   submit -> lane (queue) -> ready -> take a lane, run its first job
 *   done() <- ring <- eventfd -------- put the job into the ring, make the lane ready again
 *
 * One mutex guards lanes, ready queue and ring. The ring has a place for every job that may be pending,
 * so a thread never waits for the main loop.
 */
#include "vxconfigd/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"

#define WORKER_STACK_BYTES (1024 * 1024)

STAILQ_HEAD(worker_job_queue, worker_job);

struct worker_lane {
	TAILQ_ENTRY(worker_lane) all;
	TAILQ_ENTRY(worker_lane) ready; /* in the ready queue: has jobs and none is running */
	struct worker_job_queue jobs;
	bool running;
	char name[];
};
TAILQ_HEAD(worker_lane_queue, worker_lane);

struct worker {
	struct loop *loop;
	int event_fd;

	/* main thread only */
	size_t pending;
	struct worker_job_queue refused;
	pthread_t thread[VX_WORKERS_MAX];
	size_t thread_count;

	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct worker_lane_queue lanes, ready;
	size_t ready_count, idle_threads;
	bool stopping;
	struct worker_job *ring[VX_WORKER_JOBS_MAX];
	size_t ring_first, ring_count;
};

static void worker_collect(void *ctx, int revents);

int worker_create(struct loop *loop, struct worker **out_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL) {
		return -ENOMEM;
	}
	worker->loop = loop;
	STAILQ_INIT(&worker->refused);
	TAILQ_INIT(&worker->lanes);
	TAILQ_INIT(&worker->ready);
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->wake, NULL);
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	int rc = worker->event_fd < 0 ? -errno : 0;

	if (rc == 0) {
		rc = loop_fd_add(loop, worker->event_fd, POLLIN, worker_collect, worker);
	}
	if (rc != 0) {
		worker_free(worker);
		return rc;
	}
	*out_worker = worker;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (worker == NULL) {
		return;
	}
	assert(worker->pending == 0);
	pthread_mutex_lock(&worker->mutex);
	worker->stopping = true;
	pthread_cond_broadcast(&worker->wake);
	pthread_mutex_unlock(&worker->mutex);
	for (size_t i = 0; i < worker->thread_count; i++) {
		pthread_join(worker->thread[i], NULL);
	}
	if (worker->event_fd >= 0) {
		loop_fd_del(worker->loop, worker->event_fd);
		close(worker->event_fd);
	}
	assert(TAILQ_EMPTY(&worker->lanes));
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

size_t worker_pending(const struct worker *worker)
{
	return worker->pending;
}

struct loop *worker_loop(const struct worker *worker)
{
	return worker->loop;
}

static void worker_kick(struct worker *worker)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full: then the loop is woken anyway. */
	if (write(worker->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN) {
		abort();
	}
}

/* Under the mutex. NULL when memory is out. */
static struct worker_lane *worker_lane_get(struct worker *worker, const char *name)
{
	struct worker_lane *lane;
	size_t size = strlen(name) + 1;

	TAILQ_FOREACH(lane, &worker->lanes, all) {
		if (strcmp(lane->name, name) == 0) {
			return lane;
		}
	}
	lane = calloc(1, sizeof(*lane) + size);
	if (lane == NULL) {
		return NULL;
	}
	STAILQ_INIT(&lane->jobs);
	memcpy(lane->name, name, size);
	TAILQ_INSERT_TAIL(&worker->lanes, lane, all);
	return lane;
}

/* Under the mutex: after its queue or its running changed. */
static void worker_lane_settle(struct worker *worker, struct worker_lane *lane)
{
	if (lane->running) {
		return;
	}
	if (STAILQ_EMPTY(&lane->jobs)) {
		TAILQ_REMOVE(&worker->lanes, lane, all);
		free(lane);
		return;
	}
	TAILQ_INSERT_TAIL(&worker->ready, lane, ready);
	worker->ready_count++;
	pthread_cond_signal(&worker->wake);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	pthread_mutex_lock(&worker->mutex);
	for (;;) {
		struct worker_lane *lane = TAILQ_FIRST(&worker->ready);

		if (lane == NULL) {
			if (worker->stopping) {
				break;
			}
			worker->idle_threads++;
			pthread_cond_wait(&worker->wake, &worker->mutex);
			worker->idle_threads--;
			continue;
		}

		struct worker_job *job = STAILQ_FIRST(&lane->jobs);

		TAILQ_REMOVE(&worker->ready, lane, ready);
		worker->ready_count--;
		STAILQ_REMOVE_HEAD(&lane->jobs, next);
		lane->running = true;
		pthread_mutex_unlock(&worker->mutex);
		job->run(job);
		pthread_mutex_lock(&worker->mutex);
		lane->running = false;
		worker_lane_settle(worker, lane);
		assert(worker->ring_count < VX_WORKER_JOBS_MAX);
		worker->ring[(worker->ring_first + worker->ring_count++) % VX_WORKER_JOBS_MAX] = job;
		worker_kick(worker);
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

/* Signals belong to the main loop: the thread inherits a mask that blocks them all. */
static int worker_start_thread(struct worker *worker)
{
	sigset_t all, before;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	int rc = pthread_create(&worker->thread[worker->thread_count], &attr, worker_main, worker);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0) {
		worker->thread_count++;
	}
	return -rc;
}

static void worker_refuse(struct worker *worker, struct worker_job *job)
{
	job->error = -VX_E_FULL;
	STAILQ_INSERT_TAIL(&worker->refused, job, next);
	worker_kick(worker);
}

void worker_submit(struct worker *worker, const char *lane_name, struct worker_job *job)
{
	assert(job->run != NULL && job->done != NULL);
	job->error = 0;
	if (worker->pending++ >= VX_WORKER_JOBS_MAX) {
		worker_refuse(worker, job);
		return;
	}
	pthread_mutex_lock(&worker->mutex);

	struct worker_lane *lane = worker_lane_get(worker, lane_name);

	if (lane == NULL) {
		pthread_mutex_unlock(&worker->mutex);
		worker_refuse(worker, job);
		return;
	}

	bool settled = lane->running || !STAILQ_EMPTY(&lane->jobs);

	STAILQ_INSERT_TAIL(&lane->jobs, job, next);
	if (!settled) {
		worker_lane_settle(worker, lane);
	}

	bool short_of_threads = worker->ready_count > worker->idle_threads;

	pthread_mutex_unlock(&worker->mutex);
	if (short_of_threads && worker->thread_count < VX_WORKERS_MAX &&
	    worker_start_thread(worker) != 0 && worker->thread_count == 0) {
		abort(); /* not one thread: nothing would ever be answered */
	}
}

static void worker_collect(void *ctx, int revents)
{
	struct worker *worker = ctx;
	struct worker_job *job;
	uint64_t count;

	(void)revents;
	if (read(worker->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN) {
		abort();
	}
	for (;;) {
		pthread_mutex_lock(&worker->mutex);
		job = worker->ring_count > 0 ? worker->ring[worker->ring_first] : NULL;
		if (job != NULL) {
			worker->ring_first = (worker->ring_first + 1) % VX_WORKER_JOBS_MAX;
			worker->ring_count--;
		}
		pthread_mutex_unlock(&worker->mutex);
		if (job == NULL) {
			job = STAILQ_FIRST(&worker->refused);
			if (job == NULL) {
				return;
			}
			STAILQ_REMOVE_HEAD(&worker->refused, next);
		}
		worker->pending--;
		job->done(job);
	}
}
