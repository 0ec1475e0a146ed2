// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning for volumes as objects: vxassist make and remove, vxvol set. State: plan_start.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/proto.h"
#include "vxconfigd/plan_layout.h"
#include "vxconfigd/plan_work.h"

#define VOLUME_REMOVE_USAGE "usage: vxassist -g GROUP remove volume VOLUME ..."

/* The lowest minor number from the group's base on that no volume has. */
static uint32_t volume_minor(const Vx__Config *config)
{
	bool *used = record_alloc(VX_VOLUMES_MAX + 1, sizeof(*used));
	uint32_t base = config->dg->minor_base, number = 0;

	for (size_t i = 0; i < config->n_vol; i++) {
		uint32_t minor = config->vol[i]->minor;

		if (minor >= base && minor - base <= VX_VOLUMES_MAX) {
			used[minor - base] = true;
		}
	}
	while (used[number]) {
		number++; /* one of VX_VOLUMES_MAX + 1 is free */
	}
	free(used);
	return base + number;
}

/* A random UUID (version 4) in braces. */
static void volume_guid(const uint8_t *random, char *out)
{
	uint8_t id[ID_BYTES];
	char hex[ID_TEXT];

	memcpy(id, random, sizeof(id));
	id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
	id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
	id_text(id, sizeof(id), hex);
	sprintf(out, "{%.8s-%.4s-%.4s-%.4s-%.12s}", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void volume_add_plex(struct plan_work *work, const Vx__Vol *vol, const struct layout *layout,
			    const struct allocate_plex *place)
{
	bool started = layout->init != LAYOUT_INIT_NONE;
	Vx__Plex *plex = plan_layout_add_plex(work, vol, layout->stripe_width, place);

	plex->state = place->is_log ? VX__PLEX_STATE__PLEX_LOG :
		      started	    ? VX__PLEX_STATE__PLEX_ACTIVE :
				      VX__PLEX_STATE__PLEX_EMPTY;
	plex->kstate = started ? VX__KSTATE__KS_ENABLED : VX__KSTATE__KS_DISABLED;
}

static Vx__VolState volume_first_state(const struct layout *layout)
{
	switch (layout->init) {
	case LAYOUT_INIT_NONE:
		return VX__VOL_STATE__VOL_EMPTY;
	case LAYOUT_INIT_ACTIVE:
		return VX__VOL_STATE__VOL_ACTIVE;
	case LAYOUT_INIT_SYNC:
		return layout->mirrors > 1 ? VX__VOL_STATE__VOL_SYNC : VX__VOL_STATE__VOL_ACTIVE;
	}
	abort();
}

static void volume_add(struct plan_work *work, const char *name, uint64_t len,
		       const struct layout *layout, const struct allocation *allocation)
{
	Vx__Vol *vol = config_vol_add(work->after, name);
	char guid[64];

	volume_guid(work->env->random, guid);
	proto_string_set(&vol->usetype, layout->usetype);
	proto_string_set(&vol->comment, layout->comment);
	proto_string_set(&vol->guid, guid);
	vol->len = len;
	vol->state = volume_first_state(layout);
	vol->kstate = layout->init == LAYOUT_INIT_NONE ? VX__KSTATE__KS_DISABLED :
							 VX__KSTATE__KS_ENABLED;
	vol->read_policy = VX__READ_POLICY__READ_SELECT;
	vol->minor = volume_minor(work->before);
	vol->region_len = plan_layout_region(layout, len);
	for (size_t i = 0; i < allocation->plex_count; i++) {
		volume_add_plex(work, vol, layout, &allocation->plex[i]);
	}
	if (vol->region_len != 0) {
		plan_add_log(work->plan, vol->rid, false);
		work->plan->format_dirty = layout->init != LAYOUT_INIT_ACTIVE;
	}
}

int plan_volume_make(struct plan_work *work)
{
	const char *name = work->request->operand[0];
	struct allocation *allocation;
	char reason[VX_REASON_MAX];
	struct layout layout;
	uint64_t len;
	int error = plan_new_name(work, name);

	error = error == 0 ? plan_layout_size(work, work->request->operand[1], &len) : error;
	error = error == 0 ? plan_layout_read(work, 2, &layout) : error;
	if (error != 0) {
		return error;
	}
	if (work->after->n_vol >= VX_VOLUMES_MAX) {
		return plan_say(work, LIMIT, plan_group_name(work), VX_VOLUMES_MAX, "volumes");
	}
	error = plan_layout_place(work->after, &layout, len, &allocation, reason);
	if (error != 0) {
		return plan_say(work, NO_SPACE, plan_group_name(work), (unsigned long long)len,
				reason);
	}
	volume_add(work, name, len, &layout, allocation);
	allocation_free(allocation);
	return 0;
}

int plan_volume_remove(struct plan_work *work)
{
	const Vx__Request *request = work->request;
	bool is_log = strcmp(request->operand[0], "log") == 0;
	int error;

	if (is_log || strcmp(request->operand[0], "mirror") == 0) {
		return plan_plex_reduce(work, is_log);
	}
	if (strcmp(request->operand[0], "volume") != 0) {
		return plan_say(work, REMOVE_WHAT, request->operand[0], plan_group_name(work));
	}
	if (request->n_operand == 1) {
		return plan_say(work, USAGE, "remove volume: which? " VOLUME_REMOVE_USAGE);
	}
	error = plan_check_twice(work, 1);
	for (size_t i = 1; i < request->n_operand && error == 0; i++) {
		Vx__Vol *vol;

		error = plan_find_volume(work, request->operand[i], &vol);
		if (error != 0) {
			return error;
		}
		plan_quiesce(work, vol->rid);
		config_vol_remove(work->after, vol->rid);
	}
	return error;
}

int plan_volume_set(struct plan_work *work)
{
	const char *comment = NULL;
	int bad = plan_attr_comment(work, &comment);

	if (bad != 0) {
		return bad;
	}
	if (comment == NULL) {
		return plan_say(work, USAGE, "vxvol set: name an attribute: comment=TEXT");
	}
	for (size_t i = 0; i < work->request->n_operand; i++) {
		Vx__Vol *vol;
		int error = plan_find_volume(work, work->request->operand[i], &vol);

		if (error != 0) {
			return error;
		}
		proto_string_set(&vol->comment, comment);
	}
	return 0;
}
