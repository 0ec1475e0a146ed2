/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which node sees which disk, as vxdisk path shows it. */
#ifndef VX_CMD_PRINT_PATH_H
#define VX_CMD_PRINT_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vxconfigd/cmd/print_disk.h"
#include "vxha.pb-c.h"

struct path_row {
	const Vx__DiskInfo *disk; /* its names; NULL: this node knows none */
	const char *diskid;
	const char *node;
	const char *device; /* there; NULL: none */
	const char *state;  /* ENABLED; DISABLED: the node does not see it; UNKNOWN: it did not say */
};

/*
 * A row for each disk, node and device, of the answer, which must outlive them; disks by device, nodes
 * as in the answer. Disks without a label have no name that all nodes share: they are left out. Free
 * with free().
 */
size_t print_path_collect(const Vx__Reply *reply, const struct disk_choice *choice,
			  struct path_row **out_row);
bool print_path_any(const Vx__Reply *reply, const struct disk_choice *choice);
/* NODE DANAME DMNAME GROUP STATE. */
void print_path_list(const struct path_row *row, size_t count, bool header, FILE *out);
void print_path_json(const struct path_row *row, size_t count, FILE *out);

#endif
