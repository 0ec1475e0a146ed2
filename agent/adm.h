/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxclustadm's options, verbs and numbered messages. */
#ifndef VX_AGENT_ADM_H
#define VX_AGENT_ADM_H

#include <stdbool.h>

struct adm_options {
	bool verbose, json, cancel, serve, stop;
	unsigned int join_timeout_s; /* 0: vxclustd's own */
	unsigned int timeout_s;	     /* 0: no limit */
};

/*
 * A verb gets the words after its name, count of them, and returns the exit code. It has printed
 * its own errors.
 */
typedef int adm_verb_fn(const struct adm_options *options, int count, char **word);

/* X(name, number, format): printed as "vxha vxclustadm ERROR V-80-2-NUMBER text". */
#define ADM_MESSAGES(X) \
	X(USAGE, 2001, "%s (vxclustadm --help shows how it is used)") \
	X(NOT_RUNNING, 2002, \
	  "vxclustd is not running on this node. The cluster resource starts it: " \
	  "crm_mon -1 shows its state") \
	X(PERMISSION, 2003, \
	  "permission denied: daemons talk to root and members of group vxha only") \
	X(NOT_ANSWERING, 2004, "no answer of vxclustd: %s") \
	X(START, 2005, "this node did not join the cluster: %s") \
	X(STOP, 2006, "this node did not leave the cluster: %s") \
	X(STOP_CANCELLED, 2007, "leaving was cancelled: this node stays in the cluster") \
	X(STOP_WAITING, 2008, \
	  "this node still waits after %u s; it goes on leaving (vxclustadm stopnode " \
	  "--cancel ends that)") \
	X(ABORT, 2009, "the abort of this node failed: %s") \
	X(ENDED, 2010, "vxclustd ended before it answered") \
	X(PREFERENCE, 2011, "preference not changed: %s") \
	X(NO_LIBRARY, 2012, \
	  "Pacemaker's fencing library (libstonithd.so.56 or .so.26) is not installed") \
	X(NO_FENCER, 2013, \
	  "Pacemaker's fencer does not run on this node, or does not answer this user: " \
	  "root and members of group haclient may ask it") \
	X(DAEMON_STAYS, 2014, "%s (process %d) cannot be ended: %s") \
	X(NO_MEMORY, 2015, "out of memory") \
	X(START_LATE, 2016, "this node did not join the cluster within %u s (%s); it goes on trying for " \
	  "another startnode: `vxclustadm stopnode` ends that") \
	X(NO_IOD, 2017, "vxiod is not running on this node: it serves no volume") \
	X(IOD_MUTE, 2018, "no answer of vxiod: %s") \
	X(SETMASTER, 2019, "node %s was not made master: %s") \
	X(REINIT, 2021, "the node list was not read again: %s") \
	X(SETMASTER_LOST, 2020, \
	  "vxclustd of this node ended before it answered; whether node %s is master now, " \
	  "vxclustadm nidmap shows on another node") \
	X(NODE_UNKNOWN, 2022, \
	  "node %s: the cluster has no node of that name or id (vxclustadm nidmap shows them)") \
	X(OUTPUT, 2023, "cannot write the output: %s")

enum adm_message {
#define ADM_MESSAGE_ENUM(name, number, format) ADM_##name,
	ADM_MESSAGES(ADM_MESSAGE_ENUM)
#undef ADM_MESSAGE_ENUM
};

/* Prints the message on stderr and returns the exit code 1. */
int adm_error(enum adm_message message, ...);

#endif
