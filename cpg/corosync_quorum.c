// SPDX-License-Identifier: GPL-2.0-or-later
/* libquorum (model v1). */
#include "cpg/corosync_quorum.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <corosync/quorum.h>

#include "base/errors.h"

struct corosync_quorum {
	struct loop *loop;
	quorum_handle_t handle;
	int fd;
	const struct corosync_quorum_ops *ops;
	void *ctx;
	bool dead, dispatching, destroyed;
};

static struct corosync_quorum *quorum_of(quorum_handle_t handle)
{
	const void *context = NULL;

	quorum_context_get(handle, &context);
	return (struct corosync_quorum *)(uintptr_t)context;
}

static void quorum_on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
			     uint32_t member_count, const uint32_t *member)
{
	struct corosync_quorum *quorum = quorum_of(handle);

	(void)member_count;
	(void)member;
	if (quorum->dead) {
		return;
	}
	quorum->ops->quorum(quorum->ctx, (struct view_ring){ .rep = ring.nodeid, .seq = ring.seq },
			    quorate != 0);
}

/* Comes before the one above for a new ring: whether it is quorate is not known yet. */
static void quorum_on_nodelist(quorum_handle_t handle, struct quorum_ring_id ring,
			       uint32_t member_count, const uint32_t *member, uint32_t joined_count,
			       const uint32_t *joined, uint32_t left_count, const uint32_t *left)
{
	(void)handle;
	(void)ring;
	(void)member_count;
	(void)member;
	(void)joined_count;
	(void)joined;
	(void)left_count;
	(void)left;
}

static void quorum_on_fd(void *ctx, int revents)
{
	struct corosync_quorum *quorum = ctx;
	cs_error_t error;

	quorum->dispatching = true;
	error = quorum_dispatch(quorum->handle, CS_DISPATCH_ALL);
	quorum->dispatching = false;
	if (quorum->destroyed) {
		quorum_finalize(quorum->handle);
		free(quorum);
		return;
	}
	if ((error != CS_OK && error != CS_ERR_TRY_AGAIN) ||
	    (revents & (POLLERR | POLLNVAL)) != 0) {
		if (!quorum->dead) {
			quorum->dead = true;
			loop_fd_del(quorum->loop, quorum->fd);
			quorum->ops->died(quorum->ctx, "Corosync is gone (quorum service)");
		}
	}
}

int corosync_quorum_create(struct loop *loop, const struct corosync_quorum_ops *ops, void *ctx,
			   struct corosync_quorum **out_quorum)
{
	quorum_model_v1_data_t model = {
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = quorum_on_quorum,
		.nodelist_notify_fn = quorum_on_nodelist,
	};
	struct corosync_quorum *quorum = calloc(1, sizeof(*quorum));
	uint32_t type;

	if (quorum == NULL) {
		return -ENOMEM;
	}
	quorum->loop = loop;
	quorum->ops = ops;
	quorum->ctx = ctx;

	cs_error_t error = quorum_model_initialize(&quorum->handle, QUORUM_MODEL_V1,
						   (quorum_model_data_t *)&model, &type, quorum);

	if (error != CS_OK) {
		free(quorum);
		return error == CS_ERR_TRY_AGAIN ? -VX_E_AGAIN : -VX_E_NODAEMON;
	}
	quorum_context_set(quorum->handle, quorum);
	error = quorum_fd_get(quorum->handle, &quorum->fd);
	if (error == CS_OK) {
		error = quorum_trackstart(quorum->handle, CS_TRACK_CURRENT | CS_TRACK_CHANGES);
	}
	if (error != CS_OK || type != QUORUM_SET ||
	    loop_fd_add(loop, quorum->fd, POLLIN, quorum_on_fd, quorum) != 0) {
		quorum_finalize(quorum->handle);
		free(quorum);
		return error == CS_ERR_TRY_AGAIN ? -VX_E_AGAIN : -EIO;
	}
	*out_quorum = quorum;
	return 0;
}

void corosync_quorum_destroy(struct corosync_quorum *quorum)
{
	if (quorum == NULL) {
		return;
	}
	if (!quorum->dead) {
		quorum->dead = true; /* no callback from here on */
		loop_fd_del(quorum->loop, quorum->fd);
	}
	if (quorum->dispatching) {
		quorum->destroyed = true; /* libquorum still stands on it */
		return;
	}
	quorum_finalize(quorum->handle);
	free(quorum);
}
