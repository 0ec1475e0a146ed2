/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for utilities: short-lived processes, which end at once when there is none. */
#ifndef VX_CMD_HEAP_H
#define VX_CMD_HEAP_H

#include <stdlib.h>
#include <string.h>

static inline void *heap_zero(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL) {
		abort();
	}
	return memory;
}

static inline char *heap_text(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL) {
		abort();
	}
	return copy;
}

#endif
