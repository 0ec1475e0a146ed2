// SPDX-License-Identifier: GPL-2.0-or-later
/* vxconfigd's part in a reconfiguration: which step does what. */
#include "vxconfigd/cfg_steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/endings.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/shelf.h"
#include "vxconfigd/cfg_part.h"
#include "vxconfigd/look.h"
#include "vxconfigd/txn_run.h"

int steps_create(struct configd *configd)
{
	configd->steps = calloc(1, sizeof(*configd->steps));
	if (configd->steps == NULL) {
		return -ENOMEM;
	}
	configd->steps->configd = configd;
	configd->steps->progress = "";
	return 0;
}

/* ---- answers ---- */

static size_t steps_writes(const struct configd *configd)
{
	return configd->disk_writes + shelf_writes(configd->shelf);
}

void steps_moved(struct configd *configd)
{
	configd->steps->moved = true;
}

/* In the exchange: for what they tell, or the master decides. Whoever hangs there is found there. */
static bool steps_wait_for_others(const struct steps *steps)
{
	return steps->config != NULL && steps->scanned && !steps->decided &&
	       steps->takeover == NULL;
}

static void steps_on_progress(void *ctx)
{
	struct configd *configd = ctx;
	struct steps *steps = configd->steps;
	Vx__StepRun *const run[] = { steps->hold, steps->stop,	steps->config,
				     steps->work, steps->leave, steps->abort };
	size_t writes = steps_writes(configd);
	bool moved = steps->moved || writes != steps->writes || steps_wait_for_others(steps);
	bool any = false;

	steps->moved = false;
	steps->writes = writes;
	for (size_t i = 0; i < VX_COUNT_OF(run); i++) {
		if (run[i] != NULL) {
			clust_progress(configd->clust, run[i], !moved, steps->progress);
			any = true;
		}
	}
	if (any) {
		loop_timer_set(configd->loop, &steps->progress_timer, VX_STEP_PROGRESS_MS,
			       steps_on_progress, configd);
	}
}

void steps_begin(struct configd *configd, Vx__StepRun **slot, const Vx__StepRun *run,
		 const char *what)
{
	struct steps *steps = configd->steps;

	proto_free(*slot); /* one that was asked for before does not count any more */
	*slot = proto_clone(run);
	steps->progress = what;
	if (!steps->progress_timer.armed) {
		loop_timer_set(configd->loop, &steps->progress_timer, VX_STEP_PROGRESS_MS,
			       steps_on_progress, configd);
	}
}

void steps_end(struct configd *configd, Vx__StepRun **slot, int error, const char *reason)
{
	if (*slot != NULL) {
		if (error != 0) {
			log_err("view=%#llx step %d failed: %s: %s",
				(unsigned long long)cview_epoch(&configd->cluster),
				(int)(*slot)->step, vx_strerror(error), reason);
		}
		clust_ack(configd->clust, *slot, error, reason);
		proto_free(*slot);
		*slot = NULL;
	}
}

static void steps_forget(Vx__StepRun **slot)
{
	proto_free(*slot);
	*slot = NULL;
}

/* ---- stop (R4, R9) ---- */

static bool steps_closes(const struct steps *steps)
{
	return steps->work != NULL && steps->work->step == VX__STEP__STEP_CLOSE;
}

/* HELLO and the word of an aborted node say that no write of this node is under way (R4, R13). */
static void steps_idle_look(void *ctx)
{
	struct configd *configd = ctx;
	struct steps *steps = configd->steps;

	if (steps->stop == NULL && steps->abort == NULL) {
		return;
	}
	if (shelf_writes(configd->shelf) > 0) {
		shelf_when_written(configd->shelf, steps_idle_look, configd);
		return;
	}
	if (configd->disk_writes > 0) {
		return; /* steps_on_written() looks again */
	}
	steps_end(configd, &steps->stop, 0, "");
	steps_end(configd, &steps->abort, 0, "");
	if (steps_closes(steps)) { /* R12: the last one leaves without "no members" on the copies */
		steps_end(configd, &steps->work, -VX_E_RECONF, "the view was closed");
	}
}

void steps_on_written(struct configd *configd)
{
	configd->disk_writes--;
	steps_moved(configd);
	steps_idle_look(configd);
}

static void steps_stop(struct configd *configd, const Vx__StepRun *run)
{
	const struct txn_event event = { .type = TXN_EV_CLOSE };
	struct steps *steps = configd->steps;

	steps->generation++;
	configd->cluster.open = false;
	configd->cluster.was_settled = configd->cluster.was_settled || configd->cluster.settled;
	configd->cluster.settled = false;
	steps_forget(&steps->hold);
	steps_forget(&steps->config);
	if (!steps_closes(steps)) {
		steps_forget(&steps->work);
	}
	takeover_cancel(configd);
	txn_run_all(configd, &event);
	steps_begin(configd, &steps->stop, run, "writes to configuration copies end");
	steps_idle_look(configd);
}

void steps_quiet(struct configd *configd)
{
	if (configd->steps->hold != NULL && txn_run_quiet(configd)) {
		steps_end(configd, &configd->steps->hold, 0, "");
	}
}

static void steps_hold(struct configd *configd, const Vx__StepRun *run)
{
	const struct txn_event event = { .type = TXN_EV_HOLD };

	if (run->master != 0 && request_any(configd)) { /* R19 */
		clust_ack(configd->clust, run, -VX_E_BUSY,
			  "a transaction is in progress. Try again");
		return;
	}
	configd->steps->held = true;
	steps_begin(configd, &configd->steps->hold, run, "a transaction in its commit stage ends");
	txn_run_all(configd, &event);
	steps_quiet(configd);
}

bool steps_is_held(const struct configd *configd)
{
	return configd->steps->held || configd->steps->left;
}

/* ---- leaving ---- */

/* Out of the cluster: shared groups go, requests end. */
static void steps_drop_shared(struct configd *configd, const char *reason)
{
	const struct txn_event close = { .type = TXN_EV_CLOSE };
	const struct txn_event fail = {
		.type = TXN_EV_RESOLVE, .lost = true, .error = -VX_E_ABORTED, .reason = reason
	};
	struct group *group, *after;

	configd->steps->generation++;
	configd->steps->left = false;
	steps_forget(&configd->steps->leave);
	takeover_cancel(configd);
	request_give_up(configd, reason);
	relay_give_up(configd, reason);
	endings_break(configd->endings);
	cview_clear(&configd->cluster);
	for (group = TAILQ_FIRST(&configd->groups); group != NULL; group = after) {
		after = TAILQ_NEXT(group, next);
		if (group->gone || !group_is_shared(group)) {
			continue;
		}
		group->taking_over = true;
		group->loaded = false;
		txn_run(group, &close);
		txn_run(group, &fail);
		request_refuse_all(group);
		group_remove(group);
	}
	group_notes_save(configd);
}

static bool steps_transactions_ended(const struct configd *configd)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->txn.member != TXN_NONE || group->txn.master != TXN_IDLE) {
			return false;
		}
	}
	return true;
}

static void steps_leave_look(void *ctx)
{
	struct configd *configd = ctx;

	if (configd->steps->leave == NULL) {
		return;
	}
	if (!steps_transactions_ended(configd) || steps_writes(configd) > 0) {
		loop_timer_set(configd->loop, &configd->leave_timer, VX_LEAVE_POLL_MS,
			       steps_leave_look, configd);
		return;
	}
	configd->steps->left = true; /* LEAVE follows: nothing new begins */
	steps_end(configd, &configd->steps->leave, 0, "");
}

/* vxiod has let go already: what is still decided in this view is kept in memory only. */
static void steps_leave(struct configd *configd, const Vx__StepRun *run)
{
	configd->leaving = true;
	steps_begin(configd, &configd->steps->leave, run, "transactions end");
	steps_leave_look(configd);
}

static void steps_abort(struct configd *configd, const Vx__StepRun *run)
{
	struct steps *steps = configd->steps;

	steps_forget(&steps->hold);
	steps_forget(&steps->stop);
	steps_forget(&steps->config);
	steps_forget(&steps->work);
	steps_drop_shared(configd, "this node aborts");
	steps_begin(configd, &steps->abort, run, "writes to configuration copies end");
	steps_idle_look(configd);
}

/* ---- from vxclustd ---- */

static void steps_role(struct configd *configd, const Vx__StepRun *run)
{
	log_notice("view=%#llx role=%s master=%s members=%zu",
		   (unsigned long long)cview_epoch(&configd->cluster),
		   cview_is_master(&configd->cluster) ? "master" : "slave",
		   cview_name(&configd->cluster,
			      configd->cluster.view != NULL ? configd->cluster.view->master : 0),
		   configd->cluster.peer_count);
	clust_ack(configd->clust, run, 0, "");
}

static void steps_resume(struct configd *configd, const Vx__StepRun *run)
{
	configd->cluster.settled = true;
	clust_ack(configd->clust, run, 0, "");
	relay_settled(configd);
	request_kick(configd);
}

void steps_run(struct configd *configd, const Vx__StepRun *run)
{
	/* A vxconfigd that was started for a step missed the view's own packet. */
	if (run->view != NULL && configd->cluster.view == NULL &&
	    cview_member(run->view, run->view->self) != NULL) {
		steps_on_view(configd, run->view);
	}
	switch (run->step) {
	case VX__STEP__STEP_STOP:
		if (strcmp(run->reason, "prestop") == 0) {
			steps_hold(configd, run);
		} else {
			steps_stop(configd, run);
		}
		return;
	case VX__STEP__STEP_SURVEY:
	case VX__STEP__STEP_CLAIM:
	case VX__STEP__STEP_CLOSE:
	case VX__STEP__STEP_LOOK:
		survey_run(configd, run);
		return;
	case VX__STEP__STEP_ADMIT:
		look_admit(configd, run);
		return;
	case VX__STEP__STEP_ROLE:
		steps_role(configd, run);
		return;
	case VX__STEP__STEP_CONFIG:
		steps_begin(configd, &configd->steps->config, run,
			    "configuration of the disk groups");
		exchange_begin(configd);
		return;
	case VX__STEP__STEP_RESUME:
		steps_resume(configd, run);
		return;
	case VX__STEP__STEP_LEAVE:
		steps_leave(configd, run);
		return;
	case VX__STEP__STEP_ABORT:
		steps_abort(configd, run);
		return;
	case VX__STEP__STEP_NONE:
	case VX__STEP__STEP_FENCE:
	case VX__STEP__STEP_RECOVER:
	case VX__STEP__STEP_LEAVE_CANCEL: /* vxiod's: vxconfigd leaves when that is too late */
	case _VX__STEP_IS_INT_SIZE:
		break;
	}
	clust_ack(configd->clust, run, 0, ""); /* nothing to do here */
}

void steps_on_view(struct configd *configd, const Vx__View *view)
{
	const struct txn_event event = { .type = TXN_EV_CLOSE };
	struct steps *steps = configd->steps;

	steps->generation++;
	steps->held = false;
	steps->decided = false;
	steps->scanned = false;
	loop_timer_cancel(&steps->retry_timer);
	steps->join_serial = 0;
	steps->rejoining = false;
	steps->adopting = 0;
	steps_forget(&steps->hold);
	steps_forget(&steps->stop);
	steps_forget(&steps->config);
	takeover_cancel(configd);
	cview_set(&configd->cluster, view);
	configd->mastership += !cview_is_master(&configd->cluster);
	txn_run_all(configd, &event); /* until the exchange opens them again */
	log_notice("view=%#llx members=%zu master=%s", (unsigned long long)view->epoch,
		   view->n_member, cview_name(&configd->cluster, view->master));
}

void steps_on_registered(struct configd *configd, const Vx__Registered *registered)
{
	bool was_member = configd->cluster.member;

	if (registered->state == VX__NODE_STATE__NODE_OUT && was_member) {
		steps_drop_shared(configd, "this node left the cluster");
		configd->leaving = false;
	}
	if (registered->state != VX__NODE_STATE__NODE_LEAVING) {
		configd->steps->left = false;
	}
	cview_registered(&configd->cluster, registered);
	log_info("vxclustd: node=%s cluster=%s %s", registered->node, registered->cluster,
		 configd->cluster.member ? "member" : "not a member");
	if (configd->cluster.settled) { /* the reconfiguration is over: ask for the groups */
		rejoin_ask(configd);
	}
}

/* vxclustd is gone: this node is out, or will be fenced. vxiod has shut its gate by itself. */
void steps_on_lost(struct configd *configd)
{
	log_warning("vxclustd is gone");
	if (configd->cluster.member) {
		steps_drop_shared(configd, "vxclustd ended on this node");
	}
	configd->cluster.registered = false;
	configd->leaving = false;
}

/* Requests do not wait for ever for one that came back and does not get ready. */
static void steps_on_ready_time(void *ctx)
{
	request_kick(ctx);
}

void steps_on_peer(struct configd *configd, uint32_t nodeid, bool up)
{
	struct peer *peer = cview_peer(&configd->cluster, nodeid);
	const struct txn_event event = { .type = TXN_EV_NODE_DOWN, .node = nodeid };

	if (peer == NULL) {
		return;
	}
	if (up && !peer->up) {
		peer->up_ms = clock_ms();
		peer->refused = false;
		loop_timer_set(configd->loop, &configd->ready_timer, VX_READY_MS,
			       steps_on_ready_time, configd);
	}
	peer->up = up;
	if (up) {
		return; /* it counts once it has the groups */
	}
	log_notice("node=%s vxconfigd is not running", cview_name(&configd->cluster, nodeid));
	peer->ready = false;
	peer->join = false;
	if (!configd->steps->decided) { /* its state must come again */
		proto_free(peer->state);
		peer->state = NULL;
	}
	txn_run_all(configd, &event);
	request_kick(configd);
}

void steps_open_group(struct group *group)
{
	const struct cview *cluster = &group->configd->cluster;
	struct txn_view view = { .epoch = cview_epoch(cluster),
				 .self = cluster->self,
				 .master = cluster->view->master,
				 .count = cluster->peer_count };
	const struct txn_event open = { .type = TXN_EV_OPEN, .view = &view };

	for (size_t i = 0; i < cluster->peer_count; i++) {
		view.member[i] = cluster->peer[i].nodeid;
	}
	txn_run(group, &open);
	for (size_t i = 0; i < cluster->peer_count; i++) {
		if (!cluster->peer[i].ready) {
			const struct txn_event down = { .type = TXN_EV_NODE_DOWN,
							.node = cluster->peer[i].nodeid };

			txn_run(group, &down);
		}
	}
}
