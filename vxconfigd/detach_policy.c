// SPDX-License-Identifier: GPL-2.0-or-later
/* diskdetpolicy=local. */
#include "vxconfigd/detach_policy.h"

#include <string.h>

#include "base/timeouts.h"
#include "vxconfigd/record.h"

/* Who still cannot write it tells of it again within that time. */
#define DETACH_POLICY_LATELY_MS (2 * VX_LOCAL_MS)

void detach_policy_note(struct detach_policy_lost *lost, uint64_t plex_rid, uint64_t now_ms)
{
	for (size_t i = 0; i < VX_COUNT_OF(lost->entry); i++) {
		if (lost->entry[i].plex_rid == plex_rid) {
			lost->entry[i].ms = now_ms;
			return;
		}
	}
	lost->entry[lost->next].plex_rid = plex_rid;
	lost->entry[lost->next].ms = now_ms;
	lost->next = (lost->next + 1) % VX_COUNT_OF(lost->entry);
}

bool detach_policy_failed_here(const struct detach_policy_lost *lost, uint64_t plex_rid,
			       uint64_t now_ms)
{
	for (size_t i = 0; i < VX_COUNT_OF(lost->entry); i++) {
		if (lost->entry[i].plex_rid == plex_rid &&
		    now_ms - lost->entry[i].ms < DETACH_POLICY_LATELY_MS) {
			return true;
		}
	}
	return false;
}

bool detach_policy_asks(const Vx__Config *config, uint64_t plex_rid)
{
	const Vx__Plex *plex = config_plex_rid(config, plex_rid);

	return config->dg->detach_policy == VX__DETACH_POLICY__DETACH_LOCAL && plex != NULL &&
	       !plex->is_log;
}

size_t detach_policy_disks(const Vx__Config *config, uint64_t plex_rid,
			   const char *out_diskid[VX_DISKS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Dm *dm = config->sd[i]->plex_rid == plex_rid
					   ? config_dm_rid(config, config->sd[i]->dm_rid)
					   : NULL;
		size_t k = 0;

		while (dm != NULL && k < count && strcmp(out_diskid[k], dm->diskid) != 0) {
			k++;
		}
		if (dm != NULL && k == count && count < VX_DISKS_MAX) {
			out_diskid[count++] = dm->diskid;
		}
	}
	return count;
}
