// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a request to a plan: the table of tools and verbs, what is checked for all of them before
 * and after, the finished plan.
 */
#include "vxconfigd/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/plan_layout.h"
#include "vxconfigd/plan_work.h"

#define MANY VX_OPERANDS_MAX
#define PROPOSE_OTHER_BYTES 2048 /* of the message that carries a plan: ids, names, packing */

enum verb_kind {
	VERB_CHANGE, /* planned here */
	VERB_ELSEWHERE, /* a change that vxconfigd plans from what is on the disks */
	VERB_QUERY,
};

struct verb {
	const char *tool, *name;
	enum verb_kind kind;
	int (*plan)(struct plan_work *work);
	size_t min, max; /* operands */
	const char *attrs; /* known ones, separated by blanks */
	const char *flags; /* ... beside those of every verb */
	const char *usage;
	bool operand_is_group; /* the first one, instead of -g */
};

static const struct verb verbs[] = {
	{ "vxdg", "init", VERB_CHANGE, plan_group_init, 2, MANY, "nconfig cds minor", "s",
	  "vxdg [-s] init GROUP [MEDIA=]DEVICE...", true },
	{ "vxdg", "adddisk", VERB_CHANGE, plan_group_add_disks, 1, MANY, "", "",
	  "vxdg -g GROUP adddisk [MEDIA=]DEVICE...", false },
	{ "vxdg", "rmdisk", VERB_CHANGE, plan_group_remove_disks, 1, MANY, "", "",
	  "vxdg -g GROUP rmdisk MEDIA...", false },
	{ "vxdg", "destroy", VERB_CHANGE, plan_group_destroy, 1, 1, "", "", "vxdg destroy GROUP",
	  true },
	{ "vxdg", "deport", VERB_CHANGE, plan_group_deport, 1, 1, "", "", "vxdg deport GROUP",
	  true },
	{ "vxdg", "import", VERB_ELSEWHERE, NULL, 0, 0, "", "", "", true },
	{ "vxdg", "set", VERB_CHANGE, plan_group_set, 0, 0, "diskdetpolicy activation", "",
	  "vxdg -g GROUP set diskdetpolicy=global|local, vxdg -g GROUP set "
	  "activation=sw|sr|ew|ro|off",
	  false },
	{ "vxdg", "list", VERB_QUERY, NULL, 0, 0, "", "", "", true },
	{ "vxdg", "free", VERB_QUERY, NULL, 0, 0, "", "", "", false },
	{ "vxassist", "make", VERB_CHANGE, plan_volume_make, 2, MANY, LAYOUT_ATTRS, "",
	  "vxassist -g GROUP make VOLUME SIZE [ATTRIBUTE=VALUE...] [MEDIA...]", false },
	{ "vxassist", "mirror", VERB_CHANGE, plan_volume_mirror, 1, MANY,
	  "layout nmirror ncol stripeunit", "",
	  "vxassist -g GROUP mirror VOLUME [ATTRIBUTE=VALUE...] [MEDIA...]", false },
	{ "vxassist", "addlog", VERB_CHANGE, plan_volume_add_log, 1, MANY, "nlog", "",
	  "vxassist -g GROUP addlog VOLUME [nlog=NUMBER] [MEDIA...]", false },
	{ "vxassist", "remove", VERB_CHANGE, plan_volume_remove, 1, MANY, "nmirror nlog", "",
	  "vxassist -g GROUP remove volume VOLUME..., vxassist -g GROUP remove mirror|log VOLUME "
	  "[!MEDIA...]",
	  false },
	{ "vxassist", "growto", VERB_CHANGE, plan_volume_resize, 2, MANY, "", "",
	  "vxassist -g GROUP growto VOLUME SIZE [MEDIA...]", false },
	{ "vxassist", "growby", VERB_CHANGE, plan_volume_resize, 2, MANY, "", "",
	  "vxassist -g GROUP growby VOLUME SIZE [MEDIA...]", false },
	{ "vxassist", "shrinkto", VERB_CHANGE, plan_volume_resize, 2, 2, "", "",
	  "vxassist -g GROUP shrinkto VOLUME SIZE", false },
	{ "vxassist", "shrinkby", VERB_CHANGE, plan_volume_resize, 2, 2, "", "",
	  "vxassist -g GROUP shrinkby VOLUME SIZE", false },
	{ "vxassist", "maxsize", VERB_QUERY, NULL, 0, 0, "", "", "", false },
	{ "vxvol", "start", VERB_CHANGE, plan_volume_start, 1, MANY, "", "",
	  "vxvol -g GROUP start VOLUME...", false },
	{ "vxvol", "stop", VERB_CHANGE, plan_volume_stop, 1, MANY, "", "",
	  "vxvol -g GROUP stop VOLUME...", false },
	{ "vxvol", "startall", VERB_CHANGE, plan_volume_start_all, 0, 0, "", "",
	  "vxvol -g GROUP startall", false },
	{ "vxvol", "stopall", VERB_CHANGE, plan_volume_stop_all, 0, 0, "", "",
	  "vxvol -g GROUP stopall", false },
	{ "vxvol", "rdpol", VERB_CHANGE, plan_volume_read_policy, 2, 3, "", "",
	  "vxvol -g GROUP rdpol round|select VOLUME, vxvol -g GROUP rdpol prefer VOLUME PLEX",
	  false },
	{ "vxvol", "set", VERB_CHANGE, plan_volume_set, 1, MANY, "comment", "",
	  "vxvol -g GROUP set comment=TEXT VOLUME...", false },
	{ "vxrecover", "recover", VERB_CHANGE, plan_volume_recover, 0, MANY, "", "s n c",
	  "vxrecover -g GROUP [-s] [-b] [-n] [-c] [VOLUME|MEDIA...]", false },
	{ "vxplex", "att", VERB_CHANGE, plan_plex_attach, 2, MANY, "", "",
	  "vxplex -g GROUP att VOLUME PLEX...", false },
	{ "vxplex", "mv", VERB_CHANGE, plan_plex_move, 2, 2, "", "o:rm",
	  "vxplex -g GROUP [-o rm] mv PLEX NEW-PLEX", false },
	{ "vxplex", "cp", VERB_CHANGE, plan_plex_copy, 2, MANY, "", "",
	  "vxplex -g GROUP cp VOLUME NEW-PLEX...", false },
	{ "vxplex", "det", VERB_CHANGE, plan_plex_detach, 1, MANY, "", "",
	  "vxplex -g GROUP det PLEX...", false },
	{ "vxplex", "dis", VERB_CHANGE, plan_plex_dissociate, 1, MANY, "", "o:rm",
	  "vxplex -g GROUP [-o rm] dis PLEX...", false },
};

/* Options that every changing verb takes; what they mean is not the planner's business. */
static const char flags_of_all[] = "dry-run f b q v";

static const struct verb *verb_find(const Vx__Request *request)
{
	for (size_t i = 0; i < VX_COUNT_OF(verbs); i++) {
		if (strcmp(verbs[i].tool, request->tool) == 0 &&
		    strcmp(verbs[i].name, request->verb) == 0) {
			return &verbs[i];
		}
	}
	return NULL;
}

bool plan_is_change(const Vx__Request *request)
{
	const struct verb *verb = verb_find(request);

	if (verb == NULL || verb->kind == VERB_QUERY) {
		return false;
	}
	if (verb->plan == plan_group_set && request->n_attr == 1) {
		return strcmp(request->attr[0]->key, "activation") != 0;
	}
	for (size_t i = 0; i < request->n_flag && verb->plan == plan_volume_recover; i++) {
		if (strcmp(request->flag[i], "p") == 0) {
			return false; /* only print: query_startable() */
		}
	}
	return true;
}

const char *plan_group(const Vx__Request *request)
{
	const struct verb *verb = verb_find(request);

	if (verb != NULL && verb->operand_is_group) {
		return request->n_operand > 0 ? request->operand[0] : NULL;
	}
	return request->group != NULL && request->group[0] != '\0' ? request->group : NULL;
}

static int plan_verb_unknown(struct plan_work *work)
{
	char known[VX_REASON_MAX / 2] = "";
	size_t used = 0;

	for (size_t i = 0; i < VX_COUNT_OF(verbs); i++) {
		if (strcmp(verbs[i].tool, work->request->tool) == 0) {
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 used > 0 ? ", " : "known: ", verbs[i].name);
		}
	}
	return plan_say(work, VERB_UNKNOWN, work->request->verb,
			used > 0 ? known : "this tool changes nothing");
}

/* Flags as they are typed: "-o rm", "-f", "--dry-run". */
static int plan_option_unknown(struct plan_work *work, const struct verb *verb, const char *flag)
{
	char typed[VX_WORD_MAX + 8];

	if (strncmp(flag, "o:", 2) == 0) {
		snprintf(typed, sizeof(typed), "-o %.*s", VX_WORD_MAX, flag + 2);
	} else {
		snprintf(typed, sizeof(typed), "-%s%.*s", strlen(flag) > 1 ? "-" : "", VX_WORD_MAX,
			 flag);
	}
	return plan_say(work, OPTION_UNKNOWN, verb->name, typed, verb->usage);
}

static int plan_check_words(struct plan_work *work, const struct verb *verb)
{
	const Vx__Request *request = work->request;
	int error;

	for (size_t i = 0; i < request->n_flag; i++) {
		if (!plan_list_has(flags_of_all, request->flag[i]) &&
		    !plan_list_has(verb->flags, request->flag[i])) {
			return plan_option_unknown(work, verb, request->flag[i]);
		}
	}
	if (request->n_operand < verb->min || request->n_operand > verb->max) {
		return plan_say(work, USAGE, verb->usage);
	}
	error = plan_check_attrs(work, verb->attrs);
	if (error != 0) {
		return error;
	}
	if (work->before == NULL && verb->plan != plan_group_init) {
		const char *group = plan_group(request);

		return group == NULL ? plan_say(work, GROUP_NONE)
				     : plan_say(work, GROUP_UNKNOWN, group);
	}
	return 0;
}

/* Does the message that proposes the plan fit into one packet? */
static bool plan_fits(const struct plan *plan)
{
	Vx__Propose propose = VX__PROPOSE__INIT;

	propose.delta = plan->delta;
	propose.config = plan->config;
	propose.n_quiesce = plan->quiesce_count;
	propose.quiesce = (uint64_t *)plan->quiesce;
	propose.n_need_disk = plan->need_disk_count;
	propose.need_disk = (char **)plan->need_disk;
	return vx__propose__get_packed_size(&propose) <= VX_CPG_MSG_MAX - PROPOSE_OTHER_BYTES;
}

/* Every node must reach the disks of what begins to take I/O. */
static void plan_need_started(struct plan_work *work)
{
	for (size_t i = 0; i < work->after->n_sd; i++) {
		const Vx__Sd *sd = work->after->sd[i];
		const Vx__Plex *plex = config_plex_rid(work->after, sd->plex_rid);
		const Vx__Plex *old = config_plex_rid(work->before, sd->plex_rid);

		if (plex->kstate == VX__KSTATE__KS_ENABLED &&
		    (old == NULL || old->kstate != VX__KSTATE__KS_ENABLED)) {
			plan_add_need_disk(work->plan,
					   config_dm_rid(work->after, sd->dm_rid)->diskid);
		}
	}
}

/* The edited configuration becomes the plan's content. */
static int plan_finish(struct plan_work *work)
{
	struct plan *plan = work->plan;
	char reason[VX_REASON_MAX];

	if (config_check(work->after, reason) != 0) {
		return plan_say(work, INTERNAL, reason);
	}
	if (plan->kind == VX__TXN_KIND__TXN_IMPORT) {
		plan->config = work->after;
		work->after = NULL;
	} else if (plan->kind == VX__TXN_KIND__TXN_CHANGE) {
		plan->delta = config_diff(work->before, work->after);
		plan_need_started(work);
	}
	if (!plan_fits(plan)) {
		const char *name = plan_group(work->request);

		return plan_say(work, TOO_LARGE, name != NULL ? name : "");
	}
	return 0;
}

static Vx__Config *plan_empty_config(void)
{
	Vx__Config *config = record_alloc(1, sizeof(*config));

	vx__config__init(config);
	return config;
}

int plan_make(const Vx__Config *config, const Vx__Request *request, const struct plan_env *env,
	      struct plan **out_plan, Vx__Reply *reply)
{
	const struct verb *verb = verb_find(request);
	struct plan_work work = {
		.before = config, .request = request, .env = env, .reply = reply
	};
	int error;

	if (verb == NULL || verb->kind != VERB_CHANGE) {
		return plan_verb_unknown(&work);
	}
	error = plan_check_words(&work, verb);
	if (error != 0) {
		return error;
	}
	work.after = config != NULL ? proto_clone(config) : plan_empty_config();
	work.plan = record_alloc(1, sizeof(*work.plan));
	work.plan->kind = VX__TXN_KIND__TXN_CHANGE;
	error = verb->plan(&work);
	error = error == 0 ? plan_finish(&work) : error;
	if (work.after != NULL) {
		vx__config__free_unpacked(work.after, NULL);
	}
	if (error != 0) {
		plan_free(work.plan);
		return error;
	}
	*out_plan = work.plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL) {
		return;
	}
	if (plan->config != NULL) {
		vx__config__free_unpacked(plan->config, NULL);
	}
	if (plan->delta != NULL) {
		vx__delta__free_unpacked(plan->delta, NULL);
	}
	for (size_t i = 0; i < plan->need_disk_count; i++) {
		free(plan->need_disk[i]);
	}
	for (size_t i = 0; i < plan->label_disk_count; i++) {
		free(plan->label_disk[i]);
	}
	free(plan);
}
