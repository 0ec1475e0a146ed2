// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of the utilities: the IPC service, who answers what, answers. */
#include "vxconfigd/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/ipc.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"
#include "base/text.h"
#include "base/timeouts.h"
#include "vxconfigd/answers.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/outcome.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"

#define ASK_LINE_MAX 4096

struct caller {
	TAILQ_ENTRY(caller) next;
	uint64_t id;
	struct ipc_peer *peer;
};

struct server {
	struct configd *configd;
	struct ipc_server *ipc;
	uint64_t ids;
	TAILQ_HEAD(, caller) callers;
	struct ask_list loading; /* answers that wait for vxiod */
};

struct server_row {
	const char *tool, *verb; /* verb NULL: any */
	server_answer *answer;
};

static const struct server_row server_table[] = {
	{ "vxdg", "list", server_group_list },
	{ "vxdg", "free", server_group_free },
	{ "vxdisk", "list", server_disk_list },
	{ "vxdisk", "path", server_disk_path },
	{ "vxdisk", "setup", server_disk_setup },
	{ "vxdisk", "scandisks", server_disk_scan },
	{ "vxprint", NULL, server_print },
	{ "vxinfo", NULL, server_info },
	{ "vxassist", "maxsize", server_max_size },
	{ "vxrecover", NULL, server_startable }, /* -p; everything else is a change */
	{ "vxtask", NULL, server_io_all },
	{ "vxstat", NULL, server_io_all },
	{ "vxconfigd", "io", server_io_local },
	{ "vxdctl", "mode", server_mode },
	{ "vxdctl", "list", server_mode },
	{ "vxdctl", "protocolversion", server_mode },
	{ "vxdctl", "protocolrange", server_mode },
	{ "vxdctl", "support", server_mode },
	{ "vxdctl", "upgrade", server_upgrade },
	{ "vxdctl", "enable", server_enable },
	{ "vxdctl", "disable", server_disable },
	{ "vxdctl", "stop", server_stop },
	{ "vxdctl", "outcome", server_outcome },
	{ "vxdctl", "audit", server_print },
	{ "vxdctl", "remembered", server_remembered },
	{ "vxdctl", "forget", server_forget },
};

/* ---- answers ---- */

Vx__Reply *ask_reply_new(void)
{
	return PROTO_NEW(vx__reply, Vx__Reply);
}

static struct caller *server_caller(struct server *server, uint64_t id)
{
	struct caller *caller;

	TAILQ_FOREACH(caller, &server->callers, next)
	{
		if (caller->id == id) {
			return caller;
		}
	}
	return NULL;
}

static void ask_send(struct ask *ask, const Vx__Reply *reply)
{
	struct configd *configd = ask->configd;
	struct caller *caller;

	if (ask->nodeid != 0) {
		Vx__CmdMsg msg = VX__CMD_MSG__INIT;

		msg.cookie = ask->cookie;
		msg.reply = (Vx__Reply *)(uintptr_t)reply;
		clust_send_command(configd->clust, ask->nodeid, &msg);
		return;
	}
	caller = server_caller(configd->server, ask->caller);
	if (caller != NULL) {
		Vx__Ipc msg = VX__IPC__INIT;

		msg.cookie = ask->cookie;
		msg.body_case = VX__IPC__BODY_REPLY;
		msg.reply = (Vx__Reply *)(uintptr_t)reply;
		ipc_peer_send(caller->peer, &msg);
	}
}

/* What another node refused is told on the console of the node where the command was typed. */
static void ask_log(const struct ask *ask, const Vx__Reply *reply)
{
	for (size_t i = 0; ask->nodeid == 0 && i < reply->n_message; i++) {
		if (reply->message[i]->number == MSG_NODE_REFUSED ||
		    reply->message[i]->number == MSG_NODE_LEFT ||
		    reply->message[i]->number == MSG_PEER_MISSING ||
		    reply->message[i]->number == MSG_COPIES_LOST) {
			log_err("%s %s: %s", ask->request->tool, ask->request->verb,
				reply->message[i]->text);
		}
	}
}

static void ask_free(struct ask *ask)
{
	ask_wait_end(ask);
	proto_free(ask->request);
	free(ask);
}

static void server_change(struct ask *ask);

static void ask_on_retry(void *ctx)
{
	struct ask *ask = ctx;

	id_make_txn(ask->request->txid.data);
	server_change(ask);
}

/* That a volume is synchronised is not told again by vxiod: it must get into the records. */
static bool ask_must_succeed(const struct ask *ask)
{
	return ask->nodeid == 0 && ask->caller == 0 && strcmp(ask->request->verb, "synced") == 0 &&
	       group_find(ask->configd, ask->request->group) != NULL;
}

/* A vxiod that did not take it tells of the plex again. */
static void ask_on_local(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	(void)ctx;
	(void)answer;
	if (error != 0) {
		log_warning("vxiod: %s", reason);
	}
}

/* T18: the plex that this node cannot write stays: vxiod is told. */
static void ask_apply_local(const struct ask *ask, const Vx__Reply *reply)
{
	Vx__IodLocal local = VX__IOD_LOCAL__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	if (ask->nodeid != 0 || ask->caller != 0 || reply->n_message == 0 ||
	    reply->message[0]->number != MSG_PLEX_LOCAL) {
		return;
	}
	log_warning("%s; writes of this node fail: %s", reply->message[0]->text,
		    ask->request->command_line);
	local.dgid = ask->request->group;
	local.vol_rid = strtoull(ask->request->operand[0], NULL, 10);
	msg.body_case = VX__IPC__BODY_IOD_LOCAL;
	msg.iod_local = &local;
	iod_call(ask->configd->iod, &msg, ask_on_local, NULL);
}

void ask_answer(struct ask *ask, Vx__Reply *reply)
{
	if (reply->exit_code != 0 && ask_must_succeed(ask)) {
		proto_free(reply);
		loop_timer_set(ask->configd->loop, &ask->timer, VX_WANT_RETRY_MS, ask_on_retry,
			       ask);
		return;
	}
	ask_log(ask, reply);
	ask_apply_local(ask, reply);
	ask_send(ask, reply);
	proto_free(reply);
	ask_free(ask);
}

void ask_progress(struct ask *ask, const Vx__Reply *reply)
{
	ask_send(ask, reply);
}

void ask_answer_loaded(struct ask *ask, Vx__Reply *reply)
{
	if (!group_is_loading(ask->configd, ask->configd->load_serial)) {
		ask_answer(ask, reply);
		return;
	}
	ask->reply = reply;
	ask->load_serial = ask->configd->load_serial;
	TAILQ_INSERT_TAIL(&ask->configd->server->loading, ask, next);
}

void server_on_loaded(struct configd *configd)
{
	struct ask *ask;

	while ((ask = TAILQ_FIRST(&configd->server->loading)) != NULL &&
	       !group_is_loading(configd, ask->load_serial)) {
		TAILQ_REMOVE(&configd->server->loading, ask, next);
		ask_answer(ask, ask->reply);
	}
}

/* ---- changes ---- */

static void server_on_submitted(void *ctx, Vx__Reply *reply)
{
	ask_answer_loaded(ctx, proto_clone(reply));
}

/* The answer is forgotten, how it ended is not. */
static void server_known(struct ask *ask, const char *outcome)
{
	Vx__Reply *reply = ask_reply_new();

	outcome_explain(ask->request, outcome, "it was asked for before", reply);
	proto_string_set(&reply->outcome, outcome);
	ask_answer_loaded(ask, reply);
}

void server_submit(struct configd *configd, struct ask *ask)
{
	const Vx__Reply *answered = answers_find(configd->answers, ask->request->txid.data);
	const char *outcome = outcome_known(configd, ask->request->txid.data);

	if (answered != NULL) { /* T11: asked again, the same answer */
		ask_answer_loaded(ask, proto_clone(answered));
		return;
	}
	if (outcome != NULL) {
		server_known(ask, outcome);
		return;
	}
	if (request_is_known(configd, ask->request->txid.data)) {
		ask_free(ask); /* the first one is answered, to the same node and cookie */
		return;
	}
	request_submit(configd, ask->request,
		       ask->nodeid != 0 ? ask->nodeid : configd->cluster.self, server_on_submitted,
		       ask);
}

static void ask_refuse(struct ask *ask, Vx__Reply *reply)
{
	proto_string_set(&reply->outcome, "aborted");
	ask_answer(ask, reply);
}

static void server_say_disabled(struct configd *configd, const Vx__Request *request,
				Vx__Reply *reply)
{
	char what[VX_REASON_MAX];

	snprintf(what, sizeof(what), "vxconfigd of node %s",
		 configd->cluster.node[0] != '\0' ? configd->cluster.node : configd->host);
	message_add(reply, request->tool, MSG_STATE_INVALID, what, "disabled (vxdctl enable)");
}

static void server_change(struct ask *ask)
{
	struct configd *configd = ask->configd;
	const Vx__Request *request = ask->request;
	Vx__Reply *reply;

	if (!configd->enabled) {
		reply = ask_reply_new();
		server_say_disabled(configd, request, reply);
		ask_refuse(ask, reply);
	} else if (!configd->cluster.member) {
		reply = ask_reply_new();
		message_add(reply, request->tool, MSG_NOT_CLUSTER,
			    configd->cluster.node[0] != '\0' ? configd->cluster.node
							     : configd->host,
			    configd->cluster.registered ? "it has not joined (vxclustadm startnode)"
							: "vxclustd is not running");
		ask_refuse(ask, reply);
	} else if (request_creates(request) && !request_has_flag(request, "s")) {
		reply = ask_reply_new();
		message_add(reply, request->tool, MSG_USAGE,
			    "private disk groups are not supported yet: only shared ones (vxdg -s "
			    "init, vxdg -s import)");
		ask_refuse(ask, reply);
	} else if (request_creates(request) && !configd->cluster.fencing) {
		reply = ask_reply_new();
		message_add(reply, request->tool, MSG_NO_FENCING,
			    plan_group(request) != NULL ? plan_group(request) : "");
		ask_refuse(ask, reply);
	} else if (cview_is_master(&configd->cluster) && cview_is_settled(&configd->cluster)) {
		server_submit(configd, ask);
	} else {
		relay_submit(configd, ask); /* which waits for the view to be settled */
	}
}

/* ---- who answers ---- */

static bool server_is_change(const Vx__Request *request)
{
	return plan_is_change(request) ||
	       (strcmp(request->tool, "vxdg") == 0 && strcmp(request->verb, "set") == 0) ||
	       (strcmp(request->tool, "vxconfigd") == 0 &&
		(strcmp(request->verb, "plexerror") == 0 || strcmp(request->verb, "synced") == 0));
}

static void server_dispatch(struct ask *ask)
{
	const Vx__Request *request = ask->request;
	Vx__Reply *reply;

	if (server_is_change(request)) {
		server_change(ask);
		return;
	}
	for (size_t i = 0; i < VX_COUNT_OF(server_table); i++) {
		const struct server_row *row = &server_table[i];

		if (strcmp(row->tool, request->tool) == 0 &&
		    (row->verb == NULL || strcmp(row->verb, request->verb) == 0)) {
			row->answer(ask);
			return;
		}
	}
	reply = ask_reply_new();
	message_add(reply, request->tool, MSG_VERB_UNKNOWN, request->verb, request->tool);
	ask_refuse(ask, reply);
}

/* The command line gets into logs: what was typed there must not look like a line of its own. */
static void ask_escape(Vx__Request *request)
{
	char shown[ASK_LINE_MAX];

	text_escape(request->command_line, shown, sizeof(shown));
	proto_string_set(&request->command_line, shown);
}

static struct ask *ask_new(struct configd *configd, const Vx__Request *request, uint64_t cookie)
{
	struct ask *ask = proto_grow(NULL, 0, sizeof(*ask));

	memset(ask, 0, sizeof(*ask));
	ask->configd = configd;
	ask->request = proto_clone(request);
	ask->cookie = cookie;
	ask_escape(ask->request);
	if (ask->request->txid.len != ID_BYTES) {
		free(ask->request->txid.data);
		ask->request->txid.data = proto_grow(NULL, 0, ID_BYTES);
		ask->request->txid.len = ID_BYTES;
		id_make_txn(ask->request->txid.data);
	}
	return ask;
}

void server_change_internal(struct configd *configd, const Vx__Request *request)
{
	server_change(ask_new(configd, request, 0));
}

static bool server_request_is_sane(const Vx__Request *request)
{
	return request->n_operand <= VX_OPERANDS_MAX && request->n_attr <= VX_OPERANDS_MAX &&
	       request->n_flag <= VX_OPERANDS_MAX;
}

static void server_on_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct server *server = ctx;
	struct caller *caller = ipc_peer_user(peer);
	struct ask *ask;

	if (caller == NULL || msg->body_case != VX__IPC__BODY_REQUEST ||
	    !server_request_is_sane(msg->request)) {
		log_warning("a request of pid %d is not understood", ipc_peer_pid(peer));
		ipc_peer_disconnect(peer);
		return;
	}
	ask = ask_new(server->configd, msg->request, msg->cookie);
	ask->caller = caller->id;
	ask_wait_begin(ask);
	ask->request->uid = ipc_peer_uid(peer);
	ask->request->pid = (uint32_t)ipc_peer_pid(peer);
	proto_string_set(&ask->request->node, server->configd->cluster.node);
	server_dispatch(ask);
}

/* Requests that other nodes forward: only the master's business, and what vxiod tells. */
static void server_on_forwarded(struct configd *configd, uint32_t from, const Vx__CmdMsg *msg)
{
	const Vx__Request *request = msg->request;
	struct ask *ask;
	Vx__Reply *reply;

	if (!server_request_is_sane(request)) {
		return;
	}
	ask = ask_new(configd, request, msg->cookie);
	ask->nodeid = from;
	ask_wait_begin(ask);
	if (strcmp(request->tool, "vxconfigd") == 0 && strcmp(request->verb, "io") == 0) {
		server_io_local(ask);
	} else if (strcmp(request->tool, "vxdctl") == 0 && strcmp(request->verb, "outcome") == 0) {
		server_outcome(ask);
	} else if (cview_is_master(&configd->cluster) && !cview_is_settled(&configd->cluster)) {
		ask_free(ask); /* a view follows, in which it comes again */
	} else if (server_is_change(request) && cview_is_master(&configd->cluster) &&
		   configd->enabled) {
		server_submit(configd, ask);
	} else {
		reply = ask_reply_new();
		if (configd->enabled) {
			message_add(reply, request->tool, MSG_RECONFIG);
		} else {
			server_say_disabled(configd, request, reply);
		}
		ask_refuse(ask, reply);
	}
}

void server_on_command(struct configd *configd, uint32_t from, const Vx__CmdMsg *msg)
{
	if (msg->request != NULL) {
		server_on_forwarded(configd, from, msg);
	} else if (msg->reply != NULL && !server_io_on_reply(configd, msg->cookie, msg->reply)) {
		relay_on_reply(configd, msg->cookie, msg->reply);
	}
}

/* ---- the service ---- */

static void server_on_opened(void *ctx, struct ipc_peer *peer)
{
	struct server *server = ctx;
	struct caller *caller = proto_grow(NULL, 0, sizeof(*caller));

	*caller = (struct caller){ .id = ++server->ids, .peer = peer };
	TAILQ_INSERT_TAIL(&server->callers, caller, next);
	ipc_peer_user_set(peer, caller);
}

/* What it asked for goes on; nobody hears the answer. */
static void server_on_closed(void *ctx, struct ipc_peer *peer)
{
	struct server *server = ctx;
	struct caller *caller = ipc_peer_user(peer);

	if (caller != NULL) {
		TAILQ_REMOVE(&server->callers, caller, next);
		free(caller);
		ipc_peer_user_set(peer, NULL);
	}
}

int server_create(struct configd *configd, struct server **out_server)
{
	static const struct ipc_server_ops ops = {
		.opened = server_on_opened,
		.message = server_on_message,
		.closed = server_on_closed,
	};
	struct server *server = calloc(1, sizeof(*server));
	int rc;

	if (server == NULL) {
		return -ENOMEM;
	}
	server->configd = configd;
	TAILQ_INIT(&server->callers);
	TAILQ_INIT(&server->loading);
	rc = ipc_server_create(configd->loop, IPC_CONFIGD, &ops, server, &server->ipc);
	if (rc != 0) {
		free(server);
		return rc;
	}
	*out_server = server;
	return 0;
}

void server_destroy(struct server *server)
{
	if (server != NULL) {
		ipc_server_destroy(server->ipc);
		free(server);
	}
}
