/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vxclustd remembers on the node's own disk: the highest epoch it ever saw (R7), the
 * preference, why it left. Small files, replaced as a whole (base/state_file.h). Any thread.
 */
#ifndef VX_CPG_STORE_H
#define VX_CPG_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

struct store {
	uint64_t last_epoch;
	int32_t preference;
	bool joined;		    /* it is in a view: why it left before is void */
	char reason[VX_REASON_MAX]; /* why it left, for `vxclustadm nodestate`; never read */
};

/* Reads the file; a missing one means zeros. -VX_E_CORRUPT: it is not ours or damaged. */
int store_read(struct store *out_store);
/* Durable when it returns 0; else -errno. The reason, if there is one, is best effort. */
int store_write(const struct store *store);
/* Room for the next store_write(): what can be written now can be written then. 0 or -errno. */
int store_reserve(void);
/* What an error of the two means, with the file's name. */
void store_explain(int error, char out_reason[VX_REASON_MAX]);

#endif
