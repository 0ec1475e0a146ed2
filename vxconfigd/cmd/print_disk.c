// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks of this node as vxdisk shows them. */
#include "vxconfigd/cmd/print_disk.h"

#include <inttypes.h>

#include "base/limits.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_table.h"

/* Failed ones, which have no device, come last. */
static int print_disk_compare(const void *left, const void *right)
{
	const Vx__DiskInfo *const *a = left, *const *b = right;
	int order = ((*a)->device[0] == '\0') - ((*b)->device[0] == '\0');

	order = order != 0 ? order : strcmp((*a)->device, (*b)->device);
	return order != 0 ? order : strcmp((*a)->disk, (*b)->disk);
}

static bool print_disk_is_named(const Vx__DiskInfo *disk, const char *name)
{
	return strcmp(disk->device, name) == 0 || strcmp(disk->path, name) == 0 ||
	       strcmp(disk->disk, name) == 0;
}

bool print_disk_is_chosen(const struct disk_choice *choice, const Vx__DiskInfo *disk)
{
	if (choice->group[0] != '\0' && strcmp(disk->group, choice->group) != 0) {
		return false;
	}
	for (size_t i = 0; i < choice->name_count; i++) {
		if (print_disk_is_named(disk, choice->name[i])) {
			return true;
		}
	}
	return choice->name_count == 0;
}

/* The chosen disks by device. Free with free(). */
static size_t print_disk_sort(const Vx__Reply *reply, const struct disk_choice *choice,
			      const Vx__DiskInfo ***out_disk)
{
	const Vx__DiskInfo **sorted = heap_zero(reply->n_disk, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < reply->n_disk; i++) {
		if (print_disk_is_chosen(choice, reply->disk[i])) {
			sorted[count++] = reply->disk[i];
		}
	}
	qsort(sorted, count, sizeof(*sorted), print_disk_compare);
	*out_disk = sorted;
	return count;
}

void print_disk_list(const Vx__Reply *reply, const struct disk_choice *choice, bool header,
		     FILE *out)
{
	static const struct table_column column[] = {
		{ 12, false }, { 15, false }, { 12, false }, { 12, false }, { 6, false }
	};
	struct table *table = table_new(column, VX_COUNT_OF(column));
	const Vx__DiskInfo **disk;
	size_t count = print_disk_sort(reply, choice, &disk);

	if (header) {
		table_words(table, "DEVICE TYPE DISK GROUP STATUS");
	}
	for (size_t i = 0; i < count; i++) {
		table_cell(table, "%s", disk[i]->device);
		table_cell(table, "%s", disk[i]->type);
		table_cell(table, "%s", disk[i]->disk);
		table_cell(table, "%s", disk[i]->group);
		table_cell(table, "%s", disk[i]->status);
		table_end_row(table);
	}
	table_print(table, out);
	free(disk);
}

void print_disk_list_json(const Vx__Reply *reply, const struct disk_choice *choice, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "disks");
	const Vx__DiskInfo **disk;
	size_t count = print_disk_sort(reply, choice, &disk);

	for (size_t i = 0; i < count; i++) {
		json_disk(json_entry(list), disk[i]);
	}
	json_print(root, out);
	free(disk);
}

/* "name=d1 id=..." with "-" for what is not known. */
static void print_disk_pair(const char *title, const char *name, const char *id, FILE *out)
{
	fprintf(out, "%-10s name=%s id=%s\n", title, name[0] != '\0' ? name : "-",
		id[0] != '\0' ? id : "-");
}

static void print_disk_detail(const Vx__DiskInfo *disk, FILE *out)
{
	fprintf(out, "Device:    %s\n", disk->device[0] != '\0' ? disk->device : "-");
	fprintf(out, "type:      %s\n", disk->type[0] != '\0' ? disk->type : "-");
	if (disk->cluster[0] != '\0') {
		fprintf(out, "clusterid: %s\n", disk->cluster);
	}
	fprintf(out, "hostid:    %s\n", disk->host[0] != '\0' ? disk->host : "-");
	print_disk_pair("disk:", disk->disk, disk->diskid, out);
	print_disk_pair("group:", disk->group, disk->dgid, out);
	fprintf(out, "flags:     %s\n", disk->status[0] != '\0' ? disk->status : "-");
	fprintf(out, "pubpaths:  block=%s\n", disk->path[0] != '\0' ? disk->path : "-");
	fprintf(out, "info:      len=%" PRIu64 "\n", disk->len);
	if (disk->priv_len > 0) {
		fprintf(out, "public:    offset=%" PRIu64 " len=%" PRIu64 "\n", disk->pub_offset,
			disk->pub_len);
		fprintf(out, "private:   offset=0 len=%" PRIu64 "\n", disk->priv_len);
	}
}

void print_disk_details(const Vx__Reply *reply, const struct disk_choice *choice, FILE *out)
{
	const Vx__DiskInfo **disk;
	size_t count = print_disk_sort(reply, choice, &disk);

	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			fputc('\n', out);
		}
		print_disk_detail(disk[i], out);
	}
	free(disk);
}

bool print_disk_any(const Vx__Reply *reply, const struct disk_choice *choice)
{
	for (size_t i = 0; i < reply->n_disk; i++) {
		if (print_disk_is_chosen(choice, reply->disk[i])) {
			return true;
		}
	}
	return false;
}
