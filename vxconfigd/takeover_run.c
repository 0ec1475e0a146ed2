// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The master's work on the groups of a new view: reads the copies of each, decides (takeover.c),
 * writes the result as a checkpoint and the labels right, and tells everybody (T8, T9).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/takeover_part.h"

static void takeover_free(struct takeover_run *run)
{
	struct takeover_group *item;

	while ((item = TAILQ_FIRST(&run->groups)) != NULL) {
		TAILQ_REMOVE(&run->groups, item, next);
		proto_free(item->config);
		free(item);
	}
	free(run);
}

void takeover_cancel(struct configd *configd)
{
	struct takeover_run *run = configd->steps->takeover;

	if (run == NULL) {
		return;
	}
	configd->steps->takeover = NULL;
	run->cancelled = true;
	if (run->waiting == 0) {
		takeover_free(run);
	}
}

const Vx__Propose *takeover_propose(const struct takeover_group *item)
{
	const struct group *group = group_find(item->run->configd, item->dgid);
	const Vx__Propose *propose = group != NULL ? group->pending.propose : NULL;

	return propose != NULL && memcmp(propose->txid.data, item->decision.txid, ID_BYTES) == 0
		       ? propose
		       : NULL;
}

/* ---- telling ---- */

static Vx__GroupView *takeover_group_view(const struct takeover_group *item)
{
	const struct takeover *decision = &item->decision;
	Vx__GroupView *view = PROTO_NEW(vx__group_view, Vx__GroupView);

	proto_string_set(&view->dgid, item->dgid);
	proto_string_set(&view->name, item->name);
	view->gone = decision->base == TAKEOVER_NONE;
	view->base_epoch = decision->base_epoch;
	view->base_seq = decision->base_seq;
	if (item->error != 0) {
		proto_string_set(&view->disabled, item->reason);
	}
	if (item->config != NULL) {
		view->epoch = item->config->epoch;
		view->seq = item->config->seq;
		view->hash = config_hash(item->config);
	}
	if (decision->pending) {
		view->outcome = PROTO_NEW(vx__outcome, Vx__Outcome);
		view->outcome->txid.data = proto_grow(NULL, 0, ID_BYTES);
		view->outcome->txid.len = ID_BYTES;
		memcpy(view->outcome->txid.data, decision->txid, ID_BYTES);
		view->outcome->committed = decision->complete;
		if (takeover_propose(item) != NULL) {
			view->outcome->author = proto_clone(takeover_propose(item)->author);
		}
	}
	for (size_t i = 0; i < item->activation.count; i++) {
		Vx__NodeActivation *node = PROTO_NEW(vx__node_activation, Vx__NodeActivation);

		node->nodeid = item->activation.node[i].nodeid;
		node->mode = item->activation.node[i].mode;
		PROTO_ADD(view->node, view->n_node, node);
	}
	exchange_add_disks(item->run->configd, item->config, view);
	return view;
}

static void takeover_tell(struct takeover_run *run)
{
	Vx__CfgView *view = PROTO_NEW(vx__cfg_view, Vx__CfgView);
	struct takeover_group *item;

	TAILQ_FOREACH(item, &run->groups, next)
	{
		PROTO_ADD(view->group, view->n_group, takeover_group_view(item));
	}
	exchange_send_view(run->configd, view);
	proto_free(view);
}

Vx__Config *takeover_take(struct configd *configd, const char *dgid)
{
	struct takeover_group *item;
	Vx__Config *config;

	if (configd->steps->takeover == NULL) {
		return NULL;
	}
	TAILQ_FOREACH(item, &configd->steps->takeover->groups, next)
	{
		if (strcmp(item->dgid, dgid) == 0) {
			config = item->config;
			item->config = NULL;
			return config;
		}
	}
	return NULL;
}

void takeover_end(struct takeover_group *item, int error, const char *reason)
{
	struct takeover_run *run = item->run;

	steps_moved(run->configd);
	if (error != 0) {
		item->error = error;
		snprintf(item->reason, sizeof(item->reason), "%s",
			 reason[0] != '\0' ? reason : vx_strerror(error));
		proto_free(item->config);
		item->config = NULL;
	}
	if (--run->waiting > 0) {
		return;
	}
	if (run->cancelled) {
		takeover_free(run);
	} else {
		takeover_tell(run);
	}
}

/* ---- reading and deciding ---- */

/* The content that the decision names, if this node has it in memory. */
static Vx__Config *takeover_from_memory(const struct takeover_group *item)
{
	const struct takeover *decision = &item->decision;
	const struct group *group = group_find(item->run->configd, item->dgid);

	if (group == NULL || group->config == NULL ||
	    group->config->epoch != decision->base_epoch ||
	    group->config->seq != decision->base_seq) {
		return NULL;
	}
	if (!decision->complete) {
		return proto_clone(group->config);
	}
	if (takeover_propose(item) == NULL || group->pending.after == NULL) {
		return NULL;
	}
	return proto_clone(group->pending.after);
}

static void takeover_on_read(void *ctx, struct copies_found *found);

static void takeover_running(struct takeover_group *item, struct copies_found *found)
{
	struct configd *configd = item->run->configd;

	item->config = takeover_from_memory(item);
	if (item->config != NULL) {
		takeover_store(item);
	} else if (item->second_read) {
		const struct takeover *decision = &item->decision;

		if (found->config == NULL || found->config->epoch != decision->base_epoch ||
		    found->config->seq != decision->max_seq ||
		    (!decision->complete && config_hash(found->config) != decision->base_hash)) {
			takeover_end(item, -VX_E_STALE,
				     "the copies do not hold what the other nodes run");
			return;
		}
		item->config = found->config;
		found->config = NULL;
		takeover_store(item);
	} else {
		struct copies *copies = shelf_find(configd->shelf, item->dgid);

		item->second_read = true;
		copies_force(copies, item->forced);
		copies_read(copies, item->decision.max_seq, takeover_on_read, item);
	}
}

/* What this master begins again is not told to have failed (T11). */
static bool takeover_goes_on(const struct takeover_group *item)
{
	const struct group *group = group_find(item->run->configd, item->dgid);
	const uint8_t *txid = item->decision.txid;

	return group != NULL &&
	       (request_waits(group, txid) ||
		(txn_goes_aside(&group->txn, txid) && adopt_lost_member(group) == 0));
}

/* T17: the survey of the next view sees these copies; it waits for the proof. */
static void takeover_unproven(struct takeover_group *item, const Vx__Member *life)
{
	struct takeover_run *run = item->run;
	char reason[VX_REASON_MAX];

	if (!run->proof_asked) {
		snprintf(reason, sizeof(reason), "disk group %s: " UNPROVEN_TEXT, item->name, life->name);
		run->configd->steps->proof_asked = true;
		clust_ask_view(run->configd->clust, reason);
	}
	snprintf(reason, sizeof(reason), UNPROVEN_TEXT "%s", life->name,
		 run->proof_asked ? " (vxdctl enable: look again)" : ": a new view is made");
	takeover_end(item, -VX_E_UNPROVEN, reason);
}

static void takeover_on_read(void *ctx, struct copies_found *found)
{
	struct takeover_group *item = ctx;
	const Vx__Member *unproven = cview_unproven(item->run->configd->cluster.view, found->durable,
						    found->durable_count);
	struct takeover_disk disk = { .error = found->error, .unproven = unproven != NULL };

	steps_moved(item->run->configd);
	if (item->run->cancelled) {
		takeover_end(item, 0, "");
		return;
	}
	if (found->config != NULL) {
		disk.content = true;
		disk.epoch = found->config->epoch;
		disk.seq = found->config->seq;
	}
	if (!item->second_read) {
		takeover_decide(item->node, item->node_count, &disk, &item->decision);
		if (!item->decision.complete && takeover_goes_on(item)) {
			item->decision.pending = false;
		}
		log_info("dg=%s take-over: base %d at %#llx.%llu%s%s", item->name,
			 (int)item->decision.base, (unsigned long long)item->decision.base_epoch,
			 (unsigned long long)item->decision.base_seq,
			 item->decision.pending ? ", pending transaction " : "",
			 !item->decision.pending   ? ""
			 : item->decision.complete ? "completed"
						   : "failed");
	}
	switch (item->decision.base) {
	case TAKEOVER_NONE:
		if (item->decision.pending && item->decision.kind == VX__TXN_KIND__TXN_DEPORT) {
			takeover_end(item, 0,
				     ""); /* its labels were written before anybody saw COMMIT */
		} else {
			takeover_undo(item);
		}
		return;
	case TAKEOVER_RUNNING:
		takeover_running(item, found);
		return;
	case TAKEOVER_DISK:
		item->config = found->config;
		found->config = NULL;
		takeover_store(item);
		return;
	case TAKEOVER_REFUSE:
		if (item->decision.error == -VX_E_UNPROVEN) {
			takeover_unproven(item, unproven);
			return;
		}
		takeover_end(item, item->decision.error,
			     item->decision.reason[0] != '\0' ? item->decision.reason
							      : found->reason);
		return;
	}
}

/* ---- what there is ---- */

static struct takeover_group *takeover_add(struct takeover_run *run, const char *dgid,
					   const char *name)
{
	struct takeover_group *item;

	TAILQ_FOREACH(item, &run->groups, next)
	{
		if (strcmp(item->dgid, dgid) == 0) {
			return item;
		}
	}
	item = proto_grow(NULL, 0, sizeof(*item));
	memset(item, 0, sizeof(*item));
	item->run = run;
	snprintf(item->dgid, sizeof(item->dgid), "%s", dgid);
	snprintf(item->name, sizeof(item->name), "%s", name);
	TAILQ_INSERT_TAIL(&run->groups, item, next);
	return item;
}

static void takeover_add_state(struct takeover_run *run, uint32_t nodeid,
			       const Vx__GroupState *state)
{
	struct takeover_group *item = takeover_add(run, state->dgid, state->name);
	struct takeover_node node = { .nodeid = nodeid,
				      .have = state->have,
				      .runs = state->loaded,
				      .epoch = state->epoch,
				      .seq = state->seq,
				      .hash = state->hash,
				      .kind = state->kind,
				      .seen = state->seen_commit };

	if (state->txid.len == ID_BYTES) {
		node.pending = true;
		memcpy(node.txid, state->txid.data, ID_BYTES);
	}
	if (!takeover_add_node(item->node, &item->node_count, &node)) {
		log_bug("dg=%s more nodes tell of it than a view has", item->name);
	}
	item->runs = item->runs || state->loaded;
	item->ours = item->ours || state->ours;
}

bool takeover_is_new_to(const struct takeover_group *item, uint32_t nodeid)
{
	return !item->runs || cview_is_joiner(item->run->configd->cluster.view, nodeid);
}

/*
 * Which mode each node has (seniors first, so that they keep theirs): what it says itself, or if
 * its vxconfigd came back without a memory, what others know. New users: takeover_new_modes().
 */
static void takeover_modes(struct takeover_group *item)
{
	struct cview *cluster = &item->run->configd->cluster;

	for (size_t i = 0; i < cluster->peer_count; i++) {
		const struct peer *peer = &cluster->peer[i];
		Vx__Activation mode = VX__ACTIVATION__ACT_OFF;

		if (takeover_is_new_to(item, peer->nodeid)) {
			continue;
		}
		for (size_t k = 0; k < peer->state->n_group; k++) {
			const Vx__GroupState *state = peer->state->group[k];

			if (strcmp(state->dgid, item->dgid) == 0 &&
			    (state->have || state->loaded)) {
				mode = state->activation;
			}
		}
		if (!activation_admit(&item->activation, peer->nodeid, mode)) {
			log_err("dg=%s node=%s activation %s conflicts: set to off", item->name,
				cview_name(cluster, peer->nodeid), activation_name(mode));
		}
	}
}

/* Else it is a memory only: nobody runs it, and no disk that a node sees says it is this cluster's. */
static bool takeover_is_candidate(const struct takeover_group *item)
{
	for (size_t i = 0; i < item->node_count; i++) {
		if (item->node[i].have || item->node[i].pending) {
			return true;
		}
	}
	return item->runs || item->ours;
}

static void takeover_start(struct takeover_group *item)
{
	struct configd *configd = item->run->configd;
	const struct group *group = group_find(configd, item->dgid);
	struct copies *copies =
		shelf_open(configd->shelf, item->dgid, group != NULL ? group->config : NULL);

	item->run->waiting++;
	takeover_modes(item);
	if (copies == NULL) {
		struct copies_found none = {
			.error = -VX_E_NODISK,
			.reason = "the master sees no disk of it, or too many that name it"
		};

		takeover_on_read(item, &none);
		return;
	}
	if (request_import_waits(configd, item->dgid)) {
		log_warning("dg=%s forced: neither a majority of its copies nor all disks are "
			    "asked for",
			    item->name);
		item->forced = true;
		copies_force(copies, true);
	}
	copies_read(copies, UINT64_MAX, takeover_on_read, item);
}

void takeover_begin(struct configd *configd)
{
	struct cview *cluster = &configd->cluster;
	struct takeover_run *run = proto_grow(NULL, 0, sizeof(*run));
	struct takeover_group *item, *after;

	memset(run, 0, sizeof(*run));
	run->configd = configd;
	TAILQ_INIT(&run->groups);
	configd->steps->takeover = run;
	run->proof_asked = configd->steps->proof_asked;
	configd->steps->proof_asked = false;
	run->waiting = 1;
	for (size_t i = 0; i < cluster->peer_count; i++) {
		const Vx__CfgState *state = cluster->peer[i].state;

		for (size_t k = 0; k < state->n_group; k++) {
			takeover_add_state(run, cluster->peer[i].nodeid, state->group[k]);
		}
	}
	for (item = TAILQ_FIRST(&run->groups); item != NULL; item = after) {
		after = TAILQ_NEXT(item, next);
		if (takeover_is_candidate(item)) {
			takeover_start(item);
		} else {
			TAILQ_REMOVE(&run->groups, item, next);
			free(item);
		}
	}
	if (--run->waiting == 0) {
		takeover_tell(run);
	}
}
