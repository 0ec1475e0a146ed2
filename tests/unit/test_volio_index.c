// SPDX-License-Identifier: GPL-2.0-or-later
/* The index of a group's records beside a walk through all of them, on random groups. */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/suite.h"
#include "volio/volconf_index.h"

#define RECORDS_MAX 40
#define OWNERS 12 /* rids 0 to 11: some own nothing, some own many */

struct group {
	Vx__Config config;
	Vx__Vol vol[RECORDS_MAX], *vols[RECORDS_MAX];
	Vx__Dm dm[RECORDS_MAX], *dms[RECORDS_MAX];
	Vx__Plex plex[RECORDS_MAX], *plexes[RECORDS_MAX];
	Vx__Sd sd[RECORDS_MAX], *sds[RECORDS_MAX];
};

static void group_make(struct group *group, unsigned int seed)
{
	size_t vols = seed % OWNERS, dms = seed / 3 % OWNERS;

	srandom(seed);
	vx__config__init(&group->config);
	for (size_t i = 0; i < RECORDS_MAX; i++) {
		vx__vol__init(&group->vol[i]);
		vx__dm__init(&group->dm[i]);
		vx__plex__init(&group->plex[i]);
		vx__sd__init(&group->sd[i]);
		group->vol[i].rid = (i * 5 + seed) % OWNERS; /* each once, in some order */
		group->dm[i].rid = (i * 7 + seed) % OWNERS;
		group->plex[i].vol_rid = (uint64_t)random() % OWNERS;
		group->sd[i].plex_rid = (uint64_t)random() % OWNERS;
		group->vols[i] = &group->vol[i];
		group->dms[i] = &group->dm[i];
		group->plexes[i] = &group->plex[i];
		group->sds[i] = &group->sd[i];
	}
	group->config.vol = group->vols;
	group->config.n_vol = vols;
	group->config.dm = group->dms;
	group->config.n_dm = dms;
	group->config.plex = group->plexes;
	group->config.n_plex = (size_t)random() % RECORDS_MAX;
	group->config.sd = group->sds;
	group->config.n_sd = (size_t)random() % RECORDS_MAX;
}

static void expect_plexes(const struct volconf_index *index, uint64_t owner)
{
	const struct volconf_key *cursor = NULL;

	for (size_t i = 0; i < index->config->n_plex; i++) {
		if (index->config->plex[i]->vol_rid == owner) {
			ck_assert_ptr_eq(volconf_index_plex(index, owner, &cursor), index->config->plex[i]);
		}
	}
	ck_assert_ptr_null(volconf_index_plex(index, owner, &cursor));
}

static void expect_sds(const struct volconf_index *index, uint64_t owner)
{
	const struct volconf_key *cursor = NULL;

	for (size_t i = 0; i < index->config->n_sd; i++) {
		if (index->config->sd[i]->plex_rid == owner) {
			ck_assert_ptr_eq(volconf_index_sd(index, owner, &cursor), index->config->sd[i]);
		}
	}
	ck_assert_ptr_null(volconf_index_sd(index, owner, &cursor));
}

START_TEST(as_by_a_walk)
{
	struct group *group = malloc(sizeof(*group));
	struct volconf_index index;

	group_make(group, (unsigned int)_i);
	volconf_index_make(&group->config, &index);
	for (uint64_t rid = 0; rid <= OWNERS; rid++) {
		size_t vol = 0;
		const Vx__Dm *dm = NULL;

		while (vol < group->config.n_vol && group->vol[vol].rid != rid) {
			vol++;
		}
		for (size_t i = 0; i < group->config.n_dm; i++) {
			dm = group->dm[i].rid == rid ? &group->dm[i] : dm;
		}
		ck_assert_uint_eq(volconf_index_vol(&index, rid), vol);
		ck_assert_ptr_eq(volconf_index_dm(&index, rid), dm);
		expect_plexes(&index, rid);
		expect_sds(&index, rid);
	}
	volconf_index_free(&index);
	free(group);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio index");
	TCase *tcase = tcase_create("index");

	tcase_add_loop_test(tcase, as_by_a_walk, 0, 200);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
