/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is who waits for an answer being killed? From /proc, which blocks on nothing that hangs.
 *
 * A signal that kills is a pending SIGKILL in each thread of the process: the kernel makes one of
 * all others that leave no core. With asynchronous I/O under way the process is past that: each of
 * its threads exits, and the last one waits for the I/O.
 */
#ifndef VX_VOLIO_KILLED_H
#define VX_VOLIO_KILLED_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * thread asked. process: 0 at the first look, which finds it: later the thread may have exited
 * while its process lives. What cannot be seen (thread 0: of another pid namespace) is not being
 * killed.
 */
bool killed_look(pid_t thread, pid_t *process);

#endif
