/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FUSE requests of one volume, served in its lane: the root of the mount is a regular file, the
 * volume.
 *
 * Opens always get direct I/O: the page cache must not hold what other nodes write.
 */
#ifndef VX_VOLIO_FUSE_SERVE_H
#define VX_VOLIO_FUSE_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "volio/lane.h"

struct vio;
struct fuse_server;

/* An open or its end, asked of the main thread: it sets result and handle and calls fuse_answer().
 */
struct fuse_ask {
	struct mail mail;
	struct fuse_server *server;
	bool is_open; /* else: the end of handle */
	bool write;
	pid_t pid;
	uint64_t handle;
	int result;
};

/* V30: requests that wait at the gate; who is being killed need not wait (killed.h). */
struct fuse_waiter {
	uint64_t unique;       /* the kernel's number of the request; 0: none waits */
	pid_t thread, process; /* who asked; killed_look() finds the process */
	bool killed;
};

struct fuse_waiting {
	struct fuse_server *server;
	uint32_t count;
	struct fuse_waiter of[VX_VOLUME_REQUESTS]; /* by slot */
};

/* Main thread. Takes fd (of /dev/fuse, non-blocking) over. 0 or -ENOMEM. */
int fuse_server_create(struct vio *vio, int fd, void (*ask)(struct mail *mail), void *owner,
		       struct fuse_server **out_server);
void fuse_server_free(struct fuse_server *server); /* after fuse_run_stop() */
void *fuse_server_owner(const struct fuse_server *server);
/* Main thread: sends the answer of an ask back to the lane. */
void fuse_answer(struct fuse_ask *ask);

/* Lane calls; call->ctx is the fuse_waiting. List: who was listed before keeps what is known. */
void fuse_run_list(struct lane_call *call);
void fuse_run_withdraw(struct lane_call *call); /* of those that are killed */

/* Lane calls; call->ctx is the server. */
void fuse_run_start(struct lane_call *call);
void fuse_run_stop(
	struct lane_call *call); /* ends when no request is left; the connection is closed then */

#endif
