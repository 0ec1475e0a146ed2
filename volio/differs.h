/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this node's writes left different (V12) is told to the vxiods of the view, through the stream;
 * what others tell is taken in. Main thread only.
 */
#ifndef VX_VOLIO_DIFFERS_H
#define VX_VOLIO_DIFFERS_H

#include <stdbool.h>
#include <stdint.h>

#include "vxha.pb-c.h"

struct iod;
struct mail;
struct volume;

/* Of a volume. */
struct differs {
	bool stuck;	     /* the lane has regions that its writes left different */
	uint32_t taking;     /* calls that take them from there */
	uint32_t telling;    /* messages of this node that it has not heard itself */
	uint64_t heard;	     /* messages of this view, of all nodes */
	uint64_t *told;	     /* regions: told by anybody, and not made equal since; NULL: none */
};

/* The lane has regions that were not told. */
void differs_on_stuck(struct mail *mail);
/* A view began: what is stuck is told again (V19). */
void differs_on_view(struct iod *iod);
/* A message of this node, or another one, in the order of the stream. */
void differs_receive(struct iod *iod, bool own, uint32_t from, const Vx__Differs *differs);
/* What a resync made equal that had heard of all that was told until now: may stuck regions go? */
bool differs_may_heal(const struct volume *volume);
/* Something of it was told while the volume was not loaded: all of it then. */
void differs_take_all(struct volume *volume);
/* The view closed. */
void differs_forget(struct volume *volume);

#endif
