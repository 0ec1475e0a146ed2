/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May a node join (R22)? What the joiner's vxconfigd sees of the cluster's groups, told to the
 * master's, which judges: what it sees itself the joiner must see (T14).
 */
#ifndef VX_VXCONFIGD_LOOK_H
#define VX_VXCONFIGD_LOOK_H

#include "vxconfigd/configd.h"

/* ---- pure ---- */

/* Cluster of the label of a disk that this node sees; NULL: it does not see it. */
typedef const char *look_label_fn(void *ctx, const char *diskid);

/* A group whose copies this node reads; config: what they say, NULL: they cannot be read. */
void look_add_group(Vx__Look *look, const char *dgid, const Vx__Config *config,
		    const char *cluster, look_label_fn *label, void *ctx);
/* Disks of a group that carry the label of another cluster. */
void look_add_foreign(Vx__Look *look, const char *dgid, const char *cluster);
/* Does the look miss anything? */
bool look_is_whole(const Vx__Look *look, const char *dgid);
/* 0, or -VX_E_NODISK, -VX_E_OWNER with a text in out_reason (VX_REASON_MAX). sees: the master. */
int look_judge(const Vx__Look *look, const Vx__Config *config,
	       bool (*sees)(void *ctx, const char *diskid), void *ctx, char *out_reason);

/* ---- the master's vxconfigd ---- */

/* Answers STEP_ADMIT. */
void look_admit(struct configd *configd, const Vx__StepRun *run);

#endif
