// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to vxclustd. */
#include "vxconfigd/clust.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/ipc.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/proto.h"

#define PORT_CONFIG 'w'
#define PORT_COMMAND 'u'

struct clust {
	struct ipc_client *ipc;
	const struct clust_ops *ops;
	void *ctx;
};

static int clust_send(struct clust *clust, const Vx__Ipc *msg)
{
	int rc = ipc_client_send(clust->ipc, msg);

	if (rc != 0) {
		log_warning("cannot send to vxclustd: %s", vx_strerror(rc));
	}
	return rc;
}

static void clust_on_connected(void *ctx)
{
	struct clust *clust = ctx;
	Vx__Register reg = VX__REGISTER__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	reg.client = VX__CLIENT__CLIENT_CONFIGD;
	reg.pid = (uint32_t)getpid();
	msg.body_case = VX__IPC__BODY_REG;
	msg.reg = &reg;
	clust_send(clust, &msg);
}

static void clust_on_port(struct clust *clust, const Vx__PortIn *in)
{
	if (in->port == PORT_CONFIG) {
		Vx__CfgMsg *msg = vx__cfg_msg__unpack(NULL, in->data.len, in->data.data);

		if (msg == NULL) {
			log_warning("node=%u sent a packet on port w that is not understood",
				    in->from);
			return;
		}
		clust->ops->config(clust->ctx, in->from, msg);
		vx__cfg_msg__free_unpacked(msg, NULL);
	} else if (in->port == PORT_COMMAND) {
		Vx__CmdMsg *msg = vx__cmd_msg__unpack(NULL, in->data.len, in->data.data);

		if (msg == NULL) {
			log_warning("node=%u sent a packet on port u that is not understood",
				    in->from);
			return;
		}
		clust->ops->command(clust->ctx, in->from, msg);
		vx__cmd_msg__free_unpacked(msg, NULL);
	}
}

static void clust_on_message(void *ctx, const Vx__Ipc *msg)
{
	struct clust *clust = ctx;

	if (msg->body_case == VX__IPC__BODY_REGISTERED) {
		clust->ops->registered(clust->ctx, msg->registered);
	} else if (msg->body_case == VX__IPC__BODY_VIEW) {
		clust->ops->view(clust->ctx, msg->view);
	} else if (msg->body_case == VX__IPC__BODY_STEP_RUN) {
		clust->ops->step(clust->ctx, msg->step_run);
	} else if (msg->body_case == VX__IPC__BODY_PORT_IN) {
		clust_on_port(clust, msg->port_in);
	} else if (msg->body_case == VX__IPC__BODY_PORT_EVENT) {
		if (msg->port_event->port == PORT_CONFIG) {
			clust->ops->peer(clust->ctx, msg->port_event->nodeid, msg->port_event->up);
		}
	} else if (msg->error != 0) {
		log_warning("vxclustd: %s %s", vx_strerror(msg->error), msg->reason);
	}
}

static void clust_on_closed(void *ctx)
{
	struct clust *clust = ctx;

	clust->ops->lost(clust->ctx);
}

int clust_create(struct loop *loop, const struct clust_ops *ops, void *ctx,
		 struct clust **out_clust)
{
	static const struct ipc_client_ops ipc_ops = {
		.connected = clust_on_connected,
		.message = clust_on_message,
		.closed = clust_on_closed,
	};
	struct clust *clust = calloc(1, sizeof(*clust));

	if (clust == NULL) {
		return -ENOMEM;
	}
	clust->ops = ops;
	clust->ctx = ctx;

	int rc = ipc_client_create(loop, IPC_CLUSTD, &ipc_ops, clust, &clust->ipc);

	if (rc != 0) {
		free(clust);
		return rc;
	}
	*out_clust = clust;
	return 0;
}

void clust_destroy(struct clust *clust)
{
	if (clust != NULL) {
		ipc_client_destroy(clust->ipc);
		free(clust);
	}
}

static int clust_send_port(struct clust *clust, uint32_t port, uint32_t to, const void *body)
{
	Vx__PortData data = VX__PORT_DATA__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	int rc = -EMSGSIZE;

	data.port = port;
	data.to = to;
	data.data.data = proto_pack(body, &data.data.len);
	msg.body_case = VX__IPC__BODY_PORT_SEND;
	msg.port_send = &data;
	if (data.data.len <= VX_CPG_MSG_MAX) {
		rc = clust_send(clust, &msg);
	}
	free(data.data.data);
	return rc;
}

int clust_send_config(struct clust *clust, const Vx__CfgMsg *msg)
{
	return clust_send_port(clust, PORT_CONFIG, 0, msg);
}

int clust_send_command(struct clust *clust, uint32_t nodeid, const Vx__CmdMsg *msg)
{
	return clust_send_port(clust, PORT_COMMAND, nodeid, msg);
}

static void clust_send_ack(struct clust *clust, Vx__StepAck *ack, const Vx__StepRun *run)
{
	Vx__Ipc msg = VX__IPC__INIT;

	ack->step = run->step;
	ack->serial = run->serial;
	msg.body_case = VX__IPC__BODY_STEP_ACK;
	msg.step_ack = ack;
	clust_send(clust, &msg);
}

void clust_ack(struct clust *clust, const Vx__StepRun *run, int error, const char *reason)
{
	Vx__StepAck ack = VX__STEP_ACK__INIT;

	ack.error = error;
	ack.reason = (char *)(reason != NULL ? reason : "");
	clust_send_ack(clust, &ack, run);
}

void clust_ack_found(struct clust *clust, const Vx__StepRun *run, Vx__StepAck *ack)
{
	clust_send_ack(clust, ack, run);
}

void clust_progress(struct clust *clust, const Vx__StepRun *run, bool waits, const char *what)
{
	Vx__StepAck ack = VX__STEP_ACK__INIT;

	ack.progress = true;
	ack.waits = waits;
	ack.reason = (char *)what;
	clust_send_ack(clust, &ack, run);
}

static void clust_ask(struct clust *clust, const char *reason, bool upgrade)
{
	Vx__ReconfAsk ask = VX__RECONF_ASK__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	ask.reason = (char *)reason;
	ask.upgrade = upgrade;
	msg.body_case = VX__IPC__BODY_RECONF_ASK;
	msg.reconf_ask = &ask;
	clust_send(clust, &msg);
}

void clust_ask_view(struct clust *clust, const char *reason)
{
	log_warning("asks for a new view: %s", reason);
	clust_ask(clust, reason, false);
}

void clust_ask_upgrade(struct clust *clust)
{
	log_notice("asks for the highest protocol of all members");
	clust_ask(clust, "protocol upgrade", true);
}

void clust_abort(struct clust *clust, const char *reason)
{
	Vx__AdmAbort abort_msg = VX__ADM_ABORT__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	log_err("this node cannot go on in the cluster: %s", reason);
	abort_msg.reason = (char *)reason;
	msg.body_case = VX__IPC__BODY_ADM_ABORT;
	msg.adm_abort = &abort_msg;
	clust_send(clust, &msg);
}

void clust_goodbye(struct clust *clust)
{
	Vx__PortEvent event = VX__PORT_EVENT__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	event.port = PORT_CONFIG;
	event.clean = true;
	msg.body_case = VX__IPC__BODY_PORT_EVENT;
	msg.port_event = &event;
	if (ipc_client_is_connected(clust->ipc)) {
		clust_send(clust, &msg);
	}
}
