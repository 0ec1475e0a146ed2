// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks as members of a group: vxdg init and adddisk bring them in, rmdisk takes them out. */
#include "vxconfigd/plan_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/proto.h"

/* By access name or path. */
static const Vx__DiskInfo *disk_find(const struct plan_env *env, const char *device)
{
	for (size_t i = 0; i < env->disk_count; i++) {
		if (strcmp(env->disk[i]->device, device) == 0 ||
		    (device[0] == '/' && strcmp(env->disk[i]->path, device) == 0)) {
			return env->disk[i];
		}
	}
	return NULL;
}

/* May the disk join? */
static int disk_check(struct plan_work *work, const char *device, const Vx__DiskInfo *disk)
{
	if (disk == NULL) {
		return plan_say(work, DISK_UNKNOWN, device, work->env->node);
	}
	for (size_t i = 0; i < work->after->n_dm; i++) {
		const Vx__Dm *dm = work->after->dm[i];
		bool is_old = work->before != NULL && config_dm_rid(work->before, dm->rid) != NULL;

		if (strcmp(dm->diskid, disk->diskid) == 0) {
			return is_old ? plan_say(work, DISK_IN_USE, device, plan_group_name(work)) :
					plan_say(work, DISK_TWICE, device, dm->device);
		}
	}
	if (disk->group[0] != '\0' || disk->dgid[0] != '\0') {
		return plan_say(work, DISK_IN_USE, device,
				disk->group[0] != '\0' ? disk->group : disk->dgid);
	}
	if (strncmp(disk->status, "error", strlen("error")) == 0) {
		return plan_say(work, DISK_FAILING, device, work->env->node, disk->status);
	}
	if (disk->diskid[0] == '\0' || disk->pub_len == 0) {
		return plan_say(work, DISK_NOT_SETUP, device, device);
	}
	return 0;
}

/* GROUP01, GROUP02 ...: the default of media names. */
static void disk_default_name(const Vx__Config *config, char *out)
{
	unsigned int number = 0;

	do {
		number++;
		snprintf(out, VX_NAME_MAX + 1, "%.*s%02u", VX_NAME_MAX - 3, config->dg->name,
			 number);
	} while (config_name_used(config, out));
}

static int disk_add_one(struct plan_work *work, const char *operand)
{
	const char *equals = strchr(operand, '=');
	const char *device = equals != NULL ? equals + 1 : operand;
	const Vx__DiskInfo *disk = disk_find(work->env, device);
	char name[VX_NAME_MAX + 1];
	int error = disk_check(work, device, disk);
	Vx__Dm *dm;

	if (error != 0) {
		return error;
	}
	if (work->after->n_dm >= VX_DISKS_MAX) {
		return plan_say(work, LIMIT, plan_group_name(work), VX_DISKS_MAX, "disks");
	}
	if (equals == NULL) {
		disk_default_name(work->after, name);
	} else {
		/* One byte too many is kept, so that plan_new_name() sees that it is too long. */
		char typed[VX_NAME_MAX + 2];

		snprintf(typed, sizeof(typed), "%.*s", (int)(equals - operand), operand);
		error = plan_new_name(work, typed);
		if (error != 0) {
			return error;
		}
		memcpy(name, typed, sizeof(name));
	}
	dm = config_dm_add(work->after, name);
	proto_string_set(&dm->diskid, disk->diskid);
	proto_string_set(&dm->device, disk->device);
	dm->pub_offset = disk->pub_offset;
	dm->pub_len = disk->pub_len;
	dm->priv_len = disk->priv_len;
	plan_add_need_disk(work->plan, disk->diskid);
	plan_add_label(work->plan, disk->diskid);
	return 0;
}

int plan_disk_add(struct plan_work *work, size_t first)
{
	for (size_t i = first; i < work->request->n_operand; i++) {
		int error = disk_add_one(work, work->request->operand[i]);

		if (error != 0) {
			return error;
		}
	}
	return 0;
}

/* Names of the subdisks on the disk; false if there is none. */
static bool disk_subdisks(const Vx__Config *config, uint64_t dm_rid, char *out_text)
{
	size_t used = 0;

	for (size_t i = 0; i < config->n_sd; i++) {
		if (config->sd[i]->dm_rid != dm_rid) {
			continue;
		}
		if (used > VX_REASON_MAX / 4) {
			snprintf(out_text + used, VX_REASON_MAX - used, " and more");
			return true;
		}
		snprintf(out_text + used, VX_REASON_MAX - used, "%s%s", used > 0 ? " " : "",
			 config->sd[i]->name);
		used += strlen(out_text + used);
	}
	return used > 0;
}

int plan_disk_remove(struct plan_work *work)
{
	int error = plan_check_twice(work, 0);

	for (size_t i = 0; i < work->request->n_operand && error == 0; i++) {
		const char *name = work->request->operand[i];
		char subdisks[VX_REASON_MAX];
		const Vx__DiskInfo *disk;
		Vx__Dm *dm;

		error = plan_find_disk(work, name, &dm);
		if (error != 0) {
			return error;
		}
		if (disk_subdisks(work->after, dm->rid, subdisks)) {
			return plan_say(work, DISK_MEDIA_BUSY, name, subdisks);
		}
		if (work->after->n_dm == 1) {
			return plan_say(work, DISK_LAST, name, plan_group_name(work),
					plan_group_name(work));
		}
		disk = plan_disk_by_id(work, dm->diskid);
		if (disk != NULL) {
			plan_add_label(work->plan, disk->diskid);
		}
		config_remove(work->after, dm->rid);
	}
	return error;
}

void plan_disk_choose_copies(struct plan_work *work, unsigned int copies)
{
	unsigned int have = 0;

	for (size_t i = 0; i < work->after->n_dm; i++) {
		have += work->after->dm[i]->nconfig ? 1 : 0;
	}
	for (size_t i = 0; i < work->after->n_dm && have < copies; i++) {
		Vx__Dm *dm = work->after->dm[i];

		if (!dm->nconfig) {
			dm->nconfig = true;
			plan_add_need_disk(work->plan, dm->diskid);
			have++;
		}
	}
}
