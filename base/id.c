// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids. */
#include "base/id.h"

#include <stdlib.h>
#include <sys/random.h>

static void id_random(void *out, size_t length)
{
	if (getrandom(out, length, 0) != (ssize_t)length) {
		abort(); /* cannot fail for 256 bytes or less once the kernel is up */
	}
}

void id_make(uint8_t out_id[ID_BYTES])
{
	id_random(out_id, ID_BYTES);
}

uint64_t id_make_u64(void)
{
	uint64_t id = 0;

	while (id == 0) {
		id_random(&id, sizeof(id));
	}
	return id;
}

void id_text(const uint8_t *id, size_t length, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*out++ = digit[id[i] >> 4];
		*out++ = digit[id[i] & 15];
	}
	*out = '\0';
}
