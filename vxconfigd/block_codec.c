// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of all blocks on disk, and bounded cursors. */
#include "vxconfigd/block_codec.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"

#define BLOCK_MAGIC_BYTES 8

static const char *const block_magic[BLOCK_KINDS_COUNT] = {
#define BLOCK_ROW(name, magic, text) [BLOCK_##name] = magic,
	BLOCK_KINDS(BLOCK_ROW)
#undef BLOCK_ROW
};

static const char *const block_text[BLOCK_KINDS_COUNT] = {
#define BLOCK_ROW(name, magic, text) [BLOCK_##name] = text,
	BLOCK_KINDS(BLOCK_ROW)
#undef BLOCK_ROW
};

const char *block_kind_text(enum block_kind kind)
{
	return block_text[kind];
}

void block_put(struct block_cursor *cursor, uint64_t value, unsigned int bytes)
{
	assert(bytes <= sizeof(value) && cursor->length - cursor->offset >= bytes);
	for (unsigned int i = 0; i < bytes; i++) {
		cursor->data[cursor->offset++] = (uint8_t)(value >> (8 * i));
	}
	assert(bytes == sizeof(value) || value >> (8 * bytes) == 0);
}

void block_put_bytes(struct block_cursor *cursor, const void *data, size_t length)
{
	assert(cursor->length - cursor->offset >= length);
	if (length > 0) {
		memcpy(cursor->data + cursor->offset, data, length);
	}
	cursor->offset += length;
}

void block_put_text(struct block_cursor *cursor, const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	assert(length < size && cursor->length - cursor->offset >= size);
	memset(cursor->data + cursor->offset, 0, size);
	memcpy(cursor->data + cursor->offset, text, length);
	cursor->offset += size;
}

/* Takes length bytes; NULL and bad if there are not so many. */
static const uint8_t *block_take(struct block_cursor *cursor, size_t length)
{
	if (cursor->bad || cursor->length - cursor->offset < length) {
		cursor->bad = true;
		return NULL;
	}
	cursor->offset += length;
	return cursor->data + cursor->offset - length;
}

uint64_t block_get(struct block_cursor *cursor, unsigned int bytes)
{
	const uint8_t *data = block_take(cursor, bytes);
	uint64_t value = 0;

	assert(bytes <= sizeof(value));
	for (unsigned int i = 0; data != NULL && i < bytes; i++) {
		value |= (uint64_t)data[i] << (8 * i);
	}
	return value;
}

void block_get_text(struct block_cursor *cursor, char *out_text, size_t size)
{
	const uint8_t *data = block_take(cursor, size);

	memset(out_text, 0, size);
	if (data == NULL) {
		return;
	}

	size_t length = strnlen((const char *)data, size);

	for (size_t i = length; i < size; i++) {
		cursor->bad |= data[i] != 0;
	}
	if (length == size) {
		cursor->bad = true;
		return;
	}
	memcpy(out_text, data, length);
}

void block_get_zero(struct block_cursor *cursor, size_t end)
{
	assert(end >= cursor->offset);

	const uint8_t *data = block_take(cursor, end - cursor->offset);
	size_t length = data != NULL && !cursor->newer ? (size_t)(cursor->data + end - data) : 0;

	for (size_t i = 0; i < length; i++) {
		cursor->bad |= data[i] != 0;
	}
}

struct block_cursor block_begin(uint8_t *data, size_t length)
{
	assert(length >= VX_BLOCK && length % VX_BLOCK == 0);
	memset(data, 0, length);
	return (struct block_cursor){ .data = data, .length = length, .offset = BLOCK_HEAD_BYTES };
}

/* The checksum covers the whole block, with zeroes in its own place. */
static uint32_t block_crc(const uint8_t *data, size_t length)
{
	static const uint8_t zero[BLOCK_AT_RESERVED - BLOCK_AT_CRC];
	uint32_t crc = crc32c(0, data, BLOCK_AT_CRC);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, data + BLOCK_AT_RESERVED, length - BLOCK_AT_RESERVED);
}

uint32_t block_seal(enum block_kind kind, uint64_t sequence, const char *id, uint8_t *data,
		    size_t length)
{
	struct block_cursor cursor = { .data = data, .length = BLOCK_HEAD_BYTES };

	assert(length >= VX_BLOCK && length % VX_BLOCK == 0 && length <= UINT32_MAX);
	block_put_bytes(&cursor, block_magic[kind], BLOCK_MAGIC_BYTES);
	block_put(&cursor, BLOCK_MAJOR, 2);
	block_put(&cursor, BLOCK_MINOR, 2);
	block_put(&cursor, length, 4);
	block_put(&cursor, 0, 4);
	block_put(&cursor, 0, 4);
	block_put(&cursor, sequence, 8);
	block_put_text(&cursor, id, DISK_ID_SIZE);
	assert(cursor.offset == BLOCK_HEAD_BYTES);

	uint32_t crc = block_crc(data, length);

	cursor.offset = BLOCK_AT_CRC;
	block_put(&cursor, crc, 4);
	return crc;
}

int block_peek(enum block_kind kind, const uint8_t *data, uint32_t *out_length)
{
	/* The cursor only reads: the cast takes nothing away from the promise of const. */
	struct block_cursor cursor = { .data = (uint8_t *)data, .length = BLOCK_HEAD_BYTES,
				       .offset = BLOCK_AT_MAJOR };

	if (memcmp(data, block_magic[kind], BLOCK_MAGIC_BYTES) != 0) {
		return -VX_E_NOTFOUND;
	}

	unsigned int major = (unsigned int)block_get(&cursor, 2);

	if (major != BLOCK_MAJOR) {
		return major > BLOCK_MAJOR ? -VX_E_VERSION : -VX_E_CORRUPT;
	}
	block_get(&cursor, 2);

	uint32_t length = (uint32_t)block_get(&cursor, 4);

	if (length < VX_BLOCK || length % VX_BLOCK != 0) {
		return -VX_E_CORRUPT;
	}
	*out_length = length;
	return 0;
}

int block_open(enum block_kind kind, const uint8_t *data, size_t available,
	       struct block_head *out_head, struct block_cursor *out_cursor)
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

	struct block_cursor cursor = { .data = (uint8_t *)data, .length = length,
				       .offset = BLOCK_AT_MINOR };
	struct block_head head = { .length = length };

	head.minor = (uint16_t)block_get(&cursor, 2);
	cursor.newer = head.minor > BLOCK_MINOR;
	cursor.offset = BLOCK_AT_CRC;
	head.crc = (uint32_t)block_get(&cursor, 4);
	if (head.crc != block_crc(data, length)) {
		return -VX_E_CORRUPT;
	}
	block_get_zero(&cursor, BLOCK_AT_SEQUENCE);
	head.sequence = block_get(&cursor, 8);
	block_get_text(&cursor, head.id, DISK_ID_SIZE);
	if (cursor.bad) {
		return -VX_E_CORRUPT;
	}
	*out_head = head;
	*out_cursor = cursor;
	return 0;
}
