// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose disks are: the labels that a group's disks get, keep and lose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proto.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/record.h"

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

static struct disk_label *group_labels_add(struct group_labels *labels, enum disk_relabel_kind kind,
					   const char *diskid)
{
	struct disk_relabel *relabel;

	labels->relabel = proto_grow(labels->relabel, labels->count, sizeof(labels->relabel[0]));
	relabel = &labels->relabel[labels->count++];
	*relabel = (struct disk_relabel){ .kind = kind };
	snprintf(relabel->label.diskid, sizeof(relabel->label.diskid), "%s", diskid);
	return &relabel->label;
}

static bool group_label_same(const struct disk_label *a, const struct disk_label *b)
{
	return strcmp(a->dgid, b->dgid) == 0 && strcmp(a->group, b->group) == 0 &&
	       strcmp(a->media, b->media) == 0 && strcmp(a->cluster, b->cluster) == 0 &&
	       strcmp(a->host, b->host) == 0 && a->shared == b->shared;
}

void group_labels_own(struct group_labels *labels, const Vx__Config *config, const Vx__Dm *dm)
{
	struct disk_label *label = group_labels_add(labels, DISK_TAKE, dm->diskid);
	const struct disk *disk = disk_by_id(labels->configd->disks, dm->diskid);
	const Vx__Dg *dg = config->dg;

	snprintf(label->dgid, sizeof(label->dgid), "%s", dg->dgid);
	snprintf(label->group, sizeof(label->group), "%s", dg->name);
	snprintf(label->media, sizeof(label->media), "%s", dm->name);
	snprintf(label->cluster, sizeof(label->cluster), "%s", dg->shared ? dg->cluster : "");
	snprintf(label->host, sizeof(label->host), "%s", dg->shared ? "" : dg->host);
	label->shared = dg->shared;
	if (disk != NULL && group_label_same(&disk->label, label)) {
		labels->count--;
	}
}

void group_labels_own_disk(struct group_labels *labels, const Vx__Config *config,
			   const char *diskid)
{
	const Vx__Dm *dm = config_dm_disk(config, diskid);

	if (dm != NULL) {
		group_labels_own(labels, config, dm);
	}
}

void group_labels_give_up(struct group_labels *labels, enum disk_relabel_kind kind,
			  const char *dgid, const char *diskid)
{
	struct disk_label *label = group_labels_add(labels, kind, diskid);

	snprintf(label->dgid, sizeof(label->dgid), "%s", dgid);
	snprintf(label->cluster, sizeof(label->cluster), "%.63s", labels->configd->cluster.cluster);
	snprintf(label->host, sizeof(label->host), "%s", labels->configd->host);
}

void group_labels_give_up_all(struct group_labels *labels, enum disk_relabel_kind kind,
			      const char *dgid)
{
	const struct disk_set *disks = labels->configd->disks;

	for (size_t i = 0; i < disk_count(disks); i++) {
		const struct disk *disk = disk_at(disks, i);

		if (disk->error == 0 && !disk->duplicate && strcmp(disk->label.dgid, dgid) == 0) {
			group_labels_give_up(labels, kind, dgid, disk->label.diskid);
		}
	}
}

static void group_labels_on_written(void *ctx, int error, const char *reason)
{
	struct group_labels_call *call = ctx;

	steps_on_written(call->configd);
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
		disk_label_write(labels->configd->disks, labels->relabel, labels->count,
				 group_labels_on_written, call);
	}
	free(labels->relabel);
	labels->relabel = NULL;
	labels->count = 0;
	return any;
}
