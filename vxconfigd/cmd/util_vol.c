// SPDX-License-Identifier: GPL-2.0-or-later
/* vxvol: start, stop and set volumes. */
#include <string.h>

#include "vxconfigd/cmd/start_all.h"
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxvol_options[] = {
	OPTION_ROW_GROUP,	OPTION_ROW_DRY_RUN('n', NULL),
	OPTION_ROW_FORCE(NULL), OPTION_ROW_PROGRESS('v'),
	OPTION_ROW_END,
};

static const struct tool_verb vxvol_verbs[] = {
	{ "start", "VOLUME ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "make volumes usable; resynchronises mirrors that may differ" },
	{ "stop", "VOLUME ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "take volumes out of use" },
	{ "startall", NULL, 0, 0, GROUP_NEEDED, true, false, NULL,
	  "start every volume of the group that can be started" },
	{ "stopall", NULL, 0, 0, GROUP_NEEDED, true, false, NULL,
	  "stop every volume of the group" },
	{ "rdpol", "POLICY VOLUME [PLEX]", 2, 3, GROUP_NEEDED, true, false, NULL,
	  "where reads go: select, round, or prefer and the PLEX" },
	{ "set", "NAME=VALUE ... VOLUME ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, "comment",
	  "set attributes of volumes" },
	VERB_ROW_END,
};

static const struct tool_example vxvol_examples[] = {
	{ "after a cluster start: bring all volumes of a group into use",
	  "vxvol -g data startall" },
	{ "read from the plex on the near disk", "vxvol -g data rdpol prefer vol1 vol1-01" },
	{ "stop a volume; refused while it is open anywhere", "vxvol -g data stop vol1" },
	EXAMPLE_ROW_END,
};

const struct tool vxvol_tool = {
	.name = "vxvol",
	.purpose = "start, stop and set volumes",
	.option = vxvol_options,
	.verb = vxvol_verbs,
	.example = vxvol_examples,
	.see_also = "vxassist(8), vxrecover(8), vxinfo(8), vxintro(8)",
};

int vxvol_run(const struct tool_io *io, int argc, char **argv)
{
	struct command *command;
	int exit_code;

	if (!tool_begin(io, &vxvol_tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	if (strcmp(command_request(command)->verb, "startall") == 0) {
		return tool_end(io, command, start_all(io, command));
	}
	return tool_do(io, command, NULL);
}
