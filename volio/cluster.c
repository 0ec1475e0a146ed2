// SPDX-License-Identifier: GPL-2.0-or-later
/* The client of vxclustd: registration, view, port v. */
#include "volio/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"
#include "volio/cluster_own.h"
#include "volio/sync.h"
#include "volio/volume.h"

#define CLUSTER_PORT 'v'

/* ---- sending ---- */

static void cluster_say(struct cluster *cluster, const Vx__Ipc *msg)
{
	int rc = ipc_client_send(cluster->client, msg);

	if (rc != 0 && rc != -ENOTCONN) {
		log_err("vxclustd: cannot send: %s", vx_strerror(rc));
	}
}

void cluster_register(struct cluster *cluster)
{
	Vx__Register reg = VX__REGISTER__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	reg.client = VX__CLIENT__CLIENT_IOD;
	reg.pid = (uint32_t)getpid();
	reg.clean = iod_is_clean(cluster->iod) && cluster->iod->shared_jobs == 0;
	cluster->said_unclean = !reg.clean;
	msg.body_case = VX__IPC__BODY_REG;
	msg.reg = &reg;
	cluster_say(cluster, &msg);
}

static void cluster_say_ack(struct cluster *cluster, Vx__StepAck *ack)
{
	Vx__Ipc msg = VX__IPC__INIT;

	msg.body_case = VX__IPC__BODY_STEP_ACK;
	msg.step_ack = ack;
	cluster_say(cluster, &msg);
}

void cluster_ack(struct cluster *cluster, Vx__Step step, uint64_t serial, bool progress, int error,
		 const char *reason)
{
	Vx__StepAck ack = VX__STEP_ACK__INIT;

	ack.step = step;
	ack.serial = serial;
	ack.progress = progress;
	ack.error = error;
	ack.reason = (char *)(uintptr_t)(reason != NULL ? reason : "");
	cluster_say_ack(cluster, &ack);
}

void cluster_ack_left(struct cluster *cluster, bool unclean)
{
	Vx__StepAck ack = VX__STEP_ACK__INIT;

	ack.step = VX__STEP__STEP_LEAVE;
	ack.serial = cluster->leave_serial;
	ack.unclean = unclean;
	cluster_say_ack(cluster, &ack);
}

void cluster_send(struct iod *iod, const Vx__IodMsg *iod_msg)
{
	struct cluster *cluster = iod->cluster;
	Vx__PortData data = VX__PORT_DATA__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	if (!cluster->live) {
		return; /* R17: the next view begins again what this was about */
	}
	data.port = CLUSTER_PORT;
	data.data.data = proto_pack(iod_msg, &data.data.len);
	msg.body_case = VX__IPC__BODY_PORT_SEND;
	msg.port_send = &data;
	cluster_say(cluster, &msg);
	free(data.data.data);
}

/* ---- view ---- */

void cluster_set_view(struct cluster *cluster, const Vx__View *view)
{
	if (cluster->view != NULL) {
		vx__view__free_unpacked(cluster->view, NULL);
		cluster->view = NULL;
	}
	cluster->live = false;
	if (view == NULL) {
		return;
	}
	for (size_t i = 0; i < view->n_member; i++) {
		if (view->member[i]->nodeid == view->self && view->member[i]->nid < VX_NODES_MAX) {
			cluster->view = proto_clone(view);
			cluster->nid = view->member[i]->nid;
			cluster->live = true;
		}
	}
	if (cluster->view == NULL) {
		log_err("vxclustd: view %llu does not have this node (%u)",
			(unsigned long long)view->epoch, view->self);
	} else {
		log_info("view=%llu: %zu members, this node is %u in slot %u",
			 (unsigned long long)view->epoch, view->n_member, view->self, cluster->nid);
	}
}

bool cluster_has_view(const struct iod *iod)
{
	return iod->cluster->view != NULL;
}

bool cluster_is_live(const struct iod *iod)
{
	return iod->cluster->live;
}

bool cluster_is_self(const struct iod *iod, uint32_t nodeid)
{
	const Vx__View *view = iod->cluster->view;

	return view != NULL && view->self == nodeid;
}

bool cluster_has_left(const struct iod *iod)
{
	return iod->cluster->leave == LEAVE_LEFT;
}

bool cluster_gate_is_open(const struct iod *iod)
{
	return iod->cluster->gate_open;
}

bool cluster_is_master(const struct iod *iod)
{
	const Vx__View *view = iod->cluster->view;

	return view != NULL && view->master == view->self;
}

uint32_t cluster_slot(const struct iod_group *group)
{
	return group->shared ? group->iod->cluster->nid : 0;
}

static bool cluster_is_joiner(const Vx__View *view, uint32_t nodeid)
{
	for (size_t i = 0; i < view->n_joiner; i++) {
		if (view->joiner[i] == nodeid) {
			return true;
		}
	}
	return false;
}

bool cluster_has_joiners(const struct iod *iod)
{
	const Vx__View *view = iod->cluster->view;

	return view != NULL && view->n_joiner > 0;
}

uint32_t cluster_protocol(const struct iod *iod)
{
	const Vx__View *view = iod->cluster->view;

	return view != NULL ? view->protocol : 0;
}

/*
 * V25: the owner is the member number (minor modulo count) in order of slots. Joiners own nothing while
 * there are others: what is in no log (the map of a volume without one, of a plex that is being
 * attached) they do not know, and the owner stays the same whatever the volume becomes in this view.
 */
static bool cluster_only_old(const Vx__View *view, const struct volconf *conf)
{
	return view->n_joiner < view->n_member &&
	       (view->protocol >= VX_PROTOCOL_OWNER || conf->logs == 0 ||
		conf->written > conf->plexes);
}

bool cluster_owns(const struct volume *volume)
{
	const Vx__View *view = volume->group->iod->cluster->view;
	const Vx__Member *member[VX_NODES_MAX];
	bool only_old;
	size_t count = 0;

	if (!volume->group->shared) {
		return true;
	}
	if (view == NULL) {
		return false;
	}
	only_old = cluster_only_old(view, volume->conf);
	for (uint32_t nid = 0; nid < VX_NODES_MAX; nid++) {
		for (size_t i = 0; i < view->n_member; i++) {
			bool fits = !only_old || !cluster_is_joiner(view, view->member[i]->nodeid);

			if (view->member[i]->nid == nid && fits && count < VX_NODES_MAX) {
				member[count++] = view->member[i];
			}
		}
	}
	return count > 0 && member[volume->conf->minor % count]->nodeid == view->self;
}

uint32_t cluster_members(const struct iod_group *group, uint32_t out_member[VX_NODES_MAX])
{
	const Vx__View *view = group->iod->cluster->view;
	uint32_t count = 0;

	for (size_t i = 0;
	     group->shared && view != NULL && i < view->n_member && count < VX_NODES_MAX; i++) {
		out_member[count++] = view->member[i]->nodeid;
	}
	return count;
}

void cluster_poke(struct iod *iod)
{
	if (iod->cluster != NULL) {
		steps_poke(iod->cluster);
	}
}

/* ---- receiving ---- */

static void cluster_on_connected(void *ctx)
{
	struct cluster *cluster = ctx;

	log_info("vxclustd: connected");
	cluster_register(cluster);
}

static void cluster_on_closed(void *ctx)
{
	steps_lost(ctx);
}

static void cluster_on_port(struct cluster *cluster, const Vx__PortIn *in)
{
	/* V19: what was said in another view is about windows that are gone. */
	if (cluster->live && in->port == CLUSTER_PORT && in->epoch == cluster->view->epoch) {
		sync_receive(cluster->iod, in->from, in->data.data, in->data.len);
	}
}

static void cluster_on_message(void *ctx, const Vx__Ipc *msg)
{
	struct cluster *cluster = ctx;

	if (msg->body_case == VX__IPC__BODY_REGISTERED) {
		log_info("vxclustd: registered as node %u (%s)", msg->registered->self,
			 msg->registered->node);
		if (msg->registered->state == VX__NODE_STATE__NODE_OUT &&
		    cluster->leave == LEAVE_LEFT) {
			cluster->leave = LEAVE_NONE; /* the next membership may begin */
		}
	} else if (msg->body_case == VX__IPC__BODY_VIEW) {
		cluster_set_view(cluster, msg->view);
		differs_on_view(cluster->iod);
	} else if (msg->body_case == VX__IPC__BODY_STEP_RUN) {
		steps_run(cluster, msg->step_run);
	} else if (msg->body_case == VX__IPC__BODY_PORT_IN) {
		cluster_on_port(cluster, msg->port_in);
	}
}

int cluster_create(struct iod *iod, struct cluster **out_cluster)
{
	static const struct ipc_client_ops ops = {
		.connected = cluster_on_connected,
		.message = cluster_on_message,
		.closed = cluster_on_closed,
	};
	struct cluster *cluster = calloc(1, sizeof(*cluster));
	int rc;

	if (cluster == NULL) {
		return -ENOMEM;
	}
	cluster->iod = iod;
	rc = ipc_client_create(iod->loop, IPC_CLUSTD, &ops, cluster, &cluster->client);
	if (rc != 0) {
		free(cluster);
		return rc;
	}
	*out_cluster = cluster;
	return 0;
}

void cluster_free(struct cluster *cluster)
{
	if (cluster != NULL) {
		loop_timer_cancel(&cluster->progress);
		loop_timer_cancel(&cluster->grace);
		ipc_client_destroy(cluster->client);
		cluster_set_view(cluster, NULL);
		free(cluster);
	}
}
