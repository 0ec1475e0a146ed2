/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command wants, worked out: from a configuration and a request to a change of records.
 *
 * Pure: no clock, I/O, thread, randomness, log; what comes from outside is in plan_env.
 * A plan is made on the master, proposed to all nodes, committed or dropped as a whole.
 */
#ifndef VX_VXCONFIGD_PLAN_H
#define VX_VXCONFIGD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

struct plan_env {
	const char *node, *host, *cluster; /* where it runs; cluster "" = not in a cluster */
	uint64_t now_s; /* wall clock: for dgid and creation times */
	uint64_t serial; /* for dgid: "now_s.serial.host" */
	uint8_t random[16]; /* for a volume's guid */
	const Vx__DiskInfo *const *disk; /* every disk that this node sees */
	size_t disk_count;
	const Vx__OpenBy *const *open; /* volumes of the group that are open here */
	size_t open_count;
};

struct plan {
	Vx__TxnKind kind; /* TXN_CHANGE, or IMPORT for a group that init makes */
	Vx__Config *config; /* init: the whole new configuration; else NULL */
	Vx__Delta *delta; /* TXN_CHANGE */
	uint64_t quiesce[VX_VOLUMES_MAX]; /* rids of volumes whose I/O must be quiet */
	size_t quiesce_count;
	char *need_disk[VX_DISKS_MAX]; /* diskids that every node must reach */
	size_t need_disk_count;
	uint64_t format_log[VX_VOLUMES_MAX]; /* rids of new volumes whose dirty log must be written first */
	size_t format_log_count;
	bool format_dirty; /* ... with every region marked (mirrors are not yet equal) */
	char *label_disk[VX_DISKS_MAX]; /* device names whose label gets (or loses) the group */
	size_t label_disk_count;
	bool label_clear;
};

/*
 * Plans request on config (NULL for commands that make a group). On success *out_plan belongs to
 * the caller (plan_free). On failure one or more messages are added to reply (SEV_ERROR, numbers
 * from plan_message numbers in messages.h), reply->exit_code is set, nothing else happens.
 * reply must be freed with vx__reply__free_unpacked(). 0 or a negative error.
 */
int plan_make(const Vx__Config *config, const Vx__Request *request, const struct plan_env *env,
	      struct plan **out_plan, Vx__Reply *reply);
void plan_free(struct plan *plan);

/* Does this tool and verb change something (and so goes to the master)? */
bool plan_is_change(const Vx__Request *request);

/* Plan that detaches a plex after a write error. -VX_E_LAST: no other active plex is left. */
int plan_detach(const Vx__Config *config, uint64_t vol_rid, uint64_t plex_rid, struct plan **out_plan);
/* Plan that makes a volume ACTIVE when its first synchronisation ended. */
int plan_synced(const Vx__Config *config, uint64_t vol_rid, struct plan **out_plan);

#endif
