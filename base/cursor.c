// SPDX-License-Identifier: GPL-2.0-or-later
/* Little-endian fields, bounded. */
#include "base/cursor.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

struct cursor cursor_write(void *data, size_t length)
{
	return (struct cursor){ .data = data, .length = length };
}

struct cursor cursor_read(const void *data, size_t length)
{
	/* cursor_get...() only read: nothing is taken away from the promise of const */
	return (struct cursor){ .data = (uint8_t *)(uintptr_t)data, .length = length };
}

/* Takes length bytes; NULL and bad if there are not so many. */
static uint8_t *cursor_take(struct cursor *cursor, size_t length)
{
	if (cursor->bad || cursor->length - cursor->offset < length) {
		cursor->bad = true;
		return NULL;
	}
	cursor->offset += length;
	return cursor->data + cursor->offset - length;
}

static uint8_t *cursor_room(struct cursor *cursor, size_t length)
{
	uint8_t *data = cursor_take(cursor, length);

	assert(data != NULL);
	return data;
}

void cursor_put(struct cursor *cursor, uint64_t value, unsigned int bytes)
{
	uint64_t little = htole64(value);

	assert(bytes <= sizeof(value));
	assert(bytes == sizeof(value) || value >> (8 * bytes) == 0);
	memcpy(cursor_room(cursor, bytes), &little, bytes);
}

void cursor_put_bytes(struct cursor *cursor, const void *data, size_t length)
{
	uint8_t *room = cursor_room(cursor, length);

	if (length > 0) {
		memcpy(room, data, length);
	}
}

void cursor_put_text(struct cursor *cursor, const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	uint8_t *room = cursor_room(cursor, size);

	assert(length < size);
	memset(room, 0, size);
	memcpy(room, text, length);
}

uint64_t cursor_get(struct cursor *cursor, unsigned int bytes)
{
	const uint8_t *data = cursor_take(cursor, bytes);
	uint64_t little = 0;

	assert(bytes <= sizeof(little));
	if (data != NULL) {
		memcpy(&little, data, bytes);
	}
	return le64toh(little);
}

const uint8_t *cursor_get_bytes(struct cursor *cursor, size_t length)
{
	return cursor_take(cursor, length);
}

void cursor_get_text(struct cursor *cursor, char *out_text, size_t size)
{
	const uint8_t *data = cursor_take(cursor, size);

	memset(out_text, 0, size);
	if (data == NULL) {
		return;
	}

	size_t length = strnlen((const char *)data, size);

	if (length == size || memcmp(data + length, data + length + 1, size - length - 1) != 0) {
		cursor->bad = true;
		return;
	}
	memcpy(out_text, data, length);
}

void cursor_get_zero(struct cursor *cursor, size_t end)
{
	assert(end >= cursor->offset);

	const uint8_t *data = cursor_take(cursor, end - cursor->offset);
	size_t length = data != NULL && !cursor->newer ? (size_t)(cursor->data + end - data) : 0;

	/* each byte is as the one before it, and the first one is 0 */
	cursor->bad |= length > 0 && (data[0] != 0 || memcmp(data, data + 1, length - 1) != 0);
}
