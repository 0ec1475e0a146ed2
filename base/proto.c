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

void *proto_clone(const void *message)
{
	const ProtobufCMessage *base = message;
	size_t length;
	uint8_t *data = proto_pack(message, &length);
	void *copy = protobuf_c_message_unpack(base->descriptor, NULL, length, data);

	free(data);
	if (copy == NULL) {
		abort();
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
