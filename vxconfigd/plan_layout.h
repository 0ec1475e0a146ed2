/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a new volume shall look like, as the operands and attributes of vxassist say it. */
#ifndef VX_VXCONFIGD_PLAN_LAYOUT_H
#define VX_VXCONFIGD_PLAN_LAYOUT_H

#include "vxconfigd/allocate.h"
#include "vxconfigd/plan_work.h"

enum layout_init {
	LAYOUT_INIT_SYNC, /* mirrors are made equal in the background */
	LAYOUT_INIT_ACTIVE, /* usable at once, mirrors may differ where nothing was written */
	LAYOUT_INIT_NONE, /* not usable before it is started */
};

struct layout {
	unsigned int mirrors; /* data plexes */
	unsigned int columns; /* of each; 1: no stripe; 0: a stripe over as many disks as there is room on */
	uint64_t stripe_width; /* of a stripe: sectors of one unit */
	unsigned int log_min, log_max; /* log plexes */
	enum layout_init init;
	const char *usetype, *comment;
	uint64_t vol_rid; /* plexes for this volume, which has some; 0: for a new one */
	uint64_t disk[VX_DISKS_MAX]; /* rids of the disks that may be used; count 0: all */
	size_t disk_count;
};

/* Attributes that plan_layout_read() knows, separated by blanks. */
#define LAYOUT_ATTRS "layout nmirror ncol stripeunit logtype nlog init usetype comment"

/* Reads the attributes; operands from first_disk on are disk media names. 0 or a message. */
int plan_layout_read(struct plan_work *work, size_t first_disk, struct layout *out_layout);

/* A size in sectors, at least 1, rounded up to the alignment. 0 or a message. */
int plan_layout_size(struct plan_work *work, const char *text, uint64_t *out_len);

/* Dirty region size of a volume of len sectors with this layout; 0: no log. */
uint64_t plan_layout_region(const struct layout *layout, uint64_t len);

/* Disks named by the operands from first on. 0 or a message. */
int plan_layout_disks(struct plan_work *work, size_t first, struct layout *layout);

/* The plex at that place, with its subdisks; every node must reach its disks. The states are the
 * caller's. */
Vx__Plex *plan_layout_add_plex(struct plan_work *work, const Vx__Vol *vol, uint64_t stripe_width,
			       const struct allocate_plex *place);

/* A subdisk at that place; whether every node must reach its disk is the caller's. */
void plan_layout_add_subdisk(struct plan_work *work, const Vx__Plex *plex, uint32_t column,
			     uint64_t plex_offset, const struct allocate_extent *extent);

/* Places a volume of len sectors. As allocate_volume(). */
int plan_layout_place(const Vx__Config *config, const struct layout *layout, uint64_t len,
		      struct allocation **out_allocation, char *out_reason);

#endif
