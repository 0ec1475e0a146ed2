// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands as typed: what they make of the configuration, how mistakes are refused. */
#include "tests/unit/suite.h"
#include "vxconfigd/plan.h"

#include "base/drl_size.h"
#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/disk_label.h"
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

/* The disk of a plex that lies on one disk only. */
static const char *disk_of(const char *plex_name)
{
	const char *name = NULL;

	for (size_t i = 0; i < s->config->n_sd; i++) {
		const Vx__Sd *sd = s->config->sd[i];

		if (sd->plex_rid == sample_plex(s, plex_name)->rid) {
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
	ck_assert_str_eq(s->plan->label_disk[2], "id-0002");
	ck_assert(!s->plan->label_clear);
	ck_assert_uint_eq(s->config->epoch, 0);
}
END_TEST

/* A group id is as long as a label can hold, whatever the host is called. */
START_TEST(a_long_host_name_makes_a_group)
{
	struct sample *other = sample_create(1);
	char host[VX_NODENAME_MAX + 1];

	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	other->env.host = host;
	sample_do(other, "vxdg -s init data d1=dev0");
	ck_assert_uint_eq(strlen(other->config->dg->dgid), DISK_ID_SIZE - 1);
	ck_assert_ptr_nonnull(strstr(other->config->dg->dgid, "1700000000.1025.hhhh"));
	sample_free(other);
}
END_TEST

START_TEST(init_names_disks_and_copies)
{
	struct sample *other = sample_create(8);

	other->disk[3].path = (char *)"/dev/disk/by-id/three";
	sample_do(other,
		  "vxdg init data dev0 /dev/disk/by-id/three data01x=dev1 dev2 dev4 dev5 dev6");
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
	ck_assert(config_dm(other->config, "data02")->nconfig &&
		  config_dm(other->config, "data03")->nconfig);
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
	ck_assert_str_eq(s->plan->label_disk[0], "id-0004");
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
	vol = sample_vol(s, "vol1");
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
	ck_assert_int_eq(sample_plex(s, "vol1-02")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	ck_assert_int_eq(sample_plex(s, "vol1-03")->state, VX__PLEX_STATE__PLEX_LOG);
	ck_assert(sample_plex(s, "vol1-03")->is_log && sample_plex(s, "vol1-04")->is_log);
	ck_assert_uint_ge(sample_plex(s, "vol1-03")->len, drl_log_len(vol->len, vol->region_len));
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-01"));
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-02"));
	ck_assert_uint_eq(s->plan->quiesce_count, 0);
	ck_assert_uint_eq(s->plan->need_disk_count, 3);
	ck_assert_uint_eq(s->plan->format_log_count, 1);
	ck_assert_uint_eq(s->plan->format_log[0].vol_rid, vol->rid);
	ck_assert(s->plan->format_dirty);
	sample_do(s, "vxassist -g data make vol2 64m");
	ck_assert_int_eq(sample_vol(s, "vol2")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_uint_eq(sample_vol(s, "vol2")->region_len, 0);
	ck_assert_uint_eq(sample_vol(s, "vol2")->minor, s->config->dg->minor_base + 1);
	ck_assert_uint_eq(s->plan->format_log_count, 0);
}
END_TEST

START_TEST(attributes_of_make)
{
	sample_do(s, "vxassist -g data make a 10m layout=mirror,log init=active");
	ck_assert_int_eq(sample_vol(s, "a")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert(s->plan->format_log_count == 1 && !s->plan->format_dirty);
	sample_do(s, "vxassist -g data make b 10m layout=mirror,nolog");
	ck_assert_uint_eq(sample_vol(s, "b")->region_len, 0);
	ck_assert_int_eq(sample_vol(s, "b")->state, VX__VOL_STATE__VOL_SYNC);
	sample_do(s, "vxassist -g data make c 10m nmirror=3 nlog=1 usetype=gen comment=hello");
	ck_assert_ptr_nonnull(config_plex(s->config, "c-04"));
	ck_assert_ptr_null(config_plex(s->config, "c-05"));
	ck_assert_str_eq(sample_vol(s, "c")->usetype, "gen");
	ck_assert_str_eq(sample_vol(s, "c")->comment, "hello");
	sample_do(s, "vxassist -g data make d 10m init=none layout=mirror logtype=drl");
	ck_assert_int_eq(sample_vol(s, "d")->state, VX__VOL_STATE__VOL_EMPTY);
	ck_assert_int_eq(sample_vol(s, "d")->kstate, VX__KSTATE__KS_DISABLED);
	sample_do(s, "vxvol -g data start d");
	ck_assert_int_eq(sample_vol(s, "d")->state, VX__VOL_STATE__VOL_SYNC);
	ck_assert_int_eq(sample_plex(s, "d-01")->state, VX__PLEX_STATE__PLEX_ACTIVE);
	ck_assert_int_eq(sample_plex(s, "d-03")->kstate, VX__KSTATE__KS_ENABLED);
	sample_do(s, "vxassist -g data make e 10m layout=concat,nomirror d2");
	ck_assert_str_eq(disk_of("e-01"), "d2");
	sample_do(s, "vxassist -g data make f 1");
	ck_assert_uint_eq(sample_vol(s, "f")->len, ALLOCATE_ALIGN_SECTORS);
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
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_CLEAN);
	ck_assert_int_eq(sample_vol(s, "vol1")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(sample_plex(s, "vol1-01")->state, VX__PLEX_STATE__PLEX_CLEAN);
	ck_assert_int_eq(sample_plex(s, "vol1-03")->state, VX__PLEX_STATE__PLEX_LOG);
	ck_assert_int_eq(sample_plex(s, "vol1-03")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(query_volume_condition(s->config, sample_vol(s, "vol1")), QUERY_STARTABLE);
	sample_refuse(s, "vxvol -g data stop vol1", MSG_VOLUME_NOT_STARTED, "vol1");
	ck_assert_int_eq(s->exit_code, 26);
	sample_do(s, "vxvol -g data start vol1");
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_ACTIVE);
	sample_do(s, "vxvol -g data -f stop vol1"); /* a vxiod said that its plexes may differ (V35) */
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_NEEDSYNC);
	sample_do(s, "vxvol -g data start vol1");
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_SYNC);
	sample_vol(s, "vol1")->state = VX__VOL_STATE__VOL_ACTIVE;
	sample_do(s, "vxvol -g data stop vol1");
	sample_do(s, "vxvol -g data stopall");
	sample_do(s, "vxvol -g data stopall");
	ck_assert(delta_is_empty(s->plan->delta));
	sample_do(s, "vxvol -g data startall");
	ck_assert_uint_eq(s->plan->format_log_count, 1); /* its log: vol2 has none (V28) */
	ck_assert_uint_eq(s->plan->format_log[0].vol_rid, sample_vol(s, "vol1")->rid);
	ck_assert(s->plan->format_log[0].fold && !s->plan->format_dirty);
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_int_eq(sample_vol(s, "vol2")->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(query_volume_condition(s->config, sample_vol(s, "vol1")), QUERY_STARTED);
	/* Stopped in the middle of a synchronisation: it goes on at the next start. */
	sample_do(s, "vxassist -g data make vol3 10m layout=mirror");
	sample_do(s, "vxvol -g data stop vol3");
	ck_assert_int_eq(sample_vol(s, "vol3")->state, VX__VOL_STATE__VOL_NEEDSYNC);
	sample_do(s, "vxvol -g data start vol3");
	ck_assert_int_eq(sample_vol(s, "vol3")->state, VX__VOL_STATE__VOL_SYNC);
	/* Not stopped in order (state ACTIVE, DISABLED): mirrors may differ. */
	sample_do(s, "vxvol -g data stop vol1");
	sample_vol(s, "vol1")->state = VX__VOL_STATE__VOL_ACTIVE;
	sample_do(s, "vxvol -g data start vol1");
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_SYNC);
}
END_TEST

START_TEST(volumes_are_recovered)
{
	struct sample_words words;
	Vx__Reply reply;

	sample_do(s, "vxassist -g data make vol1 10m d1");
	sample_do(s, "vxassist -g data make vol2 10m d2");
	sample_do(s, "vxassist -g data make vol3 10m layout=mirror d1 d2");
	sample_do(s, "vxvol -g data stopall");
	sample_do(s, "vxrecover -g data recover");
	ck_assert(delta_is_empty(s->plan->delta)); /* started only with -s */
	sample_do(s, "vxrecover -g data -s recover d2");
	ck_assert_int_eq(sample_vol(s, "vol1")->kstate, VX__KSTATE__KS_DISABLED);
	ck_assert_int_eq(sample_vol(s, "vol2")->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(sample_vol(s, "vol3")->state, VX__VOL_STATE__VOL_SYNC);
	vx__reply__init(&reply);
	sample_split(&words, "vxrecover -g data -p recover");
	ck_assert(!plan_is_change(&words.request));
	ck_assert_int_eq(query_startable(s->config, &words.request, &reply), 0);
	ck_assert_uint_eq(reply.n_line, 1);
	ck_assert_str_eq(reply.line[0], "vol1 Startable");
	free(reply.line[0]);
	free(reply.line);
	sample_vol(s, "vol3")->state = VX__VOL_STATE__VOL_NEEDSYNC;
	sample_do(s, "vxrecover -g data -n recover");
	ck_assert(delta_is_empty(s->plan->delta));
	sample_do(s, "vxrecover -g data -c recover vol3");
	ck_assert_int_eq(sample_vol(s, "vol3")->state, VX__VOL_STATE__VOL_SYNC);
	sample_do(s, "vxrecover -g data -s -b recover");
	ck_assert_int_eq(sample_vol(s, "vol1")->kstate, VX__KSTATE__KS_ENABLED);
	sample_refuse(s, "vxrecover -g data recover nosuch", MSG_VOLUME_UNKNOWN, "nosuch");
}
END_TEST

/* What can be done is done; what cannot is told, and the utility fails. */
START_TEST(what_is_not_recovered_is_told)
{
	sample_do(s, "vxassist -g data make vol1 10m layout=mirror");
	sample_do(s, "vxassist -g data make vol2 10m");
	sample_do(s, "vxassist -g data make vol3 10m");
	sample_do(s, "vxplex -g data det vol1-02");
	sample_do(s, "vxvol -g data stop vol2 vol3");
	s->disk[1].status = (char *)"error"; /* of d2 */
	config_plex(s->config, "vol3-01")->state = VX__PLEX_STATE__PLEX_STALE;
	ck_assert_int_eq(sample_try(s, "vxrecover -g data recover vol1"), 0);
	ck_assert_uint_eq(s->number, MSG_PLEX_STAYS);
	ck_assert_int_eq(s->exit_code, 20);
	ck_assert_ptr_nonnull(strstr(s->text, "Plex vol1-02: stays detached (STALE): "));
	ck_assert_ptr_nonnull(strstr(s->text, "vxplex -g data -o rm dis vol1-02"));
	ck_assert(delta_is_empty(s->plan->delta));
	sample_do(s, "vxrecover -g data recover vol2");
	ck_assert_int_eq(sample_try(s, "vxrecover -g data -s -n recover"), 0);
	ck_assert_str_eq(s->text,
			 "Volume vol3: cannot be started: no plex holds its data completely");
	ck_assert_int_eq(sample_vol(s, "vol2")->kstate, VX__KSTATE__KS_ENABLED);
	ck_assert_int_eq(sample_vol(s, "vol3")->kstate, VX__KSTATE__KS_DISABLED);
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
	ck_assert_int_eq(sample_vol(s, "vol1")->read_policy, VX__READ_POLICY__READ_PREFER);
	ck_assert_str_eq(sample_vol(s, "vol1")->prefer_plex, "vol1-02");
	sample_refuse(s, "vxvol -g data rdpol prefer vol1 vol1-03", MSG_PLEX_NOT_OF, "vol1-03");
	sample_do(s, "vxplex -g data dis vol1-02"); /* the preference goes with it */
	ck_assert_int_eq(sample_vol(s, "vol1")->read_policy, VX__READ_POLICY__READ_SELECT);
	sample_do(s, "vxvol -g data rdpol round vol1");
	ck_assert_int_eq(sample_vol(s, "vol1")->read_policy, VX__READ_POLICY__READ_ROUND);
	sample_do(s, "vxvol -g data rdpol select vol1");
	sample_do(s, "vxvol -g data set vol1 comment=mail");
	ck_assert_str_eq(sample_vol(s, "vol1")->comment, "mail");
	sample_do(s, "vxvol -g data set vol1 comment=");
	ck_assert_str_eq(sample_vol(s, "vol1")->comment, "");
}
END_TEST

START_TEST(plexes_are_detached_and_taken_out)
{
	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl nmirror=3");
	sample_do(s, "vxplex -g data det vol1-01");
	ck_assert_int_eq(sample_plex(s, "vol1-01")->state, VX__PLEX_STATE__PLEX_STALE);
	ck_assert_int_eq(sample_plex(s, "vol1-01")->kstate, VX__KSTATE__KS_DETACHED);
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_SYNC);
	sample_refuse(s, "vxplex -g data det vol1-01", MSG_STATE_INVALID, "DETACHED");
	sample_refuse(s, "vxplex -g data det vol1-02 vol1-03", MSG_PLEX_LAST, "vol1-03");
	ck_assert_int_eq(s->exit_code, 18);
	sample_do(s, "vxplex -g data det vol1-02");
	ck_assert_int_eq(sample_vol(s, "vol1")->state,
			 VX__VOL_STATE__VOL_ACTIVE); /* nothing to be made equal */
	sample_refuse(s, "vxplex -g data -o rm dis vol1-03", MSG_PLEX_LAST, "vol1");
	sample_do(s, "vxplex -g data -o rm dis vol1-01");
	ck_assert_ptr_null(config_plex(s->config, "vol1-01"));
	sample_do(s, "vxplex -g data dis vol1-02");
	ck_assert_uint_eq(sample_plex(s, "vol1-02")->vol_rid, 0);
	sample_refuse(s, "vxplex -g data dis vol1-02", MSG_STATE_INVALID, "dissociated");
	sample_do(s, "vxplex -g data -o rm dis vol1-02");
	sample_do(s, "vxplex -g data -o rm dis vol1-04");
	ck_assert_uint_ne(sample_vol(s, "vol1")->region_len, 0);
	sample_do(s, "vxplex -g data -o rm dis vol1-05");
	ck_assert_uint_eq(sample_vol(s, "vol1")->region_len, 0);
	ck_assert_uint_eq(s->config->n_plex, 1);
	ck_assert_uint_eq(s->config->n_sd, 1);
}
END_TEST

START_TEST(failed_plexes_are_detached)
{
	uint64_t vol;
	struct plan *plan;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl");
	vol = sample_vol(s, "vol1")->rid;
	ck_assert_int_eq(plan_detach(s->config, vol, 4711, &plan), -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_detach(s->config, 4711, sample_plex(s, "vol1-01")->rid, &plan),
			 -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_detach(s->config, vol, sample_plex(s, "vol1-01")->rid, &plan), 0);
	ck_assert_uint_eq(plan->quiesce_count, 1);
	sample_apply(s, plan);
	plan_free(plan);
	ck_assert_int_eq(sample_plex(s, "vol1-01")->state, VX__PLEX_STATE__PLEX_IOFAIL);
	ck_assert_int_eq(plan_detach(s->config, vol, sample_plex(s, "vol1-01")->rid, &plan),
			 -VX_E_STALE);
	ck_assert_int_eq(plan_detach(s->config, vol, sample_plex(s, "vol1-02")->rid, &plan),
			 -VX_E_LAST);
	for (size_t i = 3; i <= 4; i++) { /* all logs may go: the volume works on without */
		const char *name = i == 3 ? "vol1-03" : "vol1-04";

		ck_assert_int_eq(plan_detach(s->config, vol, sample_plex(s, name)->rid, &plan), 0);
		sample_apply(s, plan);
		plan_free(plan);
	}
	ck_assert_int_eq(query_volume_condition(s->config, sample_vol(s, "vol1")), QUERY_STARTED);
}
END_TEST

START_TEST(synchronised_volumes_become_active)
{
	struct plan *plan;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror");
	ck_assert_int_eq(plan_synced(s->config, 4711, NULL, 0, &plan), -VX_E_NOTFOUND);
	ck_assert_int_eq(plan_synced(s->config, sample_vol(s, "vol1")->rid, NULL, 0, &plan), 0);
	ck_assert_uint_eq(plan->quiesce_count, 0);
	sample_apply(s, plan);
	plan_free(plan);
	ck_assert_int_eq(sample_vol(s, "vol1")->state, VX__VOL_STATE__VOL_ACTIVE);
	ck_assert_int_eq(plan_synced(s->config, sample_vol(s, "vol1")->rid, NULL, 0, &plan),
			 -VX_E_STALE);
}
END_TEST

START_TEST(broken_volumes_do_not_start)
{
	sample_do(s, "vxassist -g data make vol1 10m");
	sample_do(s, "vxvol -g data stop vol1");
	s->config->plex[0]->state = VX__PLEX_STATE__PLEX_STALE;
	ck_assert_int_eq(query_volume_condition(s->config, sample_vol(s, "vol1")),
			 QUERY_UNSTARTABLE);
	sample_refuse(s, "vxvol -g data start vol1", MSG_VOLUME_NO_PLEX, "vol1");
	sample_refuse(s, "vxvol -g data startall", MSG_VOLUME_NO_PLEX, "vol1");
	ck_assert_str_eq(query_condition_text(QUERY_STARTED_UNUSABLE), "Started Unusable");
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

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, init_makes_a_group);
	tcase_add_test(all, a_long_host_name_makes_a_group);
	tcase_add_test(all, init_names_disks_and_copies);
	tcase_add_test(all, disks_come_and_go);
	tcase_add_test(all, the_story_makes_a_mirrored_volume);
	tcase_add_test(all, attributes_of_make);
	tcase_add_test(all, long_names_fit);
	tcase_add_test(all, volumes_start_and_stop);
	tcase_add_test(all, volumes_are_recovered);
	tcase_add_test(all, what_is_not_recovered_is_told);
	tcase_add_test(all, groups_leave);
	tcase_add_test(all, settings_change);
	tcase_add_test(all, plexes_are_detached_and_taken_out);
	tcase_add_test(all, failed_plexes_are_detached);
	tcase_add_test(all, synchronised_volumes_become_active);
	tcase_add_test(all, broken_volumes_do_not_start);
	tcase_add_test(all, who_plans_what);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
