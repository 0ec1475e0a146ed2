/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the volumes of a group have lost: with disks that are not there any more (T14), and from
 * one configuration to the next, in words for the log.
 */
#ifndef VX_VXCONFIGD_LOSSES_H
#define VX_VXCONFIGD_LOSSES_H

#include <stdbool.h>

#include "vxha.pb-c.h"

/*
 * Detaches, as after a write error, what has a part on a disk that is not seen: log plexes, and
 * plexes that another one stands in for. A volume that has none left is not started, and its plexes
 * stay as they are, for the day when the disk is back; if somebody runs it (in_use), it is left
 * alone. Pure. True if anything was changed.
 */
bool losses_leave_out(Vx__Config *config, bool (*is_seen)(void *ctx, const char *diskid), void *ctx,
		      bool in_use);

/* Forced: disks that are not seen hold no copies any more, so that the others decide alone. */
void losses_drop_copies(Vx__Config *config, bool (*is_seen)(void *ctx, const char *diskid),
			void *ctx);

/* Logs what is worse in after. before: NULL if nothing is known. */
void losses_tell(const Vx__Config *before, const Vx__Config *after);

#endif
