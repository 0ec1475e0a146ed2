// SPDX-License-Identifier: GPL-2.0-or-later
/* One volume as the I/O threads need it. */
#include "volio/volconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"

struct volconf_build {
	const struct volconf_index *index;
	const Vx__Vol *vol;
	volconf_disk_fn *find;
	void *ctx;
	struct volconf *conf;
	char *reason;
};

static bool volconf_is_attaching(const Vx__Plex *plex)
{
	return !plex->is_log && plex->attach != 0 &&
	       (plex->state == VX__PLEX_STATE__PLEX_TEMPRMSD ||
		plex->state == VX__PLEX_STATE__PLEX_STALE);
}

static bool volconf_plex_counts(const Vx__Vol *vol, const Vx__Plex *plex)
{
	if (plex->kstate != VX__KSTATE__KS_ENABLED) {
		return false;
	}
	if (plex->is_log) {
		return vol->region_len != 0 && (plex->state == VX__PLEX_STATE__PLEX_LOG ||
						plex->state == VX__PLEX_STATE__PLEX_ACTIVE);
	}
	return plex->state == VX__PLEX_STATE__PLEX_ACTIVE || volconf_is_attaching(plex);
}

void volconf_need_disks(const struct volconf_index *index, const Vx__Vol *vol,
			void (*fn)(void *ctx, const Vx__Dm *dm), void *ctx)
{
	const struct volconf_key *at_plex = NULL;
	const Vx__Plex *plex;

	while (vol->kstate == VX__KSTATE__KS_ENABLED &&
	       (plex = volconf_index_plex(index, vol->rid, &at_plex)) != NULL) {
		const struct volconf_key *at_sd = NULL;
		const Vx__Sd *sd;

		while (volconf_plex_counts(vol, plex) &&
		       (sd = volconf_index_sd(index, plex->rid, &at_sd)) != NULL) {
			const Vx__Dm *dm = volconf_index_dm(index, sd->dm_rid);

			if (dm != NULL) {
				fn(ctx, dm);
			}
		}
	}
}

static int volconf_refuse(const struct volconf_build *build, int error, const char *what,
			  const char *name)
{
	snprintf(build->reason, VX_REASON_MAX, "volume %s: %s %s", build->vol->name, what, name);
	return error;
}

/* Index of the disk in the snapshot. */
static int volconf_disk(struct volconf_build *build, const Vx__Dm *dm, uint32_t *out_index)
{
	struct volconf *conf = build->conf;
	struct iodisk *disk = build->find(build->ctx, dm->diskid);

	if (disk == NULL) {
		return volconf_refuse(build, -VX_E_NODISK, "is not reachable here: disk", dm->name);
	}
	for (uint32_t i = 0; i < conf->disks; i++) {
		if (conf->disk[i] == disk) {
			*out_index = i;
			return 0;
		}
	}

	struct iodisk **grown = reallocarray(conf->disk, conf->disks + 1, sizeof(struct iodisk *));

	if (grown == NULL) {
		return -ENOMEM;
	}
	conf->disk = grown;
	iodisk_get(disk);
	conf->disk[conf->disks] = disk;
	conf->block = disk->block > conf->block ? disk->block : conf->block;
	*out_index = conf->disks++;
	return 0;
}

/* Index of the subdisk in the snapshot. */
static int volconf_subdisk(struct volconf_build *build, const Vx__Sd *sd, uint32_t *out_index)
{
	struct volconf *conf = build->conf;
	struct volconf_subdisk *grown =
		reallocarray(conf->subdisk, conf->subdisks + 1, sizeof(*grown));

	if (grown == NULL) {
		return -ENOMEM;
	}
	conf->subdisk = grown;
	grown += conf->subdisks;
	memset(grown, 0, sizeof(*grown));
	grown->rid = sd->rid;
	grown->plex_rid = sd->plex_rid;
	snprintf(grown->name, sizeof(grown->name), "%s", sd->name);
	*out_index = conf->subdisks++;
	return 0;
}

static int volconf_sd(struct volconf_build *build, struct layout *layout, const Vx__Sd *sd)
{
	const Vx__Dm *dm = volconf_index_dm(build->index, sd->dm_rid);
	struct layout_sd *out;
	uint32_t disk, subdisk;

	if (dm == NULL || sd->column >= layout->columns || sd->len == 0 || sd->len > dm->pub_len ||
	    sd->disk_offset > dm->pub_len - sd->len ||
	    sd->plex_offset > UINT64_MAX / VX_SECTOR - sd->len ||
	    dm->pub_offset > UINT64_MAX / VX_SECTOR - dm->pub_len) {
		return volconf_refuse(build, -VX_E_INVAL,
				      "subdisk outside of its disk or plex:", sd->name);
	}

	int rc = volconf_disk(build, dm, &disk);

	if (rc != 0) {
		return rc;
	}

	const struct iodisk *io = build->conf->disk[disk];
	uint64_t start = (dm->pub_offset + sd->disk_offset) * VX_SECTOR,
		 length = sd->len * VX_SECTOR;

	if (start + length > io->size) {
		return volconf_refuse(build, -VX_E_INVAL,
				      "subdisk behind the end of its disk:", sd->name);
	}
	if (start % io->block != 0 || length % io->block != 0) {
		return volconf_refuse(build, -VX_E_INVAL,
				      "subdisk not aligned to the disk's blocks:", sd->name);
	}

	struct layout_column *column = &layout->column[sd->column];

	if (column->count == VX_SUBDISKS_MAX) {
		return volconf_refuse(build, -VX_E_FULL, "too many subdisks", "");
	}
	out = reallocarray(column->sd, column->count + 1, sizeof(*out));
	if (out == NULL) {
		return -ENOMEM;
	}
	column->sd = out;
	rc = volconf_subdisk(build, sd, &subdisk);
	if (rc == 0) {
		column->sd[column->count++] = (struct layout_sd){ sd->plex_offset * VX_SECTOR,
								  length, start, disk, subdisk };
	}
	return rc;
}

static int volconf_layout(struct volconf_build *build, const Vx__Plex *plex,
			  struct volconf_plex *out, uint64_t need)
{
	struct layout *layout = &out->layout;
	const struct volconf_key *cursor = NULL;
	const Vx__Sd *sd;
	int rc = 0;

	out->rid = plex->rid;
	out->attach = plex->attach;
	snprintf(out->name, sizeof(out->name), "%s", plex->name);
	layout->columns =
		plex->layout == VX__LAYOUT__LAYOUT_STRIPE && plex->columns > 0 ? plex->columns : 1;
	if (layout->columns > VX_SUBDISKS_MAX || plex->len > UINT64_MAX / VX_SECTOR) {
		return volconf_refuse(build, -VX_E_INVAL, "invalid plex", plex->name);
	}
	layout->stripe = plex->stripe_width * VX_SECTOR;
	layout->length = plex->len * VX_SECTOR;
	layout->column = calloc(layout->columns, sizeof(*layout->column));
	if (layout->column == NULL) {
		layout->columns = 0;
		return -ENOMEM;
	}
	while (rc == 0 && (sd = volconf_index_sd(build->index, plex->rid, &cursor)) != NULL) {
		rc = volconf_sd(build, layout, sd);
	}
	if (rc == 0 && !layout_check(layout, need)) {
		rc = volconf_refuse(build, -VX_E_INVAL, "subdisks do not cover plex", plex->name);
	}
	return rc;
}

static int volconf_plexes(struct volconf_build *build)
{
	struct volconf *conf = build->conf;
	uint64_t log_bytes = drl_log_len(build->vol->len, build->vol->region_len) * VX_SECTOR;

	const struct volconf_key *cursor = NULL;
	const Vx__Plex *plex;

	while ((plex = volconf_index_plex(build->index, build->vol->rid, &cursor)) != NULL) {
		struct volconf_plex *out;
		int rc;

		if (!volconf_plex_counts(build->vol, plex)) {
			continue;
		}
		if (conf->written == VX_PLEXES_MAX || conf->logs == VX_PLEXES_MAX) {
			return volconf_refuse(build, -VX_E_FULL, "too many plexes", "");
		}
		conf->plexes += plex->state == VX__PLEX_STATE__PLEX_ACTIVE && !plex->is_log;
		out = plex->is_log ? &conf->log[conf->logs++] : &conf->plex[conf->written++];
		out->filling = volconf_is_attaching(plex);
		rc = volconf_layout(build, plex, out, plex->is_log ? log_bytes : conf->length);
		if (rc != 0) {
			return rc;
		}
		if (plex->is_log && layout_map(&out->layout, 0, log_bytes).length != log_bytes) {
			return volconf_refuse(build, -VX_E_INVAL, "log is not in one piece: plex",
					      plex->name);
		}
	}
	return 0;
}

/* V21: of ACTIVE ones the one that has been complete the longest comes first. */
static int volconf_plex_compare(const void *a, const void *b)
{
	const struct volconf_plex *x = a, *y = b;
	uint64_t since_x = x->attach != 0 ? x->attach : x->rid;
	uint64_t since_y = y->attach != 0 ? y->attach : y->rid;

	return x->filling != y->filling ? x->filling - y->filling :
					  (since_x > since_y) - (since_x < since_y);
}

/* The names become a path and an export's name. */
static bool volconf_name_is_valid(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strlen(name) <= VX_NAME_MAX &&
	       strpbrk(name, "/\n ") == NULL;
}

static void volconf_plex_free(struct volconf_plex *plex, uint32_t count)
{
	for (uint32_t i = 0; plex != NULL && i < count; i++) {
		for (uint32_t j = 0; j < plex[i].layout.columns; j++) {
			free(plex[i].layout.column[j].sd);
		}
		free(plex[i].layout.column);
	}
	free(plex);
}

/* SELECT prefers the only striped plex, as the original. */
static void volconf_prefer(struct volconf *conf, const Vx__Vol *vol)
{
	uint32_t stripes = 0, stripe = 0;

	for (uint32_t i = 0; i < conf->plexes; i++) {
		if (strcmp(conf->plex[i].name, vol->prefer_plex) == 0) {
			conf->prefer = i;
		}
		if (conf->plex[i].layout.columns > 1) {
			stripes++;
			stripe = i;
		}
	}
	if (vol->read_policy == VX__READ_POLICY__READ_SELECT && stripes == 1) {
		conf->read_policy = VX__READ_POLICY__READ_PREFER;
		conf->prefer = stripe;
	}
}

static int volconf_fill(struct volconf_build *build)
{
	const Vx__Vol *vol = build->vol;
	struct volconf *conf = build->conf;
	uint64_t region = vol->region_len != 0 ? vol->region_len : drl_region_len(vol->len);

	if (!volconf_name_is_valid(vol->name) || !volconf_name_is_valid(build->index->config->dg->name)) {
		return volconf_refuse(build, -VX_E_INVAL, "invalid name in disk group",
				      build->index->config->dg->name);
	}
	if (vol->len == 0 || vol->len > INT64_MAX / VX_SECTOR / 2) {
		return volconf_refuse(build, -VX_E_INVAL, "invalid length", "");
	}
	if (drl_region_count(vol->len, region) == 0) {
		return volconf_refuse(build, -VX_E_INVAL, "invalid length of dirty regions", "");
	}
	conf->region_bytes = region * VX_SECTOR;
	conf->enabled = vol->kstate == VX__KSTATE__KS_ENABLED;
	if (conf->enabled) {
		int rc = volconf_plexes(build);

		if (rc != 0) {
			return rc;
		}
	}
	qsort(conf->plex, conf->written, sizeof(conf->plex[0]), volconf_plex_compare);
	qsort(conf->log, conf->logs, sizeof(conf->log[0]), volconf_plex_compare);
	/*
	 * One plex cannot differ from itself: no regions, no log (its plexes may still be there when the
	 * others were detached). No plex: only the log is looked at, to write it anew.
	 */
	if (conf->plexes == 1 && conf->written == 1) {
		volconf_plex_free(conf->log, conf->logs);
		conf->log = NULL;
		conf->logs = 0;
	} else {
		conf->regions = drl_region_count(vol->len, region);
	}
	volconf_prefer(conf, vol);
	if (conf->length % conf->block != 0) {
		return volconf_refuse(build, -VX_E_INVAL,
				      "length is not a multiple of the disks' blocks", "");
	}
	for (uint32_t i = 0; i < conf->written; i++) {
		const struct layout *layout = &conf->plex[i].layout;

		if (layout->columns > 1 && layout->stripe % conf->block != 0) {
			return volconf_refuse(build, -VX_E_INVAL,
					      "stripe unit is not a multiple of the disks' blocks:"
					      " plex",
					      conf->plex[i].name);
		}
	}
	return 0;
}

int volconf_make(const struct volconf_index *index, const Vx__Vol *vol, volconf_disk_fn *find,
		 void *ctx, struct volconf **out_conf, char *out_reason)
{
	struct volconf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL) {
		return -ENOMEM;
	}
	conf->plex = calloc(VX_PLEXES_MAX, sizeof(*conf->plex));
	conf->log = calloc(VX_PLEXES_MAX, sizeof(*conf->log));
	snprintf(conf->group, sizeof(conf->group), "%s", index->config->dg->name);
	snprintf(conf->dgid, sizeof(conf->dgid), "%s", index->config->dg->dgid);
	snprintf(conf->name, sizeof(conf->name), "%s", vol->name);
	conf->uses = 1;
	conf->rid = vol->rid;
	conf->length = vol->len * VX_SECTOR;
	conf->minor = vol->minor;
	conf->is_new =
		vol->state == VX__VOL_STATE__VOL_SYNC || vol->state == VX__VOL_STATE__VOL_NEEDSYNC;
	conf->was_clean = vol->state == VX__VOL_STATE__VOL_CLEAN;
	conf->read_policy = vol->read_policy;
	conf->block = VX_SECTOR;

	struct volconf_build build = { index, vol, find, ctx, conf, out_reason };
	int rc = conf->plex == NULL || conf->log == NULL ? -ENOMEM : volconf_fill(&build);

	*out_conf = conf; /* the caller frees it in any case: it holds disks */
	return rc;
}

struct volconf *volconf_get(struct volconf *conf)
{
	conf->uses++;
	return conf;
}

void volconf_free(struct iodisk_set *set, struct volconf *conf)
{
	if (conf == NULL || --conf->uses > 0) {
		return;
	}
	for (uint32_t i = 0; i < conf->disks; i++) {
		iodisk_put(set, conf->disk[i]);
	}
	volconf_plex_free(conf->plex, conf->written);
	volconf_plex_free(conf->log, conf->logs);
	free(conf->disk);
	free(conf->subdisk);
	free(conf);
}

static bool volconf_layout_is_same(const struct volconf *a, const struct layout *x,
				   const struct volconf *b, const struct layout *y)
{
	if (x->columns != y->columns || x->stripe != y->stripe || x->length != y->length) {
		return false;
	}
	for (uint32_t i = 0; i < x->columns; i++) {
		const struct layout_column *p = &x->column[i], *q = &y->column[i];

		if (p->count != q->count) {
			return false;
		}
		for (uint32_t j = 0; j < p->count; j++) {
			const struct layout_sd *s = &p->sd[j], *t = &q->sd[j];

			if (s->start != t->start || s->length != t->length ||
			    s->disk_offset != t->disk_offset ||
			    a->subdisk[s->subdisk].rid != b->subdisk[t->subdisk].rid ||
			    strcmp(a->subdisk[s->subdisk].name, b->subdisk[t->subdisk].name) != 0 ||
			    a->disk[s->disk] != b->disk[t->disk]) {
				return false;
			}
		}
	}
	return true;
}

static bool volconf_plexes_are_same(const struct volconf *a, const struct volconf_plex *x,
				    uint32_t count, const struct volconf *b,
				    const struct volconf_plex *y, uint32_t other)
{
	if (count != other) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (x[i].rid != y[i].rid || x[i].attach != y[i].attach || strcmp(x[i].name, y[i].name) != 0 ||
		    !volconf_layout_is_same(a, &x[i].layout, b, &y[i].layout)) {
			return false;
		}
	}
	return true;
}

bool volconf_logs_are_same(const struct volconf *a, const struct volconf *b)
{
	return volconf_plexes_are_same(a, a->log, a->logs, b, b->log, b->logs);
}

bool volconf_attaches_are_same(const struct volconf *a, const struct volconf *b)
{
	if (a->written - a->plexes != b->written - b->plexes) {
		return false;
	}
	for (uint32_t i = 0; i < a->written - a->plexes; i++) {
		if (a->plex[a->plexes + i].attach != b->plex[b->plexes + i].attach) {
			return false;
		}
	}
	return true;
}

bool volconf_is_same(const struct volconf *a, const struct volconf *b)
{
	return a->length == b->length && a->enabled == b->enabled &&
	       a->region_bytes == b->region_bytes && a->read_policy == b->read_policy &&
	       a->prefer == b->prefer && a->minor == b->minor && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->group, b->group) == 0 &&
	       a->plexes == b->plexes &&
	       volconf_plexes_are_same(a, a->plex, a->written, b, b->plex, b->written) &&
	       volconf_logs_are_same(a, b);
}

void volconf_take_counters(struct volconf *conf, const struct volconf *old)
{
	for (uint32_t i = 0; i < conf->subdisks; i++) {
		for (uint32_t j = 0; j < old->subdisks; j++) {
			if (conf->subdisk[i].rid == old->subdisk[j].rid) {
				conf->subdisk[i].counters = old->subdisk[j].counters;
			}
		}
	}
}

bool volconf_is_usable(const struct volconf *conf)
{
	return conf->enabled && conf->plexes > 0;
}

uint32_t volconf_plexes_on(const struct volconf *conf, uint32_t disk)
{
	uint32_t plexes = 0;

	for (uint32_t i = 0; i < conf->written; i++) {
		const struct layout *layout = &conf->plex[i].layout;

		for (uint32_t c = 0; c < layout->columns; c++) {
			for (uint32_t s = 0; s < layout->column[c].count; s++) {
				if (layout->column[c].sd[s].disk == disk) {
					plexes |= 1u << i;
				}
			}
		}
	}
	return plexes;
}
