// SPDX-License-Identifier: GPL-2.0-or-later
/* The name of the cluster, as Corosync has it: it must fit into the labels of disks, whole. */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "cpg/corosync_cmap.h"
#include "tests/unit/suite.h"

START_TEST(a_name_is_never_cut)
{
	char name[VX_CLUSTERNAME_MAX + 2] = "", reason[VX_REASON_MAX] = "";

	ck_assert_int_eq(cluster_name_check("demo", reason), 0);
	ck_assert_int_eq(cluster_name_check("", reason), -VX_E_INVAL);
	ck_assert_msg(strstr(reason, "totem.cluster_name") != NULL, "%s", reason);
	memset(name, 'x', VX_CLUSTERNAME_MAX);
	ck_assert_int_eq(cluster_name_check(name, reason), 0);
	name[VX_CLUSTERNAME_MAX] = 'x';
	ck_assert_int_eq(cluster_name_check(name, reason), -VX_E_INVAL);
	ck_assert_msg(strstr(reason, "has 64 bytes") != NULL, "%s", reason);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_cmap");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_name_is_never_cut);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
