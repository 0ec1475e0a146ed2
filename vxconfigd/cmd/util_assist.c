// SPDX-License-Identifier: GPL-2.0-or-later
/* vxassist: make, change and remove volumes. What is possible is decided by vxconfigd. */
#include <inttypes.h>
#include <string.h>

#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/utilities.h"

#define VXASSIST_SECTORS_PER_MB 2048

static const struct tool_option vxassist_options[] = {
	OPTION_ROW_GROUP,
	OPTION_ROW_DRY_RUN('n', "make mirror addlog growto growby shrinkto shrinkby remove"),
	{ 'b', "background", NULL, OPTION_FLAG, "b",
	  "as in the original (mirrors always become equal in the background)",
	  "make mirror addlog growto growby" },
	OPTION_ROW_FORCE("make remove shrinkto shrinkby"),
	OPTION_ROW_JSON("maxsize"),
	OPTION_ROW_PROGRESS('v'),
	OPTION_ROW_END,
};

static const struct tool_verb vxassist_verbs[] = {
	{ "make", "VOLUME LENGTH [DISK ...]", 2, TOOL_MANY, GROUP_NEEDED, true, false,
	  "layout nmirror ncol stripeunit logtype nlog init usetype comment",
	  "make a volume, on DISKs or wherever there is room" },
	{ "mirror", "VOLUME [DISK ...]", 1, TOOL_MANY, GROUP_NEEDED, true, false,
	  "layout nmirror ncol stripeunit", "add a mirror; it is filled while the volume is used" },
	{ "addlog", "VOLUME [DISK ...]", 1, TOOL_MANY, GROUP_NEEDED, true, false, "nlog",
	  "add a dirty region log to a mirrored volume" },
	{ "growto", "VOLUME LENGTH [DISK ...]", 2, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "make a volume that long, while it is used" },
	{ "growby", "VOLUME LENGTH [DISK ...]", 2, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "... or that much longer" },
	{ "shrinkto", "VOLUME LENGTH", 2, 2, GROUP_NEEDED, true, false, NULL,
	  "make a volume that short; nobody may have it open" },
	{ "shrinkby", "VOLUME LENGTH", 2, 2, GROUP_NEEDED, true, false, NULL,
	  "... or that much shorter" },
	{ "remove", "volume|mirror|log VOLUME ...", 1, TOOL_MANY, GROUP_NEEDED, true, false,
	  "nmirror nlog", "remove volumes with all that is in them, or a mirror or log" },
	{ "maxsize", "[DISK ...]", 0, TOOL_MANY, GROUP_NEEDED, false, false,
	  "layout nmirror ncol stripeunit logtype nlog init usetype comment",
	  "the largest volume that could be made" },
	VERB_ROW_END,
};

static const struct tool_example vxassist_examples[] = {
	{ "200 MiB on two disks, with a dirty region log: short recovery after a crash",
	  "vxassist -g data make vol1 200m layout=mirror nmirror=2 logtype=drl" },
	{ "striped over three disks, and the same again on three others",
	  "vxassist -g data make vol3 30g layout=mirror-stripe ncol=3 stripeunit=64k" },
	{ "how large could such a volume be?",
	  "vxassist -g data maxsize layout=mirror nmirror=2 logtype=drl" },
	{ "would every node accept it?", "vxassist -g data -n make vol2 1g" },
	{ "1 GiB more, with I/O going on", "vxassist -g data growby vol1 1g" },
	{ "one more mirror, with I/O going on; vxtask list shows how far it is",
	  "vxassist -g data mirror vol1" },
	{ "one mirror less: the one on that disk", "vxassist -g data remove mirror vol1 '!d2'" },
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

static int vxassist_show(const struct command *command, const Vx__Reply *reply, FILE *out,
			 FILE *err)
{
	(void)err;
	tool_print_lines(reply, out);
	if (strcmp(command_request(command)->verb, "maxsize") != 0) {
		return 0;
	}
	if (command_has(command, "json")) {
		struct json_object *object = json_object_new_object();

		json_add_number(object, "max_size", reply->max_size);
		json_print(object, out);
	} else {
		fprintf(out, "Maximum volume size: %" PRIu64 " (%" PRIu64 "Mb)\n", reply->max_size,
			reply->max_size / VXASSIST_SECTORS_PER_MB);
	}
	return 0;
}

int vxassist_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxassist_tool, argc, argv, vxassist_show);
}
