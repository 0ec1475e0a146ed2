/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this node remembers of the groups that it took part in: (epoch, seq) and the enabled copies.
 *
 * A small file on the node's own disk, written before a commit is acknowledged. With it an import can
 * refuse contents older than what the nodes know: two copies, or one node with old copies only, cannot
 * bring back the past (DISK-FORMAT.md D19, cpg/PROTOCOL.md). Writes go through worker threads
 * (base/state_file.h); several puts may share one write. Main thread only.
 */
#ifndef VX_VXCONFIGD_MEMORY_H
#define VX_VXCONFIGD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/worker.h"

struct memory;

struct memory_group {
	const char *dgid, *name;
	uint64_t epoch, seq;
	const char *const *enabled; /* disk ids */
	size_t enabled_count;
};

/*
 * Reads the file (at start, before the loop runs; a missing one is empty). -VX_E_CORRUPT,
 * -VX_E_VERSION or -errno with a text in out_reason (VX_REASON_MAX): nothing was forgotten, do
 * not go on without it.
 */
int memory_open(struct worker *worker, const char *path, struct memory **out_memory,
		char *out_reason);
void memory_free(struct memory *memory); /* only when idle */
bool memory_idle(const struct memory *memory);

/* What is known of dgid; false if nothing. Strings are valid until the next put or forget. */
bool memory_get(const struct memory *memory, const char *dgid, struct memory_group *out_group);

/* The groups that are known, by index; false: no more of them. */
bool memory_group_at(const struct memory *memory, size_t index, struct memory_group *out_group);

/*
 * Remembers; done(ctx, error) once it is on stable storage. An (epoch, seq) lower than what is
 * known is refused with -VX_E_STALE, too many groups with -VX_E_FULL; -errno when the file cannot be
 * written (the node must not acknowledge then). done is never called from here.
 */
void memory_put(struct memory *memory, const struct memory_group *group,
		void (*done)(void *ctx, int error), void *ctx);
/*
 * Before this node says yes to a change of dgid: room for what the next memory_put() writes. done(ctx, error)
 * from the loop; -errno: that write would fail, now; -VX_E_FULL: one more group has no place beside
 * those (VX_GROUPS_MAX) that may be on their way.
 */
void memory_reserve(struct memory *memory, const char *dgid, void (*done)(void *ctx, int error),
		    void *ctx);
/* What such an error means, with the file's name (VX_REASON_MAX). */
void memory_explain(const struct memory *memory, int error, char *out_reason);
/* The group is gone: destroyed, or for good. done (NULL: nobody waits) as that of memory_put(). */
void memory_forget(struct memory *memory, const char *dgid, void (*done)(void *ctx, int error),
		   void *ctx);

#endif
