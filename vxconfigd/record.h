/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of one disk group in memory: finding, changing, checking records.
 *
 * Pure: no clock, I/O, thread, randomness, log. A configuration is a Vx__Config that was unpacked
 * or cloned (every pointer in it is from malloc), kept with records of a kind in order of rid.
 * Functions that make something abort when memory is out; everything else fails without a trace.
 * A text in out_reason needs VX_REASON_MAX bytes; out_reason must not be NULL.
 */
#ifndef VX_VXCONFIGD_RECORD_H
#define VX_VXCONFIGD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxha.pb-c.h"

/*
 * Changes config by delta: deletes remove (a rid that is not there is an error: the delta was made
 * for another content), puts replace the record with the same rid or add it, next_rid 0 leaves it.
 * The result is checked with config_check(). On failure config is untouched;
 * after success pointers to its records are stale.
 * 0, -VX_E_INVAL with a text in out_reason. Does not change epoch, seq and outcomes.
 */
int config_apply(Vx__Config *config, const Vx__Delta *delta, char *out_reason);

/*
 * One of many changes in a row: config_apply() without the check, which costs as much as the whole
 * content and is the caller's after the last one. After a failure config is of no use.
 */
int config_replay(Vx__Config *config, const Vx__Delta *delta, char *out_reason);

/* The delta that makes before into after, of the same group. vx__delta__free_unpacked() frees it.
 */
Vx__Delta *config_diff(const Vx__Config *before, const Vx__Config *after);
/* No record is put or deleted. */
bool delta_is_empty(const Vx__Delta *delta);

/*
 * What must always hold: names unique and valid, references exist, subdisks inside their disk and
 * not overlapping, plexes covering their volume, a started volume with an active plex, at least
 * one configuration copy, limits of base/limits.h. 0, -VX_E_INVAL with a text in out_reason.
 */
int config_check(const Vx__Config *config, char *out_reason);

/* Hash of the records (not of epoch, seq, outcomes): equal on every node for equal contents. */
uint64_t config_hash(const Vx__Config *config);

/*
 * Remembers an outcome (txid is 16 bytes), dropping the oldest beyond VX_OUTCOMES_MAX. The author
 * is copied; NULL: not known.
 */
void config_outcome_add(Vx__Config *config, const uint8_t *txid, bool committed,
			const Vx__Author *author);
const Vx__Outcome *config_outcome_find(const Vx__Config *config, const uint8_t *txid);

/* Records by name or rid; NULL if there is none. All names of a group are in one space. */
Vx__Vol *config_vol(const Vx__Config *config, const char *name);
Vx__Vol *config_vol_rid(const Vx__Config *config, uint64_t rid);
Vx__Plex *config_plex(const Vx__Config *config, const char *name);
Vx__Plex *config_plex_rid(const Vx__Config *config, uint64_t rid);
Vx__Dm *config_dm(const Vx__Config *config, const char *name);
Vx__Dm *config_dm_rid(const Vx__Config *config, uint64_t rid);
Vx__Dm *config_dm_disk(const Vx__Config *config, const char *diskid);
Vx__Sd *config_sd(const Vx__Config *config, const char *name);
/* The name of the disk that has this id; the id if there is none. */
const char *config_disk_name(const Vx__Config *config, const char *diskid);
bool config_name_used(const Vx__Config *config, const char *name);

/* New records with the next rid and a copy of name; everything else is zero. Owned by config. */
Vx__Dm *config_dm_add(Vx__Config *config, const char *name);
Vx__Vol *config_vol_add(Vx__Config *config, const char *name);
Vx__Plex *config_plex_add(Vx__Config *config, const char *name);
Vx__Sd *config_sd_add(Vx__Config *config, const char *name);
/* Removes one record, whatever its kind (not what refers to it). False: there is no such rid. */
bool config_remove(Vx__Config *config, uint64_t rid);
/* Removes a plex with its subdisks, a volume with its plexes. */
void config_plex_remove(Vx__Config *config, uint64_t rid);
void config_vol_remove(Vx__Config *config, uint64_t rid);

/* calloc() that aborts when memory is out. count 0 is allowed. */
void *record_alloc(size_t count, size_t size);

/* A plex that serves reads and gets writes of its volume: data, ACTIVE and ENABLED. */
bool plex_is_good(const Vx__Plex *plex);
/* A plex that gets writes of its volume and is being filled: it serves no reads. */
bool plex_is_attaching(const Vx__Plex *plex);

/* 1 to VX_NAME_MAX characters of [A-Za-z0-9_.-], the first neither '-' nor '.'. NULL is not valid.
 */
bool record_name_valid(const char *name);

/*
 * Digits and an optional unit: b or s (sectors), k, m, g, t, p (binary); no unit: sectors.
 * -VX_E_SYNTAX for what is no size, -ERANGE for more than VX_SECTORS_MAX.
 */
int record_size_parse(const char *text, uint64_t *out_sectors);

#endif
