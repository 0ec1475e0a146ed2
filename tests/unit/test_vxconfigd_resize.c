// SPDX-License-Identifier: GPL-2.0-or-later
/* Volumes that become longer and shorter: vxassist growto, growby, shrinkto, shrinkby. */
#include "base/drl_size.h"
#include "tests/unit/suite.h"
#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/messages.h"

#define MB 2048

static struct sample *s;

static void setup(void)
{
	s = sample_create(8);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1 d3=dev2 d4=dev3");
}

static void teardown(void)
{
	sample_free(s);
}

static size_t subdisks(const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < s->config->n_sd; i++) {
		count += s->config->sd[i]->plex_rid == sample_plex(s, name)->rid ? 1 : 0;
	}
	return count;
}

START_TEST(a_volume_grows_where_it_is)
{
	sample_do(s, "vxassist -g data make v 10m layout=mirror logtype=drl d1 d2");
	sample_do(s, "vxassist -g data growby v 10m"); /* the logs are behind it */
	ck_assert_uint_eq(sample_vol(s, "v")->len, 20 * MB);
	ck_assert_uint_eq(sample_plex(s, "v-01")->len, 20 * MB);
	ck_assert_uint_eq(sample_plex(s, "v-02")->len, 20 * MB);
	ck_assert_uint_eq(subdisks("v-01"), 2);
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	ck_assert_uint_eq(s->plan->format_log_count, 1);
	ck_assert_int_eq(sample_vol(s, "v")->state, VX__VOL_STATE__VOL_SYNC);
	sample_do(s, "vxassist -g data growto v 50m"); /* behind the second subdisk */
	ck_assert_uint_eq(subdisks("v-01"), 2);
	ck_assert_uint_eq(sample_vol(s, "v")->len, 50 * MB);
	sample_do(s, "vxassist -g data -f shrinkto v 5m");
	ck_assert_uint_eq(subdisks("v-01"), 1);
	ck_assert_uint_eq(sample_plex(s, "v-02")->len, 5 * MB);
	ck_assert_uint_eq(config_sd(s->config, "d1-01")->len, 5 * MB);
	sample_do(s, "vxassist -g data -f shrinkby v 1m");
	ck_assert_uint_eq(sample_vol(s, "v")->len, 4 * MB);
}
END_TEST

START_TEST(other_disks_are_taken)
{
	sample_do(s, "vxassist -g data make v 900m layout=mirror d1 d2");
	sample_refuse(s, "vxassist -g data growby v 200m d1 d2", MSG_NO_SPACE, "d1");
	sample_do(s, "vxassist -g data growby v 200m");
	for (size_t i = 0; i < s->config->n_sd; i++) {
		for (size_t k = 0; k < i; k++) {
			ck_assert(s->config->sd[i]->plex_rid == s->config->sd[k]->plex_rid ||
				  s->config->sd[i]->dm_rid != s->config->sd[k]->dm_rid);
		}
	}
	sample_refuse(s, "vxassist -g data growby v 2g", MSG_NO_SPACE, "free");
	ck_assert_uint_eq(sample_vol(s, "v")->len, 1100 * MB);
}
END_TEST

START_TEST(stripes_grow_by_rows)
{
	sample_do(s, "vxassist -g data make v 10m layout=stripe ncol=3 stripeunit=64k");
	sample_do(s, "vxassist -g data growby v 16"); /* what is there is enough */
	ck_assert_uint_eq(sample_plex(s, "v-01")->len, 54 * 384);
	sample_do(s, "vxassist -g data growto v 20m");
	ck_assert_uint_eq(sample_vol(s, "v")->len, 20 * MB);
	ck_assert_uint_eq(sample_plex(s, "v-01")->len, 107 * 384);
	ck_assert_uint_eq(subdisks("v-01"), 3);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(s->config->sd[i]->len, 107 * 128);
	}
	sample_do(s, "vxassist -g data make w 10m d1");
	sample_do(s, "vxassist -g data growto v 40m");
	ck_assert_uint_eq(subdisks("v-01"), 4); /* w is behind column 0 */
	ck_assert_uint_eq(config_sd(s->config, "d1-03")->column, 0);
	sample_do(s, "vxassist -g data -f shrinkto v 10m");
	ck_assert_uint_eq(sample_plex(s, "v-01")->len, 54 * 384);
	ck_assert_uint_eq(subdisks("v-01"), 3);
}
END_TEST

/* A log has room for 32,256 regions: more than twice as many as at first. */
START_TEST(regions_become_longer)
{
	uint64_t region;

	for (size_t i = 0; i < 4; i++) {
		s->disk[i].pub_len = config_dm(s->config, "d1")->pub_len;
		s->config->dm[i]->pub_len = UINT64_C(1) << 32;
	}
	sample_do(s, "vxassist -g data make v 4g layout=mirror logtype=drl");
	region = sample_vol(s, "v")->region_len;
	ck_assert_uint_eq(drl_region_count(sample_vol(s, "v")->len, region), 16384);
	sample_do(s, "vxassist -g data growto v 7g");
	ck_assert_uint_eq(sample_vol(s, "v")->region_len, region);
	sample_do(s, "vxassist -g data growto v 100g");
	ck_assert_uint_eq(sample_vol(s, "v")->region_len, region * 16);
	ck_assert_uint_le(drl_log_len(sample_vol(s, "v")->len, sample_vol(s, "v")->region_len),
			  sample_plex(s, "v-03")->len);
	sample_do(s, "vxassist -g data -f shrinkto v 1g");
	ck_assert_uint_eq(sample_vol(s, "v")->region_len, region * 16);
}
END_TEST

START_TEST(detached_plexes_grow_too)
{
	sample_do(s, "vxassist -g data make v 10m layout=mirror");
	sample_do(s, "vxplex -g data det v-02");
	sample_do(s, "vxassist -g data growby v 10m");
	ck_assert_uint_eq(sample_plex(s, "v-02")->len, 20 * MB);
	ck_assert_uint_eq(s->plan->need_disk_count, 1); /* its disk may be gone */
	sample_do(s, "vxplex -g data att v v-02");
	sample_refuse(s, "vxassist -g data growby v 10m", MSG_RESIZE_ATTACH, "v-02");
}
END_TEST

START_TEST(what_is_refused)
{
	sample_do(s, "vxassist -g data make v 10m");
	sample_do(s, "vxassist -g data make g1 10m usetype=gen");
	sample_refuse(s, "vxassist -g data growto v 10m", MSG_RESIZE_LEN, "20480");
	sample_refuse(s, "vxassist -g data growto v 5m", MSG_RESIZE_LEN, "more");
	sample_refuse(s, "vxassist -g data -f shrinkto v 10m", MSG_RESIZE_LEN, "less");
	sample_refuse(s, "vxassist -g data shrinkto v 5m", MSG_SHRINK_LOSES, "-f");
	sample_refuse(s, "vxassist -g data -f shrinkby v 10m", MSG_SIZE_RANGE, "10m");
	sample_refuse(s, "vxassist -g data growby v 0", MSG_SIZE_RANGE, "0");
	sample_refuse(s, "vxassist -g data growby v 9t", MSG_NO_SPACE, "free");
	sample_refuse(s, "vxassist -g data growby v 10m d9", MSG_DISK_MEDIA_UNKNOWN, "d9");
	sample_refuse(s, "vxassist -g data growby nosuch 10m", MSG_VOLUME_UNKNOWN, "nosuch");
	sample_do(s, "vxassist -g data shrinkto g1 5m");
	sample_do(s, "vxvol -g data stop v");
	sample_refuse(s, "vxassist -g data growby v 10m", MSG_VOLUME_NOT_STARTED, "v");
	s->env.protocol = VX_PROTOCOL_RESIZE - 1;
	sample_refuse(s, "vxassist -g data growby g1 10m", MSG_PROTOCOL_LOW, "vxdctl upgrade");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_resize");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_volume_grows_where_it_is);
	tcase_add_test(all, other_disks_are_taken);
	tcase_add_test(all, stripes_grow_by_rows);
	tcase_add_test(all, regions_become_longer);
	tcase_add_test(all, detached_plexes_grow_too);
	tcase_add_test(all, what_is_refused);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
