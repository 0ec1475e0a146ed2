// SPDX-License-Identifier: GPL-2.0-or-later
/* The simulator: clock, events, chance, memory. */
#include "tests/sim/sim_disk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIM_CHUNK (1u << 20)
#define SIM_EVENTS_MAX 400000 /* of one run: more is an endless loop */
#define SIM_TIME_MAX (1200 * SIM_S)

struct sim_event {
	uint64_t at, order;
	sim_fn *fn;
	void *ptr;
	uint64_t arg;
	uint32_t node, life;
	enum sim_proc proc;
	struct sim_event *next; /* of those that are not used */
};

struct sim_chunk {
	struct sim_chunk *next;
	size_t used;
	uint8_t data[SIM_CHUNK];
};

/* ---- chance ---- */

static uint64_t sim_mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t sim_random(struct sim *sim)
{
	return sim_mix(&sim->rng[0]);
}

uint64_t sim_below(struct sim *sim, uint64_t limit)
{
	return limit > 1 ? (sim_random(sim) >> 11) % limit : 0;
}

bool sim_chance(struct sim *sim, uint32_t percent)
{
	return sim_below(sim, 100) < percent;
}

uint64_t sim_delay(struct sim *sim, uint64_t low, uint64_t high)
{
	uint64_t room = high - low;

	if (!sim_chance(sim, 8)) {
		room /= 16;
	}
	return low + sim_below(sim, room + 1);
}

/* ---- memory ---- */

void *sim_alloc(struct sim *sim, size_t size)
{
	struct sim_chunk *chunk = sim->chunks;

	size = (size + 15) & ~(size_t)15;
	if (chunk == NULL || chunk->used + size > SIM_CHUNK) {
		chunk = sim->spare_chunks;
		sim->spare_chunks = chunk != NULL ? chunk->next : NULL;
		chunk = chunk != NULL ? chunk : malloc(sizeof(*chunk));
		if (chunk == NULL || size > SIM_CHUNK) {
			abort();
		}
		chunk->next = sim->chunks;
		chunk->used = 0;
		sim->chunks = chunk;
	}

	void *out = chunk->data + chunk->used;

	chunk->used += size;
	return memset(out, 0, size);
}

/* ---- words ---- */

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (sim->over) {
		return;
	}
	sim->over = true;
	va_start(args, format);
	vsnprintf(sim->failure, sizeof(sim->failure), format, args);
	va_end(args);
}

void sim_trace(struct sim *sim, uint32_t node, const char *format, ...)
{
	va_list args;

	printf("%10.3f ms #%-6llu ", (double)(sim->now - SIM_START) / 1000.0,
	       (unsigned long long)sim->events);
	if (node != 0) {
		printf("node %u: ", node);
	}
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* ---- events ---- */

/* A place in the heap: small, for many are moved. */
struct sim_turn {
	unsigned __int128 key; /* time, then the order in which they were made */
	struct sim_event *event;
};

static void heap_up(struct sim *sim, size_t at, struct sim_turn turn)
{
	while (at > 0 && turn.key < sim->heap[(at - 1) / 2].key) {
		sim->heap[at] = sim->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	sim->heap[at] = turn;
}

static void heap_push(struct sim *sim, struct sim_event *event)
{
	const struct sim_turn turn = { (unsigned __int128)event->at << 64 | event->order, event };

	if (sim->heap_count == sim->heap_room) {
		sim->heap_room = sim->heap_room > 0 ? 2 * sim->heap_room : 1024;
		sim->heap = realloc(sim->heap, sim->heap_room * sizeof(*sim->heap));
		if (sim->heap == NULL) {
			abort();
		}
	}
	heap_up(sim, sim->heap_count++, turn);
}

/* The hole sinks to the bottom without a look at what fills it: no branch that is hard to guess. */
static struct sim_event *heap_pop(struct sim *sim)
{
	struct sim_turn *heap = sim->heap;
	struct sim_event *top = heap[0].event;
	const struct sim_turn last = heap[--sim->heap_count];
	size_t at = 0;

	for (size_t child = 1; child < sim->heap_count; child = 2 * at + 1) {
		child += child + 1 < sim->heap_count && heap[child + 1].key < heap[child].key;
		heap[at] = heap[child];
		at = child;
	}
	heap_up(sim, at, last);
	return top;
}

void sim_later(struct sim *sim, uint64_t delay, enum sim_proc proc, uint32_t node, sim_fn *fn,
	       uint64_t arg, void *ptr)
{
	struct sim_event *event = sim->spare;

	if (event != NULL) {
		sim->spare = event->next;
	} else {
		event = sim_alloc(sim, sizeof(*event));
	}
	*event = (struct sim_event){
		.at = sim->now + delay,
		.order = ++sim->order,
		.fn = fn,
		.ptr = ptr,
		.arg = arg,
		.node = node,
		.proc = proc,
		.life = proc != PROC_WORLD ? sim->node[node].proc[proc].life : 0,
	};

	heap_push(sim, event);
}

bool sim_proc_runs(const struct sim *sim, uint32_t node, enum sim_proc proc)
{
	return sim->node[node].power && sim->node[node].proc[proc].up;
}

static void sim_event_run(struct sim *sim, struct sim_event *event)
{
	const struct sim_event now = *event;
	const struct sim_process *process = &sim->node[now.node].proc[now.proc];

	if (now.proc != PROC_WORLD && process->life == now.life && process->up &&
	    process->paused_until > sim->now) { /* it keeps its place in the order */
		event->at = process->paused_until;
		heap_push(sim, event);
		return;
	}
	event->next = sim->spare;
	sim->spare = event;
	if (now.proc == PROC_WORLD || (process->life == now.life && process->up)) {
		sim->events++;
		now.fn(sim, now.node, now.arg, now.ptr);
	}
}

/* ---- a run ---- */

/* Of one version everywhere, or in the middle of a rolling upgrade (R21). */
static void programs_install(struct sim *sim, uint32_t node)
{
	uint32_t newer = (uint32_t)(sim->options.seed * 0x9e3779b97f4a7c15u >> (32 + 4 * node)) % 3;

	sim->node[node].proto_max =
		sim->options.seed % 4 != 1 ? SIM_PROTOCOL_MAX : SIM_PROTOCOL_MIN + newer;
	sim->node[node].proto_min = sim->node[node].proto_max > SIM_PROTOCOL_MIN
					    ? sim->node[node].proto_max - 1
					    : SIM_PROTOCOL_MIN;
}

bool sim_run(struct sim *sim, const struct sim_options *options)
{
	struct sim_turn *heap = sim->heap;
	struct net_conf *conf = sim->conf;
	struct sim_disks *disks = sim->disks;
	struct sim_copies *node_copies = sim->node_copies;
	struct sim_chunk *spare_chunks = sim->spare_chunks;
	size_t room = sim->heap_room;

	memset(sim, 0, sizeof(*sim));
	sim->heap = heap;
	sim->heap_room = room;
	sim->conf = conf;
	sim->disks = disks;
	sim->node_copies = node_copies;
	sim->spare_chunks = spare_chunks;
	sim->options = *options;
	sim->trace = options->trace;
	sim->rng[0] = options->seed * 0x2545f4914f6cdd1du + 1;
	sim->now = SIM_START;
	disk_init(sim);
	disk_init_nodes(sim);
	fencer_init(sim);
	client_init(sim);
	fault_make(sim);
	for (uint32_t node = 1; node <= options->nodes; node++) {
		programs_install(sim, node);
		power_on(sim, node);
	}
	while (!sim->over && sim->heap_count > 0) {
		fault_look(sim);

		struct sim_event *event = heap_pop(sim);

		sim->now = event->at;
		sim_event_run(sim, event);
		if (sim->events > SIM_EVENTS_MAX) {
			sim_fail(sim, "LIVE: more than %d events", SIM_EVENTS_MAX);
		}
		if (sim->healed) {
			check_alive(sim);
		}
	}

	bool good = sim->failure[0] == '\0';

	sim_end(sim, false);
	return good;
}

void sim_end(struct sim *sim, bool crashed)
{
	disk_end(sim, crashed);
	for (uint32_t node = 1; node <= SIM_NODES_MAX; node++) {
		view_free(sim->node[node].clustd.core);
		sim->node[node].clustd.core = NULL;
	}
	while (sim->chunks != NULL) { /* for the next run */
		struct sim_chunk *chunk = sim->chunks;

		sim->chunks = chunk->next;
		chunk->next = sim->spare_chunks;
		sim->spare_chunks = chunk;
	}
}
