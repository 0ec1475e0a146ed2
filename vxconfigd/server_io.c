// SPDX-License-Identifier: GPL-2.0-or-later
/* What all nodes report: vxtask, vxstat (by their vxiods), vxdisk path. A node that does not answer is named. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

/* Sets these cookies apart from those of the relays. */
#define IO_COOKIE (UINT64_C(1) << 63)

enum io_what { IO_TASKS, IO_STATS, IO_PATHS };

static const char *const io_what_text[] = { "tasks", "stats", "paths" };

/* What a utility, or another node for one, asks for. */
static enum io_what io_what(const Vx__Request *request)
{
	const char *what = request_attr(request, "what");

	if (what == NULL) {
		return strcmp(request->tool, "vxstat") == 0   ? IO_STATS
		       : strcmp(request->tool, "vxdisk") == 0 ? IO_PATHS
							      : IO_TASKS;
	}
	return strcmp(what, io_what_text[IO_STATS]) == 0   ? IO_STATS
	       : strcmp(what, io_what_text[IO_PATHS]) == 0 ? IO_PATHS
							   : IO_TASKS;
}

/* One question to all nodes. */
struct io_round {
	TAILQ_ENTRY(io_round) next;
	struct ask *ask;
	uint64_t cookie;
	Vx__Reply *reply; /* one node report each; nodeid 0 in waiting[] once it has answered */
	uint32_t waiting[VX_NODES_MAX];
	size_t count;
	struct loop_timer timer;
};

static bool io_is_task(const Vx__IodReport *report, const char *name)
{
	char id[24];

	for (size_t i = 0; report != NULL && i < report->n_task + report->n_finished; i++) {
		const Vx__Task *task =
			i < report->n_task ? report->task[i] : report->finished[i - report->n_task];

		snprintf(id, sizeof(id), "%" PRIu64, task->id);
		if (strcmp(id, name) == 0) {
			return true;
		}
	}
	return false;
}

/* vxtask list: what it names is a volume, or the number of a task that some node told of. */
static void io_check_tasks(struct io_round *round)
{
	const Vx__Request *request = round->ask->request;

	for (size_t i = 0; i < request->n_operand; i++) {
		bool found = server_has_record(round->ask, request->operand[i], true);

		for (size_t k = 0; k < round->reply->n_node && !found; k++) {
			found = io_is_task(round->reply->node[k]->io, request->operand[i]);
		}
		if (!found) {
			message_add(round->reply, request->tool, MSG_TASK_UNKNOWN,
				    request->operand[i]);
		}
	}
}

static void io_round_look(struct io_round *round)
{
	struct configd *configd = round->ask->configd;

	for (size_t i = 0; i < round->count; i++) {
		if (round->waiting[i] != 0) {
			return;
		}
	}
	loop_timer_cancel(&round->timer);
	TAILQ_REMOVE(&configd->io_rounds, round, next);
	if (strcmp(round->ask->request->verb, "list") == 0) {
		io_check_tasks(round);
	}
	ask_answer(round->ask, round->reply);
	free(round);
}

/* vxiod knows a disk by its id only. */
static void io_name_disk(const struct configd *configd, Vx__ObjStat *stat)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		for (size_t i = 0; group->config != NULL && i < group->config->n_dm; i++) {
			const Vx__Dm *dm = group->config->dm[i];

			if (!group->gone && strcmp(dm->diskid, stat->name) == 0) {
				proto_string_set(&stat->name, dm->name);
				proto_string_set(&stat->group, group->name);
				return;
			}
		}
	}
}

static void io_name_disks(const struct configd *configd, Vx__IodReport *report)
{
	for (size_t i = 0; i < report->n_stat; i++) {
		if (strcmp(report->stat[i]->type, "disk") == 0) {
			io_name_disk(configd, report->stat[i]);
		}
	}
}

static void io_round_take(struct io_round *round, size_t index, const Vx__IodReport *report,
			  const char *error)
{
	Vx__NodeReport *node = round->reply->node[index];

	round->waiting[index] = 0;
	if (report != NULL && io_what(round->ask->request) == IO_PATHS && !report->paths) {
		proto_string_set(&node->error, "its vxconfigd is of an older release");
	} else if (report != NULL) {
		node->io = proto_clone(report);
		io_name_disks(round->ask->configd, node->io);
	} else {
		proto_string_set(&node->error, error);
	}
}

static void io_on_timeout(void *ctx)
{
	struct io_round *round = ctx;

	for (size_t i = 0; i < round->count; i++) {
		if (round->waiting[i] != 0) {
			io_round_take(round, i, NULL, "no answer in time");
		}
	}
	io_round_look(round);
}

static struct io_round *io_round_find(struct configd *configd, uint64_t cookie)
{
	struct io_round *round;

	TAILQ_FOREACH(round, &configd->io_rounds, next)
	{
		if (round->cookie == cookie) {
			return round;
		}
	}
	return NULL;
}

/* Answers carry the cookie of the round and the index of the node in it. */
static void io_round_answer(struct configd *configd, uint64_t cookie, size_t index,
			    const Vx__IodReport *report, const char *error)
{
	struct io_round *round = io_round_find(configd, cookie);

	if (round != NULL && index < round->count && round->waiting[index] != 0) {
		io_round_take(round, index, report, error);
		io_round_look(round);
	}
}

bool server_io_on_reply(struct configd *configd, uint64_t cookie, const Vx__Reply *reply)
{
	if ((cookie & IO_COOKIE) == 0) {
		return false;
	}
	cookie &= ~IO_COOKIE;
	io_round_answer(configd, cookie / VX_NODES_MAX, cookie % VX_NODES_MAX, reply->io,
			reply->n_message > 0 ? reply->message[0]->text : "vxiod does not answer");
	return true;
}

/* What this node's vxiod reports, and for vxtask the changes that wait here. NULL: no answer. */
static Vx__IodReport *io_report(struct configd *configd, const Vx__Request *request, int error,
				const Vx__Ipc *answer, size_t room)
{
	Vx__IodReport *report;

	if (error != 0 || answer->body_case != VX__IPC__BODY_IOD_REPORT ||
	    vx__iod_report__get_packed_size(answer->iod_report) >= room) {
		return NULL;
	}
	report = proto_clone(answer->iod_report);
	if (io_what(request) == IO_TASKS) {
		request_report(configd, report, room);
		relay_report(configd, report, room);
	}
	return report;
}

static void io_query(struct configd *configd, const Vx__Request *request, iod_done *done, void *ctx)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	bool stats = io_what(request) == IO_STATS;

	query.stats = stats;
	query.tasks = !stats;
	query.volumes = !stats;
	query.reset = request_has_flag(request, "r");
	msg.body_case = VX__IPC__BODY_IOD_QUERY;
	msg.iod_query = &query;
	iod_call(configd->iod, &msg, done, ctx);
}

/* The last scan's: the label of each device was read. NULL: too many for a packet. */
static Vx__IodReport *io_paths(const struct configd *configd)
{
	Vx__IodReport *report = PROTO_NEW(vx__iod_report, Vx__IodReport);

	report->paths = true;
	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);
		Vx__PathInfo *path;

		if (disk->error != 0) {
			continue;
		}
		path = PROTO_NEW(vx__path_info, Vx__PathInfo);
		proto_string_set(&path->diskid, disk->label.diskid);
		proto_string_set(&path->device, disk->device);
		PROTO_ADD(report->path, report->n_path, path);
	}
	if (vx__iod_report__get_packed_size(report) >= VX_CPG_MSG_MAX - 1024) {
		proto_free(report);
		return NULL;
	}
	return report;
}

struct io_local {
	struct configd *configd;
	uint64_t cookie;
	size_t index;
};

static void io_on_local(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct io_local *local = ctx;
	struct io_round *round = io_round_find(local->configd, local->cookie);
	Vx__IodReport *report = NULL;

	if (round != NULL) {
		report = io_report(local->configd, round->ask->request, error, answer,
				   VX_IPC_MSG_MAX / 2);
	}
	io_round_answer(local->configd, local->cookie, local->index, report,
			reason[0] != '\0' ? reason : vx_strerror(error));
	proto_free(report);
	free(local);
}

static void io_ask_local(struct io_round *round, size_t index)
{
	struct io_local *local;

	if (io_what(round->ask->request) == IO_PATHS) {
		Vx__IodReport *report = io_paths(round->ask->configd);

		io_round_take(round, index, report, "too many disks to be told");
		proto_free(report);
		return;
	}
	local = proto_grow(NULL, 0, sizeof(*local));
	*local = (struct io_local){ .configd = round->ask->configd,
				    .cookie = round->cookie,
				    .index = index };
	io_query(local->configd, round->ask->request, io_on_local, local);
}

static void io_ask_remote(struct io_round *round, size_t index)
{
	Vx__CmdMsg msg = VX__CMD_MSG__INIT;
	Vx__Request request = VX__REQUEST__INIT;
	Vx__Attr attr = VX__ATTR__INIT;
	Vx__Attr *attrs[] = { &attr };
	char *flag[] = { "r" };

	request.tool = "vxconfigd";
	request.verb = "io";
	attr.key = "what";
	attr.value = (char *)(uintptr_t)io_what_text[io_what(round->ask->request)];
	request.attr = attrs;
	request.n_attr = 1;
	request.flag = flag;
	request.n_flag = request_has_flag(round->ask->request, "r") ? 1 : 0;
	msg.cookie = IO_COOKIE | (round->cookie * VX_NODES_MAX + index);
	msg.request = &request;
	if (clust_send_command(round->ask->configd->clust, round->waiting[index], &msg) != 0) {
		io_round_take(round, index, NULL, "cannot be asked");
	}
}

static void io_round_add(struct io_round *round, uint32_t nodeid, const char *name)
{
	Vx__NodeReport *node = PROTO_NEW(vx__node_report, Vx__NodeReport);

	node->nodeid = nodeid;
	proto_string_set(&node->node, name);
	PROTO_ADD(round->reply->node, round->reply->n_node, node);
	round->waiting[round->count++] = nodeid;
}

/* What is named must be there before anybody is asked (and before counters are reset). */
static bool io_names_known(const struct ask *ask, Vx__Reply *reply)
{
	const Vx__Request *request = ask->request;
	bool stat = strcmp(request->tool, "vxstat") == 0, known = server_group_known(ask, reply);

	for (size_t i = 0; i < request->n_operand && stat && known; i++) {
		const char *name = request->operand[i];

		if (server_has_record(ask, name, false)) {
			continue;
		}
		known = false;
		if (request->group[0] != '\0') {
			message_add(reply, request->tool, MSG_RECORD_UNKNOWN_IN, name,
				    request->group);
		} else {
			message_add(reply, request->tool, MSG_RECORD_UNKNOWN, name);
		}
	}
	return known;
}

void server_io_ask(struct ask *ask, Vx__Reply *reply)
{
	struct configd *configd = ask->configd;
	struct cview *cluster = &configd->cluster;
	struct io_round *round = proto_grow(NULL, 0, sizeof(*round));

	memset(round, 0, sizeof(*round));
	round->ask = ask;
	round->cookie = ++configd->cookies;
	round->reply = reply;
	TAILQ_INSERT_TAIL(&configd->io_rounds, round, next);
	for (size_t i = 0; i < cluster->peer_count; i++) {
		io_round_add(round, cluster->peer[i].nodeid,
			     cview_name(cluster, cluster->peer[i].nodeid));
	}
	if (round->count == 0) {
		io_round_add(round, UINT32_MAX, configd->host);
	}
	for (size_t i = 0; i < round->count; i++) {
		if (!cluster->member || round->waiting[i] == cluster->self) {
			io_ask_local(round, i);
		} else {
			io_ask_remote(round, i);
		}
	}
	loop_timer_set(configd->loop, &round->timer,
		       VX_IO_REPORT_MS + (io_what(ask->request) == IO_PATHS ? VX_DISK_ANSWER_MS : 0),
		       io_on_timeout, round);
	io_round_look(round);
}

void server_io_all(struct ask *ask)
{
	Vx__Reply *reply = ask_reply_new();

	if (io_names_known(ask, reply)) {
		server_io_ask(ask, reply);
	} else {
		ask_answer(ask, reply);
	}
}

static void io_on_report(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();

	(void)reason;
	reply->io = io_report(ask->configd, ask->request, error, answer, VX_CPG_MSG_MAX - 1024);
	ask_answer(ask, reply);
}

static void io_on_scanned(void *ctx)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();

	reply->io = io_paths(ask->configd);
	if (reply->io == NULL) {
		message_add(reply, ask->request->tool, MSG_IO_FAILED, "too many disks to be told",
			    ask->configd->host);
	}
	ask_answer(ask, reply);
}

void server_io_local(struct ask *ask)
{
	if (io_what(ask->request) == IO_PATHS) {
		disk_scan(ask->configd->disks, io_on_scanned, ask);
		return;
	}
	io_query(ask->configd, ask->request, io_on_report, ask);
}
