/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of the IPC cut into libqb messages and put together again. For base/ipc*.c only. */
#ifndef VX_BASE_IPC_FRAME_H
#define VX_BASE_IPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <qb/qbipc_common.h>

#include "vxha.pb-c.h"

#define IPC_FRAME_BYTES (48 * 1024) /* payload of one libqb message */
#define IPC_QB_BYTES (128 * 1024)   /* size of a libqb ring: two messages and a little */
#define IPC_QB_ID 1

/* In front of each payload. The libqb header is larger on the way to a client. */
struct ipc_head {
	union {
		struct qb_ipc_request_header request;
		struct qb_ipc_response_header response;
	} qb;
	uint32_t total;	 /* bytes of the whole packet */
	uint32_t offset; /* of this payload in it */
};

struct ipc_frame {
	STAILQ_ENTRY(ipc_frame) next;
	size_t length; /* of head and payload */
	struct ipc_head head;
	uint8_t payload[];
};
STAILQ_HEAD(ipc_queue, ipc_frame);

struct ipc_out {
	struct ipc_queue queue;
	size_t count;
};

struct ipc_in {
	uint8_t *data;
	size_t length, total;
};

/* Packs msg and appends its frames. 0, -ENOMEM, -VX_E_FULL. */
int ipc_out_add(struct ipc_out *out, const Vx__Ipc *msg);
/* Sends what can be sent by send(ctx, frame): >= 0 sent, -EAGAIN later. 0, -EAGAIN or an error. */
int ipc_out_flush(struct ipc_out *out, ssize_t (*send)(void *ctx, const struct ipc_frame *frame),
		  void *ctx);
void ipc_out_clear(struct ipc_out *out);

/* Takes one libqb message. 0: more to come; 1: *out_msg is a packet; -VX_E_PROTO: bad peer. */
int ipc_in_add(struct ipc_in *in, const void *data, size_t size, Vx__Ipc **out_msg);
void ipc_in_clear(struct ipc_in *in);

#endif
