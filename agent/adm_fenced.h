/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxclustadm fenced: when were nodes fenced, as Pacemaker remembers it. With --serve it is the
 * helper process of vxclustd (fence.h): questions and answers on standard input.
 */
#ifndef VX_AGENT_ADM_FENCED_H
#define VX_AGENT_ADM_FENCED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/adm.h"

struct adm_fenced_node {
	const char *name;
	uint64_t when_s; /* 0: never, as far as Pacemaker remembers */
	bool pending;
};

adm_verb_fn adm_fenced;

#endif
