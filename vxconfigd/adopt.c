// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * This node takes over what the master decided for a group (T10): what it runs already it keeps,
 * the pending transaction it completes or drops, everything else it reads from the copies, and the
 * hash must be right. Then vxiod gets it, the node remembers it, and the group takes part in the
 * view.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/share.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/txn_run.h"

struct adopt {
	struct configd *configd;
	uint64_t generation;
	Vx__GroupView *view;
};

/* NULL if a further change of the view made this one idle; adopt is then freed. */
static struct group *adopt_group_of(struct adopt *adopt)
{
	struct group *group = group_find(adopt->configd, adopt->view->dgid);

	return adopt->generation == adopt->configd->steps->generation ? group : NULL;
}

static void adopt_free(struct adopt *adopt)
{
	proto_free(adopt->view);
	free(adopt);
}

static struct adopt *adopt_new(struct configd *configd, const Vx__GroupView *view)
{
	struct adopt *adopt = proto_grow(NULL, 0, sizeof(*adopt));

	*adopt = (struct adopt){ .configd = configd,
				 .generation = configd->steps->generation,
				 .view = proto_clone(view) };
	exchange_wait(configd);
	return adopt;
}

/* One part is done: the last one lets the step end. */
static void adopt_end(struct adopt *adopt, int error, const char *reason)
{
	if (adopt->generation == adopt->configd->steps->generation) {
		struct group *group = group_find(adopt->configd, adopt->view->dgid);

		if (error != 0 && group != NULL && group->config == NULL) {
			group_disable(group, reason);
		}
		exchange_done(adopt->configd, error, reason);
	}
	adopt_free(adopt);
}

/* ---- the fate of the pending transaction ---- */

static bool adopt_is_activation(const struct group *group)
{
	return group->pending.propose != NULL &&
	       group->pending.propose->kind == VX__TXN_KIND__TXN_ACTIVATE;
}

static bool adopt_is_complete(const struct group *group, const Vx__GroupView *view)
{
	const Vx__Propose *propose = group->pending.propose;
	const Vx__Outcome *outcome;

	if (propose == NULL) {
		return false;
	}
	if (adopt_is_activation(group)) {
		return activation_get(&group->activation, propose->nodeid) == propose->activation;
	}
	if (view->outcome != NULL && view->outcome->txid.len == ID_BYTES &&
	    memcmp(view->outcome->txid.data, propose->txid.data, ID_BYTES) == 0) {
		return view->outcome->committed;
	}
	outcome = group->config != NULL ? config_outcome_find(group->config, propose->txid.data)
					: NULL;
	return outcome != NULL && outcome->committed;
}

/* A take-over said so in the content; nobody may have heard of it, but who asks is told (T11). */
static bool adopt_has_failed(const struct group *group)
{
	const Vx__Propose *propose = group->pending.propose;
	const Vx__Outcome *outcome =
		propose != NULL && group->config != NULL
			? config_outcome_find(group->config, propose->txid.data)
			: NULL;

	return outcome != NULL && !outcome->committed;
}

uint32_t adopt_lost_member(const struct group *group)
{
	const Vx__View *view = group->configd->cluster.view;
	const struct txn_view *before = &group->txn.view;

	for (size_t i = 0; i < before->count; i++) {
		if (cview_member(view, before->member[i]) == NULL ||
		    cview_is_joiner(view, before->member[i])) {
			return before->member[i];
		}
	}
	return 0;
}

static void adopt_resolve(struct group *group, const Vx__GroupView *view)
{
	struct cview *cluster = &group->configd->cluster;
	uint32_t node = adopt_lost_member(group);
	char reason[VX_REASON_MAX];
	const struct txn_event close = { .type = TXN_EV_CLOSE };
	struct txn_event event = { .type = TXN_EV_RESOLVE,
				   .complete = adopt_is_complete(group, view),
				   .lost = node != 0 || adopt_has_failed(group),
				   .error = -VX_E_ABORTED,
				   .node = node,
				   .reason = reason };

	if (node != 0) {
		snprintf(reason, sizeof(reason), "node %s left the cluster: try again",
			 cview_name(cluster, node));
	} else {
		snprintf(reason, sizeof(reason),
			 "a cluster reconfiguration came in between: try again");
	}
	if (view->disabled[0] != '\0' && !adopt_is_activation(group)) {
		/* decided, but not stored: it may still turn out either way */
		event.complete = false;
		event.error = -VX_E_LOST;
		snprintf(reason, sizeof(reason), "%s", view->disabled);
	}
	txn_run(group, &close);
	txn_run(group, &event);
}

/* ---- ends ---- */

static void adopt_modes(struct group *group, const Vx__GroupView *view)
{
	group->activation.count = 0;
	for (size_t i = 0; i < view->n_node; i++) {
		activation_set(&group->activation, view->node[i]->nodeid, view->node[i]->mode);
	}
}

static void adopt_on_remembered(void *ctx, int error)
{
	struct adopt *adopt = ctx;
	char reason[VX_REASON_MAX] = "";

	if (error != 0) {
		memory_explain(adopt->configd->memory, error, reason);
	}
	adopt_end(adopt, error, reason);
}

static void adopt_on_loaded(void *ctx, int error, const char *reason)
{
	struct adopt *adopt = ctx;
	char text[VX_REASON_MAX] = "";

	if (error != 0) {
		snprintf(text, sizeof(text), "cluster device open failed: disk group %s: %.400s",
			 adopt->view->name, reason[0] != '\0' ? reason : vx_strerror(error));
	}
	adopt_end(adopt, error, text);
}

/* The content is there: from now on it is in force here. */
static void adopt_content(struct adopt *adopt, struct group *group, Vx__Config *config)
{
	struct configd *configd = adopt->configd;

	group->taking_over = true;
	group_config_set(group, config);
	adopt_modes(group, adopt->view);
	if (adopt->view->disabled[0] != '\0') {
		group_disable(group, adopt->view->disabled);
	}
	group_load(group, false, adopt_on_loaded, adopt_new(configd, adopt->view));
	adopt_resolve(group, adopt->view); /* after the load: it resumes what was suspended */
	group->taking_over = false;
	steps_open_group(group);
	log_info("view=%#llx dg=%s seq=%llu %s", (unsigned long long)config->epoch, group->name,
		 (unsigned long long)config->seq, group_state_name(group->state));
	group_remember(group, group->config, adopt_on_remembered, adopt);
}

/* Nothing may be changed for now; what runs goes on as it is. */
static void adopt_disabled(struct adopt *adopt, struct group *group)
{
	group->taking_over = true;
	adopt_modes(group, adopt->view);
	group_disable(group, adopt->view->disabled); /* before: one that is just made stays, too */
	adopt_resolve(group, adopt->view);
	group->taking_over = false;
	steps_open_group(group);
	adopt_end(adopt, 0, "");
}

static void adopt_drop(struct group *group, const Vx__GroupView *view)
{
	group->taking_over = true;
	adopt_resolve(group, view);
	request_refuse_all(group);
	if (group->loaded) {
		group_unload(group);
	}
	log_notice("dg=%s is not imported", group->name);
	group_remove(group);
}

/* ---- joiners: can this node take part? ---- */

static void adopt_on_probe(void *ctx, int error, const char *diskid, const char *reason)
{
	struct adopt *adopt = ctx;
	const struct group *group = adopt_group_of(adopt);
	char text[VX_REASON_MAX] = "";

	if (error != 0 && group != NULL && group->config != NULL) {
		snprintf(text, sizeof(text),
			 "cannot find disk on slave node: disk group %s, disk %s: %.300s",
			 adopt->view->name, config_disk_name(group->config, diskid), reason);
	}
	adopt_end(adopt, error != 0 ? -VX_E_NODISK : 0, text);
}

/* The master names what it sees: a disk that is gone for all keeps nobody out (T14). */
static void adopt_check_disks(struct configd *configd, const Vx__Config *config,
			      const Vx__GroupView *view)
{
	const char *diskid[VX_DISKS_MAX];
	size_t count = exchange_disks(config, view, diskid);

	disk_probe(configd->disks, diskid, count, adopt_on_probe, adopt_new(configd, view));
}

/* ---- the content ---- */

/* What was read or kept must be what the master runs. */
static void adopt_try(struct adopt *adopt, struct group *group, Vx__Config *config)
{
	const Vx__GroupView *view = adopt->view;
	struct configd *configd = adopt->configd;
	char reason[VX_REASON_MAX];

	if (config->epoch != view->epoch || config->seq != view->seq ||
	    config_hash(config) != view->hash) {
		snprintf(reason, sizeof(reason),
			 "cannot obtain configuration data: disk group %s: %#llx.%llu was read, "
			 "the master has %#llx.%llu",
			 view->name, (unsigned long long)config->epoch,
			 (unsigned long long)config->seq, (unsigned long long)view->epoch,
			 (unsigned long long)view->seq);
		proto_free(config);
		adopt_end(adopt, -VX_E_STALE, reason);
		return;
	}
	if (cview_is_joiner(configd->cluster.view, configd->cluster.self) &&
	    !cview_is_master(&configd->cluster)) {
		adopt_check_disks(configd, config, view);
	}
	adopt_content(adopt, group, config);
}

static void adopt_on_read(void *ctx, struct copies_found *found)
{
	struct adopt *adopt = ctx;
	struct group *group = adopt_group_of(adopt);
	char reason[VX_REASON_MAX];

	steps_moved(adopt->configd);
	if (group == NULL) {
		adopt_end(adopt, 0, ""); /* of a view that is over */
	} else if (found->config == NULL) {
		snprintf(reason, sizeof(reason),
			 "cannot obtain configuration data: disk group %s: %.400s",
			 adopt->view->name, found->reason);
		adopt_end(adopt, found->error != 0 ? found->error : -VX_E_NODISK, reason);
	} else {
		Vx__Config *config = found->config;

		found->config = NULL;
		adopt_try(adopt, group, config);
	}
}

static void adopt_read(struct adopt *adopt, struct group *group)
{
	struct copies *copies = shelf_open(adopt->configd->shelf, group->dgid, group->config);
	char reason[VX_REASON_MAX];

	if (copies == NULL) {
		snprintf(reason, sizeof(reason),
			 "cannot find disk on slave node: no disk of disk group %s",
			 adopt->view->name);
		adopt_end(adopt, -VX_E_NODISK, reason);
		return;
	}
	copies_read(copies, UINT64_MAX, adopt_on_read, adopt);
}

/* What this node can make out of what it has; NULL: it must read. */
static Vx__Config *adopt_from_memory(const struct group *group, const Vx__GroupView *view)
{
	const Vx__Propose *propose = group->pending.propose;
	bool mine = propose != NULL && view->outcome != NULL &&
		    view->outcome->txid.len == ID_BYTES &&
		    memcmp(view->outcome->txid.data, propose->txid.data, ID_BYTES) == 0;
	Vx__Config *config;

	if (group->config == NULL || group->config->epoch != view->base_epoch ||
	    group->config->seq != view->base_seq) {
		return NULL;
	}
	if (view->outcome != NULL && view->outcome->committed) {
		if (!mine || group->pending.after == NULL) {
			return NULL;
		}
		config = proto_clone(group->pending.after);
	} else {
		config = proto_clone(group->config);
	}
	config->epoch = view->epoch;
	config->seq = view->seq;
	if (mine && !view->outcome->committed && view->outcome->author != NULL) {
		share_outcomes_add(config, propose, false); /* the master knew it, and did so too */
	} else if (view->outcome != NULL && !view->outcome->committed &&
		   view->outcome->txid.len == ID_BYTES) {
		config_outcome_add(config, view->outcome->txid.data, false, view->outcome->author);
	}
	if (config_hash(config) != view->hash) {
		proto_free(config);
		return NULL;
	}
	return config;
}

static bool adopt_name_is_taken(struct configd *configd, const struct group *group,
				const char *name)
{
	const struct group *other;

	TAILQ_FOREACH(other, &configd->groups, next)
	{
		if (other != group && !other->gone && strcmp(other->name, name) == 0 &&
		    !group_is_shared(other)) {
			return true;
		}
	}
	return false;
}

void adopt_group(struct configd *configd, const Vx__GroupView *view)
{
	struct group *group = group_find(configd, view->dgid);
	struct adopt *adopt = adopt_new(configd, view);
	Vx__Config *config;
	char reason[VX_REASON_MAX];

	if (view->gone) {
		if (group != NULL) {
			adopt_drop(group, view);
		}
		adopt_end(adopt, 0, "");
		return;
	}
	if (adopt_name_is_taken(configd, group, view->name)) {
		snprintf(reason, sizeof(reason), "a private disk group %s is imported there",
			 view->name);
		adopt_end(adopt, -VX_E_EXISTS, reason);
		return;
	}
	if (group == NULL && group_add(configd, view->dgid, view->name, &group) != 0) {
		adopt_end(adopt, -VX_E_FULL, "too many disk groups");
		return;
	}
	if (view->disabled[0] != '\0') {
		adopt_disabled(adopt, group);
		return;
	}
	config = takeover_take(configd, view->dgid);
	if (config == NULL) {
		config = adopt_from_memory(group, view);
	}
	if (config != NULL) {
		adopt_try(adopt, group, config);
	} else {
		adopt_read(adopt, group);
	}
}

void adopt_noted(struct configd *configd)
{
	Vx__CfgState *notes = group_notes_read(configd);
	struct group *group;

	for (size_t i = 0; notes != NULL && i < notes->n_group; i++) {
		const Vx__GroupState *note = notes->group[i];

		group = group_find(configd, note->dgid);
		if (group == NULL && group_add(configd, note->dgid, note->name, &group) != 0) {
			continue;
		}
		if (group->config == NULL) {
			group->loaded = true;
			activation_set(&group->activation, configd->cluster.self, note->activation);
		}
	}
	proto_free(notes);
}

void adopt_drop_unnamed(struct configd *configd, const Vx__CfgView *view)
{
	static const Vx__GroupView nothing = VX__GROUP_VIEW__INIT;
	struct group *group, *after;

	for (group = TAILQ_FIRST(&configd->groups); group != NULL; group = after) {
		bool named = group->gone || !group_is_shared(group);

		after = TAILQ_NEXT(group, next);
		for (size_t i = 0; i < view->n_group && !named; i++) {
			named = strcmp(view->group[i]->dgid, group->dgid) == 0;
		}
		if (!named) {
			adopt_drop(group, &nothing);
		}
	}
}
