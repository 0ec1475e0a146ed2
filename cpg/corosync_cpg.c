// SPDX-License-Identifier: GPL-2.0-or-later
/* libcpg (model v1). */
#include "cpg/corosync_cpg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <corosync/cpg.h>

#include "base/errors.h"
#include "base/limits.h"

#define CPG_RETRY_MS 2

struct cpg_item {
	STAILQ_ENTRY(cpg_item) next;
	uint8_t *data;
	size_t length;
};

struct corosync_cpg {
	struct loop *loop;
	cpg_handle_t handle;
	int fd;
	const struct corosync_cpg_ops *ops;
	void *ctx;
	STAILQ_HEAD(, cpg_item) queue;
	size_t queued;
	size_t under_way; /* bytes sent and not yet delivered to ourselves (R18) */
	unsigned int self;
	pid_t pid;
	struct loop_timer retry;
	struct cpg_name group;
	bool dead, dispatching, destroyed;
};

static void cpg_flush(void *ctx);

static struct corosync_cpg *cpg_of(cpg_handle_t handle)
{
	void *context = NULL;

	cpg_context_get(handle, &context);
	return context;
}

static void cpg_on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t nodeid,
			   uint32_t pid, void *msg, size_t length)
{
	struct corosync_cpg *cpg = cpg_of(handle);

	(void)group;
	if (cpg == NULL || cpg->dead) {
		return;
	}
	if (nodeid == cpg->self && pid == (uint32_t)cpg->pid) {
		cpg->under_way -= length < cpg->under_way ? length : cpg->under_way;
		if (!cpg->retry.armed) {
			cpg_flush(cpg);
		}
	}
	if (!cpg->dead) {
		cpg->ops->packet(cpg->ctx, nodeid, pid, msg, length);
	}
}

static void cpg_on_confchg(cpg_handle_t handle, const struct cpg_name *group,
			   const struct cpg_address *member, size_t member_count,
			   const struct cpg_address *left, size_t left_count,
			   const struct cpg_address *joined, size_t joined_count)
{
	struct corosync_cpg *cpg = cpg_of(handle);
	struct view_node now[CPG_MEMBERS_MAX], gone[CPG_MEMBERS_MAX];
	bool ring_changing = false;

	(void)group;
	if (cpg == NULL || cpg->dead) {
		return;
	}
	for (size_t i = 0; i < member_count; i++) {
		now[i] = (struct view_node){ .nodeid = member[i].nodeid, .pid = member[i].pid };
	}
	for (size_t i = 0; i < left_count; i++) {
		gone[i] = (struct view_node){ .nodeid = left[i].nodeid, .pid = left[i].pid };
		ring_changing = ring_changing || left[i].reason == CPG_REASON_NODEDOWN;
	}
	for (size_t i = 0; i < joined_count; i++) {
		ring_changing = ring_changing || joined[i].reason == CPG_REASON_NODEUP;
	}
	cpg->ops->confchg(cpg->ctx, now, member_count, gone, left_count, ring_changing);
}

static void cpg_on_totem(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t member_count,
			 const uint32_t *member)
{
	struct corosync_cpg *cpg = cpg_of(handle);

	if (cpg != NULL && !cpg->dead) {
		cpg->ops->ring(cpg->ctx, (struct view_ring){ .rep = ring.nodeid, .seq = ring.seq },
			       member, member_count);
	}
}

static void cpg_die(struct corosync_cpg *cpg, const char *what, cs_error_t error)
{
	char reason[VX_REASON_MAX];

	if (!cpg->dead) {
		cpg->dead = true;
		loop_fd_del(cpg->loop, cpg->fd);
		loop_timer_cancel(&cpg->retry);
		snprintf(reason, sizeof(reason), "Corosync is gone (%s: %s)", what,
			 cs_strerror(error));
		cpg->ops->died(cpg->ctx, reason);
	}
}

static void cpg_free(struct corosync_cpg *cpg)
{
	struct cpg_item *item;

	cpg_finalize(cpg->handle);
	while ((item = STAILQ_FIRST(&cpg->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&cpg->queue, next);
		free(item->data);
		free(item);
	}
	free(cpg);
}

static void cpg_on_fd(void *ctx, int revents)
{
	struct corosync_cpg *cpg = ctx;
	cs_error_t error;

	cpg->dispatching = true;
	error = cpg_dispatch(cpg->handle, CS_DISPATCH_ALL);
	cpg->dispatching = false;
	if (cpg->destroyed) {
		cpg_free(cpg);
		return;
	}
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN) {
		cpg_die(cpg, "dispatch", error);
	} else if ((revents & (POLLERR | POLLNVAL)) != 0) {
		cpg_die(cpg, "poll", CS_ERR_LIBRARY);
	}
}

int corosync_cpg_create(struct loop *loop, const char *group, const struct corosync_cpg_ops *ops,
			void *ctx, struct corosync_cpg **out_cpg)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = cpg_on_deliver,
		.cpg_confchg_fn = cpg_on_confchg,
		.cpg_totem_confchg_fn = cpg_on_totem,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	struct corosync_cpg *cpg = calloc(1, sizeof(*cpg));
	cs_error_t error;

	if (cpg == NULL) {
		return -ENOMEM;
	}
	STAILQ_INIT(&cpg->queue);
	cpg->loop = loop;
	cpg->ops = ops;
	cpg->ctx = ctx;
	cpg->group.length =
		(uint32_t)snprintf(cpg->group.value, sizeof(cpg->group.value), "%s", group);
	error = cpg_model_initialize(&cpg->handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, cpg);
	if (error != CS_OK) {
		free(cpg);
		return error == CS_ERR_TRY_AGAIN ? -VX_E_AGAIN : -VX_E_NODAEMON;
	}
	error = cpg_join(cpg->handle, &cpg->group);
	if (error == CS_OK) {
		error = cpg_fd_get(cpg->handle, &cpg->fd);
	}
	if (error == CS_OK) {
		error = cpg_local_get(cpg->handle, &cpg->self);
	}
	cpg->pid = getpid();
	if (error != CS_OK || loop_fd_add(loop, cpg->fd, POLLIN, cpg_on_fd, cpg) != 0) {
		cpg_finalize(cpg->handle);
		free(cpg);
		return error == CS_ERR_TRY_AGAIN ? -VX_E_AGAIN : -EIO;
	}
	*out_cpg = cpg;
	return 0;
}

void corosync_cpg_destroy(struct corosync_cpg *cpg)
{
	if (cpg == NULL) {
		return;
	}
	if (!cpg->dead) {
		cpg->dead = true; /* no callback from here on */
		loop_fd_del(cpg->loop, cpg->fd);
		cpg_leave(cpg->handle, &cpg->group);
	}
	loop_timer_cancel(&cpg->retry);
	if (cpg->dispatching) {
		cpg->destroyed = true; /* libcpg still stands on it */
	} else {
		cpg_free(cpg);
	}
}

static void cpg_flush(void *ctx)
{
	struct corosync_cpg *cpg = ctx;
	struct cpg_item *item;

	while (!cpg->dead && (item = STAILQ_FIRST(&cpg->queue)) != NULL &&
	       cpg->under_way + item->length <= VX_CPG_WINDOW) {
		struct iovec part = { .iov_base = item->data, .iov_len = item->length };
		cs_error_t error = cpg_mcast_joined(cpg->handle, CPG_TYPE_AGREED, &part, 1);

		if (error == CS_ERR_TRY_AGAIN) {
			loop_timer_set(cpg->loop, &cpg->retry, CPG_RETRY_MS, cpg_flush, cpg);
			return;
		}
		if (error != CS_OK) {
			cpg_die(cpg, "send", error);
			return;
		}
		cpg->under_way += item->length;
		STAILQ_REMOVE_HEAD(&cpg->queue, next);
		cpg->queued--;
		free(item->data);
		free(item);
	}
}

bool corosync_cpg_is_full(const struct corosync_cpg *cpg)
{
	return cpg->queued >= VX_CPG_QUEUE_MAX;
}

int corosync_cpg_send(struct corosync_cpg *cpg, uint8_t *data, size_t length)
{
	struct cpg_item *item = calloc(1, sizeof(*item));

	if (item == NULL || cpg->queued >= 2 * VX_CPG_QUEUE_MAX) {
		free(item);
		free(data);
		return -VX_E_FULL;
	}
	item->data = data;
	item->length = length;
	STAILQ_INSERT_TAIL(&cpg->queue, item, next);
	cpg->queued++;
	if (!cpg->retry.armed) {
		cpg_flush(cpg);
	}
	return 0;
}
