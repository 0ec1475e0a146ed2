/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The negotiation of one NBD client: bytes in, bytes out, until it chose an export. Does not block.
 */
#ifndef VX_VOLIO_NBD_NEGOTIATE_H
#define VX_VOLIO_NBD_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "volio/nbd_proto.h"

struct nbd_talk;

struct nbd_export {
	uint64_t length;
	uint32_t least; /* bytes: smaller transfers, or others, may meet those of another node (V9) */
	bool read_only;
};

struct nbd_talk_ops {
	bool (*find)(void *ctx, const char *name, struct nbd_export *out_export);
	/* Calls nbd_talk_listed() for each export. */
	void (*list)(void *ctx, struct nbd_talk *talk);
};

#define NBD_TALK_IN 16384

struct nbd_talk {
	const struct nbd_talk_ops *ops;
	void *ctx;
	bool greeted, flagged; /* the client's flags are read */
	bool no_zeroes, structured, chosen, over;
	char name[NBD_NAME_BYTES_MAX + 1];
	uint8_t *out;
	size_t out_length, out_done, out_size;
	size_t in_length;
	uint8_t in[NBD_TALK_IN]; /* when the export is chosen: what came behind the negotiation */
};

/* What nbd_talk_go_on() waits for. */
enum nbd_talk_state { NBD_TALK_READ, NBD_TALK_WRITE, NBD_TALK_CHOSEN, NBD_TALK_OVER };

void nbd_talk_init(struct nbd_talk *talk, const struct nbd_talk_ops *ops, void *ctx);
void nbd_talk_free(struct nbd_talk *talk);
/* Reads and writes as far as fd (non-blocking) lets it. OVER: close it. */
enum nbd_talk_state nbd_talk_go_on(struct nbd_talk *talk, int fd);
/* Takes the bytes in talk->in, appends answers to talk->out. For tests, and go_on(). */
void nbd_talk_take(struct nbd_talk *talk);
void nbd_talk_listed(struct nbd_talk *talk, const char *name);

#endif
