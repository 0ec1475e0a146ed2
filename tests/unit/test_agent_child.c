// SPDX-License-Identifier: GPL-2.0-or-later
/* agent/child: a program that was started finds the files that we have. */
#include "agent/child.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/paths.h"
#include "tests/unit/suite.h"

struct scene {
	struct loop *loop;
	char output[VX_TOOL_OUTPUT_MAX + 1];
};

static void on_end(void *ctx, const struct child_end *end)
{
	struct scene *scene = ctx;

	ck_assert_int_eq(end->status, 0);
	snprintf(scene->output, sizeof(scene->output), "\n%s", end->output);
	loop_stop(scene->loop);
}

static void environment(struct scene *scene)
{
	static const char *const argv[] = { "env", NULL };
	const struct child_spec spec = { .argv = argv, .socket = -1, .timeout_ms = 20000 };
	struct child *child;

	ck_assert_int_eq(loop_create(&scene->loop), 0);
	ck_assert_int_eq(child_spawn(scene->loop, &spec, on_end, scene, &child), 0);
	loop_run(scene->loop);
	loop_destroy(scene->loop);
}

/* A vxconfigd that vxclustd starts has to see the same disks (R16), and have the same folders. */
START_TEST(a_child_has_our_files)
{
	static struct scene scene;

	ck_assert_int_eq(setenv("VXHA_CONF", "/somewhere/site.conf", 1), 0);
	ck_assert_int_eq(setenv("VXHA_RUN_DIR", "/somewhere/run", 1), 0);
	environment(&scene);
	ck_assert_ptr_nonnull(strstr(scene.output, "\nVXHA_CONF=/somewhere/site.conf\n"));
	ck_assert_ptr_nonnull(strstr(scene.output, "\nVXHA_RUN_DIR=/somewhere/run\n"));
}
END_TEST

/* ... also of a vxclustd that was given a file (vxclustd -c). */
START_TEST(a_child_has_the_file_that_was_given)
{
	static struct scene scene;
	char line[64];

	ck_assert_int_eq(unsetenv("VXHA_CONF"), 0);
	ck_assert_int_eq(path_conf_file_use("/proc/self/../version"), 0);
	environment(&scene);
	snprintf(line, sizeof(line), "\nVXHA_CONF=%s\n", path_conf_file());
	ck_assert_str_eq(line, "\nVXHA_CONF=/proc/version\n"); /* wherever the daemon goes */
	ck_assert_ptr_nonnull(strstr(scene.output, line));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_child");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_child_has_our_files);
	tcase_add_test(all, a_child_has_the_file_that_was_given);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
