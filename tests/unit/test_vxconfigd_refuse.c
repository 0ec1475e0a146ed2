// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that are refused: mistakes of typing, limits, sizes; and the largest size that is not. */
#include "tests/unit/suite.h"
#include "vxconfigd/plan.h"

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
	{ "vxdg -g data adddisk a2345678901234567890123456789012=dev3", MSG_NAME_INVALID,
	  "a23456" },
	{ "vxdg -g data adddisk a23456789012345678901234567890123456789=dev3", MSG_NAME_INVALID,
	  "a23456" },
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
	{ "vxdg -g data rmdisk d3 d3", MSG_TWICE, "d3" },
	{ "vxdg destroy", MSG_USAGE, "vxdg destroy GROUP" },
	{ "vxdg destroy data data", MSG_USAGE, "vxdg destroy GROUP" },
	{ "vxdg -g data set", MSG_USAGE, "diskdetpolicy" },
	{ "vxdg -g data set diskdetpolicy=both", MSG_ATTR_INVALID, "global or local" },
	{ "vxdg -g data set diskdetpolicy=", MSG_ATTR_INVALID, "global or local" },
	{ "vxdg -g data set diskdetpolicy=local activation=sw", MSG_ATTR_INVALID, "activation" },
	{ "vxdg -g data set color=red", MSG_ATTR_UNKNOWN, "color" },
	{ "vxdg -g data frobnicate", MSG_VERB_UNKNOWN, "init, adddisk, rmdisk" },
	{ "vxassist -g data", MSG_VERB_UNKNOWN, "make, mirror, addlog, remove, growto, growby, shrinkto, shrinkby, maxsize" },
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
	{ "vxassist -g data make v 18446744073709551615p", MSG_SIZE_RANGE,
	  "18446744073709551615p" },
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
	{ "vxassist -g data make v2345678901234567890123456789012 10m", MSG_NAME_INVALID,
	  "v23456" },
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
	{ "vxassist -g data make v 10m layout=stripe-mirror", MSG_ATTR_INVALID, "layered" },
	{ "vxassist -g data make v 10m layout=", MSG_ATTR_INVALID, "layout=" },
	{ "vxassist -g data make v 10m layout=mirror,", MSG_ATTR_INVALID, "mirror," },
	{ "vxassist -g data make v 10m layout=log", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m logtype=drl", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m nlog=1", MSG_ATTR_INVALID, "mirrored volumes only" },
	{ "vxassist -g data make v 10m layout=mirror,nolog logtype=drl", MSG_ATTR_INVALID,
	  "excluded" },
	{ "vxassist -g data make v 10m layout=mirror,log logtype=none", MSG_ATTR_INVALID,
	  "excluded" },
	{ "vxassist -g data make v 10m layout=mirror,nolog nlog=1", MSG_ATTR_INVALID, "excluded" },
	{ "vxassist -g data make v 10m layout=mirror logtype=drl nlog=0", MSG_ATTR_INVALID,
	  "excluded" },
	{ "vxassist -g data make v 10m layout=mirror logtype=dcm", MSG_ATTR_INVALID, "dcm" },
	{ "vxassist -g data make v 10m nmirror=32 nlog=1", MSG_LIMIT, "32" },
	{ "vxassist -g data make v 10m init=zero", MSG_ATTR_INVALID, "zero" },
	{ "vxassist -g data make v 10m usetype=raid5", MSG_ATTR_INVALID, "fsgen or gen" },
	{ "vxassist -g data make v 10m user=root", MSG_ATTR_UNKNOWN, "user" },
	{ "vxassist -g data make v 10m comment=01234567890123456789012345678901234567890",
	  MSG_ATTR_INVALID, "40" },
	{ "vxassist -g data make v 10m comment=a\nb", MSG_ATTR_INVALID, "one line" },
	{ "vxassist -g data make v 10m comment=\xff\xfe", MSG_ATTR_INVALID, "in UTF-8" },
	{ "vxassist -g data make v 10m d1 d1", MSG_TWICE, "d1: is given twice" },
	{ "vxassist -g data make v 16e", MSG_SIZE_RANGE, "8 EiB" },
	{ "vxassist -g data -x make v 10m", MSG_OPTION_UNKNOWN, "x" },
	{ "vxassist make v 10m", MSG_GROUP_NONE, "-g GROUP" },
	{ "vxassist -g nogroup make v 10m", MSG_GROUP_UNKNOWN, "nogroup" },
	{ "vxassist -g data remove volume", MSG_USAGE, "remove volume VOLUME" },
	{ "vxassist -g data remove mirror nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxassist -g data remove mirror", MSG_USAGE, "remove mirror|log" },
	{ "vxassist -g data remove vol1", MSG_REMOVE_WHAT, "vxassist -g data remove volume" },
	{ "vxassist -g data addlog nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxassist -g data mirror nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxassist -g data remove volume nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxassist -g data remove volume d1", MSG_VOLUME_UNKNOWN, "d1" },
	{ "vxassist -g data remove volume vol1 vol1", MSG_TWICE, "vol1" },
	{ "vxassist -g data remove volume", MSG_USAGE, "remove volume VOLUME" },
	{ "vxvol -g data start nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxvol -g data start", MSG_USAGE, "start VOLUME" },
	{ "vxvol -g data stop nosuch", MSG_VOLUME_UNKNOWN, "nosuch" },
	{ "vxvol -g data stop vol1 vol1", MSG_TWICE, "vol1" },
	{ "vxvol -g data start vol1 vol1", MSG_TWICE, "vol1" },
	{ "vxvol -g data startall vol1", MSG_USAGE, "startall" },
	{ "vxvol -g data rdpol best vol1", MSG_POLICY_UNKNOWN, "best: not a read policy" },
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
	{ "vxplex -g data -o other dis vol1-01", MSG_OPTION_UNKNOWN, "option -o other is" },
	{ "vxplex -g data -o rm det vol1-01", MSG_OPTION_UNKNOWN, "option -o rm is" },
	{ "vxplex -g data dis vol1-01 vol1-02", MSG_PLEX_LAST, "vol1" },
	{ "vxplex -g data det vol1-01 vol1-01", MSG_TWICE, "vol1-01" },
	{ "vxplex -g data -o rm dis vol1-01 vol1-01", MSG_TWICE, "vol1-01" },
};

START_TEST(mistakes_are_refused)
{
	Vx__Config *with_group;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl nlog=1");
	sample_do(s, "vxassist -g data make vol2 10m d1");
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
	sample_do(big,
		  "vxassist -g data make w 1m nmirror=31 logtype=drl"); /* room for one log only */
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
	ck_assert_uint_eq(config_vol(s->config, "one")->minor, config->dg->minor_base + 17);
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
	static const char *const attrs[] = {
		"",	     "layout=mirror",	      "layout=mirror logtype=drl",
		"nmirror=3", "nmirror=3 logtype=drl", "d1 d2 layout=mirror logtype=drl"
	};

	sample_do(s, "vxassist -g data make x 100m d2");
	for (size_t i = 0; i < VX_COUNT_OF(attrs); i++) {
		unsigned long long sectors;
		Vx__Reply reply;
		char line[128];

		snprintf(line, sizeof(line), "vxassist -g data maxsize %s", attrs[i]);
		ck_assert_int_eq(max_size(line, &reply), 0);
		sectors = reply.max_size;
		ck_assert_uint_gt(sectors, 0);
		snprintf(line, sizeof(line), "vxassist -g data make big %llu %s", sectors,
			 attrs[i]);
		ck_assert_msg(sample_plan(s, line) == 0, "%s: %s", line, s->text);
		snprintf(line, sizeof(line), "vxassist -g data make big %llu %s", sectors + 16,
			 attrs[i]);
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
		ck_assert_msg(reply.message[0]->number == bad[i].number, "%s",
			      reply.message[0]->text);
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

/* Lines of words that belong there or do not: refused or planned, never anything else. */
START_TEST(any_words_are_refused_or_planned)
{
	static const char *const command[] = {
		"vxdg init", "vxdg adddisk", "vxdg rmdisk", "vxdg destroy", "vxdg deport", "vxdg set",
		"vxassist make", "vxassist remove", "vxvol start", "vxvol stop", "vxvol startall",
		"vxvol rdpol", "vxvol set", "vxplex det", "vxplex dis", "vxdg import", "vxfoo bar",
	};
	static const char *const word[] = {
		"-g data", "-f", "-s", "-o rm", "-o x", "data", "vol1", "vol2", "volume", "vol1-01",
		"vol1-02", "vol1-03", "d1", "d2", "d1-01", "dev3", "dev4", "x=dev3", "=", "a==b", "EMPTY",
		"10m", "0", "-1", "99999999999999999999", "5g", "layout=mirror", "layout=,", "nmirror=3",
		"nmirror=99", "logtype=drl", "nlog=2", "init=none", "comment=x", "diskdetpolicy=local",
		"activation=sw", "prefer", "round", "%s%n", "nconfig=all", "volume",
	};
	unsigned int planned = 0;
	uint32_t random = 1;

	sample_do(s, "vxassist -g data make vol1 10m layout=mirror logtype=drl");
	sample_do(s, "vxassist -g data make vol2 10m");
	for (unsigned int i = 0; i < 5000; i++) {
		char line[512];
		uint32_t words = random >> 29;

		random = random * 1664525 + 1013904223;
		snprintf(line, sizeof(line), "%s%s", command[(random >> 8) % VX_COUNT_OF(command)],
			 random >> 31 != 0 ? " -g data" : "");
		for (uint32_t j = 0; j < words; j++) {
			random = random * 1664525 + 1013904223;
			snprintf(line + strlen(line), sizeof(line) - strlen(line), " %s",
				 word[(random >> 8) % VX_COUNT_OF(word)]);
		}
		planned += sample_plan(s, line) == 0 ? 1 : 0;
	}
	ck_assert_uint_gt(planned, 100);
}
END_TEST

START_TEST(message_numbers_are_unique)
{
	static const uint32_t number[] = {
#define NUMBER(name, value, code, format) value,
		VX_MESSAGES(NUMBER)
#undef NUMBER
	};

	for (size_t i = 0; i < VX_COUNT_OF(number); i++) {
		ck_assert_uint_ge(number[i], 1001);
		ck_assert_uint_le(number[i], 1099); /* the next hundred is the utilities' */
		for (size_t j = 0; j < i; j++) {
			ck_assert_uint_ne(number[i], number[j]);
		}
	}
}
END_TEST

START_TEST(long_messages_are_cut)
{
	char name[4 * VX_REASON_MAX];
	Vx__Reply reply;

	vx__reply__init(&reply);
	memset(name, 'y', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(message_add(&reply, "vxdg", MSG_GROUP_EXISTS, name), -VX_E_EXISTS);
	ck_assert_int_eq(message_add(&reply, "vxdg", MSG_GROUP_UNKNOWN, "z"), -VX_E_NOGROUP);
	ck_assert_uint_eq(reply.n_message, 2);
	ck_assert_uint_eq(strlen(reply.message[0]->text), VX_REASON_MAX - 1);
	ck_assert_uint_eq(reply.message[1]->number, 1002);
	ck_assert_int_eq(reply.exit_code, 9);
	for (size_t i = 0; i < reply.n_message; i++) {
		vx__message__free_unpacked(reply.message[i], NULL);
	}
	free(reply.message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_refuse");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, mistakes_are_refused);
	tcase_add_test(all, mistakes_of_init);
	tcase_add_test(all, limits_hold);
	tcase_add_test(all, volumes_are_limited);
	tcase_add_test(all, max_size_can_be_made);
	tcase_add_test(all, max_size_refuses);
	tcase_add_test(all, any_words_are_refused_or_planned);
	tcase_add_test(all, message_numbers_are_unique);
	tcase_add_test(all, long_messages_are_cut);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
