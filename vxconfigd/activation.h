/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activation modes of a shared group: who may have which beside whom.
 *
 *   held elsewhere \ asked   ew   ro   sr   sw        off conflicts with nothing
 *   exclusive-write (ew)     no   no   yes  no
 *   read-only (ro)           no   yes  yes  no
 *   shared-read (sr)         yes  yes  yes  yes
 *   shared-write (sw)        no   no   yes  yes
 *
 * Pure.
 */
#ifndef VX_VXCONFIGD_ACTIVATION_H
#define VX_VXCONFIGD_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

struct activation_node {
	uint32_t nodeid;
	Vx__Activation mode;
};

/* The modes of all nodes; a node that is not in it has the group off. */
struct activation_map {
	struct activation_node node[VX_NODES_MAX];
	size_t count;
};

bool activation_conflicts(Vx__Activation a, Vx__Activation b);
/* May a node with it write? */
bool activation_writes(Vx__Activation mode);
Vx__Activation activation_get(const struct activation_map *map, uint32_t nodeid);
void activation_set(struct activation_map *map, uint32_t nodeid, Vx__Activation mode);
/* May nodeid have mode? 0; -VX_E_BUSY (out_nodeid: who has a mode that conflicts); -VX_E_VERSION: it is not
 * known here. */
int activation_check(const struct activation_map *map, uint32_t nodeid, Vx__Activation mode,
		     uint32_t *out_nodeid);
/* Sets mode only if it conflicts with nobody: for a new view, seniors first. */
bool activation_admit(struct activation_map *map, uint32_t nodeid, Vx__Activation mode);

#define ACTIVATION_WORDS "sw, sr, ew, ro or off (or in full: shared-write ...)"
/* "ew", "exclusivewrite", "exclusive-write"... 0 or -VX_E_SYNTAX. */
int activation_parse(const char *text, Vx__Activation *out_mode);
const char *activation_name(Vx__Activation mode); /* "exclusive-write" */

#endif
