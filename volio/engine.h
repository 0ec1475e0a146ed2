/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the I/O path inside a lane have of each other. Lane's thread only. */
#ifndef VX_VOLIO_ENGINE_H
#define VX_VOLIO_ENGINE_H

#include "base/timeouts.h"
#include "volio/vio.h"

#define REQUEST_OF(member, pointer) \
	((struct io_request *)((char *)(pointer)-offsetof(struct io_request, member)))

/* What is in trouble is told again: vxconfigd may have missed it. */
#define IO_TELL_TICKS (5000 / VX_DRL_TICK_MS)

/* gate.c: what is in flight; what waits */
void gate_enter(struct vio *vio);
void gate_leave(struct vio *vio);
void gate_queue(struct io_request *request);

/* request.c: one request on its way */
void io_start(struct io_request *request);
void io_write(struct io_request *request); /* its regions are marked */
void io_park(struct io_request *request);
void io_retry_parked(struct vio *vio);
void io_expire_parked(struct vio *vio);
void io_fail_writes(struct vio *vio);  /* V37 */
void io_fail_waiting(struct vio *vio); /* dead: everything that is not issued fails now */
void io_range_leave(struct vio *vio, struct range_lock *lock);
/* Tells the main thread; plex is an index, of the log plexes if is_log. */
void io_trouble(struct vio *vio, uint32_t plex, bool is_log, bool write, uint64_t offset,
		uint64_t length, int error);
/* Plex to read [start, end) from, none of those in not_these; -1: there is none. */
int io_read_plex(struct vio *vio, uint64_t start, uint64_t end, uint32_t not_these);

/* legs.c: transfers to and from disks */
int legs_start(struct lane *lane);
void legs_stop(struct lane *lane);
void legs_run(
	struct io_request *request); /* cursor to end on request->plexes, then request->next() */
void legs_edges(
	struct io_request *request); /* the blocks at both ends, into the edges of the buffer */
void legs_flush(struct io_request *request);

/* vio_log.c: the dirty region log */
void vio_log_tick(struct vio *vio);
bool vio_log_begin(struct io_request *request); /* true: its regions are marked on disk */
void vio_log_end(struct io_request *request);
/* The cache of a disk (an index) with plexes was lost: no mark is taken back (V11). */
void vio_log_flush_failed(struct vio *vio, uint32_t disk);
/* Marks stay (V12), or one not any more. */
void vio_log_stick(struct vio *vio, uint32_t first, uint32_t last);
void vio_log_unstick(struct vio *vio, uint32_t region);
void vio_log_stick_marked(struct vio *vio); /* all regions that are marked are stuck */
void vio_recover_show(struct vio *vio);	    /* how many regions are under recovery */
void vio_log_tell(struct vio *vio); /* io_trouble() for the log plex that failed */
void vio_log_again(
	struct io_request *request); /* a parked, unwritten request waits for its mark again */

/* vio_stuck.c */
void vio_stick(const struct io_request *request); /* its write or flush ended in parts (V12) */
void vio_stuck_show(struct vio *vio);		  /* tells the main thread that there are some */

/* copy.c */
int copy_start(struct lane *lane);
void copy_stop(struct lane *lane);
void copy_cancel(struct vio *vio); /* of its copies nothing more begins: it is held, or dead */

#endif
