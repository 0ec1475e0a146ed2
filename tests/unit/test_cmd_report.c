// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports of nodes: statistics that are added up and subtracted (vxstat), tasks (vxtask). */
#include "tests/unit/cmd_sample.h"

#include "base/limits.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cmd/stat_set.h"

#define OBJECTS 5

static struct sample_server server;
static struct sample_result result;

struct sample_node {
	Vx__NodeReport report;
	Vx__IodReport io;
	Vx__ObjStat stat[OBJECTS], *stat_list[OBJECTS];
	Vx__Counters counters[OBJECTS];
	Vx__Task task[4], *task_list[4];
};

static const struct {
	const char *type, *group, *name;
} objects[OBJECTS] = {
	{ "vol", "data", "vol2" }, { "vol", "data", "vol1" }, { "pl", "data", "vol1-01" },
	{ "sd", "data", "d1-01" }, { "dm", "data", "d1" },
};

/* A node whose counters all are a number of times what one unit of work gives. */
static void node_stats(struct sample_node *node, const char *name, uint64_t units)
{
	memset(node, 0, sizeof(*node));
	vx__node_report__init(&node->report);
	vx__iod_report__init(&node->io);
	node->report.node = TEXT(name);
	node->report.io = &node->io;
	for (size_t i = 0; i < OBJECTS; i++) {
		vx__obj_stat__init(&node->stat[i]);
		vx__counters__init(&node->counters[i]);
		node->stat[i].type = TEXT(objects[i].type);
		node->stat[i].group = TEXT(objects[i].group);
		node->stat[i].name = TEXT(objects[i].name);
		node->stat[i].counters = &node->counters[i];
		node->counters[i].reads = 10 * units;
		node->counters[i].writes = 4 * units;
		node->counters[i].read_blocks = 80 * units;
		node->counters[i].write_blocks = 32 * units;
		node->counters[i].read_ns = 10 * units * 1500000;
		node->counters[i].write_ns = 4 * units * 250000;
		node->stat_list[i] = &node->stat[i];
	}
	node->io.n_stat = OBJECTS;
	node->io.stat = node->stat_list;
}

/* Nodes a and b report; c says why it does not. Each question finds that as much work was done
 * again. */
static void answer_stats(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	struct sample_node a, b, c;
	Vx__NodeReport *list[] = { &a.report, &b.report, &c.report };

	ck_assert_str_eq(msg->request->verb, "stat");
	node_stats(&a, "a", count + 1);
	node_stats(&b, "b", 2 * (count + 1));
	node_stats(&c, "c", 0);
	c.report.error = TEXT("vxiod is not running");
	c.report.io = NULL;
	reply.n_node = 3;
	reply.node = list;
	sample_send(peer, msg->cookie, &reply);
}

static void answer_local(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	struct sample_node a;

	node_stats(&a, "a", count + 1);
	reply.io = &a.io;
	sample_send(peer, msg->cookie, &reply);
}

static void answer_nothing(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;

	(void)count;
	sample_send(peer, msg->cookie, &reply);
}

static void type(sample_run *run, sample_answer *answer, const char *line)
{
	sample_server_start(&server, answer);
	result = sample_type(run, line, server.service);
	sample_server_stop(&server);
}

static const struct {
	sample_answer *answer;
	const char *line, *golden;
} stats[] = {
	{ answer_stats, "vxstat", "vxstat" },
	{ answer_stats, "vxstat -g data -vpsd", "vxstat-vpsd" },
	{ answer_stats, "vxstat -n b -d", "vxstat-n-b" },
	{ answer_stats, "vxstat -n a,b vol1", "vxstat-n-ab-vol1" },
	{ answer_stats, "vxstat --json", "vxstat-json" },
	{ answer_stats, "vxstat -g other", "vxstat-empty" },
	{ answer_local, "vxstat -q", "vxstat-q-local" },
	{ answer_nothing, "vxstat -r", "empty" },
};

START_TEST(test_stats)
{
	type(vxstat_run, stats[_i].answer, stats[_i].line);
	ck_assert_int_eq(result.exit_code, 0);
	if (stats[_i].answer == answer_stats && strstr(stats[_i].line, "-n") == NULL) {
		ck_assert_str_eq(result.err,
				 "vxha vxstat WARNING V-80-1-1125 Node c: no report: vxiod is "
				 "not running\n");
	} else {
		ck_assert_str_eq(result.err, "");
	}
	sample_golden(stats[_i].golden, result.out);
	sample_result_free(&result);
}
END_TEST

START_TEST(test_stats_of_a_missing_node)
{
	type(vxstat_run, answer_stats, "vxstat -n a,z");
	ck_assert_int_eq(result.exit_code, 11);
	ck_assert_str_eq(result.out, "");
	ck_assert_ptr_nonnull(strstr(result.err, "ERROR V-80-1-1124 Node z: no report of a node"));
	sample_result_free(&result);
}
END_TEST

START_TEST(test_stats_of_another_class)
{
	type(vxstat_run, answer_stats, "vxstat -g data -p vol1");
	ck_assert_int_eq(result.exit_code, 11);
	ck_assert_str_eq(result.out, "");
	ck_assert_ptr_nonnull(strstr(result.err, "ERROR V-80-1-1138 vol1: is of another class"));
	sample_result_free(&result);
}
END_TEST

/* The first look shows all since the start, the next one what came in between. */
START_TEST(test_intervals)
{
	type(vxstat_run, answer_local, "vxstat -i 1 -c 2 -q vol1");
	ck_assert_int_eq(result.exit_code, 0);

	size_t found = 0;

	for (char *at = result.out; (at = strstr(at, "vol vol1")) != NULL; at++) {
		ck_assert_int_eq(strncmp(at, "vol vol1              10 ", 24), 0);
		found++;
	}
	ck_assert_uint_eq(found, 2);
	sample_result_free(&result);
}
END_TEST

START_TEST(test_between)
{
	struct stat_row then[] = { { .name = "vol1", .reads = 5, .read_ns = 9 },
				   { .name = "vol2", .reads = 90 } };
	struct stat_row later[] = { { .name = "vol0", .reads = 7 },
				    { .name = "vol1", .reads = 9, .read_ns = 20 },
				    { .name = "vol2", .reads = 3 } };
	const struct stat_set before = { then, 2 }, now = { later, 3 }, none = { NULL, 0 };
	struct stat_set set;

	stat_set_between(&before, &now, &set);
	ck_assert_uint_eq(set.count, 3);
	ck_assert_uint_eq(set.row[0].reads, 7); /* new */
	ck_assert_uint_eq(set.row[1].reads, 4);
	ck_assert_uint_eq(set.row[1].read_ns, 11);
	ck_assert_uint_eq(set.row[2].reads, 3); /* was reset in between */
	stat_set_free(&set);
	stat_set_between(&none, &now, &set);
	ck_assert_uint_eq(set.row[1].reads, 9);
	stat_set_free(&set);
}
END_TEST

/* ---- tasks ---- */

static void node_task(struct sample_node *node, size_t i, uint64_t id, const char *volume,
		      uint64_t done, const char *waits_for)
{
	Vx__Task *task = &node->task[i];

	vx__task__init(task);
	task->id = id;
	task->type = TEXT(waits_for[0] != '\0' ? "TXN" : "RECOV");
	task->state = TEXT(waits_for[0] != '\0' ? "waiting" : "running");
	task->group = TEXT("data");
	task->volume = TEXT(volume);
	task->done = done;
	task->total = 409600;
	task->regions = 7;
	task->all_regions = 400;
	task->started_ms = 1763712345000;
	task->elapsed_ms = 2345;
	task->waits_for = TEXT(waits_for);
	node->task_list[i] = task;
}

/* monitor: the task is there in two answers, then it is gone. */
static void answer_tasks(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	struct sample_node a, b;
	Vx__NodeReport *list[] = { &b.report, &a.report };

	/* names are checked by the first look only: later what was there may have ended */
	ck_assert_str_eq(msg->request->verb, count == 0 ? "list" : "monitor");
	node_stats(&a, "a", 0);
	node_stats(&b, "b", 0);
	node_task(&a, 0, 162, "vol1", 4400 * (count + 1), "");
	node_task(&a, 1, 3, "vol2", 409600, "");
	node_task(&b, 0, 9, "vol3", 0, "votes of node c");
	a.io.n_task = count < 2 ? 1 : 0;
	a.io.task = a.task_list;
	a.io.n_finished = 1;
	a.io.finished = &a.task_list[1];
	a.task[1].state = TEXT("done");
	a.task[1].type = TEXT("ATCOPY");
	a.task[1].plex = TEXT("vol2-02");
	b.io.n_task = 1;
	b.io.task = b.task_list;
	reply.n_node = 2;
	reply.node = list;
	sample_send(peer, msg->cookie, &reply);
}

/* As vxiod tells it: every node knows of the one resynchronisation, one of them a little more. */
static void answer_same_task(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	struct sample_node a, b;
	Vx__NodeReport *list[] = { &b.report, &a.report }; /* b answered first */

	(void)count;
	for (size_t i = 0; i < 2; i++) {
		struct sample_node *node = i == 0 ? &a : &b;

		node_stats(node, i == 0 ? "a" : "b", 0);
		node_task(node, 0, 7 + i, "vol1", 1000 * (i + 1), "");
		node_task(node, 1, 3 + i, "vol2", 409600, ""); /* ended on both */
		node_task(node, 2, 1 + i, "vol2", 409600, ""); /* an earlier one */
		node->task[0].state = TEXT("R");
		node->task[1].state = node->task[2].state = TEXT("D");
		node->task[2].elapsed_ms = 99;
		node->io.n_task = 1;
		node->io.task = node->task_list;
		node_task(node, 3, 4 + i, "vol2", 409600, ""); /* a later one, which looks the same */
		node->task[3].state = TEXT("D");
		node->task[3].started_ms = node->task[0].started_ms += 1000;
		node->io.n_finished = 3;
		node->io.finished = &node->task_list[1];
	}
	reply.n_node = 2;
	reply.node = list;
	sample_send(peer, msg->cookie, &reply);
}

static void node_change(struct sample_node *node, size_t i, Vx__Author *author, const char *where,
			uint32_t pid, const char *waits_for)
{
	node_task(node, i, 0, "", 0, waits_for);
	vx__author__init(author);
	author->node = TEXT(where);
	author->pid = pid;
	author->command_line = TEXT("vxassist -g data make v1 1g");
	node->task[i].type = TEXT("CHANGE");
	node->task[i].node = TEXT(where);
	node->task[i].total = 0;
	node->task[i].author = author;
}

/* The master a tells what waits in its queue; b of its own one, too, while it cannot be sent. */
static void answer_changes(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;
	struct sample_node a, b;
	Vx__NodeReport *list[] = { &a.report, &b.report };
	Vx__Author author[4];

	(void)count;
	node_stats(&a, "a", 0);
	node_stats(&b, "b", 0);
	node_change(&a, 0, &author[0], "a", 411, "the vote of node c");
	node_change(&a, 1, &author[1], "b", 322,
		    "an earlier change: vxassist -g data make v1 1g (node a, pid 411)");
	node_change(&b, 0, &author[2], "b", 322, "the cluster reconfiguration");
	node_change(&b, 1, &author[3], "b", 323, "the cluster reconfiguration");
	a.io.n_task = b.io.n_task = 2;
	a.io.task = a.task_list;
	b.io.task = b.task_list;
	reply.n_node = 2;
	reply.node = list;
	sample_send(peer, msg->cookie, &reply);
}

static const struct {
	sample_answer *answer;
	const char *line, *golden;
} tasks[] = {
	{ answer_changes, "vxtask list", "vxtask-changes" },
	{ answer_changes, "vxtask -l list", "vxtask-changes-l" },
	{ answer_changes, "vxtask --json list", "vxtask-changes-json" },
	{ answer_same_task, "vxtask -a list", "vxtask-same" },
	{ answer_same_task, "vxtask -l list 8", "vxtask-same-l" },
	{ answer_tasks, "vxtask list", "vxtask-list" },
	{ answer_tasks, "vxtask -q list vol1", "vxtask-list-vol1" },
	{ answer_tasks, "vxtask -l -a list", "vxtask-l-a" },
	{ answer_tasks, "vxtask list 9 --json", "vxtask-json" },
	{ answer_tasks, "vxtask -g other list", "vxtask-empty" },
	{ answer_nothing, "vxtask list", "vxtask-empty" },
	{ answer_tasks, "vxtask -w 1 monitor 162", "vxtask-monitor" },
};

START_TEST(test_tasks)
{
	type(vxtask_run, tasks[_i].answer, tasks[_i].line);
	ck_assert_int_eq(result.exit_code, 0);
	ck_assert_str_eq(result.err, "");
	sample_golden(tasks[_i].golden, result.out);
	sample_result_free(&result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmd report");
	TCase *tcase = tcase_create("report");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, test_stats, 0, VX_COUNT_OF(stats));
	tcase_add_test(tcase, test_stats_of_a_missing_node);
	tcase_add_test(tcase, test_stats_of_another_class);
	tcase_add_test(tcase, test_intervals);
	tcase_add_test(tcase, test_between);
	tcase_add_loop_test(tcase, test_tasks, 0, VX_COUNT_OF(tasks));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
