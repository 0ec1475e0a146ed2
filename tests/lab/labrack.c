// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labrack - makes the rack of the test lab: namespaces of its own with labpower as their PID 1
 *
 *	labrack (in the terminal) --fork--> PID 1: rack-setup (a child), then exec labpower
 *	   waits for "ready", ends            stays, holds the lock of the state folder
 *
 * Until the rack is ready it dies with labrack, so that an interrupted start leaves nothing.
 * Afterwards the lock file tells whether it is alive, and the file "pid" its number as the host
 * sees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

static void die(const char *what) __attribute__((noreturn));

static void die(const char *what)
{
	fprintf(stderr, "labrack: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int lock_take(void)
{
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0) {
		die("lock");
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fputs("labrack: this lab is up already\n", stderr);
		exit(1);
	}
	return fd;
}

/* The number by which the host knows the rack; written before the rack does anything. */
static void pid_write(pid_t pid)
{
	FILE *out = fopen("pid", "we");

	if (!out || fprintf(out, "%d\n", pid) < 0 || fclose(out) != 0) {
		die("pid");
	}
}

/* Runs the script that builds bridge, links, folders and disks. argv: see main. */
static void rack_set_up(char **argv)
{
	char path[PATH_SIZE];
	int status = -1;
	pid_t pid = fork();

	snprintf(path, sizeof(path), "%s/rack-setup", argv[2]);
	if (pid == 0) {
		argv[3] = path;		/* the node names follow */
		execv(path, argv + 3);
		die(path);
	}
	/* It leaves a child behind that holds the disks, which is ours then. */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (status != 0) {
		fputs("labrack: the rack could not be set up\n", stderr);
		exit(1);
	}
}

static void __attribute__((noreturn)) rack_main(char **argv, int lock_fd, int ready_fd)
{
	char path[PATH_SIZE], lock_text[16], ready_text[16];
	char *args[32] = { path, lock_text, ready_text, argv[2], argv[3] };
	int i;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || sethostname("rack", 4)) {
		die("namespaces");
	}
	for (i = 4; argv[i] && i < 30; i++) {
		args[i + 1] = argv[i];
	}
	snprintf(path, sizeof(path), "%s/labpower", argv[3]);
	snprintf(lock_text, sizeof(lock_text), "%d", lock_fd);
	snprintf(ready_text, sizeof(ready_text), "%d", ready_fd);
	rack_set_up(argv);
	fcntl(lock_fd, F_SETFD, 0);
	fcntl(ready_fd, F_SETFD, 0);
	execv(path, args);
	die(path);
}

int main(int argc, char **argv)
{
	int go[2], ready[2], lock_fd;
	char byte;
	pid_t pid;

	if (argc < 5) {
		fputs("usage: labrack STATE-FOLDER SCRIPTS-FOLDER PROGRAMS-FOLDER NODE...\n"
		      "Started by 'lab up'.\n", stderr);
		return 2;
	}
	if (chdir(argv[1]) != 0) {
		die(argv[1]);
	}
	lock_fd = lock_take();
	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0 ||
	    unshare(NAMESPACES) != 0) {
		die("cannot make namespaces (root is needed)");
	}
	pid = fork();
	if (pid < 0) {
		die("fork");
	}
	if (pid == 0) {
		close(go[1]);
		close(ready[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		if (read(go[0], &byte, 1) != 1) {
			exit(1);
		}
		rack_main(argv, lock_fd, ready[1]);
	}
	close(go[0]);
	close(ready[1]);
	pid_write(pid);
	if (write(go[1], "g", 1) != 1 || read(ready[0], &byte, 1) != 1) {
		return 1;
	}
	return 0;
}
