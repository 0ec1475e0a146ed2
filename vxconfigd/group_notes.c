// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notes in the run folder: which groups this node's vxiod was told to run, and how. A vxconfigd
 * that was killed finds them again; notes of an earlier membership of the node do not count.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"
#include "vxconfigd/group.h"

#define NOTES_MAX (64 * 1024)

static void group_notes_path(const char *end, char *out, size_t size)
{
	snprintf(out, size, "%s/" PATH_GROUP_NOTES "%s", path_run_dir(), end);
}

static Vx__CfgState *group_notes_make(struct configd *configd)
{
	Vx__CfgState *notes = PROTO_NEW(vx__cfg_state, Vx__CfgState);
	struct group *group;

	notes->serial = cview_incarnation(&configd->cluster);
	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (group->gone || !group->loaded || !group_is_shared(group)) {
			continue;
		}

		Vx__GroupState *state = PROTO_NEW(vx__group_state, Vx__GroupState);

		proto_string_set(&state->dgid, group->dgid);
		proto_string_set(&state->name, group->name);
		state->loaded = true;
		state->activation = activation_get(&group->activation, configd->cluster.self);
		PROTO_ADD(notes->group, notes->n_group, state);
	}
	return notes;
}

/* The run folder is in memory: this does not wait for a disk. */
void group_notes_save(struct configd *configd)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	Vx__CfgState *notes = group_notes_make(configd);
	size_t length;
	uint8_t *data = proto_pack(notes, &length);
	FILE *file;

	group_notes_path("", path, sizeof(path));
	group_notes_path(".new", temporary, sizeof(temporary));
	file = fopen(temporary, "we");
	if (file == NULL || fwrite(data, 1, length, file) != length) {
		log_warning("cannot write %s: %m", temporary);
	}
	if (file != NULL && (fclose(file) != 0 || rename(temporary, path) != 0)) {
		log_warning("cannot write %s: %m", path);
	}
	free(data);
	proto_free(notes);
}

Vx__CfgState *group_notes_read(struct configd *configd)
{
	char path[PATH_MAX];
	uint8_t *data = proto_grow(NULL, 0, NOTES_MAX);
	Vx__CfgState *notes = NULL;

	group_notes_path("", path, sizeof(path));

	FILE *file = fopen(path, "re");

	if (file != NULL) {
		size_t length = fread(data, 1, NOTES_MAX, file);

		notes = vx__cfg_state__unpack(NULL, length, data);
		fclose(file);
	}
	free(data);
	if (notes != NULL &&
	    (notes->serial == 0 || notes->serial != cview_incarnation(&configd->cluster))) {
		proto_free(notes);
		notes = NULL;
	}
	return notes;
}

/* Every disk that this node remembers a copy on is seen, and none is this cluster's group's. */
bool group_note_is_over(struct configd *configd, const char *dgid)
{
	struct memory_group known;

	if (!memory_get(configd->memory, dgid, &known)) {
		return false;
	}
	for (size_t i = 0; i < known.enabled_count; i++) {
		const struct disk *disk = disk_by_id(configd->disks, known.enabled[i]);

		if (disk == NULL || disk->error != 0 ||
		    (disk->label.shared && strcmp(disk->label.dgid, dgid) == 0 &&
		     strcmp(disk->label.cluster, configd->cluster.cluster) == 0)) {
			return false;
		}
	}
	return known.enabled_count > 0;
}
