/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of vxha: one X-list, from which names, texts and exit codes are made.
 *
 * A function returns 0 or a negative number: -errno for what the kernel or libc said, or one of
 * the values here (below -VX_E_BASE, so that the two never meet).
 */
#ifndef VX_BASE_ERRORS_H
#define VX_BASE_ERRORS_H

#define VX_E_BASE 20000

/* X(name, exit code of a utility, text). Exit codes follow vxintro(1M) where it has one. */
#define VX_ERRORS(X) \
	X(PROTO, 7, "message not understood") \
	X(VERSION, 7, "version not supported") \
	X(CORRUPT, 21, "data is corrupt") \
	X(NODAEMON, 3, "daemon is not running") \
	X(IPC, 4, "communication with the daemon failed") \
	X(TIMEOUT, 8, "timed out") \
	X(USAGE, 1, "usage error") \
	X(SYNTAX, 2, "invalid value") \
	X(NOGROUP, 9, "no such disk group") \
	X(NOTFOUND, 11, "record not found") \
	X(EXISTS, 12, "name already exists") \
	X(BUSY, 13, "busy") \
	X(ASSOC, 16, "is associated") \
	X(LAST, 18, "is the last one") \
	X(INVAL, 20, "operation is not possible") \
	X(DISKIO, 21, "disk I/O error") \
	X(NOSPACE, 20, "not enough space") \
	X(NOTSTARTED, 26, "not started") \
	X(OPEN, 31, "is open") \
	X(NOTMEMBER, 20, "node is not in the cluster") \
	X(RECONF, 20, "cluster reconfiguration in progress") \
	X(NOPEER, 20, "vxconfigd is not running on a node") \
	X(REFUSED, 20, "refused by a node") \
	X(ABORTED, 20, "transaction aborted") \
	X(LOST, 6, "outcome is not known") \
	X(STALE, 20, "older than what is known") \
	X(MINORITY, 20, "too few configuration copies") \
	X(OWNER, 20, "owned by another host or cluster") \
	X(NOFENCE, 20, "fencing is not enabled") \
	X(NODISK, 20, "disk is not reachable") \
	X(AGAIN, 8, "try again") \
	X(FULL, 5, "a limit is reached") \
	X(STARTED, 25, "is started already") \
	X(UNPROVEN, 20, "a node is not proven to be off") \
	X(DIFFERS, 20, "its plexes may differ") \
	X(LOCAL, 20, "another node reaches it") \
	X(NOSHM, 4, "/dev/shm of this node is full, no connection has room there")

enum vx_error {
	VX_E_FIRST = VX_E_BASE,
#define VX_ENUM(name, code, text) VX_E_##name,
	VX_ERRORS(VX_ENUM)
#undef VX_ENUM
		VX_E_END,
};

/* Text of a return value (0, -errno or -VX_E_...). Static memory, any thread. */
const char *vx_strerror(int error);
/* Exit code of a utility that ends with this return value. */
int vx_exit_code(int error);

#endif
