/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the schema, whatever their type: copies, packing, lists that grow.
 *
 * What is made here is freed with protobuf-c's own vx__..._free_unpacked(msg, NULL) or
 * proto_free(). Memory that runs out aborts: a daemon that cannot keep its configuration has no
 * better way.
 */
#ifndef VX_BASE_PROTO_H
#define VX_BASE_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* A deep copy of any message; cast the result. */
void *proto_clone(const void *message);
/* Do they pack to the same bytes? */
bool proto_equal(const void *a, const void *b);
/* NULL is allowed. */
void proto_free(void *message);
/* Packed bytes from malloc. */
uint8_t *proto_pack(const void *message, size_t *out_length);
char *proto_string(const char *text);
/* Appends item to a repeated field: PROTO_ADD(reply->disk, reply->n_disk, info). */
void *proto_grow(void *list, size_t count, size_t size);
#define PROTO_ADD(list, count, item) \
	do { \
		(list) = proto_grow((list), (count), sizeof((list)[0])); \
		(list)[(count)++] = (item); \
	} while (0)

/* A new message of a type, initialised: PROTO_NEW(vx__reply, Vx__Reply). */
#define PROTO_NEW(prefix, type) \
	({ \
		type *proto_new_ = proto_grow(NULL, 0, sizeof(type)); \
		prefix##__init(proto_new_); \
		proto_new_; \
	})

/* Sets a string field of a message that was unpacked, cloned or made by PROTO_NEW. */
void proto_string_set(char **field, const char *value);

#endif
