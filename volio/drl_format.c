// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes of a dirty region log. */
#include "volio/drl_format.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/errors.h"
#include "volio/bits.h"

#define DRL_MAGIC_HEADER "VXDRLHDR"
#define DRL_MAGIC_MAP "VXDRLMAP"
#define DRL_MAGIC_BYTES 8
#define DRL_MAJOR 1
#define DRL_MINOR 0

#define DRL_AT_CRC 12

_Static_assert(DRL_BLOCK_BITS % 64 == 0, "a block begins at a word of the map");

static const char *drl_magic(enum drl_kind kind)
{
	return kind == DRL_KIND_HEADER ? DRL_MAGIC_HEADER : DRL_MAGIC_MAP;
}

uint64_t drl_group_hash(const char *dgid)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *dgid != '\0'; dgid++) {
		hash = (hash ^ (uint8_t)*dgid) * UINT64_C(0x100000001b3);
	}
	return hash;
}

uint64_t drl_block_offset(const struct drl_block_id *id)
{
	uint64_t map_blocks = drl_map_blocks(id->regions), block = 0;

	switch (id->kind) {
	case DRL_KIND_HEADER:
		break;
	case DRL_KIND_RECOVERY:
		block = 1 + id->index;
		break;
	case DRL_KIND_ACTIVE:
		block = 1 + (1 + (uint64_t)id->slot) * map_blocks + id->index;
		break;
	}
	return block * VX_BLOCK;
}

static uint32_t drl_block_last(const struct drl_block_id *id)
{
	uint32_t end = (id->index + 1) * DRL_BLOCK_BITS;

	return end < id->regions ? end : id->regions;
}

void drl_block_encode(uint8_t *block, const struct drl_block_id *id, uint64_t sequence,
		      const uint64_t *map)
{
	struct cursor cursor = cursor_write(block, VX_BLOCK);

	memset(block, 0, VX_BLOCK);
	cursor_put_bytes(&cursor, drl_magic(id->kind), DRL_MAGIC_BYTES);
	cursor_put(&cursor, DRL_MAJOR, 2);
	cursor_put(&cursor, DRL_MINOR, 2);
	cursor_put(&cursor, 0, 4); /* the checksum comes last */
	cursor_put(&cursor, id->group_hash, 8);
	cursor_put(&cursor, id->volume_rid, 8);
	cursor_put(&cursor, sequence, 8);
	cursor_put(&cursor, id->kind, 2);
	cursor_put(&cursor, id->slot, 2);
	cursor_put(&cursor, id->index, 4);
	cursor_put(&cursor, id->regions, 4);
	cursor_put(&cursor, id->region_len, 8);
	cursor_put(&cursor, 0, 4);
	assert(cursor.offset == DRL_BLOCK_HEAD);
	if (map != NULL) {
		const uint64_t *word = map + (size_t)id->index * (DRL_BLOCK_BITS / 64);
		size_t words = bits_words(drl_block_last(id) - id->index * DRL_BLOCK_BITS);

		for (size_t i = 0; i < words; i++) { /* bits past the last region are never set */
			cursor_put(&cursor, word[i], 8);
		}
	}
	cursor.offset = DRL_AT_CRC;
	cursor_put(&cursor, crc32c_around(block, VX_BLOCK, DRL_AT_CRC), 4);
}

int drl_block_decode(const uint8_t *block, const struct drl_block_id *id, uint64_t *out_sequence,
		     uint64_t *map)
{
	uint32_t first = id->index * DRL_BLOCK_BITS, last = drl_block_last(id);
	struct cursor cursor = cursor_read(block, VX_BLOCK);
	uint64_t sequence;
	bool same;

	if (memcmp(cursor_get_bytes(&cursor, DRL_MAGIC_BYTES), drl_magic(id->kind),
		   DRL_MAGIC_BYTES) != 0) {
		return -VX_E_CORRUPT;
	}
	if (cursor_get(&cursor, 2) != DRL_MAJOR) {
		return -VX_E_VERSION;
	}
	cursor.offset = DRL_AT_CRC;
	if (cursor_get(&cursor, 4) != crc32c_around(block, VX_BLOCK, DRL_AT_CRC)) {
		return -VX_E_CORRUPT;
	}
	same = cursor_get(&cursor, 8) == id->group_hash;
	same &= cursor_get(&cursor, 8) == id->volume_rid;
	sequence = cursor_get(&cursor, 8);
	same &= cursor_get(&cursor, 2) == id->kind;
	same &= cursor_get(&cursor, 2) == id->slot;
	same &= cursor_get(&cursor, 4) == id->index;
	same &= cursor_get(&cursor, 4) == id->regions;
	same &= cursor_get(&cursor, 8) == id->region_len;
	same &= cursor_get(&cursor, 4) == 0;
	if (!same) {
		return -VX_E_CORRUPT;
	}
	if (map != NULL) {
		for (uint32_t region = first; region < last; region++) {
			uint32_t bit = region - first;

			if ((block[DRL_BLOCK_HEAD + bit / 8] >> (bit % 8) & 1) != 0) {
				bits_put(map, region, true);
			}
		}
	}
	*out_sequence = sequence;
	return 0;
}

void drl_block_all_dirty(const struct drl_block_id *id, uint64_t *map)
{
	uint32_t last = drl_block_last(id);

	for (uint32_t region = id->index * DRL_BLOCK_BITS; region < last; region++) {
		bits_put(map, region, true);
	}
}
