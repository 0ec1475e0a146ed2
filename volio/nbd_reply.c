// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The answers of an NBD connection: what is ready goes out in one message, one message at a time.
 *
 * V34: requests are few and everybody's. A read begins only when the socket has room for its
 * answer, so a client that stops reading leaves its answers with the kernel and holds no request.
 */
#include <assert.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "volio/nbd_conn.h"

void nbd_command_free(struct nbd_command_state *command)
{
	SLIST_INSERT_HEAD(&command->conn->commands, command, link);
	command->conn->busy--;
}

/* ---- room in the socket ---- */

/* What an answer takes of a send buffer, at most: buffers are counted with all that belongs to
 * them. */
static uint64_t nbd_room_of(uint64_t length)
{
	return 2 * length + 4096;
}

static void nbd_on_room(struct ring_op *op, int result)
{
	struct nbd_conn *conn =
		(struct nbd_conn *)((char *)op - offsetof(struct nbd_conn, room_op));

	(void)result;
	nbd_enter(conn);
	conn->room_wait = false;
	nbd_parse(conn);
	nbd_leave(conn);
}

bool nbd_reply_fits(struct nbd_conn *conn, uint64_t length)
{
	uint64_t need = nbd_room_of(length);
	int taken;

	if (conn->taken + conn->promised + need > conn->room) {
		conn->taken = ioctl(conn->fd, SIOCOUTQ, &taken) == 0 ? (uint64_t)taken : 0;
	}
	if (conn->taken + conn->promised + need <= conn->room ||
	    conn->taken + conn->promised == 0) {
		return true;
	}
	if (conn->promised == 0 && !conn->room_wait) { /* nothing else will call */
		conn->room_wait = true;
		ring_wait_writable(conn->vio->lane->ring, &conn->room_op, conn->fd);
	}
	return false;
}

void nbd_reply_promise(struct nbd_conn *conn, uint64_t length)
{
	conn->promised += nbd_room_of(length);
}

void nbd_reply_none(struct nbd_conn *conn, uint64_t length)
{
	assert(conn->promised >= nbd_room_of(length));
	conn->promised -= nbd_room_of(length);
}

/* ---- answers ---- */

static void nbd_reply_free(struct nbd_conn *conn, struct nbd_reply *reply)
{
	if (reply->request != NULL) {
		nbd_reply_none(conn, reply->request->length);
		conn->taken += nbd_room_of(reply->request->length);
		io_request_put(reply->request);
	}
	if (reply->command != NULL) {
		nbd_command_free(reply->command);
	}
	STAILQ_INSERT_HEAD(&conn->replies, reply, link);
}

static void nbd_send(struct nbd_conn *conn)
{
	size_t count = 0;
	struct nbd_reply *reply;

	if (conn->sending > 0) {
		return;
	}
	while (conn->sending < NBD_SEND_MAX && (reply = STAILQ_FIRST(&conn->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&conn->queue, link);
		conn->sent[conn->sending++] = reply;
		if (reply->head_length > 0) {
			conn->vector[count++] = (struct iovec){ reply->head, reply->head_length };
		}
		if (reply->request != NULL) {
			conn->vector[count++] =
				(struct iovec){ reply->request->data, reply->request->length };
		}
	}
	if (conn->sending > 0) {
		conn->message = (struct msghdr){ .msg_iov = conn->vector, .msg_iovlen = count };
		ring_send(conn->vio->lane->ring, &conn->send_op, conn->fd, &conn->message);
	}
}

static void nbd_on_sent(struct ring_op *op, int result)
{
	struct nbd_conn *conn =
		(struct nbd_conn *)((char *)op - offsetof(struct nbd_conn, send_op));
	uint32_t count = conn->sending;
	size_t total = 0;

	nbd_enter(conn);
	for (size_t i = 0; i < conn->message.msg_iovlen; i++) {
		total += conn->vector[i].iov_len;
	}
	if (result < 0 || (size_t)result != total) {
		nbd_close(conn);
	}
	conn->sending = 0;
	for (uint32_t i = 0; i < count; i++) {
		nbd_reply_free(conn, conn->sent[i]);
	}
	nbd_send(conn);
	nbd_parse(conn); /* it may have waited for a command */
	nbd_leave(conn);
}

static struct nbd_reply *nbd_reply_make(struct nbd_conn *conn)
{
	struct nbd_reply *reply = STAILQ_FIRST(&conn->replies);

	assert(reply != NULL); /* one for each request and each command */
	STAILQ_REMOVE_HEAD(&conn->replies, link);
	reply->head_length = 0;
	reply->request = NULL;
	reply->command = NULL;
	return reply;
}

static void nbd_reply_queue(struct nbd_conn *conn, struct nbd_reply *reply)
{
	STAILQ_INSERT_TAIL(&conn->queue, reply, link);
	nbd_send(conn);
}

static void nbd_put_simple(struct nbd_reply *reply, const struct nbd_command_state *command)
{
	nbd_put(reply->head, 4, NBD_SIMPLE_MAGIC);
	nbd_put(reply->head + 4, 4, command->error);
	nbd_put(reply->head + 8, 8, command->cookie);
	reply->head_length = 16;
}

static void nbd_put_chunk(struct nbd_reply *reply, const struct nbd_command_state *command,
			  bool last, uint32_t type, uint32_t length)
{
	nbd_put(reply->head, 4, NBD_CHUNK_MAGIC);
	nbd_put(reply->head + 4, 2, last ? NBD_CHUNK_DONE : 0);
	nbd_put(reply->head + 6, 2, type);
	nbd_put(reply->head + 8, 8, command->cookie);
	nbd_put(reply->head + 16, 4, length);
	reply->head_length = 20;
}

void nbd_reply_end(struct nbd_command_state *command)
{
	struct nbd_reply *reply = nbd_reply_make(command->conn);

	reply->command = command;
	if (command->type == NBD_CMD_READ && command->conn->structured) {
		nbd_put_chunk(reply, command, true,
			      command->error != 0 ? NBD_CHUNK_ERROR : NBD_CHUNK_NONE,
			      command->error != 0 ? 6 : 0);
		if (command->error != 0) { /* number and an empty text */
			nbd_put(reply->head + 20, 4, command->error);
			nbd_put(reply->head + 24, 2, 0);
			reply->head_length = 26;
		}
	} else {
		nbd_put_simple(reply, command);
	}
	nbd_reply_queue(command->conn, reply);
}

void nbd_reply_data(struct nbd_command_state *command, struct io_request *request)
{
	struct nbd_conn *conn = command->conn;
	struct nbd_reply *reply = nbd_reply_make(conn);
	bool last = command->issued && command->pieces == 0;

	reply->request = request;
	reply->command = last ? command : NULL;
	if (conn->structured) {
		nbd_put_chunk(reply, command, last, NBD_CHUNK_DATA, (uint32_t)request->length + 8);
		nbd_put(reply->head + 20, 8, request->offset);
		reply->head_length = 28;
	} else if (!command->head_sent) {
		nbd_put_simple(reply, command);
		command->head_sent = true;
	}
	nbd_reply_queue(conn, reply);
}

void nbd_reply_drop(struct nbd_conn *conn)
{
	struct nbd_reply *reply;

	while ((reply = STAILQ_FIRST(&conn->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&conn->queue, link);
		nbd_reply_free(conn, reply);
	}
}

void nbd_reply_init(struct nbd_conn *conn)
{
	const uint64_t least = 4 * nbd_room_of(VX_IO_BYTES);
	const int wanted = VX_NBD_SEND_BYTES;
	socklen_t length = sizeof(int);
	int room = 0;

	(void)setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted));
	(void)getsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
	conn->room = (uint64_t)room > least ? (uint64_t)room : least;
	conn->send_op.done = nbd_on_sent;
	conn->room_op.done = nbd_on_room;
	STAILQ_INIT(&conn->replies);
	STAILQ_INIT(&conn->queue);
	for (uint32_t i = 0; i < NBD_REPLIES; i++) {
		STAILQ_INSERT_TAIL(&conn->replies, &conn->reply[i], link);
	}
}
