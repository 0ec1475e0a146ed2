/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operation that loads a configuration (load.c), and the disks that such an operation opens
 * (load_disks.c). */
#ifndef VX_VOLIO_LOAD_H
#define VX_VOLIO_LOAD_H

#include <stdbool.h>

#include "base/limits.h"
#include "volio/gather.h"
#include "volio/iod.h"
#include "volio/volconf.h"

enum load_action { LOAD_KEEP, LOAD_CREATE, LOAD_CHANGE, LOAD_REMOVE };

struct load_entry {
	enum load_action action;
	struct volume *volume;
	struct volconf *conf; /* of the new configuration, until a volume took it */
	bool held;	      /* with VIO_HOLD_CONF */
	bool reread;	      /* its recovery map changes on disk with it */
};

struct load_disk; /* one disk on its way to be opened */

struct load {
	struct op op;
	struct gather part; /* of the present stage */
	struct volconf_index index; /* of the request's configuration */
	struct iod_group *group;
	bool new_group;
	struct load_entry *entry;
	size_t entries;
	struct load_disk *disk;
	size_t disks;
	struct loop_timer timer;
	bool timed_out;
	char reason[VX_REASON_MAX];
};

/* Opens, in workers, the disks that the configuration needs; each is a part of load->part. Makes load->index. */
void load_open_disks(struct load *load, const Vx__Config *config, Vx__DiskPath *const *path,
		     size_t paths);
/* Takes those that were opened into the set of open disks, used by the operation. */
int load_take_disks(struct load *load);
struct iodisk *load_disk(const struct load *load, const char *diskid);
/* The operation uses them, and the index, no more. */
void load_close_disks(struct load *load);

#endif
