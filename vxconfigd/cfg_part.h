/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a reconfiguration, for cfg_steps.c, survey.c, exchange.c, rejoin.c, adopt.c and
 * takeover_run.c only. */
#ifndef VX_VXCONFIGD_CFG_PART_H
#define VX_VXCONFIGD_CFG_PART_H

#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/takeover.h"

struct takeover_run; /* the master's work on the groups of a new view */

struct steps {
	struct configd *configd;
	uint64_t generation; /* of stop and view: what was begun before does not go on */
	bool held;	     /* prestop was asked for */
	bool left;	     /* it said that its part of the leave is done (R12) */
	Vx__StepRun *hold, *stop, *config, *work, *leave, *abort; /* under way; NULL: not */
	struct loop_timer progress_timer;
	const char *progress; /* what is being done, for people */
	bool moved;	      /* something ended since that was told last */
	size_t writes;	      /* that were under way then */

	/* exchange.c */
	bool scanned; /* the labels were read in this view */
	bool decided; /* CfgView of this view was delivered */
	struct loop_timer retry_timer;
	uint64_t join_serial;  /* asked the master for the groups; 0: not */
	bool rejoining;	       /* the adoption is that of one that came back (T13) */
	unsigned int adopting; /* groups that are being adopted */
	int error;	       /* of the adoption */
	char reason[VX_REASON_MAX];
	struct takeover_run *takeover;
	bool proof_asked; /* the last one asked for a view, which sees what its survey did not (T17) */
};

/* Takes a copy of run; the progress of it is told while it is under way. */
void steps_begin(struct configd *configd, Vx__StepRun **slot, const Vx__StepRun *run,
		 const char *what);
/* Acknowledges and forgets. Nothing if *slot is NULL. */
void steps_end(struct configd *configd, Vx__StepRun **slot, int error, const char *reason);

/* survey.c: reading, claiming, closing the copies of all groups of this cluster. */
void survey_run(struct configd *configd, const Vx__StepRun *run);

/* exchange.c */
void exchange_begin(struct configd *configd);
/* Tells everybody what was decided: the master's takeover is done. */
void exchange_send_view(struct configd *configd, Vx__CfgView *view);
/* One more, one less thing that the adoption waits for. error: 0 or why this node cannot go on. */
void exchange_wait(struct configd *configd);
void exchange_done(struct configd *configd, int error, const char *reason);

/* Appends the modes of a map to a list of the schema. */
void exchange_add_modes(Vx__NodeActivation ***list, size_t *count,
			const struct activation_map *map);

/* Names the disks of config that this node sees: a joiner must see them too (T14). */
void exchange_add_disks(const struct configd *configd, const Vx__Config *config,
			Vx__GroupView *view);
/* ... and which they are: room for VX_DISKS_MAX, pointers into config. How many. */
size_t exchange_disks(const Vx__Config *config, const Vx__GroupView *view, const char **out_diskid);

/* rejoin.c: a vxconfigd that comes back in an open view (T13). */
void rejoin_ask(struct configd *configd);
void rejoin_on_retry(void *ctx); /* configd */
void rejoin_on_asked(struct configd *configd, uint32_t from, const Vx__CfgJoin *join);
void rejoin_on_ready(struct configd *configd, uint32_t from, const Vx__CfgReady *ready);

/* adopt.c: this node takes over what the master decided for one group (T10). */
void adopt_group(struct configd *configd, const Vx__GroupView *view);
/* Who of the view that the group's transaction was in is not in this one: 0 = all are there. */
uint32_t adopt_lost_member(const struct group *group);
/* Before: what vxiod runs as the notes of a vxconfigd that was killed say, be it adopted now, disabled, or over. */
void adopt_noted(struct configd *configd);
/* Groups that the master does not name are not imported any more. */
void adopt_drop_unnamed(struct configd *configd, const Vx__CfgView *view);

/* takeover_run.c: the master's part (T8, T9). */
void takeover_begin(struct configd *configd);
void takeover_cancel(struct configd *configd);
/* The content that was decided on; NULL: none. The caller owns it. */
Vx__Config *takeover_take(struct configd *configd, const char *dgid);

#endif
