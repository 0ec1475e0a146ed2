// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxiod tells about itself. */
#include "volio/report.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "volio/cluster.h"
#include "volio/sync_own.h"
#include "volio/volume.h"

#define REPORT_STALE_MS 10000 /* a resync whose owner has not told anything for that long */

/* Reports are made of memory from malloc, as unpacked messages are, so that one call frees them. */
static void *report_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL) {
		log_bug("out of memory");
	}
	return memory;
}

static char *report_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(report_alloc(size), text, size);
}

/* Appends an element to a repeated field. */
#define REPORT_ADD(report, field, element) \
	do { \
		void *grown_ = \
			reallocarray((report)->field, (report)->n_##field + 1, sizeof(void *)); \
		if (grown_ == NULL) { \
			log_bug("out of memory"); \
		} \
		(report)->field = grown_; \
		(report)->field[(report)->n_##field++] = (element); \
	} while (0)

static void report_volume(Vx__IodReport *report, const struct volume *volume)
{
	Vx__VolInfo *info = report_alloc(sizeof(*info));
	const struct iod *iod = volume->group->iod;
	char where[PATH_MAX];

	vx__vol_info__init(info);
	info->group = report_text(volume->conf->group);
	info->name = report_text(volume->conf->name);
	info->dgid = report_text(volume->group->dgid);
	info->rid = volume->conf->rid;
	info->kstate =
		volconf_is_usable(volume->conf) ? VX__KSTATE__KS_ENABLED : VX__KSTATE__KS_DISABLED;
	info->suspended = volume->holds != 0;
	info->in_flight = atomic_load_explicit(&volume->vio->shown_in_flight, memory_order_relaxed);
	info->regions = volume->conf->regions;
	info->dirty_regions = atomic_load_explicit(&volume->vio->shown_dirty, memory_order_relaxed);
	info->recover_regions =
		atomic_load_explicit(&volume->vio->shown_recover, memory_order_relaxed);
	info->log_writes =
		atomic_load_explicit(&volume->vio->shown_log_writes, memory_order_relaxed);
	info->syncing = volume->task != NULL;
	if (volume->device[FRONT_fuse] != NULL) {
		const char *trouble = front_table[FRONT_fuse]->trouble(volume->device[FRONT_fuse]);

		front_table[FRONT_fuse]->where(iod->front[FRONT_fuse], volume, where,
					       sizeof(where));
		info->device = report_text(trouble[0] == '\0' ? where : "");
		info->trouble = report_text(trouble);
	}
	if (volume->device[FRONT_nbd] != NULL) {
		front_table[FRONT_nbd]->where(iod->front[FRONT_nbd], volume, where, sizeof(where));
		info->nbd = report_text(where);
	}
	REPORT_ADD(report, vol, info);
}

static Vx__Task *report_task(const Vx__Task *task)
{
	Vx__Task *copy = report_alloc(sizeof(*copy));

	vx__task__init(copy);
	copy->id = task->id;
	copy->type = report_text(task->type);
	copy->state = report_text(task->state);
	copy->group = report_text(task->group);
	copy->volume = report_text(task->volume);
	copy->plex = report_text(task->plex);
	copy->done = task->done;
	copy->total = task->total;
	copy->regions = task->regions;
	copy->all_regions = task->all_regions;
	copy->started_ms = task->started_ms;
	copy->elapsed_ms = task->elapsed_ms;
	return copy;
}

static void report_running_task(Vx__IodReport *report, const struct volume *volume)
{
	Vx__Task *task;
	char text[VX_REASON_MAX];

	if (volume->task == NULL ||
	    (volume->sync == NULL && clock_ms() - volume->task_seen_ms > REPORT_STALE_MS)) {
		return;
	}
	task = report_task(volume->task);
	sync_waits_for(volume, text, sizeof(text));
	task->waits_for = report_text(text);
	REPORT_ADD(report, task, task);
}

static void report_finished(Vx__IodReport *report, const struct iod *iod)
{
	uint64_t count =
		iod->finished_count < VX_TASKS_FINISHED ? iod->finished_count : VX_TASKS_FINISHED;

	for (uint64_t i = iod->finished_count - count; i < iod->finished_count; i++) {
		REPORT_ADD(report, finished, report_task(iod->finished[i % VX_TASKS_FINISHED]));
	}
}

static uint64_t report_take(_Atomic uint64_t *counter, bool reset)
{
	return reset ? atomic_exchange(counter, 0)
		     : atomic_load_explicit(counter, memory_order_relaxed);
}

/* Adds what from counted to an object's statistics. */
static void report_count(Vx__ObjStat *stat, struct io_counters *from, bool reset)
{
	Vx__Counters *counters = stat->counters;

	counters->reads += report_take(&from->reads, reset);
	counters->writes += report_take(&from->writes, reset);
	counters->read_blocks += report_take(&from->read_bytes, reset) / VX_SECTOR;
	counters->write_blocks += report_take(&from->write_bytes, reset) / VX_SECTOR;
	counters->read_ns += report_take(&from->read_us, reset) * 1000;
	counters->write_ns += report_take(&from->write_us, reset) * 1000;
	counters->errors += report_take(&from->errors, reset);
}

static Vx__ObjStat *report_stat(Vx__IodReport *report, const char *type, const char *group,
				const char *name)
{
	Vx__ObjStat *stat = report_alloc(sizeof(*stat));

	vx__obj_stat__init(stat);
	stat->type = report_text(type);
	stat->group = report_text(group);
	stat->name = report_text(name);
	stat->counters = report_alloc(sizeof(*stat->counters));
	vx__counters__init(stat->counters);
	REPORT_ADD(report, stat, stat);
	return stat;
}

static void report_add_up(Vx__Counters *sum, const Vx__Counters *part)
{
	sum->reads += part->reads;
	sum->writes += part->writes;
	sum->read_blocks += part->read_blocks;
	sum->write_blocks += part->write_blocks;
	sum->read_ns += part->read_ns;
	sum->write_ns += part->write_ns;
	sum->errors += part->errors;
}

static void report_stats(Vx__IodReport *report, struct volume *volume, bool reset)
{
	const struct volconf *conf = volume->conf;

	report_count(report_stat(report, "vol", conf->group, conf->name), &volume->vio->counters,
		     reset);
	for (uint32_t i = 0; i < conf->written; i++) {
		Vx__ObjStat *plex = report_stat(report, "plex", conf->group, conf->plex[i].name);

		for (uint32_t j = 0; j < conf->subdisks; j++) {
			struct volconf_subdisk *subdisk = &conf->subdisk[j];
			Vx__ObjStat *part;

			if (subdisk->plex_rid == conf->plex[i].rid) {
				part = report_stat(report, "subdisk", conf->group, subdisk->name);
				report_count(part, &subdisk->counters, reset);
				report_add_up(plex->counters, part->counters);
			}
		}
	}
}

static void report_opens(Vx__IodReport *report, const struct iod *iod, const char *dgid)
{
	const struct open_entry *entry;

	LIST_FOREACH(entry, &iod->opens.list, link)
	{
		const struct volume *volume = entry->volume;
		Vx__OpenBy *by;

		if (volume == NULL || opens_is_again(&iod->opens, entry) ||
		    (dgid[0] != '\0' && strcmp(dgid, volume->group->dgid) != 0)) {
			continue;
		}
		by = report_alloc(sizeof(*by));
		vx__open_by__init(by);
		by->pid = (uint32_t)entry->pid;
		by->command = report_text(entry->command);
		by->since_s = (clock_ms() - entry->since_ms) / 1000;
		by->how = report_text(entry->how);
		by->volume = report_text(volume->conf->name);
		by->group = report_text(volume->conf->group);
		by->count = 1;
		by->write = opens_writes(&iod->opens, entry);
		REPORT_ADD(report, open, by);
	}
}

static void report_group(Vx__IodReport *report, struct iod_group *group, const Vx__IodQuery *query)
{
	struct volume *volume;

	LIST_FOREACH(volume, &group->volumes, link)
	{
		if (query->volumes) {
			report_volume(report, volume);
		}
		if (query->tasks) {
			report_running_task(report, volume);
		}
		if (query->stats) {
			report_stats(report, volume, query->reset);
		}
	}
}

Vx__IodReport *report_make(struct iod *iod, const Vx__IodQuery *query)
{
	Vx__IodReport *report = report_alloc(sizeof(*report));
	struct iod_group *group;
	struct iodisk *disk;

	vx__iod_report__init(report);
	report->gate = cluster_gate_is_open(iod) ? VX__GATE__GATE_OPEN : VX__GATE__GATE_CLOSED;
	LIST_FOREACH(group, &iod->groups, link)
	{
		if (query->dgid[0] == '\0' || strcmp(query->dgid, group->dgid) == 0) {
			report_group(report, group, query);
		}
	}
	if (query->opens) {
		report_opens(report, iod, query->dgid);
	}
	if (query->tasks) {
		report_finished(report, iod);
	}
	if (query->stats) {
		LIST_FOREACH(disk, &iod->disks.list, link)
		{
			report_count(report_stat(report, "disk", "", disk->diskid), &disk->counters,
				     query->reset);
		}
	}
	return report;
}
