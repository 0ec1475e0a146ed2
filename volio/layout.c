// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the bytes of a plex are. */
#include "volio/layout.h"

#include <assert.h>
#include <stdlib.h>

static const struct layout_sd *layout_find(const struct layout_column *column, uint64_t offset)
{
	uint32_t low = 0, high = column->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (column->sd[middle].start <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return &column->sd[low];
}

struct layout_extent layout_map(const struct layout *layout, uint64_t offset, uint64_t length)
{
	const struct layout_column *column = &layout->column[0];

	assert(offset < layout->length && length > 0);
	if (length > layout->length - offset) {
		length = layout->length - offset;
	}
	if (layout->columns > 1) {
		uint64_t unit = offset / layout->stripe, inside = offset % layout->stripe;

		column = &layout->column[unit % layout->columns];
		offset = unit / layout->columns * layout->stripe + inside;
		if (length > layout->stripe - inside) {
			length = layout->stripe - inside;
		}
	}

	const struct layout_sd *sd = layout_find(column, offset);
	uint64_t inside = offset - sd->start;

	assert(offset >= sd->start && inside < sd->length);
	if (length > sd->length - inside) {
		length = sd->length - inside;
	}
	return (struct layout_extent){ sd->disk, sd->subdisk, sd->disk_offset + inside, length };
}

static int layout_sd_compare(const void *a, const void *b)
{
	const struct layout_sd *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

bool layout_check(struct layout *layout, uint64_t length)
{
	uint64_t need = length;

	if (layout->columns == 0 || layout->length < length ||
	    (layout->columns > 1 && layout->stripe == 0)) {
		return false;
	}
	if (layout->columns > 1) {
		uint64_t row = layout->stripe * layout->columns;

		need = (length / row + (length % row != 0)) * layout->stripe;
	}
	for (uint32_t i = 0; i < layout->columns; i++) {
		struct layout_column *column = &layout->column[i];
		uint64_t end = 0;

		if (column->count == 0) {
			return false;
		}
		qsort(column->sd, column->count, sizeof(column->sd[0]), layout_sd_compare);
		for (uint32_t j = 0; j < column->count; j++) {
			if (column->sd[j].start != end || column->sd[j].length == 0) {
				return false;
			}
			end += column->sd[j].length;
		}
		if (end < need) {
			return false;
		}
	}
	return true;
}
