/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration copies of one group, on the private regions of its disks. Bytes and rules:
 * DISK-FORMAT.md; the protocol that uses them: cpg/PROTOCOL.md (R4, R5, R7, R12).
 *
 * A write counts only when a majority of the enabled copies has it on stable storage. Operations
 * of one group run one at a time, in the order given. I/O runs in worker threads; callbacks come on
 * the main loop exactly once, never from the call itself. A copy that does not answer within
 * VX_COPY_ANSWER_MS counts as failed, but a write to it still counts for copies_writes() (R4).
 * A copy that failed is left out until the next checkpoint. What an operation is given is
 * copied before it returns. reason is never NULL and names the disks.
 *
 * After an append or a checkpoint that failed nothing more of that epoch is written (-VX_E_STALE):
 * some copies may have it. Read, claim a higher epoch, write a checkpoint (R12; also for private groups).
 */
#ifndef VX_VXCONFIGD_COPIES_H
#define VX_VXCONFIGD_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/worker.h"
#include "vxha.pb-c.h"

/* Disks of the group, enabled copies, those of the set before, ones that still do not answer. */
#define COPIES_FOUND_MAX (VX_DISKS_MAX + 3 * VX_COPIES_MAX)

struct copies;

struct copies_disk {
	const char *diskid;
	const char *path; /* NULL: not seen by this node */
};

struct open_claims {
	uint64_t epoch[VX_OPEN_CLAIMS_MAX];
	size_t count;
};
/* One that is there already is not added again. */
void open_claims_add(struct open_claims *claims, uint64_t epoch);

/* What reading the copies found (memory of the reader, valid during the callback). */
struct copies_found {
	int error; /* 0; -VX_E_MINORITY: too few readable (config is the newest of these, for a forced
		    * import); -VX_E_CORRUPT: two contents of one (epoch, seq); -VX_E_VERSION */
	char reason[VX_REASON_MAX];
	Vx__Config *config; /* newest valid content by (epoch, seq); NULL if none. The callback may take it (set NULL) */
	uint64_t max_epoch; /* highest epoch or claim on any copy */
	/* The newest claims, if no content of their epoch is there: several made at the same time. */
	struct open_claims open_claims;
	Vx__Member **durable; /* members of the newest durable view; none after a clean close */
	size_t durable_count;
	char **enabled; /* disk ids of the enabled copies as the newest checkpoint names them */
	size_t enabled_count;
	char **before; /* ... and of the set before, if the change of the set was not finished */
	size_t before_count;
	Vx__CopyInfo copy[COPIES_FOUND_MAX]; /* state of each copy, for vxdg list */
	size_t copy_count;
};

/* The disks that hold a copy, or may hold one: before the first reading every disk whose label names the group
 * (a change of the set may be unfinished); after it those that the configuration names (nconfig), by
 * copies_set_disks(). No I/O yet. 0, -VX_E_FULL: more than VX_DISKS_MAX. */
int copies_create(struct worker *worker, const char *dgid, const struct copies_disk *disk,
		  size_t count, struct copies **out_copies);
void copies_free(struct copies *copies); /* only when idle */

/* Reads all copies. max_seq: ignore journal records of the newest epoch above it (UINT64_MAX: none),
 * so that an uncommitted record can be left out. */
void copies_read(struct copies *copies, uint64_t max_seq,
		 void (*done)(void *ctx, struct copies_found *found), void *ctx);
/* Reads, then writes the claim: the promise of epoch. -VX_E_STALE if a copy holds a content or a claim of
 * that epoch or a higher one (its own claim excepted), -VX_E_MINORITY, -VX_E_CORRUPT. max_epoch as in
 * copies_found. */
void copies_claim(struct copies *copies, uint64_t epoch,
		  void (*done)(void *ctx, int error, uint64_t max_epoch, const char *reason), void *ctx);
/* Writes the whole content (config->epoch, config->seq) and the members of its view to every copy:
 * a checkpoint. New copies get it too; it empties the journal. -VX_E_STALE if a copy holds a higher claim
 * or content, -VX_E_MINORITY, -VX_E_NOSPACE, -VX_E_FULL: more than VX_COPIES_MAX disks were given. */
void copies_checkpoint(struct copies *copies, const Vx__Config *config, Vx__Member *const *member,
		       size_t member_count, void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Appends the change that makes (epoch, seq - 1) to (epoch, seq); it is copied. config_before is the content before it:
 * it is checkpointed first when the journal is full or cannot be gone on with (first append after a
 * restart). The members are those of the last checkpoint written or read by this object. */
/* The same content on one copy, which then names nobody: fails if any write of this node may still land (R12). */
void copies_close(struct copies *copies, const Vx__Config *config,
		  void (*done)(void *ctx, int error, const char *reason), void *ctx);
void copies_append(struct copies *copies, uint64_t epoch, uint64_t seq, const Vx__Change *change,
		   const Vx__Config *config_before,
		   void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Changes which disks hold copies (after adddisk, rmdisk) or where they are, for the operations given from now
 * on; takes effect on disk with the next checkpoint, which must follow. 0, -VX_E_FULL: more than VX_DISKS_MAX. */
int copies_set_disks(struct copies *copies, const struct copies_disk *disk, size_t count);
/* Forced import: to the operation that is given next the disks given are all there is; no majority of the
 * copies named on disk is asked for. */
void copies_force(struct copies *copies, bool force);
/* Nothing is in flight or queued. */
bool copies_idle(const struct copies *copies);
/* Writes in flight, waited for or not, and operations that are to write (R4, D20). */
size_t copies_writes(const struct copies *copies);
/* Calls done(ctx) from the loop once there are none. */
void copies_when_written(struct copies *copies, void (*done)(void *ctx), void *ctx);

#endif
