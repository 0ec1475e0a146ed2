/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several requests in one transaction (T15): one proposal, one vote, one write; an outcome each.
 *
 * Pure. A proposal that is shared carries the change of all; its txid and author are those of the
 * first request, "also" names the others.
 */
#ifndef VX_VXCONFIGD_SHARE_H
#define VX_VXCONFIGD_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "vxha.pb-c.h"

/* May a request share a transaction at all? Not what changes disks or the group itself. */
bool share_allows(const Vx__Request *request);
/*
 * Does next, planned on the result of shared, go with it? base: before both. Not too many, not too large; no record is
 * changed by both, so every node sees each change as it is; and what shared frees is not given away
 * by next, for a new log is written before anybody knows whether the transaction will be.
 */
bool share_takes(const Vx__Config *base, const Vx__Propose *shared, const Vx__Propose *next);
void share_join(Vx__Propose *shared, const Vx__Propose *next);

/* Does each request have an id? Of a message, before anything else. */
bool share_is_sane(const Vx__Propose *propose);
/* Is it the transaction of this request? */
bool share_has(const Vx__Propose *propose, const uint8_t *txid);
/* Remembers the outcome of each request of the transaction. */
void share_outcomes_add(Vx__Config *config, const Vx__Propose *propose, bool committed);

/* The change as it is written, with the outcomes that after holds. proto_free() frees it. */
Vx__Change *share_change(const Vx__Config *after, const Vx__Propose *propose);

#endif
