/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vxiod tells about itself: IodQuery -> IodReport. Main thread only. */
#ifndef VX_VOLIO_REPORT_H
#define VX_VOLIO_REPORT_H

#include "volio/iod.h"

/* Never NULL; vx__iod_report__free_unpacked() it. */
Vx__IodReport *report_make(struct iod *iod, const Vx__IodQuery *query);

#endif
