/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of one group in a new view: from what the members say and the copies hold, the
 * content that counts and the fate of a pending transaction. Rules T8, T9 and T12.
 *
 * Pure. Run by the master of the view only; everybody else is told (T10).
 */
#ifndef VX_VXCONFIGD_TAKEOVER_H
#define VX_VXCONFIGD_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/limits.h"
#include "vxha.pb-c.h"

struct takeover_node {
	uint32_t nodeid;
	bool have; /* has a content in force: epoch, seq, hash; else epoch and seq are what it
		      remembers (T12) */
	bool runs; /* its vxiod has the group */
	uint64_t epoch, seq, hash;
	bool pending; /* has a transaction that has not ended: txid, kind, seen */
	uint8_t txid[ID_BYTES];
	Vx__TxnKind kind;
	bool seen;
};

struct takeover_disk {
	int error;    /* of reading: not 0 = no majority, or corrupt */
	bool content; /* a majority was read and holds a content: epoch, seq of the newest */
	bool unproven; /* they name a member that is not proven off (T17) */
	uint64_t epoch, seq;
};

enum takeover_base {
	TAKEOVER_NONE,	  /* no such group any more: drop it */
	TAKEOVER_RUNNING, /* what stateful members run is right: base_epoch, base_seq, base_hash */
	TAKEOVER_DISK,	  /* the newest content on the copies is right */
	TAKEOVER_REFUSE,  /* nothing may be changed: reason */
};

struct takeover {
	enum takeover_base base;
	uint64_t base_epoch, base_seq, base_hash; /* before the pending transaction */
	bool pending;				  /* there was one: txid, kind */
	uint8_t txid[ID_BYTES];
	Vx__TxnKind kind;
	bool complete;	  /* it is part of the result; else it failed */
	bool made;	  /* NONE: nothing says that there was more than its making, so its disks are
			     free again; else the group stays as it was, deported */
	uint64_t max_seq; /* copies: records of base_epoch above this do not count */
	uint64_t seq;	  /* of the checkpoint (T9) */
	int error;
	char reason[VX_REASON_MAX];
};

/* Adds what a node says; what it said of the group before stays where this says less. False: no room. */
bool takeover_add_node(struct takeover_node list[VX_NODES_MAX], size_t *count,
		       const struct takeover_node *node);
void takeover_decide(const struct takeover_node *node, size_t count,
		     const struct takeover_disk *disk, struct takeover *out);

#endif
