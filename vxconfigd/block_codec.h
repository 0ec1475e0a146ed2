/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all blocks on disk have in common: a sealed head. What follows it is read and written
 * through the cursor (base/cursor.h) that is given.
 *
 * Pure. Everything is little-endian. Bytes of the head: DISK-FORMAT.md 1.
 */
#ifndef VX_VXCONFIGD_BLOCK_CODEC_H
#define VX_VXCONFIGD_BLOCK_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/limits.h"
#include "vxconfigd/disk_label.h"

#define BLOCK_MAJOR 1
#define BLOCK_MINOR 0

/* X(name, magic of 8 characters) */
#define BLOCK_KINDS(X) \
	X(LABEL, "vxhaLABL") \
	X(CLAIM, "vxhaCLAM") \
	X(CHECKPOINT, "vxhaCHKP") \
	X(RECORD, "vxhaJRNL") \
	X(MEMORY, "vxhaMEMO")

enum block_kind {
#define BLOCK_ENUM(name, magic) BLOCK_##name,
	BLOCK_KINDS(BLOCK_ENUM)
#undef BLOCK_ENUM
	BLOCK_KINDS_COUNT
};

enum block_offset {
	BLOCK_AT_MAGIC = 0,
	BLOCK_AT_MAJOR = 8,
	BLOCK_AT_MINOR = 10,
	BLOCK_AT_LENGTH = 12,
	BLOCK_AT_CRC = 16,
	BLOCK_AT_RESERVED = 20,
	BLOCK_AT_SEQUENCE = 24,
	BLOCK_AT_ID = 32,
	BLOCK_HEAD_BYTES = 96,
};
_Static_assert(BLOCK_AT_ID + DISK_ID_SIZE == BLOCK_HEAD_BYTES, "the head ends with the identity");

struct block_head {
	uint16_t minor;
	uint32_t length; /* bytes, a multiple of VX_BLOCK */
	uint32_t crc;
	uint64_t sequence;
	char id[DISK_ID_SIZE];
};

/* A cursor behind the head; everything behind the head is zeroed. */
struct cursor block_begin(uint8_t *data, size_t length);
/* Writes the head and the checksum over length bytes, a multiple of VX_BLOCK. Returns the checksum. */
uint32_t block_seal(enum block_kind kind, uint64_t sequence, const char *id, uint8_t *data,
		    size_t length);

/*
 * D1, D2: checks in the order length, magic, version, checksum, bounds of the head, and gives a cursor behind the
 * head. available: bytes that are there. 0; -VX_E_NOTFOUND: not such a block (blank, or something
 * else); -VX_E_VERSION: newer major; -VX_E_CORRUPT.
 */
int block_open(enum block_kind kind, const uint8_t *data, size_t available,
	       struct block_head *out_head, struct cursor *out_cursor);
/* The length that the head in the first VX_BLOCK bytes tells, not yet believed. Errors as above. */
int block_peek(enum block_kind kind, const uint8_t *data, uint32_t *out_length);


#endif
