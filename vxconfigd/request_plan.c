// SPDX-License-Identifier: GPL-2.0-or-later
/* From a request to a proposal: what it needs to know is gathered, then plan.h works it out. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/author.h"
#include "vxconfigd/detach_policy.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/cfg_steps.h"

struct request_scan {
	struct request *req;
	void (*done)(struct request *req, int error);
};

static bool request_is(const Vx__Request *request, const char *tool, const char *verb)
{
	return strcmp(request->tool, tool) == 0 && strcmp(request->verb, verb) == 0;
}

bool request_is_internal(const Vx__Request *request)
{
	return strcmp(request->tool, "vxconfigd") == 0;
}

bool request_creates(const Vx__Request *request)
{
	return request_is(request, "vxdg", "init") || request_is(request, "vxdg", "import");
}

bool request_has_flag(const Vx__Request *request, const char *flag)
{
	for (size_t i = 0; i < request->n_flag; i++) {
		if (strcmp(request->flag[i], flag) == 0) {
			return true;
		}
	}
	return false;
}

const char *request_attr(const Vx__Request *request, const char *key)
{
	for (size_t i = 0; i < request->n_attr; i++) {
		if (strcmp(request->attr[i]->key, key) == 0) {
			return request->attr[i]->value;
		}
	}
	return NULL;
}

/* ---- the disks of this node ---- */

static const char *request_disk_status(const struct disk *disk)
{
	if (disk->error == -VX_E_NOTFOUND) {
		return "online invalid";
	}
	if (disk->error != 0) {
		return "error";
	}
	return disk->label.shared ? "online shared" : "online";
}

size_t request_disks(struct configd *configd, Vx__DiskInfo ***out_disk)
{
	Vx__DiskInfo **list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);
		const struct group *group =
			group_with_disk(configd, disk->label.diskid, GROUP_HAS, NULL);
		Vx__DiskInfo *info;

		if (disk->duplicate) {
			continue;
		}
		info = PROTO_NEW(vx__disk_info, Vx__DiskInfo);
		proto_string_set(&info->device, disk->device);
		proto_string_set(&info->path, disk->path);
		proto_string_set(&info->type, disk->error == 0 ? "cdsdisk" : "none");
		proto_string_set(&info->status, request_disk_status(disk));
		proto_string_set(&info->diskid, disk->label.diskid);
		proto_string_set(&info->disk, disk->label.media);
		if (disk->label.dgid[0] != '\0' || group == NULL) {
			proto_string_set(&info->group, disk->label.group);
			proto_string_set(&info->dgid, disk->label.dgid);
		} else {
			proto_string_set(&info->group, group->name);
			proto_string_set(&info->dgid, group->dgid);
		}
		proto_string_set(&info->cluster, disk->label.cluster);
		proto_string_set(&info->host, disk->label.host);
		info->len = disk->label.len;
		info->pub_offset = disk->label.pub_offset;
		info->pub_len = disk->label.pub_len;
		info->priv_len = disk->label.priv_len;
		PROTO_ADD(list, count, info);
	}
	*out_disk = list;
	return count;
}

void request_disks_free(Vx__DiskInfo **disk, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		proto_free(disk[i]);
	}
	free(disk);
}

/* ---- proposals ---- */

void request_unplan(struct request *req)
{
	proto_free(req->propose);
	req->propose = NULL;
	if (req->plan != NULL) {
		plan_free(req->plan);
		req->plan = NULL;
	}
	proto_free(req->reply); /* with what the planner said */
	req->reply = PROTO_NEW(vx__reply, Vx__Reply);
}

static Vx__Propose *request_propose_new(struct request *req, Vx__TxnKind kind, const char *dgid,
					const char *group)
{
	Vx__Propose *propose = PROTO_NEW(vx__propose, Vx__Propose);

	propose->txid.data = proto_grow(NULL, 0, ID_BYTES);
	propose->txid.len = ID_BYTES;
	memcpy(propose->txid.data, req->request->txid.data, ID_BYTES);
	propose->attempt = req->attempt;
	propose->kind = kind;
	propose->nodeid = req->nodeid;
	propose->dry_run = request_has_flag(req->request, "dry-run");
	propose->destroy = request_is(req->request, "vxdg", "destroy");
	proto_string_set(&propose->dgid, dgid);
	proto_string_set(&propose->group, group);
	propose->author = author_new(req->request, cview_name(&req->configd->cluster, req->nodeid));
	return propose;
}

static void request_propose_base(struct request *req, const struct group *group)
{
	req->propose->base_epoch = group->config->epoch;
	req->propose->base_seq = group->config->seq;
}

/* A plan as a proposal. What belongs to the message is copied: the plan lives on for the writes. */
static void request_propose_plan(struct request *req, const struct plan *plan)
{
	Vx__Propose *propose = req->propose;

	if (plan->delta != NULL) {
		propose->delta = proto_clone(plan->delta);
	}
	if (plan->config != NULL) {
		propose->config = proto_clone(plan->config);
		propose->config->epoch = cview_epoch(&req->configd->cluster);
		propose->config->seq = 1;
		propose->hash = config_hash(propose->config);
		config_outcome_add(propose->config, propose->txid.data, true, propose->author);
	}
	for (size_t i = 0; i < plan->quiesce_count; i++) {
		PROTO_ADD(propose->quiesce, propose->n_quiesce, plan->quiesce[i]);
	}
	for (size_t i = 0; i < plan->need_disk_count; i++) {
		PROTO_ADD(propose->need_disk, propose->n_need_disk,
			  proto_string(plan->need_disk[i]));
	}
}

static int request_propose_fits(struct request *req)
{
	if (vx__propose__get_packed_size(req->propose) > VX_CPG_MSG_MAX - 64) {
		return message_add(req->reply, req->request->tool, MSG_TOO_LARGE,
				   req->propose->group);
	}
	return 0;
}

static void request_plan_env(struct request *req, struct plan_env *env)
{
	struct configd *configd = req->configd;

	*env = (struct plan_env){
		.node = configd->cluster.node,
		.host = configd->host,
		.cluster = configd->cluster.member ? configd->cluster.cluster : "",
		.now_s = clock_wall_ms() / 1000,
		.serial = configd->dgids + 1,
		.protocol = configd->cluster.member ? configd->cluster.view->protocol :
						      VX_PROTOCOL_MAX,
	};
	id_make(env->random);
}

/* What it is planned on; NULL: there is no such group yet. */
static const Vx__Config *request_base(const struct request *req)
{
	return req->base != NULL ? req->base : req->group != NULL ? req->group->config : NULL;
}

/* A group that is being made: everything about it hangs on the new group from now on. */
static int request_make_group(struct request *req, const Vx__Config *config)
{
	struct group *group;
	int rc = group_add(req->configd, config->dg->dgid, config->dg->name, &group);

	if (rc != 0) {
		return message_add(req->reply, req->request->tool, MSG_LIMIT, config->dg->name,
				   VX_GROUPS_MAX, "disk groups");
	}
	req->configd->dgids++;
	req->group = group;
	steps_open_group(group);
	return 0;
}

static int request_plan_now(struct request *req)
{
	struct group *group = req->group;
	struct plan_env env;
	Vx__DiskInfo **disk;
	size_t count = request_disks(req->configd, &disk);
	struct plan *plan;
	int rc;

	request_plan_env(req, &env);
	env.disk = (const Vx__DiskInfo *const *)disk;
	env.disk_count = count;
	rc = plan_make(request_base(req), req->request, &env, &plan, req->reply);
	request_disks_free(disk, count);
	if (rc != 0) {
		return rc;
	}
	if (plan->delta != NULL && delta_is_empty(plan->delta)) {
		plan_free(plan);
		return 0; /* nothing to do */
	}
	req->plan = plan;
	if (plan->kind == VX__TXN_KIND__TXN_IMPORT) {
		rc = request_make_group(req, plan->config);
		if (rc != 0) {
			return rc;
		}
		group = req->group;
	}
	req->propose = request_propose_new(req, plan->kind, group->dgid, group->name);
	request_propose_plan(req, plan);
	if (plan->kind != VX__TXN_KIND__TXN_IMPORT) {
		request_propose_base(req, group);
	}
	return request_propose_fits(req);
}

/* ---- requests of vxconfigd itself ---- */

/* "plexerror" VOLUME-RID PLEX-RID, "synced" VOLUME-RID ATTACH...; the group is its id. */
static int request_plan_internal(struct request *req)
{
	const Vx__Request *request = req->request;
	struct group *group = req->group;
	uint64_t rid[1 + VX_PLEXES_MAX] = { 0 };
	size_t count = request->n_operand < VX_COUNT_OF(rid) ? request->n_operand : VX_COUNT_OF(rid);
	struct plan *plan = NULL;
	int rc;

	for (size_t i = 0; i < count; i++) {
		rid[i] = strtoull(request->operand[i], NULL, 10);
	}
	if (strcmp(request->verb, "plexerror") == 0) {
		rc = plan_detach(request_base(req), rid[0], rid[1], &plan);
	} else {
		rc = plan_synced(request_base(req), rid[0], rid + 1, count > 0 ? count - 1 : 0, &plan);
	}
	if (rc == -VX_E_STALE || rc == -VX_E_NOTFOUND) {
		return 0; /* nothing to do any more */
	}
	if (rc != 0) {
		return message_add(req->reply, request->tool, MSG_STATE_INVALID,
				   request->command_line, vx_strerror(rc));
	}
	req->plan = plan;
	req->propose = request_propose_new(req, plan->kind, group->dgid, group->name);
	if (strcmp(request->verb, "plexerror") == 0 &&
	    detach_policy_asks(request_base(req), rid[1])) {
		req->propose->lost_plex = rid[1];
	}
	request_propose_plan(req, plan);
	request_propose_base(req, group);
	return request_propose_fits(req);
}

/* ---- vxdg set activation= ---- */

static int request_plan_activation(struct request *req, const char *text)
{
	struct group *group = req->group;
	Vx__Activation mode;
	uint32_t other;

	if (activation_parse(text, &mode) != 0) {
		return message_add(req->reply, req->request->tool, MSG_ATTR_INVALID, "activation",
				   text, ACTIVATION_WORDS);
	}
	if (!group_is_shared(group)) {
		return message_add(req->reply, req->request->tool, MSG_STATE_INVALID, group->name,
				   "private: only shared disk groups have activation modes");
	}
	if (activation_check(&group->activation, req->nodeid, mode, &other) != 0) {
		return message_add(req->reply, req->request->tool, MSG_ACTIVATION_CONFLICT,
				   group->name, activation_name(mode),
				   activation_name(activation_get(&group->activation, other)),
				   cview_name(&req->configd->cluster, other));
	}
	if (activation_get(&group->activation, req->nodeid) == mode) {
		return 0;
	}
	req->propose =
		request_propose_new(req, VX__TXN_KIND__TXN_ACTIVATE, group->dgid, group->name);
	req->propose->activation = mode;
	request_propose_base(req, group);
	return 0;
}

/* ---- */

/*
 * A disabled group is given up: what its copies hold is in doubt, so they are left as they are, and
 * only labels that name it change (T12 holds: a deport does not make the nodes forget).
 */
static int request_plan_forced(struct request *req)
{
	struct group *group = req->group;
	char text[2 * VX_REASON_MAX];

	req->propose = request_propose_new(req, VX__TXN_KIND__TXN_DEPORT, group->dgid, group->name);
	req->propose->forced = true;
	if (group->config != NULL) {
		request_propose_base(req, group);
	}
	log_warning("dg=%s %s by force: %s", group->name, req->request->verb, group->reason);
	snprintf(text, sizeof(text), "warning: disk group %s was disabled (%.400s): its configuration copies "
		 "are left as they are", group->name, group->reason);
	PROTO_ADD(req->reply->line, req->reply->n_line, proto_string(text));
	return request_propose_fits(req);
}

static bool request_leaves(const Vx__Request *request)
{
	return request_is(request, "vxdg", "destroy") || request_is(request, "vxdg", "deport");
}

static int request_plan_disabled(struct request *req)
{
	const Vx__Request *request = req->request;
	char state[2 * VX_REASON_MAX];

	if (request_leaves(request) && request_has_flag(request, "f")) {
		return request_plan_forced(req);
	}
	snprintf(state, sizeof(state), "disabled: %.400s%s", req->group->reason,
		 request_leaves(request) ? " (-f: give it up nevertheless)" : "");
	return message_add(req->reply, request->tool, MSG_STATE_INVALID, req->group->name, state);
}

static int request_plan_choose(struct request *req)
{
	const Vx__Request *request = req->request;
	const char *mode =
		request_is(request, "vxdg", "set") ? request_attr(request, "activation") : NULL;

	if (req->group != NULL && req->group->state == GROUP_DISABLED) {
		return request_plan_disabled(req);
	}
	if (mode != NULL && request->n_attr == 1) {
		return request_plan_activation(req, mode);
	}
	if (request_is_internal(request)) {
		return request_plan_internal(req);
	}
	return request_plan_now(req);
}

/*
 * Does it name a disk that a change under way takes? Then it is planned on what becomes of that (T16):
 * nobody is refused on the grounds of what may yet fail.
 */
static bool request_disk_is_taken(const struct request *req)
{
	struct configd *configd = req->configd;

	for (size_t i = 0; i < req->request->n_operand; i++) {
		const char *equals = strchr(req->request->operand[i], '=');
		const struct disk *disk = disk_by_device(
			configd->disks, equals != NULL ? equals + 1 : req->request->operand[i]);

		if (disk != NULL &&
		    group_with_disk(configd, disk->label.diskid, GROUP_HAS, NULL) == NULL &&
		    group_with_disk(configd, disk->label.diskid, GROUP_PLANS, NULL) != NULL) {
			return true;
		}
	}
	return false;
}

static void request_on_scanned(void *ctx)
{
	struct request_scan *scan = ctx;
	struct request *req = scan->req;
	int rc = 0;

	if (!req->lost) {
		rc = request_disk_is_taken(req) ? -VX_E_AGAIN : request_plan_choose(req);
	}
	scan->done(req, rc);
	free(scan);
}

void request_plan(struct request *req, void (*done)(struct request *req, int error))
{
	const Vx__Request *request = req->request;

	if (request_is(request, "vxdg", "import")) {
		request_plan_import(req, done);
	} else if (request_is(request, "vxdg", "init") || request_is(request, "vxdg", "adddisk")) {
		/* the disks may have been initialised on another node a moment ago */
		struct request_scan *scan;

		if (request_disk_is_taken(req)) {
			done(req, -VX_E_AGAIN);
			return;
		}
		scan = proto_grow(NULL, 0, sizeof(*scan));

		*scan = (struct request_scan){ .req = req, .done = done };
		disk_scan(req->configd->disks, request_on_scanned, scan);
	} else {
		done(req, request_plan_choose(req));
	}
}

int request_plan_after(struct request *req, const Vx__Config *base)
{
	int rc;

	req->base = base;
	rc = request_plan_choose(req);
	req->base = NULL;
	return rc;
}
