// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxiod: the I/O daemon. Starts the threads, serves until told to stop, leaves nothing behind.
 *
 * On SIGTERM shared volumes fail as in an abort (vxclustd takes them away first when the node
 * leaves in order) and private ones are flushed; on SIGKILL `vxiod --settle` cleans up.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/daemon.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/timeouts.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/iod.h"
#include "volio/settle.h"
#include "volio/sync.h"
#include "volio/volume.h"

#define IOD_WORKERS 8 /* ready from the start: memory may be short when they are needed */

struct options {
	bool foreground, debug, settle;
};

static void usage(FILE *out)
{
	fputs("usage: vxiod [-f] [-D] [--settle]\n"
	      "The I/O daemon of vxha: does the I/O of volumes and shows them as devices.\n"
	      "Started by the resource agent ocf:vxha:vxclust or by hand, configured by "
	      "vxconfigd.\n\n"
	      "  -f, --foreground   stay in the foreground, log to stderr as well\n"
	      "  -D, --debug        debug lines in the log file\n"
	      "      --settle       after a killed vxiod: wait until no I/O of it is in flight on "
	      "the\n"
	      "                     disks it had open, remove its dead devices, then exit with 0\n"
	      "  -h, --help         this text\n"
	      "      --version      the version\n\n"
	      "Volumes appear below /dev/vx/dsk/GROUP/VOLUME and as NBD exports GROUP/VOLUME of\n"
	      "/run/vxha/" PATH_NBD_SOCKET ".\n",
	      out);
}

/* ---- end ---- */

struct iod_end {
	struct gather gather;
	struct iod *iod;
};

static void iod_ended(struct gather *gather)
{
	struct iod_end *end = gather->ctx;

	loop_stop(end->iod->loop);
	free(end);
}

static void iod_on_signal(void *ctx, int number)
{
	struct iod *iod = ctx;
	struct iod_end *end;
	struct iod_group *group;
	struct volume *volume, *next;

	if (iod->stopping) {
		return;
	}
	log_notice("signal %d: ends", number);
	iod->stopping = true;
	end = calloc(1, sizeof(*end));
	if (end == NULL) {
		loop_stop(iod->loop);
		return;
	}
	end->iod = iod;
	gather_begin(&end->gather, iod_ended, end);
	LIST_FOREACH(group, &iod->groups, link)
	{
		for (volume = LIST_FIRST(&group->volumes); volume != NULL; volume = next) {
			next = LIST_NEXT(volume, link);
			if (!volume->leaving) {
				volume_remove(volume, !group->shared, -EIO, &end->gather);
			}
		}
	}
	gather_end(&end->gather, 0, NULL);
}

/* ---- start ---- */

static void iod_on_mail(void *ctx, int revents)
{
	struct iod *iod = ctx;
	uint64_t count;

	(void)revents;
	(void)!read(iod->box.event_fd, &count, sizeof(count));
	mailbox_deliver(&iod->box);
}

static void iod_opens_changed(void *ctx)
{
	cluster_poke(ctx);
}

static void iod_on_watchdog(void *ctx);

struct watchdog {
	struct loop *loop;
	struct loop_timer timer;
};

static void iod_on_watchdog(void *ctx)
{
	struct watchdog *watchdog = ctx;

	daemon_keep_alive();
	loop_timer_set(watchdog->loop, &watchdog->timer, VX_WATCHDOG_MS, iod_on_watchdog, watchdog);
}

static unsigned int iod_lane_count(const struct conf *conf)
{
	unsigned int wanted = conf_get_number(conf, CONF_io_threads);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted == 0) {
		wanted = cpus > 2 ? (unsigned int)cpus / 2 : 1;
	}
	return wanted < VX_LANES_MAX ? wanted : VX_LANES_MAX;
}

static int iod_start_threads(struct iod *iod)
{
	unsigned int lanes = iod_lane_count(iod->conf);
	int rc = mailbox_open(&iod->box);

	if (rc == 0) {
		rc = loop_fd_add(iod->loop, iod->box.event_fd, POLLIN, iod_on_mail, iod);
	}
	if (rc == 0) {
		rc = worker_create(iod->loop, "vxiod-worker", IOD_WORKERS, &iod->worker);
	}
	for (; rc == 0 && iod->lanes < lanes; iod->lanes += rc == 0) {
		rc = lane_start(&iod->box, &iod->lane[iod->lanes]);
	}
	if (rc != 0) {
		log_err("cannot start the I/O threads: %s%s", vx_strerror(rc),
			rc == -ENOSYS || rc == -EPERM
				? " (io_uring is needed: kernel.io_uring_disabled?)"
				: "");
	}
	return rc;
}

static int iod_start(struct iod *iod)
{
	int rc = iod_start_threads(iod);

	if (rc == 0) {
		rc = notes_create(&iod->notes);
	}
	if (rc == 0) {
		rc = control_create(iod, &iod->control);
	}
	if (rc == 0) {
		rc = cluster_create(iod, &iod->cluster);
	}
	for (int i = 0; rc == 0 && i < FRONT_COUNT; i++) {
		if (front_table[i]->start(iod, &iod->front[i]) != 0) {
			iod->front[i] = NULL; /* it said why */
		}
	}
	return rc;
}

static void iod_stop(struct iod *iod)
{
	for (int i = 0; i < FRONT_COUNT; i++) {
		if (iod->front[i] != NULL) {
			front_table[i]->stop(iod->front[i]);
		}
	}
	cluster_free(iod->cluster);
	control_free(iod->control);
	notes_free(iod->notes);
	for (unsigned int i = 0; i < iod->lanes; i++) {
		lane_stop(iod->lane[i]);
	}
	worker_free(iod->worker);
}

static void iod_free(struct iod *iod)
{
	struct iod_group *group;

	while ((group = LIST_FIRST(&iod->groups)) != NULL) {
		suspensions_lift(iod, group->dgid, true);
		LIST_REMOVE(group, link);
		free(group);
	}
	for (int i = 0; i < VX_TASKS_FINISHED; i++) {
		if (iod->finished[i] != NULL) {
			vx__task__free_unpacked(iod->finished[i], NULL);
		}
	}
	if (iod->box.event_fd > 0) {
		mailbox_close(&iod->box);
	}
	loop_destroy(iod->loop);
	conf_free(iod->conf);
}

static int iod_main(struct daemon *daemon, struct conf *conf, const struct options *options)
{
	struct iod iod = { .conf = conf };
	struct watchdog watchdog = { 0 };
	char text[VX_REASON_MAX];
	int rc;

	log_start("vxiod", options->foreground, options->debug || conf_get_bool(conf, CONF_debug));
	if (conf_is_missing(conf, text)) {
		log_warning("%s", text);
	}
	rc = loop_create(&iod.loop);
	if (rc == 0) {
		LIST_INIT(&iod.groups);
		TAILQ_INIT(&iod.ops);
		LIST_INIT(&iod.suspensions);
		LIST_INIT(&iod.disks.list);
		opens_init(&iod.opens, iod_opens_changed, &iod);
		iod.resync_slow_ms = conf_get_number(iod.conf, CONF_resync_slow_ms);
		/* R4: who registers as clean has nothing in flight, nor the one before it */
		rc = settle_run(VX_DRAIN_MS, text);
		if (rc != 0) {
			log_err("%s", text);
		}
	}
	if (rc == 0) {
		rc = iod_start(&iod);
	}
	if (rc == 0) {
		loop_signal_add(iod.loop, SIGTERM, iod_on_signal, &iod);
		loop_signal_add(iod.loop, SIGINT, iod_on_signal, &iod);
		watchdog.loop = iod.loop;
		iod_on_watchdog(&watchdog);
		rc = daemon_ready(daemon);
	}
	if (rc == 0) {
		log_notice("vxiod " VXHA_VERSION " serves with %u I/O threads", iod.lanes);
		loop_run(iod.loop);
	} else {
		log_err("cannot start: %s", vx_strerror(rc));
	}
	iod_stop(&iod);
	iod_free(&iod);
	log_stop();
	return rc == 0 ? 0 : 1;
}

static int settle_and_tell(void)
{
	char reason[VX_REASON_MAX];
	pid_t pid = daemon_running("vxiod");

	if (pid != 0) {
		fprintf(stderr, "vxiod: runs as pid %d: nothing to settle\n", (int)pid);
		return 1;
	}
	if (settle_run(0, reason) != 0) {
		fprintf(stderr, "vxiod: %s\n", reason);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "foreground", no_argument, NULL, 'f' }, { "debug", no_argument, NULL, 'D' },
		{ "settle", no_argument, NULL, 's' },	  { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },	  { 0 },
	};
	struct options options = { 0 };
	char reason[VX_REASON_MAX];
	struct daemon *daemon;
	struct conf *conf;
	pid_t pid = 0;
	int option, rc;

	while ((option = getopt_long(argc, argv, "fDh", longs, NULL)) != -1) {
		if (option == 'f') {
			options.foreground = true;
		} else if (option == 'D') {
			options.debug = true;
		} else if (option == 's') {
			options.settle = true;
		} else if (option == 'V') {
			puts("vxiod " VXHA_VERSION);
			return daemon_told("vxiod");
		} else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? daemon_told("vxiod") : 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	if (options.settle) {
		return settle_and_tell();
	}
	if (conf_read(NULL, &conf, reason) != 0) {
		fprintf(stderr, "vxiod: %s\n", reason);
		return 1;
	}
	rc = daemon_start("vxiod", options.foreground, &daemon, &pid);
	if (rc != 0) {
		if (rc == -VX_E_BUSY) {
			fprintf(stderr, "vxiod: runs already as pid %d\n", (int)pid);
		}
		conf_free(conf);
		return 1;
	}
	if (daemon_lock_memory() != 0) {
		fprintf(stderr,
			"vxiod: memory cannot be locked: under memory pressure I/O may stall\n");
	}
	(void)prctl(PR_SET_IO_FLUSHER, 1, 0, 0,
		    0); /* it must not wait for dirty pages of its own volumes */
	rc = iod_main(daemon, conf, &options);
	daemon_end(daemon);
	return rc;
}
