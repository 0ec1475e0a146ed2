// SPDX-License-Identifier: GPL-2.0-or-later
/* vxdg -f import of a group that is disabled: what it asks for, and for how long. */
#include <check.h>
#include <string.h>

#include "base/errors.h"
#include "tests/unit/suite.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/request_queue.h"

#define DGID "1700000000.1.a"

static struct configd configd;
static struct group data;
static struct request req;
static Vx__Request request;
static Vx__Reply reply;
static const struct clust_ops clust_ops;
static int done_error;

static void on_done(struct request *of, int error)
{
	ck_assert_ptr_eq(of, &req);
	done_error = error;
}

static void setup(void)
{
	static char *operand[] = { (char *)"data" };
	static char *flag[] = { (char *)"s", (char *)"f", (char *)"dry-run" };

	ck_assert_int_eq(loop_create(&configd.loop), 0);
	ck_assert_int_eq(clust_create(configd.loop, &clust_ops, &configd, &configd.clust), 0);
	TAILQ_INIT(&configd.groups);
	TAILQ_INIT(&configd.creating);
	data = (struct group){ .configd = &configd,
			       .dgid = DGID,
			       .name = "data",
			       .state = GROUP_DISABLED,
			       .reason = "1 of 2 configuration copies can be used, 2 are needed" };
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	vx__request__init(&request);
	request.tool = (char *)"vxdg";
	request.verb = (char *)"import";
	request.operand = operand;
	request.n_operand = 1;
	request.flag = flag;
	request.n_flag = 2;
	vx__reply__init(&reply);
	req = (struct request){ .configd = &configd, .request = &request, .reply = &reply };
}

static void teardown(void)
{
	clust_destroy(configd.clust);
	loop_destroy(configd.loop);
}

/* The take-over is forced for the request that waits for it; not for one that another master will get. */
START_TEST(force_lasts_as_long_as_its_request)
{
	ck_assert(!request_import_waits(&configd, DGID));
	request_plan_import(&req, on_done);
	ck_assert_int_eq(done_error, -VX_E_AGAIN);
	ck_assert(configd.cluster.wait_view);
	ck_assert(!request_import_waits(&configd, DGID));
	TAILQ_INSERT_HEAD(&configd.creating, &req, next);
	ck_assert(request_import_waits(&configd, DGID));
	ck_assert(!request_import_waits(&configd, "1700000000.2.a"));
	configd.mastership++;
	ck_assert(!request_import_waits(&configd, DGID));
	configd.mastership--;
	TAILQ_REMOVE(&configd.creating, &req, next);
	request_plan_import(&req, on_done); /* the view came, and it is disabled as before */
	ck_assert_int_ne(done_error, -VX_E_AGAIN);
	ck_assert_uint_eq(reply.n_message, 1);
	ck_assert_uint_eq(reply.message[0]->number, MSG_IMPORT_FAILED);
}
END_TEST

/* It cannot be tried: what the copies hold is only known once they are taken over. */
START_TEST(dry_run_takes_nothing_over)
{
	request.n_flag = 3;
	request_plan_import(&req, on_done);
	ck_assert_int_ne(done_error, -VX_E_AGAIN);
	ck_assert(!configd.cluster.wait_view);
	ck_assert_uint_eq(reply.n_message, 1);
	ck_assert_uint_eq(reply.message[0]->number, MSG_IMPORT_FAILED);
	ck_assert_msg(strstr(reply.message[0]->text, "1 of 2") != NULL, "%s", reply.message[0]->text);
	ck_assert_msg(strstr(reply.message[0]->text, "cannot be tried") != NULL, "%s",
		      reply.message[0]->text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_import");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, force_lasts_as_long_as_its_request);
	tcase_add_test(all, dry_run_takes_nothing_over);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
