// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cpgping - the raw round trip of Corosync's CPG, beside which transactions are measured
 *
 *	cpgping --answer [SECONDS]		answers pings of others until then (3600)
 *	cpgping [-n COUNT] [-s BYTES] [-p PAUSE_US] [-m MEMBERS]
 *
 * Waits until the group has MEMBERS (1) processes, then measures one after the other:
 * "rtt", a message until it is delivered to its sender, and "round", a message until the answers of
 * all members are delivered. Prints a line of JSON for each. Exit status 0, 1 no Corosync, 2 usage.
 */
#include <corosync/cpg.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROUP "vxha-cpgping"
#define COUNT_MAX 1000000
#define SIZE_MAX_BYTES 60000
#define PATIENCE_MS 30000

enum ping_kind { PING_RTT = 1, PING_ROUND, PING_ANSWER };

struct ping {
	uint32_t kind, to_node, to_pid, reserved;
	uint64_t serial;
};

struct pinger {
	cpg_handle_t handle;
	int fd;
	uint32_t node, pid;
	size_t members;
	bool answers; /* to pings of others; one's own are always answered */
	uint64_t serial, delivered, answered; /* answers to serial */
	uint8_t *data;
	size_t size;
};

__attribute__((noreturn)) static void die(const char *what, int error)
{
	fprintf(stderr, "cpgping: %s: error %d\n", what, error);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Delivers what has come, waiting for it up to timeout_ms. Not to be called within a delivery. */
static void pinger_pump(struct pinger *pinger, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = pinger->fd, .events = POLLIN };
	cs_error_t rc;

	if (poll(&poll_fd, 1, timeout_ms) > 0) {
		rc = cpg_dispatch(pinger->handle, CS_DISPATCH_ALL);
		if (rc != CS_OK) {
			die("Corosync is gone", (int)rc);
		}
	}
}

static void pinger_send(struct pinger *pinger, const struct ping *ping, size_t size)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	struct iovec iov = { pinger->data, size };
	cs_error_t rc;

	memcpy(pinger->data, ping, sizeof(*ping));
	while ((rc = cpg_mcast_joined(pinger->handle, CPG_TYPE_AGREED, &iov, 1)) ==
	       CS_ERR_TRY_AGAIN) {
		nanosleep(&pause, NULL);
	}
	if (rc != CS_OK) {
		die("send", (int)rc);
	}
}

static void pinger_delivered(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
			     uint32_t pid, void *data, size_t length)
{
	struct pinger *pinger;
	void *context;
	struct ping ping;
	bool own;

	(void)group;
	if (length < sizeof(ping) || cpg_context_get(handle, &context) != CS_OK) {
		return;
	}
	pinger = context;
	own = node == pinger->node && pid == pinger->pid;
	memcpy(&ping, data, sizeof(ping));
	if (ping.kind == PING_ANSWER) {
		if (ping.to_node == pinger->node && ping.to_pid == pinger->pid &&
		    ping.serial == pinger->serial) {
			pinger->answered++;
		}
		return;
	}
	if (own) {
		pinger->delivered = ping.serial;
	}
	if (ping.kind == PING_ROUND && (own || pinger->answers)) {
		struct ping answer = {
			.kind = PING_ANSWER, .to_node = node, .to_pid = pid, .serial = ping.serial
		};

		pinger_send(pinger, &answer, sizeof(answer));
	}
}

static void pinger_changed(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *member, size_t members,
			   const struct cpg_address *left, size_t lefts,
			   const struct cpg_address *joined, size_t joins)
{
	void *context;

	(void)group;
	(void)member;
	(void)left;
	(void)lefts;
	(void)joined;
	(void)joins;
	if (cpg_context_get(handle, &context) == CS_OK) {
		((struct pinger *)context)->members = members;
	}
}

static void pinger_open(struct pinger *pinger)
{
	cpg_model_v1_data_t model = { .model = CPG_MODEL_V1,
				      .cpg_deliver_fn = pinger_delivered,
				      .cpg_confchg_fn = pinger_changed };
	struct cpg_name group = { .length = sizeof(GROUP) - 1, .value = GROUP };
	cs_error_t rc;

	rc = cpg_model_initialize(&pinger->handle, CPG_MODEL_V1, (cpg_model_data_t *)&model,
				  pinger);
	if (rc == CS_OK) {
		rc = cpg_fd_get(pinger->handle, &pinger->fd);
	}
	if (rc == CS_OK) {
		rc = cpg_local_get(pinger->handle, &pinger->node);
	}
	pinger->pid = (uint32_t)getpid();
	while (rc == CS_OK && (rc = cpg_join(pinger->handle, &group)) == CS_ERR_TRY_AGAIN) {
		usleep(10000);
		rc = CS_OK;
	}
	if (rc != CS_OK) {
		die("Corosync does not run here", (int)rc);
	}
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void pinger_wait(struct pinger *pinger, bool (*reached)(const struct pinger *pinger),
			const char *what)
{
	uint64_t end = now_ns() + PATIENCE_MS * UINT64_C(1000000);

	while (!reached(pinger)) {
		pinger_pump(pinger, 100);
		if (now_ns() > end) {
			die(what, ETIMEDOUT);
		}
	}
}

static bool is_delivered(const struct pinger *pinger)
{
	return pinger->delivered == pinger->serial;
}

static bool is_answered(const struct pinger *pinger)
{
	return pinger->answered >= pinger->members;
}

static void pinger_measure(struct pinger *pinger, enum ping_kind kind, uint32_t count,
			   useconds_t pause_us)
{
	uint64_t *took = calloc(count, sizeof(*took)), began;

	if (took == NULL) {
		die("memory", ENOMEM);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct ping ping = { .kind = kind, .serial = ++pinger->serial };

		usleep(pause_us);
		pinger_pump(pinger, 0);
		pinger->answered = 0;
		began = now_ns();
		pinger_send(pinger, &ping, pinger->size);
		pinger_wait(pinger, kind == PING_RTT ? is_delivered : is_answered, "no answer");
		took[i] = now_ns() - began;
	}
	qsort(took, count, sizeof(*took), compare_u64);
	printf("{\"what\": \"%s\", \"members\": %zu, \"bytes\": %zu, \"count\": %" PRIu32
	       ", \"min_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n",
	       kind == PING_RTT ? "rtt" : "round", pinger->members, pinger->size, count,
	       (double)took[0] / 1e3, (double)took[count / 2] / 1e3,
	       (double)took[(uint64_t)count * 99 / 100] / 1e3, (double)took[count - 1] / 1e3);
	free(took);
}

__attribute__((noreturn)) static void usage(void)
{
	fputs("usage: cpgping --answer [SECONDS]\n"
	      "       cpgping [-n COUNT] [-s BYTES] [-p PAUSE_US] [-m MEMBERS]\n",
	      stderr);
	exit(2);
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value > max) {
		usage();
	}
	return value;
}

static void answer(struct pinger *pinger, unsigned long seconds)
{
	uint64_t end = now_ns() + seconds * UINT64_C(1000000000);

	pinger->answers = true;
	while (now_ns() < end) {
		pinger_pump(pinger, 200);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "answer", no_argument, NULL, 'a' },
						 { NULL, 0, NULL, 0 } };
	struct pinger pinger = { .size = 64 };
	unsigned long count = 1000, pause_us = 0, members = 1, seconds = 3600;
	bool answers = false;
	int option;

	while ((option = getopt_long(argc, argv, "n:s:p:m:", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			answers = true;
			break;
		case 'n':
			count = number(optarg, COUNT_MAX);
			break;
		case 's':
			pinger.size = number(optarg, SIZE_MAX_BYTES);
			break;
		case 'p':
			pause_us = number(optarg, 1000000);
			break;
		case 'm':
			members = number(optarg, 128);
			break;
		default:
			usage();
		}
	}
	if (answers && optind < argc) {
		seconds = number(argv[optind++], 1000000);
	}
	if (optind < argc || count == 0 || members == 0) {
		usage();
	}
	if (pinger.size < sizeof(struct ping)) {
		pinger.size = sizeof(struct ping);
	}
	pinger.data = calloc(1, pinger.size);
	if (pinger.data == NULL) {
		die("memory", ENOMEM);
	}
	pinger_open(&pinger);
	if (answers) {
		answer(&pinger, seconds);
		return 0;
	}
	for (uint64_t end = now_ns() + PATIENCE_MS * UINT64_C(1000000); pinger.members < members;) {
		pinger_pump(&pinger, 100);
		if (now_ns() > end) {
			die("the group has too few members", (int)pinger.members);
		}
	}
	pinger_measure(&pinger, PING_RTT, (uint32_t)count, (useconds_t)pause_us);
	pinger_measure(&pinger, PING_ROUND, (uint32_t)count, (useconds_t)pause_us);
	return 0;
}
