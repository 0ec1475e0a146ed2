// SPDX-License-Identifier: GPL-2.0-or-later
/* Which records of a group are shown, and in which order. */
#include "vxconfigd/cmd/listing.h"

#include <assert.h>

#include "vxconfigd/cmd/heap.h"

struct listing_maker {
	struct listing *list;
	const struct listing_choice *choice;
	unsigned int classes;
	bool *name_found;
};

const char *listing_class_text(enum listing_class class)
{
	static const char *const text[] = {
#define LISTING_CLASS_TEXT(name, text) [LISTING_##name] = text,
		LISTING_CLASSES(LISTING_CLASS_TEXT)
#undef LISTING_CLASS_TEXT
	};

	assert(class < LISTING_CLASS_COUNT);
	return text[class];
}

const char *listing_name(const struct listing_item *item)
{
	switch (item->class) {
	case LISTING_DG:
		return item->dg->name;
	case LISTING_DM:
		return item->dm->name;
	case LISTING_VOL:
		return item->vol->name;
	case LISTING_PLEX:
		return item->plex->name;
	case LISTING_SD:
		return item->sd->name;
	case LISTING_CLASS_COUNT:
		break;
	}
	abort();
}

/* Records of a kind are kept in order of rid (vxconfigd/record.h). NULL: there is none of that rid.
 */
#define LISTING_FIND(records, count, wanted) \
	({ \
		size_t low = 0, high = (count); \
		while (low < high) { \
			size_t middle = low + (high - low) / 2; \
			if ((records)[middle]->rid < (wanted)) { \
				low = middle + 1; \
			} else { \
				high = middle; \
			} \
		} \
		low < (count) && (records)[low]->rid == (wanted) ? (records)[low] : NULL; \
	})

const Vx__Vol *listing_vol_of(const Vx__Config *config, const Vx__Plex *plex)
{
	return LISTING_FIND(config->vol, config->n_vol, plex->vol_rid);
}

const Vx__Plex *listing_plex_of(const Vx__Config *config, const Vx__Sd *sd)
{
	return LISTING_FIND(config->plex, config->n_plex, sd->plex_rid);
}

const Vx__Dm *listing_dm_of(const Vx__Config *config, const Vx__Sd *sd)
{
	return LISTING_FIND(config->dm, config->n_dm, sd->dm_rid);
}

static uint64_t listing_parent(const struct listing_item *item)
{
	return item->class == LISTING_PLEX ? item->plex->vol_rid : item->sd->plex_rid;
}

/* The items of one parent, in items that are sorted by parent. */
static size_t listing_children(const struct listing_item *item, size_t count, uint64_t parent,
			       const struct listing_item **out_first)
{
	size_t low = 0, high = count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listing_parent(&item[middle]) < parent) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (end = low; end < count && listing_parent(&item[end]) == parent; end++) {
	}
	*out_first = &item[low];
	return end - low;
}

size_t listing_plexes_of(const struct listing *list, const Vx__Vol *vol,
			 const struct listing_item **out_first)
{
	return listing_children(list->plex, list->config->n_plex, vol->rid, out_first);
}

size_t listing_subdisks_of(const struct listing *list, const Vx__Plex *plex,
			   const struct listing_item **out_first)
{
	return listing_children(list->sd, list->config->n_sd, plex->rid, out_first);
}

static int listing_compare_names(const void *left, const void *right)
{
	return strcmp(listing_name(left), listing_name(right));
}

static int listing_compare_plexes(const void *left, const void *right)
{
	uint64_t a = listing_parent(left), b = listing_parent(right);

	return a != b ? (a < b ? -1 : 1) : listing_compare_names(left, right);
}

/* Subdisks in the order in which they make up their plex. */
static int listing_compare_subdisks(const void *left, const void *right)
{
	const Vx__Sd *a = ((const struct listing_item *)left)->sd;
	const Vx__Sd *b = ((const struct listing_item *)right)->sd;

	if (a->plex_rid != b->plex_rid) {
		return a->plex_rid < b->plex_rid ? -1 : 1;
	}
	if (a->column != b->column) {
		return a->column < b->column ? -1 : 1;
	}
	if (a->plex_offset != b->plex_offset) {
		return a->plex_offset < b->plex_offset ? -1 : 1;
	}
	return strcmp(a->name, b->name);
}

static void listing_add(struct listing_maker *maker, const struct listing_item *item,
			unsigned int depth)
{
	struct listing *list = maker->list;

	list->item[list->count] = *item;
	list->item[list->count++].depth = depth;
	list->classes |= LISTING_BIT(item->class);
}

/* Is the record itself asked for? Every name that fits is marked. */
static bool listing_is_wanted(struct listing_maker *maker, const struct listing_item *item)
{
	const struct listing_choice *choice = maker->choice;
	bool wanted = choice->name_count == 0;

	if ((maker->classes & LISTING_BIT(item->class)) == 0) {
		return false;
	}
	for (size_t i = 0; i < choice->name_count; i++) {
		if (strcmp(choice->name[i], listing_name(item)) == 0) {
			wanted = true;
			if (maker->name_found != NULL) {
				maker->name_found[i] = true;
			}
		}
	}
	return wanted;
}

static void listing_add_subdisks(struct listing_maker *maker, const Vx__Plex *plex,
				 unsigned int depth)
{
	const struct listing_item *sd;
	size_t count = listing_subdisks_of(maker->list, plex, &sd);

	for (size_t i = 0; i < count; i++) {
		listing_add(maker, &sd[i], depth);
	}
}

static void listing_add_plexes(struct listing_maker *maker, const Vx__Vol *vol)
{
	const struct listing_item *plex;
	size_t count = listing_plexes_of(maker->list, vol, &plex);

	for (size_t i = 0; i < count; i++) {
		listing_add(maker, &plex[i], 1);
		listing_add_subdisks(maker, plex[i].plex, 2);
	}
}

/* With a hierarchy, is the record shown below another one that is shown? */
static bool listing_is_below(struct listing_maker *maker, const struct listing_item *item)
{
	const Vx__Config *config = maker->list->config;
	struct listing_item above = { .class = LISTING_VOL };
	const Vx__Plex *plex = NULL;

	if (!maker->choice->hierarchy) {
		return false;
	}
	if (item->class == LISTING_SD) {
		plex = listing_plex_of(config, item->sd);
		above.class = LISTING_PLEX;
		above.plex = plex;
		if (plex != NULL && listing_is_wanted(maker, &above)) {
			return true;
		}
		above.class = LISTING_VOL;
	} else if (item->class == LISTING_PLEX) {
		plex = item->plex;
	}
	above.vol = plex != NULL ? listing_vol_of(config, plex) : NULL;
	return above.vol != NULL && listing_is_wanted(maker, &above);
}

static void listing_choose(struct listing_maker *maker, const struct listing_item *item)
{
	if (!listing_is_wanted(maker, item) || listing_is_below(maker, item)) {
		return;
	}
	listing_add(maker, item, 0);
	if (maker->choice->hierarchy && item->class == LISTING_VOL) {
		listing_add_plexes(maker, item->vol);
	} else if (maker->choice->hierarchy && item->class == LISTING_PLEX) {
		listing_add_subdisks(maker, item->plex, 1);
	}
}

/* Sorted items of one class. records: array of count pointers. */
static struct listing_item *listing_sort(enum listing_class class, void *const *records,
					 size_t count, int (*compare)(const void *, const void *))
{
	struct listing_item *item = heap_zero(count, sizeof(*item));

	for (size_t i = 0; i < count; i++) {
		item[i].class = class;
		item[i].dg = records[i];
	}
	qsort(item, count, sizeof(*item), compare);
	return item;
}

/* Records that are shown for themselves come by name. */
static void listing_choose_sorted(struct listing_maker *maker, enum listing_class class,
				  void *const *records, size_t count)
{
	struct listing_item *item = listing_sort(class, records, count, listing_compare_names);

	for (size_t i = 0; i < count; i++) {
		listing_choose(maker, &item[i]);
	}
	free(item);
}

void listing_make(struct listing *list, const Vx__Config *config,
		  const struct listing_choice *choice, bool *name_found)
{
	struct listing_maker maker = { .list = list, .choice = choice, .name_found = name_found };
	void *const dg[] = { config->dg }, *const *dm = (void *const *)config->dm;
	void *const *vol = (void *const *)config->vol, *const *plex = (void *const *)config->plex;
	void *const *sd = (void *const *)config->sd;

	maker.classes = choice->classes != 0 ? choice->classes : LISTING_ALL;
	*list = (struct listing){ .config = config };
	list->plex = listing_sort(LISTING_PLEX, plex, config->n_plex, listing_compare_plexes);
	list->sd = listing_sort(LISTING_SD, sd, config->n_sd, listing_compare_subdisks);
	/* each record occurs at most once: below another one or for itself */
	list->item = heap_zero(1 + config->n_dm + config->n_vol + config->n_plex + config->n_sd,
			       sizeof(*list->item));
	listing_choose_sorted(&maker, LISTING_DG, dg, config->dg != NULL ? 1 : 0);
	listing_choose_sorted(&maker, LISTING_DM, dm, config->n_dm);
	listing_choose_sorted(&maker, LISTING_VOL, vol, config->n_vol);
	listing_choose_sorted(&maker, LISTING_PLEX, plex, config->n_plex);
	listing_choose_sorted(&maker, LISTING_SD, sd, config->n_sd);
}

void listing_free(struct listing *list)
{
	free(list->item);
	free(list->plex);
	free(list->sd);
	list->item = list->plex = list->sd = NULL;
	list->count = 0;
}
