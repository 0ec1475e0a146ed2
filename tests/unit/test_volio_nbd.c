// SPDX-License-Identifier: GPL-2.0-or-later
/* The negotiation of NBD clients: the usual ones byte by byte, and random bytes, which must never
 * do harm. */
#include "tests/unit/suite.h"
#include "volio/nbd_negotiate.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool one_export(void *ctx, const char *name, struct nbd_export *out_export)
{
	(void)ctx;
	if (strcmp(name, "data/vol1") != 0) {
		return false;
	}
	*out_export = (struct nbd_export){ .length = 1 << 20, .least = 4096 };
	return true;
}

static void list_exports(void *ctx, struct nbd_talk *talk)
{
	(void)ctx;
	nbd_talk_listed(talk, "data/vol1");
}

static const struct nbd_talk_ops ops = { one_export, list_exports };

static void say(struct nbd_talk *talk, unsigned int bytes, uint64_t value)
{
	nbd_put(talk->in + talk->in_length, bytes, value);
	talk->in_length += bytes;
}

static void say_option(struct nbd_talk *talk, uint32_t option, const void *data, size_t length)
{
	say(talk, 8, NBD_OPTION_MAGIC);
	say(talk, 4, option);
	say(talk, 4, length);
	memcpy(talk->in + talk->in_length, data, length);
	talk->in_length += length;
}

static void begin(struct nbd_talk *talk, uint32_t flags)
{
	nbd_talk_init(talk, &ops, NULL);
	nbd_talk_take(talk);
	ck_assert_uint_eq(talk->out_length, 18);
	ck_assert_uint_eq(nbd_get(talk->out, 8), NBD_MAGIC);
	talk->out_length = 0;
	say(talk, 4, flags);
}

/* One option reply at the head of what was said; returns its type. */
static uint32_t heard(struct nbd_talk *talk, uint32_t option, size_t *out_length)
{
	size_t length;
	uint32_t type;

	ck_assert(talk->out_length >= 20);
	ck_assert_uint_eq(nbd_get(talk->out, 8), NBD_OPTION_REPLY_MAGIC);
	ck_assert_uint_eq(nbd_get(talk->out + 8, 4), option);
	type = (uint32_t)nbd_get(talk->out + 12, 4);
	length = nbd_get(talk->out + 16, 4);
	ck_assert(talk->out_length >= 20 + length);
	talk->out_length -= 20 + length;
	memmove(talk->out, talk->out + 20 + length, talk->out_length);
	*out_length = length;
	return type;
}

START_TEST(go)
{
	static const uint8_t wanted[] = "\0\0\0\11data/vol1\0\1\0\3", other[] = "\0\0\0\4none\0\0";
	struct nbd_talk talk;
	size_t length;

	begin(&talk, NBD_HAND_FIXED_NEWSTYLE | NBD_HAND_NO_ZEROES);
	say_option(&talk, NBD_OPT_STRUCTURED_REPLY, "", 0);
	say_option(&talk, 99, "xyz", 3);
	say_option(&talk, NBD_OPT_GO, other, sizeof(other) - 1);
	say_option(&talk, NBD_OPT_LIST, "", 0);
	say_option(&talk, NBD_OPT_GO, wanted, sizeof(wanted) - 1);
	say(&talk, 8, 0x1234); /* what comes behind stays */
	nbd_talk_take(&talk);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_STRUCTURED_REPLY, &length), NBD_REP_ACK);
	ck_assert_uint_eq(heard(&talk, 99, &length), NBD_REP_ERR_UNSUP);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_GO, &length), NBD_REP_ERR_UNKNOWN);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_LIST, &length), NBD_REP_SERVER);
	ck_assert_uint_eq(length, 13);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_LIST, &length), NBD_REP_ACK);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_GO, &length), NBD_REP_INFO);
	ck_assert_uint_eq(length, 12);
	ck_assert_uint_eq(nbd_get(talk.out + 20 + 2, 4), 4096); /* the least transfer (V9) */
	ck_assert_uint_eq(heard(&talk, NBD_OPT_GO, &length), NBD_REP_INFO);
	ck_assert_uint_eq(length, 14);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_GO, &length), NBD_REP_ACK);
	ck_assert(talk.chosen && talk.structured && !talk.over);
	ck_assert_str_eq(talk.name, "data/vol1");
	ck_assert_uint_eq(talk.in_length, 8);
	nbd_talk_free(&talk);
}
END_TEST

START_TEST(export_name)
{
	struct nbd_talk talk;

	begin(&talk, NBD_HAND_FIXED_NEWSTYLE);
	say_option(&talk, NBD_OPT_EXPORT_NAME, "data/vol1", 9);
	nbd_talk_take(&talk);
	ck_assert(talk.chosen);
	ck_assert_uint_eq(talk.out_length, 8 + 2 + 124);
	ck_assert_uint_eq(nbd_get(talk.out, 8), 1 << 20);
	nbd_talk_free(&talk);
	begin(&talk, NBD_HAND_FIXED_NEWSTYLE | NBD_HAND_NO_ZEROES);
	say_option(&talk, NBD_OPT_EXPORT_NAME, "data/\0ol1", 9);
	nbd_talk_take(&talk);
	ck_assert(talk.over && !talk.chosen);
	nbd_talk_free(&talk);
}
END_TEST

/* Lengths that lie: of the option, of the name in it, of the list of infos. */
START_TEST(lies)
{
	static const struct {
		uint8_t data[16];
		size_t length;
	} cases[] = {
		{ "\377\377\377\377xx", 6 }, { "\0\0\0\1", 4 },	    { "\0\0\0\0\377\377", 6 },
		{ "\0\0\0\4data\0\1", 10 },  { "\0\0\0\5data", 8 }, { "\0\0\0\4data\0\0\0", 11 },
	};
	struct nbd_talk talk;
	size_t length;

	begin(&talk, NBD_HAND_FIXED_NEWSTYLE);
	say_option(&talk, NBD_OPT_GO, cases[_i].data, cases[_i].length);
	nbd_talk_take(&talk);
	ck_assert_uint_eq(heard(&talk, NBD_OPT_GO, &length), NBD_REP_ERR_INVALID);
	ck_assert(!talk.chosen);
	nbd_talk_free(&talk);
	begin(&talk, NBD_HAND_FIXED_NEWSTYLE);
	say(&talk, 8, NBD_OPTION_MAGIC);
	say(&talk, 4, NBD_OPT_LIST);
	say(&talk, 4, 0x7fffffff);
	nbd_talk_take(&talk);
	ck_assert(talk.over);
	nbd_talk_free(&talk);
	begin(&talk, 0x80);
	nbd_talk_take(&talk);
	ck_assert(talk.over);
	nbd_talk_free(&talk);
}
END_TEST

START_TEST(random_bytes)
{
	static struct nbd_talk talk;

	srand((unsigned int)_i);
	begin(&talk, NBD_HAND_FIXED_NEWSTYLE);
	for (int round = 0; round < 200 && !talk.over && !talk.chosen; round++) {
		uint8_t data[300];
		size_t length = (size_t)rand() % sizeof(data);

		if (talk.in_length > 4096) {
			break;
		}
		for (size_t i = 0; i < length; i++) {
			data[i] = rand() % 4 == 0 ? (uint8_t)rand() : 0;
		}
		if (rand() % 20 == 0) {
			memcpy(talk.in + talk.in_length, data, length);
			talk.in_length += length;
		} else {
			say_option(&talk, (uint32_t)rand() % 12, data, length);
		}
		nbd_talk_take(&talk);
		ck_assert(talk.in_length <= sizeof(talk.in));
	}
	nbd_talk_free(&talk);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio nbd");
	TCase *tcase = tcase_create("nbd");

	tcase_add_test(tcase, go);
	tcase_add_test(tcase, export_name);
	tcase_add_loop_test(tcase, lies, 0, 6);
	tcase_add_loop_test(tcase, random_bytes, 0, 300);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
