/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FUSE requests of a volume on their way: what fuse_serve.c (reading, answering) and
 * fuse_request.c (what each request means) share. Lane's thread only.
 */
#ifndef VX_VOLIO_FUSE_SLOT_H
#define VX_VOLIO_FUSE_SLOT_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "volio/fuse_serve.h"
#include "volio/vio.h"

#define FUSE_SLOTS VX_VOLUME_REQUESTS
#define FUSE_HEAD_BYTES 80 /* header and arguments of READ and WRITE: data then begins aligned */

struct fuse_slot {
	struct ring_op op; /* the read, then the answer */
	struct fuse_ask ask;
	SLIST_ENTRY(fuse_slot) link;
	struct fuse_server *server;
	struct io_request *request;
	struct iovec vector[2];
	struct fuse_out_header out;
	enum io_kind range_kind;
	uint64_t cursor, end; /* of a long range of zeroes */
	union {
		struct fuse_init_out init;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct fuse_lseek_out lseek;
	} reply;
	uint8_t head[FUSE_HEAD_BYTES];
};

SLIST_HEAD(fuse_slot_list, fuse_slot);

struct fuse_server {
	struct vio *vio;
	int fd;
	void *owner;
	void (*ask)(struct mail *mail);
	struct fuse_slot *slot;
	struct fuse_slot_list free;
	struct vio_waiter waiter;
	uint32_t used;		 /* slots that are not free */
	uint32_t posted, wanted; /* reads that wait; how many should */
	uint64_t round_us;	 /* round of the lane in which reads were counted */
	uint32_t round_reads;
	bool dead, stopping;
	uint64_t since_s; /* when the device appeared: its times */
	struct lane_call *stop;
};

/* fuse_serve.c. Each ends the slot's part: it must be the last thing done with it. */
void fuse_reply(struct fuse_slot *slot, int error, const void *data, size_t length);
/* Nothing is answered: FORGET. */
void fuse_no_reply(struct fuse_slot *slot);

/* fuse_request.c: does what the request in the slot asks for. */
void fuse_dispatch(struct fuse_slot *slot, const struct fuse_in_header *in);

#endif
