// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading what a new volume shall look like, and finding its places. */
#include "vxconfigd/plan_layout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/drl_size.h"
#include "base/errors.h"

#define LAYOUT_LOGS 2 /* log plexes unless nlog= says otherwise: one disk may be lost */
#define LAYOUT_COLUMNS_MIN 2 /* unless ncol= says otherwise: as the original */
#define LAYOUT_COLUMNS_MAX 8
#define LAYOUT_STRIPE_WIDTH 128 /* 64 KiB, as the original */
#define LAYOUT_STRIPE_WIDTH_MAX (1U << 21)

/* What the words of layout= and the other attributes say, before they are put together. */
struct layout_words {
	bool mirror, nomirror, stripe, nostripe, log, nolog;
};

static bool word_is(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncmp(text, word, length) == 0;
}

/* Notes what the word says; false: there is no such word. */
static bool layout_word(const char *at, size_t length, struct layout_words *words)
{
	const struct {
		const char *word;
		bool *says, *says_too;
	} known[] = {
		{ "concat", &words->nostripe, NULL },
		{ "span", NULL, NULL },
		{ "stripe", &words->stripe, NULL },
		{ "nostripe", &words->nostripe, NULL },
		{ "mirror", &words->mirror, NULL },
		{ "nomirror", &words->nomirror, NULL },
		{ "mirror-concat", &words->mirror, &words->nostripe },
		{ "mirror-stripe", &words->mirror, &words->stripe },
		{ "log", &words->log, NULL },
		{ "nolog", &words->nolog, NULL },
	};

	for (size_t i = 0; i < VX_COUNT_OF(known); i++) {
		if (!word_is(at, length, known[i].word)) {
			continue;
		}
		if (known[i].says != NULL) {
			*known[i].says = true;
		}
		if (known[i].says_too != NULL) {
			*known[i].says_too = true;
		}
		return true;
	}
	return false;
}

static int layout_words(struct plan_work *work, struct layout_words *out_words)
{
	const char *at = plan_attr(work, "layout");
	bool more = at != NULL;

	while (more) {
		size_t length = strcspn(at, ",");

		if (word_is(at, length, "stripe-mirror") || word_is(at, length, "concat-mirror")) {
			return plan_attr_bad(work, "layout",
					     "layered volumes are not supported (mirror-stripe "
					     "keeps the same data on the same disks)");
		}
		if (!layout_word(at, length, out_words)) {
			return plan_attr_bad(work, "layout",
					     "words from concat, stripe, mirror, mirror-stripe, "
					     "nostripe, nomirror, log, nolog");
		}
		more = at[length] == ',';
		at += length + 1;
	}
	return 0;
}

static int layout_mirrors(struct plan_work *work, const struct layout_words *words,
			  struct layout *layout)
{
	int error = plan_attr_number(work, "nmirror", 1, VX_PLEXES_MAX, words->mirror ? 2 : 1,
				     &layout->mirrors);

	if (error != 0) {
		return error;
	}
	if (words->mirror && layout->mirrors < 2) {
		return plan_attr_bad(work, "nmirror", "layout=mirror needs 2 or more");
	}
	if (words->nomirror && (words->mirror || layout->mirrors > 1)) {
		return plan_attr_bad(work, "layout", "mirrors are asked for and excluded");
	}
	return 0;
}

static int layout_stripe_width(struct plan_work *work, struct layout *layout)
{
	const char *text = plan_attr(work, "stripeunit");

	layout->stripe_width = LAYOUT_STRIPE_WIDTH;
	if (text != NULL && (record_size_parse(text, &layout->stripe_width) != 0 ||
			     layout->stripe_width == 0 ||
			     layout->stripe_width > LAYOUT_STRIPE_WIDTH_MAX ||
			     layout->stripe_width % ALLOCATE_ALIGN_SECTORS != 0)) {
		return plan_attr_bad(work, "stripeunit", "a size from 8k to 1g, a multiple of 8k");
	}
	return 0;
}

static int layout_columns(struct plan_work *work, const struct layout_words *words,
			  struct layout *layout)
{
	static const char *const only[] = { "ncol", "stripeunit" };
	int error;

	if (words->stripe && words->nostripe) {
		return plan_attr_bad(work, "layout", "columns are asked for and excluded");
	}
	for (size_t i = 0; i < VX_COUNT_OF(only) && !words->stripe; i++) {
		if (plan_attr(work, only[i]) != NULL) {
			return plan_attr_bad(work, only[i], "only layout=stripe has columns");
		}
	}
	if (!words->stripe) {
		layout->columns = 1;
		return 0;
	}
	error = plan_attr_number(work, "ncol", LAYOUT_COLUMNS_MIN, VX_SUBDISKS_MAX, 0,
				 &layout->columns);
	return error == 0 ? layout_stripe_width(work, layout) : error;
}

static int layout_logs(struct plan_work *work, const struct layout_words *words,
		       struct layout *layout)
{
	const char *type = plan_attr(work, "logtype");
	bool drl = type != NULL && strcmp(type, "drl") == 0;
	bool none = type != NULL && strcmp(type, "none") == 0;
	unsigned int count;
	int error;

	if (type != NULL && !drl && !none) {
		return plan_attr_bad(work, "logtype", "drl or none");
	}
	if ((drl || words->log) && (none || words->nolog)) {
		return plan_attr_bad(work, type != NULL ? "logtype" : "layout",
				     "a log is asked for and excluded");
	}
	error = plan_attr_number(work, "nlog", 0, VX_PLEXES_MAX, LAYOUT_LOGS, &count);
	if (error != 0) {
		return error;
	}
	if (plan_attr(work, "nlog") != NULL && count > 0 && (none || words->nolog)) {
		return plan_attr_bad(work, "nlog", "a log is asked for and excluded");
	}
	drl = drl || words->log || (plan_attr(work, "nlog") != NULL && count > 0);
	if (drl && count == 0) {
		return plan_attr_bad(work, "nlog", "a log is asked for and excluded");
	}
	if (drl && layout->mirrors < 2) {
		const char *key = type != NULL ? "logtype" : words->log ? "layout" : "nlog";

		return plan_attr_bad(work, key,
				     "a log serves mirrored volumes only (layout=mirror)");
	}
	layout->log_max = drl ? count : 0;
	layout->log_min = !drl ? 0 : plan_attr(work, "nlog") != NULL ? count : 1;
	if (layout->mirrors + layout->log_max > VX_PLEXES_MAX) {
		/* Only as many logs as there is room for, unless the number was asked for. */
		layout->log_max = VX_PLEXES_MAX - layout->mirrors;
	}
	if (layout->log_max < layout->log_min) {
		return plan_say(work, LIMIT, plan_group_name(work), VX_PLEXES_MAX,
				"plexes of a volume");
	}
	return 0;
}

static int layout_init(struct plan_work *work, struct layout *layout)
{
	const char *init = plan_attr(work, "init");

	if (init == NULL || strcmp(init, "default") == 0) {
		layout->init = LAYOUT_INIT_SYNC;
	} else if (strcmp(init, "active") == 0) {
		layout->init = LAYOUT_INIT_ACTIVE;
	} else if (strcmp(init, "none") == 0) {
		layout->init = LAYOUT_INIT_NONE;
	} else {
		return plan_attr_bad(work, "init", "default, active or none");
	}
	return 0;
}

static int layout_texts(struct plan_work *work, struct layout *layout)
{
	const char *usetype = plan_attr(work, "usetype");

	if (usetype != NULL && strcmp(usetype, "fsgen") != 0 && strcmp(usetype, "gen") != 0) {
		return plan_attr_bad(work, "usetype", "fsgen or gen");
	}
	layout->usetype = usetype != NULL ? usetype : "fsgen";
	layout->comment = "";
	return plan_attr_comment(work, &layout->comment);
}

int plan_layout_disks(struct plan_work *work, size_t first, struct layout *layout)
{
	int error = plan_check_twice(work, first);

	for (size_t i = first; error == 0 && i < work->request->n_operand; i++) {
		Vx__Dm *dm;

		error = plan_find_disk(work, work->request->operand[i], &dm);
		if (error == 0) {
			layout->disk[layout->disk_count++] = dm->rid;
		}
	}
	return error;
}

int plan_layout_read(struct plan_work *work, size_t first_disk, struct layout *out_layout)
{
	struct layout_words words = { 0 };
	struct layout layout = { 0 };
	int error = layout_words(work, &words);

	error = error == 0 ? layout_mirrors(work, &words, &layout) : error;
	error = error == 0 ? layout_columns(work, &words, &layout) : error;
	error = error == 0 ? layout_logs(work, &words, &layout) : error;
	error = error == 0 ? layout_init(work, &layout) : error;
	error = error == 0 ? layout_texts(work, &layout) : error;
	error = error == 0 ? plan_layout_disks(work, first_disk, &layout) : error;
	if (error == 0) {
		*out_layout = layout;
	}
	return error;
}

int plan_layout_size(struct plan_work *work, const char *text, uint64_t *out_len)
{
	uint64_t len;
	int error = record_size_parse(text, &len);

	if (error == -ERANGE || (error == 0 && len == 0)) {
		return plan_say(work, SIZE_RANGE, text);
	}
	if (error != 0) {
		return plan_say(work, SIZE_INVALID, text);
	}
	*out_len = allocate_align_up(len);
	return 0;
}

uint64_t plan_layout_region(const struct layout *layout, uint64_t len)
{
	return layout->log_max > 0 ? drl_region_len(len) : 0;
}

int plan_layout_place(const Vx__Config *config, const struct layout *layout, uint64_t len,
		      struct allocation **out_allocation, char *out_reason)
{
	uint64_t region_len = plan_layout_region(layout, len);
	struct allocate_want want = {
		.data_len = len,
		.data_plexes = layout->mirrors,
		.columns = layout->columns != 0 ? layout->columns : LAYOUT_COLUMNS_MAX,
		.stripe_width = layout->stripe_width,
		.log_len = region_len != 0 ? drl_log_len(len, region_len) : 0,
		.log_min = layout->log_min,
		.log_max = layout->log_max,
		.vol_rid = layout->vol_rid,
		.disk = layout->disk,
		.disk_count = layout->disk_count,
	};
	int error = allocate_volume(config, &want, out_allocation, out_reason);

	while (error != 0 && layout->columns == 0 && want.columns > LAYOUT_COLUMNS_MIN) {
		want.columns--;
		error = allocate_volume(config, &want, out_allocation, out_reason);
	}
	return error;
}

void plan_layout_add_subdisk(struct plan_work *work, const Vx__Plex *plex, uint32_t column,
			     uint64_t plex_offset, const struct allocate_extent *extent)
{
	const Vx__Dm *dm = config_dm_rid(work->after, extent->dm_rid);
	char name[VX_NAME_MAX + 1];
	Vx__Sd *sd;

	plan_next_name(work->after, dm->name, name);
	sd = config_sd_add(work->after, name);
	sd->plex_rid = plex->rid;
	sd->dm_rid = dm->rid;
	sd->disk_offset = extent->offset;
	sd->len = extent->len;
	sd->plex_offset = plex_offset;
	sd->column = column;
}

static void layout_add_column(struct plan_work *work, const Vx__Plex *plex, uint32_t column,
			      const struct allocate_column *place)
{
	uint64_t plex_offset = 0;

	for (size_t i = 0; i < place->extent_count; i++) {
		const struct allocate_extent *extent = &place->extent[i];

		plan_layout_add_subdisk(work, plex, column, plex_offset, extent);
		plex_offset += extent->len;
		plan_add_need_disk(work->plan, config_dm_rid(work->after, extent->dm_rid)->diskid);
	}
}

Vx__Plex *plan_layout_add_plex(struct plan_work *work, const Vx__Vol *vol, uint64_t stripe_width,
			       const struct allocate_plex *place)
{
	bool stripe = place->column_count > 1;
	char name[VX_NAME_MAX + 1];
	Vx__Plex *plex;

	plan_next_name(work->after, vol->name, name);
	plex = config_plex_add(work->after, name);
	plex->vol_rid = vol->rid;
	plex->is_log = place->is_log;
	plex->layout = stripe ? VX__LAYOUT__LAYOUT_STRIPE : VX__LAYOUT__LAYOUT_CONCAT;
	plex->columns = (uint32_t)place->column_count;
	plex->stripe_width = stripe ? stripe_width : 0;
	for (uint32_t column = 0; column < plex->columns; column++) {
		const struct allocate_column *from = &place->column[column];

		for (size_t i = 0; i < from->extent_count; i++) {
			plex->len += from->extent[i].len;
		}
		layout_add_column(work, plex, column, from);
	}
	return plex;
}
