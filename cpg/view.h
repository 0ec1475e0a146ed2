/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The deciding core of vxclustd: views and the steps of a reconfiguration (PROTOCOL.md 3 to 5).
 *
 * Pure: view_step() turns one event into effects. No clock, I/O, thread, randomness or log in
 * here; the shell (node.c) carries the effects out and feeds their results back as events. Every
 * question that is answered later carries a token; an answer with an old token is ignored.
 */
#ifndef VX_CPG_VIEW_H
#define VX_CPG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* ---- what travels and what is remembered ---- */

struct view_ring {
	uint32_t rep; /* node id of the ring's representative */
	uint64_t seq;
};

/* The low half of an incarnation is the pid of the vxclustd, as CPG names it. */
struct view_member {
	uint32_t nodeid, nid;
	uint64_t incarnation, joined_epoch;
	uint64_t fenced_at; /* for older programs: when the view was made, seconds */
	int32_t preference;
	uint32_t proto_min, proto_max; /* protocol versions that it speaks (R21) */
	bool leaving;		       /* it waits until it can leave (R19) */
};

enum view_how { VIEW_LOST, VIEW_CLEAN, VIEW_ABORTED }; /* as LeaveHow in the schema */

struct view_leaver {
	uint32_t nodeid, nid;
	uint64_t incarnation, fenced_at;
	enum view_how how;
	bool proven; /* off: an installed view says so; does not travel */
};

struct view {
	uint64_t epoch;
	uint32_t master, protocol;
	size_t member_count, leaver_count, joiner_count;
	struct view_member member[VX_NODES_MAX]; /* in order of seniority */
	struct view_leaver leaver[2 * VX_NODES_MAX];
	uint32_t joiner[VX_NODES_MAX];
	bool unfolded; /* every member let its volumes go: nobody folds, leavers stay in the list */
	bool cold;     /* no member ever ran: nobody knows all who did not leave cleanly (R10) */
};

#define VIEW_PACKETS(X) \
	X(RSTART) X(HELLO) X(NEWVIEW) X(BUSY) X(STEP_DONE) X(LEAVE) X(REFUSE) X(RECONF) X(SETMASTER) \
	X(LEAVING) X(ASK)

enum view_packet_type {
#define VIEW_ENUM(name) VP_##name,
	VIEW_PACKETS(VIEW_ENUM)
#undef VIEW_ENUM
};

struct view_packet {
	enum view_packet_type type;
	uint32_t from; /* filled in at delivery */
	uint32_t pid;
	uint64_t epoch; /* of the sender's view; 0 = fresh */
	struct view_ring ring;
	uint32_t round;
	/* HELLO */
	uint32_t coordinator;
	bool member, let_go, ran;
	uint32_t protocol;
	struct view_member self;
	uint64_t last_epoch;
	const void *look; /* ASK: what the node sees, for the shells; borrowed */
	/* HELLO: the sender's view and leavers; NEWVIEW: the view */
	struct view view;
	/* STEP_DONE, LEAVE, REFUSE, RECONF, SETMASTER, LEAVING */
	uint32_t step;
	int error;
	enum view_how how;
	bool upgrade, leaving, ready;
	uint32_t nodeid;
	uint64_t incarnation;
	char reason[VX_REASON_MAX];
};

/* ---- events ---- */

struct view_node {
	uint32_t nodeid, pid;
};

enum view_event_type {
	/* from Corosync, and from the other vxclustds */
	VE_CONFCHG,
	VE_RING,
	VE_QUORUM,
	VE_PACKET,
	/* what this node is told to do */
	VE_JOIN,
	VE_LEAVE,
	VE_LEAVE_CANCEL,
	VE_ABORT,
	VE_RECONF,
	VE_SETMASTER,
	VE_PEER,
	/* answers to effects, with their token */
	VE_STOPPED,
	VE_PRESTOPPED,
	VE_SURVEYED,
	VE_LOOKED,
	VE_CLAIMED,
	VE_ADMITTED,
	VE_STORED,
	VE_STEPPED,
	VE_LET_GO,
	VE_LEFT,
	VE_CLOSED,
	VE_ABORTED,
	VE_TIMER,
	/* from Pacemaker's fencer */
	VE_FENCED,
	VE_FENCER_LOST,
};

enum view_timer {
	VT_BEGIN,
	VT_POLL,
	VT_ASK,
	VT_BUSY,
	VT_MUTE,
	VT_JOIN,
	VT_ADMIT,
	VT_LOOK,
	VT_COUNT
};

struct view_event {
	enum view_event_type type;
	uint64_t token;
	int error; /* also ABORT: not 0 if vxiod, the cause, is not waited for again (R13) */
	const char *reason; /* ABORT, RECONF, PRESTOPPED: why; NULL allowed */
	/* JOIN */
	uint64_t incarnation, last_epoch;
	uint32_t nid_wanted, timeout_ms, proto_min, proto_max;
	uint32_t two_node_peer; /* also PEER: the other node, where quorum does not exclude it; else 0 */
	int32_t preference;
	/* CONFCHG */
	const struct view_node *node, *left;
	size_t node_count, left_count;
	bool ring_changing; /* by a node, not a process: the totem ring follows in a RING event */
	uint32_t master;    /* SETMASTER: node id */
	bool unclean;	    /* LEFT: marks stay, recovery is needed (R12) */
	bool upgrade;	    /* RECONF: to the highest protocol of all members */
	/* RING, QUORUM */
	struct view_ring ring;
	const uint32_t *nodeid; /* RING: nodes of the totem ring. LOOKED: who is being fenced */
	size_t nodeid_count;
	bool quorate;
	/* PACKET */
	const struct view_packet *packet;
	/* TIMER */
	enum view_timer timer;
	/* SURVEYED, CLAIMED */
	uint64_t max_epoch;
	const struct view_member *durable;
	size_t durable_count;
	const uint64_t *open_claim; /* SURVEYED: claimed, and no content of that epoch yet */
	size_t open_claim_count;
	uint64_t wall_s; /* SURVEYED: the clock of this node, for older programs */
	uint32_t fenced; /* FENCED: node id; 0: all (fencing is off) */
};

/* ---- effects ---- */

enum view_effect_type {
	FX_SEND,
	/* questions, answered by the event named */
	FX_STOP,	/* STOPPED */
	FX_PRESTOP,	/* PRESTOPPED */
	FX_SURVEY,	/* SURVEYED */
	FX_LOOK,	/* LOOKED */
	FX_CLAIM,	/* CLAIMED */
	FX_ADMIT,	/* ADMITTED */
	FX_STORE,	/* STORED */
	FX_STEP,	/* STEPPED */
	FX_LEAVE_LOCAL, /* LET_GO, LEFT */
	FX_CLOSE,	/* CLOSED */
	FX_ABORT_LOCAL, /* ABORTED */
	/* no answer */
	FX_INSTALL,
	FX_SETTLED,
	FX_REFUSED, /* SETMASTER of this node */
	FX_ASK_FENCE,
	FX_LEAVE_CANCEL,
	FX_GONE,
	FX_TIMER_SET,
	FX_TIMER_CANCEL,
	FX_MARK,
};

struct view_effect {
	enum view_effect_type type;
	uint64_t token; /* to be given back with the result */
	union {
		struct view_packet *packet; /* SEND: owned by the list */
		const struct view *view;    /* CLAIM, STORE, INSTALL: owned by the core */
		struct {
			enum view_timer timer;
			uint32_t delay_ms;
		} set;
		enum view_timer timer;
		struct {
			uint32_t nodeid;
			bool again; /* asked before: the fencer itself is told */
		} ask;		    /* ASK_FENCE */
		bool apart;	   /* LOOK: the fencer was apart from the others: it asks them first */
		uint32_t nodeid;   /* ADMIT: who wants to join */
		uint32_t step;	   /* STEP */
		uint32_t master;   /* PRESTOP: who is to become master; 0: no switch */
		enum view_how how; /* GONE */
	} u;
	bool again; /* GONE: it was refused for a reason that may pass */
	/* MARK: for log and timeline; GONE, ABORT_LOCAL, REFUSED: the reason */
	char text[VX_REASON_MAX];
};

struct view_effects {
	size_t count;
	struct view_effect *effect;
	size_t capacity;
};

/* Frees the list and its packets. */
void view_effects_free(struct view_effects *fx);

/* ---- the core ---- */

enum view_state { VS_OUT, VS_JOINING, VS_MEMBER, VS_LEAVING, VS_ABORTING };

struct view_core;

struct view_core *view_create(uint32_t nodeid);
void view_free(struct view_core *core);
/* One event. Effects are appended to fx in the order in which they must be carried out. */
void view_step(struct view_core *core, const struct view_event *event, struct view_effects *fx);

/* What others may see of it. */
enum view_state view_state(const struct view_core *core);
const struct view *view_current(const struct view_core *core); /* NULL while fresh */
bool view_is_open(const struct view_core *core);	       /* port traffic counts (R2) */
bool view_is_stored(const struct view_core *core);  /* its epoch is: clients may know it (R7) */
bool view_is_settled(const struct view_core *core); /* the last step was reached: I/O runs */
bool view_has_run(const struct view_core *core);    /* it was settled once since it joined */
bool view_is_quorate(const struct view_core *core);
bool view_is_switching(const struct view_core *core); /* SETMASTER came, and is not done (R19) */
/* Does the result of what was asked with this token still count? */
bool view_awaits(const struct view_core *core, uint64_t token);
uint32_t view_nodeid(const struct view_core *core);
bool view_has_member(const struct view *view, uint32_t nodeid);
const struct view_member *view_member_of(const struct view *view, uint32_t nodeid);
const char *view_packet_name(enum view_packet_type type);
/* The highest protocol version that all members speak (R21). */
uint32_t view_protocol_common(const struct view *view);
/* What the node does now, for people: "waiting for the fencing of node 3"; "" when settled. */
void view_describe(const struct view_core *core, char out[VX_REASON_MAX]);

#endif
