/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of this node as vxdisk shows them. */
#ifndef VX_CMD_PRINT_DISK_H
#define VX_CMD_PRINT_DISK_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

struct disk_choice {
	const char *group; /* "": all */
	char **name;	   /* of a device or disk, or a path; none: all */
	size_t name_count;
};

/* DEVICE TYPE DISK GROUP STATUS, by device; at the end the disks that failed. */
void print_disk_list(const Vx__Reply *reply, const struct disk_choice *choice, bool header,
		     FILE *out);
void print_disk_list_json(const Vx__Reply *reply, const struct disk_choice *choice, FILE *out);
/* All about the chosen disks. */
void print_disk_details(const Vx__Reply *reply, const struct disk_choice *choice, FILE *out);
bool print_disk_is_chosen(const struct disk_choice *choice, const Vx__DiskInfo *disk);
/* Is there any that is chosen? */
bool print_disk_any(const Vx__Reply *reply, const struct disk_choice *choice);

#endif
