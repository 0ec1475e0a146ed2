/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the utilities on stderr: "vxha TOOL SEVERITY V-80-1-NUMBER text".
 *
 * Most messages come ready from vxconfigd (vxconfigd/messages.h). Those that a utility says
 * itself are here: numbers 1101 to 1199 of the same catalogue, never used again.
 */
#ifndef VX_CMD_COMPLAIN_H
#define VX_CMD_COMPLAIN_H

#include <stdio.h>

#include "vxconfigd/messages.h"
#include "vxha.pb-c.h"

/* X(name, number, severity, exit code (base/errors.h name), format) */
#define CMD_MESSAGES(X) \
	X(NO_DAEMON, 1101, ERROR, NODAEMON, \
	  "vxconfigd is not running on this node (it starts with the cluster: see `pcs status`, " \
	  "resource vxclust; by hand: vxconfigd)") \
	X(NO_ACCESS, 1102, ERROR, IPC, \
	  "no access to vxconfigd: only root and members of group vxha may use it") \
	X(NO_ANSWER, 1103, ERROR, IPC, "vxconfigd did not answer within %u seconds") \
	X(BROKEN, 1104, ERROR, IPC, \
	  "the connection to vxconfigd broke before its answer: try again") \
	X(ASKING, 1105, WARNING, LOST, \
	  "no final answer from vxconfigd: asking it for the outcome of %s") \
	X(COMMITTED, 1106, NOTICE, LOST, "the change was committed") \
	X(NOT_COMMITTED, 1107, ERROR, ABORTED, "the transaction was aborted: nothing was changed") \
	X(UNKNOWN, 1108, ERROR, LOST, \
	  "the outcome is not known: it may or may not take effect; ask again: vxdctl outcome %s") \
	X(INTERRUPTED, 1109, WARNING, LOST, \
	  "interrupted; the command itself was not called back: vxdctl outcome %s tells how it " \
	  "ended") \
	X(NO_MEANING, 1110, ERROR, PROTO, "vxconfigd's answer was not understood: %s") \
	X(OPTION_UNKNOWN, 1111, ERROR, USAGE, "%s: unknown option (%s --help lists them)") \
	X(OPTION_NO_ARGUMENT, 1112, ERROR, USAGE, "option %s needs an argument") \
	X(OPTION_NEEDS_NONE, 1113, ERROR, USAGE, "option %s takes no argument") \
	X(VERB_NONE, 1114, ERROR, USAGE, "no operation given; one of: %s") \
	X(OPERAND_MISSING, 1115, ERROR, USAGE, "%s: too few operands; usage: %s") \
	X(OPERAND_TOO_MANY, 1116, ERROR, USAGE, "%s: too many operands from \"%s\" on; usage: %s") \
	X(WORDS_TOO_MANY, 1117, ERROR, USAGE, "too many words: at most %u") \
	X(WORD_EMPTY, 1118, ERROR, SYNTAX, "an empty word is not a name") \
	X(GROUP_NOT_USED, 1119, ERROR, USAGE, "%s: takes no -g option") \
	X(GROUP_WHICH, 1120, ERROR, USAGE, "%s: no disk group given; usage: %s") \
	X(NUMBER_INVALID, 1121, ERROR, SYNTAX, \
	  "option --%s: \"%s\" is not a number from %u to %u") \
	X(NODE_UNKNOWN, 1124, ERROR, NOTFOUND, "Node %s: no report of a node of that name") \
	X(NODE_SILENT, 1125, WARNING, IPC, "Node %s: no report: %s") \
	X(OUTPUT, 1126, ERROR, FULL, "cannot write the output: %s") \
	X(HANGS, 1127, ERROR, IPC, \
	  "vxconfigd of this node does not take the connection: it hangs or was paused; nothing " \
	  "was asked of it") \
	X(WORD_TOO_LONG, 1128, ERROR, SYNTAX, "%.40s...: longer than %u bytes") \
	X(OPTION_TWICE, 1129, ERROR, USAGE, "option --%s is given twice") \
	X(OPTION_NOT_HERE, 1130, ERROR, USAGE, "%s: takes no option --%s") \
	X(OPTION_NEEDS, 1131, ERROR, USAGE, "option --%s needs --%s") \
	X(ATTR_TWICE, 1132, ERROR, USAGE, "%s=%s: %s is given twice") \
	X(MEDIA_WORD, 1133, ERROR, SYNTAX, "%s: a name or a device is missing in NAME=DEVICE") \
	X(NO_DEVICE, 1134, WARNING, BUSY, "Volume %s: has no device on this node: %s") \
	X(NO_DISKS, 1135, WARNING, NODISK, \
	  "no disk of this node is seen: disks= in vxha.conf says which are looked at " \
	  "(man vxha.conf)") \
	X(MUTE, 1136, NOTICE, TIMEOUT, \
	  "waits for vxconfigd of this node, which says nothing: it hangs or was paused") \
	X(NOT_ASKED, 1137, WARNING, ABORTED, \
	  "interrupted before vxconfigd was asked: nothing was changed") \
	X(CLASS_OTHER, 1138, ERROR, NOTFOUND, \
	  "%s: is of another class than those to be shown (-v volumes, -p plexes, -s subdisks, " \
	  "-d disks)") \
	X(NO_CONNECTION, 1139, ERROR, IPC, "no connection to vxconfigd of this node: %s") \
	X(NOT_STARTED, 1140, ERROR, NOTSTARTED, "Volume %s: not started: %s")

enum complain_id {
#define CMD_MESSAGE_ENUM(name, number, severity, code, format) SAY_##name = number,
	CMD_MESSAGES(CMD_MESSAGE_ENUM)
#undef CMD_MESSAGE_ENUM
};

/* The formats as constants, so that the compiler checks the arguments of complain(). */
#define CMD_MESSAGE_FORMAT(name, number, severity, code, format) \
	static const char SAY_##name##_FORMAT[] = format;
CMD_MESSAGES(CMD_MESSAGE_FORMAT)
#undef CMD_MESSAGE_FORMAT

/*
 * Prints message id, SAY_... of CMD_MESSAGES or MSG_... of VX_MESSAGES, with its arguments.
 * Returns the exit code that belongs to it.
 */
int complain(FILE *err, const char *tool, unsigned int id, ...);
#define complain(err, tool, id, ...) \
	(0 ? snprintf(NULL, 0, id##_FORMAT, ##__VA_ARGS__) \
	   : (complain)((err), (tool), (id), ##__VA_ARGS__))

/* Prints the messages of an answer in their order. */
void complain_reply(FILE *err, const char *tool, const Vx__Reply *reply);

#endif
