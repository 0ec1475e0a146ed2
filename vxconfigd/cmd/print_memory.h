/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node remembers of disk groups, as vxdctl remembered shows it. */
#ifndef VX_CMD_PRINT_MEMORY_H
#define VX_CMD_PRINT_MEMORY_H

#include <stdio.h>

#include "vxha.pb-c.h"

/* A line a group: NAME STATE SEQNO ID, by name. */
void print_memory(const Vx__Reply *reply, FILE *out);
void print_memory_json(const Vx__Reply *reply, FILE *out);

#endif
