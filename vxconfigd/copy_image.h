/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One configuration copy: what its blocks mean, and which blocks to write to change it.
 *
 * Pure but for the reader that it is given: no clock, I/O, thread, randomness, log. Reading decides alone
 * what the newest content of this copy is, whatever was torn (D8 to D11). Changing gives an ordered
 * list of writes; each must be on stable storage before the next one begins.
 */
#ifndef VX_VXCONFIGD_COPY_IMAGE_H
#define VX_VXCONFIGD_COPY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxconfigd/disk_label.h"
#include "vxconfigd/private_region.h"

#define COPY_NO_SLOT UINT32_MAX

/* Where blocks come from: 0 or -errno. out is aligned to VX_BLOCK. */
struct copy_reader {
	int (*read)(void *ctx, uint32_t block, uint32_t blocks, uint8_t *out);
	void *ctx;
};

/* How to go on writing a copy. */
struct copy_place {
	char diskid[DISK_ID_SIZE];
	struct private_layout layout;
	uint32_t slot; /* of the newest checkpoint; COPY_NO_SLOT: none */
	bool unpromised; /* both claims are damaged: a promise may be lost (D6) */
	uint64_t generation, writer; /* of that checkpoint */
	uint64_t epoch, seq; /* of the newest content */
	uint32_t chain; /* crc that the next journal record names */
	uint32_t journal_used; /* blocks */
};

struct copy_change {
	uint64_t epoch, seq;
	uint8_t *data; /* packed Vx__Change */
	size_t length;
};

struct copy_image {
	struct disk_label label;
	uint64_t claim_epoch; /* of this group; 0: none */
	uint64_t claim[2]; /* both blocks' */
	uint64_t claim_sequence; /* the higher one of the claim blocks, whosever it is */
	const char *damage; /* NULL, or what cannot be read of it: it counts for no majority (D8) */
	struct private_header header; /* if body is set */
	Vx__Checkpoint *body; /* NULL: no content of this group */
	struct copy_change *change; /* the valid run of the journal, in order of seq */
	size_t change_count;
	struct copy_place place;
};

/*
 * Reads the copy of group dgid on disk diskid. 0 also for a copy without content, and for a damaged one.
 * -VX_E_NODISK: not this disk, or of another group; -VX_E_CORRUPT: its label is damaged; -VX_E_VERSION,
 * or the reader's error; with a text in out_reason (VX_REASON_MAX). Free with copy_image_free() after 0.
 */
int copy_image_read(const struct copy_reader *reader, const char *dgid, const char *diskid,
		    struct copy_image **out_image, char *out_reason);
void copy_image_free(struct copy_image *image);

/* Writes in order, a flush after each. data is aligned. */
struct copy_write {
	uint32_t block, blocks;
	const uint8_t *data;
};
struct copy_steps {
	struct copy_write write[3];
	size_t count;
	uint8_t *owned; /* memory behind the data, for copy_steps_free() */
};
void copy_steps_free(struct copy_steps *steps);

/* The three changes: 0 or -ENOMEM; out_place holds once all writes are done. */
int copy_plan_claim(const struct copy_image *image, const char *dgid, uint64_t epoch,
		    struct copy_steps *out_steps);
/* header: everything but slot and crc. body: from private_body_encode(), must outlive the steps.
 * -VX_E_NOSPACE: larger than the region can hold. */
int copy_plan_checkpoint(const struct copy_place *place, const struct private_header *header,
			 const uint8_t *body, struct copy_steps *out_steps,
			 struct copy_place *out_place);
/* The change makes (epoch, seq) of what is there. -VX_E_NOSPACE: the journal is full. */
int copy_plan_change(const struct copy_place *place, const Vx__Change *change,
		     struct copy_steps *out_steps, struct copy_place *out_place);
/* Is there room for a change of so many packed bytes? */
bool copy_place_fits(const struct copy_place *place, size_t change_length);

#endif
