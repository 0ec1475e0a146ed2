/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration copies that this node has in hand, by group: one struct copies for each, kept
 * from view to view, so that it is known when nothing is in flight (R4).
 */
#ifndef VX_VXCONFIGD_SHELF_H
#define VX_VXCONFIGD_SHELF_H

#include <stdbool.h>

#include "vxconfigd/configd.h"
#include "vxconfigd/copies.h"

int shelf_create(struct configd *configd, struct shelf **out_shelf);

/*
 * The copies of a group. The disks are those whose label names the group, and those of config (may
 * be NULL) that hold a copy. Looked up again at each call while nothing is in flight.
 * NULL: too many disks, or none.
 */
struct copies *shelf_open(struct shelf *shelf, const char *dgid, const Vx__Config *config);
/*
 * The disks that hold copies of config from now on (a new group, adddisk, rmdisk, a new view): once
 * nothing is in flight, done(ctx, copies, error) is called from the loop; copies is NULL on error.
 */
void shelf_set(struct shelf *shelf, const Vx__Config *config,
	       void (*done)(void *ctx, struct copies *copies, int error), void *ctx);
/* As it is in hand; NULL: not opened yet. */
struct copies *shelf_find(struct shelf *shelf, const char *dgid);
bool shelf_idle(const struct shelf *shelf);
/* Calls fn(ctx) once nothing is in flight. */
void shelf_when_idle(struct shelf *shelf, void (*fn)(void *ctx), void *ctx);

#endif
