/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dirty region log of a volume in its lane: the pure core (drl.h) joined to log plexes and
 * requests.
 *
 * Made by the main thread with what was read from disk (drl_disk.h), given to the lane by a call.
 */
#ifndef VX_VOLIO_VIO_LOG_H
#define VX_VOLIO_VIO_LOG_H

#include "volio/vio.h"

/*
 * Main thread. A log for slot. active: bits found set in the slot's map (they become stuck, V12),
 * may be NULL; sequence: highest sequence found in it. 0 or -ENOMEM.
 */
int vio_log_create(const struct volconf *conf, uint32_t slot, const uint64_t *active,
		   uint64_t sequence, struct vio_log **out_log);
void vio_log_free(struct vio_log *log);

/* New maps for a held and drained volume; what was there before comes back in the same fields. */
struct vio_maps {
	struct lane_call call;
	struct vio_log *log;
	uint64_t *recover;
	bool keep_log; /* only the recovery map is new */
};
void vio_run_maps(struct lane_call *call);

/* Clears bits call.first..last of the recovery map, or all of it. */
struct vio_clear {
	struct lane_call call;
	uint32_t first, last;
	bool healed;	/* they were made equal after what is not fresh of the stuck ones was told (V12) */
	uint32_t stuck; /* out: that are left */
};
void vio_run_clear(struct lane_call *call);

/* Takes stuck regions to tell them (V12): those that are fresh, or all. -EAGAIN: it has not so many regions. */
struct vio_take {
	struct lane_call call;
	bool all;
	uint64_t *map;
	uint32_t regions, count;
};
void vio_run_take(struct lane_call *call);

/* A new configuration for a held and drained volume; ends with the old one in conf. */
struct vio_apply {
	struct lane_call call;
	const struct volconf *conf;
	bool logs_changed;
	struct stuck stuck; /* empty, of other regions; out: the ones before */
	/* out, the caller frees them: the volume has no log, or other regions */
	struct vio_log *dropped_log;
	uint64_t *dropped_recover;
};
void vio_run_apply(struct lane_call *call);

/* Held and drained: flushes the plexes and clears every bit that is not stuck, durably. -EIO: some stay, or without
 * a log the plexes may differ. */
struct vio_clean {
	struct lane_call call;
	struct io_request flush;
};
void vio_run_clean(struct lane_call *call);

/*
 * The window of a resync (V20): no write is in [start, end) when the call ends, and none goes in
 * until the next window. start == end: none. A window that is still awaited ends with -ECANCELED.
 */
struct vio_window {
	struct lane_call call;
	uint64_t start, end;
};
void vio_run_window(struct lane_call *call);

#endif
