// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of labels that change: by this node or another one, while a scan runs, when a group goes. */
#include <semaphore.h>

#include "disk_files.h"
#include "base/proto.h"
#include "tests/unit/suite.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/group.h"
#include "vxconfigd/server.h"

#define DGID "1700000000.1.a"

/* ---- a label that changes while a scan waits for another disk ---- */

struct test_job {
	struct worker_job job;
	sem_t go_on;
};

static struct test_job hold, marker;

static void hold_run(struct worker_job *job)
{
	sem_wait(&((struct test_job *)job)->go_on);
}

static void hold_done(struct worker_job *job)
{
	(void)job;
}

static void marker_run(struct worker_job *job)
{
	(void)job;
}

static void marker_done(struct worker_job *job)
{
	(void)job;
	answered(0, "");
}

/* A scan is under way: it has asked for the label of c1, and c2 does not answer. */
static void scan_held(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/c2", folder);
	hold = (struct test_job){ .job = { .run = hold_run, .done = hold_done } };
	sem_init(&hold.go_on, 0, 0);
	worker_submit(worker, path, &hold.job);
	disk_scan(set, on_done, NULL);
	marker = (struct test_job){ .job = { .run = marker_run, .done = marker_done } };
	worker_submit(worker, "scan", &marker.job);
	wait_answer();
}

static void scan_let_go(void)
{
	sem_post(&hold.go_on);
	wait_answer();
}

/* The same disks as another node has them in mind. */
static struct disk_set *other_node(void)
{
	struct disk_set *other;

	ck_assert_int_eq(disk_set_create(worker, patterns, &other), 0);
	disk_scan(other, on_done, NULL);
	wait_answer();
	return other;
}

static void take(struct disk_set *of, const char *device, const char *dgid, const char *group)
{
	struct disk_relabel taken = owner(device, dgid, group);

	disk_label_write(of, &taken, 1, on_written, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
}

START_TEST(a_scan_keeps_what_was_written_meanwhile)
{
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	scan_held();
	take(set, "c1", DGID, "data");
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, DGID);
	scan_let_go();
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, DGID);
}
END_TEST

START_TEST(a_scan_keeps_what_was_read_meanwhile)
{
	const char *id;
	struct disk_set *other;

	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	other = other_node();
	scan_held();
	take(other, "c1", DGID, "data");
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, "");
	id = disk_by_device(set, "c1")->label.diskid;
	disk_probe(set, &id, 1, on_probed, NULL);
	wait_answer();
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, DGID);
	scan_let_go();
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, DGID);
	disk_set_free(other);
}
END_TEST

/* ---- the labels of a group that goes (D5) ---- */

static struct configd configd;

static void labels_write(struct group_labels *labels)
{
	ck_assert(group_labels_write(labels, on_written, NULL));
	wait_answer();
	ck_assert_uint_eq(configd.disk_writes, 0);
}

/* What counts is what the label says, not what was read of it once. */
START_TEST(a_label_is_cleared_as_it_is_now)
{
	char id[DISK_ID_SIZE];
	struct group_labels labels;
	struct disk_set *other;

	configd = (struct configd){ .disks = set, .cluster.cluster = "demo" };
	ck_assert_int_eq(steps_create(&configd), 0);
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	snprintf(id, sizeof(id), "%s", disk_by_device(set, "c1")->label.diskid);
	other = other_node();
	take(other, "c1", DGID, "data");
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, "");
	group_labels_init(&labels, &configd);
	group_labels_give_up(&labels, DISK_CLEAR, DGID, id);
	labels_write(&labels);
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	disk_scan(other, on_done, NULL);
	wait_answer();
	ck_assert_str_eq(disk_by_device(other, "c1")->label.dgid, "");

	/* in another group by now: left alone */
	take(other, "c1", "other.1", "other");
	group_labels_give_up(&labels, DISK_CLEAR, DGID, id);
	labels_write(&labels);
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, "other.1");
	group_labels_give_up(&labels, DISK_RELEASE, DGID, id);
	labels_write(&labels);
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	scan();
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, "other.1");
	ck_assert(disk_by_device(set, "c1")->label.shared);
	disk_set_free(other);
}
END_TEST

static const char *cluster_after(enum disk_relabel_kind kind, const char *id, const char *cluster)
{
	struct group_labels labels;

	snprintf(configd.cluster.cluster, sizeof(configd.cluster.cluster), "%s", cluster);
	group_labels_init(&labels, &configd);
	group_labels_give_up(&labels, kind, DGID, id);
	labels_write(&labels);
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, kind == DISK_CLEAR ? "" : DGID);
	return disk_by_device(set, "c1")->label.cluster;
}

/* Another cluster imported the group that is disabled here (vxdg -C import): it is that one's. */
START_TEST(a_label_of_another_owner_stays)
{
	char id[DISK_ID_SIZE];
	struct group_labels labels;

	configd = (struct configd){ .disks = set };
	ck_assert_int_eq(steps_create(&configd), 0);
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	snprintf(id, sizeof(id), "%s", disk_by_device(set, "c1")->label.diskid);
	take(set, "c1", DGID, "data"); /* in cluster demo */
	ck_assert_str_eq(cluster_after(DISK_RELEASE, id, "mine"), "demo");
	group_labels_init(&labels, &configd);
	group_labels_give_up(&labels, DISK_CLEAR, DGID, id);
	labels_write(&labels);
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, DGID);
	ck_assert_str_eq(cluster_after(DISK_RELEASE, id, "demo"), "");
	/* nobody's */
	ck_assert_str_eq(cluster_after(DISK_CLEAR, id, "mine"), "");
}
END_TEST

/* Disks were swapped since the scan: the label that is there now is neither taken, nor released, nor cleared. */
START_TEST(a_label_of_another_disk_is_not_written)
{
	struct disk_relabel wanted;
	char other[DISK_ID_SIZE], first[512], second[512];

	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	ck_assert_int_eq(setup_disk("c2", VX_PRIV_LEN_MIN, false), 0);
	if (_i != DISK_TAKE) {
		take(set, "c1", DGID, "data");
		take(set, "c2", DGID, "data");
	}
	snprintf(other, sizeof(other), "%s", disk_by_device(set, "c2")->label.diskid);
	wanted = owner("c1", DGID, "data");
	wanted.kind = (enum disk_relabel_kind)_i;
	snprintf(first, sizeof(first), "%s/c1", folder);
	snprintf(second, sizeof(second), "%s/c2", folder);
	ck_assert_int_eq(rename(second, first), 0);
	disk_label_write(set, &wanted, 1, on_written, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_NODISK);
	ck_assert_ptr_nonnull(strstr(answer.reason, "c1: is another disk now"));
	ck_assert_ptr_nonnull(strstr(answer.reason, other));
	scan();
	ck_assert_str_eq(disk_by_device(set, "c1")->label.diskid, other);
	ck_assert_str_eq(disk_by_device(set, "c1")->label.dgid, _i == DISK_TAKE ? "" : DGID);
	ck_assert_str_eq(disk_by_device(set, "c1")->label.cluster, _i == DISK_TAKE ? "" : "demo");
}
END_TEST

START_TEST(a_label_that_cannot_be_cleared_is_told)
{
	struct group_labels labels;

	configd = (struct configd){ .disks = set };
	ck_assert_int_eq(steps_create(&configd), 0);
	scan();
	group_labels_init(&labels, &configd);
	group_labels_give_up(&labels, DISK_CLEAR, DGID, "nosuch");
	labels_write(&labels);
	ck_assert_int_eq(answer.error, -VX_E_NODISK);
}
END_TEST

/* ---- the vote on a disk (T16) ---- */

static int may_take(struct group *group, const char *id, bool label_read)
{
	return group_may_take(group, id, "d1", label_read, answer.reason);
}

/* A node that read the label before the group was destroyed, and now cannot, does not say that it is
 * in that group: it says that it does not see the disk. */
START_TEST(a_label_counts_if_it_was_read_for_the_vote)
{
	struct group made = { .configd = &configd, .dgid = "made.1", .name = "made" };
	struct group data = { .configd = &configd, .dgid = DGID, .name = "data" };
	Vx__Dm dm = VX__DM__INIT, *dms[] = { &dm };
	Vx__Config config = VX__CONFIG__INIT;
	char id[DISK_ID_SIZE];

	configd = (struct configd){ .disks = set };
	TAILQ_INIT(&configd.groups);
	TAILQ_INIT(&configd.disk_setups);
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	snprintf(id, sizeof(id), "%s", disk_by_device(set, "c1")->label.diskid);
	ck_assert_int_eq(may_take(&made, id, true), 0);
	take(set, "c1", DGID, "data");
	ck_assert_int_eq(may_take(&made, id, true), -VX_E_OWNER);
	ck_assert_ptr_nonnull(strstr(answer.reason, "disk d1 (device c1) appears to be owned by disk group data"));
	ck_assert_int_eq(may_take(&data, id, true), 0);
	ck_assert_int_eq(may_take(&made, id, false), 0);

	/* what this node runs counts always */
	dm.diskid = id;
	config.dm = dms;
	config.n_dm = 1;
	data.config = &config;
	TAILQ_INSERT_TAIL(&configd.groups, &data, next);
	ck_assert_int_eq(may_take(&made, id, false), -VX_E_OWNER);
	ck_assert_ptr_nonnull(strstr(answer.reason, "is in disk group data"));
}
END_TEST

/* ---- vxdisk setup of a disk that a change under way gives up ---- */

static struct loop_timer look_timer;

static void on_look(void *ctx)
{
	(void)ctx;
	answered(0, "");
}

/* What is under way ends, or waits. */
static void let_run(void)
{
	disk_scan(set, on_done, NULL);
	wait_answer();
	loop_timer_set(loop, &look_timer, 0, on_look, NULL);
	wait_answer();
}

static void setup_asked(void)
{
	struct ask *ask = proto_grow(NULL, 0, sizeof(*ask));
	Vx__Request *request = PROTO_NEW(vx__request, Vx__Request);
	Vx__Attr *attr = PROTO_NEW(vx__attr, Vx__Attr);

	proto_string_set(&request->tool, "vxdisk");
	proto_string_set(&request->verb, "setup");
	PROTO_ADD(request->operand, request->n_operand, proto_string("c1"));
	proto_string_set(&attr->key, "privlen");
	proto_string_set(&attr->value, "2048s");
	PROTO_ADD(request->attr, request->n_attr, attr);
	*ask = (struct ask){ .configd = &configd, .request = request, .nodeid = 2 };
	server_disk_setup(ask);
}

/*
 * The group was destroyed, and the label cleared, by the master: its answer may come before the change
 * is in force on this node. Setup waits for that; if the change fails, the disk is in use.
 */
START_TEST(setup_waits_for_a_change_under_way)
{
	static const struct clust_ops ops;
	Vx__Dm dm = VX__DM__INIT, *dms[] = { &dm };
	Vx__Config config = VX__CONFIG__INIT;
	struct group *data;
	char id[DISK_ID_SIZE];

	configd = (struct configd){ .disks = set, .loop = loop };
	TAILQ_INIT(&configd.groups);
	TAILQ_INIT(&configd.disk_setups);
	TAILQ_INIT(&configd.disk_waits);
	ck_assert_int_eq(clust_create(loop, &ops, &configd, &configd.clust), 0);
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	snprintf(id, sizeof(id), "%s", disk_by_device(set, "c1")->label.diskid);
	ck_assert_int_eq(group_add(&configd, DGID, "data", &data), 0);
	dm.diskid = id;
	config.dm = dms;
	config.n_dm = 1;
	data->config = &config;
	data->pending.propose = PROTO_NEW(vx__propose, Vx__Propose);
	setup_asked();
	let_run();
	ck_assert(!TAILQ_EMPTY(&configd.disk_waits));
	ck_assert_str_eq(disk_by_device(set, "c1")->label.diskid, id);
	if (_i == 1) { /* the change failed */
		proto_free(data->pending.propose);
		data->pending.propose = NULL;
		server_disk_look_again(&configd);
	} else {
		data->config = NULL;
		group_remove(data);
	}
	for (int i = 0; i < 4; i++) {
		let_run();
	}
	ck_assert(TAILQ_EMPTY(&configd.disk_waits) && TAILQ_EMPTY(&configd.disk_setups));
	ck_assert_int_eq(strcmp(disk_by_device(set, "c1")->label.diskid, id) == 0, _i == 1);
	clust_destroy(configd.clust);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("labels");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, files_setup, files_teardown);
	tcase_add_test(files, a_scan_keeps_what_was_written_meanwhile);
	tcase_add_test(files, a_scan_keeps_what_was_read_meanwhile);
	tcase_add_test(files, a_label_is_cleared_as_it_is_now);
	tcase_add_test(files, a_label_of_another_owner_stays);
	tcase_add_loop_test(files, a_label_of_another_disk_is_not_written, DISK_TAKE, DISK_CLEAR + 1);
	tcase_add_test(files, a_label_that_cannot_be_cleared_is_told);
	tcase_add_test(files, a_label_counts_if_it_was_read_for_the_vote);
	tcase_add_loop_test(files, setup_waits_for_a_change_under_way, 0, 2);
	suite_add_tcase(suite, files);
	return suite_run(suite);
}
