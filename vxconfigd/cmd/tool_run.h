/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a utility: understand the words, ask vxconfigd, show the answer, exit code. */
#ifndef VX_CMD_TOOL_RUN_H
#define VX_CMD_TOOL_RUN_H

#include <stdio.h>

#include "vxconfigd/cmd/client.h"
#include "vxconfigd/cmd/command.h"
#include "vxconfigd/cmd/tool.h"
#include "vxha.pb-c.h"

/* Shows the answer of a successful request on out; messages of its own go to err. Exit code. */
typedef int tool_show(const struct command *command, const Vx__Reply *reply, FILE *out, FILE *err);

/* Where a utility reads and writes: the standard streams and vxconfigd, or what a test plays. */
struct tool_io {
	FILE *out, *err;
	struct client client;
};

void tool_io_init(struct tool_io *io);

/* A utility that asks once. show NULL, or a failure: the answer's lines are printed. Exit code. */
int tool_run(const struct tool_io *io, const struct tool *tool, int argc, char **argv,
	     tool_show *show);

/*
 * The parts, for utilities that ask more than once. tool_begin: true if the command is to be run,
 * else everything is done and *out_exit is the exit code.
 */
bool tool_begin(const struct tool_io *io, const struct tool *tool, int argc, char **argv,
		struct command **out_command, int *out_exit);
/* As tool_run(), of what tool_begin() understood; frees command. */
int tool_do(const struct tool_io *io, struct command *command, tool_show *show);
/* The exit code; *out_reply (to be freed) may be NULL. */
int tool_ask(const struct tool_io *io, const struct command *command, Vx__Reply **out_reply);
/* Frees command. exit_code, or that of an output that could not be written. */
int tool_end(const struct tool_io *io, struct command *command, int exit_code);

/* Complains of the operands that were not found; 0 or the exit code. */
int tool_missing(const struct command *command, const bool *found, FILE *err);

/* Prints the answer's plain lines. */
void tool_print_lines(const Vx__Reply *reply, FILE *out);

#endif
