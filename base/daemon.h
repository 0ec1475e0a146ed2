/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a daemon: one instance, the background, readiness told to the parent and to systemd.
 *
 * The pid file is locked before anything else is done, so that a start that timed out leaves
 * nothing behind its parent's back: whoever holds the lock is the daemon.
 */
#ifndef VX_BASE_DAEMON_H
#define VX_BASE_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

struct daemon; /* the pid file and the parent's pipe */

/*
 * Locks /run/vxha/NAME.pid. Unless foreground, forks first: the parent waits until
 * daemon_ready() and exits with 0, or until the child's end and exits with its code (1 if it
 * was killed). Only the daemon returns from here.
 * What the log says of errors and warnings until daemon_ready() is on the parent's stderr, too: who
 * fails logs why, and ends. -VX_E_BUSY: it runs already (*out_pid is its pid), the caller says so;
 * other errors were said on stderr.
 */
int daemon_start(const char *name, bool foreground, struct daemon **out_daemon, pid_t *out_pid);
/* The daemon serves: lets the parent go, tells systemd. Fails if the parent gave up meanwhile. */
int daemon_ready(struct daemon *daemon);
void daemon_end(struct daemon *daemon);

/* pid of the process that holds the lock of NAME, 0 if none. */
pid_t daemon_running(const char *name);
/* Did the last NAME end in disorder (a signal, abort())? Its pid file stayed, and nobody holds it. */
bool daemon_died(const char *name);
/* --help or --version was printed: 0, or 1 when that could not be written, which it says. */
int daemon_told(const char *name);
/* Locks all memory of the process. */
int daemon_lock_memory(void);
/* SCHED_RR at the lowest real-time priority. -EPERM where it is not allowed. */
int daemon_realtime(void);
/* Keep-alive of systemd's watchdog; nothing without systemd. */
void daemon_keep_alive(void);

#endif
