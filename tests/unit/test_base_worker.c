// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads for calls that may block: a queue that hangs holds itself only. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/worker.h"
#include "tests/unit/suite.h"

struct test_job {
	struct worker_job job;
	int wait_fd; /* read from it first, if not -1 */
	int order;
};

static struct loop *loop;
static struct worker *worker;
static int hold[2]; /* a job that reads from it hangs until the test writes */
static int jobs_run, jobs_done, jobs_wanted;

static void setup(void)
{
	jobs_run = jobs_done = 0;
	ck_assert_int_eq(pipe(hold), 0);
	ck_assert_int_eq(loop_create(&loop), 0);
	ck_assert_int_eq(worker_create(loop, "test", 0, &worker), 0);
}

static void teardown(void)
{
	worker_free(worker);
	loop_destroy(loop);
	close(hold[0]);
	close(hold[1]);
}

static void test_job_run(struct worker_job *base)
{
	struct test_job *job = (struct test_job *)base;
	char byte;

	if (job->wait_fd >= 0 && read(job->wait_fd, &byte, 1) != 1) {
		abort();
	}
	__atomic_add_fetch(&jobs_run, 1, __ATOMIC_RELAXED);
}

static void test_job_done(struct worker_job *base)
{
	((struct test_job *)base)->order = ++jobs_done;
	if (jobs_done == jobs_wanted) {
		loop_stop(loop);
	}
}

static void jobs_wait(int count)
{
	jobs_wanted = count;
	if (jobs_done < count) {
		loop_run(loop);
	}
}

static void submit(const char *queue, struct test_job *job, bool hangs)
{
	*job = (struct test_job){ .job = { .run = test_job_run, .done = test_job_done },
				  .wait_fd = hangs ? hold[0] : -1 };
	worker_submit(worker, queue, &job->job);
}

static void release(void)
{
	ck_assert_int_eq(write(hold[1], "x", 1), 1);
}

START_TEST(hung_queue_holds_only_itself)
{
	struct test_job job[40];

	for (int i = 0; i < 40; i++) {
		char queue[16];

		snprintf(queue, sizeof(queue), "disk%d", i < 3 ? 0 : i % 10 + 1);
		submit(queue, &job[i], i == 0);
	}
	jobs_wait(37);
	ck_assert_uint_eq(worker_pending(worker), 3);
	release();
	jobs_wait(40);
	ck_assert(job[0].order < job[1].order && job[1].order < job[2].order);
	ck_assert_uint_eq(worker_pending(worker), 0);
}
END_TEST

START_TEST(jobs_without_a_queue_wait_for_none)
{
	struct test_job job[4];

	submit("", &job[0], true);
	for (int i = 1; i < 4; i++) {
		submit("", &job[i], false);
	}
	jobs_wait(3);
	ck_assert_int_eq(job[0].order, 0);
	release();
	jobs_wait(4);
	ck_assert_int_eq(job[0].order, 4);
}
END_TEST

START_TEST(too_many_jobs_are_refused)
{
	static struct test_job job[VX_WORKER_JOBS_MAX + 5];
	int refused = 0;

	for (size_t i = 0; i < VX_COUNT_OF(job); i++) {
		submit("disk", &job[i], i == 0);
	}
	jobs_wait(5);
	release();
	jobs_wait(VX_COUNT_OF(job));
	for (size_t i = 0; i < VX_COUNT_OF(job); i++) {
		refused += job[i].job.error == -VX_E_FULL;
	}
	ck_assert_int_eq(refused, 5);
	ck_assert_int_eq(jobs_run, VX_WORKER_JOBS_MAX);
}
END_TEST

/* What is queued is run, but nobody is told any more. */
START_TEST(end_waits_for_what_is_queued)
{
	struct test_job job[3];

	for (int i = 0; i < 3; i++) {
		submit("disk", &job[i], i == 0);
	}
	release();
	worker_free(worker);
	worker = NULL;
	ck_assert_int_eq(jobs_run, 3);
	ck_assert_int_eq(jobs_done, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_worker");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, hung_queue_holds_only_itself);
	tcase_add_test(all, jobs_without_a_queue_wait_for_none);
	tcase_add_test(all, too_many_jobs_are_refused);
	tcase_add_test(all, end_waits_for_what_is_queued);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
