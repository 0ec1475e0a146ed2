// SPDX-License-Identifier: GPL-2.0-or-later
/* What the utilities show of constructed answers, compared with golden files; JSON that parses. */
#include "tests/unit/cmd_sample.h"


#include "base/limits.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cmd/print_record.h"

static struct sample_group group, other;
static Vx__GroupInfo *groups[2];

static void answer_group(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	sample_group_init(&group);
	sample_send(peer, msg->cookie, &group.reply);
}

/* A second, private, group without anything in it, which comes first by name. */
static void answer_two_groups(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	sample_group_init(&group);
	sample_group_init(&other);
	other.dg.name = TEXT("backup");
	other.dg.dgid = TEXT("1763712399.3.a");
	other.dg.shared = false;
	other.dg.host = TEXT("a");
	other.info.state = TEXT("enabled");
	other.config.n_vol = other.config.n_plex = other.config.n_sd = other.config.n_dm = 0;
	other.info.n_free = other.info.n_copy = 0;
	groups[0] = &group.info;
	groups[1] = &other.info;
	group.reply.n_group = 2;
	group.reply.group = groups;
	sample_send(peer, msg->cookie, &group.reply);
}

/* Two changes; of the second one the master that took over did not know who had asked. */
static void answer_audit(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	static uint8_t txid[2][16] = { { 0x5b, 0x1f }, { 0x7c } };
	Vx__Outcome outcome[2], *list[2] = { &outcome[0], &outcome[1] };
	Vx__Author author = VX__AUTHOR__INIT;

	(void)count;
	author.node = TEXT("b");
	author.pid = 4711;
	author.command_line = TEXT("vxassist -g data make vol1 200m layout=mirror");
	author.time_ms = UINT64_C(1763712495000);
	for (size_t i = 0; i < VX_COUNT_OF(outcome); i++) {
		vx__outcome__init(&outcome[i]);
		outcome[i].txid.data = txid[i];
		outcome[i].txid.len = sizeof(txid[i]);
		outcome[i].epoch = 0x200;
		outcome[i].seq = 7 + i;
		outcome[i].committed = i == 0;
	}
	outcome[0].author = &author;
	sample_group_init(&group);
	group.config.n_outcome = VX_COUNT_OF(outcome);
	group.config.outcome = list;
	sample_send(peer, msg->cookie, &group.reply);
}

static void answer_empty(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__Reply reply = VX__REPLY__INIT;

	(void)count;
	sample_send(peer, msg->cookie, &reply);
}

/* Names as long as they may be, and a long device. */
static void answer_wide(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	sample_group_init(&group);
	group.dg.name = TEXT("a-group-of-thirty-one-character");
	group.dm[0].device = TEXT("wwn-0x60014055a1b2c3d4e5f60718293a4b5c");
	group.vol[0].name = TEXT("volume-with-thirty-one-letters_");
	group.plex[0].name = TEXT("volume-with-thirty-one-lette-02");
	group.vol[0].len = group.plex[0].len = UINT64_MAX;
	group.sd[0].plex_offset = UINT64_MAX;
	sample_send(peer, msg->cookie, &group.reply);
}

static void disks_send(struct ipc_peer *peer, const Vx__Ipc *msg, Vx__NodeReport **node, size_t nodes)
{
	static const char *const text[][7] = {
		/* device, disk, group, status, id, cluster, host */
		{ "sdd", "", "", "online invalid", "", "", "" },
		{ "sdb", "d1", "data", "online shared", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "demo",
		  "" },
		{ "sdc", "b1", "backup", "online", "2d3c4b5a69788796a5b4c3d2e1f00f1e", "", "a" },
		{ "", "d9", "data", "failed was:sde", "4b5a69788796a5b4c3d2e1f00f1e2d3c", "", "" },
		{ "sde", "", "", "error", "", "", "" },
	};
	Vx__Reply reply = VX__REPLY__INIT;
	Vx__DiskInfo disk[VX_COUNT_OF(text)], *list[VX_COUNT_OF(text)];

	for (size_t i = 0; i < VX_COUNT_OF(text); i++) {
		vx__disk_info__init(&disk[i]);
		disk[i].device = TEXT(text[i][0]);
		disk[i].type = TEXT(text[i][0][0] != '\0' ? "auto" : "");
		disk[i].path = TEXT(text[i][0][0] != '\0' ? "/dev/disk/by-id/shared-disk" : "");
		disk[i].disk = TEXT(text[i][1]);
		disk[i].group = TEXT(text[i][2]);
		disk[i].status = TEXT(text[i][3]);
		disk[i].diskid = TEXT(text[i][4]);
		disk[i].cluster = TEXT(text[i][5]);
		disk[i].host = TEXT(text[i][6]);
		disk[i].len = 2097152;
		disk[i].pub_offset = 65536;
		disk[i].pub_len = 2031616;
		disk[i].priv_len = text[i][4][0] != '\0' && text[i][0][0] != '\0' ? 65536 : 0;
		list[i] = &disk[i];
	}
	reply.n_disk = VX_COUNT_OF(text);
	reply.disk = list;
	reply.n_node = nodes;
	reply.node = node;
	sample_send(peer, msg->cookie, &reply);
}

static void answer_disks(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	disks_send(peer, msg, NULL, 0);
}

#define PATH_NODES 3
#define PATHS 6

/* Node a sees what it lists, b lacks b1 and sees d1 twice, and a disk that a does not know; c is silent. */
static void paths_send(struct ipc_peer *peer, const Vx__Ipc *msg, size_t nodes)
{
	static const struct {
		size_t node;
		const char *diskid, *device;
	} text[PATHS] = {
		{ 0, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "sdb" },
		{ 0, "2d3c4b5a69788796a5b4c3d2e1f00f1e", "sdc" },
		{ 1, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "vdx" },
		{ 1, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "vda" },
		{ 1, "4b5a69788796a5b4c3d2e1f00f1e2d3c", "vdb" },
		{ 1, "69788796a5b4c3d2e1f00f1e2d3c4b5a", "vdc" },
	};
	Vx__NodeReport node[PATH_NODES], *list[PATH_NODES];
	Vx__IodReport report[PATH_NODES];
	Vx__PathInfo path[PATHS], *paths[PATH_NODES][PATHS];

	for (size_t i = 0; i < PATH_NODES; i++) {
		vx__node_report__init(&node[i]);
		vx__iod_report__init(&report[i]);
		node[i].node = TEXT(i == 0 ? "a" : i == 1 ? "b" : "c");
		node[i].io = i < 2 ? &report[i] : NULL;
		node[i].error = TEXT(i < 2 ? "" : "no answer in time");
		report[i].path = paths[i];
		list[i] = &node[i];
	}
	for (size_t i = 0; i < PATHS; i++) {
		vx__path_info__init(&path[i]);
		path[i].diskid = TEXT(text[i].diskid);
		path[i].device = TEXT(text[i].device);
		paths[text[i].node][report[text[i].node].n_path++] = &path[i];
	}
	disks_send(peer, msg, list, nodes);
}

static void answer_paths(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	paths_send(peer, msg, 2);
}

static void answer_paths_silent(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	(void)count;
	paths_send(peer, msg, PATH_NODES);
}

/* ---- vxdctl: which of these answers is chosen by the number of the case ---- */

static const struct {
	const char *name;
	bool active;
	const char *mode, *role, *master, *state, *reconfig;
} modes[] = {
	{ "mode-master", true, "enabled", "MASTER", "a", "", "" },
	{ "mode-slave", true, "enabled", "slave", "a", "", "" },
	{ "mode-joining", true, "enabled", "", "", "joining", "master update" },
	{ "mode-inactive", false, "enabled", "", "", "", "" },
	{ "mode-disabled", true, "disabled", "SLAVE", "a", "", "" },
};
static size_t mode_index;

static void answer_mode(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	Vx__ModeInfo mode = VX__MODE_INFO__INIT;
	Vx__Reply reply = VX__REPLY__INIT;

	(void)count;
	mode.mode = TEXT(modes[mode_index].mode);
	mode.cluster = modes[mode_index].active;
	mode.role = TEXT(modes[mode_index].role);
	mode.master = TEXT(modes[mode_index].master);
	mode.state = TEXT(modes[mode_index].state);
	mode.reconfig = TEXT(modes[mode_index].reconfig);
	mode.host = TEXT("giga");
	mode.cluster_name = TEXT("demo");
	mode.protocol = 60;
	mode.proto_min = 40;
	mode.proto_max = 70;
	mode.configd_version = 21;
	mode.dg_min = 20;
	mode.dg_max = 140;
	mode.iod_version = 15;
	reply.mode = &mode;
	sample_send(peer, msg->cookie, &reply);
}

/* ---- the table of cases: a command line, an answer, a golden file ---- */

static const struct {
	sample_run *run;
	sample_answer *answer;
	const char *line, *golden;
	int exit_code;
} cases[] = {
	{ vxprint_run, answer_group, "vxprint -ht", "vxprint-ht", 0 },
	{ vxdctl_run, answer_audit, "vxdctl audit", "vxdctl-audit", 0 },
	{ vxdctl_run, answer_audit, "vxdctl -g data --json audit", "vxdctl-audit-json", 0 },
	{ vxdctl_run, answer_two_groups, "vxdctl remembered", "vxdctl-remembered", 0 },
	{ vxdctl_run, answer_two_groups, "vxdctl --json remembered", "vxdctl-remembered-json", 0 },
	{ vxprint_run, answer_group, "vxprint", "vxprint", 0 },
	{ vxprint_run, answer_group, "vxprint -l", "vxprint-l", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -ht vol1", "vxprint-ht-vol1", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -t vol1 d1", "vxprint-t-names", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -v", "vxprint-v", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -pt", "vxprint-pt", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -qs", "vxprint-qs", 0 },
	{ vxprint_run, answer_group, "vxprint -g data -phq", "vxprint-phq", 0 },
	{ vxprint_run, answer_two_groups, "vxprint -ht", "vxprint-ht-two", 0 },
	{ vxprint_run, answer_wide, "vxprint -ht", "vxprint-ht-wide", 0 },
	{ vxprint_run, answer_wide, "vxprint", "vxprint-wide", 0 },
	{ vxprint_run, answer_empty, "vxprint -ht", "empty", 0 },
	{ vxprint_run, answer_group, "vxprint -g data --json", "vxprint-json", 0 },
	{ vxprint_run, answer_empty, "vxprint --json", "vxprint-json-empty", 0 },
	{ vxdg_run, answer_two_groups, "vxdg list", "vxdg-list", 0 },
	{ vxdg_run, answer_two_groups, "vxdg -s list", "vxdg-s-list", 0 },
	{ vxdg_run, answer_two_groups, "vxdg -q list", "vxdg-q-list", 0 },
	{ vxdg_run, answer_empty, "vxdg list", "vxdg-list-empty", 0 },
	{ vxdg_run, answer_group, "vxdg list data", "vxdg-list-data", 0 },
	{ vxdg_run, answer_two_groups, "vxdg list backup", "vxdg-list-backup", 0 },
	{ vxdg_run, answer_wide, "vxdg list", "vxdg-list-wide", 0 },
	{ vxdg_run, answer_two_groups, "vxdg --json list", "vxdg-list-json", 0 },
	{ vxdg_run, answer_group, "vxdg free", "vxdg-free", 0 },
	{ vxdg_run, answer_group, "vxdg -g data free", "vxdg-g-free", 0 },
	{ vxdg_run, answer_group, "vxdg -g data -q free d2", "vxdg-free-d2", 0 },
	{ vxdg_run, answer_group, "vxdg -g data free --json", "vxdg-free-json", 0 },
	{ vxdisk_run, answer_disks, "vxdisk list", "vxdisk-list", 0 },
	{ vxdisk_run, answer_disks, "vxdisk -g data -q list", "vxdisk-g-list", 0 },
	{ vxdisk_run, answer_disks, "vxdisk list sdb sdd", "vxdisk-list-sdb-sdd", 0 },
	{ vxdisk_run, answer_disks, "vxdisk list d9", "vxdisk-list-failed", 0 },
	{ vxdisk_run, answer_disks, "vxdisk list --json", "vxdisk-list-json", 0 },
	{ vxdisk_run, answer_paths, "vxdisk path", "vxdisk-path", 0 },
	{ vxdisk_run, answer_paths, "vxdisk -g data -q path", "vxdisk-g-path", 0 },
	{ vxdisk_run, answer_paths, "vxdisk path b1 vdc", "vxdisk-path-b1-vdc", 0 },
	{ vxdisk_run, answer_paths, "vxdisk path --json", "vxdisk-path-json", 0 },
	{ vxinfo_run, answer_group, "vxinfo", "vxinfo", 0 },
	{ vxinfo_run, answer_group, "vxinfo -p vol1", "vxinfo-p", 0 },
	{ vxinfo_run, answer_group, "vxinfo --json", "vxinfo-json", 0 },
	{ vxdctl_run, answer_mode, "vxdctl list", "vxdctl-list", 0 },
	{ vxdctl_run, answer_mode, "vxdctl protocolversion", "vxdctl-protocolversion", 0 },
	{ vxdctl_run, answer_mode, "vxdctl protocolrange", "vxdctl-protocolrange", 0 },
	{ vxdctl_run, answer_mode, "vxdctl support", "vxdctl-support", 0 },
	{ vxdctl_run, answer_mode, "vxdctl mode", "vxdctl-mode", 0 },
	{ vxdctl_run, answer_mode, "vxdctl -c mode --json", "vxdctl-mode-json", 0 },
};

START_TEST(test_case)
{
	struct sample_server server;
	struct sample_result result;

	sample_server_start(&server, cases[_i].answer);
	result = sample_type(cases[_i].run, cases[_i].line, server.service);
	sample_server_stop(&server);
	ck_assert_msg(result.exit_code == cases[_i].exit_code, "%s: exit %d: %s", cases[_i].line,
		      result.exit_code, result.err);
	ck_assert_str_eq(result.err, "");
	if (strstr(cases[_i].line, "--json") != NULL) {
		sample_json_check(result.out);
	}
	sample_golden(cases[_i].golden, result.out);
	sample_result_free(&result);
}
END_TEST

START_TEST(test_mode)
{
	struct sample_server server;
	struct sample_result result;

	mode_index = (size_t)_i;
	sample_server_start(&server, answer_mode);
	result = sample_type(vxdctl_run, "vxdctl -c mode", server.service);
	sample_server_stop(&server);
	ck_assert_int_eq(result.exit_code, 0);
	sample_golden(modes[_i].name, result.out);
	sample_result_free(&result);
}
END_TEST

static const struct {
	sample_run *run;
	sample_answer *answer;
	const char *line, *err;
	int exit_code;
} unknowns[] = {
	{ vxprint_run, answer_group, "vxprint -g data nothing",
	  "nothing: not found in disk group data", 11 },
	{ vxprint_run, answer_group, "vxprint -v vol1-01",
	  "vol1-01: not found in any imported disk group", 11 },
	{ vxdg_run, answer_empty, "vxdg list nothing",
	  "Disk group nothing: no such disk group is imported", 9 },
	{ vxdg_run, answer_group, "vxdg --json list data nothing",
	  "Disk group nothing: no such disk group is imported", 9 },
	{ vxdg_run, answer_group, "vxdg -g data free d1 d9", "d9: not found in disk group data",
	  11 },
	{ vxdg_run, answer_group, "vxdg free d9", "d9: not found in any imported disk group", 11 },
	{ vxdisk_run, answer_empty, "vxdisk list",
	  "WARNING V-80-1-1135 no disk of this node is seen: disks= in vxha.conf", 0 },
	{ vxdisk_run, answer_disks, "vxdisk list sdx", "Device sdx: not known on node ", 11 },
	{ vxdisk_run, answer_disks, "vxdisk --json list sdb sdx", "Device sdx: not known on", 11 },
	{ vxdisk_run, answer_paths, "vxdisk path sdx", "Device sdx: not known on", 11 },
	{ vxdisk_run, answer_paths_silent, "vxdisk path",
	  "WARNING V-80-1-1125 Node c: no report: no answer in time", 0 },
	{ vxinfo_run, answer_group, "vxinfo -g data d1", "d1: not found in disk group data", 11 },
	{ vxinfo_run, answer_group, "vxinfo vol9", "vol9: not found", 11 },
	{ vxdg_run, answer_group, "vxdg list data data", "data: is given twice", 1 },
};

static void answer_trouble(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	struct sample_group g;

	(void)count;
	sample_group_init(&g);
	g.vol_info[0].trouble = TEXT("/dev/vx/dsk/data/vol1: a folder is in the way");
	sample_send(peer, msg->cookie, &g.reply);
}

START_TEST(test_no_device)
{
	static const char *const line[] = { "vxinfo", "vxinfo -g data vol1 apps", "vxinfo apps" };
	struct sample_server server;
	struct sample_result result;

	sample_server_start(&server, answer_trouble);
	for (size_t i = 0; i < VX_COUNT_OF(line); i++) {
		result = sample_type(vxinfo_run, line[i], server.service);
		ck_assert_int_eq(result.exit_code, 0);
		ck_assert_str_eq(
			result.err,
			i < 2 ? "vxha vxinfo WARNING V-80-1-1134 Volume vol1: has no device "
				"on this node: /dev/vx/dsk/data/vol1: a folder is in the "
				"way\n"
			      : "");
		sample_result_free(&result);
	}
	sample_server_stop(&server);
}
END_TEST

static void answer_old_comment(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count)
{
	struct sample_group g;

	(void)count;
	sample_group_init(&g);
	g.vol[0].comment = TEXT("a\xff\xfe\xc3\xa4"); /* was accepted once */
	sample_send(peer, msg->cookie, &g.reply);
}

START_TEST(test_json_is_utf8)
{
	struct sample_server server;
	struct sample_result result;

	sample_server_start(&server, answer_old_comment);
	result = sample_type(vxprint_run, "vxprint --json", server.service);
	sample_server_stop(&server);
	ck_assert_int_eq(result.exit_code, 0);
	sample_json_check(result.out);
	ck_assert_ptr_nonnull(strstr(result.out, "\"a\\\\xff\\\\xfe\xc3\xa4\""));
	sample_result_free(&result);
}
END_TEST

START_TEST(test_unknown)
{
	struct sample_server server;
	struct sample_result result;

	sample_server_start(&server, unknowns[_i].answer);
	result = sample_type(unknowns[_i].run, unknowns[_i].line, server.service);
	sample_server_stop(&server);
	ck_assert_int_eq(result.exit_code, unknowns[_i].exit_code);
	ck_assert_msg(strstr(result.err, unknowns[_i].err) != NULL, "%s", result.err);
	sample_result_free(&result);
}
END_TEST

/* The largest group there can be is shown in a moment. */
START_TEST(test_large_group)
{
	const struct listing_choice choice = { .hierarchy = true };
	const size_t volumes = VX_VOLUMES_MAX;
	Vx__Config config = VX__CONFIG__INIT;
	Vx__Vol *vol = calloc(volumes, sizeof(*vol)),
		**vol_list = calloc(volumes, sizeof(*vol_list));
	Vx__Plex *plex = calloc(4 * volumes, sizeof(*plex)),
		 **plex_list = calloc(4 * volumes, sizeof(*plex_list));
	Vx__Sd *sd = calloc(4 * volumes, sizeof(*sd)),
	       **sd_list = calloc(4 * volumes, sizeof(*sd_list));
	struct listing list;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < volumes; i++) {
		vx__vol__init(&vol[i]);
		vol[i].rid = 1 + i;
		vol[i].name = calloc(1, 16);
		snprintf(vol[i].name, 16, "v%05zu", volumes - i);
		vol_list[i] = &vol[i];
	}
	for (size_t i = 0; i < 4 * volumes; i++) {
		vx__plex__init(&plex[i]);
		vx__sd__init(&sd[i]);
		plex[i].rid = 100000 + i;
		plex[i].vol_rid = 1 + i % volumes;
		sd[i].rid = 200000 + i;
		sd[i].plex_rid = plex[i].rid;
		plex[i].name = sd[i].name = calloc(1, 16);
		snprintf(plex[i].name, 16, "p%05zu", i);
		plex_list[i] = &plex[i];
		sd_list[i] = &sd[i];
	}
	config.n_vol = volumes;
	config.vol = vol_list;
	config.n_plex = config.n_sd = 4 * volumes;
	config.plex = plex_list;
	config.sd = sd_list;
	listing_make(&list, &config, &choice, NULL);
	ck_assert_uint_eq(list.count, 9 * volumes);
	ck_assert_str_eq(listing_name(&list.item[0]), "v00001");
	ck_assert_str_eq(listing_name(&list.item[1]), "p04095");
	ck_assert_ptr_eq(list.item[2].sd, &sd[4095]);
	ck_assert_str_eq(listing_name(&list.item[9]), "v00002");
	print_record_typed(&list, true, true, out);
	print_record_long(&list, out);
	fclose(out);
	listing_free(&list);
	for (size_t i = 0; i < 4 * volumes; i++) {
		free(plex[i].name);
		free(i < volumes ? vol[i].name : NULL);
	}
	free(text);
	free(vol), free(vol_list), free(plex), free(plex_list), free(sd), free(sd_list);
}
END_TEST

/* Every utility explains itself, with all its verbs and options, and within 100 columns. */
static const struct {
	const struct tool *tool;
	sample_run *run;
} utilities[] = {
#define UTILITY_ROW(name) { &name##_tool, name##_run },
	UTILITIES(UTILITY_ROW)
#undef UTILITY_ROW
};

START_TEST(test_help)
{
	const struct tool *tool = utilities[_i].tool;
	char line[64];
	struct sample_result result;

	snprintf(line, sizeof(line), "%s --help", tool->name);
	result = sample_type(utilities[_i].run, line, NULL);
	ck_assert_int_eq(result.exit_code, 0);
	ck_assert_str_eq(result.err, "");
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		ck_assert_ptr_nonnull(strstr(
			result.out, verb->help != NULL && !tool->verbless ? verb->help : ""));
	}
	for (const struct tool_option *option = tool->option; option->name != NULL; option++) {
		ck_assert_ptr_nonnull(strstr(result.out, option->name));
	}
	ck_assert_ptr_nonnull(strstr(result.out, "Examples:"));
	for (char *at = result.out; *at != '\0';) {
		size_t length = strcspn(at, "\n");

		ck_assert_msg(length <= 100, "too wide: %.*s", (int)length, at);
		at += length + 1;
	}
	sample_result_free(&result);
}
END_TEST

/* The manual page knows every verb, attribute and option, by the names of the table. */
START_TEST(test_manual_page)
{
	const struct tool *tool = utilities[_i].tool;
	static char page[65536];
	char path[64], text[64];
	FILE *file;

	snprintf(path, sizeof(path), "man/%s.8", tool->name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is missing (run from the top folder)", path);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		ck_assert_msg(tool->verbless || strstr(page, verb->name) != NULL, "%s %s", path,
			      verb->name);
	}
	for (const struct tool_option *option = tool->option; option->name != NULL; option++) {
		snprintf(text, sizeof(text), " -%s", option->name);
		ck_assert_msg(strstr(page, text) != NULL, "%s --%s", path, option->name);
		if (option->letter != 0) {
			snprintf(text, sizeof(text), "\n.It Fl %c ,", option->letter);
			ck_assert_msg(strstr(page, text) != NULL, "%s -%c", path, option->letter);
		}
	}
}
END_TEST

START_TEST(test_version_and_words)
{
	const struct tool *tool = utilities[_i].tool;
	char line[64], expected[64];
	struct sample_result result;

	snprintf(line, sizeof(line), "%s --version", tool->name);
	snprintf(expected, sizeof(expected), "%s (vxha) " VXHA_VERSION "\n", tool->name);
	result = sample_type(utilities[_i].run, line, NULL);
	ck_assert_str_eq(result.out, expected);
	sample_result_free(&result);
	snprintf(line, sizeof(line), "%s --list-words", tool->name);
	result = sample_type(utilities[_i].run, line, NULL);
	ck_assert_int_eq(result.exit_code, 0);
	ck_assert_ptr_nonnull(strstr(result.out, "option --help\n"));
	ck_assert(tool->verbless == (strstr(result.out, "verb ") == NULL));
	sample_result_free(&result);
}
END_TEST

int main(void)
{
	setenv("TZ", "UTC", 1); /* times in golden files */

	Suite *suite = suite_create("cmd show");
	TCase *tcase = tcase_create("show");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, test_case, 0, VX_COUNT_OF(cases));
	tcase_add_loop_test(tcase, test_mode, 0, VX_COUNT_OF(modes));
	tcase_add_test(tcase, test_no_device);
	tcase_add_test(tcase, test_json_is_utf8);
	tcase_add_loop_test(tcase, test_unknown, 0, VX_COUNT_OF(unknowns));
	tcase_add_test(tcase, test_large_group);
	tcase_add_loop_test(tcase, test_help, 0, VX_COUNT_OF(utilities));
	tcase_add_loop_test(tcase, test_manual_page, 0, VX_COUNT_OF(utilities));
	tcase_add_loop_test(tcase, test_version_and_words, 0, VX_COUNT_OF(utilities));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
