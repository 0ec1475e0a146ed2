// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustd: the daemon that keeps this node in the cluster. Options, life of the process. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/daemon.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/paths.h"
#include "base/timeouts.h"
#include "cpg/node.h"

#define NAME "vxclustd"

struct clustd {
	struct loop *loop;
	struct node *node;
	struct loop_timer watchdog;
	int code;
};

static void clustd_usage(FILE *out)
{
	fputs("usage: vxclustd [-f] [-D] [-c FILE]\n"
	      "Keeps this node in the cluster of volumes: membership, master, I/O gate, ordered "
	      "messages.\n"
	      "Started by the resource agent ocf:vxha:vxclust; `vxclustadm startnode` makes it "
	      "join.\n\n"
	      "  -f, --foreground   stay in the foreground, log to stderr as well\n"
	      "  -D, --debug        debug lines in the log file\n"
	      "  -c, --config FILE  instead of /etc/vxha/vxha.conf\n"
	      "  -h, --help         this text\n"
	      "      --version      version and cluster protocol\n",
	      out);
}

static void clustd_on_watchdog(void *ctx)
{
	struct clustd *clustd = ctx;

	daemon_keep_alive();
	loop_timer_set(clustd->loop, &clustd->watchdog, VX_WATCHDOG_MS, clustd_on_watchdog, clustd);
}

static void clustd_on_signal(void *ctx, int signal)
{
	struct clustd *clustd = ctx;

	log_notice("signal %d", signal);
	node_terminate(clustd->node);
}

static void clustd_on_ended(void *ctx, int code)
{
	struct clustd *clustd = ctx;

	clustd->code = code;
	loop_stop(clustd->loop);
}

static int clustd_run(struct clustd *clustd, const struct conf *conf, struct daemon *daemon)
{
	int rc = loop_create(&clustd->loop);
	char text[VX_REASON_MAX];

	if (conf_is_missing(conf, text)) {
		log_warning("%s", text);
	}
	if (rc == 0) {
		rc = node_create(clustd->loop, conf, clustd_on_ended, clustd, &clustd->node);
	}
	if (rc == 0) {
		rc = loop_signal_add(clustd->loop, SIGTERM, clustd_on_signal, clustd);
	}
	if (rc == 0) {
		rc = loop_signal_add(clustd->loop, SIGINT, clustd_on_signal, clustd);
	}
	if (rc != 0) {
		log_err("cannot start: %s", vx_strerror(rc));
		return 1;
	}
	if (daemon_lock_memory() != 0) {
		log_warning("memory cannot be locked: the node may stall when memory is short");
	}
	if (conf_get_bool(conf, CONF_realtime) && daemon_realtime() != 0) {
		log_info("real-time priority is not allowed here");
	}
	clustd_on_watchdog(clustd);
	if (daemon_ready(daemon) != 0) {
		log_err("whoever started vxclustd gave up: ending");
		return 1;
	}
	log_notice(NAME " " VXHA_VERSION " started");
	loop_run(clustd->loop);
	return clustd->code;
}

struct clustd_options {
	bool foreground, debug;
	const char *config;
};

/* -1: go on; else what the process ends with. */
static int clustd_parse(int argc, char **argv, struct clustd_options *out_options)
{
	static const struct option options[] = {
		{ "foreground", no_argument, NULL, 'f' },   { "debug", no_argument, NULL, 'D' },
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },	    { 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "fDc:h", options, NULL)) != -1) {
		if (option == 'f') {
			out_options->foreground = true;
		} else if (option == 'D') {
			out_options->debug = true;
		} else if (option == 'c') {
			out_options->config = optarg;
		} else if (option == 'V') {
			printf(NAME " " VXHA_VERSION ", cluster protocol %d to %d\n",
			       VX_PROTOCOL_MIN, VX_PROTOCOL_MAX);
			return daemon_told(NAME);
		} else {
			clustd_usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? daemon_told(NAME) : 2;
		}
	}
	if (optind < argc) {
		clustd_usage(stderr);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct clustd_options options = { 0 };
	char reason[VX_REASON_MAX];
	struct clustd clustd = { 0 };
	struct daemon *daemon = NULL;
	struct conf *conf = NULL;
	pid_t pid = 0;
	int code = clustd_parse(argc, argv, &options), rc;

	if (code >= 0) {
		return code;
	}
	if (conf_read(options.config, &conf, reason) != 0) {
		fprintf(stderr, NAME ": %s\n", reason);
		return 1;
	}
	rc = options.config != NULL ? path_conf_file_use(options.config) : 0;
	if (rc != 0) {
		fprintf(stderr, NAME ": %s: %s\n", options.config, vx_strerror(rc));
		conf_free(conf);
		return 1;
	}
	rc = daemon_start(NAME, options.foreground, &daemon, &pid);
	if (rc != 0) {
		if (rc == -VX_E_BUSY) {
			fprintf(stderr, NAME ": runs already as pid %d\n", (int)pid);
		}
		conf_free(conf);
		return 1;
	}
	log_start(NAME, options.foreground, options.debug || conf_get_bool(conf, CONF_debug));
	code = clustd_run(&clustd, conf, daemon);
	if (clustd.node != NULL) {
		node_destroy(clustd.node);
	}
	loop_destroy(clustd.loop);
	log_stop();
	daemon_end(daemon);
	conf_free(conf);
	return code;
}
