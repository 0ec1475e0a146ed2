// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked about this node's disks, and their preparation: vxdisk. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

/* A disk of an imported group that no device of this node is: as the original shows it. */
static void disk_add_failed(Vx__Reply *reply, const struct group *group, const Vx__Dm *dm)
{
	Vx__DiskInfo *info = PROTO_NEW(vx__disk_info, Vx__DiskInfo);
	char status[VX_REASON_MAX];

	snprintf(status, sizeof(status), "failed was:%s", dm->device);
	proto_string_set(&info->disk, dm->name);
	proto_string_set(&info->diskid, dm->diskid);
	proto_string_set(&info->group, group->name);
	proto_string_set(&info->dgid, group->dgid);
	proto_string_set(&info->status, status);
	PROTO_ADD(reply->disk, reply->n_disk, info);
}

/* Devices, then what is missing. */
static void disk_add_all(struct ask *ask, Vx__Reply *reply)
{
	const struct configd *configd = ask->configd;
	const struct group *group;

	reply->n_disk = request_disks(ask->configd, &reply->disk);
	TAILQ_FOREACH(group, &configd->groups, next)
	{
		for (size_t i = 0; !group->gone && group->config != NULL && i < group->config->n_dm;
		     i++) {
			const Vx__Dm *dm = group->config->dm[i];

			if (disk_by_id(configd->disks, dm->diskid) == NULL) {
				disk_add_failed(reply, group, dm);
			}
		}
	}
}

static void disk_on_scanned(void *ctx)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();

	if (strcmp(ask->request->verb, "list") == 0) {
		disk_add_all(ask, reply);
	}
	ask_answer(ask, reply);
}

static void disk_scan_for(struct ask *ask, void (*scanned)(void *ctx))
{
	Vx__Reply *reply = ask_reply_new();

	if (server_group_known(ask, reply)) {
		proto_free(reply);
		disk_scan(ask->configd->disks, scanned, ask);
	} else {
		ask_answer(ask, reply);
	}
}

void server_disk_list(struct ask *ask)
{
	disk_scan_for(ask, disk_on_scanned);
}

static void disk_on_scanned_path(void *ctx)
{
	struct ask *ask = ctx;
	Vx__Reply *reply = ask_reply_new();

	disk_add_all(ask, reply); /* their names */
	server_io_ask(ask, reply);
}

/* Names and groups as this node knows them, paths from every node. */
void server_disk_path(struct ask *ask)
{
	disk_scan_for(ask, disk_on_scanned_path);
}

void server_disk_scan(struct ask *ask)
{
	disk_scan(ask->configd->disks, disk_on_scanned, ask);
}

/* ---- vxdisk setup: one device after the other; the first mistake ends it ---- */

struct disk_setup_job {
	TAILQ_ENTRY(disk_setup_job) next; /* while a disk is being written, or waited for */
	char diskid[DISK_ID_SIZE], path[PATH_MAX];
	struct ask *ask;
	Vx__Reply *reply;
	size_t index;
	uint64_t priv_len;
};

static void disk_setup_next(struct disk_setup_job *job);

static void disk_setup_end(struct disk_setup_job *job)
{
	ask_answer(job->ask, job->reply);
	free(job);
}

static void disk_setup_refuse(struct disk_setup_job *job, const char *device, int error,
			      const char *reason)
{
	struct configd *configd = job->ask->configd;
	const struct disk *disk = disk_by_device(configd->disks, device);
	const char *tool = job->ask->request->tool;
	const char *node = configd->cluster.node[0] != '\0' ? configd->cluster.node : configd->host;

	if (disk == NULL) {
		message_add(job->reply, tool, MSG_DISK_UNKNOWN, device, node);
	} else if (error == -VX_E_BUSY && disk->label.group[0] != '\0') {
		message_add(job->reply, tool, MSG_DISK_IN_USE, device, disk->label.group);
	} else {
		message_add(job->reply, tool, MSG_IO_FAILED, reason, node);
		job->reply->exit_code = vx_exit_code(error);
	}
}

static bool disk_setup_is_dry(const struct disk_setup_job *job)
{
	return request_has_flag(job->ask->request, "dry-run");
}

static void disk_setup_tell(struct disk_setup_job *job, const char *device)
{
	const struct disk *disk = disk_by_device(job->ask->configd->disks, device);
	char text[VX_REASON_MAX];

	snprintf(text, sizeof(text), "setup   device %.200s: private region of %" PRIu64
		 " sectors; what is on it is lost%s%s",
		 device, job->priv_len,
		 disk != NULL && disk->label.group[0] != '\0' ? ", also its part of disk group " : "",
		 disk != NULL ? disk->label.group : "");
	PROTO_ADD(job->reply->line, job->reply->n_line, proto_string(text));
}

static void disk_setup_on_done(void *ctx, int error, const char *reason)
{
	struct disk_setup_job *job = ctx;

	TAILQ_REMOVE(&job->ask->configd->disk_setups, job, next);
	if (error != 0) {
		disk_setup_refuse(job, job->ask->request->operand[job->index], error, reason);
		disk_setup_end(job);
		return;
	}
	if (disk_setup_is_dry(job)) {
		disk_setup_tell(job, job->ask->request->operand[job->index]);
	}
	job->index++;
	disk_setup_next(job);
}

bool server_disk_is_set_up(const struct configd *configd, const struct disk *disk)
{
	const struct disk_setup_job *job;

	TAILQ_FOREACH(job, &configd->disk_setups, next)
	{
		if (strcmp(job->path, disk->path) == 0 ||
		    (job->diskid[0] != '\0' && strcmp(job->diskid, disk->label.diskid) == 0)) {
			return true;
		}
	}
	return false;
}

/* A disk of a group that is in use here, or that a change under way takes, is never prepared anew,
 * not even by force. */
static const struct group *disk_user(struct configd *configd, const struct disk *disk)
{
	const struct group *group =
		group_with_disk(configd, disk->label.diskid, GROUP_PLANS, NULL);

	return group != NULL || disk->label.dgid[0] == '\0' ? group
							     : group_find(configd, disk->label.dgid);
}

/*
 * A change is in force on this node a moment after it is on the one where it was answered. So what a
 * change under way may take, or may give up, is waited for (T16).
 */
static bool disk_setup_waits(struct disk_setup_job *job, const char *device)
{
	struct configd *configd = job->ask->configd;
	const struct disk *disk = disk_by_device(configd->disks, device);
	const struct group *user = disk != NULL ? disk_user(configd, disk) : NULL;

	if (user == NULL || user->pending.propose == NULL) {
		return false;
	}
	TAILQ_INSERT_TAIL(&configd->disk_waits, job, next);
	return true;
}

/* Every name is looked at before the first disk loses what is on it, and each again before its turn. */
static bool disk_setup_may(struct disk_setup_job *job, const char *device)
{
	struct configd *configd = job->ask->configd;
	const struct disk *disk = disk_by_device(configd->disks, device);
	const struct group *user = disk != NULL ? disk_user(configd, disk) : NULL;

	if (disk == NULL) {
		disk_setup_refuse(job, device, -VX_E_NOTFOUND, "");
	} else if (user != NULL) {
		const char *tool = job->ask->request->tool;

		if (user->state == GROUP_DISABLED) {
			message_add(job->reply, tool, MSG_DISK_DISABLED, device, user->name,
				    user->reason, user->name);
		} else {
			message_add(job->reply, tool, MSG_DISK_IN_USE, device, user->name);
		}
	} else if (server_disk_is_set_up(configd, disk)) {
		message_add(job->reply, job->ask->request->tool, MSG_DISK_SET_UP, device);
	} else {
		return true;
	}
	return false;
}

static void disk_setup_next(struct disk_setup_job *job)
{
	const Vx__Request *request = job->ask->request;
	struct configd *configd = job->ask->configd;
	const struct disk *disk;

	if (job->index == request->n_operand) {
		if (disk_setup_is_dry(job)) {
			PROTO_ADD(job->reply->line, job->reply->n_line,
				  proto_string("dry run: nothing was changed"));
		}
		disk_setup_end(job);
		return;
	}
	if (disk_setup_waits(job, request->operand[job->index])) {
		return;
	}
	if (!disk_setup_may(job, request->operand[job->index])) {
		disk_setup_end(job);
		return;
	}
	disk = disk_by_device(configd->disks, request->operand[job->index]);
	snprintf(job->diskid, sizeof(job->diskid), "%s", disk->label.diskid);
	snprintf(job->path, sizeof(job->path), "%s", disk->path);
	TAILQ_INSERT_TAIL(&configd->disk_setups, job, next);
	disk_setup(configd->disks, request->operand[job->index], job->priv_len,
		   request_has_flag(request, "f"), disk_setup_is_dry(job), disk_setup_on_done, job);
}

static void disk_setup_on_scanned(void *ctx)
{
	struct disk_setup_job *job = ctx;
	const Vx__Request *request = job->ask->request;
	struct configd *configd = job->ask->configd;

	for (size_t i = job->index; i < request->n_operand; i++) {
		const struct disk *disk = disk_by_device(configd->disks, request->operand[i]);

		if (disk_setup_waits(job, request->operand[i])) {
			return;
		}
		if (!disk_setup_may(job, request->operand[i])) {
			disk_setup_end(job);
			return;
		}
		for (size_t k = 0; k < i; k++) {
			if (disk == disk_by_device(configd->disks, request->operand[k])) {
				message_add(job->reply, request->tool, MSG_TWICE,
					    request->operand[i]);
				disk_setup_end(job);
				return;
			}
		}
	}
	disk_setup_next(job);
}

static void disk_on_look_again(void *ctx)
{
	struct configd *configd = ctx;
	struct disk_setup_job *job;

	while ((job = TAILQ_FIRST(&configd->disk_waits)) != NULL) {
		TAILQ_REMOVE(&configd->disk_waits, job, next);
		disk_scan(configd->disks, disk_setup_on_scanned, job);
	}
}

void server_disk_look_again(struct configd *configd)
{
	if (!TAILQ_EMPTY(&configd->disk_waits)) {
		loop_timer_set(configd->loop, &configd->disk_timer, 0, disk_on_look_again, configd);
	}
}

static int disk_setup_length(struct disk_setup_job *job, const char *text)
{
	int rc = record_size_parse(text, &job->priv_len);

	if (rc == -ERANGE) {
		return message_add(job->reply, job->ask->request->tool, MSG_SIZE_RANGE, text);
	}
	return rc == 0 ? 0
		       : message_add(job->reply, job->ask->request->tool, MSG_SIZE_INVALID, text);
}

void server_disk_setup(struct ask *ask)
{
	struct disk_setup_job *job = proto_grow(NULL, 0, sizeof(*job));
	const char *privlen = request_attr(ask->request, "privlen");

	*job = (struct disk_setup_job){ .ask = ask,
					.reply = ask_reply_new(),
					.priv_len = VX_PRIV_LEN };
	if (privlen != NULL && disk_setup_length(job, privlen) != 0) {
		disk_setup_end(job);
		return;
	}
	if (ask->request->n_operand == 0) {
		message_add(job->reply, ask->request->tool, MSG_USAGE, "vxdisk setup DEVICE ...");
		disk_setup_end(job);
		return;
	}
	disk_scan(ask->configd->disks, disk_setup_on_scanned, job);
}
