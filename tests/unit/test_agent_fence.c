// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent/fence: the texts between daemon and helper, and the daemon's side against a helper that
 * answers, lies, dies or hangs. The helper is this program, started again by fence.c.
 */
#include "agent/fence.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fence_text.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/timeouts.h"
#include "tests/unit/suite.h"
#include "tests/unit/temp.h"

/* ---- the helper: what it does is its name; only the first one misbehaves ---- */

static void helper_send(const char *text)
{
	if (send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL) < 0) {
		exit(0);
	}
}

static void helper_misbehave(const char *path, uint64_t serial)
{
	const char *name = strrchr(path, '/') + 1;
	char done[TEMP_PATH_MAX + 32], text[64];
	int fd;

	snprintf(done, sizeof(done), "%s.done", path);
	fd = open(done, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd < 0) {
		return;
	}
	close(fd);
	if (strcmp(name, "dies") == 0) {
		exit(1);
	} else if (strcmp(name, "hangs") == 0) {
		pause();
	} else if (strcmp(name, "trash") == 0) {
		helper_send("looked x");
	} else if (strcmp(name, "other") == 0) {
		snprintf(text, sizeof(text), "looked %" PRIu64 " 0", serial + 1);
		helper_send(text);
	}
}

/* What it heard, then the answer: node "x" is being fenced, and "apart" if that was asked. */
static int helper_main(const char *path)
{
	struct fence_word word = { .what = FENCE_LOOKED, .node = { "x", "apart" } };
	char text[VX_FENCE_TEXT_MAX];
	bool apart;

	for (;;) {
		ssize_t length = recv(STDIN_FILENO, text, sizeof(text) - 1, 0);

		if (length <= 0) {
			return 0;
		}
		text[length] = '\0';
		if (fence_text_read_look(text, &word.serial, &apart) != 0) {
			return 1;
		}
		helper_misbehave(path, word.serial);
		word.count = apart ? 2 : 1;
		helper_send("fenced b");
		(void)fence_text_word(text, &word);
		helper_send(text);
		helper_send("lost");
	}
}

/* ---- the daemon ---- */

#define SAID_MAX 16

struct scene {
	struct loop *loop;
	struct fence *fence;
	struct loop_timer timer;
	char helper[TEMP_PATH_MAX + 16];
	int count, want;
	char said[SAID_MAX][64];
	bool late;
};

static void say(struct scene *scene, const char *format, ...)
{
	va_list args;

	ck_assert_int_lt(scene->count, SAID_MAX);
	va_start(args, format);
	vsnprintf(scene->said[scene->count++], sizeof(scene->said[0]), format, args);
	va_end(args);
	if (scene->count == scene->want) {
		loop_stop(scene->loop);
	}
}

static void on_looked(void *ctx, uint64_t cookie, int error, const char *const *node, size_t count)
{
	say(ctx, "looked %d %d %zu %s", (int)cookie, error, count, count > 0 ? node[count - 1] : "-");
}

static void on_fenced(void *ctx, const char *node)
{
	say(ctx, "fenced %s", node != NULL ? node : "all");
}

static void on_lost(void *ctx)
{
	say(ctx, "lost");
}

static void on_late(void *ctx)
{
	struct scene *scene = ctx;

	scene->late = true;
	loop_stop(scene->loop);
}

static void scene_begin(struct scene *scene, bool unsafe_none, const char *helper)
{
	static const struct fence_ops ops = { on_looked, on_fenced, on_lost };
	char folder[TEMP_PATH_MAX], self[TEMP_PATH_MAX] = { 0 };

	memset(scene, 0, sizeof(*scene));
	temp_template(folder);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(scene->helper, sizeof(scene->helper), "%s/%s", folder, helper);
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	if (strcmp(helper, "none") != 0) {
		ck_assert_int_eq(symlink(self, scene->helper), 0);
	}
	setenv("VXHA_FENCE_HELPER", scene->helper, 1);
	ck_assert_int_eq(loop_create(&scene->loop), 0);
	ck_assert_int_eq(fence_create(scene->loop, unsafe_none, &ops, scene, &scene->fence), 0);
}

/* Runs until so many things were said; false when they do not come in time. */
static bool scene_wait(struct scene *scene, int want, uint64_t timeout_ms)
{
	scene->want = want;
	scene->late = false;
	if (scene->count < want) {
		loop_timer_set(scene->loop, &scene->timer, timeout_ms, on_late, scene);
		loop_run(scene->loop);
		loop_timer_cancel(&scene->timer);
	}
	return !scene->late;
}

static void scene_end(struct scene *scene)
{
	fence_destroy(scene->fence);
	loop_destroy(scene->loop);
}

START_TEST(words_of_the_helper_in_their_order)
{
	struct scene scene;

	scene_begin(&scene, false, "good");
	fence_look(scene.fence, 9, false);
	ck_assert_int_eq(scene.count, 0); /* never from inside the call */
	ck_assert(scene_wait(&scene, 3, 3000));
	ck_assert_str_eq(scene.said[0], "fenced b");
	ck_assert_str_eq(scene.said[1], "looked 9 0 1 x");
	ck_assert_str_eq(scene.said[2], "lost");
	fence_look(scene.fence, 10, true);
	ck_assert(scene_wait(&scene, 6, 3000));
	ck_assert_str_eq(scene.said[4], "looked 10 0 2 apart");
	scene_end(&scene);
}
END_TEST

START_TEST(the_newest_look_waits)
{
	struct scene scene;

	scene_begin(&scene, false, "good");
	fence_look(scene.fence, 1, false);
	fence_look(scene.fence, 2, false);
	fence_look(scene.fence, 3, false);
	ck_assert(scene_wait(&scene, 6, 3000));
	ck_assert_str_eq(scene.said[1], "looked 1 0 1 x");
	ck_assert_str_eq(scene.said[4], "looked 3 0 1 x");
	ck_assert(!scene_wait(&scene, 7, 100)); /* the second one is never answered */
	scene_end(&scene);
}
END_TEST

START_TEST(a_helper_that_breaks_is_an_error_and_is_replaced)
{
	static const struct {
		const char *helper;
		int error;
	} row[] = {
		{ "dies", -EPIPE },
		{ "trash", -VX_E_PROTO },
		{ "other", -VX_E_PROTO },
	};
	struct scene scene;
	char want[32];

	snprintf(want, sizeof(want), "looked 1 %d 0 -", row[_i].error);
	scene_begin(&scene, false, row[_i].helper);
	fence_look(scene.fence, 1, false);
	ck_assert(scene_wait(&scene, 2, 3000));
	ck_assert_str_eq(scene.said[0], "lost"); /* what the fencer told meanwhile is not known */
	ck_assert_str_eq(scene.said[1], want);
	fence_look(scene.fence, 2, true);
	ck_assert(scene_wait(&scene, 4, 3000));
	ck_assert_str_eq(scene.said[3], "looked 2 0 2 apart");
	scene_end(&scene);
}
END_TEST

START_TEST(a_helper_that_hangs_is_killed)
{
	struct scene scene;
	char want[32];

	snprintf(want, sizeof(want), "looked 1 %d 0 -", -ETIMEDOUT);
	scene_begin(&scene, false, "hangs");
	fence_look(scene.fence, 1, false);
	fence_look(scene.fence, 2, true);
	ck_assert(scene_wait(&scene, 4, VX_FENCE_CALL_MS + 3000));
	ck_assert_str_eq(scene.said[0], "lost");
	ck_assert_str_eq(scene.said[1], want);
	/* the one that waited gets the new helper */
	ck_assert_str_eq(scene.said[3], "looked 2 0 2 apart");
	scene_end(&scene);
}
END_TEST

/* A helper must always be there to hear, not only when somebody asks. */
START_TEST(a_helper_that_died_is_replaced_unasked)
{
	struct scene scene;

	scene_begin(&scene, false, "dies");
	fence_look(scene.fence, 1, false);
	ck_assert(scene_wait(&scene, 2, 3000));
	ck_assert(!scene_wait(&scene, 3, 1500));
	setenv("VXHA_FENCE_HELPER", "/nonexistent/vxclustadm", 1); /* too late for this one */
	fence_look(scene.fence, 2, false);
	ck_assert(scene_wait(&scene, 4, 3000));
	ck_assert_str_eq(scene.said[3], "looked 2 0 1 x");
	scene_end(&scene);
}
END_TEST

START_TEST(no_helper_program)
{
	struct scene scene;
	char want[32];

	snprintf(want, sizeof(want), "looked 1 %d 0 -", -ENOENT);
	scene_begin(&scene, false, "none");
	fence_look(scene.fence, 1, false);
	ck_assert_int_eq(scene.count, 0);
	ck_assert(scene_wait(&scene, 1, 3000));
	ck_assert_str_eq(scene.said[0], want);
	scene_end(&scene);
}
END_TEST

START_TEST(unsafe_none_fences_all)
{
	struct scene scene;

	scene_begin(&scene, true, "dies");
	fence_look(scene.fence, 1, true);
	ck_assert_int_eq(scene.count, 0);
	ck_assert(scene_wait(&scene, 2, 3000));
	ck_assert_str_eq(scene.said[0], "looked 1 0 0 -");
	ck_assert_str_eq(scene.said[1], "fenced all");
	scene_end(&scene);
}
END_TEST

/* ---- texts ---- */

START_TEST(texts_survive_the_way)
{
	struct fence_word word = { .what = FENCE_LOOKED, .serial = UINT64_MAX }, back;
	char text[VX_FENCE_TEXT_MAX], name[VX_COUNT_OF(word.node)][16], long_name[200];
	uint64_t serial;
	bool apart;

	for (size_t i = 0; i < VX_COUNT_OF(word.node); i++) {
		snprintf(name[i], sizeof(name[i]), "node-%zu", i);
		word.node[word.count++] = name[i];
	}
	ck_assert_uint_eq(fence_text_word(text, &word), strlen(text));
	ck_assert_int_eq(fence_text_read_word(text, &back), 0);
	ck_assert_int_eq(back.what, FENCE_LOOKED);
	ck_assert_uint_eq(back.serial, UINT64_MAX);
	ck_assert_int_eq(back.error, 0);
	ck_assert_uint_eq(back.count, word.count);
	for (size_t i = 0; i < back.count; i++) {
		ck_assert_str_eq(back.node[i], name[i]);
	}
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < VX_COUNT_OF(word.node); i++) {
		word.node[i] = long_name; /* too much: an error, not a shorter list */
	}
	fence_text_word(text, &word);
	ck_assert_int_eq(fence_text_read_word(text, &back), 0);
	ck_assert_int_eq(back.error, -ENOBUFS);
	ck_assert_uint_eq(back.serial, UINT64_MAX);
	word = (struct fence_word){ .what = FENCE_LOOKED, .serial = 7, .error = -ENOTCONN };
	fence_text_word(text, &word);
	ck_assert_int_eq(fence_text_read_word(text, &back), 0);
	ck_assert_int_eq(back.error, -ENOTCONN);
	fence_text_look(text, 5, true);
	ck_assert_int_eq(fence_text_read_look(text, &serial, &apart), 0);
	ck_assert_uint_eq(serial, 5);
	ck_assert(apart);
}
END_TEST

START_TEST(bad_texts_are_refused)
{
	static const char *const word[] = {
		"",	     "looked",	    "looked 1",	  "looked 1 -1", "looked 1 x",
		"looked 1 99999999", "looked 1 0 ", "looked 1 0  a", "fenced", "fenced a b",
		"fenced ", "lost a", "gone",
		"looked 18446744073709551616 0",
	};
	static const char *const look[] = { "",	     "look",	   "look 1",	"look 1 2",
					    "look x 1", "look 1 1 1", "looked 1 1" };
	struct fence_word back;
	char text[VX_FENCE_TEXT_MAX];
	uint64_t serial;
	bool apart;

	for (size_t i = 0; i < VX_COUNT_OF(word); i++) {
		snprintf(text, sizeof(text), "%s", word[i]);
		ck_assert_msg(fence_text_read_word(text, &back) == -VX_E_PROTO, "'%s' was taken",
			      word[i]);
	}
	for (size_t i = 0; i < VX_COUNT_OF(look); i++) {
		snprintf(text, sizeof(text), "%s", look[i]);
		ck_assert_msg(fence_text_read_look(text, &serial, &apart) == -VX_E_PROTO,
			      "'%s' was taken", look[i]);
	}
}
END_TEST

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "fenced") == 0) {
		return helper_main(argv[0]);
	}

	Suite *suite = suite_create("agent_fence");
	TCase *test = tcase_create("fence");

	tcase_set_timeout(test, 20);
	tcase_add_test(test, words_of_the_helper_in_their_order);
	tcase_add_test(test, the_newest_look_waits);
	tcase_add_loop_test(test, a_helper_that_breaks_is_an_error_and_is_replaced, 0, 3);
	tcase_add_test(test, a_helper_that_hangs_is_killed);
	tcase_add_test(test, a_helper_that_died_is_replaced_unasked);
	tcase_add_test(test, no_helper_program);
	tcase_add_test(test, unsafe_none_fences_all);
	tcase_add_test(test, texts_survive_the_way);
	tcase_add_test(test, bad_texts_are_refused);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}
