// SPDX-License-Identifier: GPL-2.0-or-later
/* Free extents and the placing of plexes. */
#include "vxconfigd/allocate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "vxconfigd/record.h"

/* One disk while a volume is placed. */
struct pool_disk {
	const Vx__Dm *dm;
	struct allocate_extent *extent; /* its free extents */
	size_t extent_count;
	uint64_t free; /* their sum */
	bool has_data, has_log; /* of the volume that is being placed */
};

struct pool {
	struct allocate_extent *extent; /* of all disks */
	struct pool_disk disk[VX_DISKS_MAX];
	size_t disk_count;
};

uint64_t allocate_align_up(uint64_t sectors)
{
	return (sectors + ALLOCATE_ALIGN_SECTORS - 1) / ALLOCATE_ALIGN_SECTORS *
	       ALLOCATE_ALIGN_SECTORS;
}

static uint64_t align_down(uint64_t sectors)
{
	return sectors - sectors % ALLOCATE_ALIGN_SECTORS;
}

static int compare_on_disk(const void *a, const void *b)
{
	const Vx__Sd *left = *(const Vx__Sd *const *)a, *right = *(const Vx__Sd *const *)b;

	if (left->dm_rid != right->dm_rid) {
		return left->dm_rid < right->dm_rid ? -1 : 1;
	}
	return (left->disk_offset > right->disk_offset) - (left->disk_offset < right->disk_offset);
}

static void extent_add(struct allocate_extent *list, size_t *count, const Vx__Dm *dm, uint64_t from,
		       uint64_t to)
{
	from = allocate_align_up(from);
	to = align_down(to);
	if (from < to) {
		list[(*count)++] = (struct allocate_extent){ dm->rid, from, to - from };
	}
}

struct allocate_extent *allocate_free_extents(const Vx__Config *config, size_t *out_count)
{
	/* Between, before and after subdisks: at most one more than there are, on each disk. */
	struct allocate_extent *list = record_alloc(config->n_sd + config->n_dm, sizeof(*list));
	Vx__Sd **sd = record_alloc(config->n_sd, sizeof(Vx__Sd *));
	size_t count = 0, next = 0;

	for (size_t i = 0; i < config->n_sd; i++) {
		sd[i] = config->sd[i];
	}
	qsort(sd, config->n_sd, sizeof(Vx__Sd *), compare_on_disk);
	for (size_t i = 0; i < config->n_dm; i++) {
		const Vx__Dm *dm = config->dm[i];
		uint64_t from = 0;

		for (; next < config->n_sd && sd[next]->dm_rid == dm->rid; next++) {
			extent_add(list, &count, dm, from, sd[next]->disk_offset);
			from = sd[next]->disk_offset + sd[next]->len;
		}
		extent_add(list, &count, dm, from, dm->pub_len);
	}
	free(sd);
	*out_count = count;
	return list;
}

static bool want_allows(const struct allocate_want *want, uint64_t dm_rid)
{
	for (size_t i = 0; i < want->disk_count; i++) {
		if (want->disk[i] == dm_rid) {
			return true;
		}
	}
	return want->disk_count == 0;
}

/* The disks that plexes of the volume are on already. */
static void pool_note_volume(struct pool *pool, const Vx__Config *config, uint64_t vol_rid)
{
	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Plex *plex = config_plex_rid(config, config->sd[i]->plex_rid);

		for (size_t d = 0; plex->vol_rid == vol_rid && d < pool->disk_count; d++) {
			if (pool->disk[d].dm->rid == config->sd[i]->dm_rid) {
				pool->disk[d].has_data |= !plex->is_log;
				pool->disk[d].has_log |= plex->is_log;
			}
		}
	}
}

static struct pool *pool_create(const Vx__Config *config, const struct allocate_want *want)
{
	struct pool *pool = record_alloc(1, sizeof(*pool));
	size_t count, next = 0;

	assert(config->n_dm <= VX_DISKS_MAX);
	pool->extent = allocate_free_extents(config, &count);
	for (size_t i = 0; i < config->n_dm; i++) {
		struct pool_disk disk = { .dm = config->dm[i], .extent = pool->extent + next };

		for (; next < count && pool->extent[next].dm_rid == disk.dm->rid; next++) {
			disk.extent_count++;
			disk.free += pool->extent[next].len;
		}
		if (want_allows(want, disk.dm->rid)) {
			pool->disk[pool->disk_count++] = disk;
		}
	}
	if (want->vol_rid != 0) {
		pool_note_volume(pool, config, want->vol_rid);
	}
	return pool;
}

static void pool_free(struct pool *pool)
{
	free(pool->extent);
	free(pool);
}

/* The extent of disk that is best for len: the smallest that holds it, else the largest. */
static struct allocate_extent *disk_best_extent(struct pool_disk *disk, uint64_t len)
{
	struct allocate_extent *best = NULL;

	for (size_t i = 0; i < disk->extent_count; i++) {
		struct allocate_extent *extent = &disk->extent[i];
		bool better = best == NULL || (best->len < len ? extent->len > best->len :
						  extent->len >= len && extent->len < best->len);

		if (extent->len > 0 && better) {
			best = extent;
		}
	}
	return best;
}

static int compare_extent(const void *a, const void *b)
{
	const struct allocate_extent *left = a, *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

static void column_add(struct allocate_column *column, struct allocate_extent part)
{
	struct allocate_extent *list = reallocarray(
		column->extent, column->extent_count + 1, sizeof(*column->extent));

	if (list == NULL) {
		abort();
	}
	list[column->extent_count++] = part;
	column->extent = list;
}

/* Takes up to len sectors of disk for a column of plex; returns how many it got. */
static uint64_t plex_take(struct allocate_plex *plex, size_t index, struct pool_disk *disk,
			  uint64_t len)
{
	struct allocate_column *column = &plex->column[index];
	size_t first = column->extent_count;
	uint64_t got = 0;

	while (got < len && disk->free > 0 && plex->extent_count < VX_SUBDISKS_MAX) {
		struct allocate_extent *from = disk_best_extent(disk, len - got);
		struct allocate_extent part = *from;

		part.len = part.len < len - got ? part.len : len - got;
		from->offset += part.len;
		from->len -= part.len;
		disk->free -= part.len;
		got += part.len;
		column_add(column, part);
		plex->extent_count++;
	}
	qsort(column->extent + first, column->extent_count - first, sizeof(*column->extent),
	      compare_extent);
	return got;
}

static struct allocate_plex *allocation_add(struct allocation *allocation, bool is_log,
					    size_t columns)
{
	struct allocate_plex *plex = &allocation->plex[allocation->plex_count++];

	plex->is_log = is_log;
	plex->column = record_alloc(columns, sizeof(*plex->column));
	plex->column_count = columns;
	return plex;
}

/* The disk without data of this volume that is best for need: see the two ways below. */
static struct pool_disk *pool_data_disk(struct pool *pool, uint64_t need, bool best_fit)
{
	struct pool_disk *best = NULL;

	for (size_t i = 0; i < pool->disk_count; i++) {
		struct pool_disk *disk = &pool->disk[i];
		bool fits = best_fit && best != NULL && best->free >= need;
		bool better = best == NULL || (fits ? disk->free >= need && disk->free < best->free
						    : disk->free > best->free);

		if (!disk->has_data && disk->free > 0 && better) {
			best = disk;
		}
	}
	return best;
}

/*
 * The first way: the largest disk goes to the column that lacks the most, until none lacks
 * anything. Spreads volumes over the disks, and is right whenever one disk holds a column.
 */
static bool place_data_even(struct pool *pool, const struct allocate_want *want, uint64_t len,
			    struct allocation *allocation)
{
	size_t count = want->data_plexes * want->columns;
	uint64_t need[VX_DISKS_MAX];

	for (size_t i = 0; i < count; i++) {
		need[i] = len;
	}
	while (count > 0) {
		size_t most = 0;
		struct pool_disk *disk;

		for (size_t i = 1; i < count; i++) {
			most = need[i] > need[most] ? i : most;
		}
		disk = pool_data_disk(pool, 0, false);
		if (need[most] == 0 || disk == NULL) {
			return need[most] == 0;
		}
		disk->has_data = true;
		need[most] -= plex_take(&allocation->plex[most / want->columns],
					most % want->columns, disk, need[most]);
	}
	return true;
}

/*
 * The second way, when the first does not fit: column after column, each ended with the disk that
 * just holds the rest. Finds places for disks of different sizes that the first way misses.
 */
static bool place_data_tight(struct pool *pool, const struct allocate_want *want, uint64_t len,
			     struct allocation *allocation)
{
	for (size_t i = 0; i < want->data_plexes * want->columns; i++) {
		uint64_t need = len;

		while (need > 0) {
			struct pool_disk *disk = pool_data_disk(pool, need, true);

			if (disk == NULL) {
				return false;
			}
			disk->has_data = true;
			need -= plex_take(&allocation->plex[i / want->columns], i % want->columns,
					  disk, need);
		}
	}
	return true;
}

/* A disk for one more log: without data of the volume if possible, then the one with most free. */
static struct pool_disk *pool_log_disk(struct pool *pool, uint64_t len)
{
	struct pool_disk *best = NULL;

	for (size_t i = 0; i < pool->disk_count; i++) {
		struct pool_disk *disk = &pool->disk[i];
		const struct allocate_extent *extent = disk_best_extent(disk, len);
		bool better = best == NULL ||
			      (disk->has_data != best->has_data ? best->has_data
								: disk->free > best->free);

		if (!disk->has_log && extent != NULL && extent->len >= len && better) {
			best = disk;
		}
	}
	return best;
}

static bool place_logs(struct pool *pool, const struct allocate_want *want,
		       struct allocation *allocation)
{
	uint64_t len = allocate_align_up(want->log_len);

	for (size_t i = 0; i < want->log_max; i++) {
		struct pool_disk *disk = pool_log_disk(pool, len);

		if (disk == NULL) {
			return i >= want->log_min;
		}
		disk->has_log = true;
		plex_take(allocation_add(allocation, true, 1), 0, disk, len);
	}
	return true;
}

/* What is free, as far as the text holds it. */
static void tell_shortage(const Vx__Config *config, const struct allocate_want *want,
			  char *out_reason)
{
	struct pool *pool = pool_create(config, want);
	char columns[64] = "";
	size_t used;

	if (want->columns > 1) {
		snprintf(columns, sizeof(columns), " with %zu columns, each on disks of its own,",
			 want->columns);
	} else if (want->data_plexes > 1) {
		snprintf(columns, sizeof(columns), ", each on disks of its own,");
	}
	if (want->data_plexes == 0) {
		used = (size_t)snprintf(out_reason, VX_REASON_MAX,
					"%zu logs of %" PRIu64
					" sectors, each on a disk of its own; free:",
					want->log_min, want->log_len);
	} else {
		used = (size_t)snprintf(
			out_reason, VX_REASON_MAX, "%zu data plex%s%s of %" PRIu64 " sectors%s; free:",
			want->data_plexes, want->data_plexes == 1 ? "" : "es", columns,
			want->data_len, want->log_min > 0 ? " and their logs" : "");
	}
	for (size_t i = 0; i < pool->disk_count && used < VX_REASON_MAX / 2; i++) {
		const struct pool_disk *disk = &pool->disk[i];
		bool taken = want->vol_rid != 0 &&
			     (want->data_plexes > 0 ? disk->has_data : disk->has_log);

		used += (size_t)snprintf(out_reason + used, VX_REASON_MAX - used,
					 "%s %s %" PRIu64 "%s", i > 0 ? "," : "", disk->dm->name,
					 disk->free, taken ? " (has a plex of the volume)" : "");
	}
	if (pool->disk_count == 0) {
		snprintf(out_reason + used, VX_REASON_MAX - used, " no disk");
	}
	pool_free(pool);
}

typedef bool (*place_fn)(struct pool *pool, const struct allocate_want *want, uint64_t len,
			 struct allocation *allocation);

/* Of a column: whole stripe units. */
static uint64_t column_len(const struct allocate_want *want)
{
	uint64_t row = want->columns * want->stripe_width;

	return want->columns == 1 ? allocate_align_up(want->data_len) :
				    (want->data_len + row - 1) / row * want->stripe_width;
}

/* Data and logs, the data in one of the ways. NULL: there is no room. */
static struct allocation *place(const Vx__Config *config, const struct allocate_want *want,
				place_fn way)
{
	struct pool *pool = pool_create(config, want);
	struct allocation *allocation = record_alloc(1, sizeof(*allocation));
	bool placed = want->data_plexes * want->columns <= pool->disk_count;

	for (size_t i = 0; i < want->data_plexes; i++) {
		allocation_add(allocation, false, want->columns);
	}
	placed = placed && way(pool, want, column_len(want), allocation) &&
		 place_logs(pool, want, allocation);
	pool_free(pool);
	if (!placed) {
		allocation_free(allocation);
		return NULL;
	}
	return allocation;
}

int allocate_volume(const Vx__Config *config, const struct allocate_want *want,
		    struct allocation **out_allocation, char *out_reason)
{
	static const place_fn ways[] = { place_data_even, place_data_tight };

	assert(want->data_len > 0 && want->log_min <= want->log_max);
	assert(want->data_plexes + want->log_max <= VX_PLEXES_MAX);
	assert(want->columns == 1 || (want->columns > 1 && want->stripe_width > 0 &&
				      want->stripe_width % ALLOCATE_ALIGN_SECTORS == 0));
	for (size_t i = 0; i < VX_COUNT_OF(ways); i++) {
		struct allocation *allocation = place(config, want, ways[i]);

		if (allocation != NULL) {
			*out_allocation = allocation;
			return 0;
		}
	}
	tell_shortage(config, want, out_reason);
	return -VX_E_NOSPACE;
}

void allocation_free(struct allocation *allocation)
{
	for (size_t i = 0; allocation != NULL && i < allocation->plex_count; i++) {
		for (size_t c = 0; c < allocation->plex[i].column_count; c++) {
			free(allocation->plex[i].column[c].extent);
		}
		free(allocation->plex[i].column);
	}
	free(allocation);
}

/* ---- more for a column ---- */

/* has_data: of the column itself; has_log: of others of the volume, so that it is not taken. */
static const Vx__Sd *more_note_disks(const Vx__Config *config, const struct allocate_more *want,
				     struct pool *pool, size_t *out_subdisks)
{
	const Vx__Sd *last = NULL;

	for (size_t i = 0; i < config->n_sd; i++) {
		const Vx__Sd *sd = config->sd[i];
		const Vx__Plex *plex = config_plex_rid(config, sd->plex_rid);
		bool own = plex->rid == want->plex->rid && sd->column == want->column;
		bool other = !own && !plex->is_log && plex->vol_rid == want->plex->vol_rid;

		*out_subdisks += plex->rid == want->plex->rid ? 1 : 0;
		if (own && (last == NULL || sd->plex_offset > last->plex_offset)) {
			last = sd;
		}
		for (size_t d = 0; d < pool->disk_count && (own || other); d++) {
			if (pool->disk[d].dm->rid == sd->dm_rid) {
				pool->disk[d].has_data |= own;
				pool->disk[d].has_log |= other;
			}
		}
	}
	return last;
}

/* Right behind the last subdisk; how many sectors. */
static uint64_t more_behind(struct pool *pool, const Vx__Sd *last, uint64_t len,
			    struct allocate_column *column)
{
	for (size_t d = 0; d < pool->disk_count; d++) {
		struct pool_disk *disk = &pool->disk[d];

		for (size_t i = 0; i < disk->extent_count; i++) {
			struct allocate_extent *from = &disk->extent[i], part = *from;

			if (disk->dm->rid != last->dm_rid || part.len == 0 ||
			    part.offset != last->disk_offset + last->len) {
				continue;
			}
			part.len = part.len < len ? part.len : len;
			from->offset += part.len;
			from->len -= part.len;
			disk->free -= part.len;
			column_add(column, part);
			return part.len;
		}
	}
	return 0;
}

static struct pool_disk *more_disk(struct pool *pool)
{
	struct pool_disk *best = NULL;

	for (size_t i = 0; i < pool->disk_count; i++) {
		struct pool_disk *disk = &pool->disk[i];
		bool better = best == NULL || (disk->has_data != best->has_data
						       ? disk->has_data
						       : disk->free > best->free);

		if (!disk->has_log && disk->free > 0 && better) {
			best = disk;
		}
	}
	return best;
}

int allocate_more(const Vx__Config *config, const struct allocate_more *want,
		  struct allocate_column *out_column, char *out_reason)
{
	const struct allocate_want disks = {
		.data_len = want->len,
		.data_plexes = 1,
		.columns = 1,
		.disk = want->disk,
		.disk_count = want->disk_count,
	};
	struct pool *pool = pool_create(config, &disks);
	struct allocate_column column = { 0 };
	struct allocate_plex plex = { .column = &column, .column_count = 1 };
	const Vx__Sd *last = more_note_disks(config, want, pool, &plex.extent_count);
	uint64_t got = more_behind(pool, last, want->len, &column);
	struct pool_disk *disk;

	while (got < want->len && plex.extent_count < VX_SUBDISKS_MAX &&
	       (disk = more_disk(pool)) != NULL) {
		disk->has_data = true;
		got += plex_take(&plex, 0, disk, want->len - got);
	}
	pool_free(pool);
	if (got < want->len) {
		free(column.extent);
		tell_shortage(config, &disks, out_reason);
		return -VX_E_NOSPACE;
	}
	*out_column = column;
	return 0;
}
