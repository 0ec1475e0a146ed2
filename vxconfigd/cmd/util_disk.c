// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdisk: the disks that this node sees, and which node sees which. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/print_disk.h"
#include "vxconfigd/cmd/print_path.h"
#include "vxconfigd/cmd/utilities.h"

static const struct tool_option vxdisk_options[] = {
	OPTION_ROW_GROUP,
	{ 'f', "force", NULL, OPTION_FLAG, "f",
	  "setup: although the disk belongs to a group (its data is lost)", "setup" },
	OPTION_ROW_DRY_RUN('n', "setup"),
	OPTION_ROW_QUIET("list path"),
	OPTION_ROW_JSON("list path"),
	OPTION_ROW_PROGRESS(0),
	OPTION_ROW_END,
};

static const struct tool_verb vxdisk_verbs[] = {
	{ "list", "[DEVICE ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "disks and their state, or all about DEVICE" },
	{ "path", "[DEVICE ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "which node sees which disk, by which device" },
	{ "setup", "DEVICE ...", 1, TOOL_MANY, GROUP_UNUSED, false, false, "privlen",
	  "prepare disks: label and private region; what is on them is lost" },
	{ "scandisks", NULL, 0, 0, GROUP_UNUSED, false, false, NULL,
	  "look for new disks, read all labels again" },
	VERB_ROW_END,
};

static const struct tool_example vxdisk_examples[] = {
	{ "what is there; \"online invalid\" are disks that are not prepared", "vxdisk list" },
	{ "prepare a disk, then it can go into a group",
	  "vxdisk setup sdb && vxdg -g data adddisk d4=sdb" },
	{ "does every node see the disks of the group?", "vxdisk -g data path" },
	{ "a disk was connected while vxconfigd was running", "vxdisk scandisks" },
	EXAMPLE_ROW_END,
};

const struct tool vxdisk_tool = {
	.name = "vxdisk",
	.purpose = "list and prepare disks",
	.option = vxdisk_options,
	.verb = vxdisk_verbs,
	.example = vxdisk_examples,
	.see_also = "vxdg(8), vxdctl(8), vxintro(8)",
};

/* Complains of names that no disk has. */
static int vxdisk_missing(const Vx__Request *request, const Vx__Reply *reply, FILE *err)
{
	char node[VX_NODENAME_MAX + 1] = "";
	int exit_code = 0;

	gethostname(node, sizeof(node) - 1);
	for (size_t i = 0; i < request->n_operand; i++) {
		const struct disk_choice choice = { request->group, &request->operand[i], 1 };

		if (print_disk_any(reply, &choice) || print_path_any(reply, &choice)) {
			continue;
		}
		exit_code = request->group[0] != '\0'
				    ? complain(err, request->tool, MSG_RECORD_UNKNOWN_IN,
					       request->operand[i], request->group)
				    : complain(err, request->tool, MSG_DISK_UNKNOWN,
					       request->operand[i], node);
	}
	return exit_code;
}

static int vxdisk_show_list(const struct command *command, const Vx__Reply *reply, FILE *out,
			    FILE *err)
{
	const Vx__Request *request = command_request(command);
	const struct disk_choice choice = { request->group, request->operand, request->n_operand };
	int exit_code = vxdisk_missing(request, reply, err);

	if (reply->n_disk == 0 && request->n_operand == 0) {
		complain(err, request->tool, SAY_NO_DISKS);
	}
	if (command_has(command, "json")) {
		print_disk_list_json(reply, &choice, out);
	} else if (request->n_operand > 0) {
		print_disk_details(reply, &choice, out);
	} else {
		print_disk_list(reply, &choice, !command_has(command, "quiet"), out);
	}
	return exit_code;
}

static int vxdisk_show_path(const struct command *command, const Vx__Reply *reply, FILE *out,
			    FILE *err)
{
	const Vx__Request *request = command_request(command);
	const struct disk_choice choice = { request->group, request->operand, request->n_operand };
	struct path_row *row;
	size_t count = print_path_collect(reply, &choice, &row);
	int exit_code = vxdisk_missing(request, reply, err);

	for (size_t i = 0; i < reply->n_node; i++) {
		if (reply->node[i]->error[0] != '\0') {
			complain(err, request->tool, SAY_NODE_SILENT, reply->node[i]->node,
				 reply->node[i]->error);
		}
	}
	if (command_has(command, "json")) {
		print_path_json(row, count, out);
	} else {
		print_path_list(row, count, !command_has(command, "quiet"), out);
	}
	free(row);
	return exit_code;
}

static int vxdisk_show(const struct command *command, const Vx__Reply *reply, FILE *out, FILE *err)
{
	const char *verb = command_request(command)->verb;

	tool_print_lines(reply, out);
	return strcmp(verb, "list") == 0   ? vxdisk_show_list(command, reply, out, err)
	       : strcmp(verb, "path") == 0 ? vxdisk_show_path(command, reply, out, err)
					   : 0;
}

int vxdisk_run(const struct tool_io *io, int argc, char **argv)
{
	return tool_run(io, &vxdisk_tool, argc, argv, vxdisk_show);
}
