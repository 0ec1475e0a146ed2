// SPDX-License-Identifier: GPL-2.0-or-later
/* How often something that died is started again. */
#include "cpg/restart.h"

#include <stdbool.h>

#include "base/limits.h"
#include "base/timeouts.h"

static bool restart_is_over(const struct restart *restart, uint64_t now_ms)
{
	return restart->count == 0 || now_ms - restart->first_ms >= VX_CONFIGD_STARTS_MS;
}

int64_t restart_wait_ms(const struct restart *restart, uint64_t now_ms)
{
	uint64_t due_ms;

	if (restart_is_over(restart, now_ms)) {
		return 0;
	}
	if (restart->count >= VX_CONFIGD_STARTS_MAX) {
		return -1;
	}
	due_ms = restart->last_ms + ((uint64_t)VX_CONFIGD_START_MS << (restart->count - 1));
	return due_ms > now_ms ? (int64_t)(due_ms - now_ms) : 0;
}

void restart_note(struct restart *restart, uint64_t now_ms)
{
	if (restart_is_over(restart, now_ms)) {
		restart->count = 0;
		restart->first_ms = now_ms;
	}
	restart->count++;
	restart->last_ms = now_ms;
}
