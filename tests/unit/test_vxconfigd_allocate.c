// SPDX-License-Identifier: GPL-2.0-or-later
/* Free space and placing: chosen cases, and long random lives of a group that keep every rule. */
#include "tests/unit/suite.h"
#include "vxconfigd/allocate.h"

#include "tests/unit/vxconfigd_sample.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/query.h"

#define UNIT ALLOCATE_ALIGN_SECTORS
#define LIVES 40
#define STEPS 120

static struct sample *s;

/* A group whose disks d1, d2 ... have so many units (0 ends). */
static void group(const uint64_t *units)
{
	char line[256] = "vxdg -s init data";
	size_t count = 0;

	s = sample_create(8);
	for (; units[count] != 0; count++) {
		s->disk[count].pub_len = units[count] * UNIT + 5; /* the odd end is not used */
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " d%zu=dev%zu",
			 count + 1, count);
	}
	sample_do(s, line);
}
#define GROUP(...) group((const uint64_t[]){ __VA_ARGS__, 0 })

static void teardown(void)
{
	sample_free(s);
}

static int place(uint64_t units, size_t plexes, struct allocation **out, char *reason)
{
	struct allocate_want want = { .data_len = units * UNIT,
				      .data_plexes = plexes,
				      .columns = 1 };

	return allocate_volume(s->config, &want, out, reason);
}

static void expect_fit(uint64_t units, size_t plexes, bool fits)
{
	char reason[VX_REASON_MAX] = "";
	struct allocation *allocation;
	int error = place(units, plexes, &allocation, reason);

	ck_assert_msg(error == (fits ? 0 : -VX_E_NOSPACE), "%s", reason);
	if (error == 0) {
		ck_assert_uint_eq(allocation->plex_count, plexes);
		allocation_free(allocation);
	} else {
		ck_assert_msg(strstr(reason, "d1") != NULL, "%s", reason);
	}
}

START_TEST(disks_of_one_size)
{
	GROUP(100, 100, 100);
	expect_fit(100, 1, true);
	expect_fit(100, 3, true);
	expect_fit(100, 4, false);
	expect_fit(101, 2, false); /* two plexes cannot share the third disk */
	expect_fit(300, 1, true);
	expect_fit(301, 1, false);
}
END_TEST

START_TEST(disks_of_many_sizes)
{
	GROUP(60, 60, 50, 50);
	expect_fit(100, 2, true);
	teardown();
	GROUP(80, 70, 30, 20);
	expect_fit(100, 2, true);
	teardown();
	/* Only 30+30 and 20+20+20 do it: the second way finds that. */
	GROUP(30, 30, 20, 20, 20);
	expect_fit(60, 2, true);
	expect_fit(61, 2, false);
}
END_TEST

START_TEST(sizes_are_rounded_up)
{
	struct allocate_want want = { .data_len = 10 * UNIT + 1,
				      .data_plexes = 1,
				      .columns = 1 };
	struct allocation *allocation;
	char reason[VX_REASON_MAX];

	GROUP(11);
	ck_assert_int_eq(allocate_volume(s->config, &want, &allocation, reason), 0);
	ck_assert_uint_eq(allocation->plex[0].column[0].extent[0].len, 11 * UNIT);
	allocation_free(allocation);
}
END_TEST

START_TEST(volumes_spread_over_disks)
{
	GROUP(100, 100, 100);
	sample_do(s, "vxassist -g data make a 160");
	sample_do(s, "vxassist -g data make b 160");
	sample_do(s, "vxassist -g data make c 160");
	ck_assert_ptr_nonnull(config_sd(s->config, "d1-01"));
	ck_assert_ptr_nonnull(config_sd(s->config, "d2-01"));
	ck_assert_ptr_nonnull(config_sd(s->config, "d3-01"));
}
END_TEST

START_TEST(holes_that_fit_come_first)
{
	GROUP(100);
	sample_do(s, "vxassist -g data make a 320");
	sample_do(s, "vxassist -g data make b 160");
	sample_do(s, "vxassist -g data make c 160");
	sample_do(s, "vxassist -g data make d 160");
	sample_do(s, "vxassist -g data remove volume a");
	sample_do(s, "vxassist -g data remove volume c");
	sample_do(s, "vxassist -g data make e 160"); /* the hole of c, not the larger one of a */
	ck_assert_uint_eq(config_sd(s->config, "d1-01")->disk_offset, 480);
	sample_do(s, "vxassist -g data make f 1120"); /* larger than any hole: both, in order */
	ck_assert_uint_eq(config_sd(s->config, "d1-03")->disk_offset, 0);
	ck_assert_uint_eq(config_sd(s->config, "d1-05")->disk_offset, 800);
	ck_assert_uint_eq(config_sd(s->config, "d1-05")->plex_offset, 320);
	sample_refuse(s, "vxassist -g data make g 16", MSG_NO_SPACE, "d1 0");
}
END_TEST

START_TEST(logs_take_what_disks_there_are)
{
	GROUP(100, 100, 10);
	/* A log is 17 units: d3 is too small, so both logs lie beside data. */
	sample_do(s, "vxassist -g data make a 160 layout=mirror logtype=drl");
	ck_assert_uint_eq(s->config->n_plex, 4);
	teardown();
	/* Place for one log only: one is made, unless two were asked for. */
	GROUP(100, 83);
	sample_refuse(s, "vxassist -g data make a 1312 layout=mirror logtype=drl nlog=2",
		      MSG_NO_SPACE, "");
	sample_do(s, "vxassist -g data make a 1312 layout=mirror logtype=drl");
	ck_assert_uint_eq(s->config->n_plex, 3);
	teardown();
	GROUP(100, 83);
	sample_refuse(s, "vxassist -g data make a 1344 layout=mirror logtype=drl", MSG_NO_SPACE,
		      "logs");
}
END_TEST

START_TEST(plexes_have_few_subdisks)
{
	char line[128];

	GROUP(4 * VX_SUBDISKS_MAX + 4);
	for (int i = 0; i < 2 * VX_SUBDISKS_MAX + 2; i++) {
		snprintf(line, sizeof(line), "vxassist -g data make v%d 32", i);
		sample_do(s, line);
	}
	for (int i = 0; i < 2 * VX_SUBDISKS_MAX + 2; i += 2) {
		snprintf(line, sizeof(line), "vxassist -g data remove volume v%d", i);
		sample_do(s, line);
	}
	/* 257 holes of two units: one more than a plex may have subdisks. */
	snprintf(line, sizeof(line), "vxassist -g data make big %d", VX_SUBDISKS_MAX * 32 + 16);
	sample_refuse(s, line, MSG_NO_SPACE, "");
	snprintf(line, sizeof(line), "vxassist -g data make big %d", VX_SUBDISKS_MAX * 32);
	sample_do(s, line);
}
END_TEST

START_TEST(odd_subdisks_are_kept_clear_of)
{
	struct allocate_extent *extent;
	size_t count;

	GROUP(100);
	sample_do(s, "vxassist -g data make a 160");
	s->config->vol[0]->len = s->config->plex[0]->len = s->config->sd[0]->len = 150;
	s->config->sd[0]->disk_offset = 1;
	extent = allocate_free_extents(s->config, &count);
	ck_assert_uint_eq(count, 1); /* before it is less than a unit */
	ck_assert_uint_eq(extent[0].offset, 160);
	ck_assert_uint_eq(extent[0].len, 90 * UNIT);
	free(extent);
	sample_do(s, "vxassist -g data make b 1440");
}
END_TEST

START_TEST(free_extents_are_told)
{
	Vx__FreeExtent **list;
	size_t count;

	GROUP(100, 50);
	sample_do(s, "vxassist -g data make a 160 d1");
	sample_do(s, "vxassist -g data make b 160 d1");
	sample_do(s, "vxassist -g data remove volume a");
	list = query_free(s->config, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(list[0]->disk, "d1");
	ck_assert_str_eq(list[2]->device, "dev1");
	ck_assert_uint_eq(list[0]->offset, 0);
	ck_assert_uint_eq(list[0]->len, 160);
	ck_assert_uint_eq(list[1]->offset, 320);
	ck_assert_uint_eq(list[1]->len, 80 * UNIT);
	for (size_t i = 0; i < count; i++) {
		vx__free_extent__free_unpacked(list[i], NULL);
	}
	free(list);
	sample_do(s, "vxassist -g data make c 1440 d1");
	sample_do(s, "vxassist -g data make d 800 d2");
	list = query_free(s->config, &count);
	ck_assert_ptr_null(list);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* What maxsize says can be made, and one unit more cannot. */
static void expect_max(const char *layout, uint64_t len)
{
	struct sample_words words;
	Vx__Reply reply = VX__REPLY__INIT;
	char line[128];

	snprintf(line, sizeof(line), "vxassist -g data maxsize %s", layout);
	sample_split(&words, line);
	ck_assert_int_eq(query_max_size(s->config, &words.request, &reply), 0);
	ck_assert_uint_eq(reply.max_size, len);
	snprintf(line, sizeof(line), "vxassist -g data make big %llu %s",
		 (unsigned long long)len + UNIT, layout);
	sample_refuse(s, line, MSG_NO_SPACE, "");
	snprintf(line, sizeof(line), "vxassist -g data make big %llu %s", (unsigned long long)len,
		 layout);
	sample_do(s, line);
	sample_do(s, "vxassist -g data remove volume big");
}

START_TEST(max_size_is_exact)
{
	GROUP(100, 90, 80, 70);
	expect_max("", 340 * UNIT);
	expect_max("layout=mirror", 170 * UNIT);
	expect_max("layout=stripe ncol=4 stripeunit=8k", 4 * 70 * UNIT);
	expect_max("layout=stripe ncol=3 stripeunit=24k", 3 * 90 * UNIT);
	expect_max("layout=stripe ncol=2 stripeunit=8k", 2 * 170 * UNIT);
	expect_max("layout=stripe stripeunit=8k", 2 * 170 * UNIT); /* the best of all numbers */
	expect_max("layout=mirror-stripe ncol=2 stripeunit=8k", 2 * 70 * UNIT);
}
END_TEST

/* --------------------------------------------------------- random lives -- */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

/* No sector belongs to two subdisks, seen in the slow and obvious way. */
static void check_sectors(const Vx__Config *config)
{
	static bool used[8][400 * UNIT];
	bool good = true; /* asserts of Check are slow: one at the end */

	memset(used, 0, sizeof(used));
	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Sd *sd = config->sd[i];
		const Vx__Dm *dm = config_dm_rid(config, sd->dm_rid);
		int device = dm->device[3] - '0';

		for (uint64_t at = sd->disk_offset; at < sd->disk_offset + sd->len; at++) {
			good = good && at < dm->pub_len && !used[device][at];
			used[device][at] = true;
		}
	}
	ck_assert(good);
}

/* Data plexes of a volume share no disk, nor do the columns of one, nor do its logs. */
static void check_spread(const Vx__Config *config)
{
	bool good = true;

	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Plex *a = config_plex_rid(config, config->sd[i]->plex_rid);

		for (size_t j = 0; j < i; j++) {
			const Vx__Plex *b = config_plex_rid(config, config->sd[j]->plex_rid);

			bool apart = a == b ? config->sd[i]->column != config->sd[j]->column :
					      a->vol_rid != 0 && a->vol_rid == b->vol_rid &&
						      a->is_log == b->is_log;

			good = good &&
			       (!apart || config->sd[i]->dm_rid != config->sd[j]->dm_rid);
		}
	}
	ck_assert(good);
}

/* Space was refused: then it is not that many disks had enough each. */
static void check_refusal(const Vx__Config *config, uint64_t len, size_t mirrors)
{
	size_t count, enough = 0;
	struct allocate_extent *extent = allocate_free_extents(config, &count);
	uint64_t total = 0;

	for (size_t i = 0; i < config->n_dm; i++) {
		uint64_t sum = 0;

		for (size_t j = 0; j < count; j++) {
			sum += extent[j].dm_rid == config->dm[i]->rid ? extent[j].len : 0;
		}
		total += sum;
		enough += sum >= len ? 1 : 0;
	}
	free(extent);
	ck_assert_msg(enough < mirrors, "%zu disks have room", enough);
	ck_assert(mirrors > 1 || total < len);
}

static void random_stripe(unsigned int number)
{
	char line[128];

	snprintf(line, sizeof(line),
		 "vxassist -g data make v%u %u nmirror=%u layout=stripe ncol=%u stripeunit=%u",
		 number, 1 + (unsigned int)draw(150 * UNIT), 1 + (unsigned int)draw(2),
		 2 + (unsigned int)draw(3), (1 + (unsigned int)draw(5)) * UNIT);
	if (sample_try(s, line) != 0) {
		ck_assert_msg(s->number == MSG_NO_SPACE, "%s: %s", line, s->text);
	}
}

static void random_make(unsigned int number)
{
	static const char *const log[] = { "", " logtype=drl", " logtype=drl nlog=1" };
	uint64_t len = 1 + draw(150 * UNIT), mirrors = 1 + draw(3);
	const char *logs = mirrors > 1 ? log[draw(3)] : "";
	char line[128];

	snprintf(line, sizeof(line), "vxassist -g data make v%u %llu nmirror=%llu%s", number,
		 (unsigned long long)len, (unsigned long long)mirrors, logs);
	if (sample_try(s, line) != 0) {
		ck_assert_msg(s->number == MSG_NO_SPACE, "%s: %s", line, s->text);
		if (logs[0] == '\0') {
			check_refusal(s->config, allocate_align_up(len), mirrors);
		}
	}
}

static const char *random_name(const char *verb, char *line, size_t size)
{
	const Vx__Config *config = s->config;
	const char *name = "nosuch";

	if (strncmp(verb, "vxdg", 4) == 0) {
		name = config->dm[draw(config->n_dm)]->name;
	} else if (strncmp(verb, "vxplex", 6) == 0 && config->n_plex > 0) {
		name = config->plex[draw(config->n_plex)]->name;
	} else if (strncmp(verb, "vxplex", 6) != 0 && config->n_vol > 0) {
		name = config->vol[draw(config->n_vol)]->name;
	}
	if (strstr(verb, "shrink") != NULL || strstr(verb, "grow") != NULL) {
		snprintf(line, size, "%s %s %u", verb, name, 1 + (unsigned int)draw(50 * UNIT));
	} else {
		snprintf(line, size, "%s %s", verb, name);
	}
	return line;
}

static void random_step(unsigned int number)
{
	static const char *const verb[] = {
		"vxassist -g data remove volume",
		"vxassist -g data remove volume",
		"vxvol -g data stop",
		"vxvol -g data start",
		"vxassist -g data -f shrinkto",
		"vxassist -g data growby",
		"vxassist -g data mirror",
		"vxplex -g data det",
		"vxplex -g data dis",
		"vxplex -g data -o rm dis",
		"vxdg -g data rmdisk",
	};
	char line[128];
	uint64_t kind = draw(19);

	if (kind < 3) {
		random_stripe(number);
	} else if (kind < 7) {
		random_make(number);
	} else if (kind == 7) {
		snprintf(line, sizeof(line), "vxdg -g data adddisk dev%u", (unsigned int)draw(8));
		sample_try(s, line);
	} else {
		sample_try(s, random_name(verb[kind - 8], line, sizeof(line)));
	}
}

/* Two plans of one request are one: nothing but the inputs decides. */
static void check_same_plan(void)
{
	static const char line[] = "vxassist -g data make same 500 nmirror=2 logtype=drl";
	uint8_t *data[2] = { NULL, NULL };
	size_t length[2] = { 0, 0 };

	for (size_t i = 0; i < 2; i++) {
		if (sample_plan(s, line) == 0) {
			data[i] = malloc(vx__delta__get_packed_size(s->plan->delta));
			length[i] = vx__delta__pack(s->plan->delta, data[i]);
		}
	}
	ck_assert_uint_eq(length[0], length[1]);
	ck_assert(length[0] == 0 || memcmp(data[0], data[1], length[0]) == 0);
	free(data[0]);
	free(data[1]);
}

START_TEST(random_lives_keep_the_rules)
{
	unsigned int committed = 0, most = 0;

	for (uint64_t life = 0; life < LIVES; life++) {
		seed = life * 1000003 + 1;
		s = sample_create(8);
		for (size_t i = 0; i < 8; i++) {
			s->disk[i].pub_len = 40 * UNIT + draw(360 * UNIT);
		}
		sample_do(s, "vxdg init data dev0 dev1 dev2");
		for (unsigned int step = 0; step < STEPS; step++) {
			uint64_t hash = config_hash(s->config);

			random_step(step);
			check_sectors(s->config);
			check_spread(s->config);
			committed += config_hash(s->config) != hash ? 1 : 0;
			most = s->config->n_sd > most ? (unsigned int)s->config->n_sd : most;
		}
		check_same_plan();
		sample_free(s);
	}
	/* The lives were lives: much happened, the groups were full. */
	ck_assert_uint_gt(committed, LIVES * STEPS / 4);
	ck_assert_uint_gt(most, 20);
	GROUP(8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_allocate");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, NULL, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, disks_of_one_size);
	tcase_add_test(all, disks_of_many_sizes);
	tcase_add_test(all, sizes_are_rounded_up);
	tcase_add_test(all, volumes_spread_over_disks);
	tcase_add_test(all, holes_that_fit_come_first);
	tcase_add_test(all, logs_take_what_disks_there_are);
	tcase_add_test(all, plexes_have_few_subdisks);
	tcase_add_test(all, odd_subdisks_are_kept_clear_of);
	tcase_add_test(all, free_extents_are_told);
	tcase_add_test(all, max_size_is_exact);
	tcase_add_test(all, random_lives_keep_the_rules);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
