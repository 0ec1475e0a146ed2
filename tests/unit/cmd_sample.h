/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of the utilities: a played vxconfigd, answers as it would give them, and a run of
 * a whole utility with its output, messages and exit code caught.
 */
#ifndef VX_TESTS_UNIT_CMD_SAMPLE_H
#define VX_TESTS_UNIT_CMD_SAMPLE_H

#include <check.h>
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/loop.h"
#include "vxconfigd/cmd/utilities.h"

#define TEXT(text) ((char *)(text))
#define WORDS_MAX 32

/* ---- answers ---- */

struct sample_group {
	Vx__GroupInfo info, *info_list[1];
	Vx__Config config;
	Vx__Dg dg;
	Vx__Dm dm[3], *dm_list[3];
	Vx__Vol vol[2], *vol_list[2];
	Vx__Plex plex[4], *plex_list[4];
	Vx__Sd sd[5], *sd_list[5];
	Vx__NodeActivation node[3], *node_list[3];
	Vx__CopyInfo copy[3], *copy_list[3];
	Vx__VolInfo vol_info[2], *vol_info_list[2];
	Vx__FreeExtent free[2], *free_list[2];
	Vx__Reply reply;
};

static inline void sample_dm(struct sample_group *g, size_t i, const char *name, const char *device)
{
	vx__dm__init(&g->dm[i]);
	g->dm[i].rid = 10 + i;
	g->dm[i].name = TEXT(name);
	g->dm[i].diskid = TEXT("0f1e2d3c4b5a69788796a5b4c3d2e1f0");
	g->dm[i].device = TEXT(device);
	g->dm[i].pub_offset = 65536;
	g->dm[i].pub_len = 2031616;
	g->dm[i].priv_len = 65536;
	g->dm[i].nconfig = true;
	g->dm_list[i] = &g->dm[i];
}

static inline void sample_vol(struct sample_group *g, size_t i, const char *name, uint64_t len)
{
	vx__vol__init(&g->vol[i]);
	g->vol[i].rid = 20 + i;
	g->vol[i].name = TEXT(name);
	g->vol[i].usetype = TEXT("fsgen");
	g->vol[i].len = len;
	g->vol[i].state = VX__VOL_STATE__VOL_ACTIVE;
	g->vol[i].kstate = VX__KSTATE__KS_ENABLED;
	g->vol[i].minor = (uint32_t)(5000 + i);
	g->vol[i].guid = TEXT("{6d1f3c22-8f0b-11ee-b9d1-0242ac120002}");
	g->vol_list[i] = &g->vol[i];
	vx__vol_info__init(&g->vol_info[i]);
	g->vol_info[i].rid = g->vol[i].rid;
	g->vol_info[i].name = TEXT(name);
	g->vol_info[i].condition = TEXT("Started");
	g->vol_info_list[i] = &g->vol_info[i];
}

static inline void sample_plex(struct sample_group *g, size_t i, const char *name, uint64_t vol_rid,
			       uint64_t len)
{
	vx__plex__init(&g->plex[i]);
	g->plex[i].rid = 30 + i;
	g->plex[i].name = TEXT(name);
	g->plex[i].vol_rid = vol_rid;
	g->plex[i].state = VX__PLEX_STATE__PLEX_ACTIVE;
	g->plex[i].kstate = VX__KSTATE__KS_ENABLED;
	g->plex[i].len = len;
	g->plex_list[i] = &g->plex[i];
}

static inline void sample_sd(struct sample_group *g, size_t i, const char *name, uint64_t plex_rid,
			     uint64_t dm_rid, uint64_t disk_offset, uint64_t len)
{
	vx__sd__init(&g->sd[i]);
	g->sd[i].rid = 40 + i;
	g->sd[i].name = TEXT(name);
	g->sd[i].plex_rid = plex_rid;
	g->sd[i].dm_rid = dm_rid;
	g->sd[i].disk_offset = disk_offset;
	g->sd[i].len = len;
	g->sd_list[i] = &g->sd[i];
}

/* Group "data" of three disks: vol1 mirrored with a log, one dissociated plex and a free subdisk.
 * Records come in an order that is not the one in which they must be shown. */
static inline void sample_group_records(struct sample_group *g)
{
	sample_dm(g, 0, "d2", "sdc");
	sample_dm(g, 1, "d1", "sdb");
	sample_dm(g, 2, "d3", "sdd");
	sample_vol(g, 0, "vol1", 409600);
	sample_vol(g, 1, "apps", 2097152);
	g->vol[0].region_len = 1024;
	g->vol[1].state = VX__VOL_STATE__VOL_EMPTY;
	g->vol[1].kstate = VX__KSTATE__KS_DISABLED;
	g->vol[1].read_policy = VX__READ_POLICY__READ_PREFER;
	g->vol[1].prefer_plex = TEXT("vol1-02");
	g->vol_info[1].condition = TEXT("Startable");
	sample_plex(g, 0, "vol1-02", 20, 409600);
	sample_plex(g, 1, "vol1-01", 20, 409600);
	sample_plex(g, 2, "vol1-03", 20, 1024);
	sample_plex(g, 3, "old-01", 0, 2048);
	g->plex[2].is_log = true;
	g->plex[0].state = VX__PLEX_STATE__PLEX_TEMP;
	g->plex[3].state = VX__PLEX_STATE__PLEX_STALE;
	g->plex[3].kstate = VX__KSTATE__KS_DISABLED;
	g->plex[3].layout = VX__LAYOUT__LAYOUT_STRIPE;
	g->plex[3].columns = 2;
	g->plex[3].stripe_width = 128;
	sample_sd(g, 0, "d2-01", 30, 10, 0, 409600);
	sample_sd(g, 1, "d1-02", 31, 11, 300000, 109600);
	sample_sd(g, 2, "d1-01", 31, 11, 0, 300000);
	sample_sd(g, 3, "d3-01", 32, 12, 0, 1024);
	sample_sd(g, 4, "d3-02", 33, 12, 1024, 2048);
	g->sd[1].plex_offset = 300000;
	g->sd[4].column = 1;
}

static inline void sample_group_link(struct sample_group *g)
{
	g->config.dg = &g->dg;
	g->config.n_dm = 3;
	g->config.dm = g->dm_list;
	g->config.n_vol = 2;
	g->config.vol = g->vol_list;
	g->config.n_plex = 4;
	g->config.plex = g->plex_list;
	g->config.n_sd = 5;
	g->config.sd = g->sd_list;
	g->info.config = &g->config;
	g->info.n_node = 3;
	g->info.node = g->node_list;
	g->info.n_copy = 3;
	g->info.copy = g->copy_list;
	g->info.n_vol = 2;
	g->info.vol = g->vol_info_list;
	g->info.n_free = 2;
	g->info.free = g->free_list;
	g->info_list[0] = &g->info;
	g->reply.n_group = 1;
	g->reply.group = g->info_list;
}

static inline void sample_group_init(struct sample_group *g)
{
	static const char *const node[] = { "a", "b", "c" }, *const disk[] = { "d1", "d2", "d3" };

	memset(g, 0, sizeof(*g));
	vx__reply__init(&g->reply);
	vx__group_info__init(&g->info);
	vx__config__init(&g->config);
	vx__dg__init(&g->dg);
	g->dg.name = TEXT("data");
	g->dg.dgid = TEXT("1763712345.17.a");
	g->dg.shared = true;
	g->dg.cluster = TEXT("demo");
	g->dg.minor_base = 5000;
	g->dg.version = 1;
	g->dg.activation = VX__ACTIVATION__ACT_SW;
	g->config.epoch = 0x301;
	g->config.seq = 12;
	g->info.state = TEXT("enabled,shared");
	g->info.activation = VX__ACTIVATION__ACT_SW;
	g->info.hash = 0xfeedface;
	for (size_t i = 0; i < 3; i++) {
		vx__node_activation__init(&g->node[i]);
		g->node[i].node = TEXT(node[i]);
		g->node[i].nodeid = (uint32_t)i + 1;
		g->node[i].mode = i < 2 ? VX__ACTIVATION__ACT_SW : VX__ACTIVATION__ACT_OFF;
		g->node_list[i] = &g->node[i];
		vx__copy_info__init(&g->copy[i]);
		g->copy[i].disk = TEXT(disk[i]);
		g->copy[i].state = TEXT("clean online");
		g->copy[i].len = 49152;
		g->copy[i].used = 100 + i;
		g->copy[i].journal_len = 2048;
		g->copy_list[i] = &g->copy[i];
	}
	for (size_t i = 0; i < 2; i++) {
		vx__free_extent__init(&g->free[i]);
		g->free[i].disk = TEXT(disk[i]);
		g->free[i].device = TEXT(i == 0 ? "sdb" : "sdc");
		g->free[i].offset = 409600;
		g->free[i].len = 1622016;
		g->free_list[i] = &g->free[i];
	}
	sample_group_records(g);
	sample_group_link(g);
}

/* ---- a played vxconfigd ---- */

/* Answers a request of one utility; called in another process. */
typedef void sample_answer(struct ipc_peer *peer, const Vx__Ipc *msg, unsigned int count);

struct sample_server {
	pid_t pid;
	char service[64];
};

struct sample_server_side {
	sample_answer *answer;
	unsigned int count; /* requests so far */
};

static inline void sample_server_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct sample_server_side *side = ctx;

	side->answer(peer, msg, side->count++);
}

static inline void sample_server_end(void *ctx, int signal)
{
	(void)signal;
	loop_stop(ctx);
}

/* libqb's shared memory outlives a process that is killed: it goes to a folder that ends with the
 * test. Only root can do that; others leave what a killed server leaves. */
static inline void sample_hide_shm(void)
{
	if (getuid() == 0 && unshare(CLONE_NEWNS) == 0) {
		ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
		ck_assert_int_eq(mount("none", "/dev/shm", "tmpfs", 0, "mode=1777"), 0);
	}
}

static inline void sample_send(struct ipc_peer *peer, uint64_t cookie, Vx__Reply *reply)
{
	Vx__Ipc msg = VX__IPC__INIT;

	msg.cookie = cookie;
	msg.body_case = VX__IPC__BODY_REPLY;
	msg.reply = reply;
	ipc_peer_send(peer, &msg);
}

/* Starts a vxconfigd that answers by `answer`, under a name that only this test uses. */
static inline void sample_server_start(struct sample_server *server, sample_answer *answer)
{
	static const struct ipc_server_ops ops = { .message = sample_server_message };
	int ready[2];
	char byte;

	snprintf(server->service, sizeof(server->service), "vxha-test-%d", (int)getpid());
	sample_hide_shm();
	ck_assert_int_eq(pipe(ready), 0);
	server->pid = fork();
	ck_assert_int_ge(server->pid, 0);
	if (server->pid == 0) {
		struct sample_server_side side = { .answer = answer };
		struct ipc_server *ipc;
		struct loop *loop;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (loop_create(&loop) != 0 ||
		    ipc_server_create(loop, server->service, &ops, &side, &ipc) != 0 ||
		    loop_signal_add(loop, SIGTERM, sample_server_end, loop) != 0 ||
		    write(ready[1], "x", 1) != 1) {
			_exit(1);
		}
		loop_run(loop);
		ipc_server_destroy(ipc);
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static inline void sample_server_stop(struct sample_server *server)
{
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
}

/* ---- a run of a utility ---- */

typedef int sample_run(const struct tool_io *io, int argc, char **argv);

struct sample_result {
	int exit_code;
	char *out, *err;
	size_t out_size, err_size;
};

/* Splits line at blanks and runs the utility with these words. service NULL: nobody serves. */
static inline struct sample_result sample_type(sample_run *run, const char *line,
					       const char *service)
{
	struct sample_result result = { 0 };
	char *argv[WORDS_MAX + 1], *words = strdup(line), *save = NULL;
	struct tool_io io;
	int argc = 0;

	for (char *word = strtok_r(words, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(argc, WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	tool_io_init(&io);
	io.out = open_memstream(&result.out, &result.out_size);
	io.err = open_memstream(&result.err, &result.err_size);
	io.client.err = io.err;
	io.client.service = service != NULL ? service : "vxha-test-nobody";
	io.client.progress = false;
	io.client.answer_ms = 3000;
	io.client.mute_ms = 1000;
	io.client.outcome_ms = 2000;
	io.client.retry_ms = 20;
	result.exit_code = run(&io, argc, argv);
	fclose(io.out);
	fclose(io.err);
	free(words);
	return result;
}

static inline void sample_result_free(struct sample_result *result)
{
	free(result->out);
	free(result->err);
}

/* ---- golden files ---- */

#define GOLDEN_DIR "tests/unit/golden/cmd/"

/* White space in JSON is the library's business and differs between its versions. */
static inline void sample_json_equal(const char *text, const char *expected)
{
	struct json_object *got = json_tokener_parse(text), *want = json_tokener_parse(expected);

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN),
			 json_object_to_json_string_ext(want, JSON_C_TO_STRING_PLAIN));
	json_object_put(got);
	json_object_put(want);
}

/* JSON must parse completely; other tests say what is in it. */
static inline void sample_json_check(const char *text)
{
	int flags = JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8;
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	for (const char *at = text; *at != '\0'; at++) { /* json-c 0.18 takes other bytes for control characters */
		flags = (unsigned char)*at < 0x80 ? flags : JSON_TOKENER_VALIDATE_UTF8;
	}
	json_tokener_set_flags(tokener, flags);
	object = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	ck_assert_msg(object != NULL && json_tokener_get_error(tokener) == json_tokener_success,
		      "no JSON: %.500s", text);
	json_object_put(object);
	json_tokener_free(tokener);
}

/* Compares text with the file; GOLDEN_WRITE=1 writes it instead (then look at the difference). */
static inline void sample_golden(const char *name, const char *text)
{
	char path[256], expected[65536];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), GOLDEN_DIR "%s.txt", name);
	if (getenv("GOLDEN_WRITE") != NULL) {
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		fclose(file);
		return;
	}
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is missing (run from the top folder)", path);
	length = fread(expected, 1, sizeof(expected) - 1, file);
	fclose(file);
	expected[length] = '\0';
	if (text[0] == '{') {
		sample_json_equal(text, expected);
	} else {
		ck_assert_str_eq(text, expected);
	}
}

#endif
