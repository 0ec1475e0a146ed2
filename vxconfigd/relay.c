// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that a slave forwards to the master. */
#include "vxconfigd/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/outcome.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/request_queue.h"

struct relay {
	TAILQ_ENTRY(relay) next;
	struct ask *ask;
	uint64_t cookie;
	bool orphan;	   /* its master is gone: the view that follows decides */
	uint64_t since_ms; /* wall clock: when it came */
	uint64_t sent_ms;  /* first, to a master; 0: not yet */
	uint64_t heard_ms; /* the master's last word on it, or when it was asked */
};

static void relay_free(struct configd *configd, struct relay *relay)
{
	TAILQ_REMOVE(&configd->relays, relay, next);
	free(relay);
}

/* It did not get out of this node. If it did before, that decides what becomes of it. */
static void relay_refuse(struct configd *configd, struct relay *relay, int error)
{
	Vx__Reply *reply = PROTO_NEW(vx__reply, Vx__Reply);
	struct ask *ask = relay->ask;

	proto_string_set(&reply->outcome, relay->sent_ms != 0 ? "unknown" : "aborted");
	if (error == -EMSGSIZE) {
		message_add(reply, ask->request->tool, MSG_TOO_LARGE, ask->request->group);
	} else {
		outcome_explain(ask->request, reply->outcome,
				"vxclustd of this node takes nothing: try again", reply);
	}
	relay_free(configd, relay);
	ask_answer(ask, reply);
}

static void relay_send(struct configd *configd, struct relay *relay)
{
	Vx__CmdMsg msg = VX__CMD_MSG__INIT;
	int rc;

	msg.cookie = relay->cookie;
	msg.request = relay->ask->request;
	rc = clust_send_command(configd->clust, configd->cluster.view->master, &msg);
	if (rc == 0) {
		relay->heard_ms = clock_ms();
		relay->sent_ms = relay->sent_ms != 0 ? relay->sent_ms : relay->heard_ms;
	} else if (rc != -ENOTCONN) { /* else relay_give_up() follows */
		relay_refuse(configd, relay, rc);
	}
}

/* vxdctl outcome: not a change, but what became of one. */
static bool relay_is_question(const Vx__Request *request)
{
	return strcmp(request->tool, "vxdctl") == 0;
}

/* R16: one that died is replaced, or another node becomes master; one that was stopped stays so. */
static bool relay_master_runs(struct configd *configd)
{
	const struct peer *master = cview_peer(&configd->cluster, configd->cluster.view->master);

	return master != NULL && master->up;
}

/* Nobody takes it: said at once, as the master says it of a slave. */
static void relay_refuse_missing(struct configd *configd, struct relay *relay)
{
	Vx__Reply *reply = PROTO_NEW(vx__reply, Vx__Reply);
	struct ask *ask = relay->ask;
	const char *group = plan_group(ask->request);

	proto_string_set(&reply->outcome, relay_is_question(ask->request) ? "unknown" : "aborted");
	message_add(reply, ask->request->tool, MSG_PEER_MISSING, group != NULL ? group : "-",
		    cview_name(&configd->cluster, configd->cluster.view->master));
	relay_free(configd, relay);
	ask_answer(ask, reply);
}

void relay_submit(struct configd *configd, struct ask *ask)
{
	struct relay *relay = proto_grow(NULL, 0, sizeof(*relay));

	*relay = (struct relay){ .ask = ask,
				 .cookie = ++configd->cookies,
				 .since_ms = clock_wall_ms() };
	TAILQ_INSERT_TAIL(&configd->relays, relay, next);
	/* to a master whose process is known: else nobody could say later whether it has the
	 * request */
	if (cview_is_settled(&configd->cluster) && !cview_is_master(&configd->cluster) &&
	    configd->cluster.master_serial != 0) {
		if (relay_master_runs(configd)) {
			relay_send(configd, relay);
		} else {
			relay_refuse_missing(configd, relay);
		}
	}
}

void relay_on_reply(struct configd *configd, uint64_t cookie, const Vx__Reply *reply)
{
	struct relay *relay;

	TAILQ_FOREACH(relay, &configd->relays, next)
	{
		if (relay->cookie == cookie) {
			struct ask *ask = relay->ask;

			if (reply->progress) {
				relay->heard_ms = clock_ms();
				ask_progress(ask, reply);
				return;
			}
			relay_free(configd, relay);
			if (relay_is_question(ask->request)) {
				server_outcome_answer(ask, proto_clone(reply));
			} else {
				ask_answer_loaded(ask, proto_clone(reply));
			}
			return;
		}
	}
}

/* "" while the master says it. */
static void relay_wait_text(struct configd *configd, const struct relay *relay, char *text)
{
	struct cview *cluster = &configd->cluster;

	text[0] = '\0';
	if (relay->sent_ms == 0 || !cview_is_settled(cluster)) {
		snprintf(text, VX_REASON_MAX, "the cluster reconfiguration");
	} else if (clock_ms() - relay->heard_ms > 2 * VX_WAIT_TELL_MS) {
		snprintf(text, VX_REASON_MAX,
			 "vxconfigd of node %s, the master, which %s",
			 cview_name(cluster, cluster->view->master),
			 relay_master_runs(configd) ? "does not answer" : "is not running");
	}
}

bool relay_waits_for(struct configd *configd, const struct ask *ask, char *out_text)
{
	const struct relay *relay;

	TAILQ_FOREACH(relay, &configd->relays, next)
	{
		if (relay->ask == ask) {
			relay_wait_text(configd, relay, out_text);
			return true;
		}
	}
	return false;
}

void relay_report(struct configd *configd, Vx__IodReport *report, size_t room)
{
	const struct relay *relay;
	char text[VX_REASON_MAX];

	TAILQ_FOREACH(relay, &configd->relays, next)
	{
		const Vx__Request *request = relay->ask->request;

		relay_wait_text(configd, relay, text);
		if (text[0] != '\0' && !request_report_one(report, room, request,
							   configd->cluster.node, relay->since_ms,
							   request->group, text)) {
			return;
		}
	}
}

void relay_master(struct configd *configd, const Vx__CfgView *view)
{
	bool same = configd->cluster.master_serial == view->master_serial;
	struct relay *relay;

	configd->cluster.master_serial = view->master_serial;
	TAILQ_FOREACH(relay, &configd->relays, next)
	{
		relay->orphan = relay->orphan || (relay->sent_ms != 0 && !same &&
						  !relay_is_question(relay->ask->request));
	}
}

bool relay_has(const struct configd *configd, const uint8_t *txid)
{
	const struct relay *relay;

	TAILQ_FOREACH(relay, &configd->relays, next)
	{
		if (memcmp(relay->ask->request->txid.data, txid, ID_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

/* Nothing is committed without this node's vote: it knows, if it took part all the time (T11). */
void relay_decided(struct configd *configd)
{
	struct relay *relay, *after;

	for (relay = TAILQ_FIRST(&configd->relays); relay != NULL; relay = after) {
		struct ask *ask = relay->ask;
		Vx__Reply *reply;

		after = TAILQ_NEXT(relay, next);
		if (!relay->orphan) {
			continue;
		}
		reply = PROTO_NEW(vx__reply, Vx__Reply);
		proto_string_set(&reply->outcome,
				 outcome_since(configd, ask->request->txid.data, relay->sent_ms));
		outcome_explain(
			ask->request, reply->outcome,
			"another node became master, or its vxconfigd was started anew: try "
			"again",
			reply);
		relay_free(configd, relay);
		ask_answer_loaded(ask, reply);
	}
}

void relay_settled(struct configd *configd)
{
	struct relay *relay, *after;

	if (!cview_is_settled(&configd->cluster) || configd->cluster.master_serial == 0) {
		return;
	}
	for (relay = TAILQ_FIRST(&configd->relays); relay != NULL; relay = after) {
		struct ask *ask = relay->ask;

		after = TAILQ_NEXT(relay, next);
		/* Those that were sent too: a packet or its answer may have been lost with the view
		 * before. The master knows by the transaction what it has already, and answers the
		 * same. */
		if (!cview_is_master(&configd->cluster)) {
			relay_send(configd, relay);
			continue;
		}
		relay_free(configd, relay); /* this node has become it */
		if (relay_is_question(ask->request)) {
			server_outcome(ask);
		} else {
			server_submit(configd, ask);
		}
	}
}

void relay_give_up(struct configd *configd, const char *reason)
{
	struct relay *relay;

	while ((relay = TAILQ_FIRST(&configd->relays)) != NULL) {
		struct ask *ask = relay->ask;
		Vx__Reply *reply = PROTO_NEW(vx__reply, Vx__Reply);
		bool question = relay_is_question(ask->request);

		proto_string_set(&reply->outcome,
				 relay->sent_ms != 0 || question ? "unknown" : "aborted");
		if (relay->sent_ms == 0 && !question) {
			message_add(reply, ask->request->tool, MSG_NOT_CLUSTER,
				    configd->cluster.node, reason);
		} else if (!question) {
			outcome_explain(ask->request, reply->outcome, reason, reply);
		}
		relay_free(configd, relay);
		ask_answer(ask, reply);
	}
}
