/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server for vxconfigd, and for questions of vxclustadm: requests in, answers and events out.
 * Main thread only. */
#ifndef VX_VOLIO_CONTROL_H
#define VX_VOLIO_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "volio/iod.h"

struct volume;

int control_create(struct iod *iod, struct control **out_control);
void control_free(struct control *control);

/* Askers are connections by number: an answer goes to one if it is still there. */
bool control_asker_is_there(const struct iod *iod, uint64_t asker);
void control_answer(struct iod *iod, uint64_t asker, uint64_t cookie, int error,
		    const char *reason);

/* Events to every connection. */
void control_plex_error(struct volume *volume, uint64_t plex_rid, uint64_t offset, uint64_t length,
			bool write, int error);
void control_synced(struct volume *volume, uint64_t regions, uint64_t all_regions, uint64_t ms,
		    const uint64_t *attach, uint32_t attaches);
/* I/O errors on log plexes (bit set of their indexes). */
void control_log_errors(struct volume *volume, uint32_t plexes);

#endif
