/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxclustadm's verbs that only ask: nodestate, nidmap, and the preference of a node. */
#ifndef VX_AGENT_ADM_QUERY_H
#define VX_AGENT_ADM_QUERY_H

#include "agent/adm.h"
#include "vxha.pb-c.h"

adm_verb_fn adm_nodestate, adm_nidmap, adm_setpreference, adm_getpreference, adm_reinit;

/* What vxclustd knows of the cluster: *out_answer->adm_state, to be freed by the caller. Or -VX_E_... */
int adm_ask_state(bool verbose, Vx__Ipc **out_answer);
/* Prints why vxclustd cannot be talked to; returns the exit code 1. */
int adm_error_talk(int error);

#endif
