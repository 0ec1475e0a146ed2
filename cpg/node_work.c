// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: what local clients are asked to do, and what becomes of it. */
#include "cpg/node_inner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/daemon.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"

static const char *const client_names[NODE_CLIENTS] = { "vxiod", "vxconfigd" };

static void work_drop(struct node_work *work)
{
	loop_timer_cancel(&work->stall);
	loop_timer_cancel(&work->hang);
	if (work->look != NULL) {
		proto_free(work->look);
		work->look = NULL;
	}
	work->used = false;
}

static void work_end(struct node_work *work)
{
	struct node *node = work->node;
	struct node_work ended = *work;

	work->look = NULL;
	work_drop(work);
	if (ended.ask.step == VX__STEP__STEP_LOOK) {
		node_start_looked(node, ended.error, ended.reason, ended.look);
		return;
	}
	proto_free(ended.look);
	if (ended.ask.event == VE_ABORTED && ended.error == 0 && node->corosync_dead) {
		ended.error = -VX_E_NODAEMON; /* "aborted" cannot be said: we must be fenced */
	}

	struct view_event event = { .type = ended.ask.event,
				    .token = ended.token,
				    .error = ended.error,
				    .reason = ended.reason[0] != '\0' ? ended.reason : NULL,
				    .max_epoch = ended.max_epoch,
				    .unclean = ended.unclean,
				    .wall_s = clock_wall_ms() / 1000u,
				    .durable = ended.durable,
				    .durable_count = ended.durable_count,
				    .open_claim = ended.open_claim,
				    .open_claim_count = ended.open_claim_count };

	node_event(node, &event);
	if (ended.ask.event == VE_ABORTED && ended.error == 0) {
		node->iod_clean = true;
	}
	if (ended.ask.step == VX__STEP__STEP_LEAVE && ended.error != 0) {
		node_adm_done(node, ADM_WAITS_STOP, ended.error, ended.reason);
	} else if (ended.ask.step == VX__STEP__STEP_LEAVE_CANCEL) {
		node_adm_done(node, ADM_WAITS_CANCEL, ended.error, ended.reason);
	}
}

/* Whether a node may join (R22): nobody has to leave for that. */
static bool work_is_of_join(const struct node_work *work)
{
	return work->ask.step == VX__STEP__STEP_LOOK || work->ask.step == VX__STEP__STEP_ADMIT;
}

/* A local part that makes no progress ends this node, and only this one (R11). */
static void work_on_stall(void *ctx)
{
	struct node_work *work = ctx;
	struct node *node = work->node;
	char reason[VX_REASON_MAX];
	struct view_event abort_event = { .type = VE_ABORT, .reason = reason };

	for (int client = 0; client < NODE_CLIENTS; client++) {
		if (!work->waits[client]) {
			continue;
		}
		if (node->client[client] == NULL) {
			bool told = client == NODE_CONFIGD && node->configd_trouble[0] != '\0';

			snprintf(reason, sizeof(reason), "%s is not enabled%s%.400s",
				 client_names[client], told ? ": " : "",
				 told ? node->configd_trouble : "");
		} else {
			snprintf(
				reason, sizeof(reason),
				"transition to role failed: %s makes no progress (step %d%s%.200s)",
				client_names[client], work->ask.step,
				work->progress[0] != '\0' ? ": " : "", work->progress);
		}
		work->error = -VX_E_TIMEOUT;
	}
	log_err("%s", reason);
	if (work->ask.event == VE_ABORTED || work_is_of_join(work)) {
		snprintf(work->reason, sizeof(work->reason), "%s%.400s",
			 work->ask.step == VX__STEP__STEP_ADMIT ? "connection refused by master: "
								: "",
			 reason);
		work->error = work_is_of_join(work) ? -VX_E_AGAIN : work->error;
		work_end(work);
	} else {
		/* R13: vxiod would be asked once more for the end of its I/O */
		abort_event.error =
			work->waits[NODE_IOD] && node->client[NODE_IOD] != NULL ? work->error : 0;
		work_drop(work);
		node_event(node, &abort_event);
	}
}

/* R16: vxconfigd hangs. It is ended; its connection closes when no write of it is under way. */
static void work_on_hang(void *ctx)
{
	struct node_work *work = ctx;
	pid_t pid = ipc_peer_pid(work->node->client[NODE_CONFIGD]);

	log_err("vxconfigd (pid %d) hangs: no word for %d s while the others wait for it; it is "
		"ended",
		(int)pid, VX_CONFIGD_HANG_MS / 1000);
	if (daemon_running("vxconfigd") == pid) {
		(void)kill(pid, SIGKILL);
	}
}

static void work_configd_alive(struct node_work *work)
{
	loop_timer_set(work->node->loop, &work->hang, VX_CONFIGD_HANG_MS, work_on_hang, work);
}

static bool work_has_no_limit(const struct node_work *work)
{
	return work->ask.event == VE_LEFT; /* waits for the administrator's processes (R12) */
}

static void work_alive(struct node_work *work)
{
	if (!work_has_no_limit(work)) {
		loop_timer_set(work->node->loop, &work->stall, VX_STEP_STALL_MS, work_on_stall,
			       work);
	}
}

static void work_send(struct node_work *work, enum node_client client)
{
	struct node *node = work->node;
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__StepRun run = VX__STEP_RUN__INIT;
	const struct packet_names names = { node_name, node_addr, node };
	const struct view *view = work->has_view ? &work->view : view_current(node->core);
	Vx__View *words = view != NULL
				  ? packet_view_make(view, &names, node->info.self, node->info.name)
				  : NULL;

	run.step = work->ask.step;
	run.serial = work->serial;
	run.view = words;
	run.reason = (char *)(uintptr_t)work->ask.reason;
	run.master = work->ask.master;
	run.look = work->look;
	msg.body_case = VX__IPC__BODY_STEP_RUN;
	msg.step_run = &run;
	(void)ipc_peer_send(node->client[client], &msg); /* a lost client is told by its closing */
	packet_view_free(words);
	if (client == NODE_CONFIGD) {
		work_configd_alive(work);
	}
}

/* Without vxconfigd there is nothing of it to stop, to leave or to end. */
static bool work_needs_configd(Vx__Step step)
{
	return step == VX__STEP__STEP_SURVEY || step == VX__STEP__STEP_CLAIM ||
	       step == VX__STEP__STEP_ROLE || step == VX__STEP__STEP_CONFIG ||
	       step == VX__STEP__STEP_CLOSE || step == VX__STEP__STEP_LOOK ||
	       step == VX__STEP__STEP_ADMIT;
}

static bool work_is_done(const struct node_work *work)
{
	return !work->waits[NODE_IOD] && !work->waits[NODE_CONFIGD];
}

static void work_iod_missing(struct node_work *work)
{
	if (!work->node->iod_clean) {
		work->error = -VX_E_NODAEMON;
		snprintf(work->reason, sizeof(work->reason),
			 "vxiod is gone and its I/O may not be over");
	}
}

static void work_on_nothing(void *ctx)
{
	work_end(ctx);
}

static void work_start(struct node *node, const struct node_ask *ask, uint64_t token,
		       const struct view *view, const Vx__Look *look)
{
	struct node_work *work = NULL;

	for (int i = 0; i < NODE_WORKS && work == NULL; i++) {
		work = node->work[i].used ? NULL : &node->work[i];
	}
	if (work == NULL) {
		log_bug("more than %d things asked of local clients at a time", NODE_WORKS);
	}
	memset(work, 0, sizeof(*work));
	work->used = true;
	work->node = node;
	work->serial = ++node->work_serial;
	work->token = token;
	work->ask = *ask;
	if (view != NULL) {
		work->view = *view;
		work->has_view = true;
	}
	work->look = look != NULL ? proto_clone(look) : NULL;
	/* a vxiod that is gone has not stopped: only an abort goes on without it (R13) */
	work->waits[NODE_IOD] = ask->iod;
	if (ask->iod && node->client[NODE_IOD] == NULL && ask->event == VE_ABORTED) {
		work->waits[NODE_IOD] = false;
		work_iod_missing(work);
	}
	work->waits[NODE_CONFIGD] =
		ask->configd && (node->client[NODE_CONFIGD] != NULL || node->gone_timer.armed ||
				 work_needs_configd(ask->step));
	if (ask->master != 0 && !node_configd_is_up(node, ask->master)) { /* R19 */
		work->waits[NODE_CONFIGD] = false;
		work->error = -VX_E_NODAEMON;
		snprintf(work->reason, sizeof(work->reason), "its vxconfigd is not enabled");
	}
	for (int client = 0; client < NODE_CLIENTS; client++) {
		if (work->waits[client] && node->client[client] != NULL) {
			work_send(work, (enum node_client)client);
		}
	}
	if (work->waits[NODE_CONFIGD] && node->client[NODE_CONFIGD] == NULL) {
		node_configd_spawn(node);
	}
	if (work_is_done(work)) {
		/* from the loop: the core is still busy with the event that led here */
		loop_timer_set(node->loop, &work->stall, 0, work_on_nothing, work);
	} else {
		work_alive(work);
	}
}

void node_work_start(struct node *node, const struct node_ask *ask, uint64_t token,
		     const struct view *view)
{
	work_start(node, ask, token, view, NULL);
}

void node_work_admit(struct node *node, uint64_t token, const Vx__Look *look)
{
	static const struct node_ask ask = {
		VX__STEP__STEP_ADMIT, VE_ADMITTED, false, true, "", 0,
	};

	work_start(node, &ask, token, NULL, look);
}

static void work_take_durable(struct node_work *work, const Vx__StepAck *ack)
{
	for (size_t i = 0; i < ack->n_durable && work->durable_count < VX_NODES_MAX; i++) {
		if (packet_to_member(ack->durable[i], &work->durable[work->durable_count]) == 0) {
			work->durable_count++;
		}
	}
	for (size_t i = 0; i < ack->n_open_claim && work->open_claim_count < VX_OPEN_CLAIMS_MAX;
	     i++) {
		work->open_claim[work->open_claim_count++] = ack->open_claim[i];
	}
}

void node_work_ack(struct node *node, enum node_client client, const Vx__StepAck *ack)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		struct node_work *work = &node->work[i];

		if (!work->used || work->serial != ack->serial || !work->waits[client]) {
			continue;
		}
		if (ack->progress) {
			snprintf(work->progress, sizeof(work->progress), "%s", ack->reason);
			if (!ack->waits) {
				work_alive(work);
			}
			if (client == NODE_CONFIGD) {
				work_configd_alive(work);
			}
			return;
		}
		work->waits[client] = false;
		if (client == NODE_CONFIGD) {
			loop_timer_cancel(&work->hang);
		}
		if (ack->error != 0 && work->error == 0) {
			work->error = ack->error;
			snprintf(work->reason, sizeof(work->reason), "%s",
				 ack->reason[0] != '\0' ? ack->reason : vx_strerror(ack->error));
		}
		if (ack->max_epoch > work->max_epoch) {
			work->max_epoch = ack->max_epoch;
		}
		work->unclean = work->unclean || ack->unclean;
		work_take_durable(work, ack);
		if (ack->look != NULL && work->look == NULL) {
			work->look = proto_clone(ack->look);
		}
		bool let_go = work->ask.step == VX__STEP__STEP_LEAVE && client == NODE_IOD &&
			      work->error == 0;

		if (let_go) {
			const struct view_event event = { .type = VE_LET_GO,
							   .token = work->token };

			node_event(node, &event);
		}
		if (let_go && node->client[NODE_CONFIGD] != NULL) {
			work->waits[NODE_CONFIGD] = true; /* it lets go when the volumes are gone */
			work_send(work, NODE_CONFIGD);
		}
		if (work_is_done(work)) {
			work_end(work);
		}
		return;
	}
}

void node_work_client_up(struct node *node, enum node_client client)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		if (node->work[i].used && node->work[i].waits[client]) {
			work_send(&node->work[i], client);
			work_alive(&node->work[i]);
		}
	}
}

/* The client is gone: what it had to stop is stopped; what it had to do waits for its return. */
void node_work_client_down(struct node *node, enum node_client client)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		struct node_work *work = &node->work[i];

		if (!work->used || !work->waits[client]) {
			continue;
		}
		if (client == NODE_CONFIGD) {
			loop_timer_cancel(&work->hang);
		}
		if (client == NODE_CONFIGD && work_needs_configd(work->ask.step)) {
			node_configd_spawn(node);
			continue;
		}
		if (client == NODE_IOD && work->ask.event != VE_ABORTED) {
			continue; /* never done: the node aborts */
		}
		work->waits[client] = false;
		if (client == NODE_IOD) {
			work_iod_missing(work);
		}
		if (work_is_done(work)) {
			work_end(work);
		}
	}
}

bool node_work_waits_configd(const struct node *node)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		if (node->work[i].used && node->work[i].waits[NODE_CONFIGD]) {
			return true;
		}
	}
	return false;
}

void node_work_configd_given_up(struct node *node)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		struct node_work *work = &node->work[i];

		if (work->used && work->waits[NODE_CONFIGD]) {
			loop_timer_set(node->loop, &work->stall, 0, work_on_stall, work);
		}
	}
}

void node_work_configd_closed(struct node *node)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		loop_timer_cancel(&node->work[i].hang);
	}
}

void node_work_cancel_all(struct node *node)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		work_drop(&node->work[i]);
	}
}

void node_work_prune(struct node *node)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		struct node_work *work = &node->work[i];

		if (work->used && work->token != 0 && !view_awaits(node->core, work->token)) {
			work_drop(work);
		}
	}
}

const struct node_work *node_work_of(const struct node *node, Vx__Step step)
{
	for (int i = 0; i < NODE_WORKS; i++) {
		if (node->work[i].used && node->work[i].ask.step == step) {
			return &node->work[i];
		}
	}
	return NULL;
}
