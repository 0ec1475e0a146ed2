// SPDX-License-Identifier: GPL-2.0-or-later
/* Disk groups as vxdg shows them: the list, one in detail, free space. */
#include "vxconfigd/cmd/print_group.h"

#include <inttypes.h>

#include "base/limits.h"
#include "vxconfigd/allocate.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_table.h"
#include "vxconfigd/cmd/words.h"

static int print_group_compare(const void *left, const void *right)
{
	const Vx__GroupInfo *const *a = left, *const *b = right;
	int order = strcmp((*a)->config->dg->name, (*b)->config->dg->name);

	return order != 0 ? order : strcmp((*a)->config->dg->dgid, (*b)->config->dg->dgid);
}

size_t print_group_sort(const Vx__Reply *reply, const char *group, const Vx__GroupInfo ***out_group)
{
	const Vx__GroupInfo **sorted = heap_zero(reply->n_group, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < reply->n_group; i++) {
		const Vx__Config *config = reply->group[i]->config;

		if (config != NULL && config->dg != NULL &&
		    (group[0] == '\0' || strcmp(config->dg->name, group) == 0)) {
			sorted[count++] = reply->group[i];
		}
	}
	qsort(sorted, count, sizeof(*sorted), print_group_compare);
	*out_group = sorted;
	return count;
}

static bool print_group_wanted(const struct group_choice *choice, const Vx__Dg *dg)
{
	bool named = choice->name_count == 0;

	for (size_t i = 0; i < choice->name_count; i++) {
		named = named || strcmp(choice->name[i], dg->name) == 0;
	}
	return named && (!choice->only_shared || dg->shared);
}

void print_group_list(const Vx__Reply *reply, const struct group_choice *choice, bool header,
		      FILE *out)
{
	static const struct table_column column[] = { { 12, false }, { 20, false }, { 2, false } };
	struct table *table = table_new(column, VX_COUNT_OF(column));
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, choice->group, &group);

	if (header) {
		table_words(table, "NAME STATE ID");
	}
	for (size_t i = 0; i < count; i++) {
		const Vx__Dg *dg = group[i]->config->dg;

		if (print_group_wanted(choice, dg)) {
			table_cell(table, "%s", dg->name);
			table_cell(table, "%s", group[i]->state);
			table_cell(table, "%s", dg->dgid);
			table_end_row(table);
		}
	}
	table_print(table, out);
	free(group);
}

void print_group_list_json(const Vx__Reply *reply, const struct group_choice *choice, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "groups");
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, choice->group, &group);

	for (size_t i = 0; i < count; i++) {
		if (print_group_wanted(choice, group[i]->config->dg)) {
			json_group(json_entry(list), group[i]);
		}
	}
	json_print(root, out);
	free(group);
}

static void print_group_nodes(const Vx__GroupInfo *group, FILE *out)
{
	fprintf(out, "cluster-actv-modes:");
	for (size_t i = 0; i < group->n_node; i++) {
		fprintf(out, " %s=%s", group->node[i]->node,
			word_activation_short(group->node[i]->mode));
	}
	fputc('\n', out);
}

/* Sizes of a copy: for a configuration, of it not used by this one, for the journal of changes. */
static uint64_t print_group_length(const Vx__CopyInfo *copy)
{
	return copy->len;
}

static uint64_t print_group_unused(const Vx__CopyInfo *copy)
{
	return copy->used < copy->len ? copy->len - copy->used : 0;
}

static uint64_t print_group_journal(const Vx__CopyInfo *copy)
{
	return copy->journal_len;
}

/* The copies are equal when they are in order: what every one has. */
static uint64_t print_group_least(const Vx__GroupInfo *group,
				  uint64_t size(const Vx__CopyInfo *copy))
{
	uint64_t least = group->n_copy > 0 ? size(group->copy[0]) : 0;

	for (size_t i = 1; i < group->n_copy; i++) {
		uint64_t other = size(group->copy[i]);

		least = other < least ? other : least;
	}
	return least;
}

void print_group_detail(const Vx__GroupInfo *group, FILE *out)
{
	const Vx__Config *config = group->config;
	const Vx__Dg *dg = config->dg;

	fprintf(out, "Group:     %s\n", dg->name);
	fprintf(out, "dgid:      %s\n", dg->dgid);
	fprintf(out, "flags:%s\n", dg->shared ? "     shared" : "");
	fprintf(out, "version:   %" PRIu32 "\n", dg->version);
	fprintf(out, "alignment: %d (bytes)\n", ALLOCATE_ALIGN_SECTORS * VX_SECTOR);
	if (dg->shared) {
		fprintf(out, "cluster:   %s\n", dg->cluster);
		fprintf(out, "local-activation: %s\n", word_activation(group->activation));
		print_group_nodes(group, out);
	} else {
		fprintf(out, "hostid:    %s\n", dg->host);
	}
	fprintf(out, "detach-policy: %s\n",
		dg->detach_policy == VX__DETACH_POLICY__DETACH_LOCAL ? "local" : "global");
	/* one policy; and no log of a kernel on the disks, as the original has */
	fprintf(out, "dg-fail-policy: dgdisable\n");
	fprintf(out, "copies:    nconfig=%zu nlog=0\n", group->n_copy);
	/* the epoch is the counter of views (upper part) and the node that made the view */
	fprintf(out,
		"config:    seqno=%" PRIu64 ".%" PRIu64 " permlen=%" PRIu64 " free=%" PRIu64
		" loglen=%" PRIu64 "\n",
		config->epoch, config->seq, print_group_least(group, print_group_length),
		print_group_least(group, print_group_unused),
		print_group_least(group, print_group_journal));
	for (size_t i = 0; i < group->n_copy; i++) {
		const Vx__CopyInfo *copy = group->copy[i];

		fprintf(out, "config disk %s copy 1 len=%" PRIu64 " state=%s\n", copy->disk,
			copy->len, copy->state);
	}
}

bool print_group_has_disk(const Vx__Reply *reply, const char *group, const char *disk)
{
	const Vx__GroupInfo **sorted;
	size_t count = print_group_sort(reply, group, &sorted);
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sorted[i]->config->n_dm; k++) {
			found = found || strcmp(sorted[i]->config->dm[k]->name, disk) == 0;
		}
	}
	free(sorted);
	return found;
}

static bool print_group_free_wanted(const struct free_choice *choice, const Vx__FreeExtent *extent)
{
	for (size_t i = 0; i < choice->disk_count; i++) {
		if (strcmp(choice->disk[i], extent->disk) == 0) {
			return true;
		}
	}
	return choice->disk_count == 0;
}

static void print_group_free_row(struct table *table, const char *name,
				 const Vx__FreeExtent *extent)
{
	if (name != NULL) {
		table_cell(table, "%s", name);
	}
	table_cell(table, "%s", extent->disk);
	table_cell(table, "%s", extent->device);
	table_cell(table, "%s", extent->device);
	table_cell(table, "%" PRIu64, extent->offset);
	table_cell(table, "%" PRIu64, extent->len);
	table_cell(table, "-");
	table_end_row(table);
}

void print_group_free(const Vx__Reply *reply, const struct free_choice *choice, bool header,
		      FILE *out)
{
	static const struct table_column column[] = { { 12, false }, { 12, false }, { 12, false },
						      { 12, false }, { 9, false },  { 9, false },
						      { 5, false } };
	bool with_group = choice->group[0] == '\0';
	size_t first = with_group ? 0 : 1; /* the column GROUP */
	struct table *table = table_new(&column[first], VX_COUNT_OF(column) - first);
	const Vx__GroupInfo **sorted;
	size_t count = print_group_sort(reply, choice->group, &sorted);

	if (header) {
		table_words(table,
			    &"GROUP DISK DEVICE TAG OFFSET LENGTH FLAGS"[with_group ? 0 : 6]);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sorted[i]->n_free; k++) {
			if (print_group_free_wanted(choice, sorted[i]->free[k])) {
				print_group_free_row(
					table, with_group ? sorted[i]->config->dg->name : NULL,
					sorted[i]->free[k]);
			}
		}
	}
	table_print(table, out);
	free(sorted);
}

void print_group_free_json(const Vx__Reply *reply, const struct free_choice *choice, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "free");
	const Vx__GroupInfo **sorted;
	size_t count = print_group_sort(reply, choice->group, &sorted);

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sorted[i]->n_free; k++) {
			if (print_group_free_wanted(choice, sorted[i]->free[k])) {
				json_free_extent(json_entry(list), sorted[i]->config->dg->name,
						 sorted[i]->free[k]);
			}
		}
	}
	json_print(root, out);
	free(sorted);
}
