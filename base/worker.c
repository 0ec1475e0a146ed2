// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads for calls that may block.
 *
 *   main loop                  worker threads
 *   submit -> queue -> ready -> take a queue, run its first job
 *   done() <- ended <- eventfd - put the job into the ended ones, make the queue ready again
 *
 * One mutex guards the queues and the ended jobs. A thread never waits for the main loop.
 */
#include "base/worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"

#define WORKER_STACK_BYTES (1024 * 1024)

STAILQ_HEAD(worker_jobs, worker_job);

struct worker_queue {
	TAILQ_ENTRY(worker_queue) all;
	TAILQ_ENTRY(worker_queue) ready; /* in the list: has jobs and none is running */
	struct worker_jobs jobs;
	bool running;
	char name[]; /* "": of one job, nobody else finds it */
};
TAILQ_HEAD(worker_queues, worker_queue);

struct worker {
	struct loop *loop;
	int event_fd;
	char name[16];

	/* main thread only */
	size_t pending;
	pthread_t thread[VX_WORKERS_MAX];
	size_t thread_count;

	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct worker_queues queues, ready;
	struct worker_jobs ended;
	size_t ready_count, idle_threads;
	bool stopping;
};

static int worker_start_thread(struct worker *worker);
static void worker_collect(void *ctx, int revents);

int worker_create(struct loop *loop, const char *name, size_t threads, struct worker **out_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL) {
		return -ENOMEM;
	}
	worker->loop = loop;
	snprintf(worker->name, sizeof(worker->name), "%s", name);
	TAILQ_INIT(&worker->queues);
	TAILQ_INIT(&worker->ready);
	STAILQ_INIT(&worker->ended);
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->wake, NULL);
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	int rc = worker->event_fd < 0 ? -errno : 0;

	if (rc == 0) {
		rc = loop_fd_add(loop, worker->event_fd, POLLIN, worker_collect, worker);
	}
	while (rc == 0 && worker->thread_count < threads) {
		rc = worker_start_thread(worker);
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
	assert(TAILQ_EMPTY(&worker->queues));
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

/* Under the mutex: the main loop has it back. True: it is to be woken, without the mutex, which is
 * what it wants first. */
static bool worker_end(struct worker *worker, struct worker_job *job)
{
	bool first = STAILQ_EMPTY(&worker->ended);

	STAILQ_INSERT_TAIL(&worker->ended, job, next);
	return first;
}

static void worker_wake_loop(struct worker *worker)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full: then the loop is woken anyway. */
	if (write(worker->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN) {
		abort();
	}
}

/* Under the mutex. */
static struct worker_queue *worker_queue_get(struct worker *worker, const char *name)
{
	struct worker_queue *queue;
	size_t size = strlen(name) + 1;

	TAILQ_FOREACH(queue, &worker->queues, all)
	{
		if (name[0] != '\0' && strcmp(queue->name, name) == 0) {
			return queue;
		}
	}
	queue = calloc(1, sizeof(*queue) + size);
	if (queue == NULL) {
		abort();
	}
	STAILQ_INIT(&queue->jobs);
	memcpy(queue->name, name, size);
	TAILQ_INSERT_TAIL(&worker->queues, queue, all);
	return queue;
}

/* Under the mutex: after its jobs or its running changed. True: a thread is to be woken for it, without
 * the mutex. */
static bool worker_queue_settle(struct worker *worker, struct worker_queue *queue)
{
	if (queue->running) {
		return false;
	}
	if (STAILQ_EMPTY(&queue->jobs)) {
		TAILQ_REMOVE(&worker->queues, queue, all);
		free(queue);
		return false;
	}
	TAILQ_INSERT_TAIL(&worker->ready, queue, ready);
	worker->ready_count++;
	return true;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	pthread_setname_np(pthread_self(), worker->name);
	pthread_mutex_lock(&worker->mutex);
	for (;;) {
		struct worker_queue *queue = TAILQ_FIRST(&worker->ready);

		if (queue == NULL) {
			if (worker->stopping) {
				break;
			}
			worker->idle_threads++;
			pthread_cond_wait(&worker->wake, &worker->mutex);
			worker->idle_threads--;
			continue;
		}

		struct worker_job *job = STAILQ_FIRST(&queue->jobs);
		bool wake_loop;

		TAILQ_REMOVE(&worker->ready, queue, ready);
		worker->ready_count--;
		STAILQ_REMOVE_HEAD(&queue->jobs, next);
		queue->running = true;
		pthread_mutex_unlock(&worker->mutex);
		job->run(job);
		pthread_mutex_lock(&worker->mutex);
		queue->running = false;
		(void)worker_queue_settle(worker, queue); /* this thread looks again */
		wake_loop = worker_end(worker, job);
		if (wake_loop) {
			pthread_mutex_unlock(&worker->mutex);
			worker_wake_loop(worker);
			pthread_mutex_lock(&worker->mutex);
		}
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

/* Signals belong to the main loop: the thread inherits a mask that blocks them all, but for those
 * that it brings on itself. */
static int worker_start_thread(struct worker *worker)
{
	sigset_t all, before;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK_BYTES);
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	int rc = pthread_create(&worker->thread[worker->thread_count], &attr, worker_main, worker);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0) {
		worker->thread_count++;
	}
	return -rc;
}

void worker_submit(struct worker *worker, const char *name, struct worker_job *job)
{
	bool short_of_threads, wake_loop = false, wake_thread = false;

	assert(job->run != NULL && job->done != NULL);
	pthread_mutex_lock(&worker->mutex);
	job->error = worker->pending++ < VX_WORKER_JOBS_MAX ? 0 : -VX_E_FULL;
	if (job->error != 0) {
		wake_loop = worker_end(worker, job);
	} else {
		struct worker_queue *queue = worker_queue_get(worker, name);
		bool settled = queue->running || !STAILQ_EMPTY(&queue->jobs);

		STAILQ_INSERT_TAIL(&queue->jobs, job, next);
		if (!settled) {
			wake_thread = worker_queue_settle(worker, queue);
		}
	}
	short_of_threads = worker->ready_count > worker->idle_threads;
	pthread_mutex_unlock(&worker->mutex);
	if (wake_loop) {
		worker_wake_loop(worker);
	}
	if (wake_thread) {
		pthread_cond_signal(&worker->wake);
	}
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
		job = STAILQ_FIRST(&worker->ended);
		if (job != NULL) {
			STAILQ_REMOVE_HEAD(&worker->ended, next);
		}
		pthread_mutex_unlock(&worker->mutex);
		if (job == NULL) {
			return;
		}
		worker->pending--;
		job->done(job);
	}
}
