/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations of vxconfigd on groups: load, unload, format a log. Those of one group run one after
 * the other in the order asked, those of different groups side by side. Main thread only.
 */
#ifndef VX_VOLIO_OP_H
#define VX_VOLIO_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "vxha.pb-c.h"

struct iod;

struct op {
	TAILQ_ENTRY(op) link;
	struct iod *iod;
	uint64_t asker, cookie;
	char dgid[128];
	bool shared;
	bool running;
	bool aborted; /* the node leaves the cluster at once: end as soon as possible */
	Vx__Ipc *msg; /* the request; the operation may change and empty it */
	void (*start)(struct op *op);
};

TAILQ_HEAD(op_list, op);

/* Makes an operation of size bytes (a struct that begins with struct op) for a request, takes it in
 * the order. */
void op_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg, size_t size, const char *dgid,
	       bool shared, void (*start)(struct op *op));
/* Answers, frees the operation, lets the next one of the group run. */
void op_end(struct op *op, int error, const char *reason);

bool ops_busy_shared(const struct iod *iod);
/* Ends what waits and tells what runs. */
void ops_abort_shared(struct iod *iod);
/* Forgets shared groups without volumes. */
void ops_drop_empty_groups(struct iod *iod);

/* The operations. */
void load_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg);
void unload_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg);
void format_log_submit(struct iod *iod, uint64_t asker, const Vx__Ipc *msg);

/* suspend.c */
void suspend_request(struct iod *iod, uint64_t asker, const Vx__Ipc *msg);
void resume_request(struct iod *iod, uint64_t asker, const Vx__Ipc *msg);
/* Lifts suspensions of a group whose asker is gone (V27), or all of them. */
void suspensions_lift(struct iod *iod, const char *dgid, bool all);

#endif
