// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of all blocks on disk. */
#include "vxconfigd/block_codec.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/mutant.h"

#define BLOCK_MAGIC_BYTES 8

static const char *const block_magic[BLOCK_KINDS_COUNT] = {
#define BLOCK_ROW(name, magic) [BLOCK_##name] = magic,
	BLOCK_KINDS(BLOCK_ROW)
#undef BLOCK_ROW
};

struct cursor block_begin(uint8_t *data, size_t length)
{
	assert(length >= VX_BLOCK && length % VX_BLOCK == 0);
	memset(data, 0, length);

	struct cursor cursor = cursor_write(data, length);

	cursor.offset = BLOCK_HEAD_BYTES;
	return cursor;
}

uint32_t block_seal(enum block_kind kind, uint64_t sequence, const char *id, uint8_t *data,
		    size_t length)
{
	struct cursor cursor = cursor_write(data, BLOCK_HEAD_BYTES);

	assert(length >= VX_BLOCK && length % VX_BLOCK == 0 && length <= UINT32_MAX);
	cursor_put_bytes(&cursor, block_magic[kind], BLOCK_MAGIC_BYTES);
	cursor_put(&cursor, BLOCK_MAJOR, 2);
	cursor_put(&cursor, BLOCK_MINOR, 2);
	cursor_put(&cursor, length, 4);
	cursor_put(&cursor, 0, 4);
	cursor_put(&cursor, 0, 4);
	cursor_put(&cursor, sequence, 8);
	cursor_put_text(&cursor, id, DISK_ID_SIZE);
	assert(cursor.offset == BLOCK_HEAD_BYTES);

	uint32_t crc = crc32c_around(data, length, BLOCK_AT_CRC);

	cursor.offset = BLOCK_AT_CRC;
	cursor_put(&cursor, crc, 4);
	return crc;
}

int block_peek(enum block_kind kind, const uint8_t *data, uint32_t *out_length)
{
	struct cursor cursor = cursor_read(data, BLOCK_HEAD_BYTES);

	if (memcmp(cursor_get_bytes(&cursor, BLOCK_MAGIC_BYTES), block_magic[kind], BLOCK_MAGIC_BYTES) != 0) {
		return -VX_E_NOTFOUND;
	}

	unsigned int major = (unsigned int)cursor_get(&cursor, 2);

	if (major != BLOCK_MAJOR) {
		return major > BLOCK_MAJOR ? -VX_E_VERSION : -VX_E_CORRUPT;
	}
	cursor_get(&cursor, 2);

	uint32_t length = (uint32_t)cursor_get(&cursor, 4);

	if (length < VX_BLOCK || length % VX_BLOCK != 0) {
		return -VX_E_CORRUPT;
	}
	*out_length = length;
	return 0;
}

int block_open(enum block_kind kind, const uint8_t *data, size_t available,
	       struct block_head *out_head, struct cursor *out_cursor)
{
	uint32_t length;

	if (available < VX_BLOCK) {
		return -VX_E_CORRUPT;
	}

	int rc = block_peek(kind, data, &length);

	if (rc != 0) {
		return rc;
	}
	if (length > available) {
		return -VX_E_CORRUPT;
	}

	struct cursor cursor = cursor_read(data, length);
	struct block_head head = { .length = length };

	cursor.offset = BLOCK_AT_MINOR;
	head.minor = (uint16_t)cursor_get(&cursor, 2);
	cursor.newer = head.minor > BLOCK_MINOR;
	cursor.offset = BLOCK_AT_CRC;
	head.crc = (uint32_t)cursor_get(&cursor, 4);
	if (head.crc != crc32c_around(data, length, BLOCK_AT_CRC) && !MUTANT(D1_CHECKSUM)) {
		return -VX_E_CORRUPT;
	}
	cursor_get_zero(&cursor, BLOCK_AT_SEQUENCE);
	head.sequence = cursor_get(&cursor, 8);
	cursor_get_text(&cursor, head.id, DISK_ID_SIZE);
	if (cursor.bad) {
		return -VX_E_CORRUPT;
	}
	*out_head = head;
	*out_cursor = cursor;
	return 0;
}
