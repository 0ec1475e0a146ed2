/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four lists of records of a configuration seen in one way, for vxconfigd/record*.c only:
 * what is the same for disks, volumes, plexes and subdisks is written once.
 */
#ifndef VX_VXCONFIGD_RECORD_LIST_H
#define VX_VXCONFIGD_RECORD_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vxha.pb-c.h"

enum record_kind { RECORD_DM, RECORD_VOL, RECORD_PLEX, RECORD_SD, RECORD_KINDS };

/* How every record but the group's begins (asserted in record_list.c). */
struct record_head {
	ProtobufCMessage base;
	uint64_t rid;
	char *name;
};

struct record_list {
	size_t *count;
	struct record_head ***item;
	const ProtobufCMessageDescriptor *type;
	const char *word; /* "subdisk" */
};

/* config is not changed here, but can be through the result. */
struct record_list record_list(const Vx__Config *config, enum record_kind kind);
/* The index of rid in its list (in order of rid), or *list.count. */
size_t record_list_find(struct record_list list, uint64_t rid);
struct record_head *record_list_named(struct record_list list, const char *name);
/* Puts record (its memory goes to the list) where its rid belongs. */
void record_list_add(struct record_list list, struct record_head *record);
void record_list_remove(struct record_list list, size_t index);

#endif
