/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a killed vxiod: wait until none of its I/O can still be in flight, remove its dead mounts.
 *
 * V29: the disks that vxiod has open are named in a file before the first I/O goes to them.
 */
#ifndef VX_VOLIO_SETTLE_H
#define VX_VOLIO_SETTLE_H

#include <stddef.h>

void settle_list_path(char *out, size_t size);
/*
 * Blocks until the I/O of a killed vxiod has ended, for limit_ms at most (0: for ever). 0, or an error
 * with a text in out_reason (VX_REASON_MAX): I/O may be in flight. Not while another vxiod runs.
 * Removes mounts below the device folder whose server is dead, and the files below them.
 */
int settle_run(unsigned int limit_ms, char *out_reason);

#endif
