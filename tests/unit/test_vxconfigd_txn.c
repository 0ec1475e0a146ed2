// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The transaction core: each state with each event, and one transaction on its way.
 * Many nodes that die at any point: test_vxconfigd_members.c.
 */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "tests/unit/suite.h"
#include "vxconfigd/txn_part.h"

#define SELF 1
#define OTHER 2

static const struct txn_view view = {
	.epoch = 0x101, .self = SELF, .master = SELF, .member = { SELF, OTHER }, .count = 2
};
static const struct txn_ref ref = { .txid = { 7 }, .attempt = 1 };

static struct txn_effects fx;

static void step(struct txn *txn, struct txn_event event)
{
	txn_step(txn, &event, &fx);
}

static bool has(enum txn_effect_type type)
{
	for (size_t i = 0; i < fx.count; i++) {
		if (fx.effect[i].type == type) {
			return true;
		}
	}
	return false;
}

static void open_view(struct txn *txn)
{
	txn_init(txn);
	step(txn, (struct txn_event){ .type = TXN_EV_OPEN, .view = &view });
}

static void message(struct txn *txn, enum txn_event_type type, uint32_t from)
{
	step(txn, (struct txn_event){ .type = type, .from = from, .ref = ref, .quiesce = true });
}

static void result(struct txn *txn, enum txn_event_type type)
{
	step(txn, (struct txn_event){ .type = type, .ref = ref });
}

/* The way of a transaction with volumes in use and a new log, as its master lives it. */
static const struct {
	enum txn_event_type type;
	uint32_t from; /* 0: a local result */
	enum txn_member_state member;
	enum txn_master_state master;
} way[] = {
	{ TXN_EV_PROPOSE_MSG, SELF, TXN_CHECKING, TXN_VOTING },
	{ TXN_EV_CHECKED, 0, TXN_VOTED, TXN_VOTING },
	{ TXN_EV_VOTE_MSG, SELF, TXN_VOTED, TXN_VOTING },
	{ TXN_EV_VOTE_MSG, OTHER, TXN_VOTED, TXN_QUIESCING },
	{ TXN_EV_QUIESCE_MSG, SELF, TXN_SUSPENDING, TXN_QUIESCING },
	{ TXN_EV_SUSPENDED, 0, TXN_PREPARED, TXN_QUIESCING },
	{ TXN_EV_PREPARED_MSG, OTHER, TXN_PREPARED, TXN_QUIESCING },
	{ TXN_EV_PREPARED_MSG, SELF, TXN_PREPARED, TXN_FORMATTING },
	{ TXN_EV_FORMATTED, 0, TXN_PREPARED, TXN_WRITING },
	{ TXN_EV_WRITTEN, 0, TXN_PREPARED, TXN_COMMITTING },
	{ TXN_EV_COMMIT_MSG, SELF, TXN_SEEN, TXN_COMMITTING },
	{ TXN_EV_REMEMBERED, 0, TXN_ACKED, TXN_COMMITTING },
	{ TXN_EV_ACK_MSG, SELF, TXN_ACKED, TXN_COMMITTING },
	{ TXN_EV_ACK_MSG, OTHER, TXN_NONE, TXN_IDLE },
};

static void begin(struct txn *txn)
{
	open_view(txn);
	step(txn, (struct txn_event){ .type = TXN_EV_BEGIN,
				      .ref = ref,
				      .quiesce = true,
				      .format = true,
				      .write = true });
}

static void go(struct txn *txn, size_t steps)
{
	begin(txn);
	for (size_t i = 0; i < steps; i++) {
		if (way[i].from != 0) {
			message(txn, way[i].type, way[i].from);
		} else {
			result(txn, way[i].type);
		}
		ck_assert_int_eq(txn->member, way[i].member);
		ck_assert_int_eq(txn->master, way[i].master);
	}
}

START_TEST(one_transaction)
{
	struct txn txn;

	go(&txn, VX_COUNT_OF(way));
	ck_assert(has(TXN_FX_APPLY) && has(TXN_FX_ANSWER));
	ck_assert_int_eq(fx.effect[0].type, TXN_FX_APPLY); /* T6: answered when it is applied */
}
END_TEST

/* T3 */
START_TEST(without_volumes_in_use_there_is_no_quiesce)
{
	struct txn txn;

	open_view(&txn);
	step(&txn, (struct txn_event){ .type = TXN_EV_BEGIN, .ref = ref, .write = true });
	step(&txn, (struct txn_event){ .type = TXN_EV_PROPOSE_MSG, .from = SELF, .ref = ref });
	result(&txn, TXN_EV_CHECKED);
	ck_assert(has(TXN_FX_SEND_VOTE));
	message(&txn, TXN_EV_VOTE_MSG, SELF);
	message(&txn, TXN_EV_VOTE_MSG, OTHER);
	ck_assert(has(TXN_FX_WRITE) && !has(TXN_FX_SEND_QUIESCE));
	result(&txn, TXN_EV_WRITTEN);
	message(&txn, TXN_EV_COMMIT_MSG, SELF);
	ck_assert(has(TXN_FX_REMEMBER));
}
END_TEST

START_TEST(a_dry_run_ends_with_the_votes)
{
	struct txn txn;

	open_view(&txn);
	step(&txn, (struct txn_event){
			   .type = TXN_EV_BEGIN, .ref = ref, .write = true, .dry_run = true });
	message(&txn, TXN_EV_PROPOSE_MSG, SELF);
	result(&txn, TXN_EV_CHECKED);
	message(&txn, TXN_EV_VOTE_MSG, SELF);
	message(&txn, TXN_EV_VOTE_MSG, OTHER);
	ck_assert(has(TXN_FX_SEND_ABORT) && !has(TXN_FX_WRITE));
	message(&txn, TXN_EV_ABORT_MSG, SELF);
	ck_assert(has(TXN_FX_DROP) && has(TXN_FX_ANSWER));
	ck_assert_int_eq(fx.effect[1].error, 0);
}
END_TEST

/* Each point of the way and each event, from the right and the wrong node, with the right and the
 * wrong attempt: txn_step() checks its table and its invariant. */
START_TEST(every_state_with_every_event)
{
#define TXN_ONE(name) TXN_EV_##name,
	static const enum txn_event_type types[] = { TXN_EVENTS(TXN_ONE) };

	for (size_t point = 0; point < VX_COUNT_OF(way); point++) {
		for (size_t i = 0; i < VX_COUNT_OF(types); i++) {
			for (unsigned int kind = 0; kind < 24; kind++) {
				struct txn txn;
				struct txn_event event = {
					.type = types[i],
					.ref = ref,
					.from = kind % 3 == 2 ? 9 : 1 + kind % 3,
					.node = 1 + kind % 2,
					.error = (kind / 3) % 2 != 0 ? -VX_E_REFUSED : 0,
					.view = &view,
					.quiesce = true,
					.complete = kind % 2 != 0,
					.lost = kind % 4 < 2,
				};

				event.ref.attempt += kind / 12;
				go(&txn, point);
				if (event.type == TXN_EV_OPEN || event.type == TXN_EV_RESOLVE) {
					step(&txn, (struct txn_event){ .type = TXN_EV_CLOSE });
				}
				if (event.type == TXN_EV_OPEN) {
					step(&txn, (struct txn_event){ .type = TXN_EV_RESOLVE });
				}
				if (event.type == TXN_EV_BEGIN) {
					continue; /* only when txn_can_begin() says so */
				}
				step(&txn, event);
			}
		}
	}
}
END_TEST

/* R2 */
START_TEST(messages_of_strangers_and_of_a_closed_view_are_dropped)
{
	struct txn txn;

	open_view(&txn);
	message(&txn, TXN_EV_PROPOSE_MSG, OTHER); /* not the master */
	ck_assert_int_eq(txn.member, TXN_NONE);
	message(&txn, TXN_EV_PROPOSE_MSG, 9); /* no member */
	ck_assert_int_eq(txn.member, TXN_NONE);
	step(&txn, (struct txn_event){ .type = TXN_EV_CLOSE });
	message(&txn, TXN_EV_PROPOSE_MSG, SELF);
	ck_assert_int_eq(txn.member, TXN_NONE);
}
END_TEST

/* T6 */
START_TEST(a_vxconfigd_that_goes_before_the_write_ends_it)
{
	for (size_t point = 1; point < 8; point++) {
		struct txn txn;

		go(&txn, point);
		step(&txn, (struct txn_event){ .type = TXN_EV_NODE_DOWN, .node = OTHER });
		ck_assert(has(TXN_FX_SEND_ABORT));
		ck_assert_int_eq(fx.effect[0].error, -VX_E_NOPEER);
		ck_assert_uint_eq(fx.effect[0].node, OTHER);
	}
}
END_TEST

/* T4, R16 */
START_TEST(a_vxconfigd_that_goes_after_the_write_does_not)
{
	for (size_t point = 8; point < VX_COUNT_OF(way) - 1; point++) { /* of a new log, too */
		struct txn txn;

		go(&txn, point);
		step(&txn, (struct txn_event){ .type = TXN_EV_NODE_DOWN, .node = OTHER });
		ck_assert(!has(TXN_FX_SEND_ABORT));
		for (size_t i = point; i < VX_COUNT_OF(way) - 1; i++) {
			if (way[i].from == SELF) {
				message(&txn, way[i].type, SELF);
			} else if (way[i].from == 0) {
				result(&txn, way[i].type);
			}
		}
		ck_assert_int_eq(txn.master, TXN_IDLE); /* its ACK is not waited for */
	}
}
END_TEST

/* R9 */
START_TEST(a_join_puts_aside_what_is_not_quiesced_and_waits_for_the_rest)
{
	for (size_t point = 1; point < VX_COUNT_OF(way); point++) {
		struct txn txn;
		bool aside = way[point - 1].master == TXN_VOTING;

		go(&txn, point);
		step(&txn, (struct txn_event){ .type = TXN_EV_HOLD });
		ck_assert(has(TXN_FX_ASIDE) == aside);
		ck_assert(has(TXN_FX_QUIET) == (aside || way[point - 1].master == TXN_IDLE));
		for (size_t i = point; !aside && i < VX_COUNT_OF(way); i++) {
			if (way[i].from != 0) {
				message(&txn, way[i].type, way[i].from);
			} else {
				result(&txn, way[i].type);
			}
		}
		ck_assert(has(TXN_FX_QUIET));
	}
}
END_TEST

/* T8: what a new view is about to decide is not begun again by one that comes in between */
START_TEST(a_hold_leaves_what_is_closed)
{
	struct txn txn;

	go(&txn, 1);
	step(&txn, (struct txn_event){ .type = TXN_EV_CLOSE });
	step(&txn, (struct txn_event){ .type = TXN_EV_HOLD });
	ck_assert(has(TXN_FX_QUIET) && !has(TXN_FX_ASIDE));
	step(&txn, (struct txn_event){ .type = TXN_EV_RESOLVE, .lost = true,
				       .error = -VX_E_ABORTED });
	ck_assert(has(TXN_FX_ANSWER) && !has(TXN_FX_ASIDE));
}
END_TEST

/* T7 */
START_TEST(a_write_that_fails_asks_for_a_view)
{
	struct txn txn;

	go(&txn, 9);
	step(&txn,
	     (struct txn_event){ .type = TXN_EV_WRITTEN, .ref = ref, .error = -VX_E_MINORITY });
	ck_assert(has(TXN_FX_ASK_VIEW) && !has(TXN_FX_SEND_COMMIT) && !has(TXN_FX_ANSWER));
	ck_assert(!txn_has_seen(&txn));
	step(&txn, (struct txn_event){ .type = TXN_EV_HOLD });
	ck_assert(has(TXN_FX_QUIET)); /* the view that it asks for does not wait for it */
	step(&txn, (struct txn_event){ .type = TXN_EV_CLOSE });
	step(&txn, (struct txn_event){ .type = TXN_EV_RESOLVE });
	ck_assert(has(TXN_FX_DROP) && has(TXN_FX_ANSWER));
	ck_assert_int_eq(fx.effect[1].error, -VX_E_MINORITY);
}
END_TEST

START_TEST(time_outs)
{
	struct txn txn;

	go(&txn, 3);
	step(&txn, (struct txn_event){ .type = TXN_EV_TIMEOUT });
	ck_assert(has(TXN_FX_SEND_ABORT));
	ck_assert_uint_eq(fx.effect[0].node, OTHER); /* who did not vote */
	go(&txn, 13);
	step(&txn, (struct txn_event){ .type = TXN_EV_TIMEOUT });
	ck_assert(has(TXN_FX_ASK_VIEW) && !has(TXN_FX_SEND_ABORT));
	go(&txn, 13);
	step(&txn, (struct txn_event){ .type = TXN_EV_HOLD });
	ck_assert(!has(TXN_FX_QUIET));
	step(&txn, (struct txn_event){ .type = TXN_EV_TIMEOUT });
	ck_assert(has(TXN_FX_ASK_VIEW) && has(TXN_FX_QUIET));
}
END_TEST

/* T6: it may still land, so that the volumes stay suspended and the space is not given away */
START_TEST(a_new_log_that_is_late_asks_for_a_view)
{
	struct txn txn;

	go(&txn, 8);
	ck_assert(has(TXN_FX_FORMAT) && has(TXN_FX_TIMER));
	ck_assert_uint_ne(fx.effect[0].delay_ms, 0);
	step(&txn, (struct txn_event){ .type = TXN_EV_TIMEOUT });
	ck_assert(has(TXN_FX_ASK_VIEW) && !has(TXN_FX_SEND_ABORT) && !has(TXN_FX_DROP));
	step(&txn, (struct txn_event){ .type = TXN_EV_HOLD });
	ck_assert(has(TXN_FX_QUIET)); /* the view that it asks for does not wait for it */
	result(&txn, TXN_EV_FORMATTED);
	ck_assert(!has(TXN_FX_WRITE));
	step(&txn, (struct txn_event){ .type = TXN_EV_CLOSE });
	step(&txn, (struct txn_event){ .type = TXN_EV_RESOLVE });
	ck_assert(has(TXN_FX_DROP) && has(TXN_FX_ASIDE));
}
END_TEST

/* Whose word is missing, for who waits. */
START_TEST(it_knows_whom_it_waits_for)
{
	static const struct {
		size_t steps;
		bool self, other;
	} row[] = {
		{ 0, true, true },  { 3, false, true },	 { 4, true, true },
		{ 7, true, false }, { 8, false, false }, { 9, false, false },
		{ 10, true, true }, { 13, false, true }, { 14, false, false },
	};
	struct txn txn;

	for (size_t i = 0; i < VX_COUNT_OF(row); i++) {
		go(&txn, row[i].steps);
		ck_assert_uint_eq(txn_awaited(&txn),
				  (row[i].self ? txn_bit(&txn, SELF) : 0) |
					  (row[i].other ? txn_bit(&txn, OTHER) : 0));
	}
}
END_TEST

/* T1, T13 */
START_TEST(it_begins_only_when_it_may)
{
	struct txn txn;
	struct txn_view slave = view;
	uint32_t node;

	txn_init(&txn);
	ck_assert_int_eq(txn_can_begin(&txn, &node), -VX_E_RECONF);
	slave.master = OTHER;
	step(&txn, (struct txn_event){ .type = TXN_EV_OPEN, .view = &slave });
	ck_assert_int_eq(txn_can_begin(&txn, &node), -VX_E_RECONF);
	open_view(&txn);
	ck_assert_int_eq(txn_can_begin(&txn, &node), 0);
	step(&txn, (struct txn_event){ .type = TXN_EV_NODE_DOWN, .node = OTHER });
	ck_assert_int_eq(txn_can_begin(&txn, &node), -VX_E_NOPEER);
	ck_assert_uint_eq(node, OTHER);
	step(&txn, (struct txn_event){ .type = TXN_EV_NODE_UP, .node = OTHER });
	ck_assert_int_eq(txn_can_begin(&txn, &node), 0);
	begin(&txn);
	ck_assert_int_eq(txn_can_begin(&txn, &node), -VX_E_BUSY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("txn");
	TCase *tcase = tcase_create("txn");

	tcase_add_test(tcase, one_transaction);
	tcase_add_test(tcase, without_volumes_in_use_there_is_no_quiesce);
	tcase_add_test(tcase, a_dry_run_ends_with_the_votes);
	tcase_add_test(tcase, every_state_with_every_event);
	tcase_add_test(tcase, messages_of_strangers_and_of_a_closed_view_are_dropped);
	tcase_add_test(tcase, a_vxconfigd_that_goes_before_the_write_ends_it);
	tcase_add_test(tcase, a_vxconfigd_that_goes_after_the_write_does_not);
	tcase_add_test(tcase, a_join_puts_aside_what_is_not_quiesced_and_waits_for_the_rest);
	tcase_add_test(tcase, a_hold_leaves_what_is_closed);
	tcase_add_test(tcase, a_write_that_fails_asks_for_a_view);
	tcase_add_test(tcase, time_outs);
	tcase_add_test(tcase, a_new_log_that_is_late_asks_for_a_view);
	tcase_add_test(tcase, it_knows_whom_it_waits_for);
	tcase_add_test(tcase, it_begins_only_when_it_may);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
