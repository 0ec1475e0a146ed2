// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's ends of the local IPC: a daemon's (never blocks) and a utility's (blocking). */
#include "base/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <qb/qbipcc.h>

#include "base/errors.h"
#include "base/ipc_frame.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/timeouts.h"

#define IPC_FLUSH_MS 2
#define IPC_LOOK_MS 100
#define IPC_PLACE_MS 50

struct ipc_client {
	struct loop *loop;
	const char *name;
	const struct ipc_client_ops *ops;
	void *ctx;
	qb_ipcc_connection_t *connection;
	int fd;	    /* in the loop; -1: none */
	bool ready; /* the connection is complete */
	bool lost;
	int refused; /* why the last try failed: told once */
	struct ipc_in in;
	struct ipc_out out;
	struct loop_timer retry_timer, flush_timer;
	uint8_t buffer[IPC_QB_BYTES];
};

struct ipc_call {
	qb_ipcc_connection_t *connection;
	struct ipc_in in;
	struct ipc_out out;
	uint8_t buffer[IPC_QB_BYTES];
};

static ssize_t ipc_send_frame(void *ctx, const struct ipc_frame *frame)
{
	return qb_ipcc_send(ctx, &frame->head, frame->length);
}

/* Why a connection did not come about: nobody is there (any more), or what libqb says, perhaps for the server. */
static int ipc_refused(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
	case ECONNRESET:
	case ENOTCONN:
	case ESHUTDOWN:
	case EPIPE:
		return -VX_E_NODAEMON;
	case EAGAIN:
		return -VX_E_TIMEOUT;
	case EPERM:
		return -EACCES;
	case ENOSPC:
		return -VX_E_NOSHM;
	default:
		return -error;
	}
}

/* ---- a daemon's connection ---- */

static void ipc_client_try(void *ctx);

static void ipc_client_refused(struct ipc_client *client, int error)
{
	int refused = ipc_refused(error);

	if (refused != client->refused && refused != -VX_E_NODAEMON) {
		log_warning("ipc: no connection to %s, it is tried again: %s", client->name,
			    vx_strerror(refused));
	}
	client->refused = refused;
}

static void ipc_client_lose(struct ipc_client *client)
{
	bool was_ready = client->ready;

	if (client->fd >= 0) {
		loop_fd_del(client->loop, client->fd);
		client->fd = -1;
	}
	if (client->connection != NULL) {
		qb_ipcc_disconnect(client->connection);
		client->connection = NULL;
	}
	client->ready = false;
	client->lost = false;
	loop_timer_cancel(&client->flush_timer);
	ipc_in_clear(&client->in);
	ipc_out_clear(&client->out);
	loop_timer_set(client->loop, &client->retry_timer, VX_IPC_RETRY_MS, ipc_client_try, client);
	if (was_ready && client->ops->closed != NULL) {
		client->ops->closed(client->ctx);
	}
}

static void ipc_client_receive(struct ipc_client *client)
{
	for (;;) {
		ssize_t size = qb_ipcc_event_recv(client->connection, client->buffer,
						  sizeof(client->buffer), 0);
		Vx__Ipc *msg = NULL;

		if (size == -EAGAIN || size == -ETIMEDOUT) {
			return;
		}
		if (size < 0) {
			client->lost = true;
			return;
		}

		int rc = ipc_in_add(&client->in, client->buffer, (size_t)size, &msg);

		if (rc < 0) {
			log_err("ipc: bad packet of %s", client->name);
			client->lost = true;
			return;
		}
		if (rc > 0) {
			client->ops->message(client->ctx, msg);
			vx__ipc__free_unpacked(msg, NULL);
		}
	}
}

static void ipc_client_on_fd(void *ctx, int revents)
{
	struct ipc_client *client = ctx;

	if (!client->ready) {
		int rc = qb_ipcc_connect_continue(client->connection);

		if (rc != 0) {
			client->connection = NULL; /* freed by libqb */
			ipc_client_refused(client, -rc);
			ipc_client_lose(client);
			return;
		}

		int fd;

		qb_ipcc_fd_get(client->connection, &fd);
		if (fd != client->fd) {
			loop_fd_del(client->loop, client->fd);
			client->fd = fd;
			loop_fd_add(client->loop, fd, POLLIN, ipc_client_on_fd, client);
		}
		client->ready = true;
		client->refused = 0;
		client->ops->connected(client->ctx);
		return;
	}
	ipc_client_receive(client);
	if (client->lost || (revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
		ipc_client_lose(client);
	}
}

static void ipc_client_try(void *ctx)
{
	struct ipc_client *client = ctx;
	int fd = -1;

	client->connection = qb_ipcc_connect_async(client->name, IPC_QB_BYTES, &fd);
	if (client->connection == NULL) {
		ipc_client_refused(client, errno);
		loop_timer_set(client->loop, &client->retry_timer, VX_IPC_RETRY_MS, ipc_client_try,
			       client);
		return;
	}
	client->fd = fd;
	if (loop_fd_add(client->loop, fd, POLLIN, ipc_client_on_fd, client) != 0) {
		client->fd = -1;
		ipc_client_lose(client);
	}
}

int ipc_client_create(struct loop *loop, const char *name, const struct ipc_client_ops *ops,
		      void *ctx, struct ipc_client **out_client)
{
	struct ipc_client *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		return -ENOMEM;
	}
	client->loop = loop;
	client->name = name;
	client->ops = ops;
	client->ctx = ctx;
	client->fd = -1;
	STAILQ_INIT(&client->out.queue);
	*out_client = client;
	loop_timer_set(loop, &client->retry_timer, 0, ipc_client_try, client);
	return 0;
}

void ipc_client_destroy(struct ipc_client *client)
{
	if (client == NULL) {
		return;
	}
	client->ready = false; /* no closed() for what we end ourselves */
	ipc_client_lose(client);
	loop_timer_cancel(&client->retry_timer);
	free(client);
}

static void ipc_client_flush(void *ctx)
{
	struct ipc_client *client = ctx;
	int rc = ipc_out_flush(&client->out, ipc_send_frame, client->connection);

	if (rc == -EAGAIN) {
		loop_timer_set(client->loop, &client->flush_timer, IPC_FLUSH_MS, ipc_client_flush,
			       client);
	}
	/* any other error: the descriptor hangs up and the loop tells */
}

int ipc_client_send(struct ipc_client *client, const Vx__Ipc *msg)
{
	if (!client->ready) {
		return -ENOTCONN;
	}

	int rc = ipc_out_add(&client->out, msg);

	if (rc == 0 && !client->flush_timer.armed) {
		ipc_client_flush(client);
	}
	return rc;
}

bool ipc_client_is_connected(const struct ipc_client *client)
{
	return client->ready;
}

/* ---- a utility's connection ---- */

/* In two steps, because libqb's own one waits for ever for a server that is stopped. When so many
 * wait for it that the kernel takes no more, this is told at once: we wait for our place as well.
 */
static int ipc_call_connect(struct ipc_call *call, const char *name, int (*look)(void *ctx),
			    void *ctx)
{
	uint64_t end = clock_ms() + VX_IPC_CONNECT_MS;
	struct pollfd poll_fd = { .events = POLLIN };
	int rc;

	while ((call->connection = qb_ipcc_connect_async(name, IPC_QB_BYTES, &poll_fd.fd)) ==
		       NULL &&
	       errno == EAGAIN && clock_ms() < end) {
		rc = look != NULL ? look(ctx) : 0;
		if (rc != 0) {
			return rc;
		}
		poll(NULL, 0, IPC_PLACE_MS);
	}
	if (call->connection == NULL) {
		return ipc_refused(errno);
	}
	while ((rc = poll(&poll_fd, 1, IPC_LOOK_MS)) <= 0) {
		rc = look != NULL ? look(ctx) : 0;
		if (rc != 0 || clock_ms() >= end) {
			qb_ipcc_disconnect(call->connection);
			return rc != 0 ? rc : -VX_E_TIMEOUT;
		}
	}
	rc = qb_ipcc_connect_continue(call->connection); /* frees the connection when it fails */
	return rc == 0 ? 0 : ipc_refused(-rc);
}

int ipc_call_open(const char *name, struct ipc_call **out_call)
{
	return ipc_call_open_look(name, NULL, NULL, out_call);
}

int ipc_call_open_look(const char *name, int (*look)(void *ctx), void *ctx,
		       struct ipc_call **out_call)
{
	struct ipc_call *call = calloc(1, sizeof(*call));
	int rc;

	if (call == NULL) {
		return -ENOMEM;
	}
	STAILQ_INIT(&call->out.queue);
	rc = ipc_call_connect(call, name, look, ctx);
	if (rc != 0) {
		free(call);
		return rc;
	}
	*out_call = call;
	return 0;
}

void ipc_call_close(struct ipc_call *call)
{
	if (call != NULL) {
		qb_ipcc_disconnect(call->connection);
		ipc_in_clear(&call->in);
		ipc_out_clear(&call->out);
		free(call);
	}
}

int ipc_call_send(struct ipc_call *call, const Vx__Ipc *msg)
{
	int rc = ipc_out_add(&call->out, msg);

	for (uint64_t end = clock_ms() + VX_IPC_CALL_MS; rc == 0 || rc == -EAGAIN;) {
		rc = ipc_out_flush(&call->out, ipc_send_frame, call->connection);
		if (rc == 0) {
			return 0;
		}
		if (rc != -EAGAIN || clock_ms() > end) {
			return rc == -EAGAIN ? -VX_E_TIMEOUT : -VX_E_IPC;
		}
		poll(NULL, 0, IPC_FLUSH_MS);
	}
	return rc;
}

int ipc_call_receive(struct ipc_call *call, int timeout_ms, Vx__Ipc **out_msg)
{
	for (;;) {
		ssize_t size = qb_ipcc_event_recv(call->connection, call->buffer,
						  sizeof(call->buffer), timeout_ms);

		if (size == -EAGAIN || size == -ETIMEDOUT) {
			return -VX_E_TIMEOUT;
		}
		if (size < 0) {
			return size == -EINTR ? -EINTR : -VX_E_IPC;
		}

		int rc = ipc_in_add(&call->in, call->buffer, (size_t)size, out_msg);

		if (rc < 0) {
			return rc;
		}
		if (rc > 0) {
			return 0;
		}
	}
}
