// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of one group in a new view (T8, T9, T12). */
#include "vxconfigd/takeover.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/mutant.h"

static bool takeover_is_newer(uint64_t epoch_a, uint64_t seq_a, uint64_t epoch_b, uint64_t seq_b)
{
	return epoch_a > epoch_b || (epoch_a == epoch_b && seq_a > seq_b);
}

bool takeover_add_node(struct takeover_node list[VX_NODES_MAX], size_t *count,
		       const struct takeover_node *node)
{
	struct takeover_node *known = list, before;

	while (known < list + *count && known->nodeid != node->nodeid) {
		known++;
	}
	if (known == list + VX_NODES_MAX) {
		return false;
	}
	if (known == list + *count) {
		*known = *node;
		++*count;
		return true;
	}
	before = *known;
	*known = node->have || (!before.have && takeover_is_newer(node->epoch, node->seq,
								   before.epoch, before.seq))
			 ? *node
			 : before;
	known->runs = before.runs || node->runs;
	known->pending = before.pending || node->pending;
	known->seen = before.seen || node->seen;
	known->kind = before.pending ? before.kind : node->kind;
	memcpy(known->txid, before.pending ? before.txid : node->txid, sizeof(known->txid));
	return true;
}

static void takeover_refuse(struct takeover *out, int error, const char *reason)
{
	out->base = TAKEOVER_REFUSE;
	out->error = error;
	snprintf(out->reason, sizeof(out->reason), "%s", reason);
}

/* Somebody runs the group, remembers it or saw it committed: it was in force (T12). */
static const struct takeover_node *takeover_witness(const struct takeover_node *node, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((node[i].runs || node[i].epoch != 0 || node[i].seen) && !MUTANT(T12_MEMORY)) {
			return &node[i];
		}
	}
	return NULL;
}

/* The newest content that is run by a member that was not left behind (T8: epoch == Ed). */
static const struct takeover_node *takeover_stateful(const struct takeover_node *node, size_t count,
						     uint64_t epoch)
{
	const struct takeover_node *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (node[i].have && (node[i].epoch == epoch || MUTANT(T8_STATEFUL)) &&
		    (best == NULL || (node[i].seq > best->seq && !MUTANT(T8_NEWEST)))) {
			best = &node[i];
		}
	}
	return best;
}

/*
 * The pending transaction that follows the base: one that stands at a member which runs the base
 * itself. (A member that is one behind still holds the one before, which the base contains.)
 */
static void takeover_pending(const struct takeover_node *node, size_t count,
			     const struct takeover_node *base, struct takeover *out)
{
	for (size_t i = 0; i < count; i++) {
		bool at_base = base == NULL ? !node[i].have
					    : node[i].have && node[i].epoch == base->epoch &&
						      node[i].seq == base->seq;

		if (!node[i].pending || (!at_base && !MUTANT(T8_BEHIND))) {
			continue;
		}
		if (!out->pending || (node[i].seen && !out->complete)) {
			out->pending = true;
			out->kind = node[i].kind;
			memcpy(out->txid, node[i].txid, sizeof(out->txid));
		}
		out->complete = out->complete || node[i].seen;
	}
}

static void takeover_from_members(const struct takeover_node *node, size_t count,
				  const struct takeover_node *base, struct takeover *out)
{
	out->base = TAKEOVER_RUNNING;
	out->base_epoch = base->epoch;
	out->base_seq = base->seq;
	out->base_hash = base->hash;
	takeover_pending(node, count, base, out);

	bool adds = out->pending && out->complete && out->kind == VX__TXN_KIND__TXN_CHANGE;

	out->max_seq = base->seq + (adds ? 1 : 0);
	if (out->pending && out->complete && out->kind == VX__TXN_KIND__TXN_DEPORT) {
		out->base = TAKEOVER_NONE;
	}
}

/*
 * Nobody runs a content of the newest epoch: the copies decide, uncommitted records included
 * (nobody can have been told that they failed). Not older than what anybody remembers (T12).
 */
static void takeover_from_disk(const struct takeover_node *node, size_t count,
			       const struct takeover_disk *disk, struct takeover *out)
{
	out->base = TAKEOVER_DISK;
	out->base_epoch = disk->epoch;
	out->base_seq = disk->seq;
	out->max_seq = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (!takeover_is_newer(node[i].epoch, node[i].seq, disk->epoch, disk->seq) ||
		    MUTANT(T12_MEMORY)) {
			continue;
		}

		char reason[VX_REASON_MAX];

		snprintf(reason, sizeof(reason),
			 "the copies hold an older configuration (%#llx.%llu) than node %u "
			 "remembers (%#llx.%llu)",
			 (unsigned long long)disk->epoch, (unsigned long long)disk->seq,
			 node[i].nodeid, (unsigned long long)node[i].epoch,
			 (unsigned long long)node[i].seq);
		takeover_refuse(out, -VX_E_STALE, reason);
	}
	if (out->base == TAKEOVER_DISK && disk->unproven && !MUTANT(T17_LATE)) {
		takeover_refuse(out, -VX_E_UNPROVEN, "");
	}
}

/*
 * No disk that is seen holds anything, and nobody knows of its making (that would be pending): it was
 * being made, or the disks with its copies are not seen. Then what is seen belongs to it.
 */
static void takeover_from_nothing(const struct takeover_node *node, size_t count,
				  struct takeover *out)
{
	const struct takeover_node *witness = takeover_witness(node, count);
	char reason[VX_REASON_MAX];

	if (witness == NULL) {
		takeover_refuse(out, -VX_E_MINORITY,
				"none of its disks that are seen holds a configuration copy: those that do "
				"are missing, or its making was broken off (then: vxdg -f destroy)");
		return;
	}
	snprintf(reason, sizeof(reason),
		 "the copies hold no configuration, but node %u %s the disk group", witness->nodeid,
		 witness->runs ? "runs" : "remembers");
	takeover_refuse(out, -VX_E_STALE, reason);
}

/* A deport that was seen to be committed; its labels were written before. False: out is as it was. */
static bool takeover_from_deport(const struct takeover_node *node, size_t count,
				 const struct takeover_node *newest, struct takeover *out)
{
	struct takeover deport = *out;

	takeover_pending(node, count, newest, &deport);
	if (!deport.complete || deport.kind != VX__TXN_KIND__TXN_DEPORT) {
		return false;
	}
	*out = deport;
	out->base = TAKEOVER_NONE;
	return true;
}

void takeover_decide(const struct takeover_node *node, size_t count,
		     const struct takeover_disk *disk, struct takeover *out)
{
	const struct takeover_node *newest = NULL;
	uint64_t max_seq = disk->content ? disk->seq : 0;

	memset(out, 0, sizeof(*out));
	out->made = disk->error == 0 && (!disk->content || disk->seq <= 1);
	for (size_t i = 0; i < count; i++) {
		if (node[i].have &&
		    (newest == NULL ||
		     takeover_is_newer(node[i].epoch, node[i].seq, newest->epoch, newest->seq))) {
			newest = &node[i];
		}
		if (node[i].seq > max_seq) {
			max_seq = node[i].seq;
		}
		out->made = out->made && node[i].epoch == 0;
	}
	out->seq = max_seq + 1;
	if (newest == NULL) {
		takeover_pending(node, count, NULL, out);
	}
	if (out->pending && out->kind == VX__TXN_KIND__TXN_IMPORT && !out->complete) {
		out->base =
			TAKEOVER_NONE; /* the import failed: the caller undoes it on the labels */
	} else if ((disk->error != 0 || !disk->content) &&
		   takeover_from_deport(node, count, newest, out)) {
		return; /* its disks may be somebody else's by now */
	} else if (disk->error != 0) {
		takeover_refuse(out, disk->error, "");
	} else if (newest != NULL && (!disk->content || newest->epoch > disk->epoch)) {
		takeover_refuse(out, -VX_E_STALE,
				"the copies hold an older configuration than the nodes run");
	} else if (takeover_stateful(node, count, disk->epoch) != NULL) {
		takeover_from_members(node, count, takeover_stateful(node, count, disk->epoch),
				      out);
	} else if (disk->content) {
		takeover_from_disk(node, count, disk, out);
	} else {
		takeover_from_nothing(node, count, out);
	}
}
