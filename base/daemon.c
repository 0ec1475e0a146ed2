// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a daemon. */
#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/errors.h"
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

int daemon_start(const char *name, bool foreground, struct daemon **out_daemon, pid_t *out_pid)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int rc = path_make_dirs();

	if (daemon == NULL) {
		return -ENOMEM;
	}
	daemon->parent_fd = -1;
	daemon_pid_path(name, daemon->path, sizeof(daemon->path));
	*out_pid = daemon_running(name);
	if (rc == 0 && *out_pid != 0) {
		rc = -VX_E_BUSY; /* said before the fork, where the user sees it */
	}
	if (rc == 0 && !foreground) {
		rc = daemon_background(&daemon->parent_fd);
	}
	if (rc == 0) {
		rc = daemon_lock(daemon, out_pid);
	}
	if (rc != 0) {
		if (daemon->parent_fd >= 0) {
			daemon_fail(daemon, vx_strerror(rc));
		}
		free(daemon);
		return rc;
	}
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

	close(daemon->parent_fd);
	daemon->parent_fd = -1;
	return rc == 1 ? 0 : -EPIPE;
}

void daemon_warn(struct daemon *daemon, const char *text)
{
	if (daemon->parent_fd >= 0) {
		dprintf(daemon->parent_fd, "warning: %s\n", text);
	}
}

void daemon_fail(struct daemon *daemon, const char *reason)
{
	if (daemon->parent_fd >= 0) {
		dprintf(daemon->parent_fd, "%s\n", reason);
		close(daemon->parent_fd);
		daemon->parent_fd = -1;
	}
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
