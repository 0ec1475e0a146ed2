// SPDX-License-Identifier: GPL-2.0-or-later
/* What the planners of all nouns need: attributes, objects by name, new names. */
#include "vxconfigd/plan_work.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"
#include "base/text.h"

#define NAME_BASE_MAX (VX_NAME_MAX - 6) /* leaves room for '-' and five digits */
#define NAME_NUMBERS 65536
#define COMMENT_BYTES_MAX 40 /* as the original */

bool plan_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at != '\0';) {
		size_t end = strcspn(at, " ");

		if (end == length && strncmp(at, word, end) == 0) {
			return true;
		}
		at += end + strspn(at + end, " ");
	}
	return false;
}

int plan_check_attrs(struct plan_work *work, const char *known)
{
	for (size_t i = 0; i < work->request->n_attr; i++) {
		const char *key = work->request->attr[i]->key;

		if (!plan_list_has(known, key)) {
			return plan_say(work, ATTR_UNKNOWN, key, known[0] != '\0' ? known : "none");
		}
	}
	return 0;
}

int plan_check_twice(struct plan_work *work, size_t first)
{
	char **operand = work->request->operand;

	for (size_t i = first; i < work->request->n_operand; i++) {
		for (size_t k = first; k < i; k++) {
			if (strcmp(operand[i], operand[k]) == 0) {
				return plan_say(work, TWICE, operand[i]);
			}
		}
	}
	return 0;
}

const char *plan_group_name(const struct plan_work *work)
{
	return work->after->dg->name;
}

bool plan_has_flag(const struct plan_work *work, const char *flag)
{
	for (size_t i = 0; i < work->request->n_flag; i++) {
		if (strcmp(work->request->flag[i], flag) == 0) {
			return true;
		}
	}
	return false;
}

const char *plan_attr(const struct plan_work *work, const char *key)
{
	for (size_t i = work->request->n_attr; i > 0; i--) {
		if (strcmp(work->request->attr[i - 1]->key, key) == 0) {
			return work->request->attr[i - 1]->value;
		}
	}
	return NULL;
}

int plan_attr_bad(struct plan_work *work, const char *key, const char *why)
{
	return plan_say(work, ATTR_INVALID, key, plan_attr(work, key), why);
}

int plan_attr_number(struct plan_work *work, const char *key, unsigned int min, unsigned int max,
		     unsigned int fallback, unsigned int *out_number)
{
	const char *value = plan_attr(work, key);
	char why[64];
	size_t length;
	unsigned long number;

	if (value == NULL) {
		*out_number = fallback;
		return 0;
	}
	length = strspn(value, "0123456789");
	number = length >= 1 && length <= 9 ? strtoul(value, NULL, 10) : 0;
	if (length < 1 || length > 9 || value[length] != '\0' || number < min || number > max) {
		snprintf(why, sizeof(why), "a number from %u to %u is needed", min, max);
		return plan_attr_bad(work, key, why);
	}
	*out_number = (unsigned int)number;
	return 0;
}

int plan_attr_comment(struct plan_work *work, const char **out_comment)
{
	const char *comment = plan_attr(work, "comment");

	if (comment == NULL) {
		return 0;
	}
	if (strlen(comment) > COMMENT_BYTES_MAX) {
		return plan_attr_bad(work, "comment", "is longer than 40 bytes");
	}
	if (!text_is_plain(comment)) {
		return plan_attr_bad(work, "comment", "is not one line of text in UTF-8");
	}
	*out_comment = comment;
	return 0;
}

int plan_find_volume(struct plan_work *work, const char *name, Vx__Vol **out_vol)
{
	Vx__Vol *vol = config_vol(work->after, name);

	if (vol == NULL) {
		return plan_say(work, VOLUME_UNKNOWN, name, plan_group_name(work));
	}
	*out_vol = vol;
	return 0;
}

int plan_find_plex(struct plan_work *work, const char *name, Vx__Plex **out_plex)
{
	Vx__Plex *plex = config_plex(work->after, name);

	if (plex == NULL) {
		return plan_say(work, PLEX_UNKNOWN, name, plan_group_name(work));
	}
	*out_plex = plex;
	return 0;
}

int plan_find_disk(struct plan_work *work, const char *name, Vx__Dm **out_dm)
{
	Vx__Dm *dm = config_dm(work->after, name);

	if (dm == NULL) {
		return plan_say(work, DISK_MEDIA_UNKNOWN, name, plan_group_name(work));
	}
	*out_dm = dm;
	return 0;
}

int plan_new_name(struct plan_work *work, const char *name)
{
	if (!record_name_valid(name)) {
		return plan_say(work, NAME_INVALID, name);
	}
	if (config_name_used(work->after, name)) {
		return plan_say(work, NAME_EXISTS, name, plan_group_name(work));
	}
	return 0;
}

/* Marks the number of a name PREFIX<digits>. */
static void name_mark(bool *used, const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	const char *number = name + length;
	unsigned long value;

	if (strncmp(name, prefix, length) != 0) {
		return;
	}
	value = strspn(number, "0123456789") <= 9 ? strtoul(number, NULL, 10) : 0;
	if (value < NAME_NUMBERS) {
		used[value] = true;
	}
}

void plan_next_name(const Vx__Config *config, const char *base, char *out)
{
	bool *used = record_alloc(NAME_NUMBERS, sizeof(*used));
	char prefix[NAME_BASE_MAX + 2];
	unsigned int number = 1;

	snprintf(prefix, sizeof(prefix), "%.*s-", NAME_BASE_MAX, base);
	for (size_t i = 0; i < config->n_plex; i++) {
		name_mark(used, config->plex[i]->name, prefix);
	}
	for (size_t i = 0; i < config->n_sd; i++) {
		name_mark(used, config->sd[i]->name, prefix);
	}
	for (size_t i = 0; i < config->n_vol; i++) {
		name_mark(used, config->vol[i]->name, prefix);
	}
	for (size_t i = 0; i < config->n_dm; i++) {
		name_mark(used, config->dm[i]->name, prefix);
	}
	while (number < NAME_NUMBERS && used[number]) {
		number++;
	}
	free(used);
	snprintf(out, VX_NAME_MAX + 1, "%s%02u", prefix, number);
}

void plan_add_quiesce(struct plan *plan, uint64_t vol_rid)
{
	for (size_t i = 0; i < plan->quiesce_count; i++) {
		if (plan->quiesce[i] == vol_rid) {
			return;
		}
	}
	assert(plan->quiesce_count < VX_VOLUMES_MAX);
	plan->quiesce[plan->quiesce_count++] = vol_rid;
}

void plan_quiesce(struct plan_work *work, uint64_t vol_rid)
{
	const Vx__Vol *vol = config_vol_rid(work->before, vol_rid);

	if (vol != NULL && vol->kstate == VX__KSTATE__KS_ENABLED) {
		plan_add_quiesce(work->plan, vol_rid);
	}
}

void plan_add_log(struct plan *plan, uint64_t vol_rid, bool fold)
{
	for (size_t i = 0; i < plan->format_log_count; i++) {
		if (plan->format_log[i].vol_rid == vol_rid) {
			return;
		}
	}
	assert(plan->format_log_count < VX_VOLUMES_MAX);
	plan->format_log[plan->format_log_count++] = (struct plan_log){ vol_rid, fold };
}

static void plan_add_text(char **list, size_t *count, const char *text)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(list[i], text) == 0) {
			return;
		}
	}
	assert(*count < VX_DISKS_MAX);
	proto_string_set(&list[(*count)++], text);
}

void plan_add_need_disk(struct plan *plan, const char *diskid)
{
	plan_add_text(plan->need_disk, &plan->need_disk_count, diskid);
}

void plan_add_label(struct plan *plan, const char *diskid)
{
	plan_add_text(plan->label_disk, &plan->label_disk_count, diskid);
}

const Vx__DiskInfo *plan_disk_by_id(const struct plan_work *work, const char *diskid)
{
	for (size_t i = 0; i < work->env->disk_count; i++) {
		if (strcmp(work->env->disk[i]->diskid, diskid) == 0) {
			return work->env->disk[i];
		}
	}
	return NULL;
}
