// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration copies that this node has in hand. */
#include "vxconfigd/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/group.h"

struct shelf_item {
	TAILQ_ENTRY(shelf_item) next;
	char *dgid;
	struct copies *copies;
};

struct shelf_waiter {
	TAILQ_ENTRY(shelf_waiter) next;
	void (*fn)(void *ctx);
	void *ctx;
};

struct shelf {
	struct configd *configd;
	TAILQ_HEAD(, shelf_item) items;
	TAILQ_HEAD(, shelf_waiter) waiters;
	struct loop_timer timer;
};

struct shelf_disks {
	struct copies_disk disk[VX_DISKS_MAX]; /* D12: any of them may be one that holds a copy */
	size_t count;
	bool full;
};

int shelf_create(struct configd *configd, struct shelf **out_shelf)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));

	if (shelf == NULL) {
		return -ENOMEM;
	}
	shelf->configd = configd;
	TAILQ_INIT(&shelf->items);
	TAILQ_INIT(&shelf->waiters);
	*out_shelf = shelf;
	return 0;
}

static void shelf_remove(struct shelf *shelf, struct shelf_item *item)
{
	TAILQ_REMOVE(&shelf->items, item, next);
	copies_free(item->copies);
	free(item->dgid);
	free(item);
}

/* Groups that are gone: their copies are put away when the shelf is full. */
static void shelf_tidy(struct shelf *shelf)
{
	struct shelf_item *item, *after;
	size_t count = 0;

	TAILQ_FOREACH(item, &shelf->items, next)
	{
		count++;
	}
	for (item = TAILQ_FIRST(&shelf->items); item != NULL && count > VX_GROUPS_MAX;
	     item = after) {
		after = TAILQ_NEXT(item, next);
		if (group_find(shelf->configd, item->dgid) == NULL && copies_idle(item->copies)) {
			shelf_remove(shelf, item);
			count--;
		}
	}
}

static struct shelf_item *shelf_item_find(struct shelf *shelf, const char *dgid)
{
	struct shelf_item *item;

	TAILQ_FOREACH(item, &shelf->items, next)
	{
		if (strcmp(item->dgid, dgid) == 0) {
			return item;
		}
	}
	return NULL;
}

struct copies *shelf_find(struct shelf *shelf, const char *dgid)
{
	struct shelf_item *item = shelf_item_find(shelf, dgid);

	return item != NULL ? item->copies : NULL;
}

static void shelf_disks_add(struct shelf_disks *disks, const char *diskid, const char *path)
{
	for (size_t i = 0; i < disks->count; i++) {
		if (strcmp(disks->disk[i].diskid, diskid) == 0) {
			return;
		}
	}
	if (disks->count == VX_DISKS_MAX) {
		disks->full = true;
		return;
	}
	disks->disk[disks->count++] = (struct copies_disk){ .diskid = diskid, .path = path };
}

static void shelf_disks_of_config(struct shelf *shelf, const Vx__Config *config,
				  struct shelf_disks *disks)
{
	for (size_t i = 0; config != NULL && i < config->n_dm; i++) {
		const Vx__Dm *dm = config->dm[i];
		const struct disk *disk = disk_by_id(shelf->configd->disks, dm->diskid);

		if (dm->nconfig) {
			shelf_disks_add(disks, dm->diskid, disk != NULL ? disk->path : NULL);
		}
	}
}

static void shelf_disks_of_labels(struct shelf *shelf, const char *dgid, struct shelf_disks *disks)
{
	for (size_t i = 0; i < disk_count(shelf->configd->disks); i++) {
		const struct disk *disk = disk_at(shelf->configd->disks, i);

		if (disk->error == 0 && !disk->duplicate && strcmp(disk->label.dgid, dgid) == 0) {
			shelf_disks_add(disks, disk->label.diskid, disk->path);
		}
	}
}

static struct copies *shelf_put(struct shelf *shelf, const char *dgid,
				const struct shelf_disks *disks)
{
	struct shelf_item *item = shelf_item_find(shelf, dgid);
	struct copies *copies;
	int rc;

	if (item != NULL) {
		rc = copies_set_disks(item->copies, disks->disk, disks->count);
		if (rc != 0) {
			log_err("dg=%s copies: %s", dgid, vx_strerror(rc));
			return NULL;
		}
		return item->copies;
	}
	shelf_tidy(shelf);
	rc = copies_create(shelf->configd->worker, dgid, disks->disk, disks->count, &copies);
	if (rc != 0) {
		log_err("dg=%s copies: %s", dgid, vx_strerror(rc));
		return NULL;
	}
	item = proto_grow(NULL, 0, sizeof(*item));
	*item = (struct shelf_item){ .dgid = proto_string(dgid), .copies = copies };
	TAILQ_INSERT_TAIL(&shelf->items, item, next);
	return copies;
}

struct copies *shelf_open(struct shelf *shelf, const char *dgid, const Vx__Config *config)
{
	struct shelf_disks disks = { .count = 0 };

	shelf_disks_of_config(shelf, config, &disks);
	shelf_disks_of_labels(shelf, dgid, &disks);
	if (disks.full) {
		log_err("dg=%s more than %d disks name this group: it cannot be read", dgid,
			VX_DISKS_MAX);
	}
	return disks.count == 0 || disks.full ? NULL : shelf_put(shelf, dgid, &disks);
}

struct copies *shelf_set(struct shelf *shelf, const Vx__Config *config)
{
	struct shelf_disks disks = { .count = 0 };

	shelf_disks_of_config(shelf, config, &disks);
	return disks.count == 0 || disks.full ? NULL : shelf_put(shelf, config->dg->dgid, &disks);
}

size_t shelf_writes(const struct shelf *shelf)
{
	const struct shelf_item *item;
	size_t count = 0;

	TAILQ_FOREACH(item, &shelf->items, next)
	{
		count += copies_writes(item->copies);
	}
	return count;
}

/* Asks the first that writes to say when it does not; then looks again. */
static void shelf_look(void *ctx)
{
	struct shelf *shelf = ctx;
	struct shelf_item *item;
	struct shelf_waiter *waiter;

	TAILQ_FOREACH(item, &shelf->items, next)
	{
		if (copies_writes(item->copies) > 0) {
			copies_when_written(item->copies, shelf_look, shelf);
			return;
		}
	}
	while ((waiter = TAILQ_FIRST(&shelf->waiters)) != NULL) {
		TAILQ_REMOVE(&shelf->waiters, waiter, next);
		waiter->fn(waiter->ctx);
		free(waiter);
	}
}

void shelf_when_written(struct shelf *shelf, void (*fn)(void *ctx), void *ctx)
{
	struct shelf_waiter *waiter = proto_grow(NULL, 0, sizeof(*waiter));
	bool first = TAILQ_EMPTY(&shelf->waiters);

	*waiter = (struct shelf_waiter){ .fn = fn, .ctx = ctx };
	TAILQ_INSERT_TAIL(&shelf->waiters, waiter, next);
	if (first) {
		loop_timer_set(shelf->configd->loop, &shelf->timer, 0, shelf_look, shelf);
	}
}
