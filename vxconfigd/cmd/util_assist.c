// SPDX-License-Identifier: GPL-2.0-or-later
/* vxassist: make, change and remove volumes. What is possible is decided by vxconfigd. */
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxassist_options[] = {
	OPTION_ROW_GROUP,
	OPTION_ROW_DRY_RUN('n', "make remove"),
	{ 'b', "background", NULL, OPTION_FLAG, "b", "do not wait until mirrors are equal",
	  "make" },
	OPTION_ROW_FORCE("make remove"),
	OPTION_ROW_PROGRESS('v'),
	OPTION_ROW_END,
};

static const struct tool_verb vxassist_verbs[] = {
	{ "make", "VOLUME LENGTH [DISK ...]", 2, TOOL_MANY, GROUP_NEEDED, true, false,
	  "layout nmirror logtype nlog init usetype comment",
	  "make a volume, on DISKs or wherever there is room" },
	{ "remove", "volume VOLUME ...", 2, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "remove volumes with all that is in them" },
	{ "maxsize", "[DISK ...]", 0, TOOL_MANY, GROUP_NEEDED, false, false,
	  "layout nmirror logtype nlog init usetype comment",
	  "the largest volume that could be made" },
	VERB_ROW_END,
};

static const struct tool_example vxassist_examples[] = {
	{ "200 MiB on two disks, with a dirty region log: short recovery after a crash",
	  "vxassist -g data make vol1 200m layout=mirror nmirror=2 logtype=drl" },
	{ "how large could such a volume be?",
	  "vxassist -g data maxsize layout=mirror nmirror=2 logtype=drl" },
	{ "would every node accept it?", "vxassist -g data -n make vol2 1g" },
	{ "remove it; refused while somebody has it open", "vxassist -g data remove volume vol1" },
	EXAMPLE_ROW_END,
};

const struct tool vxassist_tool = {
	.name = "vxassist",
	.purpose = "make, change and remove volumes",
	.option = vxassist_options,
	.verb = vxassist_verbs,
	.example = vxassist_examples,
	.see_also = "vxdg(8), vxvol(8), vxprint(8), vxintro(8)",
};

int vxassist_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxassist_tool, argc, argv, NULL);
}
