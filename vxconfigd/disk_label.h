/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The label of a disk: who it is, whose it is, where its regions are. Bytes: DISK-FORMAT.md 2.
 *
 * Pure: no clock, I/O, thread, randomness, log. Lengths and offsets are sectors of 512 bytes.
 */
#ifndef VX_VXCONFIGD_DISK_LABEL_H
#define VX_VXCONFIGD_DISK_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define DISK_ID_SIZE 64 /* of disk ids and group ids, with the ending NUL */
#define LABEL_BLOCKS 2 /* the label is kept twice, in blocks 0 and 1 */

/* Where things are in the private region, in blocks of 4096 bytes from the start of the disk. */
struct private_layout {
	uint32_t claim_block; /* two blocks */
	uint32_t header_block; /* two blocks */
	uint32_t body_block[2];
	uint32_t body_blocks; /* of each body */
	uint32_t journal_block;
	uint32_t journal_blocks;
};

struct disk_label {
	char diskid[DISK_ID_SIZE]; /* "" = not initialised */
	char dgid[DISK_ID_SIZE], group[VX_NAME_MAX + 1], media[VX_NAME_MAX + 1]; /* "" = in no group */
	char cluster[VX_CLUSTERNAME_MAX + 1]; /* owner of a shared group */
	char host[256]; /* owner of a private group */
	bool shared;
	uint64_t len, pub_offset, pub_len, priv_len; /* sectors */
	struct private_layout layout;
};

/* Splits len sectors into a private region of priv_len and the public region (rule D4).
 * 0, -VX_E_NOSPACE or -VX_E_INVAL with a text in out_reason (VX_REASON_MAX). */
int disk_label_geometry(uint64_t len, uint64_t priv_len, struct disk_label *out_label,
			char *out_reason);

/* label into one block of VX_BLOCK bytes. */
void disk_label_encode(const struct disk_label *label, uint64_t sequence, uint8_t *out_block);

/* 0; -VX_E_NOTFOUND: no label of ours; -VX_E_VERSION; -VX_E_CORRUPT; with a text in out_reason. */
int disk_label_decode(const uint8_t *block, struct disk_label *out_label, uint64_t *out_sequence,
		      char *out_reason);

/* How to write a label again: which of the two blocks first, with which sequence number (D3). */
struct disk_label_turn {
	unsigned int first; /* 0 or 1 */
	uint64_t sequence;
};

/*
 * The label that two blocks mean: the valid one with the higher sequence number. Errors as
 * disk_label_decode(). out_turn is set in every case.
 */
int disk_label_pick(const uint8_t *blocks, struct disk_label *out_label,
		    struct disk_label_turn *out_turn, char *out_reason);

#endif
