// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The deciding core of transactions: the master's part.
 *
 *         begin (T1)           all yes (T3)            all prepared
 *   IDLE -----------> VOTING ---------------> QUIESCING ------------+
 *    ^                  | all yes, no volume in use (T3)            |
 *    |                  +-----------------------------------------> + --- no new log ---+
 *    |                                                              | new log           |
 *    |                                                              v                   |
 *    |                                   late (T6) [ASK_VIEW] <- FORMATTING -- written -->+
 *    |   applied [ANSWER] (T6)               majority (T4)                              v
 *    +------------------------- COMMITTING <--------------- WRITING <-------------------+
 *    |                                     [COMMIT]            | fewer copies (T7) [ASK_VIEW],
 *    |                                                         | stays until RESOLVE
 *    |   own ABORT delivered [ANSWER] (T6)
 *    +------------------------- ABORTING <--- from VOTING, QUIESCING: a no, a node whose vxconfigd is
 *    |                                        gone, a time-out, a dry run's end; FORMATTING: an error
 *    +--- VOTING: HOLD [ASIDE] (R9); each: RESOLVE of a new view (T8)
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"
#include "base/timeouts.h"
#include "vxconfigd/txn_part.h"

#define M(state) (1u << TXN_##state)

static const struct {
	const char *name;
	uint32_t next;
} txn_master_table[] = {
	[TXN_IDLE] = { "idle", M(VOTING) }, /* T1 */
	[TXN_VOTING] = { "voting", M(QUIESCING) | M(FORMATTING) | M(WRITING) | M(COMMITTING) |
					   M(ABORTING) | M(IDLE) }, /* T3, T4; T6; R9, T8 */
	[TXN_QUIESCING] = { "quiescing", M(FORMATTING) | M(WRITING) | M(COMMITTING) | M(ABORTING) |
						 M(IDLE) },			 /* T4; T6; T8 */
	[TXN_FORMATTING] = { "formatting", M(WRITING) | M(ABORTING) | M(IDLE) }, /* T4; T6; T8 */
	[TXN_WRITING] = { "writing", M(COMMITTING) | M(IDLE) },			 /* T4; T7, T8 */
	[TXN_COMMITTING] = { "committing", M(IDLE) },				 /* T6, T8 */
	[TXN_ABORTING] = { "aborting", M(IDLE) },				 /* T6, T8 */
};

const char *txn_master_state_name(enum txn_master_state state)
{
	return txn_master_table[state].name;
}

static void txn_master_move(struct txn *txn, enum txn_master_state next, struct txn_effects *fx)
{
	assert((txn_master_table[txn->master].next & (1u << next)) != 0);
	txn->master = next;
	if (next == TXN_IDLE) {
		txn->decided = false;
		txn->stuck = false;
	}
	if (next == TXN_IDLE && txn->hold) {
		txn_fx(fx, TXN_FX_QUIET, &txn->master_ref);
	}
}

static void txn_timer(struct txn *txn, struct txn_effects *fx, uint32_t delay_ms)
{
	txn_fx(fx, TXN_FX_TIMER, &txn->master_ref)->delay_ms = delay_ms;
}

/* T7: a join must not wait for it either. */
static void txn_ask_view(struct txn *txn, int error, uint32_t node, const char *reason,
			 struct txn_effects *fx)
{
	txn->stuck = true;
	if (!MUTANT(T7_ASK)) {
		txn_fx_result(fx, TXN_FX_ASK_VIEW, &txn->master_ref, error, node, reason);
	}
	if (txn->hold) {
		txn_fx(fx, TXN_FX_QUIET, &txn->master_ref);
	}
}

/* May still be given up: nothing was sent to a disk (T4). */
static bool txn_can_abort(const struct txn *txn)
{
	return txn->master == TXN_VOTING || txn->master == TXN_QUIESCING;
}

static void txn_give_up(struct txn *txn, int error, uint32_t node, const char *reason,
			struct txn_effects *fx)
{
	txn->fail_error = error;
	txn->fail_node = node;
	snprintf(txn->fail_reason, sizeof(txn->fail_reason), "%s", reason != NULL ? reason : "");
	txn_fx_result(fx, TXN_FX_SEND_ABORT, &txn->master_ref, error, node, reason);
	txn_timer(txn, fx, 0);
	txn_master_move(txn, TXN_ABORTING, fx);
}

int txn_can_begin(const struct txn *txn, uint32_t *out_node)
{
	if (!txn->open || txn->view.self != txn->view.master) {
		return -VX_E_RECONF;
	}
	if (txn->hold || txn->master != TXN_IDLE || txn->member != TXN_NONE) {
		return -VX_E_BUSY;
	}
	for (size_t i = 0; i < txn->view.count && !MUTANT(T1_UP); i++) {
		if ((txn->up & (1u << i)) == 0) {
			*out_node = txn->view.member[i];
			return -VX_E_NOPEER;
		}
	}
	return 0;
}

void txn_master_on_begin(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	uint32_t node;
	int rc = txn_can_begin(txn, &node);

	assert(rc == 0);
	(void)rc;
	txn->master_ref = event->ref;
	txn->format = event->format;
	txn->write = event->write;
	txn->dry_run = event->dry_run;
	txn->quiesce = event->quiesce;
	txn->answered = 0;
	txn->fail_error = 0;
	txn_master_move(txn, TXN_VOTING, fx);
	txn_fx(fx, TXN_FX_SEND_PROPOSE, &txn->master_ref);
	txn_timer(txn, fx, VX_VOTE_MS);
}

static void txn_write_or_commit(struct txn *txn, struct txn_effects *fx)
{
	txn_timer(txn, fx, 0);
	if (txn->write && !MUTANT(T4_WRITE)) {
		txn_fx(fx, TXN_FX_WRITE, &txn->master_ref);
		txn_master_move(txn, TXN_WRITING, fx);
		return;
	}
	txn_fx(fx, TXN_FX_SEND_COMMIT, &txn->master_ref);
	txn_timer(txn, fx, VX_ACK_MS);
	txn_master_move(txn, TXN_COMMITTING, fx);
}

/* All members said yes, or are prepared. */
static void txn_go_on(struct txn *txn, struct txn_effects *fx)
{
	if (txn->dry_run) {
		txn_give_up(txn, 0, 0, "dry run: every node agrees, nothing was changed", fx);
	} else if (txn->master == TXN_VOTING && txn->quiesce && !MUTANT(T3_QUIESCE)) {
		txn->answered = 0;
		txn_fx(fx, TXN_FX_SEND_QUIESCE, &txn->master_ref);
		txn_timer(txn, fx, VX_VOTE_MS);
		txn_master_move(txn, TXN_QUIESCING, fx);
	} else if (txn->format) {
		txn_timer(txn, fx, VX_VOTE_MS);
		txn_fx(fx, TXN_FX_FORMAT, &txn->master_ref);
		txn_master_move(txn, TXN_FORMATTING, fx);
	} else {
		txn_write_or_commit(txn, fx);
	}
}

void txn_master_on_answer(struct txn *txn, const struct txn_event *event, uint32_t bit,
			  struct txn_effects *fx)
{
	enum txn_master_state wanted = event->type == TXN_EV_VOTE_MSG ? TXN_VOTING : TXN_QUIESCING;

	if (txn->master != wanted || !txn_ref_equal(&txn->master_ref, &event->ref)) {
		return;
	}
	if (event->error != 0 && !MUTANT(T2_NO)) {
		txn_give_up(txn, event->error, event->from, event->reason, fx);
		return;
	}
	txn->answered |= bit;
	if (txn->answered == txn_all(txn) ||
	    (MUTANT(T2_ALL) && txn->master == TXN_VOTING) ||
	    (MUTANT(T3_PREPARED) && txn->master == TXN_QUIESCING)) {
		txn_go_on(txn, fx);
	}
}

void txn_master_on_done(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (!txn_ref_equal(&txn->master_ref, &event->ref)) {
		return;
	}
	if (event->type == TXN_EV_FORMATTED && txn->master == TXN_FORMATTING && txn->open &&
	    !txn->stuck) {
		if (event->error != 0) {
			txn_give_up(txn, event->error, txn->view.self, event->reason, fx);
		} else {
			txn_write_or_commit(txn, fx);
		}
	} else if (event->type == TXN_EV_WRITTEN && txn->master == TXN_WRITING) {
		if (event->error != 0 && !MUTANT(T7_FAILED)) {
			txn->fail_error = event->error;
			txn->fail_node = txn->view.self;
			snprintf(txn->fail_reason, sizeof(txn->fail_reason), "%s",
				 event->reason != NULL ? event->reason : "");
			txn_ask_view(txn, event->error, txn->view.self, event->reason, fx);
			return;
		}
		txn->decided = true;
		if (txn->open) { /* else the new view completes it (T8) */
			txn_fx(fx, TXN_FX_SEND_COMMIT, &txn->master_ref);
			txn_timer(txn, fx, VX_ACK_MS);
			txn_master_move(txn, TXN_COMMITTING, fx);
		}
	}
}

void txn_master_on_down(struct txn *txn, uint32_t node, struct txn_effects *fx)
{
	if (txn_can_abort(txn) && txn->open && txn_bit(txn, node) != 0) {
		txn_give_up(txn, -VX_E_NOPEER, node, "vxconfigd is not running there", fx);
	}
}

static uint32_t txn_first_without(const struct txn *txn, uint32_t bits)
{
	for (size_t i = 0; i < txn->view.count; i++) {
		if ((bits & (1u << i)) == 0) {
			return txn->view.member[i];
		}
	}
	return 0;
}

uint32_t txn_awaited(const struct txn *txn)
{
	if (txn->master == TXN_VOTING || txn->master == TXN_QUIESCING) {
		return txn_all(txn) & ~txn->answered;
	}
	return txn->master == TXN_COMMITTING ? txn_all(txn) & ~(txn->acked | txn->waived) : 0;
}

void txn_master_on_timeout(struct txn *txn, struct txn_effects *fx)
{
	if (!txn->open) {
		return;
	}
	if ((txn->master == TXN_VOTING || txn->master == TXN_QUIESCING) && !MUTANT(T6_TIME)) {
		txn_give_up(txn, -VX_E_TIMEOUT, txn_first_without(txn, txn->answered),
			    txn->master == TXN_VOTING ? "gave no vote in time"
						      : "I/O of the volumes did not end in time",
			    fx);
	} else if (txn->master == TXN_FORMATTING) { /* what was sent to a disk may still land */
		txn_ask_view(txn, -VX_E_TIMEOUT, txn->view.self,
			     "a new log was not written in time", fx);
	} else if (txn->master == TXN_COMMITTING) {
		txn_ask_view(txn, -VX_E_TIMEOUT, txn_first_without(txn, txn->acked | txn->waived),
			     "a commit was not acknowledged in time", fx);
	}
}

/* R9: before QUIESCE it is put aside, not answered; later it is finished first. */
void txn_master_on_hold(struct txn *txn, struct txn_effects *fx)
{
	if (!txn->open || txn->master == TXN_IDLE || txn->stuck) {
		/* closed: a take-over may have decided it already, and RESOLVE will tell (T8) */
		txn_fx(fx, TXN_FX_QUIET, &txn->master_ref);
	} else if (txn->master == TXN_VOTING) {
		txn_timer(txn, fx, 0);
		txn_fx(fx, TXN_FX_ASIDE, &txn->master_ref);
		txn_master_move(txn, TXN_IDLE, fx);
	}
}

void txn_master_on_abort(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	if (txn->master == TXN_ABORTING && txn_ref_equal(&txn->master_ref, &event->ref)) {
		txn_fx_result(fx, TXN_FX_ANSWER, &txn->master_ref, txn->fail_error, txn->fail_node,
			      txn->fail_reason);
		txn_master_move(txn, TXN_IDLE, fx);
	}
}

void txn_master_applied(struct txn *txn, struct txn_effects *fx)
{
	if (txn->master == TXN_COMMITTING) {
		txn_timer(txn, fx, 0);
		txn_fx(fx, TXN_FX_ANSWER, &txn->master_ref);
		txn_master_move(txn, TXN_IDLE, fx);
	}
}

bool txn_goes_aside(const struct txn *txn, const uint8_t *txid)
{
	return (txn_can_abort(txn) || txn->master == TXN_FORMATTING) &&
	       memcmp(txn->master_ref.txid, txid, ID_BYTES) == 0;
}

void txn_master_on_resolve(struct txn *txn, const struct txn_event *event, struct txn_effects *fx)
{
	switch (txn->master) {
	case TXN_IDLE:
		return;
	case TXN_VOTING:
	case TXN_QUIESCING:
	case TXN_FORMATTING:
		if (!event->lost) {
			txn_fx(fx, TXN_FX_ASIDE, &txn->master_ref);
			break;
		}
		txn_fx_result(fx, TXN_FX_ANSWER, &txn->master_ref, event->error, event->node,
			      event->reason);
		break;
	case TXN_WRITING:
	case TXN_COMMITTING:
	case TXN_ABORTING:
		if (event->complete) {
			txn_fx(fx, TXN_FX_ANSWER, &txn->master_ref);
		} else if (txn->master == TXN_ABORTING ||
			   (txn->fail_error != 0 && event->error != -VX_E_LOST)) {
			txn_fx_result(fx, TXN_FX_ANSWER, &txn->master_ref, txn->fail_error,
				      txn->fail_node, txn->fail_reason);
		} else {
			txn_fx_result(fx, TXN_FX_ANSWER, &txn->master_ref, event->error,
				      event->node, event->reason);
		}
		break;
	}
	txn_master_move(txn, TXN_IDLE, fx);
}
