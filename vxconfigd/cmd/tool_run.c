// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a utility: understand the words, ask vxconfigd, show the answer, exit code. */
#include "vxconfigd/cmd/tool_run.h"

#include <errno.h>
#include <string.h>

#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/usage.h"

void tool_print_lines(const Vx__Reply *reply, FILE *out)
{
	for (size_t i = 0; i < reply->n_line; i++) {
		fprintf(out, "%s\n", reply->line[i]);
	}
}

int tool_missing(const struct command *command, const bool *found, FILE *err)
{
	const Vx__Request *request = command_request(command);
	int exit_code = 0;

	for (size_t i = 0; i < request->n_operand; i++) {
		const char *name = request->operand[i];

		if (found[i]) {
			continue;
		}
		exit_code = request->group[0] != '\0'
				    ? complain(err, request->tool, MSG_RECORD_UNKNOWN_IN, name,
					       request->group)
				    : complain(err, request->tool, MSG_RECORD_UNKNOWN, name);
	}
	return exit_code;
}

void tool_io_init(struct tool_io *io)
{
	io->out = stdout;
	io->err = stderr;
	client_init(&io->client, stderr);
}

bool tool_begin(const struct tool_io *io, const struct tool *tool, int argc, char **argv,
		struct command **out_command, int *out_exit)
{
	struct command *command;

	if (command_parse(tool, argc, argv, io->err, &command, out_exit) != 0) {
		return false;
	}
	switch (command_want(command)) {
	case COMMAND_RUN:
		*out_command = command;
		return true;
	case COMMAND_HELP:
		usage_print(tool, io->out);
		break;
	case COMMAND_VERSION:
		fprintf(io->out, "%s (vxha) %s\n", tool->name, VXHA_VERSION);
		break;
	case COMMAND_WORDS:
		usage_print_words(tool, io->out);
		break;
	}
	*out_exit = tool_end(io, command, 0);
	return false;
}

int tool_ask(const struct tool_io *io, const struct command *command, Vx__Reply **out_reply)
{
	struct client client = io->client;

	client.progress |= command_has(command, "verbose");
	return client_call(&client, command_request(command), command_changes(command), out_reply);
}

int tool_end(const struct tool_io *io, struct command *command, int exit_code)
{
	const char *name = command_tool(command)->name;

	/* a listing that was cut short by a full disk or a closed pipe must not look complete */
	if ((fflush(io->out) != 0 || ferror(io->out)) && exit_code == 0) {
		exit_code = complain(io->err, name, SAY_OUTPUT, strerror(errno));
	}
	command_free(command);
	return exit_code;
}

int tool_do(const struct tool_io *io, struct command *command, tool_show *show)
{
	Vx__Reply *reply;
	int exit_code = tool_ask(io, command, &reply);

	if (exit_code == 0 && show != NULL && reply != NULL) {
		exit_code = show(command, reply, io->out, io->err);
	} else if (reply != NULL) {
		tool_print_lines(reply, io->out);
	}
	if (reply != NULL) {
		vx__reply__free_unpacked(reply, NULL);
	}
	return tool_end(io, command, exit_code);
}

int tool_run(const struct tool_io *io, const struct tool *tool, int argc, char **argv,
	     tool_show *show)
{
	struct command *command;
	int exit_code;

	if (!tool_begin(io, tool, argc, argv, &command, &exit_code)) {
		return exit_code;
	}
	return tool_do(io, command, show);
}
