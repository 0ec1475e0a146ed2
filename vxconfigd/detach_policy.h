/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diskdetpolicy=local (T18): a plex that one node cannot write is detached for all only if no other
 * node reaches it; else writes of that node fail. Pure.
 *
 * Log plexes are always detached for all: the data of the volume loses nothing by it.
 */
#ifndef VX_VXCONFIGD_DETACH_POLICY_H
#define VX_VXCONFIGD_DETACH_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

/* Plexes that this node could not write lately. Zeroes: none. */
struct detach_policy_lost {
	struct {
		uint64_t plex_rid, ms;
	} entry[VX_PLEXES_MAX];
	size_t next;
};

void detach_policy_note(struct detach_policy_lost *lost, uint64_t plex_rid, uint64_t now_ms);
/* So this node, too, cannot write it. */
bool detach_policy_failed_here(const struct detach_policy_lost *lost, uint64_t plex_rid,
			       uint64_t now_ms);

/* Are the others asked before this plex is detached? */
bool detach_policy_asks(const Vx__Config *config, uint64_t plex_rid);
/* The ids of the plex's disks, each once; strings of config. At most VX_DISKS_MAX. */
size_t detach_policy_disks(const Vx__Config *config, uint64_t plex_rid,
			   const char *out_diskid[VX_DISKS_MAX]);

#endif
