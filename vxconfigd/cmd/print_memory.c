// SPDX-License-Identifier: GPL-2.0-or-later
/* What a node remembers of disk groups. */
#include "vxconfigd/cmd/print_memory.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/limits.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_group.h"
#include "vxconfigd/cmd/print_table.h"

void print_memory(const Vx__Reply *reply, FILE *out)
{
	static const struct table_column column[] = {
		{ 12, false }, { 10, false }, { 12, false }, { 4, false }
	};
	struct table *table = table_new(column, VX_COUNT_OF(column));
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, "", &group);

	table_words(table, "NAME STATE SEQNO ID");
	for (size_t i = 0; i < count; i++) {
		const Vx__Config *config = group[i]->config;

		table_cell(table, "%s", config->dg->name);
		table_cell(table, "%s", group[i]->state);
		table_cell(table, "%" PRIu64 ".%" PRIu64, config->epoch, config->seq);
		table_cell(table, "%s", config->dg->dgid);
		table_end_row(table);
	}
	table_print(table, out);
	free(group);
}

void print_memory_json(const Vx__Reply *reply, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "groups");
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, "", &group);

	for (size_t i = 0; i < count; i++) {
		const Vx__Config *config = group[i]->config;
		struct json_object *entry = json_entry(list);

		json_add_text(entry, "group", config->dg->name);
		json_add_text(entry, "dgid", config->dg->dgid);
		json_add_text(entry, "state", group[i]->state);
		json_add_number(entry, "epoch", config->epoch);
		json_add_number(entry, "seq", config->seq);
	}
	json_print(root, out);
	free(group);
}
