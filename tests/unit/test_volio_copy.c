// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies of many volumes that share the slots of one lane; the disks answer in any order.
 *
 * The legs are the test's own: it keeps what is under way and lets it end. Each copy must end once,
 * and then all of its bytes were read, written and flushed.
 */
#include "tests/unit/suite.h"
#include "volio/copy.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "volio/engine.h"
#include "volio/gate.h"

#define JOBS 12
#define SEEDS 300
#define PIECES_MOST 40

struct world_job {
	struct copy_job job;
	struct vio vio;
	struct lane_call hold;
	bool held;
	uint64_t written; /* bit set of pieces */
	bool flushed, may_fail;
	bool failed, told; /* a plex that is written; to the main thread */
	int ended;
};

struct world {
	struct mailbox main;
	struct lane lane;
	struct volconf conf;
	struct volconf_plex plex[2];
	struct world_job job[JOBS];
	struct io_request *under_way[JOBS + VX_COPY_SLOTS];
	size_t count;
};

static struct world *w;

/* ---- instead of legs.c ---- */

static void world_keep(struct io_request *request)
{
	ck_assert_uint_lt(w->count, VX_COPY_SLOTS);
	w->under_way[w->count++] = request;
}

int legs_start(struct lane *lane)
{
	(void)lane;
	return 0;
}

void legs_stop(struct lane *lane)
{
	(void)lane;
}

void legs_run(struct io_request *request)
{
	world_keep(request);
}

void legs_edges(struct io_request *request)
{
	world_keep(request);
}

void legs_flush(struct io_request *request)
{
	world_keep(request);
}

/* ---- the world ---- */

static void world_ended(struct lane_call *call)
{
	struct world_job *job = (struct world_job *)call;
	uint64_t pieces = (job->job.length + VX_IO_BYTES - 1) / VX_IO_BYTES;

	job->ended++;
	ck_assert_int_eq(job->ended, 1);
	if (call->result == 0) {
		ck_assert_uint_eq(job->written, (UINT64_C(1) << pieces) - 1);
		ck_assert(job->flushed);
	} else {
		ck_assert(job->may_fail);
	}
}

static void world_held(struct lane_call *call)
{
	*(bool *)call->ctx = true;
}

/* It counts as held when nothing of it is in flight. */
static void world_hold(struct world_job *job)
{
	job->hold = (struct lane_call){ .lane = &w->lane,
					.vio = &job->vio,
					.bits = VIO_HOLD_CLUSTER,
					.done = world_held,
					.ctx = &job->held };
	job->may_fail = true;
	gate_run_hold(&job->hold);
	mailbox_deliver(&w->main);
}

static void world_trouble(struct mail *mail)
{
	struct vio_trouble *trouble = (struct vio_trouble *)mail;

	((struct world_job *)((char *)trouble->vio - offsetof(struct world_job, vio)))->told = true;
	atomic_store(&trouble->posted, false);
}

static void world_open(void)
{
	w = calloc(1, sizeof(*w));
	ck_assert_int_eq(mailbox_open(&w->main), 0);
	w->lane.main = &w->main;
	ck_assert_int_eq(copy_start(&w->lane), 0);
	w->conf.plex = w->plex;
	w->conf.plexes = w->conf.written = 2;
	for (size_t i = 0; i < JOBS; i++) {
		struct world_job *job = &w->job[i];

		job->vio.lane = &w->lane;
		job->vio.conf = &w->conf;
		job->vio.trouble[0].vio = job->vio.trouble[1].vio = &job->vio;
		job->vio.trouble[0].mail.fn = job->vio.trouble[1].mail.fn = world_trouble;
		LIST_INIT(&job->vio.drains);
		job->job.call.lane = &w->lane;
		job->job.call.vio = &job->vio;
		job->job.call.done = world_ended;
		job->job.targets = 2;
		job->job.length = ((uint64_t)rand() % PIECES_MOST + 1) * VX_IO_BYTES - VX_BLOCK;
	}
}

static void world_close(void)
{
	for (size_t i = 0; i < JOBS; i++) {
		ck_assert_int_eq(w->job[i].ended, 1);
		ck_assert_int_eq(w->job[i].held, w->job[i].vio.hold != 0);
		ck_assert_uint_eq(w->job[i].vio.in_flight, 0);
		ck_assert_int_eq(w->job[i].told, w->job[i].failed);
	}
	copy_stop(&w->lane);
	mailbox_close(&w->main);
	free(w);
}

/* One transfer of those under way ends, perhaps with an error. */
static void world_answer(bool errors)
{
	size_t index = (size_t)rand() % w->count;
	struct io_request *request = w->under_way[index];
	struct world_job *job =
		(struct world_job *)((char *)request->vio - offsetof(struct world_job, vio));
	bool fails = errors && rand() % 40 == 0;

	w->under_way[index] = w->under_way[--w->count];
	job->may_fail |= fails;
	if (fails && request->kind == IO_READ) {
		request->error = -EIO;
	} else if (fails) {
		request->error = -EIO;
		request->failed = 2;
		job->failed = true;
	} else if (request->kind == IO_WRITE) {
		job->written |= UINT64_C(1) << request->start / VX_IO_BYTES;
	} else if (request->kind == IO_FLUSH) {
		job->flushed = true;
	}
	request->next(request);
	mailbox_deliver(&w->main);
}

static void world_run(bool errors, bool holds)
{
	size_t begun = 0;

	world_open();
	while (begun < JOBS || w->count > 0) {
		if (begun < JOBS && (w->count == 0 || rand() % 4 == 0)) {
			copy_run(&w->job[begun++].job.call);
		} else {
			world_answer(errors);
		}
		if (holds && rand() % 50 == 0) {
			struct world_job *job = &w->job[rand() % JOBS];

			if (job->vio.hold == 0) {
				world_hold(job);
			}
		}
		mailbox_deliver(&w->main);
	}
	world_close();
}

START_TEST(each_ends_once_and_whole)
{
	srand((unsigned int)_i);
	world_run(false, false);
}
END_TEST

START_TEST(errors_and_holds_end_it_once)
{
	srand((unsigned int)_i);
	world_run(true, true);
}
END_TEST

/* The disk of one hangs, and has all pieces. */
START_TEST(a_hold_waits_for_no_other_volume)
{
	srand(0);
	world_open();
	w->job[0].job.length = (uint64_t)PIECES_MOST * VX_IO_BYTES;
	for (size_t i = 0; i < JOBS; i++) {
		copy_run(&w->job[i].job.call);
	}
	ck_assert_uint_eq(w->count, VX_COPY_SLOTS);
	for (size_t i = 2; i < JOBS; i++) {
		world_hold(&w->job[i]);
		ck_assert(w->job[i].held);
	}
	while (w->count > 0) {
		world_answer(false);
	}
	world_close();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_copy");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, each_ends_once_and_whole, 0, SEEDS);
	tcase_add_loop_test(all, errors_and_holds_end_it_once, 0, SEEDS);
	tcase_add_test(all, a_hold_waits_for_no_other_volume);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
