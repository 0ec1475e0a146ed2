/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pacemaker's fencing history by libstonithd, loaded at run time: one build works with Pacemaker
 * 2.0 to 3.0. Pacemaker is met here and in pacemaker.c only. Every call blocks: for the helper
 * process and for utilities, never for a daemon.
 */
#ifndef VX_AGENT_FENCE_HISTORY_H
#define VX_AGENT_FENCE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct fence_history;

/* 0 or -ELIBACC (libstonithd is not installed). */
int fence_history_open(struct fence_history **out_history);
void fence_history_close(struct fence_history *history);

/*
 * By nodeid, or by name when that is not NULL. out_when_s: last successful fencing, 0 when none is
 * known. 0, or -ENOTCONN: nothing is known and Pacemaker's fencer does not run here.
 */
int fence_history_ask(struct fence_history *history, uint32_t nodeid, const char *name,
		      uint64_t *out_when_s, bool *out_pending);

#endif
