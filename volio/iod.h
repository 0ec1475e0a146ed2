/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O daemon as a whole: what its parts in the main thread share. Main thread only. */
#ifndef VX_VOLIO_IOD_H
#define VX_VOLIO_IOD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/conf.h"
#include "base/ipc.h"
#include "base/loop.h"
#include "base/worker.h"
#include "volio/front.h"
#include "volio/iodisk.h"
#include "volio/lane.h"
#include "volio/op.h"
#include "volio/opens.h"
#include "vxha.pb-c.h"

struct volume;
struct cluster;
struct control;
struct notes;
struct suspension;

LIST_HEAD(volume_list, volume);
LIST_HEAD(suspension_list, suspension);

struct iod_group {
	LIST_ENTRY(iod_group) link;
	struct iod *iod;
	char name[VX_NAME_MAX + 1];
	char dgid[128];
	bool shared;
	Vx__Activation activation; /* of this node */
	struct volume_list volumes;
};

LIST_HEAD(iod_group_list, iod_group);

struct iod {
	struct loop *loop;
	struct conf *conf;
	struct mailbox box; /* from lanes */
	struct worker *worker;
	struct lane *lane[VX_LANES_MAX];
	unsigned int lanes;
	struct iodisk_set disks;
	struct opens opens;
	void *front[FRONT_COUNT];
	struct iod_group_list groups;
	struct op_list ops;
	struct suspension_list suspensions;
	unsigned int shared_jobs; /* worker jobs that do I/O for shared groups (V17) */
	struct control *control;  /* toward vxconfigd */
	struct cluster *cluster;  /* toward vxclustd */
	struct notes *notes;	  /* words of other nodes about volumes that are not loaded yet */
	uint32_t resync_slow_ms;
	Vx__Task *finished[VX_TASKS_FINISHED]; /* a ring; the newest is at finished_count - 1 */
	uint64_t finished_count;
	uint64_t task_ids;
	bool marks_left; /* shared volumes went, and not all of their regions were clean (V16) */
	bool stopping; /* on the way out */
};

struct iod_group *iod_group(const struct iod *iod, const char *dgid);
struct volume *iod_volume(const struct iod *iod, const char *dgid, uint64_t rid);
/* One that is being removed. */
struct volume *iod_volume_leaving(const struct iod *iod, const char *dgid, uint64_t rid);
struct volume *iod_volume_by_name(const struct iod *iod, const char *group, const char *volume);
/* Is the gate of this group open: private, or the gate of shared groups is. */
bool iod_gate_is_open(const struct iod_group *group);
/* A job with I/O, of a shared group or not: counted so that STOP can wait for it (V17). Paired. */
void iod_job_begin(struct iod *iod, bool shared);
void iod_job_end(struct iod *iod, bool shared);
/* Is no shared volume loaded? */
bool iod_is_clean(const struct iod *iod);

extern const struct front_ops *const front_table[FRONT_COUNT];

#endif
