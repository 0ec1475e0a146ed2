/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of a transaction, for who asks (T11): "committed" and "aborted" are said of what is
 * known or proven only, everything else is "unknown".
 */
#ifndef VX_VXCONFIGD_OUTCOME_H
#define VX_VXCONFIGD_OUTCOME_H

#include "vxconfigd/configd.h"
#include "vxconfigd/endings.h"

/* The transaction, with those that shared it, has ended here. */
void outcome_note(struct configd *configd, const Vx__Propose *propose, enum ending ending);
/* "committed", "aborted", "unknown" (nobody can say yet); NULL: not among what is remembered. */
const char *outcome_known(struct configd *configd, const uint8_t *txid);
/* The same, or "aborted" if this node would know it: it began after began_ms (clock_ms()), and the
 * master that has it now, if any, is gone. Else "unknown". */
const char *outcome_since(struct configd *configd, const uint8_t *txid, uint64_t began_ms);

/* The master's part of an answer to who asks for a transaction that it does not know: how far back
 * it would; 0: it may still be done. */
uint64_t outcome_reach(struct configd *configd, const uint8_t *txid);
/* ... and what this node makes of it, by the age that the id tells. */
const char *outcome_conclude(struct configd *configd, const uint8_t *txid, uint64_t reach_ms);

/* Says of a request that it was not done, and why, or that nobody can say; of others nothing. */
void outcome_explain(const Vx__Request *request, const char *outcome, const char *why,
		     Vx__Reply *reply);

#endif
