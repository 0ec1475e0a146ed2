/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns of text: each as wide as its longest cell, and never narrower than the original's.
 *
 * Cells are separated by one blank, the last cell of a row is not padded, so that scripts which cut
 * at blanks work and long names never run into each other.
 */
#ifndef VX_CMD_PRINT_TABLE_H
#define VX_CMD_PRINT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	unsigned int width; /* at least */
	bool right;	    /* numbers */
};

struct table;

struct table *table_new(const struct table_column *column, size_t count);
/* Adds the next cell of the row; an empty text is shown as "-". */
__attribute__((format(printf, 2, 3))) void table_cell(struct table *table, const char *format, ...);
/* Ends the row; without cells: an empty line. */
void table_end_row(struct table *table);
/* A row of the words of text, which are separated by blanks (headers). */
void table_words(struct table *table, const char *text);
/* Prints and frees. */
void table_print(struct table *table, FILE *out);

#endif
