/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxclustadm daemons: which daemons of this node run and answer, and their end. For the resource
 * agents, which must not guess by process names: who holds the lock of the pid file is the daemon.
 */
#ifndef VX_AGENT_ADM_DAEMONS_H
#define VX_AGENT_ADM_DAEMONS_H

#include <sys/types.h>

#include "agent/adm.h"
#include "base/limits.h"

struct adm_daemon {
	const char *name;
	pid_t pid;    /* 0: does not run */
	bool answers; /* it runs and takes a connection */
	char why[VX_REASON_MAX]; /* it does not run, as vxclustd says; empty: not known */
};

adm_verb_fn adm_daemons;

#endif
