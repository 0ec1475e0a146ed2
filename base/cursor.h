/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place in a buffer of little-endian fields, bounded: for every byte of ours on wire and disk.
 * Pure.
 *
 * A reader that goes past the end reads zeroes and its cursor becomes bad; a writer asserts.
 */
#ifndef VX_BASE_CURSOR_H
#define VX_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	uint8_t *data;
	size_t length, offset;
	bool bad;
	bool newer; /* of a newer minor: bytes that we do not know may be set */
};

struct cursor cursor_write(void *data, size_t length);
struct cursor cursor_read(const void *data, size_t length);

/* bytes: 1 to 8; value must fit. */
void cursor_put(struct cursor *cursor, uint64_t value, unsigned int bytes);
void cursor_put_bytes(struct cursor *cursor, const void *data, size_t length);
/* text must be shorter than size; the rest is zero. */
void cursor_put_text(struct cursor *cursor, const char *text, size_t size);

uint64_t cursor_get(struct cursor *cursor, unsigned int bytes);
/* The next length bytes, in place; NULL if there are not so many. */
const uint8_t *cursor_get_bytes(struct cursor *cursor, size_t length);
/* bad if there is no NUL or something behind it. */
void cursor_get_text(struct cursor *cursor, char *out_text, size_t size);
/* bad if a byte from here to the absolute offset end is set (not for a newer minor). */
void cursor_get_zero(struct cursor *cursor, size_t end);

#endif
