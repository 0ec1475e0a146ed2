// SPDX-License-Identifier: GPL-2.0-or-later
/* The I/O daemon as a whole: the objects by name, and what is counted for everybody. */
#include "volio/iod.h"

#include <assert.h>
#include <string.h>

#include "volio/cluster.h"
#include "volio/volume.h"

const struct front_ops *const front_table[FRONT_COUNT] = {
#define FRONT_ROW(name) [FRONT_##name] = &front_##name,
	FRONTS(FRONT_ROW)
#undef FRONT_ROW
};

struct iod_group *iod_group(const struct iod *iod, const char *dgid)
{
	struct iod_group *group;

	LIST_FOREACH(group, &iod->groups, link)
	{
		if (strcmp(group->dgid, dgid) == 0) {
			return group;
		}
	}
	return NULL;
}

static struct volume *iod_find_volume(const struct iod *iod, const char *dgid, uint64_t rid,
				      bool leaving)
{
	const struct iod_group *group = iod_group(iod, dgid);
	struct volume *volume;

	if (group != NULL) {
		LIST_FOREACH(volume, &group->volumes, link)
		{
			if (volume->conf->rid == rid && volume->leaving == leaving) {
				return volume;
			}
		}
	}
	return NULL;
}

struct volume *iod_volume(const struct iod *iod, const char *dgid, uint64_t rid)
{
	return iod_find_volume(iod, dgid, rid, false);
}

struct volume *iod_volume_leaving(const struct iod *iod, const char *dgid, uint64_t rid)
{
	return iod_find_volume(iod, dgid, rid, true);
}

struct volume *iod_volume_by_name(const struct iod *iod, const char *group_name, const char *name)
{
	const struct iod_group *group;
	struct volume *volume;

	LIST_FOREACH(group, &iod->groups, link)
	{
		LIST_FOREACH(volume, &group->volumes, link)
		{
			if (strcmp(volume->conf->group, group_name) == 0 &&
			    strcmp(volume->conf->name, name) == 0 && !volume->leaving) {
				return volume;
			}
		}
	}
	return NULL;
}

bool iod_gate_is_open(const struct iod_group *group)
{
	return !group->shared || cluster_gate_is_open(group->iod);
}

void iod_job_begin(struct iod *iod, bool shared)
{
	iod->shared_jobs += shared;
}

void iod_job_end(struct iod *iod, bool shared)
{
	if (shared) {
		assert(iod->shared_jobs > 0);
		if (--iod->shared_jobs == 0) {
			cluster_poke(iod);
		}
	}
}

bool iod_is_clean(const struct iod *iod)
{
	const struct iod_group *group;

	LIST_FOREACH(group, &iod->groups, link)
	{
		if (group->shared && !LIST_EMPTY(&group->volumes)) {
			return false;
		}
	}
	return true;
}
