// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdg: manage disk groups. */
#include <string.h>

#include "base/errors.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/last_known.h"
#include "vxconfigd/cmd/print_group.h"
#include "vxconfigd/cmd/utilities.h"

#define VXDG_CHANGES "init import deport destroy adddisk rmdisk set"

static const struct tool_option vxdg_options[] = {
	OPTION_ROW_GROUP,
	{ 's', "shared", NULL, OPTION_FLAG, "s",
	  "init, import: shared by the cluster; list: only shared ones", "init import list" },
	{ 'f', "force", NULL, OPTION_FLAG, "f",
	  "although disks are missing or are still seen as in use", VXDG_CHANGES },
	{ 'C', "clear", NULL, OPTION_FLAG, "C",
	  "import: take disks whose owner is another host or cluster", "import" },
	OPTION_ROW_DRY_RUN(0, VXDG_CHANGES),
	OPTION_ROW_QUIET("list free"),
	OPTION_ROW_JSON("list free"),
	OPTION_ROW_PROGRESS(0),
	OPTION_ROW_END,
};

static const struct tool_verb vxdg_verbs[] = {
	{ "list", "[GROUP ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "groups that are imported here, or all about GROUP" },
	{ "init", "GROUP [NAME=]DEVICE ...", 2, TOOL_MANY, GROUP_UNUSED, true, true,
	  "cds minor nconfig", "make a group of disks that were set up with vxdisk" },
	{ "import", "GROUP", 1, 1, GROUP_UNUSED, true, false, NULL,
	  "take an existing group into use" },
	{ "deport", "GROUP", 1, 1, GROUP_UNUSED, true, false, NULL,
	  "give a group up; its data stays" },
	{ "destroy", "GROUP", 1, 1, GROUP_UNUSED, true, false, NULL,
	  "remove a group and all of its volumes" },
	{ "adddisk", "[NAME=]DEVICE ...", 1, TOOL_MANY, GROUP_NEEDED, true, true, NULL,
	  "add disks to a group" },
	{ "rmdisk", "DISK ...", 1, TOOL_MANY, GROUP_NEEDED, true, false, NULL,
	  "remove disks that hold no subdisks" },
	{ "free", "[DISK ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "free space on the disks" },
	{ "set", "NAME=VALUE ...", 0, 0, GROUP_NEEDED, true, false, "activation diskdetpolicy",
	  "activation=sw|sr|ew|ro|off (this node), diskdetpolicy=global|local" },
	VERB_ROW_END,
};

static const struct tool_example vxdg_examples[] = {
	{ "make a shared group of three disks, named d1 to d3 in it",
	  "vxdg -s init data d1=sdb d2=sdc d3=sdd" },
	{ "is it usable on this node? (STATE says enabled,shared)", "vxdg list" },
	{ "let this node read and write, as the other nodes do", "vxdg -g data set activation=sw" },
	{ "would the change be accepted by every node?", "vxdg -g data --dry-run adddisk d4=sde" },
	EXAMPLE_ROW_END,
};

const struct tool vxdg_tool = {
	.name = "vxdg",
	.purpose = "manage disk groups",
	.option = vxdg_options,
	.verb = vxdg_verbs,
	.example = vxdg_examples,
	.see_also = "vxdisk(8), vxassist(8), vxprint(8), vxintro(8)",
};

/* Every group that was named, in detail; the first that is not there ends it. */
static int vxdg_show_groups(const struct command *command, const Vx__Reply *reply, FILE *out,
			    FILE *err)
{
	const Vx__Request *request = command_request(command);
	const Vx__GroupInfo **group;
	bool json = command_has(command, "json");
	int exit_code = 0;

	for (size_t i = 0; i < request->n_operand && exit_code == 0; i++) {
		size_t count = print_group_sort(reply, request->operand[i], &group);

		if (count == 0) {
			exit_code = complain(err, request->tool, MSG_GROUP_UNKNOWN,
					     request->operand[i]);
		}
		for (size_t k = 0; k < count && !json; k++) {
			if (i + k > 0) {
				fputc('\n', out);
			}
			print_group_detail(group[k], out);
		}
		free(group);
	}
	return exit_code;
}

static int vxdg_show_list(const struct command *command, const Vx__Reply *reply, FILE *out,
			  FILE *err)
{
	const Vx__Request *request = command_request(command);
	const struct group_choice choice = {
		.group = request->group,
		.name = request->operand,
		.name_count = request->n_operand,
		.only_shared = command_has(command, "shared"),
	};
	int exit_code = vxdg_show_groups(command, reply, out, err);

	if (command_has(command, "json")) {
		print_group_list_json(reply, &choice, out);
	} else if (request->n_operand == 0) {
		print_group_list(reply, &choice, !command_has(command, "quiet"), out);
	}
	return exit_code;
}

static int vxdg_show_free(const struct command *command, const Vx__Reply *reply, FILE *out,
			  FILE *err)
{
	const Vx__Request *request = command_request(command);
	const struct free_choice choice = { request->group, request->operand, request->n_operand };
	bool *found = heap_zero(request->n_operand, sizeof(*found));
	int exit_code;

	for (size_t i = 0; i < request->n_operand; i++) {
		found[i] = print_group_has_disk(reply, request->group, request->operand[i]);
	}
	exit_code = tool_missing(command, found, err);
	free(found);
	if (command_has(command, "json")) {
		print_group_free_json(reply, &choice, out);
	} else {
		print_group_free(reply, &choice, !command_has(command, "quiet"), out);
	}
	return exit_code;
}

static int vxdg_show(const struct command *command, const Vx__Reply *reply, FILE *out, FILE *err)
{
	const Vx__Request *request = command_request(command);
	int exit_code = 0;

	if (strcmp(request->verb, "list") == 0) {
		exit_code = vxdg_show_list(command, reply, out, err);
	} else if (strcmp(request->verb, "free") == 0) {
		exit_code = vxdg_show_free(command, reply, out, err);
	}
	tool_print_lines(reply, out);
	return exit_code;
}

/* Without vxconfigd the volumes of a group go on, but nothing can be changed: "disabled". */
static void vxdg_show_disabled(const struct tool_io *io, const struct command *command)
{
	Vx__Reply *reply = last_known_groups();

	if (command_request(command)->n_operand == 0 && reply->n_group > 0) {
		vxdg_show_list(command, reply, io->out, io->err);
	}
	vx__reply__free_unpacked(reply, NULL);
}

int vxdg_run(const struct tool_io *io, int argc, char **argv)
{
	struct command *command;
	Vx__Reply *reply;
	int exit_code;

	if (!tool_begin(io, &vxdg_tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	exit_code = tool_ask(io, command, &reply);
	if (exit_code == 0 && reply != NULL) {
		exit_code = vxdg_show(command, reply, io->out, io->err);
	} else if (reply != NULL) {
		tool_print_lines(reply, io->out);
	} else if (exit_code == vx_exit_code(-VX_E_NODAEMON) &&
		   strcmp(command_request(command)->verb, "list") == 0) {
		vxdg_show_disabled(io, command);
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return tool_end(io, command, exit_code);
}
