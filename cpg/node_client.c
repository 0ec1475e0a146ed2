// SPDX-License-Identifier: GPL-2.0-or-later
/* The shell: the IPC server, registration of local clients, their ports. */
#include "cpg/node_inner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/paths.h"

static const char port_letter[NODE_PORTS] = { 'v', 'w', 'u' };

static int port_index(uint32_t port)
{
	for (int i = 0; i < NODE_PORTS; i++) {
		if (port == (uint32_t)port_letter[i]) {
			return i;
		}
	}
	return -1;
}

static enum node_client port_client(int index)
{
	return index == 0 ? NODE_IOD : NODE_CONFIGD;
}

/* R2, R7: may this node's clients speak in this view? */
static bool port_is_open(const struct node *node)
{
	return view_is_open(node->core) && view_is_stored(node->core);
}

static void node_cast(struct node *node, Vx__Cpg *msg)
{
	const struct view *view = view_current(node->core);
	size_t length;
	uint8_t *data;

	if (node->cpg == NULL || node->corosync_dead) {
		return;
	}
	msg->epoch = view != NULL ? view->epoch : 0;
	msg->serial = ++node->serial;
	if (corosync_cpg_is_full(node->cpg)) { /* BUSY and the LEAVE that follows still have room */
		node_abort(node, "too many packets wait for Corosync");
		return;
	}
	data = packet_encode(msg, &length);
	if (data == NULL) {
		log_err("a packet is too long for the stream: dropped");
	} else if (corosync_cpg_send(node->cpg, data, length) != 0) {
		log_bug("a packet cannot be sent");
	}
}

/* ---- ports ---- */

static void port_say(struct node *node, int index, bool up, bool clean)
{
	Vx__Cpg msg = VX__CPG__INIT;
	Vx__PortState state = VX__PORT_STATE__INIT;

	state.port = (uint32_t)port_letter[index];
	state.up = up;
	state.clean = clean;
	msg.body_case = VX__CPG__BODY_PORT_STATE;
	msg.port_state = &state;
	node_cast(node, &msg);
}

bool node_configd_is_up(const struct node *node, uint32_t nodeid)
{
	uint32_t place = cluster_node_place(&node->info, nodeid);

	return place < VX_NODES_MAX && (node->port_up[port_index('w')] >> place & 1) != 0;
}

void node_port_reset(struct node *node)
{
	for (int i = 0; i < NODE_PORTS; i++) {
		node->port_up[i] = 0;
		node->port_local[i] = false;
	}
}

/* In a new view every node says anew which of its ports are up. */
void node_port_announce(struct node *node)
{
	for (int i = 0; i < NODE_PORTS; i++) {
		if (node->client[port_client(i)] != NULL) {
			port_say(node, i, true, false);
		}
	}
}

static void port_event_send(struct node *node, enum node_client client, int index, uint32_t nodeid,
			    bool up, bool clean)
{
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__PortEvent event = VX__PORT_EVENT__INIT;

	if (node->client[client] == NULL) {
		return;
	}
	event.port = (uint32_t)port_letter[index];
	event.nodeid = nodeid;
	event.up = up;
	event.clean = clean;
	msg.body_case = VX__IPC__BODY_PORT_EVENT;
	msg.port_event = &event;
	(void)ipc_peer_send(node->client[client], &msg);
}

static void port_on_state(struct node *node, const Vx__PortState *state, uint32_t from)
{
	int index = port_index(state->port);
	uint32_t place = cluster_node_place(&node->info, from);

	if (index < 0 || place >= VX_NODES_MAX) {
		return;
	}

	enum node_client client = port_client(index);
	uint64_t bit = UINT64_C(1) << place;

	node->port_up[index] = state->up ? node->port_up[index] | bit : node->port_up[index] & ~bit;
	if (from == node->info.self) {
		node->port_local[index] = state->up && node->client[client] != NULL;
		for (size_t i = 0; node->port_local[index] && i < node->info.count; i++) {
			if ((node->port_up[index] >> i & 1) != 0 && i != place) {
				port_event_send(node, client, index, node->info.node[i].nodeid,
						true, false);
			}
		}
	}
	if (node->port_local[index]) {
		port_event_send(node, client, index, from, state->up, state->clean);
	}
}

static void port_on_data(struct node *node, const Vx__PortData *data, uint32_t from, uint64_t epoch)
{
	int index = port_index(data->port);
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__PortIn in = VX__PORT_IN__INIT;

	if (index < 0 || !node->port_local[index] ||
	    (data->to != 0 && data->to != node->info.self)) {
		return;
	}
	in.port = data->port;
	in.from = from;
	in.epoch = epoch;
	in.data = data->data;
	msg.body_case = VX__IPC__BODY_PORT_IN;
	msg.port_in = &in;
	(void)ipc_peer_send(node->client[port_client(index)], &msg);
}

void node_port_packet(struct node *node, const Vx__Cpg *msg, uint32_t from, uint32_t pid)
{
	const struct view *view = view_current(node->core);
	const struct view_member *member = view != NULL ? view_member_of(view, from) : NULL;

	/* R2 */
	if (!view_is_open(node->core) || msg->epoch != view->epoch || member == NULL ||
	    (uint32_t)member->incarnation != pid) {
		return;
	}
	if (msg->body_case == VX__CPG__BODY_PORT_STATE) {
		port_on_state(node, msg->port_state, from);
	} else {
		port_on_data(node, msg->port_data, from, msg->epoch);
	}
}

static void port_on_send(struct node *node, enum node_client client, Vx__PortData *data)
{
	int index = port_index(data->port);
	Vx__Cpg msg = VX__CPG__INIT;

	if (index < 0 || port_client(index) != client || !port_is_open(node)) {
		return; /* R2: of a view that is over */
	}
	msg.body_case = VX__CPG__BODY_PORT_DATA;
	msg.port_data = data;
	node_cast(node, &msg);
}

/* ---- registration ---- */

void node_client_registered(struct node *node, enum node_client client)
{
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__Registered registered = VX__REGISTERED__INIT;
	const struct packet_names names = { node_name, node_addr, node };
	const struct view *view =
		view_is_stored(node->core) ? view_current(node->core) : NULL; /* R7 */
	Vx__View *words = view != NULL
				  ? packet_view_make(view, &names, node->info.self, node->info.name)
				  : NULL;

	if (node->client[client] == NULL) {
		packet_view_free(words);
		return;
	}
	registered.self = node->info.self;
	registered.node = (char *)(uintptr_t)node_self_name(node);
	registered.cluster = node->info.name;
	registered.cluster_id = node->info.name;
	registered.state = (Vx__NodeState)view_state(node->core);
	registered.view = words;
	registered.view_open = view_is_settled(node->core);
	registered.fencing = node->fencing;
	msg.body_case = VX__IPC__BODY_REGISTERED;
	msg.registered = &registered;
	(void)ipc_peer_send(node->client[client], &msg);
	packet_view_free(words);
}

void node_client_view(struct node *node)
{
	Vx__Ipc msg = VX__IPC__INIT;
	const struct packet_names names = { node_name, node_addr, node };
	Vx__View *words = packet_view_make(view_current(node->core), &names, node->info.self,
					   node->info.name);

	msg.body_case = VX__IPC__BODY_VIEW;
	msg.view = words;
	for (int client = 0; client < NODE_CLIENTS; client++) {
		if (node->client[client] != NULL) {
			(void)ipc_peer_send(node->client[client], &msg);
		}
	}
	packet_view_free(words);
}

static void client_up(struct node *node, enum node_client client, struct ipc_peer *peer,
		      const Vx__Register *reg)
{
	if (node->client[client] == peer) {
		node->iod_clean = client == NODE_IOD ? reg->clean : node->iod_clean;
		return;
	}
	if (node->client[client] != NULL) {
		log_warning("a second %s (pid %d) is refused",
			    client == NODE_IOD ? "vxiod" : "vxconfigd", ipc_peer_pid(peer));
		ipc_peer_disconnect(peer);
		return;
	}
	if (client == NODE_IOD && view_state(node->core) != VS_OUT) {
		log_warning("a new vxiod is refused while this node still ends the old one's "
			    "membership");
		ipc_peer_disconnect(peer);
		return;
	}
	node->client[client] = peer;
	ipc_peer_user_set(peer, &node->client[client]);
	log_info("%s registered (pid %d)", client == NODE_IOD ? "vxiod" : "vxconfigd",
		 ipc_peer_pid(peer));
	if (client == NODE_IOD) {
		node->iod_clean = reg->clean;
	} else {
		node_configd_registered(node);
	}
	node_client_registered(node, client);
	if (port_is_open(node)) {
		for (int i = 0; i < NODE_PORTS; i++) {
			if (port_client(i) == client) {
				port_say(node, i, true, false);
			}
		}
	}
	node_work_client_up(node, client);
	if (client == NODE_CONFIGD && view_is_settled(node->core) &&
	    view_current(node->core)->master == node->info.self) {
		/* R16: the master's vxconfigd takes over in a view of its own */
		struct view_event event = { .type = VE_RECONF,
					    .reason = "vxconfigd of the master came back" };

		node_event(node, &event);
	}
	if (node->start_wanted) {
		node_start_try(node);
	}
}

static void settle_on_end(void *ctx, const struct child_end *end)
{
	struct node *node = ctx;

	node->settle = NULL;
	if (end->status == 0) {
		log_notice("vxiod is gone and none of its I/O is left");
	} else {
		log_err("cannot tell whether I/O of the lost vxiod is over: %s", end->output);
	}
	node->iod_clean = end->status == 0;
	node_abort(node, "cluster device open failed: vxiod was lost");
}

/* R16: vxiod lost. First it must be known that its I/O is over (R13). */
static void iod_lost(struct node *node)
{
	static const char *const argv[] = { "vxiod", "--settle", NULL };
	const struct child_spec spec = { .argv = argv, .socket = -1, .timeout_ms = VX_DRAIN_MS };

	if (view_state(node->core) == VS_OUT) {
		return;
	}
	log_err("vxiod was lost: this node aborts");
	node->iod_clean = false;
	if (node->settle == NULL &&
	    child_spawn(node->loop, &spec, settle_on_end, node, &node->settle) != 0) {
		node_abort(node, "cluster device open failed: vxiod was lost");
	}
}

static void configd_lost(struct node *node)
{
	const struct view *view = view_current(node->core);

	for (int i = 1; i < NODE_PORTS; i++) {
		node->port_local[i] = false;
		if (port_is_open(node)) {
			port_say(node, i, false, node->configd_stopped);
		}
	}
	if (!view_is_open(node->core)) {
		return;
	}
	log_warning("vxconfigd %s on this node",
		    node->configd_stopped ? "was stopped" : "was lost");
	if (!node->configd_stopped &&
	    (view->master == node->info.self || !view_is_settled(node->core))) {
		struct view_event event = { .type = VE_RECONF, .reason = "vxconfigd was lost" };

		node_event(node, &event); /* R16 */
	}
}

static void client_on_closed(void *ctx, struct ipc_peer *peer)
{
	struct node *node = ctx;
	struct ipc_peer **slot = ipc_peer_user(peer);

	node_adm_closed(node, peer);
	if (slot == NULL || *slot != peer) {
		return;
	}

	enum node_client client = slot == &node->client[NODE_IOD] ? NODE_IOD : NODE_CONFIGD;

	*slot = NULL;
	if (client == NODE_IOD) {
		node_work_client_down(node, client);
		node->port_local[0] = false;
		iod_lost(node);
	} else {
		node_configd_closed(node, ipc_peer_pid(peer));
		configd_lost(node);
	}
}

static void client_on_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct node *node = ctx;
	struct ipc_peer **slot = ipc_peer_user(peer);

	if (msg->body_case == VX__IPC__BODY_REG) {
		if (msg->reg->client == VX__CLIENT__CLIENT_IOD) {
			client_up(node, NODE_IOD, peer, msg->reg);
		} else if (msg->reg->client == VX__CLIENT__CLIENT_CONFIGD) {
			client_up(node, NODE_CONFIGD, peer, msg->reg);
		}
		return;
	}
	if (slot == NULL || *slot != peer) {
		node_adm_message(node, peer, msg);
		return;
	}

	enum node_client client = slot == &node->client[NODE_IOD] ? NODE_IOD : NODE_CONFIGD;

	if (msg->body_case == VX__IPC__BODY_STEP_ACK) {
		node_work_ack(node, client, msg->step_ack);
	} else if (msg->body_case == VX__IPC__BODY_PORT_SEND) {
		port_on_send(node, client, msg->port_send);
	} else if (msg->body_case == VX__IPC__BODY_PORT_EVENT && client == NODE_CONFIGD) {
		node->configd_stopped = msg->port_event->clean;
	} else if (msg->body_case == VX__IPC__BODY_RECONF_ASK) {
		struct view_event event = { .type = VE_RECONF,
					    .reason = msg->reconf_ask->reason,
					    .upgrade = msg->reconf_ask->upgrade };

		log_notice("a new view is asked for: %s", msg->reconf_ask->reason);
		node_event(node, &event);
	} else {
		node_adm_message(node, peer,
				 msg); /* vxconfigd may ask to abort as an administrator may */
	}
}

int node_client_serve(struct node *node)
{
	static const struct ipc_server_ops ops = {
		.message = client_on_message,
		.closed = client_on_closed,
	};

	return ipc_server_create(node->loop, IPC_CLUSTD, &ops, node, &node->server);
}
