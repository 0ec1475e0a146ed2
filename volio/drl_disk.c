// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading and writing whole maps of a dirty region log, blocking. */
#include "volio/drl_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errors.h"
#include "volio/bits.h"
#include "volio/drl_format.h"
#include "volio/reshape.h"

#define DRL_READ_TRIES \
	3 /* another node may be writing the block: read it again before it counts as torn */
#define DRL_ALL_SLOTS UINT32_MAX

_Static_assert(VX_NODES_MAX == 32, "slots fit a word");

static struct drl_block_id drl_disk_id(const struct volconf *conf, enum drl_kind kind,
				       uint32_t slot, uint32_t index)
{
	return (struct drl_block_id){
		.group_hash = drl_group_hash(conf->dgid),
		.volume_rid = conf->rid,
		.region_len = conf->region_bytes / VX_SECTOR,
		.regions = conf->regions,
		.kind = kind,
		.slot = slot,
		.index = index,
	};
}

static bool drl_disk_io(struct drl_disk *log, uint32_t plex, const struct drl_block_id *id,
			uint8_t *block, bool write)
{
	const struct volconf *conf = log->conf;
	struct layout_extent extent =
		layout_map(&conf->log[plex].layout, drl_block_offset(id), VX_BLOCK);
	int fd = conf->disk[extent.disk]->fd;
	ssize_t rc = write ? pwrite(fd, block, VX_BLOCK, (off_t)extent.offset)
			   : pread(fd, block, VX_BLOCK, (off_t)extent.offset);

	if (rc != VX_BLOCK) {
		log->failed |= 1u << plex;
	}
	return rc == VX_BLOCK;
}

/* The valid block with the highest sequence counts; none: all dirty (V14). */
static void drl_disk_read_block(struct drl_disk *log, const struct drl_block_id *id, uint64_t *map,
				uint64_t *out_sequence)
{
	uint8_t *block = aligned_alloc(VX_BLOCK, VX_BLOCK),
		*best = aligned_alloc(VX_BLOCK, VX_BLOCK);
	uint64_t sequence, best_sequence = 0;
	bool found = false, newer = false;

	for (int i = 0; i < DRL_READ_TRIES && !found && block != NULL && best != NULL; i++) {
		for (uint32_t plex = 0; plex < log->conf->logs; plex++) {
			int rc = drl_disk_io(log, plex, id, block, false)
					 ? drl_block_decode(block, id, &sequence, NULL)
					 : -EIO;

			newer = newer || rc == -VX_E_VERSION;
			if (rc == 0 && (!found || sequence > best_sequence)) {
				uint8_t *swap = best;

				best = block;
				block = swap;
				best_sequence = sequence;
				found = true;
			}
		}
	}
	if (found) {
		(void)drl_block_decode(best, id, &sequence, map);
	} else {
		log->corrupt = true;
		log->newer = log->newer || newer;
		if (map != NULL) {
			drl_block_all_dirty(id, map);
		}
	}
	*out_sequence = best_sequence > *out_sequence ? best_sequence : *out_sequence;
	free(block);
	free(best);
}

static void drl_disk_read_map(struct drl_disk *log, enum drl_kind kind, uint32_t slot,
			      uint64_t *map, uint64_t *out_sequence)
{
	*out_sequence = 0;
	for (uint32_t i = 0; i < drl_map_blocks(log->conf->regions); i++) {
		struct drl_block_id id = drl_disk_id(log->conf, kind, slot, i);

		drl_disk_read_block(log, &id, map, out_sequence);
	}
}

void drl_disk_read_recovery(struct drl_disk *log, uint64_t *map, uint64_t *out_sequence)
{
	drl_disk_read_map(log, DRL_KIND_RECOVERY, 0, map, out_sequence);
}

void drl_disk_read_active(struct drl_disk *log, uint32_t slot, uint64_t *map,
			  uint64_t *out_sequence)
{
	drl_disk_read_map(log, DRL_KIND_ACTIVE, slot, map, out_sequence);
}

static void drl_disk_write_map(struct drl_disk *log, enum drl_kind kind, uint32_t slot,
			       const uint64_t *map, uint64_t sequence)
{
	uint8_t *block = aligned_alloc(VX_BLOCK, VX_BLOCK);
	uint32_t blocks = kind == DRL_KIND_HEADER ? 1 : drl_map_blocks(log->conf->regions);

	for (uint32_t i = 0; i < blocks && block != NULL; i++) {
		struct drl_block_id id = drl_disk_id(log->conf, kind, slot, i);

		drl_block_encode(block, &id, sequence, map);
		for (uint32_t plex = 0; plex < log->conf->logs; plex++) {
			if ((log->failed >> plex & 1) == 0) { /* else it keeps what it has (V15) */
				(void)drl_disk_io(log, plex, &id, block, true);
			}
		}
	}
	if (block == NULL) {
		log->failed = DRL_ALL_SLOTS;
	}
	free(block);
}

/* 0 if at least one log plex has everything on stable storage. */
static int drl_disk_flush(struct drl_disk *log)
{
	uint32_t all = log->conf->logs == 32 ? UINT32_MAX : (1u << log->conf->logs) - 1;

	for (uint32_t plex = 0; plex < log->conf->logs; plex++) {
		struct layout_extent extent = layout_map(&log->conf->log[plex].layout, 0, VX_BLOCK);

		if (fdatasync(log->conf->disk[extent.disk]->fd) != 0) {
			log->failed |= 1u << plex;
		}
	}
	return (log->failed & all) == all ? -EIO : 0;
}

int drl_disk_write_recovery(struct drl_disk *log, const uint64_t *map, uint64_t sequence)
{
	drl_disk_write_map(log, DRL_KIND_RECOVERY, 0, map, sequence);
	return drl_disk_flush(log);
}

int drl_disk_format(struct drl_disk *log, struct drl_disk *live, const uint64_t *recover)
{
	uint64_t *map = bits_new(log->conf->regions), sequence = 0;

	if (map == NULL) {
		return -ENOMEM;
	}
	for (uint32_t slot = 0; slot < VX_NODES_MAX; slot++) {
		if (live != NULL) {
			bits_put_all(map, log->conf->regions, false);
			drl_disk_read_active(live, slot, map, &sequence);
		}
		drl_disk_write_map(log, DRL_KIND_ACTIVE, slot, map, sequence > 0 ? sequence : 1);
	}
	bits_put_all(map, log->conf->regions, false);
	if (live != NULL) {
		drl_disk_read_recovery(live, map, &sequence);
	}
	if (recover != NULL) {
		bits_or(map, recover, log->conf->regions);
	}
	drl_disk_write_map(log, DRL_KIND_RECOVERY, 0, map, sequence > 0 ? sequence : 1);
	drl_disk_write_map(log, DRL_KIND_HEADER, 0, NULL, 1);
	free(map);
	return drl_disk_flush(log);
}

/* All active maps of before go into was; those of log are clear. */
static uint64_t drl_disk_reshape_active(struct drl_disk *log, struct drl_disk *before,
					uint64_t *was, const uint64_t *none)
{
	uint64_t most = 0, sequence;

	for (uint32_t slot = 0; slot < VX_NODES_MAX; slot++) {
		drl_disk_read_active(before, slot, was, &sequence);
		most = sequence > most ? sequence : most;
	}
	for (uint32_t slot = 0; slot < VX_NODES_MAX; slot++) {
		drl_disk_write_map(log, DRL_KIND_ACTIVE, slot, none, most + 1);
	}
	return most;
}

int drl_disk_reshape(struct drl_disk *log, const struct volconf *old)
{
	struct drl_disk before = { .conf = old };
	uint64_t *was = bits_new(old->regions), *map = bits_new(log->conf->regions);
	uint64_t *none = bits_new(log->conf->regions), most = 0, sequence;
	int rc = was == NULL || map == NULL || none == NULL ? -ENOMEM : 0;

	if (rc == 0) {
		drl_disk_read_recovery(&before, was, &sequence);
		if (reshape_is_of_regions(old, log->conf)) {
			most = drl_disk_reshape_active(log, &before, was, none);
		}
		reshape_map(old, was, log->conf, map);
		sequence = sequence > most ? sequence : most;
		drl_disk_write_map(log, DRL_KIND_RECOVERY, 0, map, sequence + 1);
		drl_disk_write_map(log, DRL_KIND_HEADER, 0, NULL, sequence + 1);
		rc = drl_disk_flush(log);
	}
	free(was);
	free(map);
	free(none);
	return rc;
}

static bool drl_disk_has_header(struct drl_disk *log)
{
	struct drl_block_id id = drl_disk_id(log->conf, DRL_KIND_HEADER, 0, 0);
	struct drl_disk look = { .conf = log->conf };
	uint64_t sequence = 0;

	drl_disk_read_block(&look, &id, NULL, &sequence);
	log->failed |= look.failed;
	log->newer = look.newer;
	return !look.corrupt;
}

int drl_disk_fold(struct drl_disk *log, uint32_t slots, uint32_t *out_regions)
{
	uint32_t regions = log->conf->regions, found = 0;
	uint64_t *map = bits_new(regions), *active = bits_new(regions);
	uint64_t sequence = 0, active_sequence[VX_NODES_MAX] = { 0 };
	int rc = map == NULL || active == NULL ? -ENOMEM : 0;
	bool has_header = rc == 0 && drl_disk_has_header(log);

	if (rc == 0) {
		drl_disk_read_recovery(log, map, &sequence);
	}
	if (rc == 0 && !has_header && log->newer) {
		rc = -VX_E_VERSION;
	}
	if (rc == 0 && !has_header) { /* not a log, or of another volume: everything is dirty */
		log->corrupt = true;
		bits_put_all(map, regions, true);
		found = slots;
	}
	for (uint32_t left = slots; rc == 0 && left != 0; left &= left - 1) {
		uint32_t slot = (uint32_t)__builtin_ctz(left);

		bits_put_all(active, regions, false);
		drl_disk_read_active(log, slot, active, &active_sequence[slot]);
		if (bits_count(active, regions) > 0) {
			found |= 1u << slot;
			bits_or(map, active, regions);
		}
	}
	if (rc == 0) {
		*out_regions = bits_count(map, regions);
	}
	if (rc == 0 && found != 0) {
		rc = drl_disk_write_recovery(log, map, sequence + 1);
		bits_put_all(active, regions, false);
		for (; rc == 0 && found != 0; found &= found - 1) {
			uint32_t slot = (uint32_t)__builtin_ctz(found);

			drl_disk_write_map(log, DRL_KIND_ACTIVE, slot, active,
					   active_sequence[slot] + 1);
		}
		if (rc == 0 && !has_header) { /* last: until then all of it is done again */
			drl_disk_write_map(log, DRL_KIND_HEADER, 0, NULL, sequence + 1);
		}
		rc = rc == 0 ? drl_disk_flush(log) : rc;
	}
	free(map);
	free(active);
	return rc;
}
