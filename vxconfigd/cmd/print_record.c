// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of a group one a line, as vxprint shows them. */
#include "vxconfigd/cmd/print_record.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "vxconfigd/cmd/print_table.h"
#include "vxconfigd/cmd/words.h"

#define PRINT_DISK_TYPE "auto" /* the format of the private region is found, not told */

static const char *const print_record_headers[LISTING_CLASS_COUNT] = {
	[LISTING_DG] = "DG NAME NCONFIG NLOG MINORS GROUP-ID",
	[LISTING_DM] = "DM NAME DEVICE TYPE PRIVLEN PUBLEN STATE",
	[LISTING_VOL] = "V NAME USETYPE KSTATE STATE LENGTH READPOL PREFPLEX",
	[LISTING_PLEX] = "PL NAME VOLUME KSTATE STATE LENGTH LAYOUT NCOL/WID MODE",
	[LISTING_SD] = "SD NAME PLEX DISK DISKOFFS LENGTH [COL/]OFF DEVICE MODE",
};

/* An application's I/O to the plex: a plex that is being filled is only written. */
const char *print_record_mode(const Vx__Plex *plex)
{
	bool filled = plex->state == VX__PLEX_STATE__PLEX_TEMP ||
		      plex->state == VX__PLEX_STATE__PLEX_TEMPRMSD ||
		      plex->state == VX__PLEX_STATE__PLEX_STALE;

	return filled && plex->kstate == VX__KSTATE__KS_ENABLED ? "WO" : "RW";
}

const char *print_record_layout(const Vx__Plex *plex)
{
	return word_enum(&vx__layout__descriptor, (int)plex->layout);
}

const char *print_record_columns(const Vx__Plex *plex, char *out, size_t size)
{
	if (plex->layout == VX__LAYOUT__LAYOUT_STRIPE) {
		snprintf(out, size, "%" PRIu32 "/%" PRIu64, plex->columns, plex->stripe_width);
	} else {
		snprintf(out, size, "-");
	}
	return out;
}

static void print_record_dg(struct table *table, const Vx__Dg *dg)
{
	table_cell(table, "%s", dg->name);
	table_cell(table, "default");
	table_cell(table, "default");
	table_cell(table, "%" PRIu32, dg->minor_base);
	table_cell(table, "%s", dg->dgid);
}

static void print_record_dm(struct table *table, const Vx__Dm *dm)
{
	table_cell(table, "%s", dm->name);
	table_cell(table, "%s", dm->device);
	table_cell(table, PRINT_DISK_TYPE);
	table_cell(table, "%" PRIu64, dm->priv_len);
	table_cell(table, "%" PRIu64, dm->pub_len);
	table_cell(table, "-");
}

/* The plex that is read first: policy SELECT prefers the only striped one. */
static const char *print_record_prefer(const struct listing *list, const Vx__Vol *vol)
{
	const struct listing_item *item;
	size_t count = listing_plexes_of(list, vol, &item), stripes = 0;
	const char *name = vol->prefer_plex;

	for (size_t i = 0; vol->read_policy == VX__READ_POLICY__READ_SELECT && i < count; i++) {
		if (item[i].plex->layout == VX__LAYOUT__LAYOUT_STRIPE &&
		    item[i].plex->state == VX__PLEX_STATE__PLEX_ACTIVE) {
			name = stripes++ == 0 ? item[i].plex->name : vol->prefer_plex;
		}
	}
	return name;
}

static void print_record_vol(struct table *table, const struct listing *list, const Vx__Vol *vol)
{
	table_cell(table, "%s", vol->name);
	table_cell(table, "%s", vol->usetype);
	table_cell(table, "%s", word_enum(&vx__kstate__descriptor, (int)vol->kstate));
	table_cell(table, "%s", word_enum(&vx__vol_state__descriptor, (int)vol->state));
	table_cell(table, "%" PRIu64, vol->len);
	table_cell(table, "%s", word_enum(&vx__read_policy__descriptor, (int)vol->read_policy));
	table_cell(table, "%s", print_record_prefer(list, vol));
}

static void print_record_plex(struct table *table, const Vx__Config *config, const Vx__Plex *plex)
{
	const Vx__Vol *vol = listing_vol_of(config, plex);
	char columns[64];

	table_cell(table, "%s", plex->name);
	table_cell(table, "%s", vol != NULL ? vol->name : "-");
	table_cell(table, "%s", word_enum(&vx__kstate__descriptor, (int)plex->kstate));
	table_cell(table, "%s", word_enum(&vx__plex_state__descriptor, (int)plex->state));
	if (plex->is_log) {
		table_cell(table, "LOGONLY");
	} else {
		table_cell(table, "%" PRIu64, plex->len);
	}
	table_cell(table, "%s", print_record_layout(plex));
	table_cell(table, "%s", print_record_columns(plex, columns, sizeof(columns)));
	table_cell(table, "%s", print_record_mode(plex));
}

static void print_record_sd(struct table *table, const Vx__Config *config, const Vx__Sd *sd)
{
	const Vx__Plex *plex = listing_plex_of(config, sd);
	const Vx__Dm *dm = listing_dm_of(config, sd);

	table_cell(table, "%s", sd->name);
	table_cell(table, "%s", plex != NULL ? plex->name : "-");
	table_cell(table, "%s", dm != NULL ? dm->name : "-");
	table_cell(table, "%" PRIu64, sd->disk_offset);
	table_cell(table, "%" PRIu64, sd->len);
	if (plex == NULL) {
		table_cell(table, "-");
	} else if (plex->is_log) {
		table_cell(table, "LOG");
	} else if (plex->layout == VX__LAYOUT__LAYOUT_STRIPE) {
		table_cell(table, "%" PRIu32 "/%" PRIu64, sd->column, sd->plex_offset);
	} else {
		table_cell(table, "%" PRIu64, sd->plex_offset);
	}
	table_cell(table, "%s", dm != NULL ? dm->device : "-");
	table_cell(table, "%s", dm != NULL ? "ENA" : "NDEV");
}

/* A new paragraph begins: another class, or a record with others below it. */
static bool print_record_breaks(const struct listing *list, size_t index)
{
	const struct listing_item *item = &list->item[index];

	if (index == 0 || item->depth > 0) {
		return false;
	}
	return item[-1].class != item->class || item[-1].depth > 0 ||
	       (index + 1 < list->count && item[1].depth > 0);
}

static void print_record_typed_row(struct table *table, const struct listing *list,
				   const struct listing_item *item)
{
	table_cell(table, "%s", listing_class_text(item->class));
	switch (item->class) {
	case LISTING_DG:
		print_record_dg(table, item->dg);
		break;
	case LISTING_DM:
		print_record_dm(table, item->dm);
		break;
	case LISTING_VOL:
		print_record_vol(table, list, item->vol);
		break;
	case LISTING_PLEX:
		print_record_plex(table, list->config, item->plex);
		break;
	case LISTING_SD:
		print_record_sd(table, list->config, item->sd);
		break;
	case LISTING_CLASS_COUNT:
		break;
	}
	table_end_row(table);
}

void print_record_typed(const struct listing *list, bool header, bool all_headers, FILE *out)
{
	static const struct table_column column[] = { { 2, false }, { 12, false }, { 12, false },
						      { 8, false }, { 8, false },  { 8, false },
						      { 9, false }, { 8, false },  { 4, false } };
	struct table *table = table_new(column, VX_COUNT_OF(column));

	for (int class = 0; header && class < LISTING_CLASS_COUNT; class ++) {
		if (all_headers || (list->classes & LISTING_BIT(class)) != 0) {
			table_words(table, print_record_headers[class]);
		}
	}
	if (header && list->count > 0) {
		table_end_row(table);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (print_record_breaks(list, i)) {
			table_end_row(table);
		}
		print_record_typed_row(table, list, &list->item[i]);
	}
	table_print(table, out);
}

/* ASSOC KSTATE LENGTH PLOFFS STATE of a record. */
struct print_record_line {
	const char *assoc, *kstate, *state;
	uint64_t length, offset;
	bool has_length, has_offset;
};

static struct print_record_line print_record_line(const struct listing *list,
						  const struct listing_item *item)
{
	struct print_record_line line = { "-", "-", "-", 0, 0, false, false };
	const Vx__Plex *plex;
	const Vx__Vol *vol;

	switch (item->class) {
	case LISTING_DG:
		line.assoc = item->dg->name;
		break;
	case LISTING_DM:
		line.assoc = item->dm->device;
		line.length = item->dm->pub_len;
		line.has_length = true;
		break;
	case LISTING_VOL:
		line.assoc = item->vol->usetype;
		line.kstate = word_enum(&vx__kstate__descriptor, (int)item->vol->kstate);
		line.state = word_enum(&vx__vol_state__descriptor, (int)item->vol->state);
		line.length = item->vol->len;
		line.has_length = true;
		break;
	case LISTING_PLEX:
		vol = listing_vol_of(list->config, item->plex);
		line.assoc = vol != NULL ? vol->name : "-";
		line.kstate = word_enum(&vx__kstate__descriptor, (int)item->plex->kstate);
		line.state = word_enum(&vx__plex_state__descriptor, (int)item->plex->state);
		line.length = item->plex->len;
		line.has_length = true;
		break;
	case LISTING_SD:
		plex = listing_plex_of(list->config, item->sd);
		line.assoc = plex != NULL ? plex->name : "-";
		line.kstate =
			plex != NULL ? word_enum(&vx__kstate__descriptor, (int)plex->kstate) : "-";
		line.length = item->sd->len;
		line.offset = item->sd->plex_offset;
		line.has_length = true;
		line.has_offset = plex != NULL;
		break;
	case LISTING_CLASS_COUNT:
		break;
	}
	return line;
}

static void print_record_number(struct table *table, bool has, uint64_t value)
{
	if (has) {
		table_cell(table, "%" PRIu64, value);
	} else {
		table_cell(table, "-");
	}
}

static void print_record_plain_row(struct table *table, const struct listing *list,
				   const struct listing_item *item)
{
	struct print_record_line line = print_record_line(list, item);

	table_cell(table, "%s", listing_class_text(item->class));
	table_cell(table, "%s", listing_name(item));
	table_cell(table, "%s", line.assoc);
	table_cell(table, "%s", line.kstate);
	if (item->class == LISTING_PLEX && item->plex->is_log) {
		table_cell(table, "LOGONLY");
	} else {
		print_record_number(table, line.has_length, line.length);
	}
	if (item->class == LISTING_SD && line.has_offset &&
	    listing_plex_of(list->config, item->sd)->is_log) {
		table_cell(table, "LOG");
	} else {
		print_record_number(table, line.has_offset, line.offset);
	}
	table_cell(table, "%s", line.state);
	table_cell(table, "-");
	table_cell(table, "-");
	table_end_row(table);
}

void print_record_plain(const struct listing *list, bool header, FILE *out)
{
	static const struct table_column column[] = { { 2, false }, { 12, false }, { 12, false },
						      { 8, false }, { 8, false },  { 8, false },
						      { 8, false }, { 7, false },  { 7, false } };
	struct table *table = table_new(column, VX_COUNT_OF(column));

	if (header) {
		table_words(table, "TY NAME ASSOC KSTATE LENGTH PLOFFS STATE TUTIL0 PUTIL0");
	}
	for (size_t i = 0; i < list->count; i++) {
		if (print_record_breaks(list, i)) {
			table_end_row(table);
		}
		print_record_plain_row(table, list, &list->item[i]);
	}
	table_print(table, out);
}
