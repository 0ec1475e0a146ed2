/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was typed: the words of a command line, understood by the tool's table (tool.h).
 *
 * Checked here: options, the number of operands, that a group is given where one is needed.
 * Whether names exist and values make sense is vxconfigd's to say: only it knows the cluster.
 */
#ifndef VX_CMD_COMMAND_H
#define VX_CMD_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vxconfigd/cmd/tool.h"
#include "vxha.pb-c.h"

enum command_want {
	COMMAND_RUN, /* send the request */
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_WORDS, /* --list-words: for shell completion */
};

struct command;

/*
 * Understands argv. On failure a message is printed on err and *out_exit is the exit code.
 * 0 or -VX_E_USAGE, -VX_E_SYNTAX. Free with command_free().
 */
int command_parse(const struct tool *tool, int argc, char **argv, FILE *err,
		  struct command **out_command, int *out_exit);
void command_free(struct command *command);

enum command_want command_want(const struct command *command);
const struct tool *command_tool(const struct command *command);
/* The request to send; its txid is new. Belongs to the command. */
Vx__Request *command_request(const struct command *command);
/* Does it change the configuration, so that its outcome must be known? (Not with --dry-run.) */
bool command_changes(const struct command *command);
/* Was the option given? By its long name. */
bool command_has(const struct command *command, const char *option);
/* Argument of the option, NULL if it was not given. */
const char *command_argument(const struct command *command, const char *option);
/*
 * Argument of the option as a number from min to max; fallback if it was not given.
 * 0, or -VX_E_SYNTAX after a message on err.
 */
int command_number(const struct command *command, const char *option, uint32_t min, uint32_t max,
		   uint32_t fallback, FILE *err, uint32_t *out_number);

#endif
