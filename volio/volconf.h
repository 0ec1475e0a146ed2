/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One volume as the I/O threads need it: a checked, immutable snapshot of the configuration.
 *
 * Made by the main thread from the records of a group, handed to the volume's I/O thread at a quiet
 * moment, freed by the main thread when the next one has taken its place (V3) and no worker reads or
 * writes maps by it. Offsets are bytes.
 */
#ifndef VX_VOLIO_VOLCONF_H
#define VX_VOLIO_VOLCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "volio/iodisk.h"
#include "volio/layout.h"
#include "volio/volconf_index.h"
#include "vxha.pb-c.h"

struct volconf_plex {
	uint64_t rid;
	uint64_t attach; /* number of its last attach, 0: none */
	bool filling;	 /* that attach goes on */
	char name[VX_NAME_MAX + 1];
	struct layout layout;
};

/* Counted are the transfers of each subdisk: a plex is their sum. */
struct volconf_subdisk {
	uint64_t rid, plex_rid;
	char name[VX_NAME_MAX + 1];
	struct io_counters counters;
};

struct volconf {
	uint32_t uses; /* main thread: whoever still needs it frees it */
	char group[VX_NAME_MAX + 1], name[VX_NAME_MAX + 1], dgid[128];
	uint64_t rid;
	uint64_t length; /* bytes */
	uint32_t minor;
	bool enabled;	/* takes I/O */
	bool is_new;	/* VOL_SYNC, VOL_NEEDSYNC: plexes were never made equal */
	bool was_clean; /* VOL_CLEAN: stopped in order */
	uint32_t block; /* largest block of its disks */
	Vx__ReadPolicy read_policy;
	uint32_t prefer;	   /* index of the preferred plex */
	struct volconf_plex *plex; /* ACTIVE ones, then those that are being attached */
	uint32_t plexes;	   /* ACTIVE: are read; the first is the source (V21) */
	uint32_t written;	   /* with those that are being attached (V31) */
	struct volconf_plex *log; /* enabled log plexes */
	uint32_t logs;
	struct iodisk **disk; /* layout_extent.disk is an index here */
	uint32_t disks;
	struct volconf_subdisk *subdisk; /* layout_extent.subdisk is an index here */
	uint32_t subdisks;
	uint64_t region_bytes; /* also of a volume without a log: unit of its resync */
	uint32_t regions;      /* 0: one plex, nothing to keep equal */
};

/* Finds or gives the disk of a diskid; NULL: not there. */
typedef struct iodisk *volconf_disk_fn(void *ctx, const char *diskid);

/*
 * Builds and checks the snapshot of vol. Each disk is got (iodisk_get). 0; -VX_E_INVAL,
 * -VX_E_NODISK, -ENOMEM with a text in out_reason. *out_conf is set unless memory is out, also
 * after a failure, and belongs to the caller: it may hold disks.
 */
int volconf_make(const struct volconf_index *index, const Vx__Vol *vol, volconf_disk_fn *find,
		 void *ctx, struct volconf **out_conf, char *out_reason);
/* One more who will free it: a job of a worker, which outlives a change of the configuration. */
struct volconf *volconf_get(struct volconf *conf);
void volconf_free(struct iodisk_set *set, struct volconf *conf);
/* Would I/O and its log go the same way? Names count as well. */
bool volconf_is_same(const struct volconf *a, const struct volconf *b);
bool volconf_logs_are_same(const struct volconf *a, const struct volconf *b);
bool volconf_attaches_are_same(const struct volconf *a, const struct volconf *b);
/* What old has counted, subdisk by subdisk; nothing of it is in flight. */
void volconf_take_counters(struct volconf *conf, const struct volconf *old);
/* Can devices be made of it? */
bool volconf_is_usable(const struct volconf *conf);
/* Plexes with a part on that disk (an index), a bit set: all of them failed when it could not be flushed. */
uint32_t volconf_plexes_on(const struct volconf *conf, uint32_t disk);
/* The disk ids that the volume needs: calls fn for each (again for each use). */
void volconf_need_disks(const struct volconf_index *index, const Vx__Vol *vol,
			void (*fn)(void *ctx, const Vx__Dm *dm), void *ctx);

#endif
