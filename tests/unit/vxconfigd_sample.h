/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of vxconfigd: a node with disks, one group, and command lines that are planned and
 * applied to it as the daemon would. Every applied change is checked in all the ways there are.
 */
#ifndef VX_TESTS_UNIT_VXCONFIGD_SAMPLE_H
#define VX_TESTS_UNIT_VXCONFIGD_SAMPLE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "vxconfigd/allocate.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/record.h"

#define SAMPLE_DISKS_MAX 300
#define SAMPLE_PUB_LEN 2097152 /* 1 GiB */

struct sample {
	Vx__DiskInfo disk[SAMPLE_DISKS_MAX];
	const Vx__DiskInfo *disk_list[SAMPLE_DISKS_MAX];
	char disk_text[SAMPLE_DISKS_MAX][2][32]; /* device, diskid */
	struct plan_env env;
	Vx__Config *config; /* NULL: no group yet */
	struct plan *plan; /* of the last command that was planned */
	/* of the last command */
	char text[8 * VX_REASON_MAX];
	int exit_code;
	uint32_t number;
};

/* A node "a" in cluster "demo" with count initialised disks dev0, dev1 ... of 1 GiB. */
static inline struct sample *sample_create(size_t count)
{
	struct sample *s = calloc(1, sizeof(*s));

	ck_assert(s != NULL && count <= SAMPLE_DISKS_MAX);
	for (size_t i = 0; i < count; i++) {
		vx__disk_info__init(&s->disk[i]);
		snprintf(s->disk_text[i][0], sizeof(s->disk_text[i][0]), "dev%zu", i);
		snprintf(s->disk_text[i][1], sizeof(s->disk_text[i][1]), "id-%04zu", i);
		s->disk[i].device = s->disk_text[i][0];
		s->disk[i].diskid = s->disk_text[i][1];
		s->disk[i].status = (char *)"online";
		s->disk[i].pub_offset = 65536;
		s->disk[i].pub_len = SAMPLE_PUB_LEN;
		s->disk[i].priv_len = 32768;
		s->disk_list[i] = &s->disk[i];
	}
	s->env = (struct plan_env){ .node = "a", .host = "host-a", .cluster = "demo",
				    .now_s = 1700000000, .serial = 1025, .disk = s->disk_list,
				    .disk_count = count,
				    .protocol = VX_PROTOCOL_MAX };
	return s;
}

static inline void sample_free(struct sample *s)
{
	plan_free(s->plan);
	if (s->config != NULL) {
		vx__config__free_unpacked(s->config, NULL);
	}
	free(s);
}

static inline Vx__Vol *sample_vol(const struct sample *s, const char *name)
{
	Vx__Vol *found = config_vol(s->config, name);

	ck_assert_msg(found != NULL, "%s", name);
	return found;
}

static inline Vx__Plex *sample_plex(const struct sample *s, const char *name)
{
	Vx__Plex *found = config_plex(s->config, name);

	ck_assert_msg(found != NULL, "%s", name);
	return found;
}

struct sample_words {
	Vx__Request request;
	Vx__Attr attr[64], *attr_list[64];
	char *operand[VX_OPERANDS_MAX + 8], *flag[16], text[8192];
};

/* "vxassist -g data make vol1 200m layout=mirror" as the utility sends it. */
static inline void sample_split(struct sample_words *w, const char *line)
{
	char *save = NULL;

	memset(w, 0, sizeof(*w));
	vx__request__init(&w->request);
	ck_assert_uint_lt(strlen(line), sizeof(w->text));
	strcpy(w->text, line);
	w->request.attr = w->attr_list;
	w->request.operand = w->operand;
	w->request.flag = w->flag;
	w->request.tool = strtok_r(w->text, " ", &save);
	for (char *word; (word = strtok_r(NULL, " ", &save)) != NULL;) {
		char *equals = strchr(word, '=');
		bool media = strcmp(w->request.tool, "vxdg") == 0 && equals != NULL &&
			     strncmp(word, "nconfig=", 8) != 0 && strncmp(word, "cds=", 4) != 0 &&
			     strncmp(word, "minor=", 6) != 0 && strcmp(w->request.verb, "set") != 0;

		if (strcmp(word, "-g") == 0) {
			w->request.group = strtok_r(NULL, " ", &save);
		} else if (strcmp(word, "-o") == 0) {
			char *extra = strtok_r(NULL, " ", &save);

			w->flag[w->request.n_flag++] =
				strcmp(extra, "rm") == 0 ? "o:rm" : "o:other";
		} else if (word[0] == '-' && word[1] != '\0' && word[1] > '9' && word[2] == '\0') {
			w->flag[w->request.n_flag++] = word + 1;
		} else if (w->request.verb[0] == '\0') {
			w->request.verb = word;
		} else if (equals != NULL && !media) {
			Vx__Attr *attr = &w->attr[w->request.n_attr];

			vx__attr__init(attr);
			*equals = '\0';
			attr->key = word;
			attr->value = equals + 1;
			w->attr_list[w->request.n_attr++] = attr;
		} else {
			w->operand[w->request.n_operand++] = strcmp(word, "EMPTY") == 0 ? "" : word;
		}
	}
}

/* What every plan must keep, whatever the command. */
static inline void sample_check_plan(struct sample *s, const struct plan *plan)
{
	char reason[VX_REASON_MAX];

	if (plan->kind == VX__TXN_KIND__TXN_IMPORT) {
		ck_assert(plan->config != NULL && plan->delta == NULL);
		ck_assert_msg(config_check(plan->config, reason) == 0, "%s", reason);
		return;
	}
	ck_assert(plan->config == NULL);
	ck_assert((plan->delta != NULL) == (plan->kind == VX__TXN_KIND__TXN_CHANGE));
	for (size_t i = 0; i < plan->quiesce_count; i++) {
		ck_assert(config_vol_rid(s->config, plan->quiesce[i]) != NULL);
	}
}

/* Started volumes that are there before and whose data path differs after must be quiet. */
static inline void sample_check_quiesce(const Vx__Config *before, const Vx__Config *after,
					const struct plan *plan)
{
	for (size_t i = 0; i < before->n_vol; i++) {
		const Vx__Vol *vol = before->vol[i], *now = config_vol_rid(after, vol->rid);
		bool changed = now == NULL || now->len != vol->len || now->kstate != vol->kstate;
		bool quiet = false;

		for (size_t j = 0; j < before->n_plex; j++) {
			const Vx__Plex *plex = before->plex[j];
			const Vx__Plex *same = config_plex_rid(after, plex->rid);

			changed = changed || (plex->vol_rid == vol->rid &&
					      (same == NULL || same->kstate != plex->kstate ||
					       same->vol_rid != plex->vol_rid));
		}
		for (size_t j = 0; j < after->n_plex; j++) {
			const Vx__Plex *old = after->plex[j]->vol_rid == vol->rid
						      ? config_plex_rid(before, after->plex[j]->rid)
						      : NULL;

			changed = changed || (after->plex[j]->vol_rid == vol->rid &&
					      (old == NULL || old->vol_rid != vol->rid));
		}
		for (size_t j = 0; j < plan->quiesce_count; j++) {
			quiet = quiet || plan->quiesce[j] == vol->rid;
		}
		if (quiet != (changed && vol->kstate == VX__KSTATE__KS_ENABLED)) {
			ck_abort_msg("volume %s changed %d quiet %d", vol->name, changed, quiet);
		}
	}
}

/* Every disk that got a new subdisk must be named in need_disk; that of a detached plex may be gone. */
static inline void sample_check_need(const Vx__Config *before, const Vx__Config *after,
				     const struct plan *plan)
{
	for (size_t i = 0; i < after->n_sd; i++) {
		const Vx__Dm *dm = config_dm_rid(after, after->sd[i]->dm_rid);
		const Vx__Plex *plex = config_plex_rid(after, after->sd[i]->plex_rid);
		bool needed = config_sd(before, after->sd[i]->name) != NULL ||
			      plex->kstate == VX__KSTATE__KS_DETACHED;

		for (size_t j = 0; j < plan->need_disk_count; j++) {
			needed = needed || strcmp(plan->need_disk[j], dm->diskid) == 0;
		}
		if (!needed) {
			ck_abort_msg("disk %s has a new subdisk and is not needed", dm->name);
		}
	}
}

/* Takes what the plan makes of the configuration. */
static inline void sample_apply(struct sample *s, struct plan *plan)
{
	char reason[VX_REASON_MAX];
	Vx__Config *before, *copy;

	if (plan->kind == VX__TXN_KIND__TXN_IMPORT) {
		s->config = proto_clone(plan->config);
	} else if (plan->kind == VX__TXN_KIND__TXN_DEPORT) {
		vx__config__free_unpacked(s->config, NULL);
		s->config = NULL;
	} else {
		before = proto_clone(s->config);
		ck_assert_msg(config_apply(s->config, plan->delta, reason) == 0, "%s", reason);
		ck_assert((config_hash(before) == config_hash(s->config)) ==
			  (delta_is_empty(plan->delta)));
		sample_check_quiesce(before, s->config, plan);
		sample_check_need(before, s->config, plan);
		vx__config__free_unpacked(before, NULL);
		copy = proto_clone(s->config);
		ck_assert_uint_eq(config_hash(copy), config_hash(s->config));
		vx__config__free_unpacked(copy, NULL);
	}
	for (size_t i = 0; i < plan->label_disk_count; i++) {
		for (size_t j = 0; j < s->env.disk_count; j++) {
			if (strcmp(s->disk[j].diskid, plan->label_disk[i]) == 0 &&
			    plan->kind != VX__TXN_KIND__TXN_DEPORT) {
				s->disk[j].group = plan->label_clear ? (char *)"" : (char *)"data";
			} else if (strcmp(s->disk[j].diskid, plan->label_disk[i]) == 0 &&
				   plan->label_clear) {
				s->disk[j].group = (char *)"";
			}
		}
	}
}

/* Plans a command line without applying it; s->plan is its plan if 0 is returned. */
static inline int sample_plan(struct sample *s, const char *line)
{
	struct sample_words *words = malloc(sizeof(*words));
	Vx__Reply *reply = malloc(sizeof(*reply));
	uint64_t hash = s->config != NULL ? config_hash(s->config) : 0;
	int error;

	ck_assert(words != NULL && reply != NULL);
	vx__reply__init(reply);
	sample_split(words, line);
	plan_free(s->plan);
	s->plan = NULL;
	error = plan_make(s->config, &words->request, &s->env, &s->plan, reply);
	s->text[0] = '\0';
	s->exit_code = reply->exit_code;
	s->number = reply->n_message > 0 ? reply->message[0]->number : 0;
	for (size_t i = 0; i < reply->n_message; i++) {
		size_t used = strlen(s->text);

		snprintf(s->text + used, sizeof(s->text) - used, "%s%s", i > 0 ? "\n" : "",
			 reply->message[i]->text);
		ck_assert_int_eq(reply->message[i]->severity, VX__SEVERITY__SEV_ERROR);
		ck_assert_str_eq(reply->message[i]->tool, words->request.tool);
	}
	/* A refusal says why; a plan only what it leaves undone. Neither changes anything yet. */
	ck_assert(error == 0 || reply->n_message > 0);
	ck_assert((error == 0) == (s->plan != NULL));
	ck_assert((reply->n_message == 0) == (reply->exit_code == 0));
	ck_assert(s->config == NULL || config_hash(s->config) == hash);
	vx__reply__free_unpacked(reply, NULL);
	free(words);
	if (error == 0) {
		sample_check_plan(s, s->plan);
	}
	return error;
}

/* Plans and applies. */
static inline int sample_try(struct sample *s, const char *line)
{
	int error = sample_plan(s, line);

	if (error == 0) {
		sample_apply(s, s->plan);
	}
	return error;
}

/* ... and it must succeed. */
static inline void sample_do(struct sample *s, const char *line)
{
	ck_assert_msg(sample_try(s, line) == 0 && s->number == 0, "%s: %s", line, s->text);
}

/* ... and it must fail with this message. */
static inline void sample_refuse(struct sample *s, const char *line, uint32_t number,
				 const char *text)
{
	ck_assert_msg(sample_try(s, line) != 0, "%s: was not refused", line);
	ck_assert_msg(s->number == number, "%s: %u: %s", line, s->number, s->text);
	ck_assert_msg(strstr(s->text, text) != NULL, "%s: %s", line, s->text);
}

#endif
