/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resyncs in the main thread: the pure core (resync.h) joined to port v, lanes and the log on disk;
 * and what this node does for resyncs of others (windows, progress).
 */
#ifndef VX_VOLIO_SYNC_H
#define VX_VOLIO_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxha.pb-c.h"

struct iod;
struct volume;
struct iod_group;
struct notes;

/* Begins the resyncs that this node owns, in all groups whose gate is open; tells what others wait
 * for. */
void sync_start_owned(struct iod *iod);
/* Stops this node's resync of the volume, if there is one; nothing new is begun. */
void sync_stop(struct volume *volume);
/* The same, in the middle of a view: its window is given back when another one begins, or does not. */
void sync_cut(struct volume *volume);
/* Holds were released or the configuration changed: a copy that could not go on may try again. */
void sync_retry(struct volume *volume);

/* Tells the view that the volume's log cannot be folded, so that all of it is to be recovered (V15);
 * false: the view's protocol has no word for it. */
bool sync_tell_lost(struct volume *volume);
/* A message of a vxiod of the view (its own as well), in the order of the stream. */
void sync_receive(struct iod *iod, uint32_t from, const uint8_t *data, size_t size);
/* The view closed: windows and words of other nodes count no more (V19). */
void sync_forget(struct iod *iod);

/* Words about volumes that are not loaded yet, kept for their loading. */
int notes_create(struct notes **out_notes);
void notes_free(struct notes *notes);
void notes_clear_group(struct notes *notes, const char *dgid);
/* Applies what was heard about a volume that is now loaded. */
void notes_apply(struct iod *iod, struct volume *volume);

#endif
