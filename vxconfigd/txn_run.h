/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out what the transaction core of a group decides: messages, checks, writes, loads.
 *
 * Events are carried out one after the other in the order in which they came. Main thread only.
 */
#ifndef VX_VXCONFIGD_TXN_RUN_H
#define VX_VXCONFIGD_TXN_RUN_H

#include "vxconfigd/group.h"

/* May free the group (a deport, an import that failed) once all its events are done. */
void txn_run(struct group *group, const struct txn_event *event);
/* The result of something that was begun for (dgid, ref). Nothing if the group is gone. */
void txn_run_result(struct configd *configd, const char *dgid, enum txn_event_type type,
		    const struct txn_ref *ref, int error, const char *reason);
/* Messages of port w that belong to transactions (txn_port.c). */
void txn_run_message(struct configd *configd, uint32_t from, const Vx__CfgMsg *msg);
/* The same event for every group. */
void txn_run_all(struct configd *configd, const struct txn_event *event);
/* Nothing of the master is under way in any group. */
bool txn_run_quiet(struct configd *configd);

/* For txn_check.c, txn_write.c: what is being done for whom. */
struct txn_job {
	struct configd *configd;
	char dgid[64];
	struct txn_ref ref;
};
void txn_job_init(struct txn_job *job, struct group *group, const struct txn_ref *ref);
/* The group, if the transaction is still pending there; else NULL. */
struct group *txn_job_group(const struct txn_job *job);

/* txn_port.c: what the core sends. */
void txn_cast_ref(struct group *group, const struct txn_effect *effect,
		  Vx__CfgMsg__BodyCase body_case);
void txn_cast_vote(struct group *group, const struct txn_ref *ref, int error, const char *reason);
void txn_cast_propose(struct group *group);

/* txn_check.c: CHECK -> CHECKED. Can this node do what group->pending says? (T2) */
void txn_check(struct group *group, const struct txn_ref *ref);
/* txn_write.c: FORMAT -> FORMATTED; WRITE -> WRITTEN (T4). */
void txn_format(struct group *group, const struct txn_ref *ref);
void txn_write(struct group *group, const struct txn_ref *ref);

#endif
