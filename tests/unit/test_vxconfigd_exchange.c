// SPDX-License-Identifier: GPL-2.0-or-later
/* What the master of a new view tells everybody, near the limits: it must fit into one packet. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/proto.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/disk_set.h"

#define DISKS (VX_DEVICES_MAX / VX_GROUPS_MAX) /* of each group */

static struct disk disk[VX_DEVICES_MAX];
static struct disk *disks[VX_DEVICES_MAX];
static struct disk_set set = { .disk = disks, .count = VX_DEVICES_MAX };
static Vx__View cluster_view;

static struct configd configd_new(uint32_t protocol)
{
	vx__view__init(&cluster_view);
	cluster_view.protocol = protocol;
	for (size_t i = 0; i < VX_DEVICES_MAX; i++) {
		disks[i] = &disk[i];
		snprintf(disk[i].label.diskid, sizeof(disk[i].label.diskid), "%032zx", i);
	}
	return (struct configd){ .disks = &set, .cluster.view = &cluster_view };
}

/* Disks of the group, named in the order of its configuration. */
static Vx__Config *config_make(size_t group)
{
	Vx__Config *config = PROTO_NEW(vx__config, Vx__Config);

	for (size_t i = 0; i < DISKS; i++) {
		Vx__Dm *dm = PROTO_NEW(vx__dm, Vx__Dm);

		proto_string_set(&dm->diskid, disk[group * DISKS + i].label.diskid);
		PROTO_ADD(config->dm, config->n_dm, dm);
	}
	return config;
}

static Vx__GroupView *view_make(const struct configd *configd, const Vx__Config *config)
{
	Vx__GroupView *view = PROTO_NEW(vx__group_view, Vx__GroupView);
	struct activation_map modes = { .count = 0 };

	proto_string_set(&view->dgid, "1795257775.12345.node");
	proto_string_set(&view->name, "a.name.of.thirty.one.characters");
	view->epoch = view->base_epoch = UINT64_MAX >> 8;
	view->seq = view->base_seq = UINT32_MAX;
	view->hash = UINT64_MAX;
	for (uint32_t i = 0; i < VX_NODES_MAX; i++) {
		activation_set(&modes, UINT32_MAX - i, VX__ACTIVATION__ACT_SW);
	}
	exchange_add_modes(&view->node, &view->n_node, &modes);
	exchange_add_disks(configd, config, view);
	return view;
}

/* T10 */
START_TEST(a_view_near_the_limits_fits)
{
	struct configd configd = configd_new(VX_PROTOCOL_DISKS);
	Vx__CfgView *view = PROTO_NEW(vx__cfg_view, Vx__CfgView);
	size_t length;
	uint8_t *data;

	for (size_t group = 0; group < VX_GROUPS_MAX; group++) {
		Vx__Config *config = config_make(group);
		Vx__GroupView *of = view_make(&configd, config);

		if (group % 4 == 0) { /* a transaction was under way */
			of->outcome = PROTO_NEW(vx__outcome, Vx__Outcome);
			of->outcome->author = PROTO_NEW(vx__author, Vx__Author);
			of->outcome->txid.data = proto_grow(NULL, 0, ID_BYTES);
			of->outcome->txid.len = ID_BYTES;
			proto_string_set(&of->outcome->author->command_line,
					 "vxassist -g a.name.of.thirty.one.characters make v 1g");
		}
		PROTO_ADD(view->group, view->n_group, of);
		proto_free(config);
	}
	data = proto_pack(view, &length);
	ck_assert_uint_le(length, VX_CPG_MSG_MAX - 64);
	free(data);
	proto_free(view);
}
END_TEST

/* T14: a joiner finds the disks that the master sees, as the master's protocol tells them. */
START_TEST(what_is_seen_is_found_again)
{
	static const uint32_t protocol[] = { VX_PROTOCOL_MIN, VX_PROTOCOL_DISKS };

	for (size_t i = 0; i < VX_COUNT_OF(protocol); i++) {
		struct configd configd = configd_new(protocol[i]);
		Vx__Config *config = config_make(3);
		const char *diskid[VX_DISKS_MAX];
		Vx__GroupView *view;

		disk[3 * DISKS + 1].error = disk[3 * DISKS + 9].error = -1;
		view = view_make(&configd, config);
		ck_assert_uint_eq(exchange_disks(config, view, diskid), DISKS - 2);
		ck_assert_str_eq(diskid[0], config->dm[0]->diskid);
		ck_assert_str_eq(diskid[1], config->dm[2]->diskid);
		ck_assert_str_eq(diskid[8], config->dm[10]->diskid);
		disk[3 * DISKS + 1].error = disk[3 * DISKS + 9].error = 0;
		proto_free(view);
		proto_free(config);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exchange");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, a_view_near_the_limits_fits);
	tcase_add_test(tcase, what_is_seen_is_found_again);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
