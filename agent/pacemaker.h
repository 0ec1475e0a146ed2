/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vxclustd asks of Pacemaker, by its own tools, never blocking.
 *
 * Three lanes, each with one tool at a time and a bounded queue, so that requests keep their order
 * and a slow attribute never delays a call for help: requests about nodes (terminate, fail,
 * fencing), fencing at once, and attributes. Errors of a tool are logged here, once until it works again. Main
 * thread only. Functions return 0, -VX_E_FULL when too many wait, -VX_E_SYNTAX for a name that
 * Pacemaker could not have, or -ENOMEM; never the fate of the tool.
 */
#ifndef VX_AGENT_PACEMAKER_H
#define VX_AGENT_PACEMAKER_H

#include <stdbool.h>

#include "base/loop.h"

struct pacemaker;

enum pacemaker_answer { PACEMAKER_UNKNOWN, PACEMAKER_NO, PACEMAKER_YES };

int pacemaker_create(struct loop *loop, struct pacemaker **out_pacemaker);
/*
 * Starts what still waits but for attributes, and waits for nothing: a tool that was started
 * does its work also when this process ends. No answer comes any more.
 */
void pacemaker_destroy(struct pacemaker *pacemaker);

/* Asks Pacemaker's policy to fence the node (attribute terminate=true). */
int pacemaker_terminate(struct pacemaker *pacemaker, const char *node);
/*
 * Asks the fencer itself to reboot the node, past Pacemaker's policy, which acts only when its
 * present transition is over: a start that waits for this very fencing would hold it up for
 * minutes. One that is under way is waited for, and so is one that ended within 3 s; an earlier one
 * does not count: whoever asks needs to hear of a new one.
 */
int pacemaker_reboot(struct pacemaker *pacemaker, const char *node);
/* A transient attribute of this node. A newer value replaces one that waits. */
int pacemaker_attr_set(struct pacemaker *pacemaker, const char *name, const char *value);
/*
 * Says that the resource failed on the node. resource NULL: the one whose agent started us, as
 * the agent noted in /run/vxha/resource; -ENOENT if there is none (not started by Pacemaker).
 */
int pacemaker_fail(struct pacemaker *pacemaker, const char *resource, const char *node);
/* Is fencing enabled in the cluster? fn is called once, from the loop. */
int pacemaker_fencing_enabled(struct pacemaker *pacemaker,
			      void (*fn)(void *ctx, enum pacemaker_answer answer), void *ctx);

#endif
