/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk groups as vxdg shows them: the list, one in detail, free space. */
#ifndef VX_CMD_PRINT_GROUP_H
#define VX_CMD_PRINT_GROUP_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

/*
 * The groups of an answer that have a configuration, by name. Free the array with free().
 * group: only the one of that name, "": all.
 */
size_t print_group_sort(const Vx__Reply *reply, const char *group,
			const Vx__GroupInfo ***out_group);

struct group_choice {
	const char *group; /* "": all */
	char **name;	   /* of these; none: all */
	size_t name_count;
	bool only_shared;
};

/* NAME STATE ID. */
void print_group_list(const Vx__Reply *reply, const struct group_choice *choice, bool header,
		      FILE *out);
void print_group_list_json(const Vx__Reply *reply, const struct group_choice *choice, FILE *out);
/* All about one group. */
void print_group_detail(const Vx__GroupInfo *group, FILE *out);
struct free_choice {
	const char *group; /* "": all */
	char **disk;	   /* media names; none: all */
	size_t disk_count;
};

/* [GROUP] DISK DEVICE TAG OFFSET LENGTH FLAGS; the column GROUP when no group was named. */
void print_group_free(const Vx__Reply *reply, const struct free_choice *choice, bool header,
		      FILE *out);
void print_group_free_json(const Vx__Reply *reply, const struct free_choice *choice, FILE *out);
/* Is the disk in one of these groups, be it full? */
bool print_group_has_disk(const Vx__Reply *reply, const char *group, const char *disk);

#endif
