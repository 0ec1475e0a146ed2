// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustadm prints with --json. */
#include "agent/adm_json.h"

#include <errno.h>
#include <json-c/json.h>

#include "agent/adm_show.h"
#include "base/limits.h"

/*
 * Members are added without a check each: json-c says -1 when memory is short, and then the
 * whole text is missing too, which adm_json_print() tells.
 */
static void adm_json_text(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* A text that is left out when it is empty. */
static void adm_json_note(json_object *object, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		adm_json_text(object, key, text);
	}
}

static void adm_json_number(json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static void adm_json_bool(json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

/* A new list or object below object. */
static json_object *adm_json_below(json_object *object, const char *key, json_object *below)
{
	json_object_object_add(object, key, below);
	return below;
}

static json_object *adm_json_item(json_object *list)
{
	json_object *item = json_object_new_object();

	json_object_array_add(list, item);
	return item;
}

static int adm_json_print(FILE *out, json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	int rc = text != NULL && fprintf(out, "%s\n", text) > 0 ? 0 : -ENOMEM;

	json_object_put(object);
	return rc;
}

static void adm_json_view(json_object *root, const Vx__View *view)
{
	json_object *members = adm_json_below(root, "members", json_object_new_array());
	json_object *joiners = adm_json_below(root, "joiners", json_object_new_array());
	json_object *leavers = adm_json_below(root, "leavers", json_object_new_array());

	for (size_t i = 0; i < view->n_member; i++) {
		const Vx__Member *member = view->member[i];
		json_object *item = adm_json_item(members);

		adm_json_text(item, "name", member->name);
		adm_json_number(item, "nodeid", member->nodeid);
		adm_json_number(item, "nid", member->nid);
		adm_json_note(item, "addr", member->addr);
		adm_json_bool(item, "master", member->nodeid == view->master);
		adm_json_number(item, "joined_epoch", member->joined_epoch);
		json_object_object_add(item, "preference", json_object_new_int(member->preference));
	}
	for (size_t i = 0; i < view->n_joiner; i++) {
		const Vx__Member *joiner = adm_member(view, view->joiner[i]);
		json_object *item = adm_json_item(joiners);

		adm_json_number(item, "nodeid", view->joiner[i]);
		adm_json_note(item, "name", joiner != NULL ? joiner->name : NULL);
	}
	for (size_t i = 0; i < view->n_leaver; i++) {
		json_object *item = adm_json_item(leavers);

		adm_json_number(item, "nodeid", view->leaver[i]->nodeid);
		adm_json_note(item, "name", view->leaver[i]->name);
		adm_json_text(item, "how", adm_left_text(view->leaver[i]->how));
	}
}

static void adm_json_reconf(json_object *list, const Vx__Reconf *reconf)
{
	json_object *item = adm_json_item(list);

	adm_json_number(item, "epoch", reconf->epoch);
	adm_json_text(item, "cause", reconf->cause);
	adm_json_number(item, "wall_ms", reconf->wall_ms);
	adm_json_number(item, "freeze_ms", reconf->freeze_ms);
	adm_json_number(item, "fence_ms", reconf->fence_ms);
	adm_json_number(item, "quorum_ms", reconf->quorum_ms);
	adm_json_number(item, "own_ms", reconf->own_ms);
	adm_json_bool(item, "done", reconf->done);

	json_object *steps = adm_json_below(item, "steps", json_object_new_array());

	for (size_t i = 0; i < reconf->n_step; i++) {
		json_object *step = adm_json_item(steps);

		adm_json_text(step, "step", adm_step_text(reconf->step[i]->step));
		adm_json_number(step, "ms", reconf->step[i]->ms);
		adm_json_number(step, "us", reconf->step[i]->us);
	}
}

int adm_json_nodestate(FILE *out, const Vx__AdmState *state)
{
	json_object *root = json_object_new_object();
	const Vx__View *view = state->view;

	adm_json_text(root, "state", adm_state_text(state->state));
	adm_json_bool(root, "leaving", state->state == VX__NODE_STATE__NODE_LEAVING);
	adm_json_note(root, "reason", state->reason);
	adm_json_note(root, "detail", state->detail);
	adm_json_note(root, "reconfig", state->reconfig);
	adm_json_number(root, "nodeid", state->self);
	adm_json_bool(root, "quorate", state->quorate);
	adm_json_bool(root, "fencing", state->fencing);
	adm_json_bool(root, "view_open", state->view_open);
	adm_json_number(root, "reconfig_seqnum", state->seqnum);
	json_object_object_add(root, "preference", json_object_new_int(state->preference));
	if (view != NULL) {
		const Vx__Member *master = adm_member(view, view->master);

		adm_json_number(root, "epoch", view->epoch);
		adm_json_note(root, "cluster", view->cluster);
		adm_json_note(root, "master", master != NULL ? master->name : NULL);
		adm_json_view(root, view);
	}

	json_object *waiting = adm_json_below(root, "waiting", json_object_new_array());

	for (size_t i = 0; i < state->n_waiting; i++) {
		json_object_array_add(waiting, json_object_new_string(state->waiting[i]));
	}

	json_object *list = adm_json_below(root, "reconfigurations", json_object_new_array());

	for (size_t i = 0; i < state->n_reconf; i++) {
		adm_json_reconf(list, state->reconf[i]);
	}
	return adm_json_print(out, root);
}

int adm_json_nodestate_out(FILE *out, const char *reason)
{
	json_object *root = json_object_new_object();

	adm_json_text(root, "state", adm_state_text(VX__NODE_STATE__NODE_OUT));
	adm_json_note(root, "reason", reason);
	adm_json_bool(root, "vxclustd", false);
	return adm_json_print(out, root);
}

int adm_json_nidmap(FILE *out, const Vx__AdmState *state)
{
	static const char *const word[] = {
		[VX__NODE_STATE__NODE_OUT] = "out",
		[VX__NODE_STATE__NODE_JOINING] = "joining",
		[VX__NODE_STATE__NODE_MEMBER] = "member",
		[VX__NODE_STATE__NODE_LEAVING] = "leaving",
		[VX__NODE_STATE__NODE_ABORTING] = "aborting",
	};

	if (state->state == VX__NODE_STATE__NODE_OUT) {
		return adm_json_nidmap_out(out);
	}

	json_object *root = json_object_new_object();
	json_object *list = adm_json_below(root, "nodes", json_object_new_array());

	adm_json_bool(root, "in_cluster", true);
	for (size_t i = 0; i < state->n_node; i++) {
		const Vx__NodeInfo *node = state->node[i];
		json_object *item = adm_json_item(list);

		adm_json_text(item, "name", node->name);
		adm_json_number(item, "nid", node->nid);
		adm_json_number(item, "nodeid", node->nodeid);
		adm_json_note(item, "addr", node->addr);
		adm_json_text(item, "state",
			      (size_t)node->state < VX_COUNT_OF(word) ? word[node->state]
								      : "unknown");
		adm_json_bool(item, "master", node->master);
	}
	return adm_json_print(out, root);
}

int adm_json_nidmap_out(FILE *out)
{
	json_object *root = json_object_new_object();

	adm_json_bool(root, "in_cluster", false);
	adm_json_below(root, "nodes", json_object_new_array());
	return adm_json_print(out, root);
}

int adm_json_preference(FILE *out, int32_t preference)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "preference", json_object_new_int(preference));
	return adm_json_print(out, root);
}

int adm_json_daemons(FILE *out, const struct adm_daemon *daemon, size_t count)
{
	json_object *root = json_object_new_object();
	json_object *list = adm_json_below(root, "daemons", json_object_new_array());

	for (size_t i = 0; i < count; i++) {
		json_object *item = adm_json_item(list);

		adm_json_text(item, "name", daemon[i].name);
		adm_json_bool(item, "running", daemon[i].pid != 0);
		if (daemon[i].pid != 0) {
			adm_json_number(item, "pid", (uint64_t)daemon[i].pid);
			adm_json_bool(item, "answers", daemon[i].answers);
		} else {
			adm_json_note(item, "why", daemon[i].why);
		}
	}
	return adm_json_print(out, root);
}

int adm_json_fenced(FILE *out, const struct adm_fenced_node *node, size_t count)
{
	json_object *root = json_object_new_object();
	json_object *list = adm_json_below(root, "nodes", json_object_new_array());

	for (size_t i = 0; i < count; i++) {
		json_object *item = adm_json_item(list);

		adm_json_text(item, "name", node[i].name);
		adm_json_bool(item, "fenced", node[i].when_s > 0);
		if (node[i].when_s > 0) {
			adm_json_number(item, "when_s", node[i].when_s);
		}
		adm_json_bool(item, "pending", node[i].pending);
	}
	return adm_json_print(out, root);
}

int adm_json_volumes(FILE *out, const Vx__IodReport *report)
{
	json_object *root = json_object_new_object();
	json_object *list = adm_json_below(root, "volumes", json_object_new_array());

	for (size_t i = 0; i < report->n_vol; i++) {
		const Vx__VolInfo *volume = report->vol[i];
		json_object *item = adm_json_item(list);

		adm_json_text(item, "group", volume->group);
		adm_json_text(item, "name", volume->name);
		adm_json_note(item, "device", volume->device);
		adm_json_note(item, "nbd", volume->nbd);

		json_object *open = adm_json_below(item, "open", json_object_new_array());

		for (size_t k = 0; k < report->n_open; k++) {
			if (adm_is_open_of(report->open[k], volume)) {
				json_object *by = adm_json_item(open);

				adm_json_text(by, "command", report->open[k]->command);
				adm_json_number(by, "pid", report->open[k]->pid);
				adm_json_text(by, "how", report->open[k]->how);
				adm_json_number(by, "since_s", report->open[k]->since_s);
			}
		}
	}
	return adm_json_print(out, root);
}
