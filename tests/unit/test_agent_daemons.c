// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm daemons and volumes against daemons that are played by forked processes. */
#include "agent/adm_daemons.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/adm_volumes.h"
#include "base/daemon.h"
#include "base/ipc.h"
#include "base/paths.h"
#include "tests/unit/agent_sample.h"
#include "tests/unit/agent_verb.h"
#include "tests/unit/suite.h"

static void clustd_answer(struct ipc_peer *peer, const Vx__Ipc *msg)
{
	Vx__AdmState state = VX__ADM_STATE__INIT;
	Vx__Ipc answer = VX__IPC__INIT;

	state.configd = TEXT("it was stopped");
	answer.cookie = msg->cookie;
	answer.body_case = VX__IPC__BODY_ADM_STATE;
	answer.adm_state = &state;
	ipc_peer_send(peer, &answer);
}

/* Two groups, not in order; data/vol1 is open twice, other/vol2 has no device. */
static void iod_on_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	static const struct {
		const char *group, *name, *device, *nbd;
	} volume[] = {
		{ "other", "vol2", "", "" },
		{ "data", "vol3", "", "nbd+unix:///data/vol3" },
		{ "data", "vol1", "/dev/vx/dsk/data/vol1", "nbd+unix:///data/vol1" },
	};
	Vx__VolInfo info[3], *infos[3];
	Vx__OpenBy by[2], *bys[2];
	Vx__IodReport report = VX__IOD_REPORT__INIT;
	Vx__Ipc answer = VX__IPC__INIT;

	(void)ctx;
	if (msg->body_case == VX__IPC__BODY_REG) {
		return;
	}
	if (msg->body_case == VX__IPC__BODY_ADM_QUERY) {
		clustd_answer(peer, msg);
		return;
	}
	if (msg->body_case != VX__IPC__BODY_IOD_QUERY || !msg->iod_query->volumes ||
	    !msg->iod_query->opens) {
		abort();
	}
	for (size_t i = 0; i < 3; i++) {
		vx__vol_info__init(&info[i]);
		info[i].group = TEXT(volume[i].group);
		info[i].name = TEXT(volume[i].name);
		info[i].device = TEXT(volume[i].device);
		info[i].nbd = TEXT(volume[i].nbd);
		infos[i] = &info[i];
	}
	for (size_t i = 0; i < 2; i++) {
		vx__open_by__init(&by[i]);
		by[i].group = TEXT("data");
		by[i].volume = TEXT("vol1");
		by[i].command = TEXT(i == 0 ? "fio" : "a program");
		by[i].pid = (uint32_t)(7 + i);
		by[i].how = TEXT("fuse");
		by[i].since_s = 20;
		bys[i] = &by[i];
	}
	report.vol = infos;
	report.n_vol = 3;
	report.open = bys;
	report.n_open = 2;
	answer.body_case = VX__IPC__BODY_IOD_REPORT;
	answer.iod_report = &report;
	ipc_peer_send(peer, &answer); /* an event that is nobody's answer */
	answer.cookie = msg->cookie;
	ipc_peer_send(peer, &answer);
}

/* Holds the lock of a daemon; serves when a byte comes. */
static void play_main(const char *name, const char *service, int begin_fd, int ready_fd)
{
	static const struct ipc_server_ops ops = { .message = iod_on_message };
	struct ipc_server *server;
	struct daemon *daemon;
	struct loop *loop;
	pid_t other;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (daemon_start(name, true, &daemon, &other) != 0 || write(ready_fd, "", 1) != 1 ||
	    read(begin_fd, &byte, 1) != 1 || loop_create(&loop) != 0 ||
	    ipc_server_create(loop, service, &ops, NULL, &server) != 0 ||
	    write(ready_fd, "", 1) != 1) {
		_exit(1);
	}
	loop_run(loop);
	_exit(0);
}

struct play {
	pid_t pid;
	int begin_fd, ready_fd;
};

static void play_wait(const struct play *play)
{
	char byte;

	ck_assert_int_eq(read(play->ready_fd, &byte, 1), 1);
}

/* A daemon that runs and does not serve yet. */
static struct play play_start(const char *name, const char *service)
{
	int begin[2], ready[2];
	struct play play;

	ck_assert_int_eq(pipe(begin), 0);
	ck_assert_int_eq(pipe(ready), 0);
	play = (struct play){ .pid = fork(), .begin_fd = begin[1], .ready_fd = ready[0] };
	ck_assert_int_ge(play.pid, 0);
	if (play.pid == 0) {
		play_main(name, service, begin[0], ready[1]);
	}
	close(begin[0]);
	close(ready[1]);
	play_wait(&play);
	return play;
}

static void play_serve(const struct play *play)
{
	ck_assert_int_eq(write(play->begin_fd, "", 1), 1);
	play_wait(play);
}

static void play_end(const struct play *play)
{
	kill(play->pid, SIGKILL);
	waitpid(play->pid, NULL, 0);
}

static const struct adm_options plain = { 0 }, json = { .json = true };

START_TEST(nobody_runs)
{
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, "vxclustd -\nvxconfigd -\nvxiod -\n");
	verb_end(verb_begin(adm_volumes, &plain, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2017 vxiod is not running on this node: it serves "
		 "no volume\n");
}
END_TEST

START_TEST(who_hangs)
{
	struct play iod = play_start("vxiod", IPC_IOD);
	struct play configd = play_start("vxconfigd", IPC_CONFIGD);
	char text[1024];

	play_serve(&iod);
	play_serve(&configd);
	snprintf(text, sizeof(text), "vxclustd -\nvxconfigd %d\nvxiod %d\n", configd.pid, iod.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	kill(configd.pid, SIGSTOP);
	snprintf(text, sizeof(text), "vxclustd -\nvxconfigd %d does not answer\nvxiod %d\n",
		 configd.pid, iod.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	snprintf(text, sizeof(text),
		 "{\n  \"daemons\":[\n"
		 "    {\n      \"name\":\"vxclustd\",\n      \"running\":false\n    },\n"
		 "    {\n      \"name\":\"vxconfigd\",\n      \"running\":true,\n"
		 "      \"pid\":%d,\n      \"answers\":false\n    },\n"
		 "    {\n      \"name\":\"vxiod\",\n      \"running\":true,\n"
		 "      \"pid\":%d,\n      \"answers\":true\n    }\n  ]\n}\n",
		 configd.pid, iod.pid);
	verb_end(verb_begin(adm_daemons, &json, NULL), 0, text);
	play_end(&configd);
	snprintf(text, sizeof(text), "vxclustd -\nvxconfigd -\nvxiod %d\n", iod.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	play_end(&iod);
}
END_TEST

/* A daemon that has only begun is waited for; one that never gets there is mute. */
START_TEST(who_starts)
{
	struct play configd = play_start("vxconfigd", IPC_CONFIGD);
	char text[1024];
	pid_t verb;

	snprintf(text, sizeof(text), "vxclustd -\nvxconfigd %d does not answer\nvxiod -\n",
		 configd.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	verb = verb_begin(adm_daemons, &plain, NULL);
	play_serve(&configd);
	snprintf(text, sizeof(text), "vxclustd -\nvxconfigd %d\nvxiod -\n", configd.pid);
	verb_end(verb, 0, text);
	play_end(&configd);
}
END_TEST

/* Why vxconfigd does not run vxclustd knows, unless it hangs. */
START_TEST(why_not)
{
	struct play clustd = play_start("vxclustd", IPC_CLUSTD);
	char text[1024];

	play_serve(&clustd);
	snprintf(text, sizeof(text), "vxclustd %d\nvxconfigd - it was stopped\nvxiod -\n", clustd.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	kill(clustd.pid, SIGSTOP);
	snprintf(text, sizeof(text), "vxclustd %d does not answer\nvxconfigd -\nvxiod -\n",
		 clustd.pid);
	verb_end(verb_begin(adm_daemons, &plain, NULL), 0, text);
	play_end(&clustd);
}
END_TEST

#define TITLE "Volume                          Device                          Open by\n"
#define VOL1 \
	"data/vol1                       /dev/vx/dsk/data/vol1           fio (pid 7), a program " \
	"(pid 8)\n"
#define VOL3 "data/vol3                       nbd+unix:///data/vol3           -\n"
#define VOL2 "other/vol2                      -                               -\n"

START_TEST(volumes)
{
	struct play iod = play_start("vxiod", IPC_IOD);

	play_serve(&iod);
	verb_end(verb_begin(adm_volumes, &plain, NULL), 0, TITLE VOL1 VOL3 VOL2);
	verb_end(verb_begin(adm_volumes, &plain, "data"), 0, TITLE VOL1 VOL3);
	verb_end(verb_begin(adm_volumes, &plain, "dat"), 0, TITLE);
	verb_end(verb_begin(adm_volumes, &json, "other"), 0,
		 "{\n  \"volumes\":[\n    {\n      \"group\":\"other\",\n      "
		 "\"name\":\"vol2\",\n      \"open\":[\n      ]\n    }\n  ]\n}\n");
	kill(iod.pid, SIGSTOP);
	verb_end(verb_begin(adm_volumes, &plain, NULL), 1,
		 "vxha vxclustadm ERROR V-80-2-2018 no answer of vxiod: timed out\n");
	play_end(&iod);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_daemons");
	TCase *all = tcase_create("all");

	if (geteuid() == 0) {
		tcase_set_timeout(all, 60);
		tcase_add_checked_fixture(all, verb_setup, verb_teardown);
		tcase_add_test(all, nobody_runs);
		tcase_add_test(all, who_hangs);
		tcase_add_test(all, who_starts);
		tcase_add_test(all, why_not);
		tcase_add_test(all, volumes);
		suite_add_tcase(suite, all);
	} else {
		printf("skipped: verbs against a server (needs root for a network namespace)\n");
	}
	return suite_run(suite);
}
