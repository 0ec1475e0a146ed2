// SPDX-License-Identifier: GPL-2.0-or-later
/* The records of a group by what they belong to. */
#include "volio/volconf_index.h"

#include <stdlib.h>

#include "base/log.h"

static int volconf_key_compare(const void *a, const void *b)
{
	const struct volconf_key *x = a, *y = b;

	return x->owner != y->owner ? (x->owner > y->owner) - (x->owner < y->owner) :
				      (x->at > y->at) - (x->at < y->at);
}

/* The first key of that owner, or where it would be. */
static const struct volconf_key *volconf_key_first(const struct volconf_key *key, size_t count,
						   uint64_t owner)
{
	while (count > 0) {
		size_t half = count / 2;

		if (key[half].owner < owner) {
			key += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return key;
}

/* The next key of that owner after *cursor (NULL: the first one), or NULL. */
static const struct volconf_key *volconf_key_next(const struct volconf_key *key, size_t count,
						  uint64_t owner, const struct volconf_key **cursor)
{
	*cursor = *cursor == NULL ? volconf_key_first(key, count, owner) : *cursor + 1;
	return *cursor < key + count && (*cursor)->owner == owner ? *cursor : NULL;
}

void volconf_index_make(const Vx__Config *config, struct volconf_index *out_index)
{
	struct volconf_key *key = calloc(config->n_vol + config->n_dm + config->n_plex + config->n_sd + 1,
					 sizeof(*key));

	if (key == NULL) {
		log_bug("out of memory");
	}
	*out_index = (struct volconf_index){ .config = config, .key = key };
	out_index->vol = key;
	for (size_t i = 0; i < config->n_vol; i++) {
		*key++ = (struct volconf_key){ config->vol[i]->rid, i };
	}
	out_index->dm = key;
	for (size_t i = 0; i < config->n_dm; i++) {
		*key++ = (struct volconf_key){ config->dm[i]->rid, i };
	}
	out_index->plex = key;
	for (size_t i = 0; i < config->n_plex; i++) {
		*key++ = (struct volconf_key){ config->plex[i]->vol_rid, i };
	}
	out_index->sd = key;
	for (size_t i = 0; i < config->n_sd; i++) {
		*key++ = (struct volconf_key){ config->sd[i]->plex_rid, i };
	}
	qsort(out_index->vol, config->n_vol, sizeof(*key), volconf_key_compare);
	qsort(out_index->dm, config->n_dm, sizeof(*key), volconf_key_compare);
	qsort(out_index->plex, config->n_plex, sizeof(*key), volconf_key_compare);
	qsort(out_index->sd, config->n_sd, sizeof(*key), volconf_key_compare);
}

void volconf_index_free(struct volconf_index *index)
{
	free(index->key);
	*index = (struct volconf_index){ 0 };
}

size_t volconf_index_vol(const struct volconf_index *index, uint64_t rid)
{
	const struct volconf_key *cursor = NULL;
	const struct volconf_key *key =
		volconf_key_next(index->vol, index->config->n_vol, rid, &cursor);

	return key != NULL ? key->at : index->config->n_vol;
}

const Vx__Dm *volconf_index_dm(const struct volconf_index *index, uint64_t rid)
{
	const struct volconf_key *cursor = NULL;
	const struct volconf_key *key =
		volconf_key_next(index->dm, index->config->n_dm, rid, &cursor);

	return key != NULL ? index->config->dm[key->at] : NULL;
}

const Vx__Plex *volconf_index_plex(const struct volconf_index *index, uint64_t vol_rid,
				   const struct volconf_key **cursor)
{
	const struct volconf_key *key =
		volconf_key_next(index->plex, index->config->n_plex, vol_rid, cursor);

	return key != NULL ? index->config->plex[key->at] : NULL;
}

const Vx__Sd *volconf_index_sd(const struct volconf_index *index, uint64_t plex_rid,
			       const struct volconf_key **cursor)
{
	const struct volconf_key *key =
		volconf_key_next(index->sd, index->config->n_sd, plex_rid, cursor);

	return key != NULL ? index->config->sd[key->at] : NULL;
}
