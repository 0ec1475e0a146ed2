// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request at the master waits for, in words. */
#include <stdio.h>
#include <string.h>

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
static void wait_queue(struct configd *configd, char *text)
{
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
	snprintf(text, VX_REASON_MAX, "an earlier change");
}

bool request_waits_for(struct configd *configd, const uint8_t *txid, char *out_text)
{
	bool planned = wait_is(configd->creating_now, txid);
	bool queued = wait_is_in(&configd->creating, txid);
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (wait_is(group->current, txid) || wait_is_in(&group->sharing, txid)) {
			wait_transaction(group, out_text);
			return true;
		}
		planned = planned || wait_is(group->starting, txid);
		queued = queued || wait_is_in(&group->queue, txid);
	}
	if (planned) {
		snprintf(out_text, VX_REASON_MAX, "the disks of node %s",
			 cview_name(&configd->cluster, configd->cluster.self));
	} else if (queued) {
		wait_queue(configd, out_text);
	}
	return planned || queued;
}
