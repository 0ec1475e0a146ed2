/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vxvol startall: one change when every volume of the group can be started. When that is refused,
 * each half of them is tried alone, and so on down to the volumes that are to blame: these are told,
 * the others are started.
 */
#ifndef VX_CMD_START_ALL_H
#define VX_CMD_START_ALL_H

#include "vxconfigd/cmd/tool_run.h"

/* Exit code; that of VX_E_NOTSTARTED if only some could be started. */
int start_all(const struct tool_io *io, const struct command *command);

#endif
