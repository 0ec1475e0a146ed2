/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of stamp share: exit statuses, reading numbers and names, opening the volume.
 *
 * A wrong argument or set-up ends the program with a message and STAMP_EXIT_USAGE.
 */
#ifndef VX_TOOLS_STAMP_TOOL_H
#define VX_TOOLS_STAMP_TOOL_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/tools/stamp_block.h"

#define STAMP_NUMBER_MAX (UINT64_C(1) << 50)
#define STAMP_BLOCK_SIZE 4096 /* unless -b says another */

enum stamp_exit { STAMP_EXIT_VIOLATION = 1, STAMP_EXIT_USAGE = 2, STAMP_EXIT_IO = 3 };

__attribute__((format(printf, 1, 2), noreturn)) static inline void stamp_refuse(const char *format,
										...)
{
	va_list list;

	fputs("stamp: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\nstamp: 'stamp --help' shows how it is used\n", stderr);
	exit(STAMP_EXIT_USAGE);
}

static inline uint64_t stamp_number(const char *what, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || value < min ||
	    value > max) {
		stamp_refuse("%s '%s' is no number from %" PRIu64 " to %" PRIu64, what, text, min,
			     max);
	}
	return value;
}

static inline uint32_t stamp_block_size(const char *text)
{
	uint64_t size = stamp_number("-b", text, STAMP_SIZE_MIN, STAMP_SIZE_MAX);

	if ((size & (size - 1)) != 0) {
		stamp_refuse("-b '%s' is no power of two", text);
	}
	return (uint32_t)size;
}

/* out is STAMP_NAME bytes, NUL filled. */
static inline void stamp_name(const char *what, const char *text, char *out)
{
	size_t length = strlen(text);

	if (length == 0 || length >= STAMP_NAME) {
		stamp_refuse("%s '%s' has no length from 1 to %d", what, text, STAMP_NAME - 1);
	}
	memset(out, 0, STAMP_NAME);
	memcpy(out, text, length);
}

static inline int stamp_open(const char *path, int flags)
{
	int fd = open(path, flags | O_DIRECT | O_CLOEXEC);

	if (fd < 0) {
		stamp_refuse("%s: %s", path, strerror(errno));
	}
	return fd;
}

/* Whole blocks of the file or device. */
static inline uint64_t stamp_blocks(const char *path, int fd, uint32_t block_size)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0) {
		stamp_refuse("%s: %s", path, strerror(errno));
	}
	return (uint64_t)size / block_size;
}

/* Memory for O_DIRECT, zeroed; never NULL. */
static inline void *stamp_memory(uint64_t count, size_t size)
{
	size_t bytes;
	void *data;

	if (__builtin_mul_overflow(count, size, &bytes) ||
	    posix_memalign(&data, 4096, bytes + 1) != 0) {
		stamp_refuse("out of memory");
	}
	return memset(data, 0, bytes);
}

static inline const char *stamp_journal_error(int error)
{
	return error == -EBADMSG ? "no journal of stamp, or damaged" : strerror(-error);
}

#endif
