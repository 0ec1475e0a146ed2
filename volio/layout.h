/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of a plex are: from an offset in the plex to an extent of a disk. Pure.
 *
 * A plex is one or more columns; a column is subdisks one after the other. One column is a
 * concatenation; several are a stripe. Everything is in bytes. V1: every byte of a plex that
 * takes I/O is on exactly one subdisk; layout_check() refuses what has holes or overlaps.
 */
#ifndef VX_VOLIO_LAYOUT_H
#define VX_VOLIO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct layout_sd {
	uint64_t start; /* in the column */
	uint64_t length;
	uint64_t disk_offset; /* absolute position on the disk */
	uint32_t disk;	      /* index that the caller gave */
	uint32_t subdisk;     /* another one: who it is */
};

struct layout_column {
	struct layout_sd *sd; /* in order of start */
	uint32_t count;
};

struct layout {
	struct layout_column *column;
	uint32_t columns;
	uint64_t stripe; /* width of a stripe unit; unused with one column */
	uint64_t length; /* of the plex */
};

struct layout_extent {
	uint32_t disk, subdisk;
	uint64_t offset;
	uint64_t length; /* contiguous from there, at most what was asked for */
};

/* The extent at offset (< length of the plex), at most length bytes of it. */
struct layout_extent layout_map(const struct layout *layout, uint64_t offset, uint64_t length);

/* Puts subdisks in order and checks V1 for the first length bytes. false: holes, overlaps, no
 * stripe width. */
bool layout_check(struct layout *layout, uint64_t length);

#endif
