/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxconfigd -r reset: may this node begin with nothing loaded? */
#ifndef VX_VXCONFIGD_RESET_H
#define VX_VXCONFIGD_RESET_H

/* 0: not in a cluster, and its vxiod serves no volume. -VX_E_RECONF, -VX_E_OPEN or an error of
 * base/ipc.h, with a text in out_reason (VX_REASON_MAX). Waits for the daemons' answers. */
int reset_check(char *out_reason);

#endif
