// SPDX-License-Identifier: GPL-2.0-or-later
/* Configurations: copying, hashing, finding records, outcomes, names and sizes. */
#include "vxconfigd/record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/record_list.h"

void *record_alloc(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (memory == NULL) {
		abort();
	}
	return memory;
}

/* FNV-1a: equal contents are what is asked, nobody forges here. */
uint64_t config_hash(const Vx__Config *config)
{
	Vx__Config records = *config;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	uint8_t *data;
	size_t length;

	records.epoch = 0;
	records.seq = 0;
	records.n_outcome = 0;
	records.outcome = NULL;
	data = proto_pack(&records, &length);
	for (size_t i = 0; i < length; i++) {
		hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
	}
	free(data);
	return hash;
}

const Vx__Outcome *config_outcome_find(const Vx__Config *config, const uint8_t *txid)
{
	for (size_t i = config->n_outcome; i > 0; i--) {
		const Vx__Outcome *outcome = config->outcome[i - 1];

		if (outcome->txid.len == ID_BYTES &&
		    memcmp(outcome->txid.data, txid, ID_BYTES) == 0) {
			return outcome;
		}
	}
	return NULL;
}

static void config_outcome_drop(Vx__Config *config, size_t index)
{
	vx__outcome__free_unpacked(config->outcome[index], NULL);
	config->n_outcome--;
	memmove(config->outcome + index, config->outcome + index + 1,
		(config->n_outcome - index) * sizeof(*config->outcome));
}

void config_outcome_add(Vx__Config *config, const uint8_t *txid, bool committed,
			const Vx__Author *author)
{
	Vx__Outcome *outcome = record_alloc(1, sizeof(*outcome));
	Vx__Outcome **list;

	for (size_t i = config->n_outcome; i > 0; i--) {
		const Vx__Outcome *old = config->outcome[i - 1];

		if (old->txid.len == ID_BYTES && memcmp(old->txid.data, txid, ID_BYTES) == 0) {
			config_outcome_drop(config, i - 1);
		}
	}
	while (config->n_outcome >= VX_OUTCOMES_MAX) {
		config_outcome_drop(config, 0);
	}
	vx__outcome__init(outcome);
	outcome->txid.data = record_alloc(1, ID_BYTES);
	outcome->txid.len = ID_BYTES;
	memcpy(outcome->txid.data, txid, ID_BYTES);
	outcome->epoch = config->epoch;
	outcome->seq = config->seq;
	outcome->committed = committed;
	outcome->author = author != NULL ? proto_clone(author) : NULL;
	list = realloc(config->outcome, (config->n_outcome + 1) * sizeof(*list));
	if (list == NULL) {
		abort();
	}
	list[config->n_outcome++] = outcome;
	config->outcome = list;
}

static void *config_by_name(const Vx__Config *config, enum record_kind kind, const char *name)
{
	return record_list_named(record_list(config, kind), name);
}

static void *config_by_rid(const Vx__Config *config, enum record_kind kind, uint64_t rid)
{
	struct record_list list = record_list(config, kind);
	size_t index = record_list_find(list, rid);

	return index < *list.count ? (*list.item)[index] : NULL;
}

Vx__Vol *config_vol(const Vx__Config *config, const char *name)
{
	return config_by_name(config, RECORD_VOL, name);
}

Vx__Vol *config_vol_rid(const Vx__Config *config, uint64_t rid)
{
	return config_by_rid(config, RECORD_VOL, rid);
}

Vx__Plex *config_plex(const Vx__Config *config, const char *name)
{
	return config_by_name(config, RECORD_PLEX, name);
}

Vx__Plex *config_plex_rid(const Vx__Config *config, uint64_t rid)
{
	return config_by_rid(config, RECORD_PLEX, rid);
}

Vx__Dm *config_dm(const Vx__Config *config, const char *name)
{
	return config_by_name(config, RECORD_DM, name);
}

Vx__Dm *config_dm_rid(const Vx__Config *config, uint64_t rid)
{
	return config_by_rid(config, RECORD_DM, rid);
}

Vx__Sd *config_sd(const Vx__Config *config, const char *name)
{
	return config_by_name(config, RECORD_SD, name);
}

Vx__Dm *config_dm_disk(const Vx__Config *config, const char *diskid)
{
	for (size_t i = 0; i < config->n_dm; i++) {
		if (strcmp(config->dm[i]->diskid, diskid) == 0) {
			return config->dm[i];
		}
	}
	return NULL;
}

const char *config_disk_name(const Vx__Config *config, const char *diskid)
{
	const Vx__Dm *dm = config_dm_disk(config, diskid);

	return dm != NULL ? dm->name : diskid;
}

bool config_name_used(const Vx__Config *config, const char *name)
{
	for (enum record_kind kind = 0; kind < RECORD_KINDS; kind++) {
		if (config_by_name(config, kind, name) != NULL) {
			return true;
		}
	}
	return false;
}

bool plex_is_good(const Vx__Plex *plex)
{
	return !plex->is_log && plex->state == VX__PLEX_STATE__PLEX_ACTIVE &&
	       plex->kstate == VX__KSTATE__KS_ENABLED;
}

bool plex_is_attaching(const Vx__Plex *plex)
{
	return !plex->is_log && plex->kstate == VX__KSTATE__KS_ENABLED &&
	       (plex->state == VX__PLEX_STATE__PLEX_TEMPRMSD ||
		plex->state == VX__PLEX_STATE__PLEX_STALE);
}

bool record_name_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	size_t length;

	if (name == NULL || name[0] == '-' || name[0] == '.') {
		return false;
	}
	length = strspn(name, allowed);
	return length >= 1 && length <= VX_NAME_MAX && name[length] == '\0';
}

/* How many bits a unit shifts a number of sectors; -1: no such unit. */
static int record_unit_shift(char unit)
{
	switch (unit) {
	case '\0': case 'b': case 'B': case 's': case 'S':
		return 0;
	case 'k': case 'K':
		return 1;
	case 'm': case 'M':
		return 11;
	case 'g': case 'G':
		return 21;
	case 't': case 'T':
		return 31;
	case 'p': case 'P':
		return 41;
	case 'e': case 'E':
		return 51;
	default:
		return -1;
	}
}

int record_size_parse(const char *text, uint64_t *out_sectors)
{
	uint64_t number = 0;
	bool too_big = false;
	size_t digits = 0;
	int shift;

	for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
		number = number * 10 + (uint64_t)(text[digits] - '0');
		too_big = too_big || number > VX_SECTORS_MAX;
		number = too_big ? 0 : number;
	}
	shift = record_unit_shift(text[digits]);
	if (digits == 0 || shift < 0 || (text[digits] != '\0' && text[digits + 1] != '\0')) {
		return -VX_E_SYNTAX;
	}
	if (too_big || number > VX_SECTORS_MAX >> shift) {
		return -ERANGE;
	}
	*out_sectors = number << shift;
	return 0;
}
