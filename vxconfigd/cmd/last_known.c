// SPDX-License-Identifier: GPL-2.0-or-later
/* The disk groups that this node's vxconfigd last ran. */
#include "vxconfigd/cmd/last_known.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/paths.h"
#include "vxconfigd/cmd/heap.h"

#define NOTES_MAX (64 * 1024)

static Vx__CfgState *last_known_read(void)
{
	char path[PATH_MAX];
	Vx__CfgState *notes = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/" PATH_GROUP_NOTES, path_run_dir());
	file = fopen(path, "re");
	if (file != NULL) {
		uint8_t *data = heap_zero(1, NOTES_MAX);
		size_t length = fread(data, 1, NOTES_MAX, file);

		notes = vx__cfg_state__unpack(NULL, length, data);
		free(data);
		fclose(file);
	}
	return notes;
}

static Vx__GroupInfo *last_known_group(const Vx__GroupState *state)
{
	Vx__GroupInfo *group = heap_zero(1, sizeof(*group));

	vx__group_info__init(group);
	group->state = heap_text("disabled");
	group->config = heap_zero(1, sizeof(*group->config));
	vx__config__init(group->config);
	group->config->dg = heap_zero(1, sizeof(*group->config->dg));
	vx__dg__init(group->config->dg);
	group->config->dg->name = heap_text(state->name);
	group->config->dg->dgid = heap_text(state->dgid);
	group->config->dg->shared = true;
	return group;
}

Vx__Reply *last_known_groups(void)
{
	Vx__CfgState *notes = last_known_read();
	Vx__Reply *reply = heap_zero(1, sizeof(*reply));

	vx__reply__init(reply);
	if (notes != NULL) {
		reply->group = heap_zero(notes->n_group, sizeof(reply->group[0]));
		for (size_t i = 0; i < notes->n_group; i++) {
			reply->group[reply->n_group++] = last_known_group(notes->group[i]);
		}
		vx__cfg_state__free_unpacked(notes, NULL);
	}
	return reply;
}
