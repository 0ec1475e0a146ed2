/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Pacemaker's fencer of this node does, without ever blocking the caller.
 *
 * Calls to the fencer block (up to minutes when it hangs), its library logs through libqb's one
 * global logger and brings glib, libxml2 and gnutls with it. So they are made by a helper process,
 * `vxclustadm fenced --serve`, which loads libstonithd at run time and is always there; a helper
 * that is silent for VX_FENCE_CALL_MS is killed and replaced. Main thread only.
 */
#ifndef VX_AGENT_FENCE_H
#define VX_AGENT_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct fence;

/*
 * Called from the loop, never from inside fence_look(); they may ask again, must not destroy. They
 * come in the order in which the fencer said it: what was told before a look comes before it.
 */
struct fence_ops {
	/*
	 * The answer to a look: a fencing (any action) of these nodes is under way. error is 0, or
	 * why nothing is known: -ENOTCONN Pacemaker's fencer does not run here; -ELIBACC its
	 * library is not installed; -ETIMEDOUT it did not answer; -EPIPE the helper died; -errno or
	 * -VX_E_PROTO for other trouble.
	 */
	void (*looked)(void *ctx, uint64_t cookie, int error, const char *const *node,
		       size_t count);
	/* A fencing of the node ended with success just now. NULL: fencing is off, every node. */
	void (*fenced)(void *ctx, const char *node);
	/* The connection to the fencer was lost: what it told meanwhile is not known. */
	void (*lost)(void *ctx);
};

/*
 * unsafe_none (fencing=unsafe-none in vxha.conf): nobody is asked, every node counts as fenced
 * after each look. Data are lost if a node that is believed dead still writes.
 * 0 or -ENOMEM; a helper that cannot be started shows up as the error of each answer.
 */
int fence_create(struct loop *loop, bool unsafe_none, const struct fence_ops *ops, void *ctx,
		 struct fence **out_fence);
void fence_destroy(struct fence *fence);

/*
 * Asks what is under way; looked() comes later. apart: the fencer may have been apart from the
 * others, so it asks them first, which takes VX_FENCE_APART_MS. One look is under way and one
 * waits: a newer one takes the place of the one that waits, which then gets no answer.
 */
void fence_look(struct fence *fence, uint64_t cookie, bool apart);

#endif
