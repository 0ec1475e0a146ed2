/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration copies that this node has in hand, by group: one struct copies for each, kept
 * from view to view, so that it is known when no write is in flight (R4).
 */
#ifndef VX_VXCONFIGD_SHELF_H
#define VX_VXCONFIGD_SHELF_H

#include <stdbool.h>

#include "vxconfigd/configd.h"
#include "vxconfigd/copies.h"

int shelf_create(struct configd *configd, struct shelf **out_shelf);

/*
 * The copies of a group. The disks are those whose label names the group, and those of config (may
 * be NULL) that hold a copy, as they are seen now: what is asked of the copies from now on goes to them.
 * NULL: too many disks, or none.
 */
struct copies *shelf_open(struct shelf *shelf, const char *dgid, const Vx__Config *config);
/* The same with the disks that hold copies of config (a new group, adddisk, rmdisk, a new view). */
struct copies *shelf_set(struct shelf *shelf, const Vx__Config *config);
/* As it is in hand; NULL: not opened yet. */
struct copies *shelf_find(struct shelf *shelf, const char *dgid);
/* Writes in flight and to come, of all groups. */
size_t shelf_writes(const struct shelf *shelf);
/* Calls fn(ctx) from the loop once there are none. */
void shelf_when_written(struct shelf *shelf, void (*fn)(void *ctx), void *ctx);

#endif
