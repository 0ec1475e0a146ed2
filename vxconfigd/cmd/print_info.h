/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which volumes are usable, as vxinfo shows it. */
#ifndef VX_CMD_PRINT_INFO_H
#define VX_CMD_PRINT_INFO_H

#include <stdbool.h>
#include <stdio.h>

#include "vxha.pb-c.h"

/*
 * A line a volume: NAME USETYPE CONDITION; plexes: with the words "vol" and "plex" in front and a
 * line a plex. name: only these volumes; found gets true at the index of each that exists.
 */
void print_info(const Vx__GroupInfo *group, char **name, size_t name_count, bool *found,
		bool plexes, FILE *out);
/* The same as JSON, appended to list. */
struct json_object;
void print_info_json(const Vx__GroupInfo *group, char **name, size_t name_count, bool *found,
		     struct json_object *list);

#endif
