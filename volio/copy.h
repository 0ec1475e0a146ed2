/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying a window of a volume from its source plex to others, in the volume's lane.
 *
 * VX_COPY_SLOTS pieces of VX_IO_BYTES at a time, shared by all volumes of the lane. The copy counts
 * as in flight; a hold on the volume ends it early (-ECANCELED). At the end the plexes are flushed
 * (V24).
 */
#ifndef VX_VOLIO_COPY_H
#define VX_VOLIO_COPY_H

#include "volio/vio.h"

struct copy_job {
	struct lane_call call;	 /* ends with 0, -ECANCELED, or the error of a disk */
	uint64_t offset, length; /* aligned to blocks; the window is held (V20) */
	uint32_t targets;	 /* bit set of plexes */
	uint64_t cursor;
	uint32_t pieces; /* in flight */
	int error;
	bool unreadable; /* no complete plex could be read somewhere */
	TAILQ_ENTRY(copy_job) link;
};

void copy_run(struct lane_call *call);

#endif
