/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often something that died is started again (R16). */
#ifndef VX_CPG_RESTART_H
#define VX_CPG_RESTART_H

#include <stdint.h>

struct restart {
	unsigned int count; /* starts since first_ms */
	uint64_t first_ms, last_ms;
};

/* How long to wait with the next start: 0, it is due; -1, there were too many. */
int64_t restart_wait_ms(const struct restart *restart, uint64_t now_ms);
void restart_note(struct restart *restart, uint64_t now_ms);

#endif
