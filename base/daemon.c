// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a daemon. */
#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/paths.h"

#define DAEMON_READY '\0' /* never part of a text */

struct daemon {
	int pid_fd;
	int parent_fd; /* -1: foreground, or told already */
	char path[PATH_MAX];
};

static void daemon_pid_path(const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s/%s.pid", path_run_dir(), name);
}

pid_t daemon_running(const char *name)
{
	char path[PATH_MAX];
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	daemon_pid_path(name, path, sizeof(path));

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		return 0;
	}

	int rc = fcntl(fd, F_GETLK, &lock);

	close(fd);
	return rc == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

bool daemon_died(const char *name)
{
	char path[PATH_MAX];

	daemon_pid_path(name, path, sizeof(path));
	return access(path, F_OK) == 0 && daemon_running(name) == 0;
}

/* The parent: passes on what the daemon says, and its fate. */
__attribute__((noreturn)) static void daemon_parent_wait(int fd, pid_t child)
{
	char text[1024];
	ssize_t length;
	bool ready = false;
	int status;

	while ((length = read(fd, text, sizeof(text))) > 0 || (length < 0 && errno == EINTR)) {
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] == DAEMON_READY) {
				ready = true;
			} else if (!ready) {
				fputc(text[i], stderr);
			}
		}
		if (ready) {
			_exit(0);
		}
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 0) {
		_exit(1);
	}
	_exit(WEXITSTATUS(status));
}

static int daemon_background(int *out_parent_fd)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
		return -errno;
	}

	pid_t child = fork();

	if (child < 0) {
		return -errno;
	}
	if (child > 0) {
		close(pipe_fd[1]);
		daemon_parent_wait(pipe_fd[0], child);
	}
	close(pipe_fd[0]);
	setsid();
	*out_parent_fd = pipe_fd[1];

	int null_fd = open("/dev/null", O_RDWR);

	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		dup2(null_fd, STDERR_FILENO);
		if (null_fd > STDERR_FILENO) {
			close(null_fd);
		}
	}
	return chdir("/") == 0 ? 0 : -errno;
}

static int daemon_lock(struct daemon *daemon, pid_t *out_pid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	daemon->pid_fd = open(daemon->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (daemon->pid_fd < 0) {
		return -errno;
	}
	if (fcntl(daemon->pid_fd, F_SETLK, &lock) != 0) {
		int error = errno;

		if (fcntl(daemon->pid_fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
			*out_pid = lock.l_pid;
		}
		close(daemon->pid_fd);
		return error == EACCES || error == EAGAIN ? -VX_E_BUSY : -error;
	}
	if (ftruncate(daemon->pid_fd, 0) != 0 || dprintf(daemon->pid_fd, "%d\n", getpid()) < 0) {
		return -errno;
	}
	return 0;
}

/* To whoever starts it; the background has no stderr of its own. */
static void daemon_say(const struct daemon *daemon, const char *name, const char *where, int error,
		       pid_t pid)
{
	int fd = daemon->parent_fd >= 0 ? daemon->parent_fd : STDERR_FILENO;

	if (error != -VX_E_BUSY) {
		dprintf(fd, "%s: cannot start: %s: %s%s\n", name, where, vx_strerror(error),
			geteuid() != 0 ? ": it has to be started by root" : "");
	} else if (daemon->parent_fd >= 0) { /* somebody was quicker */
		dprintf(fd, "%s: runs already as pid %d\n", name, (int)pid);
	}
}

int daemon_start(const char *name, bool foreground, struct daemon **out_daemon, pid_t *out_pid)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	const char *where;
	int rc;

	if (daemon == NULL) {
		abort();
	}
	signal(SIGPIPE, SIG_IGN);
	daemon->parent_fd = -1;
	daemon_pid_path(name, daemon->path, sizeof(daemon->path));
	rc = path_make_dirs(&where);
	if (rc == 0) {
		where = daemon->path;
		*out_pid = daemon_running(name);
		rc = *out_pid != 0 ? -VX_E_BUSY : 0; /* before the fork: the user sees it */
	}
	if (rc == 0 && !foreground) {
		rc = daemon_background(&daemon->parent_fd);
	}
	if (rc == 0) {
		rc = daemon_lock(daemon, out_pid);
	}
	if (rc != 0) {
		daemon_say(daemon, name, where, rc, *out_pid);
		free(daemon);
		return rc;
	}
	log_copy(daemon->parent_fd);
	*out_daemon = daemon;
	return 0;
}

int daemon_ready(struct daemon *daemon)
{
	static const char ready = DAEMON_READY;

	sd_notify(0, "READY=1");
	if (daemon->parent_fd < 0) {
		return 0;
	}

	ssize_t rc = write(daemon->parent_fd, &ready, 1);

	log_copy(-1);
	close(daemon->parent_fd);
	daemon->parent_fd = -1;
	return rc == 1 ? 0 : -EPIPE;
}

void daemon_end(struct daemon *daemon)
{
	if (daemon != NULL) {
		unlink(daemon->path);
		close(daemon->pid_fd);
		if (daemon->parent_fd >= 0) {
			close(daemon->parent_fd);
		}
		free(daemon);
	}
}

int daemon_told(const char *name)
{
	if (fflush(stdout) == 0 && !ferror(stdout)) {
		return 0;
	}
	fprintf(stderr, "%s: cannot write the output: %s\n", name, strerror(errno));
	return 1;
}

int daemon_lock_memory(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? 0 : -errno;
}

int daemon_realtime(void)
{
	struct sched_param param = { .sched_priority = sched_get_priority_min(SCHED_RR) };

	return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) == 0 ? 0 : -errno;
}

void daemon_keep_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
