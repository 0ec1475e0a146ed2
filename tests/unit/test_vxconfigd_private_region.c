// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The blocks of the private region, each by itself: round trips, every damaged byte, every length,
 * versions, random bytes, golden files. A copy as a whole: test_vxconfigd_copy_image.c.
 */
#include "tests/unit/suite.h"
#include "vxconfigd/private_region.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "region_sample.h"
#include "vxconfigd/block_codec.h"
#include "vxconfigd/copy_image.h"
#include "vxconfigd/disk_label.h"
#include "vxconfigd/disk_signature.h"

#define SECTORS_PER_BLOCK (VX_BLOCK / VX_SECTOR)

static const struct private_layout layout = { 2, 4, { 8, 101 }, 93, 194, 62 };

static struct disk_label sample_label(void)
{
	struct disk_label label = { .diskid = "d1", .dgid = REGION_DGID, .group = "data", .media = "disk1",
				    .cluster = "demo", .host = "", .shared = true };
	char reason[VX_REASON_MAX];

	ck_assert_int_eq(disk_label_geometry(524288, VX_PRIV_LEN_MIN, &label, reason), 0);
	return label;
}

static const struct private_claim sample_claim = { .dgid = REGION_DGID, .epoch = 0x1203, .sequence = 9 };

static struct private_header sample_header(void)
{
	return (struct private_header){ .dgid = REGION_DGID, .epoch = 0x1203, .seq = 40, .generation = 12,
					.writer = REGION_WRITER, .body_length = 5000,
					.body_crc = 0xdecafbad, .slot = 1 };
}

static struct private_record sample_record(void)
{
	return (struct private_record){ .generation = 12, .writer = REGION_WRITER, .epoch = 0x1203,
					.seq = 41, .chain = 0xfeedface };
}

/* One kind of block: a sample of it, and its decoder with nothing but the bytes. */
struct sample {
	const char *name;
	size_t length;
	uint8_t *data;
	int (*decode)(const uint8_t *data, size_t length);
};

static int decode_label(const uint8_t *data, size_t length)
{
	struct disk_label label;
	uint64_t sequence;
	char reason[VX_REASON_MAX];

	(void)length;
	return disk_label_decode(data, &label, &sequence, reason);
}

static int decode_claim(const uint8_t *data, size_t length)
{
	struct private_claim claim;

	(void)length;
	return private_claim_decode(data, "d1", &claim);
}

static int decode_header(const uint8_t *data, size_t length)
{
	struct private_header header;

	(void)length;
	return private_header_decode(data, "d1", 1, &layout, &header);
}

static int decode_record(const uint8_t *data, size_t length)
{
	struct private_record record;
	const uint8_t *change;
	size_t change_length;

	return private_record_decode(data, length / VX_BLOCK, "d1", &record, &change, &change_length);
}

static struct private_header body_header; /* of the sample body */

static int decode_body(const uint8_t *data, size_t length)
{
	Vx__Checkpoint *body;
	int rc;

	if (length < (size_t)private_blocks(body_header.body_length) * VX_BLOCK) {
		return -VX_E_CORRUPT;
	}
	rc = private_body_decode(data, &body_header, &body);
	if (rc == 0) {
		vx__checkpoint__free_unpacked(body, NULL);
	}
	return rc;
}

enum { SAMPLE_LABEL, SAMPLE_CLAIM, SAMPLE_HEADER, SAMPLE_RECORD, SAMPLE_BODY, SAMPLES };
static struct sample sample[SAMPLES];

static uint8_t *new_block(void)
{
	uint8_t *block = aligned_alloc(VX_BLOCK, VX_BLOCK);

	ck_assert(block != NULL);
	return block;
}

static void samples_create(void)
{
	struct disk_label label = sample_label();
	struct private_header header = sample_header();
	struct private_record record = sample_record();
	Vx__Change *change = region_change(41, 5000);
	struct copy_place place = { .diskid = "d1", .layout = layout, .slot = COPY_NO_SLOT };
	struct copy_place next;
	struct copy_steps steps;
	uint8_t *body;

	sample[SAMPLE_LABEL] = (struct sample){ "label", VX_BLOCK, new_block(), decode_label };
	disk_label_encode(&label, 7, sample[SAMPLE_LABEL].data);
	sample[SAMPLE_CLAIM] = (struct sample){ "claim", VX_BLOCK, new_block(), decode_claim };
	private_claim_encode(&sample_claim, "d1", sample[SAMPLE_CLAIM].data);
	sample[SAMPLE_HEADER] = (struct sample){ "header", VX_BLOCK, new_block(), decode_header };
	private_header_encode(&header, "d1", sample[SAMPLE_HEADER].data);
	sample[SAMPLE_RECORD] = (struct sample){ "record", 0, private_record_encode(&record, "d1", change),
						 decode_record };
	sample[SAMPLE_RECORD].length = (size_t)record.blocks * VX_BLOCK;
	region_plan_checkpoint(&place, 0x1203, 40, 40, 12, &body, &steps, &next);
	ck_assert_int_eq(private_header_decode(steps.write[1].data, "d1", 0, &layout, &body_header), 0);
	sample[SAMPLE_BODY] = (struct sample){ "body", (size_t)steps.write[0].blocks * VX_BLOCK, body,
					       decode_body };
	copy_steps_free(&steps);
	vx__change__free_unpacked(change, NULL);
}

static void samples_free(void)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		free(sample[i].data);
	}
}

/* D4 */
START_TEST(layout_is_as_documented)
{
	struct private_layout made;

	ck_assert_int_eq(private_layout_make(VX_PRIV_LEN_MIN, &made), 0);
	ck_assert_mem_eq(&made, &layout, sizeof(made));
	ck_assert_int_eq(private_layout_make(VX_PRIV_LEN, &made), 0);
	ck_assert_uint_eq(made.body_blocks, 3069);
	ck_assert_uint_eq(made.journal_block, 6146);
	ck_assert_uint_eq(made.journal_blocks, 2046);
	ck_assert_int_eq(private_layout_make(VX_PRIV_LEN_MAX, &made), 0);
	ck_assert_int_eq(private_layout_make(VX_PRIV_LEN_MIN - 8, &made), -VX_E_INVAL);
	ck_assert_int_eq(private_layout_make(VX_PRIV_LEN + 1, &made), -VX_E_INVAL);
	ck_assert_int_eq(private_layout_make(UINT64_MAX, &made), -VX_E_INVAL);
	for (uint32_t *part = (uint32_t *)&made; part < (uint32_t *)(&made + 1); part++) {
		made = layout;
		*part = 0;
		ck_assert(!private_layout_valid(&made, VX_PRIV_LEN_MIN));
		made = layout;
		*part = UINT32_MAX;
		ck_assert(!private_layout_valid(&made, VX_PRIV_LEN_MIN));
	}
}
END_TEST

/* D4 */
START_TEST(geometry)
{
	struct disk_label label = { 0 };
	char reason[VX_REASON_MAX];

	ck_assert_int_eq(disk_label_geometry(524288, 32768, &label, reason), 0);
	ck_assert_uint_eq(label.pub_offset, 32768);
	ck_assert_uint_eq(label.pub_len, 524288 - 32768);
	ck_assert_int_eq(disk_label_geometry(524287, 2056, &label, reason), 0);
	ck_assert_uint_eq(label.pub_offset, 4096);
	ck_assert_uint_eq(label.pub_len, 524280 - 4096);
	ck_assert_int_eq(disk_label_geometry(4096, 2048, &label, reason), 0);
	ck_assert_int_eq(disk_label_geometry(4095, 2048, &label, reason), -VX_E_NOSPACE);
	ck_assert_ptr_nonnull(strstr(reason, "too small"));
	ck_assert_int_eq(disk_label_geometry(0, 2048, &label, reason), -VX_E_NOSPACE);
	ck_assert_int_eq(disk_label_geometry(524288, 1000, &label, reason), -VX_E_INVAL);
}
END_TEST

START_TEST(round_trips)
{
	struct disk_label label = sample_label(), label_back;
	struct private_header header = sample_header(), header_back;
	struct private_record record = sample_record(), record_back;
	struct private_claim claim_back;
	Vx__Change *change = region_change(41, 5000), *change_back;
	const uint8_t *packed;
	uint64_t sequence;
	size_t length;
	char reason[VX_REASON_MAX];

	ck_assert_int_eq(disk_label_decode(sample[SAMPLE_LABEL].data, &label_back, &sequence, reason), 0);
	ck_assert_uint_eq(sequence, 7);
	ck_assert_str_eq(label_back.dgid, label.dgid);
	ck_assert_str_eq(label_back.media, label.media);
	ck_assert_str_eq(label_back.cluster, label.cluster);
	ck_assert(label_back.shared && label_back.pub_len == label.pub_len);
	ck_assert_mem_eq(&label_back.layout, &label.layout, sizeof(label.layout));
	ck_assert_int_eq(private_claim_decode(sample[SAMPLE_CLAIM].data, "d1", &claim_back), 0);
	ck_assert_uint_eq(claim_back.epoch, sample_claim.epoch);
	ck_assert_uint_eq(claim_back.sequence, sample_claim.sequence);
	ck_assert_int_eq(private_claim_decode(sample[SAMPLE_CLAIM].data, "d2", &claim_back),
			 -VX_E_NOTFOUND);
	private_header_encode(&header, "d1", sample[SAMPLE_HEADER].data);
	ck_assert_int_eq(private_header_decode(sample[SAMPLE_HEADER].data, "d1", 1, &layout, &header_back),
			 0);
	ck_assert_mem_eq(&header, &header_back, sizeof(header));
	ck_assert_int_eq(private_header_decode(sample[SAMPLE_HEADER].data, "d1", 0, &layout, &header_back),
			 -VX_E_CORRUPT);
	free(private_record_encode(&record, "d1", change));
	ck_assert_int_eq(private_record_decode(sample[SAMPLE_RECORD].data, 2, "d1", &record_back, &packed,
					       &length), 0);
	ck_assert(record_back.generation == record.generation && record_back.writer == record.writer &&
		  record_back.epoch == record.epoch && record_back.seq == record.seq &&
		  record_back.chain == record.chain && record_back.crc == record.crc &&
		  record_back.blocks == record.blocks);
	change_back = vx__change__unpack(NULL, length, packed);
	ck_assert_ptr_nonnull(change_back);
	ck_assert_str_eq(change_back->delta->put[0]->dm->device, change->delta->put[0]->dm->device);
	vx__change__free_unpacked(change_back, NULL);
	vx__change__free_unpacked(change, NULL);
	ck_assert_int_eq(decode_body(sample[SAMPLE_BODY].data, sample[SAMPLE_BODY].length), 0);
}
END_TEST

/* D9: each is whole, but they do not belong together. */
START_TEST(body_of_another_header)
{
	struct private_header own = body_header, other[6];

	for (size_t i = 0; i < VX_COUNT_OF(other); i++) {
		other[i] = own;
	}
	other[0].epoch++;
	other[1].seq++;
	other[2].epoch = other[2].seq = 0;
	snprintf(other[3].dgid, sizeof(other[3].dgid), "%s0", REGION_DGID);
	other[4].body_length--;
	other[5].body_crc ^= 1;
	for (size_t i = 0; i < VX_COUNT_OF(other); i++) {
		body_header = other[i];
		ck_assert_msg(decode_body(sample[SAMPLE_BODY].data, sample[SAMPLE_BODY].length) ==
				      -VX_E_CORRUPT, "header %zu passes", i);
	}
	body_header = own;
	ck_assert_int_eq(decode_body(sample[SAMPLE_BODY].data, sample[SAMPLE_BODY].length), 0);
}
END_TEST

/* D1 */
START_TEST(every_damaged_byte_is_seen)
{
	const struct sample *s = &sample[_i];

	ck_assert_int_eq(s->decode(s->data, s->length), 0);
	for (size_t at = 0; at < s->length; at++) {
		static const uint8_t damage[] = { 0x01, 0x80, 0xff };

		for (size_t i = 0; i < sizeof(damage); i++) {
			s->data[at] ^= damage[i];
			ck_assert_msg(s->decode(s->data, s->length) != 0, "%s: byte %zu xor %02x passes",
				      s->name, at, damage[i]);
			s->data[at] ^= damage[i];
		}
	}
}
END_TEST

/* The bytes are copied to the very end of a page of memory, so that a sanitizer sees one too many. */
START_TEST(every_shorter_length_is_seen)
{
	static const enum block_kind kind[] = { BLOCK_LABEL, BLOCK_CLAIM, BLOCK_CHECKPOINT, BLOCK_RECORD };
	const struct sample *s = &sample[_i];

	for (size_t length = 0; length < s->length; length++) {
		uint8_t *cut = malloc(length + (length == 0));
		struct block_head head;
		struct cursor cursor;

		memcpy(cut, s->data, length);
		if (_i < (int)VX_COUNT_OF(kind)) {
			ck_assert_int_ne(block_open(kind[_i], cut, length, &head, &cursor), 0);
		} else {
			ck_assert_int_ne(s->decode(cut, length), 0);
		}
		free(cut);
	}
}
END_TEST

/* Writes a new checksum over a block that was changed by hand. */
static void reseal(uint8_t *data, size_t length)
{
	uint32_t crc;

	memset(data + BLOCK_AT_CRC, 0, 4);
	crc = crc32c(0, data, length);
	for (int i = 0; i < 4; i++) {
		data[BLOCK_AT_CRC + i] = (uint8_t)(crc >> (8 * i));
	}
}

/* D2 */
START_TEST(versions_and_reserved_bytes)
{
	const struct sample *s = &sample[_i];
	size_t reserved = s->length - 1;

	s->data[reserved] = 1;
	reseal(s->data, s->length);
	ck_assert_msg(s->decode(s->data, s->length) == -VX_E_CORRUPT, "%s: a reserved byte passes", s->name);
	s->data[BLOCK_AT_MINOR] = BLOCK_MINOR + 1;
	reseal(s->data, s->length);
	ck_assert_msg(s->decode(s->data, s->length) == 0, "%s: a newer minor is refused", s->name);
	s->data[BLOCK_AT_MINOR] = BLOCK_MINOR;
	s->data[reserved] = 0;
	s->data[BLOCK_AT_MAJOR] = BLOCK_MAJOR + 1;
	reseal(s->data, s->length);
	ck_assert_int_eq(s->decode(s->data, s->length), -VX_E_VERSION);
	s->data[BLOCK_AT_MAJOR] = 0;
	reseal(s->data, s->length);
	ck_assert_int_eq(s->decode(s->data, s->length), -VX_E_CORRUPT);
	s->data[BLOCK_AT_MAJOR] = BLOCK_MAJOR;
	s->data[BLOCK_AT_RESERVED] = 1;
	reseal(s->data, s->length);
	ck_assert_int_eq(s->decode(s->data, s->length), -VX_E_CORRUPT);
	s->data[BLOCK_AT_RESERVED] = 0;
	reseal(s->data, s->length);
	ck_assert_int_eq(s->decode(s->data, s->length), 0);
	memset(s->data, 0, 8);
	ck_assert_int_eq(s->decode(s->data, s->length), -VX_E_NOTFOUND);
}
END_TEST

/* Sealed blocks full of random bytes: nothing but an error or sense may come of them. */
START_TEST(random_bytes)
{
	struct sample *s = &sample[_i];
	unsigned int seed = 1;

	for (int round = 0; round < 3000; round++) {
		size_t from = round % 3 == 0 ? 0 : BLOCK_HEAD_BYTES + (size_t)rand_r(&seed) % 64;
		size_t to = from + (size_t)rand_r(&seed) % (s->length - from + 1);

		for (size_t at = from; at < to; at++) {
			s->data[at] = (uint8_t)(rand_r(&seed) >> 3);
		}
		if (round % 3 != 0 && round % 7 != 0) {
			memset(s->data + to, 0, s->length - to);
		}
		if (_i != SAMPLE_BODY && round % 3 != 0) {
			reseal(s->data, s->length);
		} else if (_i == SAMPLE_BODY) {
			body_header.body_crc = crc32c(0, s->data, s->length);
		}
		s->decode(s->data, s->length);
	}
}
END_TEST

/* D3 */
START_TEST(label_torn_update)
{
	uint8_t disk[2 * VX_BLOCK], before[2 * VX_BLOCK], block[VX_BLOCK];
	struct disk_label label = sample_label(), got;
	struct disk_label_turn turn;
	char reason[VX_REASON_MAX];

	disk_label_encode(&label, 5, disk);
	disk_label_encode(&label, 5, disk + VX_BLOCK);
	snprintf(label.media, sizeof(label.media), "new");
	for (int start = 0; start < 3; start++) {
		/* 0: both whole; 1, 2: one of them was torn before */
		memcpy(before, disk, sizeof(disk));
		if (start > 0) {
			memset(before + (size_t)(start - 1) * VX_BLOCK + 100, 0xee, 300);
		}
		ck_assert_int_eq(disk_label_pick(before, &got, &turn, reason), 0);
		disk_label_encode(&label, turn.sequence, block);
		for (size_t done = 0; done <= (size_t)2 * SECTORS_PER_BLOCK; done++) {
			uint8_t now[2 * VX_BLOCK];
			size_t first = done < SECTORS_PER_BLOCK ? done : SECTORS_PER_BLOCK;
			int rc;

			memcpy(now, before, sizeof(now));
			memcpy(now + (size_t)turn.first * VX_BLOCK, block, first * VX_SECTOR);
			memcpy(now + (size_t)(1 - turn.first) * VX_BLOCK, block, (done - first) * VX_SECTOR);
			rc = disk_label_pick(now, &got, &turn, reason);
			ck_assert_msg(rc == 0, "start %d, %zu sectors: %s", start, done, reason);
			/* All that means something is in the first two sectors of the block, and the second
			 * one is the same in both. */
			if (done != 1) {
				ck_assert_str_eq(got.media, done == 0 ? "disk1" : "new");
			}
			ck_assert_int_eq(disk_label_pick(before, &got, &turn, reason), 0);
		}
	}
}
END_TEST

START_TEST(label_pick)
{
	uint8_t disk[2 * VX_BLOCK] = { 0 };
	struct disk_label label = sample_label(), got;
	struct disk_label_turn turn;
	char reason[VX_REASON_MAX];

	ck_assert_int_eq(disk_label_pick(disk, &got, &turn, reason), -VX_E_NOTFOUND);
	ck_assert_uint_eq(turn.sequence, 1);
	disk_label_encode(&label, 3, disk + VX_BLOCK);
	ck_assert_int_eq(disk_label_pick(disk, &got, &turn, reason), 0);
	ck_assert_uint_eq(turn.first, 0);
	ck_assert_uint_eq(turn.sequence, 4);
	disk[VX_BLOCK + 200] ^= 1;
	ck_assert_int_eq(disk_label_pick(disk, &got, &turn, reason), -VX_E_CORRUPT);
	disk_label_encode(&label, 3, disk);
	label.shared = false;
	disk_label_encode(&label, 3, disk + VX_BLOCK);
	ck_assert_int_eq(disk_label_pick(disk, &got, &turn, reason), -VX_E_CORRUPT);
	ck_assert_ptr_nonnull(strstr(reason, "two different labels"));
	disk[BLOCK_AT_MAJOR] = 2;
	ck_assert_int_eq(disk_label_pick(disk, &got, &turn, reason), -VX_E_VERSION);
	label.dgid[0] = '\0'; /* a group's name without its id */
	disk_label_encode(&label, 3, disk);
	ck_assert_int_eq(decode_label(disk, VX_BLOCK), -VX_E_CORRUPT);
	label = sample_label();
	label.pub_len = label.len;
	disk_label_encode(&label, 3, disk);
	ck_assert_int_eq(decode_label(disk, VX_BLOCK), -VX_E_CORRUPT);
}
END_TEST

START_TEST(signatures)
{
	uint8_t *data = calloc(1, DISK_SIGNATURE_BYTES);

	ck_assert_ptr_null(disk_signature_find(data, DISK_SIGNATURE_BYTES));
	data[1080] = 0x53;
	data[1081] = 0xef;
	ck_assert_ptr_nonnull(strstr(disk_signature_find(data, DISK_SIGNATURE_BYTES), "ext4"));
	memcpy(data + 512, "EFI PART", 8);
	ck_assert_ptr_nonnull(strstr(disk_signature_find(data, DISK_SIGNATURE_BYTES), "GPT"));
	ck_assert_ptr_null(disk_signature_find(data, 500));
	free(data);
}
END_TEST

/* "OFFSET: 16 bytes" a line, lines of zeroes left out, so that a change of the format can be reviewed. */
static char *golden_text(const struct sample *s)
{
	size_t room = s->length * 5 + 64, used = 0;
	char *text = malloc(room);

	for (size_t at = 0; at < s->length; at += 16) {
		static const uint8_t zero[16];

		if (memcmp(s->data + at, zero, 16) == 0) {
			continue;
		}
		used += (size_t)snprintf(text + used, room - used, "%06zx:", at);
		for (size_t i = 0; i < 16; i++) {
			used += (size_t)snprintf(text + used, room - used, " %02x", s->data[at + i]);
		}
		used += (size_t)snprintf(text + used, room - used, "\n");
	}
	snprintf(text + used, room - used, "%06zx: end\n", s->length);
	return text;
}

/* VXHA_GOLDEN_WRITE=1 writes the files anew: only with a commit that says why the format changed. */
START_TEST(golden_files)
{
	const char *top = getenv("VXHA_TOP") != NULL ? getenv("VXHA_TOP") : ".";
	char path[4096];
	char *text = golden_text(&sample[_i]), *stored;
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s.golden", top, sample[_i].name);
	if (getenv("VXHA_GOLDEN_WRITE") != NULL) {
		file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		fclose(file);
	}
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: cannot be read (run from the top folder, or set VXHA_TOP)", path);
	stored = calloc(1, strlen(text) + 2);
	length = fread(stored, 1, strlen(text) + 1, file);
	fclose(file);
	ck_assert_msg(length == strlen(text) && strcmp(stored, text) == 0,
		      "%s: the format on disk changed", path);
	free(stored);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("private_region");
	TCase *blocks = tcase_create("blocks");

	tcase_add_checked_fixture(blocks, samples_create, samples_free);
	tcase_add_test(blocks, layout_is_as_documented);
	tcase_add_test(blocks, geometry);
	tcase_add_test(blocks, round_trips);
	tcase_add_test(blocks, body_of_another_header);
	tcase_add_loop_test(blocks, every_damaged_byte_is_seen, 0, SAMPLES);
	tcase_add_loop_test(blocks, every_shorter_length_is_seen, 0, SAMPLES);
	tcase_add_loop_test(blocks, versions_and_reserved_bytes, 0, SAMPLE_BODY);
	tcase_add_loop_test(blocks, random_bytes, 0, SAMPLES);
	tcase_add_test(blocks, label_torn_update);
	tcase_add_test(blocks, label_pick);
	tcase_add_test(blocks, signatures);
	tcase_add_loop_test(blocks, golden_files, 0, SAMPLES);
	tcase_set_timeout(blocks, 60);
	suite_add_tcase(suite, blocks);
	return suite_run(suite);
}
