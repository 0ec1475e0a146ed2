/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An NBD connection in its lane, as nbd_serve.c (commands) and nbd_reply.c (answers) share it. */
#ifndef VX_VOLIO_NBD_CONN_H
#define VX_VOLIO_NBD_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "volio/nbd_proto.h"
#include "volio/nbd_serve.h"
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
	bool issued;	/* all pieces were submitted */
	uint64_t cookie, cursor, end;
	uint32_t pieces; /* in flight, or waiting to be sent */
	uint32_t error;	 /* NBD's number */
};

struct nbd_reply {
	STAILQ_ENTRY(nbd_reply) link;
	uint8_t head[NBD_HEAD_BYTES];
	size_t head_length;
	struct io_request *request;	   /* its data follows; NULL: none */
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
	struct io_request *payload;	   /* being received */
	uint32_t payload_got;
	uint64_t skip; /* bytes to be thrown away */
	struct vio_waiter waiter;
	struct ring_op receive_op, send_op;
	struct nbd_command_state command[NBD_COMMANDS];
	struct nbd_command_list commands; /* free */
	uint32_t busy;			  /* commands that are not free */
	/* V34, in bytes of the socket's send buffer: its size, at most so much of it is taken, and
	 * what the reads in flight will take */
	uint64_t room, taken, promised;
	struct ring_op room_op;
	bool room_wait;
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

/* nbd_serve.c. Around everything that is called from outside: the connection may end only when the
 * last one leaves. */
void nbd_enter(struct nbd_conn *conn);
void nbd_leave(struct nbd_conn *conn);
/* Goes on with commands as far as possible. */
void nbd_parse(struct nbd_conn *conn);
/* Takes no more commands; the connection ends when nothing is in flight. */
void nbd_close(struct nbd_conn *conn);

/* nbd_reply.c */
void nbd_reply_init(struct nbd_conn *conn);
void nbd_command_free(struct nbd_command_state *command);
/* The end of a command without data. */
void nbd_reply_end(struct nbd_command_state *command);
/* A piece of a read is there: its data goes out with the next message. */
void nbd_reply_data(struct nbd_command_state *command, struct io_request *request);
/* V34: is there room in the socket for the answer of a read? false: the connection is called again.
 */
bool nbd_reply_fits(struct nbd_conn *conn, uint64_t length);
/* A read of that length is issued; it will have an answer with data, or none (it failed). */
void nbd_reply_promise(struct nbd_conn *conn, uint64_t length);
void nbd_reply_none(struct nbd_conn *conn, uint64_t length);
/* What was not sent is dropped. */
void nbd_reply_drop(struct nbd_conn *conn);

#endif
