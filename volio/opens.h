/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has what open on this node: one entry for each open of a device or connection of a client.
 * Main thread only.
 */
#ifndef VX_VOLIO_OPENS_H
#define VX_VOLIO_OPENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/limits.h"

struct volume;

struct open_entry {
	LIST_ENTRY(open_entry) link;
	struct volume *volume; /* NULL: the volume is gone, its holder is not yet */
	pid_t pid;
	char command[64];  /* of /proc/PID/comm when it was opened */
	const char *how;   /* "fuse", "nbd" */
	bool write;	   /* may it write? */
	uint64_t since_ms; /* monotonic */
};

LIST_HEAD(open_list, open_entry);

struct opens {
	struct open_list list;
	uint32_t count;
	void (*changed)(void *ctx);
	void *ctx;
};

void opens_init(struct opens *opens, void (*changed)(void *ctx), void *ctx);
/* 0, -VX_E_FULL (VX_OPENS_MAX), -ENOMEM. */
int opens_add(struct opens *opens, struct volume *volume, pid_t pid, const char *how, bool write,
	      struct open_entry **out_entry);
void opens_remove(struct opens *opens, struct open_entry *entry);
/* Ends every open of the volume by that way: its device is gone. */
void opens_remove_all(struct opens *opens, const struct volume *volume, const char *how);
/* Is it one of them? Handles come back from outside. */
bool opens_has(const struct opens *opens, const struct open_entry *entry);
/* Does the list have, before it, another one of that volume by the same process, as an NBD client with
 * several connections makes it? Who tells people of processes leaves it out. */
bool opens_is_again(const struct opens *opens, const struct open_entry *entry);
/* May it, or another one of that volume by the same process, write? */
bool opens_writes(const struct opens *opens, const struct open_entry *entry);
/* The volume goes away: its entries are of nothing. */
void opens_forget(struct opens *opens, const struct volume *volume);
/* "data/vol1: open by pid 1234 (fio) since 12 s" for each that fn chooses, with between between two;
 * "and 3 more" where it does not fit. Returns how many processes there are. */
uint32_t opens_text(const struct opens *opens, bool (*fn)(void *ctx, const struct volume *volume),
		    void *ctx, const char *between, char *out, size_t size);

#endif
