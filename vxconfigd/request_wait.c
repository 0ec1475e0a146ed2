// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request at the master waits for, in words: told to who typed it, and by vxtask. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/proto.h"
#include "vxconfigd/author.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/request_queue.h"

static bool wait_is(const struct request *req, const uint8_t *txid)
{
	return req != NULL && memcmp(req->request->txid.data, txid, ID_BYTES) == 0;
}

static bool wait_is_in(const struct request_list *list, const uint8_t *txid)
{
	const struct request *req;

	TAILQ_FOREACH(req, list, next)
	{
		if (wait_is(req, txid)) {
			return true;
		}
	}
	return false;
}

/* "WHAT node b, c": the members whose word is missing. */
static void wait_nodes(struct group *group, const char *what, char *text)
{
	uint32_t awaited = txn_awaited(&group->txn);
	size_t used = (size_t)snprintf(text, VX_REASON_MAX, "%s node", what);

	for (size_t i = 0; i < group->txn.view.count && used < VX_REASON_MAX / 2; i++) {
		if ((awaited & (1u << i)) != 0) {
			snprintf(text + used, VX_REASON_MAX - used, "%s %s",
				 used > strlen(what) + strlen(" node") ? "," : "",
				 cview_name(&group->configd->cluster, group->txn.view.member[i]));
			used += strlen(text + used);
		}
	}
}

static void wait_transaction(struct group *group, char *text)
{
	switch (group->txn.master) {
	case TXN_VOTING:
		wait_nodes(group, "the vote of", text);
		return;
	case TXN_QUIESCING:
		wait_nodes(group, "I/O to become quiet on", text);
		return;
	case TXN_COMMITTING:
		wait_nodes(group, "the acknowledgement of", text);
		return;
	case TXN_FORMATTING:
		snprintf(text, VX_REASON_MAX, "the new dirty region log");
		return;
	case TXN_WRITING:
		snprintf(text, VX_REASON_MAX, "the configuration copies on the disks");
		return;
	case TXN_IDLE:
	case TXN_ABORTING:
		snprintf(text, VX_REASON_MAX, "the end of the transaction");
		return;
	}
}

/* Nothing of it has begun. */
static void wait_queue(struct configd *configd, const struct group *group, char *text)
{
	const struct request *before = group == NULL		? configd->creating_now
				       : group->current != NULL ? group->current
								: group->starting;

	if (!cview_is_settled(&configd->cluster) || steps_is_held(configd)) {
		snprintf(text, VX_REASON_MAX, "the cluster reconfiguration");
		return;
	}
	for (size_t i = 0; i < configd->cluster.peer_count; i++) {
		const struct peer *peer = &configd->cluster.peer[i];

		if (!peer->ready) {
			snprintf(text, VX_REASON_MAX, "vxconfigd of node %s to come back",
				 cview_name(&configd->cluster, peer->nodeid));
			return;
		}
	}
	if (before == NULL) {
		snprintf(text, VX_REASON_MAX, "an earlier change");
	} else {
		snprintf(text, VX_REASON_MAX, "an earlier change: %.*s (node %s, pid %" PRIu32 ")",
			 VX_AUDIT_LINE_MAX, before->request->command_line,
			 cview_name(&configd->cluster, before->nodeid), before->request->pid);
	}
}

static void wait_disks(struct configd *configd, char *text)
{
	snprintf(text, VX_REASON_MAX, "the disks of node %s",
		 cview_name(&configd->cluster, configd->cluster.self));
}

bool request_waits_for(struct configd *configd, const uint8_t *txid, char *out_text)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (wait_is(group->current, txid) || wait_is_in(&group->sharing, txid)) {
			wait_transaction(group, out_text);
			return true;
		}
		if (wait_is(group->starting, txid)) {
			wait_disks(configd, out_text);
			return true;
		}
		if (wait_is_in(&group->queue, txid)) {
			wait_queue(configd, group, out_text);
			return true;
		}
	}
	if (wait_is(configd->creating_now, txid)) {
		wait_disks(configd, out_text);
		return true;
	}
	if (wait_is_in(&configd->creating, txid)) {
		wait_queue(configd, NULL, out_text);
		return true;
	}
	return false;
}

/* ---- vxtask ---- */

bool request_report_one(Vx__IodReport *report, size_t room, const Vx__Request *request,
			const char *node, uint64_t since_ms, const char *group, const char *text)
{
	Vx__Task *task = PROTO_NEW(vx__task, Vx__Task);
	uint64_t now = clock_wall_ms();

	task->author = author_new(request, node);
	task->author->time_ms = since_ms;
	task->started_ms = since_ms;
	task->elapsed_ms = now > since_ms ? now - since_ms : 0;
	proto_string_set(&task->type, "CHANGE");
	proto_string_set(&task->state, "W");
	proto_string_set(&task->group, group);
	proto_string_set(&task->node, node);
	proto_string_set(&task->waits_for, text);
	if (vx__iod_report__get_packed_size(report) + vx__task__get_packed_size(task) + 16 > room) {
		proto_free(task);
		return false;
	}
	PROTO_ADD(report->task, report->n_task, task);
	return true;
}

static bool wait_report(struct request *req, Vx__IodReport *report, size_t room)
{
	struct configd *configd = req->configd;
	const char *group = plan_group(req->request);
	char text[VX_REASON_MAX];

	request_waits_for(configd, req->request->txid.data, text);
	return request_report_one(report, room, req->request,
				  cview_name(&configd->cluster, req->nodeid), req->since_ms,
				  req->group != NULL ? req->group->name
				  : group != NULL    ? group
						     : "",
				  text);
}

static bool wait_report_list(struct request_list *list, Vx__IodReport *report, size_t room)
{
	struct request *req;

	TAILQ_FOREACH(req, list, next)
	{
		if (!wait_report(req, report, room)) {
			return false;
		}
	}
	return true;
}

void request_report(struct configd *configd, Vx__IodReport *report, size_t room)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if ((group->starting != NULL && !wait_report(group->starting, report, room)) ||
		    (group->current != NULL && !wait_report(group->current, report, room)) ||
		    !wait_report_list(&group->sharing, report, room) ||
		    !wait_report_list(&group->queue, report, room)) {
			return;
		}
	}
	if (configd->creating_now == NULL || wait_report(configd->creating_now, report, room)) {
		wait_report_list(&configd->creating, report, room);
	}
}
