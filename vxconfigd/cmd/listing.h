/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which records of a group are shown, and in which order: the same on every node.
 *
 * Within a class by name; subdisks of a plex by column and offset. With a hierarchy each volume is
 * followed by its plexes and each plex by its subdisks. Pure.
 */
#ifndef VX_CMD_LISTING_H
#define VX_CMD_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "vxha.pb-c.h"

/* X(class, how it is shown) */
#define LISTING_CLASSES(X) X(DG, "dg") X(DM, "dm") X(VOL, "v") X(PLEX, "pl") X(SD, "sd")

enum listing_class {
#define LISTING_CLASS_ENUM(name, text) LISTING_##name,
	LISTING_CLASSES(LISTING_CLASS_ENUM)
#undef LISTING_CLASS_ENUM
		LISTING_CLASS_COUNT,
};

#define LISTING_BIT(class) (1u << (class))
#define LISTING_ALL (LISTING_BIT(LISTING_CLASS_COUNT) - 1)

struct listing_item {
	enum listing_class class;
	unsigned int depth; /* 0: shown for itself, 1 and 2: below a volume or plex */
	union {
		const Vx__Dg *dg;
		const Vx__Dm *dm;
		const Vx__Vol *vol;
		const Vx__Plex *plex;
		const Vx__Sd *sd;
	};
};

struct listing_choice {
	unsigned int classes; /* LISTING_BIT()s; 0: all */
	bool hierarchy;	      /* what is below a record too */
	char **name;	      /* only these; none: all */
	size_t name_count;
};

struct listing {
	const Vx__Config *config; /* must outlive the list */
	struct listing_item *item;
	size_t count;
	unsigned int classes; /* that occur */
	/* every plex and subdisk of the group, those of one volume or plex side by side */
	struct listing_item *plex, *sd;
};

/* Free with listing_free(). name_found (may be NULL) gets true at the index of each name found. */
void listing_make(struct listing *list, const Vx__Config *config,
		  const struct listing_choice *choice, bool *name_found);
void listing_free(struct listing *list);

const char *listing_class_text(enum listing_class class);
const char *listing_name(const struct listing_item *item);

/* What belongs to a record, in the order in which it is shown: *out_first and those behind it. How
 * many. */
size_t listing_plexes_of(const struct listing *list, const Vx__Vol *vol,
			 const struct listing_item **out_first);
size_t listing_subdisks_of(const struct listing *list, const Vx__Plex *plex,
			   const struct listing_item **out_first);

/* What a record belongs to. NULL: nothing (dissociated), or not in the configuration. */
const Vx__Vol *listing_vol_of(const Vx__Config *config, const Vx__Plex *plex);
const Vx__Plex *listing_plex_of(const Vx__Config *config, const Vx__Sd *sd);
const Vx__Dm *listing_dm_of(const Vx__Config *config, const Vx__Sd *sd);

#endif
