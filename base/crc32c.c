// SPDX-License-Identifier: GPL-2.0-or-later
/* CRC-32C: by the CPU's instruction where there is one, else bit by bit. */
#include "base/crc32c.h"

#include <assert.h>
#include <string.h>

#define CRC32C_POLY 0x82f63b78u

static uint32_t crc32c_bytes(uint32_t crc, const uint8_t *byte, size_t length)
{
	while (length-- > 0) {
		crc ^= *byte++;
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (CRC32C_POLY & (0u - (crc & 1u)));
		}
	}
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_cpu(uint32_t crc, const uint8_t *byte,
							     size_t length)
{
	uint64_t wide = crc, word;

	for (; length >= sizeof(word); length -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	while (length-- > 0) {
		crc = __builtin_ia32_crc32qi(crc, *byte++);
	}
	return crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t length)
{
	crc = ~crc;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2")) {
		return ~crc32c_cpu(crc, data, length);
	}
#endif
	return ~crc32c_bytes(crc, data, length);
}

uint32_t crc32c_around(const void *data, size_t length, size_t at)
{
	static const uint8_t zero[4];
	const uint8_t *byte = data;
	size_t behind = at + sizeof(zero);

	assert(behind <= length);
	return crc32c(crc32c(crc32c(0, byte, at), zero, sizeof(zero)), byte + behind,
		      length - behind);
}
