// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdctl forget: which group a node may be made to forget. */
#include "tests/unit/shelf_group.h"
#include "tests/unit/suite.h"
#include "vxconfigd/server.h"

static const struct clust_ops clust_ops;
static struct loop_timer timer;

static void remember(const char *dgid, const char *name)
{
	const struct memory_group known = { .dgid = dgid, .name = name, .epoch = 0x101, .seq = 7 };

	memory_put(configd.memory, &known, NULL, NULL);
}

/* The disks say that they are of REGION_DGID; two groups were called old. */
static void forget_setup(void)
{
	char path[TEMP_PATH_MAX + 16], reason[VX_REASON_MAX];

	setup();
	disks_make(REGION_DISKS);
	ck_assert_int_eq(clust_create(configd.loop, &clust_ops, &configd, &configd.clust), 0);
	snprintf(path, sizeof(path), "%s/groups", folder);
	ck_assert_int_eq(memory_open(configd.worker, path, &configd.memory, reason), 0);
	remember(REGION_DGID, "data");
	remember("1600000000.1.a", "old");
	remember("1600000000.2.a", "old");
	remember("1600000000.3.a", "lost");
}

static void on_look(void *ctx)
{
	(void)ctx;
	if (memory_idle(configd.memory)) {
		loop_stop(configd.loop);
	} else {
		loop_timer_set(configd.loop, &timer, 1, on_look, NULL);
	}
}

static void settle(void)
{
	scan(); /* behind that of the request */
	loop_timer_set(configd.loop, &timer, 0, on_look, NULL);
	loop_run(configd.loop);
}

static void forget_teardown(void)
{
	settle();
	memory_free(configd.memory);
	clust_destroy(configd.clust);
	teardown();
}

/* How many groups are remembered afterwards. */
static size_t forget(const char *what, const char *flag)
{
	struct ask *ask = proto_grow(NULL, 0, sizeof(*ask));
	Vx__Request *request = PROTO_NEW(vx__request, Vx__Request);
	struct memory_group known;
	size_t count = 0;

	proto_string_set(&request->tool, "vxdctl");
	proto_string_set(&request->verb, "forget");
	PROTO_ADD(request->operand, request->n_operand, proto_string(what));
	if (flag != NULL) {
		PROTO_ADD(request->flag, request->n_flag, proto_string(flag));
	}
	*ask = (struct ask){ .configd = &configd, .request = request, .nodeid = 2 };
	server_forget(ask);
	settle();
	while (memory_group_at(configd.memory, count, &known)) {
		count++;
	}
	return count;
}

START_TEST(what_is_gone_is_forgotten)
{
	struct memory_group known;

	ck_assert_uint_eq(forget("nosuch", NULL), 4);
	ck_assert_uint_eq(forget("lost", "dry-run"), 4);
	ck_assert_uint_eq(forget("lost", NULL), 3);
	ck_assert(!memory_get(configd.memory, "1600000000.3.a", &known));
	ck_assert_uint_eq(forget("old", NULL), 3); /* which one? */
	ck_assert_uint_eq(forget("1600000000.2.a", NULL), 2);
	ck_assert_uint_eq(forget("old", NULL), 1);
}
END_TEST

/* Its disks may hold something older than what the node knows: only by force. */
START_TEST(what_is_seen_stays)
{
	ck_assert_uint_eq(forget("data", NULL), 4);
	ck_assert_uint_eq(forget("data", "f"), 3);
}
END_TEST

START_TEST(what_is_in_use_stays)
{
	struct group data = { .configd = &configd, .dgid = REGION_DGID, .name = "data" };

	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	ck_assert_uint_eq(forget("data", "f"), 4);
	TAILQ_REMOVE(&configd.groups, &data, next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_forget");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, forget_setup, forget_teardown);
	tcase_add_test(all, what_is_gone_is_forgotten);
	tcase_add_test(all, what_is_seen_stays);
	tcase_add_test(all, what_is_in_use_stays);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
