// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of a group as JSON: vxprint --json. */
#include <string.h>

#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_record.h"
#include "vxconfigd/cmd/words.h"

static void json_record_dg(struct json_object *object, const Vx__Dg *dg)
{
	json_add_text(object, "id", dg->dgid);
	json_add_bool(object, "shared", dg->shared);
	json_add_number(object, "minor_base", dg->minor_base);
	json_add_number(object, "version", dg->version);
}

static void json_record_dm(struct json_object *object, const Vx__Dm *dm)
{
	json_add_text(object, "device", dm->device);
	json_add_text(object, "disk_id", dm->diskid);
	json_add_number(object, "public_offset", dm->pub_offset);
	json_add_number(object, "public_length", dm->pub_len);
	json_add_number(object, "private_length", dm->priv_len);
	json_add_bool(object, "config_copy", dm->nconfig);
}

static void json_record_vol(struct json_object *object, const Vx__Vol *vol)
{
	json_add_text(object, "usetype", vol->usetype);
	json_add_text(object, "kstate", word_enum(&vx__kstate__descriptor, (int)vol->kstate));
	json_add_text(object, "state", word_enum(&vx__vol_state__descriptor, (int)vol->state));
	json_add_number(object, "length", vol->len);
	json_add_text(object, "read_policy",
		      word_enum(&vx__read_policy__descriptor, (int)vol->read_policy));
	json_add_text(object, "preferred_plex", vol->prefer_plex);
	json_add_number(object, "minor", vol->minor);
	json_add_text(object, "guid", vol->guid);
	json_add_number(object, "region_length", vol->region_len);
	json_add_bool(object, "exclusive", vol->exclusive);
	json_add_text(object, "comment", vol->comment);
}

static void json_record_plex(struct json_object *object, const Vx__Config *config,
			     const Vx__Plex *plex)
{
	const Vx__Vol *vol = listing_vol_of(config, plex);

	json_add_text(object, "volume", vol != NULL ? vol->name : "");
	json_add_text(object, "kstate", word_enum(&vx__kstate__descriptor, (int)plex->kstate));
	json_add_text(object, "state", word_enum(&vx__plex_state__descriptor, (int)plex->state));
	json_add_number(object, "length", plex->len);
	json_add_bool(object, "log_only", plex->is_log);
	json_add_text(object, "layout", print_record_layout(plex));
	json_add_number(object, "columns", plex->columns);
	json_add_number(object, "stripe_width", plex->stripe_width);
	json_add_text(object, "mode", print_record_mode(plex));
}

static void json_record_sd(struct json_object *object, const Vx__Config *config, const Vx__Sd *sd)
{
	const Vx__Plex *plex = listing_plex_of(config, sd);
	const Vx__Dm *dm = listing_dm_of(config, sd);

	json_add_text(object, "plex", plex != NULL ? plex->name : "");
	json_add_text(object, "disk", dm != NULL ? dm->name : "");
	json_add_text(object, "device", dm != NULL ? dm->device : "");
	json_add_number(object, "disk_offset", sd->disk_offset);
	json_add_number(object, "length", sd->len);
	json_add_number(object, "column", sd->column);
	json_add_number(object, "plex_offset", sd->plex_offset);
}

void json_record(struct json_object *object, const Vx__Config *config,
		 const struct listing_item *item)
{
	json_add_text(object, "type", listing_class_text(item->class));
	json_add_text(object, "name", listing_name(item));
	switch (item->class) {
	case LISTING_DG:
		json_record_dg(object, item->dg);
		break;
	case LISTING_DM:
		json_record_dm(object, item->dm);
		break;
	case LISTING_VOL:
		json_record_vol(object, item->vol);
		break;
	case LISTING_PLEX:
		json_record_plex(object, config, item->plex);
		break;
	case LISTING_SD:
		json_record_sd(object, config, item->sd);
		break;
	case LISTING_CLASS_COUNT:
		break;
	}
}
