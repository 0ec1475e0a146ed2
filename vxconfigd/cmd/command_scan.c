// SPDX-License-Identifier: GPL-2.0-or-later
/* The first look at a command line: which words are options, which are not. */
#include "vxconfigd/cmd/command_scan.h"

#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"

const struct tool_option scan_common_options[] = {
	{ 0, "help", NULL, OPTION_LOCAL, NULL, "this text", NULL },
	{ 0, "version", NULL, OPTION_LOCAL, NULL, "print the version", NULL },
	{ 0, "list-words", NULL, OPTION_LOCAL, NULL, NULL, NULL }, /* not for people: no help */
	OPTION_ROW_END,
};

struct scan_state {
	const struct tool *tool;
	char **argv;
	int argc, next;
	FILE *err;
	struct scan *scan;
};

static const struct tool_option *scan_by_letter(const struct tool *tool, char letter)
{
	for (const struct tool_option *option = tool->option; option->name != NULL; option++) {
		if (option->letter == letter) {
			return option;
		}
	}
	return NULL;
}

static const struct tool_option *scan_by_name(const struct tool_option *option, const char *name,
					      size_t length)
{
	for (; option->name != NULL; option++) {
		if (strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
			return option;
		}
	}
	return NULL;
}

/* argument: what is joined to the option, or NULL. */
static int scan_add(struct scan_state *state, const struct tool_option *option, const char *shown,
		    const char *argument)
{
	struct scan *scan = state->scan;

	if (option->argument != NULL && argument == NULL) {
		if (state->next >= state->argc) {
			return complain(state->err, state->tool->name, SAY_OPTION_NO_ARGUMENT,
					shown);
		}
		argument = state->argv[state->next++];
	}
	if (option->argument == NULL && argument != NULL) {
		return complain(state->err, state->tool->name, SAY_OPTION_NEEDS_NONE, shown);
	}
	if (argument != NULL && argument[0] == '\0') {
		return complain(state->err, state->tool->name, SAY_OPTION_NO_ARGUMENT, shown);
	}
	if (argument != NULL && option->use != OPTION_EXTRA && scan_find(scan, option->name)) {
		return complain(state->err, state->tool->name, SAY_OPTION_TWICE, option->name);
	}
	if (scan->option_count == SCAN_OPTIONS_MAX) {
		return complain(state->err, state->tool->name, SAY_WORDS_TOO_MANY,
				SCAN_OPTIONS_MAX);
	}
	scan->option[scan->option_count++] = (struct scan_option){ option, argument };
	return 0;
}

static int scan_long(struct scan_state *state, const char *word)
{
	size_t length = strcspn(word + 2, "=");
	const struct tool_option *option = scan_by_name(state->tool->option, word + 2, length);

	if (option == NULL) {
		option = scan_by_name(scan_common_options, word + 2, length);
	}
	if (option == NULL) {
		return complain(state->err, state->tool->name, SAY_OPTION_UNKNOWN, word,
				state->tool->name);
	}
	return scan_add(state, option, word, word[2 + length] == '=' ? word + 3 + length : NULL);
}

static int scan_short(struct scan_state *state, const char *word)
{
	for (const char *at = word + 1; *at != '\0'; at++) {
		const char shown[] = { '-', *at, '\0' };
		const struct tool_option *option = scan_by_letter(state->tool, *at);

		if (option == NULL) {
			return complain(state->err, state->tool->name, SAY_OPTION_UNKNOWN, shown,
					state->tool->name);
		}

		bool joined = option->argument != NULL && at[1] != '\0';
		int exit_code = scan_add(state, option, shown, joined ? at + 1 : NULL);

		if (exit_code != 0 || joined) {
			return exit_code;
		}
	}
	return 0;
}

int scan_words(const struct tool *tool, int argc, char **argv, FILE *err, struct scan *scan)
{
	struct scan_state state = { tool, argv, argc, 1, err, scan };
	bool options = true;
	int exit_code = 0;

	memset(scan, 0, sizeof(*scan));
	scan->word = heap_zero((size_t)argc + 1, sizeof(*scan->word));
	for (int i = 1; i < argc; i++) {
		if (strlen(argv[i]) > VX_WORD_MAX) { /* a message could not show what is wrong */
			return complain(err, tool->name, SAY_WORD_TOO_LONG, argv[i], VX_WORD_MAX);
		}
	}
	while (state.next < argc && exit_code == 0) {
		const char *word = argv[state.next++];

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-' && word[1] == '-') {
			exit_code = scan_long(&state, word);
		} else if (options && word[0] == '-' && word[1] != '\0' &&
			   !isdigit((unsigned char)word[1])) {
			exit_code = scan_short(&state, word);
		} else if (scan->word_count == VX_OPERANDS_MAX) {
			exit_code = complain(err, tool->name, SAY_WORDS_TOO_MANY, VX_OPERANDS_MAX);
		} else {
			scan->word[scan->word_count++] = word;
		}
	}
	return exit_code;
}

void scan_free(struct scan *scan)
{
	free(scan->word);
	scan->word = NULL;
}

const struct scan_option *scan_find(const struct scan *scan, const char *name)
{
	for (size_t i = scan->option_count; i > 0; i--) {
		if (strcmp(scan->option[i - 1].option->name, name) == 0) {
			return &scan->option[i - 1];
		}
	}
	return NULL;
}
