/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vxclustadm prints with --json: everything it knows, one object. Nothing but formatting. */
#ifndef VX_AGENT_ADM_JSON_H
#define VX_AGENT_ADM_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/adm_daemons.h"
#include "agent/adm_fenced.h"
#include "vxha.pb-c.h"

/* 0 or -ENOMEM. */
int adm_json_nodestate(FILE *out, const Vx__AdmState *state);
/* vxclustd does not run; reason NULL if none is known. */
int adm_json_nodestate_out(FILE *out, const char *reason);
int adm_json_nidmap(FILE *out, const Vx__AdmState *state);
int adm_json_nidmap_out(FILE *out);
int adm_json_preference(FILE *out, int32_t preference);
int adm_json_daemons(FILE *out, const struct adm_daemon *daemon, size_t count);
int adm_json_fenced(FILE *out, const struct adm_fenced_node *node, size_t count);
int adm_json_volumes(FILE *out, const Vx__IodReport *report);

#endif
