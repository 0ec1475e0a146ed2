// SPDX-License-Identifier: GPL-2.0-or-later
/* Columns of text: each as wide as its longest cell, and never narrower than the original's. */
#include "vxconfigd/cmd/print_table.h"

#include <assert.h>
#include <stdarg.h>

#include "vxconfigd/cmd/heap.h"

#define TABLE_COLUMNS_MAX 16
#define TABLE_CELL_MAX 512

struct table_row {
	char *cell[TABLE_COLUMNS_MAX];
	size_t count;
};

struct table {
	struct table_column column[TABLE_COLUMNS_MAX];
	size_t column_count;
	struct table_row *row;
	size_t row_count, row_room; /* the row being filled is row[row_count] */
};

static void table_make_room(struct table *table)
{
	if (table->row_count + 1 < table->row_room) {
		return;
	}
	table->row_room = 2 * table->row_room + 16;
	table->row = realloc(table->row, table->row_room * sizeof(*table->row));
	if (table->row == NULL) {
		abort();
	}
}

struct table *table_new(const struct table_column *column, size_t count)
{
	struct table *table = heap_zero(1, sizeof(*table));

	assert(count > 0 && count <= TABLE_COLUMNS_MAX);
	memcpy(table->column, column, count * sizeof(*column));
	table->column_count = count;
	table_make_room(table);
	table->row[0].count = 0;
	return table;
}

static void table_add(struct table *table, const char *text)
{
	struct table_row *row = &table->row[table->row_count];

	assert(row->count < table->column_count);

	row->cell[row->count++] = heap_text(text);
}

void table_cell(struct table *table, const char *format, ...)
{
	char text[TABLE_CELL_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	table_add(table, text[0] != '\0' ? text : "-");
}

/* The last cell of a row may be as long as it likes: nothing stands behind it. */
static void table_widen(struct table *table, const struct table_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		struct table_column *column = &table->column[i];
		size_t length = strlen(row->cell[i]);

		if (length > column->width && (i + 1 < row->count || column->right)) {
			column->width = (unsigned int)length;
		}
	}
}

void table_end_row(struct table *table)
{
	table_widen(table, &table->row[table->row_count]);
	table->row_count++;
	table_make_room(table);
	table->row[table->row_count].count = 0;
}

void table_words(struct table *table, const char *text)
{
	while (*text != '\0') {
		int length = (int)strcspn(text, " ");

		table_cell(table, "%.*s", length, text);
		text += length;
		text += strspn(text, " ");
	}
	table_end_row(table);
}

static void table_print_row(const struct table *table, const struct table_row *row, FILE *out)
{
	for (size_t i = 0; i < row->count; i++) {
		int width = (int)table->column[i].width;

		if (table->column[i].right) {
			fprintf(out, "%*s", width, row->cell[i]);
		} else if (i + 1 < row->count) {
			fprintf(out, "%-*s", width, row->cell[i]);
		} else {
			fputs(row->cell[i], out);
		}
		fputc(i + 1 < row->count ? ' ' : '\n', out);
	}
	if (row->count == 0) {
		fputc('\n', out);
	}
}

void table_print(struct table *table, FILE *out)
{
	for (size_t r = 0; r < table->row_count; r++) {
		table_print_row(table, &table->row[r], out);
	}
	for (size_t r = 0; r <= table->row_count; r++) {
		for (size_t i = 0; i < table->row[r].count; i++) {
			free(table->row[r].cell[i]);
		}
	}
	free(table->row);
	free(table);
}
