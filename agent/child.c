// SPDX-License-Identifier: GPL-2.0-or-later
/* A program that was started. */
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"

#define CHILD_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define CHILD_PATH_MAX 4096
#define CHILD_ENVIRONMENT_MAX 16

struct child {
	struct loop *loop;
	void (*ended)(void *ctx, const struct child_end *end);
	void *ctx;
	int pid_fd;
	int output_fd; /* -1: the child has a socket */
	struct loop_timer timer;
	bool timed_out;
	char output[VX_TOOL_OUTPUT_MAX + 1];
};

static void child_free(struct child *child)
{
	loop_timer_cancel(&child->timer);
	if (child->output_fd >= 0) {
		close(child->output_fd);
	}
	if (child->pid_fd >= 0) {
		loop_fd_del(child->loop, child->pid_fd);
		close(child->pid_fd);
	}
	free(child);
}

/*
 * The output goes to memory that cannot grow, not to a pipe: nobody has to read while the child
 * runs, and it is not killed by SIGPIPE when we end before it.
 */
static int child_output_open(void)
{
	int fd = memfd_create("vxha-tool", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		return -errno;
	}
	if (ftruncate(fd, VX_TOOL_OUTPUT_MAX) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static void child_output_read(struct child *child)
{
	/* the file position is shared with the child: it is the length of what it wrote */
	off_t length = lseek(child->output_fd, 0, SEEK_CUR);
	ssize_t got = pread(child->output_fd, child->output, VX_TOOL_OUTPUT_MAX, 0);

	length = length < got ? length : got;
	child->output[length > 0 ? length : 0] = '\0';
}

static void child_on_end(void *ctx, int revents)
{
	struct child *child = ctx;
	siginfo_t info = { 0 };
	struct child_end end = { .status = -SIGKILL };

	(void)revents;
	if (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG) == 0) {
		if (info.si_pid == 0) {
			return;
		}
		end.status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
	}
	if (child->output_fd >= 0) {
		child_output_read(child);
	}
	end.output = child->output;
	end.timed_out = child->timed_out;
	child->ended(child->ctx, &end);
	child_free(child);
}

void child_kill(struct child *child)
{
	pidfd_send_signal(child->pid_fd, SIGKILL, NULL, 0);
}

void child_forget(struct child *child)
{
	if (child != NULL) {
		child_free(child);
	}
}

static void child_on_timeout(void *ctx)
{
	struct child *child = ctx;

	child->timed_out = true;
	child_kill(child);
}

static int child_actions(posix_spawn_file_actions_t *actions, int input, int output)
{
	int rc = posix_spawn_file_actions_init(actions);

	if (rc != 0) {
		return -rc;
	}
	if (input < 0) {
		rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						      0);
	} else {
		rc = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
	}
	if (rc == 0) {
		rc = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	}
	if (rc == 0 && input < 0) {
		rc = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
	}
	if (rc == 0) {
		rc = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	}
	if (rc != 0) {
		posix_spawn_file_actions_destroy(actions);
	}
	return -rc;
}

/* A daemon blocks and catches signals; a tool must not inherit that. */
static int child_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;
	int rc = posix_spawnattr_init(attributes);

	if (rc != 0) {
		return -rc;
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	return 0;
}

/* ... nor our environment, but for where the files of vxha are (base/paths.h). */
static void child_environment(char *path, char *out[CHILD_ENVIRONMENT_MAX])
{
	const char *own_path = getenv("PATH");
	size_t count = 0;

	snprintf(path, CHILD_PATH_MAX, "PATH=%s", own_path != NULL ? own_path : CHILD_PATH);
	out[count++] = path;
	out[count++] = (char *)(uintptr_t) "LC_ALL=C";
	for (char **own = environ; *own != NULL && count < CHILD_ENVIRONMENT_MAX - 1; own++) {
		if (strncmp(*own, "VXHA_", strlen("VXHA_")) == 0) {
			out[count++] = *own;
		}
	}
	out[count] = NULL;
}

static int child_start(const struct child_spec *spec, int output, pid_t *out_pid)
{
	char path[CHILD_PATH_MAX], *environment[CHILD_ENVIRONMENT_MAX];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc = child_actions(&actions, spec->socket, output);

	if (rc != 0) {
		return rc;
	}
	child_environment(path, environment);
	rc = child_attributes(&attributes);
	if (rc == 0) {
		rc = -posix_spawnp(out_pid, spec->argv[0], &actions, &attributes,
				   (char *const *)spec->argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int child_watch(struct child *child, pid_t pid)
{
	int rc;

	child->pid_fd = pidfd_open(pid, 0);
	rc = child->pid_fd < 0
		     ? -errno
		     : loop_fd_add(child->loop, child->pid_fd, POLLIN, child_on_end, child);
	if (rc != 0) {
		kill(pid, SIGKILL); /* not reaped yet, so the number is still its own */
		waitpid(pid, NULL, 0);
	}
	return rc;
}

static int child_begin(struct child *child, const struct child_spec *spec)
{
	int output = spec->socket;
	pid_t pid;
	int rc;

	if (output < 0) {
		output = child->output_fd = child_output_open();
		if (output < 0) {
			return output;
		}
	}
	rc = child_start(spec, output, &pid);
	return rc != 0 ? rc : child_watch(child, pid);
}

int child_spawn(struct loop *loop, const struct child_spec *spec,
		void (*ended)(void *ctx, const struct child_end *end), void *ctx,
		struct child **out_child)
{
	struct child *child = calloc(1, sizeof(*child));
	int rc;

	if (child == NULL) {
		return -ENOMEM;
	}
	*child = (struct child){
		.loop = loop, .ended = ended, .ctx = ctx, .pid_fd = -1, .output_fd = -1
	};
	rc = child_begin(child, spec);
	if (rc != 0) {
		child_free(child);
		return rc;
	}
	if (spec->timeout_ms > 0) {
		loop_timer_set(loop, &child->timer, spec->timeout_ms, child_on_timeout, child);
	}
	*out_child = child;
	return 0;
}
