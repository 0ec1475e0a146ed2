// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: the life of vxconfigd. Started when a step needs it, and again when it died (R16). */
#include "cpg/node_inner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/daemon.h"
#include "base/errors.h"
#include "base/log.h"

#define CONFIGD "vxconfigd"
#define CONFIGD_LOOK_MS 1000	/* one that is on its way, or is needed: is it there? */
#define CONFIGD_GONE_POLL_MS 50 /* one without a connection: has it ended? */
#define CONFIGD_GONE_KILL_MS 2000 /* ... it is ended */

/* Of a node that is out, or on its way out, the resource's agent takes care. */
static bool configd_is_wanted(const struct node *node)
{
	enum view_state state = view_state(node->core);

	return node->client[NODE_CONFIGD] == NULL &&
	       (node_work_waits_configd(node) ||
		(node->configd_died && state != VS_OUT && state != VS_ABORTING));
}

static void configd_on_end(void *ctx, const struct child_end *end)
{
	struct node *node = ctx;

	node->spawned = NULL;
	if (end->status != 0 && daemon_running(CONFIGD) == 0) { /* else somebody was quicker */
		snprintf(node->configd_trouble, sizeof(node->configd_trouble),
			 "it could not be started: %.*s", (int)strcspn(end->output, "\n"),
			 end->output);
		log_err(CONFIGD " could not be started (%d): %.*s", end->status,
			(int)strcspn(end->output, "\n"), end->output);
	}
}

/* It does not last: whoever needs it is told so, and it is told once. */
static void configd_give_up(struct node *node)
{
	char last[VX_REASON_MAX];

	node->configd_died = false;
	if (!node->configd_left) {
		node->configd_left = true;
		snprintf(last, sizeof(last), "%s", node->configd_trouble);
		snprintf(node->configd_trouble, sizeof(node->configd_trouble),
			 "%.300s; it was started %d times within %d s and is not started again: "
			 "find out why in its log, then type vxconfigd",
			 last[0] != '\0' ? last : "it ended", VX_CONFIGD_STARTS_MAX, VX_CONFIGD_STARTS_MS / 1000);
		log_err(CONFIGD " does not run: %s", node->configd_trouble);
	}
	node_work_configd_given_up(node);
}

static void configd_on_timer(void *ctx)
{
	if (configd_is_wanted(ctx)) {
		node_configd_spawn(ctx);
	}
}

void node_configd_spawn(struct node *node)
{
	static const char *const argv[] = { CONFIGD, NULL };
	const struct child_spec spec = { .argv = argv, .socket = -1 };
	uint64_t now = clock_ms();
	int64_t wait_ms = restart_wait_ms(&node->restart, now);

	if (node->client[NODE_CONFIGD] != NULL) {
		return;
	}
	loop_timer_set(node->loop, &node->spawn_timer,
		       wait_ms > 0 ? (unsigned int)wait_ms : CONFIGD_LOOK_MS, configd_on_timer, node);
	if (node->spawned != NULL || daemon_running(CONFIGD) != 0 || wait_ms > 0) {
		return; /* it is on its way, or ends: its connection closes before its pid file does */
	}
	if (wait_ms < 0) {
		configd_give_up(node);
		return;
	}
	restart_note(&node->restart, now);
	node->configd_left = false;
	log_warning(CONFIGD " does not run: starting it (%u of %d times within %d s)",
		    node->restart.count, VX_CONFIGD_STARTS_MAX, VX_CONFIGD_STARTS_MS / 1000);

	int rc = child_spawn(node->loop, &spec, configd_on_end, node, &node->spawned);

	if (rc != 0) {
		log_err(CONFIGD " cannot be started: %s", vx_strerror(rc));
	}
}

void node_configd_registered(struct node *node)
{
	node->configd_stopped = false;
	node->configd_died = false;
	node->configd_left = false;
	node->configd_trouble[0] = '\0';
	loop_timer_cancel(&node->gone_timer); /* it is back: asked again by its coming */
}

/* Who was told to end said so, or took its pid file along: a vxclustd that was paused may have missed the word. */
static void configd_gone(struct node *node)
{
	node->configd_died = !node->configd_stopped && daemon_died(CONFIGD);
	snprintf(node->configd_trouble, sizeof(node->configd_trouble), "%s",
		 node->configd_died ? "it died" : "it was stopped; type vxconfigd to start it");
	node_work_client_down(node, NODE_CONFIGD);
	configd_on_timer(node);
}

/*
 * R4: the end of its connection is not the end of vxconfigd - this vxclustd may have cut it, or a write
 * is still under way -, and not what stops its writes.
 */
static void configd_gone_look(void *ctx)
{
	struct node *node = ctx;

	if (daemon_running(CONFIGD) != node->gone_pid) {
		configd_gone(node);
		return;
	}
	if (clock_ms() > node->gone_ms + CONFIGD_GONE_KILL_MS && node_work_waits_configd(node)) {
		log_err(CONFIGD " (pid %d) has no connection and does not end: it is ended",
			(int)node->gone_pid);
		(void)kill(node->gone_pid, SIGKILL);
	}
	loop_timer_set(node->loop, &node->gone_timer, CONFIGD_GONE_POLL_MS, configd_gone_look, node);
}

void node_configd_closed(struct node *node, pid_t pid)
{
	node_work_configd_closed(node);
	node->gone_pid = pid;
	node->gone_ms = clock_ms();
	configd_gone_look(node);
}
