/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free space of a disk group and where the plexes of a new volume go.
 *
 * Pure and deterministic: the same configuration and wish give the same places on every node.
 * Rules: data plexes of one volume share no disk (a lost disk costs one mirror), nor do the columns
 * of a stripe; log plexes share no disk with each other and avoid the disks of the data where they
 * can; the disk with the most free space comes first, then the older one; a hole that just fits is
 * taken before a large one.
 * All lengths and offsets are multiples of ALLOCATE_ALIGN_SECTORS.
 */
#ifndef VX_VXCONFIGD_ALLOCATE_H
#define VX_VXCONFIGD_ALLOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

#define ALLOCATE_ALIGN_SECTORS 16 /* 8 KiB, as vxdg list shows ("alignment: 8192 (bytes)") */

struct allocate_extent {
	uint64_t dm_rid;
	uint64_t offset, len; /* sectors in the public region */
};

/* What is asked for. */
struct allocate_want {
	uint64_t data_len; /* of each data plex; rounded up to the alignment, or to whole stripes */
	size_t data_plexes; /* 0 to VX_PLEXES_MAX */
	size_t columns; /* of each data plex: 1, or 2 and more for a stripe */
	uint64_t stripe_width; /* of a stripe: of one unit, a multiple of the alignment */
	uint64_t log_len; /* of each log plex, in one piece */
	size_t log_min, log_max; /* at least and at most so many */
	uint64_t vol_rid; /* they come beside the plexes of this volume; 0: none */
	const uint64_t *disk; /* only these disks (rids); count 0: all */
	size_t disk_count;
};

struct allocate_column {
	struct allocate_extent *extent; /* in order of the column */
	size_t extent_count;
};

struct allocate_plex {
	bool is_log;
	struct allocate_column *column;
	size_t column_count;
	size_t extent_count; /* of all columns: at most VX_SUBDISKS_MAX */
};

/* Data plexes first, then log plexes. */
struct allocation {
	struct allocate_plex plex[VX_PLEXES_MAX];
	size_t plex_count;
};

/* 0, or -VX_E_NOSPACE with a text in out_reason (VX_REASON_MAX) that tells what is free. */
int allocate_volume(const Vx__Config *config, const struct allocate_want *want,
		    struct allocation **out_allocation, char *out_reason);
void allocation_free(struct allocation *allocation);

/* More for a column of a plex, behind what it has. */
struct allocate_more {
	const Vx__Plex *plex;
	uint32_t column;
	uint64_t len; /* a multiple of the alignment */
	const uint64_t *disk; /* the new space only on these disks; count 0: all */
	size_t disk_count;
};

/*
 * Room for it: right behind its last subdisk, else on its disks, else on disks that no other column
 * and no other plex of the volume has data on. 0 and the extents (free() them), in order; or
 * -VX_E_NOSPACE with a text in out_reason.
 */
int allocate_more(const Vx__Config *config, const struct allocate_more *want,
		  struct allocate_column *out_column, char *out_reason);

/* Every usable free extent, in order of disk and offset; free() it. Never NULL. */
struct allocate_extent *allocate_free_extents(const Vx__Config *config, size_t *out_count);

uint64_t allocate_align_up(uint64_t sectors);

#endif
