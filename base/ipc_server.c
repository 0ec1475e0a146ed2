// SPDX-License-Identifier: GPL-2.0-or-later
/* The server's end of the local IPC. */
#include "base/ipc.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>

#include <qb/qbipcs.h>
#include <qb/qbloop.h>

#include "base/errors.h"
#include "base/ipc_frame.h"
#include "base/limits.h"
#include "base/log.h"

#define IPC_GROUP "vxha"
#define IPC_FLUSH_MS 2

struct ipc_server {
	struct loop *loop;
	qb_ipcs_service_t *service;
	const struct ipc_server_ops *ops;
	void *ctx;
	gid_t group;
	bool has_group;
	unsigned int peers;
};

struct ipc_peer {
	struct ipc_server *server;
	qb_ipcs_connection_t *connection;
	struct ipc_in in;
	struct ipc_out out;
	struct loop_timer flush_timer;
	void *user;
	uid_t uid;
	bool dead;
};

/* libqb's poll handlers carry no context: the one loop of the process is remembered for them. */
static struct loop *ipc_loop;

static int32_t ipc_job_add(enum qb_loop_priority p, void *data, qb_loop_job_dispatch_fn fn)
{
	return qb_loop_job_add(loop_qb(ipc_loop), p, data, fn);
}

static int32_t ipc_dispatch_add(enum qb_loop_priority p, int32_t fd, int32_t events, void *data,
				qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_add(loop_qb(ipc_loop), p, fd, events, data, fn);
}

static int32_t ipc_dispatch_mod(enum qb_loop_priority p, int32_t fd, int32_t events, void *data,
				qb_ipcs_dispatch_fn_t fn)
{
	return qb_loop_poll_mod(loop_qb(ipc_loop), p, fd, events, data, fn);
}

static int32_t ipc_dispatch_del(int32_t fd)
{
	return qb_loop_poll_del(loop_qb(ipc_loop), fd);
}

/*
 * The supplementary groups of a process, as the kernel tells them: no name service is asked. The
 * client waits for us, so its number is still its own.
 */
static bool ipc_has_group(pid_t pid, gid_t group)
{
	char path[64], *line = NULL, *at, *end;
	size_t size = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && getline(&line, &size, file) > 0) {
		if (strncmp(line, "Groups:", 7) != 0) {
			continue;
		}
		for (at = line + 7; !found; at = end) {
			unsigned long gid = strtoul(at, &end, 10);

			if (end == at) {
				break;
			}
			found = gid == group;
		}
		break;
	}
	free(line);
	if (file != NULL) {
		fclose(file);
	}
	return found;
}

static bool ipc_may_connect(const struct ipc_server *server, qb_ipcs_connection_t *c, uid_t uid,
			    gid_t gid)
{
	struct qb_ipcs_connection_stats stats;

	return uid == 0 ||
	       (server->has_group &&
		(gid == server->group ||
		 (qb_ipcs_connection_stats_get(c, &stats, 0) == 0 &&
		  ipc_has_group(stats.client_pid, server->group))));
}

static int32_t ipc_on_accept(qb_ipcs_connection_t *c, uid_t uid, gid_t gid)
{
	struct ipc_server *server = qb_ipcs_connection_service_context_get(c);

	if (!ipc_may_connect(server, c, uid, gid)) {
		log_warning("ipc: refused a client of uid %u: neither root nor of group " IPC_GROUP,
			    uid);
		return -EACCES;
	}
	if (server->peers >= VX_IPC_PEERS_MAX) {
		log_warning("ipc: refused a client: %u are connected", server->peers);
		return -EAGAIN;
	}

	struct ipc_peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL) {
		return -ENOMEM;
	}
	peer->server = server;
	peer->connection = c;
	peer->uid = uid;
	STAILQ_INIT(&peer->out.queue);
	qb_ipcs_context_set(c, peer);
	server->peers++;
	return 0;
}

static void ipc_on_created(qb_ipcs_connection_t *c)
{
	struct ipc_peer *peer = qb_ipcs_context_get(c);

	if (peer->server->ops->opened != NULL) {
		peer->server->ops->opened(peer->server->ctx, peer);
	}
}

static int32_t ipc_on_message(qb_ipcs_connection_t *c, void *data, size_t size)
{
	struct ipc_peer *peer = qb_ipcs_context_get(c);
	Vx__Ipc *msg = NULL;

	if (peer->dead) {
		return 0;
	}

	int rc = ipc_in_add(&peer->in, data, size, &msg);

	if (rc < 0) {
		log_warning("ipc: bad packet of pid %d, disconnected", ipc_peer_pid(peer));
		ipc_peer_disconnect(peer);
		return 0;
	}
	if (rc > 0) {
		peer->server->ops->message(peer->server->ctx, peer, msg);
		vx__ipc__free_unpacked(msg, NULL);
	}
	return 0;
}

static int32_t ipc_on_closed(qb_ipcs_connection_t *c)
{
	struct ipc_peer *peer = qb_ipcs_context_get(c);

	if (peer->server == NULL) {
		return 0;
	}
	peer->dead = true;
	loop_timer_cancel(&peer->flush_timer);
	peer->server->peers--;
	if (peer->server->ops->closed != NULL) {
		peer->server->ops->closed(peer->server->ctx, peer);
	}
	peer->server = NULL;
	return 0;
}

static void ipc_on_destroyed(qb_ipcs_connection_t *c)
{
	struct ipc_peer *peer = qb_ipcs_context_get(c);

	if (peer != NULL) {
		ipc_in_clear(&peer->in);
		ipc_out_clear(&peer->out);
		free(peer);
	}
}

int ipc_server_create(struct loop *loop, const char *name, const struct ipc_server_ops *ops,
		      void *ctx, struct ipc_server **out_server)
{
	static struct qb_ipcs_service_handlers handlers = {
		.connection_accept = ipc_on_accept,
		.connection_created = ipc_on_created,
		.msg_process = ipc_on_message,
		.connection_closed = ipc_on_closed,
		.connection_destroyed = ipc_on_destroyed,
	};
	static struct qb_ipcs_poll_handlers poll_handlers = {
		.job_add = ipc_job_add,
		.dispatch_add = ipc_dispatch_add,
		.dispatch_mod = ipc_dispatch_mod,
		.dispatch_del = ipc_dispatch_del,
	};
	struct ipc_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		return -ENOMEM;
	}

	const struct group *group = getgrnam(IPC_GROUP);

	if (group != NULL) {
		server->group = group->gr_gid;
		server->has_group = true;
	}
	ipc_loop = loop;
	server->loop = loop;
	server->ops = ops;
	server->ctx = ctx;
	server->service = qb_ipcs_create(name, 0, QB_IPC_SHM, &handlers);
	if (server->service == NULL) {
		free(server);
		return -ENOMEM;
	}
	qb_ipcs_service_context_set(server->service, server);
	qb_ipcs_poll_handlers_set(server->service, &poll_handlers);
	qb_ipcs_enforce_buffer_size(server->service, IPC_QB_BYTES);

	int rc = qb_ipcs_run(server->service);

	if (rc != 0) {
		log_err("cannot serve at the name %s: %s%s", name, vx_strerror(rc),
			rc == -EADDRINUSE ? ": another process does" : "");
		free(server); /* qb_ipcs_run() gave the service up */
		return rc;
	}
	*out_server = server;
	return 0;
}

void ipc_server_destroy(struct ipc_server *server)
{
	if (server != NULL) {
		qb_ipcs_destroy(server->service);
		free(server);
	}
}

static ssize_t ipc_peer_send_frame(void *ctx, const struct ipc_frame *frame)
{
	struct ipc_peer *peer = ctx;

	return qb_ipcs_event_send(peer->connection, &frame->head, frame->length);
}

static void ipc_peer_flush(void *ctx)
{
	struct ipc_peer *peer = ctx;
	int rc = ipc_out_flush(&peer->out, ipc_peer_send_frame, peer);

	if (rc == -EAGAIN) {
		loop_timer_set(peer->server->loop, &peer->flush_timer, IPC_FLUSH_MS, ipc_peer_flush,
			       peer);
	} else if (rc != 0) {
		log_debug("ipc: pid %d does not read: %s", ipc_peer_pid(peer), vx_strerror(rc));
	}
}

int ipc_peer_send(struct ipc_peer *peer, const Vx__Ipc *msg)
{
	if (peer->dead) {
		return -ENOTCONN;
	}

	int rc = ipc_out_add(&peer->out, msg);

	if (rc != 0) {
		log_err("ipc: cannot send to pid %d: %s; disconnected", ipc_peer_pid(peer),
			vx_strerror(rc));
		ipc_peer_disconnect(peer);
		return rc;
	}
	if (!peer->flush_timer.armed) {
		ipc_peer_flush(peer);
	}
	return 0;
}

static void ipc_peer_cut(void *ctx)
{
	struct ipc_peer *peer = ctx;

	qb_ipcs_disconnect(peer->connection);
}

/* From the loop: libqb may still be busy with this connection. */
void ipc_peer_disconnect(struct ipc_peer *peer)
{
	if (!peer->dead) {
		peer->dead = true;
		loop_timer_set(peer->server->loop, &peer->flush_timer, 0, ipc_peer_cut, peer);
	}
}

pid_t ipc_peer_pid(const struct ipc_peer *peer)
{
	struct qb_ipcs_connection_stats stats;

	if (qb_ipcs_connection_stats_get(peer->connection, &stats, QB_FALSE) != 0) {
		return 0;
	}
	return stats.client_pid;
}

uid_t ipc_peer_uid(const struct ipc_peer *peer)
{
	return peer->uid;
}

void ipc_peer_user_set(struct ipc_peer *peer, void *user)
{
	peer->user = user;
}

void *ipc_peer_user(const struct ipc_peer *peer)
{
	return peer->user;
}
