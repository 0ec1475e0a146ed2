/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbered catalogue of messages that a user of the utilities can read.
 *
 * Printed as "vxha TOOL SEVERITY V-80-1-NUMBER text". Numbers are ours and are never used again.
 * Every message says what failed, on which object and node, why, and where it helps what to do.
 * Numbers 1101 to 1199 are said by the utilities themselves (cmd/complain.h).
 */
#ifndef VX_VXCONFIGD_MESSAGES_H
#define VX_VXCONFIGD_MESSAGES_H

#include <stdio.h>

#include "vxha.pb-c.h"

/* X(name, number, exit code (base/errors.h name), format) */
#define VX_MESSAGES(X) \
	X(GROUP_EXISTS, 1001, EXISTS, "Disk group %s: creation failed: a disk group of that name exists") \
	X(GROUP_UNKNOWN, 1002, NOGROUP, "Disk group %s: no such disk group is imported here") \
	X(GROUP_OWNED, 1006, OWNER, "Disk group %s: import failed: it is owned by %s (-C: import it nevertheless)") \
	X(GROUP_TWICE, 1007, EXISTS, "Disk group %s: import failed: disks of two groups have that name (%s, %s)") \
	X(GROUP_NOT_FOUND, 1008, NOGROUP, "Disk group %s: import failed: node %s sees no disk of it") \
	X(IMPORT_FAILED, 1009, INVAL, "Disk group %s: import failed: %s") \
	X(GROUP_NONE, 1003, USAGE, "No disk group given (-g GROUP)") \
	X(NAME_INVALID, 1004, SYNTAX, "\"%s\": not a valid name: 1 to 31 letters, digits, '_', '-', '.'") \
	X(NAME_EXISTS, 1005, EXISTS, "%s: an object of that name exists in disk group %s") \
	X(DISK_UNKNOWN, 1010, NOTFOUND, "Device %s: not known on node %s (vxdisk list shows the devices; " \
					"disks= in vxha.conf says which are looked at)") \
	X(DISK_NOT_SETUP, 1011, INVAL, "Device %s: not initialised for vxha (use: vxdisk setup %s)") \
	X(DISK_IN_USE, 1012, BUSY, "Device %s: appears to be owned by disk group %s") \
	X(DISK_TWICE, 1014, USAGE, "Device %s: is the same disk as %s") \
	X(DISK_DISABLED, 1017, BUSY, "Device %s: is in disk group %s, which is disabled: %s (vxdg -f destroy %s gives it up)") \
	X(DISK_SET_UP, 1016, BUSY, "Device %s: is just being initialised (vxdisk setup): try again") \
	X(DISK_FAILING, 1015, DISKIO, "Device %s on node %s: label cannot be read (status %s)") \
	X(DISK_UNREACHABLE, 1013, NODISK, "Disk group %s: node %s does not see disk %s (%s): %s") \
	X(SIZE_INVALID, 1020, SYNTAX, "%s: not a size (examples: 200m, 5g, 4096s; without a unit: sectors)") \
	X(NO_SPACE, 1021, NOSPACE, "Disk group %s: cannot allocate space for %llu sectors: %s") \
	X(ATTR_UNKNOWN, 1022, SYNTAX, "%s: unknown attribute (known: %s)") \
	X(ATTR_INVALID, 1023, SYNTAX, "%s=%s: invalid value: %s") \
	X(VERB_UNKNOWN, 1024, USAGE, "%s: unknown operation (%s)") \
	X(USAGE, 1025, USAGE, "%s") \
	X(SIZE_RANGE, 1026, SYNTAX, "%s: not a possible size: 1 sector to 8 EiB") \
	X(LIMIT, 1027, FULL, "Disk group %s: at most %u %s are possible") \
	X(TOO_LARGE, 1028, FULL, "Disk group %s: too large for one change: name fewer objects") \
	X(OPTION_UNKNOWN, 1029, USAGE, "%s: option %s is not known; usage: %s") \
	X(VOLUME_UNKNOWN, 1030, NOTFOUND, "Volume %s: not found in disk group %s") \
	X(PLEX_UNKNOWN, 1032, NOTFOUND, "Plex %s: not found in disk group %s") \
	X(PLEX_LAST, 1033, LAST, "Plex %s: is the last complete plex of volume %s") \
	X(DISK_MEDIA_UNKNOWN, 1034, NOTFOUND, "Disk %s: not found in disk group %s") \
	X(DISK_MEDIA_BUSY, 1035, ASSOC, "Disk %s: has subdisks (%s)") \
	X(STATE_INVALID, 1037, INVAL, "%s: not possible in state %s") \
	X(DISK_LAST, 1038, LAST, "Disk %s: is the last one of disk group %s (use: vxdg destroy %s)") \
	X(VOLUME_STARTED, 1039, STARTED, "Volume %s: is started already") \
	X(VOLUME_NOT_STARTED, 1051, NOTSTARTED, "Volume %s: is not started") \
	X(VOLUME_NO_PLEX, 1052, INVAL, "Volume %s: cannot be started: no plex holds its data completely") \
	X(PLEX_NOT_OF, 1053, ASSOC, "Plex %s: is no data plex of volume %s") \
	X(NOT_CLUSTER, 1040, NOTMEMBER, "Node %s is not in a cluster: %s") \
	X(MASTER_LOST, 1041, LOST, "The master went away; the outcome is not known yet: vxdctl outcome %s") \
	X(PEER_MISSING, 1042, NOPEER, "Disk group %s: vxconfigd is not running on node %s: nothing was changed") \
	X(NODE_REFUSED, 1043, REFUSED, "Disk group %s: refused by node %s: %s") \
	X(NODE_LEFT, 1044, ABORTED, "Disk group %s: the change was given up, nothing was changed: %s") \
	X(RECONFIG, 1045, RECONF, "Cluster reconfiguration in progress: try again") \
	X(COPIES_LOST, 1046, MINORITY, "Disk group %s: the change was not stored: %s") \
	X(NO_FENCING, 1047, NOFENCE, "Disk group %s: not imported: fencing is not enabled in Pacemaker") \
	X(ACTIVATION_CONFLICT, 1050, BUSY, "Disk group %s: activation %s conflicts with %s on node %s") \
	X(IO_FAILED, 1060, DISKIO, "%s (on node %s)") \
	X(TASK_UNKNOWN, 1061, NOTFOUND, "%s: no task has that number, and no volume that name") \
	X(PLEX_STAYS, 1062, INVAL, "Plex %s: stays detached (%s): %s; volume %s goes on " \
				   "with its other plexes (vxplex -g %s -o rm dis %s: remove it)") \
	X(GROUP_IMPORTED, 1063, EXISTS, "Disk group %s: import failed: it is imported already") \
	X(PLEX_LOCAL, 1087, LOCAL, "Disk group %s: not detached (diskdetpolicy=local): node %s %s") \
	X(TWICE, 1064, USAGE, "%s: is given twice") \
	X(RECORD_UNKNOWN, 1067, NOTFOUND, "%s: not found in any imported disk group") \
	X(RECORD_UNKNOWN_IN, 1068, NOTFOUND, "%s: not found in disk group %s") \
	X(WAITS, 1069, TIMEOUT, "waits for %s") \
	X(REMOVE_WHAT, 1065, USAGE, "remove: \"%s\" says not what is to be removed: vxassist -g %s remove " \
				    "volume|mirror|log VOLUME") \
	X(POLICY_UNKNOWN, 1066, SYNTAX, "%s: not a read policy: round VOLUME, select VOLUME, or prefer VOLUME PLEX") \
	X(PROTOCOL_LOW, 1080, INVAL, "Volume %s: the cluster runs protocol %u, this needs %u (vxdctl upgrade, once every node " \
				     "has the newer program)") \
	X(PLEX_SHORT, 1081, INVAL, "Plex %s: is too short for volume %s") \
	X(LOG_UNMIRRORED, 1082, INVAL, "Volume %s: has one plex: a log serves mirrored volumes only (vxassist -g %s mirror %s)") \
	X(PLEX_IN_USE, 1091, ASSOC, "Plex %s: belongs to volume %s") \
	X(PLEX_IS_LOG, 1092, INVAL, "Plex %s: is a log, holds no data") \
	X(PLEX_FEW, 1083, LAST, "Volume %s: has not so many %s that could be removed%s") \
	X(RESIZE_LEN, 1084, INVAL, "Volume %s: is %llu sectors long: %s needs %s than that") \
	X(RESIZE_ATTACH, 1085, BUSY, "Volume %s: plex %s is being attached: try again when it is complete (vxtask list)") \
	X(SHRINK_LOSES, 1086, INVAL, "Volume %s: what it holds behind %llu sectors would be lost: make the file system smaller " \
				     "first (-f: shrink it nevertheless)") \
	X(UPGRADE, 1071, INVAL, "The protocol was not raised: %s") \
	X(QUEUE_FULL, 1072, FULL, "Disk group %s: too many changes wait (at most %u, %u of one node): try again later") \
	X(MEMORY_UNKNOWN, 1088, NOGROUP, "%s: node %s remembers no disk group of that name or id (vxdctl remembered)") \
	X(MEMORY_TWICE, 1089, EXISTS, "%s: node %s remembers several disk groups of that name: give the id (%s, %s ...)") \
	X(MEMORY_USED, 1090, BUSY, "Disk group %s: not forgotten on node %s: %s") \
	X(INTERNAL, 1099, PROTO, "%s")

enum vx_message_id {
#define VX_MESSAGE_ENUM(name, number, code, format) MSG_##name = number,
	VX_MESSAGES(VX_MESSAGE_ENUM)
#undef VX_MESSAGE_ENUM
};

/* The formats as constants, so that the compiler checks the arguments of message_add(). */
#define VX_MESSAGE_FORMAT(name, number, code, format) static const char MSG_##name##_FORMAT[] = format;
VX_MESSAGES(VX_MESSAGE_FORMAT)
#undef VX_MESSAGE_FORMAT

/*
 * Adds the message, formatted as the catalogue says, to reply (severity ERROR) and sets
 * reply->exit_code. A text that is longer than VX_REASON_MAX is cut. Returns the negative error of
 * the message (base/errors.h). reply's memory is from malloc. id is the name of a message (MSG_...).
 */
int message_add(Vx__Reply *reply, const char *tool, enum vx_message_id id, ...);
#define message_add(reply, tool, id, ...)                               \
	(0 ? snprintf(NULL, 0, id##_FORMAT, ##__VA_ARGS__) :            \
	     (message_add)((reply), (tool), (id), ##__VA_ARGS__))

#endif
