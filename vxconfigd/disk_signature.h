/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What else may live on a disk: known marks of file systems, partition tables and volume managers. Pure. */
#ifndef VX_VXCONFIGD_DISK_SIGNATURE_H
#define VX_VXCONFIGD_DISK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#define DISK_SIGNATURE_BYTES (128 * 1024) /* so much of the start of a disk is looked at */

/* What the first length bytes of a disk look like, or NULL for nothing known. */
const char *disk_signature_find(const uint8_t *data, size_t length);

#endif
