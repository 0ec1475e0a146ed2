/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxclustadm's verbs that change the membership of this node, or the master: they wait and show
 * progress. */
#ifndef VX_AGENT_ADM_MEMBER_H
#define VX_AGENT_ADM_MEMBER_H

#include "agent/adm.h"

adm_verb_fn adm_startnode, adm_stopnode, adm_abortnode, adm_setmaster;

#endif
