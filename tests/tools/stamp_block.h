/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stamped block: who wrote it, for which place of which volume, as which generation.
 *
 * Little-endian:
 *
 *      0  8  magic "VXSTAMP1"
 *      8  4  crc32c of the whole block with this field 0
 *     12  4  length of the block
 *     16  8  block number
 *     24  8  generation: grows with each write of this writer to this block
 *     32  8  life of the writer: when its journal began, so that what an earlier one wrote is told
 * apart 40  8  seed of the fill 48 32  name of the volume, NUL filled 80 32  name of the node, NUL
 * filled 112  ..  fill: made from the seed, so that it can be told where a torn block is torn
 *
 * Pure, any thread. In a header because each tool is one source file.
 */
#ifndef VX_TOOLS_STAMP_BLOCK_H
#define VX_TOOLS_STAMP_BLOCK_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/crc32c.h"

#define STAMP_NAME 32 /* with its NUL */
#define STAMP_MAGIC "VXSTAMP1"
#define STAMP_SIZE_MIN 512
#define STAMP_SIZE_MAX (1024 * 1024)

enum stamp_at {
	STAMP_AT_CRC = 8,
	STAMP_AT_LENGTH = 12,
	STAMP_AT_BLOCK = 16,
	STAMP_AT_GENERATION = 24,
	STAMP_AT_LIFE = 32,
	STAMP_AT_SEED = 40,
	STAMP_AT_VOLUME = 48,
	STAMP_AT_NODE = STAMP_AT_VOLUME + STAMP_NAME,
	STAMP_AT_FILL = STAMP_AT_NODE + STAMP_NAME,
};

struct stamp {
	uint64_t block, generation, life, seed;
	char volume[STAMP_NAME], node[STAMP_NAME];
};

enum stamp_verdict {
	STAMP_NONE, /* no magic */
	STAMP_TORN, /* magic, but not the block that was written */
	STAMP_WHOLE,
};

static inline void stamp_put64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static inline uint64_t stamp_get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

static inline void stamp_put32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static inline uint32_t stamp_get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

/* splitmix64: the next of a sequence that begins with *state. */
static inline uint64_t stamp_random(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static inline uint32_t stamp_crc(const uint8_t *data, size_t size)
{
	static const uint8_t zero[4];
	uint32_t crc = crc32c(0, data, STAMP_AT_CRC);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, data + STAMP_AT_LENGTH, size - STAMP_AT_LENGTH);
}

static inline void stamp_encode(uint8_t *data, size_t size, const struct stamp *stamp)
{
	uint64_t state = stamp->seed;

	memcpy(data, STAMP_MAGIC, 8);
	stamp_put32(data + STAMP_AT_LENGTH, (uint32_t)size);
	stamp_put64(data + STAMP_AT_BLOCK, stamp->block);
	stamp_put64(data + STAMP_AT_GENERATION, stamp->generation);
	stamp_put64(data + STAMP_AT_LIFE, stamp->life);
	stamp_put64(data + STAMP_AT_SEED, stamp->seed);
	memcpy(data + STAMP_AT_VOLUME, stamp->volume, STAMP_NAME);
	memcpy(data + STAMP_AT_NODE, stamp->node, STAMP_NAME);
	for (size_t at = STAMP_AT_FILL; at < size; at += 8) {
		stamp_put64(data + at, stamp_random(&state));
	}
	stamp_put32(data + STAMP_AT_CRC, stamp_crc(data, size));
}

/* out_stamp is filled unless there is none; of a torn block it is what its first bytes say. */
static inline enum stamp_verdict stamp_decode(const uint8_t *data, size_t size,
					      struct stamp *out_stamp)
{
	if (memcmp(data, STAMP_MAGIC, 8) != 0) {
		return STAMP_NONE;
	}
	out_stamp->block = stamp_get64(data + STAMP_AT_BLOCK);
	out_stamp->generation = stamp_get64(data + STAMP_AT_GENERATION);
	out_stamp->life = stamp_get64(data + STAMP_AT_LIFE);
	out_stamp->seed = stamp_get64(data + STAMP_AT_SEED);
	memcpy(out_stamp->volume, data + STAMP_AT_VOLUME, STAMP_NAME);
	memcpy(out_stamp->node, data + STAMP_AT_NODE, STAMP_NAME);
	out_stamp->volume[STAMP_NAME - 1] = '\0';
	out_stamp->node[STAMP_NAME - 1] = '\0';
	if (stamp_get32(data + STAMP_AT_LENGTH) != size ||
	    stamp_get32(data + STAMP_AT_CRC) != stamp_crc(data, size)) {
		return STAMP_TORN;
	}
	return STAMP_WHOLE;
}

/* First byte of the fill that its seed did not make; size if there is none (the head itself is
 * damaged). */
static inline size_t stamp_tear(const uint8_t *data, size_t size)
{
	uint64_t state = stamp_get64(data + STAMP_AT_SEED);

	for (size_t at = STAMP_AT_FILL; at < size; at += 8) {
		if (stamp_get64(data + at) != stamp_random(&state)) {
			return at;
		}
	}
	return size;
}

#endif
