// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: what is remembered on the node's own disk, written by a thread. */
#include "cpg/node_inner.h"

#include <stdio.h>

#include "base/errors.h"
#include "base/log.h"

static struct node *store_node(struct worker_job *job)
{
	return (struct node *)((char *)job - offsetof(struct node, store.job));
}

/* In the thread. */
static void store_run(struct worker_job *job)
{
	struct node *node = store_node(job);

	node->store.error = store_write(&node->store.writing);
}

/* Who waited for it is told. */
static void store_tell(struct node *node, int error)
{
	char reason[VX_REASON_MAX] = "counts from the next join on";
	struct view_event event = {
		.type = VE_STORED, .token = node->store.token, .error = error, .reason = reason
	};

	if (error != 0) {
		store_explain(error, reason);
	}
	node_adm_done(node, ADM_WAITS_STORE, error, reason);
	if (event.token != 0) {
		loop_timer_cancel(&node->store.stall);
		node->store.token = 0;
		node_event(node, &event);
	}
}

static void store_done(struct worker_job *job)
{
	struct node *node = store_node(job);
	int error = job->error != 0 ? job->error : node->store.error;

	node->store.busy = false;
	if (node->store.again && error == 0) {
		node_store_write(node);
	} else {
		store_tell(node, error);
	}
}

/* Writes what is wanted; after the write that runs, if one does. */
void node_store_write(struct node *node)
{
	struct node_store *store = &node->store;

	store->again = store->busy;
	if (store->busy) {
		return;
	}
	store->busy = true;
	store->writing = store->wanted;
	store->job.run = store_run;
	store->job.done = store_done;
	worker_submit(store->worker, "", &store->job);
}

/* R11: a local part that makes no progress ends this node. */
static void store_on_stall(void *ctx)
{
	char reason[VX_REASON_MAX];

	store_explain(-VX_E_TIMEOUT, reason);
	node_abort(ctx, reason);
}

void node_store_epoch(struct node *node, uint64_t epoch, uint64_t token)
{
	node->store.wanted.last_epoch = epoch;
	node->store.wanted.joined = true;
	node->store.wanted.reason[0] = '\0';
	node->store.token = token; /* of a view before: void, the core asks for this one */
	loop_timer_set(node->loop, &node->store.stall, VX_STEP_STALL_MS, store_on_stall, node);
	node_store_write(node);
}

void node_store_reason(struct node *node, const char *reason)
{
	node->store.wanted.joined = false;
	snprintf(node->store.wanted.reason, sizeof(node->store.wanted.reason), "%s", reason);
	node_store_write(node);
}

void node_store_prune(struct node *node)
{
	if (node->store.token != 0 && !view_awaits(node->core, node->store.token)) {
		node->store.token = 0;
		loop_timer_cancel(&node->store.stall);
	}
}

int node_store_create(struct node *node)
{
	int rc = store_read(&node->store.wanted);

	if (rc != 0) {
		log_err("the state file of this node is damaged (%s): the highest epoch is asked "
			"from the others",
			vx_strerror(rc));
	}
	return worker_create(node->loop, "vxclustd-disk", 1, &node->store.worker);
}

void node_store_free(struct node *node)
{
	loop_timer_cancel(&node->store.stall);
	worker_free(node->store.worker);
}
