/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration copies of one group, on the private regions of its disks. Bytes and rules:
 * DISK-FORMAT.md; the protocol that uses them: cpg/PROTOCOL.md (R4, R5, R7, R12).
 *
 * A write counts only when a majority of the enabled copies has it on stable storage. Operations
 * of one group run one at a time, in the order given. I/O runs in worker threads; callbacks come on the main
 * loop exactly once. copies_idle() tells when nothing is in flight (needed before HELLO, R4).
 */
#ifndef VX_VXCONFIGD_COPIES_H
#define VX_VXCONFIGD_COPIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/limits.h"
#include "vxha.pb-c.h"

struct copies;

struct copies_disk {
	const char *diskid;
	const char *path;
};

/* What reading the copies found (memory of the reader, valid during the callback). */
struct copies_found {
	int error; /* 0; -VX_E_MINORITY: too few readable; -VX_E_CORRUPT: two contents of one (epoch, seq) */
	char reason[VX_REASON_MAX];
	Vx__Config *config; /* newest valid content by (epoch, seq); NULL if none. The callback may take it (set NULL) */
	uint64_t max_epoch; /* highest epoch or claim on any copy */
	Vx__Member **durable; /* members of the newest durable view; none after a clean close */
	size_t durable_count;
	Vx__CopyInfo copy[VX_COPIES_MAX]; /* state of each copy, for vxdg list; strings owned by the reader */
	size_t copy_count;
};

/* The disks that hold a copy. No I/O yet. */
int copies_create(struct loop *loop, const char *dgid, const struct copies_disk *disk, size_t count,
		  struct copies **out_copies);
void copies_free(struct copies *copies); /* only when idle */

/* Reads all copies. max_seq: ignore journal records of the newest epoch above it (UINT64_MAX: none),
 * so that an uncommitted record can be left out. */
void copies_read(struct copies *copies, uint64_t max_seq,
		 void (*done)(void *ctx, struct copies_found *found), void *ctx);
/* Writes claim: the promise of epoch. -VX_E_STALE if a copy holds a higher claim (out: max_epoch). */
void copies_claim(struct copies *copies, uint64_t epoch,
		  void (*done)(void *ctx, int error, uint64_t max_epoch), void *ctx);
/* Writes the whole content (config->epoch, config->seq) and the members of its view to every copy:
 * a checkpoint. New copies get it too; it empties the journal. */
void copies_checkpoint(struct copies *copies, const Vx__Config *config, Vx__Member *const *member,
		       size_t member_count, void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Appends the change that makes (epoch, seq - 1) to (epoch, seq). config is the content after it
 * (for the case that the journal is full: then config_before is checkpointed first). */
void copies_append(struct copies *copies, uint64_t epoch, uint64_t seq, const Vx__Delta *delta,
		   const Vx__Outcome *outcome, const Vx__Config *config_before,
		   void (*done)(void *ctx, int error, const char *reason), void *ctx);
/* Changes which disks hold copies (after adddisk, rmdisk); a checkpoint must follow. */
int copies_set_disks(struct copies *copies, const struct copies_disk *disk, size_t count);
bool copies_idle(const struct copies *copies);
/* Calls done(ctx) once nothing is in flight. */
void copies_when_idle(struct copies *copies, void (*done)(void *ctx), void *ctx);

#endif
