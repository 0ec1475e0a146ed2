/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vxclustadm prints with --json: everything it knows, one object. Nothing but formatting. */
#ifndef VX_AGENT_ADM_JSON_H
#define VX_AGENT_ADM_JSON_H

#include <stdio.h>

#include "vxha.pb-c.h"

/* 0 or -ENOMEM. */
int adm_json_nodestate(FILE *out, const Vx__AdmState *state);
/* vxclustd does not run; reason NULL if none is known. */
int adm_json_nodestate_out(FILE *out, const char *reason);
int adm_json_nidmap(FILE *out, const Vx__AdmState *state);
int adm_json_nidmap_out(FILE *out);

#endif
