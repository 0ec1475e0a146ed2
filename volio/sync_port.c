// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the vxiods of a view tell each other about resyncs, as this node takes it in.
 *
 * V20: a window is acknowledged when no write of this node is in it; until the next window none
 * goes in. A node that does not have the volume yet acknowledges at once and keeps the word (a
 * note): when the volume is loaded here it begins with that window. One that is being removed may have
 * writes in flight still.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "volio/bits.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/sync.h"
#include "volio/sync_own.h"
#include "volio/volume.h"

/* At most one for each volume of the cluster. */
struct note {
	LIST_ENTRY(note) link;
	char dgid[128];
	uint64_t rid;
	uint64_t offset, length; /* window, sectors */
	bool done;		 /* the resync ended */
	uint64_t differs;	 /* it was told so many times (V12) */
};

struct notes {
	LIST_HEAD(note_list, note) list;
};

int notes_create(struct notes **out_notes)
{
	*out_notes = calloc(1, sizeof(**out_notes));
	return *out_notes != NULL ? 0 : -ENOMEM;
}

static void notes_drop(struct notes *notes, const char *dgid)
{
	struct note *note, *next;

	for (note = LIST_FIRST(&notes->list); note != NULL; note = next) {
		next = LIST_NEXT(note, link);
		if (dgid == NULL || strcmp(note->dgid, dgid) == 0) {
			LIST_REMOVE(note, link);
			free(note);
		}
	}
}

void notes_free(struct notes *notes)
{
	if (notes != NULL) {
		notes_drop(notes, NULL);
		free(notes);
	}
}

static struct note *note_find(struct notes *notes, const char *dgid, uint64_t rid)
{
	struct note *note;

	LIST_FOREACH(note, &notes->list, link)
	{
		if (note->rid == rid && strcmp(note->dgid, dgid) == 0) {
			return note;
		}
	}
	return NULL;
}

static struct note *note_make(struct notes *notes, const char *dgid, uint64_t rid)
{
	struct note *note = note_find(notes, dgid, rid);

	if (note == NULL) {
		note = calloc(1, sizeof(*note));
		if (note == NULL) {
			log_bug("out of memory");
		}
		note->rid = rid;
		snprintf(note->dgid, sizeof(note->dgid), "%s", dgid);
		LIST_INSERT_HEAD(&notes->list, note, link);
	}
	return note;
}

void notes_clear_group(struct notes *notes, const char *dgid)
{
	notes_drop(notes, dgid);
}

void notes_differs(struct notes *notes, const char *dgid, uint64_t rid)
{
	struct note *note = note_make(notes, dgid, rid);

	note->differs++;
	note->done = false;
}

void notes_apply(struct iod *iod, struct volume *volume)
{
	struct note *note = note_find(iod->notes, volume->group->dgid, volume->conf->rid);

	if (note == NULL) {
		return;
	}
	volume->differs.heard = note->differs;
	if (note->done) {
		volume_clear_map(volume, 0, volume->conf->regions - 1, false);
	} else {
		if (note->differs > 0) {
			differs_take_all(volume);
		}
		volume_set_window(volume, note->offset * VX_SECTOR, note->length * VX_SECTOR, NULL);
	}
}

void sync_forget(struct iod *iod)
{
	struct iod_group *group;
	struct volume *volume;

	notes_drop(iod->notes, NULL);
	LIST_FOREACH(group, &iod->groups, link)
	{
		LIST_FOREACH(volume, &group->volumes, link)
		{
			if (group->shared) {
				differs_forget(volume);
			}
			if (group->shared && volume->window_open) {
				volume_set_window(volume, 0, 0, NULL);
			}
			if (group->shared && volume->task != NULL) {
				vx__task__free_unpacked(volume->task, NULL);
				volume->task = NULL;
			}
		}
	}
}

/* ---- windows ---- */

struct window_answer {
	struct gather gather;
	struct iod *iod;
	char dgid[128];
	uint64_t rid, serial;
};

static void window_acknowledge(struct iod *iod, char *dgid, uint64_t rid, uint64_t serial)
{
	struct volume *volume = iod_volume(iod, dgid, rid);
	Vx__WindowAck ack = VX__WINDOW_ACK__INIT;
	Vx__IodMsg msg = VX__IOD_MSG__INIT;

	if (volume != NULL && !volume->group->shared) {
		sync_ack(volume, 0, serial);
		return;
	}
	ack.dgid = dgid;
	ack.vol_rid = rid;
	ack.serial = serial;
	msg.body_case = VX__IOD_MSG__BODY_ACK;
	msg.ack = &ack;
	cluster_send(iod, &msg);
}

static void window_is_free(struct gather *gather)
{
	struct window_answer *answer = gather->ctx;

	if (gather->error == 0) { /* else another window took its place */
		window_acknowledge(answer->iod, answer->dgid, answer->rid, answer->serial);
	}
	free(answer);
}

/* Whole regions only: the owner may have spoken of shorter ones, before the volume became longer. */
static void sync_take_clean(struct volume *volume, const Vx__Window *window)
{
	const struct volconf *conf = volume->conf;
	uint64_t from = window->clean_from * VX_SECTOR, to = from + window->clean_len * VX_SECTOR;
	uint64_t first = (from + conf->region_bytes - 1) / conf->region_bytes;
	uint64_t end = to == conf->length ? conf->regions : to / conf->region_bytes;

	if (to <= conf->length && first < end) {
		volume_clear_map(volume, (uint32_t)first, (uint32_t)(end - 1), true);
		stale_clear(&volume->stale, window->attach, window->n_attach, (uint32_t)first,
			    (uint32_t)(end - 1));
	}
}

static void sync_on_window(struct iod *iod, const Vx__Window *window)
{
	struct volume *volume = iod_volume(iod, window->dgid, window->vol_rid);
	struct window_answer *answer;

	if (volume == NULL) {
		struct note *note = note_make(iod->notes, window->dgid, window->vol_rid);

		note->offset = window->offset;
		note->length = window->len;
		note->done = false;
		volume = iod_volume_leaving(iod, window->dgid, window->vol_rid);
		if (volume == NULL) {
			window_acknowledge(iod, window->dgid, window->vol_rid, window->serial);
			return;
		}
	}
	/* It may be behind the end: the owner runs the next configuration already. */
	if (window->len == 0) { /* given back: what was to be copied could not be */
		volume_set_window(volume, 0, 0, NULL);
		return;
	}
	if (window->offset > VX_SECTORS_MAX || window->len > VX_SECTORS_MAX) {
		log_err("dg=%s vol=%s: window %llu+%llu is not possible", volume->conf->group,
			volume->conf->name, (unsigned long long)window->offset,
			(unsigned long long)window->len);
		return;
	}
	if (window->clean_len > 0 && volume->conf->regions > 0 && volume->sync == NULL &&
	    window->differs >= volume->differs.heard) {
		sync_take_clean(volume, window);
	}
	answer = calloc(1, sizeof(*answer));
	if (answer == NULL) {
		log_bug("out of memory");
	}
	answer->iod = iod;
	answer->rid = window->vol_rid;
	answer->serial = window->serial;
	snprintf(answer->dgid, sizeof(answer->dgid), "%s", window->dgid);
	gather_begin(&answer->gather, window_is_free, answer);
	volume_set_window(volume, window->offset * VX_SECTOR, window->len * VX_SECTOR,
			  &answer->gather);
	gather_end(&answer->gather, 0, NULL);
}

/* ---- progress and end ---- */

static void task_keep(struct iod *iod, Vx__Task *task)
{
	Vx__Task **place = &iod->finished[iod->finished_count++ % VX_TASKS_FINISHED];

	if (*place != NULL) {
		vx__task__free_unpacked(*place, NULL);
	}
	*place = task;
}

/* plex: that is being attached; "": a recovery. */
static Vx__Task *task_of(struct volume *volume, const char *plex)
{
	if (volume->task == NULL) {
		Vx__Task *task = calloc(1, sizeof(*task));

		if (task == NULL) {
			log_bug("out of memory");
		}
		vx__task__init(task);
		task->id = ++volume->group->iod->task_ids;
		task->type = strdup(plex[0] != '\0' ? "ATCOPY" : "RECOV");
		task->plex = strdup(plex);
		task->state = strdup("R");
		task->group = strdup(volume->conf->group);
		task->volume = strdup(volume->conf->name);
		task->started_ms = clock_wall_ms();
		volume->task = task;
	}
	return volume->task;
}

static void sync_on_progress(struct iod *iod, const Vx__Progress *progress)
{
	struct volume *volume = iod_volume(iod, progress->dgid, progress->vol_rid);

	if (volume != NULL) {
		Vx__Task *task = task_of(volume, progress->plex);

		task->done = progress->done;
		task->total = progress->total;
		task->regions = progress->regions;
		task->all_regions = progress->all_regions;
		task->elapsed_ms = progress->elapsed_ms;
		volume->task_seen_ms = clock_ms();
	}
}

static void sync_on_done(struct iod *iod, const Vx__SyncDone *done)
{
	struct volume *volume = iod_volume(iod, done->dgid, done->vol_rid);

	if (volume == NULL) {
		struct note *note = note_make(iod->notes, done->dgid, done->vol_rid);

		note->done = done->differs >= note->differs;
		return;
	}
	if ((volume->log_lost && !done->lost) || done->differs < volume->differs.heard) {
		volume_set_window(volume, 0, 0, NULL);
		return; /* its owner did not know yet what else is to be recovered: it goes on */
	}
	volume->log_lost = false;
	volume->map_dropped = volume->reading;
	if (volume->conf->regions > 0) {
		volume_clear_map(volume, 0, volume->conf->regions - 1, true);
		stale_clear(&volume->stale, done->attach, done->n_attach, 0,
			    volume->conf->regions - 1);
	}
	volume_set_window(volume, 0, 0, NULL); /* only now: writes may fail again (V12) */
	if (done->regions > 0) {
		Vx__Task *task = task_of(volume, "");

		task->done = task->total = task->regions = done->regions;
		task->all_regions = done->all_regions;
		task->elapsed_ms = done->ms;
		free(task->state);
		task->state = strdup("D");
		volume->task = NULL;
		task_keep(iod, task);
		log_notice("dg=%s vol=%s: resync of %llu of %llu regions done in %llu ms",
			   volume->conf->group, volume->conf->name,
			   (unsigned long long)done->regions, (unsigned long long)done->all_regions,
			   (unsigned long long)done->ms);
		control_synced(volume, done->regions, done->all_regions, done->ms, done->attach,
			       (uint32_t)done->n_attach);
	}
}

/* In step 5 of a view the maps are read after this. If they were read already, this comes late. */
static void sync_on_lost(struct volume *volume)
{
	if (volume->log_lost || volume->conf->logs == 0 || volume->conf->regions == 0) {
		return;
	}
	log_warning("dg=%s vol=%s: its dirty region log is lost: all of it is to be recovered",
		    volume->conf->group, volume->conf->name);
	volume->log_lost = true;
	if (volume->maps_ready && !volume->reading) {
		sync_cut(volume);
		volume_set_map_full(volume);
		sync_start_owned(volume->group->iod);
	}
}

static void sync_on_start(struct iod *iod, const Vx__SyncStart *start)
{
	struct volume *volume = iod_volume(iod, start->dgid, start->vol_rid);
	uint64_t *map;

	if (volume != NULL && start->lost) {
		sync_on_lost(volume);
		return;
	}
	if (volume != NULL && volume->sync == NULL && start->attach != 0) {
		stale_set(&volume->stale, start->attach, start->map.data, start->map.len);
		return;
	}
	if (volume == NULL || volume->conf->logs > 0 || volume->sync != NULL ||
	    start->attach != 0 || volume->conf->regions != start->regions ||
	    start->map.len != (volume->conf->regions + 7) / 8) {
		return;
	}
	map = bits_of_bytes(start->map.data, volume->conf->regions);
	if (map == NULL) {
		log_bug("out of memory");
	}
	if (volume->differs.told != NULL) { /* its owner may not have heard of it yet */
		bits_or(map, volume->differs.told, volume->conf->regions);
	}
	volume_set_map(volume, map);
}

void sync_receive(struct iod *iod, uint32_t from, const uint8_t *data, size_t size)
{
	Vx__IodMsg *msg = vx__iod_msg__unpack(NULL, size, data);
	struct volume *volume;

	if (msg == NULL) {
		log_err("port v: a message of node %u is not understood", from);
		return;
	}
	switch (msg->body_case) {
	case VX__IOD_MSG__BODY_WINDOW:
		sync_on_window(iod, msg->window);
		break;
	case VX__IOD_MSG__BODY_ACK:
		volume = iod_volume(iod, msg->ack->dgid, msg->ack->vol_rid);
		if (volume != NULL) {
			sync_ack(volume, from, msg->ack->serial);
		}
		break;
	case VX__IOD_MSG__BODY_DONE:
		sync_on_done(iod, msg->done);
		break;
	case VX__IOD_MSG__BODY_PROGRESS:
		sync_on_progress(iod, msg->progress);
		break;
	case VX__IOD_MSG__BODY_START:
		sync_on_start(iod, msg->start);
		break;
	case VX__IOD_MSG__BODY_DIFFERS:
		volume = iod_volume(iod, msg->differs->dgid, msg->differs->vol_rid);
		differs_receive(iod,
				cluster_is_self(iod, from) ||
					(volume != NULL && !volume->group->shared),
				from, msg->differs);
		break;
	case VX__IOD_MSG__BODY__NOT_SET:
#if PROTOBUF_C_VERSION_NUMBER >= 1003000
	case _VX__IOD_MSG__BODY__CASE_IS_INT_SIZE:
#endif
		log_warning(
			"port v: a message of node %u has a body that this version does not know",
			from);
		break;
	}
	vx__iod_msg__free_unpacked(msg, NULL);
}
