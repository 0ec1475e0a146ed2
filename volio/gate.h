/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bodies of the lane calls that close and open a volume's gate (V4, V8). call->vio is the volume.
 */
#ifndef VX_VOLIO_GATE_H
#define VX_VOLIO_GATE_H

#include "volio/lane.h"

/* Puts the holds call->bits; ends with 0 when nothing is in flight, -ECANCELED if they were
 * released before. */
void gate_run_hold(struct lane_call *call);
/* Takes the holds call->bits away; the last one lets the queue go. */
void gate_run_release(struct lane_call *call);
/* Makes the volume dead with the error call->result; ends when nothing is in flight. */
void gate_run_fail(struct lane_call *call);

/* V37: what is parked fails now, and writes for VX_LOCAL_MS; ends at once. */
void gate_run_fail_writes(struct lane_call *call);

/* Names the slowest request: text is "" when nothing is in flight. */
struct gate_slow {
	struct lane_call call;
	char text[512];
};
void gate_run_slowest(struct lane_call *call);

#endif
