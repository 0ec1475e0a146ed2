// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator: the private regions of the disks, in memory, byte for byte as DISK-FORMAT.md has
 * them. A content is the set of the transactions that made it: the device name of the group's only
 * disk record says which; its only outcome, which ones are known to have failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "tests/sim/sim_disk.h"

#define DISK_BLOCKS 16
#define DISK_JOURNAL 8 /* blocks, so many changes: then a checkpoint is due */
#define DISK_SECTORS (VX_BLOCK / VX_SECTOR)
#define DISK_CLUSTER "demo"

struct sim_bytes {
	uint8_t block[DISK_BLOCKS][VX_BLOCK];
};

/* Kept from run to run. The second and third row: of sim_disk_keep() and sim_disk_old(). */
struct sim_disks {
	struct sim_bytes now[SIM_GROUPS_MAX][SIM_COPIES_MAX];
	struct sim_bytes snapshot[SIM_GROUPS_MAX][SIM_COPIES_MAX];
	struct sim_bytes right[SIM_GROUPS_MAX][SIM_COPIES_MAX];
};

static const struct private_layout disk_layout = {
	.claim_block = 2,
	.header_block = 4,
	.body_block = { 6, 7 },
	.body_blocks = 1,
	.journal_block = 8,
	.journal_blocks = DISK_JOURNAL,
};

/* ---- contents ---- */

static const char *const disk_dgid[SIM_GROUPS_MAX] = { "1700000000.1.a", "1700000000.2.a",
						       "1700000000.3.a" };

const char *disk_group_id(uint32_t group)
{
	return disk_dgid[group];
}

void disk_id(uint32_t group, uint32_t copy, char out[DISK_ID_SIZE])
{
	snprintf(out, DISK_ID_SIZE, "%c%u", 'a' + (int)group, copy + 1);
}

#define DEVICE_LENGTH 400 /* so long that a record and a body have two sectors */

struct disk_config {
	Vx__Config config;
	Vx__Dg dg;
	Vx__Dm dm, *list[1];
	Vx__Outcome outcome, *outcomes[1];
	uint8_t txid[ID_BYTES];
	char device[DEVICE_LENGTH + 1];
};

static uint64_t disk_set(const Vx__Dm *dm)
{
	return strtoull(dm->device + 3, NULL, 16);
}

/* It lives as long as the run. */
Vx__Config *disk_config(struct sim *sim, uint32_t group, const struct sim_content *content)
{
	struct disk_config *made = sim_alloc(sim, sizeof(*made));

	vx__config__init(&made->config);
	vx__dg__init(&made->dg);
	vx__dm__init(&made->dm);
	memset(made->device, '-', DEVICE_LENGTH);
	snprintf(made->device, DEVICE_LENGTH, "set%016llx", (unsigned long long)content->set);
	made->device[19] = '-';
	made->dg.name = (char *)"data";
	made->dg.dgid = (char *)disk_dgid[group];
	made->dg.cluster = (char *)DISK_CLUSTER;
	made->dg.shared = true;
	made->dg.version = 1;
	made->dm.rid = 1;
	made->dm.name = (char *)"d1";
	made->dm.diskid = (char *)"d1";
	made->dm.device = made->device;
	made->dm.pub_offset = VX_PRIV_LEN_MIN;
	made->dm.pub_len = 65536;
	made->dm.priv_len = VX_PRIV_LEN_MIN;
	made->dm.nconfig = true;
	made->list[0] = &made->dm;
	made->config.dg = &made->dg;
	made->config.dm = made->list;
	made->config.n_dm = 1;
	made->config.next_rid = 2;
	vx__outcome__init(&made->outcome);
	memcpy(made->txid, &content->aborted, sizeof(content->aborted));
	made->outcome.txid.data = made->txid;
	made->outcome.txid.len = ID_BYTES;
	made->outcomes[0] = &made->outcome;
	made->config.outcome = made->outcomes;
	made->config.n_outcome = 1;
	made->config.epoch = content->epoch;
	made->config.seq = content->seq;
	return &made->config;
}

struct disk_change {
	Vx__Change change;
	Vx__Delta delta;
	Vx__Record record, *list[1];
};

/* The change that makes any content into that set. */
Vx__Change *disk_change(struct sim *sim, uint32_t group, uint64_t set)
{
	const struct sim_content content = { .set = set };
	struct disk_change *made = sim_alloc(sim, sizeof(*made));

	vx__change__init(&made->change);
	vx__delta__init(&made->delta);
	vx__record__init(&made->record);
	made->record.kind_case = VX__RECORD__KIND_DM;
	made->record.dm = disk_config(sim, group, &content)->dm[0];
	made->list[0] = &made->record;
	made->delta.put = made->list;
	made->delta.n_put = 1;
	made->change.delta = &made->delta;
	return &made->change;
}

/* The last record of the disk that counts, and the outcomes that are kept with it. */
static struct sim_content disk_content_of(uint64_t epoch, uint64_t seq, const Vx__Dm *dm,
					  const Vx__Config *config)
{
	struct sim_content content = { .epoch = epoch, .seq = seq, .set = disk_set(dm) };

	memcpy(&content.aborted, config->outcome[0]->txid.data, sizeof(content.aborted));
	return content;
}

struct sim_content disk_content(const Vx__Config *config)
{
	return disk_content_of(config->epoch, config->seq, config->dm[0], config);
}

/* ---- bytes ---- */

static int bytes_read(void *ctx, uint32_t block, uint32_t blocks, uint8_t *out)
{
	const struct sim_bytes *bytes = ctx;

	memcpy(out, bytes->block[block], (size_t)blocks * VX_BLOCK);
	return 0;
}

int disk_read(struct sim *sim, uint32_t group, uint32_t copy, struct copy_image **out, char *reason)
{
	const struct copy_reader reader = { bytes_read, &sim->disks->now[group][copy] };
	char id[DISK_ID_SIZE];

	disk_id(group, copy, id);
	return copy_image_read(&reader, disk_dgid[group], id, out, reason);
}

/* What is there now, for the checks: after writes of which only a part may have landed. */
static void disk_look(struct sim *sim, uint32_t group, uint32_t copy)
{
	struct sim_copy *seen = &sim->copy[group][copy];
	struct copy_image *image = NULL;
	char reason[VX_REASON_MAX] = "";

	if (disk_read(sim, group, copy, &image, reason) != 0 || image->body == NULL ||
	    image->damage != NULL) {
		sim_fail(sim, "I24 copy %u of group %u is damaged by a torn write: %s", copy + 1,
			 group, reason);
	} else {
		const Vx__Dm *dm = image->body->config->dm[0];
		Vx__Change *last = NULL;

		if (image->change_count > 0) {
			const struct copy_change *change = &image->change[image->change_count - 1];

			last = vx__change__unpack(NULL, change->length, change->data);
			dm = last->delta->put[0]->dm;
		}
		seen->claim[0] = image->claim[0];
		seen->claim[1] = image->claim[1];
		seen->content = disk_content_of(image->place.epoch, image->place.seq, dm,
						image->body->config);
		vx__change__free_unpacked(last, NULL);
	}
	copy_image_free(image);
}

static void bytes_write(struct sim *sim, uint32_t group, uint32_t copy,
			const struct copy_write *write, size_t first, size_t sectors)
{
	uint8_t *to = sim->disks->now[group][copy].block[write->block];

	memcpy(to + first * VX_SECTOR, write->data + first * VX_SECTOR, sectors * VX_SECTOR);
}

void disk_write(struct sim *sim, uint32_t group, uint32_t copy, const struct copy_write *write)
{
	bytes_write(sim, group, copy, write, 0, write->blocks * DISK_SECTORS);
}

/* Cut at any sector: only the first, or only the last ones are written; or none, or all. */
void disk_tear(struct sim *sim, uint32_t group, uint32_t copy, const struct copy_write *write)
{
	size_t all = write->blocks * DISK_SECTORS, sectors = sim_below(sim, all + 1);

	bytes_write(sim, group, copy, write, sim_chance(sim, 50) ? all - sectors : 0, sectors);
	disk_look(sim, group, copy);
}

/* ---- backups ---- */

static size_t disk_row(const struct sim *sim)
{
	return sim->groups * sizeof(sim->disks->now[0]);
}

void disk_keep(struct sim *sim)
{
	memcpy(sim->disks->snapshot, sim->disks->now, disk_row(sim));
	memcpy(sim->snapshot, sim->copy, sizeof(sim->snapshot));
}

void disk_old(struct sim *sim)
{
	memcpy(sim->disks->right, sim->disks->now, disk_row(sim));
	memcpy(sim->kept, sim->copy, sizeof(sim->kept));
	memcpy(sim->disks->now, sim->disks->snapshot, disk_row(sim));
	memcpy(sim->copy, sim->snapshot, sizeof(sim->copy));
}

void disk_right(struct sim *sim)
{
	memcpy(sim->disks->now, sim->disks->right, disk_row(sim));
	memcpy(sim->copy, sim->kept, sizeof(sim->copy));
}

/* ---- a run begins ---- */

static void disk_label_write(struct sim *sim, uint32_t group, uint32_t copy)
{
	struct sim_bytes *bytes = &sim->disks->now[group][copy];
	struct disk_label label = { .shared = true,
				    .len = 131072,
				    .pub_offset = VX_PRIV_LEN_MIN,
				    .pub_len = 65536,
				    .priv_len = VX_PRIV_LEN_MIN,
				    .layout = disk_layout };

	disk_id(group, copy, label.diskid);
	snprintf(label.media, sizeof(label.media), "d%u", copy + 1);
	snprintf(label.dgid, sizeof(label.dgid), "%s", disk_dgid[group]);
	snprintf(label.group, sizeof(label.group), "data");
	snprintf(label.cluster, sizeof(label.cluster), "%s", DISK_CLUSTER);
	disk_label_encode(&label, 1, bytes->block[0]);
	memcpy(bytes->block[1], bytes->block[0], VX_BLOCK);
}

/* Nobody runs it: a content that names no member. */
static void disk_make(struct sim *sim, uint32_t group)
{
	const struct sim_content content = { 1, 1, 0, 0 };
	Vx__Checkpoint checkpoint = VX__CHECKPOINT__INIT;
	struct private_header header = { .epoch = 1, .seq = 1, .generation = 1, .writer = 1 };
	char id[SIM_COPIES_MAX][DISK_ID_SIZE], *enabled[SIM_COPIES_MAX];
	uint8_t *body;

	for (uint32_t copy = 0; copy < sim->copies[group]; copy++) {
		disk_id(group, copy, id[copy]);
		enabled[copy] = id[copy];
	}
	checkpoint.enabled = enabled;
	checkpoint.n_enabled = sim->copies[group];
	checkpoint.config = disk_config(sim, group, &content);
	body = private_body_encode(&checkpoint, &header.body_length, &header.body_crc);
	snprintf(header.dgid, sizeof(header.dgid), "%s", disk_dgid[group]);
	for (uint32_t copy = 0; copy < sim->copies[group]; copy++) {
		struct sim_bytes *bytes = &sim->disks->now[group][copy];

		memset(bytes, 0, sizeof(*bytes));
		disk_label_write(sim, group, copy);
		memcpy(bytes->block[disk_layout.body_block[0]], body, VX_BLOCK);
		private_header_encode(&header, id[copy], bytes->block[disk_layout.header_block]);
		sim->copy[group][copy].content = content;
	}
	free(body);
}

/* The first group has the copies that were asked for, the others have fewer, on the same shelves. */
void disk_init(struct sim *sim)
{
	uint64_t seed = sim->options.seed;

	sim->groups = seed % 4 == 2 ? 2 + (uint32_t)(seed / 4 % 2) : 1;
	sim->groups = sim->options.groups > 0 ? sim->options.groups : sim->groups;
	if (sim->disks == NULL && (sim->disks = calloc(1, sizeof(*sim->disks))) == NULL) {
		abort();
	}
	for (uint32_t group = 0; group < sim->groups; group++) {
		sim->copies[group] = group == 0 ? sim->options.copies
						: 1 + (uint32_t)(seed / 8 + group) % sim->options.copies;
		disk_make(sim, group);
	}
}

uint32_t disk_shelf(const struct sim *sim, uint32_t group, uint32_t copy)
{
	return (group + copy) % sim->options.copies;
}

/* No more copies are in trouble than may be. */
bool disk_has_majority(const struct sim *sim, uint32_t group)
{
	uint32_t here = 0;

	for (uint32_t copy = 0; copy < sim->copies[group]; copy++) {
		here += sim->shelf[disk_shelf(sim, group, copy)].trouble == SHELF_WELL;
	}
	return here > sim->copies[group] / 2;
}
