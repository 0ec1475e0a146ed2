/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan in the making, for vxconfigd/plan*.c only.
 *
 * A planner edits `after`, a copy of the configuration, with the functions of record.h; the delta
 * is the difference. So a planner that reads what it has just made sees it, and what is committed
 * is what was checked. Each planner returns 0, or the error of the message that it added.
 */
#ifndef VX_VXCONFIGD_PLAN_WORK_H
#define VX_VXCONFIGD_PLAN_WORK_H

#include "vxconfigd/messages.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/record.h"

struct plan_work {
	const Vx__Config *before; /* NULL: vxdg init */
	Vx__Config *after;
	const Vx__Request *request;
	const struct plan_env *env;
	struct plan *plan;
	Vx__Reply *reply;
};

/* Adds a message of the catalogue to the reply; its error. */
#define plan_say(work, name, ...) \
	message_add((work)->reply, (work)->request->tool, MSG_##name, ##__VA_ARGS__)

/* What a table row of plan.c calls. */
int plan_group_init(struct plan_work *work);
int plan_group_add_disks(struct plan_work *work);
int plan_group_remove_disks(struct plan_work *work);
int plan_group_destroy(struct plan_work *work);
int plan_group_deport(struct plan_work *work);
int plan_group_set(struct plan_work *work);
int plan_volume_make(struct plan_work *work);
int plan_volume_remove(struct plan_work *work);
int plan_volume_start(struct plan_work *work);
int plan_volume_stop(struct plan_work *work);
int plan_volume_start_all(struct plan_work *work);
int plan_volume_stop_all(struct plan_work *work);
int plan_volume_read_policy(struct plan_work *work);
int plan_volume_set(struct plan_work *work);
int plan_volume_recover(struct plan_work *work);
int plan_plex_detach(struct plan_work *work);
int plan_plex_dissociate(struct plan_work *work);
int plan_plex_attach(struct plan_work *work);
int plan_plex_move(struct plan_work *work);
int plan_plex_copy(struct plan_work *work);
int plan_volume_mirror(struct plan_work *work);
int plan_volume_add_log(struct plan_work *work);
int plan_volume_resize(struct plan_work *work);

/* Is word in list, whose words are separated by blanks? */
bool plan_list_has(const char *list, const char *word);
/* Are all attributes in known? Else the message. */
int plan_check_attrs(struct plan_work *work, const char *known);

/* Is no operand from `first` on given twice? Else the message. */
int plan_check_twice(struct plan_work *work, size_t first);

/* The name of the group that is planned for. */
const char *plan_group_name(const struct plan_work *work);
bool plan_has_flag(const struct plan_work *work, const char *flag);
/* Value of an attribute, the last one if it is given twice; NULL if it is not given. */
const char *plan_attr(const struct plan_work *work, const char *key);
/* Value as a number from min to max, fallback if it is not given. */
int plan_attr_number(struct plan_work *work, const char *key, unsigned int min, unsigned int max,
		     unsigned int fallback, unsigned int *out_number);
/* comment=, a short line of text; *out_comment is left alone if it is not given. */
int plan_attr_comment(struct plan_work *work, const char **out_comment);
/* Adds ATTR_INVALID for a key that is given. */
int plan_attr_bad(struct plan_work *work, const char *key, const char *why);

/* Objects of `after` by name, or the message that they do not exist. */
int plan_find_volume(struct plan_work *work, const char *name, Vx__Vol **out_vol);
int plan_find_plex(struct plan_work *work, const char *name, Vx__Plex **out_plex);
int plan_find_disk(struct plan_work *work, const char *name, Vx__Dm **out_dm);

/* Is name valid and free in `after`? Else the message. */
int plan_new_name(struct plan_work *work, const char *name);
/* BASE-01, BASE-02 ...: the first free one; a long base is cut. out has VX_NAME_MAX + 1 bytes. */
void plan_next_name(const Vx__Config *config, const char *base, char *out);

void plan_add_quiesce(struct plan *plan, uint64_t vol_rid);
/* ... unless it is not started: then it has no I/O. */
void plan_quiesce(struct plan_work *work, uint64_t vol_rid);
/* The log of a volume is written before the change: anew, or its marks are folded (V28). What was
 * said of that volume first holds. */
void plan_add_log(struct plan *plan, uint64_t vol_rid, bool fold);
void plan_add_need_disk(struct plan *plan, const char *diskid);
void plan_add_label(struct plan *plan, const char *diskid);
/* The disk of this node that has that id, NULL if it is not seen. */
const Vx__DiskInfo *plan_disk_by_id(const struct plan_work *work, const char *diskid);

/* May plexes of the volume be attached now? Else the message. */
int plan_attach_possible(struct plan_work *work, const Vx__Vol *vol);
/* Begins to attach the plex, or the message. */
int plan_plex_attach_one(struct plan_work *work, Vx__Vol *vol, Vx__Plex *plex);
/* vxassist remove mirror, log: operands from 1 on. */
int plan_plex_reduce(struct plan_work *work, bool is_log);

/* Makes a startable volume ENABLED, with its complete plexes and logs. */
void plan_start_one(struct plan_work *work, Vx__Vol *vol);
/* vxrecover: do all operands exist? Is the volume meant by them and can it be started? */
int plan_recover_check(struct plan_work *work);
bool plan_recover_startable(const struct plan_work *work, const Vx__Vol *vol);

#endif
