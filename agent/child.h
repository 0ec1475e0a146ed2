/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that was started: its output is kept, its end is told, and nobody waits for it.
 *
 * posix_spawn with a clean environment (PATH, LC_ALL=C, VXHA_*), no descriptor of ours, default signals;
 * reaped by pidfd in the loop. Main thread only.
 */
#ifndef VX_AGENT_CHILD_H
#define VX_AGENT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"

struct child;

struct child_spec {
	const char *const
		*argv; /* ends with NULL; argv[0] is looked up in PATH unless it has a '/' */
	int socket;    /* its standard input and output; -1: /dev/null, and the output is kept */
	unsigned int timeout_ms; /* SIGKILL after that; 0: never */
};

struct child_end {
	int status; /* exit code, or minus the signal that ended it */
	bool timed_out;
	const char
		*output; /* stdout and stderr, VX_TOOL_OUTPUT_MAX at most; valid in ended() only */
};

/*
 * Starts the program. ended() is called once, from the loop, and *out_child is dead when it
 * returns. -ENOENT: no such program; other -errno. The socket stays the caller's.
 */
int child_spawn(struct loop *loop, const struct child_spec *spec,
		void (*ended)(void *ctx, const struct child_end *end), void *ctx,
		struct child **out_child);
/* SIGKILL; ended() follows. */
void child_kill(struct child *child);
/* No ended() any more; the program goes on. For the end of our own process. */
void child_forget(struct child *child);

#endif
