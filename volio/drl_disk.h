/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing whole maps of a dirty region log, blocking: for worker threads, never for a
 * lane.
 *
 * What cannot be read or does not decode counts as dirty (V14), so nothing here fails for that; the
 * log plexes that gave errors are named, so that vxconfigd can be told.
 */
#ifndef VX_VOLIO_DRL_DISK_H
#define VX_VOLIO_DRL_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "volio/volconf.h"

struct drl_disk {
	const struct volconf *conf; /* with at least one log plex */
	uint32_t failed;	    /* out: bit set of log plexes with I/O errors */
	bool corrupt;		    /* out: some block decoded on no log plex */
	bool newer;		    /* out: ... for a newer program wrote it */
};

/* Reads the recovery map into map (or'ed). */
void drl_disk_read_recovery(struct drl_disk *log, uint64_t *map, uint64_t *out_sequence);
/* Reads the active map of a slot into map (or'ed). */
void drl_disk_read_active(struct drl_disk *log, uint32_t slot, uint64_t *map,
			  uint64_t *out_sequence);
/* Writes the recovery map durably with a sequence that is higher than before. -EIO: on no log plex.
 */
int drl_disk_write_recovery(struct drl_disk *log, const uint64_t *map, uint64_t sequence);

/*
 * V15: folds the active maps of slots (bit set) into the recovery map: the recovery map is durable
 * before an active map is cleared, so that it can be done again at any point. out_regions: that it
 * then has. -VX_E_VERSION: it is the log of a newer program, nothing was written.
 */
int drl_disk_fold(struct drl_disk *log, uint32_t slots, uint32_t *out_regions);
/*
 * V32: a new log, durable: header, recovery map as given (NULL: all clear), active maps clear.
 * live: other log plexes of the volume, which are in use: what they have is added, with their
 * sequences, so that nothing is forgotten if they are lost. NULL: there are none.
 */
int drl_disk_format(struct drl_disk *log, struct drl_disk *live, const uint64_t *recover);
/*
 * V33: the log of old, whose volume is quiet on all nodes, becomes that of log's configuration. If
 * the regions change all maps are written, and what any had is in the new recovery map; else the
 * active maps stay.
 */
int drl_disk_reshape(struct drl_disk *log, const struct volconf *old);

#endif
