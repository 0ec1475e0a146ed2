/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One NBD connection after it chose its export, served in the volume's lane. */
#ifndef VX_VOLIO_NBD_SERVE_H
#define VX_VOLIO_NBD_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "volio/lane.h"

struct vio;
struct nbd_conn;

struct nbd_conn_setup {
	struct vio *vio;
	int fd; /* taken over; blocking mode does not matter */
	bool structured, read_only;
	const uint8_t *early;		   /* bytes that came behind the negotiation */
	size_t early_length;		   /* at most NBD_EARLY_MAX */
	void (*closed)(struct mail *mail); /* main thread: the connection is over, nothing of it is
					      left in the lane */
	void *owner;
};

#define NBD_EARLY_MAX 16384

/* Main thread. 0 or -ENOMEM. */
int nbd_conn_create(const struct nbd_conn_setup *setup, struct nbd_conn **out_conn);
/* Main thread, when closed() was called. */
void nbd_conn_free(struct nbd_conn *conn);
void *nbd_conn_owner_of(struct mail *mail);

/* Lane calls; call->ctx is the connection. */
void nbd_run_start(struct lane_call *call);
void nbd_run_stop(struct lane_call *call); /* begins its end; closed() tells when it is over */

#endif
