/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper process of fence.h: vxclustadm fenced --serve. */
#ifndef VX_AGENT_FENCE_HELPER_H
#define VX_AGENT_FENCE_HELPER_H

/* Until vxclustd closes its end of standard input, which it does also when it dies: exit code. */
int fence_helper_serve(void);

#endif
