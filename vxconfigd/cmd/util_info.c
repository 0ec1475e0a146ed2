// SPDX-License-Identifier: GPL-2.0-or-later
/* vxinfo: which volumes are started or could be. */
#include <string.h>

#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_group.h"
#include "vxconfigd/cmd/print_info.h"
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxinfo_options[] = {
	OPTION_ROW_GROUP,
	{ 'p', "plexes", NULL, OPTION_LOCAL, NULL, "show plexes too", NULL },
	OPTION_ROW_JSON(NULL),
	OPTION_ROW_END,
};

static const struct tool_verb vxinfo_verbs[] = {
	{ "info", "[VOLUME ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "the condition of volumes" },
	VERB_ROW_END,
};

static const struct tool_example vxinfo_examples[] = {
	{ "which volumes are not started?", "vxinfo -g data | grep -v 'Started$'" },
	{ "a volume and its plexes", "vxinfo -g data -p vol1" },
	EXAMPLE_ROW_END,
};

const struct tool vxinfo_tool = {
	.name = "vxinfo",
	.purpose = "show which volumes are started or could be",
	.option = vxinfo_options,
	.verb = vxinfo_verbs,
	.verbless = true,
	.example = vxinfo_examples,
	.see_also = "vxvol(8), vxprint(8), vxintro(8)",
};

/* What vxiod of this node would show if it could. */
static void vxinfo_warn(const Vx__GroupInfo *group, const Vx__Request *request, FILE *err)
{
	for (size_t i = 0; i < group->n_vol; i++) {
		bool meant = request->n_operand == 0;

		for (size_t k = 0; k < request->n_operand; k++) {
			meant = meant || strcmp(request->operand[k], group->vol[i]->name) == 0;
		}
		if (meant && group->vol[i]->trouble[0] != '\0') {
			complain(err, request->tool, SAY_NO_DEVICE, group->vol[i]->name,
				 group->vol[i]->trouble);
		}
	}
}

static int vxinfo_show(const struct command *command, const Vx__Reply *reply, FILE *out, FILE *err)
{
	const Vx__Request *request = command_request(command);
	bool *found = heap_zero(request->n_operand, sizeof(*found));
	bool json = command_has(command, "json");
	struct json_object *root = json ? json_object_new_object() : NULL;
	struct json_object *volumes = json ? json_list(root, "volumes") : NULL;
	const Vx__GroupInfo **group;
	size_t count = print_group_sort(reply, request->group, &group);

	for (size_t i = 0; i < count; i++) {
		vxinfo_warn(group[i], request, err);
		if (json) {
			print_info_json(group[i], request->operand, request->n_operand, found,
					volumes);
		} else {
			print_info(group[i], request->operand, request->n_operand, found,
				   command_has(command, "plexes"), out);
		}
	}
	if (json) {
		json_print(root, out);
	}

	int exit_code = tool_missing(command, found, err);

	free(found);
	free(group);
	return exit_code;
}

int vxinfo_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxinfo_tool, argc, argv, vxinfo_show);
}
