// SPDX-License-Identifier: GPL-2.0-or-later
/* The node's memory of groups, in a real file below build/. */
#include "tests/unit/suite.h"
#include "vxconfigd/memory.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/endings.h"
#include "vxconfigd/group.h"
#include "vxconfigd/txn_run.h"

static struct loop *loop;
static struct worker *worker;
static char folder[64];
static int answers, answer_error;

static void on_error(void *ctx, int error)
{
	(void)ctx;
	answers++;
	answer_error = error;
	loop_stop(loop);
}

static void setup(void)
{
	mkdir("build", 0777);
	snprintf(folder, sizeof(folder), "build/unit-memory-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(loop_create(&loop), 0);
	ck_assert_int_eq(worker_create(loop, "test", 0, &worker), 0);
}

static void file_path(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", folder, name);
}

static void teardown(void)
{
	char path[128];

	ck_assert_uint_eq(worker_pending(worker), 0);
	worker_free(worker);
	loop_destroy(loop);
	file_path(path, sizeof(path), "groups");
	unlink(path);
	file_path(path, sizeof(path), "groups.new");
	unlink(path);
	rmdir(folder);
}

static void file_put(const char *data, size_t length, off_t offset)
{
	char path[128];
	int fd;

	file_path(path, sizeof(path), "groups");
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert(fd >= 0);
	ck_assert(length == 0 ? ftruncate(fd, offset) == 0 :
				pwrite(fd, data, length, offset) == (ssize_t)length);
	close(fd);
}

static struct memory *memory_at(int expected)
{
	char path[128], reason[VX_REASON_MAX];
	struct memory *memory = NULL;

	snprintf(path, sizeof(path), "%s/groups", folder);
	ck_assert_int_eq(memory_open(worker, path, &memory, reason), expected);
	ck_assert(expected == 0 || strstr(reason, path) != NULL);
	return memory;
}

static int remember(struct memory *memory, const char *dgid, uint64_t epoch, uint64_t seq)
{
	static const char *const enabled[] = { "d1", "d2" };
	struct memory_group group = { dgid, "data", epoch, seq, enabled, 2 };
	int before = answers;

	memory_put(memory, &group, on_error, NULL);
	loop_run(loop);
	ck_assert_int_eq(answers, before + 1);
	return answer_error;
}

static int reserve(struct memory *memory, const char *dgid)
{
	int before = answers;

	memory_reserve(memory, dgid, on_error, NULL);
	loop_run(loop);
	ck_assert_int_eq(answers, before + 1);
	return answer_error;
}

/* A refusal is not told as a fault of the file. */
static bool explains(const struct memory *memory, int error, const char *words)
{
	char reason[VX_REASON_MAX];

	memory_explain(memory, error, reason);
	return strstr(reason, folder) != NULL && strstr(reason, words) != NULL;
}

START_TEST(refusals_are_told)
{
	struct memory *memory = memory_at(0);

	ck_assert_int_eq(remember(memory, "g1", 6, 1), 0);
	ck_assert_int_eq(remember(memory, "g1", 5, 9), -VX_E_STALE);
	ck_assert(explains(memory, -VX_E_STALE, "newer configuration"));
	ck_assert(explains(memory, -VX_E_FULL, "is full"));
	ck_assert(explains(memory, -ENOSPC, "cannot be written: No space"));
	while (!memory_idle(memory)) {
		loop_run(loop);
	}
	memory_free(memory);
}
END_TEST

/* D19 */
START_TEST(node_memory)
{
	struct memory *memory = memory_at(0);
	struct memory_group group;
	char path[128];

	ck_assert(!memory_get(memory, "g1", &group));
	ck_assert_int_eq(remember(memory, "g1", 5, 7), 0);
	ck_assert_int_eq(remember(memory, "g2", 5, 7), 0);
	ck_assert_int_eq(remember(memory, "g1", 6, 1), 0);
	ck_assert_int_eq(remember(memory, "g1", 5, 9), -VX_E_STALE);
	while (!memory_idle(memory)) {
		loop_run(loop);
	}
	memory_free(memory);
	memory = memory_at(0);
	ck_assert(memory_get(memory, "g1", &group));
	ck_assert(group.epoch == 6 && group.seq == 1 && group.enabled_count == 2);
	ck_assert_str_eq(group.enabled[1], "d2");
	memory_forget(memory, "g1", NULL, NULL);
	ck_assert(!memory_get(memory, "g1", &group));
	ck_assert(memory_group_at(memory, 0, &group) && strcmp(group.dgid, "g2") == 0);
	ck_assert(!memory_group_at(memory, 1, &group));
	ck_assert_int_eq(remember(memory, "g3", 1, 1), 0);
	memory_free(memory);
	memory = memory_at(0);
	ck_assert(!memory_get(memory, "g1", &group) && memory_get(memory, "g2", &group));
	memory_free(memory);
	file_put("x", 1, 200);
	memory_at(-VX_E_CORRUPT);
	file_put(NULL, 0, 0);
	memory_at(-VX_E_CORRUPT);
	snprintf(path, sizeof(path), "%s/groups", folder);
	unlink(path);
	memory = memory_at(0);
	/* a folder in the way: told, not hidden */
	snprintf(path, sizeof(path), "%s/groups.new", folder);
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(reserve(memory, "g1"), -EISDIR);
	ck_assert_int_eq(remember(memory, "g1", 1, 1), -EISDIR);
	rmdir(path);
	ck_assert_int_eq(reserve(memory, "g1"), 0);
	ck_assert_int_eq(remember(memory, "g1", 1, 1), 0);
	memory_free(memory);
}
END_TEST

static void forget(struct memory *memory, const char *dgid)
{
	int before = answers;

	memory_forget(memory, dgid, on_error, NULL);
	loop_run(loop);
	ck_assert_int_eq(answers, before + 1);
	ck_assert_int_eq(answer_error, 0);
}

/* So many groups at a time, with one write of the file or two. */
static void remember_many(struct memory *memory, size_t first, size_t count)
{
	static const char *const enabled[] = { "d1", "d2" };
	int before = answers;
	char dgid[16];

	for (size_t i = first; i < first + count; i++) {
		struct memory_group group = { dgid, "data", 5, 7, enabled, 2 };

		snprintf(dgid, sizeof(dgid), "g%zu", i);
		memory_put(memory, &group, on_error, NULL);
	}
	while (answers < before + (int)count) {
		loop_run(loop);
		ck_assert_int_eq(answer_error, 0);
	}
}

/* T2: what could not be remembered is refused before, also if as many groups as there may be are made at one time. */
START_TEST(full_memory)
{
	struct memory *memory = memory_at(0);

	remember_many(memory, 0, VX_MEMORY_MAX - VX_GROUPS_MAX);
	ck_assert_int_eq(reserve(memory, "one more"), 0);
	remember_many(memory, VX_MEMORY_MAX - VX_GROUPS_MAX, 1);
	ck_assert_int_eq(reserve(memory, "one more"), -VX_E_FULL);
	ck_assert(explains(memory, -VX_E_FULL, "it holds 961 disk groups, and takes no new one from 961 on"));
	ck_assert(explains(memory, -VX_E_FULL, "vxdctl forget"));
	forget(memory, "g1");
	ck_assert_int_eq(reserve(memory, "one more"), 0);
	remember_many(memory, 1, 1);
	ck_assert_int_eq(reserve(memory, "g0"), 0); /* a group that it knows */
	remember_many(memory, VX_MEMORY_MAX - VX_GROUPS_MAX + 1, VX_GROUPS_MAX - 1);
	ck_assert_int_eq(remember(memory, "one more", 5, 7), -VX_E_FULL);
	ck_assert_int_eq(reserve(memory, "g1"), 0);
	memory_free(memory);
}
END_TEST

/* T12: so too where a new view says that it was committed. */
START_TEST(a_destroyed_group_is_forgotten)
{
	struct configd configd = { .loop = loop, .memory = memory_at(0) };
	struct group data = { .configd = &configd, .dgid = "g1", .taking_over = true };
	const struct txn_event resolve = { .type = TXN_EV_RESOLVE, .complete = true };
	struct memory_group known;

	TAILQ_INIT(&configd.groups);
	TAILQ_INIT(&data.inputs);
	ck_assert_int_eq(endings_create(&configd.endings), 0);
	ck_assert_int_eq(steps_create(&configd), 0);
	ck_assert_int_eq(remember(configd.memory, "g1", 5, 7), 0);
	data.txn.member = TXN_SEEN;
	data.txn.view.master = 1;
	data.pending.propose = PROTO_NEW(vx__propose, Vx__Propose);
	data.pending.propose->kind = VX__TXN_KIND__TXN_DEPORT;
	data.pending.propose->txid.data = proto_grow(NULL, 0, ID_BYTES);
	data.pending.propose->txid.len = ID_BYTES;
	memset(data.pending.propose->txid.data, 7, ID_BYTES);
	data.pending.propose->destroy = _i != 0;
	txn_run(&data, &resolve);
	ck_assert(memory_get(configd.memory, "g1", &known) == (_i == 0));
	loop_timer_cancel(&configd.kick_timer);
	ck_assert_int_eq(remember(configd.memory, "g2", 5, 7), 0); /* behind what forgets */
	memory_free(configd.memory);
	free(configd.endings);
	free(configd.steps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, node_memory);
	tcase_add_test(files, refusals_are_told);
	tcase_add_test(files, full_memory);
	tcase_add_loop_test(files, a_destroyed_group_is_forgotten, 0, 2);
	suite_add_tcase(suite, files);
	return suite_run(suite);
}
