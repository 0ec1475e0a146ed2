/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids: random 128 and 64 bit ones, the boot of this node, hexadecimal text. Any thread. */
#ifndef VX_BASE_ID_H
#define VX_BASE_ID_H

#include <stddef.h>
#include <stdint.h>

#define ID_BYTES 16
#define ID_TEXT (2 * ID_BYTES + 1)

void id_make(uint8_t out_id[ID_BYTES]);
uint64_t id_make_u64(void); /* never 0 */
/* Hexadecimal text of length bytes; out holds 2 * length + 1. */
void id_text(const uint8_t *id, size_t length, char *out);

#endif
