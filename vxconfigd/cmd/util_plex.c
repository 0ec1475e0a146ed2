// SPDX-License-Identifier: GPL-2.0-or-later
/* vxplex: attach, move, copy, detach and dissociate the plexes (mirrors) of volumes. */
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxplex_options[] = {
	OPTION_ROW_GROUP,
	OPTION_ROW_DRY_RUN('n', NULL),
	OPTION_ROW_FORCE(NULL),
	{ 'o', "option", "WORD[,WORD]", OPTION_EXTRA, NULL,
	  "rm: with dis or mv, remove the plex that leaves, and its subdisks", "dis mv" },
	OPTION_ROW_PROGRESS('v'),
	OPTION_ROW_END,
};

static const struct tool_verb vxplex_verbs[] = {
	{ "att", "VOLUME PLEX ...", 2, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "attach: filled while the volume is used, then one of its mirrors" },
	{ "mv", "PLEX NEW-PLEX", 2, 2, GROUP_NEEDED, true, false, NULL,
	  "move: the new one, of no volume, is filled and takes its place" },
	{ "cp", "VOLUME NEW-PLEX ...", 2, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "copy: plexes of no volume are filled, and are free again" },
	{ "det", "PLEX ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "detach: not read or written any more, stays with its volume" },
	{ "dis", "PLEX ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "dissociate: take it away from its volume" },
	VERB_ROW_END,
};

static const struct tool_example vxplex_examples[] = {
	{ "take a plex out of use before its disk is replaced", "vxplex -g data det vol1-02" },
	{ "... and into use again", "vxplex -g data att vol1 vol1-02" },
	{ "fill a plex of no volume, then free the space of the old one",
	  "vxplex -g data -o rm mv vol1-02 spare-01" },
	{ "remove a mirror for good and free its space", "vxplex -g data -o rm dis vol1-02" },
	EXAMPLE_ROW_END,
};

const struct tool vxplex_tool = {
	.name = "vxplex",
	.purpose = "attach, move, copy, detach and dissociate plexes",
	.option = vxplex_options,
	.verb = vxplex_verbs,
	.example = vxplex_examples,
	.see_also = "vxvol(8), vxrecover(8), vxprint(8), vxintro(8)",
};

int vxplex_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxplex_tool, argc, argv, NULL);
}
