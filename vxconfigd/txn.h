/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deciding core of transactions: one group at one node, as its master and as a member.
 * Rules T1 to T8 and R9 of cpg/PROTOCOL.md.
 *
 * Pure: txn_step() turns one event into effects. No clock, I/O, thread, randomness or log; what
 * is changed, and how it is checked, written and loaded, the core does not know. The shell
 * (txn_run.c) carries the effects out and gives their results back as events. Answers carry
 * (txid, attempt): those of an older attempt are ignored.
 */
#ifndef VX_VXCONFIGD_TXN_H
#define VX_VXCONFIGD_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/limits.h"

/* Every node, the master too: its part as a member. */
#define TXN_MEMBER_STATES(X) X(NONE) X(CHECKING) X(VOTED) X(SUSPENDING) X(PREPARED) X(SEEN) X(ACKED)

enum txn_member_state {
#define TXN_ENUM(name) TXN_##name,
	TXN_MEMBER_STATES(TXN_ENUM)
#undef TXN_ENUM
};

/* The master's part. */
#define TXN_MASTER_STATES(X) \
	X(IDLE) X(VOTING) X(QUIESCING) X(FORMATTING) X(WRITING) X(COMMITTING) X(ABORTING)

enum txn_master_state {
#define TXN_ENUM(name) TXN_##name,
	TXN_MASTER_STATES(TXN_ENUM)
#undef TXN_ENUM
};

struct txn_view {
	uint64_t epoch;
	uint32_t self, master;
	uint32_t member[VX_NODES_MAX];
	size_t count;
};

struct txn_ref {
	uint8_t txid[ID_BYTES];
	uint32_t attempt;
};

/* Those that end in _MSG were delivered in the ordered stream, the sender's own too. */
#define TXN_EVENTS(X) \
	X(OPEN)		/* a view begins for this group: view */ \
	X(HOLD)		/* prestop: finish what is past QUIESCE, put the rest aside (R9) */ \
	X(CLOSE)	/* the view is over */ \
	X(RESOLVE)	/* what the new view decided: complete, lost, error, reason, node */ \
	X(BEGIN)	/* master: ref, quiesce, format, write, dry_run */ \
	X(PROPOSE_MSG)	/* from, ref, quiesce */ \
	X(CHECKED)	/* ref, error, reason */ \
	X(VOTE_MSG)	/* from, ref, error, reason */ \
	X(QUIESCE_MSG)	/* from, ref */ \
	X(SUSPENDED)	/* ref, error, reason */ \
	X(PREPARED_MSG) /* from, ref, error, reason */ \
	X(FORMATTED)	/* ref, error, reason */ \
	X(WRITTEN)	/* ref, error, reason */ \
	X(COMMIT_MSG)	/* from, ref */ \
	X(REMEMBERED)	/* ref */ \
	X(ACK_MSG)	/* from, ref */ \
	X(ABORT_MSG)	/* from, ref, error, reason, node */ \
	X(NODE_DOWN)	/* node: its vxconfigd is gone */ \
	X(NODE_UP)	/* node: its vxconfigd has the groups again (T13) */ \
	X(TIMEOUT)

enum txn_event_type {
#define TXN_ENUM(name) TXN_EV_##name,
	TXN_EVENTS(TXN_ENUM)
#undef TXN_ENUM
};

struct txn_event {
	enum txn_event_type type;
	struct txn_ref ref;
	uint32_t from;
	uint32_t node;
	int error;		     /* 0, or negative: no */
	const char *reason;	     /* NULL allowed */
	const struct txn_view *view; /* OPEN */
	bool quiesce;		     /* BEGIN, PROPOSE_MSG: volumes in use are touched */
	bool format, write, dry_run; /* BEGIN */
	bool complete;		     /* RESOLVE: the pending transaction is part of the base */
	bool lost;		     /* RESOLVE: a member of the old view is not in the new one */
};

enum txn_effect_type {
	TXN_FX_SEND_PROPOSE,
	TXN_FX_SEND_VOTE,
	TXN_FX_SEND_QUIESCE,
	TXN_FX_SEND_PREPARED,
	TXN_FX_SEND_COMMIT,
	TXN_FX_SEND_ACK,
	TXN_FX_SEND_ABORT,
	TXN_FX_CHECK,	 /* can this node do it? -> CHECKED */
	TXN_FX_SUSPEND,	 /* I/O of the touched volumes -> SUSPENDED */
	TXN_FX_FORMAT,	 /* new logs -> FORMATTED */
	TXN_FX_WRITE,	 /* to a majority of the copies -> WRITTEN */
	TXN_FX_REMEMBER, /* on this node's disk -> REMEMBERED */
	TXN_FX_APPLY,	 /* the change is in force: load it, resume */
	TXN_FX_DROP,	 /* the change is off: resume */
	TXN_FX_ANSWER,	 /* the request has ended: error, reason, node */
	TXN_FX_ASIDE,	 /* not answered: to be begun again in the next view */
	TXN_FX_ASK_VIEW, /* only a new view can resolve this (T7): reason */
	TXN_FX_TIMER,	 /* TIMEOUT after delay_ms; 0: none */
	TXN_FX_QUIET,	 /* after HOLD: nothing of the master is under way that could still end */
};

struct txn_effect {
	enum txn_effect_type type;
	struct txn_ref ref;
	int error;
	uint32_t node; /* whom it comes from; 0: nobody in particular */
	uint32_t delay_ms;
	char reason[VX_REASON_MAX];
};

#define TXN_EFFECTS_MAX 8

struct txn_effects {
	size_t count;
	struct txn_effect effect[TXN_EFFECTS_MAX];
};

struct txn {
	struct txn_view view;
	bool open, hold;
	uint32_t up; /* bit i: vxconfigd of view.member[i] has the groups */

	enum txn_member_state member;
	struct txn_ref ref; /* of the pending transaction, while member is not NONE */
	bool quiesce;
	uint32_t acked,
		waived; /* waived: went down while it was pending, no ACK is expected (R16) */

	enum txn_master_state master;
	struct txn_ref master_ref;
	bool format, write, dry_run;
	uint32_t answered; /* VOTING, QUIESCING: who said yes */
	bool decided;	   /* the majority write is done */
	bool stuck;	   /* only a new view can resolve it: who waits for its end need not */
	int fail_error;	   /* ABORTING: what the utility will hear; WRITING: why the write failed */
	uint32_t fail_node;
	char fail_reason[VX_REASON_MAX];
};

/* A group that is in no view yet. */
void txn_init(struct txn *txn);
/* One event. Effects are to be carried out in their order. */
void txn_step(struct txn *txn, const struct txn_event *event, struct txn_effects *fx);

/* May the master begin? 0; -VX_E_RECONF (no open view), -VX_E_BUSY (one is under way or held),
 * -VX_E_NOPEER (out_node: whose vxconfigd is missing). */
int txn_can_begin(const struct txn *txn, uint32_t *out_node);
/* Master: the members whose vote, word "prepared" or acknowledgement is missing, as bits. */
uint32_t txn_awaited(const struct txn *txn);
/* For the state exchange of a new view (T8): COMMIT was delivered here, or this is the master and
 * its majority write is done. */
bool txn_has_seen(const struct txn *txn);

/* Master: not failed by a new view that has all members of the old one, but begun again in it. */
bool txn_goes_aside(const struct txn *txn, const uint8_t *txid);

const char *txn_member_state_name(enum txn_member_state state);
const char *txn_master_state_name(enum txn_master_state state);
const char *txn_event_name(enum txn_event_type type);

#endif
