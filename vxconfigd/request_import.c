// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdg import: the group is found on the disks by its name, read, and proposed as it is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/author.h"
#include "vxconfigd/losses.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/cfg_steps.h"

struct import {
	struct request *req;
	void (*done)(struct request *req, int error);
	char dgid[DISK_ID_SIZE];
	bool ours; /* a label says that it is this cluster's: the survey of a view looks at it */
};

static const char *import_tool(const struct import *import)
{
	return import->req->request->tool;
}

static void import_end(struct import *import, int error)
{
	import->done(import->req, error);
	free(import);
}

/* Whose is it? Only its owner may import it, unless -C says that the owner does not use it any
 * more. */
static int import_check_owner(struct import *import, const struct disk_label *label)
{
	struct configd *configd = import->req->configd;
	char owner[VX_REASON_MAX];

	if (request_has_flag(import->req->request, "C")) {
		return 0;
	}
	if (label->cluster[0] != '\0' && strcmp(label->cluster, configd->cluster.cluster) != 0) {
		snprintf(owner, sizeof(owner), "cluster %s", label->cluster);
	} else if (label->host[0] != '\0' && strcmp(label->host, configd->host) != 0) {
		snprintf(owner, sizeof(owner), "host %s", label->host);
	} else {
		return 0;
	}
	return message_add(import->req->reply, import_tool(import), MSG_GROUP_OWNED, label->group,
			   owner);
}

static int import_find(struct import *import, const char *name)
{
	const struct disk_set *disks = import->req->configd->disks;

	for (size_t i = 0; i < disk_count(disks); i++) {
		const struct disk *disk = disk_at(disks, i);

		if (disk->error != 0 || disk->duplicate || strcmp(disk->label.group, name) != 0) {
			continue;
		}
		if (import->dgid[0] != '\0' && strcmp(import->dgid, disk->label.dgid) != 0) {
			return message_add(import->req->reply, import_tool(import), MSG_GROUP_TWICE,
					   name, import->dgid, disk->label.dgid);
		}
		snprintf(import->dgid, sizeof(import->dgid), "%s", disk->label.dgid);

		int rc = import_check_owner(import, &disk->label);

		import->ours = import->ours || strcmp(disk->label.cluster,
						      import->req->configd->cluster.cluster) == 0;

		if (rc != 0) {
			return rc;
		}
	}
	if (import->dgid[0] == '\0') {
		return message_add(import->req->reply, import_tool(import), MSG_GROUP_NOT_FOUND,
				   name, import->req->configd->cluster.node);
	}
	return 0;
}

/* Every node must see what this one sees. */
static void import_need_disks(struct configd *configd, const Vx__Config *config,
			      Vx__Propose *propose)
{
	for (size_t i = 0; i < config->n_dm; i++) {
		if (disk_is_seen(configd->disks, config->dm[i]->diskid)) {
			PROTO_ADD(propose->need_disk, propose->n_need_disk,
				  proto_string(config->dm[i]->diskid));
		}
	}
}

/* Without -f all disks must be there. */
static int import_check_disks(struct import *import, const Vx__Config *config)
{
	struct request *req = import->req;
	char reason[VX_REASON_MAX];

	for (size_t i = 0; i < config->n_dm && !request_has_flag(req->request, "f"); i++) {
		const Vx__Dm *dm = config->dm[i];

		if (!disk_is_seen(req->configd->disks, dm->diskid)) {
			snprintf(reason, sizeof(reason),
				 "node %s does not see disk %s (%s); -f imports it without, and "
				 "detaches what is on it",
				 req->configd->cluster.node, dm->name, dm->diskid);
			return message_add(req->reply, import_tool(import), MSG_IMPORT_FAILED,
					   config->dg->name, reason);
		}
	}
	return 0;
}

/* The contents as they will be once they are in force. */
static int import_propose(struct import *import, Vx__Config *config)
{
	struct request *req = import->req;
	struct configd *configd = req->configd;
	Vx__Propose *propose = PROTO_NEW(vx__propose, Vx__Propose);
	Vx__Config *found = proto_clone(config);

	req->propose = propose;
	propose->txid.data = proto_grow(NULL, 0, ID_BYTES);
	propose->txid.len = ID_BYTES;
	memcpy(propose->txid.data, req->request->txid.data, ID_BYTES);
	propose->attempt = req->attempt;
	propose->kind = VX__TXN_KIND__TXN_IMPORT;
	propose->nodeid = req->nodeid;
	propose->dry_run = request_has_flag(req->request, "dry-run");
	propose->forced = request_has_flag(req->request, "f");
	proto_string_set(&propose->dgid, config->dg->dgid);
	proto_string_set(&propose->group, config->dg->name);
	propose->author = author_new(req->request, cview_name(&configd->cluster, req->nodeid));
	propose->base_epoch = config->epoch;
	propose->base_seq = config->seq;
	if (propose->forced) {
		losses_drop_copies(config, disk_is_seen, configd->disks);
	}
	losses_leave_out(config, disk_is_seen, configd->disks, false);
	losses_tell(found, config);
	propose->delta = config_diff(found, config);
	proto_free(found);
	import_need_disks(configd, config, propose);
	group_config_own(configd, config, true);
	config->epoch = cview_epoch(&configd->cluster);
	config->seq++;
	propose->hash = config_hash(config);
	config_outcome_add(config, propose->txid.data, true, propose->author);
	propose->config = proto_clone(config);
	if (vx__propose__get_packed_size(propose) > VX_CPG_MSG_MAX - 64) {
		proto_free(propose->config); /* the members read it from the disks */
		propose->config = NULL;
	}
	return 0;
}

/* T17: the disks came after the survey of this view. The next one sees them, and waits for the proof. */
static int import_check_proof(struct import *import, const struct copies_found *found)
{
	struct request *req = import->req;
	struct configd *configd = req->configd;
	const Vx__Member *life = cview_unproven(configd->cluster.view, found->durable,
						found->durable_count);
	char reason[VX_REASON_MAX];

	if (life == NULL || !import->ours) {
		return 0;
	}
	if (req->proof_asked || request_has_flag(req->request, "dry-run")) {
		snprintf(reason, sizeof(reason), UNPROVEN_TEXT "%s", life->name,
			 req->proof_asked
				 ? ": try again"
				 : "; an import makes a new view, which waits for its fencing");
		return message_add(req->reply, import_tool(import), MSG_IMPORT_FAILED,
				   found->config->dg->name, reason);
	}
	snprintf(reason, sizeof(reason), "disk group %s: " UNPROVEN_TEXT, found->config->dg->name,
		 life->name);
	req->proof_asked = true;
	configd->cluster.wait_view = true;
	clust_ask_view(configd->clust, reason);
	return -VX_E_AGAIN;
}

static void import_on_read(void *ctx, struct copies_found *found)
{
	struct import *import = ctx;
	struct request *req = import->req;
	struct configd *configd = req->configd;
	int rc = 0;

	if (found->config == NULL || (found->error != 0 && !request_has_flag(req->request, "f"))) {
		rc = message_add(req->reply, import_tool(import), MSG_IMPORT_FAILED,
				 plan_group(req->request),
				 found->reason[0] != '\0' ? found->reason
							  : "its disks hold no configuration");
	} else if (import_check_disks(import, found->config) != 0) {
		rc = -VX_E_NODISK;
	} else if ((rc = import_check_proof(import, found)) != 0) {
		log_info("dg=%s import: %s", plan_group(req->request), vx_strerror(rc));
	} else if (found->max_epoch >= cview_epoch(&configd->cluster)) {
		/* it comes from a cluster that counted further: a view with a higher epoch is
		 * needed (R5) */
		configd->epoch_floor = found->max_epoch;
		configd->cluster.wait_view = true;
		clust_ask_view(configd->clust, "a disk group with a higher epoch is imported");
		rc = -VX_E_AGAIN;
	} else {
		struct group *group;

		rc = group_add(configd, found->config->dg->dgid, found->config->dg->name, &group);
		if (rc != 0) {
			message_add(req->reply, import_tool(import), MSG_LIMIT,
				    plan_group(req->request), VX_GROUPS_MAX, "disk groups");
		} else {
			req->group = group;
			steps_open_group(group);
			rc = import_propose(import, found->config);
		}
	}
	import_end(import, rc);
}

static void import_on_scanned(void *ctx)
{
	struct import *import = ctx;
	struct request *req = import->req;
	struct copies *copies;
	int rc = req->configd->cluster.member ? import_find(import, plan_group(req->request))
					      : -VX_E_NOTMEMBER;

	if (rc != 0) {
		import_end(import, rc);
		return;
	}
	copies = shelf_open(req->configd->shelf, import->dgid, NULL);
	if (copies == NULL) {
		import_end(import, message_add(req->reply, import_tool(import), MSG_IMPORT_FAILED,
					       plan_group(req->request), "too many disks name it"));
		return;
	}
	if (request_has_flag(req->request, "f")) {
		log_warning("dg=%s forced import: the majority of its copies is not asked for",
			    plan_group(req->request));
		copies_force(copies, true);
	}
	copies_read(copies, UINT64_MAX, import_on_read, import);
}

bool request_import_forces(const struct group *group, const Vx__Request *request)
{
	return group->state == GROUP_DISABLED && group->config == NULL &&
	       strcmp(request->verb, "import") == 0 && request_has_flag(request, "f");
}

void request_import_refuse(struct request *req, const struct group *group)
{
	char reason[2 * VX_REASON_MAX];

	if (group->state != GROUP_DISABLED || group->config != NULL) {
		message_add(req->reply, req->request->tool, MSG_GROUP_IMPORTED, group->name);
		return;
	}
	snprintf(reason, sizeof(reason),
		 "it is disabled: %s (-f: with the copies and disks that are seen)", group->reason);
	message_add(req->reply, req->request->tool, MSG_IMPORT_FAILED, group->name, reason);
}

/* The group of this cluster that is disabled: the master takes it over by force, in a new view. */
static int import_again(struct request *req, const struct group *group)
{
	struct configd *configd = req->configd;
	char reason[2 * VX_REASON_MAX];

	if (group->state != GROUP_DISABLED) {
		return 0;
	}
	if (!request_has_flag(req->request, "f")) { /* by the view that it waited for */
		request_import_refuse(req, group);
		return -VX_E_INVAL;
	}
	if (request_has_flag(req->request, "dry-run")) {
		snprintf(reason, sizeof(reason),
			 "it is disabled: %s (what -f takes over cannot be tried: it is known only "
			 "then)",
			 group->reason);
		return message_add(req->reply, req->request->tool, MSG_IMPORT_FAILED, group->name,
				   reason);
	}
	if (req->force_dgid[0] != '\0') {
		return message_add(req->reply, req->request->tool, MSG_IMPORT_FAILED, group->name,
				   group->reason);
	}
	snprintf(req->force_dgid, sizeof(req->force_dgid), "%s", group->dgid);
	configd->cluster.wait_view = true;
	clust_ask_view(configd->clust, "a disk group is imported by force");
	return -VX_E_AGAIN;
}

bool request_import_waits(const struct configd *configd, const char *dgid)
{
	const struct request *req;

	TAILQ_FOREACH(req, &configd->creating, next)
	{
		if (strcmp(req->force_dgid, dgid) == 0) {
			return !request_is_void(req);
		}
	}
	return false;
}

void request_plan_import(struct request *req, void (*done)(struct request *req, int error))
{
	const struct group *group = group_by_name(req->configd, plan_group(req->request));

	if (group != NULL) {
		done(req, import_again(req, group));
		return;
	}

	struct import *import = proto_grow(NULL, 0, sizeof(*import));

	memset(import, 0, sizeof(*import));
	import->req = req;
	import->done = done;
	disk_scan(req->configd->disks, import_on_scanned, import);
}
