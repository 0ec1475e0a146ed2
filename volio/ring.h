/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_uring, met here only: one ring of one I/O thread, one io_uring_enter for a round.
 *
 * An operation is part of the object it serves; done() is called in the ring's thread with the
 * result (0 or more, or -errno), after which the operation may be used again. Buffers, vectors and
 * messages must live until then.
 */
#ifndef VX_VOLIO_RING_H
#define VX_VOLIO_RING_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct ring;

struct ring_op {
	void (*done)(struct ring_op *op, int result);
};

/* To be called by the thread that will use it. 0 or -errno. */
int ring_create(unsigned int entries, struct ring **out_ring);
void ring_destroy(struct ring *ring);
/* Submits what was prepared and waits for at least one completion. 0 or -errno. */
int ring_wait(struct ring *ring);
/* Calls done() of all completions that are there. */
void ring_dispatch(struct ring *ring);

void ring_read(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
	       uint64_t offset);
/* durable: the data is on stable storage when done (RWF_DSYNC). */
void ring_write(struct ring *ring, struct ring_op *op, int fd, const void *data, uint32_t length,
		uint64_t offset, int durable);
void ring_readv(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		uint32_t count);
void ring_writev(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		 uint32_t count);
void ring_flush(struct ring *ring, struct ring_op *op, int fd);
void ring_fallocate(struct ring *ring, struct ring_op *op, int fd, int mode, uint64_t offset,
		    uint64_t length);
/* all: waits until length bytes are there (or the end). */
void ring_receive(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
		  int all);
/* Sends the whole message (MSG_WAITALL). */
void ring_send(struct ring *ring, struct ring_op *op, int fd, const struct msghdr *msg);
/* done() when the socket can take data, or is shut down. */
void ring_wait_writable(struct ring *ring, struct ring_op *op, int fd);
/* done(-ETIME) after ms. */
void ring_after(struct ring *ring, struct ring_op *op, uint32_t ms);
/* Asks for op to end now (-ECANCELED); it still calls done(). */
void ring_cancel(struct ring *ring, struct ring_op *op);

#endif
