// SPDX-License-Identifier: GPL-2.0-or-later
/* Cutting packets of the IPC into libqb messages and putting them together. */
#include "base/ipc_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/limits.h"

int ipc_out_add(struct ipc_out *out, const Vx__Ipc *msg)
{
	size_t total = vx__ipc__get_packed_size(msg);
	size_t frames = total / IPC_FRAME_BYTES + 1;

	if (total > VX_IPC_MSG_MAX || out->count + frames > VX_IPC_QUEUE_MAX) {
		return -VX_E_FULL;
	}

	uint8_t *packed = malloc(total + 1);

	if (packed == NULL) {
		return -ENOMEM;
	}
	vx__ipc__pack(msg, packed);
	for (size_t offset = 0; frames > 0; frames--) {
		size_t part = total - offset < IPC_FRAME_BYTES ? total - offset : IPC_FRAME_BYTES;
		struct ipc_frame *frame = malloc(sizeof(*frame) + part);

		if (frame == NULL) {
			abort(); /* half a packet is in the queue */
		}
		memset(&frame->head, 0, sizeof(frame->head));
		frame->length = sizeof(frame->head) + part;
		frame->head.qb.response.id = IPC_QB_ID;
		frame->head.qb.response.size = (int32_t)frame->length;
		frame->head.total = (uint32_t)total;
		frame->head.offset = (uint32_t)offset;
		memcpy(frame->payload, packed + offset, part);
		STAILQ_INSERT_TAIL(&out->queue, frame, next);
		out->count++;
		offset += part;
	}
	free(packed);
	return 0;
}

int ipc_out_flush(struct ipc_out *out, ssize_t (*send)(void *ctx, const struct ipc_frame *frame),
		  void *ctx)
{
	struct ipc_frame *frame;

	while ((frame = STAILQ_FIRST(&out->queue)) != NULL) {
		ssize_t rc = send(ctx, frame);

		if (rc < 0) {
			return rc == -EAGAIN || rc == -ENOBUFS || rc == -ETIMEDOUT ? -EAGAIN
										   : (int)rc;
		}
		STAILQ_REMOVE_HEAD(&out->queue, next);
		out->count--;
		free(frame);
	}
	return 0;
}

void ipc_out_clear(struct ipc_out *out)
{
	struct ipc_frame *frame;

	while ((frame = STAILQ_FIRST(&out->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&out->queue, next);
		free(frame);
	}
	out->count = 0;
}

int ipc_in_add(struct ipc_in *in, const void *data, size_t size, Vx__Ipc **out_msg)
{
	struct ipc_head head;

	if (size < sizeof(head)) {
		return -VX_E_PROTO;
	}
	memcpy(&head, data, sizeof(head));

	size_t part = size - sizeof(head);

	if (head.total > VX_IPC_MSG_MAX || part > IPC_FRAME_BYTES || head.offset != in->length ||
	    (in->length != 0 && head.total != in->total) || head.offset + part > head.total) {
		return -VX_E_PROTO;
	}
	if (in->length == 0) {
		free(in->data);
		in->total = head.total;
		in->data = malloc(in->total + 1);
		if (in->data == NULL) {
			return -ENOMEM;
		}
	}
	memcpy(in->data + in->length, (const uint8_t *)data + sizeof(head), part);
	in->length += part;
	if (in->length < in->total) {
		return 0;
	}
	*out_msg = vx__ipc__unpack(NULL, in->total, in->data);
	in->length = 0;
	return *out_msg != NULL ? 1 : -VX_E_PROTO;
}

void ipc_in_clear(struct ipc_in *in)
{
	free(in->data);
	*in = (struct ipc_in){ 0 };
}
