// SPDX-License-Identifier: GPL-2.0-or-later
/* The last words of a daemon: whatever ends it, log and black box say what and where. */
#include <assert.h>
#include <check.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/suite.h"
#include "tests/unit/temp.h"

#define NAME "lastwords"
#define FILE_MAX (4 * 1024 * 1024)

static char folder[TEMP_PATH_MAX];
static char *content;

static void setup(void)
{
	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("VXHA_LOG_DIR", folder, 1);
	setenv("VXHA_STATE_DIR", folder, 1);
	content = calloc(1, FILE_MAX);
}

static void teardown(void)
{
	char path[PATH_MAX];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/" NAME ".%s", folder, i == 0 ? "log" : "blackbox");
		unlink(path);
	}
	rmdir(folder);
	free(content);
}

static bool file_has(const char *end, const char *text)
{
	char path[PATH_MAX];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "%s/" NAME ".%s", folder, end);
	file = fopen(path, "r");
	if (file == NULL) {
		return false;
	}
	length = fread(content, 1, FILE_MAX, file);
	fclose(file);
	return memmem(content, length, text, strlen(text)) != NULL;
}

/* A daemon that logs many lines and then does what ends it. Returns the signal. */
static int daemon_ends(void (*how)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL ||
		    log_start(NAME, false, false) != 0) {
			_exit(1);
		}
		for (int i = 0; i < 100; i++) {
			log_info("line %d of the daemon's life", i);
		}
		how();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void assert_fails(void)
{
	assert(folder[0] == 'x');
}

static void *thread_asserts(void *arg)
{
	assert(arg == folder);
	return NULL;
}

#ifndef __SANITIZE_ADDRESS__ /* its malloc() knows no limit */
/* Whatever malloc() fails for, its caller aborts. */
static void memory_ends(void)
{
	const struct rlimit none = { 0, 0 };
	void *volatile memory;

	setrlimit(RLIMIT_AS, &none);
	for (size_t size = 1024 * 1024; size > 0; size /= 2) {
		do {
			memory = malloc(size);
		} while (memory != NULL);
	}
}

static void aborts_without_memory(void)
{
	memory_ends();
	abort();
}

static void bug_without_memory(void)
{
	memory_ends();
	log_bug("out of memory");
}
#endif

#ifndef __SANITIZE_ADDRESS__ /* it has a heap of its own */
/* What glibc notes behind each piece is overwritten: it aborts while it holds the heap's lock. */
static void heap_breaks(void)
{
	for (int i = 0; i < 1000; i++) {
		char *volatile memory = malloc(50000);

		memset(memory + malloc_usable_size(memory), 0xff, 64);
	}
}

static void *thread_breaks(void *arg)
{
	heap_breaks();
	return arg;
}

static void heap_breaks_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_breaks, NULL);
	pthread_join(thread, NULL);
}
#endif

static void assert_fails_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_asserts, NULL);
	pthread_join(thread, NULL);
}

static void bug_is_met(void)
{
	log_bug("%d and %d are not %d", 1, 2, 4);
}

static void memory_is_wrong(void)
{
	raise(SIGSEGV);
}

static void aborts(void)
{
	abort();
}

/*
 * The black box keeps form and contents of a line apart: a word is looked for. What stands before
 * the colon of a failed assertion is the compiler's name of the function.
 */
static const struct {
	void (*how)(void);
	int signal;
	const char *line, *word;
	bool heap; /* what libqb's thread had still to write may be in the black box only */
} end[] = {
	{ assert_fails, SIGABRT, ": assertion failed: folder[0] == 'x'",
	  "folder[0] == 'x'", false },
	{ assert_fails_in_thread, SIGABRT, ": assertion failed: arg == folder",
	  "arg == folder", false },
	{ bug_is_met, SIGABRT, "BUG: 1 and 2 are not 4", "are not", false },
	{ memory_is_wrong, SIGSEGV, "BUG: ended by signal 11 (Segmentation fault)",
	  "Segmentation fault", false },
	{ aborts, SIGABRT, "BUG: ended by signal 6 (Aborted)", "Aborted", false },
#ifndef __SANITIZE_ADDRESS__
	{ aborts_without_memory, SIGABRT, "BUG: out of memory in " NAME, "out of memory in", false },
	{ bug_without_memory, SIGABRT, "BUG: out of memory in " NAME, "out of memory in", false },
	{ heap_breaks, SIGABRT, "BUG: ended by signal 6 (Aborted)", "Aborted", true },
	{ heap_breaks_in_thread, SIGABRT, "BUG: ended by signal 6 (Aborted)", "Aborted", true },
#endif
};

START_TEST(every_end_is_told)
{
	ck_assert_int_eq(daemon_ends(end[_i].how), end[_i].signal);
	ck_assert(end[_i].heap || file_has("log", "line 99 of the daemon's life"));
	ck_assert(file_has("log", end[_i].line));
	ck_assert(file_has("log", "BUG: at "));
	ck_assert(file_has("blackbox", "of the daemon's life"));
	ck_assert(file_has("blackbox", end[_i].word));
	ck_assert(file_has("blackbox", "BUG: at "));
}
END_TEST

/* Who starts a daemon hears what is wrong, until the daemon serves. */
START_TEST(the_starter_is_told)
{
	static const char wanted[] = NAME ": no way\n" NAME ": warning: odd\n";
	char got[256] = "";
	int pipes[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		log_copy(pipes[1]);
		log_start(NAME, false, false);
		log_err("no %s", "way");
		log_notice("begins");
		log_warning("odd");
		log_copy(-1);
		log_err("later");
		log_stop();
		_exit(0);
	}
	close(pipes[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(read(pipes[0], got, sizeof(got) - 1), sizeof(wanted) - 1);
	ck_assert_str_eq(got, wanted);
	close(pipes[0]);
	ck_assert(file_has("log", "later"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_log");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, every_end_is_told, 0, (int)(sizeof(end) / sizeof(end[0])));
	tcase_add_test(all, the_starter_is_told);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
