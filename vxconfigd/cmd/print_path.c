// SPDX-License-Identifier: GPL-2.0-or-later
/* Which node sees which disk. */
#include "vxconfigd/cmd/print_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_table.h"

/* A disk that somebody sees, or that a group has. */
struct path_disk {
	const Vx__DiskInfo *disk; /* as this node knows it, or NULL */
	const char *diskid, *device;
};

static int path_disk_by_id(const void *left, const void *right)
{
	const struct path_disk *a = left, *b = right;
	int order = strcmp(a->diskid, b->diskid);

	/* of one disk: first as this node knows it */
	return order != 0 ? order : (a->disk == NULL) - (b->disk == NULL);
}

static int path_disk_by_device(const void *left, const void *right)
{
	const struct path_disk *a = left, *b = right;
	int order = (a->device[0] == '\0') - (b->device[0] == '\0');

	order = order != 0 ? order : (a->disk == NULL) - (b->disk == NULL);
	order = order != 0 ? order : strcmp(a->device, b->device);
	return order != 0 ? order : strcmp(a->diskid, b->diskid);
}

/* Each disk once, by device. Free with free(). */
static size_t path_disks(const Vx__Reply *reply, struct path_disk **out_disk)
{
	size_t room = reply->n_disk, count = 0, kept = 0;
	struct path_disk *disk;

	for (size_t i = 0; i < reply->n_node; i++) {
		room += reply->node[i]->io != NULL ? reply->node[i]->io->n_path : 0;
	}
	disk = heap_zero(room, sizeof(*disk));
	for (size_t i = 0; i < reply->n_disk; i++) {
		const Vx__DiskInfo *info = reply->disk[i];

		if (info->diskid[0] != '\0') {
			disk[count++] = (struct path_disk){ info, info->diskid, info->device };
		}
	}
	for (size_t i = 0; i < reply->n_node; i++) {
		const Vx__IodReport *report = reply->node[i]->io;

		for (size_t k = 0; report != NULL && k < report->n_path; k++) {
			disk[count++] = (struct path_disk){ NULL, report->path[k]->diskid,
							    report->path[k]->device };
		}
	}
	qsort(disk, count, sizeof(*disk), path_disk_by_id);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || strcmp(disk[kept - 1].diskid, disk[i].diskid) != 0) {
			disk[kept++] = disk[i];
		}
	}
	qsort(disk, kept, sizeof(*disk), path_disk_by_device);
	*out_disk = disk;
	return kept;
}

/* Rows of one disk on one node; row NULL: only counted. */
static size_t path_rows(const struct path_disk *disk, const Vx__NodeReport *node,
			struct path_row *row)
{
	struct path_row common = { .disk = disk->disk, .diskid = disk->diskid, .node = node->node };
	size_t count = 0;

	for (size_t i = 0; node->io != NULL && i < node->io->n_path; i++) {
		if (strcmp(node->io->path[i]->diskid, disk->diskid) == 0) {
			common.device = node->io->path[i]->device;
			common.state = "ENABLED";
			if (row != NULL) {
				row[count] = common;
			}
			count++;
		}
	}
	if (count == 0) {
		common.state = node->io != NULL ? "DISABLED" : "UNKNOWN";
		if (row != NULL) {
			*row = common;
		}
		count++;
	}
	return count;
}

static bool path_is_chosen(const struct path_disk *disk, const struct disk_choice *choice)
{
	if (disk->disk != NULL) {
		return print_disk_is_chosen(choice, disk->disk);
	}
	for (size_t i = 0; i < choice->name_count; i++) {
		if (strcmp(choice->name[i], disk->device) == 0) {
			return choice->group[0] == '\0';
		}
	}
	return choice->name_count == 0 && choice->group[0] == '\0';
}

size_t print_path_collect(const Vx__Reply *reply, const struct disk_choice *choice,
			  struct path_row **out_row)
{
	struct path_disk *disk;
	size_t disks = path_disks(reply, &disk), room = 0, count = 0;

	for (size_t i = 0; i < disks; i++) {
		for (size_t k = 0; k < reply->n_node; k++) {
			room += path_rows(&disk[i], reply->node[k], NULL);
		}
	}
	*out_row = heap_zero(room, sizeof(**out_row));
	for (size_t i = 0; i < disks; i++) {
		for (size_t k = 0; k < reply->n_node && path_is_chosen(&disk[i], choice); k++) {
			count += path_rows(&disk[i], reply->node[k], *out_row + count);
		}
	}
	free(disk);
	return count;
}

bool print_path_any(const Vx__Reply *reply, const struct disk_choice *choice)
{
	struct path_row *row;
	size_t count = print_path_collect(reply, choice, &row);

	free(row);
	return count > 0;
}

static const char *path_text(const char *text)
{
	return text != NULL ? text : "";
}

void print_path_list(const struct path_row *row, size_t count, bool header, FILE *out)
{
	static const struct table_column column[] = {
		{ 10, false }, { 12, false }, { 12, false }, { 12, false }, { 8, false }
	};
	struct table *table = table_new(column, VX_COUNT_OF(column));

	if (header) {
		table_words(table, "NODE DANAME DMNAME GROUP STATE");
	}
	for (size_t i = 0; i < count; i++) {
		table_cell(table, "%s", row[i].node);
		table_cell(table, "%s", path_text(row[i].device));
		table_cell(table, "%s", row[i].disk != NULL ? row[i].disk->disk : "");
		table_cell(table, "%s", row[i].disk != NULL ? row[i].disk->group : "");
		table_cell(table, "%s", row[i].state);
		table_end_row(table);
	}
	table_print(table, out);
}

void print_path_json(const struct path_row *row, size_t count, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "paths");

	for (size_t i = 0; i < count; i++) {
		struct json_object *entry = json_entry(list);

		json_add_text(entry, "node", row[i].node);
		json_add_text(entry, "device", path_text(row[i].device));
		json_add_text(entry, "disk", row[i].disk != NULL ? row[i].disk->disk : "");
		json_add_text(entry, "group", row[i].disk != NULL ? row[i].disk->group : "");
		json_add_text(entry, "disk_id", row[i].diskid);
		json_add_text(entry, "state", row[i].state);
	}
	json_print(root, out);
}
