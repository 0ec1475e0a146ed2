/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbered catalogue of messages that a user of the utilities can read.
 *
 * Printed as "vxha TOOL SEVERITY V-80-1-NUMBER text". Numbers are ours and are never used again.
 * Every message says what failed, on which object and node, why, and where it helps what to do.
 */
#ifndef VX_VXCONFIGD_MESSAGES_H
#define VX_VXCONFIGD_MESSAGES_H

#include "vxha.pb-c.h"

/* X(name, number, exit code (base/errors.h name), format) */
#define VX_MESSAGES(X) \
	X(GROUP_EXISTS, 1001, EXISTS, "Disk group %s: creation failed: a disk group of that name exists") \
	X(GROUP_UNKNOWN, 1002, NOGROUP, "Disk group %s: no such disk group is imported here") \
	X(GROUP_NONE, 1003, USAGE, "No disk group given (-g GROUP)") \
	X(NAME_INVALID, 1004, SYNTAX, "%s: not a valid name: 1 to 31 letters, digits, '_', '-', '.'") \
	X(NAME_EXISTS, 1005, EXISTS, "%s: an object of that name exists in disk group %s") \
	X(DISK_UNKNOWN, 1010, NOTFOUND, "Device %s: not known on node %s (vxdisk list shows the devices; " \
					"disks= in vxha.conf says which are looked at)") \
	X(DISK_NOT_SETUP, 1011, INVAL, "Device %s: not initialised for vxha (use: vxdisk setup %s)") \
	X(DISK_IN_USE, 1012, BUSY, "Device %s: appears to be owned by disk group %s") \
	X(DISK_UNREACHABLE, 1013, NODISK, "Disk group %s: node %s does not see disk %s (%s): %s") \
	X(SIZE_INVALID, 1020, SYNTAX, "%s: not a size (examples: 200m, 5g, 4096s; without a unit: sectors)") \
	X(NO_SPACE, 1021, NOSPACE, "Disk group %s: cannot allocate space for %llu sectors: %s") \
	X(ATTR_UNKNOWN, 1022, SYNTAX, "%s: unknown attribute") \
	X(ATTR_INVALID, 1023, SYNTAX, "%s=%s: invalid value: %s") \
	X(VERB_UNKNOWN, 1024, USAGE, "%s: unknown operation") \
	X(USAGE, 1025, USAGE, "%s") \
	X(VOLUME_UNKNOWN, 1030, NOTFOUND, "Volume %s: not found in disk group %s") \
	X(VOLUME_OPEN, 1031, OPEN, "Volume %s: is open: %s") \
	X(PLEX_UNKNOWN, 1032, NOTFOUND, "Plex %s: not found in disk group %s") \
	X(PLEX_LAST, 1033, LAST, "Plex %s: is the last complete plex of volume %s") \
	X(DISK_MEDIA_UNKNOWN, 1034, NOTFOUND, "Disk %s: not found in disk group %s") \
	X(DISK_MEDIA_BUSY, 1035, ASSOC, "Disk %s: has subdisks (%s)") \
	X(GROUP_BUSY, 1036, OPEN, "Disk group %s: volumes are open: %s") \
	X(STATE_INVALID, 1037, INVAL, "%s: not possible in state %s") \
	X(NOT_CLUSTER, 1040, NOTMEMBER, "Node %s is not in a cluster: %s") \
	X(MASTER_LOST, 1041, LOST, "The master went away; the outcome is not known yet: vxdctl outcome %s") \
	X(PEER_MISSING, 1042, NOPEER, "Disk group %s: vxconfigd is not running on node %s: nothing was changed") \
	X(NODE_REFUSED, 1043, REFUSED, "Disk group %s: refused by node %s: %s") \
	X(NODE_LEFT, 1044, ABORTED, "Disk group %s: the change was given up: %s") \
	X(RECONFIG, 1045, RECONF, "Cluster reconfiguration in progress: try again") \
	X(COPIES_LOST, 1046, MINORITY, "Disk group %s: the change was not stored: %s") \
	X(NO_FENCING, 1047, NOFENCE, "Disk group %s: not imported: fencing is not enabled in Pacemaker") \
	X(ACTIVATION_CONFLICT, 1050, BUSY, "Disk group %s: activation %s conflicts with %s on node %s") \
	X(IO_FAILED, 1060, DISKIO, "Device %s on node %s: %s") \
	X(INTERNAL, 1099, PROTO, "%s")

enum vx_message_id {
#define VX_MESSAGE_ENUM(name, number, code, format) MSG_##name = number,
	VX_MESSAGES(VX_MESSAGE_ENUM)
#undef VX_MESSAGE_ENUM
};

/* Adds the message, formatted as the catalogue says, to reply and sets reply->exit_code.
 * Returns the negative error of the message. reply's memory is from malloc. */
int message_add(Vx__Reply *reply, const char *tool, enum vx_message_id id, ...);

#endif
