// SPDX-License-Identifier: GPL-2.0-or-later
/* Several requests in one transaction (T15): who goes with whom, and what becomes of it. */
#include "tests/unit/suite.h"
#include "vxconfigd/share.h"

#include "vxconfigd_sample.h"

static struct sample *s;
static Vx__Config *base; /* before the first one */

static void setup(void)
{
	s = sample_create(4);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1 d3=dev2");
	sample_do(s, "vxassist -g data make v1 100m layout=mirror");
	sample_do(s, "vxassist -g data make v2 100m layout=mirror");
	sample_do(s, "vxvol -g data stop v2");
	base = proto_clone(s->config);
}

static void teardown(void)
{
	proto_free(base);
	sample_free(s);
}

/* The command line as a proposal with this id; *config becomes what it makes of it. */
static Vx__Propose *propose(uint8_t id, const char *line)
{
	Vx__Propose *made = PROTO_NEW(vx__propose, Vx__Propose);

	ck_assert_msg(sample_plan(s, line) == 0, "%s: %s", line, s->text);
	made->txid.data = proto_grow(NULL, 0, 16);
	made->txid.len = 16;
	memset(made->txid.data, id, 16);
	made->author = PROTO_NEW(vx__author, Vx__Author);
	proto_string_set(&made->author->command_line, line);
	made->kind = s->plan->kind;
	made->delta = proto_clone(s->plan->delta);
	for (size_t i = 0; i < s->plan->quiesce_count; i++) {
		PROTO_ADD(made->quiesce, made->n_quiesce, s->plan->quiesce[i]);
	}
	for (size_t i = 0; i < s->plan->need_disk_count; i++) {
		PROTO_ADD(made->need_disk, made->n_need_disk, proto_string(s->plan->need_disk[i]));
	}
	sample_apply(s, s->plan);
	return made;
}

static bool takes(const char *first, const char *second)
{
	Vx__Propose *shared, *next;
	bool taken;

	proto_free(base);
	base = proto_clone(s->config);
	shared = propose(1, first);
	next = propose(2, second);
	taken = share_takes(base, shared, next);
	proto_free(shared);
	proto_free(next);
	return taken;
}

START_TEST(together_is_one_after_the_other)
{
	Vx__Config *before = proto_clone(s->config);
	Vx__Propose *shared = propose(1, "vxassist -g data make v3 10m layout=mirror");
	Vx__Propose *next = propose(2, "vxassist -g data make v4 10m layout=mirror");
	Vx__Propose *third = propose(3, "vxplex -g data det v1-01");
	char reason[VX_REASON_MAX];

	ck_assert(share_takes(base, shared, next));
	share_join(shared, next);
	ck_assert(share_takes(base, shared, third));
	share_join(shared, third);
	ck_assert_msg(config_apply(before, shared->delta, reason) == 0, "%s", reason);
	ck_assert_uint_eq(config_hash(before), config_hash(s->config));
	ck_assert_uint_eq(shared->n_also, 2);
	ck_assert_uint_eq(shared->n_quiesce, 1);
	ck_assert_uint_eq(shared->quiesce[0], config_vol(before, "v1")->rid);
	ck_assert_uint_eq(shared->n_need_disk, 2); /* each once */
	ck_assert(share_is_sane(shared));
	for (uint8_t id = 0; id < 5; id++) {
		uint8_t txid[16];

		memset(txid, id, sizeof(txid));
		ck_assert(share_has(shared, txid) == (id >= 1 && id <= 3));
	}
	proto_free(before);
	proto_free(shared);
	proto_free(next);
	proto_free(third);
}
END_TEST

START_TEST(each_has_its_outcome)
{
	Vx__Propose *shared = propose(1, "vxassist -g data make v3 10m");
	Vx__Propose *next = propose(2, "vxassist -g data make v4 10m");
	Vx__Change *change;
	uint8_t txid[16];

	share_join(shared, next);
	s->config->seq = 77;
	share_outcomes_add(s->config, shared, true);
	change = share_change(s->config, shared);
	ck_assert_uint_eq(change->n_also, 1);
	ck_assert_uint_eq(change->also[0]->txid.data[0], 2);
	ck_assert_uint_eq(change->also[0]->seq, 77);
	ck_assert_str_eq(change->also[0]->author->command_line, "vxassist -g data make v4 10m");
	ck_assert_uint_eq(change->outcome->txid.data[0], 1);
	ck_assert(proto_equal(change->delta, shared->delta));
	for (uint8_t id = 1; id <= 2; id++) {
		memset(txid, id, sizeof(txid));
		ck_assert(config_outcome_find(s->config, txid)->committed);
	}
	share_outcomes_add(s->config, shared, false);
	ck_assert(!config_outcome_find(s->config, txid)->committed);
	proto_free(change);
	proto_free(shared);
	proto_free(next);
}
END_TEST

START_TEST(no_record_is_changed_by_two)
{
	ck_assert(takes("vxvol -g data set comment=a v1", "vxvol -g data set comment=b v2"));
	ck_assert(!takes("vxvol -g data set comment=c v1", "vxvol -g data set comment=d v1"));
	ck_assert(!takes("vxvol -g data set comment=e v2", "vxassist -g data remove volume v2"));
}
END_TEST

/* A new log is written before the commit: not on what is still somebody's. */
START_TEST(what_is_freed_is_not_given_away)
{
	ck_assert(takes("vxassist -g data make v3 10m", "vxassist -g data remove volume v2"));
	sample_do(s, "vxassist -g data make v2 100m layout=mirror");
	sample_do(s, "vxvol -g data stop v2 v3");
	ck_assert(!takes("vxassist -g data remove volume v2", "vxassist -g data make v4 10m"));
	ck_assert(takes("vxassist -g data remove volume v3", "vxvol -g data set comment=a v1"));
	ck_assert(!takes("vxassist -g data -f shrinkto v1 50m", "vxassist -g data make v5 10m"));
	ck_assert(takes("vxassist -g data make v6 10m", "vxassist -g data -f shrinkto v1 40m"));
}
END_TEST

START_TEST(neither_too_many_nor_too_large)
{
	Vx__Propose *shared = propose(1, "vxassist -g data make v3 10m");
	Vx__Propose *next = propose(2, "vxassist -g data make v4 10m");
	static char line[VX_CPG_MSG_MAX];

	for (size_t i = 1; i < VX_TXN_SHARE_MAX; i++) {
		ck_assert_uint_eq(shared->n_also, i - 1);
		ck_assert(share_takes(base, shared, next));
		share_join(shared, next);
		while (shared->delta->n_put > 0) { /* the same records again and again */
			proto_free(shared->delta->put[--shared->delta->n_put]);
		}
	}
	ck_assert(share_is_sane(shared));
	ck_assert(!share_takes(base, shared, next));
	share_join(shared, next);
	ck_assert(!share_is_sane(shared));
	proto_free(shared);
	shared = propose(1, "vxassist -g data make v5 10m");
	ck_assert(share_takes(base, shared, next));
	memset(line, 'x', sizeof(line) - 128);
	proto_string_set(&shared->author->command_line, line);
	ck_assert(!share_takes(base, shared, next));
	proto_free(shared);
	proto_free(next);
}
END_TEST

START_TEST(disks_and_the_group_are_changed_alone)
{
	static const struct {
		const char *line;
		bool allowed;
	} table[] = {
		{ "vxassist -g data make v9 1m", true },
		{ "vxvol -g data start v1", true },
		{ "vxplex -g data det v1-01", true },
		{ "vxconfigd synced 1", true },
		{ "vxdg -g data adddisk d4=dev3", false },
		{ "vxdg -g data rmdisk d1", false },
		{ "vxdg deport data", false },
		{ "vxdg -g data set activation=ro", false },
	};
	static struct sample_words words;
	static char dry[] = "dry-run";

	for (size_t i = 0; i < VX_COUNT_OF(table); i++) {
		sample_split(&words, table[i].line);
		ck_assert_msg(share_allows(&words.request) == table[i].allowed, "%s",
			      table[i].line);
		words.flag[words.request.n_flag++] = dry;
		ck_assert(!share_allows(&words.request));
	}
}
END_TEST

START_TEST(each_has_an_id)
{
	Vx__Propose *shared = propose(1, "vxassist -g data make v3 10m");
	Vx__Propose *next = propose(2, "vxassist -g data make v4 10m");

	share_join(shared, next);
	ck_assert(share_is_sane(shared));
	shared->also[0]->txid.len = 15;
	ck_assert(!share_is_sane(shared));
	shared->also[0]->txid.len = 16;
	shared->txid.len = 0;
	ck_assert(!share_is_sane(shared));
	shared->txid.len = 16;
	proto_free(shared);
	proto_free(next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tcase = tcase_create("requests that share a transaction");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, together_is_one_after_the_other);
	tcase_add_test(tcase, each_has_its_outcome);
	tcase_add_test(tcase, no_record_is_changed_by_two);
	tcase_add_test(tcase, what_is_freed_is_not_given_away);
	tcase_add_test(tcase, neither_too_many_nor_too_large);
	tcase_add_test(tcase, disks_and_the_group_are_changed_alone);
	tcase_add_test(tcase, each_has_an_id);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
