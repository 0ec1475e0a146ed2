// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exchange of a new view (T8, T10): every vxconfigd tells its state, the master decides and
 * tells what holds. One that comes back later: rejoin.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/endings.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/record.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/txn_run.h"

/* ---- my state ---- */

/* This node's mode, with a change of it that was seen to be committed. */
static Vx__Activation exchange_mode(const struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	uint32_t self = group->configd->cluster.self;

	if (propose != NULL && propose->kind == VX__TXN_KIND__TXN_ACTIVATE &&
	    propose->nodeid == self && txn_has_seen(&group->txn)) {
		return propose->activation;
	}
	return activation_get(&group->activation, self);
}

void exchange_add_modes(Vx__NodeActivation ***list, size_t *count, const struct activation_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		Vx__NodeActivation *node = PROTO_NEW(vx__node_activation, Vx__NodeActivation);

		node->nodeid = map->node[i].nodeid;
		node->mode = map->node[i].mode;
		PROTO_ADD(*list, *count, node);
	}
}

void exchange_add_disks(const struct configd *configd, const Vx__Config *config,
			Vx__GroupView *view)
{
	bool bits = configd->cluster.view->protocol >= VX_PROTOCOL_DISKS;

	if (config != NULL && bits) {
		view->seen.len = (config->n_dm + 7) / 8;
		view->seen.data = record_alloc(view->seen.len + 1, 1);
	}
	for (size_t i = 0; config != NULL && i < config->n_dm; i++) {
		if (disk_by_id(configd->disks, config->dm[i]->diskid) == NULL) {
			continue;
		}
		if (bits) {
			view->seen.data[i / 8] |= (uint8_t)(1u << i % 8);
		} else {
			PROTO_ADD(view->diskid, view->n_diskid,
				  proto_string(config->dm[i]->diskid));
		}
	}
}

size_t exchange_disks(const Vx__Config *config, const Vx__GroupView *view, const char **out_diskid)
{
	size_t count = 0;

	for (size_t i = 0; i < config->n_dm && i < VX_DISKS_MAX; i++) {
		bool seen = i / 8 < view->seen.len && (view->seen.data[i / 8] >> i % 8 & 1) != 0;

		for (size_t k = 0; k < view->n_diskid && !seen; k++) {
			seen = strcmp(view->diskid[k], config->dm[i]->diskid) == 0;
		}
		if (seen) {
			out_diskid[count++] = config->dm[i]->diskid;
		}
	}
	return count;
}

static Vx__GroupState *exchange_group_state(const struct group *group)
{
	Vx__GroupState *state = PROTO_NEW(vx__group_state, Vx__GroupState);
	const Vx__Propose *propose = group->pending.propose;

	proto_string_set(&state->dgid, group->dgid);
	proto_string_set(&state->name, group->name);
	if (group->config != NULL && group->config->epoch != 0) {
		state->have = true;
		state->epoch = group->config->epoch;
		state->seq = group->config->seq;
		state->hash = group->hash;
	}
	if (propose != NULL && propose->kind != VX__TXN_KIND__TXN_ACTIVATE) {
		state->txid.data = proto_grow(NULL, 0, ID_BYTES);
		state->txid.len = ID_BYTES;
		memcpy(state->txid.data, propose->txid.data, ID_BYTES);
		state->kind = propose->kind;
		state->seen_commit = txn_has_seen(&group->txn);
	}
	state->loaded = group->loaded;
	state->activation = exchange_mode(group);
	exchange_add_modes(&state->node, &state->n_node, &group->activation);
	return state;
}

/* What a vxconfigd that was killed noted. */
static void exchange_add_notes(struct configd *configd, Vx__CfgState *state)
{
	Vx__CfgState *notes = group_notes_read(configd);

	for (size_t i = 0; notes != NULL && i < notes->n_group; i++) {
		const struct group *group = group_find(configd, notes->group[i]->dgid);

		if ((group == NULL || group->config == NULL) &&
		    !group_note_is_over(configd, notes->group[i]->dgid)) {
			PROTO_ADD(state->group, state->n_group, proto_clone(notes->group[i]));
		}
	}
	proto_free(notes);
}

static Vx__GroupState *exchange_find(Vx__CfgState *state, const char *dgid)
{
	for (size_t i = 0; i < state->n_group; i++) {
		if (strcmp(state->group[i]->dgid, dgid) == 0) {
			return state->group[i];
		}
	}
	return NULL;
}

/* What the disks say that this node sees, whoever runs the group. */
static void exchange_add_disk_groups(struct configd *configd, Vx__CfgState *state)
{
	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);
		bool ours = strcmp(disk->label.cluster, configd->cluster.cluster) == 0;
		struct memory_group known = { .epoch = 0 };
		Vx__GroupState *group;

		if (disk->error != 0 || !disk->label.shared || disk->label.dgid[0] == '\0' ||
		    (!memory_get(configd->memory, disk->label.dgid, &known) && !ours)) {
			continue;
		}
		group = exchange_find(state, disk->label.dgid);
		if (group == NULL) {
			group = PROTO_NEW(vx__group_state, Vx__GroupState);
			proto_string_set(&group->dgid, disk->label.dgid);
			proto_string_set(&group->name, disk->label.group);
			PROTO_ADD(state->group, state->n_group, group);
		}
		group->ours = group->ours || ours;
		if (!group->have && known.epoch != 0) {
			group->epoch = known.epoch;
			group->seq = known.seq;
		}
	}
}

static void exchange_send_state(struct configd *configd)
{
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;
	Vx__CfgState *state = PROTO_NEW(vx__cfg_state, Vx__CfgState);
	struct group *group;

	state->serial = configd->serial;
	state->proto_min = VX_PROTOCOL_MIN;
	state->proto_max = VX_PROTOCOL_MAX;
	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->gone) {
			continue;
		}
		if (group_is_shared(group)) {
			PROTO_ADD(state->group, state->n_group, exchange_group_state(group));
		} else {
			PROTO_ADD(state->private_group, state->n_private_group,
				  proto_string(group->name));
		}
	}
	exchange_add_notes(configd, state);
	exchange_add_disk_groups(configd, state);
	msg.body_case = VX__CFG_MSG__BODY_STATE;
	msg.state = state;
	if (clust_send_config(configd->clust, &msg) != 0) {
		steps_end(configd, &configd->steps->config, -VX_E_FULL,
			  "cannot tell the other nodes its state");
	}
	proto_free(state);
}

struct exchange_scan {
	struct configd *configd;
	uint64_t generation;
};

static void exchange_try_takeover(struct configd *configd)
{
	const struct cview *cluster = &configd->cluster;

	if (!cview_is_master(cluster) || !configd->steps->scanned ||
	    configd->steps->takeover != NULL || configd->steps->decided ||
	    configd->steps->config == NULL) {
		return;
	}
	for (size_t i = 0; i < cluster->peer_count; i++) {
		if (cluster->peer[i].state == NULL) {
			return;
		}
	}
	takeover_begin(configd);
}

static void exchange_on_scanned(void *ctx)
{
	struct exchange_scan *scan = ctx;
	struct configd *configd = scan->configd;

	if (scan->generation == configd->steps->generation && configd->steps->config != NULL) {
		configd->steps->scanned = true;
		steps_moved(configd);
		exchange_send_state(configd);
	}
	free(scan);
}

void exchange_begin(struct configd *configd)
{
	struct exchange_scan *scan = proto_grow(NULL, 0, sizeof(*scan));

	*scan = (struct exchange_scan){ .configd = configd,
					.generation = configd->steps->generation };
	disk_scan(configd->disks, exchange_on_scanned, scan);
}

static void exchange_on_state(struct configd *configd, uint32_t from, const Vx__CfgState *state)
{
	struct peer *peer = cview_peer(&configd->cluster, from);

	if (peer == NULL) {
		return;
	}
	if (configd->steps->decided) { /* it was started again meanwhile: as one that comes back */
		peer->join = !peer->ready;
		peer->join_serial = 0;
		request_kick(configd);
		return;
	}
	proto_free(peer->state);
	peer->state = proto_clone(state);
	peer->up = true;
	peer->ready = true;
	exchange_try_takeover(configd);
}

/* ---- what was decided ---- */

void exchange_send_view(struct configd *configd, Vx__CfgView *view)
{
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;

	view->epoch = cview_epoch(&configd->cluster);
	view->master_serial = configd->serial;
	msg.body_case = VX__CFG_MSG__BODY_VIEW;
	msg.view = view;
	if (clust_send_config(configd->clust, &msg) != 0) {
		clust_abort(configd->clust, "the decision about the disk groups cannot be sent");
	}
}

void exchange_wait(struct configd *configd)
{
	configd->steps->adopting++;
}

static void exchange_end(struct configd *configd)
{
	struct steps *steps = configd->steps;
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;
	Vx__CfgReady ready = VX__CFG_READY__INIT;

	steps_end(configd, &steps->config, steps->error, steps->reason);
	if (steps->rejoining) {
		ready.epoch = cview_epoch(&configd->cluster);
		ready.error = steps->error;
		ready.reason = steps->reason;
		ready.serial = steps->join_serial;
		msg.body_case = VX__CFG_MSG__BODY_READY;
		msg.ready = &ready;
		clust_send_config(configd->clust, &msg);
		steps->join_serial = 0;
		steps->rejoining = false;
		if (steps->error != 0) {
			log_err("the disk groups of the master cannot be taken over: %s",
				steps->reason);
			loop_timer_set(configd->loop, &steps->retry_timer, VX_REJOIN_MS,
				       rejoin_on_retry, configd);
		}
	}
	if (cview_is_joiner(configd->cluster.view, configd->cluster.self)) {
		endings_break(configd->endings);
	}
	if (steps->error == 0) {
		endings_begin(configd->endings, clock_ms());
	}
	relay_decided(configd);
	relay_settled(configd); /* nothing, unless this node came back in a settled view */
}

void exchange_done(struct configd *configd, int error, const char *reason)
{
	struct steps *steps = configd->steps;

	if (error != 0 && steps->error == 0) {
		steps->error = error;
		snprintf(steps->reason, sizeof(steps->reason), "%s", reason);
	}
	steps_moved(configd);
	if (--steps->adopting == 0) {
		exchange_end(configd);
	}
}

static void exchange_on_view(struct configd *configd, uint32_t from, const Vx__CfgView *view)
{
	struct steps *steps = configd->steps;

	if (view->epoch != cview_epoch(&configd->cluster) ||
	    from != configd->cluster.view->master || !configd->cluster.open) {
		return;
	}
	if (view->only != 0 && (view->only != configd->cluster.self ||
				(view->serial != 0 && view->serial != steps->join_serial))) {
		return;
	}
	if (view->only == 0 && steps->config == NULL) {
		return; /* it came back after the others had told their states: it will ask */
	}
	steps->decided = true;
	for (size_t i = 0; view->only != 0 && i < configd->cluster.peer_count; i++) {
		configd->cluster.peer[i].ready = true; /* none begins before all are */
	}
	relay_master(configd, view);
	steps->rejoining = view->only != 0;
	steps->error = 0;
	steps->reason[0] = '\0';
	steps->adopting = 1;
	adopt_noted(configd);
	for (size_t i = 0; i < view->n_group; i++) {
		adopt_group(configd, view->group[i]);
	}
	adopt_drop_unnamed(configd, view);
	exchange_done(configd, 0, "");
}

void steps_on_message(struct configd *configd, uint32_t from, const Vx__CfgMsg *msg)
{
	if (!configd->cluster.open) {
		return;
	}
	if (msg->body_case == VX__CFG_MSG__BODY_STATE) {
		exchange_on_state(configd, from, msg->state);
	} else if (msg->body_case == VX__CFG_MSG__BODY_VIEW) {
		exchange_on_view(configd, from, msg->view);
	} else if (msg->body_case == VX__CFG_MSG__BODY_READY) {
		rejoin_on_ready(configd, from, msg->ready);
	} else if (msg->body_case == VX__CFG_MSG__BODY_JOIN) {
		rejoin_on_asked(configd, from, msg->join);
	} else {
		txn_run_message(configd, from, msg);
	}
}
