// SPDX-License-Identifier: GPL-2.0-or-later
/* What a change does to the records of a group, as text. */
#include "vxconfigd/record_tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/record_list.h"

#define TELL_LINE_MAX 1024

struct tell {
	const Vx__Config *before, *after;
	record_line *line;
	void *ctx;
	char text[TELL_LINE_MAX];
	size_t used;
};

static const char *const tell_type[RECORD_KINDS] = {
	[RECORD_DM] = "dm",
	[RECORD_VOL] = "v",
	[RECORD_PLEX] = "pl",
	[RECORD_SD] = "sd",
};

static void tell_add(struct tell *tell, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell_add(struct tell *tell, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(tell->text + tell->used, sizeof(tell->text) - tell->used, format, args);
	va_end(args);
	if (length > 0) {
		tell->used += (size_t)length;
	}
	if (tell->used >= sizeof(tell->text)) {
		tell->used = sizeof(tell->text) - 1;
	}
}

static void tell_begin(struct tell *tell, const char *what, const char *type, const char *name)
{
	tell->used = 0;
	tell_add(tell, "%-7s %-2s %s", what, type, name);
}

static void tell_end(struct tell *tell)
{
	tell->line(tell->ctx, tell->text);
}

/* ---- fields ---- */

/* A reference to another record is told by that one's name. */
static const char *tell_reference(const Vx__Config *config, const char *field, uint64_t rid)
{
	if (strcmp(field, "vol_rid") == 0) {
		const Vx__Vol *vol = config_vol_rid(config, rid);

		return vol != NULL ? vol->name : "-";
	}
	if (strcmp(field, "plex_rid") == 0) {
		const Vx__Plex *plex = config_plex_rid(config, rid);

		return plex != NULL ? plex->name : "-";
	}
	if (strcmp(field, "dm_rid") == 0) {
		const Vx__Dm *dm = config_dm_rid(config, rid);

		return dm != NULL ? dm->name : "-";
	}
	return NULL;
}

static void tell_enum(struct tell *tell, const ProtobufCFieldDescriptor *field, int value)
{
	const ProtobufCEnumValue *row =
		protobuf_c_enum_descriptor_get_value(field->descriptor, value);
	const char *end_of_prefix = row != NULL ? strchr(row->name, '_') : NULL;

	tell_add(tell, "%s", end_of_prefix != NULL ? end_of_prefix + 1 : "?");
}

static const char *tell_field_name(const ProtobufCFieldDescriptor *field)
{
	return strcmp(field->name, "vol_rid") == 0    ? "volume"
	       : strcmp(field->name, "plex_rid") == 0 ? "plex"
	       : strcmp(field->name, "dm_rid") == 0   ? "disk"
						      : field->name;
}

static void tell_value(struct tell *tell, const Vx__Config *config,
		       const ProtobufCFieldDescriptor *field, const ProtobufCMessage *record)
{
	const void *member = (const uint8_t *)record + field->offset;
	const char *name;

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		const char *text = *(char *const *)member;

		tell_add(tell, strchr(text, ' ') != NULL ? "\"%s\"" : "%s", text);
	} else if (field->type == PROTOBUF_C_TYPE_ENUM) {
		tell_enum(tell, field, *(const int *)member);
	} else if (field->type == PROTOBUF_C_TYPE_BOOL) {
		tell_add(tell, "%s", *(const protobuf_c_boolean *)member ? "on" : "off");
	} else if (field->type == PROTOBUF_C_TYPE_UINT32) {
		tell_add(tell, "%" PRIu32, *(const uint32_t *)member);
	} else {
		name = tell_reference(config, field->name, *(const uint64_t *)member);
		if (name != NULL) {
			tell_add(tell, "%s", name);
		} else {
			tell_add(tell, "%" PRIu64, *(const uint64_t *)member);
		}
	}
}

/* How large a member is: to compare it. */
static size_t tell_size(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_ENUM   ? sizeof(int)
	       : field->type == PROTOBUF_C_TYPE_BOOL ? sizeof(protobuf_c_boolean)
	       : field->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t)
						       : sizeof(uint64_t);
}

static bool tell_differs(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a,
			 const ProtobufCMessage *b)
{
	const void *one = (const uint8_t *)a + field->offset,
		   *other = (const uint8_t *)b + field->offset;

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		return strcmp(*(char *const *)one, *(char *const *)other) != 0;
	}
	return memcmp(one, other, tell_size(field)) != 0;
}

/* Of a new record: what is not as good as nothing. A state is never nothing. */
static bool tell_is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *record)
{
	static const uint8_t zero[sizeof(uint64_t)];
	const void *member = (const uint8_t *)record + field->offset;

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		return (*(char *const *)member)[0] != '\0';
	}
	return field->type == PROTOBUF_C_TYPE_ENUM || memcmp(member, zero, tell_size(field)) != 0;
}

/* What the line says already, and what nobody chose. */
static bool tell_is_hidden(const ProtobufCFieldDescriptor *field)
{
	return strcmp(field->name, "rid") == 0 || strcmp(field->name, "name") == 0 ||
	       strcmp(field->name, "guid") == 0;
}

/* ---- records ---- */

static void tell_record(struct tell *tell, const char *type, const char *name,
			const ProtobufCMessage *before, const ProtobufCMessage *after)
{
	const ProtobufCMessageDescriptor *known = (after != NULL ? after : before)->descriptor;

	tell_begin(tell,
		   before == NULL  ? "add"
		   : after == NULL ? "remove"
				   : "change",
		   type, name);
	for (unsigned int i = 0; after != NULL && i < known->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &known->fields[i];

		if (tell_is_hidden(field) ||
		    (before == NULL ? !tell_is_set(field, after)
				    : !tell_differs(field, before, after))) {
			continue;
		}
		tell_add(tell, " %s=", tell_field_name(field));
		if (before != NULL) {
			tell_value(tell, tell->before, field, before);
			tell_add(tell, "->");
		}
		tell_value(tell, tell->after, field, after);
	}
	tell_end(tell);
}

static void tell_list(struct tell *tell, enum record_kind kind)
{
	static const Vx__Config none = VX__CONFIG__INIT;
	const struct record_list old =
		record_list(tell->before != NULL ? tell->before : &none, kind);
	const struct record_list new = record_list(tell->after != NULL ? tell->after : &none, kind);

	for (size_t i = 0, j = 0; i < *old.count || j < *new.count;) {
		const struct record_head *a = i < *old.count ? (*old.item)[i] : NULL;
		const struct record_head *b = j < *new.count ? (*new.item)[j] : NULL;

		if (b == NULL || (a != NULL && a->rid < b->rid)) {
			tell_record(tell, tell_type[kind], a->name, &a->base, NULL);
			i++;
		} else if (a == NULL || b->rid < a->rid) {
			tell_record(tell, tell_type[kind], b->name, NULL, &b->base);
			j++;
		} else {
			if (!proto_equal(&a->base, &b->base)) {
				tell_record(tell, tell_type[kind], b->name, &a->base, &b->base);
			}
			i++;
			j++;
		}
	}
}

void record_tell(const Vx__Config *before, const Vx__Config *after, record_line *line, void *ctx)
{
	struct tell tell = { .before = before, .after = after, .line = line, .ctx = ctx };
	const Vx__Dg *old = before != NULL ? before->dg : NULL,
		     *new = after != NULL ? after->dg : NULL;

	if (old == NULL || new == NULL || !proto_equal(&old->base, &new->base)) {
		tell_record(&tell, "dg", (new != NULL ? new : old)->name,
			    old != NULL ? &old->base : NULL, new != NULL ? &new->base : NULL);
	}
	for (enum record_kind kind = 0; kind < RECORD_KINDS; kind++) {
		tell_list(&tell, kind);
	}
}
