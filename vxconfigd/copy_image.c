// SPDX-License-Identifier: GPL-2.0-or-later
/* One configuration copy. */
#include "vxconfigd/copy_image.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"

#define JOURNAL_READ_BLOCKS 64

/* A part of the disk in memory that moves forward. */
struct window {
	const struct copy_reader *reader;
	uint8_t *data;
	uint32_t first, count, room; /* blocks */
};

/* *out_data: blocks [block, block + count). 0, -ENOMEM or the reader's error. limit: first block behind. */
static int window_get(struct window *window, uint32_t block, uint32_t count, uint32_t limit,
		      const uint8_t **out_data)
{
	assert(block + count <= limit);
	if (block < window->first || block + count > window->first + window->count) {
		uint32_t want = count > JOURNAL_READ_BLOCKS ? count : JOURNAL_READ_BLOCKS;

		want = want < limit - block ? want : limit - block;
		if (want > window->room) {
			free(window->data);
			window->data = aligned_alloc(VX_BLOCK, (size_t)want * VX_BLOCK);
			window->room = window->data != NULL ? want : 0;
			if (window->data == NULL) {
				return -ENOMEM;
			}
		}
		window->first = block;
		window->count = want;

		int rc = window->reader->read(window->reader->ctx, block, window->count, window->data);

		if (rc != 0) {
			window->count = 0;
			return rc;
		}
	}
	*out_data = window->data + (size_t)(block - window->first) * VX_BLOCK;
	return 0;
}

/* What a block is that was decoded with this result: one that was never written is blank (D5). */
static bool block_is_damaged(const uint8_t *block, int rc)
{
	bool blank = block[0] == 0 && memcmp(block, block + 1, VX_BLOCK - 1) == 0;

	return rc == -VX_E_CORRUPT || (rc == -VX_E_NOTFOUND && !blank);
}

/* D6: the higher claim of this group. Both damaged is no torn write: then a promise may be lost. */
static int image_claims(struct copy_image *image, const char *dgid, const uint8_t *blocks)
{
	unsigned int damaged = 0;

	for (uint32_t i = 0; i < 2; i++) {
		const uint8_t *block = blocks + (size_t)i * VX_BLOCK;
		struct private_claim claim = { .sequence = 0 };
		int rc = private_claim_decode(block, image->place.diskid, &claim);

		if (rc == -VX_E_VERSION) {
			return rc;
		}
		damaged += block_is_damaged(block, rc);
		if (rc == 0 && strcmp(claim.dgid, dgid) == 0) {
			image->claim[i] = claim.epoch;
		}
		if (image->claim[i] > image->claim_epoch) {
			image->claim_epoch = image->claim[i];
		}
		if (claim.sequence > image->claim_sequence) {
			image->claim_sequence = claim.sequence;
		}
	}
	if (damaged == 2) {
		image->damage = "its claims are damaged";
		image->place.unpromised = true;
	}
	return 0;
}

/* The body of one header. 0, -VX_E_CORRUPT, -ENOMEM or the reader's error. */
static int image_body(const struct copy_reader *reader, const struct private_layout *layout,
		      const struct private_header *header, Vx__Checkpoint **out_body)
{
	uint32_t blocks = private_blocks(header->body_length);
	uint8_t *data = aligned_alloc(VX_BLOCK, (size_t)blocks * VX_BLOCK);

	if (data == NULL) {
		return -ENOMEM;
	}

	int rc = reader->read(reader->ctx, layout->body_block[header->slot], blocks, data);

	if (rc == 0) {
		rc = private_body_decode(data, header, out_body);
	}
	free(data);
	return rc;
}

/*
 * D8: of the valid headers of this group the newest whose body is whole. A body was on stable
 * storage before its header was written, so a newest header without its body is no torn write.
 */
static int image_checkpoint(struct copy_image *image, const struct copy_reader *reader,
			    const char *dgid, const uint8_t *blocks)
{
	const struct private_layout *layout = &image->place.layout;
	struct private_header header[2];
	bool valid[2] = { false, false };
	unsigned int damaged = 0;

	for (uint32_t i = 0; i < 2; i++) {
		const uint8_t *block = blocks + (size_t)i * VX_BLOCK;
		int rc = private_header_decode(block, image->place.diskid, i, layout, &header[i]);

		if (rc == -VX_E_VERSION) {
			return rc;
		}
		damaged += block_is_damaged(block, rc);
		valid[i] = rc == 0 && strcmp(header[i].dgid, dgid) == 0;
	}
	if (damaged == 2) {
		image->damage = "its checkpoints are damaged";
		return 0;
	}
	while (valid[0] || valid[1]) {
		uint32_t best = valid[0] && valid[1] ?
					private_header_compare(&header[0], &header[1]) < 0 :
					valid[1];
		int rc = image_body(reader, layout, &header[best], &image->body);

		if (rc == 0) {
			image->header = header[best];
			image->place.slot = best;
			return 0;
		}
		if (rc != -VX_E_CORRUPT) {
			return rc;
		}
		if (image->place.slot == COPY_NO_SLOT) {
			image->place.slot = 1 - best; /* the next checkpoint replaces the newest */
		}
		image->damage = "its newest checkpoint is damaged";
		valid[best] = false;
	}
	return 0;
}

static int image_change_add(struct copy_image *image, const struct private_record *record,
			    const uint8_t *data, size_t length)
{
	struct copy_change *grown;

	if ((image->change_count & (image->change_count - 1)) == 0) { /* 0 or a power of two: full */
		size_t room = image->change_count == 0 ? 1 : image->change_count * 2;

		grown = reallocarray(image->change, room, sizeof(*grown));
		if (grown == NULL) {
			return -ENOMEM;
		}
		image->change = grown;
	}

	uint8_t *copy = malloc(length + 1);

	if (copy == NULL) {
		return -ENOMEM;
	}
	memcpy(copy, data, length);
	image->change[image->change_count++] = (struct copy_change){
		.epoch = record->epoch, .seq = record->seq, .data = copy, .length = length,
	};
	return 0;
}

/* One record at the end of the run. 0, 1: the run ends here, or an error. */
static int image_record(struct copy_image *image, struct window *window)
{
	struct copy_place *place = &image->place;
	uint32_t block = place->layout.journal_block + place->journal_used;
	uint32_t limit = place->layout.journal_block + place->layout.journal_blocks;
	struct private_record record;
	const uint8_t *data, *change;
	size_t length;
	uint32_t blocks;

	if (block == limit) {
		return 1;
	}

	int rc = window_get(window, block, 1, limit, &data);

	if (rc != 0) {
		return rc;
	}
	if (private_record_peek(data, &blocks) != 0 || blocks > limit - block) {
		return 1;
	}
	rc = window_get(window, block, blocks, limit, &data);
	if (rc != 0) {
		return rc;
	}
	if (private_record_decode(data, blocks, place->diskid, &record, &change, &length) != 0 ||
	    ((record.generation != place->generation || record.writer != place->writer ||
	      record.chain != place->chain) &&
	     !MUTANT(D10_CHAIN)) ||
	    record.epoch != place->epoch || record.seq != place->seq + 1) {
		return 1;
	}
	rc = image_change_add(image, &record, change, length);
	if (rc == 0) {
		place->seq = record.seq;
		place->chain = record.crc;
		place->journal_used += record.blocks;
	}
	return rc;
}

/* D10: the longest run of records that continue the checkpoint without a gap. */
static int image_journal(struct copy_image *image, const struct copy_reader *reader)
{
	struct window window = { .reader = reader };
	struct copy_place *place = &image->place;
	int rc = 0;

	place->generation = image->header.generation;
	place->writer = image->header.writer;
	place->epoch = image->header.epoch;
	place->seq = image->header.seq;
	place->chain = image->header.crc;
	while (rc == 0) {
		rc = image_record(image, &window);
	}
	free(window.data);
	return rc < 0 ? rc : 0;
}

__attribute__((format(printf, 3, 4))) static int image_fail(char *out_reason, int error,
							      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out_reason, VX_REASON_MAX, format, args);
	va_end(args);
	return error;
}

static int image_label(struct copy_image *image, const struct copy_reader *reader, const char *dgid,
		       const char *diskid, uint8_t *blocks, char *out_reason)
{
	struct disk_label_turn turn;
	int rc = reader->read(reader->ctx, 0, LABEL_BLOCKS, blocks);

	if (rc != 0) {
		return image_fail(out_reason, rc, "cannot read the label: %s", vx_strerror(rc));
	}
	rc = disk_label_pick(blocks, &image->label, &turn, out_reason);
	if (rc == -VX_E_NOTFOUND) {
		return -VX_E_NODISK;
	}
	if (rc != 0) {
		return rc;
	}
	if (strcmp(image->label.diskid, diskid) != 0) {
		return image_fail(out_reason, -VX_E_NODISK, "is another disk now (id %s)",
				  image->label.diskid);
	}
	if (image->label.dgid[0] != '\0' && strcmp(image->label.dgid, dgid) != 0) {
		return image_fail(out_reason, -VX_E_NODISK, "belongs to disk group %s (id %s)",
				  image->label.group, image->label.dgid);
	}
	snprintf(image->place.diskid, sizeof(image->place.diskid), "%s", diskid);
	image->place.layout = image->label.layout;
	return 0;
}

/* Everything behind the label. */
static int image_content(struct copy_image *image, const struct copy_reader *reader,
			 const char *dgid, uint8_t *blocks, char *out_reason)
{
	const struct private_layout *layout = &image->place.layout;
	const char *what = "claim";
	int rc = reader->read(reader->ctx, layout->claim_block, 2, blocks);

	if (rc == 0) {
		rc = image_claims(image, dgid, blocks);
	}
	if (rc == 0) {
		what = "checkpoint";
		rc = reader->read(reader->ctx, layout->header_block, 2, blocks);
	}
	if (rc == 0) {
		rc = image_checkpoint(image, reader, dgid, blocks);
	}
	if (rc == 0 && image->body != NULL) {
		what = "journal";
		rc = image_journal(image, reader);
	}
	if (rc == -VX_E_VERSION) {
		return image_fail(out_reason, rc, "%s written by a newer version of vxha", what);
	}
	return rc == 0 ? 0 : image_fail(out_reason, rc, "cannot read the %s: %s", what, vx_strerror(rc));
}

int copy_image_read(const struct copy_reader *reader, const char *dgid, const char *diskid,
		    struct copy_image **out_image, char *out_reason)
{
	struct copy_image *image = calloc(1, sizeof(*image));
	uint8_t *blocks = aligned_alloc(VX_BLOCK, 2 * VX_BLOCK);
	int rc = -ENOMEM;

	if (image == NULL || blocks == NULL) {
		image_fail(out_reason, rc, "%s", vx_strerror(rc));
	} else {
		image->place.slot = COPY_NO_SLOT;
		rc = image_label(image, reader, dgid, diskid, blocks, out_reason);
		if (rc == 0) {
			rc = image_content(image, reader, dgid, blocks, out_reason);
		}
	}
	free(blocks);
	if (rc != 0) {
		copy_image_free(image);
		return rc;
	}
	*out_image = image;
	return 0;
}

void copy_image_free(struct copy_image *image)
{
	if (image == NULL) {
		return;
	}
	for (size_t i = 0; i < image->change_count; i++) {
		free(image->change[i].data);
	}
	free(image->change);
	if (image->body != NULL) {
		vx__checkpoint__free_unpacked(image->body, NULL);
	}
	free(image);
}

void copy_steps_free(struct copy_steps *steps)
{
	free(steps->owned);
	*steps = (struct copy_steps){ 0 };
}

int copy_plan_claim(const struct copy_image *image, const char *dgid, uint64_t epoch,
		    struct copy_steps *out_steps)
{
	struct private_claim claim = { .epoch = epoch, .sequence = image->claim_sequence + 1 };
	uint32_t place = MUTANT(D6_PLACE) ? 0 : (uint32_t)(epoch & 1);
	uint8_t *block = aligned_alloc(VX_BLOCK, VX_BLOCK);

	if (block == NULL) {
		return -ENOMEM;
	}
	assert(!image->place.unpromised); /* one whole claim would hide that the others are lost */
	snprintf(claim.dgid, sizeof(claim.dgid), "%s", dgid);
	private_claim_encode(&claim, image->place.diskid, block);
	*out_steps = (struct copy_steps){
		.write = { { image->place.layout.claim_block + place, 1, block } },
		.count = 1,
		.owned = block,
	};
	return 0;
}

int copy_plan_checkpoint(const struct copy_place *place, const struct private_header *header,
			 const uint8_t *body, struct copy_steps *out_steps,
			 struct copy_place *out_place)
{
	const struct private_layout *layout = &place->layout;
	struct private_header next = *header;

	if (private_blocks(header->body_length) > layout->body_blocks) {
		return -VX_E_NOSPACE;
	}
	next.slot = (place->slot == 0) != MUTANT(D8_SLOT) ? 1 : 0;

	uint8_t *block = aligned_alloc(VX_BLOCK, 2 * VX_BLOCK);

	if (block == NULL) {
		return -ENOMEM;
	}
	private_header_encode(&next, place->diskid, block);
	*out_steps = (struct copy_steps){
		.write = { { layout->body_block[next.slot], private_blocks(next.body_length), body },
			   { layout->header_block + next.slot, 1, block } },
		.count = 2,
		.owned = block,
	};
	if (MUTANT(D8_ORDER)) {
		const struct copy_write first = out_steps->write[0];

		out_steps->write[0] = out_steps->write[1];
		out_steps->write[1] = first;
	}
	if (place->unpromised) { /* D21: last, so that it is not readable before it is whole */
		struct private_claim claim = { .epoch = header->epoch, .sequence = 1 };

		memcpy(claim.dgid, header->dgid, sizeof(claim.dgid));
		private_claim_encode(&claim, place->diskid, block + VX_BLOCK);
		out_steps->write[out_steps->count++] = (struct copy_write){
			layout->claim_block + (uint32_t)(claim.epoch & 1), 1, block + VX_BLOCK
		};
	}
	*out_place = *place;
	out_place->unpromised = false;
	out_place->slot = next.slot;
	out_place->generation = next.generation;
	out_place->writer = next.writer;
	out_place->epoch = next.epoch;
	out_place->seq = next.seq;
	out_place->chain = next.crc;
	out_place->journal_used = 0;
	return 0;
}

int copy_plan_change(const struct copy_place *place, const Vx__Change *change,
		     struct copy_steps *out_steps, struct copy_place *out_place)
{
	struct private_record record = {
		.generation = place->generation,
		.writer = place->writer,
		.epoch = place->epoch,
		.seq = place->seq + 1,
		.chain = place->chain,
	};

	assert(place->slot != COPY_NO_SLOT);
	if (!copy_place_fits(place, vx__change__get_packed_size(change))) {
		return -VX_E_NOSPACE;
	}

	uint8_t *data = private_record_encode(&record, place->diskid, change);

	if (data == NULL) {
		return -ENOMEM;
	}
	*out_steps = (struct copy_steps){
		.write = { { place->layout.journal_block + place->journal_used, record.blocks, data } },
		.count = 1,
		.owned = data,
	};
	*out_place = *place;
	out_place->seq = record.seq;
	out_place->chain = record.crc;
	out_place->journal_used += record.blocks;
	return 0;
}

bool copy_place_fits(const struct copy_place *place, size_t change_length)
{
	uint32_t room = place->layout.journal_blocks - place->journal_used;

	return private_record_blocks(change_length) <= room;
}
