/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folding the active maps of lost nodes into a volume's recovery map, on disk, by a worker (V15).
 */
#ifndef VX_VOLIO_FOLD_H
#define VX_VOLIO_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "volio/gather.h"

struct volume;

#define FOLD_ALL_SLOTS UINT32_MAX

/*
 * A part of gather ends when the maps of slots (bit set) are in the recovery map. The volume has a
 * log. in_view: one that cannot be written counts as lost, which all vxiods of the view are told
 * before; else that is the part's error.
 */
void fold_volume(struct volume *volume, uint32_t slots, bool in_view, struct gather *gather);

#endif
