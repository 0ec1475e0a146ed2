/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the view core, shared by view*.c only. */
#ifndef VX_CPG_VIEW_CORE_H
#define VX_CPG_VIEW_CORE_H

#include "cpg/steps.h"
#include "cpg/view.h"

#define VIEW_COORDS(X) \
	X(IDLE) X(PRESTOP) X(HELLO) X(SURVEY) X(FENCE) X(RESURVEY) X(CLAIM) X(VERIFY) X(SENT)

/*
 * What the coordinator does (R5, R9):
 *
 *   IDLE -> PRESTOP -> HELLO -> SURVEY -> FENCE -> RESURVEY -> CLAIM -> VERIFY -> SENT -> IDLE
 *             (open view)          |   (nobody to fence)        ^ |
 *                                  +----------------------------+ +-> SURVEY (a higher claim)
 *   RESURVEY -> HELLO: another view appeared
 *   VERIFY: only where two nodes have quorum each (R20); -> HELLO: the other one claims too
 *   any -> IDLE: membership event, another coordinator followed, abort
 */
enum view_coord {
#define VIEW_ENUM(name) VC_##name,
	VIEW_COORDS(VIEW_ENUM)
#undef VIEW_ENUM
		VC_COUNT
};

enum view_stop { STOP_NOT, STOP_WAITING, STOP_DONE };

/* What one member of the ring said in its HELLO. */
struct view_hello {
	bool here, member, let_go, ran;
	uint32_t protocol;
	uint64_t epoch;
	struct view_member self;
};

/* R22: a fresh node that asked whether it may join. */
struct view_ask {
	struct view_member self;
	enum { ASK_NEW, ASK_LOOKING, ASK_ADMITTED, ASK_REFUSED } state;
	uint64_t token;
};

/* R6: a life that may have to be proven off (view_proof.c). */
struct view_life {
	uint32_t nodeid;
	uint64_t incarnation; /* 0: the other one of two (R20) */
	enum { LIFE_BLIND, LIFE_SEES, LIFE_FENCED } state;
	bool asked; /* the look under way was asked for after it became BLIND */
	uint32_t pending; /* looks in a row at which a fencing of the node was under way */
};

enum view_pending { PENDING_NOT, PENDING, PENDING_STUCK };

/* R19: who is to become master, and who asked for it. */
struct view_switch {
	uint32_t by, nodeid; /* 0: nobody */
	uint64_t incarnation;
};

struct view_core {
	enum view_state state;
	uint32_t nodeid;
	struct view_member self;
	uint64_t last_epoch; /* highest epoch ever seen */
	uint64_t tokens;     /* last token given out */

	/* the ring */
	struct view_node node[VX_NODES_MAX]; /* members of the CPG group */
	size_t node_count;
	uint32_t totem[VX_NODES_MAX * 2];
	size_t totem_count;
	struct view_ring cpg_ring, quorum_ring;
	bool have_ring, quorate;

	/* the view */
	struct view view; /* as installed */
	bool have_view, open, stored, settled;
	bool ran;				   /* was settled once since it joined */
	struct view_leaver left[2 * VX_NODES_MAX]; /* not yet recovered (R10) */
	size_t left_count;
	struct view_leaver
		word[2 * VX_NODES_MAX]; /* who said LEAVE, how; until it is out of the view */
	size_t word_count;
	bool reconf_wanted; /* a new view was asked for */
	bool upgrade_wanted; /* R21: the next view runs the highest protocol of all members */

	struct view_switch switch_asked; /* as the stream says; all members know it */
	struct view_switch switching; /* the master's: to be done, or being done in switch_round */
	uint32_t switch_round;

	/* who wants to join (R22) */
	struct view_ask ask[VX_NODES_MAX];
	size_t ask_count;
	bool admit_timing, admit_late; /* those who did not ask are waited for; not any more */
	bool member_speaks;	       /* this fresh node leaves it to the members to begin */
	bool again;		       /* refused, and it may pass: try again */

	/* whom I follow (R3) */
	bool following, given_up; /* it hangs: others may begin, and its NEWVIEW counts still */
	uint32_t follow_nodeid, follow_pid, follow_round;
	uint64_t follow_epoch;
	enum view_stop stop;
	uint64_t stop_token;
	bool hello_sent; /* in this round */
	bool hello_said; /* since it joins */

	/* coordinating (R5) */
	enum view_coord coord;
	uint32_t round;
	uint64_t coord_token;
	struct view_hello hello[VX_NODES_MAX]; /* by index in node[] */
	struct view_leaver
		gone[4 * VX_NODES_MAX]; /* everybody known to have left: own, HELLOs, durable */
	size_t gone_count;
	uint64_t max_epoch, survey_epoch;
	bool surveyed;
	bool coord_failed; /* its last survey or claim did */
	uint64_t wall_s; /* when that was */

	/* two_node (R20) */
	uint32_t peer; /* the other node; 0: a majority is needed */
	bool contested;
	uint64_t own_claim[2]; /* the last ones of this process */
	struct view next;      /* the view being made */

	/* who is off (R6) */
	struct view_life life[5 * VX_NODES_MAX + 1];
	size_t life_count;
	uint64_t look_token; /* 0: none is under way */
	bool apart;	     /* the fencer may have missed what others began */
	bool look_apart;     /* ... and the look under way mends that */
	bool look_waits, look_failed;
	bool ask_due; /* Pacemaker is asked after the next look */

	/* who waits for whom (R11) */
	bool busy;
	bool heard[VX_NODES_MAX];     /* by index in node[]: since others began to wait */
	uint32_t asked[VX_NODES_MAX]; /* Pacemaker was asked to fence these since the last change */
	size_t asked_count;

	/* steps 3 to 6 */
	enum step step;
	uint64_t step_token;	   /* of STORE before the first one */
	uint64_t done[STEP_COUNT]; /* bit = index in view.member */

	/* leaving, aborting */
	uint64_t leave_token;
	bool let_go; /* vxiod has no shared volumes any more */
	bool leave_ready, leave_sent, leave_said; /* said: LEAVE(clean) is in the stream */
	uint32_t ready[VX_NODES_MAX]; /* members of this view that are, in the order of the stream */
	size_t ready_count;
	bool leave_unclean; /* as LEAVE(aborted), for what this node wrote needs recovery */
	char reason[VX_REASON_MAX];
};

/* view_util.c */
struct view_effect *view_fx(struct view_effects *fx, enum view_effect_type type);
void view_fx_timer(struct view_effects *fx, enum view_timer timer, uint32_t delay_ms);
void view_fx_timer_cancel(struct view_effects *fx, enum view_timer timer);
void view_fx_mark(struct view_effects *fx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct view_packet *view_fx_send(struct view_core *core, struct view_effects *fx,
				 enum view_packet_type type);
uint64_t view_token(struct view_core *core);
bool view_ring_equal(const struct view_ring *a, const struct view_ring *b);
bool view_in_totem(const struct view_core *core, uint32_t nodeid);
bool view_in_ring(const struct view_core *core, uint32_t nodeid, uint32_t pid);
int view_node_index(const struct view_core *core, uint32_t nodeid, uint32_t pid);
void view_leaver_add(struct view_leaver *list, size_t *count, size_t max,
		     const struct view_leaver *leaver);
const struct view_leaver *view_leaver_find(const struct view_leaver *list, size_t count,
					   uint32_t nodeid, uint64_t incarnation);
bool view_outdated(const struct view_core *core, const struct view_member *durable, size_t count);
const char *view_coord_name(enum view_coord coord);
/* A view must always hold this; an assert of the whole core after each event. */
void view_check(const struct view_core *core);

/* view_leave.c */
void view_state_set(struct view_core *core, enum view_state state);
void view_abort(struct view_core *core, struct view_effects *fx, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void view_gone(struct view_core *core, struct view_effects *fx, enum view_how how);
void view_join_end(struct view_core *core, struct view_effects *fx);
void view_on_leave(struct view_core *core, const char *reason, struct view_effects *fx);
void view_on_ready(struct view_core *core, const struct view_packet *packet);
/* Leaves, if all that it waits for has come. */
void view_leave_try(struct view_core *core, struct view_effects *fx);
void view_on_leave_cancel(struct view_core *core, struct view_effects *fx);
void view_on_left(struct view_core *core, const struct view_event *event, struct view_effects *fx);
void view_on_closed(struct view_core *core, const struct view_event *event,
		    struct view_effects *fx);
/* R13: "aborted" is the word of a node whose I/O is proven to be over. Another one leaves without the
 * word, and asks to be fenced. */
void view_abort_end(struct view_core *core, struct view_effects *fx, bool proven);
void view_on_aborted(struct view_core *core, const struct view_event *event,
		     struct view_effects *fx);
void view_on_leave_packet(struct view_core *core, const struct view_packet *packet,
			  struct view_effects *fx);

/* view.c */
void view_unfollow(struct view_core *core);
bool view_quorum_lost(const struct view_core *core);
void view_freeze(struct view_core *core, struct view_effects *fx);
bool view_is_master(const struct view_core *core);

/* view_switch.c */
/* Tells the others, if they know it otherwise, whether this node wants to leave, and whether it is ready to. */
void view_leaving_tell(struct view_core *core, struct view_effects *fx);
void view_on_leaving_packet(struct view_core *core, const struct view_packet *packet);
void view_on_setmaster(struct view_core *core, uint32_t nodeid, struct view_effects *fx);
void view_on_setmaster_packet(struct view_core *core, const struct view_packet *packet,
			      struct view_effects *fx);
void view_on_refused(struct view_core *core, const struct view_packet *packet,
		     struct view_effects *fx);
/* The master's vxconfigd says no. */
void view_switch_refuse(struct view_core *core, const char *reason, struct view_effects *fx);
/* Who becomes master in the round that I coordinate; 0: R8 decides. */
uint32_t view_switch_master(const struct view_core *core);

/* view_admit.c */
void view_ask_send(struct view_core *core, struct view_effects *fx);
void view_on_ask(struct view_core *core, const struct view_packet *packet, struct view_effects *fx);
void view_on_refuse(struct view_core *core, const struct view_packet *packet,
		    struct view_effects *fx);
void view_on_admitted(struct view_core *core, const struct view_event *event,
		      struct view_effects *fx);
void view_refuse_protocol(struct view_core *core, const struct view_member *joiner,
			  uint32_t protocol, struct view_effects *fx);
void view_admit_heard(struct view_core *core, const struct view_packet *packet,
		      struct view_effects *fx);
void view_admit_left(struct view_core *core, const struct view_event *event);
void view_admit_forget(struct view_core *core);
void view_admit_consider(struct view_core *core, struct view_effects *fx);
void view_admit_timer(struct view_core *core, struct view_effects *fx);
bool view_admit_awaits(const struct view_core *core, uint64_t token);
/* Is there a fresh node to make a view for? */
bool view_admit_any(const struct view_core *core);

/* view_install.c */
void view_on_newview(struct view_core *core, const struct view_packet *packet,
		     struct view_effects *fx);
void view_on_step_done(struct view_core *core, const struct view_packet *packet,
		       struct view_effects *fx);
void view_on_stored(struct view_core *core, const struct view_event *event,
		    struct view_effects *fx);
void view_on_stepped(struct view_core *core, const struct view_event *event,
		     struct view_effects *fx);

/* view_watch.c */
void view_watch(struct view_core *core, struct view_effects *fx);
void view_watch_begin(struct view_core *core, struct view_effects *fx);
void view_watch_heard(struct view_core *core, const struct view_packet *packet);
void view_ask_fence(struct view_core *core, struct view_effects *fx, uint32_t nodeid, bool fencer);
void view_watch_timer(struct view_core *core, enum view_timer timer, struct view_effects *fx);

/* view_proof.c */
void view_proof(struct view_core *core, struct view_effects *fx);
void view_proof_add(struct view_core *core, uint32_t nodeid, uint64_t incarnation);
bool view_proof_fenced(const struct view_core *core, uint32_t nodeid, uint64_t incarnation);
/* Was a fencing told of this process's node? */
bool view_proof_told(const struct view_core *core, uint32_t nodeid, uint32_t pid);
/* Was a fencing of the node under way at the last look? Stuck is said once in VX_FENCE_STUCK_MS. */
enum view_pending view_proof_pending(struct view_core *core, uint32_t nodeid);
void view_proof_install(struct view_core *core);
void view_proof_hello(struct view_core *core, const struct view_packet *packet);
void view_proof_peer(struct view_core *core);
void view_on_looked(struct view_core *core, const struct view_event *event,
		    struct view_effects *fx);
void view_on_fenced(struct view_core *core, uint32_t nodeid, struct view_effects *fx);

/* view_build.c */
/* Did it say HELLO? incarnation 0: any. */
bool view_coord_present(const struct view_core *core, uint32_t nodeid, uint64_t incarnation);
void view_coord_build(struct view_core *core); /* into core->next */
/* R21: who said HELLO and cannot be in the view that was built is told so. */
void view_coord_refuse(struct view_core *core, struct view_effects *fx);
bool view_protocol_fits(const struct view_member *member, uint32_t protocol);
/* Did it say HELLO without volumes? */
bool view_coord_let_go(const struct view_core *core, const struct view_member *member);

/* view_coord.c */
bool view_coord_may(const struct view_core *core);
bool view_coord_needed(const struct view_core *core);
/* Looks whether somebody must begin and when (R9); sets or clears the timer. */
void view_coord_consider(struct view_core *core, struct view_effects *fx);
void view_coord_begin(struct view_core *core, struct view_effects *fx);
void view_coord_cancel(struct view_core *core, struct view_effects *fx);
/* R3: my RSTART counts after all: another one's before it in the stream ended my round. */
void view_coord_followed(struct view_core *core, uint32_t round);
void view_coord_prestopped(struct view_core *core, const struct view_event *event,
			   struct view_effects *fx);
void view_coord_hello(struct view_core *core, const struct view_packet *packet,
		      struct view_effects *fx);
void view_coord_surveyed(struct view_core *core, const struct view_event *event,
			 struct view_effects *fx);
/* Who is still to be fenced? Goes on if nobody is. */
void view_coord_judge(struct view_core *core, struct view_effects *fx);
void view_coord_claimed(struct view_core *core, const struct view_event *event,
			struct view_effects *fx);
void view_coord_poll(struct view_core *core, struct view_effects *fx);
/* Asks Pacemaker to fence whose proof is awaited, after a look. */
void view_coord_ask(struct view_core *core, struct view_effects *fx);

#endif
