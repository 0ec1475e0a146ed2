// SPDX-License-Identifier: GPL-2.0-or-later
/* Talking to a played vxconfigd: answers, progress, and above all answers that get lost. */
#include "tests/unit/cmd_sample.h"

#include <grp.h>
#include <poll.h>

#include "base/errors.h"
#include "base/id.h"
#include "tests/unit/suite.h"
#include "vxconfigd/messages.h"

static struct sample_server server;
static struct sample_result result;

static void type(sample_run *run, sample_answer *answer, const char *line)
{
	sample_server_start(&server, answer);
	result = sample_type(run, line, server.service);
	sample_server_stop(&server);
}

static void check(int exit_code, const char *out, const char *err)
{
	ck_assert_msg(result.exit_code == exit_code, "exit %d, not %d: %s%s", result.exit_code,
		      exit_code, result.out, result.err);
	ck_assert_str_eq(result.out, out);
	ck_assert_msg(err[0] == '\0' ? result.err[0] == '\0' : strstr(result.err, err) != NULL,
		      "\"%s\" is not in: %s", err, result.err);
	sample_result_free(&result);
}

static bool is_outcome(const Vx__Ipc *msg)
{
	return strcmp(msg->request->tool, "vxdctl") == 0 &&
	       strcmp(msg->request->verb, "outcome") == 0;
}

static void send_outcome(struct ipc_peer *peer, const Vx__Ipc *msg, const char *outcome)
{
	Vx__Reply reply = VX__REPLY__INIT;

	ck_assert_uint_eq(msg->request->n_operand, 1);
	ck_assert_uint_eq(strlen(msg->request->operand[0]), ID_TEXT - 1);
	reply.outcome = TEXT(outcome);
	reply.exit_code = strcmp(outcome, "unknown") == 0 ? 6 : 0;
	sample_send(peer, msg->cookie, &reply);
}

static void send_message(struct ipc_peer *peer, uint64_t cookie, Vx__Severity severity,
			 int exit_code, const char *text)
{
	Vx__Message message = VX__MESSAGE__INIT, *list[] = { &message };
	Vx__Reply reply = VX__REPLY__INIT;

	message.severity = severity;
	message.number = 1042;
	message.text = TEXT(text);
	message.tool = TEXT("vxassist");
	reply.n_message = 1;
	reply.message = list;
	reply.exit_code = exit_code;
	sample_send(peer, cookie, &reply);
}

static void answer_done(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;

	(void)count;
	reply.max_size = 3840000;
	sample_send(peer, msg->cookie + 1, &reply); /* of somebody else's question */
	sample_send(peer, msg->cookie, &reply);
}

START_TEST(test_max_size)
{
	type(vxassist_run, answer_done, "vxassist -g data maxsize");
	check(0, "Maximum volume size: 3840000 (1875Mb)\n", "");
	type(vxassist_run, answer_done, "vxassist -g data --json maxsize");
	sample_json_equal(result.out, "{ \"max_size\": 3840000 }");
	sample_result_free(&result);
}
END_TEST

static void answer_refused(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	send_message(peer, msg->cookie, VX__SEVERITY__SEV_ERROR, 20,
		     "Disk group data: vxconfigd is not running on node c: nothing was changed");
}

START_TEST(test_refused)
{
	type(vxassist_run, answer_refused, "vxassist -g data make vol1 1g");
	ck_assert_str_eq(result.err,
			 "vxha vxassist ERROR V-80-1-1042 Disk group data: vxconfigd is not "
			 "running on node c: nothing was changed\n");
	check(20, "", "V-80-1-1042");
}
END_TEST

static void answer_severity(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	send_message(peer, msg->cookie, (Vx__Severity)atoi(msg->request->operand[0]), 0, "text");
}

START_TEST(test_severity)
{
	static const char *const word[] = { "INFO", "NOTICE", "WARNING", "ERROR", "FATAL ERROR" };
	char line[64], expected[64];

	snprintf(line, sizeof(line), "vxdg import %d", _i);
	snprintf(expected, sizeof(expected), "vxha vxassist %s V-80-1-1042 text\n", word[_i]);
	type(vxdg_run, answer_severity, line);
	ck_assert_str_eq(result.err, expected);
	check(0, "", "text");
}
END_TEST

START_TEST(test_no_daemon)
{
	result = sample_type(vxdg_run, "vxdg -s init data d1=sdb", NULL);
	check(3, "", "vxha vxdg ERROR V-80-1-1101 vxconfigd is not running on this node");
	result = sample_type(vxdctl_run, "vxdctl -c mode", NULL);
	check(3, "mode: not-running\n", "V-80-1-1101");
}
END_TEST

static void answer_progress(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	char *line = TEXT("vol1: 50% of 409600 sectors");

	(void)count;
	reply.progress = true;
	reply.n_line = 1;
	reply.line = &line;
	sample_send(peer, msg->cookie, &reply);
	vx__reply__init(&reply);
	sample_send(peer, msg->cookie, &reply);
}

START_TEST(test_progress)
{
	type(vxassist_run, answer_progress, "vxassist -v -g data make vol1 1g");
	check(0, "", "vol1: 50% of 409600 sectors\n");
	type(vxassist_run, answer_progress, "vxassist -g data make vol1 1g");
	check(0, "", "");
}
END_TEST

/* The connection breaks (vxconfigd was restarted); the second question for the outcome is answered.
 */
static void answer_broken_committed(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	if (!is_outcome(msg)) {
		ipc_peer_disconnect(peer);
	} else if (count < 3) {
		send_outcome(peer, msg, "unknown");
	} else {
		send_outcome(peer, msg, "committed");
	}
}

START_TEST(test_broken_committed)
{
	type(vxassist_run, answer_broken_committed, "vxassist -g data make vol1 1g");
	ck_assert_ptr_nonnull(strstr(result.err, "WARNING V-80-1-1105 no final answer"));
	check(0, "", "NOTICE V-80-1-1106 the change was committed");
}
END_TEST

static void answer_broken_aborted(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	if (!is_outcome(msg)) {
		ipc_peer_disconnect(peer);
	} else {
		send_outcome(peer, msg, "aborted");
	}
}

START_TEST(test_broken_aborted)
{
	type(vxvol_run, answer_broken_aborted, "vxvol -g data start vol1");
	check(20, "", "ERROR V-80-1-1107 the transaction was aborted: nothing was changed");
}
END_TEST

/* The master died: vxconfigd itself does not know and never learns. */
static void answer_unknown(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	send_outcome(peer, msg, "unknown");
}

static void answer_unknown_first(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	if (is_outcome(msg)) {
		answer_unknown(peer, msg, count);
	} else {
		Vx__Reply reply = VX__REPLY__INIT;

		reply.outcome = TEXT("unknown");
		reply.exit_code = 6;
		sample_send(peer, msg->cookie, &reply);
	}
}

START_TEST(test_unknown_stays_unknown)
{
	type(vxassist_run, answer_unknown_first, "vxassist -g data make vol1 1g");
	check(6, "", "ERROR V-80-1-1108 the outcome is not known");
	type(vxdctl_run, answer_unknown, "vxdctl outcome 000102030405060708090a0b0c0d0e0f");
	check(6, "unknown\n", "");
}
END_TEST

static void answer_die(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)peer;
	(void)msg;
	(void)count;
	_exit(1);
}

START_TEST(test_died)
{
	type(vxassist_run, answer_die, "vxassist -g data make vol1 1g");
	check(6, "", "V-80-1-1108");
	type(vxprint_run, answer_die, "vxprint -ht");
	check(4, "", "ERROR V-80-1-1104 the connection to vxconfigd broke");
	type(vxassist_run, answer_die, "vxassist -n -g data make vol1 1g");
	check(4, "", "V-80-1-1104"); /* a dry run changes nothing, whatever its end */
}
END_TEST

static void answer_never(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)peer;
	(void)msg;
	(void)count;
}

START_TEST(test_no_answer)
{
	type(vxdg_run, answer_never, "vxdg list");
	ck_assert_ptr_nonnull(strstr(result.err, "NOTICE V-80-1-1136 waits for vxconfigd of this "
						 "node, which says nothing"));
	check(4, "", "ERROR V-80-1-1103 vxconfigd did not answer within 3 seconds");
}
END_TEST

/* As vxconfigd does while the master is silent. The loop of the played one is not needed. */
static void answer_waits(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Message message = VX__MESSAGE__INIT, *list[] = { &message };
	Vx__Reply reply = VX__REPLY__INIT;

	if (is_outcome(msg)) {
		send_outcome(peer, msg, "unknown");
		return;
	}
	(void)count;
	message.severity = VX__SEVERITY__SEV_NOTICE;
	message.number = MSG_WAITS;
	message.text = TEXT("waits for vxconfigd of node a, the master, which does not answer");
	reply.progress = true;
	reply.n_message = 1;
	reply.message = list;
	for (int i = 0; i < 50; i++) { /* 5 s: longer than the utility's patience */
		sample_send(peer, msg->cookie, &reply);
		poll(NULL, 0, 100);
	}
}

/* What is waited for is told, once, without any option; waiting has its end, and what is then
 * said is the truth. */
START_TEST(test_waits)
{
	const char *told;

	type(vxassist_run, answer_waits, "vxassist -g data make vol1 1g");
	told = strstr(result.err, "vxha vxassist NOTICE V-80-1-1069 waits for vxconfigd of node a");
	ck_assert_msg(told != NULL, "%s", result.err);
	ck_assert_msg(strstr(told + 40, "V-80-1-1069") == NULL, "%s", result.err);
	ck_assert_ptr_null(strstr(result.err, "V-80-1-1136"));
	check(6, "", "ERROR V-80-1-1108 the outcome is not known");
}
END_TEST

static void answer_error(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Ipc answer = VX__IPC__INIT;

	(void)count;
	answer.cookie = msg->cookie;
	answer.error = -VX_E_VERSION;
	ipc_peer_send(peer, &answer);
}

START_TEST(test_not_a_reply)
{
	type(vxdg_run, answer_error, "vxdg list");
	check(7, "",
	      "ERROR V-80-1-1110 vxconfigd's answer was not understood: version not supported");
}
END_TEST

START_TEST(test_interrupted)
{
	pid_t self = getpid(), killer;

	sample_server_start(&server, answer_never);
	killer = fork();
	if (killer == 0) {
		usleep(500 * 1000);
		kill(self, SIGINT);
		_exit(0);
	}
	result = sample_type(vxassist_run, "vxassist -g data make vol1 1g", server.service);
	sample_server_stop(&server);
	waitpid(killer, NULL, 0);
	check(6, "", "WARNING V-80-1-1109 interrupted");
}
END_TEST

/* Before the connection is taken nothing was asked, and that is what is said. */
START_TEST(test_interrupted_early)
{
	pid_t self = getpid(), killer;

	sample_server_start(&server, answer_done);
	kill(server.pid, SIGSTOP);
	killer = fork();
	if (killer == 0) {
		usleep(500 * 1000);
		kill(self, SIGINT);
		_exit(0);
	}
	result = sample_type(vxassist_run, "vxassist -g data make vol1 1g", server.service);
	kill(server.pid, SIGCONT);
	sample_server_stop(&server);
	waitpid(killer, NULL, 0);
	check(20, "", "WARNING V-80-1-1137 interrupted before vxconfigd was asked");
}
END_TEST

/* Somebody who is neither root nor in the group vxha. (Tests run as root; others cannot try it.) */
START_TEST(test_no_access)
{
	if (getuid() == 0) {
		sample_server_start(&server, answer_done);
		ck_assert_int_eq(setgroups(0, NULL), 0);
		ck_assert_int_eq(setgid(65534), 0);
		ck_assert_int_eq(setuid(65534), 0);
		result = sample_type(vxdg_run, "vxdg list", server.service);
		check(4, "", "ERROR V-80-1-1102 no access to vxconfigd");
	}
}
END_TEST

START_TEST(test_output_cannot_be_written)
{
	struct tool_io io;
	char *argv[] = { "vxdg", "--help", NULL }, *text = NULL;
	size_t size;
	int exit_code;

	tool_io_init(&io);
	io.out = fopen("/dev/full", "w");
	io.err = open_memstream(&text, &size);
	exit_code = vxdg_run(&io, 2, argv);
	fclose(io.out);
	fclose(io.err);
	ck_assert_int_eq(exit_code, 5);
	ck_assert_ptr_nonnull(strstr(text, "ERROR V-80-1-1126 cannot write the output"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmd client");
	TCase *tcase = tcase_create("client");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, test_max_size);
	tcase_add_test(tcase, test_refused);
	tcase_add_loop_test(tcase, test_severity, 0, 5);
	tcase_add_test(tcase, test_no_daemon);
	tcase_add_test(tcase, test_progress);
	tcase_add_test(tcase, test_broken_committed);
	tcase_add_test(tcase, test_broken_aborted);
	tcase_add_test(tcase, test_unknown_stays_unknown);
	tcase_add_test(tcase, test_died);
	tcase_add_test(tcase, test_no_answer);
	tcase_add_test(tcase, test_not_a_reply);
	tcase_add_test(tcase, test_interrupted);
	tcase_add_test(tcase, test_interrupted_early);
	tcase_add_test(tcase, test_waits);
	tcase_add_test(tcase, test_no_access);
	tcase_add_test(tcase, test_output_cannot_be_written);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
