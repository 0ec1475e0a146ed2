// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics of objects, added up over nodes. */
#include "vxconfigd/cmd/stat_set.h"

#include <ctype.h>
#include <inttypes.h>

#include "base/errors.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_table.h"

#define STAT_NAME_WIDTH 10 /* as in the original; longer names make the column wider */

static const char *stat_class_text(enum stat_class class)
{
	static const char *const text[] = {
#define STAT_CLASS_TEXT(name, letter, text) [STAT_##name] = text,
		STAT_CLASSES(STAT_CLASS_TEXT)
#undef STAT_CLASS_TEXT
	};

	return text[class];
}

/* The class by the first letter of what the server calls it. false: none of ours. */
static bool stat_find_class(const char *type, enum stat_class *out_class)
{
	static const char letter[] = {
#define STAT_CLASS_LETTER(name, letter, text) [STAT_##name] = letter,
		STAT_CLASSES(STAT_CLASS_LETTER)
#undef STAT_CLASS_LETTER
	};

	for (int class = 0; class < STAT_CLASS_COUNT; class ++) {
		if (tolower((unsigned char)type[0]) == letter[class]) {
			*out_class = (enum stat_class) class;
			return true;
		}
	}
	return false;
}

static bool stat_is_class_chosen(const struct stat_choice *choice, enum stat_class class)
{
	bool any = false;

	for (int i = 0; i < STAT_CLASS_COUNT; i++) {
		any |= choice->class[i];
	}
	return any ? choice->class[class] : class == STAT_VOL;
}

static bool stat_is_chosen(const struct stat_choice *choice, enum stat_class class,
			   const Vx__ObjStat *stat)
{
	if (!stat_is_class_chosen(choice, class)) {
		return false;
	}
	if (choice->group[0] != '\0' && strcmp(choice->group, stat->group) != 0) {
		return false;
	}
	for (size_t i = 0; i < choice->name_count; i++) {
		if (strcmp(choice->name[i], stat->name) == 0) {
			return true;
		}
	}
	return choice->name_count == 0;
}

static void stat_take(struct stat_set *set, const struct stat_choice *choice,
		      const Vx__IodReport *report)
{
	for (size_t i = 0; report != NULL && i < report->n_stat; i++) {
		const Vx__ObjStat *stat = report->stat[i];
		const Vx__Counters *counters = stat->counters;
		struct stat_row *row = &set->row[set->count];

		if (counters == NULL || !stat_find_class(stat->type, &row->class) ||
		    !stat_is_chosen(choice, row->class, stat)) {
			continue;
		}
		snprintf(row->group, sizeof(row->group), "%s", stat->group);
		snprintf(row->name, sizeof(row->name), "%s", stat->name);
		row->reads = counters->reads;
		row->writes = counters->writes;
		row->read_blocks = counters->read_blocks;
		row->write_blocks = counters->write_blocks;
		row->read_ns = counters->read_ns;
		row->write_ns = counters->write_ns;
		row->errors = counters->errors;
		set->count++;
	}
}

static int stat_compare(const void *left, const void *right)
{
	const struct stat_row *a = left, *b = right;
	int order = strcmp(a->group, b->group);

	if (order == 0) {
		order = (int)a->class - (int)b->class;
	}
	return order != 0 ? order : strcmp(a->name, b->name);
}

/* Rows of one object, which come from different nodes, become one. The rows are sorted. */
static void stat_add_up(struct stat_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct stat_row *row = &set->row[i];

		if (count == 0 || stat_compare(&set->row[count - 1], row) != 0) {
			set->row[count++] = *row;
			continue;
		}

		struct stat_row *sum = &set->row[count - 1];

		sum->reads += row->reads;
		sum->writes += row->writes;
		sum->read_blocks += row->read_blocks;
		sum->write_blocks += row->write_blocks;
		sum->read_ns += row->read_ns;
		sum->write_ns += row->write_ns;
		sum->errors += row->errors;
	}
	set->count = count;
}

/* Is the node one of "a,b"? */
static bool stat_node_listed(const char *nodes, const char *node)
{
	size_t length = strlen(node);

	for (const char *at = nodes; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, node, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
			return true;
		}
	}
	return nodes == NULL;
}

/* Every node that is named must be there: a total that silently lacks one would be wrong. */
static int stat_check_nodes(const Vx__Reply *reply, const char *nodes, FILE *err)
{
	for (const char *at = nodes; at != NULL && *at != '\0';) {
		int length = (int)strcspn(at, ",");
		char name[VX_NODENAME_MAX + 1];
		bool found = false;

		snprintf(name, sizeof(name), "%.*s", length, at);
		for (size_t i = 0; i < reply->n_node; i++) {
			found |= strcmp(reply->node[i]->node, name) == 0;
		}
		if (!found) {
			complain(err, "vxstat", SAY_NODE_UNKNOWN, name);
			return -VX_E_NOTFOUND;
		}
		at += length;
		at += *at == ',';
	}
	return 0;
}

/* Does the report have an object of that name, of a class that is chosen (fits), or of another one? */
static void stat_look_for(const struct stat_choice *choice, const Vx__IodReport *report, const char *name,
			  bool *fits, bool *other)
{
	enum stat_class class;

	for (size_t i = 0; report != NULL && i < report->n_stat; i++) {
		const Vx__ObjStat *stat = report->stat[i];

		if (strcmp(stat->name, name) == 0 && stat_find_class(stat->type, &class)) {
			*(stat_is_class_chosen(choice, class) ? fits : other) = true;
		}
	}
}

/* A name of another class than those that are to be shown is a mistake, not an empty table. */
static int stat_check_names(const Vx__Reply *reply, const struct stat_choice *choice, FILE *err)
{
	for (size_t i = 0; i < choice->name_count; i++) {
		const char *name = choice->name[i];
		bool fits = false, other = false;

		stat_look_for(choice, reply->io, name, &fits, &other);
		for (size_t k = 0; k < reply->n_node; k++) {
			stat_look_for(choice, reply->node[k]->io, name, &fits, &other);
		}
		if (other && !fits) {
			complain(err, "vxstat", SAY_CLASS_OTHER, name);
			return -VX_E_NOTFOUND;
		}
	}
	return 0;
}

int stat_set_make(const Vx__Reply *reply, const struct stat_choice *choice, FILE *err,
		  struct stat_set *out_set)
{
	struct stat_set set = { NULL, 0 };
	size_t room = reply->io != NULL ? reply->io->n_stat : 0;
	int rc = stat_check_nodes(reply, choice->nodes, err);

	rc = rc == 0 ? stat_check_names(reply, choice, err) : rc;
	if (rc != 0) {
		return rc;
	}
	for (size_t i = 0; i < reply->n_node; i++) {
		room += reply->node[i]->io != NULL ? reply->node[i]->io->n_stat : 0;
	}
	set.row = heap_zero(room + 1, sizeof(*set.row));
	for (size_t i = 0; i < reply->n_node; i++) {
		const Vx__NodeReport *node = reply->node[i];

		if (!stat_node_listed(choice->nodes, node->node)) {
			continue;
		}
		if (node->error[0] != '\0') {
			complain(err, "vxstat", SAY_NODE_SILENT, node->node, node->error);
		}
		stat_take(&set, choice, node->io);
	}
	if (reply->n_node == 0) {
		stat_take(&set, choice, reply->io);
	}
	qsort(set.row, set.count, sizeof(*set.row), stat_compare);
	stat_add_up(&set);
	*out_set = set;
	return 0;
}

void stat_set_free(struct stat_set *set)
{
	free(set->row);
	set->row = NULL;
	set->count = 0;
}

void stat_set_between(const struct stat_set *before, const struct stat_set *now,
		      struct stat_set *out_set)
{
	out_set->row = heap_zero(now->count, sizeof(*out_set->row));
	out_set->count = now->count;
	for (size_t i = 0; i < now->count; i++) {
		struct stat_row *row = &out_set->row[i];

		*row = now->row[i];

		const struct stat_row *old = before->count > 0
						     ? bsearch(row, before->row, before->count,
							       sizeof(*row), stat_compare)
						     : NULL;

		if (old == NULL || old->reads > row->reads || old->writes > row->writes ||
		    old->read_ns > row->read_ns || old->write_ns > row->write_ns) {
			continue;
		}
		row->reads -= old->reads;
		row->writes -= old->writes;
		row->read_blocks -= old->read_blocks;
		row->write_blocks -= old->write_blocks;
		row->read_ns -= old->read_ns;
		row->write_ns -= old->write_ns;
		row->errors -= old->errors;
	}
}

static double stat_average_ms(uint64_t ns, uint64_t operations)
{
	return operations > 0 ? (double)ns / (double)operations / 1e6 : 0;
}

/* The line above the column names: it moves with a wider name column. */
static void stat_print_title(const struct stat_row *row, size_t count, FILE *out)
{
	size_t width = STAT_NAME_WIDTH;

	for (size_t i = 0; i < count; i++) {
		width = strlen(row[i].name) > width ? strlen(row[i].name) : width;
	}
	fprintf(out, "%*s%s\n", (int)(22 + width - STAT_NAME_WIDTH), "",
		"OPERATIONS           BLOCKS        AVG TIME(ms)");
}

static void stat_print_group(const struct stat_row *row, size_t count, bool header, FILE *out)
{
	static const struct table_column column[] = { { 3, false }, { STAT_NAME_WIDTH, false },
						      { 9, true },  { 9, true },
						      { 9, true },  { 9, true },
						      { 6, true },  { 6, true } };
	struct table *table = table_new(column, VX_COUNT_OF(column));

	if (header) {
		stat_print_title(row, count, out);
		table_words(table, "TYP NAME READ WRITE READ WRITE READ WRITE");
	}
	for (size_t i = 0; i < count; i++) {
		table_cell(table, "%s", stat_class_text(row[i].class));
		table_cell(table, "%s", row[i].name);
		table_cell(table, "%" PRIu64, row[i].reads);
		table_cell(table, "%" PRIu64, row[i].writes);
		table_cell(table, "%" PRIu64, row[i].read_blocks);
		table_cell(table, "%" PRIu64, row[i].write_blocks);
		table_cell(table, "%.1f", stat_average_ms(row[i].read_ns, row[i].reads));
		table_cell(table, "%.1f", stat_average_ms(row[i].write_ns, row[i].writes));
		table_end_row(table);
	}
	table_print(table, out);
}

void stat_set_print(const struct stat_set *set, bool header, FILE *out)
{
	bool several =
		set->count > 0 && strcmp(set->row[0].group, set->row[set->count - 1].group) != 0;
	size_t first = 0;

	if (set->count == 0) {
		stat_print_group(set->row, 0, header, out);
	}
	while (first < set->count) {
		size_t end = first + 1;

		while (end < set->count &&
		       strcmp(set->row[end].group, set->row[first].group) == 0) {
			end++;
		}
		if (several) {
			fprintf(out, "%sDisk group: %s\n", first > 0 ? "\n" : "",
				set->row[first].group);
		}
		stat_print_group(&set->row[first], end - first, header, out);
		first = end;
	}
}

void stat_set_json(const struct stat_set *set, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "objects");

	for (size_t i = 0; i < set->count; i++) {
		const struct stat_row *row = &set->row[i];
		struct json_object *entry = json_entry(list);

		json_add_text(entry, "type", stat_class_text(row->class));
		json_add_text(entry, "group", row->group);
		json_add_text(entry, "name", row->name);
		json_add_number(entry, "reads", row->reads);
		json_add_number(entry, "writes", row->writes);
		json_add_number(entry, "read_blocks", row->read_blocks);
		json_add_number(entry, "write_blocks", row->write_blocks);
		json_add_number(entry, "read_ns", row->read_ns);
		json_add_number(entry, "write_ns", row->write_ns);
		json_add_number(entry, "errors", row->errors);
	}
	json_print(root, out);
}
