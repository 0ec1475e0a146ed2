// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands as typed: what they make of the configuration, how mistakes are refused. */
#include "vxconfigd/plan.h"

#include "base/drl_size.h"
#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/query.h"

static struct sample *s;

static void setup(void)
{
	s = sample_create(8);
	sample_do(s, "vxdg -s init data d1=dev0 d2=dev1 d3=dev2");
}

static void teardown(void)
{
	sample_free(s);
}

static Vx__Vol *volume(const char *name)
{
	Vx__Vol *vol = config_vol(s->config, name);

	ck_assert_msg(vol != NULL, "%s", name);
	return vol;
}

static const Vx__Plex *plex(const char *name)
{
	const Vx__Plex *found = config_plex(s->config, name);

	ck_assert_msg(found != NULL, "%s", name);
	return found;
}

/* The disk of a plex that lies on one disk only. */
static const char *disk_of(const char *plex_name)
{
	const char *name = NULL;

	for (size_t i = 0; i < s->config->n_sd; i++) {
		const Vx__Sd *sd = s->config->sd[i];

		if (sd->plex_rid == plex(plex_name)->rid) {
			ck_assert(name == NULL);
			name = config_dm_rid(s->config, sd->dm_rid)->name;
		}
	}
	ck_assert(name != NULL);
	return name;
}

START_TEST(init_makes_a_group)
{
	const Vx__Dg *dg = s->config->dg;

	ck_assert_int_eq(s->plan->kind, VX__TXN_KIND__TXN_IMPORT);
	ck_assert_str_eq(dg->name, "data");
	ck_assert_str_eq(dg->dgid, "1700000000.1025.host-a");
	ck_assert(dg->shared);
	ck_assert_str_eq(dg->cluster, "demo");
	ck_assert_str_eq(dg->host, "");
	ck_assert_uint_eq(s->config->n_dm, 3);
	ck_assert_str_eq(s->config->dm[1]->name, "d2");
	ck_assert_str_eq(s->config->dm[1]->diskid, "id-0001");
	ck_assert_str_eq(s->config->dm[1]->device, "dev1");
	ck_assert_uint_eq(s->config->dm[1]->pub_offset, 65536);
	ck_assert_uint_eq(s->config->dm[1]->pub_len, SAMPLE_PUB_LEN);
	ck_assert(s->config->dm[0]->nconfig && s->config->dm[2]->nconfig);
	ck_assert_uint_eq(s->plan->need_disk_count, 3);
	ck_assert_str_eq(s->plan->need_disk[2], "id-0002");
	ck_assert_uint_eq(s->plan->label_disk_count, 3);
	ck_assert_str_eq(s->plan->label_disk[2], "dev2");
	ck_assert(!s->plan->label_clear);
	ck_assert_uint_eq(s->config->epoch, 0);
}
END_TEST

START_TEST(init_names_disks_and_copies)
{
	struct sample *other = sample_create(8);

	other->disk[3].path = (char *)"/dev/disk/by-id/three";
	sample_do(other, "vxdg init data dev0 /dev/disk/by-id/three data01x=dev1 dev2 dev4 dev5 dev6");
	ck_assert(!other->config->dg->shared);
	ck_assert_str_eq(other->config->dg->host, "host-a");
	ck_assert_str_eq(other->config->dm[0]->name, "data01");
	ck_assert_str_eq(other->config->dm[1]->name, "data02");
	ck_assert_str_eq(other->config->dm[1]->device, "dev3");
	ck_assert_str_eq(other->config->dm[2]->name, "data01x");
	ck_assert_str_eq(other->config->dm[3]->name, "data03");
	ck_assert(other->config->dm[4]->nconfig);
	ck_assert(!other->config->dm[5]->nconfig); /* five copies are enough */
	sample_free(other);

	other = sample_create(8);
	sample_do(other, "vxdg init data dev0 dev1 dev2 dev3 nconfig=2 minor=5000 cds=on");
	ck_assert(other->config->dm[1]->nconfig && !other->config->dm[2]->nconfig);
	ck_assert_uint_eq(other->config->dg->minor_base, 5000);
	sample_do(other, "vxdg -g data adddisk dev4"); /* two were wanted: two they stay */
	ck_assert(!other->config->dm[4]->nconfig);
	ck_assert_uint_eq(other->plan->need_disk_count, 1); /* reachable it must be nevertheless */
	sample_do(other, "vxdg -g data rmdisk data01"); /* and another takes over */
	ck_assert(config_dm(other->config, "data02")->nconfig && config_dm(other->config, "data03")->nconfig);
	ck_assert_uint_eq(other->plan->need_disk_count, 1);
	ck_assert_str_eq(other->plan->need_disk[0], "id-0002");
	sample_free(other);

	other = sample_create(8);
	sample_do(other, "vxdg init data dev0 dev1 dev2 dev3 dev4 dev5 nconfig=all");
	ck_assert(other->config->dm[5]->nconfig);
	sample_do(other, "vxdg -g data adddisk dev6");
	ck_assert(config_dm(other->config, "data07")->nconfig);
	sample_free(other);
}
END_TEST

START_TEST(disks_come_and_go)
{
	sample_do(s, "vxdg -g data adddisk dev3 d5=dev4");
	ck_assert_uint_eq(s->config->n_dm, 5);
	ck_assert_ptr_nonnull(config_dm(s->config, "data01"));
	ck_assert_uint_eq(s->plan->label_disk_count, 2);
	ck_assert_uint_eq(s->plan->need_disk_count, 2);
	sample_refuse(s, "vxdg -g data adddisk dev4", MSG_DISK_IN_USE, "dev4");
	sample_do(s, "vxdg -g data rmdisk d5 data01");
	ck_assert_uint_eq(s->config->n_dm, 3);
	ck_assert(s->plan->label_clear);
	ck_assert_str_eq(s->plan->label_disk[0], "dev4");
	sample_do(s, "vxassist -g data make v 10m d1");
	sample_refuse(s, "vxdg -g data rmdisk d1", MSG_DISK_MEDIA_BUSY, "d1-01");
	sample_do(s, "vxassist -g data remove volume v");
	sample_refuse(s, "vxdg -g data rmdisk d1 d2 d3", MSG_DISK_LAST, "vxdg destroy data");
	sample_do(s, "vxdg -g data rmdisk d1 d2");
	/* A member whose label reads as free (the write was lost) is a member nevertheless. */
	s->disk[2].group = (char *)"";
	sample_refuse(s, "vxdg -g data adddisk dev2", MSG_DISK_IN_USE, "data");
}
END_TEST

START_TEST(the_story_makes_a_mirrored_volume)
{
	const Vx__Vol *vol;

	sample_do(s, "vxassist -g data make vol1 200m layout=mirror nmirror=2 logtype=drl");
	vol = volume("vol1");
	ck_assert_uint_eq(vol->len, 409600);
	ck_assert_int_eq(vol->state, VX__VOL_STATE__VOL_SYNC);
	ck_assert_int_eq(vol->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_str_eq(vol->usetype, "fsgen");
	ck_assert_uint_eq(vol->region_len, drl_region_len(409600));
	ck_assert_uint_eq(vol->minor, s->config->dg->minor_base);
	ck_assert_str_eq(vol->guid, "{00000000-0000-4000-8000-000000000000}");
	ck_assert_uint_eq(s->config->n_plex, 4);
	ck_assert_str_eq(disk_of("vol1-01"), "d1");
	ck_assert_str_eq(disk_of("vol1-02"), "d2");
	ck_assert_str_eq(disk_of("vol1-03"), "d3"); /* the log where no data of the volume is */
	ck_assert_str_eq(disk_of("vol1-04"), "d1"); /* and a second one, since there is place */
	ck_assert_int_eq(plex("vol1-02")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	ck_assert_int_eq(plex("vol1-03")->state, VX__PLEX_STATE__PLEX_LOG);
	ck_assert(plex("vol1-03")->is_log && plex("vol1-04")->is_log);
	ck_assert_uint_ge(plex("vol1-03")->len, drl_log_len(vol->len, vol->region_len));
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-01"));
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-02"));
	ck_assert_uint_eq(s->plan->quiesce_count, 0);
	ck_assert_uint_eq(s->plan->need_disk_count, 3);
	ck_assert_uint_eq(s->plan->format_log_count, 1);
	ck_assert_uint_eq(s->plan->format_log[0], vol->rid);
	ck_assert(s->plan->format_dirty);
	sample_do(s, "vxassist -g data make vol2 64m");
	ck_assert_int_eq(volume("vol2")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_uint_eq(volume("vol2")->region_len, 0);
	ck_assert_uint_eq(volume("vol2")->minor, s->config->dg->minor_base + 1);
	ck_assert_uint_eq(s->plan->format_log_count, 0);
}
END_TEST

START_TEST(attributes_of_make)
{
	sample_do(s, "vxassist -g data make a 10m layout=mirror,log init=active");
	ck_assert_int_eq(volume("a")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert(s->plan->format_log_count == 1 && !s->plan->format_dirty);
	sample_do(s, "vxassist -g data make b 10m layout=mirror,nolog");
	ck_assert_uint_eq(volume("b")->region_len, 0);
	ck_assert_int_eq(volume("b")->state, VX__VOL_STATE__VOL_SYNC);
	sample_do(s, "vxassist -g data make c 10m nmirror=3 nlog=1 usetype=gen comment=hello");
	ck_assert_ptr_nonnull(config_plex(s->config, "c-04"));
	ck_assert_ptr_null(config_plex(s->config, "c-05"));
	ck_assert_str_eq(volume("c")->usetype, "gen");
	ck_assert_str_eq(volume("c")->comment, "hello");
	sample_do(s, "vxassist -g data make d 10m init=none layout=mirror logtype=drl");
	ck_assert_int_eq(volume("d")->state, VX__VOL_STATE__VOL_EMPTY);
	ck_assert_int_eq(volume("d")->kstate, VX__KSTATE__KS_DISABLED);
	sample_do(s, "vxvol -g data start d");
	ck_assert_int_eq(volume("d")->state, VX__VOL_STATE__VOL_SYNC);
	ck_assert_int_eq(plex("d-01")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	ck_assert_int_eq(plex("d-03")->kstate, VX__KSTATE__KS_ENABLED);
	sample_do(s, "vxassist -g data make e 10m layout=concat,nomirror d2 d2");
	ck_assert_str_eq(disk_of("e-01"), "d2");
	sample_do(s, "vxassist -g data make f 1");
	ck_assert_uint_eq(volume("f")->len, ALLOCATE_ALIGN_SECTORS);
	sample_do(s, "vxassist -g data make g1 10m layout=mirror logtype=none d1 d3");
	ck_assert_str_ne(disk_of("g1-01"), "d2");
	ck_assert_str_ne(disk_of("g1-02"), "d2");
	/* Two disks: the second log shares a disk with data, not with the first log. */
	sample_do(s, "vxassist -g data make h 10m layout=mirror logtype=drl d1 d3");
	ck_assert_str_ne(disk_of("h-03"), disk_of("h-04"));
}
END_TEST

START_TEST(long_names_fit)
{
	sample_do(s, "vxdg -g data adddisk a234567890123456789012345678901=dev3");
	sample_do(s, "vxassist -g data make v234567890123456789012345678901 10m "
		     "a234567890123456789012345678901");
	ck_assert_str_eq(s->config->plex[0]->name, "v234567890123456789012345-01");
	ck_assert_str_eq(s->config->sd[0]->name, "a234567890123456789012345-01");
	/* A name that differs only behind the cut. */
	sample_do(s, "vxassist -g data make v23456789012345678901234567890x 10m layout=mirror");
	ck_assert_str_eq(s->config->plex[1]->name, "v234567890123456789012345-02");
}
END_TEST

START_TEST(volumes_start_and_stop)
{
	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl init=active");
	sample_do(s, "vxassist -g data make vol2 10m");
	sample_refuse(s, "vxvol -g data start vol1", MSG_VOLUME_STARTED, "vol1");
	ck_assert_int_eq(s->exit_code, 25);
	sample_do(s, "vxvol -g data stop vol1");
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_CLEAN);
	ck_assert_int_eq(volume("vol1")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(plex("vol1-01")->state, VX__PLEX_STATE__PLEX_CLEAN);
	ck_assert_int_eq(plex("vol1-03")->state, VX__PLEX_STATE__PLEX_LOG);
	ck_assert_int_eq(plex("vol1-03")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(query_volume_condition(s->config, volume("vol1")), QUERY_STARTABLE);
	sample_refuse(s, "vxvol -g data stop vol1", MSG_VOLUME_NOT_STARTED, "vol1");
	ck_assert_int_eq(s->exit_code, 26);
	sample_do(s, "vxvol -g data stopall");
	sample_do(s, "vxvol -g data stopall");
	ck_assert(delta_is_empty(s->plan->delta));
	sample_do(s, "vxvol -g data startall");
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_int_eq(volume("vol2")->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(query_volume_condition(s->config, volume("vol1")), QUERY_STARTED);
	/* Stopped in the middle of a synchronisation: it goes on at the next start. */
	sample_do(s, "vxassist -g data make vol3 10m layout=mirror");
	sample_do(s, "vxvol -g data stop vol3");
	ck_assert_int_eq(volume("vol3")->state, VX__VOL_STATE__VOL_NEEDSYNC);
	sample_do(s, "vxvol -g data start vol3");
	ck_assert_int_eq(volume("vol3")->state, VX__VOL_STATE__VOL_SYNC);
	/* Not stopped in order (state ACTIVE, DISABLED): mirrors may differ. */
	sample_do(s, "vxvol -g data stop vol1");
	volume("vol1")->state = VX__VOL_STATE__VOL_ACTIVE;
	sample_do(s, "vxvol -g data start vol1");
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_SYNC);
}
END_TEST

START_TEST(open_volumes_stay)
{
	sample_do(s, "vxassist -g data make vol1 10m");
	sample_do(s, "vxassist -g data make vol2 10m");
	sample_open(s, "vol1");
	sample_refuse(s, "vxvol -g data stop vol1", MSG_VOLUME_OPEN, "fio (pid 4711, nbd) on node a");
	ck_assert_int_eq(s->exit_code, 31);
	sample_refuse(s, "vxassist -g data remove volume vol1", MSG_VOLUME_OPEN, "fio (pid 4711");
	sample_refuse(s, "vxassist -g data remove volume vol2 vol1", MSG_VOLUME_OPEN, "vol1");
	sample_refuse(s, "vxvol -g data stopall", MSG_VOLUME_OPEN, "vol1");
	ck_assert_int_eq(volume("vol2")->kstate, VX__KSTATE__KS_ENABLED);
	sample_refuse(s, "vxdg deport data", MSG_GROUP_BUSY, "vol1: fio (pid 4711, nbd) on node a");
	sample_refuse(s, "vxdg destroy data", MSG_GROUP_BUSY, "vol1: fio");
	sample_do(s, "vxassist -g data remove volume vol2");
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	ck_assert_uint_eq(s->config->n_vol, 1);
}
END_TEST

START_TEST(many_holders_fit_into_a_message)
{
	char command[VX_REASON_MAX * 2];

	memset(command, 'x', sizeof(command) - 1);
	command[sizeof(command) - 1] = '\0';
	sample_do(s, "vxassist -g data make vol1 10m");
	for (size_t i = 0; i < SAMPLE_OPENS_MAX; i++) {
		sample_open(s, "vol1");
		s->open[i].command = command;
	}
	sample_refuse(s, "vxvol -g data stop vol1", MSG_VOLUME_OPEN, "xxx");
	sample_refuse(s, "vxdg deport data", MSG_GROUP_BUSY, "xxx");
}
END_TEST

START_TEST(groups_leave)
{
	sample_do(s, "vxassist -g data make vol1 10m");
	ck_assert_int_eq(sample_plan(s, "vxdg deport data"), 0);
	ck_assert_int_eq(s->plan->kind, VX__TXN_KIND__TXN_DEPORT);
	ck_assert_uint_eq(s->plan->label_disk_count, 3);
	ck_assert(!s->plan->label_clear);
	ck_assert_uint_eq(s->plan->quiesce_count, 1);
	s->disk[1].diskid = (char *)"id-other"; /* dev1 is not the disk any more */
	ck_assert_int_eq(sample_plan(s, "vxdg deport data"), 0);
	ck_assert_uint_eq(s->plan->label_disk_count, 2);
	sample_refuse(s, "vxdg destroy data", MSG_DISK_UNREACHABLE, "d2");
	sample_do(s, "vxdg -f destroy data");
	ck_assert(s->plan->label_clear);
	ck_assert_uint_eq(s->plan->label_disk_count, 2);
	ck_assert_ptr_null(s->config);
	sample_refuse(s, "vxdg destroy data", MSG_GROUP_UNKNOWN, "data");
	ck_assert_int_eq(s->exit_code, 9);
}
END_TEST

START_TEST(settings_change)
{
	sample_do(s, "vxdg -g data set diskdetpolicy=local");
	ck_assert_int_eq(s->config->dg->detach_policy, VX__DETACH_POLICY__DETACH_LOCAL);
	sample_do(s, "vxdg -g data set diskdetpolicy=global");
	ck_assert_int_eq(s->config->dg->detach_policy, VX__DETACH_POLICY__DETACH_GLOBAL);
	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl");
	sample_do(s, "vxvol -g data rdpol prefer vol1 vol1-02");
	ck_assert_int_eq(volume("vol1")->read_policy, VX__READ_POLICY__READ_PREFER);
	ck_assert_str_eq(volume("vol1")->prefer_plex, "vol1-02");
	sample_refuse(s, "vxvol -g data rdpol prefer vol1 vol1-03", MSG_PLEX_NOT_OF, "vol1-03");
	sample_do(s, "vxplex -g data dis vol1-02"); /* the preference goes with it */
	ck_assert_int_eq(volume("vol1")->read_policy, VX__READ_POLICY__READ_SELECT);
	sample_do(s, "vxvol -g data rdpol round vol1");
	ck_assert_int_eq(volume("vol1")->read_policy, VX__READ_POLICY__READ_ROUND);
	sample_do(s, "vxvol -g data rdpol select vol1");
	sample_do(s, "vxvol -g data set vol1 comment=mail");
	ck_assert_str_eq(volume("vol1")->comment, "mail");
	sample_do(s, "vxvol -g data set vol1 comment=");
	ck_assert_str_eq(volume("vol1")->comment, "");
}
END_TEST

START_TEST(plexes_are_detached_and_taken_out)
{
	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl nmirror=3");
	sample_do(s, "vxplex -g data det vol1-01");
	ck_assert_int_eq(plex("vol1-01")->state, VX__PLEX_STATE__PLEX_STALE);
	ck_assert_int_eq(plex("vol1-01")->kstate, VX__KSTATE__KS_DETACHED);
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_SYNC);
	sample_refuse(s, "vxplex -g data det vol1-01", MSG_STATE_INVALID, "DETACHED");
	sample_refuse(s, "vxplex -g data det vol1-02 vol1-03", MSG_PLEX_LAST, "vol1-03");
	ck_assert_int_eq(s->exit_code, 18);
	sample_do(s, "vxplex -g data det vol1-02");
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_ACTIVE); /* nothing to be made equal */
	sample_refuse(s, "vxplex -g data -o rm dis vol1-03", MSG_PLEX_LAST, "vol1");
	sample_do(s, "vxplex -g data -o rm dis vol1-01");
	ck_assert_ptr_null(config_plex(s->config, "vol1-01"));
	sample_do(s, "vxplex -g data dis vol1-02");
	ck_assert_uint_eq(plex("vol1-02")->vol_rid, 0);
	sample_refuse(s, "vxplex -g data dis vol1-02", MSG_STATE_INVALID, "dissociated");
	sample_do(s, "vxplex -g data -o rm dis vol1-02");
	sample_do(s, "vxplex -g data -o rm dis vol1-04");
	ck_assert_uint_ne(volume("vol1")->region_len, 0);
	sample_do(s, "vxplex -g data -o rm dis vol1-05");
	ck_assert_uint_eq(volume("vol1")->region_len, 0);
	ck_assert_uint_eq(s->config->n_plex, 1);
	ck_assert_uint_eq(s->config->n_sd, 1);
}
END_TEST

START_TEST(failed_plexes_are_detached)
{
	uint64_t vol;
	struct plan *plan;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl");
	vol = volume("vol1")->rid;
	ck_assert_int_eq(plan_detach(s->config, vol, 4711, &plan), -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_detach(s->config, 4711, plex("vol1-01")->rid, &plan), -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_detach(s->config, vol, plex("vol1-01")->rid, &plan), 0);
	ck_assert_uint_eq(plan->quiesce_count, 1);
	sample_apply(s, plan);
	plan_free(plan);
	ck_assert_int_eq(plex("vol1-01")->state, VX__PLEX_STATE__PLEX_IOFAIL);
	ck_assert_int_eq(plan_detach(s->config, vol, plex("vol1-01")->rid, &plan), -VX_E_STALE);
	ck_assert_int_eq(plan_detach(s->config, vol, plex("vol1-02")->rid, &plan), -VX_E_LAST);
	for (size_t i = 3; i <= 4; i++) { /* all logs may go: the volume works on without */
		const char *name = i == 3 ? "vol1-03" : "vol1-04";

		ck_assert_int_eq(plan_detach(s->config, vol, plex(name)->rid, &plan), 0);
		sample_apply(s, plan);
		plan_free(plan);
	}
	ck_assert_int_eq(query_volume_condition(s->config, volume("vol1")), QUERY_STARTED);
}
END_TEST

START_TEST(synchronised_volumes_become_active)
{
	struct plan *plan;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror");
	ck_assert_int_eq(plan_synced(s->config, 4711, &plan), -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_synced(s->config, volume("vol1")->rid, &plan), 0);
	ck_assert_uint_eq(plan->quiesce_count, 0);
	sample_apply(s, plan);
	plan_free(plan);
	ck_assert_int_eq(volume("vol1")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_int_eq(plan_synced(s->config, volume("vol1")->rid, &plan), -VX_E_STALE);
}
END_TEST

START_TEST(broken_volumes_do_not_start)
{
	sample_do(s, "vxassist -g data make vol1 10m");
	sample_do(s, "vxvol -g data stop vol1");
	s->config->plex[0]->state = VX__PLEX_STATE__PLEX_STALE;
	ck_assert_int_eq(query_volume_condition(s->config, volume("vol1")), QUERY_UNSTARTABLE);
	sample_refuse(s, "vxvol -g data start vol1", MSG_VOLUME_NO_PLEX, "vol1");
	sample_refuse(s, "vxvol -g data startall", MSG_VOLUME_NO_PLEX, "vol1");
	ck_assert_str_eq(query_condition_text(QUERY_STARTED_UNUSABLE), "Started Unusable");
}
END_TEST

/* Every mistake that one can type, with the message and a word that it must contain. */
static const struct {
	const char *line;
	uint32_t number;
	const char *text;
} mistakes[] = {
	{ "vxdg init data dev3", MSG_GROUP_EXISTS, "data" },
	{ "vxdg init data", MSG_USAGE, "vxdg [-s] init" },
	{ "vxdg init", MSG_USAGE, "vxdg [-s] init" },
	{ "vxdg -g data adddisk", MSG_USAGE, "adddisk" },
	{ "vxdg -g data adddisk dev99", MSG_DISK_UNKNOWN, "node a" },
	{ "vxdg -g data adddisk d9=dev99", MSG_DISK_UNKNOWN, "dev99" },
	{ "vxdg -g data adddisk d9=", MSG_DISK_UNKNOWN, "" },
	{ "vxdg -g data adddisk EMPTY", MSG_DISK_UNKNOWN, "" },
	{ "vxdg -g data adddisk =dev3", MSG_NAME_INVALID, "" },
	{ "vxdg -g data adddisk a/b=dev3", MSG_NAME_INVALID, "a/b" },
	{ "vxdg -g data adddisk d1=dev3", MSG_NAME_EXISTS, "d1" },
	{ "vxdg -g data adddisk a2345678901234567890123456789012=dev3", MSG_NAME_INVALID, "a23456" },
	{ "vxdg -g data adddisk a23456789012345678901234567890123456789=dev3", MSG_NAME_INVALID, "a23456" },
	{ "vxdg -g data adddisk dev0", MSG_DISK_IN_USE, "data" },
	{ "vxdg -g data adddisk dev3 x=dev3", MSG_DISK_TWICE, "dev3" },
	{ "vxdg -g data adddisk x=dev3 x=dev4", MSG_NAME_EXISTS, "x" },
	{ "vxdg -g data adddisk dev5", MSG_DISK_NOT_SETUP, "vxdisk setup dev5" },
	{ "vxdg -g data adddisk dev6", MSG_DISK_FAILING, "error" },
	{ "vxdg -g data adddisk dev7", MSG_DISK_IN_USE, "other" },
	{ "vxdg -g data adddisk dev3 minor=4", MSG_ATTR_UNKNOWN, "minor" },
	{ "vxdg -g data -s adddisk dev3", MSG_OPTION_UNKNOWN, "s" },
	{ "vxdg -g data rmdisk d9", MSG_DISK_MEDIA_UNKNOWN, "d9" },
	{ "vxdg -g data rmdisk vol1", MSG_DISK_MEDIA_UNKNOWN, "vol1" },
	{ "vxdg -g data rmdisk d1", MSG_DISK_MEDIA_BUSY, "d1-01" },
	{ "vxdg -g data rmdisk d3 d3", MSG_DISK_MEDIA_UNKNOWN, "d3" },
	{ "vxdg destroy", MSG_USAGE, "vxdg destroy GROUP" },
	{ "vxdg destroy data data", MSG_USAGE, "vxdg destroy GROUP" },
	{ "vxdg -g data set", MSG_USAGE, "diskdetpolicy" },
	{ "vxdg -g data set diskdetpolicy=both", MSG_ATTR_INVALID, "global or local" },
	{ "vxdg -g data set diskdetpolicy=", MSG_ATTR_INVALID, "global or local" },
	{ "vxdg -g data set diskdetpolicy=local activation=sw", MSG_ATTR_INVALID, "activation" },
	{ "vxdg -g data set color=red", MSG_ATTR_UNKNOWN, "color" },
	{ "vxdg -g data frobnicate", MSG_VERB_UNKNOWN, "init, adddisk, rmdisk" },
	{ "vxassist -g data", MSG_VERB_UNKNOWN, "make, remove, maxsize" },
	{ "vxmend -g data on x", MSG_VERB_UNKNOWN, "on" },
	{ "vxassist -g data make", MSG_USAGE, "make VOLUME SIZE" },
	{ "vxassist -g data make v", MSG_USAGE, "make VOLUME SIZE" },
	{ "vxassist -g data make v 200x", MSG_SIZE_INVALID, "200x" },
	{ "vxassist -g data make v m", MSG_SIZE_INVALID, "m: not a size" },
	{ "vxassist -g data make v EMPTY", MSG_SIZE_INVALID, "not a size" },
	{ "vxassist -g data make v -200m", MSG_SIZE_INVALID, "-200m" },
	{ "vxassist -g data make v 1.5g", MSG_SIZE_INVALID, "1.5g" },
	{ "vxassist -g data make v 0", MSG_SIZE_RANGE, "0" },
	{ "vxassist -g data make v 0m", MSG_SIZE_RANGE, "0m" },
	{ "vxassist -g data make v 18446744073709551616", MSG_SIZE_RANGE, "18446744073709551616" },
	{ "vxassist -g data make v 18446744073709551615p", MSG_SIZE_RANGE, "18446744073709551615p" },
	{ "vxassist -g data make v 8192p", MSG_NO_SPACE, "d1" },
	{ "vxassist -g data make v 8193p", MSG_SIZE_RANGE, "8 EiB" },
	{ "vxassist -g data make v 100g", MSG_NO_SPACE, "free:" },
	{ "vxassist -g data make v 10m d1 d9", MSG_DISK_MEDIA_UNKNOWN, "d9" },
	{ "vxassist -g data make v 10m layout=mirror d1", MSG_NO_SPACE, "d1" },
	{ "vxassist -g data make v 10m nmirror=4", MSG_NO_SPACE, "4 data plexes" },
	{ "vxassist -g data make v 10m layout=mirror nlog=4", MSG_NO_SPACE, "logs" },
	{ "vxassist -g data make vol1 10m", MSG_NAME_EXISTS, "vol1" },
	{ "vxassist -g data make d1 10m", MSG_NAME_EXISTS, "d1" },
	{ "vxassist -g data make vol1-01 10m", MSG_NAME_EXISTS, "vol1-01" },
	{ "vxassist -g data make d1-01 10m", MSG_NAME_EXISTS, "d1-01" },
	{ "vxassist -g data make EMPTY 10m", MSG_NAME_INVALID, "" },
	{ "vxassist -g data make a/b 10m", MSG_NAME_INVALID, "a/b" },
	{ "vxassist -g data make ../x 10m", MSG_NAME_INVALID, "../x" },
	{ "vxassist -g data make v2345678901234567890123456789012 10m", MSG_NAME_INVALID, "v23456" },
	{ "vxassist -g data make v 10m nmirror=0", MSG_ATTR_INVALID, "1 to 32" },
	{ "vxassist -g data make v 10m nmirror=33", MSG_ATTR_INVALID, "1 to 32" },
	{ "vxassist -g data make v 10m nmirror=-1", MSG_ATTR_INVALID, "nmirror=-1" },
	{ "vxassist -g data make v 10m nmirror=", MSG_ATTR_INVALID, "nmirror=" },
	{ "vxassist -g data make v 10m nmirror=two", MSG_ATTR_INVALID, "two" },
	{ "vxassist -g data make v 10m nmirror=2x", MSG_ATTR_INVALID, "2x" },
	{ "vxassist -g data make v 10m nmirror=4294967298", MSG_ATTR_INVALID, "4294967298" },
	{ "vxassist -g data make v 10m layout=mirror nmirror=1", MSG_ATTR_INVALID, "2 or more" },
	{ "vxassist -g data make v 10m layout=nomirror nmirror=2", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror,nomirror", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=raid5", MSG_ATTR_INVALID, "raid5" },
	{ "vxassist -g data make v 10m layout=stripe", MSG_ATTR_INVALID, "stripe" },
	{ "vxassist -g data make v 10m layout=", MSG_ATTR_INVALID, "layout=" },
	{ "vxassist -g data make v 10m layout=mirror,", MSG_ATTR_INVALID, "mirror," },
	{ "vxassist -g data make v 10m layout=log", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m logtype=drl", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m nlog=1", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m layout=mirror,nolog logtype=drl", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror,log logtype=none", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror,nolog nlog=1", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror logtype=drl nlog=0", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror logtype=dcm", MSG_ATTR_INVALID, "dcm" },
	{ "vxassist -g data make v 10m nmirror=32 nlog=1", MSG_LIMIT, "32" },
	{ "vxassist -g data make v 10m init=zero", MSG_ATTR_INVALID, "zero" },
	{ "vxassist -g data make v 10m usetype=raid5", MSG_ATTR_INVALID, "fsgen or gen" },
	{ "vxassist -g data make v 10m user=root", MSG_ATTR_UNKNOWN, "user" },
	{ "vxassist -g data make v 10m comment=01234567890123456789012345678901234567890", MSG_ATTR_INVALID,
	  "40" },
	{ "vxassist -g data make v 10m comment=a\nb", MSG_ATTR_INVALID, "one line" },
	{ "vxassist -g data -x make v 10m", MSG_OPTION_UNKNOWN, "x" },
	{ "vxassist make v 10m", MSG_GROUP_NONE, "-g GROUP" },
	{ "vxassist -g nogroup make v 10m", MSG_GROUP_UNKNOWN, "nogroup" },
	{ "vxassist -g data remove volume", MSG_USAGE, "remove volume VOLUME" },
	{ "vxassist -g data remove mirror vol1", MSG_USAGE, "vxplex -o rm dis" },
	{ "vxassist -g data remove volume nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxassist -g data remove volume d1", MSG_VOLUME_UNKNOWN, "d1" },
	{ "vxassist -g data remove volume vol1 vol1", MSG_VOLUME_UNKNOWN, "vol1" },
	{ "vxvol -g data start nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxvol -g data start", MSG_USAGE, "start VOLUME" },
	{ "vxvol -g data stop nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxvol -g data stop vol1 vol1", MSG_VOLUME_NOT_STARTED, "vol1" },
	{ "vxvol -g data startall vol1", MSG_USAGE, "startall" },
	{ "vxvol -g data rdpol best vol1", MSG_USAGE, "round|select" },
	{ "vxvol -g data rdpol round", MSG_USAGE, "round|select" },
	{ "vxvol -g data rdpol round vol1 vol1-01", MSG_USAGE, "round|select" },
	{ "vxvol -g data rdpol prefer vol1", MSG_USAGE, "prefer VOLUME PLEX" },
	{ "vxvol -g data rdpol round nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxvol -g data rdpol prefer vol1 nosuch", MSG_PLEX_UNKNOWN, "nosuch" },
	{ "vxvol -g data rdpol prefer vol1 vol2-01", MSG_PLEX_NOT_OF, "vol2-01" },
	{ "vxvol -g data set vol1", MSG_USAGE, "comment" },
	{ "vxvol -g data set vol1 len=5", MSG_ATTR_UNKNOWN, "len" },
	{ "vxvol -g data set nosuch comment=x", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxplex -g data det", MSG_USAGE, "det PLEX" },
	{ "vxplex -g data det nosuch", MSG_PLEX_UNKNOWN, "nosuch" },
	{ "vxplex -g data det vol1", MSG_PLEX_UNKNOWN, "vol1" },
	{ "vxplex -g data det vol2-01", MSG_PLEX_LAST, "vol2" },
	{ "vxplex -g data dis vol2-01", MSG_PLEX_LAST, "vol2" },
	{ "vxplex -g data -o rm dis vol2-01", MSG_PLEX_LAST, "vol2" },
	{ "vxplex -g data -o other dis vol1-01", MSG_OPTION_UNKNOWN, "o:other" },
	{ "vxplex -g data -o rm det vol1-01", MSG_OPTION_UNKNOWN, "o:rm" },
	{ "vxplex -g data dis vol1-01 vol1-02", MSG_PLEX_LAST, "vol1" },
};

START_TEST(mistakes_are_refused)
{
	Vx__Config *with_group;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl nlog=1");
	sample_do(s, "vxassist -g data make vol2 10m d1");
	ck_assert_str_ne(disk_of("vol1-01"), "d3");
	sample_do(s, "vxplex -g data -o rm dis vol1-03"); /* d3 is empty */
	s->disk[5].diskid = (char *)"";
	s->disk[6].status = (char *)"error";
	s->disk[7].group = (char *)"other";
	with_group = s->config;
	for (size_t i = 0; i < VX_COUNT_OF(mistakes); i++) {
		bool without = mistakes[i].number == MSG_GROUP_NONE ||
			       mistakes[i].number == MSG_GROUP_UNKNOWN;

		s->config = without ? NULL : with_group;
		sample_refuse(s, mistakes[i].line, mistakes[i].number, mistakes[i].text);
		ck_assert_int_ne(s->exit_code, 0);
	}
	s->config = with_group;
}
END_TEST

START_TEST(mistakes_of_init)
{
	static const struct {
		const char *line;
		uint32_t number;
	} bad[] = {
		{ "vxdg init a/b dev0", MSG_NAME_INVALID },
		{ "vxdg init EMPTY dev0", MSG_NAME_INVALID },
		{ "vxdg init data dev0 dev0", MSG_DISK_TWICE },
		{ "vxdg init data dev9", MSG_DISK_UNKNOWN },
		{ "vxdg init data dev0 nconfig=0", MSG_ATTR_INVALID },
		{ "vxdg init data dev0 nconfig=33", MSG_ATTR_INVALID },
		{ "vxdg init data dev0 nconfig=some", MSG_ATTR_INVALID },
		{ "vxdg init data dev0 cds=off", MSG_ATTR_INVALID },
		{ "vxdg init data dev0 minor=70000", MSG_ATTR_INVALID },
		{ "vxdg -s init data dev0", MSG_NOT_CLUSTER },
	};
	struct sample *other = sample_create(2);

	other->env.cluster = "";
	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		sample_refuse(other, bad[i].line, bad[i].number, "");
	}
	sample_do(other, "vxdg init data dev0"); /* a private group needs no cluster */
	sample_free(other);
}
END_TEST

START_TEST(limits_hold)
{
	struct sample *big = sample_create(VX_DISKS_MAX + 1);
	char line[8192] = "vxdg init data";

	for (size_t i = 0; i < 255; i++) {
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " dev%zu", i);
	}
	sample_do(big, line);
	sample_do(big, "vxdg -g data adddisk dev255");
	sample_refuse(big, "vxdg -g data adddisk dev256", MSG_LIMIT, "256 disks");
	sample_do(big, "vxassist -g data make v 1m nmirror=32");
	ck_assert_uint_eq(big->config->n_plex, 32);
	sample_do(big, "vxassist -g data make w 1m nmirror=31 logtype=drl"); /* room for one log only */
	ck_assert_uint_eq(big->config->n_plex, 64);
	sample_free(big);
}
END_TEST

START_TEST(volumes_are_limited)
{
	Vx__Config *config = s->config;
	char name[32], reason[VX_REASON_MAX];

	/* Filled by hand: 4096 commands would take long. */
	for (size_t i = 0; i < VX_VOLUMES_MAX; i++) {
		Vx__Vol *vol;
		Vx__Plex *one;
		Vx__Sd *sd;

		snprintf(name, sizeof(name), "v%zu", i);
		vol = config_vol_add(config, name);
		vol->len = 16;
		vol->minor = config->dg->minor_base + (uint32_t)i;
		snprintf(name, sizeof(name), "v%zu-01", i);
		one = config_plex_add(config, name);
		one->vol_rid = vol->rid;
		one->len = 16;
		one->state = VX__PLEX_STATE__PLEX_CLEAN;
		snprintf(name, sizeof(name), "d1-%02zu", i + 1);
		sd = config_sd_add(config, name);
		sd->plex_rid = one->rid;
		sd->dm_rid = config->dm[0]->rid;
		sd->disk_offset = i * 16;
		sd->len = 16;
	}
	ck_assert_msg(config_check(config, reason) == 0, "%s", reason);
	sample_refuse(s, "vxassist -g data make one 1m", MSG_LIMIT, "4096 volumes");
	sample_refuse(s, "vxvol -g data startall", MSG_TOO_LARGE, "fewer");
	sample_do(s, "vxassist -g data remove volume v17");
	sample_do(s, "vxassist -g data make one 1m d1");
	ck_assert_uint_eq(volume("one")->minor, config->dg->minor_base + 17);
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-18"));
}
END_TEST

static int max_size(const char *line, Vx__Reply *reply)
{
	struct sample_words words;

	vx__reply__init(reply);
	sample_split(&words, line);
	return query_max_size(s->config, &words.request, reply);
}

START_TEST(max_size_can_be_made)
{
	static const char *const attrs[] = { "", "layout=mirror", "layout=mirror logtype=drl", "nmirror=3",
					     "nmirror=3 logtype=drl", "d1 d2 layout=mirror logtype=drl" };

	sample_do(s, "vxassist -g data make x 100m d2");
	for (size_t i = 0; i < VX_COUNT_OF(attrs); i++) {
		unsigned long long sectors, mb;
		Vx__Reply reply;
		char line[128];

		snprintf(line, sizeof(line), "vxassist -g data maxsize %s", attrs[i]);
		ck_assert_int_eq(max_size(line, &reply), 0);
		ck_assert_uint_eq(reply.n_line, 1);
		ck_assert_int_eq(sscanf(reply.line[0], "Maximum volume size: %llu (%lluMb)", &sectors, &mb), 2);
		ck_assert_uint_eq(mb, sectors / 2048);
		for (size_t j = 0; j < reply.n_line; j++) {
			free(reply.line[j]);
		}
		free(reply.line);
		snprintf(line, sizeof(line), "vxassist -g data make big %llu %s", sectors, attrs[i]);
		ck_assert_msg(sample_plan(s, line) == 0, "%s: %s", line, s->text);
		snprintf(line, sizeof(line), "vxassist -g data make big %llu %s", sectors + 16, attrs[i]);
		ck_assert_msg(sample_plan(s, line) != 0, "%s", line);
	}
}
END_TEST

START_TEST(max_size_refuses)
{
	static const struct {
		const char *line;
		uint32_t number;
	} bad[] = {
		{ "vxassist -g data maxsize nmirror=4", MSG_NO_SPACE },
		{ "vxassist -g data maxsize d9", MSG_DISK_MEDIA_UNKNOWN },
		{ "vxassist -g data maxsize layout=x", MSG_ATTR_INVALID },
		{ "vxassist -g data maxsize color=red", MSG_ATTR_UNKNOWN },
	};
	struct sample_words words;
	Vx__Reply reply;

	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		ck_assert_int_ne(max_size(bad[i].line, &reply), 0);
		ck_assert_uint_eq(reply.n_message, 1);
		ck_assert_msg(reply.message[0]->number == bad[i].number, "%s", reply.message[0]->text);
		vx__message__free_unpacked(reply.message[0], NULL);
		free(reply.message);
	}
	vx__reply__init(&reply);
	sample_split(&words, "vxassist maxsize");
	ck_assert_int_eq(query_max_size(NULL, &words.request, &reply), -VX_E_USAGE);
	vx__message__free_unpacked(reply.message[0], NULL);
	free(reply.message);
}
END_TEST

START_TEST(who_plans_what)
{
	static const struct {
		const char *line;
		bool change;
		const char *group;
	} rows[] = {
		{ "vxdg init data dev0", true, "data" },
		{ "vxdg import data", true, "data" },
		{ "vxdg deport data", true, "data" },
		{ "vxdg list data", false, "data" },
		{ "vxdg list", false, NULL },
		{ "vxdg -g data free", false, "data" },
		{ "vxdg -g data set activation=sw", false, "data" },
		{ "vxdg -g data set diskdetpolicy=local", true, "data" },
		{ "vxdg -g data set activation=sw diskdetpolicy=local", true, "data" },
		{ "vxassist -g data make v 10m", true, "data" },
		{ "vxassist -g data maxsize", false, "data" },
		{ "vxvol -g data stop v", true, "data" },
		{ "vxvol stop v", true, NULL },
		{ "vxdisk list", false, NULL },
		{ "vxprint -g data x", false, "data" },
	};

	for (size_t i = 0; i < VX_COUNT_OF(rows); i++) {
		struct sample_words words;
		const char *group;

		sample_split(&words, rows[i].line);
		group = plan_group(&words.request);
		ck_assert_msg(plan_is_change(&words.request) == rows[i].change, "%s", rows[i].line);
		ck_assert_msg((group == NULL) == (rows[i].group == NULL), "%s", rows[i].line);
		ck_assert(group == NULL || strcmp(group, rows[i].group) == 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_plan");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, init_makes_a_group);
	tcase_add_test(all, init_names_disks_and_copies);
	tcase_add_test(all, disks_come_and_go);
	tcase_add_test(all, the_story_makes_a_mirrored_volume);
	tcase_add_test(all, attributes_of_make);
	tcase_add_test(all, long_names_fit);
	tcase_add_test(all, volumes_start_and_stop);
	tcase_add_test(all, open_volumes_stay);
	tcase_add_test(all, many_holders_fit_into_a_message);
	tcase_add_test(all, groups_leave);
	tcase_add_test(all, settings_change);
	tcase_add_test(all, plexes_are_detached_and_taken_out);
	tcase_add_test(all, failed_plexes_are_detached);
	tcase_add_test(all, synchronised_volumes_become_active);
	tcase_add_test(all, broken_volumes_do_not_start);
	tcase_add_test(all, mistakes_are_refused);
	tcase_add_test(all, mistakes_of_init);
	tcase_add_test(all, limits_hold);
	tcase_add_test(all, volumes_are_limited);
	tcase_add_test(all, max_size_can_be_made);
	tcase_add_test(all, max_size_refuses);
	tcase_add_test(all, who_plans_what);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
