/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxclustadm fenced: when were nodes fenced, as Pacemaker remembers it. With --serve it is the
 * helper process of vxclustd (fence.h): questions and answers on standard input.
 */
#ifndef VX_AGENT_ADM_FENCED_H
#define VX_AGENT_ADM_FENCED_H

#include "agent/adm.h"

adm_verb_fn adm_fenced;

#endif
