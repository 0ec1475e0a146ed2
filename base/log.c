// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging of daemons, on libqb. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <qb/qbdefs.h>

#include "base/limits.h"
#include "base/paths.h"

#define LOG_BLACKBOX_BYTES (1024 * 1024)
#define LOG_OWN_FILES "^(agent|base|cpg|volio|vxconfigd)/" /* libqb's debug lines stay out */
#define LOG_LAST_WORDS_S 2 /* a process that met an impossible state lives no longer than that */
#define LOG_FRAMES 24
#define LOG_TEXT_MAX 4096 /* of the way to the end */

/* Log settings are the one thing that lives at file scope: libqb's are global as well. */
static char log_blackbox_path[PATH_MAX], log_file_path[PATH_MAX];
static const char *log_name = "";
static int log_file_target = -1;
static int log_copy_fd = -1;
static volatile sig_atomic_t log_end_signal;

/* What hangs in the last words, a lock or a disk, is not waited for. */
static void log_on_late(int number)
{
	(void)number;
	signal(log_end_signal, SIG_DFL);
	raise(log_end_signal);
}

/* From here on the process ends. Other threads that come here wait for that. */
static void log_end_begins(int number)
{
	static atomic_flag begun = ATOMIC_FLAG_INIT;
	sigset_t set;

	if (atomic_flag_test_and_set(&begun)) {
		for (;;) {
			pause();
		}
	}
	log_end_signal = number;
	signal(SIGALRM, log_on_late);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	alarm(LOG_LAST_WORDS_S);
}

/*
 * Last words. The heap may be broken, and its lock held by whoever found that: from here on nothing
 * asks for memory, nor for libqb's thread, which does. What matters most comes first.
 */

/* To these targets of libqb, none of which may be threaded. */
static void log_say_to(uint32_t targets, const char *text)
{
	struct qb_log_callsite site = { .function = __func__,
					.filename = __FILE__,
					.format = "%s",
					.priority = LOG_ERR,
					.lineno = __LINE__,
					.targets = targets };

	qb_log_real_(&site, text);
}

static void log_say_to_blackbox(int fd, const char *text)
{
	(void)fd;
	log_say_to(1u << QB_LOG_BLACKBOX, text);
}

/* Without libqb, which says nothing any more if it was about to say something. */
static void log_say_to_file(int fd, const char *text)
{
	char line[LOG_TEXT_MAX], when[64] = "";
	time_t now = time(NULL);
	struct tm parts;

	strftime(when, sizeof(when), "%b %d %T", localtime_r(&now, &parts));

	int length = snprintf(line, sizeof(line), "%s %s[%d] err: %s\n", when, log_name,
			      (int)getpid(), text);

	if ((size_t)length >= sizeof(line)) {
		length = sizeof(line) - 1;
	}
	if (write(fd, line, (size_t)length) != length) {
		return; /* nobody is left to tell */
	}
}

static void log_say_to_others(int fd, const char *text)
{
	uint32_t known = 1u << QB_LOG_BLACKBOX;

	(void)fd;
	if (log_file_target >= 0) {
		known |= 1u << log_file_target;
	}
	log_say_to(~known, text);
}

struct log_end {
	const char *text; /* what happened */
	char *way[LOG_FRAMES];
	size_t count;
	char buffer[LOG_TEXT_MAX];
};

/* The way to here, in lines. */
static void log_end_fill(struct log_end *end)
{
	void *frame[LOG_FRAMES];
	int pipes[2], count = backtrace(frame, LOG_FRAMES);
	ssize_t length;
	char *line, *rest = end->buffer;

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0) {
		return;
	}
	backtrace_symbols_fd(frame, count, pipes[1]);
	length = read(pipes[0], end->buffer, sizeof(end->buffer) - 1);
	end->buffer[length > 0 ? length : 0] = '\0';
	close(pipes[0]);
	close(pipes[1]);
	while (end->count < LOG_FRAMES && (line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		end->way[end->count++] = line;
	}
}

static void log_end_say(const struct log_end *end, void (*say)(int fd, const char *text), int fd)
{
	char line[LOG_TEXT_MAX];

	say(fd, end->text);
	for (size_t i = 0; i < end->count; i++) {
		snprintf(line, sizeof(line), "BUG: at %s", end->way[i]);
		say(fd, line);
	}
}

static void log_last_words(const char *text)
{
	struct log_end end = { .text = text };
	int fd;

	log_end_fill(&end);
	log_end_say(&end, log_say_to_blackbox, -1);
	if (log_blackbox_path[0] != '\0') {
		(void)qb_log_blackbox_write_to_file(log_blackbox_path);
	}
	fd = open(log_file_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd >= 0) {
		log_end_say(&end, log_say_to_file, fd);
		close(fd);
	}
	qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_FALSE);
	log_end_say(&end, log_say_to_others, -1);
	qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_TRUE);
	qb_log_fini(); /* what its thread has still to write */
}

/* Whoever aborts because malloc() failed comes here with its errno. */
static void log_end_text(char *out, size_t size, int error, const char *text)
{
	if (error == ENOMEM) {
		snprintf(out, size,
			 "BUG: out of memory in %s: the limits of the service and the memory of "
			 "the node are too small for it (%s)",
			 log_name, text);
	} else {
		snprintf(out, size, "BUG: %s", text);
	}
}

static void log_on_crash(int number)
{
	int error = number == SIGABRT ? errno : 0;
	char what[128], text[512];

	log_end_begins(number);
	snprintf(what, sizeof(what), "ended by signal %d (%s)", number, sigdescr_np(number));
	log_end_text(text, sizeof(text), error, what);
	log_last_words(text);
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
	const char *dir = path_log_dir();

	log_name = name;
	qb_log_init(name, LOG_DAEMON, LOG_NOTICE);
	qb_log_format_set(QB_LOG_SYSLOG, "%b");
	qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_TRUE);

	qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_ENABLED, foreground ? QB_TRUE : QB_FALSE);
	qb_log_format_set(QB_LOG_STDERR, "%t %N[%P] %p: %b");
	qb_log_filter_ctl(QB_LOG_STDERR, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_INFO);

	(void)mkdir(dir, 0750);
	snprintf(log_file_path, sizeof(log_file_path), "%s/%s.log", dir, name);
	log_file_target = qb_log_file_open(log_file_path);
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
	/* these ask for memory the first time: not when it is late */
	tzset();
	(void)backtrace((void *[1]){ NULL }, 1);
	(void)qb_log_blackbox_write_to_file("/dev/null");
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
}

void log_bug(const char *format, ...)
{
	int error = errno;
	char what[VX_REASON_MAX], text[2 * VX_REASON_MAX];
	va_list args;

	log_end_begins(SIGABRT);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	log_end_text(text, sizeof(text), error, what);
	log_last_words(text);
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
