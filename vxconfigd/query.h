/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be told about a group from its configuration alone: free space, the largest possible
 * volume, the condition of a volume. Pure.
 */
#ifndef VX_VXCONFIGD_QUERY_H
#define VX_VXCONFIGD_QUERY_H

#include <stddef.h>

#include "vxha.pb-c.h"

/* X(name, text as vxinfo prints it) */
#define QUERY_CONDITIONS(X) \
	X(STARTABLE, "Startable") \
	X(STARTED, "Started") \
	X(STARTED_UNUSABLE, "Started Unusable") \
	X(UNSTARTABLE, "Unstartable")

enum query_condition {
#define QUERY_ENUM(name, text) QUERY_##name,
	QUERY_CONDITIONS(QUERY_ENUM)
#undef QUERY_ENUM
};

enum query_condition query_volume_condition(const Vx__Config *config, const Vx__Vol *vol);
const char *query_condition_text(enum query_condition condition);

/* Free extents for vxdg free, in order of disk and offset (for GroupInfo.free: array and elements
 * are from malloc; NULL if there is none). */
Vx__FreeExtent **query_free(const Vx__Config *config, size_t *out_count);

/*
 * vxassist maxsize: attributes and disks as for make. Sets max_size of reply, or adds a message.
 * config NULL: GROUP_UNKNOWN or GROUP_NONE. 0 or a negative error.
 */
int query_max_size(const Vx__Config *config, const Vx__Request *request, Vx__Reply *reply);

/*
 * vxrecover -p: adds a line "VOLUME Startable" for each volume that vxrecover -s would start.
 * Errors as query_max_size().
 */
int query_startable(const Vx__Config *config, const Vx__Request *request, Vx__Reply *reply);

#endif
