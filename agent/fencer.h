/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pacemaker's fencer by libstonithd, loaded at run time: one build works with Pacemaker 2.0 to 3.0.
 * Pacemaker is met here and in pacemaker.c only. Calls block: for the helper process and for
 * utilities, never for a daemon. One fencer in a process.
 */
#ifndef VX_AGENT_FENCER_H
#define VX_AGENT_FENCER_H

#include <stdbool.h>
#include <stdint.h>

struct fencer;

/* A fencing of its history. */
struct fencer_entry {
	const char *node, *action;
	uint64_t when_s; /* its end, by the clock of whoever told it */
	bool pending;	 /* under way; else it was successful */
};

/* 0, -ENOMEM, or -ELIBACC (libstonithd is not installed). */
int fencer_open(struct fencer **out_fencer);
void fencer_close(struct fencer *fencer);

/*
 * Connects to the fencer of this node. told (NULL: nobody) is called from fencer_hear() for each
 * fencing (off, reboot) that ends with success from now on; what the fencer learns of the past,
 * from others, is not told. 0, -ENOTCONN: it does not run, or another -errno.
 */
int fencer_connect(struct fencer *fencer, void (*told)(void *ctx, const char *node), void *ctx);
void fencer_disconnect(struct fencer *fencer);
int fencer_fd(const struct fencer *fencer); /* -1: not connected */
/* Takes what has come. -ENOTCONN: the connection is lost. */
int fencer_hear(struct fencer *fencer);

/* Makes all fencers tell each other what they know; when that is done is not said. */
int fencer_tell_each_other(struct fencer *fencer);

/*
 * Calls fn for what is under way (any action), and for fencings (off, reboot) that were successful:
 * of one node by name or, is_id, by Corosync's id; NULL: of all. 0 or -errno.
 */
int fencer_history(struct fencer *fencer, const char *node, bool is_id,
		   void (*fn)(void *ctx, const struct fencer_entry *entry), void *ctx);

#endif
