// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What plexes that are being attached lack: chosen cases; and a cluster of three nodes that write,
 * attach, detach, lose nodes and go on, with disks seen in the obvious way: when an attach counts as
 * complete, the plex has what the source has (V31).
 */
#include "tests/unit/suite.h"
#include "volio/stale.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "volio/bits.h"
#include "volio/resync.h"

#define REGIONS 24
#define NODES 3
#define REGION_BYTES (UINT64_C(1) << 20)

/* ---- chosen cases ---- */

static struct volconf_plex plexes[8];

static struct volconf conf_of(uint32_t good, const uint64_t *attach, uint32_t count)
{
	struct volconf conf = { .plex = plexes,
				.plexes = good,
				.written = good + count,
				.regions = REGIONS,
				.region_bytes = REGION_BYTES };

	memset(plexes, 0, sizeof(plexes));
	for (uint32_t i = 0; i < count; i++) {
		plexes[good + i].attach = attach[i];
		plexes[good + i].filling = true;
	}
	return conf;
}

START_TEST(a_new_attach_lacks_all)
{
	struct stale stale = { 0 };
	struct volconf conf = conf_of(1, (const uint64_t[]){ 7, 9 }, 2);
	uint64_t seven = 7, map = 0;

	ck_assert(!stale_any(&stale));
	stale_follow(&stale, &conf);
	ck_assert(stale_any(&stale));
	ck_assert_uint_eq(stale_targets(&stale, &conf, 0, REGIONS - 1), 1u << 1 | 1u << 2);
	stale_clear(&stale, &seven, 1, 3, 5);
	ck_assert_uint_eq(stale_targets(&stale, &conf, 3, 5), 1u << 2);
	ck_assert_uint_eq(stale_targets(&stale, &conf, 3, 6), 1u << 1 | 1u << 2);
	stale_or(&stale, &map);
	ck_assert_uint_eq(map, (UINT64_C(1) << REGIONS) - 1); /* the other one lacks it */
	stale_clear(&stale, (const uint64_t[]){ 7, 9 }, 2, 0, REGIONS - 1);
	ck_assert(!stale_any(&stale));
	stale_free(&stale);
}
END_TEST

/* The plex is detached and attached again: the map of the first attach says nothing of the second. */
START_TEST(attaches_are_not_mixed_up)
{
	struct stale stale = { 0 };
	struct volconf first = conf_of(1, (const uint64_t[]){ 7 }, 1), none, second;
	uint8_t empty[(REGIONS + 7) / 8] = { 0 };
	uint64_t seven = 7;

	stale_follow(&stale, &first);
	stale_clear(&stale, &seven, 1, 0, REGIONS - 2);
	stale_follow(&stale, &first);
	ck_assert_uint_eq(stale_targets(&stale, &first, 0, 0), 0); /* it goes on */
	second = conf_of(1, (const uint64_t[]){ 8 }, 1);
	stale_follow(&stale, &second);
	ck_assert_uint_eq(stale_targets(&stale, &second, 0, 0), 2);
	stale_clear(&stale, &seven, 1, 0, REGIONS - 1); /* late words about the first */
	stale_set(&stale, 7, empty, sizeof(empty));
	ck_assert_uint_eq(stale_targets(&stale, &second, 0, 0), 2);
	stale_set(&stale, 8, empty, sizeof(empty) - 1); /* of another length */
	ck_assert(stale_any(&stale));
	none = conf_of(2, NULL, 0);
	stale_follow(&stale, &none);
	ck_assert(!stale_any(&stale));
	stale_set(&stale, 8, empty, sizeof(empty));
	stale_free(&stale);
}
END_TEST

START_TEST(what_is_told_is_taken)
{
	struct stale stale = { 0 };
	struct volconf conf = conf_of(2, (const uint64_t[]){ 7 }, 1);
	uint8_t map[(REGIONS + 7) / 8] = { 0, 1 };

	stale_follow(&stale, &conf);
	stale_set(&stale, 7, map, sizeof(map));
	ck_assert_uint_eq(stale_targets(&stale, &conf, 0, 7), 0);
	ck_assert_uint_eq(stale_targets(&stale, &conf, 8, 8), 1u << 2);
	conf.regions = REGIONS - 1; /* another division of the volume: nothing is known */
	stale_follow(&stale, &conf);
	ck_assert_uint_eq(stale_targets(&stale, &conf, 0, 7), 1u << 2);
	stale_free(&stale);
}
END_TEST

/* ---- a cluster ---- */

enum message_kind { MSG_WINDOW, MSG_ACK, MSG_DONE, MSG_START };

struct message {
	enum message_kind kind;
	uint32_t from;
	uint64_t serial, attach;
	uint32_t first, last, clean_first, clean_last;
	bool clean;
	uint8_t map[(REGIONS + 7) / 8];
};

/* A write of a node: begun on the plexes that it knows, ended when it is on all of them. */
struct write {
	bool busy;
	uint32_t region, value;
	bool on_source, on_other, to_other;
};

struct node {
	bool up;
	uint64_t attach; /* of the configuration that it runs; 0: the plex is detached */
	bool holding;	 /* suspended: a change is under way */
	struct stale stale;
	uint32_t window_first, window_last;
	bool window;
	struct write write[2];
	size_t heard; /* messages */
	uint64_t dirty; /* its marks in the log */
	bool ack_owed;
	uint64_t ack_serial;
};

static struct {
	struct node node[NODES];
	uint32_t source[REGIONS], other[REGIONS], value;
	struct message message[4096];
	size_t messages, first; /* of this view */
	uint64_t attach, next_rid, recover;
	bool complete;
	struct resync core;
	bool running, copying;
	uint64_t serial;
	uint32_t owner, copy_first, copy_last;
	unsigned int completed, crashes;
} w;

static struct volconf world_conf(uint64_t attach)
{
	return conf_of(1, &attach, attach != 0 ? 1 : 0);
}

static void world_send(struct message message)
{
	ck_assert_uint_lt(w.messages, VX_COUNT_OF(w.message));
	w.message[w.messages++] = message;
}

static void world_stop(void)
{
	if (w.running) {
		resync_free(&w.core);
	}
	w.running = w.copying = false;
}

static void world_do(const struct resync_event *event)
{
	struct resync_effects effects;
	struct node *owner = &w.node[w.owner];

	resync_step(&w.core, event, &effects);
	w.serial = w.core.serial;
	if (effects.window) {
		struct message message = {
			.kind = MSG_WINDOW,
			.from = w.owner,
			.serial = effects.serial,
			.attach = owner->attach,
			.first = (uint32_t)(effects.offset / REGION_BYTES),
			.last = (uint32_t)((effects.offset + effects.length - 1) / REGION_BYTES),
			.clean = effects.clean_length > 0,
			.clean_first = (uint32_t)(effects.clean_from / REGION_BYTES),
		};

		message.clean_last =
			message.clean_first + (uint32_t)(effects.clean_length / REGION_BYTES) - 1;
		world_send(message);
		w.copy_first = message.first;
		w.copy_last = message.last;
	}
	w.copying = w.copying || effects.copy;
	if (effects.clear) {
		const struct resync_event cleared = { .kind = RESYNC_CLEARED };

		stale_clear(&owner->stale, &owner->attach, 1, effects.first, effects.last);
		for (uint32_t r = effects.first; r <= effects.last; r++) {
			w.recover &= ~(UINT64_C(1) << r);
		}
		world_do(&cleared);
		return;
	}
	if (effects.pause) {
		const struct resync_event timer = { .kind = RESYNC_TIMER };

		world_do(&timer);
		return;
	}
	if (effects.done) {
		world_send((struct message){
			.kind = MSG_DONE, .from = w.owner, .attach = owner->attach });
		world_stop();
	}
}

/* sync_start_owned(): by the owner, when it runs the configuration. */
static void world_start(void)
{
	struct node *owner = &w.node[w.owner];
	uint32_t member[NODES], members = 0;
	uint64_t *map = bits_new(REGIONS);
	const struct resync_event start = { .kind = RESYNC_START };
	struct message told = { .kind = MSG_START, .from = w.owner, .attach = owner->attach };

	*map = owner->attach != 0 ? w.recover : 0;
	stale_or(&owner->stale, map);
	if (w.running || *map == 0) {
		free(map);
		if (!w.running && owner->attach != 0) {
			w.complete = true; /* its word was lost: told again */
		}
		return;
	}
	for (uint32_t i = 0; i < NODES; i++) {
		if (w.node[i].up) {
			member[members++] = i;
		}
	}
	for (uint32_t r = 0; owner->stale.count > 0 && r < REGIONS; r++) {
		told.map[r / 8] |= (uint8_t)(bits_get(owner->stale.plex[0].map, r) << (r % 8));
	}
	if (owner->stale.count > 0) {
		world_send(told);
	}
	resync_init(&w.core, REGIONS * REGION_BYTES, REGION_BYTES, REGIONS, map, member, members,
		    w.serial);
	w.running = true;
	world_do(&start);
}

static bool world_writes_in(const struct node *node, uint32_t first, uint32_t last)
{
	for (size_t i = 0; i < VX_COUNT_OF(node->write); i++) {
		if (node->write[i].busy && node->write[i].region >= first &&
		    node->write[i].region <= last) {
			return true;
		}
	}
	return false;
}

static void node_ack(uint32_t index)
{
	struct node *node = &w.node[index];

	if (node->ack_owed && !world_writes_in(node, node->window_first, node->window_last)) {
		node->ack_owed = false;
		world_send((struct message){
			.kind = MSG_ACK, .from = index, .serial = node->ack_serial });
	}
}

static void node_hear(uint32_t index)
{
	struct node *node = &w.node[index];
	const struct message *message = &w.message[node->heard++];

	switch (message->kind) {
	case MSG_WINDOW:
		if (message->clean && message->from != index) {
			stale_clear(&node->stale, &message->attach, 1, message->clean_first,
				    message->clean_last);
		}
		node->window = true;
		node->window_first = message->first;
		node->window_last = message->last;
		node->ack_owed = true;
		node->ack_serial = message->serial;
		break;
	case MSG_ACK:
		if (index == w.owner && w.running) {
			const struct resync_event ack = { .kind = RESYNC_ACK,
							  .nodeid = message->from,
							  .serial = message->serial };

			world_do(&ack);
		}
		break;
	case MSG_DONE:
		node->window = false;
		stale_clear(&node->stale, &message->attach, 1, 0, REGIONS - 1);
		w.complete = w.complete || (message->attach != 0 && message->attach == w.attach);
		break;
	case MSG_START:
		if (index != w.owner) {
			stale_set(&node->stale, message->attach, message->map,
				  sizeof(message->map));
		}
		break;
	}
	node_ack(index);
}

static void node_apply(uint32_t index)
{
	struct node *node = &w.node[index];
	struct volconf conf = world_conf(w.attach);

	if (index == w.owner && node->attach != w.attach) {
		world_stop();
	}
	node->attach = w.attach;
	node->holding = false;
	stale_follow(&node->stale, &conf);
	if (index == w.owner) {
		world_start();
	}
}

static void node_write(uint32_t index)
{
	struct node *node = &w.node[index];
	struct write *write = &node->write[rand() % 2];

	if (!write->busy) {
		uint32_t region = (uint32_t)rand() % REGIONS;

		/* V5, and locks of the applications: one writer of a block at a time */
		for (uint32_t i = 0; i < NODES; i++) {
			if (w.node[i].up && world_writes_in(&w.node[i], region, region)) {
				return;
			}
		}
		if (node->holding || (node->window && region >= node->window_first &&
				      region <= node->window_last)) {
			return;
		}
		node->dirty |= UINT64_C(1) << region;
		*write = (struct write){ .busy = true,
					 .region = region,
					 .value = ++w.value,
					 .to_other = node->attach != 0 };
	} else if (!write->on_source && rand() % 2 == 0) {
		w.source[write->region] = write->value;
		write->on_source = true;
	} else if (write->to_other && !write->on_other) {
		w.other[write->region] = write->value;
		write->on_other = true;
	}
	if (write->busy && write->on_source && (write->on_other || !write->to_other)) {
		write->busy = false;
		node_ack(index);
	}
}

static void world_copied(void)
{
	const struct resync_event copied = { .kind = RESYNC_COPIED };

	for (uint32_t r = w.copy_first; r <= w.copy_last; r++) {
		w.other[r] = w.source[r];
	}
	w.copying = false;
	world_do(&copied);
}

/* A change of the configuration: all hold, what is in flight ends, all apply, each in its time. */
static void world_change(uint64_t attach)
{
	for (uint32_t i = 0; i < NODES; i++) {
		while (w.node[i].up &&
		       (w.node[i].write[0].busy || w.node[i].write[1].busy)) {
			w.node[i].holding = true; /* nothing new begins */
			node_write(i);
		}
		w.node[i].holding = true;
	}
	w.attach = attach;
}

static bool world_is_quiet(void)
{
	for (uint32_t i = 0; i < NODES; i++) {
		if (w.node[i].up && w.node[i].holding) {
			return false;
		}
	}
	return true;
}

/* The attach is complete: the plexes are equal, but for what a lost node may have left behind. */
static void world_finish(void)
{
	world_change(0);
	for (uint32_t r = 0; r < REGIONS; r++) {
		ck_assert_msg(w.source[r] == w.other[r] || (w.recover >> r & 1) != 0,
			      "region %u differs, and nobody knows", r);
	}
	w.complete = false;
	w.completed++;
	for (uint32_t i = 0; i < NODES; i++) {
		if (w.node[i].up) {
			node_apply(i);
		}
	}
}

/* A node is lost, or one comes back: another view, whose owner goes on from what it knows. */
static void world_view(void)
{
	uint32_t index = (uint32_t)rand() % NODES, up = 0;
	bool joins = !w.node[index].up;

	for (uint32_t i = 0; i < NODES; i++) {
		up += w.node[i].up ? 1 : 0;
	}
	if (!joins && up == 1) {
		return;
	}
	world_stop();
	if (joins) {
		struct volconf conf = world_conf(w.attach);

		w.node[index].up = true;
		w.node[index].attach = w.attach;
		stale_follow(&w.node[index].stale, &conf);
	} else {
		w.recover |= w.node[index].dirty; /* folded */
		stale_free(&w.node[index].stale);
		w.node[index] = (struct node){ 0 };
		w.crashes++;
	}
	w.messages = 0;
	for (uint32_t i = 0; i < NODES; i++) {
		struct node *node = &w.node[i];

		while (node->up && (node->write[0].busy || node->write[1].busy)) {
			node->holding = true;
			node->ack_owed = false;
			node_write(i);
		}
		node->heard = 0;
		node->window = node->ack_owed = false;
		node->holding = false;
	}
	do { /* V25: not a joiner */
		w.owner = (uint32_t)rand() % NODES;
	} while (!w.node[w.owner].up || (joins && w.owner == index));
	for (uint32_t i = 0; i < NODES; i++) {
		if (w.node[i].up) {
			node_apply(i);
		}
	}
}

static void world_step(void)
{
	uint32_t index = (uint32_t)rand() % NODES;
	struct node *node = &w.node[index];
	int pick = rand() % 400;

	if (pick == 0) {
		world_view();
	} else if (pick < 3 && w.attach == 0 && world_is_quiet()) {
		for (uint32_t r = 0; r < REGIONS; r++) {
			w.other[r] = UINT32_MAX; /* what was there before */
		}
		w.recover = 0; /* one plex: nothing to keep equal */
		world_change(w.next_rid++);
	} else if (pick < 4 && w.attach != 0 && world_is_quiet()) {
		world_change(0); /* vxplex det, in the middle */
		w.complete = false;
	} else if (node->up && node->holding) {
		node_apply(index);
	} else if (w.complete && world_is_quiet() && rand() % 8 == 0) {
		world_finish();
	} else if (node->up && node->heard < w.messages && rand() % 2 == 0) {
		node_hear(index);
	} else if (w.copying && rand() % 4 == 0) {
		world_copied();
	} else if (node->up) {
		node_write(index);
	}
}

START_TEST(what_is_complete_is_equal)
{
	memset(&w, 0, sizeof(w));
	srand((unsigned int)_i);
	w.next_rid = 1;
	for (uint32_t i = 0; i < NODES; i++) {
		w.node[i].up = true;
	}
	for (int step = 0; step < 60000; step++) {
		world_step();
	}
	ck_assert_uint_gt(w.completed, 3);
	ck_assert_uint_gt(w.crashes, 3);
	world_stop();
	for (uint32_t i = 0; i < NODES; i++) {
		stale_free(&w.node[i].stale);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_stale");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_new_attach_lacks_all);
	tcase_add_test(all, attaches_are_not_mixed_up);
	tcase_add_test(all, what_is_told_is_taken);
	tcase_add_loop_test(all, what_is_complete_is_equal, 0, 40);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
