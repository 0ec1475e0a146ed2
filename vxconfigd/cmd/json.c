// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON of the listing commands: building it, and the smaller parts of the schema. */
#include "vxconfigd/cmd/json.h"

#include <stdlib.h>

#include "base/text.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/words.h"

static struct json_object *json_must(struct json_object *object)
{
	if (object == NULL) {
		abort();
	}
	return object;
}

void json_add_text(struct json_object *object, const char *key, const char *value)
{
	size_t size = strlen(value) * strlen("\\xNN") + 1;
	char *shown = heap_zero(size, 1);

	text_escape(value, shown, size); /* JSON is UTF-8 */
	json_object_object_add(object, key, json_must(json_object_new_string(shown)));
	free(shown);
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_must(json_object_new_uint64(value)));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_must(json_object_new_boolean(value)));
}

struct json_object *json_list(struct json_object *object, const char *key)
{
	struct json_object *list = json_must(json_object_new_array());

	json_object_object_add(object, key, list);
	return list;
}

struct json_object *json_entry(struct json_object *list)
{
	struct json_object *object = json_must(json_object_new_object());

	json_object_array_add(list, object);
	return object;
}

void json_print(struct json_object *object, FILE *out)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							       JSON_C_TO_STRING_SPACED |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void json_disk(struct json_object *object, const Vx__DiskInfo *disk)
{
	json_add_text(object, "device", disk->device);
	json_add_text(object, "path", disk->path);
	json_add_text(object, "type", disk->type);
	json_add_text(object, "disk", disk->disk);
	json_add_text(object, "group", disk->group);
	json_add_text(object, "status", disk->status);
	json_add_text(object, "disk_id", disk->diskid);
	json_add_text(object, "group_id", disk->dgid);
	json_add_text(object, "cluster", disk->cluster);
	json_add_text(object, "host", disk->host);
	json_add_number(object, "length", disk->len);
	json_add_number(object, "public_offset", disk->pub_offset);
	json_add_number(object, "public_length", disk->pub_len);
	json_add_number(object, "private_length", disk->priv_len);
}

void json_mode(struct json_object *object, const Vx__ModeInfo *mode)
{
	json_add_text(object, "mode", mode->mode);
	json_add_bool(object, "cluster_active", mode->cluster);
	json_add_text(object, "role", mode->role);
	json_add_text(object, "master", mode->master);
	json_add_text(object, "state", mode->state);
	json_add_text(object, "reconfig", mode->reconfig);
	json_add_text(object, "host", mode->host);
	json_add_text(object, "cluster", mode->cluster_name);
	json_add_number(object, "protocol", mode->protocol);
	json_add_number(object, "protocol_minimum", mode->proto_min);
	json_add_number(object, "protocol_maximum", mode->proto_max);
	json_add_number(object, "vxconfigd_version", mode->configd_version);
	json_add_number(object, "dg_minimum", mode->dg_min);
	json_add_number(object, "dg_maximum", mode->dg_max);
	json_add_number(object, "kernel", mode->iod_version);
}

void json_task(struct json_object *object, const char *node, const char *state,
	       const Vx__Task *task)
{
	json_add_text(object, "node", node);
	json_add_number(object, "id", task->id);
	json_add_text(object, "type", task->type);
	json_add_text(object, "state", state);
	json_add_text(object, "group", task->group);
	json_add_text(object, "volume", task->volume);
	json_add_text(object, "plex", task->plex);
	json_add_number(object, "done", task->done);
	json_add_number(object, "total", task->total);
	json_add_number(object, "regions", task->regions);
	json_add_number(object, "all_regions", task->all_regions);
	json_add_number(object, "started_ms", task->started_ms);
	json_add_number(object, "elapsed_ms", task->elapsed_ms);
	json_add_text(object, "waits_for", task->waits_for);
	if (task->author != NULL) {
		char user[WORD_USER_MAX];

		json_add_text(object, "user", word_user(task->author->uid, user));
		json_add_number(object, "uid", task->author->uid);
		json_add_number(object, "pid", task->author->pid);
		json_add_text(object, "command", task->author->command_line);
	}
}

void json_free_extent(struct json_object *object, const char *group, const Vx__FreeExtent *extent)
{
	json_add_text(object, "group", group);
	json_add_text(object, "disk", extent->disk);
	json_add_text(object, "device", extent->device);
	json_add_number(object, "offset", extent->offset);
	json_add_number(object, "length", extent->len);
}

static void json_group_nodes(struct json_object *object, const Vx__GroupInfo *group)
{
	struct json_object *list = json_list(object, "nodes");

	for (size_t i = 0; i < group->n_node; i++) {
		struct json_object *entry = json_entry(list);

		json_add_text(entry, "node", group->node[i]->node);
		json_add_number(entry, "node_id", group->node[i]->nodeid);
		json_add_text(entry, "activation", word_activation(group->node[i]->mode));
	}
}

static void json_group_copies(struct json_object *object, const Vx__GroupInfo *group)
{
	struct json_object *list = json_list(object, "copies");

	for (size_t i = 0; i < group->n_copy; i++) {
		struct json_object *entry = json_entry(list);

		json_add_text(entry, "disk", group->copy[i]->disk);
		json_add_text(entry, "state", group->copy[i]->state);
		json_add_number(entry, "length", group->copy[i]->len);
		json_add_number(entry, "used", group->copy[i]->used);
		json_add_number(entry, "journal_length", group->copy[i]->journal_len);
		json_add_number(entry, "epoch", group->copy[i]->epoch);
		json_add_number(entry, "sequence", group->copy[i]->seq);
	}
}

void json_group(struct json_object *object, const Vx__GroupInfo *group)
{
	const Vx__Config *config = group->config;
	char hash[17];

	json_add_text(object, "name", config->dg->name);
	json_add_text(object, "state", group->state);
	json_add_text(object, "id", config->dg->dgid);
	json_add_bool(object, "shared", config->dg->shared);
	json_add_number(object, "version", config->dg->version);
	json_add_text(object, "local_activation", word_activation(group->activation));
	json_add_text(object, "default_activation", word_activation(config->dg->activation));
	json_add_text(object, "detach_policy",
		      config->dg->detach_policy == VX__DETACH_POLICY__DETACH_LOCAL ? "local"
										   : "global");
	json_add_number(object, "epoch", config->epoch);
	json_add_number(object, "sequence", config->seq);
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)group->hash);
	json_add_text(object, "hash", hash);
	json_group_nodes(object, group);
	json_group_copies(object, group);
}
