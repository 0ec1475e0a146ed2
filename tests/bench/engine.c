// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine - what vxiod's I/O path costs without a front end: to be compared with rawtwo
 *
 *	engine read|write DISK0 DISK1 SIZE_MIB BLOCK_BYTES DEPTH SECONDS
 *
 * A volume of two plexes without a log, in a lane; its requests begin anew in the lane as soon as
 * they end. Prints one line, as rawtwo: iops p50_us p99_us cpu_us (CPU microseconds of an
 *operation).
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/loop.h"
#include "volio/vio.h"

#define PLEXES 2
#define BUCKETS 100000 /* of a microsecond */

struct run {
	bool write;
	uint64_t blocks, random, end_us, done, began_us;
	uint32_t block_bytes, depth, busy;
	uint64_t start_us[VX_VOLUME_REQUESTS];
	uint32_t bucket[BUCKETS];
	struct vio *vio;
	struct lane_call *call;
	bool over; /* main thread */
};

__attribute__((noreturn)) static void die(const char *what, int error)
{
	fprintf(stderr, "engine: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t run_random(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

/* ---- in the lane ---- */

static void run_done(struct io_request *request, int error);

static void run_start(struct run *run, struct io_request *request)
{
	request->front = run;
	request->kind = run->write ? IO_WRITE : IO_READ;
	request->offset = run_random(run) % run->blocks * run->block_bytes;
	request->length = run->block_bytes;
	request->data = request->buffer;
	request->done = run_done;
	run->start_us[request - run->vio->request] = clock_us();
	io_submit(request);
}

static void run_done(struct io_request *request, int error)
{
	struct run *run = request->front;
	uint64_t now = clock_us(), took = now - run->start_us[request - run->vio->request];

	if (error != 0) {
		die("I/O", -error);
	}
	run->bucket[took < BUCKETS ? took : BUCKETS - 1]++;
	run->done++;
	if (now < run->end_us) {
		run_start(run, request);
		return;
	}
	io_request_put(request);
	if (--run->busy == 0) {
		lane_call_end(run->call, 0);
	}
}

static void run_begin(struct lane_call *call)
{
	struct run *run = call->ctx;

	for (run->busy = 0; run->busy < run->depth; run->busy++) {
		struct io_request *request = io_request_get(run->vio);

		memset(request->buffer, (int)run->busy, run->block_bytes);
		run_start(run, request);
	}
}

/* ---- the main thread ---- */

static void call_done(struct lane_call *call)
{
	((struct run *)call->ctx)->over = true;
}

static void call_lane(struct run *run, struct mailbox *box, void (*fn)(struct lane_call *call))
{
	struct lane_call call = {
		.lane = run->vio->lane, .vio = run->vio, .run = fn, .done = call_done, .ctx = run
	};

	run->over = false;
	run->call = &call;
	lane_call_send(&call);
	while (!run->over) {
		uint64_t event; /* says only: look */

		if (read(box->event_fd, &event, sizeof(event)) < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = box->event_fd, .events = POLLIN };

			(void)poll(&wait, 1, -1);
		}
		mailbox_deliver(box);
	}
}

static void no_mail(struct mail *mail)
{
	(void)mail;
	die("a plex failed", EIO);
}

static struct volconf *make_conf(char **path, uint64_t bytes)
{
	struct volconf *conf = calloc(1, sizeof(*conf));
	char reason[VX_REASON_MAX];

	conf->enabled = true;
	conf->length = bytes;
	conf->plexes = conf->disks = conf->subdisks = PLEXES;
	conf->plex = calloc(PLEXES, sizeof(*conf->plex));
	conf->disk = calloc(PLEXES, sizeof(struct iodisk *));
	conf->subdisk = calloc(PLEXES, sizeof(*conf->subdisk));
	for (uint32_t i = 0; i < PLEXES; i++) {
		struct layout *layout = &conf->plex[i].layout;
		int rc = iodisk_open(path[i], path[i], &conf->disk[i], reason);

		if (rc != 0) {
			die(reason, -rc);
		}
		conf->block =
			conf->disk[i]->block > conf->block ? conf->disk[i]->block : conf->block;
		layout->columns = 1;
		layout->length = bytes;
		layout->column = calloc(1, sizeof(*layout->column));
		layout->column->count = 1;
		layout->column->sd = calloc(1, sizeof(*layout->column->sd));
		*layout->column->sd =
			(struct layout_sd){ .length = bytes, .disk = i, .subdisk = i };
	}
	return conf;
}

static uint32_t run_percentile(const struct run *run, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)run->done * share);

	for (uint32_t i = 0; i < BUCKETS; i++) {
		seen += run->bucket[i];
		if (seen > wanted) {
			return i;
		}
	}
	return BUCKETS - 1;
}

static void run_print(const struct run *run)
{
	struct rusage usage;
	double cpu_us;

	getrusage(RUSAGE_SELF, &usage);
	cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
		 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	printf("%.0f %" PRIu32 " %" PRIu32 " %.2f\n",
	       (double)run->done * 1e6 / (double)(clock_us() - run->began_us),
	       run_percentile(run, 0.5), run_percentile(run, 0.99),
	       cpu_us / (double)(run->done > 0 ? run->done : 1));
}

int main(int argc, char **argv)
{
	struct run *run = calloc(1, sizeof(*run));
	struct mailbox box;
	struct lane *lane;
	uint64_t bytes;
	int rc;

	if (argc != 8 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "write") != 0)) {
		fputs("usage: engine read|write DISK0 DISK1 SIZE_MIB BLOCK_BYTES DEPTH SECONDS\n",
		      stderr);
		return 2;
	}
	run->write = strcmp(argv[1], "write") == 0;
	run->block_bytes = (uint32_t)strtoul(argv[5], NULL, 10);
	run->depth = (uint32_t)strtoul(argv[6], NULL, 10);
	bytes = strtoull(argv[4], NULL, 10) << 20;
	if (run->block_bytes < VX_SECTOR || run->block_bytes > VX_IO_BYTES ||
	    bytes < run->block_bytes || run->depth < 1 || run->depth > VX_VOLUME_REQUESTS ||
	    strtod(argv[7], NULL) <= 0) {
		fputs("engine: size, block, depth or seconds out of range\n", stderr);
		return 2;
	}
	run->blocks = bytes / run->block_bytes;
	rc = mailbox_open(&box);
	if (rc == 0) {
		rc = lane_start(&box, &lane);
	}
	if (rc == 0) {
		rc = vio_create(lane, make_conf(argv + 2, bytes), 0, run, no_mail, no_mail,
				&run->vio);
	}
	if (rc != 0) {
		die("start", -rc);
	}
	call_lane(run, &box, vio_run_attach);
	run->began_us = clock_us();
	run->random = run->began_us | 1;
	run->end_us = run->began_us + (uint64_t)(strtod(argv[7], NULL) * 1e6);
	call_lane(run, &box, run_begin);
	run_print(run);
	call_lane(run, &box, vio_run_detach);
	lane_stop(lane);
	vio_destroy(run->vio);
	mailbox_close(&box);
	free(run);
	return 0;
}
