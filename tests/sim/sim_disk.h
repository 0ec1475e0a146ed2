/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator's disks, and the copies of groups on them. */
#ifndef VX_TESTS_SIM_DISK_H
#define VX_TESTS_SIM_DISK_H

#include "tests/sim/sim.h"

/* ---- sim_copies.c: the shell around the core of the copies ---- */
void disk_init_nodes(struct sim *sim);
struct sim_disk_task *disk_task(struct sim *sim, uint32_t node, uint32_t group,
				enum sim_disk_op op);
void disk_submit(struct sim *sim, uint32_t node, struct sim_disk_task *task);
bool disk_written(const struct sim *sim, uint32_t node); /* what vxconfigd believes (R4) */
bool disk_writes(const struct sim *sim, uint32_t node); /* one is under way or will be */
void disk_process_starts(struct sim *sim, uint32_t node);
void disk_process_died(struct sim *sim, uint32_t node, bool power);
void disk_end(struct sim *sim, bool crashed);

/* ---- sim_disk.c: bytes ---- */
void disk_init(struct sim *sim);
bool disk_has_majority(const struct sim *sim, uint32_t group);
uint32_t disk_shelf(const struct sim *sim, uint32_t group, uint32_t copy);
const char *disk_group_id(uint32_t group);
void disk_id(uint32_t group, uint32_t copy, char out[DISK_ID_SIZE]);
Vx__Config *disk_config(struct sim *sim, uint32_t group, const struct sim_content *content);
Vx__Change *disk_change(struct sim *sim, uint32_t group, uint64_t set);
struct sim_content disk_content(const Vx__Config *config);
int disk_read(struct sim *sim, uint32_t group, uint32_t copy, struct copy_image **out,
	      char *reason);
void disk_write(struct sim *sim, uint32_t group, uint32_t copy, const struct copy_write *write);
void disk_tear(struct sim *sim, uint32_t group, uint32_t copy, const struct copy_write *write);
void disk_keep(struct sim *sim);  /* a backup is made */
void disk_old(struct sim *sim);	  /* and played back */
void disk_right(struct sim *sim); /* which somebody undoes */

/* A node left cleanly: if nobody is left, the copies say so (I25). */
void check_nobody(struct sim *sim);

/* sim_fault.c: a view was made without shelves that were away: they come back (T17) */
void shelf_late(struct sim *sim);

#endif
