/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON of the listing commands. Names of fields are stable: documented in the manual pages.
 *
 * Lengths and offsets are in sectors of 512 bytes, unless the name ends in _bytes, _ms, _ns.
 */
#ifndef VX_CMD_JSON_H
#define VX_CMD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json_object.h>

#include "vxconfigd/cmd/listing.h"
#include "vxha.pb-c.h"

/* Building. An object that is added belongs to the one it was added to. */
void json_add_text(struct json_object *object, const char *key, const char *value);
void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);
/* A new array at key. */
struct json_object *json_list(struct json_object *object, const char *key);
/* A new object at the end of list. */
struct json_object *json_entry(struct json_object *list);
/* Prints object and frees it. */
void json_print(struct json_object *object, FILE *out);

/* Parts of the schema, each as the members of object. */
void json_group(struct json_object *object, const Vx__GroupInfo *group);
void json_free_extent(struct json_object *object, const char *group, const Vx__FreeExtent *extent);
void json_record(struct json_object *object, const Vx__Config *config,
		 const struct listing_item *item);
void json_disk(struct json_object *object, const Vx__DiskInfo *disk);
void json_mode(struct json_object *object, const Vx__ModeInfo *mode);
void json_task(struct json_object *object, const char *node, const char *state,
	       const Vx__Task *task);

#endif
