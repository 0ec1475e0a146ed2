/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client of vxclustd: registration, the steps of a reconfiguration, port v. Main thread only.
 *
 * All that is known of the cluster is here: the last view, this node's slot in it, whether the gate
 * of the shared groups is open.
 */
#ifndef VX_VOLIO_CLUSTER_H
#define VX_VOLIO_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "volio/iod.h"

struct volume;

int cluster_create(struct iod *iod, struct cluster **out_cluster);
void cluster_free(struct cluster *cluster);

bool cluster_has_view(const struct iod *iod);
/* It let its shared volumes go and is on its way out of the cluster. */
bool cluster_has_left(const struct iod *iod);
bool cluster_gate_is_open(const struct iod *iod);
bool cluster_is_master(const struct iod *iod);
/* Slot of this node's active map: its nid, 0 for a private group. */
uint32_t cluster_slot(const struct iod_group *group);
/* Does this node own the resync of the volume in the present view? Always for a private group. */
bool cluster_owns(const struct volume *volume);
/* Node ids of the view's members; 0 of them for a private group. */
uint32_t cluster_members(const struct iod_group *group, uint32_t out_member[VX_NODES_MAX]);
bool cluster_has_joiners(const struct iod *iod);
/* That the view runs (R21); 0 without one. */
uint32_t cluster_protocol(const struct iod *iod);
/* Is the view open, as far as this node knows? And is that this node's id? */
bool cluster_is_live(const struct iod *iod);
bool cluster_is_self(const struct iod *iod, uint32_t nodeid);
/* Sends to port v; dropped when the view is not open. */
void cluster_send(struct iod *iod, const Vx__IodMsg *msg);
/* Something changed that a step may wait for: an open, a volume, a job, an operation. */
void cluster_poke(struct iod *iod);

#endif
