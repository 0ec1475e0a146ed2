// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose a disk is, as the groups of this node say: a disk is taken by one change at a time (T16).
 */
#include <string.h>

#include "vxconfigd/group.h"
#include "vxconfigd/request_queue.h"

static bool group_config_has(const Vx__Config *config, const char *diskid)
{
	for (size_t i = 0; config != NULL && i < config->n_dm; i++) {
		if (strcmp(config->dm[i]->diskid, diskid) == 0) {
			return true;
		}
	}
	return false;
}

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
		bool has = group_config_has(group->config, diskid);

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
