// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm daemons: which daemons of this node run, and their end. */
#include "agent/adm_daemons.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/loop.h"

#define ADM_STOP_S 30 /* for all daemons, when --timeout does not say */
#define ADM_STOP_MIN_MS 1000

/* In the order of their end: vxclustd first, so that it does not take the others' end for a
 * failure. */
static const char *const adm_daemon_name[] = { "vxclustd", "vxconfigd", "vxiod" };

/* True when the process ended before end_ms. */
static bool adm_wait_exit(int pid_fd, uint64_t end_ms)
{
	struct pollfd poll_fd = { .fd = pid_fd, .events = POLLIN };

	for (;;) {
		uint64_t now = clock_ms();
		int rc = poll(&poll_fd, 1, now < end_ms ? (int)(end_ms - now) : 0);

		if (rc > 0) {
			return true;
		}
		if (rc == 0 || errno != EINTR) {
			return false;
		}
	}
}

/* TERM, and KILL after two thirds of the time. 0, or -ETIMEDOUT, or -errno. */
static int adm_daemon_stop(const char *name, pid_t pid, uint64_t time_ms)
{
	uint64_t start = clock_ms();
	int pid_fd = pidfd_open(pid, 0);
	int rc = 0;

	if (pid_fd < 0) {
		return errno == ESRCH ? 0 : -errno;
	}
	/* the number may have been given to another process before it was opened */
	if (daemon_running(name) == pid) {
		if (pidfd_send_signal(pid_fd, SIGTERM, NULL, 0) != 0) {
			rc = errno == ESRCH ? 0 : -errno;
		} else if (!adm_wait_exit(pid_fd, start + time_ms * 2 / 3)) {
			printf("%s (process %d) does not end: killed\n", name, pid);
			pidfd_send_signal(pid_fd, SIGKILL, NULL, 0);
			rc = adm_wait_exit(pid_fd, start + time_ms) ? 0 : -ETIMEDOUT;
		}
	}
	close(pid_fd);
	return rc;
}

static int adm_daemons_stop(unsigned int timeout_s)
{
	uint64_t time_ms =
		(timeout_s > 0 ? timeout_s : ADM_STOP_S) * 1000u / VX_COUNT_OF(adm_daemon_name);
	int status = 0;

	if (time_ms < ADM_STOP_MIN_MS) {
		time_ms = ADM_STOP_MIN_MS;
	}
	for (size_t i = 0; i < VX_COUNT_OF(adm_daemon_name); i++) {
		pid_t pid = daemon_running(adm_daemon_name[i]);
		int rc = pid != 0 ? adm_daemon_stop(adm_daemon_name[i], pid, time_ms) : 0;

		if (rc != 0) {
			status = adm_error(ADM_DAEMON_STAYS, adm_daemon_name[i], (int)pid,
					   vx_strerror(rc));
		}
	}
	return status;
}

int adm_daemons(const struct adm_options *options, int count, char **word)
{
	(void)count;
	(void)word;
	if (options->stop) {
		return adm_daemons_stop(options->timeout_s);
	}
	for (size_t i = 0; i < VX_COUNT_OF(adm_daemon_name); i++) {
		pid_t pid = daemon_running(adm_daemon_name[i]);

		if (pid != 0) {
			printf("%s %d\n", adm_daemon_name[i], (int)pid);
		} else {
			printf("%s -\n", adm_daemon_name[i]);
		}
	}
	return 0;
}
