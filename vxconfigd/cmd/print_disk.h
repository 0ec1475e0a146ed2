/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of this node as vxdisk shows them. */
#ifndef VX_CMD_PRINT_DISK_H
#define VX_CMD_PRINT_DISK_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

/* DEVICE TYPE DISK GROUP STATUS, by device. group: only its disks, "": all. */
void print_disk_list(const Vx__Reply *reply, const char *group, bool header, FILE *out);
void print_disk_list_json(const Vx__Reply *reply, const char *group, FILE *out);
/* All about one disk. */
void print_disk_detail(const Vx__DiskInfo *disk, FILE *out);

#endif
