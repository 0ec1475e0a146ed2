// SPDX-License-Identifier: GPL-2.0-or-later
/* The local IPC between real processes: an echo server and its clients. */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <qb/qbipcc.h>

#include "base/errors.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "tests/unit/suite.h"

static char name[64];
static pid_t server;

static void echo_on_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	Vx__Ipc copy = *msg;

	(void)ctx;
	copy.error = -7;
	for (uint64_t i = 0; i < (msg->body_case == VX__IPC__BODY_ADM_ABORT ? msg->cookie : 1);
	     i++) {
		copy.cookie = msg->body_case == VX__IPC__BODY_ADM_ABORT ? i : msg->cookie;
		if (ipc_peer_send(peer, &copy) != 0) {
			return;
		}
	}
}

__attribute__((noreturn)) static void echo_serve(int ready)
{
	static const struct ipc_server_ops ops = { .message = echo_on_message };
	struct loop *loop;
	struct ipc_server *ipc;

	if (loop_create(&loop) != 0 || ipc_server_create(loop, name, &ops, NULL, &ipc) != 0) {
		_exit(1);
	}
	(void)!write(ready, "r", 1);
	loop_run(loop);
	_exit(0);
}

static void setup(void)
{
	int ready[2];
	char byte;

	snprintf(name, sizeof(name), "vxha-test-%d", getpid());
	ck_assert_int_eq(pipe(ready), 0);
	server = fork();
	if (server == 0) {
		echo_serve(ready[1]);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static void teardown(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static void ask(struct ipc_call *call, size_t length)
{
	Vx__Ipc msg = VX__IPC__INIT, *back = NULL;
	char *text = malloc(length + 1);

	memset(text, 'x', length);
	text[length] = '\0';
	msg.cookie = length;
	msg.reason = text;
	ck_assert_int_eq(ipc_call_send(call, &msg), 0);
	ck_assert_int_eq(ipc_call_receive(call, 20000, &back), 0);
	ck_assert_uint_eq(back->cookie, length);
	ck_assert_int_eq(back->error, -7);
	ck_assert_str_eq(back->reason, text);
	vx__ipc__free_unpacked(back, NULL);
	free(text);
}

START_TEST(packets_of_every_size)
{
	static const size_t sizes[] = { 0,     1,     100,    49000,   49140,
					49152, 50000, 100000, 1000000, 8000000 };
	struct ipc_call *call;

	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	for (size_t i = 0; i < VX_COUNT_OF(sizes); i++) {
		ask(call, sizes[i]);
	}
	ipc_call_close(call);
}
END_TEST

/* Too long a packet is refused where it is sent. */
START_TEST(no_packet_without_bound)
{
	Vx__Ipc msg = VX__IPC__INIT;
	struct ipc_call *call;
	char *text = malloc(VX_IPC_MSG_MAX + 1);

	memset(text, 'x', VX_IPC_MSG_MAX);
	text[VX_IPC_MSG_MAX] = '\0';
	msg.reason = text;
	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	ck_assert_int_eq(ipc_call_send(call, &msg), -VX_E_FULL);
	ipc_call_close(call);
	free(text);
}
END_TEST

/* Many answers while the client does not read: all come, in order. */
START_TEST(slow_reader_loses_nothing)
{
	Vx__Ipc msg = VX__IPC__INIT, *back;
	Vx__AdmAbort many = VX__ADM_ABORT__INIT;
	struct ipc_call *call;

	msg.cookie = 3000;
	msg.body_case = VX__IPC__BODY_ADM_ABORT;
	msg.adm_abort = &many;
	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	ck_assert_int_eq(ipc_call_send(call, &msg), 0);
	usleep(100000);
	for (uint64_t i = 0; i < 3000; i++) {
		ck_assert_int_eq(ipc_call_receive(call, 5000, &back), 0);
		ck_assert_uint_eq(back->cookie, i);
		vx__ipc__free_unpacked(back, NULL);
	}
	ipc_call_close(call);
}
END_TEST

/* A client that talks nonsense is disconnected; others are served. */
START_TEST(nonsense_disconnects)
{
	struct {
		struct qb_ipc_request_header qb;
		uint8_t rest[64];
	} junk;
	qb_ipcc_connection_t *bad = qb_ipcc_connect(name, 128 * 1024);
	struct ipc_call *call;
	char buffer[1024];

	ck_assert_ptr_nonnull(bad);
	memset(&junk, 0xee, sizeof(junk));
	junk.qb.id = 1;
	junk.qb.size = sizeof(junk);
	ck_assert_int_gt((int)qb_ipcc_send(bad, &junk, sizeof(junk)), 0);
	ck_assert_int_lt((int)qb_ipcc_event_recv(bad, buffer, sizeof(buffer), 2000), 0);
	qb_ipcc_disconnect(bad);
	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	ask(call, 10);
	ipc_call_close(call);
}
END_TEST

START_TEST(nobody_serves)
{
	struct ipc_call *call;

	ck_assert_int_eq(ipc_call_open("vxha-test-nobody", &call), -VX_E_NODAEMON);
}
END_TEST

START_TEST(server_dies)
{
	struct ipc_call *call;
	Vx__Ipc *back;

	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	kill(server, SIGKILL);
	ck_assert_int_eq(ipc_call_receive(call, 5000, &back), -VX_E_IPC);
	ipc_call_close(call);
}
END_TEST

/* A server that runs is not said to be missing, whatever is in the way. */
START_TEST(no_room_for_a_connection)
{
	struct ipc_call *call;

	teardown();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64k"), 0);
	setup();
	ck_assert_int_eq(ipc_call_open(name, &call), -VX_E_NOSHM);
	ck_assert_int_eq(mount("tmpfs", "/dev/shm", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	ck_assert_int_eq(ipc_call_open(name, &call), -EROFS);
	ck_assert_int_eq(mount("tmpfs", "/dev/shm", "tmpfs", MS_REMOUNT, "size=64m"), 0);
	ck_assert_int_eq(ipc_call_open(name, &call), 0);
	ipc_call_close(call);
}
END_TEST

/* A server that hangs is no server that is missing: not even when so many wait that no more can. */
START_TEST(server_hangs)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ipc_call *call;
	int waiting = 0, rc = 0;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
	kill(server, SIGSTOP);
	while (rc == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		ck_assert_int_ge(fd, 0);
		rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
		ck_assert_int_lt(waiting++, 5000);
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(ipc_call_open(name, &call), -VX_E_TIMEOUT);
}
END_TEST

/* ---- a daemon's connection comes back by itself ---- */

struct back {
	struct loop *loop;
	int connected, closed, answers;
	struct ipc_client *client;
};

static void back_on_connected(void *ctx)
{
	struct back *back = ctx;
	Vx__Ipc msg = VX__IPC__INIT;

	back->connected++;
	ck_assert_int_eq(ipc_client_send(back->client, &msg), 0);
}

static void back_on_message(void *ctx, const Vx__Ipc *msg)
{
	struct back *back = ctx;

	(void)msg;
	back->answers++;
	if (back->connected == 1) {
		teardown();
		setup();
	} else {
		loop_stop(back->loop);
	}
}

static void back_on_closed(void *ctx)
{
	((struct back *)ctx)->closed++;
}

START_TEST(client_connects_again)
{
	static const struct ipc_client_ops ops = { back_on_connected, back_on_message,
						   back_on_closed };
	struct back back = { 0 };

	ck_assert_int_eq(loop_create(&back.loop), 0);
	ck_assert_int_eq(ipc_client_create(back.loop, name, &ops, &back, &back.client), 0);
	loop_run(back.loop);
	ck_assert_int_eq(back.connected, 2);
	ck_assert_int_eq(back.closed, 1);
	ck_assert_int_eq(back.answers, 2);
	ipc_client_destroy(back.client);
	loop_destroy(back.loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_ipc");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, packets_of_every_size);
	tcase_add_test(all, no_packet_without_bound);
	tcase_add_test(all, slow_reader_loses_nothing);
	tcase_add_test(all, nonsense_disconnects);
	tcase_add_test(all, nobody_serves);
	tcase_add_test(all, server_dies);
	tcase_add_test(all, no_room_for_a_connection);
	tcase_add_test(all, server_hangs);
	tcase_add_test(all, client_connects_again);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
