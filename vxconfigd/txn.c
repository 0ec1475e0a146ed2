// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The deciding core of transactions: the member's part, and what both parts share.
 *
 * Member (every node; [..] is what it does on the way):
 *
 *          PROPOSE (T2)          checked [VOTE]
 *   NONE -------------> CHECKING -------------> VOTED -----------------+
 *    ^                                            | QUIESCE (T3)       |
 *    |                                            v                    |
 *    |                                        SUSPENDING               | COMMIT (T3: no
 *    |                                            | suspended          | volume in use)
 *    |                                            v [PREPARED]         |
 *    |                                        PREPARED                 |
 *    |                                            | COMMIT (T5)        |
 *    |   ACK of all delivered [APPLY] (T5)        v        remembered  |
 *    +---------------------------- ACKED <------ SEEN <----------------+
 *    |                                    [ACK]
 *    +-- from each before SEEN: ABORT [DROP] (T6); from each: RESOLVE of a new view (T8)
 */
#include "vxconfigd/txn.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "vxconfigd/txn_part.h"

#define M(state) (1u << TXN_##state)

/* Allowed next states. */
static const struct {
	const char *name;
	uint32_t next;
} txn_member_table[] = {
	[TXN_NONE] = { "none", M(CHECKING) },			      /* T2 */
	[TXN_CHECKING] = { "checking", M(VOTED) | M(NONE) },	      /* T2; T6, T8 */
	[TXN_VOTED] = { "voted", M(SUSPENDING) | M(SEEN) | M(NONE) }, /* T3; T5; T6, T8 */
	[TXN_SUSPENDING] = { "suspending", M(PREPARED) | M(NONE) },   /* T3; T6, T8 */
	[TXN_PREPARED] = { "prepared", M(SEEN) | M(NONE) },	      /* T5; T6, T8 */
	[TXN_SEEN] = { "seen", M(ACKED) | M(NONE) },		      /* T5; T5 (waived), T8 */
	[TXN_ACKED] = { "acked", M(NONE) },			      /* T5, T8 */
};

static const char *const txn_event_names[] = {
#define TXN_NAME(name) #name,
	TXN_EVENTS(TXN_NAME)
};
#undef TXN_NAME

const char *txn_member_state_name(enum txn_member_state state)
{
	return txn_member_table[state].name;
}

const char *txn_event_name(enum txn_event_type type)
{
	return txn_event_names[type];
}

/* ---- shared with txn_master.c ---- */

struct txn_effect *txn_fx(struct txn_effects *fx, enum txn_effect_type type,
			  const struct txn_ref *ref)
{
	assert(fx->count < TXN_EFFECTS_MAX);

	struct txn_effect *effect = &fx->effect[fx->count++];

	*effect = (struct txn_effect){ .type = type, .ref = *ref };
	return effect;
}

void txn_fx_result(struct txn_effects *fx, enum txn_effect_type type, const struct txn_ref *ref,
		   int error, uint32_t node, const char *reason)
{
	struct txn_effect *effect = txn_fx(fx, type, ref);

	effect->error = error;
	effect->node = node;
	snprintf(effect->reason, sizeof(effect->reason), "%s", reason != NULL ? reason : "");
}

uint32_t txn_bit(const struct txn *txn, uint32_t node)
{
	for (size_t i = 0; i < txn->view.count; i++) {
		if (txn->view.member[i] == node) {
			return 1u << i;
		}
	}
	return 0;
}

uint32_t txn_all(const struct txn *txn)
{
	return txn->view.count == 32 ? UINT32_MAX : (1u << txn->view.count) - 1;
}

bool txn_ref_equal(const struct txn_ref *a, const struct txn_ref *b)
{
	return a->attempt == b->attempt && memcmp(a->txid, b->txid, sizeof(a->txid)) == 0;
}

/* ---- the member ---- */

static void txn_member_move(struct txn *txn, enum txn_member_state next)
{
	assert((txn_member_table[txn->member].next & (1u << next)) != 0);
	txn->member = next;
}

static bool txn_is_pending(const struct txn *txn, const struct txn_event *event)
{
	return txn->member != TXN_NONE && txn_ref_equal(&txn->ref, &event->ref);
}

static bool txn_is_seen(const struct txn *txn)
{
	return txn->member == TXN_SEEN || txn->member == TXN_ACKED;
}

static void txn_on_propose(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (txn_is_seen(txn)) {
		return; /* no master of ours does this: it gets no vote */
	}
	if (txn->member != TXN_NONE) { /* an attempt that its master put aside */
		txn_fx(fx, TXN_FX_DROP, &txn->ref);
		txn_member_move(txn, TXN_NONE);
	}
	txn->ref = event->ref;
	txn->quiesce = event->quiesce;
	txn->acked = 0;
	txn->waived = txn_all(txn) & ~txn->up;
	txn_member_move(txn, TXN_CHECKING);
	txn_fx(fx, TXN_FX_CHECK, &txn->ref);
}

static void txn_on_checked(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (txn->member == TXN_CHECKING && txn->open) {
		txn_member_move(txn, TXN_VOTED);
		txn_fx_result(fx, TXN_FX_SEND_VOTE, &txn->ref, event->error, txn->view.self,
			      event->reason);
	}
}

static void txn_on_quiesce(struct txn *txn, struct txn_effects *fx)
{
	if (txn->member == TXN_VOTED && txn->quiesce) {
		txn_member_move(txn, TXN_SUSPENDING);
		txn_fx(fx, TXN_FX_SUSPEND, &txn->ref);
	}
}

static void txn_on_suspended(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (txn->member == TXN_SUSPENDING && txn->open) {
		txn_member_move(txn, TXN_PREPARED);
		txn_fx_result(fx, TXN_FX_SEND_PREPARED, &txn->ref, event->error, txn->view.self,
			      event->reason);
	}
}

static void txn_on_commit(struct txn *txn, struct txn_effects *fx)
{
	if (txn->view.self == txn->view.master && txn->master != TXN_COMMITTING) {
		return; /* T4: nobody can say so but this node, and it did not */
	}
	if (txn->member == TXN_PREPARED || (txn->member == TXN_VOTED && !txn->quiesce)) {
		txn_member_move(txn, TXN_SEEN);
		txn_fx(fx, TXN_FX_REMEMBER, &txn->ref);
	}
}

/* T5: ACK of every member whose vxconfigd still runs; the own one is always among them. */
static void txn_acks_look(struct txn *txn, struct txn_effects *fx)
{
	if (txn->member == TXN_ACKED &&
	    (((txn->acked | txn->waived) & txn_all(txn)) == txn_all(txn) || MUTANT(T5_ALL))) {
		txn_member_move(txn, TXN_NONE);
		txn_fx(fx, TXN_FX_APPLY, &txn->ref);
		txn_master_applied(txn, fx);
	}
}

static void txn_on_remembered(struct txn *txn, struct txn_effects *fx)
{
	if (txn->member == TXN_SEEN && txn->open) {
		txn_member_move(txn, TXN_ACKED);
		txn_fx(fx, TXN_FX_SEND_ACK, &txn->ref);
		if (MUTANT(T5_ACK)) {
			txn->acked = txn_all(txn);
			txn_acks_look(txn, fx);
		}
	}
}

static void txn_on_abort(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (txn_is_pending(txn, event) && !txn_is_seen(txn)) {
		txn_member_move(txn, TXN_NONE);
		txn_fx_result(fx, TXN_FX_DROP, &txn->ref, event->error, event->node, event->reason);
	}
	txn_master_on_abort(txn, event, fx);
}

static void txn_on_node_down(struct txn *txn, uint32_t node, struct txn_effects *fx)
{
	uint32_t bit = txn_bit(txn, node);

	txn->up &= ~bit;
	txn->waived |= bit;
	txn_master_on_down(txn, node, fx);
	txn_acks_look(txn, fx);
}

/* Messages of the stream: only in the open view, only from whom they may come (R2). */
static void txn_on_message(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	bool from_master = event->from == txn->view.master;
	uint32_t bit = txn_bit(txn, event->from);

	if ((!txn->open && !MUTANT(R2_CLOSED)) || bit == 0) {
		return;
	}
	if (event->type == TXN_EV_PROPOSE_MSG && from_master) {
		txn_on_propose(txn, event, fx);
	} else if (event->type == TXN_EV_ABORT_MSG && from_master) {
		txn_on_abort(txn, event, fx);
	} else if (event->type == TXN_EV_VOTE_MSG || event->type == TXN_EV_PREPARED_MSG) {
		txn_master_on_answer(txn, event, bit, fx);
	} else if (!txn_is_pending(txn, event)) {
		return;
	} else if (event->type == TXN_EV_QUIESCE_MSG && from_master) {
		txn_on_quiesce(txn, fx);
	} else if (event->type == TXN_EV_COMMIT_MSG && from_master) {
		txn_on_commit(txn, fx);
	} else if (event->type == TXN_EV_ACK_MSG && txn_is_seen(txn)) {
		txn->acked |= bit;
		txn_acks_look(txn, fx);
	}
}

/* ---- views ---- */

static void txn_on_open(struct txn *txn, const struct txn_view *view)
{
	assert(txn->member == TXN_NONE && txn->master == TXN_IDLE);
	assert(view->count > 0 && view->count <= VX_NODES_MAX);
	txn->view = *view;
	txn->open = true;
	txn->hold = false;
	txn->up = txn_all(txn);
	txn->decided = false;
}

/* T8: what the new master decided about the pending transaction. */
static void txn_on_resolve(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	assert(!txn->open);
	if (txn->member != TXN_NONE) {
		txn_member_move(txn, TXN_NONE);
		txn_fx_result(fx, event->complete ? TXN_FX_APPLY : TXN_FX_DROP, &txn->ref,
			      event->error, event->node, event->reason);
	}
	txn_master_on_resolve(txn, event, fx);
}

void txn_init(struct txn *txn)
{
	memset(txn, 0, sizeof(*txn));
}

bool txn_has_seen(const struct txn *txn)
{
	return (txn_is_seen(txn) && !MUTANT(T8_SEEN)) ||
	       (txn->member != TXN_NONE && txn->decided && !MUTANT(T8_DECIDED));
}

static void txn_invariant(const struct txn *txn)
{
	assert(!txn->decided || txn->master == TXN_WRITING || txn->master == TXN_COMMITTING);
	assert(txn->master == TXN_IDLE || txn->view.self == txn->view.master);
	assert(!txn->open || txn->view.count > 0);
	/* T4: nobody sees COMMIT of a master that has not written */
	assert(!txn_is_seen(txn) || txn->view.self != txn->view.master ||
	       txn->master == TXN_COMMITTING);
}

void txn_step(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	fx->count = 0;
	switch (event->type) {
	case TXN_EV_OPEN:
		txn_on_open(txn, event->view);
		break;
	case TXN_EV_HOLD:
		txn->hold = true;
		txn_master_on_hold(txn, fx);
		break;
	case TXN_EV_CLOSE:
		if (txn->open) {
			txn->open = false;
			txn_fx(fx, TXN_FX_TIMER, &txn->master_ref);
		}
		break;
	case TXN_EV_RESOLVE:
		txn_on_resolve(txn, event, fx);
		break;
	case TXN_EV_BEGIN:
		txn_master_on_begin(txn, event, fx);
		break;
	case TXN_EV_FORMATTED:
	case TXN_EV_WRITTEN:
		txn_master_on_done(txn, event, fx);
		break;
	case TXN_EV_TIMEOUT:
		txn_master_on_timeout(txn, fx);
		break;
	case TXN_EV_CHECKED:
		if (txn_is_pending(txn, event)) {
			txn_on_checked(txn, event, fx);
		}
		break;
	case TXN_EV_SUSPENDED:
		if (txn_is_pending(txn, event)) {
			txn_on_suspended(txn, event, fx);
		}
		break;
	case TXN_EV_REMEMBERED:
		if (txn_is_pending(txn, event)) {
			txn_on_remembered(txn, fx);
		}
		break;
	case TXN_EV_NODE_DOWN:
		txn_on_node_down(txn, event->node, fx);
		break;
	case TXN_EV_NODE_UP:
		txn->up |= txn_bit(txn, event->node);
		break;
	case TXN_EV_PROPOSE_MSG:
	case TXN_EV_VOTE_MSG:
	case TXN_EV_QUIESCE_MSG:
	case TXN_EV_PREPARED_MSG:
	case TXN_EV_COMMIT_MSG:
	case TXN_EV_ACK_MSG:
	case TXN_EV_ABORT_MSG:
		txn_on_message(txn, event, fx);
		break;
	}
	txn_invariant(txn);
}
