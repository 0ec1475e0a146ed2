// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labctl - talk to the power switch of the test lab, or run a command inside a node
 *
 *	labctl ask SOCKET REQUEST...		prints the answer; 0 if it is "ok"
 *	labctl enter SOCKET NODE COMMAND...	runs COMMAND in NODE, passes its status
 *
 * The node is entered by a pidfd that the switch hands over: no process number to look up, so that
 * a node that dies and boots again meanwhile is never mistaken for its successor.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE 1024
#define ANSWER_SECONDS 120
#define EXIT_LAB 125		/* the lab failed, not the command: as env(1) and docker(1) do */

static volatile sig_atomic_t child_pid;

static int fail(const char *what)
{
	fprintf(stderr, "lab: %s: %s\n", what, strerror(errno));
	return EXIT_LAB;
}

/* A path may be longer than a socket address: go by its folder's fd. */
static int switch_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	char folder[PATH_MAX], file[PATH_MAX];
	int dir_fd, fd;

	snprintf(folder, sizeof(folder), "%s", path);
	snprintf(file, sizeof(file), "%s", path);
	dir_fd = open(dirname(folder), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%.64s", dir_fd,
		 basename(file));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		return -1;
	}
	close(dir_fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/*
 * Returns 0 with the text after "ok" in answer, or 1 with the text after "err", or -1 with errno.
 */
static int switch_ask(int fd, const char *request, char *answer, int *out_fd)
{
	struct iovec iov = { .iov_base = answer, .iov_len = LINE_SIZE - 1 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *cmsg;
	ssize_t got;
	char *text;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		return -1;
	}
	got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (got <= 0) {
		errno = got == 0 ? ECONNRESET : errno == EAGAIN ? ETIMEDOUT : errno;
		return -1;
	}
	answer[got] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	cmsg = CMSG_FIRSTHDR(&msg);
	if (out_fd) {
		*out_fd = -1;
	}
	if (out_fd && cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
		memcpy(out_fd, CMSG_DATA(cmsg), sizeof(int));
	}
	text = strchr(answer, ' ');
	got = strncmp(answer, "ok", 2) == 0 ? 0 : 1;
	memmove(answer, text ? text + 1 : "", strlen(text ? text + 1 : "") + 1);
	return (int)got;
}

static int ask(const char *path, int argc, char **argv)
{
	char request[LINE_SIZE] = "";
	char answer[LINE_SIZE];
	size_t used = 0;
	int i, rc, fd;

	for (i = 0; i < argc; i++) {
		used += (size_t)snprintf(request + used, sizeof(request) - used, "%s%c", argv[i],
					 i + 1 < argc ? ' ' : '\n');
		if (used >= sizeof(request)) {
			fputs("lab: the request is too long\n", stderr);
			return 2;
		}
	}
	fd = switch_connect(path);
	if (fd < 0) {
		return fail("the lab is not up");
	}
	rc = switch_ask(fd, request, answer, NULL);
	if (rc < 0) {
		return fail("no answer of the power switch");
	}
	if (rc == 0 && *answer) {
		puts(answer);
	} else if (rc != 0) {
		fprintf(stderr, "lab: %s\n", answer);
	}
	return rc;
}

static void forward(int signal_number)
{
	if (child_pid > 0) {
		kill(child_pid, signal_number);
	}
}

static void child_exec(char **command)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("HOME", "/root", 1);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	unsetenv("TMPDIR");
	execvp(command[0], command);
	fprintf(stderr, "lab: %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int run(char **command)
{
	int status;

	child_pid = fork();
	if (child_pid < 0) {
		return fail("cannot start a process in the node");
	}
	if (child_pid == 0) {
		child_exec(command);
	}
	signal(SIGTERM, forward);
	signal(SIGHUP, forward);
	signal(SIGINT, SIG_IGN);	/* the terminal sends these to the command as well */
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(child_pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return fail("wait");
		}
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int enter(const char *path, const char *node, char **command)
{
	char request[LINE_SIZE], answer[LINE_SIZE], cwd[PATH_MAX];
	int fd, pid_fd, rc;

	if (!getcwd(cwd, sizeof(cwd))) {
		strcpy(cwd, "/");
	}
	snprintf(request, sizeof(request), "enter %.64s\n", node);
	fd = switch_connect(path);
	if (fd < 0) {
		return fail("the lab is not up");
	}
	rc = switch_ask(fd, request, answer, &pid_fd);
	if (rc < 0) {
		return fail("no answer of the power switch");
	}
	if (rc > 0 || pid_fd < 0) {
		fprintf(stderr, "lab: node %s: %s\n", node, answer);
		return EXIT_LAB;
	}
	close(fd);
	if (setns(pid_fd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC |
		  CLONE_NEWUTS) != 0) {
		return fail("the node went off");
	}
	close(pid_fd);
	if (chdir(cwd) != 0 && chdir("/") != 0) {
		return fail("/");
	}
	return run(command);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "ask") == 0) {
		return ask(argv[2], argc - 3, argv + 3);
	}
	if (argc >= 5 && strcmp(argv[1], "enter") == 0) {
		return enter(argv[2], argv[3], argv + 4);
	}
	fputs("usage: labctl ask SOCKET REQUEST...\n"
	      "       labctl enter SOCKET NODE COMMAND...\n", stderr);
	return 2;
}
