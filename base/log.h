/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logging of daemons, on libqb: syslog, stderr or a file, and a black box in memory.
 *
 * err = the administrator acts, warning = odd but handled, notice = state change, info = done,
 * debug = black box only (unless debug is on). Keys in this order: view node dg vol txn.
 * Main thread only: other threads post events and the main thread logs them.
 */
#ifndef VX_BASE_LOG_H
#define VX_BASE_LOG_H

#include <stdbool.h>

#include <qb/qblog.h>

#define log_err(...) qb_log(LOG_ERR, __VA_ARGS__)
#define log_warning(...) qb_log(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) qb_log(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) qb_log(LOG_INFO, __VA_ARGS__)
#define log_debug(...) qb_log(LOG_DEBUG, __VA_ARGS__)

/*
 * Starts logging of a daemon. foreground adds stderr; debug lowers the level. A line goes to
 * syslog and to /var/log/vxha/NAME.log (VXHA_LOG_DIR overrides the folder). From then on a failed
 * assert(), an abort and a crash say so there, with the way to them, and leave the black box in
 * /var/lib/vxha/NAME.blackbox (VXHA_STATE_DIR), also with a broken heap. An abort for want of memory
 * is called that.
 */
int log_start(const char *name, bool foreground, bool debug);
void log_stop(void);
/*
 * Errors and warnings go to fd, too, as lines "NAME: TEXT": said before log_start() it holds from
 * then on. -1: no more.
 */
void log_copy(int fd);
void log_debug_set(bool debug);

/* An impossible state: writes the black box and aborts. The node is then fenced, others go on. */
__attribute__((noreturn, format(printf, 1, 2))) void log_bug(const char *format, ...);

#endif
