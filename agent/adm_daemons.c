// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm daemons: which daemons of this node run and answer, and their end. */
#include "agent/adm_daemons.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/adm_json.h"
#include "agent/adm_query.h"
#include "base/daemon.h"
#include "base/errors.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/paths.h"
#include "base/timeouts.h"

#define ADM_STOP_S 30 /* for all daemons, when --timeout does not say */
#define ADM_STOP_MIN_MS 1000
#define ADM_STARTING_MS 50 /* a daemon that starts does not serve yet: it is tried again */

enum { ADM_CLUSTD, ADM_CONFIGD, ADM_IOD, ADM_DAEMONS };

/*
 * In the order of their end: vxclustd first, so that it does not take the others' end for a
 * failure. That vxconfigd is mute costs little, so little patience is enough; for the others it is
 * the end of this node's membership.
 */
static const struct adm_daemon_row {
	const char *name, *service;
	unsigned int patience_ms;
} adm_daemon_table[ADM_DAEMONS] = {
	[ADM_CLUSTD] = { "vxclustd", IPC_CLUSTD, VX_IPC_CONNECT_MS },
	[ADM_CONFIGD] = { "vxconfigd", IPC_CONFIGD, VX_CONFIGD_MUTE_MS },
	[ADM_IOD] = { "vxiod", IPC_IOD, VX_IPC_CONNECT_MS },
};

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

/* ---- who runs and answers ---- */

/* In a process of its own, so that all are asked at the same time and none is waited for longer
 * than it deserves. */
static pid_t adm_ask_begin(const char *name, const char *service)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct ipc_call *call;
		int rc;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((rc = ipc_call_open(service, &call)) == -VX_E_NODAEMON &&
		       daemon_running(name) != 0) {
			poll(NULL, 0, ADM_STARTING_MS);
		}
		_exit(rc == 0 || rc == -EACCES || rc == -VX_E_NOSHM ? 0 : 1); /* who says no is not mute */
	}
	return pid;
}

static bool adm_ask_end(pid_t pid, uint64_t end_ms)
{
	int pid_fd = pidfd_open(pid, 0);
	int status = -1;

	if (pid_fd < 0 || !adm_wait_exit(pid_fd, end_ms)) {
		kill(pid, SIGKILL);
	}
	if (pid_fd >= 0) {
		close(pid_fd);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* timeout_s 0: as patient as each of them deserves. */
static void adm_daemons_ask(struct adm_daemon daemon[ADM_DAEMONS], unsigned int timeout_s)
{
	unsigned int limit_ms = timeout_s > 0 ? timeout_s * 1000u : UINT_MAX;
	pid_t asking[ADM_DAEMONS];
	uint64_t start = clock_ms();

	for (size_t i = 0; i < ADM_DAEMONS; i++) {
		const struct adm_daemon_row *row = &adm_daemon_table[i];

		daemon[i] =
			(struct adm_daemon){ .name = row->name, .pid = daemon_running(row->name) };
		asking[i] = daemon[i].pid != 0 ? adm_ask_begin(row->name, row->service) : -1;
	}
	for (size_t i = 0; i < ADM_DAEMONS; i++) {
		if (asking[i] > 0) {
			unsigned int patience_ms = adm_daemon_table[i].patience_ms;

			daemon[i].answers =
				adm_ask_end(asking[i], start + (patience_ms < limit_ms ? patience_ms
										       : limit_ms));
		}
		if (daemon[i].pid != 0 && !daemon[i].answers) {
			daemon[i].pid = daemon_running(daemon[i].name); /* it may have ended */
		}
	}
}

/* Whether vxconfigd was stopped or died, vxclustd knows, if it is there. */
static void adm_daemons_why(struct adm_daemon daemon[ADM_DAEMONS])
{
	const struct adm_daemon *clustd = &daemon[ADM_CLUSTD];
	struct adm_daemon *configd = &daemon[ADM_CONFIGD];
	Vx__Ipc *answer;

	if (configd->pid == 0 && clustd->answers && adm_ask_state(false, &answer) == 0) {
		snprintf(configd->why, sizeof(configd->why), "%s", answer->adm_state->configd);
		vx__ipc__free_unpacked(answer, NULL);
	}
}

static int adm_daemons_show(const struct adm_options *options)
{
	struct adm_daemon daemon[ADM_DAEMONS];

	adm_daemons_ask(daemon, options->timeout_s);
	adm_daemons_why(daemon);
	if (options->json) {
		return adm_json_daemons(stdout, daemon, ADM_DAEMONS) == 0
			       ? 0
			       : adm_error(ADM_NO_MEMORY);
	}
	for (size_t i = 0; i < ADM_DAEMONS; i++) {
		if (daemon[i].pid != 0) {
			printf("%s %d%s\n", daemon[i].name, (int)daemon[i].pid,
			       daemon[i].answers ? "" : " does not answer");
		} else {
			printf("%s -%s%s\n", daemon[i].name, daemon[i].why[0] != '\0' ? " " : "",
			       daemon[i].why);
		}
	}
	return 0;
}

/* ---- their end ---- */

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
	uint64_t time_ms = (timeout_s > 0 ? timeout_s : ADM_STOP_S) * 1000u / ADM_DAEMONS;
	int status = 0;

	if (time_ms < ADM_STOP_MIN_MS) {
		time_ms = ADM_STOP_MIN_MS;
	}
	for (size_t i = 0; i < ADM_DAEMONS; i++) {
		const char *name = adm_daemon_table[i].name;
		pid_t pid = daemon_running(name);
		int rc = pid != 0 ? adm_daemon_stop(name, pid, time_ms) : 0;

		if (rc != 0) {
			status = adm_error(ADM_DAEMON_STAYS, name, (int)pid, vx_strerror(rc));
		}
	}
	return status;
}

int adm_daemons(const struct adm_options *options, int count, char **word)
{
	(void)count;
	(void)word;
	if (access(path_run_dir(), X_OK) != 0 && errno == EACCES) {
		return adm_error(ADM_PERMISSION);
	}
	return options->stop ? adm_daemons_stop(options->timeout_s) : adm_daemons_show(options);
}
