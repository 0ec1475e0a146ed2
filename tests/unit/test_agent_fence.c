// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent/fence: the texts between daemon and helper, and the daemon's side against a helper that
 * answers, lies, dies or hangs. The helper is this program, started again by fence.c.
 */
#include "agent/fence.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fence_text.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/timeouts.h"

/* What the helper does is the first node id that it is asked for. */
enum { ASK_NORMAL = 1, ASK_DIE = 100, ASK_HANG, ASK_TRASH, ASK_OTHER_NODE, ASK_OTHER_COUNT };

#define WHEN_BASE 1000000

/* ---- the helper ---- */

static size_t helper_answer(char *text, uint64_t serial, const uint32_t *nodeid, size_t count)
{
	struct fence_time time[VX_NODES_MAX] = { 0 };

	for (size_t i = 0; i < count; i++) {
		time[i].nodeid = nodeid[i] + (nodeid[0] == ASK_OTHER_NODE);
		time[i].when_s = WHEN_BASE + nodeid[i];
		time[i].pending = nodeid[i] % 2 == 1;
	}
	return fence_text_answer(text, serial, time, count - (nodeid[0] == ASK_OTHER_COUNT));
}

static int helper_main(void)
{
	char text[VX_FENCE_TEXT_MAX];
	uint32_t nodeid[VX_NODES_MAX];
	uint64_t serial;
	size_t count;

	for (;;) {
		ssize_t length = recv(STDIN_FILENO, text, sizeof(text) - 1, 0);

		if (length <= 0) {
			return 0;
		}
		text[length] = '\0';
		if (fence_text_read_ask(text, &serial, nodeid, &count) != 0 ||
		    nodeid[0] == ASK_DIE) {
			return 1;
		}
		if (nodeid[0] == ASK_HANG) {
			pause();
		}
		size_t size = nodeid[0] == ASK_TRASH ? (size_t)sprintf(text, "1 2:x")
						     : helper_answer(text, serial, nodeid, count);
		if (send(STDIN_FILENO, text, size, MSG_NOSIGNAL) < 0) {
			return 0;
		}
	}
}

/* ---- the daemon ---- */

#define ANSWERS_MAX 8

struct scene {
	struct loop *loop;
	struct fence *fence;
	struct loop_timer timer;
	int count, want;
	uint64_t cookie[ANSWERS_MAX];
	struct fence_time time[ANSWERS_MAX][VX_NODES_MAX];
	size_t times[ANSWERS_MAX];
	bool late;
};

static void on_times(void *ctx, uint64_t cookie, const struct fence_time *time, size_t count)
{
	struct scene *scene = ctx;

	ck_assert_int_lt(scene->count, ANSWERS_MAX);
	scene->cookie[scene->count] = cookie;
	scene->times[scene->count] = count;
	memcpy(scene->time[scene->count], time, count * sizeof(*time));
	scene->count++;
	if (scene->count == scene->want) {
		loop_stop(scene->loop);
	}
}

static void on_late(void *ctx)
{
	struct scene *scene = ctx;

	scene->late = true;
	loop_stop(scene->loop);
}

static void scene_begin(struct scene *scene, bool unsafe_none)
{
	static const struct fence_ops ops = { .times = on_times };

	memset(scene, 0, sizeof(*scene));
	ck_assert_int_eq(loop_create(&scene->loop), 0);
	ck_assert_int_eq(fence_create(scene->loop, unsafe_none, &ops, scene, &scene->fence), 0);
}

static void scene_ask(struct scene *scene, uint64_t cookie, uint32_t nodeid)
{
	ck_assert_int_eq(fence_query(scene->fence, cookie, &nodeid, 1), 0);
}

/* Runs until so many answers are there; false when they do not come in time. */
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

START_TEST(answers_of_the_helper)
{
	struct scene scene;
	const uint32_t nodeid[] = { 3, 4, 7 };

	scene_begin(&scene, false);
	ck_assert_int_eq(fence_query(scene.fence, 9, nodeid, 3), 0);
	ck_assert_int_eq(scene.count, 0); /* never from inside the call */
	ck_assert(scene_wait(&scene, 1, 3000));
	ck_assert_uint_eq(scene.cookie[0], 9);
	ck_assert_uint_eq(scene.times[0], 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(scene.time[0][i].nodeid, nodeid[i]);
		ck_assert_uint_eq(scene.time[0][i].when_s, WHEN_BASE + nodeid[i]);
		ck_assert_int_eq(scene.time[0][i].pending, nodeid[i] != 4);
		ck_assert_int_eq(scene.time[0][i].error, 0);
	}
	scene_end(&scene);
}
END_TEST

START_TEST(the_newest_question_waits)
{
	struct scene scene;

	scene_begin(&scene, false);
	scene_ask(&scene, 1, 11);
	scene_ask(&scene, 2, 12);
	scene_ask(&scene, 3, 13);
	ck_assert(scene_wait(&scene, 2, 3000));
	ck_assert_uint_eq(scene.cookie[0], 1);
	ck_assert_uint_eq(scene.cookie[1], 3);
	ck_assert_uint_eq(scene.time[1][0].nodeid, 13);
	ck_assert(!scene_wait(&scene, 3, 100)); /* the second one is never answered */
	scene_end(&scene);
}
END_TEST

START_TEST(a_helper_that_breaks_is_an_error_and_is_replaced)
{
	static const struct {
		uint32_t nodeid;
		int error;
	} row[] = {
		{ ASK_DIE, -EPIPE },
		{ ASK_TRASH, -VX_E_PROTO },
		{ ASK_OTHER_NODE, -VX_E_PROTO },
		{ ASK_OTHER_COUNT, -VX_E_PROTO },
	};
	struct scene scene;

	scene_begin(&scene, false);
	scene_ask(&scene, 1, row[_i].nodeid);
	ck_assert(scene_wait(&scene, 1, 3000));
	ck_assert_int_eq(scene.time[0][0].error, row[_i].error);
	ck_assert_uint_eq(scene.time[0][0].when_s, 0);
	scene_ask(&scene, 2, 5);
	ck_assert(scene_wait(&scene, 2, 3000));
	ck_assert_int_eq(scene.time[1][0].error, 0);
	ck_assert_uint_eq(scene.time[1][0].when_s, WHEN_BASE + 5);
	scene_end(&scene);
}
END_TEST

START_TEST(a_helper_that_hangs_is_killed)
{
	struct scene scene;

	scene_begin(&scene, false);
	scene_ask(&scene, 1, ASK_HANG);
	scene_ask(&scene, 2, 6);
	ck_assert(scene_wait(&scene, 2, VX_FENCE_CALL_MS + 3000));
	ck_assert_uint_eq(scene.cookie[0], 1);
	ck_assert_int_eq(scene.time[0][0].error, -ETIMEDOUT);
	/* the one that waited gets the new helper */
	ck_assert_uint_eq(scene.cookie[1], 2);
	ck_assert_int_eq(scene.time[1][0].error, 0);
	ck_assert_uint_eq(scene.time[1][0].when_s, WHEN_BASE + 6);
	scene_end(&scene);
}
END_TEST

START_TEST(no_helper_program)
{
	struct scene scene;

	setenv("VXHA_FENCE_HELPER", "/nonexistent/vxclustadm", 1);
	scene_begin(&scene, false);
	scene_ask(&scene, 1, 5);
	ck_assert_int_eq(scene.count, 0);
	ck_assert(scene_wait(&scene, 1, 3000));
	ck_assert_int_eq(scene.time[0][0].error, -ENOENT);
	scene_end(&scene);
}
END_TEST

START_TEST(unsafe_none_says_now)
{
	struct scene scene;

	scene_begin(&scene, true);
	scene_ask(&scene, 1, ASK_DIE);
	ck_assert_int_eq(scene.count, 0);
	ck_assert(scene_wait(&scene, 1, 3000));
	ck_assert_int_eq(scene.time[0][0].error, 0);
	ck_assert_uint_le(clock_wall_ms() / 1000u - scene.time[0][0].when_s, 3);
	scene_end(&scene);
}
END_TEST

START_TEST(bad_questions)
{
	struct scene scene;
	uint32_t nodeid[VX_NODES_MAX + 1] = { 0 };

	scene_begin(&scene, true);
	ck_assert_int_eq(fence_query(scene.fence, 1, nodeid, 0), -EINVAL);
	ck_assert_int_eq(fence_query(scene.fence, 1, nodeid, VX_NODES_MAX + 1), -EINVAL);
	scene_end(&scene);
}
END_TEST

/* ---- texts ---- */

START_TEST(texts_survive_the_way)
{
	struct fence_time time[VX_NODES_MAX], back[VX_NODES_MAX];
	char text[VX_FENCE_TEXT_MAX];
	uint64_t serial;
	size_t count;

	for (uint32_t i = 0; i < VX_NODES_MAX; i++) {
		time[i] = (struct fence_time){ .nodeid = UINT32_MAX - i,
					       .when_s = UINT64_MAX - i,
					       .pending = i % 2 == 0,
					       .error = i % 3 == 0 ? -ENOTCONN : 0 };
	}
	ck_assert_uint_lt(fence_text_answer(text, UINT64_MAX, time, VX_NODES_MAX),
			  VX_FENCE_TEXT_MAX);
	ck_assert_int_eq(fence_text_read_answer(text, &serial, back, &count), 0);
	ck_assert_uint_eq(serial, UINT64_MAX);
	ck_assert_uint_eq(count, VX_NODES_MAX);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(back[i].nodeid, time[i].nodeid);
		ck_assert_uint_eq(back[i].when_s, time[i].when_s);
		ck_assert_int_eq(back[i].pending, time[i].pending);
		ck_assert_int_eq(back[i].error, time[i].error);
	}
}
END_TEST

START_TEST(bad_texts_are_refused)
{
	static const char *const answer[] = {
		"",
		"x",
		"-1",
		"1 ",
		"1 2",
		"1 2:3",
		"1 2:3:0",
		"1 2:3:2:0",
		"1 2:3:0:5",
		"1 2:3:0:-",
		"1 4294967296:3:0:0",
		"1 2:18446744073709551616:0:0",
		"1 2:3:0:0x",
		"1  2:3:0:0",
		"1 2:3:0:-99999999",
	};
	struct fence_time time[VX_NODES_MAX];
	uint32_t nodeid[VX_NODES_MAX];
	char many[VX_FENCE_TEXT_MAX] = "1";
	uint64_t serial;
	size_t count;

	for (size_t i = 0; i < VX_COUNT_OF(answer); i++) {
		ck_assert_msg(fence_text_read_answer(answer[i], &serial, time, &count) ==
				      -VX_E_PROTO,
			      "'%s' was taken", answer[i]);
	}
	for (int i = 0; i <= VX_NODES_MAX; i++) {
		strcat(many, " 7");
	}
	ck_assert_int_eq(fence_text_read_ask(many, &serial, nodeid, &count), -VX_E_PROTO);
	ck_assert_int_eq(fence_text_read_ask("5 1,2", &serial, nodeid, &count), -VX_E_PROTO);
	ck_assert_int_eq(fence_text_read_ask("5 1 2", &serial, nodeid, &count), 0);
	ck_assert_uint_eq(count, 2);
}
END_TEST

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "fenced") == 0) {
		return helper_main();
	}
	setenv("VXHA_FENCE_HELPER", "/proc/self/exe", 1);

	Suite *suite = suite_create("agent_fence");
	TCase *test = tcase_create("fence");

	tcase_set_timeout(test, 20);
	tcase_add_test(test, answers_of_the_helper);
	tcase_add_test(test, the_newest_question_waits);
	tcase_add_loop_test(test, a_helper_that_breaks_is_an_error_and_is_replaced, 0, 4);
	tcase_add_test(test, a_helper_that_hangs_is_killed);
	tcase_add_test(test, no_helper_program);
	tcase_add_test(test, unsafe_none_says_now);
	tcase_add_test(test, bad_questions);
	tcase_add_test(test, texts_survive_the_way);
	tcase_add_test(test, bad_texts_are_refused);
	suite_add_tcase(suite, test);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);

	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
