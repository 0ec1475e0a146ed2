/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folding the active maps of lost nodes into a volume's recovery map, on disk, by a worker (V15).
 */
#ifndef VX_VOLIO_FOLD_H
#define VX_VOLIO_FOLD_H

#include <stdint.h>

#include "volio/gather.h"

struct volume;

#define FOLD_ALL_SLOTS UINT32_MAX

/* A part of gather ends when the maps of slots (bit set) are in the recovery map. The volume has a
 * log. */
void fold_volume(struct volume *volume, uint32_t slots, struct gather *gather);

#endif
