/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A front end: one way in which applications reach volumes. The table of them is in iod.c.
 *
 * The functions run in the main thread and do not block. A front end serves a volume in the
 * volume's lane: it gets requests (io_request_get), submits them (io_submit), answers its clients.
 * It asks for every open with volume_open() and tells its end with opens_remove().
 */
#ifndef VX_VOLIO_FRONT_H
#define VX_VOLIO_FRONT_H

#include <stddef.h>

#include "vxha.pb-c.h"

struct gather;
struct iod;
struct volume;

struct front_ops {
	const char *name;
	/* Starts the front end as a whole. 0, or -errno after it logged why: the others go on
	 * without it. */
	int (*start)(struct iod *iod, void **out_front);
	void (*stop)(void *front);
	/*
	 * Could these devices appear? A part of gather, which ends with an error and the reason if
	 * one could not. NULL: they always could.
	 */
	void (*check)(void *front, const Vx__IodDevices *devices, struct gather *gather);
	/* Makes the device of a volume appear, now or once what is in the way is gone. 0 or -errno.
	 */
	int (*add)(void *front, struct volume *volume, void **out_device);
	/*
	 * Makes it vanish: no new opens at once; who has it open gets errors. done(ctx) when the
	 * lane uses nothing of it any more; requests that wait or are in flight are ended first, by
	 * the volume being dead or drained.
	 */
	void (*remove)(void *front, void *device, void (*done)(void *ctx), void *ctx);
	/* Why the device is not there, "" if it is or is about to be. NULL: it always is. */
	const char *(*trouble)(const void *device);
	/* Where applications find it: a path or URI. */
	void (*where)(void *front, const struct volume *volume, char *out, size_t size);
};

#define FRONTS(X) X(fuse) X(nbd)

#define FRONT_DECLARE(name) extern const struct front_ops front_##name;
FRONTS(FRONT_DECLARE)
#undef FRONT_DECLARE

enum front_id {
#define FRONT_ENUM(name) FRONT_##name,
	FRONTS(FRONT_ENUM)
#undef FRONT_ENUM
		FRONT_COUNT
};

#endif
