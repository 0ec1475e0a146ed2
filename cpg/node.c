// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell around the view core: its effects are carried out here, what happens becomes its
 * events. */
#include "cpg/node_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/errors.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/proto.h"

#define NODE_END_MS 1500 /* after an abort: what was spawned gets going, answers go out */

/* ---- names ---- */

const char *node_name(void *ctx, uint32_t nodeid)
{
	const struct node *node = ctx;
	const struct cluster_node *known = cluster_node_find(&node->info, nodeid);

	return known != NULL ? known->name : "";
}

const char *node_addr(void *ctx, uint32_t nodeid)
{
	const struct node *node = ctx;
	const struct cluster_node *known = cluster_node_find(&node->info, nodeid);

	return known != NULL ? known->addr : "";
}

const char *node_self_name(const struct node *node)
{
	return node_name((void *)(uintptr_t)node, node->info.self);
}

/* ---- effects ---- */

static void node_on_timer(void *ctx)
{
	struct node_timer *timer = ctx;
	struct view_event event = { .type = VE_TIMER, .timer = timer->which };

	node_event(timer->node, &event);
}

/* Where a test may stop this daemon. */
static void node_fault(enum view_packet_type type)
{
	if (type == VP_RSTART) {
		FAULT(R1_RSTART);
	} else if (type == VP_HELLO) {
		FAULT(R2_HELLO);
	} else if (type == VP_NEWVIEW) {
		FAULT(R8_NEWVIEW);
	}
}

static void node_fault_step(enum step step)
{
	if (step == STEP_ROLE) {
		FAULT(R9_ROLE);
	} else if (step == STEP_CONFIG) {
		FAULT(R9_CONFIG);
	} else if (step == STEP_RECOVER) {
		FAULT(R9_RECOVER);
	} else if (step == STEP_RESUME) {
		FAULT(R9_RESUME);
	}
}

static void fx_send(struct node *node, struct view_packet *packet)
{
	size_t length;
	uint8_t *data;

	if (node->cpg == NULL || node->corosync_dead) {
		return;
	}
	node_fault(packet->type);
	if (packet->type == VP_HELLO) {
		timeline_step(&node->timeline, STEP_FENCE,
			      clock_us()); /* stopped; now the coordinator works */
	}
	if (packet->type == VP_ASK) {
		packet->look = node->look;
	}
	log_debug("send %s epoch=%llx round=%u", view_packet_name(packet->type),
		  (unsigned long long)packet->epoch, packet->round);
	data = packet_from_view(packet, ++node->serial, &length);
	if (data == NULL || corosync_cpg_send(node->cpg, data, length) != 0) {
		log_bug("a packet of the view protocol cannot be sent");
	}
}

/* Why there is a new view, for people. */
static void node_cause(struct node *node, const struct view *view)
{
	static const char *const how[] = { "lost", "left", "aborted" };
	char cause[VX_REASON_MAX] = "";
	size_t length = 0;

	for (size_t i = 0; i < view->leaver_count && length < sizeof(cause); i++) {
		length += (size_t)snprintf(
			cause + length, sizeof(cause) - length, "%s%s %s", length > 0 ? ", " : "",
			node_name(node, view->leaver[i].nodeid), how[view->leaver[i].how]);
	}
	for (size_t i = 0; i < view->joiner_count && length < sizeof(cause); i++) {
		length +=
			(size_t)snprintf(cause + length, sizeof(cause) - length, "%s%s joined",
					 length > 0 ? ", " : "", node_name(node, view->joiner[i]));
	}
	timeline_cause(&node->timeline, length > 0			? cause
					: view_is_switching(node->core) ? "master switch"
									: "asked for");
}

static void fx_store(struct node *node, const struct view_effect *effect)
{
	const struct view *view = effect->u.view;

	node_cause(node, view);
	node_port_reset(node); /* from here on others may say that theirs are up in this view */
	node_store_epoch(node, view->epoch, effect->token);
}

static void fx_install(struct node *node, const struct view *view)
{
	log_notice("view=%llx members=%zu joiners=%zu leavers=%zu master=%s protocol=%u",
		   (unsigned long long)view->epoch, view->member_count, view->joiner_count,
		   view->leaver_count, node_name(node, view->master), view->protocol);
	for (size_t i = 0; i < view->leaver_count; i++) {
		static const char *const how[] = { "lost", "clean", "aborted" };

		log_notice("view=%llx node=%s left: %s", (unsigned long long)view->epoch,
			   node_name(node, view->leaver[i].nodeid), how[view->leaver[i].how]);
	}
	node_client_view(node);
	node_port_announce(node);
}

static void fx_settled(struct node *node)
{
	const struct view *view = view_current(node->core);
	const struct timeline_entry *last;

	timeline_end(&node->timeline, view->epoch, clock_us());
	last = timeline_last(&node->timeline);
	log_notice("view=%llx runs: I/O was frozen for %llu ms (fencing %llu ms)",
		   (unsigned long long)view->epoch,
		   last != NULL ? (unsigned long long)(last->end_us - last->begin_us) / 1000 : 0,
		   last != NULL ? (unsigned long long)last->step_us[STEP_FENCE] / 1000 : 0);
	node->reason[0] = '\0';
	(void)pacemaker_attr_set(node->pacemaker, "vxclust-role",
				 view->master == node->info.self ? "master" : "slave");
	(void)pacemaker_attr_set(node->pacemaker, "vxclust-state", "member");
	node_adm_done(node, ADM_WAITS_START, 0, "");
	node_adm_settled(node);
}

static void node_on_end(void *ctx)
{
	struct node *node = ctx;

	node->ended(node->ctx, node->end_code);
}

static void node_end(struct node *node, int code)
{
	node->end_code = code;
	loop_timer_set(node->loop, &node->end_timer,
		       code != 0 || node->store.busy ? NODE_END_MS : 0, node_on_end, node);
}

static void fx_gone(struct node *node, const struct view_effect *effect)
{
	bool failed = effect->u.how != VIEW_CLEAN;

	log_notice("node=%s is out of the cluster: %s", node_self_name(node), effect->text);
	snprintf(node->reason, sizeof(node->reason), "%s", effect->text);
	node_store_reason(node, node->reason);
	node_work_cancel_all(node);
	corosync_cpg_destroy(node->cpg);
	corosync_quorum_destroy(node->quorum);
	node->cpg = NULL;
	node->quorum = NULL;
	node->corosync_dead = false;
	node_port_reset(node);
	for (int client = 0; client < NODE_CLIENTS; client++) {
		node_client_registered(node, (enum node_client)client); /* says: out */
	}
	(void)pacemaker_attr_set(node->pacemaker, "vxclust-role", "none");
	(void)pacemaker_attr_set(node->pacemaker, "vxclust-state", "out");
	if (effect->again && node_start_again(node)) {
		return;
	}
	if (!node->start_wanted) { /* else Corosync was busy, and it is tried again */
		node_adm_done(node, ADM_WAITS_START, -VX_E_ABORTED, node->reason);
	}
	node_adm_done(node, ADM_WAITS_STOP, failed ? -VX_E_ABORTED : 0, node->reason);
	node_adm_done(node, ADM_WAITS_CANCEL, -VX_E_ABORTED, node->reason);
	node_adm_done(node, ADM_WAITS_ABORT, 0, node->reason);
	node_adm_done(node, ADM_WAITS_SWITCH, -VX_E_ABORTED, node->reason);
	if (failed) {
		(void)pacemaker_fail(node->pacemaker, NULL, node_self_name(node));
	}
	if (failed || node->terminating) {
		node_end(node, failed ? 1 : 0);
	}
}

static void fx_abort_local(struct node *node, const struct view_effect *effect)
{
	log_err("node=%s aborts: %s", node_self_name(node), effect->text);
	snprintf(node->reason, sizeof(node->reason), "%s", effect->text);
	node_work_start(node, &node_ask_abort, effect->token, NULL);
}

static void fx_ask_fence(struct node *node, uint32_t nodeid, bool again)
{
	const char *name = node_name(node, nodeid);
	int rc;

	if (cluster_node_find(&node->info, nodeid) == NULL) {
		log_err("%s: not in Corosync's node list, and its fencing is waited for: put it there "
			"again (then: vxclustadm reinit); if it is off for good: pcs stonith confirm",
			name);
		return;
	}
	if (again) {
		log_warning("node=%s: its fencing is waited for. If it is off and cannot be fenced: "
			    "pcs stonith confirm %s",
			    name, name);
	}
	rc = again ? pacemaker_reboot(node->pacemaker, name)
		       : pacemaker_terminate(node->pacemaker, name);

	if (rc != 0) {
		log_err("node=%s: Pacemaker cannot be asked to fence it: %s", name,
			vx_strerror(rc));
	}
}

const struct node_ask node_ask_abort = {
	VX__STEP__STEP_ABORT, VE_ABORTED, true, true, "abort", 0,
};

/* Effects that are questions to local clients. */
static void fx_ask(struct node *node, const struct view_effect *effect)
{
	static const struct node_ask ask[] = {
		[FX_STOP] = { VX__STEP__STEP_STOP, VE_STOPPED, true, true, "", 0 },
		[FX_PRESTOP] = { VX__STEP__STEP_STOP, VE_PRESTOPPED, false, true, "prestop", 0 },
		[FX_SURVEY] = { VX__STEP__STEP_SURVEY, VE_SURVEYED, false, true, "", 0 },
		[FX_CLAIM] = { VX__STEP__STEP_CLAIM, VE_CLAIMED, false, true, "", 0 },
		[FX_LEAVE_LOCAL] = { VX__STEP__STEP_LEAVE, VE_LEFT, true, false, "", 0 },
		[FX_LEAVE_CANCEL] = { VX__STEP__STEP_LEAVE_CANCEL, VE_LEFT, true, false, "", 0 },
		[FX_CLOSE] = { VX__STEP__STEP_CLOSE, VE_CLOSED, false, true, "", 0 },
	};

	struct node_ask asked = ask[effect->type];

	asked.master = effect->type == FX_PRESTOP ? effect->u.master : 0;
	node_work_start(node, &asked, effect->token,
			effect->type == FX_CLAIM ? effect->u.view : NULL);
}

/* R22: what the joiner sees came with its ASK. */
static void fx_admit(struct node *node, const struct view_effect *effect)
{
	static const Vx__Look nothing = VX__LOOK__INIT;
	uint32_t place = cluster_node_place(&node->info, effect->u.nodeid);
	const Vx__Look *look = place < VX_NODES_MAX ? node->asked[place] : NULL;

	log_notice("node=%s asks to join", node_name(node, effect->u.nodeid));
	node_work_admit(node, effect->token, look != NULL ? look : &nothing);
}

static void fx_step(struct node *node, const struct view_effect *effect)
{
	enum step step = (enum step)effect->u.step;
	const struct node_ask ask = {
		(Vx__Step)step, VE_STEPPED, step_uses_iod(step), step_uses_configd(step), "", 0,
	};

	node_fault_step(step);
	timeline_step(&node->timeline, step, clock_us());
	node_work_start(node, &ask, effect->token, NULL);
}

static void node_effect(struct node *node, struct view_effect *effect)
{
	enum view_timer timer = effect->u.set.timer;

	switch (effect->type) {
	case FX_SEND:
		fx_send(node, effect->u.packet);
		return;
	case FX_STOP:
		timeline_begin(&node->timeline, "membership change", clock_us(), clock_wall_ms());
		fx_ask(node, effect);
		return;
	case FX_LEAVE_LOCAL:
		log_notice("node=%s leaves: waiting until no shared volume is open",
			   node_self_name(node));
		fx_ask(node, effect);
		return;
	case FX_SURVEY:
		FAULT(R3_SURVEY);
		fx_ask(node, effect);
		return;
	case FX_CLAIM:
		FAULT(R6_CLAIM);
		fx_ask(node, effect);
		return;
	case FX_PRESTOP:
	case FX_LEAVE_CANCEL:
	case FX_CLOSE:
		fx_ask(node, effect);
		return;
	case FX_LOOK:
		fence_look(node->fence, effect->token, effect->u.apart);
		return;
	case FX_ADMIT:
		fx_admit(node, effect);
		return;
	case FX_STORE:
		FAULT(R9_STORE);
		fx_store(node, effect);
		return;
	case FX_INSTALL:
		fx_install(node, effect->u.view);
		return;
	case FX_STEP:
		fx_step(node, effect);
		return;
	case FX_SETTLED:
		fx_settled(node);
		return;
	case FX_REFUSED:
		node_adm_done(node, ADM_WAITS_SWITCH, -VX_E_RECONF, effect->text);
		return;
	case FX_ASK_FENCE:
		fx_ask_fence(node, effect->u.ask.nodeid, effect->u.ask.again);
		return;
	case FX_ABORT_LOCAL:
		fx_abort_local(node, effect);
		return;
	case FX_GONE:
		fx_gone(node, effect);
		return;
	case FX_TIMER_SET:
		loop_timer_set(node->loop, &node->timer[timer], effect->u.set.delay_ms,
			       node_on_timer, &node->timer_ctx[timer]);
		return;
	case FX_TIMER_CANCEL:
		loop_timer_cancel(&node->timer[effect->u.timer]);
		return;
	case FX_MARK:
		log_notice("%s", effect->text);
		return;
	}
}

/* One event into the core. What its effects lead to comes from the loop, but for one thing:
 * Corosync may die of a packet. That is the next event then. */
void node_event(struct node *node, const struct view_event *event)
{
	struct view_effects fx = { 0 };
	char reason[VX_REASON_MAX];

	if (node->in_event) {
		log_bug("an event of the core within another one");
	}
	node->in_event = true;
	view_step(node->core, event, &fx);
	node_work_prune(node);
	node_store_prune(node);
	for (size_t i = 0; i < fx.count; i++) {
		node_effect(node, &fx.effect[i]);
	}
	view_effects_free(&fx);
	node->in_event = false;
	if (node->abort_reason[0] != '\0') {
		snprintf(reason, sizeof(reason), "%s", node->abort_reason);
		node->abort_reason[0] = '\0';
		node_abort(node, reason);
	}
}

void node_abort(struct node *node, const char *reason)
{
	struct view_event event = { .type = VE_ABORT, .reason = reason };

	if (!node->in_event) {
		node_event(node, &event);
	} else if (node->abort_reason[0] == '\0') {
		snprintf(node->abort_reason, sizeof(node->abort_reason), "%s", reason);
	}
}

/* ---- Pacemaker ---- */

/* Of Pacemaker's name of a node, which is Corosync's too. 0: not of this cluster. */
static uint32_t node_of_name(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->info.count; i++) {
		if (strcasecmp(node->info.node[i].name, name) == 0) {
			return node->info.node[i].nodeid;
		}
	}
	return 0;
}

static void node_on_looked(void *ctx, uint64_t cookie, int error, const char *const *name,
			   size_t count)
{
	uint32_t nodeid[2 * VX_NODES_MAX];
	struct view_event event = {
		.type = VE_LOOKED, .token = cookie, .error = error, .nodeid = nodeid
	};

	for (size_t i = 0; i < count && i < VX_COUNT_OF(nodeid); i++) {
		nodeid[event.nodeid_count++] = node_of_name(ctx, name[i]);
	}
	node_event(ctx, &event);
}

static void node_on_fenced(void *ctx, const char *name)
{
	struct view_event event = { .type = VE_FENCED,
				    .fenced = name != NULL ? node_of_name(ctx, name) : 0 };

	if (name != NULL && event.fenced == 0) {
		log_notice("Pacemaker fenced %s, which is not in Corosync's node list", name);
		return;
	}
	if (name != NULL) {
		log_notice("node=%s was fenced", name);
		FAULT(R4_PROOF);
	}
	node_event(ctx, &event);
}

static void node_on_fencer_lost(void *ctx)
{
	const struct view_event event = { .type = VE_FENCER_LOST };

	log_warning("the connection to Pacemaker's fencer was lost");
	node_event(ctx, &event);
}

static void node_on_fencing(void *ctx, enum pacemaker_answer answer)
{
	struct node *node = ctx;

	node->fencing_asked = false;
	node->fencing = answer == PACEMAKER_YES;
	if (!node->fencing) {
		log_err("fencing is %s in Pacemaker: shared disk groups will not be imported",
			answer == PACEMAKER_NO ? "not enabled" : "not known to be enabled");
	}
}

/* Pacemaker may have come up, or have been configured, since it was asked last. */
void node_fencing_ask(struct node *node)
{
	if (strcmp(conf_get(node->conf, CONF_fencing), "unsafe-none") == 0) {
		node->fencing = true;
	} else if (pacemaker_fencing_enabled(node->pacemaker, node_on_fencing, node) == 0) {
		node->fencing_asked = true;
	} else {
		log_warning("Pacemaker cannot be asked whether fencing is enabled");
	}
}

/* ---- life ---- */

void node_terminate(struct node *node)
{
	node->terminating = true;
	node->start_wanted = false;
	if (view_state(node->core) == VS_OUT) {
		node_end(node, 0);
	} else {
		node_abort(node, "vxclustd was terminated");
	}
}

int node_create(struct loop *loop, const struct conf *conf, void (*ended)(void *ctx, int code),
		void *ctx, struct node **out_node)
{
	static const struct fence_ops fence_ops = { node_on_looked, node_on_fenced,
						    node_on_fencer_lost };
	bool unsafe = strcmp(conf_get(conf, CONF_fencing), "unsafe-none") == 0;
	struct node *node = calloc(1, sizeof(*node));

	if (node == NULL) {
		return -ENOMEM;
	}
	node->loop = loop;
	node->conf = conf;
	node->ended = ended;
	node->ctx = ctx;
	node->core = view_create(0);
	for (int i = 0; i < VT_COUNT; i++) {
		node->timer_ctx[i] = (struct node_timer){ node, (enum view_timer)i };
	}

	int rc = node_store_create(node);

	if (rc == 0) {
		rc = pacemaker_create(loop, &node->pacemaker);
	}
	if (rc == 0) {
		rc = fence_create(loop, unsafe, &fence_ops, node, &node->fence);
	}
	if (rc == 0) {
		rc = node_client_serve(node);
	}
	if (rc != 0) {
		node_destroy(node);
		return rc;
	}
	node->fencing = unsafe;
	*out_node = node;
	return 0;
}

void node_destroy(struct node *node)
{
	node_work_cancel_all(node);
	for (int i = 0; i < VT_COUNT; i++) {
		loop_timer_cancel(&node->timer[i]);
	}
	loop_timer_cancel(&node->start_timer);
	loop_timer_cancel(&node->adm_timer);
	loop_timer_cancel(&node->switch_timer);
	loop_timer_cancel(&node->end_timer);
	loop_timer_cancel(&node->spawn_timer);
	loop_timer_cancel(&node->gone_timer);
	corosync_cpg_destroy(node->cpg);
	corosync_quorum_destroy(node->quorum);
	node->cpg = NULL; /* what a client leaves behind is said to nobody any more */
	node->quorum = NULL;
	ipc_server_destroy(node->server);
	if (node->fence != NULL) {
		fence_destroy(node->fence);
	}
	if (node->pacemaker != NULL) {
		pacemaker_destroy(node->pacemaker);
	}
	view_free(node->core);
	proto_free(node->look);
	for (size_t i = 0; i < VX_COUNT_OF(node->asked); i++) {
		proto_free(node->asked[i]);
	}
	if (!node->store.busy) {
		node_store_free(node);
		free(node);
	}
}
