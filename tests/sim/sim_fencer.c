// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: Pacemaker's fencers, and the helper of vxclustd that listens to the one of its
 * node (agent/fence.h).
 *
 * An operation is known from its beginning by the fencers that its originator reaches, ends its
 * node some time later, and is told as done later again, maybe after the node is back. A fencer
 * that was apart, or was started again, knows nothing of it until it asks the others, and is told
 * of its end nevertheless.
 */
#include <errno.h>
#include <string.h>

#include "base/timeouts.h"
#include "tests/sim/sim_disk.h"

#define BIT(node) (1u << (node))

static bool fencer_runs(const struct sim *sim, uint32_t node)
{
	return sim->node[node].power && sim->node[node].fencer.up;
}

/* Do the fencers of these two hear each other? */
static bool fencer_reaches(const struct sim *sim, uint32_t by, uint32_t node)
{
	return by == node || (net_is_quorate(sim, by) && net_is_quorate(sim, node) &&
			      sim->node[by].conf == sim->node[node].conf);
}

/* What a fencer says reaches vxclustd in its order. */
static void fencer_say(struct sim *sim, uint32_t node, sim_fn *fn, uint64_t arg, void *ptr)
{
	struct sim_fencer *fencer = &sim->node[node].fencer;
	uint64_t at = sim->now + sim_delay(sim, 100, 30 * SIM_MS);

	fencer->said = at > fencer->said ? at : fencer->said + 1;
	sim_later(sim, fencer->said - sim->now, PROC_CLUSTD, node, fn, arg, ptr);
}

static void hear_fenced(struct sim *sim, uint32_t node, uint64_t target, void *ptr)
{
	const struct view_event event = { .type = VE_FENCED, .fenced = (uint32_t)target };

	(void)ptr;
	clustd_event(sim, node, &event);
}

static void hear_lost(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	const struct view_event event = { .type = VE_FENCER_LOST };

	(void)arg;
	(void)ptr;
	clustd_event(sim, node, &event);
}

/* ---- an operation ---- */

static void fence_told(struct sim *sim, uint32_t target, uint64_t by, void *ptr)
{
	(void)ptr;
	sim->fencing &= ~BIT(target);
	for (uint32_t node = 1; node <= sim->options.nodes; node++) {
		struct sim_fencer *fencer = &sim->node[node].fencer;

		if (by != 0 && fencer_runs(sim, (uint32_t)by) && fencer_runs(sim, node) &&
		    fencer_reaches(sim, (uint32_t)by, node)) {
			fencer->pending &= ~BIT(target);
			fencer_say(sim, node, hear_fenced, target, NULL);
		}
	}
	TRACE(sim, target, "its fencing is told");
}

static void fence_done(struct sim *sim, uint32_t target, uint64_t by, void *ptr)
{
	uint64_t told = sim_chance(sim, 80) ? sim_delay(sim, 1 * SIM_MS, 300 * SIM_MS)
					    : sim_below(sim, 30 * SIM_S);

	(void)ptr;
	if (sim_chance(sim, 10) && !sim->healed) { /* the device fails: tried again */
		sim_later(sim, sim_delay(sim, 1 * SIM_S, 20 * SIM_S), PROC_WORLD, target, fence_done,
			  by, NULL);
		return;
	}
	power_off(sim, target);
	TRACE(sim, target, "is fenced");
	sim_later(sim, told, PROC_WORLD, target, fence_told, by, NULL);
}

/* A second request for the same node is the same operation, even if the node is back meanwhile. */
void fencer_fence(struct sim *sim, uint32_t by, uint32_t target)
{
	uint64_t slow = sim->slow_fence_until > sim->now ? 60 * SIM_S : 4 * SIM_S;

	if ((sim->fencing & BIT(target)) != 0) {
		return;
	}
	for (uint32_t node = 1; node <= sim->options.nodes && by == 0; node++) {
		by = node != target && net_is_quorate(sim, node) ? node : 0;
	}
	sim->fencing |= BIT(target);
	for (uint32_t node = 1; node <= sim->options.nodes; node++) {
		if (by != 0 && fencer_runs(sim, node) && fencer_reaches(sim, by, node)) {
			sim->node[node].fencer.pending |= BIT(target);
		}
	}
	sim_later(sim, 300 * SIM_MS + sim_below(sim, slow), PROC_WORLD, target, fence_done, by,
		  NULL);
}

/* R20: of two nodes one was fenced before this run, which is still to be told. */
void fencer_init(struct sim *sim)
{
	uint32_t node = 1 + (uint32_t)sim_below(sim, 2), by = 3 - node;

	if (sim->options.nodes == 2 && sim_chance(sim, 30)) {
		sim->fencing |= BIT(node);
		sim_later(sim, sim_below(sim, 20 * SIM_S), PROC_WORLD, node, fence_told, by, NULL);
	}
}

/* ---- looks ---- */

struct look {
	uint64_t token;
	bool apart;
	struct view_event event;
	uint32_t nodeid[SIM_NODES_MAX];
};

static void hear_looked(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	clustd_event(sim, node, &((struct look *)ptr)->event);
}

static void look_taken(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	struct sim_fencer *fencer = &sim->node[node].fencer;
	struct look *look = ptr;

	(void)arg;
	if (look->apart) {
		fencer->pending = sim->fencing;
	}
	look->event = (struct view_event){
		.type = VE_LOOKED,
		.token = look->token,
		.error = !fencer->up ? -ENOTCONN
			 : !sim->healed && sim_chance(sim, 1) ? -ETIMEDOUT
							      : 0,
		.nodeid = look->nodeid,
	};
	for (uint32_t target = 1; target <= sim->options.nodes; target++) {
		if ((fencer->pending & BIT(target)) != 0 && look->event.error == 0) {
			look->nodeid[look->event.nodeid_count++] = target;
		}
	}
	fencer_say(sim, node, hear_looked, 0, look);
}

void fencer_look(struct sim *sim, uint32_t node, const struct view_effect *effect)
{
	struct look *look = sim_alloc(sim, sizeof(*look));

	TRACE(sim, node, "looks at its fencer%s", effect->u.apart ? ", which was apart" : "");
	look->token = effect->token;
	look->apart = effect->u.apart;
	sim_later(sim,
		  look->apart ? VX_FENCE_APART_MS * SIM_MS : sim_delay(sim, 1 * SIM_MS, 30 * SIM_MS),
		  PROC_CLUSTD, node, look_taken, 0, look);
}

/* ---- life ---- */

void fencer_boot(struct sim *sim, uint32_t node)
{
	sim->node[node].fencer.pending = 0;
	sim->node[node].fencer.up = true;
}

static void fencer_again(struct sim *sim, uint32_t node, uint64_t arg, void *ptr)
{
	(void)arg;
	(void)ptr;
	fencer_boot(sim, node);
}

/* Its process dies, and is started again. */
void fencer_kill(struct sim *sim, uint32_t node)
{
	if (!fencer_runs(sim, node)) {
		return;
	}
	TRACE(sim, node, "Pacemaker's fencer is gone");
	sim->node[node].fencer.up = false;
	fencer_say(sim, node, hear_lost, 0, NULL);
	sim_later(sim, sim_delay(sim, 100 * SIM_MS, 8 * SIM_S), PROC_WORLD, node, fencer_again, 0,
		  NULL);
}
