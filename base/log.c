// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging of daemons, on libqb. */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>

#include <qb/qbdefs.h>

#include "base/paths.h"

#define LOG_BLACKBOX_BYTES (1024 * 1024)
#define LOG_OWN_FILES "^(agent|base|cpg|volio|vxconfigd)/" /* libqb's debug lines stay out */

/* Log settings are the one thing that lives at file scope: libqb's are global as well. */
static char log_blackbox_path[PATH_MAX];
static int log_file_target = -1;

static void log_on_crash(int signal)
{
	log_blackbox_write();
	raise(signal); /* SA_RESETHAND: now with the default action */
}

int log_start(const char *name, bool foreground, bool debug)
{
	char path[PATH_MAX];
	const char *dir = path_log_dir();

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
	qb_log_fini();
}

void log_blackbox_write(void)
{
	if (log_blackbox_path[0] != '\0') {
		(void)qb_log_blackbox_write_to_file(log_blackbox_path);
	}
}

void log_bug_abort(void)
{
	log_blackbox_write();
	abort();
}
