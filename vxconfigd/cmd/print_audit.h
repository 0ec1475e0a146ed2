/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who changed what in the groups, as vxdctl audit shows it. */
#ifndef VX_CMD_PRINT_AUDIT_H
#define VX_CMD_PRINT_AUDIT_H

#include <stdio.h>

#include "vxha.pb-c.h"

/*
 * A line a change: TIME GROUP RESULT NODE USER PID COMMAND; group by group, the oldest first.
 * group: only this one, "": all.
 */
void print_audit(const Vx__Reply *reply, const char *group, FILE *out);
void print_audit_json(const Vx__Reply *reply, const char *group, FILE *out);

#endif
