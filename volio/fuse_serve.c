// SPDX-License-Identifier: GPL-2.0-or-later
/* The FUSE requests of one volume, served in its lane. */
#include "volio/fuse_serve.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "volio/vio.h"

#define FUSE_SLOTS VX_VOLUME_REQUESTS
#define FUSE_POSTED_MAX 16 /* reads of /dev/fuse that wait for a request */
#define FUSE_HEAD_BYTES 80 /* header and arguments of READ and WRITE: data then begins aligned */
#define FUSE_ATTR_SECONDS 1

struct fuse_slot {
	struct ring_op op; /* the read, then the answer */
	struct fuse_ask ask;
	SLIST_ENTRY(fuse_slot) link;
	struct fuse_server *server;
	struct io_request *request;
	struct iovec vector[2];
	struct fuse_out_header out;
	enum io_kind range_kind;
	uint64_t cursor, end; /* of a long range of zeroes */
	union {
		struct fuse_init_out init;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct fuse_lseek_out lseek;
	} reply;
	uint8_t head[FUSE_HEAD_BYTES];
};

SLIST_HEAD(fuse_slot_list, fuse_slot);

struct fuse_server {
	struct vio *vio;
	int fd;
	void *owner;
	void (*ask)(struct mail *mail);
	struct fuse_slot *slot;
	struct fuse_slot_list free;
	struct vio_waiter waiter;
	uint32_t used;		 /* slots that are not free */
	uint32_t posted, wanted; /* reads that wait; how many should */
	uint64_t round_us;	 /* round of the lane in which reads were counted */
	uint32_t round_reads;
	bool dead, stopping;
	uint64_t since_s; /* when the device appeared: its times */
	struct lane_call *stop;
};

static void fuse_post(struct fuse_server *server);
static void fuse_on_request(struct ring_op *op, int result);

static void fuse_ready(struct vio_waiter *waiter)
{
	fuse_post((struct fuse_server *)((char *)waiter - offsetof(struct fuse_server, waiter)));
}

int fuse_server_create(struct vio *vio, int fd, void (*ask)(struct mail *mail), void *owner,
		       struct fuse_server **out_server)
{
	struct fuse_server *server = calloc(1, sizeof(*server));

	if (server != NULL) {
		server->slot = calloc(FUSE_SLOTS, sizeof(*server->slot));
	}
	if (server == NULL || server->slot == NULL) {
		free(server);
		return -ENOMEM;
	}
	server->vio = vio;
	server->fd = fd;
	server->since_s = clock_wall_ms() / 1000;
	server->ask = ask;
	server->owner = owner;
	server->wanted = 1;
	server->waiter.ready = fuse_ready;
	SLIST_INIT(&server->free);
	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		server->slot[i].server = server;
		server->slot[i].ask.server = server;
		SLIST_INSERT_HEAD(&server->free, &server->slot[i], link);
	}
	*out_server = server;
	return 0;
}

void fuse_server_free(struct fuse_server *server)
{
	free(server->slot);
	free(server);
}

void *fuse_server_owner(const struct fuse_server *server)
{
	return server->owner;
}

/* ---- slots ---- */

static void fuse_slot_free(struct fuse_slot *slot)
{
	struct fuse_server *server = slot->server;
	struct io_request *request = slot->request;

	slot->request = NULL;
	SLIST_INSERT_HEAD(&server->free, slot, link);
	server->used--;
	io_request_put(request);
}

static void fuse_post(struct fuse_server *server)
{
	while (server->posted < server->wanted && !server->dead && !server->stopping &&
	       !SLIST_EMPTY(&server->free)) {
		struct io_request *request = io_request_get(server->vio);
		struct fuse_slot *slot = SLIST_FIRST(&server->free);

		if (request == NULL) {
			if (server->posted == 0) {
				vio_wait(server->vio, &server->waiter);
			}
			return;
		}
		SLIST_REMOVE_HEAD(&server->free, link);
		server->used++;
		server->posted++;
		slot->request = request;
		slot->op.done = fuse_on_request;
		slot->vector[0] = (struct iovec){ slot->head, sizeof(slot->head) };
		slot->vector[1] = (struct iovec){ request->buffer, VX_IO_BYTES };
		ring_readv(server->vio->lane->ring, &slot->op, server->fd, slot->vector, 2);
	}
}

static void fuse_check_stop(struct fuse_server *server)
{
	if (server->stopping && server->used == 0 && server->stop != NULL) {
		struct lane_call *call = server->stop;

		server->stop = NULL;
		vio_unwait(server->vio, &server->waiter);
		close(server->fd); /* the kernel ends what is still open with ENOTCONN */
		lane_call_end(call, 0);
	}
}

/* After a slot became free; the server may be gone when this returns. */
static void fuse_continue(struct fuse_server *server)
{
	if (server->stopping) {
		fuse_check_stop(server);
	} else {
		fuse_post(server);
	}
}

/*
 * Every waiting read is woken by every request: as many should wait as there come requests in a
 * round of the lane, one when it is quiet.
 */
static void fuse_adapt(struct fuse_server *server)
{
	uint64_t now = server->vio->lane->now_us;

	if (server->round_us != now) {
		server->round_us = now;
		server->round_reads = 0;
	}
	server->round_reads++;
	if (server->round_reads >= server->wanted) {
		server->wanted =
			server->wanted * 2 < FUSE_POSTED_MAX ? server->wanted * 2 : FUSE_POSTED_MAX;
	} else if (server->round_reads == 1 && server->wanted > 1) {
		server->wanted--;
	}
}

/* ---- answers ---- */

static void fuse_on_answered(struct ring_op *op, int result)
{
	struct fuse_slot *slot = (struct fuse_slot *)op;
	struct fuse_server *server = slot->server;

	(void)result; /* -ENOENT: the request was interrupted; -ENODEV: unmounted; nobody waits in
			 both */
	fuse_slot_free(slot);
	fuse_continue(server);
}

static void fuse_reply(struct fuse_slot *slot, int error, const void *data, size_t length)
{
	slot->out.len = (uint32_t)(sizeof(slot->out) + (error == 0 ? length : 0));
	slot->out.error = error;
	slot->vector[0] = (struct iovec){ &slot->out, sizeof(slot->out) };
	slot->vector[1] = (struct iovec){ (void *)(uintptr_t)data, length };
	slot->op.done = fuse_on_answered;
	ring_writev(slot->server->vio->lane->ring, &slot->op, slot->server->fd, slot->vector,
		    error == 0 && length > 0 ? 2 : 1);
}

/* Nothing is answered: FORGET, INTERRUPT. */
static void fuse_no_reply(struct fuse_slot *slot)
{
	struct fuse_server *server = slot->server;

	fuse_slot_free(slot);
	fuse_continue(server);
}

/* ---- requests ---- */

/* Arguments behind the header; what did not fit into head went on in the buffer. */
static bool fuse_arguments(const struct fuse_slot *slot, const struct fuse_in_header *in, void *out,
			   size_t size)
{
	size_t head = sizeof(slot->head) - sizeof(*in), length = in->len - sizeof(*in);

	if (length < size) {
		return false;
	}
	memcpy(out, slot->head + sizeof(*in), size < head ? size : head);
	if (size > head) {
		memcpy((uint8_t *)out + head, slot->request->buffer, size - head);
	}
	return true;
}

static void fuse_init(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_init_in args;
	struct fuse_init_out *out = &slot->reply.init;

	memset(&args, 0, sizeof(args));
	if (!fuse_arguments(slot, in, &args, 16)) { /* the part that every version has */
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	memset(out, 0, sizeof(*out));
	out->major = FUSE_KERNEL_VERSION;
	out->minor =
		args.minor < FUSE_KERNEL_MINOR_VERSION ? args.minor : FUSE_KERNEL_MINOR_VERSION;
	out->max_readahead = 0;
	out->flags =
		args.flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES);
	out->max_background = FUSE_SLOTS;
	out->congestion_threshold = FUSE_SLOTS;
	out->max_write = VX_IO_BYTES;
	out->max_pages = VX_IO_BYTES / 4096;
	out->time_gran = 1;
	fuse_reply(slot, args.major == FUSE_KERNEL_VERSION ? 0 : -EPROTO, out, sizeof(*out));
}

static void fuse_getattr(struct fuse_slot *slot)
{
	struct fuse_attr_out *out = &slot->reply.attr;
	uint64_t length = slot->server->vio->conf->length;

	memset(out, 0, sizeof(*out));
	out->attr_valid = FUSE_ATTR_SECONDS;
	out->attr.ino = FUSE_ROOT_ID;
	out->attr.size = length;
	out->attr.blocks = length / 512;
	out->attr.mode = S_IFREG | 0600;
	out->attr.nlink = 1;
	out->attr.blksize = 4096;
	out->attr.atime = out->attr.mtime = out->attr.ctime = slot->server->since_s;
	fuse_reply(slot, 0, out, sizeof(*out));
}

/* A new size is ignored, as a block device does it (open with O_TRUNC, as dd opens). */
static void fuse_setattr(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_setattr_in args;

	if (!fuse_arguments(slot, in, &args, sizeof(args))) {
		fuse_reply(slot, -EINVAL, NULL, 0);
	} else if ((args.valid & (FATTR_MODE | FATTR_UID | FATTR_GID)) != 0) {
		fuse_reply(slot, -EPERM, NULL, 0);
	} else {
		fuse_getattr(slot);
	}
}

static void fuse_statfs(struct fuse_slot *slot)
{
	struct fuse_statfs_out *out = &slot->reply.statfs;

	memset(out, 0, sizeof(*out));
	out->st.bsize = out->st.frsize = 512;
	out->st.blocks = slot->server->vio->conf->length / 512;
	out->st.files = 1;
	out->st.namelen = VX_NAME_MAX;
	fuse_reply(slot, 0, out, sizeof(*out));
}

static void fuse_lseek(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_lseek_in args;
	uint64_t length = slot->server->vio->conf->length;

	if (!fuse_arguments(slot, in, &args, sizeof(args)) ||
	    (args.whence != SEEK_DATA && args.whence != SEEK_HOLE)) {
		fuse_reply(slot, -EINVAL, NULL, 0);
	} else if (args.offset >= length) {
		fuse_reply(slot, -ENXIO, NULL, 0);
	} else { /* all of a volume is data */
		slot->reply.lseek.offset = args.whence == SEEK_DATA ? args.offset : length;
		fuse_reply(slot, 0, &slot->reply.lseek, sizeof(slot->reply.lseek));
	}
}

static void fuse_ask_answered(struct mail *mail)
{
	struct fuse_ask *ask = (struct fuse_ask *)((char *)mail - offsetof(struct fuse_ask, mail));
	struct fuse_slot *slot =
		(struct fuse_slot *)((char *)ask - offsetof(struct fuse_slot, ask));

	if (ask->is_open && ask->result == 0) {
		slot->reply.open = (struct fuse_open_out){
			.fh = ask->handle,
			.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES,
		};
		fuse_reply(slot, 0, &slot->reply.open, sizeof(slot->reply.open));
	} else {
		fuse_reply(slot, ask->result, NULL, 0);
	}
}

void fuse_answer(struct fuse_ask *ask)
{
	ask->mail.fn = fuse_ask_answered;
	mailbox_post(&ask->server->vio->lane->in, &ask->mail);
}

static void fuse_open(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_open_in args;

	if (!fuse_arguments(slot, in, &args, sizeof(args))) {
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	slot->ask.is_open = true;
	slot->ask.write = (args.flags & O_ACCMODE) != O_RDONLY;
	slot->ask.pid = (pid_t)in->pid;
	slot->ask.mail.fn = slot->server->ask;
	mailbox_post(slot->server->vio->lane->main, &slot->ask.mail);
}

static void fuse_release(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_release_in args;

	if (!fuse_arguments(slot, in, &args, sizeof(args))) {
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	slot->ask.is_open = false;
	slot->ask.handle = args.fh;
	slot->ask.mail.fn = slot->server->ask;
	mailbox_post(slot->server->vio->lane->main, &slot->ask.mail);
}

/* ---- data ---- */

static void fuse_read_done(struct io_request *request, int error)
{
	fuse_reply(request->front, error, request->data, request->length);
}

static void fuse_write_done(struct io_request *request, int error)
{
	struct fuse_slot *slot = request->front;

	slot->reply.write = (struct fuse_write_out){ .size = (uint32_t)request->length };
	fuse_reply(slot, error, &slot->reply.write, sizeof(slot->reply.write));
}

static void fuse_flush_done(struct io_request *request, int error)
{
	fuse_reply(request->front, error, NULL, 0);
}

static void fuse_range_next(struct fuse_slot *slot);

static void fuse_range_done(struct io_request *request, int error)
{
	struct fuse_slot *slot = request->front;

	if (error != 0 || slot->cursor == slot->end) {
		fuse_reply(slot, error, NULL, 0);
	} else {
		fuse_range_next(slot);
	}
}

static void fuse_submit(struct fuse_slot *slot, enum io_kind kind, uint64_t offset, uint64_t length,
			void (*done)(struct io_request *request, int error))
{
	struct io_request *request = slot->request;

	request->front = slot;
	request->kind = kind;
	request->offset = offset;
	request->length = length;
	request->data = request->buffer;
	request->durable = false;
	request->done = done;
	io_submit(request);
}

static void fuse_read(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_read_in args;
	uint64_t length = slot->server->vio->conf->length;

	if (!fuse_arguments(slot, in, &args, sizeof(args)) || args.size > VX_IO_BYTES) {
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	if (args.offset >= length || args.size == 0) {
		fuse_reply(slot, 0, NULL, 0);
		return;
	}
	fuse_submit(slot, IO_READ, args.offset,
		    args.size < length - args.offset ? args.size : length - args.offset,
		    fuse_read_done);
}

static void fuse_write(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_write_in args;
	uint64_t length = slot->server->vio->conf->length;

	_Static_assert(sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in) ==
			       FUSE_HEAD_BYTES,
		       "aligned data");
	if (!fuse_arguments(slot, in, &args, sizeof(args)) || args.size > VX_IO_BYTES ||
	    in->len != FUSE_HEAD_BYTES + args.size) {
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	if (args.offset >= length || args.size == 0) {
		fuse_reply(slot, args.size == 0 ? 0 : -ENOSPC, NULL, 0);
		return;
	}
	fuse_submit(slot, IO_WRITE, args.offset,
		    args.size < length - args.offset ? args.size : length - args.offset,
		    fuse_write_done);
}

static void fuse_range_next(struct fuse_slot *slot)
{
	uint64_t length = io_cut(slot->range_kind, slot->cursor, slot->end - slot->cursor);
	uint64_t offset = slot->cursor;

	slot->cursor += length;
	fuse_submit(slot, slot->range_kind, offset, length, fuse_range_done);
}

static void fuse_fallocate(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	struct fuse_fallocate_in args;
	uint64_t length = slot->server->vio->conf->length;

	if (!fuse_arguments(slot, in, &args, sizeof(args))) {
		fuse_reply(slot, -EINVAL, NULL, 0);
		return;
	}
	slot->range_kind = IO_ZERO;
	if (args.mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
		slot->range_kind = IO_DISCARD;
	} else if ((args.mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE) != FALLOC_FL_ZERO_RANGE) {
		fuse_reply(slot, -EOPNOTSUPP, NULL, 0);
		return;
	}
	if (args.offset >= length || args.length == 0) {
		fuse_reply(slot, args.length == 0 ? -EINVAL : 0, NULL, 0);
		return;
	}
	slot->cursor = args.offset;
	slot->end = args.length < length - args.offset ? args.offset + args.length : length;
	fuse_range_next(slot);
}

/* ---- dispatch ---- */

static void fuse_dispatch(struct fuse_slot *slot, const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_READ:
		fuse_read(slot, in);
		break;
	case FUSE_WRITE:
		fuse_write(slot, in);
		break;
	case FUSE_FSYNC:
		fuse_submit(slot, IO_FLUSH, 0, 0, fuse_flush_done);
		break;
	case FUSE_FALLOCATE:
		fuse_fallocate(slot, in);
		break;
	case FUSE_INIT:
		fuse_init(slot, in);
		break;
	case FUSE_GETATTR:
		fuse_getattr(slot);
		break;
	case FUSE_SETATTR:
		fuse_setattr(slot, in);
		break;
	case FUSE_STATFS:
		fuse_statfs(slot);
		break;
	case FUSE_LSEEK:
		fuse_lseek(slot, in);
		break;
	case FUSE_OPEN:
		fuse_open(slot, in);
		break;
	case FUSE_RELEASE:
		fuse_release(slot, in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		fuse_no_reply(slot);
		break;
	case FUSE_DESTROY:
		fuse_reply(slot, 0, NULL, 0);
		break;
	default: /* the kernel remembers that it is not there */
		fuse_reply(slot, -ENOSYS, NULL, 0);
		break;
	}
}

static void fuse_on_request(struct ring_op *op, int result)
{
	struct fuse_slot *slot = (struct fuse_slot *)op;
	struct fuse_server *server = slot->server;
	struct fuse_in_header in;

	server->posted--;
	if (result < (int)sizeof(in)) {
		server->dead = server->dead || result == -ENODEV || result == -EBADF ||
			       result == -EPERM || result >= 0;
		fuse_no_reply(slot);
		return;
	}
	fuse_adapt(server);
	fuse_post(server); /* before the request: the server may be gone after it */
	memcpy(&in, slot->head, sizeof(in));
	slot->out.unique = in.unique;
	slot->op.done = fuse_on_answered;
	if (in.len != (uint32_t)result) {
		fuse_reply(slot, -EIO, NULL, 0);
	} else {
		fuse_dispatch(slot, &in);
	}
}

void fuse_run_start(struct lane_call *call)
{
	fuse_post(call->ctx);
	lane_call_end(call, 0);
}

void fuse_run_stop(struct lane_call *call)
{
	struct fuse_server *server = call->ctx;

	server->stopping = true;
	server->stop = call;
	for (uint32_t i = 0; i < FUSE_SLOTS; i++) {
		struct fuse_slot *slot = &server->slot[i];

		if (slot->request != NULL && slot->op.done == fuse_on_request) {
			ring_cancel(server->vio->lane->ring, &slot->op);
		}
	}
	fuse_check_stop(server);
}
