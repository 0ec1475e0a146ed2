// SPDX-License-Identifier: GPL-2.0-or-later
/* vxrecover: make mirrors equal again and start volumes after a failure. */
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxrecover_options[] = {
	OPTION_ROW_GROUP,
	{ 's', "start", NULL, OPTION_FLAG, "s", "start volumes that are not started", NULL },
	{ 'b', "background", NULL, OPTION_FLAG, "b",
	  "as in the original (recovery always runs in the background)", NULL },
	{ 'n', "no-recovery", NULL, OPTION_FLAG, "n", "recover nothing (with -s: only start)",
	  NULL },
	{ 'p', "print", NULL, OPTION_FLAG, "p", "only print the volumes that -s would start",
	  NULL },
	{ 'c', "cluster", NULL, OPTION_FLAG, "c", "volumes of shared groups only", NULL },
	OPTION_ROW_DRY_RUN(0, NULL),
	OPTION_ROW_PROGRESS('v'),
	OPTION_ROW_END,
};

static const struct tool_verb vxrecover_verbs[] = {
	{ "recover", "[VOLUME|DISK ...]", 0, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "recover these, or all that need it" },
	VERB_ROW_END,
};

static const struct tool_example vxrecover_examples[] = {
	{ "start every volume of a group and make mirrors equal in the background",
	  "vxrecover -g data -sb" },
	{ "recover what is on a disk that came back", "vxrecover -g data d2" },
	EXAMPLE_ROW_END,
};

const struct tool vxrecover_tool = {
	.name = "vxrecover",
	.purpose = "recover and start volumes after a failure",
	.option = vxrecover_options,
	.verb = vxrecover_verbs,
	.verbless = true,
	.example = vxrecover_examples,
	.see_also = "vxvol(8), vxplex(8), vxtask(8), vxintro(8)",
};

int vxrecover_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxrecover_tool, argc, argv, NULL);
}
