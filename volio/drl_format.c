// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes of a dirty region log. */
#include "volio/drl_format.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "volio/bits.h"

#define DRL_MAGIC_HEADER "VXDRLHDR"
#define DRL_MAGIC_MAP "VXDRLMAP"
#define DRL_MAGIC_BYTES 8
#define DRL_MAJOR 1
#define DRL_MINOR 0

enum drl_field {
	AT_MAGIC = 0,
	AT_MAJOR = 8,
	AT_MINOR = 10,
	AT_CRC = 12,
	AT_GROUP = 16,
	AT_VOLUME = 24,
	AT_SEQUENCE = 32,
	AT_KIND = 40,
	AT_SLOT = 42,
	AT_INDEX = 44,
	AT_REGIONS = 48,
	AT_REGION_LOW = 52,
	AT_REGION_HIGH = 56,
	AT_RESERVED = 60,
	AT_BITS = 64,
};
_Static_assert(AT_BITS == DRL_BLOCK_HEAD, "head of a block");
_Static_assert(DRL_BLOCK_BITS % 64 == 0, "a block begins at a word of the map");

static void drl_put(uint8_t *block, enum drl_field at, unsigned int bytes, uint64_t value)
{
	assert(at + bytes <= VX_BLOCK);
	for (unsigned int i = 0; i < bytes; i++) {
		block[at + i] = (uint8_t)(value >> (8 * i));
	}
}

static uint64_t drl_get(const uint8_t *block, enum drl_field at, unsigned int bytes)
{
	uint64_t value = 0;

	assert(at + bytes <= VX_BLOCK);
	for (unsigned int i = 0; i < bytes; i++) {
		value |= (uint64_t)block[at + i] << (8 * i);
	}
	return value;
}

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

static uint32_t drl_block_crc(const uint8_t *block)
{
	static const uint8_t zero[4];
	uint32_t crc = crc32c(0, block, AT_CRC);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, block + AT_GROUP, VX_BLOCK - AT_GROUP);
}

static uint32_t drl_block_last(const struct drl_block_id *id)
{
	uint32_t end = (id->index + 1) * DRL_BLOCK_BITS;

	return end < id->regions ? end : id->regions;
}

void drl_block_encode(uint8_t *block, const struct drl_block_id *id, uint64_t sequence,
		      const uint64_t *map)
{
	memset(block, 0, VX_BLOCK);
	memcpy(block + AT_MAGIC, drl_magic(id->kind), DRL_MAGIC_BYTES);
	drl_put(block, AT_MAJOR, 2, DRL_MAJOR);
	drl_put(block, AT_MINOR, 2, DRL_MINOR);
	drl_put(block, AT_GROUP, 8, id->group_hash);
	drl_put(block, AT_VOLUME, 8, id->volume_rid);
	drl_put(block, AT_SEQUENCE, 8, sequence);
	drl_put(block, AT_KIND, 2, id->kind);
	drl_put(block, AT_SLOT, 2, id->slot);
	drl_put(block, AT_INDEX, 4, id->index);
	drl_put(block, AT_REGIONS, 4, id->regions);
	drl_put(block, AT_REGION_LOW, 4, id->region_len & UINT32_MAX);
	drl_put(block, AT_REGION_HIGH, 4, id->region_len >> 32);
	if (map != NULL) {
		const uint64_t *word = map + (size_t)id->index * (DRL_BLOCK_BITS / 64);
		size_t words = bits_words(drl_block_last(id) - id->index * DRL_BLOCK_BITS);

		for (size_t i = 0; i < words; i++) { /* bits past the last region are never set */
			uint64_t little = htole64(word[i]);

			memcpy(block + AT_BITS + i * sizeof(little), &little, sizeof(little));
		}
	}
	drl_put(block, AT_CRC, 4, drl_block_crc(block));
}

int drl_block_decode(const uint8_t *block, const struct drl_block_id *id, uint64_t *out_sequence,
		     uint64_t *map)
{
	uint32_t first = id->index * DRL_BLOCK_BITS, last = drl_block_last(id);

	if (memcmp(block + AT_MAGIC, drl_magic(id->kind), DRL_MAGIC_BYTES) != 0) {
		return -VX_E_CORRUPT;
	}
	if (drl_get(block, AT_MAJOR, 2) != DRL_MAJOR) {
		return -VX_E_VERSION;
	}
	if (drl_get(block, AT_CRC, 4) != drl_block_crc(block) ||
	    drl_get(block, AT_RESERVED, 4) != 0 || drl_get(block, AT_GROUP, 8) != id->group_hash ||
	    drl_get(block, AT_VOLUME, 8) != id->volume_rid ||
	    drl_get(block, AT_KIND, 2) != id->kind || drl_get(block, AT_SLOT, 2) != id->slot ||
	    drl_get(block, AT_INDEX, 4) != id->index ||
	    drl_get(block, AT_REGIONS, 4) != id->regions ||
	    (drl_get(block, AT_REGION_LOW, 4) | drl_get(block, AT_REGION_HIGH, 4) << 32) !=
		    id->region_len) {
		return -VX_E_CORRUPT;
	}
	if (map != NULL) {
		for (uint32_t region = first; region < last; region++) {
			uint32_t bit = region - first;

			if ((block[AT_BITS + bit / 8] >> (bit % 8) & 1) != 0) {
				bits_put(map, region, true);
			}
		}
	}
	*out_sequence = drl_get(block, AT_SEQUENCE, 8);
	return 0;
}

void drl_block_all_dirty(const struct drl_block_id *id, uint64_t *map)
{
	uint32_t last = drl_block_last(id);

	for (uint32_t region = id->index * DRL_BLOCK_BITS; region < last; region++) {
		bits_put(map, region, true);
	}
}
