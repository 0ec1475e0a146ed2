// SPDX-License-Identifier: GPL-2.0-or-later
/* Which volumes are usable, as vxinfo shows it. */
#include "vxconfigd/cmd/print_info.h"

#include "base/limits.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/listing.h"
#include "vxconfigd/cmd/print_table.h"
#include "vxconfigd/cmd/words.h"

static const Vx__VolInfo *print_info_find(const Vx__GroupInfo *group, const Vx__Vol *vol)
{
	for (size_t i = 0; i < group->n_vol; i++) {
		if (group->vol[i]->rid == vol->rid) {
			return group->vol[i];
		}
	}
	return NULL;
}

static void print_info_volume(struct table *table, const Vx__GroupInfo *group, const Vx__Vol *vol,
			      bool plexes)
{
	const Vx__VolInfo *info = print_info_find(group, vol);

	if (plexes) {
		table_cell(table, "vol");
	}
	table_cell(table, "%s", vol->name);
	table_cell(table, "%s", vol->usetype);
	table_cell(table, "%s", info != NULL ? info->condition : "-");
	table_end_row(table);
}

static void print_info_plex(struct table *table, const Vx__Plex *plex)
{
	table_cell(table, "plex");
	table_cell(table, "%s", plex->name);
	table_cell(table, "%s", word_enum(&vx__plex_state__descriptor, (int)plex->state));
	table_end_row(table);
}

static void print_info_list(struct listing *list, const Vx__GroupInfo *group, char **name,
			    size_t name_count, bool *found)
{
	const struct listing_choice choice = {
		.classes = LISTING_BIT(LISTING_VOL),
		.hierarchy = true,
		.name = name,
		.name_count = name_count,
	};

	listing_make(list, group->config, &choice, found);
}

void print_info(const Vx__GroupInfo *group, char **name, size_t name_count, bool *found,
		bool plexes, FILE *out)
{
	static const struct table_column column[] = {
		{ 4, false }, { 14, false }, { 8, false }, { 9, false }
	};
	size_t first = plexes ? 0 : 1;
	struct table *table = table_new(&column[first], VX_COUNT_OF(column) - first);
	struct listing list;

	print_info_list(&list, group, name, name_count, found);
	for (size_t i = 0; i < list.count; i++) {
		if (list.item[i].class == LISTING_VOL) {
			print_info_volume(table, group, list.item[i].vol, plexes);
		} else if (list.item[i].class == LISTING_PLEX && plexes) {
			print_info_plex(table, list.item[i].plex);
		}
	}
	table_print(table, out);
	listing_free(&list);
}

void print_info_json(const Vx__GroupInfo *group, char **name, size_t name_count, bool *found,
		     struct json_object *list)
{
	struct json_object *plexes = NULL;
	struct listing listing;

	print_info_list(&listing, group, name, name_count, found);
	for (size_t i = 0; i < listing.count; i++) {
		const struct listing_item *item = &listing.item[i];

		if (item->class == LISTING_VOL) {
			const Vx__VolInfo *info = print_info_find(group, item->vol);
			struct json_object *entry = json_entry(list);

			json_add_text(entry, "group", group->config->dg->name);
			json_add_text(entry, "name", item->vol->name);
			json_add_text(entry, "usetype", item->vol->usetype);
			json_add_text(entry, "condition", info != NULL ? info->condition : "");
			json_add_text(entry, "device", info != NULL ? info->device : "");
			json_add_text(entry, "trouble", info != NULL ? info->trouble : "");
			json_add_text(entry, "nbd", info != NULL ? info->nbd : "");
			json_add_number(entry, "regions", info != NULL ? info->regions : 0);
			json_add_number(entry, "dirty_regions",
					info != NULL ? info->dirty_regions : 0);
			json_add_number(entry, "recover_regions",
					info != NULL ? info->recover_regions : 0);
			plexes = json_list(entry, "plexes");
		} else if (item->class == LISTING_PLEX && plexes != NULL) {
			struct json_object *entry = json_entry(plexes);

			json_add_text(entry, "name", item->plex->name);
			json_add_text(
				entry, "state",
				word_enum(&vx__plex_state__descriptor, (int)item->plex->state));
		}
	}
	listing_free(&listing);
}
