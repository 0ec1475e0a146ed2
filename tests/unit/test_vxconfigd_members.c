// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Take-over: the decision by itself, and many nodes with real transaction cores whose members die
 * at any point. One seed is one run.
 *
 * The world: messages have one order; each node is somewhere in it. Who stays together after a
 * death has the same messages: the survivors deliver what any of them delivered and what they sent
 * themselves; a message of the dead that no survivor has delivered may be gone. Three copies; a
 * write that its writer's death cuts off reaches some of them.
 *
 * Looked at after each step: a change is applied only when every member that runs has seen COMMIT;
 * what was answered "committed" is in every later content, what was answered "failed" in none; each
 * request is answered once; after a view all have the same content.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "tests/unit/suite.h"
#include "vxconfigd/takeover.h"
#include "vxconfigd/txn.h"

#define NODES 4
#define COPIES 3
#define MESSAGES 4096
#define PENDING 16
#define REQUESTS 24

struct content {
	uint64_t epoch, seq;
	uint32_t done; /* bit i: request i is part of it */
};

enum answer { ANSWER_NONE, ANSWER_COMMITTED, ANSWER_FAILED };

struct node {
	bool alive;
	struct txn txn;
	struct content content;
	unsigned int pending;		  /* request of the pending transaction */
	size_t at;			  /* messages delivered */
	struct txn_event result[PENDING]; /* of what is being done */
	size_t results;
	size_t copies_written; /* of the write that goes on */
	bool writing;
};

struct sim {
	uint32_t random;
	struct node node[NODES];
	struct content copy[COPIES];
	struct txn_event message[MESSAGES];
	size_t messages;
	struct txn_view view;
	enum answer answer[REQUESTS];
	unsigned int requests;
	unsigned int aside; /* request to be begun again, plus 1 */
	unsigned int completed, failed;
	bool asked; /* for a new view */
};

static uint32_t pick(struct sim *sim, uint32_t below)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 17;
	sim->random ^= sim->random << 5;
	return sim->random % below;
}

static void cast(struct sim *sim, uint32_t from, enum txn_event_type type,
		 const struct txn_effect *effect)
{
	ck_assert_uint_lt(sim->messages, MESSAGES);
	sim->message[sim->messages++] = (struct txn_event){ .type = type,
							    .from = from,
							    .ref = effect->ref,
							    .error = effect->error,
							    .node = effect->node,
							    .quiesce = effect->ref.txid[1] != 0 };
}

static void do_later(struct node *node, enum txn_event_type type, const struct txn_ref *ref,
		     int error)
{
	ck_assert_uint_lt(node->results, PENDING);
	node->result[node->results++] =
		(struct txn_event){ .type = type, .ref = *ref, .error = error };
}

static void answer(struct sim *sim, unsigned int request, enum answer what)
{
	ck_assert_int_eq(sim->answer[request], ANSWER_NONE);
	sim->answer[request] = what;
	sim->completed += what == ANSWER_COMMITTED;
	sim->failed += what == ANSWER_FAILED;
}

/* R8 of the model, T5: nobody applies before every member that runs has seen COMMIT. */
static void check_all_seen(const struct sim *sim, unsigned int request)
{
	for (size_t i = 0; i < sim->view.count; i++) {
		const struct node *node = &sim->node[sim->view.member[i]];

		if (node->alive) {
			ck_assert((node->content.done >> request & 1) != 0 ||
				  txn_has_seen(&node->txn));
		}
	}
}

static void run(struct sim *sim, uint32_t self, const struct txn_event *event, bool resolving);

static void carry_out(struct sim *sim, uint32_t self, const struct txn_effect *effect,
		      bool resolving)
{
	struct node *node = &sim->node[self];
	unsigned int request = effect->ref.txid[0];

	switch (effect->type) {
	case TXN_FX_SEND_PROPOSE:
		cast(sim, self, TXN_EV_PROPOSE_MSG, effect);
		break;
	case TXN_FX_SEND_VOTE:
		cast(sim, self, TXN_EV_VOTE_MSG, effect);
		break;
	case TXN_FX_SEND_QUIESCE:
		cast(sim, self, TXN_EV_QUIESCE_MSG, effect);
		break;
	case TXN_FX_SEND_PREPARED:
		cast(sim, self, TXN_EV_PREPARED_MSG, effect);
		break;
	case TXN_FX_SEND_COMMIT:
		cast(sim, self, TXN_EV_COMMIT_MSG, effect);
		break;
	case TXN_FX_SEND_ACK:
		cast(sim, self, TXN_EV_ACK_MSG, effect);
		break;
	case TXN_FX_SEND_ABORT:
		cast(sim, self, TXN_EV_ABORT_MSG, effect);
		break;
	case TXN_FX_CHECK:
		node->pending = request;
		do_later(node, TXN_EV_CHECKED, &effect->ref,
			 pick(sim, 12) == 0 ? -VX_E_REFUSED : 0);
		break;
	case TXN_FX_SUSPEND:
		do_later(node, TXN_EV_SUSPENDED, &effect->ref,
			 pick(sim, 20) == 0 ? -VX_E_TIMEOUT : 0);
		break;
	case TXN_FX_FORMAT:
		do_later(node, TXN_EV_FORMATTED, &effect->ref, 0);
		break;
	case TXN_FX_WRITE:
		node->writing = true;
		node->copies_written = 0;
		break;
	case TXN_FX_REMEMBER:
		do_later(node, TXN_EV_REMEMBERED, &effect->ref, 0);
		break;
	case TXN_FX_APPLY:
		if (!resolving) {
			node->content.done |= 1u << request;
			node->content.seq++;
			check_all_seen(sim, request);
		}
		break;
	case TXN_FX_ANSWER:
		if (effect->error == 0) {
			ck_assert((node->content.done >> request & 1) != 0);
		}
		answer(sim, request, effect->error == 0 ? ANSWER_COMMITTED : ANSWER_FAILED);
		break;
	case TXN_FX_ASIDE:
		sim->aside = request + 1;
		break;
	case TXN_FX_ASK_VIEW:
		sim->asked = true;
		break;
	case TXN_FX_DROP:
	case TXN_FX_TIMER:
	case TXN_FX_QUIET:
		break;
	}
}

static void run(struct sim *sim, uint32_t self, const struct txn_event *event, bool resolving)
{
	struct txn_effects fx;

	txn_step(&sim->node[self].txn, event, &fx);
	for (size_t i = 0; i < fx.count; i++) {
		carry_out(sim, self, &fx.effect[i], resolving);
	}
}

static void deliver(struct sim *sim, uint32_t self)
{
	struct txn_event event = sim->message[sim->node[self].at++];

	run(sim, self, &event, false);
}

/* The next copy of the write that goes on; the last one ends it. */
static void write_on(struct sim *sim, uint32_t self)
{
	struct node *node = &sim->node[self];
	struct txn_event done = { .type = TXN_EV_WRITTEN, .ref = node->txn.master_ref };

	sim->copy[node->copies_written] = node->content;
	sim->copy[node->copies_written].seq++;
	sim->copy[node->copies_written].done |= 1u << node->txn.master_ref.txid[0];
	if (++node->copies_written == COPIES) {
		node->writing = false;
		if (pick(sim, 40) == 0) {
			done.error = -VX_E_MINORITY; /* said to have failed, and yet there */
		}
		run(sim, self, &done, false);
	}
}

static void result(struct sim *sim, uint32_t self)
{
	struct node *node = &sim->node[self];
	uint32_t index = pick(sim, (uint32_t)node->results);
	struct txn_event event = node->result[index];

	node->result[index] = node->result[--node->results];
	run(sim, self, &event, false);
}

static void begin(struct sim *sim)
{
	uint32_t node, master = sim->view.master;
	struct txn_event event = { .type = TXN_EV_BEGIN, .write = true };
	unsigned int request;

	if (txn_can_begin(&sim->node[master].txn, &node) != 0) {
		return;
	}
	if (sim->aside != 0) {
		request = sim->aside - 1;
		sim->aside = 0;
	} else if (sim->requests < REQUESTS) {
		request = sim->requests++;
	} else {
		return;
	}
	event.ref.txid[0] = (uint8_t)request;
	event.ref.txid[1] = event.quiesce = pick(sim, 2);
	event.ref.attempt = 1 + pick(sim, 1000);
	event.format = pick(sim, 3) == 0;
	run(sim, master, &event, false);
}

/* ---- a new view ---- */

static void survivors_catch_up(struct sim *sim)
{
	size_t top = 0, kept;

	for (uint32_t i = 0; i < NODES; i++) {
		if (sim->node[i].alive && sim->node[i].at > top) {
			top = sim->node[i].at;
		}
	}
	kept = top;
	for (size_t i = top; i < sim->messages;
	     i++) { /* beyond: what survivors sent; of the dead perhaps */
		if (sim->node[sim->message[i].from].alive || pick(sim, 2) == 0) {
			sim->message[kept++] = sim->message[i];
		}
	}
	sim->messages = kept;
	for (uint32_t i = 0; i < NODES; i++) {
		while (sim->node[i].alive && sim->node[i].at < sim->messages) {
			size_t before = sim->messages;

			deliver(sim, i);
			sim->messages =
				before; /* what is sent now comes too late for the old view */
		}
	}
}

static void stop(struct sim *sim)
{
	for (uint32_t i = 0; i < NODES; i++) {
		const struct txn_event close = { .type = TXN_EV_CLOSE };
		struct node *node = &sim->node[i];

		if (!node->alive) {
			continue;
		}
		run(sim, i, &close, false);
		while (node->writing) {
			write_on(sim, i); /* R4: no write is in flight */
		}
		while (node->results > 0) {
			result(sim, i);
		}
	}
}

static void read_copies(const struct sim *sim, struct takeover_disk *disk, struct content *out)
{
	*out = sim->copy[0];
	for (size_t i = 1; i < COPIES; i++) {
		if (sim->copy[i].epoch > out->epoch ||
		    (sim->copy[i].epoch == out->epoch && sim->copy[i].seq > out->seq)) {
			*out = sim->copy[i];
		}
	}
	*disk = (struct takeover_disk){ .content = true, .epoch = out->epoch, .seq = out->seq };
}

/* What the master of the new view makes of it. forgotten: nodes whose vxconfigd was started again.
 */
static struct content decide(struct sim *sim, uint32_t forgotten, struct takeover *decision)
{
	struct takeover_node state[NODES] = { 0 };
	struct takeover_disk disk;
	struct content content, newest;
	size_t count = 0;

	for (uint32_t i = 0; i < NODES; i++) {
		const struct node *node = &sim->node[i];

		if (!node->alive) {
			continue;
		}
		state[count] = (struct takeover_node){ .nodeid = i,
						       .have = (forgotten >> i & 1) == 0,
						       .epoch = node->content.epoch,
						       .seq = node->content.seq };
		if (state[count].have && node->txn.member != TXN_NONE) {
			state[count].pending = true;
			memcpy(state[count].txid, node->txn.ref.txid, ID_BYTES);
			state[count].seen = txn_has_seen(&node->txn);
		}
		count++;
	}
	read_copies(sim, &disk, &newest);
	takeover_decide(state, count, &disk, decision);
	ck_assert_int_ne(decision->base, TAKEOVER_REFUSE);
	ck_assert_int_ne(decision->base, TAKEOVER_NONE);
	content = newest;
	for (size_t i = 0; decision->base == TAKEOVER_RUNNING && i < count; i++) {
		if (state[i].have && state[i].epoch == decision->base_epoch &&
		    state[i].seq == decision->base_seq) {
			content = sim->node[state[i].nodeid].content;
		}
	}
	if (decision->base == TAKEOVER_RUNNING && decision->pending && decision->complete) {
		content.done |= 1u << decision->txid[0];
	}
	content.seq = decision->seq;
	return content;
}

static void check_answers(const struct sim *sim, const struct content *content)
{
	for (unsigned int i = 0; i < sim->requests; i++) {
		bool done = (content->done >> i & 1) != 0;

		ck_assert(sim->answer[i] != ANSWER_COMMITTED || done);
		ck_assert(sim->answer[i] != ANSWER_FAILED || !done);
	}
}

/* False: nobody is left. */
static bool new_view(struct sim *sim, uint32_t forgotten)
{
	struct txn_view view = { .epoch = sim->view.epoch + 0x100 };
	struct takeover decision;
	struct content content;
	bool lost = false, master_lost;

	survivors_catch_up(sim);
	stop(sim);
	for (uint32_t i = 0; i < NODES; i++) {
		if (sim->node[i].alive) {
			view.member[view.count++] = i;
		}
	}
	if (view.count == 0) {
		return false;
	}
	lost = view.count < sim->view.count;
	view.master = sim->node[sim->view.master].alive ? sim->view.master : view.member[0];
	master_lost = view.master != sim->view.master;
	content = decide(sim, forgotten, &decision);
	content.epoch = view.epoch;
	for (size_t i = 0; i < COPIES; i++) { /* T9: before anybody goes on */
		sim->copy[i] = content;
	}
	for (size_t i = 0; i < view.count; i++) {
		struct node *node = &sim->node[view.member[i]];
		const struct txn_event resolve = { .type = TXN_EV_RESOLVE,
						   .complete =
							   node->txn.member != TXN_NONE &&
							   (content.done >> node->pending & 1) != 0,
						   .lost = lost,
						   .error = -VX_E_ABORTED };
		const struct txn_event open = { .type = TXN_EV_OPEN, .view = &view };

		node->content = content;
		run(sim, view.member[i], &resolve, true);
		view.self = view.member[i];
		run(sim, view.member[i], &open, false);
		node->at = sim->messages;
	}
	if (master_lost) { /* who forwarded the request hears what the new view says */
		for (unsigned int i = 0; i < sim->requests; i++) {
			if (sim->answer[i] == ANSWER_NONE) {
				answer(sim, i,
				       (content.done >> i & 1) != 0 ? ANSWER_COMMITTED
								    : ANSWER_FAILED);
			}
		}
		sim->aside = 0;
	}
	sim->view = view;
	sim->asked = false;
	check_answers(sim, &content);
	return true;
}

/* ---- one run ---- */

static void start(struct sim *sim, uint32_t seed)
{
	struct txn_view view = { .epoch = 0x100, .master = 0, .count = NODES };

	memset(sim, 0, sizeof(*sim));
	sim->random = seed * 2654435761u | 1;
	for (uint32_t i = 0; i < NODES; i++) {
		view.member[i] = i;
	}
	for (uint32_t i = 0; i < NODES; i++) {
		const struct txn_event open = { .type = TXN_EV_OPEN, .view = &view };

		view.self = i;
		sim->node[i].alive = true;
		sim->node[i].content = (struct content){ .epoch = 0x100, .seq = 1 };
		txn_init(&sim->node[i].txn);
		run(sim, i, &open, false);
	}
	for (size_t i = 0; i < COPIES; i++) {
		sim->copy[i] = (struct content){ .epoch = 0x100, .seq = 1 };
	}
	sim->view = view;
}

static void one_step(struct sim *sim)
{
	uint32_t i = pick(sim, NODES);
	struct node *node = &sim->node[i];
	uint32_t what = pick(sim, 3);

	if (!node->alive) {
		return;
	}
	if (what == 0 && node->writing) {
		write_on(sim, i);
	} else if (what == 1 && node->results > 0) {
		result(sim, i);
	} else if (node->at < sim->messages) {
		deliver(sim, i);
	} else if (i == sim->view.master) {
		begin(sim);
	}
}

static void one_run(uint32_t seed, unsigned int *completed, unsigned int *failed)
{
	struct sim *sim = malloc(sizeof(*sim));
	bool anybody = true;

	ck_assert_ptr_nonnull(sim);
	start(sim, seed);
	for (unsigned int i = 0; i < 600 && anybody; i++) {
		one_step(sim);
		if (pick(sim, 150) ==
		    0) { /* somebody dies, or nobody does and there is a view all the same */
			uint32_t victim = pick(sim, NODES + 2),
				 forgotten = pick(sim, 4) == 0 ? pick(sim, 16) : 0;

			if (victim < NODES) {
				sim->node[victim].alive = false;
				sim->node[victim].writing = false; /* some copies have it */
			}
			anybody = new_view(sim, forgotten);
		} else if (sim->asked) {
			anybody = new_view(sim, 0);
		}
	}
	*completed += sim->completed;
	*failed += sim->failed;
	free(sim);
}

START_TEST(members_die_at_any_point)
{
	const char *seeds = getenv("SEEDS"), *first = getenv("FIRST");
	uint32_t count = seeds != NULL ? (uint32_t)atoi(seeds) : 20000;
	uint32_t seed = first != NULL ? (uint32_t)atoi(first) : 1;
	unsigned int completed = 0, failed = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (getenv("TRACE") != NULL) {
			fprintf(stderr, "seed %u\n", seed + i);
		}
		one_run(seed + i, &completed, &failed);
	}
	printf("%u runs: %u committed, %u failed\n", count, completed, failed);
	ck_assert_uint_gt(completed, count); /* the runs are not empty */
	ck_assert_uint_gt(failed, count / 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("members");
	TCase *tcase = tcase_create("members");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, members_die_at_any_point);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
