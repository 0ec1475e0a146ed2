// SPDX-License-Identifier: GPL-2.0-or-later
/* vxconfigd itself: vxdctl mode, enable, disable, stop, outcome, versions. */
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
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

void server_mode(struct ask *ask)
{
	struct configd *configd = ask->configd;
	struct cview *cluster = &configd->cluster;
	Vx__Reply *reply = ask_reply_new();
	Vx__ModeInfo *mode = PROTO_NEW(vx__mode_info, Vx__ModeInfo);

	reply->mode = mode;
	proto_string_set(&mode->mode, configd->enabled ? "enabled" : "disabled");
	mode->cluster = cluster->member || cluster->state == VX__NODE_STATE__NODE_JOINING;
	if (cluster->member && (cluster->settled || cluster->was_settled)) {
		proto_string_set(&mode->role, cview_is_master(cluster) ? "master" : "slave");
	}
	if (cluster->member) {
		proto_string_set(&mode->master, cview_name(cluster, cluster->view->master));
	}
	if (mode->cluster && !cluster->settled) {
		proto_string_set(&mode->state, cluster->was_settled ? "reconfiguring" : "joining");
		proto_string_set(&mode->reconfig,
				 cluster->open ? "vxconfigd in join" : "master update");
	}
	proto_string_set(&mode->host, configd->host);
	proto_string_set(&mode->cluster_name, cluster->cluster);
	proto_string_set(&mode->volboot, "version: 3/1");
	mode->protocol = cluster->member ? cluster->view->protocol : 0;
	mode->proto_min = VX_PROTOCOL_MIN;
	mode->proto_max = VX_PROTOCOL_MAX;
	mode->configd_version = VX_CONFIGD_VERSION;
	mode->iod_version = VX_IOD_VERSION;
	mode->dg_min = VX_DG_VERSION_MIN;
	mode->dg_max = VX_DG_VERSION_MAX;
	ask_answer(ask, reply);
}

/* A group that was disabled because its copies could not be reached is looked at again in a new
 * view. */
static void ctl_on_scanned(void *ctx)
{
	struct ask *ask = ctx;
	struct configd *configd = ask->configd;
	const struct group *group;
	bool disabled = false;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		disabled = disabled || (!group->gone && group->state == GROUP_DISABLED);
	}
	if (disabled && configd->cluster.settled) {
		clust_ask_view(configd->clust, "a disabled disk group is looked at again");
	}
	ask_answer(ask, ask_reply_new());
}

void server_enable(struct ask *ask)
{
	if (!ask->configd->enabled) {
		log_notice("enabled");
	}
	ask->configd->enabled = true;
	disk_scan(ask->configd->disks, ctl_on_scanned, ask);
}

void server_disable(struct ask *ask)
{
	log_notice("disabled: no change is accepted");
	ask->configd->enabled = false;
	ask_answer(ask, ask_reply_new());
}

static void ctl_on_stop(void *ctx)
{
	struct configd *configd = ctx;

	loop_stop(configd->loop);
}

/* Volumes and membership go on; the other nodes know that this was meant. */
void server_stop(struct ask *ask)
{
	struct configd *configd = ask->configd;

	log_notice("stopped by vxdctl");
	ask_answer(ask, ask_reply_new());
	clust_goodbye(configd->clust);
	loop_timer_set(configd->loop, &configd->leave_timer, VX_STOP_LINGER_MS, ctl_on_stop,
		       configd);
}

/* ---- vxdctl outcome ---- */

static bool ctl_parse_txid(const char *text, uint8_t out_txid[ID_BYTES])
{
	if (strlen(text) != 2 * ID_BYTES ||
	    strspn(text, "0123456789abcdefABCDEF") != 2 * ID_BYTES) {
		return false;
	}
	for (size_t i = 0; i < ID_BYTES; i++) {
		const char byte[] = { text[2 * i], text[2 * i + 1], '\0' };

		out_txid[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return true;
}

/*
 * What is remembered here is said at once. Of the rest only the master can say that it will not be
 * done either, and only when no request of the asking node can still be on its way: the question
 * comes after it in the stream (T11).
 */
void server_outcome(struct ask *ask)
{
	struct configd *configd = ask->configd;
	uint8_t txid[ID_BYTES];
	Vx__Reply *reply;
	const char *outcome;

	if (ask->request->n_operand != 1 || !ctl_parse_txid(ask->request->operand[0], txid)) {
		reply = ask_reply_new();
		message_add(reply, ask->request->tool, MSG_USAGE,
			    "vxdctl outcome: a transaction is 32 hexadecimal digits");
		ask_answer(ask, reply);
		return;
	}
	outcome = outcome_known(configd, txid);
	if (outcome == NULL && cview_is_settled(&configd->cluster) &&
	    !cview_is_master(&configd->cluster) && ask->nodeid == 0) {
		relay_submit(configd, ask);
		return;
	}
	reply = ask_reply_new();
	proto_string_set(&reply->outcome, outcome != NULL ? outcome : "unknown");
	reply->reach_ms = outcome == NULL ? outcome_reach(configd, txid) : 0;
	server_outcome_answer(ask, reply);
}

void server_outcome_answer(struct ask *ask, Vx__Reply *reply)
{
	uint8_t txid[ID_BYTES];

	if (ask->nodeid == 0 && strcmp(reply->outcome, "unknown") == 0 &&
	    ctl_parse_txid(ask->request->operand[0], txid) &&
	    !relay_has(ask->configd, txid)) {
		proto_string_set(&reply->outcome,
				 outcome_conclude(ask->configd, txid, reply->reach_ms));
	}
	ask_answer(ask, reply);
}
