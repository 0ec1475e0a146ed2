// SPDX-License-Identifier: GPL-2.0-or-later
/* What this node remembers of disk groups (memory.h): vxdctl remembered, forget. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/author.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

static const struct disk *memory_disk(const struct configd *configd, const char *dgid)
{
	for (size_t i = 0; i < disk_count(configd->disks); i++) {
		const struct disk *disk = disk_at(configd->disks, i);

		if (disk->error == 0 && strcmp(disk->label.dgid, dgid) == 0) {
			return disk;
		}
	}
	return NULL;
}

/* In the words of vxdg list; of one that is not in use, whether a disk of it is seen here. */
static const char *memory_state(struct configd *configd, const char *dgid)
{
	const struct group *group = group_find(configd, dgid);

	if (group != NULL) {
		return group_state_name(group->state);
	}
	return memory_disk(configd, dgid) != NULL ? "deported" : "not seen";
}

static void memory_on_scanned(void *ctx)
{
	struct ask *ask = ctx;
	struct configd *configd = ask->configd;
	Vx__Reply *reply = ask_reply_new();
	struct memory_group known;

	for (size_t i = 0; memory_group_at(configd->memory, i, &known); i++) {
		Vx__GroupInfo *info = PROTO_NEW(vx__group_info, Vx__GroupInfo);

		info->config = PROTO_NEW(vx__config, Vx__Config);
		info->config->dg = PROTO_NEW(vx__dg, Vx__Dg);
		proto_string_set(&info->config->dg->name, known.name);
		proto_string_set(&info->config->dg->dgid, known.dgid);
		info->config->epoch = known.epoch;
		info->config->seq = known.seq;
		proto_string_set(&info->state, memory_state(configd, known.dgid));
		PROTO_ADD(reply->group, reply->n_group, info);
	}
	ask_answer(ask, reply);
}

void server_remembered(struct ask *ask)
{
	disk_scan(ask->configd->disks, memory_on_scanned, ask);
}

/* ---- vxdctl forget ---- */

static const char *forget_node(const struct configd *configd)
{
	return configd->cluster.node[0] != '\0' ? configd->cluster.node : configd->host;
}

/* By its id, or its name if only one has it. 0, or what reply tells. */
static int forget_find(const struct ask *ask, Vx__Reply *reply, struct memory_group *out_known)
{
	const struct configd *configd = ask->configd;
	const char *what = ask->request->operand[0], *tool = ask->request->tool;
	struct memory_group known, found = { .dgid = NULL };

	if (memory_get(configd->memory, what, out_known)) {
		return 0;
	}
	for (size_t i = 0; memory_group_at(configd->memory, i, &known); i++) {
		if (strcmp(known.name, what) == 0 && found.dgid != NULL) {
			return message_add(reply, tool, MSG_MEMORY_TWICE, what,
					   forget_node(configd), found.dgid, known.dgid);
		}
		if (strcmp(known.name, what) == 0) {
			found = known;
		}
	}
	if (found.dgid == NULL) {
		return message_add(reply, tool, MSG_MEMORY_UNKNOWN, what, forget_node(configd));
	}
	*out_known = found;
	return 0;
}

/* What is in use stays; what this node sees a disk of, unless it is forced. */
static int forget_may(const struct ask *ask, Vx__Reply *reply, const struct memory_group *known)
{
	struct configd *configd = ask->configd;
	const struct disk *disk = memory_disk(configd, known->dgid);
	char reason[VX_REASON_MAX];

	if (group_find(configd, known->dgid) != NULL) {
		snprintf(reason, sizeof(reason), "it is %s",
			 group_state_name(group_find(configd, known->dgid)->state));
	} else if (disk != NULL && !request_has_flag(ask->request, "f")) {
		snprintf(reason, sizeof(reason),
			 "device %s is a disk of it (-f: an import then takes what its disks hold, however old)",
			 disk->device);
	} else {
		return 0;
	}
	return message_add(reply, ask->request->tool, MSG_MEMORY_USED, known->name,
			   forget_node(configd), reason);
}

static void forget_on_done(void *ctx, int error)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();
	char reason[VX_REASON_MAX];

	if (error != 0) {
		memory_explain(ask->configd->memory, error, reason);
		message_add(reply, ask->request->tool, MSG_IO_FAILED, reason,
			    forget_node(ask->configd));
	}
	ask_answer(ask, reply);
}

static void forget_tell(const struct ask *ask, Vx__Reply *reply, const struct memory_group *known)
{
	char text[VX_REASON_MAX];

	snprintf(text, sizeof(text), "forget  disk group %.64s (%.64s) on node %s", known->name,
		 known->dgid, forget_node(ask->configd));
	PROTO_ADD(reply->line, reply->n_line, proto_string(text));
	PROTO_ADD(reply->line, reply->n_line, proto_string("dry run: nothing was changed"));
}

static void forget_log(const struct ask *ask, const struct memory_group *known)
{
	Vx__Author *author = author_new(ask->request, forget_node(ask->configd));
	char who[VX_REASON_MAX];

	log_notice("dg=%s (%s) %#llx.%llu is forgotten: %s", known->name, known->dgid,
		   (unsigned long long)known->epoch, (unsigned long long)known->seq,
		   author_text(author, who));
	proto_free(author);
}

static void forget_on_scanned(void *ctx)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();
	struct memory_group known;

	if (forget_find(ask, reply, &known) == 0 && forget_may(ask, reply, &known) == 0) {
		if (!request_has_flag(ask->request, "dry-run")) {
			proto_free(reply);
			forget_log(ask, &known);
			memory_forget(ask->configd->memory, known.dgid, forget_on_done, ask);
			return;
		}
		forget_tell(ask, reply, &known);
	}
	ask_answer(ask, reply);
}

void server_forget(struct ask *ask)
{
	Vx__Reply *reply;

	if (ask->request->n_operand == 1) {
		disk_scan(ask->configd->disks, forget_on_scanned, ask);
		return;
	}
	reply = ask_reply_new();
	message_add(reply, ask->request->tool, MSG_USAGE, "vxdctl forget GROUP|ID");
	ask_answer(ask, reply);
}
