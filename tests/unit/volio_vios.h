/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Volumes of two plexes in a lane by hand (volio_hand.h), and requests to them. */
#ifndef VX_TESTS_UNIT_VOLIO_VIOS_H
#define VX_TESTS_UNIT_VOLIO_VIOS_H

#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/engine.h"
#include "volio/gate.h"
#include "volio/vio_log.h"
#include "volio_hand.h"

#define REGIONS 24
#define VOLUMES_MAX 40
#define BYTES 4096

static struct vio *vio[VOLUMES_MAX];
static struct volconf *conf;
static size_t vios;
static uint64_t told; /* bit set: plex rids of write errors */
static unsigned int ended, failed, stuck_told;

static inline void on_trouble(struct mail *mail)
{
	struct vio_trouble *trouble =
		(struct vio_trouble *)((char *)mail - offsetof(struct vio_trouble, mail));

	told |= trouble->write ? UINT64_C(1) << trouble->plex_rid : 0;
	atomic_store(&trouble->posted, false);
}

static inline void on_stuck(struct mail *mail)
{
	struct vio_stuck *stuck =
		(struct vio_stuck *)((char *)mail - offsetof(struct vio_stuck, mail));

	stuck_told++;
	atomic_store(&stuck->posted, false);
}

static inline struct vio *volume_new(struct volconf *of)
{
	ck_assert_uint_lt(vios, VOLUMES_MAX);
	ck_assert_int_eq(vio_create(&hand.lane, of, 0, NULL, on_trouble, on_stuck, &vio[vios]), 0);
	return vio[vios++];
}

static inline void world_open(void)
{
	hand_open();
	vios = 0;
	told = 0;
	ended = failed = stuck_told = 0;
	conf = hand_conf(2, 0, 0, REGIONS);
	volume_new(conf);
}

static inline void world_close(void)
{
	hand_end_disk(-1, 0);
	for (size_t i = 0; i < vios; i++) {
		vio_log_free(vio[i]->log);
		vio_destroy(vio[i]);
	}
	volconf_free(&hand.iod.disks, conf);
	hand_close();
}

static inline void on_done(struct io_request *request, int error)
{
	ended++;
	failed += error != 0;
	io_request_put(request);
}

static inline bool submit(struct vio *to, enum io_kind kind, uint64_t offset, uint64_t length, bool durable)
{
	struct io_request *request = io_request_get(to);

	if (request == NULL) {
		return false;
	}
	request->kind = kind;
	request->durable = durable;
	request->offset = offset;
	request->length = length;
	request->data = request->buffer;
	request->done = on_done;
	io_submit(request);
	return true;
}

static inline void on_call(struct lane_call *call)
{
	*(bool *)call->ctx = true;
}

/* A call of which the test waits for the end: *out_ended. */
static inline void run(struct vio *to, struct lane_call *call, void (*body)(struct lane_call *call),
		 uint32_t bits, bool *out_ended)
{
	*out_ended = false;
	call->lane = &hand.lane;
	call->vio = to;
	call->run = body;
	call->bits = bits;
	call->done = on_call;
	call->ctx = out_ended;
	lane_call_send(call);
	hand_turn();
}

static inline void hold(struct vio *of, uint32_t bits)
{
	struct lane_call call = { 0 };
	bool done;

	run(of, &call, gate_run_hold, bits, &done);
	ck_assert(done);
}

static inline void release(struct vio *of, uint32_t bits)
{
	struct lane_call call = { 0 };
	bool done;

	run(of, &call, gate_run_release, bits, &done);
	ck_assert(done);
}

/* Gives the volume, which is held, another configuration; frees the one before. */
static inline void apply(struct vio *to, struct volconf *other, bool logs_changed)
{
	struct vio_apply change = { .conf = other, .logs_changed = logs_changed };
	bool done;

	run(to, &change.call, vio_run_apply, 0, &done);
	ck_assert(done);
	ck_assert_ptr_null(change.dropped_log);
	volconf_free(&hand.iod.disks, conf);
	conf = other;
}

static inline void ticks(uint64_t ms)
{
	for (; ms > 0; ms -= VX_DRL_TICK_MS) {
		hand.lane.now_us += VX_DRL_TICK_MS * UINT64_C(1000);
		for (size_t i = 0; i < vios; i++) {
			vio_log_tick(vio[i]);
			io_expire_parked(vio[i]);
		}
		hand_turn();
	}
}

/* A write that disk 0 does not take, and the others do. */
static inline void park(void)
{
	ck_assert(submit(vio[0], IO_WRITE, 0, BYTES, false));
	hand_end_disk(0, -EIO);
	hand_end_disk(-1, 0);
	ck_assert_uint_eq(ended, 0);
}

#endif
