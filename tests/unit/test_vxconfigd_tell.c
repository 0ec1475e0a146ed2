// SPDX-License-Identifier: GPL-2.0-or-later
/* What --dry-run prints: each record that a change removes, changes or adds, in words. */
#include "tests/unit/suite.h"
#include "vxconfigd/record_tell.h"

#include "vxconfigd_sample.h"

static char told[64 * 1024];

static void line(void *ctx, const char *text)
{
	size_t used = strlen(told);

	ck_assert_ptr_eq(ctx, told);
	snprintf(told + used, sizeof(told) - used, "%s\n", text);
}

static void tell(const Vx__Config *before, const Vx__Config *after)
{
	told[0] = '\0';
	record_tell(before, after, line, told);
}

START_TEST(each_command_in_words)
{
	static const struct {
		const char *line, *told;
	} table[] = {
		{ "vxassist -g data make v1 1m",
		  "add     v  v1 usetype=fsgen len=2048 state=ACTIVE kstate=ENABLED "
		  "read_policy=SELECT minor=6000\n"
		  "add     pl v1-01 volume=v1 state=ACTIVE kstate=ENABLED layout=CONCAT columns=1 "
		  "len=2048\n"
		  "add     sd d1-01 plex=v1-01 disk=d1 len=2048\n" },
		{ "vxvol -g data set comment=two_words v1", "change  v  v1 comment=->two_words\n" },
		{ "vxvol -g data stop v1", "change  v  v1 state=ACTIVE->CLEAN kstate=ENABLED->DISABLED\n"
					   "change  pl v1-01 state=ACTIVE->CLEAN "
					   "kstate=ENABLED->DISABLED\n" },
		{ "vxassist -g data remove volume v1", "remove  v  v1\nremove  pl v1-01\nremove  sd d1-01\n" },
		{ "vxdg -g data rmdisk d2", "remove  dm d2\n" },
		{ "vxdg -g data set diskdetpolicy=local", "change  dg data detach_policy=GLOBAL->LOCAL\n" },
	};
	struct sample *s = sample_create(3);

	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1");
	for (size_t i = 0; i < VX_COUNT_OF(table); i++) {
		Vx__Config *before = proto_clone(s->config);

		sample_do(s, table[i].line);
		tell(before, s->config);
		ck_assert_str_eq(told, table[i].told);
		proto_free(before);
	}
	tell(s->config, s->config);
	ck_assert_str_eq(told, "");
	sample_free(s);
}
END_TEST

START_TEST(a_group_comes_and_goes)
{
	struct sample *s = sample_create(1);

	sample_do(s, "vxdg -s init data d1=dev0");
	tell(NULL, s->config);
	ck_assert_ptr_nonnull(strstr(told, "add     dg data dgid="));
	ck_assert_ptr_nonnull(strstr(told, " shared=on cluster=demo "));
	ck_assert_ptr_nonnull(strstr(told, "\nadd     dm d1 diskid=id-0000 device=dev0 "));
	tell(s->config, NULL);
	ck_assert_str_eq(told, "remove  dg data\nremove  dm d1\n");
	sample_free(s);
}
END_TEST

/* Nothing that somebody else wrote makes a line longer than it may be. */
START_TEST(a_long_text_is_cut)
{
	struct sample *s = sample_create(1);
	static char text[8192];
	Vx__Config *before;

	sample_do(s, "vxdg -s init data d1=dev0");
	sample_do(s, "vxassist -g data make v1 1m");
	before = proto_clone(s->config);
	memset(text, 'x', sizeof(text) - 1);
	proto_string_set(&s->config->vol[0]->comment, text);
	tell(before, s->config);
	ck_assert_uint_lt(strlen(told), 1025);
	ck_assert_uint_gt(strlen(told), 1000);
	proto_free(before);
	sample_free(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tell");
	TCase *tcase = tcase_create("a change in words");

	tcase_add_test(tcase, each_command_in_words);
	tcase_add_test(tcase, a_group_comes_and_goes);
	tcase_add_test(tcase, a_long_text_is_cut);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
