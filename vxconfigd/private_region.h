/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks of a configuration copy: claim, checkpoint header and body, journal record. Bytes
 * and rules: DISK-FORMAT.md 3 to 6.
 *
 * Pure: no clock, I/O, thread, randomness, log. Decoders take any bytes and return 0,
 * -VX_E_NOTFOUND (not such a block), -VX_E_VERSION (newer major) or -VX_E_CORRUPT; results are untouched
 * then. Encoders assert that what they are given fits.
 */
#ifndef VX_VXCONFIGD_PRIVATE_REGION_H
#define VX_VXCONFIGD_PRIVATE_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "vxconfigd/disk_label.h"
#include "vxha.pb-c.h"

/* Cuts a private region of priv_len sectors into its parts (D4). 0 or -VX_E_INVAL. */
int private_layout_make(uint64_t priv_len, struct private_layout *out_layout);
/* Are the parts inside the region, apart from each other and from the label? */
bool private_layout_valid(const struct private_layout *layout, uint64_t priv_len);

/* The promise that nobody writes a content of a lower epoch any more. */
struct private_claim {
	char dgid[DISK_ID_SIZE];
	uint64_t epoch;
	uint64_t sequence; /* the higher of the two blocks counts */
};
void private_claim_encode(const struct private_claim *claim, const char *diskid, uint8_t *out_block);
int private_claim_decode(const uint8_t *block, const char *diskid, struct private_claim *out_claim);

/* Header of a checkpoint; its body is in body_block[slot]. */
struct private_header {
	char dgid[DISK_ID_SIZE];
	uint64_t epoch, seq; /* of the content */
	uint64_t generation; /* counts the checkpoints of the group */
	uint64_t writer; /* random, of the process that wrote it: names the journal with generation */
	uint32_t body_length; /* bytes of the packed Vx__Checkpoint */
	uint32_t body_crc; /* over whole blocks, the rest of the last one is zero */
	uint32_t slot;
	uint32_t crc; /* of the header block itself: the journal's chain begins with it */
};
/* Sets header->crc. */
void private_header_encode(struct private_header *header, const char *diskid, uint8_t *out_block);
int private_header_decode(const uint8_t *block, const char *diskid, uint32_t slot,
			  const struct private_layout *layout, struct private_header *out_header);
/* Negative, 0, positive: by epoch, seq, generation, writer. */
int private_header_compare(const struct private_header *a, const struct private_header *b);

/* Packs a checkpoint into whole blocks. Memory from aligned_alloc(VX_BLOCK), NULL if there is none. */
uint8_t *private_body_encode(const Vx__Checkpoint *body, uint32_t *out_length, uint32_t *out_crc);
/* body: the blocks of header->body_length. Also checks that the content is the one that the header names. */
int private_body_decode(const uint8_t *body, const struct private_header *header,
			Vx__Checkpoint **out_body);

/* A change in the journal of the checkpoint (generation, writer). */
struct private_record {
	uint64_t generation, writer;
	uint64_t epoch, seq; /* of the content after the change */
	uint32_t chain; /* crc of the record before it, or of the checkpoint's header */
	uint32_t blocks, crc; /* of this record as a whole */
};
/* Sets record->blocks and crc. Memory from aligned_alloc(VX_BLOCK), NULL if there is none. */
uint8_t *private_record_encode(struct private_record *record, const char *diskid,
			       const Vx__Change *change);
/* The first block tells how many blocks to read; not yet believed. */
int private_record_peek(const uint8_t *block, uint32_t *out_blocks);
/* out_change: the packed Vx__Change inside data. */
int private_record_decode(const uint8_t *data, size_t blocks, const char *diskid,
			  struct private_record *out_record, const uint8_t **out_change,
			  size_t *out_change_length);

uint64_t private_record_blocks(uint64_t change_length); /* of a record with so long a change */
uint32_t private_blocks(uint64_t bytes); /* whole blocks that hold so many bytes */

#endif
