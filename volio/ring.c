// SPDX-License-Identifier: GPL-2.0-or-later
/* io_uring. */
#include "volio/ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <liburing.h>

#define RING_TIMERS 4

struct ring {
	struct io_uring uring;
	struct __kernel_timespec timer[RING_TIMERS]; /* read by the kernel at submission */
	unsigned int timers;
};

int ring_create(unsigned int entries, struct ring **out_ring)
{
	/* Best first: fewer interrupts of the thread with each flag; old kernels refuse the newer
	 * ones. */
	static const unsigned int flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	struct ring *ring = calloc(1, sizeof(*ring));
	int rc = -EINVAL;

	if (ring == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && rc == -EINVAL; i++) {
		struct io_uring_params params = { .flags = flags[i] | IORING_SETUP_CQSIZE |
							   IORING_SETUP_CLAMP,
						  .cq_entries = entries * 4 };

		rc = io_uring_queue_init_params(entries, &ring->uring, &params);
	}
	if (rc != 0) {
		free(ring);
		return rc;
	}
	(void)io_uring_register_ring_fd(
		&ring->uring); /* a little quicker where the kernel has it */
	*out_ring = ring;
	return 0;
}

void ring_destroy(struct ring *ring)
{
	if (ring != NULL) {
		io_uring_queue_exit(&ring->uring);
		free(ring);
	}
}

int ring_wait(struct ring *ring)
{
	int rc = io_uring_submit_and_wait(&ring->uring, 1);

	ring->timers = 0;
	return rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY ? rc : 0;
}

void ring_dispatch(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned int head, count = 0;

	io_uring_for_each_cqe(&ring->uring, head, cqe)
	{
		struct ring_op *op = io_uring_cqe_get_data(cqe);

		count++;
		if (op != NULL) {
			op->done(op, cqe->res);
		}
	}
	io_uring_cq_advance(&ring->uring, count);
}

static struct io_uring_sqe *ring_sqe(struct ring *ring, struct ring_op *op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	while (sqe == NULL) { /* the queue is full: the kernel takes what is there */
		io_uring_submit(&ring->uring);
		ring->timers = 0;
		sqe = io_uring_get_sqe(&ring->uring);
	}
	io_uring_sqe_set_data(sqe, op); /* the prep calls leave it alone */
	return sqe;
}

void ring_read(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
	       uint64_t offset)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_read(sqe, fd, data, length, offset);
}

void ring_write(struct ring *ring, struct ring_op *op, int fd, const void *data, uint32_t length,
		uint64_t offset, int durable)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_write(sqe, fd, data, length, offset);
	sqe->rw_flags = durable ? RWF_DSYNC : 0;
}

void ring_readv(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		uint32_t count)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_readv(sqe, fd, vector, count, 0);
}

void ring_writev(struct ring *ring, struct ring_op *op, int fd, const struct iovec *vector,
		 uint32_t count)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_writev(sqe, fd, vector, count, 0);
}

void ring_flush(struct ring *ring, struct ring_op *op, int fd)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
}

void ring_fallocate(struct ring *ring, struct ring_op *op, int fd, int mode, uint64_t offset,
		    uint64_t length)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_fallocate(sqe, fd, mode, (off_t)offset, (off_t)length);
}

void ring_receive(struct ring *ring, struct ring_op *op, int fd, void *data, uint32_t length,
		  int all)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_recv(sqe, fd, data, length, all ? MSG_WAITALL : 0);
}

void ring_send(struct ring *ring, struct ring_op *op, int fd, const struct msghdr *msg)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_sendmsg(sqe, fd, msg, MSG_WAITALL | MSG_NOSIGNAL);
}

void ring_wait_writable(struct ring *ring, struct ring_op *op, int fd)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, op);

	io_uring_prep_poll_add(sqe, fd, POLLOUT);
}

void ring_after(struct ring *ring, struct ring_op *op, uint32_t ms)
{
	struct io_uring_sqe *sqe;
	struct __kernel_timespec *timer;

	if (ring->timers == RING_TIMERS) {
		io_uring_submit(&ring->uring);
		ring->timers = 0;
	}
	sqe = ring_sqe(ring, op);
	timer = &ring->timer[ring->timers++];
	*timer = (struct __kernel_timespec){ .tv_sec = ms / 1000,
					     .tv_nsec = (long long)(ms % 1000) * 1000000 };
	io_uring_prep_timeout(sqe, timer, 0, 0);
}

void ring_cancel(struct ring *ring, struct ring_op *op)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, NULL);

	io_uring_prep_cancel(sqe, op, 0);
}
