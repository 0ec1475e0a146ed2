// SPDX-License-Identifier: GPL-2.0-or-later
/* vxprint: show the records of disk groups. */
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_group.h"
#include "vxconfigd/cmd/print_record.h"
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxprint_options[] = {
	OPTION_ROW_GROUP,
	{ 'h', "hierarchy", NULL, OPTION_LOCAL, NULL, "below each record what belongs to it",
	  NULL },
	{ 't', "typed", NULL, OPTION_LOCAL, NULL,
	  "a line each, with columns of its own for each class", NULL },
	{ 'l', "long", NULL, OPTION_LOCAL, NULL, "everything about each record", NULL },
	{ 'G', "groups", NULL, OPTION_LOCAL, NULL, "disk group records", NULL },
	{ 'd', "disks", NULL, OPTION_LOCAL, NULL, "disk media records", NULL },
	{ 'v', "volumes", NULL, OPTION_LOCAL, NULL, "volumes", NULL },
	{ 'p', "plexes", NULL, OPTION_LOCAL, NULL, "plexes", NULL },
	{ 's', "subdisks", NULL, OPTION_LOCAL, NULL, "subdisks", NULL },
	OPTION_ROW_QUIET(NULL),
	OPTION_ROW_JSON(NULL),
	OPTION_ROW_END,
};

static const struct tool_verb vxprint_verbs[] = {
	{ "print", "[NAME ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "print records" },
	VERB_ROW_END,
};

static const struct tool_example vxprint_examples[] = {
	{ "the whole configuration; the same on every node", "vxprint -ht" },
	{ "one volume with its plexes and subdisks", "vxprint -g data -ht vol1" },
	{ "names of all volumes, for a script", "vxprint -g data -qv | awk '{ print $2 }'" },
	EXAMPLE_ROW_END,
};

const struct tool vxprint_tool = {
	.name = "vxprint",
	.purpose = "show the records of disk groups",
	.option = vxprint_options,
	.verb = vxprint_verbs,
	.verbless = true,
	.example = vxprint_examples,
	.see_also = "vxdg(8), vxinfo(8), vxintro(8)",
};

static struct listing_choice vxprint_choice(const struct command *command)
{
	static const struct {
		const char *option;
		enum listing_class class;
	} map[] = {
		{ "groups", LISTING_DG },   { "disks", LISTING_DM },	{ "volumes", LISTING_VOL },
		{ "plexes", LISTING_PLEX }, { "subdisks", LISTING_SD },
	};
	const Vx__Request *request = command_request(command);
	struct listing_choice choice = { .name = request->operand,
					 .name_count = request->n_operand };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (command_has(command, map[i].option)) {
			choice.classes |= LISTING_BIT(map[i].class);
		}
	}
	/* without a choice everything is shown, as it belongs together */
	choice.hierarchy =
		command_has(command, "hierarchy") ||
		(choice.classes == 0 && choice.name_count == 0 && !command_has(command, "long"));
	return choice;
}

static void vxprint_group(const struct command *command, const struct listing *list, bool all,
			  FILE *out)
{
	bool header = !command_has(command, "quiet");

	if (header) {
		fprintf(out, "Disk group: %s\n\n", list->config->dg->name);
	}
	if (command_has(command, "long")) {
		print_record_long(list, out);
	} else if (command_has(command, "typed")) {
		print_record_typed(list, header, all, out);
	} else {
		print_record_plain(list, header, out);
	}
}

static void vxprint_group_json(struct json_object *groups, const struct listing *list)
{
	struct json_object *entry = json_entry(groups);
	struct json_object *records;

	json_add_text(entry, "group", list->config->dg->name);
	records = json_list(entry, "records");
	for (size_t i = 0; i < list->count; i++) {
		json_record(json_entry(records), list->config, &list->item[i]);
	}
}

static int vxprint_show(const struct command *command, const Vx__Reply *reply, FILE *out, FILE *err)
{
	const Vx__Request *request = command_request(command);
	struct listing_choice choice = vxprint_choice(command);
	bool *found = heap_zero(request->n_operand, sizeof(*found));
	bool json = command_has(command, "json"), first = true;
	struct json_object *root = json ? json_object_new_object() : NULL;
	struct json_object *groups = json ? json_list(root, "groups") : NULL;
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, request->group, &group);

	for (size_t i = 0; i < count; i++) {
		struct listing list;

		listing_make(&list, group[i]->config, &choice, found);
		if (json) {
			vxprint_group_json(groups, &list);
		} else if (list.count > 0 || request->n_operand == 0) {
			if (!first) {
				fputc('\n', out);
			}
			first = false;
			vxprint_group(command, &list,
				      choice.classes == 0 && request->n_operand == 0, out);
		}
		listing_free(&list);
	}
	if (json) {
		json_print(root, out);
	}

	int exit_code = tool_missing(command, found, err);

	free(found);
	free(group);
	return exit_code;
}

int vxprint_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxprint_tool, argc, argv, vxprint_show);
}
