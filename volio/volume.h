/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume as the main thread sees it: its holds, its devices, its recovery map, its end.
 *
 * The I/O of the volume is in its lane (vio.h); what is here sends calls there and hears of their
 * ends. Every done() comes from the loop, exactly once, never from inside the call that asked for
 * it.
 */
#ifndef VX_VOLIO_VOLUME_H
#define VX_VOLIO_VOLUME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "volio/differs.h"
#include "volio/front.h"
#include "volio/gather.h"
#include "volio/iod.h"
#include "volio/stale.h"
#include "volio/vio.h"

struct sync;

struct volume {
	LIST_ENTRY(volume) link;
	struct iod_group *group;
	struct volconf *conf;
	struct vio *vio;
	uint32_t holds;	       /* enum vio_hold: sent to the lane */
	uint64_t *map;	       /* recovery map as this node knows it; NULL: one plex, or not read */
	uint64_t map_sequence; /* of the map on disk */
	bool maps_ready;       /* the maps were read or made since the volume was loaded */
	struct stale stale;    /* what the plexes that are being attached lack (V31) */
	struct differs differs;
	bool window_open;      /* a window of a resync is set in the lane */
	struct sync *sync;     /* this node owns the resync */
	uint64_t sync_serial;  /* of its last window, over all resyncs */
	bool sync_cut;	       /* it was stopped in the middle: its window is still set everywhere */
	Vx__Task *task;	       /* a resync as its owner told it last; of any node */
	uint64_t task_seen_ms;
	void *device[FRONT_COUNT]; /* NULL: not there */
	bool read_only;
	bool leaving;	  /* being removed: no new opens */
	bool reading;	  /* its maps are being read */
	bool log_lost;	  /* its log lacks marks of a leaver: all of it is to be recovered (V15) */
	bool map_dropped; /* ... and its resync ended meanwhile: what is read is old */
	uint32_t busy;	  /* jobs and copies that use it */
	struct gather *busy_waiter;
	uint32_t map_writes; /* jobs that write its recovery map */
	SLIST_HEAD(volume_waiters, volume_waiter) map_waiters;
};

/* Makes a volume with these holds in the lane with the fewest; takes conf over. 0 or -ENOMEM. */
int volume_create(struct iod_group *group, struct volconf *conf, uint32_t holds,
		  struct volume **out_volume);
/*
 * Ends a volume: hold, drain, then either clean (flush, clear the active map) or fail with error;
 * devices vanish; memory is freed before gather's part ends. V16: clean only after everything
 * drained.
 */
void volume_remove(struct volume *volume, bool clean, int error, struct gather *gather);

/* Puts a hold; gather's part ends when nothing is in flight (-ECANCELED: released before). */
void volume_hold(struct volume *volume, enum vio_hold hold, struct gather *gather);
void volume_release(struct volume *volume, enum vio_hold hold);
/*
 * Held and drained: flushes it and clears the active map. gather's part: -VX_E_DIFFERS with the reason if regions
 * of it may differ since writes of this node.
 */
void volume_clean(struct volume *volume, struct gather *gather);
/* V37: what is parked fails, and writes for VX_LOCAL_MS. */
void volume_fail_writes(struct volume *volume);
/* Text on the slowest request in flight, or "": from what the lane said last; asks it again. */
void volume_slowest(struct volume *volume, void (*done)(void *ctx, const char *text), void *ctx);

/* Something in a worker or lane uses the volume: it cannot end before. Paired. */
void volume_busy_begin(struct volume *volume);
void volume_busy_end(struct volume *volume);

/* A worker writes its recovery map on disk. Paired. Who changes the log otherwise waits for the end, of a volume that
 * is held and drained (V36). */
void volume_map_write_begin(struct volume *volume);
void volume_map_write_end(struct volume *volume);
void volume_map_wait(struct volume *volume, struct gather *gather);

/*
 * Gives a held and drained volume another configuration (takes it over), with all that hangs on it at the
 * same moment: the recovery map of a volume without a log (taken over; NULL: as it is), what new
 * attaches lack, the end of a resync that cannot go on with it.
 */
void volume_apply(struct volume *volume, struct volconf *conf, uint64_t *map,
		  struct gather *gather);

/*
 * Reads the maps from the log (or makes them: full, for a volume without a log), gives them to the
 * lane and takes VIO_HOLD_MAPS away. The volume must be held and drained.
 */
void volume_read_maps(struct volume *volume, bool full, struct gather *gather);
/* Clears regions of the recovery map here and in the lane. healed: they are equal, whatever was told of
 * them until now (V12). */
void volume_clear_map(struct volume *volume, uint32_t first, uint32_t last, bool healed);
/* Adds regions to it. */
void volume_or_map(struct volume *volume, const uint64_t *map);
/* Takes map over as the recovery map of a volume whose log does not have it. */
void volume_set_map(struct volume *volume, uint64_t *map);
/* The same with all regions. */
void volume_set_map_full(struct volume *volume);
/* V20: no write of this node in [offset, offset + length); length 0: none. gather may be NULL. */
void volume_set_window(struct volume *volume, uint64_t offset, uint64_t length,
		       struct gather *gather);

/* Devices as the group's activation on this node says. */
void volume_update_devices(struct volume *volume);
/* May it be opened? 0 and the open is counted; -ENODEV, -EROFS, -EIO, -EMFILE. */
int volume_open(struct volume *volume, pid_t pid, const char *how, bool write,
		struct open_entry **out_entry);

#endif
