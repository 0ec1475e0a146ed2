// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labpower - the power switch of the test lab
 *
 * PID 1 of the rack's namespaces (see labrack.c). It starts one init per node in further
 * namespaces, kills it when the node is powered off, and answers requests on the unix socket
 * "power.sock" (one line, one answer):
 *
 *	list | status NODE | on NODE | off NODE | reboot NODE	for everybody (fence agents)
 *	enter NODE|rack | autoboot on|off | down		only for callers outside the rack
 *
 * "off" and "reboot" answer "ok" only when the node's last process is gone and nothing that it
 * wrote is in flight to a disk any more: this is what a fence agent promises. When labpower dies,
 * by whatever signal, the kernel kills every process of every node, and with them go mounts, links
 * and loop devices.
 *
 *	OFF --on--> BOOTING --root ready--> ON
 *	 ^            |                     |
 *	 |            +----off, reboot------+--> DYING --init reaped--+
 *	 |            +--init ended itself--+---------------------> DRAINING
 *	 +---------------------- nothing in flight ----------------------+
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NODES_MAX 16
#define CLIENTS_MAX 64
#define LINE_SIZE 256
#define READY_FD 3		/* in a node's init */

enum node_state { NODE_OFF, NODE_BOOTING, NODE_ON, NODE_DYING, NODE_DRAINING };

struct node {
	const char *name;
	enum node_state state;
	pid_t init_pid;
	pid_t drain_pid;
	int init_pidfd;
	int mounts_fd;		/* its mount namespace */
	int ready_fd;		/* the init writes a byte when its root is ready */
	bool boot_when_off;	/* a reboot is under way */
	bool drain_failed;
	unsigned int deaths;
};

enum client_wait { WAIT_LINE, WAIT_DEATH, WAIT_ON, WAIT_ENTER };

struct client {
	int fd;			/* -1: slot is free */
	bool outside;
	enum client_wait wait;
	struct node *node;
	unsigned int deaths;	/* WAIT_DEATH: the node's count when it is over */
	size_t used;
	char line[LINE_SIZE];
};

struct rack {
	const char *libdir;
	const char *bindir;
	bool autoboot;
	bool ends;		/* "down" was said */
	int listen_fd;
	int signal_fd;
	int self_pidfd;
	unsigned int node_count;
	struct node nodes[NODES_MAX];
	struct client clients[CLIENTS_MAX];
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void die(const char *what) __attribute__((noreturn));

static void say(const char *fmt, ...)
{
	struct timespec now;
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(stderr, "%lld.%03ld labpower: ", (long long)now.tv_sec, now.tv_nsec / 1000000);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

static void die(const char *what)
{
	say("%s: %s", what, strerror(errno));
	exit(1);
}

/* Answers and closes. pass_fd is sent along when it is not negative. */
static void client_answer(struct client *client, const char *text, int pass_fd)
{
	char line[LINE_SIZE + 2];
	struct iovec iov = { .iov_base = line };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	iov.iov_len = (size_t)snprintf(line, sizeof(line), "%.*s\n", LINE_SIZE, text);
	if (pass_fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof(int));
	}
	if (sendmsg(client->fd, &msg, MSG_NOSIGNAL) < 0) {
		say("a client went away before its answer '%s'", text);
	}
	close(client->fd);
	client->fd = -1;
}

static void node_exec_init(const struct rack *rack, const struct node *node, int ready_fd)
{
	char path[LINE_SIZE];
	sigset_t none;
	int fd;

	snprintf(path, sizeof(path), "rack/nodes/%s/net", node->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
		die(path);
	}
	snprintf(path, sizeof(path), "rack/nodes/%s/var/log/console", node->name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || dup2(ready_fd, READY_FD) < 0) {
		die(path);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	snprintf(path, sizeof(path), "%s/node-init", rack->libdir);
	execl(path, path, node->name, (char *)NULL);
	die(path);
}

/*
 * The mounts of a node go after its last process. If they went with it, and it were a vxiod, it would wait for
 * ever: a file system above its device writes when it is unmounted, and nobody would read /dev/fuse, which
 * the kernel closes later in the same exit.
 */
static void node_hold_mounts(struct node *node)
{
	char path[LINE_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)node->init_pid);
	node->mounts_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (node->mounts_fd < 0) {
		die(path);
	}
}

static void node_power_on(struct rack *rack, struct node *node)
{
	const unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
	int ready[2];
	pid_t pid;

	if (node->state != NODE_OFF || rack->ends) {
		return;
	}
	if (pipe2(ready, O_CLOEXEC) != 0) {
		die("pipe");
	}
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0) {
		die("clone");
	}
	if (pid == 0) {
		node_exec_init(rack, node, ready[1]);
	}
	close(ready[1]);
	node->ready_fd = ready[0];
	node->init_pid = pid;
	node->init_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (node->init_pidfd < 0) {
		die("pidfd_open");
	}
	node_hold_mounts(node);
	node->state = NODE_BOOTING;
	node->boot_when_off = false;
	say("node %s: power on", node->name);
}

/* Killing the init makes the kernel kill the rest and reap it before waitpid() returns the init. */
static void node_power_off(struct node *node)
{
	if (node->state == NODE_BOOTING || node->state == NODE_ON) {
		say("node %s: power off", node->name);
		kill(node->init_pid, SIGKILL);
		node->state = NODE_DYING;
	}
}

static void node_ready(struct node *node)
{
	char byte;
	bool up = read(node->ready_fd, &byte, 1) == 1;

	close(node->ready_fd);
	node->ready_fd = -1;
	if (up && node->state == NODE_BOOTING) {
		node->state = NODE_ON;
	}
}

/* The end of the rack, when the last node is off. */
static void rack_end(const struct rack *rack)
{
	for (unsigned int i = 0; i < rack->node_count; i++) {
		if (rack->nodes[i].state != NODE_OFF) {
			return;
		}
	}
	say("down");
	unlink("power.sock");
	exit(0);
}

static void node_off(struct rack *rack, struct node *node)
{
	node->state = NODE_OFF;
	node->deaths++;
	say("node %s: is off%s", node->name, node->drain_failed ? ", NOT drained" : "");
	if (rack->ends) {
		rack_end(rack);
	} else if (node->boot_when_off && rack->autoboot) {
		node_power_on(rack, node);
	}
	node->boot_when_off = false;
}

/* The processes are gone; what they gave to the disks may still be on its way. */
static void node_reaped(struct rack *rack, struct node *node, int status)
{
	char program[LINE_SIZE];

	close(node->init_pidfd);
	close(node->mounts_fd);
	node->init_pid = 0;
	node->init_pidfd = -1;
	if (node->ready_fd >= 0) {
		close(node->ready_fd);
		node->ready_fd = -1;
	}
	if (node->state != NODE_DYING) {
		say("node %s: its init ended by itself, wait status %#x", node->name, status);
		/* reboot(2) in a PID namespace shows as SIGHUP (restart) or SIGINT (halt). */
		node->boot_when_off = WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP;
	}
	node->state = NODE_DRAINING;
	node->drain_failed = false;
	if (access("rack/disks/table", F_OK) != 0) {
		node_off(rack, node);
		return;
	}
	snprintf(program, sizeof(program), "%s/labdisk", rack->bindir);
	node->drain_pid = fork();
	if (node->drain_pid == 0) {
		execl(program, program, "drain", "rack/disks/table", "rack/disks/dev", node->name,
		      (char *)NULL);
		die(program);
	}
	if (node->drain_pid < 0) {
		die("fork");
	}
}

static void rack_reap(struct rack *rack)
{
	struct signalfd_siginfo info;
	unsigned int i;
	pid_t pid;
	int status;

	while (read(rack->signal_fd, &info, sizeof(info)) > 0) {
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < rack->node_count; i++) {
			struct node *node = &rack->nodes[i];

			if (pid == node->init_pid) {
				node_reaped(rack, node, status);
			} else if (pid == node->drain_pid) {
				node->drain_pid = 0;
				node->drain_failed = status != 0;
				node_off(rack, node);
			}
		}
	}
}

static struct node *rack_find(struct rack *rack, const char *name)
{
	unsigned int i;

	for (i = 0; i < rack->node_count; i++) {
		if (strcmp(rack->nodes[i].name, name) == 0) {
			return &rack->nodes[i];
		}
	}
	return NULL;
}

static void client_answer_list(struct rack *rack, struct client *client)
{
	char text[LINE_SIZE];
	int used = snprintf(text, sizeof(text), "ok autoboot=%s", rack->autoboot ? "on" : "off");
	unsigned int i;

	for (i = 0; i < rack->node_count; i++) {
		used += snprintf(text + used, sizeof(text) - (size_t)used, " %s=%s",
				 rack->nodes[i].name,
				 rack->nodes[i].state == NODE_OFF ? "off" : "on");
	}
	client_answer(client, text, -1);
}

/* Requests about the rack itself, only from outside. Returns false if it is none of them. */
static bool client_request_outside(struct rack *rack, struct client *client, const char *verb,
				   const char *arg)
{
	if (strcmp(verb, "down") == 0) {
		rack->ends = true;
		for (unsigned int i = 0; i < rack->node_count; i++) {
			node_power_off(&rack->nodes[i]);
		}
		rack_end(rack);
		client_answer(client, "ok", -1);
		return true;
	}
	if (strcmp(verb, "autoboot") == 0 && (!strcmp(arg, "on") || !strcmp(arg, "off"))) {
		rack->autoboot = strcmp(arg, "on") == 0;
		client_answer(client, "ok", -1);
		return true;
	}
	if (strcmp(verb, "enter") == 0 && strcmp(arg, "rack") == 0) {
		client_answer(client, "ok", rack->self_pidfd);
		return true;
	}
	return false;
}

static void client_request(struct rack *rack, struct client *client)
{
	char verb[LINE_SIZE] = "";
	char arg[LINE_SIZE] = "";
	struct node *node;

	sscanf(client->line, "%255s %255s", verb, arg);
	if (strcmp(verb, "list") == 0) {
		client_answer_list(rack, client);
		return;
	}
	if (client->outside && client_request_outside(rack, client, verb, arg)) {
		return;
	}
	node = rack_find(rack, arg);
	if (!node) {
		client_answer(client, "err no such node", -1);
		return;
	}
	client->node = node;
	if (strcmp(verb, "status") == 0) {
		client_answer(client, node->state == NODE_OFF ? "ok off" : "ok on", -1);
	} else if (strcmp(verb, "on") == 0) {
		if (node->state == NODE_DYING || node->state == NODE_DRAINING) {
			client_answer(client, "err node is just going off", -1);
			return;
		}
		node_power_on(rack, node);
		client->wait = WAIT_ON;
		client->deaths = node->deaths;
	} else if (strcmp(verb, "off") == 0 || strcmp(verb, "reboot") == 0) {
		bool boot = strcmp(verb, "reboot") == 0;

		client->wait = WAIT_DEATH;
		client->deaths = node->deaths + (node->state == NODE_OFF ? 0 : 1);
		node->boot_when_off = boot;
		node_power_off(node);
		if (boot && node->state == NODE_OFF && rack->autoboot) {
			node_power_on(rack, node);
		}
	} else if (strcmp(verb, "enter") == 0 && client->outside) {
		client->wait = WAIT_ENTER;
		client->deaths = node->deaths;
	} else {
		client_answer(client, "err unknown request", -1);
	}
}

static void client_read(struct rack *rack, struct client *client)
{
	ssize_t got = read(client->fd, client->line + client->used,
			   sizeof(client->line) - 1 - client->used);

	if (got <= 0 || client->wait != WAIT_LINE) {
		close(client->fd);
		client->fd = -1;
		return;
	}
	client->used += (size_t)got;
	client->line[client->used] = '\0';
	if (strchr(client->line, '\n')) {
		client_request(rack, client);
	} else if (client->used == sizeof(client->line) - 1) {
		client_answer(client, "err the request is too long", -1);
	}
}

/* Answers those who wait for something that has come true. */
static void client_check(struct client *client)
{
	const struct node *node = client->node;
	bool died;

	if (client->fd < 0 || client->wait == WAIT_LINE) {
		return;
	}
	died = node->state == NODE_OFF || node->deaths != client->deaths;
	switch (client->wait) {
	case WAIT_DEATH:
		if ((int)(node->deaths - client->deaths) >= 0) {
			client_answer(client, node->drain_failed ?
				      "err writes may still be in flight" : "ok", -1);
		}
		break;
	case WAIT_ON:
	case WAIT_ENTER:
		if (died) {
			client_answer(client, "err node is off", -1);
		} else if (node->state == NODE_ON) {
			client_answer(client, "ok",
				      client->wait == WAIT_ENTER ? node->init_pidfd : -1);
		}
		break;
	case WAIT_LINE:
		break;
	}
}

static void rack_accept(struct rack *rack)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	int fd = accept4(rack->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	unsigned int i;

	if (fd < 0) {
		return;
	}
	for (i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &rack->clients[i];

		if (client->fd >= 0) {
			continue;
		}
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
		*client = (struct client){ .fd = fd, .outside = peer.pid == 0 };
		return;
	}
	say("too many clients");
	close(fd);
}

static void __attribute__((noreturn)) rack_loop(struct rack *rack)
{
	for (;;) {
		struct pollfd fds[2 + NODES_MAX + CLIENTS_MAX];
		unsigned int i;

		fds[0] = (struct pollfd){ .fd = rack->signal_fd, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = rack->listen_fd, .events = POLLIN };
		for (i = 0; i < NODES_MAX; i++) {
			fds[2 + i] = (struct pollfd){
				.fd = i < rack->node_count ? rack->nodes[i].ready_fd : -1,
				.events = POLLIN };
		}
		for (i = 0; i < CLIENTS_MAX; i++) {
			fds[2 + NODES_MAX + i] = (struct pollfd){ .fd = rack->clients[i].fd,
								  .events = POLLIN };
		}
		if (poll(fds, 2 + NODES_MAX + CLIENTS_MAX, -1) < 0) {
			continue;
		}
		for (i = 0; i < rack->node_count; i++) {
			if (fds[2 + i].revents) {
				node_ready(&rack->nodes[i]);
			}
		}
		if (fds[0].revents) {
			rack_reap(rack);
		}
		for (i = 0; i < CLIENTS_MAX; i++) {
			if (fds[2 + NODES_MAX + i].revents) {
				client_read(rack, &rack->clients[i]);
			}
		}
		for (i = 0; i < CLIENTS_MAX; i++) {
			client_check(&rack->clients[i]);
		}
		if (fds[1].revents) {
			rack_accept(rack);
		}
	}
}

/* The rack outlives the command that started it from here on: it says so on ready_fd. */
static void rack_ready(int ready_fd)
{
	prctl(PR_SET_PDEATHSIG, 0);
	if (write(ready_fd, "r", 1) != 1) {
		exit(1);
	}
	close(ready_fd);
}

static void rack_open(struct rack *rack)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "power.sock" };
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	rack->signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	rack->self_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	rack->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (rack->signal_fd < 0 || rack->self_pidfd < 0 || rack->listen_fd < 0 ||
	    bind(rack->listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(rack->listen_fd, CLIENTS_MAX) != 0) {
		die("power.sock");
	}
}

int main(int argc, char **argv)
{
	static struct rack rack = { .autoboot = true };
	int ready_fd, lock_fd, i;

	if (argc < 6 || argc - 5 > NODES_MAX) {
		fputs("usage: labpower LOCK-FD READY-FD SCRIPTS-FOLDER PROGRAMS-FOLDER NODE...\n"
		      "Started by labrack, as PID 1 of the rack, in the state folder.\n", stderr);
		return 2;
	}
	lock_fd = atoi(argv[1]);
	ready_fd = atoi(argv[2]);
	rack.libdir = argv[3];
	rack.bindir = argv[4];
	fcntl(lock_fd, F_SETFD, FD_CLOEXEC);
	fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
	for (i = 5; i < argc; i++) {
		rack.nodes[rack.node_count++] = (struct node){ .name = argv[i], .init_pidfd = -1,
							       .ready_fd = -1 };
	}
	for (i = 0; i < CLIENTS_MAX; i++) {
		rack.clients[i].fd = -1;
	}
	rack_open(&rack);
	rack_ready(ready_fd);
	rack_loop(&rack);
}
