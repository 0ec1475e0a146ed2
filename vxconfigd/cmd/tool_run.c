// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a utility: understand the words, ask vxconfigd, show the answer, exit code. */
#include "vxconfigd/cmd/tool_run.h"

#include <errno.h>
#include <string.h>

#include "vxconfigd/cmd/client.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/usage.h"

void tool_print_lines(const Vx__Reply *reply, FILE *out)
{
	for (size_t i = 0; i < reply->n_line; i++) {
		fprintf(out, "%s\n", reply->line[i]);
	}
}

bool tool_begin(const struct tool *tool, int argc, char **argv, struct command **out_command,
		int *out_exit)
{
	struct command *command;

	if (command_parse(tool, argc, argv, stderr, &command, out_exit) != 0) {
		return false;
	}
	switch (command_want(command)) {
	case COMMAND_RUN:
		*out_command = command;
		return true;
	case COMMAND_HELP:
		usage_print(tool, stdout);
		break;
	case COMMAND_VERSION:
		printf("%s (vxha) %s\n", tool->name, VXHA_VERSION);
		break;
	case COMMAND_WORDS:
		usage_print_words(tool, stdout);
		break;
	}
	*out_exit = tool_end(command, 0);
	return false;
}

int tool_ask(const struct command *command, Vx__Reply **out_reply)
{
	struct client client;

	client_init(&client, stderr, command_has(command, "verbose"));
	return client_call(&client, command_request(command), command_changes(command), out_reply);
}

int tool_end(struct command *command, int exit_code)
{
	const char *name = command_tool(command)->name;

	/* a listing that was cut short by a full disk or a closed pipe must not look complete */
	if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == 0) {
		exit_code = complain(stderr, name, SAY_OUTPUT, strerror(errno));
	}
	command_free(command);
	return exit_code;
}

int tool_run(const struct tool *tool, int argc, char **argv, tool_show *show)
{
	struct command *command;
	Vx__Reply *reply;
	int exit_code;

	if (!tool_begin(tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	exit_code = tool_ask(command, &reply);
	if (exit_code == 0 && show != NULL && reply != NULL) {
		exit_code = show(command, reply, stdout, stderr);
	} else if (reply != NULL) {
		tool_print_lines(reply, stdout);
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return tool_end(command, exit_code);
}
