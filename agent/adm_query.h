/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxclustadm's verbs that only ask: nodestate, nidmap, and the preference of a node. */
#ifndef VX_AGENT_ADM_QUERY_H
#define VX_AGENT_ADM_QUERY_H

#include "agent/adm.h"

adm_verb_fn adm_nodestate, adm_nidmap, adm_setpreference, adm_getpreference, adm_reinit;

/* Prints why vxclustd cannot be talked to; returns the exit code 1. */
int adm_error_talk(int error);

#endif
