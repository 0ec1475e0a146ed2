/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When was a node fenced? Asked of Pacemaker's fencing history, without ever blocking the caller.
 *
 * Pacemaker's call blocks (up to minutes when its fencer hangs), logs through libqb's one global
 * logger and brings glib, libxml2 and gnutls with it. So it runs in a helper process,
 * `vxclustadm fenced --serve`, which loads libstonithd at run time; a helper that is silent for
 * VX_FENCE_CALL_MS is killed and replaced. Main thread only.
 */
#ifndef VX_AGENT_FENCE_H
#define VX_AGENT_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct fence;

struct fence_time {
	uint32_t nodeid;
	uint64_t when_s; /* last successful fencing, wall clock of the node that saw it; 0: none
			    known */
	bool pending;	 /* a fencing of the node is under way */
	/*
	 * 0, or why nothing is known: -ENOTCONN Pacemaker's fencer does not run here; -ELIBACC its
	 * library is not installed; -ETIMEDOUT it did not answer; -EPIPE the helper died; -errno or
	 * -VX_E_PROTO for other trouble with the helper.
	 */
	int error;
};

struct fence_ops {
	/* The answer; time is valid during the call. May ask again, must not destroy. */
	void (*times)(void *ctx, uint64_t cookie, const struct fence_time *time, size_t count);
};

/*
 * unsafe_none (fencing=unsafe-none in vxha.conf): nobody is asked, every node counts as fenced
 * now. Data are lost if a node that is believed dead still writes.
 * 0 or -ENOMEM; a helper that cannot be started shows up as the error of each answer.
 */
int fence_create(struct loop *loop, bool unsafe_none, const struct fence_ops *ops, void *ctx,
		 struct fence **out_fence);
void fence_destroy(struct fence *fence);

/*
 * Asks for count nodes (1 to VX_NODES_MAX); times() comes later from the loop. One question is
 * under way and one waits: a newer one takes the place of the one that waits, which then gets no
 * answer. 0 or -EINVAL.
 */
int fence_query(struct fence *fence, uint64_t cookie, const uint32_t *nodeid, size_t count);

#endif
