/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The master's work on the groups of a new view, for takeover_run.c and takeover_write.c only. */
#ifndef VX_VXCONFIGD_TAKEOVER_PART_H
#define VX_VXCONFIGD_TAKEOVER_PART_H

#include "vxconfigd/cfg_part.h"

struct takeover_group {
	TAILQ_ENTRY(takeover_group) next;
	struct takeover_run *run;
	char dgid[DISK_ID_SIZE], name[VX_NAME_MAX + 1];
	struct takeover_node node[VX_NODES_MAX];
	size_t node_count;
	struct takeover decision;
	bool runs;	    /* a vxiod of the view has it: its dirty maps are in use */
	bool ours;	    /* a disk that a node sees says that it is this cluster's */
	bool forced;	    /* the copies and disks that are seen are all there is */
	bool second_read;   /* the first one decided, this one leaves out what does not count */
	Vx__Config *config; /* the result */
	struct activation_map activation;
	int error; /* not 0: disabled, reason */
	char reason[VX_REASON_MAX];
};

struct takeover_run {
	struct configd *configd;
	uint64_t generation;
	bool proof_asked; /* this view was asked for by the take-over before (T17): not a third one */
	bool cancelled; /* the view is over: freed when the last callback came */
	unsigned int waiting;
	TAILQ_HEAD(, takeover_group) groups;
};

/* One group is done, for good or ill. */
void takeover_end(struct takeover_group *item, int error, const char *reason);
/* Does the node begin to use the group in this view? Then it gets the group's own mode. */
bool takeover_is_new_to(const struct takeover_group *item, uint32_t nodeid);
/* The transaction that was pending; NULL: this node does not know it. */
const Vx__Propose *takeover_propose(const struct takeover_group *item);
/* takeover_write.c: item->config is the result; it becomes a checkpoint of this view (T9). */
void takeover_store(struct takeover_group *item);
/* An import that failed: the labels say again what they said before. */
void takeover_undo(struct takeover_group *item);

#endif
