// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: power, what Pacemaker is asked for, restarting of what died. */
#include <string.h>

#include "tests/sim/sim_disk.h"

#define BIT(node) (1u << (node))
#define BOOT_MS 2500

/* ---- processes ---- */

static void proc_up(struct sim *sim, uint32_t node, enum sim_proc proc)
{
	struct sim_process *process = &sim->node[node].proc[proc];

	process->up = true;
	process->paused_until = 0;
	process->life++;
}

static void proc_restart(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	enum sim_proc proc = (enum sim_proc)arg;

	(void)ptr;
	if (!sim->node[node].power || sim->node[node].proc[proc].up) {
		return;
	}
	proc_up(sim, node, proc);
	switch (proc) {
	case PROC_COROSYNC:
		net_boot(sim, node);
		return;
	case PROC_CLUSTD:
		clustd_boot(sim, node);
		return;
	case PROC_CONFIGD:
		configd_boot(sim, node);
		return;
	case PROC_IOD:
		iod_boot(sim, node);
		return;
	case PROC_WORLD:
	case PROC_COUNT:
		return;
	}
}

static void proc_restart_later(struct sim *sim, uint32_t node, enum sim_proc proc, uint64_t delay)
{
	sim_later(sim, delay, PROC_WORLD, node, proc_restart, proc, NULL);
}

/* SIGKILL. Something starts it again: systemd, the agent, or fencing the whole node. */
void proc_kill(struct sim *sim, uint32_t node, enum sim_proc proc)
{
	static const char *const name[PROC_COUNT] = { "", "Corosync", "vxclustd", "vxconfigd",
						      "vxiod" };
	struct sim_process *process = &sim->node[node].proc[proc];

	if (!sim_proc_runs(sim, node, proc)) {
		return;
	}
	TRACE(sim, node, "%s is gone", name[proc]);
	if (proc == PROC_COROSYNC) {
		net_down(sim, node, false);
	}
	process->up = false;
	process->life++;
	switch (proc) {
	case PROC_CLUSTD:
		sim->stopped &= ~BIT(node); /* its agent starts it again */
		net_leave(sim, node);
		iod_clustd_lost(sim, node);
		configd_clustd_lost(sim, node);
		break;
	case PROC_CONFIGD:
		disk_process_died(sim, node, false);
		client_lost_configd(sim, node);
		clustd_client_down(sim, node, false);
		break;
	case PROC_IOD:
		iod_died(sim, node);
		clustd_client_down(sim, node, true);
		break;
	case PROC_COROSYNC:
	case PROC_WORLD:
	case PROC_COUNT:
		break;
	}
	proc_restart_later(sim, node, proc, sim_delay(sim, 200 * SIM_MS, 8 * SIM_S));
}

/* ---- power ---- */

static void power_up(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	if (!sim->node[node].power) {
		power_on(sim, node);
	}
}

void power_on(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	n->power = true;
	memset(&n->iod, 0, sizeof(n->iod));
	sim->stopped &= ~BIT(node);
	TRACE(sim, node, "boots");
	fencer_boot(sim, node);
	proc_up(sim, node, PROC_COROSYNC);
	net_boot(sim, node);
	proc_restart_later(sim, node, PROC_IOD, sim_delay(sim, 50 * SIM_MS, 300 * SIM_MS));
	proc_restart_later(sim, node, PROC_CONFIGD, sim_delay(sim, 50 * SIM_MS, 500 * SIM_MS));
	proc_restart_later(sim, node, PROC_CLUSTD, sim_delay(sim, 60 * SIM_MS, 900 * SIM_MS));
}

/* All its processes and I/O end at this moment; writes to disks are done or not. */
void power_off(struct sim *sim, uint32_t node)
{
	struct sim_node *n = &sim->node[node];

	if (!n->power) {
		return;
	}
	TRACE(sim, node, "loses its power");
	disk_process_died(sim, node, true);
	net_down(sim, node, false);
	n->power = false;
	for (int proc = PROC_COROSYNC; proc < PROC_COUNT; proc++) {
		n->proc[proc].up = false;
		n->proc[proc].life++;
	}
	n->conf = -1;
	n->inbox = n->inbox_last = NULL;
	n->pumping = false;
	memset(&n->iod, 0, sizeof(n->iod));
	client_lost_configd(sim, node);
	net_links_changed(sim, true);
	sim_later(sim, BOOT_MS * SIM_MS + sim_delay(sim, 0, 20 * SIM_S), PROC_WORLD, node, power_up,
		  0, NULL);
}

/* ---- requests ---- */

static void ask_arrives(struct sim *sim, uint32_t asker, uint64_t arg, void *ptr)
{
	uint32_t node = (uint32_t)arg;

	/* Pacemaker's policy knows who is off already; the fencer does what it is told */
	if (net_is_quorate(sim, asker) && (sim->node[node].power || ptr != NULL)) {
		TRACE(sim, asker, "%s was asked to fence node %u",
		      ptr != NULL ? "the fencer" : "Pacemaker", node);
		fencer_fence(sim, asker, node);
	}
}

void pacemaker_ask(struct sim *sim, uint32_t asker, uint32_t node, bool again)
{
	sim_later(sim, sim_delay(sim, 50 * SIM_MS, 2 * SIM_S), PROC_COROSYNC, asker, ask_arrives,
		  node, again ? sim : NULL);
}

static void start_again(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	sim->stopped &= ~BIT(node);
	clustd_start(sim, node);
}

/* vxclustd left the cluster: it ends after a failure, and its agent starts it again. */
void pacemaker_gone(struct sim *sim, uint32_t node, bool failed)
{
	if (failed) {
		struct sim_process *process = &sim->node[node].proc[PROC_CLUSTD];

		sim->stopped &= ~BIT(node);
		process->up = false;
		process->life++;
		iod_clustd_lost(sim, node);
		configd_clustd_lost(sim, node);
		proc_restart_later(sim, node, PROC_CLUSTD, sim_delay(sim, 500 * SIM_MS, 8 * SIM_S));
	} else {
		/* an administrator stopped it; he starts it again some time */
		sim_later(sim, sim_delay(sim, 1 * SIM_S, 8 * SIM_S), PROC_WORLD, node, start_again,
			  0, NULL);
	}
}
