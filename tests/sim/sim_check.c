// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the safety list, looked at after everything that could break it.
 *
 *   I1   all nodes whose gate is open run the same configuration (T3, T5, T10)
 *   I2   what was ever in use, or answered "committed", is in every later configuration
 *        (T4, T5, T8, T9, T12)
 *   I3   what was answered "aborted" is in none, before or after (T6, T8)
 *   I4   one answer for each transaction (T11)
 *   I5   one writer for each epoch; no write of an epoch below a view; one content for
 *        (epoch, seq) (R5, T7)
 *   I6   who fails a transaction met nobody who had seen its COMMIT (T8)
 *   I9   no write to a copy and no I/O is under way when HELLO is sent (R4)
 *   I11  one master, a member, and one list of members for each epoch (R5, R7, R8, R19)
 *   I12  a gate opens only when nobody outside the view has I/O in flight (R1, R6, R13)
 *   I13  no gate opens before each map of one that did not leave cleanly was folded (R10, R12)
 *   I14  without quorum no view is open, and none is made (R15)
 *   I15  the clients of a node know no view before its disk does (R7)
 *   I16  after stop a client sends nothing until the next view (R17)
 *   I17  the epoch of a view is claimed on a majority of the copies (R5)
 *   I18  the master writes when all members voted for it, and are prepared (T2, T3)
 *   I19  COMMIT is sent when a majority of the copies holds it (T4, T7)
 *   I20  a master begins a view between two transactions (R9)
 *   I21  without vxclustd no gate is open (R16)
 *   I22  every member of a view speaks its protocol (R21)
 *   I23  of two nodes that do not see each other one has an open view (R20)
 *   I24  a view is not open with a member whose node is not in the ring (R1)
 *   I25  when all have left and nothing went wrong, the copies name nobody (R12)
 *   LIVE after the last fault all nodes become members that run, and all answers are known
 *        (R3, R9, R11, R14, R19)
 */
#include "tests/sim/sim_disk.h"

#include <string.h>

#define SIM_CALM (900 * SIM_S) /* after the last fault: all must be well by then */

static struct sim_epoch *check_epoch(struct sim *sim, uint64_t epoch)
{
	for (size_t i = 0; i < sim->epoch_count; i++) {
		if (sim->epochs[i].epoch == epoch) {
			return &sim->epochs[i];
		}
	}
	if (sim->epoch_count == VX_COUNT_OF(sim->epochs)) {
		sim_fail(sim, "LIVE: more than %zu views", VX_COUNT_OF(sim->epochs));
		return &sim->epochs[0];
	}
	sim->epochs[sim->epoch_count] = (struct sim_epoch){ .epoch = epoch };
	return &sim->epochs[sim->epoch_count++];
}

/* R5d. Nobody can take a claim away again but one who claims more. */
static void check_claimed(struct sim *sim, uint32_t node, uint64_t epoch)
{
	for (uint32_t group = 0; group < sim->groups && !sim->options.hard; group++) {
		uint32_t claimed = 0;

		for (uint32_t i = 0; i < sim->copies[group]; i++) {
			const struct sim_copy *copy = &sim->copy[group][i];

			claimed += copy->claim[0] >= epoch || copy->claim[1] >= epoch;
		}
		if (claimed <= sim->copies[group] / 2 && !sim->weak[group]) {
			sim_fail(sim,
				 "I17 node %u installs view %#llx, which is claimed on %u of %u "
				 "copies of group %u",
				 node, (unsigned long long)epoch, claimed, sim->copies[group],
				 group);
		}
	}
}

/* R10: a slot is given to another node after its map was folded. */
static void check_slot(struct sim *sim, const struct view_member *member)
{
	uint64_t dirty = sim->slot_dirty[member->nid];

	if (dirty != 0 && dirty != member->incarnation &&
	    sim->slot_node[member->nid] != member->nodeid) {
		sim_fail(sim, "I13 node %u has slot %u, the map of node %u is there",
			 member->nodeid, member->nid, sim->slot_node[member->nid]);
	}
}

/* R20. One that leaves has let go of its volumes before its view ends; one whose Corosync is another
 * one by now comes no further in its view. */
static void check_alone(struct sim *sim, uint32_t node, const struct view *view)
{
	uint32_t peer = node == 1 ? 2 : 1;
	const struct view_core *core = sim->node[peer].clustd.core;

	if (sim->options.nodes == 2 && !sim->options.hard && !view_has_member(view, peer) &&
	    sim_proc_runs(sim, peer, PROC_CLUSTD) && view_is_open(core) &&
	    !sim->node[peer].iod.gone && sim->node[peer].in_group && sim->node[node].in_group &&
	    !view_has_member(view_current(core), node)) {
		sim_fail(sim,
			 "I23 node %u installs view %#llx alone, node %u is alone in view %#llx",
			 node, (unsigned long long)view->epoch, peer,
			 (unsigned long long)view_current(core)->epoch);
	}
}

void check_view(struct sim *sim, uint32_t node, const struct view *view)
{
	struct sim_epoch *epoch = check_epoch(sim, view->epoch);
	uint64_t members = 0;

	for (size_t i = 0; i < view->member_count; i++) {
		if (view->protocol < view->member[i].proto_min ||
		    view->protocol > view->member[i].proto_max) {
			sim_fail(sim, "I22 view %#llx runs protocol %u, which node %u does not speak",
				 (unsigned long long)view->epoch, view->protocol,
				 view->member[i].nodeid);
		}
	}
	if (!view_has_member(view, view->master)) {
		sim_fail(sim, "I11 epoch %#llx: its master, node %u, is no member",
			 (unsigned long long)view->epoch, view->master);
	}
	for (size_t i = 0; i < view->member_count; i++) {
		members |= UINT64_C(1) << view->member[i].nodeid;
		if (!view->cold) { /* else nobody knows, and every slot is folded first */
			check_slot(sim, &view->member[i]);
		}
	}
	check_alone(sim, node, view);
	if (epoch->master == 0) {
		check_claimed(sim, node, view->epoch);
		epoch->master = view->master;
		epoch->weak = !disk_has_majority(sim, MAIN);
		epoch->members = members;
		sim->views++;
	} else if (epoch->weak && epoch->members != members) {
		/* it could not be claimed, and all lost their power before they had stored it:
		 * nothing was written in it, and it is made once more */
		epoch->master = view->master;
		epoch->members = members;
	} else if (epoch->master != view->master || epoch->members != members) {
		sim_fail(sim, "I11 epoch %#llx: node %u installs another view",
			 (unsigned long long)view->epoch, node);
	}
}

void check_gate_opens(struct sim *sim, uint32_t node)
{
	const struct view *view = view_current(sim->node[node].clustd.core);
	const struct sim_iod *own = &sim->node[node].iod;

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct sim_iod *iod = &sim->node[i].iod;

		/* a node without a volume writes nothing, but for what is in flight when they go */
		if (i != node && own->loaded && sim->node[i].power && iod->epoch != own->epoch &&
		    ((iod->loaded && iod->gate) || iod->inflight > sim->now)) {
			sim_fail(sim,
				 "I12 node %u opens its gate in view %#llx while node %u has I/O "
				 "in flight of view %#llx",
				 node, (unsigned long long)own->epoch, i,
				 (unsigned long long)iod->epoch);
		}
	}
	for (uint32_t nid = 0; nid < VX_NODES_MAX; nid++) {
		bool member = sim->slot_dirty[nid] == 0;

		for (size_t i = 0; view != NULL && i < view->member_count && !member; i++) {
			member = view->member[i].nid == nid &&
				 view->member[i].incarnation == sim->slot_dirty[nid];
		}
		if (!member) {
			sim_fail(
				sim,
				"I13 node %u opens its gate, and the map of slot %u was not folded",
				node, nid);
		}
	}
}

void check_applied(struct sim *sim, uint32_t node, uint64_t set)
{
	if ((sim->ever_applied & ~set) != 0) {
		sim_fail(sim, "I2 node %u runs %#llx without %#llx, which was in use", node,
			 (unsigned long long)set, (unsigned long long)(sim->ever_applied & ~set));
	}
	if ((set & sim->failed) != 0) {
		sim_fail(sim, "I3 node %u runs %#llx, which was answered as aborted", node,
			 (unsigned long long)(set & sim->failed));
	}
	sim->ever_applied |= set;
}

/* T8, T12: nobody goes back behind what anybody ran. T11: what was told to have failed has. */
void check_runs(struct sim *sim, uint32_t node, uint32_t group)
{
	const struct sim_content *now = &sim->node[node].configd.group[group].now;
	struct sim_content *newest = &sim->newest[group];

	if (now->epoch < newest->epoch ||
	    (now->epoch == newest->epoch && now->seq < newest->seq)) {
		sim_fail(sim, "I2 node %u runs %#llx.%llu of group %u, %#llx.%llu was in use", node,
			 (unsigned long long)now->epoch, (unsigned long long)now->seq, group,
			 (unsigned long long)newest->epoch, (unsigned long long)newest->seq);
	}
	*newest = *now;
	if ((now->set & now->aborted) != 0) {
		sim_fail(sim, "I3 node %u runs %#llx, whose outcome is aborted", node,
			 (unsigned long long)(now->set & now->aborted));
	}
}

void check_running(struct sim *sim, uint32_t node)
{
	const struct sim_iod *own = &sim->node[node].iod;

	if (!own->gate || !own->loaded) {
		return;
	}
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct sim_iod *iod = &sim->node[i].iod;

		if (i != node && sim->node[i].power && iod->gate && iod->loaded &&
		    ((iod->set ^ own->set) & sim->quiesce_mask) != 0) {
			sim_fail(sim, "I1 nodes %u and %u run %#llx and %#llx at the same time",
				 node, i, (unsigned long long)own->set,
				 (unsigned long long)iod->set);
		}
	}
}

void check_answer(struct sim *sim, uint8_t txn, enum sim_outcome outcome)
{
	uint64_t bit = UINT64_C(1) << txn;

	if ((sim->answered & bit) != 0) {
		sim_fail(sim, "I4 transaction %u is answered twice", txn);
	}
	sim->answered |= bit;
	if (outcome == OUTCOME_COMMITTED) {
		sim->committed |= bit;
		sim->txns_ok++;
		if ((sim->ever_applied & bit) == 0) {
			sim_fail(sim,
				 "I2 transaction %u is answered as committed and in use nowhere",
				 txn);
		}
	} else {
		sim->failed |= bit;
		sim->txns_failed++;
		if ((sim->ever_applied & bit) != 0) {
			sim_fail(sim, "I3 transaction %u is answered as aborted and was in use",
				 txn);
		}
	}
}

void check_disk_write(struct sim *sim, uint32_t node, uint32_t group, uint64_t epoch)
{
	struct sim_epoch *known = check_epoch(sim, epoch);
	uint32_t *writer = &known->writer[group];

	/* a claim whose view nobody installed is a promise that nobody uses */
	for (size_t i = 0; i < sim->epoch_count; i++) {
		if (sim->epochs[i].master != 0 && !sim->epochs[i].weak &&
		    sim->epochs[i].epoch > epoch) {
			sim_fail(sim,
				 "I5 node %u writes a content of epoch %#llx, view %#llx is there",
				 node, (unsigned long long)epoch,
				 (unsigned long long)sim->epochs[i].epoch);
		}
	}
	if (*writer != 0 && *writer != node) {
		sim_fail(sim, "I5 nodes %u and %u write contents of epoch %#llx", *writer, node,
			 (unsigned long long)epoch);
	}
	*writer = node;
}

/* before, after: the highest of both blocks. */
void check_claim(struct sim *sim, uint32_t node, uint64_t before, uint64_t after)
{
	enum view_state state = view_state(sim->node[node].clustd.core);

	/* one that left while it coordinated claims late: nobody writes in that epoch any more */
	if (before > after && check_epoch(sim, before)->master != 0 && state != VS_OUT &&
	    state != VS_ABORTING) {
		sim_fail(sim, "I5 node %u lowers a claim from %#llx to %#llx", node,
			 (unsigned long long)before, (unsigned long long)after);
	}
}

void check_hello(struct sim *sim, uint32_t node)
{
	if (disk_writes(sim, node)) {
		sim_fail(sim, "I9 node %u says HELLO with a write to the copies under way", node);
	}
	if (!iod_is_quiet(sim, node)) {
		sim_fail(sim, "I9 node %u says HELLO with I/O in flight", node);
	}
}

/* R15: who knows that it has no quorum does not run. */
void check_no_quorum(struct sim *sim, uint32_t node)
{
	const struct view_core *core = sim->node[node].clustd.core;

	if (view_state(core) == VS_MEMBER && !view_is_quorate(core) && view_is_open(core)) {
		sim_fail(sim, "I14 node %u has no quorum, and its view is open", node);
	}
}

/* R15: ... nor makes or runs a view. */
void check_has_quorum(struct sim *sim, uint32_t node, const char *what)
{
	const struct sim_node *n = &sim->node[node];

	if (!n->told_quorum && n->told_quorum_ring >= n->told_ring) {
		sim_fail(sim, "I14 node %u has no quorum: %s", node, what);
	}
}

/* R1, whatever CPG says. members: bits, by node id. */
void check_ring(struct sim *sim, uint32_t node, uint32_t members)
{
	const struct view_core *core = sim->node[node].clustd.core;
	const struct view *view = view_current(core);

	for (size_t i = 0; view_is_open(core) && i < view->member_count; i++) {
		if ((members >> view->member[i].nodeid & 1) == 0) {
			sim_fail(sim, "I24 node %u keeps a view open with node %u, which is gone",
				 node, view->member[i].nodeid);
		}
	}
}

/* R7 */
void check_stored(struct sim *sim, uint32_t node, uint64_t epoch)
{
	if (sim->node[node].last_epoch < epoch) {
		sim_fail(sim, "I15 the clients of node %u know view %#llx, its disk does not", node,
			 (unsigned long long)epoch);
	}
}

/* R17 */
void check_port_send(struct sim *sim, uint32_t node)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	if (configd->member && configd->stopped) {
		sim_fail(sim, "I16 vxconfigd of node %u stopped, and sends", node);
	}
}

/* ---- transactions ---- */

static struct sim_vote *check_vote_of(struct sim *sim, uint32_t node, struct sim_ref ref)
{
	struct sim_vote *vote = &sim->votes[ref.txn];
	uint64_t epoch = sim->node[node].configd.view.epoch;

	if (vote->attempt != ref.attempt || vote->epoch != epoch) {
		*vote = (struct sim_vote){ .attempt = ref.attempt, .epoch = epoch };
	}
	return vote;
}

void check_vote(struct sim *sim, uint32_t node, struct sim_ref ref, enum sim_cfg_kind kind,
		int error)
{
	struct sim_vote *vote = &sim->votes[ref.txn];
	uint32_t bit = 1u << node;

	if (vote->epoch == sim->node[node].configd.view.epoch && ref.attempt < vote->attempt) {
		return; /* of an attempt that is over: it counts for nothing */
	}
	vote = check_vote_of(sim, node, ref);
	if (kind == CFG_VOTE) {
		*(error == 0 ? &vote->yes : &vote->no) |= bit;
	} else if (error == 0) {
		vote->suspended |= bit;
	}
}

/* T2, T3 */
void check_write_begins(struct sim *sim, uint32_t node, struct sim_ref ref)
{
	const struct sim_vote *vote = check_vote_of(sim, node, ref);
	const struct view *view = &sim->node[node].configd.view;
	bool quiesce = (sim->quiesce_mask & request_sim_shared(&sim->node[node].configd)) != 0;

	for (size_t i = 0; i < view->member_count; i++) {
		uint32_t bit = 1u << view->member[i].nodeid;

		if ((vote->yes & bit) == 0 || (vote->no & bit) != 0) {
			sim_fail(sim, "I18 transaction %u is written, node %u did not vote for it",
				 ref.txn, view->member[i].nodeid);
		} else if (quiesce && (vote->suspended & bit) == 0) {
			sim_fail(sim, "I18 transaction %u is written, node %u is not prepared",
				 ref.txn, view->member[i].nodeid);
		}
	}
}

/* T4, T7 */
void check_commit(struct sim *sim, uint32_t node, struct sim_ref ref)
{
	uint64_t all = request_sim_shared(&sim->node[node].configd);
	uint32_t written = 0;

	for (uint32_t i = 0; i < sim->options.copies; i++) {
		written += (sim->copy[MAIN][i].content.set & all) == all;
	}
	if (written <= sim->options.copies / 2) {
		sim_fail(sim, "I19 node %u commits transaction %u, which is on %u of %u copies",
			 node, ref.txn, written, sim->options.copies);
	}
}

/* R9: a member's master lets vxconfigd finish what is past QUIESCE. */
void check_rstart(struct sim *sim, uint32_t node)
{
	const struct txn *txn = &sim->node[node].configd.txn;

	if (sim_proc_runs(sim, node, PROC_CONFIGD) && view_is_open(sim->node[node].clustd.core) &&
	    txn->open && txn->master != TXN_IDLE && !txn->stuck) {
		sim_fail(sim, "I20 node %u begins a view in the middle of a transaction", node);
	}
}

void check_takeover(struct sim *sim, uint32_t node, const struct takeover *decision)
{
	const struct sim_configd *configd = &sim->node[node].configd;

	for (size_t i = 0; i < configd->view.member_count && decision->base == TAKEOVER_RUNNING;
	     i++) {
		const struct sim_cfg_msg *state = &configd->peer[i].state;
		const struct sim_told *told = &state->told[MAIN];

		if (told->have && state->pending && state->seen && !decision->complete &&
		    told->content.epoch == decision->base_epoch &&
		    told->content.seq == decision->base_seq) {
			sim_fail(sim,
				 "I6 node %u fails a transaction that node %u has seen committed",
				 node, configd->peer[i].nodeid);
		}
	}
}

/* NULL: nothing. */
static const char *node_lacks(const struct sim_node *n, uint32_t nodes, uint32_t groups)
{
	for (uint32_t group = 1; group < groups && n->configd.settled; group++) {
		if (!n->configd.group[group].have || n->configd.group[group].disabled) {
			return "a group that is enabled";
		}
	}
	return !n->power					     ? "power"
	       : n->clustd.core == NULL				     ? "vxclustd"
	       : view_state(n->clustd.core) != VS_MEMBER	     ? "membership"
	       : !view_is_settled(n->clustd.core)		     ? "a settled view"
	       : view_current(n->clustd.core)->member_count != nodes ? "a member"
	       : !n->iod.gate					     ? "an open gate"
	       : !n->configd.settled				     ? "a settled vxconfigd"
	       : !n->configd.group[MAIN].have || n->configd.adopting > 0	     ? "the group"
	       : n->configd.group[MAIN].disabled				     ? "an enabled group"
	       : n->clustd.switch_to != 0			     ? "an answer to setmaster"
								     : NULL;
}

/* Nothing is wrong any more: nobody has a reason to have a node fenced that runs. */
void check_ask_fence(struct sim *sim, uint32_t node, uint32_t victim)
{
	const struct sim_node *n = &sim->node[victim];

	if (sim->healed && sim->now > sim->healed_at + 60 * SIM_S && victim != node &&
	    n->power && n->clustd.core != NULL && view_is_settled(n->clustd.core) &&
	    n->proc[PROC_CLUSTD].up && n->proc[PROC_CLUSTD].paused_until == 0 &&
	    n->proc[PROC_COROSYNC].paused_until == 0) {
		sim_fail(sim, "LIVE node %u has node %u fenced, which runs well", node, victim);
	}
}

/* Nothing but leaves and what members ask for, of programs that know who is ready. */
static bool check_is_calm(const struct sim *sim)
{
	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		if (sim->node[i].proto_min < VX_PROTOCOL_SETMASTER) {
			return false;
		}
	}

	const uint32_t calm = 1u << FAULT_LEAVE | 1u << FAULT_LEAVE_ALL | 1u << FAULT_RECONF |
			      1u << FAULT_SETMASTER | 1u << FAULT_HEAL;

	for (size_t i = 0; i < sim->fault_next && i < sim->fault_count; i++) {
		if ((calm >> sim->fault[i].kind & 1) == 0) {
			return false;
		}
	}
	return true;
}

void check_nobody(struct sim *sim)
{
	char reason[VX_REASON_MAX];

	for (uint32_t i = 1; i <= sim->options.nodes; i++) {
		const struct view_core *core = sim->node[i].clustd.core;

		if (core != NULL && view_current(core) != NULL) {
			return;
		}
	}
	for (uint32_t group = 0; group < sim->groups && check_is_calm(sim); group++) {
		struct copy_image *image = NULL;
		uint64_t newest = 0;
		size_t named = 0; /* by the newest copy, which counts (D15) */

		for (uint32_t i = 0; i < sim->copies[group]; i++) {
			if (disk_read(sim, group, i, &image, reason) == 0 && image->body != NULL &&
			    image->header.generation > newest) {
				newest = image->header.generation;
				named = image->body->n_durable;
			}
			copy_image_free(image);
			image = NULL;
		}
		if (named > 0) {
			sim_fail(sim, "I25 all left cleanly, and the copies of group %u name members", group);
		}
	}
}

void check_alive(struct sim *sim)
{
	bool late = sim->now > sim->healed_at + SIM_CALM;

	for (uint32_t node = 1; node <= sim->options.nodes; node++) {
		const char *lacks = node_lacks(&sim->node[node], sim->options.nodes, sim->groups);

		if (lacks != NULL && late) {
			sim_fail(sim, "LIVE: %llu s after the last fault node %u lacks %s",
				 (unsigned long long)(SIM_CALM / SIM_S), node, lacks);
		}
		if (lacks != NULL) {
			return;
		}
	}
	if (client_idle(sim)) {
		sim->over = true;
	} else if (late) {
		sim_fail(sim, "LIVE: %llu s after the last fault a utility has no answer",
			 (unsigned long long)(SIM_CALM / SIM_S));
	}
}
