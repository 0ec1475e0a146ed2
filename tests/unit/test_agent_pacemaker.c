// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent/pacemaker and agent/child: what the tools are called with, in which order, what happens
 * when they fail, hang, are missing or print too much. The tools are scripts in a folder of PATH.
 */
#include "agent/pacemaker.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/child.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/timeouts.h"
#include "tests/unit/suite.h"
#include "tests/unit/temp.h"

static void write_file(const char *name, mode_t mode, const char *text)
{
	FILE *file = fopen(name, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(name, mode), 0);
}

/* A tool that appends its name and arguments to the file `calls`, then does body. */
static void write_tool(const char *name, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\necho \"${0##*/} $*\" >>calls\n%s\n", body);
	write_file(name, 0755, text);
}

static void expect_calls(const char *want)
{
	char text[4096] = "";
	FILE *file = fopen("calls", "r");

	if (file != NULL) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
	}
	ck_assert_str_eq(text, want);
}

struct scene {
	struct loop *loop;
	struct pacemaker *pacemaker;
	struct loop_timer timer, poll;
	const char *wait_for; /* a file */
	bool late;
	int answers;
	enum pacemaker_answer answer;
	struct child_end end;
	char output[VX_TOOL_OUTPUT_MAX + 1];
	int ends;
};

static void on_late(void *ctx)
{
	struct scene *scene = ctx;

	scene->late = true;
	loop_stop(scene->loop);
}

static void on_poll(void *ctx)
{
	struct scene *scene = ctx;

	if (access(scene->wait_for, F_OK) == 0) {
		loop_stop(scene->loop);
	} else {
		loop_timer_set(scene->loop, &scene->poll, 10, on_poll, scene);
	}
}

static void scene_run(struct scene *scene, uint64_t timeout_ms)
{
	scene->late = false;
	loop_timer_set(scene->loop, &scene->timer, timeout_ms, on_late, scene);
	loop_run(scene->loop);
	loop_timer_cancel(&scene->timer);
}

/* Runs the loop until a tool has made the file. */
static void scene_wait_file(struct scene *scene, const char *name)
{
	scene->wait_for = name;
	loop_timer_set(scene->loop, &scene->poll, 0, on_poll, scene);
	scene_run(scene, 20000);
	ck_assert_msg(!scene->late, "%s was not made", name);
	loop_timer_cancel(&scene->poll);
}

static void on_answer(void *ctx, enum pacemaker_answer answer)
{
	struct scene *scene = ctx;

	scene->answers++;
	scene->answer = answer;
	loop_stop(scene->loop);
}

static void on_end(void *ctx, const struct child_end *end)
{
	struct scene *scene = ctx;

	scene->end = *end;
	strcpy(scene->output, end->output);
	scene->ends++;
	loop_stop(scene->loop);
}

static struct scene scene;

static void setup(void)
{
	char folder[TEMP_PATH_MAX], path[TEMP_PATH_MAX + 32];

	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
	setenv("PATH", path, 1);
	setenv("VXHA_RUN_DIR", folder, 1);
	memset(&scene, 0, sizeof(scene));
	ck_assert_int_eq(loop_create(&scene.loop), 0);
	ck_assert_int_eq(pacemaker_create(scene.loop, &scene.pacemaker), 0);
}

static void teardown(void)
{
	char folder[TEMP_PATH_MAX], command[TEMP_PATH_MAX + 32];

	pacemaker_destroy(scene.pacemaker);
	loop_destroy(scene.loop);
	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	snprintf(command, sizeof(command), "/bin/rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* ---- requests ---- */

START_TEST(tools_get_the_right_words)
{
	write_tool("attrd_updater", "[ \"$2\" != last ] || touch done");
	write_tool("crm_resource", "touch failed");
	write_file("resource", 0644, "vxclust\n");
	ck_assert_int_eq(pacemaker_terminate(scene.pacemaker, "node-2.example"), 0);
	scene_wait_file(&scene, "calls");
	ck_assert_int_eq(pacemaker_fail(scene.pacemaker, NULL, "node-1"), 0);
	scene_wait_file(&scene, "failed");
	unlink("failed");
	ck_assert_int_eq(pacemaker_fail(scene.pacemaker, "other", "node-1"), 0);
	scene_wait_file(&scene, "failed");
	write_tool("stonith_admin", "touch rebooted");
	ck_assert_int_eq(pacemaker_reboot(scene.pacemaker, "node-3"), 0);
	scene_wait_file(&scene, "rebooted");
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "last", "1"), 0);
	scene_wait_file(&scene, "done");
	expect_calls("attrd_updater -n terminate -U true -N node-2.example\n"
		     "crm_resource --fail -r vxclust -N node-1\n"
		     "crm_resource --fail -r other -N node-1\n"
		     "stonith_admin --reboot node-3 --tolerance 3\n"
		     "attrd_updater -n last -U 1\n");
}
END_TEST

START_TEST(a_newer_value_replaces_one_that_waits)
{
	write_tool("attrd_updater", "sleep 0.1; [ \"$2\" != last ] || touch done");
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "vxclust-role", "none"), 0);
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "vxclust-role", "slave"), 0);
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "vxclust-state", "member"), 0);
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "vxclust-role", "master"), 0);
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "last", "1"), 0);
	scene_wait_file(&scene, "done");
	expect_calls("attrd_updater -n vxclust-role -U none\n"
		     "attrd_updater -n vxclust-role -U master\n"
		     "attrd_updater -n vxclust-state -U member\n"
		     "attrd_updater -n last -U 1\n");
}
END_TEST

START_TEST(a_slow_attribute_does_not_delay_help)
{
	write_tool("attrd_updater", "case $2 in terminate) touch done ;; *) sleep 3 ;; esac");
	ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "slow", "1"), 0);
	ck_assert_int_eq(pacemaker_terminate(scene.pacemaker, "b"), 0);
	scene_wait_file(&scene, "done");
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char *const bad[] = { "", "-N", "a b", "a;b", "a\nb", "$(x)", "<a>" };

	for (size_t i = 0; i < VX_COUNT_OF(bad); i++) {
		ck_assert_int_eq(pacemaker_terminate(scene.pacemaker, bad[i]), -VX_E_SYNTAX);
		ck_assert_int_eq(pacemaker_reboot(scene.pacemaker, bad[i]), -VX_E_SYNTAX);
		ck_assert_int_eq(pacemaker_attr_set(scene.pacemaker, "x", bad[i]), -VX_E_SYNTAX);
		ck_assert_int_eq(pacemaker_fail(scene.pacemaker, bad[i], "a"), -VX_E_SYNTAX);
	}
	ck_assert_int_eq(pacemaker_fail(scene.pacemaker, NULL, "a"), -ENOENT);
	write_file("resource", 0644, "");
	ck_assert_int_eq(pacemaker_fail(scene.pacemaker, NULL, "a"), -ENOENT);
	write_file("resource", 0644, "-x\n");
	ck_assert_int_eq(pacemaker_fail(scene.pacemaker, NULL, "a"), -VX_E_SYNTAX);
}
END_TEST

START_TEST(the_queue_is_bounded)
{
	int rc = 0, taken = 0;

	write_tool("attrd_updater", "sleep 5");
	while (rc == 0 && taken <= VX_TOOL_QUEUE_MAX) {
		rc = pacemaker_terminate(scene.pacemaker, "a");
		taken += rc == 0;
	}
	ck_assert_int_eq(rc, -VX_E_FULL);
	ck_assert_int_eq(taken, VX_TOOL_QUEUE_MAX);
}
END_TEST

START_TEST(what_waits_is_started_at_the_end)
{
	write_tool("attrd_updater", "sleep 0.1; echo text; touch \"$6\"");
	ck_assert_int_eq(pacemaker_terminate(scene.pacemaker, "one"), 0);
	ck_assert_int_eq(pacemaker_terminate(scene.pacemaker, "two"), 0);
	pacemaker_destroy(scene.pacemaker);
	ck_assert_int_eq(pacemaker_create(scene.loop, &scene.pacemaker), 0);
	scene_wait_file(&scene, "one");
	scene_wait_file(&scene, "two");
}
END_TEST

/* ---- is fencing enabled? ---- */

static void expect_fencing(const char *body, enum pacemaker_answer want)
{
	if (body != NULL) {
		write_tool("crm_mon", body);
	}
	scene.answers = 0;
	ck_assert_int_eq(pacemaker_fencing_enabled(scene.pacemaker, on_answer, &scene), 0);
	ck_assert_int_eq(scene.answers, 0);
	scene_run(&scene, 5000);
	ck_assert_int_eq(scene.answers, 1);
	ck_assert_int_eq(scene.answer, want);
}

START_TEST(fencing_enabled)
{
	expect_fencing("echo '<cluster_options stonith-enabled=\"true\" x=\"y\"/>'", PACEMAKER_YES);
	expect_fencing("echo '<cluster_options stonith-enabled=\"false\"/>'", PACEMAKER_NO);
	expect_fencing(
		"echo '<cluster_options stonith-enabled=\"true\" fencing-enabled=\"false\"/>'",
		PACEMAKER_NO);
	expect_fencing("echo '<cluster_options fencing-enabled=\"true\"/>'", PACEMAKER_YES);
	expect_fencing("echo '<cluster_options/>'", PACEMAKER_UNKNOWN);
	expect_fencing("echo '<cluster_options stonith-enabled=\"true\"/>'; exit 102",
		       PACEMAKER_UNKNOWN);
	expect_fencing("kill -9 $$", PACEMAKER_UNKNOWN);
	unlink("crm_mon");
	setenv("PATH", "/nonexistent", 1);
	expect_fencing(NULL, PACEMAKER_UNKNOWN);
}
END_TEST

/* ---- children ---- */

static void run_child(const char *script, unsigned int timeout_ms)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct child_spec spec = { .argv = argv, .socket = -1, .timeout_ms = timeout_ms };
	struct child *child;

	ck_assert_int_eq(child_spawn(scene.loop, &spec, on_end, &scene, &child), 0);
	scene_run(&scene, 5000);
	ck_assert(!scene.late);
}

START_TEST(ends_of_children)
{
	run_child("echo out; echo err >&2; exit 3", 0);
	ck_assert_int_eq(scene.end.status, 3);
	ck_assert_str_eq(scene.output, "out\nerr\n");
	run_child("kill -USR1 $$", 0);
	ck_assert_int_eq(scene.end.status, -SIGUSR1);
	run_child("exec sleep 10", 100);
	ck_assert_int_eq(scene.end.status, -SIGKILL);
	ck_assert(scene.end.timed_out);
	/* more than is kept */
	run_child("i=0; while [ $i -lt 2000 ]; do echo 0123456789; i=$((i + 1)); done", 0);
	ck_assert_uint_le(strlen(scene.output), VX_TOOL_OUTPUT_MAX);
	ck_assert_int_eq(strncmp(scene.output, "0123456789\n0123", 15), 0);
}
END_TEST

/* ... but where the files of vxha are */
START_TEST(children_inherit_nothing)
{
	setenv("CIB_file", "/tmp/wrong", 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	run_child("env | cut -d= -f1 | grep -v -e '^PWD$' -e '^_$' -e '^SHLVL$' -e '^OLDPWD$' | "
		  "sort; "
		  "ls /proc/self/fd | wc -l; sed -n 's/^SigIgn.*\\(.......\\)$/\\1/p' "
		  "/proc/self/status",
		  0);
	ck_assert_str_eq(scene.output, "LC_ALL\nPATH\nVXHA_RUN_DIR\n4\n0000000\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_pacemaker");
	TCase *test = tcase_create("pacemaker");

	tcase_set_timeout(test, 30);
	tcase_add_checked_fixture(test, setup, teardown);
	tcase_add_test(test, tools_get_the_right_words);
	tcase_add_test(test, a_newer_value_replaces_one_that_waits);
	tcase_add_test(test, a_slow_attribute_does_not_delay_help);
	tcase_add_test(test, names_that_are_none);
	tcase_add_test(test, the_queue_is_bounded);
	tcase_add_test(test, what_waits_is_started_at_the_end);
	tcase_add_test(test, fencing_enabled);
	tcase_add_test(test, ends_of_children);
	tcase_add_test(test, children_inherit_nothing);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}
