// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that are forwarded while vxclustd does not take them. */
#include "tests/unit/suite.h"
#include "vxconfigd/relay.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/loop.h"
#include "base/proto.h"

static struct configd configd;
static Vx__View view;

/* A slave in a view that runs; its vxclustd is gone a moment ago. */
static void setup(void)
{
	static const struct clust_ops ops;

	memset(&configd, 0, sizeof(configd));
	TAILQ_INIT(&configd.relays);
	vx__view__init(&view);
	view.master = 2;
	configd.cluster = (struct cview){ .member = true, .open = true, .settled = true, .self = 1,
					  .view = &view, .master_serial = 7, .peer_count = 1 };
	configd.cluster.peer[0] = (struct peer){ .nodeid = 2, .up = true };
	ck_assert_int_eq(loop_create(&configd.loop), 0);
	ck_assert_int_eq(clust_create(configd.loop, &ops, NULL, &configd.clust), 0);
}

static void teardown(void)
{
	clust_destroy(configd.clust);
	loop_destroy(configd.loop);
}

static void submit(size_t bytes, uint8_t *out_txid)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	char *operand = malloc(bytes + 1);

	ck_assert(ask != NULL && operand != NULL);
	memset(operand, 'x', bytes);
	operand[bytes] = '\0';
	ask->configd = &configd;
	ask->nodeid = 3; /* it is answered through vxclustd as well */
	ask->request = PROTO_NEW(vx__request, Vx__Request);
	proto_string_set(&ask->request->tool, "vxassist");
	ask->request->txid.data = malloc(ID_BYTES);
	ask->request->txid.len = ID_BYTES;
	id_make_txn(ask->request->txid.data);
	memcpy(out_txid, ask->request->txid.data, ID_BYTES);
	PROTO_ADD(ask->request->operand, ask->request->n_operand, operand);
	relay_submit(&configd, ask);
}

/* Whether it is done is decided where the cluster is left, or by the next view: not here, and not as
 * "too large". */
START_TEST(without_vxclustd_it_waits)
{
	uint8_t txid[ID_BYTES];

	submit(10, txid);
	ck_assert(relay_has(&configd, txid));
	relay_settled(&configd);
	ck_assert(relay_has(&configd, txid));
	relay_give_up(&configd, "vxclustd ended on this node");
	ck_assert(!relay_has(&configd, txid));
}
END_TEST

START_TEST(what_is_too_large_is_answered)
{
	uint8_t txid[ID_BYTES];

	submit(VX_CPG_MSG_MAX, txid);
	ck_assert(!relay_has(&configd, txid));
}
END_TEST

/* R16: a vxconfigd that was stopped does not come back by itself. */
START_TEST(a_master_without_vxconfigd_is_told)
{
	uint8_t txid[ID_BYTES];

	configd.cluster.peer[0].up = false;
	submit(10, txid);
	ck_assert(!relay_has(&configd, txid));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vxconfigd_relay");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, without_vxclustd_it_waits);
	tcase_add_test(all, what_is_too_large_is_answered);
	tcase_add_test(all, a_master_without_vxconfigd_is_told);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
