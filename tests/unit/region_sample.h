/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of the private region: a disk in memory whose writes may be torn, a small group, and
 * changes that are easy to tell apart. Content number n is the sample whose first disk has device
 * "dev<n>...", so that what was recovered can be named.
 */
#ifndef VX_TESTS_UNIT_REGION_SAMPLE_H
#define VX_TESTS_UNIT_REGION_SAMPLE_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/copy_image.h"
#include "vxconfigd/record.h"

#define REGION_DGID "1700000000.1.a"
#define REGION_DISKS 3
#define REGION_BLOCKS (VX_PRIV_LEN_MIN / (VX_BLOCK / VX_SECTOR))
#define REGION_WRITER UINT64_C(0x1122334455667788)

struct memdisk {
	char diskid[DISK_ID_SIZE];
	uint8_t *data; /* the private region */
	uint32_t blocks;
	int error; /* of every read, if not 0 */
};

static inline int memdisk_read(void *ctx, uint32_t block, uint32_t blocks, uint8_t *out)
{
	const struct memdisk *disk = ctx;

	if (disk->error != 0) {
		return disk->error;
	}
	ck_assert_msg(block + blocks <= disk->blocks, "read past the private region");
	memcpy(out, disk->data + (size_t)block * VX_BLOCK, (size_t)blocks * VX_BLOCK);
	return 0;
}

/* Where the bytes of a write land that is cut after some sectors. */
enum tear {
	TEAR_TAIL, /* the first sectors are written, the rest is as before */
	TEAR_HEAD, /* the last sectors are written */
};

static inline void memdisk_write_torn(struct memdisk *disk, const struct copy_write *write,
				      size_t sectors, enum tear tear)
{
	size_t all = (size_t)write->blocks * (VX_BLOCK / VX_SECTOR);
	size_t first = tear == TEAR_TAIL ? 0 : all - sectors;

	ck_assert(sectors <= all && write->block + write->blocks <= disk->blocks);
	memcpy(disk->data + (size_t)write->block * VX_BLOCK + first * VX_SECTOR,
	       write->data + first * VX_SECTOR, sectors * VX_SECTOR);
}

static inline void memdisk_write(struct memdisk *disk, const struct copy_write *write)
{
	memdisk_write_torn(disk, write, (size_t)write->blocks * (VX_BLOCK / VX_SECTOR), TEAR_TAIL);
}

static inline void memdisk_steps(struct memdisk *disk, struct copy_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		memdisk_write(disk, &steps->write[i]);
	}
	copy_steps_free(steps);
}

static inline void memdisk_create(struct memdisk *disk, const char *diskid)
{
	struct disk_label label = { 0 };
	char reason[VX_REASON_MAX];

	memset(disk, 0, sizeof(*disk));
	snprintf(disk->diskid, sizeof(disk->diskid), "%s", diskid);
	snprintf(label.diskid, sizeof(label.diskid), "%s", diskid);
	disk->blocks = REGION_BLOCKS;
	disk->data = calloc(disk->blocks, VX_BLOCK);
	ck_assert(disk->data != NULL);
	ck_assert_int_eq(disk_label_geometry(65536, VX_PRIV_LEN_MIN, &label, reason), 0);
	disk_label_encode(&label, 1, disk->data);
	disk_label_encode(&label, 1, disk->data + VX_BLOCK);
}

static inline void memdisk_free(struct memdisk *disk)
{
	free(disk->data);
}

static inline struct copy_image *memdisk_image(struct memdisk *disk)
{
	const struct copy_reader reader = { memdisk_read, disk };
	struct copy_image *image = NULL;
	char reason[VX_REASON_MAX];
	int rc = copy_image_read(&reader, REGION_DGID, disk->diskid, &image, reason);

	ck_assert_msg(rc == 0, "%s: %s", disk->diskid, reason);
	return image;
}

/* text: "dev<number>" and as many x as make the whole length. */
static inline void region_device(uint64_t number, size_t length, char **out)
{
	char *text = malloc(length + 32);
	int used;

	ck_assert(text != NULL);
	used = snprintf(text, length + 32, "dev%llu-", (unsigned long long)number);
	while ((size_t)used < length) {
		text[used++] = 'x';
	}
	text[used] = '\0';
	proto_string_set(out, text);
	free(text);
}

/* The number of a content. */
static inline uint64_t region_number(const Vx__Config *config)
{
	return strtoull(config->dm[0]->device + 3, NULL, 10);
}

static inline Vx__Config *region_config(uint64_t epoch, uint64_t seq, uint64_t number)
{
	Vx__Config *config = record_alloc(1, sizeof(*config));

	vx__config__init(config);
	config->next_rid = 1;
	config->epoch = epoch;
	config->seq = seq;
	config->dg = record_alloc(1, sizeof(*config->dg));
	vx__dg__init(config->dg);
	proto_string_set(&config->dg->name, "data");
	proto_string_set(&config->dg->dgid, REGION_DGID);
	proto_string_set(&config->dg->cluster, "demo");
	config->dg->shared = true;
	config->dg->version = 1;
	for (size_t i = 0; i < REGION_DISKS; i++) {
		char name[16];
		Vx__Dm *dm;

		snprintf(name, sizeof(name), "d%zu", i + 1);
		dm = config_dm_add(config, name);
		proto_string_set(&dm->diskid, name);
		proto_string_set(&dm->device, name);
		dm->pub_offset = 2048;
		dm->pub_len = 65536 - 2048;
		dm->priv_len = VX_PRIV_LEN_MIN;
		dm->nconfig = true;
	}
	region_device(number, 0, &config->dm[0]->device);
	return config;
}

static inline Vx__Record *region_put(uint64_t number, size_t length)
{
	Vx__Config *config = region_config(1, 1, 0);
	Vx__Record *record = record_alloc(1, sizeof(*record));

	vx__record__init(record);
	record->kind_case = VX__RECORD__KIND_DM;
	record->dm = config->dm[0];
	config->dm[0] = config->dm[--config->n_dm];
	region_device(number, length, &record->dm->device);
	vx__config__free_unpacked(config, NULL);
	return record;
}

/* The change that makes any content into number; its packed length is a little above length. */
static inline Vx__Change *region_change(uint64_t number, size_t length)
{
	Vx__Change *change = record_alloc(1, sizeof(*change));

	vx__change__init(change);
	change->delta = record_alloc(1, sizeof(*change->delta));
	vx__delta__init(change->delta);
	change->outcome = record_alloc(1, sizeof(*change->outcome));
	vx__outcome__init(change->outcome);
	change->outcome->txid.len = 16;
	change->outcome->txid.data = record_alloc(1, 16);
	memcpy(change->outcome->txid.data, &number, sizeof(number));
	change->outcome->committed = true;
	/* The first one only makes it long, the second one replaces it. */
	change->delta->put = record_alloc(2, sizeof(Vx__Record *));
	change->delta->put[0] = region_put(number, length);
	change->delta->put[1] = region_put(number, 0);
	change->delta->n_put = 2;
	return change;
}

/* Plans a checkpoint of content number. The caller frees *out_body after the steps. */
static inline void region_plan_checkpoint(const struct copy_place *place, uint64_t epoch, uint64_t seq,
					  uint64_t number, uint64_t generation, uint8_t **out_body,
					  struct copy_steps *out_steps, struct copy_place *out_place)
{
	static char *const enabled[REGION_DISKS] = { "d1", "d2", "d3" };
	Vx__Checkpoint content = VX__CHECKPOINT__INIT;
	Vx__Member member = VX__MEMBER__INIT, *members[1] = { &member };
	struct private_header header = { .dgid = REGION_DGID, .epoch = epoch, .seq = seq,
					 .generation = generation, .writer = REGION_WRITER };

	member.nodeid = 7;
	member.name = (char *)"node-a";
	content.enabled = (char **)enabled;
	content.n_enabled = REGION_DISKS;
	content.durable = members;
	content.n_durable = 1;
	content.config = region_config(epoch, seq, number);
	*out_body = private_body_encode(&content, &header.body_length, &header.body_crc);
	ck_assert(*out_body != NULL);
	vx__config__free_unpacked(content.config, NULL);
	ck_assert_int_eq(copy_plan_checkpoint(place, &header, *out_body, out_steps, out_place), 0);
}

/* Writes a checkpoint of content number and moves the place on. */
static inline void region_checkpoint(struct memdisk *disk, struct copy_place *place, uint64_t epoch,
				     uint64_t seq, uint64_t number, uint64_t generation)
{
	struct copy_steps steps;
	struct copy_place next;
	uint8_t *body;

	region_plan_checkpoint(place, epoch, seq, number, generation, &body, &steps, &next);
	memdisk_steps(disk, &steps);
	free(body);
	*place = next;
}

static inline void region_append(struct memdisk *disk, struct copy_place *place, uint64_t number,
				 size_t length)
{
	Vx__Change *change = region_change(number, length);
	struct copy_steps steps;
	struct copy_place next;

	ck_assert_int_eq(copy_plan_change(place, change, &steps, &next), 0);
	memdisk_steps(disk, &steps);
	*place = next;
	vx__change__free_unpacked(change, NULL);
}

/* A place on a disk that was just made. */
static inline struct copy_place region_place(struct memdisk *disk)
{
	struct copy_image *image = memdisk_image(disk);
	struct copy_place place = image->place;

	copy_image_free(image);
	return place;
}

#endif
