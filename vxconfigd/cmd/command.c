// SPDX-License-Identifier: GPL-2.0-or-later
/* What was typed: the words of a command line, understood by the tool's table. */
#include "vxconfigd/cmd/command.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "vxconfigd/cmd/command_scan.h"
#include "vxconfigd/cmd/complain.h"
#include "vxconfigd/cmd/heap.h"

#define COMMAND_LINE_MAX 4096 /* of what is kept for the audit trail */

struct command {
	const struct tool *tool;
	const struct tool_verb *verb;
	enum command_want want;
	Vx__Request *request;
	struct scan scan; /* options and words, pointing into argv */
};

static const struct tool_verb *command_find_verb(const struct tool *tool, const char *name)
{
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		if (strcmp(verb->name, name) == 0) {
			return verb;
		}
	}
	return NULL;
}

/* "usage: vxdg [-options] init GROUP ..." of one verb, for messages. */
static const char *command_verb_usage(const struct tool *tool, const struct tool_verb *verb,
				      char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s %s", tool->name,
		 verb->group == GROUP_NEEDED ? " -g GROUP" : "", tool->verbless ? "" : " ",
		 tool->verbless ? "" : verb->name, verb->operands != NULL ? verb->operands : "");
	for (size_t end = strlen(out); end > 0 && out[end - 1] == ' '; end--) {
		out[end - 1] = '\0';
	}
	return out;
}

static const char *command_verb_list(const struct tool *tool, char *out, size_t size)
{
	out[0] = '\0';
	for (const struct tool_verb *verb = tool->verb; verb->name != NULL; verb++) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", verb->name);
	}
	return out;
}

/* Is text (up to length) one of the words in list, which are separated by blanks? */
static bool command_listed(const char *list, const char *text, size_t length)
{
	for (const char *at = list; at != NULL && *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word == length && strncmp(at, text, length) == 0) {
			return true;
		}
		at += word;
		at += strspn(at, " ");
	}
	return false;
}

/* Length of KEY in "KEY=VALUE", 0 if the word is an operand. */
static size_t command_key_length(const struct tool_verb *verb, const char *word)
{
	size_t length = strcspn(word, "=");

	if (word[length] != '=' || !isalpha((unsigned char)word[0])) {
		return 0;
	}
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)word[i]) && word[i] != '_' && word[i] != '-') {
			return 0;
		}
	}
	return verb->media && !command_listed(verb->attrs, word, length) ? 0 : length;
}

static void command_add_attr(Vx__Request *request, const char *key, size_t key_length,
			     const char *value)
{
	Vx__Attr *attr = heap_zero(1, sizeof(*attr));

	vx__attr__init(attr);
	attr->key = heap_zero(key_length + 1, 1);
	memcpy(attr->key, key, key_length);
	attr->value = heap_text(value);
	request->attr[request->n_attr++] = attr;
}

static void command_add_flag(Vx__Request *request, const char *prefix, const char *word,
			     size_t length)
{
	char *flag = heap_zero(strlen(prefix) + length + 1, 1);

	strcpy(flag, prefix);
	strncat(flag, word, length);
	request->flag[request->n_flag++] = flag;
}

/* "-o rm,force" -> "o:rm", "o:force". The scan bounds the number of options, not of these words. */
static void command_add_extra(Vx__Request *request, const char *words)
{
	while (*words != '\0' && request->n_flag < SCAN_OPTIONS_MAX) {
		size_t length = strcspn(words, ",");

		if (length > 0) {
			command_add_flag(request, "o:", words, length);
		}
		words += length;
		words += strspn(words, ",");
	}
}

static void command_take_options(struct command *command)
{
	Vx__Request *request = command->request;

	for (size_t i = 0; i < command->scan.option_count; i++) {
		const struct scan_option *given = &command->scan.option[i];
		const struct tool_option *option = given->option;

		switch (option->use) {
		case OPTION_LOCAL:
			break;
		case OPTION_FLAG:
			if (request->n_flag < SCAN_OPTIONS_MAX) {
				command_add_flag(request, "", option->word, strlen(option->word));
			}
			break;
		case OPTION_GROUP:
			request->group = heap_text(given->argument);
			break;
		case OPTION_EXTRA:
			command_add_extra(request, given->argument);
			break;
		}
	}
}

static void command_take_words(struct command *command, size_t first)
{
	Vx__Request *request = command->request;

	for (size_t i = first; i < command->scan.word_count; i++) {
		const char *word = command->scan.word[i];
		size_t key_length = command_key_length(command->verb, word);

		if (key_length > 0) {
			command_add_attr(request, word, key_length, word + key_length + 1);
		} else {
			request->operand[request->n_operand++] = heap_text(word);
		}
	}
}

/* Each attribute is one of the verb's, and given once: which of two was meant nobody knows. */
static int command_check_attrs(const struct command *command, FILE *err)
{
	const char *tool = command->tool->name, *known = command->verb->attrs;
	const Vx__Request *request = command->request;

	for (size_t i = 0; i < request->n_attr; i++) {
		const Vx__Attr *attr = request->attr[i];

		if (!command_listed(known, attr->key, strlen(attr->key))) {
			return complain(err, tool, MSG_ATTR_UNKNOWN, attr->key,
					known != NULL ? known : "none");
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(request->attr[k]->key, attr->key) == 0) {
				return complain(err, tool, SAY_ATTR_TWICE, attr->key, attr->value,
						attr->key);
			}
		}
	}
	return 0;
}

static int command_check_options(const struct command *command, FILE *err)
{
	for (size_t i = 0; i < command->scan.option_count; i++) {
		const struct tool_option *option = command->scan.option[i].option;

		if (option->verbs != NULL && !command_listed(option->verbs, command->verb->name,
							     strlen(command->verb->name))) {
			return complain(err, command->tool->name, SAY_OPTION_NOT_HERE,
					command->verb->name, option->name);
		}
	}
	return 0;
}

/* Who only asks names what is to be shown, nothing twice. The words of a change have meanings. */
static int command_check_twice(const struct command *command, FILE *err)
{
	const Vx__Request *request = command->request;

	for (size_t i = 0; !command->verb->change && i < request->n_operand; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(request->operand[k], request->operand[i]) == 0) {
				return complain(err, command->tool->name, MSG_TWICE,
						request->operand[i]);
			}
		}
	}
	return 0;
}

static int command_check_operands(const struct command *command, FILE *err)
{
	const Vx__Request *request = command->request;

	for (size_t i = 0; i < request->n_operand; i++) {
		const char *word = request->operand[i], *equals = strchr(word, '=');

		if (word[0] == '\0') {
			return complain(err, command->tool->name, SAY_WORD_EMPTY);
		}
		if (command->verb->media && equals != NULL &&
		    (equals == word || equals[1] == '\0')) {
			return complain(err, command->tool->name, SAY_MEDIA_WORD, word);
		}
	}
	return 0;
}

/* Who asks, for the audit trail and for vxconfigd's own check (which trusts only the socket). */
static void command_take_caller(Vx__Request *request, int argc, char **argv)
{
	size_t used = 0;
	char *line = heap_zero(COMMAND_LINE_MAX, 1);

	for (int i = 0; i < argc && used < COMMAND_LINE_MAX - 1; i++) {
		int length = snprintf(line + used, COMMAND_LINE_MAX - used, "%s%s",
				      i > 0 ? " " : "", argv[i]);

		used += length > 0 ? (size_t)length : 0;
	}
	request->command_line = line;
	request->uid = getuid();
	request->pid = (uint32_t)getpid();
	request->txid.data = heap_zero(1, ID_BYTES);
	request->txid.len = ID_BYTES;
	id_make_txn(request->txid.data);
}

static int command_check(const struct command *command, FILE *err)
{
	const struct tool *tool = command->tool;
	const struct tool_verb *verb = command->verb;
	const Vx__Request *request = command->request;
	char usage[512];
	int exit_code = command_check_options(command, err);

	exit_code = exit_code == 0 ? command_check_attrs(command, err) : exit_code;
	exit_code = exit_code == 0 ? command_check_operands(command, err) : exit_code;
	if (exit_code != 0) {
		return exit_code;
	}
	command_verb_usage(tool, verb, usage, sizeof(usage));
	if (verb->group == GROUP_NEEDED && request->group[0] == '\0') {
		return complain(err, tool->name, SAY_GROUP_WHICH, verb->name, usage);
	}
	if (verb->group == GROUP_UNUSED && request->group[0] != '\0') {
		return complain(err, tool->name, SAY_GROUP_NOT_USED, verb->name);
	}
	if (request->n_operand < verb->min) {
		return complain(err, tool->name, SAY_OPERAND_MISSING, verb->name, usage);
	}
	if (request->n_operand > verb->max) {
		return complain(err, tool->name, SAY_OPERAND_TOO_MANY, verb->name,
				request->operand[verb->max], usage);
	}
	return command_check_twice(command, err);
}

/* Finds the verb; *out_first is the first word after it. 0 or an exit code. */
static int command_take_verb(struct command *command, FILE *err, size_t *out_first)
{
	const struct tool *tool = command->tool;
	const char *name;
	char list[512];

	*out_first = 0;
	if (tool->verbless) {
		command->verb = tool->verb;
		name = command->verb->name;
	} else if (command->scan.word_count == 0) {
		return complain(err, tool->name, SAY_VERB_NONE,
				command_verb_list(tool, list, sizeof(list)));
	} else {
		name = command->scan.word[0];
		command->verb = command_find_verb(tool, name);
		*out_first = 1;
	}
	if (command->verb == NULL) {
		return complain(err, tool->name, MSG_VERB_UNKNOWN, name,
				command_verb_list(tool, list, sizeof(list)));
	}
	command->request->tool = heap_text(tool->name);
	command->request->verb = heap_text(name);
	return 0;
}

static int command_build(struct command *command, int argc, char **argv, FILE *err)
{
	Vx__Request *request = heap_zero(1, sizeof(*request));
	size_t words = command->scan.word_count + SCAN_OPTIONS_MAX;
	size_t first;

	vx__request__init(request);
	command->request = request;
	request->operand = heap_zero(words, sizeof(*request->operand));
	request->attr = heap_zero(words, sizeof(*request->attr));
	request->flag = heap_zero(SCAN_OPTIONS_MAX, sizeof(*request->flag));

	int exit_code = command_take_verb(command, err, &first);

	if (exit_code != 0) {
		return exit_code;
	}
	command_take_options(command);
	command_take_words(command, first);
	command_take_caller(request, argc, argv);
	return command_check(command, err);
}

static enum command_want command_find_want(const struct command *command)
{
	if (command_has(command, "help")) {
		return COMMAND_HELP;
	}
	if (command_has(command, "version")) {
		return COMMAND_VERSION;
	}
	return command_has(command, "list-words") ? COMMAND_WORDS : COMMAND_RUN;
}

int command_parse(const struct tool *tool, int argc, char **argv, FILE *err,
		  struct command **out_command, int *out_exit)
{
	struct command *command = heap_zero(1, sizeof(*command));
	int exit_code;

	command->tool = tool;
	exit_code = scan_words(tool, argc, argv, err, &command->scan);
	if (exit_code == 0) {
		command->want = command_find_want(command);
		if (command->want == COMMAND_RUN) {
			exit_code = command_build(command, argc, argv, err);
		}
	}
	if (exit_code != 0) {
		command_free(command);
		*out_exit = exit_code;
		return exit_code == vx_exit_code(-VX_E_SYNTAX) ? -VX_E_SYNTAX : -VX_E_USAGE;
	}
	*out_command = command;
	return 0;
}

void command_free(struct command *command)
{
	if (command == NULL) {
		return;
	}
	if (command->request != NULL) {
		vx__request__free_unpacked(command->request, NULL);
	}
	scan_free(&command->scan);
	free(command);
}

enum command_want command_want(const struct command *command)
{
	return command->want;
}

const struct tool *command_tool(const struct command *command)
{
	return command->tool;
}

Vx__Request *command_request(const struct command *command)
{
	assert(command->request != NULL);
	return command->request;
}

bool command_changes(const struct command *command)
{
	return command->verb->change && !command_has(command, "dry-run");
}

bool command_has(const struct command *command, const char *option)
{
	return scan_find(&command->scan, option) != NULL;
}

const char *command_argument(const struct command *command, const char *option)
{
	const struct scan_option *given = scan_find(&command->scan, option);

	return given != NULL ? given->argument : NULL;
}

int command_number(const struct command *command, const char *option, uint32_t min, uint32_t max,
		   uint32_t fallback, FILE *err, uint32_t *out_number)
{
	const char *text = command_argument(command, option);

	if (text == NULL) {
		*out_number = fallback;
		return 0;
	}

	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (!isdigit((unsigned char)text[0]) || *end != '\0' || value < min || value > max) {
		complain(err, command->tool->name, SAY_NUMBER_INVALID, option, text, min, max);
		return -VX_E_SYNTAX;
	}
	*out_number = (uint32_t)value;
	return 0;
}
