/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator: the deciding cores of vxclustd and vxconfigd (views, steps, transactions,
 * take-over) run on some nodes in one process, with a clock, a Corosync, disks, Pacemaker and
 * utilities that do what real ones do at their worst. One seed is one run, the same everywhere.
 *
 * What is real: cpg/view*.c, cpg/steps.c, vxconfigd/txn.c, txn_master.c, takeover.c and all of the
 * copies: copies_core.c, copies_write.c, copies_set.c, copies_decide.c, copy_image.c and the bytes.
 * What is modelled: all that these cores do not decide, file by file below.
 */
#ifndef VX_TESTS_SIM_H
#define VX_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpg/steps.h"
#include "cpg/view.h"
#include "vxconfigd/copies.h"
#include "vxconfigd/copy_image.h"
#include "vxconfigd/takeover.h"
#include "vxconfigd/txn.h"

#define SIM_NODES_MAX 5
#define SIM_COPIES_MAX 5
#define SIM_GROUPS_MAX 3
#define MAIN 0 /* the group whose configuration changes */
#define SIM_TXNS_MAX 62 /* a content is a set of transactions, one bit each */
#define SIM_FAULTS_MAX 16
#define SIM_CLIENTS 8
#define SIM_PROTOCOL_MIN 10
#define SIM_PROTOCOL_MAX 12
#define SIM_PROTOCOL_SHARE 12 /* some clusters know it, some do not (T15) */
#define SIM_IPC_US 30	      /* always the same: a connection keeps its order */
#define SIM_MS UINT64_C(1000) /* time is in microseconds */
#define SIM_S UINT64_C(1000000)
#define SIM_START (1000 * SIM_S) /* of a run */

struct sim;

/* ---- clock and events (sim_world.c) ---- */

/* Whoever dies takes its events with it; whoever is paused gets them late. */
enum sim_proc { PROC_WORLD, PROC_COROSYNC, PROC_CLUSTD, PROC_CONFIGD, PROC_IOD, PROC_COUNT };

typedef void sim_fn(struct sim *sim, uint32_t node, uint64_t arg, void *ptr);

uint64_t sim_random(struct sim *sim);
uint64_t sim_below(struct sim *sim, uint64_t limit); /* 0 to limit - 1 */
bool sim_chance(struct sim *sim, uint32_t percent);
/* Mostly near low, sometimes near high. */
uint64_t sim_delay(struct sim *sim, uint64_t low, uint64_t high);
void sim_later(struct sim *sim, uint64_t delay, enum sim_proc proc, uint32_t node, sim_fn *fn,
	       uint64_t arg, void *ptr);
/* Memory that lives as long as the run, zeroed. */
void *sim_alloc(struct sim *sim, size_t size);
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_trace(struct sim *sim, uint32_t node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define TRACE(sim, node, ...) \
	do { \
		if ((sim)->trace) { \
			sim_trace((sim), (node), __VA_ARGS__); \
		} \
	} while (0)

/* ---- what travels (sim_net.c) ---- */

struct sim_content {
	uint64_t epoch, seq, set;
	uint64_t aborted; /* outcomes that it remembers */
};

struct sim_ref {
	uint8_t txn; /* index; the bit of the set */
	uint32_t attempt;
};

enum sim_cfg_kind {
	CFG_STATE,
	CFG_VIEW,
	CFG_JOIN,
	CFG_READY,
	CFG_PROPOSE,
	CFG_VOTE,
	CFG_QUIESCE,
	CFG_PREPARED,
	CFG_COMMIT,
	CFG_ACK,
	CFG_ABORT,
	CFG_REQUEST,
	CFG_REPLY,
	CFG_ASK
};

enum sim_outcome { OUTCOME_NONE, OUTCOME_COMMITTED, OUTCOME_ABORTED, OUTCOME_UNKNOWN };

struct sim_told {
	bool have;
	int disabled;		    /* VIEW */
	struct sim_content base;    /* VIEW: before the pending one */
	struct sim_content content; /* STATE: runs, or remembers */
};

/* A message between two vxconfigds. */
struct sim_cfg_msg {
	enum sim_cfg_kind kind;
	uint32_t to; /* 0: all */
	struct sim_ref ref;
	int error;
	uint32_t node;
	bool quiesce;
	uint64_t shared;	       /* PROPOSE, VIEW: the transactions that are one (T15) */
	struct sim_content base;	   /* PROPOSE: what it is based on */
	const struct sim_told *told;	   /* STATE, VIEW: of each group */
	bool pending, seen, complete;	   /* STATE; VIEW: pending, complete */
	uint32_t only;			    /* VIEW */
	uint64_t serial;		    /* JOIN, VIEW, READY; STATE: of the process */
	uint64_t cookie;		    /* REQUEST, REPLY, ASK */
	enum sim_outcome outcome;	    /* REPLY */
};

struct sim_msg {
	uint32_t from, pid;
	uint64_t epoch;
	struct view_packet *packet; /* one of these */
	struct sim_cfg_msg *cfg;
	bool port_state, up;
};

void net_boot(struct sim *sim, uint32_t node);
void net_down(struct sim *sim, uint32_t node, bool graceful);
/* broken: for good, so that what was on its way may be lost; else somebody is only slow. */
void net_links_changed(struct sim *sim, bool broken);
void net_continue(struct sim *sim, uint32_t node);
void net_join(struct sim *sim, uint32_t node);
void net_leave(struct sim *sim, uint32_t node); /* also: its process died */
void net_send(struct sim *sim, uint32_t node, struct sim_msg *msg);
bool net_is_quorate(const struct sim *sim, uint32_t node);
/* Without a change of the ring quorum goes for a while, then it comes to whoever is with node. */
void net_quorum_moves(struct sim *sim, uint32_t node, uint32_t how);

/* ---- nodes ---- */

struct sim_process {
	bool up;
	uint32_t life;
	uint64_t paused_until; /* 0: runs */
};

/* A question of vxclustd to its clients. */
struct sim_work {
	bool used;
	uint64_t serial, token;
	enum view_event_type event;
	int step;
	bool wait_iod, wait_configd, prestop;
	uint32_t master; /* of a prestop: a switch (R19) */
	int error;
	uint64_t max_epoch;
	struct view_member durable[VX_NODES_MAX];
	size_t durable_count;
	struct open_claims open_claims;
	struct view *view;
	uint64_t alive; /* last progress */
};

#define SIM_WORKS 12

struct sim_clustd {
	uint64_t storing_until; /* its epoch on its disk */
	struct view_core *core;
	uint32_t pid;
	uint64_t timer[VT_COUNT]; /* generation of the timer that counts; 0: off */
	struct sim_work work[SIM_WORKS];
	bool corosync_dead, start_wanted, leaving, iod_settling;
	bool port_local; /* own vxconfigd's "up" was delivered */
	uint32_t peers_up;
	bool stopped_by_hand;
	uint32_t prestop_master, switch_tries;
	uint32_t switch_to; /* its administrator waits for that (R19); 0: he does not */
};

/* vxiod: the gate. Its I/O never pauses while the gate is open. */
struct sim_iod {
	bool gate, suspended, registered;
	bool loaded;	   /* the group's volumes are there */
	bool gone;	   /* it let its volumes go: the next view makes new ones */
	uint64_t epoch;	   /* of the view that it was last told */
	uint64_t inflight; /* until then, after the gate was shut */
	uint64_t hung;	   /* until then a disk does not answer it */
	uint64_t incarnation;
	uint32_t nid;
	uint64_t set;	/* the content that it runs */
	uint64_t leave; /* serial of the leave that is asked for; 0: none */
};

struct sim_peer {
	uint32_t nodeid;
	bool up, ready, join, told;
	uint64_t join_serial;
	struct sim_cfg_msg state;
};

struct sim_request {
	uint8_t txn;
	uint32_t attempt, node;
	uint64_t cookie, mastership;
	bool used;
	uint32_t part; /* half of a transaction that failed; 0: none */
};

struct sim_relay {
	bool used, sent, orphan, known, committed, unknown, ask;
	uint8_t txn, client;
	uint64_t cookie;
};

#define SIM_QUEUE 16

/* A question to the copies of a group, one at a time. */
enum sim_disk_op { DISK_READ, DISK_CLAIM, DISK_CHECKPOINT, DISK_APPEND };

struct sim_disk_task {
	enum sim_disk_op op;
	uint32_t group;
	uint64_t epoch, seq, max_seq;
	struct sim_content content; /* CHECKPOINT; APPEND: before */
	uint64_t set;		    /* APPEND: after */
	struct view_member member[VX_NODES_MAX];
	size_t member_count;
	/* found */
	int error;
	bool has_content;
	struct sim_content found;
	uint64_t max_epoch;
	struct open_claims open_claims;
	struct view_member durable[VX_NODES_MAX];
	size_t durable_count;
	void (*done)(struct sim *sim, uint32_t node, struct sim_disk_task *task);
	uint64_t generation, token; /* the caller's */
	void *ptr;
	struct sim_ref ref;
	struct sim_disk_task *next;
};

/* A group as one vxconfigd has it. */
struct sim_group {
	bool have, disabled;
	struct sim_content now;
	/* the master's take-over */
	struct takeover decision;
	bool second_read, take_have;
	int take_error;
	struct sim_content take;
};

struct sim_configd {
	uint64_t serial;
	bool registered, member, open, settled, held, left, scanned, decided, rejoining, stopped;
	struct view view;
	struct sim_peer peer[VX_NODES_MAX];
	uint64_t master_serial, join_serial, generation;
	uint64_t hold, stop, config, work, leave, abort; /* serials of StepRuns under way */
	int work_step;
	struct view *work_view;
	int adopting, adopt_error;

	struct sim_group group[SIM_GROUPS_MAX];
	struct txn txn; /* of the main group */
	bool pending, incoming, pending_quiesce, incoming_quiesce;
	struct sim_ref pending_ref, incoming_ref;
	struct sim_content pending_base, incoming_base;
	uint64_t pending_set, incoming_set; /* all that share it */
	uint64_t timer; /* generation of the transaction's */
	bool running;
	struct txn_event input[8];
	size_t input_count;

	/* the master's */
	struct sim_request queue[SIM_QUEUE];
	size_t queue_count;
	struct sim_request current;
	struct sim_request sharing[SIM_QUEUE]; /* its transaction (T15) */
	size_t sharing_count;
	uint32_t parts;
	uint64_t mastership;
	uint64_t answered; /* refused here: asked again, the same answer */
	bool took_over;	   /* take-over under way */
	uint32_t taking;   /* groups that it waits for */
	struct sim_relay relay[SIM_QUEUE];
	uint64_t cookies;
};

/* Pacemaker's fencer (sim_fencer.c). */
struct sim_fencer {
	bool up;
	uint32_t pending; /* bit: it knows that an operation is under way */
	uint64_t said;	  /* when the last thing that it said arrives */
};

struct sim_node {
	bool power;
	struct sim_process proc[PROC_COUNT];
	uint32_t component; /* which nodes its network card reaches */

	/* Corosync (sim_net.c) */
	int conf;
	size_t delivered;
	struct sim_msg **outq;
	size_t out_count, out_first;
	bool originating, delivering;
	struct view_node group[2 * SIM_NODES_MAX];
	size_t group_count;
	bool in_group, seen_all;
	uint32_t group_pid;
	uint64_t token_lost_at;
	/* what its vxclustd was told last: its ring, and of which one whether it is quorate */
	uint64_t told_ring, told_quorum_ring;
	bool told_quorum;
	struct net_input *inbox, *inbox_last;
	bool pumping;

	/* on its own disk */
	uint64_t last_epoch;
	uint32_t proto_min, proto_max; /* of the program that is installed */
	struct sim_content memory[SIM_GROUPS_MAX];

	struct sim_fencer fencer;
	struct sim_clustd clustd;
	struct sim_iod iod;
	struct sim_configd configd;
};

/* A configuration copy as the checks see it: what landed whole. */
struct sim_copy {
	uint64_t claim[2]; /* of its two blocks */
	struct sim_content content;
};

/* What copies stand on: one of each group. */
struct sim_shelf {
	enum sim_trouble { SHELF_WELL, SHELF_AWAY, SHELF_FLAKY, SHELF_SLOW } trouble;
	uint64_t until; /* 0: the next view is made without it */
};

enum sim_client_state { CLIENT_THINKS, CLIENT_WAITS, CLIENT_ASKS };

struct sim_client {
	enum sim_client_state state;
	uint32_t node;
	uint8_t txn;
	uint64_t asked_at, cookie;
};

#define SIM_FAULTS(X) \
	X(POWER_OFF) X(KILL_CLUSTD) \
	X(KILL_CONFIGD) \
	X(KILL_IOD) \
	X(KILL_COROSYNC) \
	X(STOP_COROSYNC) \
	X(PAUSE_CLUSTD) \
	X(PAUSE_CONFIGD) X(PAUSE_COROSYNC) X(CUT) X(SPLIT) X(HEAL) X(COPY_AWAY) X(LEAVE) X(ABORT) \
		X(SLOW_FENCE) X(POWER_OFF_ALL) X(SLOW_IO) X(RECONF) X(LEAVE_ALL) X(SETMASTER) X(FENCE) \
			X(QUORUM) X(FENCER) X(HUNG_IO) X(OLD_COPIES) /* from here on: hard ones */

enum sim_fault_kind {
#define SIM_FAULT_ENUM(name) FAULT_##name,
	SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
		FAULT_COUNT,
	FAULT_HARD = FAULT_OLD_COPIES
};

struct sim_fault {
	uint64_t at; /* number of the event before which it happens */
	enum sim_fault_kind kind;
	uint32_t node, how;
	bool used;
};

struct sim_options {
	uint32_t nodes, copies, faults;
	uint32_t groups; /* 0: from the seed */
	uint32_t kinds;	 /* of faults, one bit each; 0: from the seed */
	size_t txns; /* 0: from the seed */
	uint64_t seed;
	bool trace;
	bool hard;		       /* too few copies for a while, old copies */
	const struct sim_fault *fault; /* NULL: made from the seed */
	size_t fault_count;
};

struct sim {
	struct sim_options options;
	bool trace;
	uint64_t rng[2];
	uint64_t now, events, order;
	struct sim_turn *heap;
	struct sim_event *spare;
	size_t heap_count, heap_room;
	struct sim_chunk *chunks, *spare_chunks;

	struct sim_node node[SIM_NODES_MAX + 1]; /* by node id */
	struct net_conf *conf;
	size_t conf_count;
	uint64_t ring_seq;
	uint64_t no_quorum_until;
	uint32_t arbiter; /* node that has the quorum device's vote: more than all others; 0: none */
	struct sim_copy copy[SIM_GROUPS_MAX][SIM_COPIES_MAX];
	struct sim_copy snapshot[SIM_GROUPS_MAX][SIM_COPIES_MAX];
	struct sim_copy kept[SIM_GROUPS_MAX][SIM_COPIES_MAX];
	uint32_t groups, copies[SIM_GROUPS_MAX];
	struct sim_shelf shelf[SIM_COPIES_MAX];
	struct sim_disks *disks;	 /* the bytes */
	struct sim_copies *node_copies; /* as each process knows them */
	bool copies_old; /* for a while: the copies are the ones of the snapshot */
	struct sim_client client[SIM_CLIENTS];
	size_t client_count;
	bool eager; /* they wait for one another's transactions */
	size_t txn_count, txn_limit;
	uint32_t pids;

	uint32_t fencing; /* bit: an operation is under way, until it is told */
	uint64_t slow_fence_until, slow_io_until;
	uint32_t stopped; /* bit: by its administrator */

	/* faults */
	struct sim_fault fault[SIM_FAULTS_MAX];
	size_t fault_count, fault_next;
	bool healed;
	uint64_t healed_at;

	/* what is checked (sim_check.c) */
	uint64_t quiesce_mask, ever_applied, committed, failed, answered;
	struct sim_epoch {
		uint64_t epoch;
		uint32_t master, writer[SIM_GROUPS_MAX];
		uint64_t members;
		bool weak; /* no majority of the copies was there to claim it */
	} epochs[128];
	size_t epoch_count;
	struct sim_content newest[SIM_GROUPS_MAX]; /* that anybody ran */
	bool weak[SIM_GROUPS_MAX];		   /* it had no majority of its copies for a while */
	uint64_t trouble_until;			   /* of a copy */
	struct sim_vote {
		uint64_t epoch;
		uint32_t attempt, yes, no, suspended; /* bits, by node id */
	} votes[SIM_TXNS_MAX + 2];
	uint32_t slot_node[VX_NODES_MAX];  /* whose it was last */
	uint64_t slot_dirty[VX_NODES_MAX]; /* incarnation whose map is not clean; 0: clean */
	uint64_t switches;		   /* that were done */
	uint64_t views, txns_ok, txns_failed, txns_unknown;
	uint64_t txns_shared, txns_split; /* together with others; tried again in halves */
	uint64_t coverage[FAULT_COUNT];

	bool over;
	char failure[300];
};

/* sim_world.c: one run; true if nothing was wrong. */
bool sim_run(struct sim *sim, const struct sim_options *options);
void sim_end(struct sim *sim, bool crashed);
bool sim_proc_runs(const struct sim *sim, uint32_t node, enum sim_proc proc);

/* sim_main.c: the same; an assertion of a core is a failure as any other. */
const struct sim *sim_try(const struct sim_options *options);
/* sim_mutant.c, sim_exhaustive.c: an exit status. only: NULL for all. */
int mutants_run(const char *only, int jobs);
int exhaustive_run(const struct sim_options *options, int jobs);

/* ---- sim_clustd.c, sim_work.c: the shell around the view core ---- */
void clustd_work_start(struct sim *sim, uint32_t node, enum view_event_type event, int step,
		       uint64_t token, bool iod, bool configd, const struct view *view);
void clustd_work_send(struct sim *sim, uint32_t node, const struct sim_work *work, bool to_iod);
void clustd_work_end(struct sim *sim, uint32_t node, struct sim_work *work);
/* Without it there is nothing of vxconfigd to stop, to leave or to end. */
bool clustd_work_needs_configd(const struct sim_work *work);
void clustd_boot(struct sim *sim, uint32_t node);
void clustd_start(struct sim *sim, uint32_t node); /* joins as soon as it can */
void clustd_event(struct sim *sim, uint32_t node, const struct view_event *event);
void clustd_message(struct sim *sim, uint32_t node, const struct sim_msg *msg);
void clustd_ack(struct sim *sim, uint32_t node, bool from_iod, uint64_t serial, int error);
/* found: what a survey found; serial is its token. */
void clustd_ack_survey(struct sim *sim, uint32_t node, const struct sim_disk_task *found,
		       int error);
void clustd_progress(struct sim *sim, uint32_t node, uint64_t serial);
void clustd_client_up(struct sim *sim, uint32_t node, bool iod);
void clustd_client_down(struct sim *sim, uint32_t node, bool iod);
void clustd_port_send(struct sim *sim, uint32_t node, const struct sim_cfg_msg *msg);
void clustd_corosync_died(struct sim *sim, uint32_t node);
void clustd_ask_view(struct sim *sim, uint32_t node, const char *reason);
void clustd_setmaster(struct sim *sim, uint32_t node, uint32_t master);

/* ---- sim_iod.c ---- */
void iod_boot(struct sim *sim, uint32_t node);
void iod_step(struct sim *sim, uint32_t node, int step, uint64_t serial);
void iod_clustd_lost(struct sim *sim, uint32_t node);
void iod_view(struct sim *sim, uint32_t node, const struct view *view);
void iod_suspend(struct sim *sim, uint32_t node, struct sim_ref ref);
void iod_resume(struct sim *sim, uint32_t node);
void iod_load(struct sim *sim, uint32_t node, uint64_t set);
bool iod_is_quiet(const struct sim *sim, uint32_t node);
void iod_died(struct sim *sim, uint32_t node);

/* ---- sim_configd.c, sim_takeover.c, sim_txn.c: the shell around the transaction core ---- */
void configd_boot(struct sim *sim, uint32_t node);
void configd_registered(struct sim *sim, uint32_t node);
void configd_clustd_lost(struct sim *sim, uint32_t node);
void configd_view(struct sim *sim, uint32_t node, const struct view *view);
void configd_step(struct sim *sim, uint32_t node, const struct sim_work *work);
void configd_peer(struct sim *sim, uint32_t node, uint32_t peer, bool up);
void configd_message(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg);
void configd_out(struct sim *sim, uint32_t node);
struct sim_peer *configd_peer_of(struct sim *sim, uint32_t node, uint32_t nodeid);
void configd_serve_joins(struct sim *sim, uint32_t node);
void configd_send(struct sim *sim, uint32_t node, const struct sim_cfg_msg *msg);
void configd_config_end(struct sim *sim, uint32_t node, int error);
void configd_stop_look(struct sim *sim, uint32_t node);
void configd_open_group(struct sim *sim, uint32_t node);
/* sim_survey.c: ends configd->work */
void survey_sim_run(struct sim *sim, uint32_t node, const struct sim_work *work);
void takeover_run_try(struct sim *sim, uint32_t node);
void adopt_view(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg);
void adopt_done(struct sim *sim, uint32_t node, int error);
void txn_sim_event(struct sim *sim, uint32_t node, const struct txn_event *event);
void txn_sim_message(struct sim *sim, uint32_t node, uint32_t from, const struct sim_cfg_msg *msg);
void txn_sim_quiet(struct sim *sim, uint32_t node);
void request_sim_submit(struct sim *sim, uint32_t node, uint8_t txn, uint32_t from,
			uint64_t cookie);
void request_sim_kick(struct sim *sim, uint32_t node);
void request_sim_give_up(struct sim *sim, uint32_t node);
/* The current one and those that share its transaction wait again. */
void request_sim_scatter(struct sim *sim, uint32_t node, bool halve);
/* Put aside, and begun again in the view that comes. */
bool request_sim_waits(const struct sim_configd *configd, uint8_t txn);
uint64_t request_sim_shared(const struct sim_configd *configd);
bool request_sim_known(const struct sim *sim, uint32_t node, uint8_t txn);
/* Is a transaction under way at the master, or waiting? */
bool request_sim_busy(const struct sim *sim, uint32_t node);
void relay_sim_submit(struct sim *sim, uint32_t node, uint8_t txn, uint8_t client, bool ask);
void relay_sim_master(struct sim *sim, uint32_t node, const struct sim_cfg_msg *view);
void relay_sim_decided(struct sim *sim, uint32_t node);
void relay_sim_settled(struct sim *sim, uint32_t node);
void relay_sim_give_up(struct sim *sim, uint32_t node);
void relay_sim_message(struct sim *sim, uint32_t node, uint32_t from,
		       const struct sim_cfg_msg *msg);

/* ---- sim_client.c ---- */
void client_init(struct sim *sim);
void client_answer(struct sim *sim, uint8_t client, uint8_t txn, enum sim_outcome outcome);
void client_lost_configd(struct sim *sim, uint32_t node);
bool client_idle(const struct sim *sim);

/* ---- Pacemaker's fencers (sim_fencer.c); by 0: on any node ---- */
void fencer_fence(struct sim *sim, uint32_t by, uint32_t target);
void fencer_look(struct sim *sim, uint32_t node, const struct view_effect *effect);
void fencer_init(struct sim *sim);
void fencer_boot(struct sim *sim, uint32_t node);
void fencer_kill(struct sim *sim, uint32_t node);

/* ---- sim_pacemaker.c: power, fencing, restarting ---- */
void power_on(struct sim *sim, uint32_t node);
void power_off(struct sim *sim, uint32_t node);
void proc_kill(struct sim *sim, uint32_t node, enum sim_proc proc);
void pacemaker_ask(struct sim *sim, uint32_t asker, uint32_t node, bool again); /* again: the fencer itself */
void pacemaker_gone(struct sim *sim, uint32_t node, bool failed);

/* ---- sim_fault.c ---- */
void fault_make(struct sim *sim);
void fault_look(struct sim *sim);
const char *fault_name(enum sim_fault_kind kind);

/* ---- sim_check.c: the safety list ---- */
void check_view(struct sim *sim, uint32_t node, const struct view *view);
void check_gate_opens(struct sim *sim, uint32_t node);
void check_applied(struct sim *sim, uint32_t node, uint64_t set);
void check_runs(struct sim *sim, uint32_t node, uint32_t group);
void check_running(struct sim *sim, uint32_t node);
void check_answer(struct sim *sim, uint8_t txn, enum sim_outcome outcome);
void check_disk_write(struct sim *sim, uint32_t node, uint32_t group, uint64_t epoch);
void check_claim(struct sim *sim, uint32_t node, uint64_t before, uint64_t after);
void check_hello(struct sim *sim, uint32_t node);
void check_no_quorum(struct sim *sim, uint32_t node);
void check_ring(struct sim *sim, uint32_t node, uint32_t members);
void check_has_quorum(struct sim *sim, uint32_t node, const char *what);
void check_stored(struct sim *sim, uint32_t node, uint64_t epoch);
/* What a node says of a transaction: VOTE, PREPARED. */
void check_vote(struct sim *sim, uint32_t node, struct sim_ref ref, enum sim_cfg_kind kind,
		int error);
void check_write_begins(struct sim *sim, uint32_t node, struct sim_ref ref);
void check_commit(struct sim *sim, uint32_t node, struct sim_ref ref);
void check_rstart(struct sim *sim, uint32_t node);
void check_ask_fence(struct sim *sim, uint32_t node, uint32_t victim);
void check_port_send(struct sim *sim, uint32_t node);
void check_takeover(struct sim *sim, uint32_t node, const struct takeover *decision);
void check_alive(struct sim *sim);

#endif
