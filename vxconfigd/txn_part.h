/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two parts of the transaction core, for txn.c (member) and txn_master.c only. */
#ifndef VX_VXCONFIGD_TXN_PART_H
#define VX_VXCONFIGD_TXN_PART_H

#include "vxconfigd/txn.h"

/* Effects of this step. */
struct txn_effect *txn_fx(struct txn_effects *fx, enum txn_effect_type type,
			  const struct txn_ref *ref);
void txn_fx_result(struct txn_effects *fx, enum txn_effect_type type, const struct txn_ref *ref,
		   int error, uint32_t node, const char *reason);

uint32_t txn_bit(const struct txn *txn, uint32_t node); /* 0: no member */
uint32_t txn_all(const struct txn *txn);
bool txn_ref_equal(const struct txn_ref *a, const struct txn_ref *b);

/* The master's part of the events. */
void txn_master_on_begin(struct txn *txn, const struct txn_event *event, struct txn_effects *fx);
void txn_master_on_hold(struct txn *txn, struct txn_effects *fx);
/* VOTE or PREPARED of the member with this bit. */
void txn_master_on_answer(struct txn *txn, const struct txn_event *event, uint32_t bit,
			  struct txn_effects *fx);
void txn_master_on_done(struct txn *txn, const struct txn_event *event, struct txn_effects *fx);
void txn_master_on_down(struct txn *txn, uint32_t node, struct txn_effects *fx);
void txn_master_on_timeout(struct txn *txn, struct txn_effects *fx);
void txn_master_on_abort(struct txn *txn, const struct txn_event *event, struct txn_effects *fx);
void txn_master_on_resolve(struct txn *txn, const struct txn_event *event, struct txn_effects *fx);
void txn_master_applied(struct txn *txn, struct txn_effects *fx);

#endif
