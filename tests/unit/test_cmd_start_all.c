// SPDX-License-Identifier: GPL-2.0-or-later
/* vxvol startall against a played vxconfigd: what is asked again, for which volumes, what is told. */
#include "tests/unit/cmd_sample.h"

#include "base/errors.h"
#include "tests/unit/suite.h"
#include "vxconfigd/messages.h"

#define REFUSAL "Disk group data: refused by node c: does not see disk d2 (0f1e): no such device"

static struct sample_server server;
static struct sample_result result;

static void type(sample_answer *answer, const char *line)
{
	sample_server_start(&server, answer);
	result = sample_type(vxvol_run, line, server.service);
	sample_server_stop(&server);
}

static void check(int exit_code, const char *out, const char *err)
{
	ck_assert_msg(result.exit_code == exit_code, "exit %d, not %d: %s%s", result.exit_code,
		      exit_code, result.out, result.err);
	ck_assert_str_eq(result.out, out);
	ck_assert_str_eq(result.err, err);
	sample_result_free(&result);
}

static void send_no(struct ipc_peer *peer, const Vx__Ipc *msg, uint32_t number, int exit_code,
		    const char *text)
{
	Vx__Message message = VX__MESSAGE__INIT, *list[] = { &message };
	Vx__Reply reply = VX__REPLY__INIT;

	message.severity = VX__SEVERITY__SEV_ERROR;
	message.number = number;
	message.text = TEXT(text);
	message.tool = TEXT("vxvol");
	reply.n_message = 1;
	reply.message = list;
	reply.exit_code = exit_code;
	reply.outcome = TEXT("aborted");
	sample_send(peer, msg->cookie, &reply);
}

/* A line for each change that is made, so that the utility shows what was asked. */
static void send_yes(struct ipc_peer *peer, const Vx__Ipc *msg)
{
	char text[128], *line = text;
	Vx__Reply reply = VX__REPLY__INIT;
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", msg->request->verb);

	for (size_t i = 0; i < msg->request->n_operand; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
					 msg->request->operand[i]);
	}
	reply.n_line = 1;
	reply.line = &line;
	reply.outcome = TEXT("committed");
	sample_send(peer, msg->cookie, &reply);
}

static bool is(const Vx__Ipc *msg, const char *verb)
{
	return strcmp(msg->request->verb, verb) == 0;
}

static bool names(const Vx__Ipc *msg, const char *volume)
{
	for (size_t i = 0; i < msg->request->n_operand; i++) {
		if (strcmp(msg->request->operand[i], volume) == 0) {
			return true;
		}
	}
	return false;
}

/* vol1 and apps are not started. */
static bool answer_info(struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct sample_group group;

	if (strcmp(msg->request->tool, "vxinfo") != 0) {
		return false;
	}
	sample_group_init(&group);
	group.vol[0].kstate = VX__KSTATE__KS_DISABLED;
	sample_send(peer, msg->cookie, &group.reply);
	return true;
}

static void answer_yes(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	ck_assert_uint_eq(count, 0);
	send_yes(peer, msg);
}

START_TEST(test_all_at_once)
{
	type(answer_yes, "vxvol -g data startall");
	check(0, "startall\n", "");
}
END_TEST

static void answer_one_refused(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	if (answer_info(peer, msg)) {
		return;
	}
	if (is(msg, "startall") || names(msg, "vol1")) {
		send_no(peer, msg, MSG_NODE_REFUSED, 20, REFUSAL);
	} else {
		send_yes(peer, msg);
	}
}

START_TEST(test_one_is_refused)
{
	type(answer_one_refused, "vxvol -g data startall");
	check(26, "start apps\n",
	      "vxha vxvol ERROR V-80-1-1140 Volume vol1: not started: " REFUSAL "\n");
	type(answer_one_refused, "vxvol -n -g data startall");
	check(26, "start apps\n",
	      "vxha vxvol ERROR V-80-1-1140 Volume vol1: not started: " REFUSAL "\n");
	type(answer_one_refused, "vxvol -g data start vol1 apps"); /* who names them wants them all */
	check(20, "", "vxha vxvol ERROR V-80-1-1043 " REFUSAL "\n");
}
END_TEST

static void answer_no_plex(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	if (answer_info(peer, msg)) {
		return;
	}
	if (is(msg, "startall") || names(msg, "vol1")) {
		send_no(peer, msg, MSG_VOLUME_NO_PLEX, 20, "Volume vol1: cannot be started");
	} else { /* another node does the same */
		send_no(peer, msg, MSG_VOLUME_STARTED, 25, "Volume apps: is started already");
	}
}

START_TEST(test_one_has_no_plex)
{
	type(answer_no_plex, "vxvol -g data startall");
	check(26, "", "vxha vxvol ERROR V-80-1-1052 Volume vol1: cannot be started\n");
}
END_TEST

static void answer_too_large(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	if (answer_info(peer, msg)) {
		return;
	}
	if (is(msg, "startall") || msg->request->n_operand > 1) {
		send_no(peer, msg, MSG_TOO_LARGE, 5, "Disk group data: too large for one change");
	} else {
		send_yes(peer, msg);
	}
}

START_TEST(test_too_large)
{
	type(answer_too_large, "vxvol -g data startall");
	check(0, "start vol1\nstart apps\n", "");
}
END_TEST

static void answer_mute(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	ck_assert_uint_eq(count, 0);
	send_no(peer, msg, MSG_NODE_REFUSED, 8, "Disk group data: refused by node c: gave no vote");
}

static void answer_then_reconf(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	ck_assert_uint_lt(count, 3);
	if (answer_info(peer, msg)) {
		return;
	}
	if (is(msg, "startall")) {
		send_no(peer, msg, MSG_NODE_REFUSED, 20, REFUSAL);
	} else {
		send_no(peer, msg, MSG_RECONFIG, 20, "try again");
	}
}

/* Nobody else is asked, and the reason is told once. */
START_TEST(test_no_volume_is_to_blame)
{
	type(answer_mute, "vxvol -g data startall");
	check(8, "", "vxha vxvol ERROR V-80-1-1043 Disk group data: refused by node c: gave no vote\n");
	type(answer_then_reconf, "vxvol -g data startall");
	check(20, "", "vxha vxvol ERROR V-80-1-1045 try again\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmd start_all");
	TCase *tcase = tcase_create("start_all");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, test_all_at_once);
	tcase_add_test(tcase, test_one_is_refused);
	tcase_add_test(tcase, test_one_has_no_plex);
	tcase_add_test(tcase, test_too_large);
	tcase_add_test(tcase, test_no_volume_is_to_blame);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
