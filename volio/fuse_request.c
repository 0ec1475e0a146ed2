// SPDX-License-Identifier: GPL-2.0-or-later
/* What each FUSE request to a volume means. What is not here is answered with ENOSYS. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "volio/fuse_slot.h"

#define FUSE_ATTR_SECONDS 1

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
			/* NOFLUSH: a close asks nothing; it could not be killed while it waits */
			.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES | FOPEN_NOFLUSH,
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
	/* O_SYNC contains it, RWF_DSYNC becomes it: for direct I/O the kernel flushes nothing itself */
	slot->request->durable = (args.flags & O_DSYNC) != 0;
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

void fuse_dispatch(struct fuse_slot *slot, const struct fuse_in_header *in)
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
		fuse_no_reply(slot);
		break;
	case FUSE_DESTROY:
		fuse_reply(slot, 0, NULL, 0);
		break;
	default: /* the kernel remembers that it is not there; INTERRUPT: V30 looks for itself */
		fuse_reply(slot, -ENOSYS, NULL, 0);
		break;
	}
}
