// SPDX-License-Identifier: GPL-2.0-or-later
/* What was typed becomes a request, or a message and an exit code. */
#include "tests/unit/cmd_sample.h"

#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cmd/command.h"
#include "vxconfigd/cmd/complain.h"

static struct command *command;
static char *err_text;

/* Parses line with the tool's table; 0, or the exit code (err_text says why). */
static int type(const struct tool *tool, const char *line)
{
	static char words[4096];
	char *argv[WORDS_MAX + 1], *save = NULL;
	int argc = 0, exit_code = 0;
	size_t size;
	FILE *err = open_memstream(&err_text, &size);

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	command = NULL;
	if (command_parse(tool, argc, argv, err, &command, &exit_code) != 0) {
		ck_assert_int_ne(exit_code, 0);
	}
	fclose(err);
	return exit_code;
}

static void done(void)
{
	command_free(command);
	free(err_text);
}

static bool has_flag(const char *flag)
{
	const Vx__Request *request = command_request(command);

	for (size_t i = 0; i < request->n_flag; i++) {
		if (strcmp(request->flag[i], flag) == 0) {
			return true;
		}
	}
	return false;
}

static const char *attr(const char *key)
{
	const Vx__Request *request = command_request(command);

	for (size_t i = 0; i < request->n_attr; i++) {
		if (strcmp(request->attr[i]->key, key) == 0) {
			return request->attr[i]->value;
		}
	}
	return NULL;
}

START_TEST(test_init_keeps_media_words)
{
	ck_assert_int_eq(type(&vxdg_tool, "vxdg -s init data d1=sdb d2=sdc nconfig=2 sdd"), 0);

	const Vx__Request *request = command_request(command);

	ck_assert_str_eq(request->tool, "vxdg");
	ck_assert_str_eq(request->verb, "init");
	ck_assert_uint_eq(request->n_operand, 4);
	ck_assert_str_eq(request->operand[0], "data");
	ck_assert_str_eq(request->operand[1], "d1=sdb");
	ck_assert_str_eq(request->operand[3], "sdd");
	ck_assert_str_eq(attr("nconfig"), "2");
	ck_assert(has_flag("s"));
	ck_assert_str_eq(request->node, "");
	ck_assert_str_eq(request->command_line, "vxdg -s init data d1=sdb d2=sdc nconfig=2 sdd");
	ck_assert_uint_eq(request->txid.len, ID_BYTES);
	ck_assert_uint_eq(request->pid, (uint32_t)getpid());
	ck_assert(command_changes(command));
	done();
}
END_TEST

START_TEST(test_attributes_and_operands)
{
	ck_assert_int_eq(
		type(&vxassist_tool,
		     "vxassist -g data make vol1 200m layout=mirror nmirror=2 logtype=drl d1 d2"),
		0);

	const Vx__Request *request = command_request(command);

	ck_assert_str_eq(request->group, "data");
	ck_assert_uint_eq(request->n_operand, 4);
	ck_assert_str_eq(request->operand[1], "200m");
	ck_assert_str_eq(request->operand[3], "d2");
	ck_assert_uint_eq(request->n_attr, 3);
	ck_assert_str_eq(attr("layout"), "mirror");
	ck_assert_uint_eq(request->n_flag, 0);
	done();
}
END_TEST

START_TEST(test_options_anywhere_and_joined)
{
	ck_assert_int_eq(type(&vxassist_tool, "vxassist make -fgdata vol1 1g --dry-run -b"), 0);
	ck_assert_str_eq(command_request(command)->group, "data");
	ck_assert(has_flag("f") && has_flag("b") && has_flag("dry-run"));
	ck_assert(!command_changes(command)); /* nothing to be lost */
	done();
	ck_assert_int_eq(type(&vxassist_tool, "vxassist --group=data -n -- make -v 1g"), 0);
	ck_assert_str_eq(command_request(command)->operand[0], "-v");
	ck_assert(has_flag("dry-run"));
	done();
}
END_TEST

START_TEST(test_letter_of_the_original_is_no_dry_run)
{
	/* -n NEWNAME of vxdg import: until it is there, it must not be taken for something else */
	ck_assert_int_eq(type(&vxdg_tool, "vxdg -n other import data"), 1);
	done();
	ck_assert_int_eq(type(&vxdg_tool, "vxdg --dry-run import data"), 0);
	ck_assert(has_flag("dry-run") && !command_changes(command));
	done();
}
END_TEST

START_TEST(test_extra_options)
{
	ck_assert_int_eq(type(&vxplex_tool, "vxplex -g data -o rm,force dis vol1-02"), 0);
	ck_assert(has_flag("o:rm") && has_flag("o:force"));
	done();
	ck_assert_int_eq(type(&vxplex_tool, "vxplex -g data -orm dis vol1-02"), 0);
	ck_assert(has_flag("o:rm"));
	done();
}
END_TEST

START_TEST(test_letters_that_mean_something_else)
{
	/* vxprint's -v, -p, -s choose classes, vxstat's -n nodes; none is sent */
	ck_assert_int_eq(type(&vxprint_tool, "vxprint -htvps -g data vol1"), 0);
	ck_assert_uint_eq(command_request(command)->n_flag, 0);
	ck_assert(command_has(command, "volumes") && command_has(command, "typed"));
	ck_assert_str_eq(command_request(command)->verb, "print");
	ck_assert_str_eq(command_request(command)->operand[0], "vol1");
	done();
	ck_assert_int_eq(type(&vxstat_tool, "vxstat -n a,b -i 2 -c 3"), 0);
	ck_assert_str_eq(command_argument(command, "nodes"), "a,b");
	done();
	ck_assert_int_eq(type(&vxrecover_tool, "vxrecover -g data -sbn"), 0);
	ck_assert(has_flag("s") && has_flag("b") && has_flag("n") && !has_flag("dry-run"));
	done();
}
END_TEST

START_TEST(test_unknown_verb)
{
	ck_assert_int_eq(type(&vxassist_tool, "vxassist -g data relayout vol1 ncol=3"), 1);
	ck_assert_ptr_nonnull(strstr(err_text, "V-80-1-1024 relayout: unknown operation (make, "));
	done();
	ck_assert_int_eq(type(&vxdg_tool, "vxdg frobnicate"), 1);
	ck_assert_ptr_nonnull(
		strstr(err_text, "vxha vxdg ERROR V-80-1-1024 frobnicate: unknown operation"));
	ck_assert_ptr_nonnull(strstr(err_text, "adddisk"));
	done();
}
END_TEST

static const struct {
	const struct tool *tool;
	const char *line;
	int exit_code;
	unsigned int number;
} mistakes[] = {
	{ &vxdg_tool, "vxdg", 1, SAY_VERB_NONE },
	{ &vxdg_tool, "vxdg -z list", 1, SAY_OPTION_UNKNOWN },
	{ &vxdg_tool, "vxdg --zet list", 1, SAY_OPTION_UNKNOWN },
	{ &vxdg_tool, "vxdg list -g", 1, SAY_OPTION_NO_ARGUMENT },
	{ &vxdg_tool, "vxdg --group= list", 1, SAY_OPTION_NO_ARGUMENT },
	{ &vxdg_tool, "vxdg --json=yes list", 1, SAY_OPTION_NEEDS_NONE },
	{ &vxdg_tool, "vxdg init data", 1, SAY_OPERAND_MISSING },
	{ &vxdg_tool, "vxdg -g data init other sdb", 1, SAY_GROUP_NOT_USED },
	{ &vxdg_tool, "vxdg adddisk sdb", 1, SAY_GROUP_WHICH },
	{ &vxdg_tool, "vxdg import a b", 1, SAY_OPERAND_TOO_MANY },
	{ &vxassist_tool, "vxassist make vol1 1g", 1, SAY_GROUP_WHICH },
	{ &vxassist_tool, "vxassist -g data make vol1", 1, SAY_OPERAND_MISSING },
	{ &vxdctl_tool, "vxdctl outcome", 1, SAY_OPERAND_MISSING },
	{ &vxdctl_tool, "vxdctl mode now", 1, SAY_OPERAND_TOO_MANY },
	{ &vxdctl_tool, "vxdctl license", 1, MSG_VERB_UNKNOWN },
	{ &vxprint_tool, "vxprint color=red", 2, MSG_ATTR_UNKNOWN },
	{ &vxdisk_tool, "vxdisk setup sdb color=red", 2, MSG_ATTR_UNKNOWN },
	{ &vxassist_tool, "vxassist -g data make v 1g nmirror=2 nmirror=3", 1, SAY_ATTR_TWICE },
	{ &vxassist_tool, "vxassist -g data --group=other make v 1g", 1, SAY_OPTION_TWICE },
	{ &vxdg_tool, "vxdg -C list", 1, SAY_OPTION_NOT_HERE },
	{ &vxdg_tool, "vxdg --json deport data", 1, SAY_OPTION_NOT_HERE },
	{ &vxdg_tool, "vxdg -g data adddisk =sdb", 2, SAY_MEDIA_WORD },
	{ &vxdg_tool, "vxdg -s init data d1=sdb d2=", 2, SAY_MEDIA_WORD },
};

START_TEST(test_mistake)
{
	char number[32];

	ck_assert_int_eq(type(mistakes[_i].tool, mistakes[_i].line), mistakes[_i].exit_code);
	snprintf(number, sizeof(number), " ERROR V-80-1-%04u ", mistakes[_i].number);
	ck_assert_msg(strstr(err_text, number) != NULL, "%s: %s", mistakes[_i].line, err_text);
	ck_assert_ptr_null(command);
	done();
}
END_TEST

START_TEST(test_empty_word_and_too_many)
{
	char *empty[] = { "vxdg", "import", "", NULL };
	static char *many[VX_OPERANDS_MAX + 4];
	char *text = NULL;
	size_t size;
	FILE *err = open_memstream(&text, &size);
	int exit_code;

	ck_assert_int_ne(command_parse(&vxdg_tool, 3, empty, err, &command, &exit_code), 0);
	ck_assert_int_eq(exit_code, 2);
	many[0] = "vxdg";
	many[1] = "list";
	for (size_t i = 2; i < VX_OPERANDS_MAX + 3; i++) {
		many[i] = "data";
	}
	ck_assert_int_ne(
		command_parse(&vxdg_tool, VX_OPERANDS_MAX + 3, many, err, &command, &exit_code), 0);
	ck_assert_int_eq(exit_code, 1);
	for (size_t i = 1; i < VX_OPERANDS_MAX + 3; i++) {
		many[i] = "-q";
	}
	ck_assert_int_ne(
		command_parse(&vxdg_tool, VX_OPERANDS_MAX + 3, many, err, &command, &exit_code), 0);
	fclose(err);
	free(text);
}
END_TEST

START_TEST(test_numbers)
{
	uint32_t number = 7;
	FILE *err = fopen("/dev/null", "w");

	ck_assert_int_eq(type(&vxstat_tool, "vxstat -i 30"), 0);
	ck_assert_int_eq(command_number(command, "interval", 1, 60, 0, err, &number), 0);
	ck_assert_uint_eq(number, 30);
	ck_assert_int_eq(command_number(command, "count", 1, 60, 4, err, &number), 0);
	ck_assert_uint_eq(number, 4);
	ck_assert_int_eq(command_number(command, "interval", 1, 20, 0, err, &number), -VX_E_SYNTAX);
	done();

	static const char *const bad[] = { "vxstat -i 0", "vxstat -i -1", "vxstat -i 3x",
					   "vxstat -i x", "vxstat -i 99999999999999999999999" };

	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		ck_assert_int_eq(type(&vxstat_tool, bad[i]), 0);
		ck_assert_int_eq(command_number(command, "interval", 1, 60, 0, err, &number),
				 -VX_E_SYNTAX);
		done();
	}
	fclose(err);
}
END_TEST

/* What no message could show is refused at once; "-1m" is a value, not an option. */
START_TEST(test_long_and_negative_words)
{
	char line[2 * VX_WORD_MAX] = "vxprint ", *word = line + strlen(line);

	memset(word, 'x', VX_WORD_MAX + 1);
	ck_assert_int_eq(type(&vxprint_tool, line), 2);
	ck_assert_ptr_nonnull(strstr(err_text, "V-80-1-1128 xxxxxxxx"));
	ck_assert_ptr_nonnull(strstr(err_text, "x...: longer than 255 bytes\n"));
	done();
	word[VX_WORD_MAX] = '\0';
	ck_assert_int_eq(type(&vxprint_tool, line), 0);
	done();
	ck_assert_int_eq(type(&vxassist_tool, "vxassist -g data make v -1m"), 0);
	ck_assert_str_eq(command_request(command)->operand[1], "-1m");
	done();
}
END_TEST

/* Names come from anywhere; a terminal must not obey them. */
START_TEST(test_messages_show_control_bytes)
{
	char *text = NULL;
	size_t size;
	FILE *err = open_memstream(&text, &size);

	complain(err, "vxdg", MSG_GROUP_UNKNOWN, "a\033[31m\r\nb");
	fclose(err);
	ck_assert_str_eq(text,
			 "vxha vxdg ERROR V-80-1-1002 Disk group a\\x1b[31m\\x0d\\x0ab: no such "
			 "disk group is imported here\n");
	free(text);
}
END_TEST

START_TEST(test_transaction_ids_differ)
{
	uint8_t first[ID_BYTES];

	ck_assert_int_eq(type(&vxdg_tool, "vxdg list"), 0);
	memcpy(first, command_request(command)->txid.data, ID_BYTES);
	done();
	ck_assert_int_eq(type(&vxdg_tool, "vxdg list"), 0);
	ck_assert_mem_ne(first, command_request(command)->txid.data, ID_BYTES);
	done();
}
END_TEST

START_TEST(test_message_numbers_are_unique)
{
	static const unsigned int number[] = {
#define NUMBER(name, number, ...) number,
		CMD_MESSAGES(NUMBER) VX_MESSAGES(NUMBER)
#undef NUMBER
	};

	for (size_t i = 0; i < VX_COUNT_OF(number); i++) {
		for (size_t k = 0; k < i; k++) {
			ck_assert_uint_ne(number[i], number[k]);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cmd command");
	TCase *tcase = tcase_create("command");

	tcase_add_test(tcase, test_init_keeps_media_words);
	tcase_add_test(tcase, test_attributes_and_operands);
	tcase_add_test(tcase, test_options_anywhere_and_joined);
	tcase_add_test(tcase, test_letter_of_the_original_is_no_dry_run);
	tcase_add_test(tcase, test_extra_options);
	tcase_add_test(tcase, test_letters_that_mean_something_else);
	tcase_add_test(tcase, test_unknown_verb);
	tcase_add_loop_test(tcase, test_mistake, 0, VX_COUNT_OF(mistakes));
	tcase_add_test(tcase, test_empty_word_and_too_many);
	tcase_add_test(tcase, test_numbers);
	tcase_add_test(tcase, test_long_and_negative_words);
	tcase_add_test(tcase, test_messages_show_control_bytes);
	tcase_add_test(tcase, test_transaction_ids_differ);
	tcase_add_test(tcase, test_message_numbers_are_unique);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
