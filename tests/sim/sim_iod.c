// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: vxiod's gate. While it is open there is always I/O in flight, which STOP waits for (V17). */
#include <string.h>

#include "base/mutant.h"
#include "base/timeouts.h"
#include "tests/sim/sim.h"

static void iod_shut(struct sim *sim, uint32_t node)
{
	struct sim_iod *iod = &sim->node[node].iod;

	if (iod->gate && iod->loaded) {
		uint64_t slow = sim->slow_io_until > sim->now ? 25 * SIM_S : 30 * SIM_MS;

		iod->inflight = sim->now + sim_delay(sim, 100, slow);
		iod->inflight = iod->hung > iod->inflight ? iod->hung : iod->inflight;
	}
	iod->gate = false;
}

/* It writes from now on; who has no volume marks nothing. */
static void iod_mark(struct sim *sim, uint32_t node)
{
	const struct sim_iod *iod = &sim->node[node].iod;

	if (iod->gate && iod->loaded) {
		sim->slot_dirty[iod->nid] = iod->incarnation;
		sim->slot_node[iod->nid] = node;
	}
}

/* The gate is shut and nothing is on its way to a disk. */
bool iod_is_quiet(const struct sim *sim, uint32_t node)
{
	const struct sim_iod *iod = &sim->node[node].iod;

	return !iod->gate && iod->inflight <= sim->now;
}

static void iod_drained(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	(void)ptr;
	clustd_ack(sim, node, true, serial, 0);
}

static void iod_drain_progress(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	(void)ptr;
	if (sim->node[node].iod.inflight > sim->now) {
		struct sim_clustd *clustd = &sim->node[node].clustd;

		for (int i = 0; i < SIM_WORKS; i++) {
			if (clustd->work[i].used && clustd->work[i].serial == serial &&
			    sim->node[node].iod.hung <= sim->now) {
				clustd->work[i].alive = sim->now;
			}
		}
		sim_later(sim, VX_PROGRESS_MS * SIM_MS, PROC_IOD, node, iod_drain_progress, serial,
			  NULL);
	}
}

static void iod_drain(struct sim *sim, uint32_t node, uint64_t serial)
{
	struct sim_iod *iod = &sim->node[node].iod;

	iod_shut(sim, node);
	sim_later(sim, iod->inflight > sim->now && !MUTANT(R4_DRAIN) ? iod->inflight - sim->now : 0,
		  PROC_IOD, node, iod_drained, serial, NULL);
	sim_later(sim, VX_PROGRESS_MS * SIM_MS, PROC_IOD, node, iod_drain_progress, serial, NULL);
}

/* Before its step the view that names what is to be folded was told. */
static void iod_recover(struct sim *sim, uint32_t node)
{
	const struct view *view = view_current(sim->node[node].clustd.core);

	if (view == NULL || view->master != node || sim->node[node].iod.gone) {
		return;
	}
	if (view->cold) {
		memset(sim->slot_dirty, 0, sizeof(sim->slot_dirty));
	}
	for (size_t i = 0; i < view->leaver_count; i++) {
		if (view->leaver[i].how != VIEW_CLEAN) { /* its bits are in the recovery map */
			sim->slot_dirty[view->leaver[i].nid] = 0;
		}
	}
}

/* Not during a reconfiguration: the maps of others may still have to be folded here. */
static void iod_leave(struct sim *sim, uint32_t node, uint64_t serial, void *ptr)
{
	struct sim_iod *iod = &sim->node[node].iod;

	(void)ptr;
	if (iod->leave != serial) {
		return;
	}
	if (!iod->gate && !MUTANT(R12_FOLD)) {
		sim_later(sim, 20 * SIM_MS, PROC_IOD, node, iod_leave, serial, NULL);
		return;
	}
	iod->leave = 0;
	iod->gone = true;
	if (sim->slot_dirty[iod->nid] == iod->incarnation && !MUTANT(R12_OPEN)) {
		sim->slot_dirty[iod->nid] = 0;
	}
	iod_drain(sim, node, serial);
	iod->loaded = false;
}

void iod_step(struct sim *sim, uint32_t node, int step, uint64_t serial)
{
	struct sim_iod *iod = &sim->node[node].iod;

	switch (step) {
	case STEP_STOP:
		iod_drain(sim, node, serial);
		return;
	case STEP_RECOVER:
		iod_recover(sim, node);
		break;
	case STEP_RESUME:
		if (!iod->suspended && !iod->gone) {
			check_gate_opens(sim, node);
			iod->gate = true;
			iod_mark(sim, node);
			check_running(sim, node);
		}
		break;
	case STEP_NONE: /* leaving or aborting: volumes go when nothing is in flight */
		if (view_state(sim->node[node].clustd.core) == VS_LEAVING) {
			iod->leave = serial;
			iod_leave(sim, node, serial, NULL);
			return;
		}
		iod->leave = 0;
		iod->suspended = false;
		iod->gone = true;
		iod_drain(sim, node, serial);
		iod->loaded = false;
		return;
	default:
		break;
	}
	sim_later(sim, sim_delay(sim, 50, 3000), PROC_IOD, node, iod_drained, serial, NULL);
}

void iod_view(struct sim *sim, uint32_t node, const struct view *view)
{
	struct sim_iod *iod = &sim->node[node].iod;
	const struct view_member *self = view_member_of(view, node);

	iod->epoch = view->epoch;
	iod->nid = self->nid;
	iod->incarnation = self->incarnation;
}

/* ---- transactions ---- */

static void iod_suspended(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_ref *ref = ptr;
	struct txn_event event = { .type = TXN_EV_SUSPENDED, .ref.attempt = ref->attempt };

	(void)arg;
	event.ref.txid[0] = ref->txn;
	txn_sim_event(sim, node, &event);
}

void iod_suspend(struct sim *sim, uint32_t node, struct sim_ref ref)
{
	struct sim_iod *iod = &sim->node[node].iod;
	struct sim_ref *copy = sim_alloc(sim, sizeof(*copy));

	*copy = ref;
	iod->suspended = true;
	iod_shut(sim, node);
	sim_later(sim, (iod->inflight > sim->now ? iod->inflight - sim->now : 0) + 60, PROC_CONFIGD,
		  node, iod_suspended, 0, copy);
}

void iod_resume(struct sim *sim, uint32_t node)
{
	struct sim_iod *iod = &sim->node[node].iod;

	if (iod->suspended) {
		iod->suspended = false;
		if (sim_proc_runs(sim, node, PROC_IOD) && !iod->gone &&
		    sim->node[node].configd.settled && sim->node[node].configd.open &&
		    view_is_settled(sim->node[node].clustd.core)) {
			check_gate_opens(sim, node);
			iod->gate = true;
			check_running(sim, node);
		}
	}
}

void iod_load(struct sim *sim, uint32_t node, uint64_t set)
{
	check_applied(sim, node, set);
	if (!sim->node[node].iod.gone) {
		sim->node[node].iod.set = set;
		sim->node[node].iod.loaded = true;
		iod_mark(sim, node);
		check_running(sim, node);
	}
	if (!sim->node[node].configd.pending) {
		iod_resume(sim, node); /* V27: suspended by a vxconfigd that is gone */
	}
}

/* ---- daemons that die ---- */

static void iod_notices(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	sim->node[node].iod.leave = 0;
	if (!MUTANT(R16_GATE)) {
		iod_shut(sim, node);
	}
}

/* R16: its connection to vxclustd broke. */
void iod_clustd_lost(struct sim *sim, uint32_t node)
{
	sim_later(sim, sim_delay(sim, 30, 2000), PROC_IOD, node, iod_notices, 0, NULL);
}

/* What it had given to the kernel goes on for a while, sometimes for long. */
void iod_died(struct sim *sim, uint32_t node)
{
	struct sim_iod *iod = &sim->node[node].iod;

	iod_shut(sim, node);
	if (iod->inflight > sim->now && sim_chance(sim, 20)) {
		iod->inflight = sim->now + sim_below(sim, 25 * SIM_S);
	}
	iod->registered = iod->suspended = iod->loaded = false;
}

void iod_boot(struct sim *sim, uint32_t node)
{
	sim->node[node].iod.registered = false;
	clustd_client_up(sim, node, true);
}
