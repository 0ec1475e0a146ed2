// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: what goes wrong, and the healing of it. */
#include <string.h>

#include "tests/sim/sim_disk.h"

#define BIT(node) (1u << (node))
#define FAULT_EVENTS 2700 /* faults happen within that many events, */
#define FAULT_EARLY 400	  /* every fifth while the nodes join, */
#define FAULT_CLOSE 60	  /* and every third so soon after another one, often on the same node */
#define FAULT_PAUSE_MAX (50 * SIM_S)

const char *fault_name(enum sim_fault_kind kind)
{
	static const char *const name[] = {
#define SIM_FAULT_NAME(name) #name,
		SIM_FAULTS(SIM_FAULT_NAME)
#undef SIM_FAULT_NAME
	};

	return kind < FAULT_COUNT ? name[kind] : "none";
}

/*
 * Every other seed knows only some kinds of faults, so that there is one with many of the same
 * kind, and without those that would end its story early.
 */
static uint32_t fault_kinds(struct sim *sim)
{
	uint32_t all = (1u << (sim->options.hard ? FAULT_COUNT : FAULT_HARD)) - 1;
	uint32_t some = all & (uint32_t)sim_random(sim);

	if (sim->options.kinds != 0) {
		return sim->options.kinds;
	}
	return some == 0 || sim_chance(sim, 50) ? all : some;
}

static enum sim_fault_kind fault_kind(struct sim *sim, uint32_t kinds)
{
	uint64_t skip = sim_below(sim, (uint64_t)__builtin_popcount(kinds));

	for (; skip > 0; skip--) {
		kinds &= kinds - 1;
	}
	return (enum sim_fault_kind)__builtin_ctz(kinds);
}

void fault_make(struct sim *sim)
{
	if (sim->options.fault != NULL) {
		sim->fault_count = sim->options.fault_count;
		memcpy(sim->fault, sim->options.fault, sim->fault_count * sizeof(sim->fault[0]));
		return;
	}

	/* of their own chance: the same faults whatever else happens */
	uint64_t state = sim->rng[0];
	uint32_t kinds;

	sim->rng[0] = sim->options.seed * 0x9e3779b97f4a7c15u + 7;
	kinds = fault_kinds(sim);
	sim->fault_count = sim->options.faults;
	for (size_t i = 0; i < sim->fault_count; i++) {
		struct sim_fault fault = {
			.at = 30 + sim_below(sim, sim_chance(sim, 20) ? FAULT_EARLY : FAULT_EVENTS),
			.kind = fault_kind(sim, kinds),
			.node = (uint32_t)sim_below(sim,
						    sim->options.nodes + 1), /* 0: the master */
			.how = (uint32_t)sim_random(sim),
		};
		size_t at = i;

		for (; at > 0 && sim->fault[at - 1].at > fault.at; at--) {
			sim->fault[at] = sim->fault[at - 1];
		}
		if (at > 0 && fault.how % 3 == 0) {
			fault.at = sim->fault[at - 1].at + fault.how / 3 % FAULT_CLOSE;
			fault.node = fault.how >> 16 & 1 ? sim->fault[at - 1].node : fault.node;
		}
		sim->fault[at] = fault;
	}
	if (sim->options.nodes == 2 && sim->fault_count > 0 && sim_chance(sim, 30)) {
		/* they see each other, none has a view yet: the moment that R20 is about */
		sim->fault[0] = (struct sim_fault){ .kind = FAULT_CUT,
						    .node = 1 + (uint32_t)sim_below(sim, 2),
						    .at = 5 + sim_below(sim, 100) };
		if (sim->fault_count > 1 && sim_chance(sim, 30)) {
			sim->fault[1].kind = FAULT_COPY_AWAY;
			sim->fault[1].at = sim->fault[0].at;
		}
	}
	sim->rng[0] = state;
}

static void pause_over(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	net_continue(sim, node);
}

static uint64_t fault_length(uint32_t how)
{
	static const uint64_t length[] = { 20 * SIM_MS, 900 * SIM_MS, 3 * SIM_S, 12 * SIM_S,
					   FAULT_PAUSE_MAX };

	return length[how % VX_COUNT_OF(length)];
}

static void fault_pause(struct sim *sim, uint32_t node, enum sim_proc proc, uint32_t how)
{
	struct sim_process *process = &sim->node[node].proc[proc];

	if (process->paused_until < sim->now + fault_length(how)) {
		process->paused_until = sim->now + fault_length(how);
	}
	if (proc == PROC_COROSYNC) {
		net_links_changed(sim, false);
		sim_later(sim, fault_length(how) + 1, PROC_WORLD, node, pause_over, 0, NULL);
	}
}

static void shelf_back(struct sim *sim, uint32_t node, uint64_t shelf, void *ptr)
{
	(void)node;
	(void)ptr;
	sim->shelf[shelf].trouble = SHELF_WELL;
}

/* T17: the survey did not see them, the take-over does. */
void shelf_late(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		if (sim->shelf[i].trouble == SHELF_AWAY && sim->shelf[i].until == 0) {
			sim->shelf[i] = (struct sim_shelf){ .trouble = SHELF_WELL };
		}
	}
}

/* One of them, so that the main group keeps its majority; unless it is a hard fault. */
static void fault_shelf(struct sim *sim, uint32_t how)
{
	static const enum sim_trouble trouble[] = { SHELF_AWAY, SHELF_FLAKY, SHELF_SLOW };
	uint64_t length = 100 * SIM_MS + how % (20 * SIM_S);

	for (uint32_t i = 0; i < sim->options.copies; i++) {
		if (sim->shelf[i].trouble != SHELF_WELL) {
			return;
		}
	}
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		bool one = how % sim->options.copies == i && sim->options.copies > 2;

		if (one || (sim->options.hard && (how >> 8 >> i & 1) != 0)) {
			sim->shelf[i] = (struct sim_shelf){
				.trouble =
					sim->options.hard ? SHELF_AWAY : trouble[(how >> 16) % 3],
				.until = sim->options.hard && (how >> 24 & 1) != 0
						 ? 0
						 : sim->now + length,
			};
			sim_later(sim, length, PROC_WORLD, 0, shelf_back, i, NULL);
		}
	}
	/* somebody who was paused may miss one copy at its survey, and another one at its claim */
	bool again = sim->now < sim->trouble_until + FAULT_PAUSE_MAX;

	for (uint32_t group = 0; group < sim->groups; group++) {
		sim->weak[group] = sim->weak[group] || again || !disk_has_majority(sim, group);
	}
	sim->trouble_until = sim->now + length;
}

static void links_heal(struct sim *sim)
{
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		sim->node[i].component = 0;
	}
	net_links_changed(sim, false);
	net_continue(sim, 1);
}

/* An administrator's word, or a request for a new view. */
static void clustd_asked(struct sim *sim, uint32_t node, uint64_t kind, void *ptr)
{
	const struct view_event abort_event = { .type = VE_ABORT, .reason = "an administrator" };
	const struct view_event leave_event = { .type = VE_LEAVE };
	const struct view_event reconf_event = { .type = VE_RECONF,
						 .reason = "a test",
						 .upgrade = sim->order % 2 == 0 };

	(void)ptr;
	if (kind >= FAULT_COUNT) {
		clustd_setmaster(sim, node, (uint32_t)(kind - FAULT_COUNT));
	} else if (kind == FAULT_RECONF) {
		clustd_event(sim, node, &reconf_event);
	} else if (kind == FAULT_ABORT) {
		clustd_event(sim, node, &abort_event);
	} else {
		sim->stopped |= BIT(node);
		clustd_event(sim, node, &leave_event);
		if (sim_proc_runs(sim, node, PROC_CLUSTD) &&
		    view_state(sim->node[node].clustd.core) != VS_LEAVING) {
			sim->stopped &= ~BIT(node);
		}
	}
}

/* Who is master of the newest view? */
static uint32_t fault_master(const struct sim *sim)
{
	const struct sim_epoch *newest = &sim->epochs[0];

	for (size_t i = 1; i < sim->epoch_count; i++) {
		newest = sim->epochs[i].epoch > newest->epoch ? &sim->epochs[i] : newest;
	}
	return newest->master != 0 ? newest->master : 1;
}

static void copies_are_right(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)node;
	(void)arg;
	(void)ptr;
	disk_right(sim);
	sim->copies_old = false;
}

/*
 * All nodes are off, and somebody gives them old copies: a mirror of the storage, a backup. They
 * must not be run (T12), as long as each node remembers what was run last. Then he sees it.
 */
static void old_copies(struct sim *sim)
{
	bool all_know = !sim->copies_old;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct sim_node *n = &sim->node[i];

		all_know = all_know && n->configd.settled && !n->configd.pending;
		for (uint32_t group = 0; group < sim->groups; group++) {
			const struct sim_group *here = &n->configd.group[group];

			all_know = all_know && here->have &&
				   n->memory[group].epoch == here->now.epoch &&
				   n->memory[group].seq == here->now.seq;
		}
	}
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		all_know = all_know && sim->shelf[i].trouble == SHELF_WELL;
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		power_off(sim, i);
	}
	if (all_know) {
		disk_old(sim);
		sim->copies_old = true;
		sim_later(sim, 30 * SIM_S, PROC_WORLD, 0, copies_are_right, 0, NULL);
	}
}

static void fault_do(struct sim *sim, const struct sim_fault *fault)
{
	uint32_t node = fault->node != 0 ? fault->node : fault_master(sim);

	TRACE(sim, node, "FAULT %s", fault_name(fault->kind));
	sim->coverage[fault->kind]++;
	switch (fault->kind) {
	case FAULT_POWER_OFF:
		power_off(sim, node);
		return;
	case FAULT_POWER_OFF_ALL:
		for (uint32_t i = 1; i <= sim->options.nodes; i++) {
			power_off(sim, i);
		}
		return;
	case FAULT_KILL_CLUSTD:
		proc_kill(sim, node, PROC_CLUSTD);
		return;
	case FAULT_KILL_CONFIGD:
		proc_kill(sim, node, PROC_CONFIGD);
		return;
	case FAULT_KILL_IOD:
		proc_kill(sim, node, PROC_IOD);
		return;
	case FAULT_KILL_COROSYNC:
		proc_kill(sim, node, PROC_COROSYNC);
		return;
	case FAULT_STOP_COROSYNC:
		if (sim_proc_runs(sim, node, PROC_COROSYNC)) {
			net_down(sim, node, true);
			proc_kill(sim, node, PROC_COROSYNC);
		}
		return;
	case FAULT_PAUSE_CLUSTD:
		fault_pause(sim, node, PROC_CLUSTD, fault->how);
		return;
	case FAULT_PAUSE_CONFIGD:
		fault_pause(sim, node, PROC_CONFIGD, fault->how);
		return;
	case FAULT_PAUSE_COROSYNC:
		fault_pause(sim, node, PROC_COROSYNC, fault->how);
		return;
	case FAULT_CUT:
		sim->node[node].component = node;
		net_links_changed(sim, true);
		return;
	case FAULT_SPLIT:
		for (uint32_t i = 1; i <= sim->options.nodes; i++) {
			sim->node[i].component = fault->how >> i & 1;
		}
		net_links_changed(sim, true);
		return;
	case FAULT_HEAL:
		links_heal(sim);
		return;
	case FAULT_COPY_AWAY:
		fault_shelf(sim, fault->how);
		return;
	case FAULT_LEAVE_ALL:
		for (uint32_t i = 1; i <= sim->options.nodes; i++) {
			sim_later(sim, 0, PROC_CLUSTD, i, clustd_asked, FAULT_LEAVE, NULL);
		}
		return;
	case FAULT_OLD_COPIES:
		old_copies(sim);
		return;
	case FAULT_LEAVE:
	case FAULT_ABORT:
	case FAULT_RECONF:
		sim_later(sim, 0, PROC_CLUSTD, node, clustd_asked, fault->kind, NULL);
		return;
	case FAULT_SETMASTER:
		sim_later(sim, 0, PROC_CLUSTD, node, clustd_asked,
			  FAULT_COUNT + 1 + fault->how % sim->options.nodes, NULL);
		return;
	case FAULT_FENCE:
		fencer_fence(sim, 0, node);
		return;
	case FAULT_FENCER:
		fencer_kill(sim, node);
		return;
	case FAULT_QUORUM:
		net_quorum_moves(sim, node, fault->how);
		return;
	case FAULT_SLOW_FENCE:
		sim->slow_fence_until = sim->now + 60 * SIM_S;
		return;
	case FAULT_SLOW_IO:
		sim->slow_io_until = sim->now + 10 * SIM_S;
		return;
	case FAULT_HUNG_IO:
		sim->node[node].iod.hung = sim->now + fault_length(fault->how);
		return;
	case FAULT_COUNT:
		return;
	}
}

/* After the last fault the links are mended; what is off is switched on by itself. */
static void heal(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)node;
	(void)arg;
	(void)ptr;
	TRACE(sim, 0, "all is mended");
	for (uint32_t i = 0; i < sim->options.copies; i++) {
		sim->shelf[i].trouble = SHELF_WELL;
	}
	links_heal(sim);
	sim->healed = true;
	sim->healed_at = sim->now;
	for (uint32_t i = 1; i <= sim->options.nodes; i++) { /* a disabled group gets a chance */
		bool disabled = false;

		for (uint32_t group = 0; group < sim->groups; group++) {
			disabled = disabled || sim->node[i].configd.group[group].disabled;
		}
		if (sim_proc_runs(sim, i, PROC_CLUSTD) && disabled) {
			clustd_ask_view(sim, i, "all is mended");
		}
	}
}

void fault_look(struct sim *sim)
{
	if (sim->events % 512 == 100 && sim->options.hard && !sim->copies_old) {
		disk_keep(sim);
	}
	while (sim->fault_next < sim->fault_count &&
	       sim->fault[sim->fault_next].at <= sim->events) {
		fault_do(sim, &sim->fault[sim->fault_next++]);
	}
	if (sim->fault_next == sim->fault_count) {
		sim->fault_next++;
		sim_later(sim, 60 * SIM_S, PROC_WORLD, 0, heal, 0, NULL);
	}
}
