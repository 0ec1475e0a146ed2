/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who wanted a change: told in the log, kept with its outcome (vxdctl audit). */
#ifndef VX_CONFIGD_AUTHOR_H
#define VX_CONFIGD_AUTHOR_H

#include <stdint.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

/* Of a request that came from node, proposed now. The caller frees it (proto_free). */
Vx__Author *author_new(const Vx__Request *request, const char *node);
/* "vxassist -g data make v1 10m (node b, uid 0, pid 4711)". NULL: nobody is known. */
const char *author_text(const Vx__Author *author, char out[VX_REASON_MAX]);

#endif
