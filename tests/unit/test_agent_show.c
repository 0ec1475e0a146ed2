// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustadm prints, in the original's form and as JSON. */
#include "agent/adm_show.h"

#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/adm_json.h"
#include "tests/unit/agent_sample.h"
#include "tests/unit/suite.h"

static void expect_text(void (*show)(FILE *out, const struct sample *s), const struct sample *s,
			const char *want)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	show(out, s);
	fclose(out);
	ck_assert_str_eq(text, want);
	free(text);
}

static void show_short(FILE *out, const struct sample *s)
{
	adm_show_nodestate(out, &s->state, false);
}

static void show_verbose(FILE *out, const struct sample *s)
{
	adm_show_nodestate(out, &s->state, true);
}

static void show_nidmap(FILE *out, const struct sample *s)
{
	adm_show_nidmap(out, &s->state);
}

static void show_json(FILE *out, const struct sample *s)
{
	ck_assert_int_eq(adm_json_nodestate(out, &s->state), 0);
}

START_TEST(nodestate_text)
{
	struct sample s;

	sample_make(&s);
	expect_text(show_short, &s, "state: cluster member\n");
	s.state.detail = TEXT("master switching in progress");
	s.state.reconfig = TEXT("vxconfigd in join");
	expect_text(show_short, &s,
		    "state: cluster member\n"
		    "state: master switching in progress\n"
		    "reconfig: vxconfigd in join\n");
	s.state.state = VX__NODE_STATE__NODE_JOINING;
	expect_text(show_short, &s,
		    "state: joining\n"
		    "state: master switching in progress\n"
		    "reconfig: vxconfigd in join\n");
	s.state.detail = s.state.reconfig; /* one thing is said once */
	expect_text(show_short, &s, "state: joining\nreconfig: vxconfigd in join\n");
	s.state.detail = TEXT("");
	s.state.reconfig = TEXT("");
	s.state.state = VX__NODE_STATE__NODE_ABORTING;
	s.state.reason = TEXT("cannot find disk on slave node");
	expect_text(show_short, &s,
		    "state: cluster aborting\nreason: cannot find disk on slave node\n");
	s.state.state = VX__NODE_STATE__NODE_OUT;
	s.state.reason = TEXT("user initiated stop");
	expect_text(show_short, &s, "state: out of cluster\nreason: user initiated stop\n");
	s.state.state = VX__NODE_STATE__NODE_LEAVING;
	s.state.reason = TEXT("");
	s.waiting[0] = TEXT("data/vol1: fio (pid 7)");
	s.state.waiting = s.waiting;
	s.state.n_waiting = 1;
	expect_text(show_short, &s,
		    "state: cluster member\n"
		    "state: leaving, waits until no shared volume is open\n"
		    "open: data/vol1: fio (pid 7)\n");
}
END_TEST

START_TEST(nodestate_verbose_text)
{
	struct sample s;

	setenv("TZ", "UTC", 1);
	sample_make(&s);
	s.state.view_open = false;
	expect_text(show_verbose, &s,
		    "state: cluster member\n"
		    "\tnodeId=33\n"
		    "\tmasterId=33\n"
		    "\tneighborId=0\n"
		    "\tmembers[0]=0x1\n"
		    "\tjoiners[0]=0x1\n"
		    "\tleavers[0]=0x4\n"
		    "\tmembers[1]=0x2\n"
		    "\tjoiners[1]=0x0\n"
		    "\tleavers[1]=0x0\n"
		    "\treconfig_seqnum=0x9f9767\n"
		    "\tvxfen=on\n"
		    "reconfigurations:\n"
		    "\t2023-11-14 22:13:20 epoch=0x502 node gamma lost\n"
		    "\t\tfreeze=2612ms quorum=1200ms fencing=1400ms own=12ms\n"
		    "\t\tsuspend=1.500ms\n"
		    "\t\tfence=1400.000ms\n");
	/* a view that is open has no joiners and leavers; a node out of the cluster has no view */
	s.state.view = NULL;
	s.state.state = VX__NODE_STATE__NODE_OUT;
	s.state.fencing = false;
	s.state.n_reconf = 0;
	expect_text(show_verbose, &s,
		    "state: out of cluster\n\treconfig_seqnum=0x9f9767\n\tvxfen=off\n");
}
END_TEST

START_TEST(nidmap_text)
{
	struct sample s;

	sample_make(&s);
	expect_text(show_nidmap, &s,
		    "Name                             CVM Nid    CM Nid     State\n"
		    "alpha                           0          1          Joined: Slave\n"
		    "beta                            1          2          Joined: Master\n"
		    "gamma                           2          3          Out of Cluster\n"
		    "delta                           3          4          Joining\n");
	s.state.state = VX__NODE_STATE__NODE_OUT;
	expect_text(show_nidmap, &s, "Out of cluster: No mapping information available\n");
}
END_TEST

START_TEST(nodestate_json)
{
	struct sample s;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_object *root, *list, *item, *value;

	sample_make(&s);
	show_json(out, &s);
	fclose(out);
	root = json_tokener_parse(text);
	ck_assert_ptr_nonnull(root);
	ck_assert(json_object_object_get_ex(root, "master", &value));
	ck_assert_str_eq(json_object_get_string(value), "beta");
	ck_assert(json_object_object_get_ex(root, "members", &list));
	ck_assert_uint_eq(json_object_array_length(list), 2);
	ck_assert(json_object_object_get_ex(root, "reconfigurations", &list));
	item = json_object_array_get_idx(list, 0);
	ck_assert(json_object_object_get_ex(item, "freeze_ms", &value));
	ck_assert_int_eq(json_object_get_int(value), 2612);
	ck_assert(json_object_object_get_ex(item, "steps", &list));
	ck_assert_uint_eq(json_object_array_length(list), 2);
	json_object_put(root);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent_show");
	TCase *test = tcase_create("show");

	tcase_add_test(test, nodestate_text);
	tcase_add_test(test, nodestate_verbose_text);
	tcase_add_test(test, nidmap_text);
	tcase_add_test(test, nodestate_json);
	suite_add_tcase(suite, test);
	return suite_run(suite);
}
