// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: what Corosync tells, and joining its group. */
#include "cpg/node_inner.h"

#include <stdio.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/log.h"
#include "base/proto.h"

#define NODE_START_RETRY_MS 100

/* ---- Corosync ---- */

/* What a joiner sees: asked about when this node is master (R22). */
static void node_keep_look(struct node *node, uint32_t from, const Vx__Look *look)
{
	uint32_t place = cluster_node_place(&node->info, from);

	if (place < VX_NODES_MAX) {
		proto_free(node->asked[place]);
		node->asked[place] = look != NULL ? proto_clone(look) : NULL;
	}
}

static void node_on_packet(void *ctx, uint32_t from, uint32_t pid, const void *data, size_t length)
{
	struct node *node = ctx;
	Vx__Cpg *msg = NULL;
	struct view_packet packet;
	int rc = packet_decode(data, length, &msg);

	if (rc != 0) {
		log_warning("node=%s sent a packet that is refused: %s", node_name(node, from),
			    vx_strerror(rc));
		return;
	}
	if (msg->body_case == VX__CPG__BODY_PORT_STATE ||
	    msg->body_case == VX__CPG__BODY_PORT_DATA) {
		node_port_packet(node, msg, from, pid);
	} else if (packet_to_view(msg, from, pid, &packet) != 0) {
		log_warning("node=%s sent a packet that is refused: %s", node_name(node, from),
			    vx_strerror(-VX_E_PROTO));
	} else {
		struct view_event event = { .type = VE_PACKET, .packet = &packet };

		if (packet.type == VP_ASK) {
			node_keep_look(node, from, msg->ask->look);
		}
		log_debug("got %s from=%u epoch=%llx round=%u", view_packet_name(packet.type), from,
			  (unsigned long long)packet.epoch, packet.round);
		node_event(node, &event);
	}
	vx__cpg__free_unpacked(msg, NULL);
}

static void node_on_confchg(void *ctx, const struct view_node *member, size_t member_count,
			    const struct view_node *left, size_t left_count, bool ring_changing)
{
	struct node *node = ctx;
	struct view_event event = { .type = VE_CONFCHG,
				    .node = member,
				    .node_count = member_count,
				    .left = left,
				    .left_count = left_count,
				    .ring_changing = ring_changing };

	node_list_meet(node, member, member_count);
	for (size_t i = 0; i < left_count; i++) {
		log_notice("node=%s left the group", node_name(node, left[i].nodeid));
	}
	node_event(node, &event);
}

static void node_on_ring(void *ctx, struct view_ring ring, const uint32_t *nodeid, size_t count)
{
	struct view_event event = {
		.type = VE_RING, .ring = ring, .nodeid = nodeid, .nodeid_count = count
	};

	node_event(ctx, &event);
}

static void node_on_corosync_died(void *ctx, const char *reason)
{
	struct node *node = ctx;

	node->corosync_dead = true;
	node_abort(node, reason);
}

static void node_on_quorum(void *ctx, struct view_ring ring, bool quorate)
{
	struct node *node = ctx;
	struct view_event event = { .type = VE_QUORUM, .ring = ring, .quorate = quorate };

	timeline_quorum(&node->timeline, quorate, clock_us());
	node_event(node, &event);
}

/* ---- joining ---- */

static void node_start_fail(struct node *node, int error, const char *reason)
{
	node->start_wanted = false;
	log_err("this node does not join: %s", reason);
	snprintf(node->reason, sizeof(node->reason), "%s", reason);
	node_store_reason(node, reason);
	corosync_cpg_destroy(node->cpg);
	corosync_quorum_destroy(node->quorum);
	node->cpg = NULL;
	node->quorum = NULL;
	node_adm_done(node, ADM_WAITS_START, error, reason);
}

static void node_start_later(struct node *node, int error, const char *reason)
{
	uint64_t now = clock_ms();

	if (now > node->start_deadline_ms || now > node->join_deadline_ms) {
		node_start_fail(node, error, reason);
		return;
	}
	snprintf(node->reason, sizeof(node->reason), "%s", reason);
	loop_timer_set(node->loop, &node->start_timer, NODE_START_RETRY_MS, node_start_try, node);
}

static int node_start_corosync(struct node *node, char *reason)
{
	static const struct corosync_cpg_ops cpg_ops = { node_on_packet, node_on_confchg,
							 node_on_ring, node_on_corosync_died };
	static const struct corosync_quorum_ops quorum_ops = { node_on_quorum,
							       node_on_corosync_died };
	char group[CLUSTER_GROUP_MAX];
	uint64_t now = clock_ms();
	int rc;
	struct view_event event = { .type = VE_JOIN,
				    .last_epoch = node->store.wanted.last_epoch,
				    .preference = node->store.wanted.preference,
				    .nid_wanted = cluster_node_place(&node->info, node->info.self),
				    .incarnation = (id_make_u64() << 32) | (uint32_t)getpid(),
				    .timeout_ms = now < node->join_deadline_ms
							  ? (uint32_t)(node->join_deadline_ms - now)
							  : 1,
				    .proto_min = VX_PROTOCOL_MIN,
				    .proto_max = VX_PROTOCOL_MAX,
				    .two_node_peer = node_list_peer(node) };

	/* own claims (R20) and tokens outlive a membership */
	if (view_nodeid(node->core) != node->info.self) {
		view_free(node->core);
		node->core = view_create(node->info.self);
	}
	snprintf(group, sizeof(group), "vxha:%.100s", node->info.name);
	node_event(node, &event);
	rc = corosync_quorum_create(node->loop, &quorum_ops, node, &node->quorum);
	if (rc == 0) {
		rc = corosync_cpg_create(node->loop, group, &cpg_ops, node, &node->cpg);
	}
	if (rc != 0) {
		struct view_event leave = { .type = VE_LEAVE, .reason = reason };

		snprintf(reason, VX_REASON_MAX, "Corosync: %s", vx_strerror(rc));
		node_event(node, &leave); /* back to OUT; fx_gone() closes what was opened */
	}
	return rc;
}

static int node_start_clean_iod(struct node *node, char *reason)
{
	bool under_way = node_work_of(node, VX__STEP__STEP_ABORT) != NULL;

	if (node->iod_clean && !under_way) {
		return 0;
	}
	if (!under_way) {
		log_notice("vxiod still has volumes of an earlier membership: they are removed");
		node_work_start(node, &node_ask_abort, 0, NULL);
	}
	snprintf(reason, VX_REASON_MAX, "vxiod ends its earlier volumes");
	return -VX_E_BUSY;
}

/* What must be there before the group is joined (R16), and is not yet: vxiod, clean, and vxconfigd.
 */
static int node_start_lacks(struct node *node, char *reason)
{
	int rc;

	if (node->client[NODE_IOD] == NULL) {
		snprintf(reason, VX_REASON_MAX, "vxiod is not running, or not connected (its log says why)");
		return -VX_E_NODAEMON;
	}
	rc = node_start_clean_iod(node, reason);
	if (rc != 0) {
		return rc;
	}
	if (node->client[NODE_CONFIGD] == NULL) {
		node_configd_spawn(node);
		snprintf(reason, VX_REASON_MAX, "vxconfigd is not enabled%.400s",
			 node->configd_trouble);
		return -VX_E_NODAEMON;
	}
	if (node->fencing_asked) {
		snprintf(reason, VX_REASON_MAX,
			 "Pacemaker does not say whether fencing is enabled");
		return -VX_E_TIMEOUT;
	}
	return 0;
}

/* The cluster's name is known now: what does vxconfigd see of its groups (R22)? */
static void node_start_look(struct node *node)
{
	static const struct node_ask ask = {
		VX__STEP__STEP_LOOK, VE_JOIN, false, true, "", 0,
	};

	if (node_work_of(node, VX__STEP__STEP_LOOK) == NULL) {
		node_client_registered(node, NODE_CONFIGD);
		node_work_start(node, &ask, 0, NULL);
	}
}

void node_start_try(void *ctx)
{
	struct node *node = ctx;
	char reason[VX_REASON_MAX] = "";
	int rc;

	if (!node->start_wanted || view_state(node->core) != VS_OUT) {
		return;
	}
	rc = node_start_lacks(node, reason);
	if (rc != 0) {
		node_start_later(node, rc, reason);
		return;
	}
	rc = store_reserve();
	if (rc != 0) { /* it could not take part in a view that it cannot remember (R7) */
		store_explain(rc, reason);
		node_start_fail(node, rc, reason);
		return;
	}
	rc = corosync_cmap_read(&node->info, reason);
	if (rc == -VX_E_INVAL) {
		node_start_fail(node, rc, reason);
	} else if (rc != 0) {
		node_start_later(node, rc, reason);
	} else {
		node_start_look(node);
	}
}

void node_start_looked(struct node *node, int error, const char *reason, Vx__Look *look)
{
	char text[VX_REASON_MAX] = "";
	int rc;

	proto_free(node->look);
	node->look = look;
	if (!node->start_wanted || view_state(node->core) != VS_OUT) {
		return;
	}
	if (error != 0) {
		node_start_fail(node, error, reason);
		return;
	}
	rc = node_start_corosync(node, text);
	if (rc != 0) {
		node_start_later(node, rc, text);
		return;
	}
	node->start_wanted = false;
	log_notice("node=%s joins cluster %s", node_self_name(node), node->info.name);
	for (int client = 0; client < NODE_CLIENTS; client++) {
		node_client_registered(node, (enum node_client)client);
	}
}

bool node_start_again(struct node *node)
{
	uint64_t now = clock_ms();

	node->again_ms = node->again_ms == 0 ? VX_JOIN_AGAIN_MS : 2 * node->again_ms;
	node->again_ms = node->again_ms < VX_JOIN_AGAIN_MAX_MS ? node->again_ms : VX_JOIN_AGAIN_MAX_MS;
	if (node->terminating || now + node->again_ms > node->join_deadline_ms) {
		return false;
	}
	log_notice("node=%s tries again to join in %u ms", node_self_name(node), node->again_ms);
	node->start_wanted = true;
	node->start_deadline_ms = now + node->again_ms + VX_REGISTER_MS;
	loop_timer_set(node->loop, &node->start_timer, node->again_ms, node_start_try, node);
	return true;
}
