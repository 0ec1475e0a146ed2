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
	const Vx__DiskInfo *const *disk; /* all that this node sees; diskid "" = not initialised */
	size_t disk_count;
	uint32_t protocol; /* that the cluster runs: what a later one brought is refused (R21) */
};

struct plan {
	Vx__TxnKind kind; /* CHANGE; IMPORT: init; DEPORT: deport and destroy */
	Vx__Config *config; /* IMPORT: the whole new configuration (epoch and seq 0); else NULL */
	Vx__Delta *delta; /* CHANGE: may be empty (delta_is_empty()): nothing to do; else NULL */
	uint64_t quiesce[VX_VOLUMES_MAX]; /* rids of volumes whose I/O must be quiet */
	size_t quiesce_count;
	char *need_disk[VX_DISKS_MAX]; /* diskids that every node must reach */
	size_t need_disk_count;
	/* Volumes whose dirty log must be written first: anew, or what any node has marked is folded. */
	struct plan_log {
		uint64_t vol_rid;
		bool fold;
	} format_log[VX_VOLUMES_MAX];
	size_t format_log_count;
	bool format_dirty; /* new ones have every region marked (mirrors are not yet equal) */
	/* Disks (diskids) whose label changes. label_clear: the disk leaves the
	 * group. Otherwise it becomes what the new content says; DEPORT: it keeps the group and
	 * loses its owner. */
	char *label_disk[VX_DISKS_MAX];
	size_t label_disk_count;
	bool label_clear;
};

/*
 * Plans request on config (NULL if the group, see plan_group(), is not imported). On success
 * *out_plan belongs to the caller (plan_free()): config_apply() of its delta to config succeeds,
 * and the change fits into one message; messages in reply then say what it leaves undone
 * (vxrecover), and exit_code that it does. On failure one or more messages are added to reply,
 * reply->exit_code is set, nothing else happens. reply must be freed with
 * vx__reply__free_unpacked(). 0 or a negative error.
 */
int plan_make(const Vx__Config *config, const Vx__Request *request, const struct plan_env *env,
	      struct plan **out_plan, Vx__Reply *reply);
void plan_free(struct plan *plan);

/* Does this tool and verb change the configuration (and so goes to the master)? True for vxdg
 * import too, which plan_make() refuses: what is imported is on the disks. False for a node's own
 * activation and for vxrecover -p (query.h). */
bool plan_is_change(const Vx__Request *request);

/* Name of the group that the request is about: -g, or the operand of vxdg init, destroy, deport,
 * import. NULL if there is none. Belongs to request. */
const char *plan_group(const Vx__Request *request);

/*
 * Plan that detaches a plex after a write error (data: IOFAIL; the volume goes on with the others).
 * -VX_E_LAST: no other active plex is left. -VX_E_NOTFOUND: no such plex in that volume.
 * -VX_E_STALE: it is not active (any more): nothing to do.
 */
int plan_detach(const Vx__Config *config, uint64_t vol_rid, uint64_t plex_rid,
		struct plan **out_plan);
/* Plan that makes a volume ACTIVE when its synchronisation ended, and the plexes whose attaches these
 * were. -VX_E_NOTFOUND; -VX_E_STALE: it is not in state SYNC (any more), and no such attach goes on.
 */
int plan_synced(const Vx__Config *config, uint64_t vol_rid, const uint64_t *attach, size_t count,
		struct plan **out_plan);

#endif
