/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxconfigd's part in a reconfiguration: the steps that vxclustd asks for (cpg/PROTOCOL.md 5), the
 * exchange of states and the groups of a new view (T8 to T10), the return of a restarted vxconfigd
 * (T13).
 */
#ifndef VX_VXCONFIGD_CFG_STEPS_H
#define VX_VXCONFIGD_CFG_STEPS_H

#include "vxconfigd/group.h"

int steps_create(struct configd *configd);

/* From vxclustd. */
void steps_run(struct configd *configd, const Vx__StepRun *run);
void steps_on_registered(struct configd *configd, const Vx__Registered *registered);
void steps_on_view(struct configd *configd, const Vx__View *view);
void steps_on_peer(struct configd *configd, uint32_t nodeid, bool up);
void steps_on_lost(struct configd *configd);
/* Messages of port w that are not of a transaction. */
void steps_on_message(struct configd *configd, uint32_t from, const Vx__CfgMsg *msg);

/* Something ended that a step may wait for: only that is told as progress (R11). */
void steps_moved(struct configd *configd);
/* A label was written. */
void steps_on_written(struct configd *configd);
/* Before a join: no transaction may begin (R9). */
bool steps_is_held(const struct configd *configd);
/* A group's core has nothing of the master under way. */
void steps_quiet(struct configd *configd);
/* A group that was just added takes part in the present view. */
void steps_open_group(struct group *group);
/* Master, between two transactions: tells a restarted vxconfigd the groups (T13). */
void steps_serve_joins(struct configd *configd);

#endif
