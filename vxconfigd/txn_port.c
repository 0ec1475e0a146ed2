// SPDX-License-Identifier: GPL-2.0-or-later
/* The messages of transactions on port w: sent as the core says, received and handed to it. */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/cfg_steps.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/share.h"
#include "vxconfigd/txn_run.h"

/* ---- sending ---- */

static void txn_cast(struct group *group, const Vx__CfgMsg *msg)
{
	int rc = clust_send_config(group->configd->clust, msg);

	if (rc != 0) { /* the wait for answers ends it */
		log_err("dg=%s cannot send: %s", group->name, vx_strerror(rc));
	}
}

void txn_cast_ref(struct group *group, const struct txn_effect *effect,
		  Vx__CfgMsg__BodyCase body_case)
{
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;
	Vx__TxnRef ref = VX__TXN_REF__INIT;

	ref.txid.data = (uint8_t *)(uintptr_t)effect->ref.txid;
	ref.txid.len = ID_BYTES;
	ref.attempt = effect->ref.attempt;
	ref.reason = (char *)(uintptr_t)effect->reason;
	ref.nodeid = effect->node;
	ref.error = effect->error;
	msg.body_case = body_case;
	msg.quiesce = &ref; /* all of these bodies are a TxnRef at the same place */
	txn_cast(group, &msg);
}

void txn_cast_vote(struct group *group, const struct txn_ref *ref, int error, const char *reason)
{
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;
	Vx__Vote vote = VX__VOTE__INIT;

	vote.txid.data = (uint8_t *)(uintptr_t)ref->txid;
	vote.txid.len = ID_BYTES;
	vote.attempt = ref->attempt;
	vote.yes = error == 0;
	vote.error = error;
	vote.reason = (char *)(uintptr_t)reason;
	msg.body_case = VX__CFG_MSG__BODY_VOTE;
	msg.vote = &vote;
	if (error != 0) {
		log_notice("dg=%s votes no: %s: %s", group->name, vx_strerror(error), reason);
	}
	txn_cast(group, &msg);
}

void txn_cast_propose(struct group *group)
{
	Vx__CfgMsg msg = VX__CFG_MSG__INIT;

	msg.body_case = VX__CFG_MSG__BODY_PROPOSE;
	msg.propose = group->current->propose;
	txn_cast(group, &msg);
}

/* ---- messages ---- */

static struct group *txn_group_of(struct configd *configd, const ProtobufCBinaryData *txid)
{
	struct group *group;

	TAILQ_FOREACH(group, &configd->groups, next)
	{
		if (!group->gone &&
		    ((group->txn.member != TXN_NONE &&
		      memcmp(group->txn.ref.txid, txid->data, ID_BYTES) == 0) ||
		     (group->txn.master != TXN_IDLE &&
		      memcmp(group->txn.master_ref.txid, txid->data, ID_BYTES) == 0))) {
			return group;
		}
	}
	return NULL;
}

static void txn_on_propose(struct configd *configd, uint32_t from, const Vx__Propose *propose)
{
	struct group *group = group_find(configd, propose->dgid);
	struct txn_event event = { .type = TXN_EV_PROPOSE_MSG,
				   .from = from,
				   .quiesce = propose->n_quiesce > 0 && !propose->no_quiesce };

	if (!share_is_sane(propose)) {
		log_warning("node=%u proposes a transaction without an id", from);
		return;
	}
	memcpy(event.ref.txid, propose->txid.data, ID_BYTES);
	event.ref.attempt = propose->attempt;
	if (group == NULL && propose->kind == VX__TXN_KIND__TXN_IMPORT &&
	    group_add(configd, propose->dgid, propose->group, &group) == 0) {
		steps_open_group(group);
	}
	if (group == NULL) {
		struct group nameless = { .configd = configd };

		snprintf(nameless.name, sizeof(nameless.name), "%s", propose->group);
		txn_cast_vote(&nameless, &event.ref, -VX_E_NOGROUP,
			      "the disk group is not imported there");
		return;
	}
	group->incoming = proto_clone(propose);
	txn_run(group, &event);
}

static void txn_on_ref(struct configd *configd, uint32_t from, enum txn_event_type type,
		       const ProtobufCBinaryData *txid, uint32_t attempt, int error, uint32_t node,
		       const char *reason)
{
	struct txn_event event = {
		.type = type, .from = from, .error = error, .node = node, .reason = reason
	};
	struct group *group = txid->len == ID_BYTES ? txn_group_of(configd, txid) : NULL;

	if (group != NULL) {
		memcpy(event.ref.txid, txid->data, ID_BYTES);
		event.ref.attempt = attempt;
		txn_run(group, &event);
	}
}

void txn_run_message(struct configd *configd, uint32_t from, const Vx__CfgMsg *msg)
{
	static const struct {
		Vx__CfgMsg__BodyCase body;
		enum txn_event_type type;
	} table[] = {
		{ VX__CFG_MSG__BODY_QUIESCE, TXN_EV_QUIESCE_MSG },
		{ VX__CFG_MSG__BODY_PREPARED, TXN_EV_PREPARED_MSG },
		{ VX__CFG_MSG__BODY_COMMIT, TXN_EV_COMMIT_MSG },
		{ VX__CFG_MSG__BODY_ACK, TXN_EV_ACK_MSG },
		{ VX__CFG_MSG__BODY_ABORT, TXN_EV_ABORT_MSG },
	};

	if (msg->body_case == VX__CFG_MSG__BODY_PROPOSE) {
		txn_on_propose(configd, from, msg->propose);
		return;
	}
	if (msg->body_case == VX__CFG_MSG__BODY_VOTE) {
		const Vx__Vote *vote = msg->vote;
		int error = vote->yes ? 0 : vote->error < 0 ? vote->error : -VX_E_REFUSED;

		txn_on_ref(configd, from, TXN_EV_VOTE_MSG, &vote->txid, vote->attempt, error, from,
			   vote->reason);
		return;
	}
	for (size_t i = 0; i < VX_COUNT_OF(table); i++) {
		if (msg->body_case == table[i].body) {
			const Vx__TxnRef *ref = msg->quiesce; /* the same place for all of them */

			txn_on_ref(configd, from, table[i].type, &ref->txid, ref->attempt,
				   ref->error, ref->nodeid, ref->reason);
		}
	}
}
