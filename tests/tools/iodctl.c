// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iodctl - drives vxiod as vxconfigd would, for tests without a cluster.
 *
 * Makes one volume of one group from command-line arguments and sends it to vxiod over its IPC;
 * also suspends, resumes, asks, listens. Each disk holds one data subdisk, after room for a log.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "base/paths.h"

#define DISKS_MAX 32
#define LOG_SECTORS 4096 /* in front of the data of each disk */
#define WAIT_MS 120000

struct arguments {
	const char *group, *volume;
	char *disk[DISKS_MAX]; /* paths; a plex on each */
	unsigned int disks, logs, detach,
		detach_log; /* bit sets of disks whose plex is not ACTIVE */
	uint64_t len, region_len;
	bool first, shared, force, dirty, clean, no_log, empty;
	Vx__Activation activation;
	uint32_t timeout_ms;
	const char *txid;
	Vx__VolState state;
	unsigned int minor, columns;
};

static void usage(void)
{
	puts("usage: iodctl VERB [OPTION...]\n"
	     "  load      load group g with volume v: a plex on each --disk, a log on the first "
	     "two\n"
	     "  format    write its log (--dirty: every region needs recovery)\n"
	     "  unload | suspend | resume | query | stats | watch SECONDS | set NAME VALUE\n"
	     "  --group g --volume v --disk PATH... --len SECTORS --region SECTORS --logs N "
	     "--no-log\n"
	     "  --activation off|sr|ro|sw|ew --first --shared --force --empty (no volume) --state "
	     "sync|active|clean\n"
	     "  --detach N --detach-log N (plex N is not active) --txid TEXT --timeout MS "
	     "--columns N (stripe, 64 KiB)");
	exit(2);
}

/* ---- configuration ---- */

static void *make(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL) {
		abort();
	}
	return memory;
}

static char *text(const char *format, ...)
{
	char *out = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&out, format, list) < 0) {
		abort();
	}
	va_end(list);
	return out;
}

static void add_plex(Vx__Config *config, const struct arguments *a, unsigned int disk, bool is_log)
{
	Vx__Plex *plex = make(sizeof(*plex));
	unsigned int columns = is_log ? 1 : a->columns;
	unsigned int off = is_log ? a->detach_log : a->detach;
	uint64_t log_len = drl_log_len(a->len, a->region_len);

	vx__plex__init(plex);
	plex->rid = (is_log ? 200 : 100) + disk;
	plex->name = text("%s-%02u", a->volume, disk + 1 + (is_log ? a->disks : 0));
	plex->vol_rid = 1;
	plex->is_log = is_log;
	plex->len = is_log ? log_len : a->len;
	plex->layout = columns > 1 ? VX__LAYOUT__LAYOUT_STRIPE : VX__LAYOUT__LAYOUT_CONCAT;
	plex->columns = columns;
	plex->stripe_width = 128;
	plex->state = is_log ? VX__PLEX_STATE__PLEX_LOG : VX__PLEX_STATE__PLEX_ACTIVE;
	plex->kstate = VX__KSTATE__KS_ENABLED;
	if ((off >> disk & 1) != 0) {
		plex->kstate = VX__KSTATE__KS_DETACHED;
		plex->state = VX__PLEX_STATE__PLEX_IOFAIL;
	}
	config->plex[config->n_plex++] = plex;
	for (unsigned int column = 0; column < columns; column++) {
		uint64_t len = (plex->len + columns * 128 - 1) / (columns * 128) * 128;
		Vx__Sd *sd = make(sizeof(*sd));

		vx__sd__init(sd);
		sd->rid = (is_log ? 1000 : 300) + disk * 16 + column;
		sd->name = text("d%u-%02u", disk + 1, column + 1 + (is_log ? 50 : 0));
		sd->plex_rid = plex->rid;
		sd->dm_rid = 10 + disk;
		sd->len = columns > 1 ? len : plex->len;
		sd->disk_offset = is_log ? 0 : LOG_SECTORS + column * len;
		sd->column = column;
		config->sd[config->n_sd++] = sd;
	}
}

static Vx__Config *make_config(const struct arguments *a, Vx__DiskPath ***out_path)
{
	Vx__Config *config = make(sizeof(*config));

	vx__config__init(config);
	config->dg = make(sizeof(*config->dg));
	vx__dg__init(config->dg);
	config->dg->name = text("%s", a->group);
	config->dg->dgid = text("1.1.%s", a->group);
	config->dg->shared = a->shared;
	config->seq = 1;
	*out_path = make(DISKS_MAX * sizeof(void *));
	config->dm = make(DISKS_MAX * sizeof(void *));
	config->vol = make(sizeof(void *));
	config->plex = make(2 * DISKS_MAX * sizeof(void *));
	config->sd = make(32 * DISKS_MAX * sizeof(void *));
	for (unsigned int i = 0; i < a->disks; i++) {
		Vx__Dm *dm = make(sizeof(*dm));

		vx__dm__init(dm);
		dm->rid = 10 + i;
		dm->name = text("d%u", i + 1);
		dm->diskid = text("id-%s", a->disk[i]);
		dm->pub_len = UINT64_C(1) << 40;
		config->dm[config->n_dm++] = dm;
		(*out_path)[i] = make(sizeof(Vx__DiskPath));
		vx__disk_path__init((*out_path)[i]);
		(*out_path)[i]->diskid = dm->diskid;
		(*out_path)[i]->path = a->disk[i];
	}
	if (a->empty) {
		return config;
	}
	config->vol[config->n_vol++] = make(sizeof(Vx__Vol));
	vx__vol__init(config->vol[0]);
	config->vol[0]->rid = 1;
	config->vol[0]->name = text("%s", a->volume);
	config->vol[0]->len = a->len;
	config->vol[0]->state = a->state;
	config->vol[0]->kstate = VX__KSTATE__KS_ENABLED;
	config->vol[0]->minor = a->minor;
	config->vol[0]->region_len = a->no_log ? 0 : a->region_len;
	config->vol[0]->read_policy = VX__READ_POLICY__READ_ROUND;
	for (unsigned int i = 0; i < a->disks; i++) {
		add_plex(config, a, i, false);
		if (i < a->logs && !a->no_log) {
			add_plex(config, a, i, true);
		}
	}
	return config;
}

/* ---- requests ---- */

static Vx__Ipc *call_wait(struct ipc_call *call, uint64_t cookie, int timeout_ms)
{
	for (;;) {
		Vx__Ipc *msg;
		int rc = ipc_call_receive(call, timeout_ms, &msg);

		if (rc != 0) {
			fprintf(stderr, "iodctl: %s\n", vx_strerror(rc));
			exit(1);
		}
		if (msg->cookie == cookie) {
			return msg;
		}
		vx__ipc__free_unpacked(msg, NULL);
	}
}

static int call_simple(struct ipc_call *call, Vx__Ipc *msg)
{
	Vx__Ipc *answer;
	int error;

	msg->cookie = 1;
	if (ipc_call_send(call, msg) != 0) {
		return -VX_E_IPC;
	}
	answer = call_wait(call, 1, WAIT_MS);
	error = answer->error;
	if (error != 0) {
		fprintf(stderr, "iodctl: %s: %s\n", vx_strerror(error), answer->reason);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return error;
}

static void print_task(const char *kind, const Vx__Task *task)
{
	printf("%s %s %s/%s %llu/%llu of %llu regions %llu ms %s\n", kind, task->type, task->group,
	       task->volume, (unsigned long long)task->done, (unsigned long long)task->total,
	       (unsigned long long)task->all_regions, (unsigned long long)task->elapsed_ms,
	       task->waits_for);
}

static void print_report(const Vx__IodReport *report)
{
	printf("gate %s\n", report->gate == VX__GATE__GATE_OPEN ? "open" : "closed");
	for (size_t i = 0; i < report->n_vol; i++) {
		const Vx__VolInfo *vol = report->vol[i];

		printf("vol %s/%s kstate=%d suspended=%d in_flight=%u regions=%llu dirty=%llu "
		       "recover=%llu "
		       "log_writes=%llu syncing=%d device=%s nbd=%s\n",
		       vol->group, vol->name, (int)vol->kstate, vol->suspended, vol->in_flight,
		       (unsigned long long)vol->regions, (unsigned long long)vol->dirty_regions,
		       (unsigned long long)vol->recover_regions,
		       (unsigned long long)vol->log_writes, vol->syncing, vol->device, vol->nbd);
	}
	for (size_t i = 0; i < report->n_task; i++) {
		print_task("task", report->task[i]);
	}
	for (size_t i = 0; i < report->n_finished; i++) {
		print_task("finished", report->finished[i]);
	}
	for (size_t i = 0; i < report->n_open; i++) {
		const Vx__OpenBy *open = report->open[i];

		printf("open %s/%s pid=%u command=%s how=%s since=%llu s\n", open->group,
		       open->volume, open->pid, open->command, open->how,
		       (unsigned long long)open->since_s);
	}
	for (size_t i = 0; i < report->n_stat; i++) {
		const Vx__ObjStat *stat = report->stat[i];

		printf("stat %s %s reads=%llu writes=%llu read_blocks=%llu write_blocks=%llu "
		       "read_ns=%llu write_ns=%llu errors=%llu\n",
		       stat->type, stat->name, (unsigned long long)stat->counters->reads,
		       (unsigned long long)stat->counters->writes,
		       (unsigned long long)stat->counters->read_blocks,
		       (unsigned long long)stat->counters->write_blocks,
		       (unsigned long long)stat->counters->read_ns,
		       (unsigned long long)stat->counters->write_ns,
		       (unsigned long long)stat->counters->errors);
	}
}

static int do_query(struct ipc_call *call, bool stats)
{
	Vx__IodQuery query = VX__IOD_QUERY__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__Ipc *answer;

	query.volumes = query.tasks = query.opens = true;
	query.stats = stats;
	msg.cookie = 1;
	msg.body_case = VX__IPC__BODY_IOD_QUERY;
	msg.iod_query = &query;
	if (ipc_call_send(call, &msg) != 0) {
		return -VX_E_IPC;
	}
	answer = call_wait(call, 1, WAIT_MS);
	if (answer->body_case == VX__IPC__BODY_IOD_REPORT) {
		print_report(answer->iod_report);
	}
	vx__ipc__free_unpacked(answer, NULL);
	return 0;
}

static int do_watch(struct ipc_call *call, int seconds)
{
	uint64_t now = clock_ms(), end = now + (uint64_t)seconds * 1000;

	for (; now < end; now = clock_ms()) {
		Vx__Ipc *msg;
		int rc = ipc_call_receive(call, (int)(end - now), &msg);

		if (rc != 0) {
			return rc == -VX_E_TIMEOUT ? 0 : rc;
		}
		if (msg->body_case == VX__IPC__BODY_IOD_SYNCED) {
			printf("synced vol=%llu regions=%llu of %llu in %llu ms\n",
			       (unsigned long long)msg->iod_synced->vol_rid,
			       (unsigned long long)msg->iod_synced->regions,
			       (unsigned long long)msg->iod_synced->all_regions,
			       (unsigned long long)msg->iod_synced->ms);
		} else if (msg->body_case == VX__IPC__BODY_IOD_PLEX_ERROR) {
			printf("plex-error vol=%llu plex=%llu write=%d error=%d\n",
			       (unsigned long long)msg->iod_plex_error->vol_rid,
			       (unsigned long long)msg->iod_plex_error->plex_rid,
			       msg->iod_plex_error->write, msg->iod_plex_error->error);
		}
		fflush(stdout);
		vx__ipc__free_unpacked(msg, NULL);
	}
	return 0;
}

static int do_load(struct ipc_call *call, const struct arguments *a, bool format)
{
	Vx__IodLoad load = VX__IOD_LOAD__INIT;
	Vx__IodFormatLog log = VX__IOD_FORMAT_LOG__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__DiskPath **path;

	load.config = log.config = make_config(a, &path);
	load.path = log.path = path;
	load.n_path = log.n_path = a->disks;
	load.first = a->first;
	load.force = a->force;
	load.activation = a->activation;
	log.vol_rid = 1;
	log.dirty = a->dirty;
	msg.body_case = format ? VX__IPC__BODY_IOD_FORMAT_LOG : VX__IPC__BODY_IOD_LOAD;
	if (format) {
		msg.iod_format_log = &log;
	} else {
		msg.iod_load = &load;
	}
	return call_simple(call, &msg);
}

static int do_unload(struct ipc_call *call, const struct arguments *a)
{
	Vx__IodUnload unload = VX__IOD_UNLOAD__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	unload.dgid = text("1.1.%s", a->group);
	unload.force = a->force;
	msg.body_case = VX__IPC__BODY_IOD_UNLOAD;
	msg.iod_unload = &unload;
	return call_simple(call, &msg);
}

static int do_suspend(struct ipc_call *call, const struct arguments *a, bool suspend)
{
	Vx__IodSuspend request = VX__IOD_SUSPEND__INIT;
	Vx__IodResume resume = VX__IOD_RESUME__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	uint64_t rid = 1;

	request.txid.data = resume.txid.data = (uint8_t *)(uintptr_t)a->txid;
	request.txid.len = resume.txid.len = strlen(a->txid);
	request.dgid = text("1.1.%s", a->group);
	request.vol_rid = &rid;
	request.n_vol_rid = 1;
	request.timeout_ms = a->timeout_ms;
	msg.body_case = suspend ? VX__IPC__BODY_IOD_SUSPEND : VX__IPC__BODY_IOD_RESUME;
	if (suspend) {
		msg.iod_suspend = &request;
	} else {
		msg.iod_resume = &resume;
	}
	return call_simple(call, &msg);
}

static int do_set(struct ipc_call *call, const char *name, const char *value)
{
	Vx__IodSet set = VX__IOD_SET__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	set.name = (char *)(uintptr_t)name;
	set.value = (char *)(uintptr_t)value;
	msg.body_case = VX__IPC__BODY_IOD_SET;
	msg.iod_set = &set;
	return call_simple(call, &msg);
}

/* ---- arguments ---- */

static Vx__Activation parse_activation(const char *word)
{
	static const char *const names[] = { "off", "sr", "ro", "sw", "ew" };

	for (unsigned int i = 0; i < VX_COUNT_OF(names); i++) {
		if (strcmp(word, names[i]) == 0) {
			return (Vx__Activation)i;
		}
	}
	usage();
	return VX__ACTIVATION__ACT_OFF;
}

static Vx__VolState parse_state(const char *word)
{
	return strcmp(word, "sync") == 0    ? VX__VOL_STATE__VOL_SYNC
	       : strcmp(word, "clean") == 0 ? VX__VOL_STATE__VOL_CLEAN
					    : VX__VOL_STATE__VOL_ACTIVE;
}

static void parse(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "group", 1, NULL, 'g' },
		{ "volume", 1, NULL, 'v' },
		{ "disk", 1, NULL, 'd' },
		{ "len", 1, NULL, 'l' },
		{ "region", 1, NULL, 'r' },
		{ "logs", 1, NULL, 'L' },
		{ "no-log", 0, NULL, 'n' },
		{ "activation", 1, NULL, 'a' },
		{ "first", 0, NULL, 'f' },
		{ "shared", 0, NULL, 's' },
		{ "force", 0, NULL, 'F' },
		{ "dirty", 0, NULL, 'D' },
		{ "detach", 1, NULL, 'x' },
		{ "detach-log", 1, NULL, 'X' },
		{ "txid", 1, NULL, 't' },
		{ "timeout", 1, NULL, 'T' },
		{ "empty", 0, NULL, 'e' },
		{ "state", 1, NULL, 'S' },
		{ "columns", 1, NULL, 'c' },
		{ "minor", 1, NULL, 'm' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'g':
			a->group = optarg;
			break;
		case 'v':
			a->volume = optarg;
			break;
		case 'd':
			a->disk[a->disks++ % DISKS_MAX] = optarg;
			break;
		case 'l':
			a->len = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			a->region_len = strtoull(optarg, NULL, 10);
			break;
		case 'L':
			a->logs = (unsigned int)atoi(optarg);
			break;
		case 'n':
			a->no_log = true;
			break;
		case 'a':
			a->activation = parse_activation(optarg);
			break;
		case 'f':
			a->first = true;
			break;
		case 's':
			a->shared = true;
			break;
		case 'F':
			a->force = true;
			break;
		case 'D':
			a->dirty = true;
			break;
		case 'x':
			a->detach |= 1u << atoi(optarg);
			break;
		case 'X':
			a->detach_log |= 1u << atoi(optarg);
			break;
		case 't':
			a->txid = optarg;
			break;
		case 'T':
			a->timeout_ms = (uint32_t)atoi(optarg);
			break;
		case 'e':
			a->empty = true;
			break;
		case 'S':
			a->state = parse_state(optarg);
			break;
		case 'c':
			a->columns = (unsigned int)atoi(optarg);
			break;
		case 'm':
			a->minor = (unsigned int)atoi(optarg);
			break;
		default:
			usage();
		}
	}
	if (a->region_len == 0) {
		a->region_len = drl_region_len(a->len);
	}
}

int main(int argc, char **argv)
{
	struct arguments a = { .group = "g",
			       .volume = "v",
			       .len = 131072,
			       .logs = 2,
			       .txid = "t1",
			       .columns = 1,
			       .activation = VX__ACTIVATION__ACT_SW,
			       .state = VX__VOL_STATE__VOL_ACTIVE };
	const char *verb = argc > 1 ? argv[1] : "";
	struct ipc_call *call;
	int rc;

	if (argc < 2) {
		usage();
	}
	parse(argc - 1, argv + 1, &a);
	rc = ipc_call_open(IPC_IOD, &call);
	if (rc != 0) {
		fprintf(stderr, "iodctl: vxiod: %s\n", vx_strerror(rc));
		return 1;
	}
	if (strcmp(verb, "load") == 0 || strcmp(verb, "format") == 0) {
		rc = do_load(call, &a, verb[0] == 'f');
	} else if (strcmp(verb, "unload") == 0) {
		rc = do_unload(call, &a);
	} else if (strcmp(verb, "suspend") == 0 || strcmp(verb, "resume") == 0) {
		rc = do_suspend(call, &a, verb[0] == 's');
	} else if (strcmp(verb, "query") == 0 || strcmp(verb, "stats") == 0) {
		rc = do_query(call, verb[0] == 's');
	} else if (strcmp(verb, "watch") == 0) {
		rc = do_watch(call, argc > 2 ? atoi(argv[2]) : 1);
	} else if (strcmp(verb, "set") == 0 && argc == 4) {
		rc = do_set(call, argv[2], argv[3]);
	} else {
		usage();
	}
	ipc_call_close(call);
	return rc == 0 ? 0 : 1;
}
