/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a dirty region log. Pure. Sizes: base/drl_size.h.
 *
 * The log is blocks of 4 KiB: header, recovery map, active maps of slots 0..VX_NODES_MAX-1. Each
 * block, little-endian:
 *
 *      0  8  magic: "VXDRLHDR" header, "VXDRLMAP" map
 *      8  2  major of the format (1): a newer one is refused
 *     10  2  minor (0): a newer one is read
 *     12  4  crc32c of the whole block with this field 0
 *     16  8  hash of the disk group's id
 *     24  8  record id of the volume
 *     32  8  sequence: grows with each write of this block
 *     40  2  kind: 1 header, 2 recovery map, 3 active map
 *     42  2  slot of an active map, else 0
 *     44  4  index of the block in its map
 *     48  4  regions of the volume
 *     52  8  region length in sectors
 *     60  4  reserved, 0
 *     64 ..  header: 0; map: one bit a region, bit 0 of byte 64 first; bits past the last region
 * are 0
 *
 * A block that does not decode counts as all ones (V14). Of several log plexes the valid block with
 * the highest sequence counts: a mark is on all of them before its write begins (V10).
 */
#ifndef VX_VOLIO_DRL_FORMAT_H
#define VX_VOLIO_DRL_FORMAT_H

#include <stdint.h>

#include "base/drl_size.h"
#include "base/limits.h"

enum drl_kind { DRL_KIND_HEADER = 1, DRL_KIND_RECOVERY = 2, DRL_KIND_ACTIVE = 3 };

/* What identifies a block: of which log, which block of it. */
struct drl_block_id {
	uint64_t group_hash;
	uint64_t volume_rid;
	uint64_t region_len; /* sectors */
	uint32_t regions;
	enum drl_kind kind;
	uint32_t slot;
	uint32_t index;
};

/* Hash of a disk group's id for drl_block_id. */
uint64_t drl_group_hash(const char *dgid);
/* Byte offset of a block in the log. */
uint64_t drl_block_offset(const struct drl_block_id *id);

/* Writes a block of VX_BLOCK bytes. map: the whole map in words (bits.h), NULL for the header. */
void drl_block_encode(uint8_t *block, const struct drl_block_id *id, uint64_t sequence,
		      const uint64_t *map);
/* Checks a block and sets its bits in map (which is or'ed). 0, -VX_E_CORRUPT, -VX_E_VERSION. */
int drl_block_decode(const uint8_t *block, const struct drl_block_id *id, uint64_t *out_sequence,
		     uint64_t *map);
/* Sets every region of that block in map: what a block that does not decode stands for (V14). */
void drl_block_all_dirty(const struct drl_block_id *id, uint64_t *map);

#endif
