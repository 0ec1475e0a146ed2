/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that change a group, at the master: they wait in the group's queue, are planned,
 * proposed, and answered exactly once.
 */
#ifndef VX_VXCONFIGD_REQUEST_QUEUE_H
#define VX_VXCONFIGD_REQUEST_QUEUE_H

#include "vxconfigd/group.h"
#include "vxconfigd/plan.h"

/* reply is freed after the call. */
typedef void request_answer(void *ctx, Vx__Reply *reply);

struct request {
	TAILQ_ENTRY(request) next;
	struct configd *configd;
	struct group *group;  /* NULL: it makes a group and was not planned yet */
	Vx__Request *request; /* its txid is always set */
	uint32_t nodeid;      /* where it was typed */
	Vx__Propose *propose; /* NULL: not planned yet */
	uint64_t mastership;  /* configd's when it came; void once that is another one (T11) */
	bool lost;	      /* its group went away while it was planned */
	const Vx__Config *base; /* while it is planned on the result of others (T15) */
	uint32_t part; /* half of a transaction that failed: it shares with these only; 0: all */
	struct plan *plan;    /* NULL where there is none (import, activation) */
	uint32_t attempt;
	uint64_t since_ms; /* wall clock: when it came */
	char force_dgid[DISK_ID_SIZE]; /* a view was asked for that takes it over by force; "": none */
	bool proof_asked; /* ... whose survey sees the group that it imports (T17) */
	Vx__Reply *reply;
	request_answer *answer;
	void *ctx;
};

/* On the master only. request is copied. answer is called exactly once, perhaps before this
 * returns. */
void request_submit(struct configd *configd, const Vx__Request *request, uint32_t nodeid,
		    request_answer *answer, void *ctx);
/* Begins what can be begun. Cheap when there is nothing. */
void request_kick(struct configd *configd);

/* From the core: the current request of the group has ended; is put aside. */
void request_ended(struct group *group, int error, uint32_t node, const char *reason);
void request_aside(struct group *group);
/* The group goes away: nothing that waits for it can be done. */
void request_refuse_all(struct group *group);
/* Another node was master since it came: whoever sent it asks that one (T11). */
bool request_is_void(const struct request *req);
/* This node is no master any more, or leaves: every request ends. */
void request_give_up(struct configd *configd, const char *reason);
/* Is a change under way, or waiting? Then no other node is made master (R19). */
bool request_any(struct configd *configd);
/* Is it waiting or under way here? */
bool request_is_known(struct configd *configd, const uint8_t *txid);
/* It was put aside, and is begun again in the view that comes. */
bool request_waits(const struct group *group, const uint8_t *txid);
/* What for, as text (VX_REASON_MAX)? False: it is none of these (request_wait.c). */
bool request_waits_for(struct configd *configd, const uint8_t *txid, char *out_text);
/* Adds what waits or is under way here as tasks (vxtask), as long as report stays below room. */
void request_report(struct configd *configd, Vx__IodReport *report, size_t room);
/* The same for one: waits_for is text. False: no room. */
bool request_report_one(Vx__IodReport *report, size_t room, const Vx__Request *request,
			const char *node, uint64_t since_ms, const char *group, const char *text);

/* ---- request_plan.c: from a request to a proposal ---- */

/*
 * Plans req (req->group is set unless it makes a group). May look at disks first; done(req, error)
 * is called once, perhaps at once: 0 with req->propose set, -VX_E_AGAIN (the view ended meanwhile, or a
 * change under way takes its disks), or an error that req->reply tells. *out of nothing to do: 0 and req->propose NULL.
 */
void request_plan(struct request *req, void (*done)(struct request *req, int error));
/* The same at once, of a request that may share a transaction, on the result of those before. */
int request_plan_after(struct request *req, const Vx__Config *base);
void request_unplan(struct request *req);
/* Does it make or import a group? */
bool request_creates(const Vx__Request *request);
bool request_is_internal(const Vx__Request *request); /* of vxconfigd itself, not typed */
bool request_has_flag(const Vx__Request *request, const char *flag);
const char *request_attr(const Vx__Request *request, const char *key); /* NULL: not given */

/* ---- request_dry.c: --dry-run ---- */

/* Adds to the answer what the change, that every node agreed to, would have done. */
void request_tell_dry(struct request *req);
/* ... or that there was nothing to do. */
void request_tell_nothing(struct request *req);

/* ---- request_share.c: T15 ---- */

/* Whose turn it is, out of the queue; NULL: nobody waits. */
struct request *request_take(struct group *group);
/* first begins: who can share its transaction is put into group->sharing. */
void request_gather(struct request *first);
/* The current request and those that share its transaction wait again, before all others.
 * halve: for two transactions. */
void request_scatter(struct group *group, bool halve);

/* ---- request_import.c ---- */

/* vxdg -f import of a group that could not be taken over: it is taken over by force. */
bool request_import_forces(const struct group *group, const Vx__Request *request);
/* Does such a request wait for the view that takes the group over? */
bool request_import_waits(const struct configd *configd, const char *dgid);
/* vxdg import of a group that is there: why not, and what would do. */
void request_import_refuse(struct request *req, const struct group *group);
/* As request_plan(), for vxdg import. */
void request_plan_import(struct request *req, void (*done)(struct request *req, int error));

/* The disks of this node as the plans and vxdisk list want them. Free with request_disks_free(). */
size_t request_disks(struct configd *configd, Vx__DiskInfo ***out_disk);
void request_disks_free(Vx__DiskInfo **disk, size_t count);

#endif
