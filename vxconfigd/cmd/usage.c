// SPDX-License-Identifier: GPL-2.0-or-later
/* --help and --list-words, made from a tool's table. */
#include "vxconfigd/cmd/usage.h"

#include <string.h>

#include "vxconfigd/cmd/command_scan.h"

#define USAGE_INDENT 32 /* column of the explanations */
#define USAGE_WIDTH 100

static void usage_line(FILE *out, const char *left, const char *right)
{
	int length = fprintf(out, "  %s", left);

	if (length > USAGE_INDENT - 2) {
		fprintf(out, "\n%*s%s\n", USAGE_INDENT, "", right);
	} else {
		fprintf(out, "%*s%s\n", USAGE_INDENT - length, "", right);
	}
}

/* Words separated by blanks, in lines that are not too wide. */
static void usage_words(FILE *out, const char *words)
{
	int column = fprintf(out, "%*sattributes:", USAGE_INDENT, "");

	while (*words != '\0') {
		size_t length = strcspn(words, " ");

		if (column + 1 + (int)length > USAGE_WIDTH) {
			column = fprintf(out, "\n%*s", USAGE_INDENT + 1, "") - 1;
		}
		column += fprintf(out, " %.*s", (int)length, words);
		words += length + strspn(words + length, " ");
	}
	fputc('\n', out);
}

static void usage_verbs(const struct tool *tool, FILE *out)
{
	char left[256];

	fprintf(out, "\nOperations:\n");
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		snprintf(left, sizeof(left), "%s%s%s%s",
			 verb->group == GROUP_NEEDED ? "-g GROUP " : "", verb->name,
			 verb->operands != NULL ? " " : "",
			 verb->operands != NULL ? verb->operands : "");
		usage_line(out, left, verb->help);
		if (verb->attrs != NULL) {
			usage_words(out, verb->attrs);
		}
	}
}

static void usage_options(const struct tool_option *option, FILE *out)
{
	char left[256];

	for (; option->name != NULL; option++) {
		if (option->help == NULL) {
			continue;
		}

		const char letter[] = { '-', option->letter, ',', ' ', '\0' };

		snprintf(left, sizeof(left), "%s--%s%s%s", option->letter != 0 ? letter : "    ",
			 option->name, option->argument != NULL ? " " : "",
			 option->argument != NULL ? option->argument : "");
		usage_line(out, left, option->help);
	}
}

void usage_print(const struct tool *tool, FILE *out)
{
	fprintf(out, "%s - %s\n\n", tool->name, tool->purpose);
	if (tool->verbless) {
		const char *operands = tool->verb->operands;

		fprintf(out, "Usage: %s [options]%s%s\n", tool->name, operands != NULL ? " " : "",
			operands != NULL ? operands : "");
		if (tool->verb->attrs != NULL) {
			fprintf(out, "attributes: %s\n", tool->verb->attrs);
		}
	} else {
		fprintf(out, "Usage: %s [options] OPERATION [operands]\n", tool->name);
		usage_verbs(tool, out);
	}
	fprintf(out, "\nOptions:\n");
	usage_options(tool->option, out);
	usage_options(scan_common_options, out);
	fprintf(out, "\nExamples:\n");
	for (const struct tool_example *example = tool->example; example->line != NULL; example++) {
		fprintf(out, "  # %s\n  %s\n", example->what, example->line);
	}
	fprintf(out,
		"\nExit code: 0 done, 1 usage, 2 invalid value, 3 vxconfigd is not running, 6 "
		"outcome not known;\n"
		"the others are in vxintro(8). Manual page: %s(8).\nSee also: %s.\n",
		tool->name, tool->see_also);
}

static void usage_attr_words(const char *verb, const char *attrs, FILE *out)
{
	while (attrs != NULL && *attrs != '\0') {
		int length = (int)strcspn(attrs, " ");

		fprintf(out, "attr %s %.*s=\n", verb, length, attrs);
		attrs += length;
		attrs += strspn(attrs, " ");
	}
}

static void usage_option_words(const struct tool_option *option, FILE *out)
{
	for (; option->name != NULL; option++) {
		if (option->help != NULL) {
			fprintf(out, "option --%s\n", option->name);
		}
	}
}

void usage_print_words(const struct tool *tool, FILE *out)
{
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		if (!tool->verbless) {
			fprintf(out, "verb %s\n", verb->name);
		}
		usage_attr_words(verb->name, verb->attrs, out);
	}
	usage_option_words(tool->option, out);
	usage_option_words(scan_common_options, out);
}
