// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of the schema, whatever their type. */
#include "base/proto.h"

#include <stdlib.h>
#include <string.h>

uint8_t *proto_pack(const void *message, size_t *out_length)
{
	size_t length = protobuf_c_message_get_packed_size(message);
	uint8_t *data = proto_grow(NULL, 0, length + 1);

	protobuf_c_message_pack(message, data);
	*out_length = length;
	return data;
}

static void *proto_copy(const void *data, size_t length)
{
	void *copy = proto_grow(NULL, 0, length);

	memcpy(copy, data, length);
	return copy;
}

/* What a field that is set points to, or each element of a repeated one, becomes a copy of its own. */
static void proto_clone_value(const ProtobufCFieldDescriptor *field, void *value)
{
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		char **text = value;

		/* a field that is empty is shared and never freed; those of a list are */
		if (field->label != PROTOBUF_C_LABEL_REPEATED &&
		    (*text == NULL || (*text)[0] == '\0')) {
			*text = (char *)(uintptr_t)protobuf_c_empty_string;
		} else {
			*text = proto_string(*text);
		}
	} else if (field->type == PROTOBUF_C_TYPE_BYTES) {
		ProtobufCBinaryData *bytes = value;

		bytes->data = bytes->len > 0 ? proto_copy(bytes->data, bytes->len) : NULL;
	} else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		void **message = value;

		*message = *message != NULL ? proto_clone(*message) : NULL;
	}
}

static size_t proto_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	}
	abort();
}

static void proto_clone_list(const ProtobufCFieldDescriptor *field, size_t count, uint8_t **list)
{
	size_t size = proto_value_size(field->type);

	*list = count > 0 ? proto_copy(*list, count * size) : NULL;
	for (size_t i = 0; i < count; i++) {
		proto_clone_value(field, *list + i * size);
	}
}

static void proto_unknown_add(ProtobufCMessage *message, const ProtobufCMessageUnknownField *field)
{
	ProtobufCMessageUnknownField *list =
		proto_grow(message->unknown_fields, message->n_unknown_fields, sizeof(*list));

	list[message->n_unknown_fields] = *field;
	list[message->n_unknown_fields++].data = proto_copy(field->data, field->len);
	message->unknown_fields = list;
}

void *proto_clone(const void *message)
{
	const ProtobufCMessage *base = message;
	const ProtobufCMessageDescriptor *type = base->descriptor;
	uint8_t *copy = proto_copy(message, type->sizeof_message);

	/* of a newer program: what is not known here goes on as it came */
	((ProtobufCMessage *)(void *)copy)->unknown_fields = NULL;
	((ProtobufCMessage *)(void *)copy)->n_unknown_fields = 0;
	for (unsigned int i = 0; i < base->n_unknown_fields; i++) {
		proto_unknown_add((ProtobufCMessage *)(void *)copy, &base->unknown_fields[i]);
	}
	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const void *quantifier = copy + field->quantifier_offset;

		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			proto_clone_list(field, *(const size_t *)quantifier,
					 (uint8_t **)(void *)(copy + field->offset));
		} else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
			   *(const uint32_t *)quantifier == field->id) {
			proto_clone_value(field, copy + field->offset);
		}
	}
	return copy;
}

bool proto_equal(const void *a, const void *b)
{
	size_t a_length, b_length;
	uint8_t *a_data = proto_pack(a, &a_length);
	uint8_t *b_data = proto_pack(b, &b_length);
	bool equal = a_length == b_length && memcmp(a_data, b_data, a_length) == 0;

	free(a_data);
	free(b_data);
	return equal;
}

void proto_free(void *message)
{
	if (message != NULL) {
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

char *proto_string(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL) {
		abort();
	}
	return copy;
}

void *proto_grow(void *list, size_t count, size_t size)
{
	void *grown = realloc(list, (count + 1) * size);

	if (grown == NULL) {
		abort();
	}
	return grown;
}

void proto_string_set(char **field, const char *value)
{
	char *copy = proto_string(value); /* value may be the field itself */

	if (*field != NULL && *field != protobuf_c_empty_string) {
		free(*field);
	}
	*field = copy;
}
