// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One NBD connection, served in the volume's lane.
 *
 * A command is cut into pieces of one request each. Data of small writes comes many commands to a
 * read of the socket and is copied once; data of large ones is received into the request's memory.
 * A connection that finds no free request stops reading its socket: that is the back-pressure. What
 * a client sends is checked here before anything is done with it; nonsense ends the connection.
 */
#include "volio/nbd_serve.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "volio/nbd_conn.h"

static void nbd_end_if_over(struct nbd_conn *conn);

void nbd_enter(struct nbd_conn *conn)
{
	conn->inside++;
}

void nbd_leave(struct nbd_conn *conn)
{
	if (--conn->inside == 0) {
		nbd_end_if_over(conn);
	}
}

void nbd_close(struct nbd_conn *conn)
{
	if (!conn->closing) {
		conn->closing = true;
		shutdown(conn->fd, SHUT_RDWR); /* ends a receive under way */
	}
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
		if (command->type == NBD_CMD_READ) {
			nbd_reply_none(conn, request->length);
		}
		io_request_put(request);
		if (command->issued && command->pieces == 0) {
			nbd_reply_end(command);
		}
	}
	nbd_parse(conn);
	nbd_leave(conn);
}

static void nbd_submit(struct nbd_command_state *command, struct io_request *request,
		       uint64_t length)
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
	struct nbd_conn *conn =
		(struct nbd_conn *)((char *)waiter - offsetof(struct nbd_conn, waiter));

	nbd_enter(conn);
	nbd_parse(conn);
	nbd_leave(conn);
}

/* Where the data of a piece belongs: aligned as on the disks, so that an unaligned write needs no
 * move. */
static void nbd_payload_begin(struct nbd_conn *conn, struct io_request *request, uint64_t length)
{
	request->data = request->buffer + conn->current->cursor % conn->vio->conf->block;
	request->length = length;
	conn->payload = request;
	conn->payload_got = 0;
	conn->state = NBD_PAYLOAD;
	conn->vio->filling++;
}

static struct io_request *nbd_payload_end(struct nbd_conn *conn)
{
	struct io_request *request = conn->payload;

	conn->payload = NULL;
	conn->vio->filling--;
	return request;
}

/*
 * V34: a client that is slow holds nothing that others need. Small writes are all here before they
 * get a request; so many large ones are received at one time that there are requests for the
 * others.
 */
static bool nbd_may_issue(struct nbd_conn *conn, uint64_t length, bool *out_wait_socket)
{
	const struct nbd_command_state *command = conn->current;

	if (command->type == NBD_CMD_READ) { /* simple replies: data must come in order */
		return (conn->structured || command->pieces == 0) && nbd_reply_fits(conn, length);
	}
	if (command->type != NBD_CMD_WRITE) {
		return true;
	}
	if (!conn->large) {
		*out_wait_socket = conn->length - conn->position < length;
		return !*out_wait_socket;
	}
	if (conn->vio->filling >= VX_VOLUME_REQUESTS / 2) {
		vio_wait(conn->vio, &conn->waiter);
		return false;
	}
	return true;
}

/* Issues pieces of the present command. false: it waits for the socket, or for something that calls
 * again. */
static bool nbd_issue(struct nbd_conn *conn, bool *out_wait_socket)
{
	struct nbd_command_state *command = conn->current;

	while (!command->issued) {
		uint64_t length =
			io_cut(command->kind, command->cursor, command->end - command->cursor);
		struct io_request *request;

		if (command->error != 0 && command->type != NBD_CMD_WRITE) {
			command->issued = true; /* enough: the rest would not change the answer */
			if (command->pieces == 0) {
				nbd_reply_end(command);
			}
			break;
		}
		if (!nbd_may_issue(conn, length, out_wait_socket)) {
			return false;
		}
		request = io_request_get(conn->vio);
		if (request == NULL) {
			vio_wait(conn->vio, &conn->waiter);
			return false;
		}
		if (command->type == NBD_CMD_WRITE) {
			nbd_payload_begin(conn, request, length);
			return true;
		}
		if (command->type == NBD_CMD_READ) {
			nbd_reply_promise(conn, length);
		}
		request->data = request->buffer;
		nbd_submit(command, request, length);
	}
	conn->current = NULL;
	conn->state = NBD_HEADER;
	return true;
}

/* ---- reading the socket ---- */

static void nbd_on_received(struct ring_op *op, int result)
{
	struct nbd_conn *conn =
		(struct nbd_conn *)((char *)op - offsetof(struct nbd_conn, receive_op));

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
		ring_receive(ring, &conn->receive_op, conn->fd,
			     conn->payload->data + conn->payload_got,
			     (uint32_t)(conn->payload->length - conn->payload_got), 1);
		return;
	}
	memmove(conn->data, conn->data + conn->position, conn->length - conn->position);
	conn->length -= conn->position;
	conn->position = 0;
	ring_receive(ring, &conn->receive_op, conn->fd, conn->data + conn->length,
		     (uint32_t)(conn->large && conn->length < NBD_REQUEST_BYTES
					? NBD_REQUEST_BYTES - conn->length
					: sizeof(conn->data) - conn->length),
		     0);
}

/* Is the command one that can be done? NBD's number of the error. */
static uint32_t nbd_check(const struct nbd_conn *conn, uint32_t type, uint32_t flags,
			  uint64_t offset, uint64_t length)
{
	uint64_t volume = conn->vio->conf->length;
	bool inside = offset <= volume && length <= volume - offset;
	bool writes = type == NBD_CMD_WRITE || type == NBD_CMD_TRIM || type == NBD_CMD_WRITE_ZEROES;

	if ((flags & ~(uint32_t)(NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE)) != 0) {
		return NBD_EINVAL; /* none of them was offered */
	}
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
	command->error = nbd_check(conn, type, flags, offset, length);
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
	size_t there = conn->length - conn->position,
	       need = conn->payload->length - conn->payload_got;
	size_t part = there < need ? there : need;
	struct io_request *request = conn->payload;

	memcpy(request->data + conn->payload_got, conn->data + conn->position, part);
	conn->position += part;
	conn->payload_got += (uint32_t)part;
	if (conn->payload_got < request->length) {
		return false;
	}
	nbd_payload_end(conn);
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

/* Goes on as far as it can; then either the socket is read or something it waits for calls again.
 */
void nbd_parse(struct nbd_conn *conn)
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
			more = nbd_issue(conn, &wait_socket);
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

/* Closing, and nothing is in flight: the main thread frees it. Must be the last thing done with
 * conn. */
static void nbd_end_if_over(struct nbd_conn *conn)
{
	if (!conn->closing || conn->receiving || conn->room_wait || conn->sending > 0 ||
	    conn->fd < 0) {
		return;
	}
	conn->inside++; /* what is given back here may call others, not this one */
	vio_unwait(conn->vio, &conn->waiter);
	if (conn->payload != NULL) {
		io_request_put(nbd_payload_end(conn));
	}
	nbd_reply_drop(conn);
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
	conn->waiter.ready = nbd_ready;
	SLIST_INIT(&conn->commands);
	nbd_reply_init(conn);
	for (uint32_t i = 0; i < NBD_COMMANDS; i++) {
		conn->command[i].conn = conn;
		SLIST_INSERT_HEAD(&conn->commands, &conn->command[i], link);
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
