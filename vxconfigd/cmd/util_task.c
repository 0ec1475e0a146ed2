// SPDX-License-Identifier: GPL-2.0-or-later
/* vxtask: what runs in the background on all nodes. */
#include <string.h>
#include <unistd.h>

#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/print_task.h"
#include "vxconfigd/cmd/utilities.h"

#define VXTASK_INTERVAL_S 5 /* as the original */
#define VXTASK_INTERVAL_MAX_S 86400

static const struct tool_option vxtask_options[] = {
	OPTION_ROW_GROUP,
	{ 'l', "long", NULL, OPTION_LOCAL, NULL, "everything about each task, also regions", NULL },
	{ 'a', "all", NULL, OPTION_LOCAL, NULL, "also tasks that ended lately", NULL },
	{ 'w', "interval", "SECONDS", OPTION_LOCAL, NULL, "monitor: time between two looks (5)",
	  "monitor" },
	OPTION_ROW_QUIET(NULL),
	OPTION_ROW_JSON(NULL),
	OPTION_ROW_END,
};

static const struct tool_verb vxtask_verbs[] = {
	{ "list", "[TASKID|VOLUME ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "tasks of all nodes: resynchronisations, waiting transactions" },
	{ "monitor", "[TASKID|VOLUME ...]", 0, TOOL_MANY, GROUP_OPTIONAL, false, false, NULL,
	  "show them again and again until none is left" },
	VERB_ROW_END,
};

static const struct tool_example vxtask_examples[] = {
	{ "a node died: how far is the recovery?", "vxtask list" },
	{ "and how much was to be copied? (regions)", "vxtask -l -a list" },
	{ "wait until vol1 is recovered", "vxtask monitor vol1" },
	EXAMPLE_ROW_END,
};

const struct tool vxtask_tool = {
	.name = "vxtask",
	.purpose = "show what runs in the background",
	.option = vxtask_options,
	.verb = vxtask_verbs,
	.example = vxtask_examples,
	.see_also = "vxrecover(8), vxstat(8), vxintro(8)",
};

/* Shows the tasks of the answer; returns how many were chosen. */
static size_t vxtask_show(const struct command *command, const Vx__Reply *reply, bool header,
			  FILE *out)
{
	const Vx__Request *request = command_request(command);
	const struct task_choice choice = {
		.group = request->group,
		.word = request->operand,
		.word_count = request->n_operand,
		.finished = command_has(command, "all"),
	};
	struct task_row *row;
	size_t count = print_task_collect(reply, &choice, &row);

	if (command_has(command, "json")) {
		print_task_json(row, count, out);
	} else if (command_has(command, "long")) {
		print_task_long(row, count, out);
	} else {
		print_task_list(row, count, header, out);
	}
	free(row);
	return count;
}

/* A list that lacks a node must say so. */
static void vxtask_warn(const Vx__Reply *reply, FILE *err)
{
	for (size_t i = 0; i < reply->n_node; i++) {
		if (reply->node[i]->error[0] != '\0') {
			complain(err, "vxtask", SAY_NODE_SILENT, reply->node[i]->node,
				 reply->node[i]->error);
		}
	}
}

static void vxtask_verb_set(const struct command *command, const char *verb)
{
	Vx__Request *request = command_request(command);

	free(request->verb);
	request->verb = heap_text(verb);
}

/* The first look is one of "list", which knows each name and number; later they may be gone. */
static int vxtask_loop(const struct tool_io *io, const struct command *command, uint32_t interval_s)
{
	bool monitor = strcmp(command_request(command)->verb, "monitor") == 0;
	bool header = !command_has(command, "quiet");
	size_t count;

	vxtask_verb_set(command, "list");
	do {
		Vx__Reply *reply;
		int exit_code = tool_ask(io, command, &reply);

		count = 0;
		if (exit_code == 0) {
			vxtask_warn(reply, io->err);
			count = vxtask_show(command, reply, header, io->out);
		}
		if (reply != NULL) {
			vx__reply__free_unpacked(reply, NULL);
		}
		if (exit_code != 0) {
			return exit_code;
		}
		header = false;
		vxtask_verb_set(command, "monitor");
		if (fflush(io->out) != 0) {
			break;
		}
		if (monitor && count > 0) {
			sleep(interval_s);
		}
	} while (monitor && count > 0);
	return 0;
}

int vxtask_run(const struct tool_io *io, int argc, char **argv)
{
	struct command *command;
	uint32_t interval_s;
	int exit_code;

	if (!tool_begin(io, &vxtask_tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	if (command_number(command, "interval", 1, VXTASK_INTERVAL_MAX_S, VXTASK_INTERVAL_S,
			   io->err, &interval_s) != 0) {
		return tool_end(io, command, 2);
	}
	return tool_end(io, command, vxtask_loop(io, command, interval_s));
}
