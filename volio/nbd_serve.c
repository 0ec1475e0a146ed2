// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One NBD connection, served in the volume's lane.
 *
 * A command is cut into pieces of one request each. Data of small writes comes many commands to a read of the
 * socket and is copied once; data of large ones is received into the request's memory. A connection that
 * finds no free request stops reading its socket: that is the back-pressure. What a client sends is
 * checked here before anything is done with it; nonsense ends the connection.
 */
#include "volio/nbd_serve.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "volio/nbd_proto.h"
#include "volio/vio.h"

#define NBD_COMMANDS 64 /* of one connection at a time */
#define NBD_REPLIES (NBD_COMMANDS + VX_VOLUME_REQUESTS)
#define NBD_SEND_MAX 32 /* replies in one message */
#define NBD_READ_BYTES 65536
#define NBD_LARGE_BYTES 32768 /* writes from here on are received in place */
#define NBD_HEAD_BYTES 32

_Static_assert(NBD_EARLY_MAX <= NBD_READ_BYTES, "early bytes fit");

struct nbd_command_state {
	SLIST_ENTRY(nbd_command_state) link;
	struct nbd_conn *conn;
	enum nbd_command type;
	enum io_kind kind;
	bool durable;
	bool head_sent; /* of a read in simple replies */
	bool issued; /* all pieces were submitted */
	uint64_t cookie, cursor, end;
	uint32_t pieces; /* in flight, or waiting to be sent */
	uint32_t error; /* NBD's number */
};

struct nbd_reply {
	STAILQ_ENTRY(nbd_reply) link;
	uint8_t head[NBD_HEAD_BYTES];
	size_t head_length;
	struct io_request *request; /* its data follows; NULL: none */
	struct nbd_command_state *command; /* ends with this reply; NULL: goes on */
};

SLIST_HEAD(nbd_command_list, nbd_command_state);
STAILQ_HEAD(nbd_reply_list, nbd_reply);

enum nbd_reading { NBD_HEADER, NBD_ISSUE, NBD_PAYLOAD, NBD_SKIP };

struct nbd_conn {
	struct vio *vio;
	int fd;
	bool structured, read_only;
	bool closing; /* no more commands */
	bool receiving, parsing, large;
	uint32_t inside; /* nbd_enter() */
	enum nbd_reading state;
	struct nbd_command_state *current; /* being issued */
	struct io_request *payload; /* being received */
	uint32_t payload_got;
	uint64_t skip; /* bytes to be thrown away */
	struct vio_waiter waiter;
	struct ring_op receive_op, send_op;
	struct nbd_command_state command[NBD_COMMANDS];
	struct nbd_command_list commands; /* free */
	uint32_t busy; /* commands that are not free */
	struct nbd_reply reply[NBD_REPLIES];
	struct nbd_reply_list replies, queue; /* free; to be sent */
	struct nbd_reply *sent[NBD_SEND_MAX]; /* in the message under way */
	uint32_t sending;
	struct msghdr message;
	struct iovec vector[2 * NBD_SEND_MAX];
	struct mail closed;
	void *owner;
	size_t position, length; /* of what is in data */
	uint8_t data[NBD_READ_BYTES];
};

static void nbd_parse(struct nbd_conn *conn);
static void nbd_end_if_over(struct nbd_conn *conn);

/* Around everything that is called from outside: the connection may end only when the last one leaves. */
static void nbd_enter(struct nbd_conn *conn)
{
	conn->inside++;
}

static void nbd_leave(struct nbd_conn *conn)
{
	if (--conn->inside == 0) {
		nbd_end_if_over(conn);
	}
}

/* ---- replies ---- */

static void nbd_command_free(struct nbd_command_state *command)
{
	SLIST_INSERT_HEAD(&command->conn->commands, command, link);
	command->conn->busy--;
}

static void nbd_reply_free(struct nbd_conn *conn, struct nbd_reply *reply)
{
	if (reply->request != NULL) {
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
			conn->vector[count++] = (struct iovec){ reply->request->data, reply->request->length };
		}
	}
	if (conn->sending > 0) {
		conn->message = (struct msghdr){ .msg_iov = conn->vector, .msg_iovlen = count };
		ring_send(conn->vio->lane->ring, &conn->send_op, conn->fd, &conn->message);
	}
}

static void nbd_close(struct nbd_conn *conn)
{
	if (!conn->closing) {
		conn->closing = true;
		shutdown(conn->fd, SHUT_RDWR); /* ends a receive under way */
	}
}

static void nbd_on_sent(struct ring_op *op, int result)
{
	struct nbd_conn *conn = (struct nbd_conn *)((char *)op - offsetof(struct nbd_conn, send_op));
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

static void nbd_put_chunk(struct nbd_reply *reply, const struct nbd_command_state *command, bool last, uint32_t type,
			  uint32_t length)
{
	nbd_put(reply->head, 4, NBD_CHUNK_MAGIC);
	nbd_put(reply->head + 4, 2, last ? NBD_CHUNK_DONE : 0);
	nbd_put(reply->head + 6, 2, type);
	nbd_put(reply->head + 8, 8, command->cookie);
	nbd_put(reply->head + 16, 4, length);
	reply->head_length = 20;
}

/* The end of a command without data. */
static void nbd_reply_end(struct nbd_command_state *command)
{
	struct nbd_reply *reply = nbd_reply_make(command->conn);

	reply->command = command;
	if (command->type == NBD_CMD_READ && command->conn->structured) {
		nbd_put_chunk(reply, command, true, command->error != 0 ? NBD_CHUNK_ERROR : NBD_CHUNK_NONE,
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

/* A piece of a read is there: its data goes out with the next message. */
static void nbd_reply_data(struct nbd_command_state *command, struct io_request *request)
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

/* ---- pieces ---- */

static uint32_t nbd_error(int error)
{
	switch (-error) {
	case 0:
		return 0;
	case EPERM:
	case EROFS:
		return NBD_EPERM;
	case ENOSPC:
		return NBD_ENOSPC;
	case EINVAL:
		return NBD_EINVAL;
	case ENODEV:
		return NBD_ESHUTDOWN;
	default:
		return NBD_EIO;
	}
}

static void nbd_piece_done(struct io_request *request, int error)
{
	struct nbd_command_state *command = request->front;
	struct nbd_conn *conn = command->conn;

	nbd_enter(conn);
	command->pieces--;
	if (error != 0 && command->error == 0) {
		command->error = nbd_error(error);
	}
	if (command->error != 0 && command->head_sent) {
		nbd_close(conn); /* a simple reply has no way to say it behind the header */
	}
	if (command->type == NBD_CMD_READ && command->error == 0) {
		nbd_reply_data(command, request);
	} else {
		io_request_put(request);
		if (command->issued && command->pieces == 0) {
			nbd_reply_end(command);
		}
	}
	nbd_parse(conn);
	nbd_leave(conn);
}

static void nbd_submit(struct nbd_command_state *command, struct io_request *request, uint64_t length)
{
	request->front = command;
	request->kind = command->kind;
	request->durable = command->durable;
	request->offset = command->cursor;
	request->length = length;
	request->done = nbd_piece_done;
	command->cursor += length;
	command->issued = command->cursor == command->end;
	command->pieces++;
	io_submit(request);
}

static void nbd_ready(struct vio_waiter *waiter)
{
	struct nbd_conn *conn = (struct nbd_conn *)((char *)waiter - offsetof(struct nbd_conn, waiter));

	nbd_enter(conn);
	nbd_parse(conn);
	nbd_leave(conn);
}

/* Where the data of a piece belongs: aligned as on the disks, so that an unaligned write needs no move. */
static void nbd_payload_begin(struct nbd_conn *conn, struct io_request *request)
{
	request->data = request->buffer + conn->current->cursor % conn->vio->conf->block;
	request->length = io_cut(IO_WRITE, conn->current->cursor, conn->current->end - conn->current->cursor);
	conn->payload = request;
	conn->payload_got = 0;
	conn->state = NBD_PAYLOAD;
}

/* Issues pieces of the present command. false: it waits for something. */
static bool nbd_issue(struct nbd_conn *conn)
{
	struct nbd_command_state *command = conn->current;

	while (!command->issued) {
		struct io_request *request;

		if (command->type == NBD_CMD_READ && !conn->structured && command->pieces > 0) {
			return false; /* data must come in order: one piece at a time */
		}
		if (command->error != 0 && command->type != NBD_CMD_WRITE) {
			command->issued = true; /* enough: the rest would not change the answer */
			if (command->pieces == 0) {
				nbd_reply_end(command);
			}
			break;
		}
		request = io_request_get(conn->vio);
		if (request == NULL) {
			vio_wait(conn->vio, &conn->waiter);
			return false;
		}
		if (command->type == NBD_CMD_WRITE) {
			nbd_payload_begin(conn, request);
			return true;
		}
		request->data = request->buffer;
		nbd_submit(command, request, io_cut(command->kind, command->cursor, command->end - command->cursor));
	}
	conn->current = NULL;
	conn->state = NBD_HEADER;
	return true;
}

/* ---- reading the socket ---- */

static void nbd_on_received(struct ring_op *op, int result)
{
	struct nbd_conn *conn = (struct nbd_conn *)((char *)op - offsetof(struct nbd_conn, receive_op));

	nbd_enter(conn);
	conn->receiving = false;
	if (result <= 0) {
		nbd_close(conn);
	} else if (conn->state == NBD_PAYLOAD) {
		conn->payload_got += (uint32_t)result;
	} else {
		conn->length += (size_t)result;
	}
	nbd_parse(conn);
	nbd_leave(conn);
}

static void nbd_receive(struct nbd_conn *conn)
{
	struct ring *ring = conn->vio->lane->ring;

	if (conn->receiving || conn->closing) {
		return;
	}
	conn->receiving = true;
	if (conn->state == NBD_PAYLOAD) {
		ring_receive(ring, &conn->receive_op, conn->fd, conn->payload->data + conn->payload_got,
			     (uint32_t)(conn->payload->length - conn->payload_got), 1);
		return;
	}
	memmove(conn->data, conn->data + conn->position, conn->length - conn->position);
	conn->length -= conn->position;
	conn->position = 0;
	ring_receive(ring, &conn->receive_op, conn->fd, conn->data + conn->length,
		     (uint32_t)(conn->large && conn->length < NBD_REQUEST_BYTES ? NBD_REQUEST_BYTES - conn->length :
										  sizeof(conn->data) - conn->length),
		     0);
}

/* Is the command one that can be done? NBD's number of the error. */
static uint32_t nbd_check(const struct nbd_conn *conn, uint32_t type, uint64_t offset, uint64_t length)
{
	uint64_t volume = conn->vio->conf->length;
	bool inside = offset <= volume && length <= volume - offset;
	bool writes = type == NBD_CMD_WRITE || type == NBD_CMD_TRIM || type == NBD_CMD_WRITE_ZEROES;

	if (writes && conn->read_only) {
		return NBD_EPERM;
	}
	switch (type) {
	case NBD_CMD_READ:
		return inside && length > 0 && length <= NBD_PAYLOAD_MAX ? 0 : NBD_EINVAL;
	case NBD_CMD_WRITE:
	case NBD_CMD_WRITE_ZEROES:
		return length == 0 ? NBD_EINVAL : inside ? 0 : NBD_ENOSPC;
	case NBD_CMD_TRIM:
		return inside && length > 0 ? 0 : NBD_EINVAL;
	case NBD_CMD_FLUSH:
		return 0;
	default:
		return NBD_EINVAL;
	}
}

static enum io_kind nbd_kind(uint32_t type, uint32_t flags)
{
	switch (type) {
	case NBD_CMD_READ:
		return IO_READ;
	case NBD_CMD_WRITE:
		return IO_WRITE;
	case NBD_CMD_TRIM:
		return IO_DISCARD;
	case NBD_CMD_WRITE_ZEROES:
		return (flags & NBD_CMD_FLAG_NO_HOLE) != 0 ? IO_ZERO : IO_DISCARD;
	default:
		return IO_FLUSH;
	}
}

/* A header is there. false: no command is free, or the connection ends. */
static bool nbd_begin_command(struct nbd_conn *conn)
{
	const uint8_t *at = conn->data + conn->position;
	struct nbd_command_state *command = SLIST_FIRST(&conn->commands);
	uint32_t flags = (uint32_t)nbd_get(at + 4, 2), type = (uint32_t)nbd_get(at + 6, 2);
	uint64_t offset = nbd_get(at + 16, 8), length = nbd_get(at + 24, 4);

	if (nbd_get(at, 4) != NBD_REQUEST_MAGIC || type == NBD_CMD_DISC ||
	    (type == NBD_CMD_WRITE && length > NBD_PAYLOAD_MAX)) {
		nbd_close(conn);
		return false;
	}
	if (command == NULL) {
		return false;
	}
	SLIST_REMOVE_HEAD(&conn->commands, link);
	conn->busy++;
	conn->position += NBD_REQUEST_BYTES;
	command->type = (enum nbd_command)type;
	command->kind = nbd_kind(type, flags);
	command->durable = (flags & NBD_CMD_FLAG_FUA) != 0 && type != NBD_CMD_READ;
	command->cookie = nbd_get(at + 8, 8);
	command->pieces = 0;
	command->head_sent = command->issued = false;
	command->error = nbd_check(conn, type, offset, length);
	conn->large = type == NBD_CMD_WRITE && length >= NBD_LARGE_BYTES;
	if (command->error != 0) {
		conn->skip = type == NBD_CMD_WRITE ? length : 0;
		conn->state = NBD_SKIP;
		nbd_reply_end(command);
		return true;
	}
	command->cursor = type == NBD_CMD_FLUSH ? 0 : offset;
	command->end = type == NBD_CMD_FLUSH ? 0 : offset + length;
	conn->current = command;
	conn->state = NBD_ISSUE;
	return true;
}

/* Data of the piece that is being received. false: more must come. */
static bool nbd_payload(struct nbd_conn *conn)
{
	size_t there = conn->length - conn->position, need = conn->payload->length - conn->payload_got;
	size_t part = there < need ? there : need;
	struct io_request *request = conn->payload;

	memcpy(request->data + conn->payload_got, conn->data + conn->position, part);
	conn->position += part;
	conn->payload_got += (uint32_t)part;
	if (conn->payload_got < request->length) {
		return false;
	}
	conn->payload = NULL;
	conn->state = NBD_ISSUE;
	nbd_submit(conn->current, request, request->length);
	return true;
}

static bool nbd_skip(struct nbd_conn *conn)
{
	size_t there = conn->length - conn->position;
	size_t part = there < conn->skip ? there : (size_t)conn->skip;

	conn->position += part;
	conn->skip -= part;
	if (conn->skip > 0) {
		return false;
	}
	conn->state = NBD_HEADER;
	return true;
}

/* Goes on as far as it can; then either the socket is read or something it waits for calls again. */
static void nbd_parse(struct nbd_conn *conn)
{
	bool more = true, wait_socket = false;

	if (conn->parsing) {
		return;
	}
	conn->parsing = true;
	while (more && !conn->closing && !conn->receiving) {
		switch (conn->state) {
		case NBD_HEADER:
			wait_socket = conn->length - conn->position < NBD_REQUEST_BYTES;
			more = !wait_socket && nbd_begin_command(conn);
			break;
		case NBD_ISSUE:
			more = nbd_issue(conn);
			break;
		case NBD_PAYLOAD:
			more = nbd_payload(conn);
			wait_socket = !more;
			break;
		case NBD_SKIP:
			more = nbd_skip(conn);
			wait_socket = !more;
			break;
		}
	}
	conn->parsing = false;
	if (wait_socket) {
		nbd_receive(conn);
	}
}

/* ---- life ---- */

/* Closing, and nothing is in flight: the main thread frees it. Must be the last thing done with conn. */
static void nbd_end_if_over(struct nbd_conn *conn)
{
	struct nbd_reply *reply;

	if (!conn->closing || conn->receiving || conn->sending > 0 || conn->fd < 0) {
		return;
	}
	conn->inside++; /* what is given back here may call others, not this one */
	vio_unwait(conn->vio, &conn->waiter);
	if (conn->payload != NULL) {
		io_request_put(conn->payload);
		conn->payload = NULL;
	}
	while ((reply = STAILQ_FIRST(&conn->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&conn->queue, link);
		nbd_reply_free(conn, reply);
	}
	if (conn->current != NULL && conn->current->pieces == 0) {
		nbd_command_free(conn->current);
		conn->current = NULL;
	}
	conn->inside--;
	if (conn->busy == 0) {
		struct lane *lane = conn->vio->lane;

		close(conn->fd);
		conn->fd = -1;
		mailbox_post(lane->main, &conn->closed);
	}
}

int nbd_conn_create(const struct nbd_conn_setup *setup, struct nbd_conn **out_conn)
{
	struct nbd_conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL) {
		return -ENOMEM;
	}
	assert(setup->early_length <= NBD_EARLY_MAX);
	conn->vio = setup->vio;
	conn->fd = setup->fd;
	conn->structured = setup->structured;
	conn->read_only = setup->read_only;
	conn->owner = setup->owner;
	conn->closed.fn = setup->closed;
	memcpy(conn->data, setup->early, setup->early_length);
	conn->length = setup->early_length;
	conn->receive_op.done = nbd_on_received;
	conn->send_op.done = nbd_on_sent;
	conn->waiter.ready = nbd_ready;
	SLIST_INIT(&conn->commands);
	STAILQ_INIT(&conn->replies);
	STAILQ_INIT(&conn->queue);
	for (uint32_t i = 0; i < NBD_COMMANDS; i++) {
		conn->command[i].conn = conn;
		SLIST_INSERT_HEAD(&conn->commands, &conn->command[i], link);
	}
	for (uint32_t i = 0; i < NBD_REPLIES; i++) {
		STAILQ_INSERT_TAIL(&conn->replies, &conn->reply[i], link);
	}
	*out_conn = conn;
	return 0;
}

void nbd_conn_free(struct nbd_conn *conn)
{
	free(conn);
}

void *nbd_conn_owner_of(struct mail *mail)
{
	return ((struct nbd_conn *)((char *)mail - offsetof(struct nbd_conn, closed)))->owner;
}

void nbd_run_start(struct lane_call *call)
{
	struct nbd_conn *conn = call->ctx;

	nbd_enter(conn);
	nbd_parse(conn);
	lane_call_end(call, 0);
	nbd_leave(conn);
}

void nbd_run_stop(struct lane_call *call)
{
	struct nbd_conn *conn = call->ctx;

	if (conn->fd >= 0) {
		nbd_enter(conn);
		nbd_close(conn);
		lane_call_end(call, 0);
		nbd_leave(conn);
	} else {
		lane_call_end(call, 0); /* over already: its mail is on the way */
	}
}
