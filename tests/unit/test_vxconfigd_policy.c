// SPDX-License-Identifier: GPL-2.0-or-later
/* diskdetpolicy=local (T18): whom a plex that fails concerns. On real nodes: tests/lab/test-local.sh. */
#include <check.h>
#include <string.h>

#include "base/timeouts.h"
#include "tests/unit/suite.h"
#include "vxconfigd/detach_policy.h"

#define NOW (UINT64_C(1) << 40)

START_TEST(it_is_remembered_for_a_while)
{
	struct detach_policy_lost lost = { .next = 0 };

	ck_assert(!detach_policy_failed_here(&lost, 7, NOW));
	detach_policy_note(&lost, 7, NOW);
	ck_assert(detach_policy_failed_here(&lost, 7, NOW));
	ck_assert(!detach_policy_failed_here(&lost, 8, NOW));
	ck_assert(detach_policy_failed_here(&lost, 7, NOW + VX_LOCAL_MS)); /* a write tries again then */
	ck_assert(!detach_policy_failed_here(&lost, 7, NOW + 2 * VX_LOCAL_MS));
	detach_policy_note(&lost, 7, NOW + 2 * VX_LOCAL_MS);
	ck_assert(detach_policy_failed_here(&lost, 7, NOW + 3 * VX_LOCAL_MS));
}
END_TEST

START_TEST(the_oldest_is_forgotten)
{
	struct detach_policy_lost lost = { .next = 0 };

	for (uint64_t rid = 1; rid <= VX_PLEXES_MAX + 1; rid++) {
		detach_policy_note(&lost, rid, NOW);
		detach_policy_note(&lost, rid, NOW); /* takes no second place */
	}
	ck_assert(!detach_policy_failed_here(&lost, 1, NOW));
	for (uint64_t rid = 2; rid <= VX_PLEXES_MAX + 1; rid++) {
		ck_assert(detach_policy_failed_here(&lost, rid, NOW));
	}
}
END_TEST

/* Plex 10 on disks x, y, x; plex 11 on y; 12 is a log on x. */
static Vx__Config *sample(Vx__DetachPolicy policy)
{
	static const struct {
		uint64_t plex, dm;
	} subdisks[] = { { 10, 1 }, { 10, 2 }, { 11, 2 }, { 10, 1 }, { 12, 1 } };
	static Vx__Config config;
	static Vx__Dg dg;
	static Vx__Dm dm[2], *dms[2];
	static Vx__Plex plex[3], *plexes[3];
	static Vx__Sd sd[VX_COUNT_OF(subdisks)], *sds[VX_COUNT_OF(subdisks)];
	static char id[2][2] = { "x", "y" };

	vx__config__init(&config);
	vx__dg__init(&dg);
	dg.detach_policy = policy;
	for (size_t i = 0; i < 2; i++) {
		vx__dm__init(&dm[i]);
		dm[i].rid = i + 1;
		dm[i].diskid = id[i];
		dms[i] = &dm[i];
	}
	for (size_t i = 0; i < 3; i++) {
		vx__plex__init(&plex[i]);
		plex[i].rid = 10 + i;
		plex[i].is_log = i == 2;
		plexes[i] = &plex[i];
	}
	for (size_t i = 0; i < VX_COUNT_OF(subdisks); i++) {
		vx__sd__init(&sd[i]);
		sd[i].plex_rid = subdisks[i].plex;
		sd[i].dm_rid = subdisks[i].dm;
		sds[i] = &sd[i];
	}
	config.dg = &dg;
	config.dm = dms;
	config.n_dm = 2;
	config.plex = plexes;
	config.n_plex = 3;
	config.sd = sds;
	config.n_sd = VX_COUNT_OF(subdisks);
	return &config;
}

START_TEST(who_is_asked)
{
	const Vx__Config *config = sample(VX__DETACH_POLICY__DETACH_LOCAL);

	ck_assert(detach_policy_asks(config, 10));
	ck_assert(!detach_policy_asks(config, 12)); /* a log goes for all */
	ck_assert(!detach_policy_asks(config, 13));
	config = sample(VX__DETACH_POLICY__DETACH_GLOBAL);
	ck_assert(!detach_policy_asks(config, 10));
}
END_TEST

START_TEST(its_disks)
{
	const Vx__Config *config = sample(VX__DETACH_POLICY__DETACH_LOCAL);
	const char *diskid[VX_DISKS_MAX];

	ck_assert_uint_eq(detach_policy_disks(config, 10, diskid), 2);
	ck_assert_str_eq(diskid[0], "x");
	ck_assert_str_eq(diskid[1], "y");
	ck_assert_uint_eq(detach_policy_disks(config, 11, diskid), 1);
	ck_assert_uint_eq(detach_policy_disks(config, 13, diskid), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("detach policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_test(tcase, it_is_remembered_for_a_while);
	tcase_add_test(tcase, the_oldest_is_forgotten);
	tcase_add_test(tcase, who_is_asked);
	tcase_add_test(tcase, its_disks);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
