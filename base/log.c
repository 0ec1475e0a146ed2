// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging of daemons, on libqb. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <execinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <qb/qbdefs.h>

#include "base/paths.h"

#define LOG_BLACKBOX_BYTES (1024 * 1024)
#define LOG_OWN_FILES "^(agent|base|cpg|volio|vxconfigd)/" /* libqb's debug lines stay out */
#define LOG_LAST_WORDS_S 2 /* a process that met an impossible state lives no longer than that */
#define LOG_FRAMES 24
#define LOG_RESERVE_BYTES (64 * 1024) /* for last words when memory is out */

/* Log settings are the one thing that lives at file scope: libqb's are global as well. */
static char log_blackbox_path[PATH_MAX];
static const char *log_name = "";
static int log_file_target = -1;
static int log_copy_fd = -1;
static void *log_reserve;

/*
 * From here on the process ends, whatever hangs in its last words: a lock, a disk. Other threads
 * that come here wait for that.
 */
static void log_end_begins(void)
{
	static atomic_flag begun = ATOMIC_FLAG_INIT;
	sigset_t set;

	if (atomic_flag_test_and_set(&begun)) {
		for (;;) {
			pause();
		}
	}
	signal(SIGALRM, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	alarm(LOG_LAST_WORDS_S);
}

static void log_blackbox_write(void)
{
	if (log_blackbox_path[0] != '\0') {
		(void)qb_log_blackbox_write_to_file(log_blackbox_path);
	}
}

/* Whoever aborts because malloc() failed comes here with its errno. */
static void log_memory_out(int error)
{
	if (error == ENOMEM) {
		free(log_reserve);
		log_err("BUG: out of memory in %s: the limits of the service and the memory of the "
			"node are too small for it",
			log_name);
	}
}

/* The black box first; then what libqb's thread has still to write to log and syslog. */
static void log_last_words(void)
{
	void *frame[LOG_FRAMES];
	int count = backtrace(frame, LOG_FRAMES);
	char **name = backtrace_symbols(frame, count);

	for (int i = 0; name != NULL && i < count; i++) {
		log_err("BUG: at %s", name[i]);
	}
	log_blackbox_write();
	qb_log_fini();
}

static void log_on_crash(int number)
{
	int error = errno;

	log_end_begins();
	log_memory_out(number == SIGABRT ? error : 0);
	log_err("BUG: ended by signal %d (%s)", number, sigdescr_np(number));
	log_last_words();
	raise(number); /* SA_RESETHAND: now with the default action */
}

static void log_copy_line(int32_t target, struct qb_log_callsite *site, struct timespec *time,
			  const char *text)
{
	(void)target;
	(void)time;
	if (log_copy_fd >= 0) {
		dprintf(log_copy_fd, "%s: %s%s\n", log_name,
			site->priority == LOG_WARNING ? "warning: " : "", text);
	}
}

static void log_copy_start(void)
{
	int target = log_copy_fd >= 0 ? qb_log_custom_open(log_copy_line, NULL, NULL, NULL) : -1;

	if (target >= 0) {
		qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_WARNING);
		qb_log_ctl(target, QB_LOG_CONF_ENABLED, QB_TRUE);
	}
}

void log_copy(int fd)
{
	log_copy_fd = fd;
}

int log_start(const char *name, bool foreground, bool debug)
{
	char path[PATH_MAX];
	const char *dir = path_log_dir();

	log_name = name;
	log_reserve = malloc(LOG_RESERVE_BYTES);
	qb_log_init(name, LOG_DAEMON, LOG_NOTICE);
	qb_log_format_set(QB_LOG_SYSLOG, "%b");
	qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_TRUE);

	qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_ENABLED, foreground ? QB_TRUE : QB_FALSE);
	qb_log_format_set(QB_LOG_STDERR, "%t %N[%P] %p: %b");
	qb_log_filter_ctl(QB_LOG_STDERR, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_INFO);

	(void)mkdir(dir, 0750);
	snprintf(path, sizeof(path), "%s/%s.log", dir, name);
	log_file_target = qb_log_file_open(path);
	if (log_file_target >= 0) {
		qb_log_format_set(log_file_target, "%T %N[%P] %p: %b");
		qb_log_filter_ctl(log_file_target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*",
				  LOG_INFO);
		qb_log_ctl(log_file_target, QB_LOG_CONF_ENABLED, QB_TRUE);
	}

	snprintf(log_blackbox_path, sizeof(log_blackbox_path), "%s/%s.blackbox", path_state_dir(),
		 name);
	qb_log_filter_ctl(QB_LOG_BLACKBOX, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_DEBUG);
	qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_SIZE, LOG_BLACKBOX_BYTES);
	qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_THREADED, QB_FALSE);
	qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_ENABLED, QB_TRUE);
	log_debug_set(debug);
	log_copy_start();
	(void)backtrace((void *[1]){ NULL }, 1); /* loads what it needs: not when it is late */
	qb_log_thread_start();
	/* libqb's thread must be there before a target is told to use it */
	qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_TRUE);
	if (log_file_target >= 0) {
		qb_log_ctl(log_file_target, QB_LOG_CONF_THREADED, QB_TRUE);
	}

	struct sigaction crash = { .sa_handler = log_on_crash,
				   .sa_flags = SA_RESETHAND | SA_NODEFER };
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		sigaction(fatal[i], &crash, NULL);
	}
	return 0;
}

void log_debug_set(bool debug)
{
	if (log_file_target < 0) {
		return;
	}
	qb_log_filter_ctl(log_file_target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*",
			  LOG_TRACE);
	qb_log_filter_ctl(log_file_target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_INFO);
	if (debug) {
		qb_log_filter_ctl(log_file_target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE_REGEX,
				  LOG_OWN_FILES, LOG_DEBUG);
	}
}

void log_stop(void)
{
	log_blackbox_path[0] = '\0';
	qb_log_fini();
	free(log_reserve);
	log_reserve = NULL;
}

void log_bug_begin(void)
{
	int error = errno;

	log_end_begins();
	log_memory_out(error);
}

void log_bug_abort(void)
{
	log_last_words();
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* What assert() calls, here and in the libraries: glibc's own knows stderr only. */
void __assert_fail(const char *assertion, const char *file, unsigned int line, const char *function)
{
	if (log_blackbox_path[0] == '\0') { /* not a daemon */
		fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function,
			assertion);
		abort();
	}
	log_bug("%s:%u: %s: assertion failed: %s", file, line, function, assertion);
}
