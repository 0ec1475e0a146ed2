// SPDX-License-Identifier: GPL-2.0-or-later
/* The negotiation of one NBD client. */
#include "volio/nbd_negotiate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NBD_OPTION_HEAD 16
#define NBD_OPTION_BYTES_MAX 8192
#define NBD_OUT_MAX (1024 * 1024) /* a client that asks and does not read */

void nbd_talk_init(struct nbd_talk *talk, const struct nbd_talk_ops *ops, void *ctx)
{
	*talk = (struct nbd_talk){ .ops = ops, .ctx = ctx };
}

void nbd_talk_free(struct nbd_talk *talk)
{
	free(talk->out);
	talk->out = NULL;
}

static void nbd_say(struct nbd_talk *talk, const void *data, size_t length)
{
	if (talk->out_length + length > talk->out_size) {
		size_t size = talk->out_length + length + 4096;
		uint8_t *out = size <= NBD_OUT_MAX ? realloc(talk->out, size) : NULL;

		if (out == NULL) {
			talk->over = true;
			return;
		}
		talk->out = out;
		talk->out_size = size;
	}
	if (length > 0) {
		memcpy(talk->out + talk->out_length, data, length);
	}
	talk->out_length += length;
}

static void nbd_say_number(struct nbd_talk *talk, unsigned int bytes, uint64_t value)
{
	uint8_t field[8];

	nbd_put(field, bytes, value);
	nbd_say(talk, field, bytes);
}

static void nbd_say_reply(struct nbd_talk *talk, uint32_t option, uint32_t type, const void *data,
			  size_t length)
{
	nbd_say_number(talk, 8, NBD_OPTION_REPLY_MAGIC);
	nbd_say_number(talk, 4, option);
	nbd_say_number(talk, 4, type);
	nbd_say_number(talk, 4, length);
	nbd_say(talk, data, length);
}

static uint32_t nbd_export_flags(const struct nbd_export *export)
{
	return NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA |
	       NBD_FLAG_CAN_MULTI_CONN |
	       (export->read_only ? NBD_FLAG_READ_ONLY
				  : NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES);
}

/* A name as the client sent it; false: too long, or with a zero byte in it. */
static bool nbd_take_name(struct nbd_talk *talk, const uint8_t *data, size_t length)
{
	if (length > NBD_NAME_BYTES_MAX || memchr(data, 0, length) != NULL) {
		return false;
	}
	memcpy(talk->name, data, length);
	talk->name[length] = '\0';
	return true;
}

static void nbd_option_export_name(struct nbd_talk *talk, const uint8_t *data, size_t length)
{
	static const uint8_t zeroes[124];
	struct nbd_export export;

	if (!nbd_take_name(talk, data, length) ||
	    !talk->ops->find(talk->ctx, talk->name, &export)) {
		talk->over = true; /* this option has no way to say no */
		return;
	}
	nbd_say_number(talk, 8, export.length);
	nbd_say_number(talk, 2, nbd_export_flags(&export));
	if (!talk->no_zeroes) {
		nbd_say(talk, zeroes, sizeof(zeroes));
	}
	talk->chosen = true;
}

static void nbd_option_go(struct nbd_talk *talk, uint32_t option, const uint8_t *data,
			  size_t length)
{
	static const char unknown[] = "no such export: they are named GROUP/VOLUME";
	struct nbd_export export;
	uint8_t info[14];
	uint64_t name_length, infos;

	if (length < 6) {
		nbd_say_reply(talk, option, NBD_REP_ERR_INVALID, NULL, 0);
		return;
	}
	name_length = nbd_get(data, 4);
	if (name_length > length - 6) {
		nbd_say_reply(talk, option, NBD_REP_ERR_INVALID, NULL, 0);
		return;
	}
	infos = nbd_get(data + 4 + name_length, 2);
	if (length != 6 + name_length + 2 * infos || !nbd_take_name(talk, data + 4, name_length)) {
		nbd_say_reply(talk, option, NBD_REP_ERR_INVALID, NULL, 0);
		return;
	}
	if (!talk->ops->find(talk->ctx, talk->name, &export)) {
		nbd_say_reply(talk, option, NBD_REP_ERR_UNKNOWN, unknown, sizeof(unknown) - 1);
		return;
	}
	nbd_put(info, 2, NBD_INFO_EXPORT);
	nbd_put(info + 2, 8, export.length);
	nbd_put(info + 10, 2, nbd_export_flags(&export));
	nbd_say_reply(talk, option, NBD_REP_INFO, info, 12);
	nbd_put(info, 2, NBD_INFO_BLOCK_SIZE);
	nbd_put(info + 2, 4, export.least);
	nbd_put(info + 6, 4, 4096);
	nbd_put(info + 10, 4, NBD_PAYLOAD_MAX);
	nbd_say_reply(talk, option, NBD_REP_INFO, info, 14);
	nbd_say_reply(talk, option, NBD_REP_ACK, NULL, 0);
	talk->chosen = option == NBD_OPT_GO;
}

void nbd_talk_listed(struct nbd_talk *talk, const char *name)
{
	uint8_t data[4 + NBD_NAME_BYTES_MAX];
	size_t length = strlen(name);

	if (length <= NBD_NAME_BYTES_MAX) {
		nbd_put(data, 4, length);
		memcpy(data + 4, name, length);
		nbd_say_reply(talk, NBD_OPT_LIST, NBD_REP_SERVER, data, 4 + length);
	}
}

static void nbd_option(struct nbd_talk *talk, uint32_t option, const uint8_t *data, size_t length)
{
	switch (option) {
	case NBD_OPT_EXPORT_NAME:
		nbd_option_export_name(talk, data, length);
		break;
	case NBD_OPT_GO:
	case NBD_OPT_INFO:
		nbd_option_go(talk, option, data, length);
		break;
	case NBD_OPT_LIST:
		if (length == 0) {
			talk->ops->list(talk->ctx, talk);
		}
		nbd_say_reply(talk, option, length == 0 ? NBD_REP_ACK : NBD_REP_ERR_INVALID, NULL,
			      0);
		break;
	case NBD_OPT_STRUCTURED_REPLY:
		talk->structured = talk->structured || length == 0;
		nbd_say_reply(talk, option, length == 0 ? NBD_REP_ACK : NBD_REP_ERR_INVALID, NULL,
			      0);
		break;
	case NBD_OPT_ABORT:
		nbd_say_reply(talk, option, NBD_REP_ACK, NULL, 0);
		talk->over = true;
		break;
	default:
		nbd_say_reply(talk, option, NBD_REP_ERR_UNSUP, NULL, 0);
		break;
	}
}

static void nbd_drop(struct nbd_talk *talk, size_t length)
{
	talk->in_length -= length;
	memmove(talk->in, talk->in + length, talk->in_length);
}

static void nbd_take_flags(struct nbd_talk *talk)
{
	uint64_t flags = nbd_get(talk->in, 4);

	if ((flags & ~(uint64_t)(NBD_HAND_FIXED_NEWSTYLE | NBD_HAND_NO_ZEROES)) != 0) {
		talk->over = true;
		return;
	}
	talk->no_zeroes = (flags & NBD_HAND_NO_ZEROES) != 0;
	talk->flagged = true;
	nbd_drop(talk, 4);
}

void nbd_talk_take(struct nbd_talk *talk)
{
	if (!talk->greeted) {
		nbd_say_number(talk, 8, NBD_MAGIC);
		nbd_say_number(talk, 8, NBD_OPTION_MAGIC);
		nbd_say_number(talk, 2, NBD_HAND_FIXED_NEWSTYLE | NBD_HAND_NO_ZEROES);
		talk->greeted = true;
	}
	if (!talk->flagged && talk->in_length >= 4) {
		nbd_take_flags(talk);
	}
	while (talk->flagged && !talk->over && !talk->chosen &&
	       talk->in_length >= NBD_OPTION_HEAD) {
		uint64_t length = nbd_get(talk->in + 12, 4);

		if (nbd_get(talk->in, 8) != NBD_OPTION_MAGIC || length > NBD_OPTION_BYTES_MAX) {
			talk->over = true;
			return;
		}
		if (talk->in_length < NBD_OPTION_HEAD + length) {
			return;
		}
		nbd_option(talk, (uint32_t)nbd_get(talk->in + 8, 4), talk->in + NBD_OPTION_HEAD,
			   length);
		nbd_drop(talk, NBD_OPTION_HEAD + length);
	}
}

/* 1: everything was sent; 0: the socket is full; -1: gone. */
static int nbd_flush(struct nbd_talk *talk, int fd)
{
	while (talk->out_done < talk->out_length) {
		ssize_t sent = send(fd, talk->out + talk->out_done,
				    talk->out_length - talk->out_done, MSG_NOSIGNAL);

		if (sent < 0) {
			return errno == EAGAIN ? 0 : -1;
		}
		talk->out_done += (size_t)sent;
	}
	talk->out_done = talk->out_length = 0;
	return 1;
}

enum nbd_talk_state nbd_talk_go_on(struct nbd_talk *talk, int fd)
{
	for (;;) {
		ssize_t got;
		int sent;

		nbd_talk_take(talk);
		sent = nbd_flush(talk, fd);
		if (sent <= 0) {
			return sent < 0 ? NBD_TALK_OVER : NBD_TALK_WRITE;
		}
		if (talk->over || talk->chosen) {
			return talk->over ? NBD_TALK_OVER : NBD_TALK_CHOSEN;
		}
		got = recv(fd, talk->in + talk->in_length, sizeof(talk->in) - talk->in_length, 0);
		if (got < 0 && errno == EAGAIN) {
			return NBD_TALK_READ;
		}
		if (got <= 0) {
			return NBD_TALK_OVER;
		}
		talk->in_length += (size_t)got;
	}
}
