// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdctl upgrade: the cluster runs the highest protocol that all members speak (R21). */
#include <inttypes.h>
#include <stdio.h>

#include "base/proto.h"
#include "vxconfigd/configd.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/server.h"

#define UPGRADE_LOOK_MS 50

/* Who speaks no higher protocol than the one that runs: how many, and their names. */
static size_t upgrade_count_low(const Vx__View *view, char out_names[VX_REASON_MAX])
{
	size_t count = 0, length = 0;

	out_names[0] = '\0';
	for (size_t i = 0; i < view->n_member; i++) {
		if (view->member[i]->proto_max > view->protocol) {
			continue;
		}
		if (length < VX_REASON_MAX) {
			length +=
				(size_t)snprintf(out_names + length, VX_REASON_MAX - length, "%s%s",
						 count > 0 ? ", " : "", view->member[i]->name);
		}
		count++;
	}
	return count;
}

static void upgrade_end(struct ask *ask, const char *error)
{
	Vx__Reply *reply = ask_reply_new();
	char text[VX_REASON_MAX];

	if (error != NULL) {
		message_add(reply, ask->request->tool, MSG_UPGRADE, error);
	} else {
		snprintf(text, sizeof(text), "Cluster running at protocol %" PRIu32,
			 ask->configd->cluster.view->protocol);
		PROTO_ADD(reply->line, reply->n_line, proto_string(text));
	}
	ask_answer(ask, reply);
}

/* In each view anew: the one that was asked for may have been made for something else. */
static void upgrade_look(void *ctx)
{
	struct ask *ask = ctx;
	const struct cview *cluster = &ask->configd->cluster;
	char names[VX_REASON_MAX], reason[VX_REASON_MAX];
	size_t low = cluster->member ? upgrade_count_low(cluster->view, names) : 0;

	if (!cluster->member) {
		upgrade_end(ask, "this node is not in a cluster");
		return;
	}
	if (cview_is_settled(cluster) && low > 0) {
		bool done = ask->asked_epoch != 0 || low == cluster->view->n_member;

		snprintf(reason, sizeof(reason),
			 "the cluster runs protocol %" PRIu32
			 ", no higher one is spoken by node %.400s",
			 cluster->view->protocol, names);
		upgrade_end(ask, done ? NULL : reason);
		return;
	}
	if (cview_is_settled(cluster) && ask->asked_epoch != cluster->view->epoch) {
		ask->asked_epoch = cluster->view->epoch;
		clust_ask_upgrade(ask->configd->clust);
	}
	loop_timer_set(ask->configd->loop, &ask->timer, UPGRADE_LOOK_MS, upgrade_look, ask);
}

void server_upgrade(struct ask *ask)
{
	upgrade_look(ask);
}
