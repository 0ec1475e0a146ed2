/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vxclustadm prints about the cluster, in the original's form. Nothing but formatting. */
#ifndef VX_AGENT_ADM_SHOW_H
#define VX_AGENT_ADM_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

/* "state: cluster member" and what belongs to it; verbose: ids, masks, last reconfigurations. */
void adm_show_nodestate(FILE *out, const Vx__AdmState *state, bool verbose);
/* The same when vxclustd does not run: reason NULL if none is known. */
void adm_show_nodestate_out(FILE *out, const char *reason);
void adm_show_nidmap(FILE *out, const Vx__AdmState *state);
void adm_show_nidmap_out(FILE *out);
/* A line for each volume that vxiod serves: name, device, who has it open. */
void adm_show_volumes(FILE *out, const Vx__IodReport *report);

/* Words for the values of the schema. */
const char *adm_state_text(Vx__NodeState state); /* "cluster member" */
const char *adm_step_text(Vx__Step step);	 /* "suspend" */
const char *adm_left_text(Vx__LeaveHow how);	 /* "lost" */
/* Member of the view by Corosync's node id, NULL if there is none. */
const Vx__Member *adm_member(const Vx__View *view, uint32_t nodeid);
bool adm_is_open_of(const Vx__OpenBy *open, const Vx__VolInfo *volume);

#endif
