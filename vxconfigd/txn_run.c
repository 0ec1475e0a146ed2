// SPDX-License-Identifier: GPL-2.0-or-later
/* Carries out what the transaction core of a group decides. */
#include "vxconfigd/txn_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/author.h"
#include "vxconfigd/outcome.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"
#include "vxconfigd/cfg_steps.h"

struct txn_input {
	TAILQ_ENTRY(txn_input) next;
	struct txn_event event;
	char reason[VX_REASON_MAX];
};

/* ---- jobs ---- */

void txn_job_init(struct txn_job *job, struct group *group, const struct txn_ref *ref)
{
	job->configd = group->configd;
	snprintf(job->dgid, sizeof(job->dgid), "%s", group->dgid);
	job->ref = *ref;
}

struct group *txn_job_group(const struct txn_job *job)
{
	struct group *group = group_find(job->configd, job->dgid);

	if (group == NULL || group->pending.propose == NULL ||
	    group->pending.propose->attempt != job->ref.attempt ||
	    memcmp(group->pending.propose->txid.data, job->ref.txid, ID_BYTES) != 0) {
		return NULL;
	}
	return group;
}

void txn_run_result(struct configd *configd, const char *dgid, enum txn_event_type type,
		    const struct txn_ref *ref, int error, const char *reason)
{
	struct txn_event event = { .type = type, .ref = *ref, .error = error, .reason = reason };
	struct group *group = group_find(configd, dgid);

	if (group != NULL) {
		txn_run(group, &event);
	}
}

/* ---- suspending ---- */

static void txn_on_suspended(void *ctx, int error, const char *reason, const Vx__Ipc *answer)
{
	struct txn_job *job = ctx;

	(void)answer;
	txn_run_result(job->configd, job->dgid, TXN_EV_SUSPENDED, &job->ref, error, reason);
	free(job);
}

/* Will the volume be CLEAN? Its vxiods must say that its plexes are equal. */
static bool txn_cleans(const struct group *group, uint64_t vol_rid)
{
	const Vx__Vol *before = config_vol_rid(group->config, vol_rid), *after = NULL;

	if (group->pending.after != NULL) {
		after = config_vol_rid(group->pending.after, vol_rid);
	}
	return before != NULL && after != NULL && after->state == VX__VOL_STATE__VOL_CLEAN &&
	       before->state != VX__VOL_STATE__VOL_CLEAN;
}

static void txn_suspend(struct group *group, const struct txn_ref *ref)
{
	struct txn_job *job = proto_grow(NULL, 0, sizeof(*job));
	Vx__IodSuspend suspend = VX__IOD_SUSPEND__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	txn_job_init(job, group, ref);
	group->pending.suspended = true;
	suspend.txid = group->pending.propose->txid;
	suspend.dgid = group->dgid;
	suspend.n_vol_rid = group->pending.propose->n_quiesce;
	suspend.vol_rid = group->pending.propose->quiesce;
	for (size_t i = 0; i < suspend.n_vol_rid; i++) {
		if (txn_cleans(group, suspend.vol_rid[i])) {
			PROTO_ADD(suspend.clean_rid, suspend.n_clean_rid, suspend.vol_rid[i]);
		}
	}
	suspend.timeout_ms = VX_SUSPEND_MS;
	msg.body_case = VX__IPC__BODY_IOD_SUSPEND;
	msg.iod_suspend = &suspend;
	iod_call(group->configd->iod, &msg, txn_on_suspended, job);
	free(suspend.clean_rid);
}

static void txn_pending_end(struct group *group)
{
	struct group_pending *pending = &group->pending;

	if (pending->suspended) {
		Vx__IodResume resume = VX__IOD_RESUME__INIT;
		Vx__Ipc msg = VX__IPC__INIT;

		resume.txid = pending->propose->txid;
		msg.body_case = VX__IPC__BODY_IOD_RESUME;
		msg.iod_resume = &resume;
		iod_call(group->configd->iod, &msg, NULL, NULL);
	}
	proto_free(pending->propose);
	proto_free(pending->after);
	*pending = (struct group_pending){ 0 };
	server_disk_look_again(group->configd);
}

/* ---- remembering (T5, T12) ---- */

static void txn_on_remembered(void *ctx, int error)
{
	struct txn_job *job = ctx;

	if (error != 0) { /* a node that cannot remember must not acknowledge */
		char reason[VX_REASON_MAX];

		memory_explain(job->configd->memory, error, reason);
		clust_abort(job->configd->clust, reason);
	} else {
		txn_run_result(job->configd, job->dgid, TXN_EV_REMEMBERED, &job->ref, 0, "");
	}
	free(job);
}

static void txn_remember(struct group *group, const struct txn_ref *ref)
{
	const Vx__Config *after = group->pending.after;
	struct txn_job *job;

	if (after == NULL) { /* nothing durable changes */
		txn_run_result(group->configd, group->dgid, TXN_EV_REMEMBERED, ref, 0, "");
		return;
	}
	job = proto_grow(NULL, 0, sizeof(*job));
	txn_job_init(job, group, ref);
	group_remember(group, after, txn_on_remembered, job);
}

/* ---- the end ---- */

static void txn_apply_activation(struct group *group)
{
	struct configd *configd = group->configd;
	const Vx__Propose *propose = group->pending.propose;

	activation_set(&group->activation, propose->nodeid, propose->activation);
	log_notice("view=%#llx dg=%s node=%s activation=%s",
		   (unsigned long long)cview_epoch(&configd->cluster), group->name,
		   cview_name(&configd->cluster, propose->nodeid),
		   activation_name(propose->activation));
	if (propose->nodeid == configd->cluster.self) {
		group_load(group, false, NULL, NULL);
	}
}

/* A group that was just made or imported is active on every node in its own mode. */
static void txn_apply_import_modes(struct group *group)
{
	const struct cview *cluster = &group->configd->cluster;

	for (size_t i = 0; i < cluster->peer_count; i++) {
		activation_admit(&group->activation, cluster->peer[i].nodeid,
				 group->config->dg->activation);
	}
}

static void txn_log_applied(const struct group *group, const Vx__Author *author)
{
	char who[VX_REASON_MAX];

	log_notice("view=%#llx dg=%s seq=%llu %s", (unsigned long long)group->config->epoch,
		   group->name, (unsigned long long)group->config->seq, author_text(author, who));
}

static void txn_apply(struct group *group)
{
	struct group_pending *pending = &group->pending;
	Vx__TxnKind kind = pending->propose->kind;

	outcome_note(group->configd, pending->propose, ENDING_COMMITTED);
	if (kind == VX__TXN_KIND__TXN_DEPORT && pending->propose->destroy) {
		memory_forget(group->configd->memory, group->dgid, NULL, NULL);
	}
	if (!group->taking_over && kind == VX__TXN_KIND__TXN_ACTIVATE) {
		txn_apply_activation(group);
	} else if (!group->taking_over && kind == VX__TXN_KIND__TXN_DEPORT) {
		group_unload(group);
		log_notice("dg=%s %s", group->name,
			   pending->propose->destroy ? "destroyed" : "deported");
		group->gone = true;
	} else if (!group->taking_over) {
		group_config_set(group, pending->after);
		pending->after = NULL;
		if (kind == VX__TXN_KIND__TXN_IMPORT) {
			txn_apply_import_modes(group);
		}
		txn_log_applied(group, pending->propose->author);
		for (size_t i = 0; i < pending->propose->n_also; i++) {
			txn_log_applied(group, pending->propose->also[i]->author);
		}
		group_load(group, false, NULL, NULL);
	}
	txn_pending_end(group);
}

/* Whether the master tries those that shared it again only it knows. */
static void txn_log_dropped(const struct group *group, const struct txn_effect *effect)
{
	const Vx__Propose *propose = group->pending.propose;
	char who[VX_REASON_MAX], more[40] = "";

	if (propose->n_also > 0) {
		snprintf(more, sizeof(more), " and %zu more", propose->n_also);
	}
	log_notice("dg=%s not done: %s%s: %s%s%s", group->name, author_text(propose->author, who),
		   more,
		   effect->node != 0 ? cview_name(&group->configd->cluster, effect->node) : "",
		   effect->node != 0 ? ": " : "", effect->reason);
}

static void txn_drop(struct group *group, const struct txn_effect *effect)
{
	if (group->pending.propose != NULL && effect->error != 0) {
		txn_log_dropped(group, effect);
	}
	if (group->pending.propose != NULL && effect->error == -VX_E_LOST) {
		outcome_note(group->configd, group->pending.propose, ENDING_OPEN);
	}
	txn_pending_end(group);
	if (group->state == GROUP_NEW && group->incoming == NULL && group->current == NULL &&
	    !group->taking_over) {
		group->gone = true; /* an import that did not come about */
	}
}

static void txn_on_timer(void *ctx)
{
	struct group *group = ctx;
	const struct txn_event event = { .type = TXN_EV_TIMEOUT };

	txn_run(group, &event);
}

static void txn_timer_set(struct group *group, uint32_t delay_ms)
{
	if (delay_ms == 0) {
		loop_timer_cancel(&group->timer);
	} else {
		loop_timer_set(group->configd->loop, &group->timer, delay_ms, txn_on_timer, group);
	}
}

static void txn_carry_out(struct group *group, const struct txn_effect *effect)
{
	switch (effect->type) {
	case TXN_FX_SEND_PROPOSE:
		FAULT(P1_ACCEPTED);
		txn_cast_propose(group);
		FAULT(P2_PROPOSED);
		return;
	case TXN_FX_SEND_VOTE:
		FAULT(P4_VOTE);
		txn_cast_vote(group, &effect->ref, effect->error, effect->reason);
		return;
	case TXN_FX_SEND_QUIESCE:
		FAULT(P5_QUIESCE);
		txn_cast_ref(group, effect, VX__CFG_MSG__BODY_QUIESCE);
		return;
	case TXN_FX_SEND_PREPARED:
		FAULT(P7_PREPARED);
		txn_cast_ref(group, effect, VX__CFG_MSG__BODY_PREPARED);
		return;
	case TXN_FX_SEND_COMMIT:
		FAULT(P11_COMMIT);
		txn_cast_ref(group, effect, VX__CFG_MSG__BODY_COMMIT);
		FAULT(P12_SENT);
		return;
	case TXN_FX_SEND_ACK:
		FAULT(P16_ACK);
		txn_cast_ref(group, effect, VX__CFG_MSG__BODY_ACK);
		return;
	case TXN_FX_SEND_ABORT:
		txn_cast_ref(group, effect, VX__CFG_MSG__BODY_ABORT);
		return;
	case TXN_FX_CHECK:
		FAULT(P3_DELIVERED);
		group->pending = (struct group_pending){ .propose = group->incoming };
		group->incoming = NULL;
		txn_check(group, &effect->ref);
		return;
	case TXN_FX_SUSPEND:
		FAULT(P6_SUSPEND);
		txn_suspend(group, &effect->ref);
		return;
	case TXN_FX_FORMAT:
		txn_format(group, &effect->ref);
		return;
	case TXN_FX_WRITE:
		FAULT(P8_WRITE);
		txn_write(group, &effect->ref);
		return;
	case TXN_FX_REMEMBER:
		FAULT(P15_SEEN);
		txn_remember(group, &effect->ref);
		return;
	case TXN_FX_APPLY:
		FAULT(P17_APPLY);
		txn_apply(group);
		return;
	case TXN_FX_DROP:
		txn_drop(group, effect);
		return;
	case TXN_FX_ANSWER:
		FAULT(P18_ANSWER);
		request_ended(group, effect->error, effect->node, effect->reason);
		FAULT(P19_ANSWERED);
		return;
	case TXN_FX_ASIDE:
		request_aside(group);
		return;
	case TXN_FX_ASK_VIEW:
		clust_ask_view(group->configd->clust, effect->reason);
		return;
	case TXN_FX_TIMER:
		txn_timer_set(group, effect->delay_ms);
		return;
	case TXN_FX_QUIET:
		steps_quiet(group->configd);
		return;
	}
}

static void txn_input_run(struct group *group, const struct txn_input *input)
{
	struct txn_event event = input->event;
	struct txn_effects fx;
	enum txn_member_state member = group->txn.member;
	enum txn_master_state master = group->txn.master;

	event.reason = input->reason;
	steps_moved(group->configd);
	txn_step(&group->txn, &event, &fx);
	if (group->txn.member != member || group->txn.master != master) {
		log_debug("dg=%s txn=%.8s %s: %s/%s -> %s/%s", group->name, "",
			  txn_event_name(event.type), txn_member_state_name(member),
			  txn_master_state_name(master), txn_member_state_name(group->txn.member),
			  txn_master_state_name(group->txn.master));
	}
	for (size_t i = 0; i < fx.count; i++) {
		txn_carry_out(group, &fx.effect[i]);
	}
	proto_free(group->incoming); /* the core did not want it */
	group->incoming = NULL;
}

void txn_run(struct group *group, const struct txn_event *event)
{
	struct txn_input *input = proto_grow(NULL, 0, sizeof(*input));

	input->event = *event;
	snprintf(input->reason, sizeof(input->reason), "%s",
		 event->reason != NULL ? event->reason : "");
	TAILQ_INSERT_TAIL(&group->inputs, input, next);
	if (group->running) {
		return;
	}
	group->running = true;
	while ((input = TAILQ_FIRST(&group->inputs)) != NULL) {
		txn_input_run(group, input);
		TAILQ_REMOVE(&group->inputs, input, next);
		free(input);
	}
	group->running = false;
	request_kick(group->configd);
	if (group->gone && !group->taking_over) {
		request_refuse_all(group);
		group_remove(group);
	}
}

void txn_run_all(struct configd *configd, const struct txn_event *event)
{
	struct group *group, *after;

	for (group = TAILQ_FIRST(&configd->groups); group != NULL; group = after) {
		after = TAILQ_NEXT(group, next);
		if (!group->gone) {
			txn_run(group, event);
		}
	}
}

bool txn_run_quiet(struct configd *configd)
{
	const struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->txn.open && group->txn.master != TXN_IDLE && !group->txn.stuck) {
			return false;
		}
	}
	return true;
}
