// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IodLoad: makes the volumes of a group what a configuration says, in stages that do not block.
 *
 *   open disks -> compare -> quiesce what changes -> apply, remove, create -> fold -> read maps
 *   -> devices -> answer
 *
 * V3: a volume changes only while it is held and drained, all at one time for its I/O. Nothing has
 * changed when a stage up to "quiesce" fails. V28: of a group that nobody used (`first`), every
 * active map is folded before a volume is seen, by the master alone; vxconfigd lets the other nodes
 * load it only after the master's answer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "volio/cluster.h"
#include "volio/control.h"
#include "volio/fold.h"
#include "volio/bits.h"
#include "volio/load.h"
#include "volio/reshape.h"
#include "volio/sync.h"
#include "volio/volume.h"

static void load_compare(struct gather *gather);
static void load_apply(struct gather *gather);
static void load_fold(struct gather *gather);
static void load_maps(struct gather *gather);
static void load_done(struct gather *gather);

static const Vx__IodLoad *load_request(const struct load *load)
{
	return load->op.msg->iod_load;
}

static void load_end(struct load *load, int error, const char *reason)
{
	struct iod *iod = load->op.iod;

	loop_timer_cancel(&load->timer);
	for (size_t i = 0; i < load->entries; i++) {
		struct load_entry *entry = &load->entry[i];

		if (entry->held) {
			volume_release(entry->volume, VIO_HOLD_CONF);
		}
		if (entry->volume != NULL) {
			volume_busy_end(entry->volume);
		}
		volconf_free(&iod->disks, entry->conf);
	}
	load_close_disks(load);
	free(load->entry);
	if (error == 0) {
		suspensions_lift(iod, load->op.dgid, false);
	} else if (load->group != NULL && load->new_group && LIST_EMPTY(&load->group->volumes)) {
		LIST_REMOVE(load->group, link);
		free(load->group);
	}
	op_end(&load->op, error, reason);
}

/* A stage ended: true if the next may begin, else the operation is over. */
static bool load_goes_on(struct load *load)
{
	struct gather part = load->part;

	if (part.error == 0 && load->op.aborted) {
		part.error = -VX_E_NOTMEMBER;
		snprintf(part.reason, sizeof(part.reason), "the node leaves the cluster");
	}
	if (part.error != 0) {
		load_end(load, part.error, part.reason);
		return false;
	}
	return true;
}

/* ---- begin: the group and its disks ---- */

static struct iod_group *load_group(struct load *load, const Vx__Dg *dg)
{
	struct iod_group *group = iod_group(load->op.iod, dg->dgid);

	if (group == NULL) {
		group = calloc(1, sizeof(*group));
		if (group == NULL) {
			log_bug("out of memory");
		}
		group->iod = load->op.iod;
		group->shared = dg->shared;
		snprintf(group->dgid, sizeof(group->dgid), "%s", dg->dgid);
		snprintf(group->name, sizeof(group->name), "%s", dg->name);
		LIST_INSERT_HEAD(&group->iod->groups, group, link);
		load->new_group = true;
	}
	return group;
}

static void load_start(struct op *op)
{
	struct load *load = (struct load *)op;
	const Vx__Config *config = load_request(load)->config;

	if (op->shared && cluster_has_left(op->iod)) {
		load_end(load, 0, NULL); /* V16: this node's part of it is over */
		return;
	}
	if (op->shared && !cluster_has_view(op->iod)) {
		load_end(load, -VX_E_NOTMEMBER,
			 "this node is in no cluster: a shared group cannot be loaded");
		return;
	}
	load->group = load_group(load, config->dg);
	if (load->group->shared != config->dg->shared) {
		load_end(load, -VX_E_INVAL, "a loaded group cannot become shared or private");
		return;
	}
	gather_begin(&load->part, load_compare, load);
	load_open_disks(load, config, load_request(load)->path, load_request(load)->n_path);
	gather_end(&load->part, 0, NULL);
}

/* ---- compare ---- */

static struct iodisk *load_find_disk(void *ctx, const char *diskid)
{
	return load_disk(ctx, diskid);
}

static void load_entry_take(struct load_entry *entry, struct volume *volume)
{
	entry->volume = volume;
	volume_busy_begin(volume); /* it cannot vanish under this operation */
}

static struct load_entry *load_add_entry(struct load *load, enum load_action action)
{
	struct load_entry *entry = &load->entry[load->entries++];

	*entry = (struct load_entry){ .action = action };
	return entry;
}

static int load_compare_volume(struct load *load, struct load_entry *entry, const Vx__Vol *vol,
			       char *reason)
{
	int rc = volconf_make(&load->index, vol, load_find_disk, load, &entry->conf, reason);

	if (rc == 0 && entry->volume != NULL) {
		entry->action = volconf_is_same(entry->volume->conf, entry->conf) ? LOAD_KEEP
										  : LOAD_CHANGE;
	}
	return rc;
}

/* An entry for each volume of the configuration, in its order, with the one that runs. */
static void load_match(struct load *load)
{
	const Vx__Config *config = load->index.config;
	struct volume *volume;

	for (size_t i = 0; i < config->n_vol; i++) {
		load_add_entry(load, LOAD_CREATE);
	}
	LIST_FOREACH(volume, &load->group->volumes, link)
	{
		size_t at = volconf_index_vol(&load->index, volume->conf->rid);

		if (at < config->n_vol && !volume->leaving) {
			load_entry_take(&load->entry[at], volume);
		}
	}
}

static bool load_is_volume(void *ctx, const struct volume *volume)
{
	return volume == ctx;
}

/* Volumes that are not in the configuration go, and without activation their devices, unless they
 * are open. */
static int load_compare_gone(struct load *load, char *reason)
{
	bool off = load_request(load)->activation == VX__ACTIVATION__ACT_OFF;
	struct volume *volume;

	LIST_FOREACH(volume, &load->group->volumes, link)
	{
		bool stays = volume->leaving || volconf_index_vol(&load->index, volume->conf->rid) <
							load->index.config->n_vol;

		if (stays && !off) {
			continue;
		}
		if (!load_request(load)->force && opens_text(&load->op.iod->opens, load_is_volume,
							     volume, "; ", reason, VX_REASON_MAX) > 0) {
			return -VX_E_OPEN;
		}
		if (!stays) {
			load_entry_take(load_add_entry(load, LOAD_REMOVE), volume);
		}
	}
	return 0;
}

static void load_on_drain_timeout(void *ctx);

static void load_compare(struct gather *gather)
{
	struct load *load = gather->ctx;
	const Vx__Config *config = load_request(load)->config;
	char reason[VX_REASON_MAX] = "";
	struct volume *volume;
	size_t count = config->n_vol;
	int rc = load_take_disks(load);

	if (gather->error == 0 && rc != 0) {
		gather->error = rc;
	}
	if (!load_goes_on(load)) {
		return;
	}
	LIST_FOREACH(volume, &load->group->volumes, link)
	{
		count++;
	}
	load->entry = calloc(count > 0 ? count : 1, sizeof(*load->entry));
	if (load->entry == NULL) {
		log_bug("out of memory");
	}
	load_match(load);
	for (size_t i = 0; i < config->n_vol && rc == 0; i++) {
		rc = load_compare_volume(load, &load->entry[i], config->vol[i], reason);
	}
	rc = rc == 0 ? load_compare_gone(load, reason) : rc;
	if (rc != 0) {
		load_end(load, rc, reason);
		return;
	}
	gather_begin(&load->part, load_apply, load);
	for (size_t i = 0; i < load->entries; i++) {
		struct load_entry *entry = &load->entry[i];

		if (entry->action == LOAD_CHANGE || entry->action == LOAD_REMOVE) {
			entry->held = true;
			volume_hold(entry->volume, VIO_HOLD_CONF, &load->part);
		}
	}
	loop_timer_set(load->op.iod->loop, &load->timer, VX_DRAIN_MS, load_on_drain_timeout, load);
	gather_end(&load->part, 0, NULL);
}

/* ---- quiesce takes too long: everything as before, and the slow request is named ---- */

static void load_slowest_said(void *ctx, const char *text)
{
	struct load *load = ctx;

	load->timed_out = true;
	snprintf(load->reason, sizeof(load->reason), "volumes did not become quiet in %d s: %s",
		 VX_DRAIN_MS / 1000, text);
	for (size_t i = 0; i < load->entries; i++) {
		if (load->entry[i].held) {
			load->entry[i].held = false;
			volume_release(load->entry[i].volume, VIO_HOLD_CONF);
		}
	}
	gather_end(&load->part, -VX_E_TIMEOUT, load->reason);
}

static void load_on_drain_timeout(void *ctx)
{
	struct load *load = ctx;

	for (size_t i = 0; i < load->entries; i++) {
		struct load_entry *entry = &load->entry[i];

		if (entry->held && !entry->volume->leaving &&
		    atomic_load_explicit(&entry->volume->vio->shown_in_flight,
					 memory_order_relaxed) > 0) {
			gather_add(&load->part); /* so that it cannot end before the word comes */
			volume_slowest(entry->volume, load_slowest_said, load);
			return;
		}
	}
}

/* ---- apply ---- */

static void load_create(struct load *load, struct load_entry *entry)
{
	uint32_t holds = VIO_HOLD_MAPS | (iod_gate_is_open(load->group) ? 0 : VIO_HOLD_CLUSTER);

	if (volume_create(load->group, entry->conf, holds, &entry->volume) != 0) {
		log_bug("out of memory");
	}
	entry->conf = NULL;
	volume_busy_begin(entry->volume);
	notes_apply(load->op.iod, entry->volume);
}

static void load_change(struct load *load, struct load_entry *entry)
{
	struct volume *volume = entry->volume;
	bool reshape = reshape_is_needed(volume->conf, entry->conf);
	uint64_t *map = NULL; /* of a volume without a log */

	entry->reread = reshape && entry->conf->logs > 0; /* V33 */
	if (entry->reread && reshape_is_of_regions(volume->conf, entry->conf)) {
		volume->maps_ready = false; /* the whole log was written anew */
	} else if (entry->reread && volume->map != NULL) {
		bits_put(volume->map, entry->conf->regions - 1, true); /* RESUME reads it too */
	} else if (reshape && volume->map != NULL) {
		map = bits_new(entry->conf->regions);
		if (map == NULL) {
			log_bug("out of memory");
		}
		reshape_map(volume->conf, volume->map, entry->conf, map);
	} else if (entry->conf->logs > 0 && volume->conf->logs == 0) {
		volume->maps_ready = false; /* it has a log now: read like a new one */
	} else if (entry->conf->regions > 0 && volume->conf->regions == 0) {
		volume->maps_ready = false;
	}
	volume_apply(volume, entry->conf, map, &load->part);
	entry->conf = NULL;
}

static void load_apply(struct gather *gather)
{
	struct load *load = gather->ctx;
	const Vx__IodLoad *request = load_request(load);

	loop_timer_cancel(&load->timer);
	if (load->timed_out) {
		gather->error = -VX_E_TIMEOUT;
		memcpy(gather->reason, load->reason, sizeof(gather->reason));
	}
	if (!load_goes_on(load)) {
		return;
	}
	load->group->activation = request->activation;
	snprintf(load->group->name, sizeof(load->group->name), "%s", request->config->dg->name);
	gather_begin(&load->part, load_fold, load);
	for (size_t i = 0; i < load->entries; i++) {
		struct load_entry *entry = &load->entry[i];

		switch (entry->action) {
		case LOAD_KEEP: /* states that no lane looks at */
			entry->volume->conf->is_new = entry->conf->is_new;
			entry->volume->conf->was_clean = entry->conf->was_clean;
			break;
		case LOAD_CREATE:
			load_create(load, entry);
			break;
		case LOAD_CHANGE:
			load_change(load, entry);
			break;
		case LOAD_REMOVE:
			entry->held = false;
			volume_busy_end(entry->volume);
			if (!entry->volume->leaving) {
				volume_remove(entry->volume, true, -ENODEV, &load->part);
			}
			entry->volume = NULL;
			break;
		}
	}
	gather_end(&load->part, 0, NULL);
}

/* ---- fold, maps, devices ---- */

static bool load_is_first(const struct load *load)
{
	/* A private group that this process has not loaded was used by nobody else since. */
	return load_request(load)->first || (!load->op.shared && load->new_group);
}

static void load_fold(struct gather *gather)
{
	struct load *load = gather->ctx;
	bool alone = !load->op.shared || cluster_is_master(load->op.iod);

	if (!load_goes_on(load)) {
		return;
	}
	gather_begin(&load->part, load_maps, load);
	for (size_t i = 0; load_is_first(load) && alone && i < load->entries; i++) {
		struct volume *volume = load->entry[i].volume;

		if (load->entry[i].action == LOAD_CREATE && volume->conf->logs > 0) {
			fold_volume(volume, FOLD_ALL_SLOTS, false, &load->part);
		}
	}
	gather_end(&load->part, 0, NULL);
}

static void load_maps(struct gather *gather)
{
	struct load *load = gather->ctx;

	if (!load_goes_on(load)) {
		return;
	}
	gather_begin(&load->part, load_done, load);
	for (size_t i = 0; i < load->entries; i++) {
		struct volume *volume = load->entry[i].volume;

		if (volume == NULL || volume->leaving) {
			continue;
		}
		if ((volume->maps_ready && !load->entry[i].reread) || volume->reading) {
			continue;
		}
		if (load->entry[i].action == LOAD_CHANGE) {
			volume_hold(volume, VIO_HOLD_MAPS, NULL);
		}
		if (iod_gate_is_open(load->group)) {
			bool full = volume->conf->is_new ||
				    (load_is_first(load) && !volume->conf->was_clean) ||
				    (load->entry[i].action == LOAD_CHANGE &&
				     volume->conf->plexes > 1);

			volume_read_maps(volume, full, &load->part);
		}
	}
	gather_end(&load->part, 0, NULL);
}

static void load_done(struct gather *gather)
{
	struct load *load = gather->ctx;
	struct iod *iod = load->op.iod;
	struct volume *volume;

	if (!load_goes_on(load)) {
		return;
	}
	LIST_FOREACH(volume, &load->group->volumes, link)
	{
		if (!volume->leaving) {
			volume_update_devices(volume);
		}
	}
	log_notice("dg=%s: configuration %llu.%llu loaded, %zu volumes", load->group->name,
		   (unsigned long long)load_request(load)->config->epoch,
		   (unsigned long long)load_request(load)->config->seq,
		   load_request(load)->config->n_vol);
	load_end(load, 0, NULL);
	sync_start_owned(iod);
}

void load_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	const Vx__IodLoad *request = msg->iod_load;

	if (request->config == NULL || request->config->dg == NULL ||
	    request->config->dg->dgid[0] == '\0' || request->config->n_vol > VX_VOLUMES_MAX) {
		control_answer(iod, asker, msg->cookie, -VX_E_PROTO,
			       "no configuration in the request");
		return;
	}
	op_submit(iod, asker, msg, sizeof(struct load), request->config->dg->dgid,
		  request->config->dg->shared, load_start);
}
