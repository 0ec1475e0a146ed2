/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the master answered lately, by transaction id: a request that comes again, because a change
 * of the view lost it or its answer, is not done a second time but answered the same (T11).
 */
#ifndef VX_VXCONFIGD_ANSWERS_H
#define VX_VXCONFIGD_ANSWERS_H

#include <stdint.h>

#include "vxha.pb-c.h"

struct answer_ring;

int answers_create(struct answer_ring **out_ring); /* 0, -ENOMEM */
/* reply is copied; the oldest beyond VX_TXN_QUEUE_MAX is forgotten. */
void answers_add(struct answer_ring *ring, const uint8_t *txid, const Vx__Reply *reply);
/* NULL: not among them. Valid until the next answers_add(). */
const Vx__Reply *answers_find(const struct answer_ring *ring, const uint8_t *txid);

#endif
