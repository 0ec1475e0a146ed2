/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a group one a line, as vxprint shows them.
 *
 * Everything comes from the records, nothing from the node: the same on every node.
 */
#ifndef VX_CMD_PRINT_RECORD_H
#define VX_CMD_PRINT_RECORD_H

#include <stdbool.h>
#include <stdio.h>

#include "vxconfigd/cmd/listing.h"

/* Columns TY NAME ASSOC KSTATE LENGTH PLOFFS STATE TUTIL0 PUTIL0. */
void print_record_plain(const struct listing *list, bool header, FILE *out);
/* -t: columns of its own for each class; all_headers: also of classes that do not occur. */
void print_record_typed(const struct listing *list, bool header, bool all_headers, FILE *out);
/* -l: a block of lines each. */
void print_record_long(const struct listing *list, FILE *out);

/* Words that several formats share. out: at least 64 bytes, returned. */
const char *print_record_mode(const Vx__Plex *plex);
const char *print_record_layout(const Vx__Plex *plex);
const char *print_record_columns(const Vx__Plex *plex, char *out, size_t size);

#endif
