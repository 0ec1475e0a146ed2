// SPDX-License-Identifier: GPL-2.0-or-later
/* What the master answered lately. */
#include "vxconfigd/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/proto.h"

struct answer {
	uint8_t txid[ID_BYTES];
	Vx__Reply *reply;
};

struct answer_ring {
	struct answer answer[VX_TXN_QUEUE_MAX];
	size_t next;
};

int answers_create(struct answer_ring **out_ring)
{
	*out_ring = calloc(1, sizeof(**out_ring));
	return *out_ring != NULL ? 0 : -ENOMEM;
}

void answers_add(struct answer_ring *ring, const uint8_t *txid, const Vx__Reply *reply)
{
	struct answer *answer = &ring->answer[ring->next];

	proto_free(answer->reply);
	memcpy(answer->txid, txid, ID_BYTES);
	answer->reply = proto_clone(reply);
	ring->next = (ring->next + 1) % VX_TXN_QUEUE_MAX;
}

const Vx__Reply *answers_find(const struct answer_ring *ring, const uint8_t *txid)
{
	for (size_t i = 0; i < VX_TXN_QUEUE_MAX; i++) {
		if (ring->answer[i].reply != NULL &&
		    memcmp(ring->answer[i].txid, txid, ID_BYTES) == 0) {
			return ring->answer[i].reply;
		}
	}
	return NULL;
}
