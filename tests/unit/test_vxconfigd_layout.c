// SPDX-License-Identifier: GPL-2.0-or-later
/* How volumes are laid out: stripes. */
#include "tests/unit/suite.h"
#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/messages.h"

static struct sample *s;

static void setup(void)
{
	s = sample_create(10);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1 d3=dev2");
}

static void teardown(void)
{
	sample_free(s);
}

/* Columns and plexes are on disks of their own; a column is whole stripe units. */
START_TEST(stripes_are_made)
{
	const Vx__Plex *first;

	sample_do(s, "vxdg -g data adddisk d4=dev3 d5=dev4 d6=dev5 d7=dev6");
	sample_do(s, "vxassist -g data make a 100m layout=stripe ncol=3 stripeunit=64k");
	first = sample_plex(s, "a-01");
	ck_assert_int_eq(first->layout, VX__LAYOUT__LAYOUT_STRIPE);
	ck_assert_uint_eq(first->columns, 3);
	ck_assert_uint_eq(first->stripe_width, 128);
	ck_assert_uint_eq(sample_vol(s, "a")->len, 204800); /* as it was asked for */
	ck_assert_uint_eq(first->len, 205056); /* 534 rows */
	ck_assert_uint_eq(s->config->n_sd, 3);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(s->config->sd[i]->column, i);
		ck_assert_uint_eq(s->config->sd[i]->plex_offset, 0);
		ck_assert_uint_eq(s->config->sd[i]->len, 68352);
		ck_assert_uint_eq(s->config->sd[i]->dm_rid, s->config->dm[i]->rid);
	}
	sample_do(s, "vxassist -g data make b 50m layout=mirror-stripe ncol=3 logtype=drl");
	ck_assert_uint_eq(sample_plex(s, "b-01")->columns, 3);
	ck_assert_uint_eq(sample_plex(s, "b-02")->columns, 3);
	ck_assert_uint_eq(sample_plex(s, "b-02")->stripe_width, 128);
	ck_assert(sample_plex(s, "b-03")->is_log && sample_plex(s, "b-04")->is_log);
	ck_assert_int_eq(sample_plex(s, "b-03")->layout, VX__LAYOUT__LAYOUT_CONCAT);
	ck_assert_uint_eq(sample_plex(s, "b-03")->columns, 1);
	ck_assert_int_eq(sample_vol(s, "b")->state, VX__VOL_STATE__VOL_SYNC);
	/* As many columns as there are disks for: 7 for one plex, 3 for each of two. */
	sample_do(s, "vxassist -g data make c 10m layout=stripe");
	ck_assert_uint_eq(sample_plex(s, "c-01")->columns, 7);
	sample_do(s, "vxassist -g data make d 10m layout=stripe,mirror stripeunit=128k");
	ck_assert_uint_eq(sample_plex(s, "d-02")->columns, 3);
	ck_assert_uint_eq(sample_plex(s, "d-02")->stripe_width, 256);
	/* A column may need several disks. */
	sample_do(s, "vxassist -g data make e 3g layout=stripe ncol=2");
	ck_assert_uint_gt(s->config->sd[s->config->n_sd - 1]->plex_offset, 0);
}
END_TEST

START_TEST(stripes_are_refused)
{
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe ncol=4", MSG_NO_SPACE,
		      "4 columns");
	sample_refuse(s, "vxassist -g data make a 10m layout=mirror-stripe ncol=2", MSG_NO_SPACE,
		      "2 data plexes with 2 columns");
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe ncol=1", MSG_ATTR_INVALID, "2");
	sample_refuse(s, "vxassist -g data make a 10m ncol=2", MSG_ATTR_INVALID, "layout=stripe");
	sample_refuse(s, "vxassist -g data make a 10m layout=mirror stripeunit=64k",
		      MSG_ATTR_INVALID, "layout=stripe");
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe stripeunit=12k",
		      MSG_ATTR_INVALID, "8k");
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe stripeunit=0",
		      MSG_ATTR_INVALID, "8k");
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe,concat", MSG_ATTR_INVALID,
		      "excluded");
	sample_refuse(s, "vxassist -g data make a 10m layout=stripe-mirror", MSG_ATTR_INVALID,
		      "layered");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_layout");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, stripes_are_made);
	tcase_add_test(all, stripes_are_refused);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
