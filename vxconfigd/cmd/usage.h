/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help and --list-words, made from a tool's table. */
#ifndef VX_CMD_USAGE_H
#define VX_CMD_USAGE_H

#include <stdio.h>

#include "vxconfigd/cmd/tool.h"

/* What the utility is for, its verbs with a line each, its options, examples. */
void usage_print(const struct tool *tool, FILE *out);

/* Lines "verb NAME", "option --NAME", "attr VERB NAME=": what a shell may complete. */
void usage_print_words(const struct tool *tool, FILE *out);

#endif
