/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk groups that this node's vxconfigd last ran, for when it does not run: their volumes go
 * on without it. Read from its notes in the run folder.
 */
#ifndef VX_CMD_LAST_KNOWN_H
#define VX_CMD_LAST_KNOWN_H

#include "vxha.pb-c.h"

/* An answer with these groups in state "disabled", to be freed with vx__reply__free_unpacked();
 * none if there are no notes. */
Vx__Reply *last_known_groups(void);

#endif
