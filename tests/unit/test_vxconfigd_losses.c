// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks that are gone when a group is taken over (T14): what is left out, what waits. */
#include "tests/unit/suite.h"
#include "vxconfigd/losses.h"

#include "tests/unit/vxconfigd_sample.h"

static struct sample *s;
static const char *gone; /* disk ids with blanks around them */
static char reason[VX_REASON_MAX];

static bool is_seen(void *ctx, const char *diskid)
{
	char word[40];

	(void)ctx;
	snprintf(word, sizeof(word), " %s ", diskid);
	return strstr(gone, word) == NULL;
}

/* id-0000 and id-0001: the plexes of v1, id-0002: its log, id-0003: v2. */
static void setup(void)
{
	s = sample_create(4);
	sample_do(s, "vxdg -s init data d0=dev0 d1=dev1 d2=dev2 d3=dev3");
	sample_do(s, "vxassist -g data make v1 100m layout=mirror nmirror=2 logtype=drl nlog=1 d0 "
		     "d1 d2");
	sample_do(s, "vxassist -g data make v2 100m d3");
	ck_assert_int_eq(config_vol(s->config, "v1")->state, VX__VOL_STATE__VOL_SYNC);
	ck_assert_str_eq(s->config->dm[2]->diskid, "id-0002");
	ck_assert_int_eq(config_sd(s->config, "d2-01")->dm_rid, s->config->dm[2]->rid);
}

static void teardown(void)
{
	sample_free(s);
}

static bool leave_out(const char *ids, bool in_use)
{
	bool changed;
	uint64_t hash = config_hash(s->config);

	gone = ids;
	changed = losses_leave_out(s->config, is_seen, NULL, in_use);
	ck_assert(changed == (hash != config_hash(s->config)));
	ck_assert_msg(config_check(s->config, reason) == 0, "%s", reason);
	ck_assert(!losses_leave_out(s->config, is_seen, NULL, in_use));
	return changed;
}

static Vx__KState kstate(const char *plex)
{
	return config_plex(s->config, plex)->kstate;
}

START_TEST(all_there)
{
	ck_assert(!leave_out("", false));
	ck_assert(!leave_out("", true));
}
END_TEST

START_TEST(mirror_stands_in)
{
	ck_assert(leave_out(" id-0001 ", _i == 1));
	ck_assert_int_eq(kstate("v1-02"), VX__KSTATE__KS_DETACHED);
	ck_assert_int_eq(config_plex(s->config, "v1-02")->state, VX__PLEX_STATE__PLEX_IOFAIL);
	ck_assert_int_eq(kstate("v1-01"), VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(config_vol(s->config, "v1")->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(config_vol(s->config, "v1")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_int_eq(kstate("v2-01"), VX__KSTATE__KS_ENABLED);
}
END_TEST

START_TEST(log_goes_alone)
{
	ck_assert(leave_out(" id-0002 ", _i == 1));
	ck_assert_int_eq(kstate("v1-03"), VX__KSTATE__KS_DETACHED);
	ck_assert_int_eq(kstate("v1-01"), VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(kstate("v1-02"), VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(config_vol(s->config, "v1")->state, VX__VOL_STATE__VOL_SYNC);
}
END_TEST

/* Nothing stands in: not started, states kept; startable once the disk is back. */
START_TEST(last_one_waits)
{
	ck_assert(leave_out(" id-0000 id-0001 id-0003 ", false));
	ck_assert_int_eq(config_vol(s->config, "v1")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(config_vol(s->config, "v2")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(kstate("v1-01"), VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(config_plex(s->config, "v1-01")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	ck_assert_int_eq(config_plex(s->config, "v2-01")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	sample_do(s, "vxvol -g data start v1");
	ck_assert_int_eq(config_vol(s->config, "v1")->state, VX__VOL_STATE__VOL_SYNC);
	ck_assert_int_eq(kstate("v1-03"), VX__KSTATE__KS_ENABLED);
}
END_TEST

/* Somebody runs it: what nothing stands in for stays as it is. */
START_TEST(last_one_in_use_stays)
{
	ck_assert(!leave_out(" id-0003 ", true));
	ck_assert(!leave_out(" id-0000 id-0001 ", true));
	ck_assert_int_eq(config_vol(s->config, "v1")->kstate, VX__KSTATE__KS_ENABLED);
}
END_TEST

/* A plex that was detached before is no stand-in: it misses writes. */
START_TEST(stale_stands_in_for_nobody)
{
	sample_do(s, "vxplex -g data det v1-01");
	ck_assert(!leave_out(" id-0001 ", true));
	ck_assert(leave_out(" id-0001 ", false));
	ck_assert_int_eq(config_vol(s->config, "v1")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(kstate("v1-01"), VX__KSTATE__KS_DETACHED);
}
END_TEST

START_TEST(copies_of_the_seen_decide)
{
	gone = " id-0000 id-0003 ";
	losses_drop_copies(s->config, is_seen, NULL);
	for (size_t i = 0; i < s->config->n_dm; i++) {
		ck_assert(s->config->dm[i]->nconfig == (i == 1 || i == 2));
	}
}
END_TEST

/* Starting needs the disks of what takes I/O from then on. */
START_TEST(start_needs_its_disks)
{
	sample_do(s, "vxvol -g data stop v1");
	sample_do(s, "vxvol -g data start v1");
	ck_assert_uint_eq(s->plan->need_disk_count, 3);
	sample_do(s, "vxvol -g data set comment=x v1");
	ck_assert_uint_eq(s->plan->need_disk_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("losses");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, all_there);
	tcase_add_loop_test(all, mirror_stands_in, 0, 2);
	tcase_add_loop_test(all, log_goes_alone, 0, 2);
	tcase_add_test(all, last_one_waits);
	tcase_add_test(all, last_one_in_use_stays);
	tcase_add_test(all, stale_stands_in_for_nobody);
	tcase_add_test(all, copies_of_the_seen_decide);
	tcase_add_test(all, start_needs_its_disks);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
