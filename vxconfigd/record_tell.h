/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change does to the records of a group, as text (--dry-run). Pure. */
#ifndef VX_VXCONFIGD_RECORD_TELL_H
#define VX_VXCONFIGD_RECORD_TELL_H

#include "vxha.pb-c.h"

typedef void record_line(void *ctx, const char *text);

/*
 * One line for each record that is removed, changed or added, with vxprint's types and states:
 *
 *	remove  sd d1-02
 *	change  pl v1-01  state=ACTIVE->IOFAIL kstate=ENABLED->DETACHED
 *	add     v  v2     usetype=fsgen len=20480 state=ACTIVE kstate=ENABLED ...
 *
 * before, after: NULL: there is no such group.
 */
void record_tell(const Vx__Config *before, const Vx__Config *after, record_line *line, void *ctx);

#endif
