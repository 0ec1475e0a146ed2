/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of vxconfigd and of the cluster as vxdctl shows it. */
#ifndef VX_CMD_PRINT_MODE_H
#define VX_CMD_PRINT_MODE_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

/* vxdctl mode; cluster: -c. Nothing about the cluster is said while vxconfigd is disabled. */
void print_mode(const Vx__ModeInfo *mode, bool cluster, FILE *out);
void print_mode_volboot(const Vx__ModeInfo *mode, FILE *out);
void print_mode_protocol(const Vx__ModeInfo *mode, FILE *out);
void print_mode_range(const Vx__ModeInfo *mode, FILE *out);
void print_mode_support(const Vx__ModeInfo *mode, FILE *out);

#endif
