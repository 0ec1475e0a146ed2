/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of a writer of stamped blocks: what it meant to write and what was acknowledged.
 *
 * A file that only grows, on storage that does not belong to the volume: a head, then records of 32
 * bytes, each written by one write() in append mode. "Intent" goes out before the write is issued,
 * "ack" after it was acknowledged: a write with intent but no ack may or may not be on the volume.
 * Little-endian:
 *
 *      head, 96 bytes:  0 8 magic "VXSTJRN1"   8 4 crc32c with this field 0   12 4 length of a
 * block 16 32 volume   48 32 node   80 8 life: when it began, nanoseconds of the wall clock 88 8
 * reserved, 0 record:          0 4 kind   4 4 crc32c with this field 0   8 8 block   16 8
 * generation 24 8 wall clock, nanoseconds
 *
 * journal_put() any thread, the rest one thread. Functions return 0 or -errno; -EBADMSG: not a
 * journal, or damaged. A record that was cut off by a crash at the end is no damage.
 */
#ifndef VX_TOOLS_STAMP_JOURNAL_H
#define VX_TOOLS_STAMP_JOURNAL_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/tools/stamp_block.h"

#define JOURNAL_MAGIC "VXSTJRN1"
#define JOURNAL_HEAD 96
#define JOURNAL_RECORD 32

enum journal_kind { JOURNAL_INTENT = 1, JOURNAL_ACK = 2 };

struct journal_head {
	uint32_t block_size;
	uint64_t life;
	char volume[STAMP_NAME], node[STAMP_NAME];
};

struct journal_record {
	enum journal_kind kind;
	uint64_t block, generation;
};

static inline uint32_t journal_crc(const uint8_t *data, size_t size, size_t at)
{
	static const uint8_t zero[4];
	uint32_t crc = crc32c(0, data, at);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, data + at + 4, size - at - 4);
}

static inline uint64_t journal_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int journal_append(int fd, const uint8_t *data, size_t size)
{
	ssize_t done = write(fd, data, size);

	if (done < 0) {
		return -errno;
	}
	return (size_t)done == size ? 0 : -ENOSPC;
}

static inline int journal_put(int fd, const struct journal_record *record)
{
	uint8_t data[JOURNAL_RECORD];

	stamp_put32(data, record->kind);
	stamp_put64(data + 8, record->block);
	stamp_put64(data + 16, record->generation);
	stamp_put64(data + 24, journal_clock_ns(CLOCK_REALTIME));
	stamp_put32(data + 4, journal_crc(data, sizeof(data), 4));
	return journal_append(fd, data, sizeof(data));
}

static inline int journal_head_put(int fd, const struct journal_head *head)
{
	uint8_t data[JOURNAL_HEAD] = JOURNAL_MAGIC;

	stamp_put32(data + 12, head->block_size);
	memcpy(data + 16, head->volume, STAMP_NAME);
	memcpy(data + 48, head->node, STAMP_NAME);
	stamp_put64(data + 80, head->life);
	stamp_put32(data + 8, journal_crc(data, sizeof(data), 8));
	return journal_append(fd, data, sizeof(data));
}

static inline int journal_head_get(const uint8_t data[JOURNAL_HEAD], struct journal_head *out_head)
{
	if (memcmp(data, JOURNAL_MAGIC, 8) != 0 ||
	    stamp_get32(data + 8) != journal_crc(data, JOURNAL_HEAD, 8) || data[47] != 0 ||
	    data[79] != 0) {
		return -EBADMSG;
	}
	out_head->block_size = stamp_get32(data + 12);
	memcpy(out_head->volume, data + 16, STAMP_NAME);
	memcpy(out_head->node, data + 48, STAMP_NAME);
	out_head->life = stamp_get64(data + 80);
	return 0;
}

static inline int journal_record_get(const uint8_t data[JOURNAL_RECORD],
				     struct journal_record *out_record)
{
	uint32_t kind = stamp_get32(data);

	if ((kind != JOURNAL_INTENT && kind != JOURNAL_ACK) ||
	    stamp_get32(data + 4) != journal_crc(data, JOURNAL_RECORD, 4)) {
		return -EBADMSG;
	}
	out_record->kind = (enum journal_kind)kind;
	out_record->block = stamp_get64(data + 8);
	out_record->generation = stamp_get64(data + 16);
	return 0;
}

static inline void journal_file_close(FILE **file)
{
	if (*file != NULL) {
		fclose(*file);
	}
}

/*
 * Reads a journal: take() is called for each record in order and may end it by an error.
 * out_length (may be NULL): bytes of the whole records. The file may grow meanwhile.
 */
static inline int journal_read(const char *path, struct journal_head *out_head,
			       int (*take)(void *ctx, const struct journal_head *head,
					   const struct journal_record *record),
			       void *ctx, uint64_t *out_length)
{
	FILE *file __attribute__((cleanup(journal_file_close))) = fopen(path, "re");
	uint8_t data[JOURNAL_HEAD];
	struct journal_record record;
	uint64_t length = JOURNAL_HEAD;
	bool ended = false;
	int rc;

	if (file == NULL) {
		return -errno;
	}
	if (fread(data, JOURNAL_HEAD, 1, file) != 1) {
		return -EBADMSG;
	}
	rc = journal_head_get(data, out_head);
	while (rc == 0 && fread(data, JOURNAL_RECORD, 1, file) == 1) {
		if (journal_record_get(data, &record) != 0) {
			ended = true; /* fine at the end; damage if anything valid follows */
			continue;
		}
		rc = ended ? -EBADMSG : take(ctx, out_head, &record);
		length += JOURNAL_RECORD;
	}
	if (rc == 0 && out_length != NULL) {
		*out_length = length;
	}
	return rc;
}

#endif
