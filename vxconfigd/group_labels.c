// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose disks are: the labels that a group's disks get, keep and lose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proto.h"
#include "vxconfigd/group.h"

struct group_labels_call {
	struct configd *configd;
	void (*done)(void *ctx, int error, const char *reason);
	void *ctx;
};

void group_labels_init(struct group_labels *labels, struct configd *configd)
{
	memset(labels, 0, sizeof(*labels));
	labels->configd = configd;
}

/* The label of diskid as it is now, to be changed; NULL if this node does not see the disk. */
static struct disk_label *group_labels_add(struct group_labels *labels, const char *diskid)
{
	const struct disk *disk = disk_by_id(labels->configd->disks, diskid);

	if (disk == NULL || disk->error != 0) {
		return NULL;
	}
	labels->label = proto_grow(labels->label, labels->count, sizeof(labels->label[0]));
	labels->label[labels->count] = disk->label;
	return &labels->label[labels->count++];
}

static bool group_label_same(const struct disk_label *a, const struct disk_label *b)
{
	return strcmp(a->dgid, b->dgid) == 0 && strcmp(a->group, b->group) == 0 &&
	       strcmp(a->media, b->media) == 0 && strcmp(a->cluster, b->cluster) == 0 &&
	       strcmp(a->host, b->host) == 0 && a->shared == b->shared;
}

/* One that would stay as it is is not written. */
static void group_labels_settle(struct group_labels *labels, const struct disk_label *label)
{
	const struct disk *disk = disk_by_id(labels->configd->disks, label->diskid);

	if (disk != NULL && group_label_same(&disk->label, label)) {
		labels->count--;
	}
}

/* ... if the label names the group. */
static struct disk_label *group_labels_add_of(struct group_labels *labels, const char *dgid,
					      const char *diskid)
{
	const struct disk *disk = disk_by_id(labels->configd->disks, diskid);

	return disk != NULL && strcmp(disk->label.dgid, dgid) == 0
		       ? group_labels_add(labels, diskid)
		       : NULL;
}

void group_labels_own(struct group_labels *labels, const Vx__Config *config, const Vx__Dm *dm)
{
	struct disk_label *label = group_labels_add(labels, dm->diskid);
	const Vx__Dg *dg = config->dg;

	if (label == NULL) {
		return;
	}
	snprintf(label->dgid, sizeof(label->dgid), "%s", dg->dgid);
	snprintf(label->group, sizeof(label->group), "%s", dg->name);
	snprintf(label->media, sizeof(label->media), "%s", dm->name);
	snprintf(label->cluster, sizeof(label->cluster), "%s", dg->shared ? dg->cluster : "");
	snprintf(label->host, sizeof(label->host), "%s", dg->shared ? "" : dg->host);
	label->shared = dg->shared;
	group_labels_settle(labels, label);
}

void group_labels_own_disk(struct group_labels *labels, const Vx__Config *config,
			   const char *diskid)
{
	for (size_t i = 0; i < config->n_dm; i++) {
		if (strcmp(config->dm[i]->diskid, diskid) == 0) {
			group_labels_own(labels, config, config->dm[i]);
		}
	}
}

void group_labels_release(struct group_labels *labels, const char *dgid, const char *diskid)
{
	struct disk_label *label = group_labels_add_of(labels, dgid, diskid);

	if (label != NULL) {
		label->cluster[0] = '\0';
		label->host[0] = '\0';
		label->shared = false;
		group_labels_settle(labels, label);
	}
}

void group_labels_clear(struct group_labels *labels, const char *dgid, const char *diskid)
{
	struct disk_label *label = group_labels_add_of(labels, dgid, diskid);

	if (label != NULL) {
		label->dgid[0] = '\0';
		label->group[0] = '\0';
		label->media[0] = '\0';
		label->cluster[0] = '\0';
		label->host[0] = '\0';
		label->shared = false;
		group_labels_settle(labels, label);
	}
}

static void group_labels_on_written(void *ctx, int error, const char *reason)
{
	struct group_labels_call *call = ctx;

	call->configd->disk_writes--;
	call->done(call->ctx, error, reason);
	free(call);
}

bool group_labels_write(struct group_labels *labels,
			void (*done)(void *ctx, int error, const char *reason), void *ctx)
{
	bool any = labels->count > 0;

	if (any) {
		struct group_labels_call *call = proto_grow(NULL, 0, sizeof(*call));

		*call = (struct group_labels_call){ .configd = labels->configd,
						    .done = done,
						    .ctx = ctx };
		labels->configd->disk_writes++;
		disk_label_write(labels->configd->disks, labels->label, labels->count,
				 group_labels_on_written, call);
	}
	free(labels->label);
	labels->label = NULL;
	labels->count = 0;
	return any;
}
