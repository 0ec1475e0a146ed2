/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32C (Castagnoli), the checksum of every vxha message and disk block. */
#ifndef VX_BASE_CRC32C_H
#define VX_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Checksum of length bytes, going on from crc (0 to begin). Any thread. */
uint32_t crc32c(uint32_t crc, const void *data, size_t length);
/* Of length bytes, with zeroes in the four at offset `at`: where the checksum itself goes. */
uint32_t crc32c_around(const void *data, size_t length, size_t at);

#endif
