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
/* Blocks until the I/O of a killed vxiod has ended. 0; -VX_E_BUSY: a vxiod runs. Writes to stderr.
 */
int settle_run(void);
/* Removes mounts below the device folder whose server is dead, and the files below them. */
void settle_mounts(void);

#endif
