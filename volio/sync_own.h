/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sync_port.c and the reports need of the resyncs that this node owns (sync.c). */
#ifndef VX_VOLIO_SYNC_OWN_H
#define VX_VOLIO_SYNC_OWN_H

#include <stddef.h>
#include <stdint.h>

#include "vxha.pb-c.h"

struct volume;
struct notes;

/* Sends in the stream; a private group is its own stream. */
void sync_send(struct volume *volume, const Vx__IodMsg *msg);
/* It was told of these regions that they differ (V12). */
void sync_differs(struct volume *volume, const uint64_t *map);
/* The same of a volume that is not loaded here. */
void notes_differs(struct notes *notes, const char *dgid, uint64_t rid);
/* A vxiod said that its node has no write in the window serial. */
void sync_ack(struct volume *volume, uint32_t from, uint64_t serial);
/* The nodes whose word is missing, "" if none. */
void sync_waits_for(const struct volume *volume, char *out, size_t size);

#endif
