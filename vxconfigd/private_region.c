// SPDX-License-Identifier: GPL-2.0-or-later
/* The blocks of a configuration copy. */
#include "vxconfigd/private_region.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "vxconfigd/block_codec.h"

#define SECTORS_PER_BLOCK (VX_BLOCK / VX_SECTOR)
#define LAYOUT_FIXED_BLOCKS 8 /* two each of label, claim, header; two reserved */
#define LAYOUT_CLAIM_BLOCK 2
#define LAYOUT_HEADER_BLOCK 4

enum record_offset {
	RECORD_AT_GENERATION = BLOCK_HEAD_BYTES,
	RECORD_AT_WRITER = 104,
	RECORD_AT_EPOCH = 112,
	RECORD_AT_CHAIN = 120,
	RECORD_AT_LENGTH = 124,
	RECORD_AT_CHANGE = 128,
};

uint32_t private_blocks(uint64_t bytes)
{
	uint64_t blocks = bytes / VX_BLOCK + (bytes % VX_BLOCK != 0);

	assert(blocks <= UINT32_MAX);
	return (uint32_t)blocks;
}

uint64_t private_record_blocks(uint64_t change_length)
{
	return (RECORD_AT_CHANGE + change_length + VX_BLOCK - 1) / VX_BLOCK;
}

int private_layout_make(uint64_t priv_len, struct private_layout *out_layout)
{
	if (priv_len < VX_PRIV_LEN_MIN || priv_len > VX_PRIV_LEN_MAX ||
	    priv_len % SECTORS_PER_BLOCK != 0) {
		return -VX_E_INVAL;
	}

	uint32_t blocks = (uint32_t)(priv_len / SECTORS_PER_BLOCK);
	uint32_t body = (blocks - LAYOUT_FIXED_BLOCKS) / 8 * 3;
	struct private_layout layout = {
		.claim_block = LAYOUT_CLAIM_BLOCK,
		.header_block = LAYOUT_HEADER_BLOCK,
		.body_block = { LAYOUT_FIXED_BLOCKS, LAYOUT_FIXED_BLOCKS + body },
		.body_blocks = body,
		.journal_block = LAYOUT_FIXED_BLOCKS + 2 * body,
		.journal_blocks = blocks - LAYOUT_FIXED_BLOCKS - 2 * body,
	};

	assert(private_layout_valid(&layout, priv_len));
	*out_layout = layout;
	return 0;
}

struct extent {
	uint64_t first, blocks;
};

static bool extents_apart(const struct extent *extent, size_t count, uint64_t limit)
{
	for (size_t i = 0; i < count; i++) {
		if (extent[i].blocks == 0 || extent[i].first + extent[i].blocks > limit) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (extent[i].first < extent[j].first + extent[j].blocks &&
			    extent[j].first < extent[i].first + extent[i].blocks) {
				return false;
			}
		}
	}
	return true;
}

bool private_layout_valid(const struct private_layout *layout, uint64_t priv_len)
{
	const struct extent part[] = {
		{ 0, LABEL_BLOCKS },
		{ layout->claim_block, 2 },
		{ layout->header_block, 2 },
		{ layout->body_block[0], layout->body_blocks },
		{ layout->body_block[1], layout->body_blocks },
		{ layout->journal_block, layout->journal_blocks },
	};

	return priv_len <= VX_PRIV_LEN_MAX &&
	       extents_apart(part, VX_COUNT_OF(part), priv_len / SECTORS_PER_BLOCK);
}

void private_claim_encode(const struct private_claim *claim, const char *diskid, uint8_t *out_block)
{
	struct cursor cursor = block_begin(out_block, VX_BLOCK);

	cursor_put_text(&cursor, claim->dgid, DISK_ID_SIZE);
	cursor_put(&cursor, claim->epoch, 8);
	block_seal(BLOCK_CLAIM, claim->sequence, diskid, out_block, VX_BLOCK);
}

/* Opens a block of exactly one block's length that must belong to diskid. */
static int private_open(enum block_kind kind, const uint8_t *block, const char *diskid,
			struct block_head *out_head, struct cursor *out_cursor)
{
	int rc = block_open(kind, block, VX_BLOCK, out_head, out_cursor);

	if (rc != 0) {
		return rc;
	}
	return strcmp(out_head->id, diskid) == 0 ? 0 : -VX_E_NOTFOUND;
}

int private_claim_decode(const uint8_t *block, const char *diskid, struct private_claim *out_claim)
{
	struct block_head head;
	struct cursor cursor;
	int rc = private_open(BLOCK_CLAIM, block, diskid, &head, &cursor);

	if (rc != 0) {
		return rc;
	}

	struct private_claim claim = { .sequence = head.sequence };

	cursor_get_text(&cursor, claim.dgid, DISK_ID_SIZE);
	claim.epoch = cursor_get(&cursor, 8);
	cursor_get_zero(&cursor, VX_BLOCK);
	if (cursor.bad || claim.dgid[0] == '\0') {
		return -VX_E_CORRUPT;
	}
	*out_claim = claim;
	return 0;
}

void private_header_encode(struct private_header *header, const char *diskid, uint8_t *out_block)
{
	struct cursor cursor = block_begin(out_block, VX_BLOCK);

	cursor_put_text(&cursor, header->dgid, DISK_ID_SIZE);
	cursor_put(&cursor, header->epoch, 8);
	cursor_put(&cursor, header->seq, 8);
	cursor_put(&cursor, header->writer, 8);
	cursor_put(&cursor, header->body_length, 4);
	cursor_put(&cursor, header->body_crc, 4);
	cursor_put(&cursor, header->slot, 4);
	header->crc = block_seal(BLOCK_CHECKPOINT, header->generation, diskid, out_block, VX_BLOCK);
}

int private_header_decode(const uint8_t *block, const char *diskid, uint32_t slot,
			  const struct private_layout *layout, struct private_header *out_header)
{
	struct block_head head;
	struct cursor cursor;
	int rc = private_open(BLOCK_CHECKPOINT, block, diskid, &head, &cursor);

	if (rc != 0) {
		return rc;
	}

	struct private_header header = { .generation = head.sequence, .crc = head.crc };

	cursor_get_text(&cursor, header.dgid, DISK_ID_SIZE);
	header.epoch = cursor_get(&cursor, 8);
	header.seq = cursor_get(&cursor, 8);
	header.writer = cursor_get(&cursor, 8);
	header.body_length = (uint32_t)cursor_get(&cursor, 4);
	header.body_crc = (uint32_t)cursor_get(&cursor, 4);
	header.slot = (uint32_t)cursor_get(&cursor, 4);
	cursor_get_zero(&cursor, VX_BLOCK);
	if (cursor.bad || header.dgid[0] == '\0' || header.slot != slot || header.body_length == 0 ||
	    private_blocks(header.body_length) > layout->body_blocks) {
		return -VX_E_CORRUPT;
	}
	*out_header = header;
	return 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int private_header_compare(const struct private_header *a, const struct private_header *b)
{
	int rc = compare_u64(a->epoch, b->epoch);

	rc = rc != 0 ? rc : compare_u64(a->seq, b->seq);
	rc = rc != 0 ? rc : compare_u64(a->generation, b->generation);
	return rc != 0 ? rc : compare_u64(a->writer, b->writer);
}

static uint8_t *private_alloc(uint32_t blocks)
{
	return aligned_alloc(VX_BLOCK, (size_t)blocks * VX_BLOCK);
}

uint8_t *private_body_encode(const Vx__Checkpoint *body, uint32_t *out_length, uint32_t *out_crc)
{
	size_t length = vx__checkpoint__get_packed_size(body);

	if (length == 0 || length > (uint64_t)VX_PRIV_LEN_MAX * VX_SECTOR) {
		return NULL;
	}

	uint32_t blocks = private_blocks(length);
	uint8_t *data = private_alloc(blocks);

	if (data == NULL) {
		return NULL;
	}
	memset(data + (size_t)(blocks - 1) * VX_BLOCK, 0, VX_BLOCK);
	vx__checkpoint__pack(body, data);
	*out_length = (uint32_t)length;
	*out_crc = crc32c(0, data, (size_t)blocks * VX_BLOCK);
	return data;
}

int private_body_decode(const uint8_t *body, const struct private_header *header,
			Vx__Checkpoint **out_body)
{
	size_t size = (size_t)private_blocks(header->body_length) * VX_BLOCK;

	if (crc32c(0, body, size) != header->body_crc) {
		return -VX_E_CORRUPT;
	}

	Vx__Checkpoint *checkpoint = vx__checkpoint__unpack(NULL, header->body_length, body);

	if (checkpoint == NULL) {
		return -VX_E_CORRUPT;
	}

	/* D9 */
	const Vx__Config *config = checkpoint->config;

	if (config == NULL || config->dg == NULL || strcmp(config->dg->dgid, header->dgid) != 0 ||
	    config->epoch != header->epoch || config->seq != header->seq ||
	    checkpoint->n_enabled == 0 || checkpoint->n_enabled > VX_COPIES_MAX ||
	    checkpoint->n_before > VX_COPIES_MAX ||
	    checkpoint->n_durable > VX_NODES_MAX) {
		vx__checkpoint__free_unpacked(checkpoint, NULL);
		return -VX_E_CORRUPT;
	}
	*out_body = checkpoint;
	return 0;
}

uint8_t *private_record_encode(struct private_record *record, const char *diskid,
			       const Vx__Change *change)
{
	size_t length = vx__change__get_packed_size(change);

	if (length > (uint64_t)VX_PRIV_LEN_MAX * VX_SECTOR) {
		return NULL;
	}
	record->blocks = (uint32_t)private_record_blocks(length);

	uint8_t *data = private_alloc(record->blocks);

	if (data == NULL) {
		return NULL;
	}

	size_t size = (size_t)record->blocks * VX_BLOCK;
	struct cursor cursor = block_begin(data, size);

	cursor_put(&cursor, record->generation, 8);
	cursor_put(&cursor, record->writer, 8);
	cursor_put(&cursor, record->epoch, 8);
	cursor_put(&cursor, record->chain, 4);
	cursor_put(&cursor, length, 4);
	assert(cursor.offset == RECORD_AT_CHANGE);
	vx__change__pack(change, data + RECORD_AT_CHANGE);
	record->crc = block_seal(BLOCK_RECORD, record->seq, diskid, data, size);
	return data;
}

int private_record_peek(const uint8_t *block, uint32_t *out_blocks)
{
	uint32_t length;
	int rc = block_peek(BLOCK_RECORD, block, &length);

	if (rc == 0) {
		*out_blocks = private_blocks(length);
	}
	return rc;
}

int private_record_decode(const uint8_t *data, size_t blocks, const char *diskid,
			  struct private_record *out_record, const uint8_t **out_change,
			  size_t *out_change_length)
{
	struct block_head head;
	struct cursor cursor;
	int rc = block_open(BLOCK_RECORD, data, blocks * VX_BLOCK, &head, &cursor);

	if (rc != 0) {
		return rc;
	}
	if (strcmp(head.id, diskid) != 0) {
		return -VX_E_NOTFOUND;
	}

	struct private_record record = {
		.seq = head.sequence,
		.blocks = private_blocks(head.length),
		.crc = head.crc,
	};

	record.generation = cursor_get(&cursor, 8);
	record.writer = cursor_get(&cursor, 8);
	record.epoch = cursor_get(&cursor, 8);
	record.chain = (uint32_t)cursor_get(&cursor, 4);

	size_t length = cursor_get(&cursor, 4);
	size_t room = head.length - RECORD_AT_CHANGE;

	if (cursor.bad || length > room ||
	    private_record_blocks(length) != record.blocks) {
		return -VX_E_CORRUPT;
	}
	cursor.offset += length;
	cursor_get_zero(&cursor, head.length);
	if (cursor.bad) {
		return -VX_E_CORRUPT;
	}
	*out_record = record;
	*out_change = data + RECORD_AT_CHANGE;
	*out_change_length = length;
	return 0;
}
