/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume inside its lane: the path of a request from a front end to the disks and back.
 *
 *   io_submit -> gate (holds) -> range lock -> dirty region mark -> legs, one for each plex -> done
 *
 * Used by the lane's thread only, unless a function says otherwise. The rules V4..V24 are in
 * DESIGN.md.
 */
#ifndef VX_VOLIO_VIO_H
#define VX_VOLIO_VIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "volio/lane.h"
#include "volio/range_lock.h"
#include "volio/stuck.h"
#include "volio/volconf.h"

/* Why a volume takes no new I/O; any one is enough (V4). */
enum vio_hold {
	VIO_HOLD_CLUSTER = 1 << 0, /* gate of the shared volumes */
	VIO_HOLD_TXN = 1 << 1,	   /* IodSuspend */
	VIO_HOLD_CONF = 1 << 2,	   /* its configuration changes, or it is being removed */
	VIO_HOLD_MAPS = 1 << 3,	   /* its maps were not read yet */
};

enum io_kind { IO_READ, IO_WRITE, IO_ZERO, IO_DISCARD, IO_FLUSH };

enum io_state {
	IO_FREE,
	IO_FRONT,  /* the front end has it */
	IO_GATE,   /* waits for the gate */
	IO_RANGE,  /* waits for its range */
	IO_ACTIVE, /* in flight: drained by a hold */
	IO_PARKED, /* failed on a plex or the log, waits for another configuration (V7) */
};

struct io_request {
	struct vio *vio;
	/* Set by the front end. Inside the volume; length > 0 but for a flush. */
	enum io_kind kind;
	bool durable;		 /* FUA */
	uint64_t offset, length; /* bytes */
	uint8_t *data;		 /* write: where the data is; read: where it was put, for done() */
	void (*done)(struct io_request *request, int error);
	void *front;	 /* the front end's */
	uint8_t *buffer; /* the request's memory, IO_BUFFER_BYTES */
	/* The engine's. */
	enum io_state state;
	TAILQ_ENTRY(io_request) link;
	struct range_lock range;
	uint64_t start, end;			  /* offset and its end, aligned to blocks */
	uint32_t block;				  /* of that length */
	uint64_t cursor;			  /* legs were made up to here */
	uint32_t plexes;			  /* bit set: where the legs go */
	uint32_t legs;				  /* in flight */
	void (*next)(struct io_request *request); /* when the legs are done */
	uint32_t failed; /* bit set of plexes that a write did not reach, that could not be read */
	int error;
	bool marked;	/* counted in the dirty region log */
	bool unwritten; /* parked because of the log */
	bool reached;	/* a flush, or a write of which something was sent to the plexes */
	bool synced;	/* durable zeroes: the flush after them is done */
	uint32_t region_first, region_last;
	uint64_t began_us;
	uint32_t parked_ticks; /* with an open gate */
	const struct iodisk *slow_disk; /* where the last leg went */
};

#define IO_EDGE VX_BLOCK			/* largest block of a disk */
#define IO_EDGES_AT (VX_IO_BYTES + 2 * IO_EDGE) /* two blocks to read edges into */
#define IO_BUFFER_BYTES (IO_EDGES_AT + 2 * IO_EDGE)

/* Who waits for a free request. */
struct vio_waiter {
	TAILQ_ENTRY(vio_waiter) link;
	void (*ready)(struct vio_waiter *waiter);
	bool queued;
};
TAILQ_HEAD(vio_waiter_list, vio_waiter);

/* A plex or log that failed, told to the main thread; one on its way for each volume and direction.
 */
struct vio_trouble {
	struct mail mail;
	struct vio *vio;
	uint64_t plex_rid, offset, length;
	int error;
	bool write;
	atomic_bool posted; /* cleared by the main thread when it has read it */
};

/* Regions are stuck that were not told yet; the same. */
struct vio_stuck {
	struct mail mail;
	struct vio *vio;
	atomic_bool posted;
};

struct vio_log; /* the I/O of the dirty region log: vio_log.c */

struct vio {
	struct lane *lane;
	LIST_ENTRY(vio) link;
	const struct volconf *conf;
	void *owner; /* main thread: the volume */
	uint32_t hold;
	int dead;     /* not 0: every request fails with it (V8) */
	uint32_t fail_ticks; /* so long writes fail at once (V37) */
	bool retry;   /* the configuration changed: parked requests run again when the gate opens */
	bool opening; /* the queue at the gate is being let go */
	uint32_t in_flight; /* issued requests, log writes, copies */
	struct io_request_list gate, parked, marking;
	struct range_set ranges;
	struct lane_call_list drains;
	struct vio_log *log; /* NULL: none */
	uint64_t *recover;   /* regions that may differ: read from the source only (V22); NULL with
				one plex */
	uint32_t recover_count;
	struct range_lock window;      /* of a resync, here or elsewhere (V20) */
	struct lane_call *window_call; /* waits until no write is in the window */
	uint32_t read_turn;
	struct io_request *request; /* VX_VOLUME_REQUESTS of them */
	struct io_request_list free;
	struct vio_waiter_list waiters;
	uint32_t waiting; /* of them */
	uint32_t used;	  /* requests that are not free */
	uint32_t filling; /* of those: a client is still sending their data (V34) */
	struct lane_call *detach_call;
	uint8_t *memory;
	struct vio_trouble trouble[2]; /* read, write */
	struct stuck stuck;	       /* V12 */
	struct vio_stuck stuck_mail;
	struct io_counters counters;
	_Atomic uint32_t shown_in_flight, shown_dirty, shown_recover;
	_Atomic uint64_t shown_log_writes;
};

/* Main thread. Makes a volume with these holds; it is not in its lane yet. 0 or -ENOMEM. */
int vio_create(struct lane *lane, const struct volconf *conf, uint32_t hold, void *owner,
	       void (*trouble)(struct mail *mail), void (*stuck)(struct mail *mail),
	       struct vio **out_vio);
/* Main thread, after vio_run_detach(). */
void vio_destroy(struct vio *vio);

/* Bodies of lane calls; call->vio is the volume. */
void vio_run_attach(struct lane_call *call);
void vio_run_detach(struct lane_call *call); /* ends when no front end has a request */

/* For front ends. A free request, NULL: none (then vio_wait). */
struct io_request *io_request_get(struct vio *vio);
void io_request_put(struct io_request *request);
void vio_wait(struct vio *vio, struct vio_waiter *waiter);
void vio_unwait(struct vio *vio, struct vio_waiter *waiter);
/* Hands a request over; done() is called exactly once, perhaps before this returns. */
void io_submit(struct io_request *request);
/* Ends a request that waits at the gate: it never reaches a disk. false: it does not wait there. */
bool io_withdraw(struct io_request *request, int error);
/* How much of [offset, offset + length) fits into one request of that kind. */
uint64_t io_cut(enum io_kind kind, uint64_t offset, uint64_t length);

#endif
