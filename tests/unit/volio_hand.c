// SPDX-License-Identifier: GPL-2.0-or-later
/* A lane that the test turns by hand. */
#include "volio_hand.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "volio/engine.h"

struct hand hand;

/* ---- instead of ring.c ---- */

static void hand_keep(struct ring_op *op, enum hand_kind kind, int fd, uint64_t offset,
		      uint64_t length, bool durable)
{
	ck_assert_uint_lt(hand.ops, HAND_OPS);
	hand.op[hand.ops++] = (struct hand_op){ op, kind, fd, offset, length, durable };
}

int ring_create(unsigned int entries, struct ring **out_ring)
{
	(void)entries;
	*out_ring = NULL;
	return 0;
}

void ring_destroy(struct ring *ring)
{
	(void)ring;
}

int ring_wait(struct ring *ring)
{
	(void)ring;
	return 0;
}

void ring_dispatch(struct ring *ring)
{
	(void)ring;
}

void ring_read(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
	       uint64_t offset)
{
	(void)ring;
	(void)data;
	hand_keep(op, HAND_READ, fd, offset, length, false);
}

void ring_write(struct ring *ring, struct ring_op *op, int fd, const void *data, uint32_t length,
		uint64_t offset, int durable)
{
	(void)ring;
	(void)data;
	hand_keep(op, HAND_WRITE, fd, offset, length, durable != 0);
}

static uint64_t hand_vector(const struct iovec *vector, uint32_t count)
{
	uint64_t length = 0;

	for (uint32_t i = 0; i < count; i++) {
		length += vector[i].iov_len;
	}
	return length;
}

void ring_readv(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		uint32_t count)
{
	(void)ring;
	hand_keep(op, HAND_OTHER, fd, 0, hand_vector(vector, count), false);
}

void ring_writev(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		 uint32_t count)
{
	(void)ring;
	hand_keep(op, HAND_OTHER, fd, 0, hand_vector(vector, count), false);
}

void ring_flush(struct ring *ring, struct ring_op *op, int fd)
{
	(void)ring;
	hand_keep(op, HAND_FLUSH, fd, 0, 0, false);
}

void ring_fallocate(struct ring *ring, struct ring_op *op, int fd, int mode, uint64_t offset,
		    uint64_t length)
{
	(void)ring;
	(void)mode;
	hand_keep(op, HAND_ZERO, fd, offset, length, false);
}

void ring_receive(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
		  int all)
{
	(void)ring;
	(void)data;
	(void)all;
	hand_keep(op, HAND_OTHER, fd, 0, length, false);
}

void ring_send(struct ring *ring, struct ring_op *op, int fd, const struct msghdr *msg)
{
	(void)ring;
	hand_keep(op, HAND_OTHER, fd, 0, hand_vector(msg->msg_iov, (uint32_t)msg->msg_iovlen),
		  false);
}

void ring_wait_writable(struct ring *ring, struct ring_op *op, int fd)
{
	(void)ring;
	hand_keep(op, HAND_OTHER, fd, 0, 0, false);
}

void ring_after(struct ring *ring, struct ring_op *op, uint32_t ms)
{
	(void)ring;
	(void)op;
	(void)ms;
}

void ring_cancel(struct ring *ring, struct ring_op *op)
{
	(void)ring;
	(void)op;
}

/* ---- the lane ---- */

void hand_open(void)
{
	struct lane *lane = &hand.lane;

	memset(&hand, 0, sizeof(hand));
	ck_assert_int_eq(mailbox_open(&hand.iod.box), 0);
	ck_assert_int_eq(mailbox_open(&lane->in), 0);
	lane->main = &hand.iod.box;
	LIST_INIT(&lane->volumes);
	SLIST_INIT(&lane->legs);
	TAILQ_INIT(&lane->leg_waiters);
	ck_assert_int_eq(legs_start(lane), 0);
	ck_assert_int_eq(copy_start(lane), 0);
	LIST_INIT(&hand.iod.groups);
	TAILQ_INIT(&hand.iod.ops);
	LIST_INIT(&hand.iod.suspensions);
	LIST_INIT(&hand.iod.disks.list);
	hand.iod.lane[0] = lane;
	hand.iod.lanes = 1;
	for (int i = 0; i < HAND_DISKS; i++) {
		hand.disk[i].fd = i;
		hand.disk[i].block = VX_SECTOR;
		hand.disk[i].has_cache = true;
		hand.disk[i].users = 1; /* never closed */
	}
}

void hand_close(void)
{
	copy_stop(&hand.lane);
	legs_stop(&hand.lane);
	mailbox_close(&hand.lane.in);
	mailbox_close(&hand.iod.box);
}

void hand_lane(void)
{
	mailbox_deliver(&hand.lane.in);
}

void hand_main(void)
{
	mailbox_deliver(&hand.iod.box);
}

void hand_turn(void)
{
	while (atomic_load(&hand.lane.in.head) != NULL || atomic_load(&hand.iod.box.head) != NULL) {
		hand_lane();
		hand_main();
	}
}

void hand_end(size_t index, int error)
{
	struct hand_op op = hand.op[index];
	bool counts = op.kind == HAND_READ || op.kind == HAND_WRITE || op.kind == HAND_OTHER;

	ck_assert_uint_lt(index, hand.ops);
	memmove(&hand.op[index], &hand.op[index + 1],
		(--hand.ops - index) * sizeof(hand.op[0]));
	op.op->done(op.op, error != 0 ? error : counts ? (int)op.length : 0);
}

void hand_end_disk(int disk, int error)
{
	hand_turn();
	for (size_t i = 0; i < hand.ops;) {
		if (disk < 0 || hand.op[i].disk == disk) {
			hand_end(i, error);
			hand_turn();
			i = 0;
		} else {
			i++;
		}
	}
	hand_turn();
}

static void hand_layout(struct volconf *conf, struct volconf_plex *plex, uint32_t disk,
			uint64_t start, uint64_t length)
{
	struct layout_sd *sd = calloc(1, sizeof(*sd));

	plex->layout.column = calloc(1, sizeof(*plex->layout.column));
	plex->layout.columns = 1;
	plex->layout.length = length;
	plex->layout.column[0] = (struct layout_column){ sd, 1 };
	*sd = (struct layout_sd){ 0, length, start, disk, conf->subdisks };
	conf->subdisk[conf->subdisks++].plex_rid = plex->rid;
}

struct volconf *hand_conf(uint32_t plexes, uint32_t attaching, uint32_t logs, uint32_t regions)
{
	struct volconf *conf = calloc(1, sizeof(*conf));

	ck_assert_uint_le(plexes + attaching, HAND_DISKS);
	conf->uses = 1;
	conf->rid = 1;
	snprintf(conf->group, sizeof(conf->group), "data");
	snprintf(conf->dgid, sizeof(conf->dgid), "1.a");
	snprintf(conf->name, sizeof(conf->name), "vol1");
	conf->enabled = plexes > 0;
	conf->was_clean = true;
	conf->block = VX_SECTOR;
	conf->length = regions * HAND_REGION;
	conf->region_bytes = HAND_REGION;
	conf->regions = plexes + attaching == 1 ? 0 : regions;
	conf->plex = calloc(VX_PLEXES_MAX, sizeof(*conf->plex));
	conf->log = calloc(VX_PLEXES_MAX, sizeof(*conf->log));
	conf->subdisk = calloc(2 * HAND_DISKS, sizeof(*conf->subdisk));
	conf->disk = calloc(HAND_DISKS, sizeof(*conf->disk));
	conf->disks = plexes + attaching;
	for (uint32_t i = 0; i < conf->disks; i++) {
		conf->disk[i] = &hand.disk[i];
		iodisk_get(conf->disk[i]);
		conf->plex[i].rid = 10 + i;
		conf->plex[i].filling = i >= plexes;
		conf->plex[i].attach = i >= plexes ? 100 + i : 0;
		hand_layout(conf, &conf->plex[i], i, 0, conf->length);
	}
	for (uint32_t i = 0; i < logs; i++) {
		conf->log[i].rid = 20 + i;
		hand_layout(conf, &conf->log[i], i, conf->length,
			    drl_log_len(conf->length / VX_SECTOR, HAND_REGION / VX_SECTOR) *
				    VX_SECTOR);
	}
	conf->plexes = plexes;
	conf->written = plexes + attaching;
	conf->logs = logs;
	return conf;
}
