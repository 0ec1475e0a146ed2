/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of objects, added up over nodes, as vxstat shows them.
 *
 * Pure: a set is made from an answer, two sets make a difference.
 */
#ifndef VX_CMD_STAT_SET_H
#define VX_CMD_STAT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/limits.h"
#include "vxha.pb-c.h"

/* X(class, letter of the option, how it is shown) */
#define STAT_CLASSES(X) X(VOL, 'v', "vol") X(PLEX, 'p', "pl") X(SD, 's', "sd") X(DM, 'd', "dm")

enum stat_class {
#define STAT_CLASS_ENUM(name, letter, text) STAT_##name,
	STAT_CLASSES(STAT_CLASS_ENUM)
#undef STAT_CLASS_ENUM
		STAT_CLASS_COUNT,
};

struct stat_choice {
	bool class[STAT_CLASS_COUNT]; /* none: volumes */
	const char *group;	      /* "": all */
	char **name;		      /* of objects; none: all */
	size_t name_count;
	const char *nodes; /* "a,b"; NULL: every node */
};

struct stat_row {
	enum stat_class class;
	char group[VX_NAME_MAX + 1], name[VX_NAME_MAX + 1];
	uint64_t reads, writes, read_blocks, write_blocks, read_ns, write_ns, errors;
};

struct stat_set {
	struct stat_row *row; /* by group, class, name */
	size_t count;
};

/*
 * Adds up what the chosen nodes report. A node that is named and does not report is an error
 * (-VX_E_NOTFOUND); one that answers with an error gives a warning on err. Free with
 * stat_set_free().
 */
int stat_set_make(const Vx__Reply *reply, const struct stat_choice *choice, FILE *err,
		  struct stat_set *out_set);
void stat_set_free(struct stat_set *set);
/* What happened between two sets. Counters that went back were reset: shown as they are now. */
void stat_set_between(const struct stat_set *before, const struct stat_set *now,
		      struct stat_set *out_set);
void stat_set_print(const struct stat_set *set, bool header, FILE *out);
void stat_set_json(const struct stat_set *set, FILE *out);

#endif
