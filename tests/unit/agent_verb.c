// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs verbs of vxclustadm in a folder and a network of their own. */
#include "tests/unit/agent_verb.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/agent_sample.h"
#include "tests/unit/temp.h"

void verb_setup(void)
{
	char folder[TEMP_PATH_MAX];

	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	setenv("VXHA_RUN_DIR", folder, 1);
	setenv("VXHA_STATE_DIR", folder, 1);
	setenv("VXHA_LOG_DIR", folder, 1);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

void verb_teardown(void)
{
	char folder[TEMP_PATH_MAX], command[TEMP_PATH_MAX + 32];

	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	snprintf(command, sizeof(command), "/bin/rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

pid_t verb_begin(adm_verb_fn *verb, const struct adm_options *options, const char *word)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open("out", O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0644);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);

		int rc = verb(options, word != NULL, (char *[]){ TEXT(word), NULL });

		fflush(stdout);
		_exit(rc);
	}
	return pid;
}

/* json-c's white space differs between its versions; no string of these tests has any. */
static void verb_squeeze(char *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text != ' ' && *text != '\n') {
			*out++ = *text;
		}
	}
	*out = '\0';
}

void verb_end(pid_t pid, int want, const char *text)
{
	char got[4096] = "", wanted[4096];
	int status;
	FILE *file;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	file = fopen("out", "r");
	ck_assert_ptr_nonnull(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	snprintf(wanted, sizeof(wanted), "%s", text);
	if (text[0] == '{') {
		verb_squeeze(got, got);
		verb_squeeze(wanted, wanted);
	}
	ck_assert_str_eq(got, wanted);
	ck_assert_int_eq(WEXITSTATUS(status), want);
}
