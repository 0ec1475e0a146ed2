// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * txnload - changes as fast as they are answered, over connections that stay open
 *
 *	txnload [-c CLIENTS] [-n COUNT] GROUP TOOL VERB WORD...
 *
 * The same requests as a utility sends, without a process for each. CLIENTS (1) processes send COUNT
 * (100) changes each, one after the other. A WORD with "=" is an attribute, another one an operand;
 * "%" in it becomes the number of the change (from 1, different for each), "@" that of the client.
 * Prints a line of JSON: all changes together, with the time to connect. Exit status 0, 1 a change
 * was not made, 2 usage.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/ipc.h"
#include "base/paths.h"
#include "base/timeouts.h"

#define CLIENTS_MAX 200
#define COUNT_MAX 100000
#define WORDS_MAX 16
#define WORD_BYTES 256

/* Shared by all clients. */
struct load {
	unsigned int clients, count;
	char **words; /* group, tool, verb, ... */
	int word_count;
	uint64_t *took_us; /* of each change */
	uint64_t connect_us[CLIENTS_MAX];
	uint64_t end_us[CLIENTS_MAX];
};

static void word_fill(const char *word, unsigned int client, unsigned int number, char *out)
{
	size_t used = 0;

	out[0] = '\0';
	for (; *word != '\0' && used < WORD_BYTES - 12; word++) {
		if (*word == '%' || *word == '@') {
			used += (size_t)sprintf(out + used, "%u", *word == '%' ? number : client);
		} else {
			out[used++] = *word;
			out[used] = '\0';
		}
	}
}

/* Waits for the answer. True: the change was made. */
static bool change_answered(struct ipc_call *call, uint64_t cookie)
{
	for (;;) {
		Vx__Ipc *msg;
		bool made, last;
		int rc = ipc_call_receive(call, VX_IPC_CALL_MS, &msg);

		if (rc != 0) {
			fprintf(stderr, "txnload: no answer: %s\n", vx_strerror(rc));
			return false;
		}
		last = msg->cookie == cookie &&
		       (msg->body_case != VX__IPC__BODY_REPLY || !msg->reply->progress);
		made = last && msg->body_case == VX__IPC__BODY_REPLY && msg->reply->exit_code == 0;
		for (size_t i = 0; last && !made && msg->body_case == VX__IPC__BODY_REPLY &&
				   i < msg->reply->n_message;
		     i++) {
			fprintf(stderr, "txnload: %s\n", msg->reply->message[i]->text);
		}
		vx__ipc__free_unpacked(msg, NULL);
		if (last) {
			return made;
		}
	}
}

static bool change_make(const struct load *load, struct ipc_call *call, unsigned int client,
			unsigned int number)
{
	char text[WORDS_MAX][WORD_BYTES], *operand[WORDS_MAX], line[] = "txnload";
	Vx__Attr attr[WORDS_MAX], *attrs[WORDS_MAX];
	Vx__Request request = VX__REQUEST__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	uint8_t txid[ID_BYTES];
	int rc;

	for (int i = 0; i < load->word_count; i++) {
		char *equals;

		word_fill(load->words[i], client, number, text[i]);
		equals = i > 2 ? strchr(text[i], '=') : NULL;
		if (equals != NULL) {
			Vx__Attr *new = &attr[request.n_attr];

			vx__attr__init(new);
			*equals = '\0';
			new->key = text[i];
			new->value = equals + 1;
			attrs[request.n_attr++] = new;
		} else if (i > 2) {
			operand[request.n_operand++] = text[i];
		}
	}
	request.group = text[0];
	request.tool = text[1];
	request.verb = text[2];
	request.attr = attrs;
	request.operand = operand;
	request.command_line = line;
	id_make_txn(txid);
	request.txid.data = txid;
	request.txid.len = ID_BYTES;
	msg.cookie = id_make_u64();
	msg.body_case = VX__IPC__BODY_REQUEST;
	msg.request = &request;
	rc = ipc_call_send(call, &msg);
	if (rc != 0) {
		fprintf(stderr, "txnload: cannot send: %s\n", vx_strerror(rc));
		return false;
	}
	return change_answered(call, msg.cookie);
}

/* A client, in its own process. go: closed when all clients are connected. */
static int client_run(struct load *load, unsigned int client, int ready, int go)
{
	uint64_t began_us = clock_us();
	struct ipc_call *call;
	int rc = ipc_call_open(IPC_CONFIGD, &call);
	char byte = rc != 0;

	load->connect_us[client - 1] = clock_us() - began_us;
	if (rc != 0) {
		fprintf(stderr, "txnload: vxconfigd: %s\n", vx_strerror(rc));
	}
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) < 0 || rc != 0) {
		return 1;
	}
	for (unsigned int i = 0; i < load->count; i++) {
		unsigned int number = (client - 1) * load->count + i;

		began_us = clock_us();
		if (!change_make(load, call, client, number + 1)) {
			return 1;
		}
		load->took_us[number] = clock_us() - began_us;
	}
	load->end_us[client - 1] = clock_us();
	ipc_call_close(call);
	return 0;
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void load_print(struct load *load, uint64_t began_us)
{
	size_t count = (size_t)load->clients * load->count;
	uint64_t end_us = began_us;
	double seconds;

	for (unsigned int i = 0; i < load->clients; i++) {
		end_us = load->end_us[i] > end_us ? load->end_us[i] : end_us;
	}
	seconds = (double)(end_us - began_us) / 1e6;
	qsort(load->took_us, count, sizeof(*load->took_us), compare_u64);
	qsort(load->connect_us, load->clients, sizeof(load->connect_us[0]), compare_u64);
	printf("{\"clients\": %u, \"count\": %zu, \"seconds\": %.3f, \"rate\": %.1f, \"min_us\": %" PRIu64
	       ", \"p50_us\": %" PRIu64 ", \"p99_us\": %" PRIu64 ", \"max_us\": %" PRIu64
	       ", \"connect_us\": %" PRIu64 "}\n",
	       load->clients, count, seconds, (double)count / seconds, load->took_us[0],
	       load->took_us[count / 2], load->took_us[count * 99 / 100], load->took_us[count - 1],
	       load->connect_us[load->clients / 2]);
}

static void *load_share(size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("txnload: mmap");
		exit(1);
	}
	return memory;
}

/* The clients begin together. */
static int load_run(struct load *load)
{
	int ready[2], go[2], status, bad = 0;
	uint64_t began_us;
	char byte;

	if (pipe(ready) != 0 || pipe(go) != 0) {
		perror("txnload: pipe");
		return 1;
	}
	for (unsigned int i = 1; i <= load->clients; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("txnload: fork");
			return 1; /* those that were made end with the pipe */
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(ready[0]);
			close(go[1]);
			_exit(client_run(load, i, ready[1], go[0]));
		}
	}
	close(ready[1]);
	for (unsigned int i = 0; i < load->clients; i++) {
		bad |= read(ready[0], &byte, 1) != 1;
	}
	began_us = clock_us();
	close(go[1]);
	while (wait(&status) > 0) {
		bad |= status != 0;
	}
	if (bad == 0) {
		load_print(load, began_us);
	}
	return bad != 0;
}

__attribute__((noreturn)) static void usage(void)
{
	fputs("usage: txnload [-c CLIENTS] [-n COUNT] GROUP TOOL VERB WORD...\n", stderr);
	exit(2);
}

static unsigned int number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value == 0 || value > max) {
		usage();
	}
	return (unsigned int)value;
}

int main(int argc, char **argv)
{
	struct load *load = load_share(sizeof(*load));
	int option;

	load->clients = 1;
	load->count = 100;
	while ((option = getopt(argc, argv, "+c:n:")) != -1) {
		switch (option) {
		case 'c':
			load->clients = number(optarg, CLIENTS_MAX);
			break;
		case 'n':
			load->count = number(optarg, COUNT_MAX);
			break;
		default:
			usage();
		}
	}
	load->words = argv + optind;
	load->word_count = argc - optind;
	if (load->word_count < 4 || load->word_count > WORDS_MAX) {
		usage();
	}
	load->took_us =
		load_share((size_t)load->clients * load->count * sizeof(*load->took_us));
	return load_run(load);
}
