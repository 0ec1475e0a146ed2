/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of one disk group in memory: finding, changing, checking records.
 *
 * Pure: no clock, I/O, thread, randomness, log. A configuration is a Vx__Config that was unpacked
 * or cloned (every pointer in it is from malloc), kept with records of a kind in order of rid.
 */
#ifndef VX_VXCONFIGD_RECORD_H
#define VX_VXCONFIGD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "vxha.pb-c.h"

/* A new, independent copy. Aborts when memory is out. Free with vx__config__free_unpacked(). */
Vx__Config *config_clone(const Vx__Config *config);

/*
 * Changes config by delta: puts replace the record with the same rid or add it, deletes remove.
 * The result is checked with config_check(). On failure config is untouched.
 * 0, -VX_E_INVAL with a text in out_reason (VX_REASON_MAX). Does not change epoch and seq.
 */
int config_apply(Vx__Config *config, const Vx__Delta *delta, char *out_reason);

/* What must always hold: names unique and valid, references exist, subdisks inside their disk and
 * not overlapping, plexes covering their volume, limits of base/limits.h. 0 or -VX_E_INVAL. */
int config_check(const Vx__Config *config, char *out_reason);

/* Hash of the records (not of epoch, seq, outcomes): equal on every node for equal contents. */
uint64_t config_hash(const Vx__Config *config);

/* Remembers an outcome, dropping the oldest beyond VX_OUTCOMES_MAX. */
void config_outcome_add(Vx__Config *config, const uint8_t *txid, bool committed);
const Vx__Outcome *config_outcome_find(const Vx__Config *config, const uint8_t *txid);

/* Records by name or rid; NULL if there is none. Plexes and subdisks share no names with others. */
Vx__Vol *config_vol(const Vx__Config *config, const char *name);
Vx__Vol *config_vol_rid(const Vx__Config *config, uint64_t rid);
Vx__Plex *config_plex(const Vx__Config *config, const char *name);
Vx__Plex *config_plex_rid(const Vx__Config *config, uint64_t rid);
Vx__Dm *config_dm(const Vx__Config *config, const char *name);
Vx__Dm *config_dm_rid(const Vx__Config *config, uint64_t rid);
Vx__Sd *config_sd(const Vx__Config *config, const char *name);
bool config_name_used(const Vx__Config *config, const char *name);

/* 1 to VX_NAME_MAX characters of [A-Za-z0-9_.-], not beginning with '-' or '.'. */
bool record_name_valid(const char *name);

/* "200m", "5g", "1000s" (sectors), "2048" (sectors) -> sectors. -VX_E_SYNTAX for what is no size. */
int record_size_parse(const char *text, uint64_t *out_sectors);

#endif
