// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers from a configuration. */
#include "vxconfigd/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/proto.h"
#include "vxconfigd/allocate.h"
#include "vxconfigd/plan_layout.h"
#include "vxconfigd/plan_plex.h"
#include "vxconfigd/plan_work.h"

enum query_condition query_volume_condition(const Vx__Config *config, const Vx__Vol *vol)
{
	bool usable = false;

	if (vol->kstate != VX__KSTATE__KS_ENABLED) {
		return volume_is_startable(config, vol) ? QUERY_STARTABLE : QUERY_UNSTARTABLE;
	}
	for (size_t i = 0; i < config->n_plex; i++) {
		usable = usable ||
			 (config->plex[i]->vol_rid == vol->rid && plex_is_good(config->plex[i]));
	}
	return usable ? QUERY_STARTED : QUERY_STARTED_UNUSABLE;
}

const char *query_condition_text(enum query_condition condition)
{
	static const char *const text[] = {
#define QUERY_TEXT(name, text) [QUERY_##name] = text,
		QUERY_CONDITIONS(QUERY_TEXT)
#undef QUERY_TEXT
	};

	return text[condition];
}

Vx__FreeExtent **query_free(const Vx__Config *config, size_t *out_count)
{
	size_t count;
	struct allocate_extent *extent = allocate_free_extents(config, &count);
	Vx__FreeExtent **list = count > 0 ? record_alloc(count, sizeof(*list)) : NULL;

	for (size_t i = 0; i < count; i++) {
		const Vx__Dm *dm = config_dm_rid(config, extent[i].dm_rid);

		list[i] = record_alloc(1, sizeof(**list));
		vx__free_extent__init(list[i]);
		proto_string_set(&list[i]->disk, dm->name);
		proto_string_set(&list[i]->device, dm->device);
		list[i]->offset = extent[i].offset;
		list[i]->len = extent[i].len;
	}
	free(extent);
	*out_count = count;
	return list;
}

static bool max_size_fits(const Vx__Config *config, const struct layout *layout, uint64_t len)
{
	struct allocation *allocation;
	char reason[VX_REASON_MAX];

	if (plan_layout_place(config, layout, len, &allocation, reason) != 0) {
		return false;
	}
	allocation_free(allocation);
	return true;
}

/* Between a size that fits and one that does not, halved until they are neighbours. */
static uint64_t max_size_search(const Vx__Config *config, const struct layout *layout)
{
	size_t count;
	struct allocate_extent *extent = allocate_free_extents(config, &count);
	uint64_t fits = 0, free_len = 0, too_much;

	for (size_t i = 0; i < count; i++) {
		free_len += extent[i].len;
	}
	free(extent);
	too_much = free_len / layout->mirrors / ALLOCATE_ALIGN_SECTORS + 1;
	while (too_much - fits > 1) {
		uint64_t middle = fits + (too_much - fits) / 2;

		if (max_size_fits(config, layout, middle * ALLOCATE_ALIGN_SECTORS)) {
			fits = middle;
		} else {
			too_much = middle;
		}
	}
	return fits * ALLOCATE_ALIGN_SECTORS;
}

static void reply_line_add(Vx__Reply *reply, const char *line)
{
	char **list = realloc(reply->line, (reply->n_line + 1) * sizeof(*list));

	if (list == NULL) {
		abort();
	}
	list[reply->n_line] = NULL;
	proto_string_set(&list[reply->n_line++], line);
	reply->line = list;
}

/* Nothing is edited by a query: the configuration stands for its own copy. */
static int query_begin(const Vx__Config *config, const Vx__Request *request, Vx__Reply *reply,
		       struct plan_work *out_work)
{
	struct plan_work work = {
		.before = config, .after = (Vx__Config *)config, .request = request, .reply = reply
	};
	const char *group = plan_group(request);

	if (config == NULL) {
		return group == NULL ? plan_say(&work, GROUP_NONE) :
				       plan_say(&work, GROUP_UNKNOWN, group);
	}
	*out_work = work;
	return 0;
}

int query_max_size(const Vx__Config *config, const Vx__Request *request, Vx__Reply *reply)
{
	struct plan_work work;
	struct layout layout;
	uint64_t len;
	int error = query_begin(config, request, reply, &work);

	error = error == 0 ? plan_check_attrs(&work, LAYOUT_ATTRS) : error;
	error = error == 0 ? plan_layout_read(&work, 0, &layout) : error;
	if (error != 0) {
		return error;
	}
	len = max_size_search(config, &layout);
	if (len == 0) {
		return plan_say(&work, NO_SPACE, plan_group_name(&work),
				(unsigned long long)ALLOCATE_ALIGN_SECTORS,
				"no free space remains with these constraints");
	}
	reply->max_size = len;
	return 0;
}

int query_startable(const Vx__Config *config, const Vx__Request *request, Vx__Reply *reply)
{
	struct plan_work work;
	int error = query_begin(config, request, reply, &work);

	error = error == 0 ? plan_recover_check(&work) : error;
	for (size_t i = 0; error == 0 && i < config->n_vol; i++) {
		char line[VX_NAME_MAX + 32];

		if (plan_recover_startable(&work, config->vol[i])) {
			snprintf(line, sizeof(line), "%s %s", config->vol[i]->name,
				 query_condition_text(QUERY_STARTABLE));
			reply_line_add(reply, line);
		}
	}
	return error;
}
