/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to vxiod: requests with answers, events. Connects again by itself.
 *
 * Requests of one connection keep their order: a load, then a resume. While vxiod is not there,
 * requests wait for it for VX_IOD_WAIT_MS. Main thread only.
 */
#ifndef VX_VXCONFIGD_IOD_LINK_H
#define VX_VXCONFIGD_IOD_LINK_H

#include <stdbool.h>

#include "base/loop.h"
#include "vxha.pb-c.h"

struct iod;

struct iod_ops {
	void (*synced)(void *ctx, const Vx__IodSynced *event);
	void (*plex_error)(void *ctx, const Vx__IodPlexError *event);
};

/* answer: valid during the call; NULL when vxiod went away (error -VX_E_NODAEMON). Never called
 * from iod_call() itself. */
typedef void iod_done(void *ctx, int error, const char *reason, const Vx__Ipc *answer);

int iod_create(struct loop *loop, const struct iod_ops *ops, void *ctx, struct iod **out_iod);

/* Sends msg (copied; its cookie is set here). done may be NULL. */
void iod_call(struct iod *iod, Vx__Ipc *msg, iod_done *done, void *ctx);

#endif
