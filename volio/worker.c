// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads for what blocks. */
#include "volio/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

STAILQ_HEAD(job_list, job);

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job_list queue;
	struct mailbox *main;
	bool stop;
	unsigned int count;
	pthread_t thread[];
};

static void job_back(struct mail *mail)
{
	struct job *job = (struct job *)((char *)mail - offsetof(struct job, mail));

	job->done(job);
}

static void *worker_main(void *argument)
{
	struct workers *workers = argument;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	pthread_setname_np(pthread_self(), "vxiod-worker");
	pthread_mutex_lock(&workers->lock);
	for (;;) {
		struct job *job = STAILQ_FIRST(&workers->queue);

		if (job == NULL && workers->stop) {
			break;
		}
		if (job == NULL) {
			pthread_cond_wait(&workers->more, &workers->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&workers->queue, link);
		pthread_mutex_unlock(&workers->lock);
		job->run(job);
		job->mail.fn = job_back;
		mailbox_post(workers->main, &job->mail);
		pthread_mutex_lock(&workers->lock);
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

int workers_start(unsigned int count, struct mailbox *main_box, struct workers **out_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->thread[0]));

	if (workers == NULL) {
		return -ENOMEM;
	}
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->more, NULL);
	STAILQ_INIT(&workers->queue);
	workers->main = main_box;
	for (; workers->count < count; workers->count++) {
		int rc = pthread_create(&workers->thread[workers->count], NULL, worker_main,
					workers);

		if (rc != 0) {
			workers_stop(workers);
			return -rc;
		}
	}
	*out_workers = workers;
	return 0;
}

void workers_stop(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->stop = true;
	pthread_cond_broadcast(&workers->more);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned int i = 0; i < workers->count; i++) {
		pthread_join(workers->thread[i], NULL);
	}
	pthread_cond_destroy(&workers->more);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

void job_start(struct workers *workers, struct job *job)
{
	job->workers = workers;
	pthread_mutex_lock(&workers->lock);
	STAILQ_INSERT_TAIL(&workers->queue, job, link);
	pthread_cond_signal(&workers->more);
	pthread_mutex_unlock(&workers->lock);
}
