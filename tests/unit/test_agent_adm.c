// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxclustadm's verbs against a vxclustd that is played by a forked server, in a network namespace
 * of its own (so that a real one is not in the way).
 */
#include "agent/adm.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/adm_member.h"
#include "agent/adm_query.h"
#include "base/errors.h"
#include "base/ipc.h"
#include "base/paths.h"
#include "tests/unit/agent_sample.h"
#include "tests/unit/agent_verb.h"
#include "tests/unit/suite.h"

static void answer(struct ipc_peer *peer, uint64_t cookie, int error, const char *reason)
{
	Vx__Ipc msg = VX__IPC__INIT;

	msg.cookie = cookie;
	msg.error = error;
	msg.reason = TEXT(reason);
	ipc_peer_send(peer, &msg);
}

static void answer_state(struct ipc_peer *peer, uint64_t cookie, const struct sample *s)
{
	Vx__AdmState state = s->state;
	Vx__Ipc msg = VX__IPC__INIT;

	msg.cookie = cookie;
	msg.body_case = VX__IPC__BODY_ADM_STATE;
	msg.adm_state = &state;
	ipc_peer_send(peer, &msg);
}

static void server_start(struct ipc_peer *peer, uint64_t cookie, uint32_t join_ms, struct sample *s)
{
	if (join_ms == 2000) {
		ipc_peer_disconnect(peer);
		return;
	}
	s->state.state = VX__NODE_STATE__NODE_JOINING;
	answer_state(peer, 0, s); /* an event that is nobody's answer */
	s->state.reconfig = TEXT("master update");
	answer_state(peer, cookie, s);
	answer_state(peer, cookie, s);
	if (join_ms == 1000) {
		answer(peer, cookie, -VX_E_REFUSED, "protocol version out of range");
	} else {
		answer(peer, cookie, 0, "");
	}
}

static void server_stop(struct ipc_peer *peer, uint64_t cookie, bool cancel, struct sample *s)
{
	if (cancel) {
		answer(peer, cookie, 0, "");
		if (cookie > 1) {
			answer(peer, cookie - 1, -ECANCELED, "cancelled");
		}
		return;
	}
	s->state.state = VX__NODE_STATE__NODE_LEAVING;
	s->waiting[0] = TEXT("data/vol1: open by pid 7 (fio) since 1 s");
	s->waiting[1] = TEXT("data/vol2: open by pid 8 (dd) since 2 s");
	s->state.waiting = s->waiting;
	s->state.n_waiting = 2;
	answer_state(peer, cookie, s);
	s->waiting[0] = TEXT("data/vol1: open by pid 7 (fio) since 10 s"); /* not said again */
	answer_state(peer, cookie, s);
}

static void server_setmaster(struct ipc_peer *peer, uint64_t cookie, const char *node,
			     struct sample *s)
{
	if (strcmp(node, "c") == 0) {
		ipc_peer_disconnect(peer);
		return;
	}
	s->state.detail = TEXT("master switching in progress");
	answer_state(peer, cookie, s);
	answer(peer, cookie, strcmp(node, "x") == 0 ? -VX_E_NOTFOUND : 0,
	       strcmp(node, "x") == 0   ? "no such node"
	       : strcmp(node, "a") == 0 ? "it is the master already"
					: "");
}

static int reinits; /* of the server */

static void server_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct sample s;

	(void)ctx;
	sample_make(&s);
	switch ((int)msg->body_case) {
	case VX__IPC__BODY_REG:
		answer(peer, msg->cookie, 0, "");
		break;
	case VX__IPC__BODY_ADM_START:
		server_start(peer, msg->cookie, msg->adm_start->join_timeout_ms, &s);
		break;
	case VX__IPC__BODY_ADM_STOP:
		server_stop(peer, msg->cookie, msg->adm_stop->cancel, &s);
		break;
	case VX__IPC__BODY_ADM_ABORT:
		answer(peer, msg->cookie, strcmp(msg->adm_abort->reason, "why") == 0 ? 0 : -EINVAL,
		       "");
		break;
	case VX__IPC__BODY_ADM_QUERY:
		answer_state(peer, msg->cookie, &s);
		break;
	case VX__IPC__BODY_ADM_SETMASTER:
		server_setmaster(peer, msg->cookie, msg->adm_setmaster->node, &s);
		break;
	case VX__IPC__BODY_ADM_SET:
		answer(peer, msg->cookie, strcmp(msg->adm_set->value, "5") == 0 ? 0 : -VX_E_BUSY,
		       "");
		break;
	case VX__IPC__BODY_ADM_REINIT:
		reinits++;
		answer(peer, msg->cookie, reinits == 1 ? 0 : -VX_E_NODAEMON,
		       reinits == 1 ? "" : "Corosync does not run on this node");
		break;
	default:
		abort();
	}
}

static void server_main(int ready_fd)
{
	static const struct ipc_server_ops ops = { .message = server_message };
	struct ipc_server *server;
	struct loop *loop;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (loop_create(&loop) != 0 ||
	    ipc_server_create(loop, IPC_CLUSTD, &ops, NULL, &server) != 0) {
		_exit(1);
	}
	(void)!write(ready_fd, "", 1);
	loop_run(loop);
	_exit(0);
}

static pid_t server_pid;

static void setup_server(void)
{
	int pipe_fd[2];
	char byte;

	verb_setup();
	ck_assert_int_eq(pipe(pipe_fd), 0);
	server_pid = fork();
	ck_assert_int_ge(server_pid, 0);
	if (server_pid == 0) {
		server_main(pipe_fd[1]);
	}
	close(pipe_fd[1]);
	ck_assert_int_eq(read(pipe_fd[0], &byte, 1), 1);
	close(pipe_fd[0]);
}

static void teardown_server(void)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	verb_teardown();
}

START_TEST(startnode)
{
	struct adm_options options = { .join_timeout_s = 5 };

	verb_end(verb_begin(adm_startnode, &options, NULL), 0, "joining: master update\n");
	options.join_timeout_s = 1;
	verb_end(verb_begin(adm_startnode, &options, NULL), 1,
		 "joining: master update\n"
		 "vxha vxclustadm ERROR V-80-2-2005 this node did not join the cluster: protocol "
		 "version "
		 "out of range\n");
	options.join_timeout_s = 2;
	verb_end(verb_begin(adm_startnode, &options, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2010 vxclustd ended before it answered\n");
}
END_TEST

#define WAITING \
	"waits until no shared volume is open:\n\tdata/vol1: open by pid 7 (fio) since 1 s\n" \
	"\tdata/vol2: open by pid 8 (dd) since 2 s\n"

static void wait_for_output(void)
{
	struct stat status;

	for (int i = 0; i < 500 && (stat("out", &status) != 0 || status.st_size == 0); i++) {
		usleep(10000);
	}
}

START_TEST(stopnode)
{
	struct adm_options options = { .timeout_s = 1 };
	pid_t pid;

	verb_end(verb_begin(adm_stopnode, &options, NULL), 1,
		 WAITING
		 "vxha vxclustadm ERROR V-80-2-2008 this node still waits after 1 s; it goes on "
		 "leaving (vxclustadm stopnode --cancel ends that)\n");
	unlink("out");
	options.timeout_s = 0;
	pid = verb_begin(adm_stopnode, &options, NULL);
	wait_for_output();
	kill(pid, SIGINT);
	verb_end(pid, 1,
		 WAITING "cancelling\nvxha vxclustadm ERROR V-80-2-2007 leaving was cancelled: "
			 "this node stays "
			 "in the cluster\n");
	options.cancel = true;
	verb_end(verb_begin(adm_stopnode, &options, NULL), 0, "");
}
END_TEST

START_TEST(abortnode_and_preference)
{
	struct adm_options options = { 0 }, json = { .json = true };

	verb_end(verb_begin(adm_abortnode, &options, "why"), 0, "");
	verb_end(verb_begin(adm_abortnode, &options, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2009 the abort of this node failed: Invalid "
		 "argument\n");
	verb_end(verb_begin(adm_setpreference, &options, "5"), 0, "");
	verb_end(verb_begin(adm_setpreference, &options, "6"), 1,
		 "vxha vxclustadm ERROR V-80-2-2011 preference not changed: busy\n");
	verb_end(verb_begin(adm_setpreference, &options, "5x"), 1,
		 "vxha vxclustadm ERROR V-80-2-2011 preference not changed: not a number from "
		 "-1000 to 1000\n");
	verb_end(verb_begin(adm_getpreference, &options, NULL), 0, "7\n");
	verb_end(verb_begin(adm_getpreference, &json, NULL), 0, "{\n  \"preference\":7\n}\n");
	verb_end(verb_begin(adm_nodestate, &options, NULL), 0, "state: cluster member\n");
}
END_TEST

START_TEST(reinit)
{
	struct adm_options options = { 0 };

	verb_end(verb_begin(adm_reinit, &options, NULL), 0, "");
	verb_end(verb_begin(adm_reinit, &options, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2021 the node list was not read again: Corosync "
		 "does not run on this node\n");
}
END_TEST

START_TEST(setmaster)
{
#define SWITCHING "cluster member: master switching in progress\n"
	struct adm_options options = { 0 };

	verb_end(verb_begin(adm_setmaster, &options, "b"), 0, SWITCHING);
	verb_end(verb_begin(adm_setmaster, &options, "a"), 0,
		 SWITCHING "node a: it is the master already\n");
	verb_end(verb_begin(adm_setmaster, &options, "x"), 1,
		 SWITCHING "vxha vxclustadm ERROR V-80-2-2019 node x was not made master: no such "
			   "node\n");
	verb_end(verb_begin(adm_setmaster, &options, "c"), 1,
		 "vxha vxclustadm ERROR V-80-2-2020 vxclustd of this node ended before it "
		 "answered; whether node c is master now, vxclustadm nidmap shows on another "
		 "node\n");
}
END_TEST

START_TEST(no_vxclustd)
{
	struct adm_options options = { 0 };
	FILE *file;

	verb_end(verb_begin(adm_nodestate, &options, NULL), 0,
		 "state: out of cluster\nreason: vxclustd is not running\n");
	verb_end(verb_begin(adm_nidmap, &options, NULL), 0,
		 "Out of cluster: No mapping information available\n");
	file = fopen("last-reason", "w");
	fputs("user initiated stop\nmore\n", file);
	fclose(file);
	verb_end(verb_begin(adm_nodestate, &options, NULL), 0,
		 "state: out of cluster\nreason: user initiated stop\n");
	verb_end(verb_begin(adm_startnode, &options, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2002 vxclustd is not running on this node. The "
		 "cluster resource "
		 "starts it: crm_mon -1 shows its state\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_adm");
	TCase *talk = tcase_create("talk"), *alone = tcase_create("alone");

	if (geteuid() == 0) {
		tcase_set_timeout(talk, 20);
		tcase_add_checked_fixture(talk, setup_server, teardown_server);
		tcase_add_test(talk, startnode);
		tcase_add_test(talk, stopnode);
		tcase_add_test(talk, abortnode_and_preference);
		tcase_add_test(talk, reinit);
		tcase_add_test(talk, setmaster);
		suite_add_tcase(suite, talk);
		tcase_add_checked_fixture(alone, verb_setup, verb_teardown);
		tcase_add_test(alone, no_vxclustd);
		suite_add_tcase(suite, alone);
	} else {
		printf("skipped: verbs against a server (needs root for a network namespace)\n");
	}
	return suite_run(suite);
}
