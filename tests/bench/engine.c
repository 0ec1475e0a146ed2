// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine - what vxiod's I/O path costs without a front end: to be compared with rawtwo
 *
 *	engine read|write DISK0 DISK1 SIZE_MIB BLOCK_BYTES DEPTH SECONDS
 *
 * A volume of two plexes without a log, made of records as vxiod makes it, in a lane; its requests
 * begin anew in the lane as soon as they end. Prints one line, as rawtwo: iops p50_us p99_us cpu_us
 * (CPU microseconds of an operation).
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/errors.h"
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

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
	fprintf(stderr, "engine: %s: %s\n", what, why);
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
		die("I/O", vx_strerror(error));
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
	die("I/O", "a plex failed");
}

/* Of volconf_make(): the disks are named 0 and 1. */
static struct iodisk *find_disk(void *ctx, const char *diskid)
{
	return ((struct iodisk **)ctx)[diskid[0] - '0'];
}

/* What vxiod makes of the records of such a volume. */
static struct volconf *make_conf(struct iodisk **disk, uint64_t sectors)
{
	static char *const name[PLEXES] = { "0", "1" };
	Vx__Config config = VX__CONFIG__INIT;
	Vx__Dg dg = VX__DG__INIT;
	Vx__Vol vol = VX__VOL__INIT, *vols[] = { &vol };
	Vx__Dm dm[PLEXES], *dms[PLEXES];
	Vx__Plex plex[PLEXES], *plexes[PLEXES];
	Vx__Sd sd[PLEXES], *sds[PLEXES];
	struct volconf_index index;
	struct volconf *conf;
	char reason[VX_REASON_MAX] = "";
	int rc;

	dg.name = dg.dgid = "engine";
	vol.rid = 1;
	vol.name = "volume";
	vol.len = sectors;
	vol.state = VX__VOL_STATE__VOL_ACTIVE;
	vol.kstate = VX__KSTATE__KS_ENABLED;
	vol.read_policy = VX__READ_POLICY__READ_ROUND;
	for (uint32_t i = 0; i < PLEXES; i++) {
		vx__dm__init(dms[i] = &dm[i]);
		dm[i].rid = i + 1;
		dm[i].name = dm[i].diskid = name[i];
		dm[i].pub_len = sectors;
		vx__plex__init(plexes[i] = &plex[i]);
		plex[i].rid = i + 1;
		plex[i].name = name[i];
		plex[i].vol_rid = vol.rid;
		plex[i].len = sectors;
		plex[i].state = VX__PLEX_STATE__PLEX_ACTIVE;
		plex[i].kstate = VX__KSTATE__KS_ENABLED;
		vx__sd__init(sds[i] = &sd[i]);
		sd[i].rid = i + 1;
		sd[i].name = name[i];
		sd[i].plex_rid = plex[i].rid;
		sd[i].dm_rid = dm[i].rid;
		sd[i].len = sectors;
	}
	config.dg = &dg;
	config.n_vol = 1;
	config.vol = vols;
	config.n_dm = config.n_plex = config.n_sd = PLEXES;
	config.dm = dms;
	config.plex = plexes;
	config.sd = sds;
	volconf_index_make(&config, &index);
	rc = volconf_make(&index, &vol, find_disk, disk, &conf, reason);
	volconf_index_free(&index);
	if (rc != 0) {
		die("volume", reason);
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
	struct iodisk *disk[PLEXES];
	struct volconf *conf;
	struct lane *lane;
	char reason[VX_REASON_MAX];
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
	for (int i = 0; i < PLEXES; i++) {
		rc = iodisk_open(argv[2 + i], argv[2 + i], &disk[i], reason);
		if (rc != 0) {
			die("disk", reason);
		}
		disk[i]->users = 1; /* ours: the last one would be taken from vxiod's list */
	}
	conf = make_conf(disk, bytes / VX_SECTOR);
	rc = mailbox_open(&box);
	if (rc == 0) {
		rc = lane_start(&box, &lane);
	}
	if (rc == 0) {
		rc = vio_create(lane, conf, 0, run, no_mail, no_mail, &run->vio);
	}
	if (rc != 0) {
		die("start", vx_strerror(rc));
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
	volconf_free(NULL, conf);
	for (int i = 0; i < PLEXES; i++) {
		iodisk_close(disk[i]);
	}
	mailbox_close(&box);
	free(run);
	return 0;
}
