/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a group by what they belong to, so that a volume's snapshot (volconf.h) costs what
 * the volume has, not what the group has. Main thread; valid as long as the configuration is.
 */
#ifndef VX_VOLIO_VOLCONF_INDEX_H
#define VX_VOLIO_VOLCONF_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "vxha.pb-c.h"

/* Record number "at" of its kind belongs to "owner"; of one owner in the configuration's order. */
struct volconf_key {
	uint64_t owner;
	size_t at;
};

struct volconf_index {
	const Vx__Config *config;
	struct volconf_key *key;  /* all, and in it: */
	struct volconf_key *vol;  /* by rid */
	struct volconf_key *dm;	  /* by rid */
	struct volconf_key *plex; /* by volume */
	struct volconf_key *sd;	  /* by plex */
};

/* Ends the process when memory is out, as a load does. */
void volconf_index_make(const Vx__Config *config, struct volconf_index *out_index);
void volconf_index_free(struct volconf_index *index);

/* Position in config->vol, or config->n_vol: there is none. */
size_t volconf_index_vol(const struct volconf_index *index, uint64_t rid);
const Vx__Dm *volconf_index_dm(const struct volconf_index *index, uint64_t rid);
/* The records of that owner, one after the other; *cursor begins with 0. NULL: no more. */
const Vx__Plex *volconf_index_plex(const struct volconf_index *index, uint64_t vol_rid,
				   const struct volconf_key **cursor);
const Vx__Sd *volconf_index_sd(const struct volconf_index *index, uint64_t plex_rid,
			       const struct volconf_key **cursor);

#endif
