// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be said of a transaction (T11): nothing that is neither known nor proven. */
#include "tests/unit/suite.h"
#include "vxconfigd/outcome.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/proto.h"
#include "vxconfigd/answers.h"
#include "vxconfigd/group.h"
#include "vxconfigd/record.h"

#define LONG_AGO 3600000u

static struct configd *configd;
static uint8_t txid[ID_BYTES];

static void setup(void)
{
	configd = record_alloc(1, sizeof(*configd));
	TAILQ_INIT(&configd->groups);
	TAILQ_INIT(&configd->creating);
	ck_assert_int_eq(answers_create(&configd->answers), 0);
	ck_assert_int_eq(endings_create(&configd->endings), 0);
	id_make_txn(txid);
}

static void teardown(void)
{
	free(configd->answers);
	free(configd->endings);
	free(configd);
}

static Vx__Propose *propose_new(const uint8_t *id)
{
	Vx__Propose *propose = PROTO_NEW(vx__propose, Vx__Propose);

	propose->txid.data = proto_grow(NULL, 0, ID_BYTES);
	propose->txid.len = ID_BYTES;
	memcpy(propose->txid.data, id, ID_BYTES);
	return propose;
}

static void note(const uint8_t *id, enum ending ending)
{
	Vx__Propose *propose = propose_new(id);

	outcome_note(configd, propose, ending);
	proto_free(propose);
}

/* So many others end. */
static void note_others(size_t count)
{
	uint8_t other[ID_BYTES];

	for (size_t i = 0; i < count; i++) {
		id_make(other);
		note(other, ENDING_COMMITTED);
	}
}

START_TEST(a_change_that_ended_its_group_is_known)
{
	note(txid, ENDING_COMMITTED); /* and there is no group */
	ck_assert_str_eq(outcome_known(configd, txid), "committed");
	ck_assert_str_eq(outcome_since(configd, txid, clock_ms()), "committed");
	ck_assert_str_eq(outcome_conclude(configd, txid, 0), "committed");
}
END_TEST

START_TEST(those_that_shared_it_ended_with_it)
{
	Vx__Propose *propose = propose_new((const uint8_t *)"0123456789abcdef");
	Vx__Outcome *also = PROTO_NEW(vx__outcome, Vx__Outcome);

	also->txid.data = proto_grow(NULL, 0, ID_BYTES);
	also->txid.len = ID_BYTES;
	memcpy(also->txid.data, txid, ID_BYTES);
	PROTO_ADD(propose->also, propose->n_also, also);
	outcome_note(configd, propose, ENDING_COMMITTED);
	proto_free(propose);
	ck_assert_str_eq(outcome_known(configd, txid), "committed");
}
END_TEST

START_TEST(what_was_forgotten_is_unknown)
{
	endings_begin(configd->endings, clock_ms() - LONG_AGO);
	note(txid, ENDING_COMMITTED);
	note_others(VX_ENDINGS_MAX - 1);
	ck_assert_str_eq(outcome_conclude(configd, txid, 1), "committed");
	note_others(1);
	ck_assert_ptr_null(outcome_known(configd, txid));
	ck_assert_str_eq(outcome_since(configd, txid, clock_ms() - LONG_AGO / 2), "unknown");
	ck_assert_str_eq(outcome_conclude(configd, txid, 1), "unknown");
}
END_TEST

START_TEST(who_took_part_all_the_time_knows_that_it_was_not_done)
{
	uint64_t now = clock_ms();

	ck_assert_str_eq(outcome_since(configd, txid, now), "unknown");
	endings_begin(configd->endings, now - 1000);
	endings_begin(configd->endings, now - 10);
	ck_assert_str_eq(outcome_since(configd, txid, now - 999), "aborted");
	ck_assert_str_eq(outcome_since(configd, txid, now - LONG_AGO), "unknown");
	endings_break(configd->endings);
	ck_assert_str_eq(outcome_since(configd, txid, now - 999), "unknown");
	endings_begin(configd->endings, now - 10);
	ck_assert_str_eq(outcome_since(configd, txid, now - 999), "unknown");
}
END_TEST

START_TEST(nobody_can_say_what_is_decided_and_not_stored)
{
	endings_begin(configd->endings, clock_ms() - LONG_AGO);
	note(txid, ENDING_OPEN);
	ck_assert_str_eq(outcome_since(configd, txid, clock_ms()), "unknown");
	ck_assert_str_eq(outcome_conclude(configd, txid, LONG_AGO), "unknown");
	note(txid, ENDING_COMMITTED);
	ck_assert_str_eq(outcome_known(configd, txid), "committed");
}
END_TEST

START_TEST(what_is_pending_here_was_not_aborted)
{
	struct group *group = record_alloc(1, sizeof(*group));

	TAILQ_INIT(&group->queue);
	TAILQ_INIT(&group->sharing);
	group->pending.propose = propose_new(txid);
	TAILQ_INSERT_TAIL(&configd->groups, group, next);
	endings_begin(configd->endings, clock_ms() - LONG_AGO);
	ck_assert_str_eq(outcome_since(configd, txid, clock_ms()), "unknown");
	ck_assert_str_eq(outcome_conclude(configd, txid, LONG_AGO), "unknown");
	proto_free(group->pending.propose);
	group->pending.propose = NULL;
	ck_assert_str_eq(outcome_conclude(configd, txid, LONG_AGO), "aborted");
	free(group);
}
END_TEST

START_TEST(the_masters_word_proves_it_for_a_younger_one)
{
	uint8_t random[ID_BYTES];

	id_make(random);
	ck_assert_str_eq(outcome_conclude(configd, txid, LONG_AGO), "aborted");
	ck_assert_str_eq(outcome_conclude(configd, txid, 0), "unknown"); /* it waits there */
	ck_assert_str_eq(outcome_conclude(configd, random, LONG_AGO), "unknown"); /* how old? */
	while (clock_ms() % 4 != 3) { /* until txid is some ms old */
	}
	while (clock_ms() % 4 != 0) {
	}
	ck_assert_str_eq(outcome_conclude(configd, txid, 1), "unknown");
	endings_begin(configd->endings, clock_ms() - LONG_AGO); /* this node's own does as well */
	ck_assert_str_eq(outcome_conclude(configd, txid, 1), "aborted");
}
END_TEST

START_TEST(the_list_of_a_group_comes_first)
{
	struct group *group = record_alloc(1, sizeof(*group));

	TAILQ_INIT(&group->queue);
	TAILQ_INIT(&group->sharing);
	group->config = PROTO_NEW(vx__config, Vx__Config);
	TAILQ_INSERT_TAIL(&configd->groups, group, next);
	note(txid, ENDING_OPEN);
	ck_assert_str_eq(outcome_known(configd, txid), "unknown");
	config_outcome_add(group->config, txid, true, NULL); /* it was stored after all */
	ck_assert_str_eq(outcome_known(configd, txid), "committed");
	config_outcome_add(group->config, txid, false, NULL);
	ck_assert_str_eq(outcome_known(configd, txid), "aborted");
	proto_free(group->config);
	free(group);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outcome");
	TCase *tcase = tcase_create("outcome");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_change_that_ended_its_group_is_known);
	tcase_add_test(tcase, those_that_shared_it_ended_with_it);
	tcase_add_test(tcase, what_was_forgotten_is_unknown);
	tcase_add_test(tcase, who_took_part_all_the_time_knows_that_it_was_not_done);
	tcase_add_test(tcase, nobody_can_say_what_is_decided_and_not_stored);
	tcase_add_test(tcase, what_is_pending_here_was_not_aborted);
	tcase_add_test(tcase, the_masters_word_proves_it_for_a_younger_one);
	tcase_add_test(tcase, the_list_of_a_group_comes_first);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
