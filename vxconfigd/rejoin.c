// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vxconfigd that comes back in an open view (T13): it asks the master, which tells it the groups
 * between two transactions; once it has them, changes may begin again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/txn_run.h"

struct rejoin_scan {
	struct configd *configd;
	uint64_t generation;
};

/* Until the master has told what holds, the groups on the disks are shown as disabled. */
static void rejoin_show_disabled(struct configd *configd)
{
	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);
		struct group *group;

		if (disk->error == 0 && disk->label.shared && disk->label.dgid[0] != '\0' &&
		    strcmp(disk->label.cluster, configd->cluster.cluster) == 0 &&
		    group_find(configd, disk->label.dgid) == NULL &&
		    group_add(configd, disk->label.dgid, disk->label.group, &group) == 0) {
			group_disable(group,
				      "vxconfigd was started again and waits for the master");
		}
	}
}

static void rejoin_on_scanned(void *ctx)
{
	struct rejoin_scan *scan = ctx;
	struct configd *configd = scan->configd;
	bool current = scan->generation == configd->steps->generation;
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;
	Vx__CfgJoin join = VX__CFG_JOIN__INIT;

	free(scan);
	if (!current || !configd->cluster.settled) {
		return;
	}
	rejoin_show_disabled(configd);
	if (cview_is_master(&configd->cluster)) {
		return;
	}
	configd->steps->join_serial = id_make_u64();
	join.serial = configd->steps->join_serial;
	msg.body_case = VX__CFG_MSG__BODY_JOIN;
	msg.join = &join;
	clust_send_config(configd->clust, &msg);
}

void rejoin_ask(struct configd *configd)
{
	struct rejoin_scan *scan = proto_grow(NULL, 0, sizeof(*scan));

	*scan = (struct rejoin_scan){ .configd = configd,
				      .generation = configd->steps->generation };
	if (cview_is_master(&configd->cluster)) {
		configd->cluster.wait_view = true; /* vxclustd makes a new view (R16) */
	}
	disk_scan(configd->disks, rejoin_on_scanned, scan);
}

void rejoin_on_retry(void *ctx)
{
	struct configd *configd = ctx;

	if (configd->cluster.settled) {
		rejoin_ask(configd);
	}
}

static Vx__GroupView *rejoin_group_view(const struct group *group)
{
	Vx__GroupView *view = PROTO_NEW(vx__group_view, Vx__GroupView);

	proto_string_set(&view->dgid, group->dgid);
	proto_string_set(&view->name, group->name);
	if (group->config != NULL) {
		view->epoch = view->base_epoch = group->config->epoch;
		view->seq = view->base_seq = group->config->seq;
		view->hash = group->hash;
	}
	if (group->state == GROUP_DISABLED) {
		proto_string_set(&view->disabled, group->reason);
	}
	exchange_add_modes(&view->node, &view->n_node, &group->activation);
	exchange_add_disks(group->configd, group->config, view);
	return view;
}

static bool rejoin_may_serve(struct configd *configd)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->txn.member != TXN_NONE || group->txn.master != TXN_IDLE) {
			return false;
		}
	}
	return true;
}

void steps_serve_joins(struct configd *configd)
{
	if (!cview_is_master(&configd->cluster) || !configd->cluster.open ||
	    !configd->steps->decided || configd->steps->adopting > 0 ||
	    !rejoin_may_serve(configd)) {
		return;
	}
	for (size_t i = 0; i < configd->cluster.peer_count; i++) {
		struct peer *peer = &configd->cluster.peer[i];
		Vx__CfgView *view;
		struct group *group;

		if (!peer->join) {
			continue;
		}
		peer->join = false;
		view = PROTO_NEW(vx__cfg_view, Vx__CfgView);
		view->only = peer->nodeid;
		view->serial = peer->join_serial;
		TAILQ_FOREACH(group, &configd->groups, next)
		{
			if (!group->gone && group->state != GROUP_NEW && group_is_shared(group)) {
				PROTO_ADD(view->group, view->n_group, rejoin_group_view(group));
			}
		}
		exchange_send_view(configd, view);
		proto_free(view);
	}
}

void rejoin_on_ready(struct configd *configd, uint32_t from, const Vx__CfgReady *ready)
{
	const struct txn_event event = { .type = TXN_EV_NODE_UP, .node = from };
	struct peer *peer = cview_peer(&configd->cluster, from);

	if (peer == NULL || ready->epoch != cview_epoch(&configd->cluster)) {
		return;
	}
	if (ready->error != 0) {
		log_err("node=%s vxconfigd did not get the disk groups: %s",
			cview_name(&configd->cluster, from), ready->reason);
		peer->refused = true;
		request_kick(configd);
		return;
	}
	log_notice("node=%s vxconfigd is ready", cview_name(&configd->cluster, from));
	peer->up = true;
	peer->refused = false;
	peer->ready = true;
	txn_run_all(configd, &event);
	request_kick(configd);
}

void rejoin_on_asked(struct configd *configd, uint32_t from, const Vx__CfgJoin *join)
{
	struct peer *peer = cview_peer(&configd->cluster, from);

	if (peer != NULL) {
		peer->join = true;
		peer->join_serial = join->serial;
		peer->ready = false;
		request_kick(configd);
	}
}
