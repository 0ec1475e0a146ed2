// SPDX-License-Identifier: GPL-2.0-or-later
/* One disk group in the daemon. */
#include "vxconfigd/group.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/losses.h"
#include "vxconfigd/record.h"
#include "vxconfigd/server.h"

struct group_load_call {
	TAILQ_ENTRY(group_load_call) next;
	struct configd *configd;
	uint64_t serial;
	char dgid[64];
	void (*done)(void *ctx, int error, const char *reason);
	void *ctx;
};

static const char *const group_state_names[] = {
	[GROUP_NEW] = "new",
	[GROUP_ENABLED] = "enabled",
	[GROUP_DISABLED] = "disabled",
};

const char *group_state_name(enum group_state state)
{
	return group_state_names[state];
}

struct group *group_find(struct configd *configd, const char *dgid)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (!group->gone && strcmp(group->dgid, dgid) == 0) {
			return group;
		}
	}
	return NULL;
}

struct group *group_by_name(struct configd *configd, const char *name)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (!group->gone && strcmp(group->name, name) == 0) {
			return group;
		}
	}
	return NULL;
}

int group_add(struct configd *configd, const char *dgid, const char *name, struct group **out_group)
{
	struct group *group;
	size_t count = 0;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		count++;
	}
	if (count >= VX_GROUPS_MAX || strlen(dgid) >= sizeof(group->dgid)) {
		return -VX_E_FULL;
	}
	group = proto_grow(NULL, 0, sizeof(*group));
	*group = (struct group){ .configd = configd, .state = GROUP_NEW };
	snprintf(group->dgid, sizeof(group->dgid), "%s", dgid);
	snprintf(group->name, sizeof(group->name), "%s", name);
	txn_init(&group->txn);
	TAILQ_INIT(&group->inputs);
	TAILQ_INIT(&group->queue);
	TAILQ_INIT(&group->sharing);
	TAILQ_INSERT_TAIL(&configd->groups, group, next);
	*out_group = group;
	return 0;
}

void group_remove(struct group *group)
{
	group->gone = true;
	if (group->running) {
		return; /* txn_run.c calls again */
	}
	assert(TAILQ_EMPTY(&group->queue) && group->current == NULL &&
	       TAILQ_EMPTY(&group->sharing) && TAILQ_EMPTY(&group->inputs));
	TAILQ_REMOVE(&group->configd->groups, group, next);
	loop_timer_cancel(&group->timer);
	proto_free(group->config);
	proto_free(group->pending.propose);
	proto_free(group->pending.after);
	proto_free(group->incoming);
	server_disk_look_again(group->configd);
	free(group);
}

void group_config_set(struct group *group, Vx__Config *config)
{
	losses_tell(group->config, config);
	proto_free(group->config);
	group->config = config;
	group->hash = config_hash(config);
	snprintf(group->name, sizeof(group->name), "%s", config->dg->name);
	group->state = GROUP_ENABLED;
	group->reason[0] = '\0';
}

void group_disable(struct group *group, const char *reason)
{
	if (group->state != GROUP_DISABLED || strcmp(group->reason, reason) != 0) {
		log_err("dg=%s disabled: %s", group->name, reason);
	}
	group->state = GROUP_DISABLED;
	snprintf(group->reason, sizeof(group->reason), "%s", reason);
}

bool group_is_shared(const struct group *group)
{
	return group->config == NULL || group->config->dg->shared;
}

Vx__Activation group_activation(const struct group *group)
{
	return group_is_shared(group)
		       ? activation_get(&group->activation, group->configd->cluster.self)
		       : group->config->dg->activation;
}

size_t group_paths(struct configd *configd, const Vx__Config *config, Vx__DiskPath ***out_path)
{
	Vx__DiskPath **list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < config->n_dm; i++) {
		const struct disk *disk = disk_by_id(configd->disks, config->dm[i]->diskid);

		if (disk != NULL) {
			Vx__DiskPath *path = PROTO_NEW(vx__disk_path, Vx__DiskPath);

			proto_string_set(&path->diskid, config->dm[i]->diskid);
			proto_string_set(&path->path, disk->path);
			PROTO_ADD(list, count, path);
		}
	}
	*out_path = list;
	return count;
}

void group_paths_free(Vx__DiskPath **path, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		proto_free(path[i]);
	}
	free(path);
}

static void group_on_loaded(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct group_load_call *call = ctx;
	struct configd *configd = call->configd;
	const struct group *group = group_find(configd, call->dgid);
	char text[VX_REASON_MAX];

	(void)answer;
	TAILQ_REMOVE(&configd->loads, call, next);
	if (error != 0 && !configd->leaving) {
		snprintf(text, sizeof(text), "dg=%s vxiod cannot run the configuration: %s%s%s",
			 group != NULL ? group->name : call->dgid, vx_strerror(error),
			 reason[0] != '\0' ? ": " : "", reason);
		log_err("%s", text);
		/* A node that does not run what was committed must not go on beside those that do.
		 */
		if (group != NULL && configd->cluster.settled && error != -VX_E_NODAEMON) {
			clust_abort(configd->clust, text);
		}
	}
	if (call->done != NULL) {
		call->done(call->ctx, error, reason);
	}
	free(call);
	server_on_loaded(configd);
}

static struct group_load_call *group_load_begin(struct group *group,
						void (*done)(void *ctx, int error,
							     const char *reason),
						void *ctx)
{
	struct group_load_call *call = proto_grow(NULL, 0, sizeof(*call));
	struct configd *configd = group->configd;

	*call = (struct group_load_call){
		.configd = configd, .serial = ++configd->load_serial, .done = done, .ctx = ctx
	};
	snprintf(call->dgid, sizeof(call->dgid), "%s", group->dgid);
	TAILQ_INSERT_TAIL(&configd->loads, call, next);
	return call;
}

bool group_is_loading(const struct configd *configd, uint64_t serial)
{
	const struct group_load_call *oldest = TAILQ_FIRST(&configd->loads);

	return oldest != NULL && oldest->serial <= serial;
}

void group_load(struct group *group, bool first,
		void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	struct configd *configd = group->configd;
	Vx__IodLoad load = VX__IOD_LOAD__INIT;
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Config config = *group->config;
	Vx__Ipc msg = VX__IPC__INIT;

	config.n_outcome = 0; /* who asked for what is no business of vxiod's */
	load.config = &config;
	load.first = first;
	load.force = true; /* whether a volume may go was asked before (T2) */
	load.activation = group_activation(group);
	load.n_path = group_paths(configd, group->config, &load.path);
	msg.body_case = VX__IPC__BODY_IOD_LOAD;
	msg.iod_load = &load;
	if (configd->leaving) { /* only an answer in its order */
		msg.body_case = VX__IPC__BODY_IOD_QUERY;
		msg.iod_query = &query;
	}
	group->loaded = !configd->leaving;
	iod_call(configd->iod, &msg, group_on_loaded, group_load_begin(group, done, ctx));
	group_paths_free(load.path, load.n_path);
	group_notes_save(configd);
}

void group_unload(struct group *group)
{
	struct configd *configd = group->configd;
	Vx__IodUnload unload = VX__IOD_UNLOAD__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	unload.dgid = group->dgid;
	unload.force = true;
	msg.body_case = VX__IPC__BODY_IOD_UNLOAD;
	msg.iod_unload = &unload;
	group->loaded = false;
	iod_call(configd->iod, &msg, group_on_loaded, group_load_begin(group, NULL, NULL));
	group_notes_save(configd);
}

void group_remember(struct group *group, const Vx__Config *config,
		    void (*done)(void *ctx, int error), void *ctx)
{
	const char *enabled[VX_COPIES_MAX];
	struct memory_group known = { .dgid = config->dg->dgid,
				      .name = config->dg->name,
				      .epoch = config->epoch,
				      .seq = config->seq,
				      .enabled = enabled };

	for (size_t i = 0; i < config->n_dm && known.enabled_count < VX_COPIES_MAX; i++) {
		if (config->dm[i]->nconfig) {
			enabled[known.enabled_count++] = config->dm[i]->diskid;
		}
	}
	memory_put(group->configd->memory, &known, done, ctx);
}

void group_config_own(struct configd *configd, Vx__Config *config, bool shared)
{
	config->dg->shared = shared;
	proto_string_set(&config->dg->cluster, shared ? configd->cluster.cluster : "");
	proto_string_set(&config->dg->host, shared ? "" : configd->host);
}
