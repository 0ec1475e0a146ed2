// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked about groups and their records: vxdg list and free, vxprint, vxinfo, maxsize. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/query.h"
#include "vxconfigd/record.h"
#include "vxconfigd/server.h"
#include "vxconfigd/shelf.h"

static Vx__GroupInfo *query_group(struct group *group)
{
	struct cview *cluster = &group->configd->cluster;
	Vx__GroupInfo *info = PROTO_NEW(vx__group_info, Vx__GroupInfo);
	bool shared = group_is_shared(group);
	char state[64];

	if (group->config != NULL) {
		info->config = proto_clone(group->config);
		info->n_path = group_paths(group->configd, group->config, &info->path);
	} else { /* only its name is known */
		info->config = PROTO_NEW(vx__config, Vx__Config);
		info->config->dg = PROTO_NEW(vx__dg, Vx__Dg);
		proto_string_set(&info->config->dg->name, group->name);
		proto_string_set(&info->config->dg->dgid, group->dgid);
		info->config->dg->shared = true;
	}
	if (group->state == GROUP_ENABLED && group->configd->enabled) {
		snprintf(state, sizeof(state), "enabled%s", shared ? ",shared" : "");
	} else {
		snprintf(state, sizeof(state), "disabled");
	}
	proto_string_set(&info->state, state);
	info->activation = activation_get(&group->activation, cluster->self);
	info->hash = group->hash;
	for (size_t i = 0; shared && i < cluster->peer_count; i++) {
		Vx__NodeActivation *node = PROTO_NEW(vx__node_activation, Vx__NodeActivation);

		node->nodeid = cluster->peer[i].nodeid;
		node->mode = activation_get(&group->activation, node->nodeid);
		proto_string_set(&node->node, cview_name(cluster, node->nodeid));
		PROTO_ADD(info->node, info->n_node, node);
	}
	return info;
}

static bool query_is_wanted(const Vx__Request *request, const struct group *group)
{
	if (group->gone || group->state == GROUP_NEW) {
		return false;
	}
	return request->group[0] == '\0' || strcmp(request->group, group->name) == 0;
}

bool server_group_known(const struct ask *ask, Vx__Reply *reply)
{
	const struct group *group;

	if (ask->request->group[0] == '\0') {
		return true;
	}
	TAILQ_FOREACH(group, &ask->configd->groups, next)
	{
		if (query_is_wanted(ask->request, group)) {
			return true;
		}
	}
	message_add(reply, ask->request->tool, MSG_GROUP_UNKNOWN, ask->request->group);
	return false;
}

bool server_has_record(const struct ask *ask, const char *name, bool volume)
{
	const struct group *group;

	TAILQ_FOREACH(group, &ask->configd->groups, next)
	{
		if (group->config != NULL && query_is_wanted(ask->request, group) &&
		    (volume ? config_vol(group->config, name) != NULL
			    : config_name_used(group->config, name))) {
			return true;
		}
	}
	return false;
}

/* Every group, or the one of -g. False: there is no such group, and reply says so. */
static bool query_groups(const struct ask *ask, Vx__Reply *reply)
{
	struct group *group;

	TAILQ_FOREACH(group, &ask->configd->groups, next)
	{
		if (query_is_wanted(ask->request, group)) {
			PROTO_ADD(reply->group, reply->n_group, query_group(group));
		}
	}
	return server_group_known(ask, reply);
}

void server_print(struct ask *ask)
{
	Vx__Reply *reply = ask_reply_new();

	query_groups(ask, reply);
	ask_answer(ask, reply);
}

/* ---- vxdg free ---- */

/* The devices are those of this node. */
static void query_add_free(const struct group *group, Vx__GroupInfo *info)
{
	if (group->config == NULL) {
		return;
	}
	info->free = query_free(group->config, &info->n_free);
	for (size_t i = 0; i < info->n_free; i++) {
		const Vx__Dm *dm = config_dm(group->config, info->free[i]->disk);
		const struct disk *disk = disk_by_id(group->configd->disks, dm->diskid);

		proto_string_set(&info->free[i]->device, disk != NULL ? disk->device : "-");
	}
}

void server_group_free(struct ask *ask)
{
	Vx__Reply *reply = ask_reply_new();

	query_groups(ask, reply);
	for (size_t i = 0; i < reply->n_group; i++) {
		struct group *group = group_find(ask->configd, reply->group[i]->config->dg->dgid);

		if (group != NULL) {
			query_add_free(group, reply->group[i]);
		}
	}
	ask_answer(ask, reply);
}

/* ---- vxdg list: with the state of the copies where a group is named ---- */

struct query_list {
	struct ask *ask;
	Vx__Reply *reply;
	unsigned int waiting;
};

struct query_copies {
	struct query_list *list;
	char dgid[64];
};

static void query_list_answered(struct query_list *list)
{
	if (--list->waiting == 0) {
		ask_answer(list->ask, list->reply);
		free(list);
	}
}

static void query_on_copies(void *ctx, struct copies_found *found)
{
	struct query_copies *copies = ctx;
	Vx__Reply *reply = copies->list->reply;

	for (size_t i = 0; i < reply->n_group; i++) {
		Vx__GroupInfo *info = reply->group[i];

		if (strcmp(info->config->dg->dgid, copies->dgid) != 0) {
			continue;
		}
		for (size_t k = 0; k < found->copy_count; k++) {
			PROTO_ADD(info->copy, info->n_copy, proto_clone(&found->copy[k]));
		}
	}
	query_list_answered(copies->list);
	free(copies);
}

static bool query_is_named(const Vx__Request *request, const char *name)
{
	for (size_t i = 0; i < request->n_operand; i++) {
		if (strcmp(request->operand[i], name) == 0) {
			return true;
		}
	}
	return false;
}

void server_group_list(struct ask *ask)
{
	struct query_list *list = proto_grow(NULL, 0, sizeof(*list));
	struct group *group;

	*list = (struct query_list){ .ask = ask, .reply = ask_reply_new(), .waiting = 1 };
	query_groups(ask, list->reply);
	TAILQ_FOREACH(group, &ask->configd->groups, next)
	{
		struct query_copies *item;
		struct copies *copies;

		if (!query_is_wanted(ask->request, group) ||
		    !query_is_named(ask->request, group->name)) {
			continue;
		}
		copies = shelf_find(ask->configd->shelf, group->dgid);
		/* disks that came and went concern the one that writes; others look which there are */
		if (copies == NULL || !cview_is_master(&ask->configd->cluster)) {
			copies = shelf_open(ask->configd->shelf, group->dgid, group->config);
		}
		if (copies != NULL) {
			item = proto_grow(NULL, 0, sizeof(*item));
			*item = (struct query_copies){ .list = list };
			snprintf(item->dgid, sizeof(item->dgid), "%s", group->dgid);
			list->waiting++;
			copies_read(copies, UINT64_MAX, query_on_copies, item);
		}
	}
	query_list_answered(list);
}

/* ---- vxinfo ---- */

/* Started is what this node's vxiod runs. */
static const char *query_condition(const Vx__Config *config, const Vx__Vol *vol,
				   const Vx__VolInfo *running)
{
	enum query_condition condition = query_volume_condition(config, vol);

	if (condition == QUERY_STARTED && (running == NULL || running->trouble[0] != '\0')) {
		condition = QUERY_STARTED_UNUSABLE;
	}
	return query_condition_text(condition);
}

static void query_add_volumes(Vx__GroupInfo *info, const Vx__IodReport *report)
{
	for (size_t i = 0; i < info->config->n_vol; i++) {
		const Vx__Vol *vol = info->config->vol[i];
		const Vx__VolInfo *running = NULL;
		Vx__VolInfo *item;

		for (size_t k = 0; report != NULL && k < report->n_vol; k++) {
			if (report->vol[k]->rid == vol->rid &&
			    strcmp(report->vol[k]->group, info->config->dg->name) == 0) {
				running = report->vol[k];
			}
		}
		item = running != NULL ? proto_clone(running)
				       : PROTO_NEW(vx__vol_info, Vx__VolInfo);
		if (running == NULL) {
			proto_string_set(&item->group, info->config->dg->name);
			proto_string_set(&item->name, vol->name);
			item->rid = vol->rid;
			item->kstate = vol->kstate;
		}
		proto_string_set(&item->condition, query_condition(info->config, vol, running));
		PROTO_ADD(info->vol, info->n_vol, item);
	}
}

static void query_on_volumes(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();
	const Vx__IodReport *report = error == 0 && answer->body_case == VX__IPC__BODY_IOD_REPORT
					      ? answer->iod_report
					      : NULL;

	(void)reason;
	query_groups(ask, reply);
	for (size_t i = 0; i < reply->n_group; i++) {
		query_add_volumes(reply->group[i], report);
	}
	ask_answer(ask, reply);
}

void server_info(struct ask *ask)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	query.volumes = true;
	msg.body_case = VX__IPC__BODY_IOD_QUERY;
	msg.iod_query = &query;
	iod_call(ask->configd->iod, &msg, query_on_volumes, ask);
}

/* ---- what could be done: vxassist maxsize, vxrecover -p ---- */

static void query_answer(struct ask *ask, int query(const Vx__Config *config,
						    const Vx__Request *request, Vx__Reply *reply))
{
	const struct group *group = group_by_name(ask->configd, ask->request->group);
	Vx__Reply *reply = ask_reply_new();

	query(group != NULL ? group->config : NULL, ask->request, reply);
	ask_answer(ask, reply);
}

void server_max_size(struct ask *ask)
{
	query_answer(ask, query_max_size);
}

void server_startable(struct ask *ask)
{
	query_answer(ask, query_startable);
}
