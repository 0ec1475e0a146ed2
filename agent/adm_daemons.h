/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxclustadm daemons: which daemons of this node run, and their end. For the cluster resource's
 * agent, which must not guess by process names: who holds the lock of the pid file is the daemon.
 */
#ifndef VX_AGENT_ADM_DAEMONS_H
#define VX_AGENT_ADM_DAEMONS_H

#include "agent/adm.h"

adm_verb_fn adm_daemons;

#endif
