// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxconfigd: the configuration of the disk groups of a node. This file: options, start and end,
 * what vxclustd and vxiod tell, handed to who deals with it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/errors.h"
#include "base/id.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/answers.h"
#include "vxconfigd/endings.h"
#include "vxconfigd/configd.h"
#include "vxconfigd/group.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/reset.h"
#include "vxconfigd/server.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/cfg_steps.h"

#define CONFIGD_NAME "vxconfigd"
#define CONFIGD_MEMORY "groups" /* in the state folder */

struct configd_options {
	bool foreground, debug, kill, reset;
};

struct configd_main {
	struct configd configd;
	struct daemon *daemon;
};

static void configd_usage(FILE *out)
{
	fputs("usage: vxconfigd [-f] [-D] [-k] [-r reset]\n"
	      "Keeps the configuration of the disk groups of this node; one of the three daemons "
	      "of vxha.\n"
	      "Started by the resource agent ocf:vxha:vxclust, or by hand after it was stopped; "
	      "volumes\n"
	      "and the cluster membership go on without it.\n\n"
	      "  -f, --foreground   stay in the foreground, log to stderr as well\n"
	      "  -D, --debug        debug lines in the log file\n"
	      "  -k, --kill         end a vxconfigd that runs first, also one that hangs\n"
	      "  -r, --reset reset  begin with nothing loaded: refused while the node is in a cluster\n"
	      "                     or its vxiod serves a volume; a vxconfigd that runs stays\n"
	      "  -h, --help         this text\n"
	      "      --version      the version\n\n"
	      "Exit status: 0 it runs; 2 wrong usage; 21 /var/lib/vxha/groups is damaged; otherwise "
	      "it does not\n"
	      "run, and the reason was said.\n",
	      out);
}

/* 0: go on; 1: done; negative: wrong usage. */
static int configd_parse(int argc, char **argv, struct configd_options *options)
{
	static const struct option longs[] = {
		{ "foreground", no_argument, NULL, 'f' }, { "debug", no_argument, NULL, 'D' },
		{ "kill", no_argument, NULL, 'k' },	  { "reset", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },	  { "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "fDkr:h", longs, NULL)) != -1) {
		switch (option) {
		case 'f':
			options->foreground = true;
			break;
		case 'D':
			options->debug = true;
			break;
		case 'k':
			options->kill = true;
			break;
		case 'r':
			options->reset = true;
			if (strcmp(optarg, "reset") == 0) {
				break;
			}
			configd_usage(stderr);
			return -VX_E_USAGE;
		case 'h':
			configd_usage(stdout);
			return 1;
		case 'v':
			puts("vxconfigd (vxha) " VXHA_VERSION);
			return 1;
		default:
			configd_usage(stderr);
			return -VX_E_USAGE;
		}
	}
	if (optind < argc) {
		configd_usage(stderr);
		return -VX_E_USAGE;
	}
	return 0;
}

/* Before the daemon's life begins: may wait. */
static void configd_kill_running(void)
{
	uint64_t end = clock_ms() + VX_KILL_MS;
	pid_t pid = daemon_running(CONFIGD_NAME);

	if (pid == 0) {
		return;
	}
	kill(pid, SIGTERM);
	while (daemon_running(CONFIGD_NAME) == pid && clock_ms() < end) {
		poll(NULL, 0, VX_KILL_POLL_MS);
	}
	if (daemon_running(CONFIGD_NAME) == pid) {
		kill(pid, SIGKILL);
		while (daemon_running(CONFIGD_NAME) == pid && clock_ms() < 2 * VX_KILL_MS + end) {
			poll(NULL, 0, VX_KILL_POLL_MS);
		}
	}
}

/* ---- what vxclustd tells ---- */

static void on_registered(void *ctx, const Vx__Registered *registered)
{
	steps_on_registered(ctx, registered);
}

static void on_view(void *ctx, const Vx__View *view)
{
	steps_on_view(ctx, view);
}

static void on_step(void *ctx, const Vx__StepRun *run)
{
	steps_run(ctx, run);
}

static void on_config(void *ctx, uint32_t from, const Vx__CfgMsg *msg)
{
	steps_on_message(ctx, from, msg);
}

static void on_command(void *ctx, uint32_t from, const Vx__CmdMsg *msg)
{
	server_on_command(ctx, from, msg);
}

static void on_peer(void *ctx, uint32_t nodeid, bool up)
{
	steps_on_peer(ctx, nodeid, up);
}

static void on_clust_lost(void *ctx)
{
	steps_on_lost(ctx);
}

static const struct clust_ops configd_clust_ops = {
	.registered = on_registered,
	.view = on_view,
	.step = on_step,
	.config = on_config,
	.command = on_command,
	.peer = on_peer,
	.lost = on_clust_lost,
};

/* ---- what vxiod tells: a change is needed, and the master makes it ---- */

/* of: the plex that failed, or the attaches that are complete. */
static void configd_want(struct configd *configd, const char *verb, const char *dgid,
			 uint64_t vol_rid, const uint64_t *of, size_t count)
{
	Vx__Request request = VX__REQUEST__INIT;
	char number[1 + VX_PLEXES_MAX][24], line[VX_REASON_MAX];
	char *operand[1 + VX_PLEXES_MAX];
	size_t used;

	count = count < VX_PLEXES_MAX ? count : VX_PLEXES_MAX;
	snprintf(number[0], sizeof(number[0]), "%" PRIu64, vol_rid);
	used = (size_t)snprintf(line, sizeof(line), "vxconfigd %s volume %s", verb, number[0]);
	operand[0] = number[0];
	for (size_t i = 0; i < count; i++) {
		snprintf(number[i + 1], sizeof(number[i + 1]), "%" PRIu64, of[i]);
		operand[i + 1] = number[i + 1];
		if (used < sizeof(line)) {
			used += (size_t)snprintf(line + used, sizeof(line) - used, " plex %s",
						 number[i + 1]);
		}
	}
	request.tool = CONFIGD_NAME;
	request.verb = (char *)(uintptr_t)verb;
	request.group = (char *)(uintptr_t)dgid;
	request.operand = operand;
	request.n_operand = 1 + count;
	request.pid = (uint32_t)getpid();
	request.node = configd->cluster.node;
	request.command_line = line;
	server_change_internal(configd, &request);
}

static void on_synced(void *ctx, const Vx__IodSynced *event)
{
	log_info("dgid=%s vol=%" PRIu64 " synchronised: %" PRIu64 " of %" PRIu64 " regions",
		 event->dgid, event->vol_rid, event->regions, event->all_regions);
	configd_want(ctx, "synced", event->dgid, event->vol_rid, event->attach, event->n_attach);
}

static void on_plex_error(void *ctx, const Vx__IodPlexError *event)
{
	struct configd *configd = ctx;

	log_err("dgid=%s vol=%" PRIu64 " plex=%" PRIu64 " %s error at %" PRIu64 ": %s", event->dgid,
		event->vol_rid, event->plex_rid, event->write ? "write" : "read", event->offset,
		vx_strerror(event->error));
	if (event->write) {
		detach_policy_note(&configd->lost, event->plex_rid, clock_ms());
		configd_want(configd, "plexerror", event->dgid, event->vol_rid, &event->plex_rid, 1);
	}
}

static const struct iod_ops configd_iod_ops = { .synced = on_synced, .plex_error = on_plex_error };

/* ---- start and end ---- */

static void on_signal(void *ctx, int number)
{
	struct configd *configd = ctx;

	log_notice("ends: signal %d", number);
	clust_goodbye(configd->clust);
	loop_stop(configd->loop);
}

static void configd_count_disks(struct configd_main *main_state)
{
	size_t count = disk_count(main_state->configd.disks);

	log_notice("started: %zu disks are seen", count);
	if (count == 0) {
		log_warning("no disk matches disks = %s: name the disks of this node in %s, then "
			    "start vxconfigd anew (vxconfigd -k)",
			    conf_get(main_state->configd.conf, CONF_disks), path_conf_file());
	}
}

static void on_first_scan(void *ctx)
{
	struct configd_main *main_state = ctx;

	configd_count_disks(main_state);
	if (daemon_ready(main_state->daemon) != 0) {
		log_warning("whoever started it did not wait");
	}
}

static int configd_open(struct configd_main *main_state, char *reason)
{
	struct configd *configd = &main_state->configd;
	char path[PATH_MAX];
	int rc = loop_create(&configd->loop);

	TAILQ_INIT(&configd->groups);
	TAILQ_INIT(&configd->creating);
	TAILQ_INIT(&configd->relays);
	TAILQ_INIT(&configd->io_rounds);
	TAILQ_INIT(&configd->loads);
	TAILQ_INIT(&configd->disk_setups);
	TAILQ_INIT(&configd->disk_waits);
	configd->enabled = true;
	configd->serial = id_make_u64();
	if (gethostname(configd->host, sizeof(configd->host) - 1) != 0) {
		rc = -errno;
	}
	snprintf(path, sizeof(path), "%s/" CONFIGD_MEMORY, path_state_dir());
	rc = rc != 0 ? rc : worker_create(configd->loop, "vxconfigd-io", 0, &configd->worker);
	rc = rc != 0 ? rc : memory_open(configd->worker, path, &configd->memory, reason);
	rc = rc != 0 ? rc
		     : disk_set_create(configd->worker, conf_get(configd->conf, CONF_disks),
				       &configd->disks);
	rc = rc != 0 ? rc : answers_create(&configd->answers);
	rc = rc != 0 ? rc : endings_create(&configd->endings);
	rc = rc != 0 ? rc : shelf_create(configd, &configd->shelf);
	rc = rc != 0 ? rc : steps_create(configd);
	rc = rc != 0 ? rc : iod_create(configd->loop, &configd_iod_ops, configd, &configd->iod);
	rc = rc != 0 ? rc
		     : clust_create(configd->loop, &configd_clust_ops, configd, &configd->clust);
	rc = rc != 0 ? rc : server_create(configd, &configd->server);
	rc = rc != 0 ? rc : loop_signal_add(configd->loop, SIGTERM, on_signal, configd);
	rc = rc != 0 ? rc : loop_signal_add(configd->loop, SIGINT, on_signal, configd);
	if (rc == 0) {
		disk_scan(configd->disks, on_first_scan, main_state);
	}
	return rc;
}

static int configd_serve(struct configd_main *main_state, const struct configd_options *options)
{
	struct configd *configd = &main_state->configd;
	char reason[VX_REASON_MAX] = "";
	bool debug = options->debug || conf_get_bool(configd->conf, CONF_debug);
	int rc = log_start(CONFIGD_NAME, options->foreground, debug);

	if (conf_is_missing(configd->conf, reason)) {
		log_warning("%s", reason);
		reason[0] = '\0';
	}
	if (rc == 0) {
		rc = configd_open(main_state, reason);
	}
	if (rc != 0) {
		log_err("cannot start: %s", reason[0] != '\0' ? reason : vx_strerror(rc));
		return vx_exit_code(rc);
	}
	loop_run(configd->loop);
	/* Whatever is in flight ends with the process: kill -9 at any time must be harmless, too.
	 */
	clust_destroy(configd->clust);
	server_destroy(configd->server);
	log_notice("ended");
	return 0;
}

/* -1: it is the daemon now; else what the process ends with. */
static int configd_begin(struct configd_main *main_state, const struct configd_options *options)
{
	char reason[VX_REASON_MAX];
	pid_t pid = 0;
	int rc = conf_read(NULL, &main_state->configd.conf, reason);

	if (rc != 0) {
		fprintf(stderr, "vxconfigd: %s\n", reason);
		return 1;
	}
	rc = options->reset ? reset_check(reason) : 0;
	if (rc != 0) {
		fprintf(stderr, "vxconfigd: reset is refused: %s\n", reason);
		return vx_exit_code(rc);
	}
	if (options->kill) {
		configd_kill_running();
	}
	rc = daemon_start(CONFIGD_NAME, options->foreground, &main_state->daemon, &pid);
	if (rc == -VX_E_BUSY && options->kill && !options->foreground) {
		/* R16: the killed one was the master's: vxclustd was quicker */
		printf("vxconfigd: the old one ended; vxclustd has started a new one (pid %d)\n",
		       (int)pid);
		return 0;
	}
	if (rc == -VX_E_BUSY) {
		fprintf(stderr, "vxconfigd: already running (pid %d); -k ends it first\n",
			(int)pid);
	}
	return rc == 0 ? -1 : 1;
}

int main(int argc, char **argv)
{
	struct configd_options options = { false };
	int rc = configd_parse(argc, argv, &options);
	struct configd_main *main_state;

	if (rc != 0) {
		return rc > 0 ? daemon_told(CONFIGD_NAME) : 2;
	}
	main_state = calloc(1, sizeof(*main_state));
	if (main_state == NULL) {
		abort();
	}
	rc = configd_begin(main_state, &options);
	if (rc >= 0) {
		conf_free(main_state->configd.conf);
		free(main_state);
		return rc;
	}
	rc = configd_serve(main_state, &options);
	log_stop();
	daemon_end(main_state->daemon);
	return rc;
}
