/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several configuration copies of one group mean together (D12 to D15).
 *
 * Pure: no clock, I/O, thread, randomness, log. May run in any thread: it replays journals.
 */
#ifndef VX_VXCONFIGD_COPIES_DECIDE_H
#define VX_VXCONFIGD_COPIES_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxconfigd/copies.h"
#include "vxconfigd/copy_image.h"

#define COPIES_ROOM COPIES_FOUND_MAX

struct decide_copy {
	const char *diskid;
	const char *name; /* for messages */
	const struct copy_image *image; /* NULL: error and reason say why */
	int error;
	const char *reason;
};

/* W: so many of count copies must be read or written. */
size_t copies_majority(size_t count);

/*
 * force: no majority is asked for. The result's durable and enabled point into the images; the
 * rest is freed with copies_found_clear().
 */
void copies_decide(const struct decide_copy *copy, size_t count, uint64_t max_seq, bool force,
		   struct copies_found *out_found);
void copies_found_clear(struct copies_found *found);

#endif
