// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: requests of vxclustadm. */
#include "cpg/node_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"

#define ADM_TELL_MS 1000   /* progress of what an administrator waits for */
#define ADM_WAITING_MAX 16 /* lines of a text of VX_REASON_MAX: who has what open */

static void adm_answer(struct ipc_peer *peer, uint64_t cookie, int error, const char *reason)
{
	Vx__Ipc msg = VX__IPC__INIT;

	msg.cookie = cookie;
	msg.error = error;
	msg.reason = (char *)(uintptr_t)(reason != NULL ? reason : "");
	(void)ipc_peer_send(peer, &msg);
}

/* ---- the state, for people and programs ---- */

static Vx__NodeState adm_state_of(const struct node *node)
{
	switch (view_state(node->core)) {
	case VS_OUT:
		return node->start_wanted ? VX__NODE_STATE__NODE_JOINING : VX__NODE_STATE__NODE_OUT;
	case VS_JOINING:
		return VX__NODE_STATE__NODE_JOINING;
	case VS_MEMBER:
		return view_has_run(node->core) ? VX__NODE_STATE__NODE_MEMBER
						: VX__NODE_STATE__NODE_JOINING;
	case VS_LEAVING:
		return VX__NODE_STATE__NODE_LEAVING;
	case VS_ABORTING:
		return VX__NODE_STATE__NODE_ABORTING;
	}
	return VX__NODE_STATE__NODE_OUT;
}

static Vx__NodeInfo **adm_nodes_make(const struct node *node, Vx__NodeInfo *info)
{
	const struct view *view = view_current(node->core);
	Vx__NodeInfo **list = calloc(VX_NODES_MAX, sizeof(list[0]));

	for (size_t i = 0; list != NULL && i < node->info.count; i++) {
		const struct cluster_node *known = &node->info.node[i];
		const struct view_member *member =
			view != NULL ? view_member_of(view, known->nodeid) : NULL;

		vx__node_info__init(&info[i]);
		info[i].nodeid = known->nodeid;
		info[i].name = (char *)(uintptr_t)known->name;
		info[i].addr = (char *)(uintptr_t)known->addr;
		info[i].nid = member != NULL ? member->nid : (uint32_t)i;
		info[i].state =
			member != NULL ? VX__NODE_STATE__NODE_MEMBER : VX__NODE_STATE__NODE_OUT;
		info[i].master = member != NULL && view->master == known->nodeid;
		list[i] = &info[i];
	}
	return list;
}

/* vxiod names who has what open, one a line: cuts the text. */
static size_t adm_lines(char *text, char *out_line[ADM_WAITING_MAX])
{
	char *rest = text;
	size_t count = 0;

	for (char *line = strsep(&rest, "\n"); line != NULL && count < ADM_WAITING_MAX;
	     line = strsep(&rest, "\n")) {
		if (line[0] != '\0') {
			out_line[count++] = line;
		}
	}
	return count;
}

static void adm_state_send(struct node *node, struct ipc_peer *peer, uint64_t cookie)
{
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__AdmState state = VX__ADM_STATE__INIT;
	Vx__NodeInfo info[VX_NODES_MAX];
	const struct packet_names names = { node_name, node_addr, node };
	const struct view *view = view_current(node->core);
	const struct node_work *leave = node_work_of(node, VX__STEP__STEP_LEAVE);
	char detail[VX_REASON_MAX], waits[VX_REASON_MAX];
	char *waiting[ADM_WAITING_MAX];

	view_describe(node->core, detail);
	state.state = adm_state_of(node);
	state.reason = node->reason;
	state.detail =
		view_is_switching(node->core) ? (char[]){ "master switching in progress" } : detail;
	state.reconfig = view_state(node->core) != VS_OUT && !view_is_settled(node->core)
				 ? detail
				 : (char *)"";
	state.view = view != NULL ? packet_view_make(view, &names, node->info.self, node->info.name)
				  : NULL;
	state.self = node->info.self;
	state.node = adm_nodes_make(node, info);
	state.n_node = state.node != NULL ? node->info.count : 0;
	state.seqnum = node->timeline.count;
	state.quorate = view_is_quorate(node->core);
	state.fencing = node->fencing;
	state.preference = node->store.wanted.preference;
	state.view_open = view_is_settled(node->core);
	state.configd = node->client[NODE_CONFIGD] == NULL ? node->configd_trouble : (char *)"";
	if (leave != NULL) {
		snprintf(waits, sizeof(waits), "%s", leave->progress);
		state.n_waiting = adm_lines(waits, waiting);
		state.waiting = waiting;
	}
	timeline_reports_make(&node->timeline, clock_us(), &state);
	msg.cookie = cookie;
	msg.body_case = VX__IPC__BODY_ADM_STATE;
	msg.adm_state = &state;
	(void)ipc_peer_send(peer, &msg);
	timeline_reports_free(&state);
	free(state.node);
	packet_view_free(state.view);
}

/* ---- requests that wait ---- */

static void adm_tell(void *ctx)
{
	struct node *node = ctx;
	bool any = false;

	for (int i = 0; i < NODE_ADMS; i++) {
		if (node->adm[i].peer != NULL && node->adm[i].waits != ADM_WAITS_STORE &&
		    node->adm[i].waits != ADM_WAITS_CANCEL) {
			any = true;
			adm_state_send(node, node->adm[i].peer, node->adm[i].cookie);
		}
	}
	if (any) {
		loop_timer_set(node->loop, &node->adm_timer, ADM_TELL_MS, adm_tell, node);
	}
}

static struct node_adm *adm_add(struct node *node, struct ipc_peer *peer, uint64_t cookie,
				int waits)
{
	for (int i = 0; i < NODE_ADMS; i++) {
		if (node->adm[i].peer == NULL) {
			node->adm[i].peer = peer;
			node->adm[i].cookie = cookie;
			node->adm[i].waits = waits;
			loop_timer_set(node->loop, &node->adm_timer, ADM_TELL_MS, adm_tell, node);
			return &node->adm[i];
		}
	}
	adm_answer(peer, cookie, -VX_E_FULL, "too many requests wait");
	return NULL;
}

void node_adm_closed(struct node *node, const struct ipc_peer *peer)
{
	for (int i = 0; i < NODE_ADMS; i++) {
		if (node->adm[i].peer == peer) {
			node->adm[i].peer = NULL;
		}
	}
}

void node_adm_done(struct node *node, int waits, int error, const char *reason)
{
	for (int i = 0; i < NODE_ADMS; i++) {
		struct ipc_peer *peer = node->adm[i].peer;

		if (peer != NULL && (int)node->adm[i].waits == waits) {
			node->adm[i].peer = NULL;
			adm_answer(peer, node->adm[i].cookie, error, reason);
		}
	}
}

static void adm_on_start(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	if (view_state(node->core) == VS_MEMBER && view_is_settled(node->core)) {
		adm_answer(peer, msg->cookie, 0, "already a member");
		return;
	}
	if (view_state(node->core) == VS_LEAVING || view_state(node->core) == VS_ABORTING) {
		adm_answer(peer, msg->cookie, -VX_E_BUSY, "this node is leaving the cluster");
		return;
	}
	if (node->end_timer.armed || node->terminating) {
		adm_answer(peer, msg->cookie, -VX_E_BUSY,
			   "vxclustd of this node is about to end: start it, and try again");
		return;
	}
	if (adm_add(node, peer, msg->cookie, ADM_WAITS_START) == NULL || node->start_wanted ||
	    view_state(node->core) != VS_OUT) {
		return;
	}
	node->start_wanted = true;
	node->start_timeout_ms =
		msg->adm_start->join_timeout_ms > 0 ? msg->adm_start->join_timeout_ms : VX_JOIN_MS;
	node->start_deadline_ms = clock_ms() + VX_REGISTER_MS;
	node->join_deadline_ms = clock_ms() + node->start_timeout_ms;
	node->again_ms = 0;
	node_fencing_ask(node);
	node_start_try(node);
}

static void adm_on_stop(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct view_event event = { .type = msg->adm_stop->cancel ? VE_LEAVE_CANCEL : VE_LEAVE };

	if (msg->adm_stop->cancel) {
		if (node_work_of(node, VX__STEP__STEP_LEAVE_CANCEL) == NULL) {
			node_event(node, &event);
		}
		if (node_work_of(node, VX__STEP__STEP_LEAVE_CANCEL) == NULL) {
			adm_answer(peer, msg->cookie, -VX_E_INVAL,
				   "this node is not waiting to leave");
		} else { /* vxiod says whether it is too late */
			(void)adm_add(node, peer, msg->cookie, ADM_WAITS_CANCEL);
		}
		return;
	}
	if (node->start_wanted) {
		node->start_wanted = false;
		loop_timer_cancel(&node->start_timer);
		node_adm_done(node, ADM_WAITS_START, -ECANCELED, "user initiated stop");
	}
	if (view_state(node->core) == VS_OUT) {
		adm_answer(peer, msg->cookie, 0, "not in the cluster");
		return;
	}
	if (adm_add(node, peer, msg->cookie, ADM_WAITS_STOP) != NULL) {
		node_event(node, &event);
	}
}

static void adm_on_set(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	char *end;
	long value = strtol(msg->adm_set->value, &end, 10);

	if (strcmp(msg->adm_set->name, "preference") != 0 || *end != '\0' ||
	    msg->adm_set->value[0] == '\0' || value < INT32_MIN || value > INT32_MAX) {
		adm_answer(peer, msg->cookie, -VX_E_SYNTAX, "preference must be a whole number");
		return;
	}
	if (adm_add(node, peer, msg->cookie, ADM_WAITS_STORE) != NULL) {
		node->store.wanted.preference = (int32_t)value;
		node_store_write(node);
	}
}

/* ---- another master (R19) ---- */

void node_adm_settled(struct node *node)
{
	const struct view *view = view_current(node->core);
	char reason[VX_REASON_MAX];

	loop_timer_cancel(&node->switch_timer);
	snprintf(reason, sizeof(reason),
		 "another reconfiguration came in between, or node %s leaves; node %s is master",
		 node_name(node, node->switch_to), node_name(node, view->master));
	node_adm_done(node, ADM_WAITS_SWITCH, view->master == node->switch_to ? 0 : -VX_E_RECONF,
		      view->master == node->switch_to ? "" : reason);
}

static void adm_on_switch_late(void *ctx)
{
	struct node *node = ctx;
	const struct view *view = view_current(node->core);
	char reason[VX_REASON_MAX];

	if (!view_is_settled(node->core)) {
		return; /* it began; the view that comes is the answer */
	}
	snprintf(reason, sizeof(reason),
		 "node %s, the master, does not answer (it may still do it: vxclustadm nidmap)",
		 node_name(node, view->master));
	node_adm_done(node, ADM_WAITS_SWITCH, -VX_E_TIMEOUT, reason);
}

static const struct cluster_node *adm_node_find(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->info.count; i++) {
		if (strcmp(node->info.node[i].name, name) == 0) {
			return &node->info.node[i];
		}
	}
	return NULL;
}

static bool adm_switch_waits(const struct node *node)
{
	for (int i = 0; i < NODE_ADMS; i++) {
		if (node->adm[i].peer != NULL && node->adm[i].waits == ADM_WAITS_SWITCH) {
			return true;
		}
	}
	return false;
}

static void adm_on_setmaster(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	const struct cluster_node *to = adm_node_find(node, msg->adm_setmaster->node);
	const struct view *view = view_current(node->core);
	struct view_event event = { .type = VE_SETMASTER };
	enum view_state state = view_state(node->core);

	if (view == NULL || (state != VS_MEMBER && state != VS_LEAVING)) {
		adm_answer(peer, msg->cookie, -VX_E_NOTMEMBER,
			   "this node is not a member of the cluster");
	} else if (to == NULL) {
		adm_answer(peer, msg->cookie, -VX_E_NOTFOUND,
			   "the cluster has no such node (vxclustadm nidmap shows them)");
	} else if (!view_has_member(view, to->nodeid)) {
		adm_answer(peer, msg->cookie, -VX_E_NOTMEMBER, "it is not a member of the cluster");
	} else if (view->protocol < VX_PROTOCOL_SETMASTER) {
		char reason[VX_REASON_MAX];

		snprintf(reason, sizeof(reason),
			 "the cluster runs protocol %u, this needs %d: vxdctl upgrade, when all "
			 "nodes have the newer program",
			 view->protocol, VX_PROTOCOL_SETMASTER);
		adm_answer(peer, msg->cookie, -VX_E_VERSION, reason);
	} else if (view_is_settled(node->core) && view->master == to->nodeid) {
		adm_answer(peer, msg->cookie, 0, "it is the master already");
	} else if (view_is_settled(node->core) && !node_configd_is_up(node, to->nodeid)) {
		adm_answer(peer, msg->cookie, -VX_E_NODAEMON, "its vxconfigd is not enabled");
	} else if (view_member_of(view, to->nodeid)->leaving) {
		adm_answer(peer, msg->cookie, -VX_E_BUSY, "it is leaving the cluster");
	} else if (adm_switch_waits(node)) {
		adm_answer(peer, msg->cookie, -VX_E_BUSY,
			   "Master switching is in progress. Try again");
	} else if (adm_add(node, peer, msg->cookie, ADM_WAITS_SWITCH) != NULL) {
		node->switch_to = event.master = to->nodeid;
		loop_timer_set(node->loop, &node->switch_timer, VX_SWITCH_MS, adm_on_switch_late,
			       node);
		node_event(node, &event);
	}
}

void node_adm_message(struct node *node, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct view_event event = { .type = VE_ABORT };

	if (msg->body_case == VX__IPC__BODY_ADM_QUERY) {
		adm_state_send(node, peer, msg->cookie);
	} else if (msg->body_case == VX__IPC__BODY_ADM_START) {
		adm_on_start(node, peer, msg);
	} else if (msg->body_case == VX__IPC__BODY_ADM_STOP) {
		adm_on_stop(node, peer, msg);
	} else if (msg->body_case == VX__IPC__BODY_ADM_SET) {
		adm_on_set(node, peer, msg);
	} else if (msg->body_case == VX__IPC__BODY_ADM_SETMASTER) {
		adm_on_setmaster(node, peer, msg);
	} else if (msg->body_case == VX__IPC__BODY_ADM_REINIT) {
		char reason[VX_REASON_MAX] = "";
		int rc = node_list_reread(node, reason);

		adm_answer(peer, msg->cookie, rc, reason);
	} else if (msg->body_case == VX__IPC__BODY_ADM_ABORT) {
		event.reason = msg->adm_abort->reason[0] != '\0' ? msg->adm_abort->reason
								 : "user initiated abort";
		if (view_state(node->core) == VS_OUT) {
			adm_answer(peer, msg->cookie, 0, "not in the cluster");
		} else if (adm_add(node, peer, msg->cookie, ADM_WAITS_ABORT) != NULL) {
			node_event(node, &event);
		}
	} else {
		adm_answer(peer, msg->cookie, -VX_E_PROTO, "request not understood");
	}
}
