/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One disk group in the daemon: its configuration in force, its place in the cluster, the
 * transaction that is under way, the requests that wait.
 */
#ifndef VX_VXCONFIGD_GROUP_H
#define VX_VXCONFIGD_GROUP_H

#include "vxconfigd/activation.h"
#include "vxconfigd/configd.h"
#include "vxconfigd/txn.h"

#define GROUP_STATES(X) \
	X(NEW) /* its import or making is under way */ \
	X(ENABLED) \
	X(DISABLED) /* known, but no change is possible: reason */

enum group_state {
#define GROUP_ENUM(name) GROUP_##name,
	GROUP_STATES(GROUP_ENUM)
#undef GROUP_ENUM
};

struct txn_input; /* an event that waits for the one before (txn_run.c) */
TAILQ_HEAD(txn_input_list, txn_input);

/* The transaction that is pending here, as a member. */
struct group_pending {
	Vx__Propose *propose;
	Vx__Config *after; /* CHANGE, IMPORT: the configuration once it is in force */
	bool suspended;	   /* volumes of it were suspended in vxiod */
};

struct group {
	TAILQ_ENTRY(group) next;
	struct configd *configd;
	char dgid[64], name[VX_NAME_MAX + 1];
	enum group_state state;
	char reason[VX_REASON_MAX]; /* DISABLED: why */
	Vx__Config *config;	    /* in force; NULL: none in memory */
	uint64_t hash;
	struct activation_map activation;
	bool loaded; /* vxiod runs it */

	struct txn txn;
	struct group_pending pending;
	Vx__Propose *incoming; /* PROPOSE that is being handed to the core */
	struct txn_input_list inputs;
	bool running;	  /* events are being carried out */
	bool gone;	  /* to be freed when nothing refers to it any more */
	bool taking_over; /* whoever takes it over decides what is in force, and removes it */
	struct loop_timer timer;

	struct request_list queue;
	struct request *current;  /* the request that the master's transaction is for ... */
	struct request_list sharing; /* ... and those that share it (T15) */
	struct request *starting; /* a request of this group that is being planned */
	uint32_t turn;		  /* the node whose request was begun last */
	uint32_t parts;		  /* that failed transactions were cut into */
};

struct group *group_find(struct configd *configd, const char *dgid);
/* One that is imported, or is being imported. */
struct group *group_by_name(struct configd *configd, const char *name);
/* 0; -VX_E_FULL. */
int group_add(struct configd *configd, const char *dgid, const char *name,
	      struct group **out_group);
/* At once, or when its events are done. Requests that wait must be answered before. */
void group_remove(struct group *group);

/* Takes config; what is in force changes for everything that asks from now on. */
void group_config_set(struct group *group, Vx__Config *config);
void group_disable(struct group *group, const char *reason);
bool group_is_shared(const struct group *group);
Vx__Activation group_activation(const struct group *group); /* of this node */

/* Remembers on this node's disk what config is (T5, T12). done is never called from here. */
void group_remember(struct group *group, const Vx__Config *config,
		    void (*done)(void *ctx, int error), void *ctx);
/* An imported group belongs to the cluster (shared) or to this host. */
void group_config_own(struct configd *configd, Vx__Config *config, bool shared);

/* ---- whose a disk is (group_disks.c) ---- */

enum group_claim {
	GROUP_HAS,   /* its configuration in force names the disk ... */
	GROUP_TAKES, /* ... or a transaction that was proposed needs it (T16) ... */
	GROUP_PLANS, /* ... or one that this master begins */
};

/* Another group than except; NULL: none. */
const struct group *group_with_disk(struct configd *configd, const char *diskid,
				    enum group_claim claim, const struct group *except);

/* Has nobody else the disk, as far as this node knows (T16)? name: what it is called in group. label_read:
 * its label was read for this question; one that was read before says nothing. 0, or who has it. */
int group_may_take(const struct group *group, const char *diskid, const char *name, bool label_read,
		   char *out_reason);

/* Where the disks of config are on this node. Free with group_paths_free(). */
size_t group_paths(struct configd *configd, const Vx__Config *config, Vx__DiskPath ***out_path);
void group_paths_free(Vx__DiskPath **path, size_t count);

/* Has vxiod run what is in force. first: nobody uses the group yet. done may be NULL. */
void group_load(struct group *group, bool first,
		void (*done)(void *ctx, int error, const char *reason), void *ctx);
void group_unload(struct group *group);
/* Is there a load, told up to that one (configd's load_serial), that vxiod has not answered? */
bool group_is_loading(const struct configd *configd, uint64_t serial);

/* What vxiod runs of this node's groups, for a vxconfigd that was killed (in the run folder). */
void group_notes_save(struct configd *configd);
/* NULL: none, or those of an earlier membership. Free with vx__cfg_state__free_unpacked(). */
Vx__CfgState *group_notes_read(struct configd *configd);
/* Do the disks say that the group was deported or destroyed, while that vxconfigd was not there? */
bool group_note_is_over(struct configd *configd, const char *dgid);

/* ---- labels (group_labels.c) ---- */

struct group_labels {
	struct configd *configd;
	struct disk_relabel *relabel;
	size_t count;
};

void group_labels_init(struct group_labels *labels, struct configd *configd);
/* What the label of a disk is to say. own: it is dm of config; left out if it says so already. */
void group_labels_own(struct group_labels *labels, const Vx__Config *config, const Vx__Dm *dm);
void group_labels_own_disk(struct group_labels *labels, const Vx__Config *config,
			   const char *diskid);
/* DISK_RELEASE: deported; DISK_CLEAR: in no group any more. */
void group_labels_give_up(struct group_labels *labels, enum disk_relabel_kind kind,
			  const char *dgid, const char *diskid);
/* ... of all disks whose label named the group when it was read last. */
void group_labels_give_up_all(struct group_labels *labels, enum disk_relabel_kind kind,
			      const char *dgid);
/* Writes and empties the list; a disk that this node does not see is an error. False: it was empty,
 * done is not called. */
bool group_labels_write(struct group_labels *labels,
			void (*done)(void *ctx, int error, const char *reason), void *ctx);

const char *group_state_name(enum group_state state);

#endif
