// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is being killed: real processes and threads. One with a pending SIGKILL cannot be kept here:
 * lab/test-vxiod.sh has those. */
#include "tests/unit/suite.h"
#include "volio/killed.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"

#define TRIES_MS 10000

static void *wait_for_ever(void *ctx)
{
	int *tell = ctx;
	pid_t thread = (pid_t)syscall(SYS_gettid);

	if (tell != NULL) {
		ck_assert_int_eq(write(*tell, &thread, sizeof(thread)), sizeof(thread));
	}
	for (;;) {
		pause();
	}
}

static void *end_at_once(void *ctx)
{
	int *tell = ctx;
	pid_t thread = (pid_t)syscall(SYS_gettid);

	ck_assert_int_eq(write(*tell, &thread, sizeof(thread)), sizeof(thread));
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

/* A child that waits, with a thread that body is; out_thread: that one. */
static pid_t child_with(void *(*body)(void *), pid_t *out_thread)
{
	int pipes[2];
	pid_t child;

	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGUSR1, on_signal);
		pthread_create(&thread, NULL, body, &pipes[1]);
		wait_for_ever(NULL);
	}
	ck_assert_int_eq(read(pipes[0], out_thread, sizeof(*out_thread)), sizeof(*out_thread));
	close(pipes[0]);
	close(pipes[1]);
	return child;
}

static bool is_killed_soon(pid_t thread, pid_t *process)
{
	uint64_t end = clock_ms() + TRIES_MS;
	bool killed;

	do {
		killed = killed_look(thread, process);
	} while (!killed && clock_ms() < end);
	return killed;
}

START_TEST(lives)
{
	pid_t thread, process = 0;
	pid_t child = child_with(wait_for_ever, &thread);

	ck_assert(!killed_look(thread, &process));
	ck_assert_int_eq(process, child);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(kill(child, SIGUSR1), 0);
		ck_assert(!killed_look(thread, &process));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_msg(!killed_look(thread, &process), "nobody waits any more");
}
END_TEST

START_TEST(zombie)
{
	pid_t thread, process = 0;
	pid_t child = child_with(wait_for_ever, &thread);

	ck_assert(!killed_look(thread, &process));
	kill(child, SIGKILL);
	ck_assert_msg(is_killed_soon(thread, &process), "its thread is gone, the rest exits");
	waitpid(child, NULL, 0);
}
END_TEST

/* An exiting thread of a process that lives takes nothing along: it may have sent more I/O. */
START_TEST(thread_gone)
{
	pid_t thread, process = 0, other = 0;
	pid_t child = child_with(end_at_once, &thread);

	(void)killed_look(thread, &process);
	while (syscall(SYS_tgkill, child, thread, 0) == 0) {
		ck_assert(!killed_look(thread, &process));
	}
	ck_assert_msg(!killed_look(thread, &other), "gone before the first look");
	ck_assert_int_eq(other, 0);
	process = child;
	ck_assert(!killed_look(thread, &process));
	kill(child, SIGKILL);
	ck_assert(is_killed_soon(thread, &process));
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(unknown)
{
	pid_t process = 0;

	ck_assert(!killed_look(0, &process));
	ck_assert_int_eq(process, 0);
	ck_assert(!killed_look(getpid(), &process));
	ck_assert_int_eq(process, getpid());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_killed");
	TCase *all = tcase_create("all");

	tcase_add_test(all, lives);
	tcase_add_test(all, zombie);
	tcase_add_test(all, thread_gone);
	tcase_add_test(all, unknown);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
