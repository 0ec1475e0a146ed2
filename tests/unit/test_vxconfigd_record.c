// SPDX-License-Identifier: GPL-2.0-or-later
/* Records: sizes and names as typed, changes all-or-nothing, what config_check() refuses. */
#include "tests/unit/suite.h"
#include "vxconfigd/record.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/proto.h"

#define LEN 4096

static Vx__Config *config;
static char reason[VX_REASON_MAX];

static Vx__Dm *disk(const char *name)
{
	Vx__Dm *dm = config_dm_add(config, name);
	char id[64];

	snprintf(id, sizeof(id), "id-%s", name);
	proto_string_set(&dm->diskid, id);
	proto_string_set(&dm->device, name);
	dm->pub_len = 100 * LEN;
	dm->nconfig = true;
	return dm;
}

static Vx__Plex *plex(Vx__Vol *vol, const char *name, const char *sd_name, const Vx__Dm *dm,
		      uint64_t offset)
{
	Vx__Plex *made = config_plex_add(config, name);
	Vx__Sd *sd = config_sd_add(config, sd_name);

	made->vol_rid = vol->rid;
	made->state = VX__PLEX_STATE__PLEX_ACTIVE;
	made->kstate = VX__KSTATE__KS_ENABLED;
	made->columns = 1;
	made->len = LEN;
	sd->plex_rid = made->rid;
	sd->dm_rid = dm->rid;
	sd->disk_offset = offset;
	sd->len = LEN;
	return made;
}

/* Group g: disks d1 d2 d3, volume v1 with plexes v1-01 (d1), v1-02 (d2), log v1-03 (d3). */
static void setup(void)
{
	Vx__Dm *d1, *d2, *d3;
	Vx__Plex *log;
	Vx__Vol *vol;

	config = record_alloc(1, sizeof(*config));
	vx__config__init(config);
	config->dg = record_alloc(1, sizeof(*config->dg));
	vx__dg__init(config->dg);
	proto_string_set(&config->dg->name, "g");
	proto_string_set(&config->dg->dgid, "1.2.h");
	proto_string_set(&config->dg->cluster, "demo");
	config->dg->shared = true;
	d1 = disk("d1");
	d2 = disk("d2");
	d3 = disk("d3");
	vol = config_vol_add(config, "v1");
	vol->len = LEN;
	vol->state = VX__VOL_STATE__VOL_ACTIVE;
	vol->kstate = VX__KSTATE__KS_ENABLED;
	vol->region_len = 512;
	plex(vol, "v1-01", "d1-01", d1, 0);
	plex(vol, "v1-02", "d2-01", d2, 0);
	log = plex(vol, "v1-03", "d3-01", d3, 0);
	log->is_log = true;
	log->state = VX__PLEX_STATE__PLEX_LOG;
	ck_assert_msg(config_check(config, reason) == 0, "%s", reason);
}

static void teardown(void)
{
	vx__config__free_unpacked(config, NULL);
}

START_TEST(sizes_are_read)
{
	static const struct {
		const char *text;
		uint64_t sectors;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "2048", 2048 },
		{ "1000s", 1000 },
		{ "16b", 16 },
		{ "3k", 6 },
		{ "200m", 409600 },
		{ "200M", 409600 },
		{ "5g", 10485760 },
		{ "1t", 2147483648 },
		{ "1p", 2199023255552 },
		{ "8192p", VX_SECTORS_MAX },
		{ "8e", VX_SECTORS_MAX },
		{ "18014398509481984", VX_SECTORS_MAX },
		{ "0000000000000000000000001", 1 },
	};

	for (size_t i = 0; i < VX_COUNT_OF(good); i++) {
		uint64_t sectors = 7;

		ck_assert_msg(record_size_parse(good[i].text, &sectors) == 0, "%s", good[i].text);
		ck_assert_msg(sectors == good[i].sectors, "%s", good[i].text);
	}
}
END_TEST

START_TEST(what_is_no_size_is_refused)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", -VX_E_SYNTAX },
		{ "m", -VX_E_SYNTAX },
		{ "200x", -VX_E_SYNTAX },
		{ "-1", -VX_E_SYNTAX },
		{ "-200m", -VX_E_SYNTAX },
		{ "+5", -VX_E_SYNTAX },
		{ " 5", -VX_E_SYNTAX },
		{ "5 ", -VX_E_SYNTAX },
		{ "5mm", -VX_E_SYNTAX },
		{ "5mb", -VX_E_SYNTAX },
		{ "1.5g", -VX_E_SYNTAX },
		{ "0x10", -VX_E_SYNTAX },
		{ "1e3", -VX_E_SYNTAX },
		{ "5,", -VX_E_SYNTAX },
		{ "\xff", -VX_E_SYNTAX },
		{ "18014398509481985", -ERANGE },
		{ "8193p", -ERANGE },
		{ "16e", -ERANGE },
		{ "99999999999t", -ERANGE },
		{ "18446744073709551615", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "18446744073709551616m", -ERANGE },
		{ "99999999999999999999999999999999", -ERANGE },
		{ "9007199254740993k", -ERANGE },
		{ "99999999999999999999999999999999x", -VX_E_SYNTAX },
	};

	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		uint64_t sectors = 7;
		int error = record_size_parse(bad[i].text, &sectors);

		ck_assert_msg(error == bad[i].error, "'%s': %d", bad[i].text, error);
		ck_assert_uint_eq(sectors, 7);
	}
}
END_TEST

START_TEST(names_are_checked)
{
	static const char *const good[] = { "a",  "vol1", "A-b_c.9",
					    "_x", "1",	  "abcdefghijabcdefghijabcdefghij1" };
	static const char *const bad[] = { "",
					   "-a",
					   ".a",
					   "..",
					   "a b",
					   "a/b",
					   "a\n",
					   "a=b",
					   "a:b",
					   "\xc3\xa4",
					   "a*",
					   "$(x)",
					   "abcdefghijabcdefghijabcdefghij12" };

	for (size_t i = 0; i < VX_COUNT_OF(good); i++) {
		ck_assert_msg(record_name_valid(good[i]), "%s", good[i]);
	}
	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		ck_assert_msg(!record_name_valid(bad[i]), "%s", bad[i]);
	}
	ck_assert(!record_name_valid(NULL));
}
END_TEST

START_TEST(records_are_found)
{
	ck_assert_str_eq(config_vol(config, "v1")->name, "v1");
	ck_assert_ptr_eq(config_vol_rid(config, config_vol(config, "v1")->rid),
			 config_vol(config, "v1"));
	ck_assert_ptr_eq(config_plex_rid(config, config->plex[2]->rid),
			 config_plex(config, "v1-03"));
	ck_assert_ptr_eq(config_dm_rid(config, config->dm[0]->rid), config_dm(config, "d1"));
	ck_assert_ptr_eq(config_sd(config, "d2-01"), config->sd[1]);
	ck_assert_ptr_null(config_vol(config, "d1"));
	ck_assert_ptr_null(config_vol_rid(config, config->dm[0]->rid));
	ck_assert_ptr_null(config_dm_rid(config, 0));
	ck_assert_ptr_null(config_dm_rid(config, UINT64_MAX));
	ck_assert(config_name_used(config, "d3-01"));
	ck_assert(!config_name_used(config, "d3-02"));
}
END_TEST

START_TEST(hash_is_of_the_records)
{
	Vx__Config *copy = proto_clone(config);
	static const uint8_t txid[16] = { 1 };

	ck_assert_uint_eq(config_hash(copy), config_hash(config));
	copy->epoch = 5;
	copy->seq = 6;
	config_outcome_add(copy, txid, true, NULL);
	ck_assert_uint_eq(config_hash(copy), config_hash(config));
	copy->vol[0]->minor++;
	ck_assert_uint_ne(config_hash(copy), config_hash(config));
	copy->vol[0]->minor--;
	copy->next_rid++;
	ck_assert_uint_ne(config_hash(copy), config_hash(config));
	vx__config__free_unpacked(copy, NULL);
}
END_TEST

START_TEST(outcomes_are_a_ring)
{
	uint8_t txid[16] = { 0 };
	Vx__Author author = VX__AUTHOR__INIT;

	author.node = (char *)(uintptr_t) "b";
	author.pid = 4711;
	for (unsigned int i = 0; i < VX_OUTCOMES_MAX + 10; i++) {
		txid[0] = (uint8_t)i;
		config->seq = i;
		config_outcome_add(config, txid, i % 2 == 0, &author);
	}
	ck_assert_uint_eq(config->n_outcome, VX_OUTCOMES_MAX);
	ck_assert_int_eq(config_check(config, reason), 0);
	txid[0] = 9;
	ck_assert_ptr_null(config_outcome_find(config, txid));
	txid[0] = 10;
	ck_assert(config_outcome_find(config, txid)->committed);
	ck_assert_uint_eq(config_outcome_find(config, txid)->seq, 10);
	ck_assert_str_eq(config_outcome_find(config, txid)->author->node, "b");
	ck_assert_uint_eq(config_outcome_find(config, txid)->author->pid, 4711);
	txid[0] = 11;
	ck_assert(!config_outcome_find(config, txid)->committed);
	config_outcome_add(config, txid, true, NULL);
	ck_assert(config_outcome_find(config, txid)->committed);
	ck_assert_ptr_null(config_outcome_find(config, txid)->author);
	ck_assert_uint_eq(config->n_outcome, VX_OUTCOMES_MAX);
}
END_TEST

/* A change of every kind, made on a copy: the delta brings another copy to the same content. */
START_TEST(diff_and_apply_meet)
{
	Vx__Config *after = proto_clone(config), *other = proto_clone(config);
	Vx__Delta *delta = config_diff(config, after);

	ck_assert(delta_is_empty(delta));
	vx__delta__free_unpacked(delta, NULL);
	config_plex_remove(after, config_plex(after, "v1-02")->rid);
	proto_string_set(&after->vol[0]->comment, "changed");
	proto_string_set(&config_dm_add(after, "d4")->diskid, "id-4");
	after->dg->detach_policy = VX__DETACH_POLICY__DETACH_LOCAL;
	delta = config_diff(config, after);
	ck_assert_uint_eq(delta->n_del_rid, 2);
	ck_assert_uint_eq(delta->n_put, 3);
	other->seq = 77;
	ck_assert_msg(config_apply(other, delta, reason) == 0, "%s", reason);
	ck_assert_uint_eq(config_hash(other), config_hash(after));
	ck_assert_uint_eq(other->seq, 77);
	ck_assert_ptr_null(config_sd(other, "d2-01"));
	/* Once more: what it removes is gone, so it is for another content. */
	ck_assert_int_eq(config_apply(other, delta, reason), -VX_E_INVAL);
	ck_assert_uint_eq(config_hash(other), config_hash(after));
	vx__delta__free_unpacked(delta, NULL);
	vx__config__free_unpacked(after, NULL);
	vx__config__free_unpacked(other, NULL);
}
END_TEST

START_TEST(bad_deltas_leave_no_trace)
{
	Vx__Delta delta = VX__DELTA__INIT;
	Vx__Record put = VX__RECORD__INIT, *puts[] = { &put };
	Vx__Vol vol = VX__VOL__INIT;
	Vx__Dg dg = VX__DG__INIT;
	uint64_t del = 4711, hash = config_hash(config);

	delta.n_del_rid = 1;
	delta.del_rid = &del;
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	ck_assert_ptr_nonnull(strstr(reason, "4711"));
	del = config->dm[0]->rid; /* its subdisks would hang in the air */
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	delta.n_del_rid = 0;
	delta.next_rid = 1;
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	delta.next_rid = 0;
	delta.n_put = 1;
	delta.put = puts;
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL); /* no record in it */
	put.kind_case = VX__RECORD__KIND_VOL;
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL); /* NULL in it */
	put.vol = &vol;
	vol.rid = config->next_rid; /* not below next_rid */
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	vol.rid = config->dm[0]->rid; /* of another kind */
	vol.name = (char *)"v9";
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	put.kind_case = VX__RECORD__KIND_DG;
	put.dg = &dg;
	dg.dgid = (char *)"other";
	ck_assert_int_eq(config_apply(config, &delta, reason), -VX_E_INVAL);
	ck_assert_uint_eq(config_hash(config), hash);
	ck_assert_int_eq(config_check(config, reason), 0);
}
END_TEST

#define DAMAGES(X) \
	X("no valid name", proto_string_set(&config->dg->name, "a/b")) \
	X("has no id", proto_string_set(&config->dg->dgid, "")) \
	X("no owner", proto_string_set(&config->dg->cluster, "")) \
	X("unknown value", config->dg->activation = 77) \
	X("unknown value", config->vol[0]->state = 99) \
	X("no valid name", proto_string_set(&config->vol[0]->name, "")) \
	X("out of order", config->vol[0]->rid = 0) \
	X("out of order", config->next_rid = 3) \
	X("out of order", config->dm[1]->rid = config->dm[0]->rid) \
	X("have one record id", config->vol[0]->rid = config->dm[0]->rid) \
	X("two objects have this name", proto_string_set(&config->sd[0]->name, "v1")) \
	X("are one disk", proto_string_set(&config->dm[1]->diskid, "id-d1")) \
	X("no disk id", proto_string_set(&config->dm[1]->diskid, "")) \
	X("impossible size", config->dm[0]->pub_offset = UINT64_MAX) \
	X("impossible size", config->dm[0]->pub_len = UINT64_MAX) \
	X("configuration copies", \
	  config->dm[0]->nconfig = config->dm[1]->nconfig = config->dm[2]->nconfig = false) \
	X("impossible size", config->vol[0]->len = 0) \
	X("impossible size", config->vol[0]->len = VX_SECTORS_MAX + 1) \
	X("is shorter than volume", config->vol[0]->len = LEN + 1) \
	X("no active plex", \
	  config->plex[0]->kstate = config->plex[1]->kstate = VX__KSTATE__KS_DETACHED) \
	X("do not agree", config->vol[0]->region_len = 0) \
	X("do not agree", config->vol[0]->read_policy = VX__READ_POLICY__READ_PREFER) \
	X("is not its plex", proto_string_set(&config->vol[0]->prefer_plex, "v1-03")) \
	X("is not its plex", proto_string_set(&config->vol[0]->prefer_plex, "v9-01")) \
	X("volume does not exist", config->plex[0]->vol_rid = 4711) \
	X("plexes: 1 to", config_remove(config, config->plex[0]->rid); \
	  config_remove(config, config->plex[0]->rid)) \
	X("impossible layout", config->plex[0]->columns = 2) \
	X("impossible layout", config->plex[0]->layout = VX__LAYOUT__LAYOUT_STRIPE) \
	X("does not fit what it holds", config->plex[0]->state = VX__PLEX_STATE__PLEX_LOG; \
	  config->plex[1]->state = VX__PLEX_STATE__PLEX_ACTIVE) \
	X("does not fit what it holds", config->plex[2]->state = VX__PLEX_STATE__PLEX_CLEAN) \
	X("do not cover", config->sd[0]->len--) \
	X("do not cover", config->sd[0]->len++) \
	X("leaves a hole", config->sd[0]->plex_offset = 16) \
	X("leaves a hole", config->sd[0]->column = 1) \
	X("do not cover", config_remove(config, config->sd[0]->rid)) \
	X("plex does not exist", config->sd[2]->plex_rid = 4711; \
	  config_remove(config, config->plex[2]->rid); config->vol[0]->region_len = 0) \
	X("disk does not exist", config->sd[0]->dm_rid = 4711) \
	X("is not inside disk", config->sd[0]->disk_offset = 100 * LEN - LEN + 1) \
	X("is not inside disk", config->sd[0]->disk_offset = UINT64_MAX) \
	X("is not inside disk", config->sd[0]->len = UINT64_MAX) \
	X("overlap", config->sd[1]->dm_rid = config->sd[0]->dm_rid; \
	  config->sd[1]->disk_offset = LEN - 1) \
	X("overlap", config->sd[2]->dm_rid = config->sd[0]->dm_rid)

START_TEST(damage_is_seen)
{
	Vx__Config *whole = proto_clone(config);

#define DAMAGE(text, damage) \
	damage; \
	ck_assert_msg(config_check(config, reason) == -VX_E_INVAL, "not seen: %s", #damage); \
	ck_assert_msg(strstr(reason, text) != NULL, "%s: %s", #damage, reason); \
	vx__config__free_unpacked(config, NULL); \
	config = proto_clone(whole);
	DAMAGES(DAMAGE)
#undef DAMAGE
	vx__config__free_unpacked(whole, NULL);
	ck_assert_int_eq(config_check(config, reason), 0);
}
END_TEST

START_TEST(minors_are_unique)
{
	Vx__Vol *vol = config_vol_add(config, "v2");

	vol->len = LEN;
	plex(vol, "v2-01", "d1-02", config->dm[0], LEN);
	ck_assert_int_eq(config_check(config, reason), -VX_E_INVAL);
	ck_assert_ptr_nonnull(strstr(reason, "one minor"));
	vol->minor = 1;
	ck_assert_msg(config_check(config, reason) == 0, "%s", reason);
}
END_TEST

/* Whole columns, multiples of the width. */
START_TEST(stripes_are_checked)
{
	Vx__Plex *first = config->plex[0];
	Vx__Sd *second;

	first->layout = VX__LAYOUT__LAYOUT_STRIPE;
	first->columns = 2;
	first->stripe_width = 128;
	config->sd[0]->len = LEN / 2;
	second = config_sd_add(config, "d1-02");
	second->plex_rid = first->rid;
	second->dm_rid = config->dm[0]->rid;
	second->disk_offset = LEN;
	second->len = LEN / 2;
	ck_assert_int_eq(config_check(config, reason), -VX_E_INVAL); /* both in column 0 */
	second->column = 1;
	ck_assert_msg(config_check(config, reason) == 0, "%s", reason);
	first->stripe_width = 96;
	ck_assert_int_eq(config_check(config, reason), -VX_E_INVAL);
	first->stripe_width = 128;
	second->len -= 128;
	ck_assert_int_eq(config_check(config, reason), -VX_E_INVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_record");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, sizes_are_read);
	tcase_add_test(all, what_is_no_size_is_refused);
	tcase_add_test(all, names_are_checked);
	tcase_add_test(all, records_are_found);
	tcase_add_test(all, hash_is_of_the_records);
	tcase_add_test(all, outcomes_are_a_ring);
	tcase_add_test(all, diff_and_apply_meet);
	tcase_add_test(all, bad_deltas_leave_no_trace);
	tcase_add_test(all, damage_is_seen);
	tcase_add_test(all, minors_are_unique);
	tcase_add_test(all, stripes_are_checked);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
