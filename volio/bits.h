/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit maps of regions, in words of 64. Pure. */
#ifndef VX_VOLIO_BITS_H
#define VX_VOLIO_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline size_t bits_words(uint32_t bits)
{
	return ((size_t)bits + 63) / 64;
}

/* All clear; NULL when memory is out. free() it. */
static inline uint64_t *bits_new(uint32_t bits)
{
	return calloc(bits_words(bits), sizeof(uint64_t));
}

static inline bool bits_get(const uint64_t *map, uint32_t bit)
{
	return (map[bit / 64] >> (bit % 64) & 1) != 0;
}

static inline void bits_put(uint64_t *map, uint32_t bit, bool set)
{
	if (set) {
		map[bit / 64] |= UINT64_C(1) << (bit % 64);
	} else {
		map[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
	}
}

static inline void bits_put_all(uint64_t *map, uint32_t bits, bool set)
{
	for (uint32_t i = 0; i < bits; i++) {
		bits_put(map, i, set);
	}
}

static inline uint32_t bits_count(const uint64_t *map, uint32_t bits)
{
	uint32_t count = 0;

	for (size_t i = 0; i < bits_words(bits); i++) {
		count += (uint32_t)__builtin_popcountll(map[i]);
	}
	return count;
}

static inline void bits_or(uint64_t *map, const uint64_t *other, uint32_t bits)
{
	for (size_t i = 0; i < bits_words(bits); i++) {
		map[i] |= other[i];
	}
}

/* First set bit at or after from; bits if there is none. */
static inline uint32_t bits_next(const uint64_t *map, uint32_t from, uint32_t bits)
{
	while (from < bits) {
		uint64_t word = map[from / 64] >> (from % 64);

		if (word != 0) {
			from += (uint32_t)__builtin_ctzll(word);
			return from < bits ? from : bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return bits;
}

/* As bytes, bit 0 of byte 0 first; NULL when memory is out. free() it. */
static inline uint8_t *bits_bytes(const uint64_t *map, uint32_t bits)
{
	uint8_t *bytes = calloc(1, ((size_t)bits + 7) / 8);

	for (uint32_t i = 0; bytes != NULL && i < bits; i++) {
		bytes[i / 8] |= (uint8_t)(bits_get(map, i) << (i % 8));
	}
	return bytes;
}

/* The same from bytes, of which there are (bits + 7) / 8. */
static inline uint64_t *bits_of_bytes(const uint8_t *bytes, uint32_t bits)
{
	uint64_t *map = bits_new(bits);

	for (uint32_t i = 0; map != NULL && i < bits; i++) {
		bits_put(map, i, (bytes[i / 8] >> (i % 8) & 1) != 0);
	}
	return map;
}

#endif
