// SPDX-License-Identifier: GPL-2.0-or-later
/* How transactions ended in the sight of this vxconfigd. */
#include "vxconfigd/endings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"

struct ending_entry {
	uint8_t txid[ID_BYTES];
	uint64_t at_ms;
	enum ending ending; /* NONE: never used */
};

struct ending_ring {
	struct ending_entry entry[VX_ENDINGS_MAX];
	size_t next;
	bool takes_part;
	uint64_t since_ms; /* all that ended later is among them */
};

int endings_create(struct ending_ring **out_ring)
{
	*out_ring = calloc(1, sizeof(**out_ring));
	return *out_ring != NULL ? 0 : -ENOMEM;
}

void endings_begin(struct ending_ring *ring, uint64_t now_ms)
{
	if (!ring->takes_part) {
		ring->takes_part = true;
		ring->since_ms = now_ms;
	}
}

void endings_break(struct ending_ring *ring)
{
	ring->takes_part = false;
}

void endings_add(struct ending_ring *ring, const uint8_t *txid, enum ending ending, uint64_t now_ms)
{
	struct ending_entry *entry = &ring->entry[ring->next];

	if (entry->ending != ENDING_NONE && entry->at_ms > ring->since_ms) {
		ring->since_ms = entry->at_ms;
	}
	memcpy(entry->txid, txid, ID_BYTES);
	entry->ending = ending;
	entry->at_ms = now_ms;
	ring->next = (ring->next + 1) % VX_ENDINGS_MAX;
}

enum ending endings_find(const struct ending_ring *ring, const uint8_t *txid)
{
	for (size_t i = 1; i <= VX_ENDINGS_MAX; i++) {
		const struct ending_entry *entry =
			&ring->entry[(ring->next + VX_ENDINGS_MAX - i) % VX_ENDINGS_MAX];

		if (entry->ending != ENDING_NONE && memcmp(entry->txid, txid, ID_BYTES) == 0) {
			return entry->ending;
		}
	}
	return ENDING_NONE;
}

uint64_t endings_reach(const struct ending_ring *ring, uint64_t now_ms)
{
	return ring->takes_part && now_ms > ring->since_ms ? now_ms - ring->since_ms : 0;
}
