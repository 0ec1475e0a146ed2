// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that change a group, at the master: queues, beginning, answers. */
#include "vxconfigd/request_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/answers.h"
#include "vxconfigd/author.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/record.h"
#include "vxconfigd/share.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/txn_run.h"

static const char *request_group_name(const struct request *req)
{
	const char *name = plan_group(req->request);

	return req->group != NULL ? req->group->name : name != NULL ? name : "";
}

/* Answers and frees; req is in no list any more. */
static void request_end(struct request *req, const char *outcome)
{
	proto_string_set(&req->reply->outcome, outcome);
	if (strcmp(outcome, "unknown") != 0) {
		answers_add(req->configd->answers, req->request->txid.data, req->reply);
	}
	req->answer(req->ctx, req->reply);
	request_unplan(req);
	proto_free(req->request);
	proto_free(req->reply);
	free(req);
}

static struct request *request_new(struct configd *configd, const Vx__Request *request,
				   uint32_t nodeid, request_answer *answer, void *ctx)
{
	struct request *req = proto_grow(NULL, 0, sizeof(*req));

	memset(req, 0, sizeof(*req));
	req->configd = configd;
	req->request = proto_clone(request);
	req->nodeid = nodeid;
	req->mastership = configd->mastership;
	req->since_ms = clock_wall_ms();
	req->reply = PROTO_NEW(vx__reply, Vx__Reply);
	req->answer = answer;
	req->ctx = ctx;
	if (req->request->txid.len != ID_BYTES) {
		free(req->request->txid.data);
		req->request->txid.data = proto_grow(NULL, 0, ID_BYTES);
		req->request->txid.len = ID_BYTES;
		id_make_txn(req->request->txid.data);
	}
	return req;
}

/* No node may take all places. What vxconfigd itself wants takes none: of a volume it is one thing
 * at a time. */
static bool request_is_full(const struct request_list *list, uint32_t nodeid)
{
	const struct request *req;
	size_t count = 0, of_node = 0;

	TAILQ_FOREACH(req, list, next)
	{
		if (!request_is_internal(req->request)) {
			count++;
			of_node += req->nodeid == nodeid;
		}
	}
	return count >= VX_TXN_QUEUE_MAX || of_node >= VX_TXN_QUEUE_NODE_MAX;
}

/* The group of internal requests is named by its id. */
static struct group *request_group_find(struct configd *configd, const Vx__Request *request)
{
	const char *name = plan_group(request);

	if (request_is_internal(request)) {
		return group_find(configd, request->group);
	}
	return name != NULL ? group_by_name(configd, name) : NULL;
}

void request_submit(struct configd *configd, const Vx__Request *request, uint32_t nodeid,
		    request_answer *answer, void *ctx)
{
	struct request *req = request_new(configd, request, nodeid, answer, ctx);
	struct group *group = request_group_find(configd, request);
	bool creates = request_creates(request);
	struct request_list *list;

	if (creates && (group == NULL || request_import_forces(group, request))) {
		list = &configd->creating;
	} else if (creates) {
		if (strcmp(request->verb, "import") == 0) {
			request_import_refuse(req, group);
		} else {
			message_add(req->reply, request->tool, MSG_GROUP_EXISTS, group->name);
		}
		request_end(req, "aborted");
		return;
	} else if (group == NULL || group->state == GROUP_NEW) {
		message_add(req->reply, request->tool, MSG_GROUP_UNKNOWN,
			    plan_group(request) != NULL ? plan_group(request) : request->group);
		request_end(req, "aborted");
		return;
	} else {
		req->group = group;
		list = &group->queue;
	}
	if (!request_is_internal(request) && request_is_full(list, nodeid)) {
		message_add(req->reply, request->tool, MSG_QUEUE_FULL, request_group_name(req),
			    VX_TXN_QUEUE_MAX, VX_TXN_QUEUE_NODE_MAX);
		request_end(req, "aborted");
		return;
	}
	TAILQ_INSERT_TAIL(list, req, next);
	request_kick(configd);
}

/* ---- beginning ---- */

static bool request_formats(const struct request *req)
{
	return req->plan != NULL && req->plan->format_log_count > 0;
}

static void request_log_begin(const struct request *req)
{
	char who[VX_REASON_MAX];

	log_info("view=%#llx dg=%s begins: %s",
		 (unsigned long long)cview_epoch(&req->configd->cluster), req->group->name,
		 author_text(req->propose->author, who));
}

static void request_begin(struct request *first)
{
	struct group *group = first->group;
	struct txn_event event = {
		.type = TXN_EV_BEGIN,
		.ref.attempt = first->attempt,
		.format = request_formats(first),
		.write = first->propose->kind != VX__TXN_KIND__TXN_ACTIVATE,
		.dry_run = first->propose->dry_run,
	};
	const struct request *req;

	request_gather(first);
	memcpy(event.ref.txid, first->request->txid.data, ID_BYTES);
	event.quiesce = first->propose->n_quiesce > 0 && !first->propose->no_quiesce;
	group->current = first;
	request_log_begin(first);
	TAILQ_FOREACH(req, &group->sharing, next)
	{
		event.format = event.format || request_formats(req);
		request_log_begin(req);
	}
	txn_run(group, &event);
}

static bool request_may_begin(struct configd *configd)
{
	return cview_is_settled(&configd->cluster) && cview_is_master(&configd->cluster) &&
	       !steps_is_held(configd);
}

/* Whose vxconfigd is missing and not about to come back; 0: nobody's. */
static uint32_t request_missing_peer(struct configd *configd)
{
	for (size_t i = 0; i < configd->cluster.peer_count; i++) {
		const struct peer *peer = &configd->cluster.peer[i];

		if (!peer->ready &&
		    (!peer->up || peer->refused || clock_ms() - peer->up_ms >= VX_READY_MS)) {
			return peer->nodeid;
		}
	}
	return 0;
}

static bool request_peers_ready(struct configd *configd)
{
	for (size_t i = 0; i < configd->cluster.peer_count; i++) {
		if (!configd->cluster.peer[i].ready) {
			return false;
		}
	}
	return true;
}

static void request_refuse_missing(struct request *req, uint32_t nodeid)
{
	message_add(req->reply, req->request->tool, MSG_PEER_MISSING, request_group_name(req),
		    cview_name(&req->configd->cluster, nodeid));
	request_end(req, "aborted");
}

/*
 * Another node was master meanwhile, or is: what waits here was not begun, and is never begun when
 * this node is master again, for those who sent it have their answer by then (T11).
 */
bool request_is_void(const struct request *req)
{
	return req->mastership != req->configd->mastership;
}

static void request_end_void(struct request *req)
{
	message_add(req->reply, req->request->tool, MSG_NODE_LEFT, request_group_name(req),
		    "another node became master: try again");
	request_end(req, "aborted");
}

/* The plan is made (or not): propose it, answer it, or wait for the next view. */
static void request_on_planned(struct request *req, int error)
{
	struct configd *configd = req->configd;
	struct group *group = req->group;
	bool created = group != NULL && group->state == GROUP_NEW;
	uint32_t node;

	if (group != NULL) {
		group->starting = NULL;
	}
	if (request_creates(req->request)) {
		configd->creating_now = NULL;
	}
	if (req->lost || !configd->cluster.member) {
		if (created) {
			req->group = NULL;
			group_remove(group);
		}
		message_add(req->reply, req->request->tool, MSG_NODE_LEFT, request_group_name(req),
			    req->lost ? "the disk group is not imported any more"
				      : "this node left the cluster");
		request_end(req, "aborted");
		return;
	}
	if (error == 0 && req->propose != NULL && request_may_begin(configd) &&
	    !request_is_void(req) && txn_can_begin(&group->txn, &node) == 0) {
		request_begin(req);
		return;
	}
	if (created) {
		req->group = NULL;
		group_remove(group);
		group = NULL;
	}
	if (error == -VX_E_AGAIN || (error == 0 && req->propose != NULL)) {
		request_unplan(req);
		TAILQ_INSERT_HEAD(group != NULL ? &group->queue : &configd->creating, req, next);
		return;
	}
	if (error == 0 && request_has_flag(req->request, "dry-run")) {
		request_tell_nothing(req);
		request_end(req, "");
	} else {
		request_end(req, error == 0 ? "committed" : "aborted");
	}
	request_kick(configd);
}

static void request_kick_group(struct group *group)
{
	struct configd *configd = group->configd;
	uint32_t node = request_missing_peer(configd);
	struct request *req;

	if (TAILQ_EMPTY(&group->queue) || group->starting != NULL || group->current != NULL ||
	    group->running) {
		return;
	}
	if (node != 0) {
		request_refuse_missing(request_take(group), node);
		request_kick_group(group);
		return;
	}
	if (!request_peers_ready(configd) || txn_can_begin(&group->txn, &node) != 0) {
		return; /* one is under way, or a vxconfigd is just coming back */
	}
	req = request_take(group);
	group->starting = req;
	request_plan(req, request_on_planned);
}

static void request_kick_creating(struct configd *configd)
{
	struct request *req = TAILQ_FIRST(&configd->creating);
	uint32_t node = request_missing_peer(configd);

	if (req == NULL || configd->creating_now != NULL) {
		return;
	}
	if (node == 0 && !request_peers_ready(configd)) {
		return;
	}
	TAILQ_REMOVE(&configd->creating, req, next);
	if (node != 0) {
		request_refuse_missing(req, node);
		request_kick_creating(configd);
		return;
	}
	configd->creating_now = req;
	req->attempt++;
	request_plan(req, request_on_planned);
}

static void request_list_expire(struct request_list *list)
{
	struct request *req, *after;

	for (req = TAILQ_FIRST(list); req != NULL; req = after) {
		after = TAILQ_NEXT(req, next);
		if (request_is_void(req)) {
			TAILQ_REMOVE(list, req, next);
			request_end_void(req);
		}
	}
}

static void request_on_kick(void *ctx)
{
	struct configd *configd = ctx;
	struct group *group, *after;

	steps_serve_joins(configd);
	TAILQ_FOREACH(group, &configd->groups, next)
	{
		request_list_expire(&group->queue);
	}
	request_list_expire(&configd->creating);
	if (!request_may_begin(configd)) {
		return;
	}
	for (group = TAILQ_FIRST(&configd->groups); group != NULL; group = after) {
		after = TAILQ_NEXT(group, next);
		if (!group->gone) {
			request_kick_group(group);
		}
	}
	request_kick_creating(configd);
}

bool request_any(struct configd *configd)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->starting != NULL || group->current != NULL ||
		    !TAILQ_EMPTY(&group->queue) || group->txn.member != TXN_NONE ||
		    group->txn.master != TXN_IDLE) {
			return true;
		}
	}
	return configd->creating_now != NULL || !TAILQ_EMPTY(&configd->creating);
}

/* From the loop: whoever asks may be in the middle of something. */
void request_kick(struct configd *configd)
{
	if (!configd->kick_timer.armed) {
		loop_timer_set(configd->loop, &configd->kick_timer, 0, request_on_kick, configd);
	}
}

/* ---- ends ---- */

static void request_explain(struct request *req, int error, uint32_t node, const char *reason)
{
	const char *tool = req->request->tool, *group = request_group_name(req);
	const char *name = node != 0 ? cview_name(&req->configd->cluster, node) : "";

	if (error == -VX_E_NOPEER) {
		message_add(req->reply, tool, MSG_PEER_MISSING, group, name);
	} else if (error == -VX_E_ABORTED) {
		message_add(req->reply, tool, MSG_NODE_LEFT, group, reason);
	} else if (error == -VX_E_MINORITY || error == -VX_E_LOST) {
		message_add(req->reply, tool, MSG_COPIES_LOST, group, reason);
	} else if (error == -VX_E_LOCAL) {
		message_add(req->reply, tool, MSG_PLEX_LOCAL, group, name, reason);
	} else {
		message_add(req->reply, tool, MSG_NODE_REFUSED, group, name, reason);
		req->reply->exit_code = vx_exit_code(error);
	}
}

static void request_end_one(struct request *req, int error, uint32_t node, const char *reason)
{
	char who[VX_REASON_MAX];

	if (error != 0) {
		request_explain(req, error, node, reason);
		log_notice("dg=%s given up: %s: %s%s%s", request_group_name(req),
			   author_text(req->propose->author, who),
			   node != 0 ? cview_name(&req->configd->cluster, node) : "",
			   node != 0 ? ": " : "", reason);
	} else if (req->propose->dry_run) {
		request_tell_dry(req);
	}
	request_end(req, error == -VX_E_LOST	 ? "unknown"
			 : error != 0		 ? "aborted"
			 : req->propose->dry_run ? ""
						 : "committed");
}

/* A node said no to several at once, and one may be to blame. What a new view gave up stays so:
 * the outcomes say it. A node that is gone or says nothing is the same for all. */
static bool request_is_tried_again(const struct group *group, int error)
{
	bool mute = error == -VX_E_TIMEOUT && group->current->propose->n_quiesce == 0;

	return error != 0 && error != -VX_E_ABORTED && error != -VX_E_NOPEER && !mute &&
	       !group->taking_over && !TAILQ_EMPTY(&group->sharing);
}

void request_ended(struct group *group, int error, uint32_t node, const char *reason)
{
	struct request *req = group->current;

	if (req == NULL) {
		return;
	}
	if (request_is_tried_again(group, error)) {
		log_info("dg=%s changes that share a transaction are tried again in halves: %s%s%s",
			 group->name, node != 0 ? cview_name(&group->configd->cluster, node) : "",
			 node != 0 ? ": " : "", reason);
		request_scatter(group, true);
		return;
	}
	if (error == -VX_E_DIFFERS && !group->taking_over && !request_has_flag(req->request, "f")) {
		log_notice("dg=%s %s: %s: stopped as NEEDSYNC", group->name,
			   node != 0 ? cview_name(&group->configd->cluster, node) : "", reason);
		PROTO_ADD(req->request->flag, req->request->n_flag, proto_string("f"));
		request_scatter(group, false);
		return;
	}
	if (group->state == GROUP_NEW) {
		group->gone = true; /* it was not made */
	}
	group->current = NULL;
	request_end_one(req, error, node, reason);
	while ((req = TAILQ_FIRST(&group->sharing)) != NULL) {
		TAILQ_REMOVE(&group->sharing, req, next);
		request_end_one(req, error, node, reason);
	}
}

void request_aside(struct group *group)
{
	struct request *req = group->current;

	if (req == NULL) {
		return;
	}
	log_info("dg=%s put aside until the next view: %s", group->name,
		 req->request->command_line);
	request_scatter(group, false);
	if (group->state == GROUP_NEW) { /* it is made again */
		TAILQ_REMOVE(&group->queue, req, next);
		req->group = NULL;
		group->gone = true;
		TAILQ_INSERT_HEAD(&group->configd->creating, req, next);
	}
}

static void request_list_end(struct request_list *list, const char *reason)
{
	struct request *req;

	while ((req = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, req, next);
		message_add(req->reply, req->request->tool, MSG_NODE_LEFT, request_group_name(req),
			    reason);
		request_end(req, "aborted");
	}
}

void request_refuse_all(struct group *group)
{
	if (group->current != NULL) {
		request_ended(group, -VX_E_ABORTED, 0, "the disk group is not imported any more");
	}
	if (group->starting != NULL) {
		group->starting->lost = true;
		group->starting->group = NULL;
		group->starting = NULL;
	}
	request_list_end(&group->queue, "the disk group is not imported any more");
}

/* What is past its write may be completed by others: that is for them to say. */
static void request_end_begun(struct request *req, bool unknown, const char *reason)
{
	char txid[ID_TEXT];

	id_text(req->request->txid.data, req->request->txid.len, txid);
	if (unknown) {
		message_add(req->reply, req->request->tool, MSG_MASTER_LOST, txid);
	} else {
		message_add(req->reply, req->request->tool, MSG_NODE_LEFT, request_group_name(req),
			    reason);
	}
	request_end(req, unknown ? "unknown" : "aborted");
}

static void request_end_current(struct group *group, const char *reason)
{
	struct request *req = group->current;
	bool unknown = txn_has_seen(&group->txn) || group->txn.master == TXN_WRITING;

	if (req == NULL) {
		return;
	}
	group->current = NULL;
	request_end_begun(req, unknown, reason);
	while ((req = TAILQ_FIRST(&group->sharing)) != NULL) {
		TAILQ_REMOVE(&group->sharing, req, next);
		request_end_begun(req, unknown, reason);
	}
}

void request_give_up(struct configd *configd, const char *reason)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		request_end_current(group, reason);
		request_list_end(&group->queue, reason);
	}
	request_list_end(&configd->creating, reason);
}

static bool request_is(const struct request *req, const uint8_t *txid)
{
	return req != NULL && memcmp(req->request->txid.data, txid, ID_BYTES) == 0;
}

static bool request_list_has(const struct request_list *list, const uint8_t *txid)
{
	const struct request *req;

	TAILQ_FOREACH(req, list, next)
	{
		if (request_is(req, txid)) {
			return true;
		}
	}
	return false;
}

bool request_waits(const struct group *group, const uint8_t *txid)
{
	const struct request *req;

	TAILQ_FOREACH(req, &group->queue, next)
	{
		if (request_is(req, txid)) {
			return !request_is_void(req);
		}
	}
	return false;
}

bool request_is_known(struct configd *configd, const uint8_t *txid)
{
	struct group *group;
	bool known = request_list_has(&configd->creating, txid) ||
		     request_is(configd->creating_now, txid);

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		known = known || request_list_has(&group->queue, txid) ||
			request_list_has(&group->sharing, txid) ||
			request_is(group->starting, txid) || request_is(group->current, txid) ||
			(group->pending.propose != NULL && share_has(group->pending.propose, txid));
	}
	return known;
}
