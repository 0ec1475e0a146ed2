// SPDX-License-Identifier: GPL-2.0-or-later
/* Plexes that come into a volume in use, and go: vxassist mirror, addlog, remove, vxplex att, mv, cp. */
#include "tests/unit/suite.h"
#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/messages.h"

static struct sample *s;

static void setup(void)
{
	s = sample_create(8);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1 d3=dev2 d4=dev3 d5=dev4");
}

static void teardown(void)
{
	sample_free(s);
}

static bool is(const char *name, Vx__PlexState state, Vx__KState kstate)
{
	return sample_plex(s, name)->state == state && sample_plex(s, name)->kstate == kstate;
}
#define IS(name, state, kstate) \
	ck_assert(is(name, VX__PLEX_STATE__PLEX_##state, VX__KSTATE__KS_##kstate))

/* vxiod said that these attaches are complete. */
static int synced(const char *vol, const uint64_t *attach, size_t count)
{
	struct plan *plan;
	char reason[VX_REASON_MAX];
	int error = plan_synced(s->config, sample_vol(s, vol)->rid, attach, count, &plan);

	if (error == 0) {
		ck_assert_int_eq(config_apply(s->config, plan->delta, reason), 0);
		plan_free(plan);
	}
	return error;
}

START_TEST(a_mirror_is_added)
{
	uint64_t attach;

	sample_do(s, "vxassist -g data make v 10m");
	sample_do(s, "vxassist -g data mirror v");
	IS("v-02", TEMPRMSD, ENABLED);
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	ck_assert_uint_eq(s->plan->format_log_count, 0);
	ck_assert_int_eq(sample_vol(s, "v")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_uint_eq(s->config->sd[1]->dm_rid, config_dm(s->config, "d2")->rid);
	attach = sample_plex(s, "v-02")->attach;
	ck_assert_uint_ne(attach, 0);
	/* It stands in for nothing. */
	sample_refuse(s, "vxplex -g data det v-01", MSG_PLEX_LAST, "v-01");
	ck_assert_int_eq(synced("v", (const uint64_t[]){ attach + 1 }, 1), -VX_E_STALE);
	ck_assert_int_eq(synced("v", NULL, 0), -VX_E_STALE);
	ck_assert_int_eq(synced("v", &attach, 1), 0);
	IS("v-02", ACTIVE, ENABLED);
	ck_assert_int_eq(synced("v", &attach, 1), -VX_E_STALE);
	sample_do(s, "vxplex -g data det v-01");
	sample_refuse(s, "vxplex -g data det v-02", MSG_PLEX_LAST, "v-02");
}
END_TEST

START_TEST(mirrors_are_as_the_others)
{
	sample_do(s, "vxassist -g data make v 10m layout=stripe ncol=2 stripeunit=32k");
	sample_refuse(s, "vxassist -g data mirror v d1 d3", MSG_NO_SPACE, "has a plex");
	sample_do(s, "vxassist -g data mirror v");
	ck_assert_uint_eq(sample_plex(s, "v-02")->columns, 2);
	ck_assert_uint_eq(sample_plex(s, "v-02")->stripe_width, 64);
	sample_do(s, "vxassist -g data mirror v layout=concat d5");
	ck_assert_int_eq(sample_plex(s, "v-03")->layout, VX__LAYOUT__LAYOUT_CONCAT);
	sample_refuse(s, "vxassist -g data mirror v", MSG_NO_SPACE, "has a plex");
	sample_do(s, "vxassist -g data make w 10m");
	sample_do(s, "vxassist -g data mirror w nmirror=3");
	IS("w-04", TEMPRMSD, ENABLED);
	ck_assert_uint_ne(sample_plex(s, "w-04")->attach, sample_plex(s, "w-03")->attach);
	sample_do(s, "vxvol -g data stop w");
	sample_refuse(s, "vxassist -g data mirror w", MSG_VOLUME_NOT_STARTED, "w");
	s->env.protocol = VX_PROTOCOL_ATTACH - 1;
	sample_refuse(s, "vxassist -g data mirror v", MSG_PROTOCOL_LOW, "vxdctl upgrade");
	sample_refuse(s, "vxassist -g data addlog v", MSG_PROTOCOL_LOW, "vxdctl upgrade");
	sample_refuse(s, "vxplex -g data att v v-01", MSG_PROTOCOL_LOW, "vxdctl upgrade");
}
END_TEST

/* A stop ends attaches; a start begins them again, as new ones. */
START_TEST(attaches_begin_again_with_the_volume)
{
	uint64_t attach, late;

	sample_do(s, "vxassist -g data make v 10m layout=mirror logtype=drl");
	sample_do(s, "vxplex -g data det v-02");
	sample_do(s, "vxplex -g data att v v-02");
	IS("v-02", STALE, ENABLED);
	ck_assert_uint_eq(s->plan->format_log_count, 1); /* it was idle, and is old */
	ck_assert(!s->plan->format_dirty);
	late = sample_plex(s, "v-02")->attach;
	sample_do(s, "vxvol -g data stop v");
	IS("v-02", STALE, DISABLED);
	sample_do(s, "vxvol -g data start v");
	IS("v-02", STALE, ENABLED);
	attach = sample_plex(s, "v-02")->attach;
	ck_assert_uint_gt(attach, late);
	ck_assert_int_eq(synced("v", &late, 1), -VX_E_STALE);
	IS("v-02", STALE, ENABLED);
	ck_assert_int_eq(synced("v", &attach, 1), 0);
	IS("v-02", ACTIVE, ENABLED);
	sample_do(s, "vxplex -g data det v-02");
	sample_do(s, "vxvol -g data stop v");
	sample_do(s, "vxvol -g data start v"); /* what was detached stays so */
	IS("v-02", STALE, DETACHED);
}
END_TEST

/* vol v with v-01 and a plex of no volume, as long: v-02 */
static void make_spare(void)
{
	sample_do(s, "vxassist -g data make v 10m layout=mirror logtype=drl");
	sample_do(s, "vxplex -g data dis v-02");
}

static int synced_one(const char *plex)
{
	return synced("v", &sample_plex(s, plex)->attach, 1);
}

START_TEST(a_plex_is_moved)
{
	make_spare();
	sample_do(s, "vxvol -g data rdpol prefer v v-01");
	sample_do(s, "vxplex -g data mv v-01 v-02");
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	IS("v-01", ACTIVE, ENABLED);
	IS("v-02", STALE, ENABLED);
	sample_do(s, "vxvol -g data stop v"); /* what is wanted outlives that */
	sample_do(s, "vxvol -g data start v");
	ck_assert_int_eq(synced_one("v-02"), 0);
	IS("v-02", ACTIVE, ENABLED);
	IS("v-01", STALE, DISABLED);
	ck_assert_uint_eq(sample_plex(s, "v-01")->vol_rid, 0);
	ck_assert_str_eq(sample_vol(s, "v")->prefer_plex, "v-02");
	sample_do(s, "vxplex -g data -o rm mv v-02 v-01");
	ck_assert_int_eq(synced_one("v-01"), 0);
	IS("v-01", ACTIVE, ENABLED);
	ck_assert_ptr_null(config_plex(s->config, "v-02"));
}
END_TEST

START_TEST(a_plex_is_moved_no_more)
{
	make_spare();
	sample_do(s, "vxplex -g data mv v-01 v-02");
	sample_refuse(s, "vxplex -g data mv v-02 v-01", MSG_STATE_INVALID, "being attached");
	sample_do(s, "vxplex -g data det v-02"); /* given up */
	sample_do(s, "vxplex -g data att v v-02");
	ck_assert_int_eq(synced_one("v-02"), 0);
	IS("v-01", ACTIVE, ENABLED);
	IS("v-02", ACTIVE, ENABLED);
	sample_do(s, "vxassist -g data mirror v"); /* v-05; logs are v-03 and v-04 */
	ck_assert_int_eq(synced_one("v-05"), 0);
	sample_do(s, "vxplex -g data dis v-05");
	sample_do(s, "vxplex -g data mv v-01 v-05");
	sample_do(s, "vxplex -g data -o rm dis v-01");
	ck_assert_int_eq(synced_one("v-05"), 0);
	IS("v-05", ACTIVE, ENABLED);
	IS("v-02", ACTIVE, ENABLED);
}
END_TEST

START_TEST(a_volume_is_copied)
{
	make_spare();
	sample_do(s, "vxplex -g data cp v v-02");
	IS("v-02", STALE, ENABLED);
	ck_assert_int_eq(synced_one("v-02"), 0);
	ck_assert_uint_eq(sample_plex(s, "v-02")->vol_rid, 0);
	IS("v-02", STALE, DISABLED);
	IS("v-01", ACTIVE, ENABLED);
	sample_do(s, "vxplex -g data att v v-02"); /* not for ever */
	ck_assert_int_eq(synced_one("v-02"), 0);
	IS("v-02", ACTIVE, ENABLED);
}
END_TEST

START_TEST(what_cannot_be_moved)
{
	make_spare();
	sample_do(s, "vxassist -g data make w 20m");
	sample_do(s, "vxassist -g data mirror w");
	sample_refuse(s, "vxplex -g data mv v-02 v-01", MSG_STATE_INVALID, "dissociated");
	sample_refuse(s, "vxplex -g data mv v-01 w-01", MSG_PLEX_IN_USE, "w-01");
	sample_refuse(s, "vxplex -g data mv w-01 v-02", MSG_PLEX_SHORT, "v-02");
	sample_refuse(s, "vxplex -g data mv w-02 v-02", MSG_STATE_INVALID, "being attached");
	sample_refuse(s, "vxplex -g data mv v-03 v-02", MSG_PLEX_IS_LOG, "v-03");
	sample_refuse(s, "vxplex -g data mv nosuch v-02", MSG_PLEX_UNKNOWN, "nosuch");
	sample_refuse(s, "vxplex -g data cp v v-01", MSG_PLEX_IN_USE, "v-01");
	sample_refuse(s, "vxplex -g data cp v v-02 v-02", MSG_TWICE, "v-02");
	sample_refuse(s, "vxplex -g data cp w v-02", MSG_PLEX_SHORT, "v-02");
	sample_refuse(s, "vxplex -g data mv v-01", MSG_USAGE, "NEW-PLEX");
	sample_do(s, "vxassist -g data mirror v");
	ck_assert_int_eq(synced_one("v-05"), 0);
	sample_do(s, "vxplex -g data dis v-05");
	sample_do(s, "vxplex -g data mv v-01 v-02");
	sample_refuse(s, "vxplex -g data mv v-01 v-05", MSG_STATE_INVALID, "being moved");
	s->env.protocol = VX_PROTOCOL_MOVE - 1;
	sample_refuse(s, "vxplex -g data mv v-01 v-05", MSG_STATE_INVALID, "being moved");
	sample_refuse(s, "vxplex -g data cp v v-05", MSG_PROTOCOL_LOW, "vxdctl upgrade");
}
END_TEST

START_TEST(what_cannot_be_attached)
{
	sample_do(s, "vxassist -g data make v 10m layout=mirror logtype=drl");
	sample_do(s, "vxassist -g data make w 20m");
	sample_do(s, "vxassist -g data mirror w");
	sample_refuse(s, "vxplex -g data att v v-01", MSG_STATE_INVALID, "ENABLED");
	sample_refuse(s, "vxplex -g data att v w-01", MSG_PLEX_NOT_OF, "w-01");
	sample_refuse(s, "vxplex -g data att v nosuch", MSG_PLEX_UNKNOWN, "nosuch");
	sample_refuse(s, "vxplex -g data att nosuch v-01", MSG_VOLUME_UNKNOWN, "nosuch");
	sample_do(s, "vxplex -g data dis v-02");
	sample_refuse(s, "vxplex -g data att w v-02", MSG_PLEX_SHORT, "v-02");
	sample_do(s, "vxplex -g data dis w-02");
	sample_do(s, "vxplex -g data att v w-02"); /* longer is no matter */
	sample_do(s, "vxplex -g data att v v-02");
	IS("w-02", STALE, ENABLED);
	ck_assert_uint_eq(sample_plex(s, "w-02")->vol_rid, sample_vol(s, "v")->rid);
	sample_do(s, "vxplex -g data det w-02");
	sample_refuse(s, "vxplex -g data att v w-02 w-02", MSG_TWICE, "w-02");
}
END_TEST

START_TEST(logs_come_and_go)
{
	sample_do(s, "vxassist -g data make v 10m");
	sample_refuse(s, "vxassist -g data addlog v", MSG_LOG_UNMIRRORED, "vxassist -g data mirror v");
	sample_do(s, "vxassist -g data mirror v");
	sample_do(s, "vxassist -g data addlog v nlog=2");
	IS("v-03", LOG, ENABLED);
	ck_assert_uint_eq(s->plan->format_log_count, 1);
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	ck_assert_uint_ne(sample_vol(s, "v")->region_len, 0);
	sample_refuse(s, "vxassist -g data addlog v d3", MSG_NO_SPACE, "has a plex of the volume");
	sample_do(s, "vxplex -g data det v-03");
	sample_do(s, "vxplex -g data att v v-03");
	IS("v-03", LOG, ENABLED);
	ck_assert_uint_eq(sample_plex(s, "v-03")->attach, 0);
	sample_do(s, "vxplex -g data dis v-04");
	sample_do(s, "vxplex -g data att v v-04");
	IS("v-04", LOG, ENABLED);
	sample_do(s, "vxassist -g data remove log v");
	ck_assert_ptr_null(config_plex(s->config, "v-04")); /* the youngest */
	sample_refuse(s, "vxassist -g data remove log v !d1", MSG_PLEX_FEW, "on these disks");
	sample_do(s, "vxassist -g data remove log v nlog=0");
	ck_assert_uint_eq(sample_vol(s, "v")->region_len, 0);
	sample_refuse(s, "vxassist -g data remove log v", MSG_PLEX_FEW, "logs");
}
END_TEST

START_TEST(mirrors_are_removed)
{
	sample_do(s, "vxassist -g data make v 10m nmirror=3");
	sample_do(s, "vxassist -g data mirror v");
	sample_do(s, "vxplex -g data det v-01");
	/* First what is not complete, then the youngest. */
	sample_do(s, "vxassist -g data remove mirror v");
	ck_assert_ptr_null(config_plex(s->config, "v-04"));
	sample_do(s, "vxassist -g data remove mirror v");
	ck_assert_ptr_null(config_plex(s->config, "v-01"));
	sample_do(s, "vxassist -g data mirror v");
	sample_do(s, "vxassist -g data remove mirror v !d2");
	ck_assert_ptr_null(config_plex(s->config, "v-02"));
	sample_refuse(s, "vxassist -g data remove mirror v d3", MSG_USAGE, "!MEDIA");
	sample_refuse(s, "vxassist -g data remove mirror v !d9", MSG_DISK_MEDIA_UNKNOWN, "d9");
	sample_refuse(s, "vxassist -g data remove mirror v !d3", MSG_PLEX_LAST, "v-03");
	sample_refuse(s, "vxassist -g data remove mirror v nlog=1", MSG_ATTR_INVALID, "usage");
	sample_do(s, "vxassist -g data remove mirror v nmirror=1");
	sample_do(s, "vxassist -g data remove mirror v nmirror=1"); /* nothing to do */
	sample_refuse(s, "vxassist -g data remove mirror v", MSG_PLEX_LAST, "v-03");
	sample_refuse(s, "vxassist -g data remove mirror", MSG_USAGE, "remove mirror");
	sample_refuse(s, "vxassist -g data remove disk v", MSG_REMOVE_WHAT, "volume|mirror|log");
}
END_TEST

START_TEST(vxrecover_attaches)
{
	sample_do(s, "vxassist -g data make v 10m layout=mirror");
	sample_do(s, "vxplex -g data det v-02");
	s->disk[1].status = (char *)"error";
	ck_assert_int_eq(sample_try(s, "vxrecover -g data recover v"), 0);
	ck_assert_uint_eq(s->number, MSG_PLEX_STAYS);
	ck_assert_ptr_nonnull(strstr(s->text, "node a does not see disk d2"));
	s->disk[1].status = (char *)"online shared";
	s->env.protocol = VX_PROTOCOL_ATTACH - 1;
	ck_assert_int_eq(sample_try(s, "vxrecover -g data recover"), 0);
	ck_assert_ptr_nonnull(strstr(s->text, "protocol"));
	IS("v-02", STALE, DETACHED);
	s->env.protocol = VX_PROTOCOL_MAX;
	sample_do(s, "vxrecover -g data -n recover");
	IS("v-02", STALE, DETACHED);
	sample_do(s, "vxrecover -g data recover");
	IS("v-02", STALE, ENABLED);
	sample_do(s, "vxrecover -g data recover");
	ck_assert(delta_is_empty(s->plan->delta)); /* it goes on */
}
END_TEST

START_TEST(half_attached_is_checked)
{
	char reason[VX_REASON_MAX];

	sample_do(s, "vxassist -g data make v 10m");
	sample_do(s, "vxassist -g data mirror v");
	sample_plex(s, "v-02")->attach = 0;
	ck_assert_int_eq(config_check(s->config, reason), -VX_E_INVAL);
	sample_plex(s, "v-02")->attach = s->config->next_rid;
	ck_assert_int_eq(config_check(s->config, reason), -VX_E_INVAL);
	sample_plex(s, "v-02")->attach = s->config->next_rid - 1;
	ck_assert_msg(config_check(s->config, reason) == 0, "%s", reason);
	sample_plex(s, "v-02")->vol_rid = 0;
	ck_assert_int_eq(config_check(s->config, reason), -VX_E_INVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_attach");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_mirror_is_added);
	tcase_add_test(all, mirrors_are_as_the_others);
	tcase_add_test(all, a_plex_is_moved);
	tcase_add_test(all, a_plex_is_moved_no_more);
	tcase_add_test(all, a_volume_is_copied);
	tcase_add_test(all, what_cannot_be_moved);
	tcase_add_test(all, attaches_begin_again_with_the_volume);
	tcase_add_test(all, what_cannot_be_attached);
	tcase_add_test(all, logs_come_and_go);
	tcase_add_test(all, mirrors_are_removed);
	tcase_add_test(all, vxrecover_attaches);
	tcase_add_test(all, half_attached_is_checked);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
