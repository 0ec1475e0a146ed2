// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose a disk is, as the groups of this node say: a disk is taken by one change at a time (T16).
 */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "vxconfigd/group.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

static bool group_propose_has(const Vx__Propose *propose, const char *diskid)
{
	for (size_t i = 0; propose != NULL && i < propose->n_need_disk; i++) {
		if (strcmp(propose->need_disk[i], diskid) == 0) {
			return true;
		}
	}
	return false;
}

const struct group *group_with_disk(struct configd *configd, const char *diskid,
				    enum group_claim claim, const struct group *except)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		bool has = group->config != NULL && config_dm_disk(group->config, diskid) != NULL;

		if (claim != GROUP_HAS) {
			has = has || group_propose_has(group->pending.propose, diskid);
		}
		if (claim == GROUP_PLANS && group->current != NULL) {
			has = has || group_propose_has(group->current->propose, diskid);
		}
		if (has && !group->gone && group != except && diskid[0] != '\0') {
			return group;
		}
	}
	return NULL;
}

int group_may_take(const struct group *group, const char *diskid, const char *name, bool label_read,
		   char *out_reason)
{
	struct configd *configd = group->configd;
	const struct group *other = group_with_disk(configd, diskid, GROUP_HAS, group);
	const struct disk *disk = disk_by_id(configd->disks, diskid);

	if (other != NULL) {
		snprintf(out_reason, VX_REASON_MAX, "disk %s (%s) is in disk group %s", name, diskid,
			 other->name);
		return -VX_E_OWNER;
	}
	if (label_read && disk != NULL && disk->label.dgid[0] != '\0' &&
	    strcmp(disk->label.dgid, group->dgid) != 0) {
		snprintf(out_reason, VX_REASON_MAX,
			 "disk %s (device %s) appears to be owned by disk group %s", name,
			 disk->device, disk->label.group);
		return -VX_E_OWNER;
	}
	if (disk != NULL && server_disk_is_set_up(configd, disk)) {
		snprintf(out_reason, VX_REASON_MAX,
			 "disk %s: vxdisk setup of device %s is under way there", name, disk->device);
		return -VX_E_BUSY;
	}
	return 0;
}
