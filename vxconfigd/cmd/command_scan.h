/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first look at a command line: which words are options, which are not.
 *
 * Options may stand anywhere before "--", short ones may be joined ("-ht"), and long ones take
 * "--name=value" or "--name value". "-1m" is a word. Everything points into argv.
 */
#ifndef VX_CMD_COMMAND_SCAN_H
#define VX_CMD_COMMAND_SCAN_H

#include <stddef.h>
#include <stdio.h>

#include "vxconfigd/cmd/tool.h"

#define SCAN_OPTIONS_MAX 64

struct scan_option {
	const struct tool_option *option;
	const char *argument; /* NULL where it takes none */
};

struct scan {
	struct scan_option option[SCAN_OPTIONS_MAX];
	size_t option_count;
	const char **word; /* the others, in their order */
	size_t word_count;
};

/* Options that every tool has; ends as a tool's table does. */
extern const struct tool_option scan_common_options[];

/* 0, or an exit code after a message on err. scan is to be freed in both cases. */
int scan_words(const struct tool *tool, int argc, char **argv, FILE *err, struct scan *scan);
void scan_free(struct scan *scan);
/* The last one of that long name, or NULL. */
const struct scan_option *scan_find(const struct scan *scan, const char *name);

#endif
