// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: what vxclustd asks its local clients to do, as cpg/node_work.c. */
#include <string.h>

#include "base/errors.h"
#include "base/timeouts.h"
#include "tests/sim/sim.h"

void clustd_work_end(struct sim *sim, uint32_t node, struct sim_work *work)
{
	struct sim_work ended = *work;
	struct view_event event = { .type = ended.event,
				    .token = ended.token,
				    .error = ended.error,
				    .max_epoch = ended.max_epoch,
				    .durable = ended.durable,
				    .durable_count = ended.durable_count,
				    .open_claim = ended.open_claims.epoch,
				    .open_claim_count = ended.open_claims.count };

	work->used = false;
	if (ended.event == VE_ABORTED && ended.error == 0 && sim->node[node].clustd.corosync_dead) {
		event.error = -VX_E_NODAEMON;
	}
	clustd_event(sim, node, &event);
}

static void work_done_later(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	(void)ptr;
	for (int i = 0; i < SIM_WORKS; i++) {
		struct sim_work *work = &sim->node[node].clustd.work[i];

		if (work->used && work->serial == serial && !work->wait_iod &&
		    !work->wait_configd) {
			clustd_work_end(sim, node, work);
		}
	}
}

static void work_on_stall(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	(void)ptr;
	for (int i = 0; i < SIM_WORKS; i++) {
		struct sim_work *work = &sim->node[node].clustd.work[i];

		if (!work->used || work->serial != serial || work->event == VE_LEFT) {
			continue;
		}
		if (sim->now < work->alive + VX_STEP_STALL_MS * SIM_MS) {
			sim_later(sim, work->alive + VX_STEP_STALL_MS * SIM_MS - sim->now,
				  PROC_CLUSTD, node, work_on_stall, serial, NULL);
			return;
		}
		TRACE(sim, node, "its own part of step %d stalls", work->step);
		work->error = work->event == VE_ADMITTED ? -VX_E_AGAIN : -VX_E_TIMEOUT;
		if (work->event == VE_ABORTED || work->event == VE_ADMITTED) {
			clustd_work_end(sim, node, work);
		} else {
			const struct view_event event = {
				.type = VE_ABORT,
				.reason = "stalled",
				.error = work->wait_iod && sim_proc_runs(sim, node, PROC_IOD)
						 ? work->error
						 : 0,
			};

			work->used = false;
			clustd_event(sim, node, &event);
		}
		return;
	}
}

static void iod_gets_step(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	iod_step(sim, node, ((const struct sim_work *)ptr)->step, serial);
}

static void configd_gets_step(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	configd_step(sim, node, ptr);
}

void clustd_work_send(struct sim *sim, uint32_t node, const struct sim_work *work, bool to_iod)
{
	struct sim_work *copy = sim_alloc(sim, sizeof(*copy));

	*copy = *work;
	if (to_iod) {
		sim_later(sim, SIM_IPC_US, PROC_IOD, node, iod_gets_step, work->serial, copy);
	} else {
		sim_later(sim, SIM_IPC_US, PROC_CONFIGD, node, configd_gets_step, 0, copy);
	}
}

bool clustd_work_needs_configd(const struct sim_work *work)
{
	return work->event == VE_SURVEYED || work->event == VE_CLAIMED ||
	       work->event == VE_CLOSED || work->event == VE_ADMITTED ||
	       (work->event == VE_STEPPED &&
		(work->step == STEP_ROLE || work->step == STEP_CONFIG));
}

void clustd_work_start(struct sim *sim, uint32_t node, enum view_event_type event, int step,
		       uint64_t token, bool iod, bool configd, const struct view *view)
{
	struct sim_clustd *clustd = &sim->node[node].clustd;
	struct sim_work *work = NULL;
	bool iod_up = sim_proc_runs(sim, node, PROC_IOD);
	bool configd_up = sim_proc_runs(sim, node, PROC_CONFIGD);

	for (int i = 0; i < SIM_WORKS && work == NULL; i++) {
		work = clustd->work[i].used ? NULL : &clustd->work[i];
	}
	if (work == NULL) {
		sim_fail(sim, "BUG node %u: more than %d questions at a time", node, SIM_WORKS);
		return;
	}
	memset(work, 0, sizeof(*work));
	work->used = true;
	work->serial = ++sim->order;
	work->token = token;
	work->event = event;
	work->step = step;
	work->prestop = event == VE_PRESTOPPED;
	work->alive = sim->now;
	if (view != NULL) {
		work->view = sim_alloc(sim, sizeof(*view));
		*work->view = *view;
	}
	work->wait_iod = iod;
	if (iod && !iod_up && event == VE_ABORTED) {
		work->wait_iod = false;
		if (!iod_is_quiet(sim, node)) {
			work->error = -VX_E_NODAEMON;
		}
	}
	work->wait_configd = configd && (configd_up || clustd_work_needs_configd(work));
	if (work->prestop) {
		work->master = clustd->prestop_master;
	}
	if (work->master != 0 && (clustd->peers_up >> work->master & 1) == 0) { /* R19 */
		work->wait_configd = false;
		work->error = -VX_E_NODAEMON;
	}
	if (work->wait_iod && iod_up) {
		clustd_work_send(sim, node, work, true);
	}
	if (work->wait_configd && configd_up) {
		clustd_work_send(sim, node, work, false);
	}
	if (!work->wait_iod && !work->wait_configd) {
		sim_later(sim, 0, PROC_CLUSTD, node, work_done_later, work->serial, NULL);
	} else {
		sim_later(sim, VX_STEP_STALL_MS * SIM_MS, PROC_CLUSTD, node, work_on_stall,
			  work->serial, NULL);
	}
}

static struct sim_work *work_of(struct sim *sim, uint32_t node, uint64_t serial)
{
	for (int i = 0; i < SIM_WORKS; i++) {
		struct sim_work *work = &sim->node[node].clustd.work[i];

		if (work->used && work->serial == serial) {
			return work;
		}
	}
	return NULL;
}

struct ack {
	uint64_t serial;
	bool from_iod, progress;
	int error;
	uint64_t max_epoch;
	struct view_member durable[VX_NODES_MAX];
	size_t durable_count;
	struct open_claims open_claims;
};

static void ack_arrives(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct ack *ack = ptr;
	struct sim_work *work = work_of(sim, node, ack->serial);

	(void)arg;
	if (work == NULL || !(ack->from_iod ? work->wait_iod : work->wait_configd)) {
		return;
	}
	work->alive = sim->now;
	if (ack->progress) {
		return;
	}
	*(ack->from_iod ? &work->wait_iod : &work->wait_configd) = false;
	work->error = work->error != 0 ? work->error : ack->error;
	if (ack->max_epoch > work->max_epoch) {
		work->max_epoch = ack->max_epoch;
	}
	if (ack->durable_count > 0) {
		memcpy(work->durable, ack->durable, sizeof(work->durable));
		work->durable_count = ack->durable_count;
	}
	work->open_claims = ack->open_claims;
	if (work->event == VE_LEFT && ack->from_iod && work->error == 0) {
		const struct view_event let_go = { .type = VE_LET_GO, .token = work->token };

		clustd_event(sim, node, &let_go);
	}
	if (work->event == VE_LEFT && ack->from_iod && work->error == 0 &&
	    sim_proc_runs(sim, node, PROC_CONFIGD)) {
		work->wait_configd = true;
		clustd_work_send(sim, node, work, false);
	}
	if (!work->wait_iod && !work->wait_configd) {
		clustd_work_end(sim, node, work);
	}
}

static void ack_send(struct sim *sim, uint32_t node, const struct ack *ack)
{
	struct ack *copy = sim_alloc(sim, sizeof(*copy));

	*copy = *ack;
	sim_later(sim, SIM_IPC_US, PROC_CLUSTD, node, ack_arrives, 0, copy);
}

void clustd_ack(struct sim *sim, uint32_t node, bool from_iod, uint64_t serial, int error)
{
	const struct ack ack = { .serial = serial, .from_iod = from_iod, .error = error };

	ack_send(sim, node, &ack);
}

void clustd_progress(struct sim *sim, uint32_t node, uint64_t serial)
{
	const struct ack ack = { .serial = serial, .progress = true };

	ack_send(sim, node, &ack);
}

void clustd_ack_survey(struct sim *sim, uint32_t node, const struct sim_disk_task *found, int error)
{
	struct ack ack = { .serial = found->token, .error = error, .max_epoch = found->max_epoch };

	if (found->op == DISK_READ) {
		memcpy(ack.durable, found->durable, sizeof(ack.durable));
		ack.durable_count = found->durable_count;
		ack.open_claims = found->open_claims;
	}
	ack_send(sim, node, &ack);
}
