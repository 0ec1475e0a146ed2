// SPDX-License-Identifier: GPL-2.0-or-later
/* The label of a disk. */
#include "vxconfigd/disk_label.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "vxconfigd/block_codec.h"
#include "vxconfigd/private_region.h"

#define PUBLIC_ALIGN 2048 /* sectors: 1 MiB */
#define PUBLIC_MIN 2048
#define SECTORS_PER_BLOCK (VX_BLOCK / VX_SECTOR)
#define LABEL_FLAG_SHARED 1u

__attribute__((format(printf, 3, 4))) static int label_fail(char *out_reason, int error,
							      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out_reason, VX_REASON_MAX, format, args);
	va_end(args);
	return error;
}

int disk_label_geometry(uint64_t len, uint64_t priv_len, struct disk_label *out_label,
			char *out_reason)
{
	struct private_layout layout;

	if (private_layout_make(priv_len, &layout) != 0) {
		return label_fail(out_reason, -VX_E_INVAL,
				  "a private region has %d to %d sectors, a multiple of %d: not %llu",
				  VX_PRIV_LEN_MIN, VX_PRIV_LEN_MAX, SECTORS_PER_BLOCK,
				  (unsigned long long)priv_len);
	}

	uint64_t pub_offset = (priv_len + PUBLIC_ALIGN - 1) / PUBLIC_ALIGN * PUBLIC_ALIGN;

	if (len < pub_offset + PUBLIC_MIN) {
		return label_fail(out_reason, -VX_E_NOSPACE,
				  "too small: %llu sectors, with a private region of %llu at least %llu are needed",
				  (unsigned long long)len, (unsigned long long)priv_len,
				  (unsigned long long)(pub_offset + PUBLIC_MIN));
	}
	if (len > VX_SECTORS_MAX) {
		return label_fail(out_reason, -VX_E_INVAL, "too large: %llu sectors",
				  (unsigned long long)len);
	}
	out_label->len = len;
	out_label->priv_len = priv_len;
	out_label->pub_offset = pub_offset;
	out_label->pub_len = (len - pub_offset) / SECTORS_PER_BLOCK * SECTORS_PER_BLOCK;
	out_label->layout = layout;
	return 0;
}

void disk_label_encode(const struct disk_label *label, uint64_t sequence, uint8_t *out_block)
{
	const struct private_layout *layout = &label->layout;
	struct cursor cursor = block_begin(out_block, VX_BLOCK);

	cursor_put_text(&cursor, label->dgid, DISK_ID_SIZE);
	cursor_put_text(&cursor, label->group, sizeof(label->group));
	cursor_put_text(&cursor, label->media, sizeof(label->media));
	cursor_put_text(&cursor, label->cluster, sizeof(label->cluster));
	cursor_put_text(&cursor, label->host, sizeof(label->host));
	cursor_put(&cursor, label->shared ? LABEL_FLAG_SHARED : 0, 4);
	cursor_put(&cursor, 0, 4);
	cursor_put(&cursor, label->len, 8);
	cursor_put(&cursor, label->pub_offset, 8);
	cursor_put(&cursor, label->pub_len, 8);
	cursor_put(&cursor, label->priv_len, 8);
	cursor_put(&cursor, layout->claim_block, 4);
	cursor_put(&cursor, layout->header_block, 4);
	cursor_put(&cursor, layout->body_block[0], 4);
	cursor_put(&cursor, layout->body_block[1], 4);
	cursor_put(&cursor, layout->body_blocks, 4);
	cursor_put(&cursor, layout->journal_block, 4);
	cursor_put(&cursor, layout->journal_blocks, 4);
	block_seal(BLOCK_LABEL, sequence, label->diskid, out_block, VX_BLOCK);
}

/* D4: do the numbers make a disk? Everything that is later used as an offset is checked here. */
static bool label_sane(const struct disk_label *label)
{
	return label->diskid[0] != '\0' && label->len <= VX_SECTORS_MAX &&
	       label->pub_len > 0 && label->pub_len <= label->len &&
	       label->pub_offset >= label->priv_len &&
	       label->pub_offset <= label->len - label->pub_len &&
	       private_layout_valid(&label->layout, label->priv_len) &&
	       (label->dgid[0] == '\0') == (label->group[0] == '\0');
}

int disk_label_decode(const uint8_t *block, struct disk_label *out_label, uint64_t *out_sequence,
		      char *out_reason)
{
	struct block_head head;
	struct cursor cursor;
	int rc = block_open(BLOCK_LABEL, block, VX_BLOCK, &head, &cursor);

	if (rc == -VX_E_NOTFOUND) {
		return label_fail(out_reason, rc, "not initialised for vxha");
	}
	if (rc == -VX_E_VERSION) {
		return label_fail(out_reason, rc, "label written by a newer version of vxha");
	}
	if (rc != 0) {
		return label_fail(out_reason, rc, "label is damaged (checksum)");
	}

	struct disk_label label = { 0 };

	memcpy(label.diskid, head.id, DISK_ID_SIZE);
	cursor_get_text(&cursor, label.dgid, DISK_ID_SIZE);
	cursor_get_text(&cursor, label.group, sizeof(label.group));
	cursor_get_text(&cursor, label.media, sizeof(label.media));
	cursor_get_text(&cursor, label.cluster, sizeof(label.cluster));
	cursor_get_text(&cursor, label.host, sizeof(label.host));

	uint64_t flags = cursor_get(&cursor, 4);

	label.shared = (flags & LABEL_FLAG_SHARED) != 0;
	cursor_get_zero(&cursor, cursor.offset + 4);
	label.len = cursor_get(&cursor, 8);
	label.pub_offset = cursor_get(&cursor, 8);
	label.pub_len = cursor_get(&cursor, 8);
	label.priv_len = cursor_get(&cursor, 8);
	label.layout.claim_block = (uint32_t)cursor_get(&cursor, 4);
	label.layout.header_block = (uint32_t)cursor_get(&cursor, 4);
	label.layout.body_block[0] = (uint32_t)cursor_get(&cursor, 4);
	label.layout.body_block[1] = (uint32_t)cursor_get(&cursor, 4);
	label.layout.body_blocks = (uint32_t)cursor_get(&cursor, 4);
	label.layout.journal_block = (uint32_t)cursor_get(&cursor, 4);
	label.layout.journal_blocks = (uint32_t)cursor_get(&cursor, 4);
	cursor_get_zero(&cursor, VX_BLOCK);
	if (cursor.bad || (!cursor.newer && (flags & ~LABEL_FLAG_SHARED) != 0) ||
	    !label_sane(&label)) {
		return label_fail(out_reason, -VX_E_CORRUPT, "label makes no sense");
	}
	*out_label = label;
	*out_sequence = head.sequence;
	return 0;
}

int disk_label_pick(const uint8_t *blocks, struct disk_label *out_label,
		    struct disk_label_turn *out_turn, char *out_reason)
{
	struct disk_label label[LABEL_BLOCKS];
	uint64_t sequence[LABEL_BLOCKS] = { 0, 0 };
	char reason[LABEL_BLOCKS][VX_REASON_MAX];
	int rc[LABEL_BLOCKS];

	for (size_t i = 0; i < LABEL_BLOCKS; i++) {
		rc[i] = disk_label_decode(blocks + i * VX_BLOCK, &label[i], &sequence[i], reason[i]);
	}

	/* D3: what is older or not valid is written first; the other one holds until that is done. */
	unsigned int best = rc[0] == 0 && (rc[1] != 0 || sequence[0] >= sequence[1]) ? 0 : 1;

	*out_turn = (struct disk_label_turn){ .first = 1 - best, .sequence = sequence[best] + 1 };
	for (size_t i = 0; i < LABEL_BLOCKS; i++) {
		if (rc[i] == -VX_E_VERSION) {
			return label_fail(out_reason, rc[i], "%s", reason[i]);
		}
	}
	if (rc[best] == 0 && rc[1 - best] == 0 && sequence[0] == sequence[1] &&
	    memcmp(blocks, blocks + VX_BLOCK, VX_BLOCK) != 0) {
		return label_fail(out_reason, -VX_E_CORRUPT,
				  "has two different labels (written by two hosts at one time?)");
	}
	if (rc[best] != 0) {
		unsigned int worse = rc[0] == -VX_E_CORRUPT ? 0 : 1;

		return label_fail(out_reason, rc[worse], "%s", reason[worse]);
	}
	*out_label = label[best];
	return 0;
}
