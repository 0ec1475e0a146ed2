/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Planning for the disks of a group: which may join, which may go, which hold copies. */
#ifndef VX_VXCONFIGD_PLAN_DISK_H
#define VX_VXCONFIGD_PLAN_DISK_H

#include "vxconfigd/plan_work.h"

/* Adds the disks that the operands from `first` on name as [MEDIA=]DEVICE. */
int plan_disk_add(struct plan_work *work, size_t first);
/* Removes the disks that the operands name by their media names. */
int plan_disk_remove(struct plan_work *work);
/* More disks hold a copy of the configuration until `copies` do (or all). */
void plan_disk_choose_copies(struct plan_work *work, unsigned int copies);

#endif
