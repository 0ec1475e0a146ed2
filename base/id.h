/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids: random 128 and 64 bit ones, those of transactions, hexadecimal text. Any thread. */
#ifndef VX_BASE_ID_H
#define VX_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_BYTES 16
#define ID_TEXT (2 * ID_BYTES + 1)

void id_make(uint8_t out_id[ID_BYTES]);
uint64_t id_make_u64(void); /* never 0 */
/*
 * Of a transaction: tells on this node, until it is booted again, how long ago it was made
 * (cpg/PROTOCOL.md T11). 4 bytes of the boot's id, 6 of CLOCK_BOOTTIME in ms, 6 random ones.
 */
void id_make_txn(uint8_t out_id[ID_BYTES]);
/* False: it was not made so, or not in this boot. */
bool id_txn_age_ms(const uint8_t id[ID_BYTES], uint64_t *out_ms);
/* Hexadecimal text of length bytes; out holds 2 * length + 1. */
void id_text(const uint8_t *id, size_t length, char *out);

#endif
