// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations of vxconfigd on groups, in order. */
#include "volio/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/iod.h"
#include "volio/sync.h"
#include "volio/volume.h"

static void op_run_next(struct iod *iod, const char *dgid)
{
	struct op *op;

	TAILQ_FOREACH(op, &iod->ops, link)
	{
		if (strcmp(op->dgid, dgid) == 0) {
			if (!op->running) {
				op->running = true;
				op->start(op);
			}
			return;
		}
	}
}

void op_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg, size_t size, const char *dgid,
	       bool shared, void (*start)(struct op *op))
{
	struct op *op = calloc(1, size);

	if (op == NULL) {
		log_bug("out of memory");
	}
	op->iod = iod;
	op->asker = asker;
	op->cookie = msg->cookie;
	op->shared = shared;
	op->msg = proto_clone(msg);
	op->start = start;
	snprintf(op->dgid, sizeof(op->dgid), "%s", dgid);
	TAILQ_INSERT_TAIL(&iod->ops, op, link);
	op_run_next(iod, dgid);
}

void op_end(struct op *op, int error, const char *reason)
{
	struct iod *iod = op->iod;
	char dgid[sizeof(op->dgid)];

	if (error != 0) {
		log_warning("dg=%s: request of vxconfigd failed: %s", op->dgid,
			    reason != NULL && reason[0] != '\0' ? reason : vx_strerror(error));
	}
	control_answer(iod, op->asker, op->cookie, error, reason);
	memcpy(dgid, op->dgid, sizeof(dgid));
	TAILQ_REMOVE(&iod->ops, op, link);
	vx__ipc__free_unpacked(op->msg, NULL);
	free(op);
	op_run_next(iod, dgid);
	cluster_poke(iod);
}

bool ops_busy_shared(const struct iod *iod)
{
	const struct op *op;

	TAILQ_FOREACH(op, &iod->ops, link)
	{
		if (op->shared) {
			return true;
		}
	}
	return false;
}

void ops_abort_shared(struct iod *iod)
{
	struct op *op, *next;

	for (op = TAILQ_FIRST(&iod->ops); op != NULL; op = next) {
		next = TAILQ_NEXT(op, link);
		if (!op->shared) {
			continue;
		}
		op->aborted = true;
		if (!op->running) { /* op_end() would run the one behind it: that one is aborted as
				       well */
			control_answer(iod, op->asker, op->cookie, -VX_E_NOTMEMBER,
				       "the node leaves the cluster");
			TAILQ_REMOVE(&iod->ops, op, link);
			vx__ipc__free_unpacked(op->msg, NULL);
			free(op);
		}
	}
}

void ops_drop_empty_groups(struct iod *iod)
{
	struct iod_group *group, *next;

	for (group = LIST_FIRST(&iod->groups); group != NULL; group = next) {
		next = LIST_NEXT(group, link);
		if (group->shared && LIST_EMPTY(&group->volumes)) {
			suspensions_lift(iod, group->dgid, true);
			notes_clear_group(iod->notes, group->dgid);
			LIST_REMOVE(group, link);
			free(group);
		}
	}
}
