// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets between vxclustds: framing, and translation between the schema and the view core. */
#include "cpg/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/errors.h"
#include "base/limits.h"

#define PACKET_MAGIC_BYTES 4

/* ---- framing ---- */

uint8_t *packet_encode(const Vx__Cpg *msg, size_t *out_length)
{
	size_t length = vx__cpg__get_packed_size(msg);

	if (length > VX_CPG_MSG_MAX) {
		return NULL;
	}

	uint8_t *data = malloc(PACKET_HEAD + length);

	if (data == NULL) {
		abort();
	}
	vx__cpg__pack(msg, data + PACKET_HEAD);

	struct cursor cursor = cursor_write(data, PACKET_HEAD);

	cursor_put_bytes(&cursor, PACKET_MAGIC, PACKET_MAGIC_BYTES);
	cursor_put(&cursor, PACKET_MAJOR, 2);
	cursor_put(&cursor, PACKET_MINOR, 2);
	cursor_put(&cursor, length, 4);
	cursor_put(&cursor, crc32c(0, data + PACKET_HEAD, length), 4);
	*out_length = PACKET_HEAD + length;
	return data;
}

int packet_decode(const void *data, size_t length, Vx__Cpg **out_msg)
{
	struct cursor cursor = cursor_read(data, length);
	const uint8_t *magic = cursor_get_bytes(&cursor, PACKET_MAGIC_BYTES);
	uint64_t major = cursor_get(&cursor, 2);

	(void)cursor_get(&cursor, 2); /* a newer minor is read */

	uint64_t body_length = cursor_get(&cursor, 4), crc = cursor_get(&cursor, 4);

	if (cursor.bad || memcmp(magic, PACKET_MAGIC, PACKET_MAGIC_BYTES) != 0) {
		return -VX_E_PROTO;
	}
	if (major != PACKET_MAJOR) {
		return -VX_E_VERSION;
	}

	const uint8_t *body = cursor_get_bytes(&cursor, body_length);

	if (body == NULL || cursor.offset != length) {
		return -VX_E_PROTO;
	}
	if (crc != crc32c(0, body, body_length)) {
		return -VX_E_CORRUPT;
	}
	*out_msg = vx__cpg__unpack(NULL, body_length, body);
	return *out_msg != NULL ? 0 : -VX_E_PROTO;
}

/* ---- from the schema to the view core ---- */

static void ring_from(const Vx__RingId *ring, struct view_ring *out)
{
	if (ring != NULL) {
		*out = (struct view_ring){ .rep = ring->rep, .seq = ring->seq };
	}
}

static int members_from(Vx__Member *const *member, size_t count, struct view *out)
{
	if (count > VX_NODES_MAX) {
		return -VX_E_PROTO;
	}
	for (size_t i = 0; i < count; i++) {
		if (member[i]->nid >= VX_NODES_MAX) {
			return -VX_E_PROTO;
		}
		out->member[i] = (struct view_member){ .nodeid = member[i]->nodeid,
						       .nid = member[i]->nid,
						       .incarnation = member[i]->incarnation,
						       .joined_epoch = member[i]->joined_epoch,
						       .fenced_at = member[i]->fenced_at,
						       .preference = member[i]->preference };
	}
	out->member_count = count;
	return 0;
}

static int leavers_from(Vx__Leaver *const *leaver, size_t count, struct view *out)
{
	if (count > VX_COUNT_OF(out->leaver)) {
		return -VX_E_PROTO;
	}
	for (size_t i = 0; i < count; i++) {
		if (leaver[i]->nid >= VX_NODES_MAX ||
		    leaver[i]->how > VX__LEAVE_HOW__LEFT_ABORTED) {
			return -VX_E_PROTO;
		}
		out->leaver[i] = (struct view_leaver){ .nodeid = leaver[i]->nodeid,
						       .nid = leaver[i]->nid,
						       .incarnation = leaver[i]->incarnation,
						       .fenced_at = leaver[i]->fenced_at,
						       .how = (enum view_how)leaver[i]->how };
	}
	out->leaver_count = count;
	return 0;
}

static int hello_from(const Vx__Hello *hello, struct view_packet *out)
{
	struct view self;

	if (hello->self == NULL || members_from(&hello->self, 1, &self) != 0) {
		return -VX_E_PROTO;
	}
	out->type = VP_HELLO;
	ring_from(hello->ring, &out->ring);
	out->round = hello->round;
	out->coordinator = hello->coordinator;
	out->member = hello->member;
	out->let_go = hello->let_go;
	out->ran = hello->ran;
	out->self = self.member[0];
	out->last_epoch = hello->last_epoch;
	if ((uint32_t)out->self.incarnation != out->pid || out->self.nodeid != out->from) {
		return -VX_E_PROTO;
	}

	int rc = members_from(hello->view, hello->n_view, &out->view);

	return rc != 0 ? rc : leavers_from(hello->leaver, hello->n_leaver, &out->view);
}

static int newview_from(const Vx__NewView *newview, struct view_packet *out)
{
	const Vx__View *view = newview->view;

	if (view == NULL || view->n_joiner > VX_NODES_MAX || view->n_member == 0) {
		return -VX_E_PROTO;
	}
	out->type = VP_NEWVIEW;
	ring_from(newview->ring, &out->ring);
	out->round = newview->round;
	out->view.epoch = view->epoch;
	out->view.master = view->master;
	out->view.cold = view->cold;
	out->view.unfolded = view->unfolded;
	out->view.joiner_count = view->n_joiner;
	for (size_t i = 0; i < view->n_joiner; i++) {
		out->view.joiner[i] = view->joiner[i];
	}

	int rc = members_from(view->member, view->n_member, &out->view);

	return rc != 0 ? rc : leavers_from(view->leaver, view->n_leaver, &out->view);
}

static void reason_from(const char *reason, struct view_packet *out)
{
	snprintf(out->reason, sizeof(out->reason), "%s", reason != NULL ? reason : "");
}

int packet_to_view(const Vx__Cpg *msg, uint32_t from, uint32_t pid, struct view_packet *out)
{
	memset(out, 0, sizeof(*out));
	out->from = from;
	out->pid = pid;
	out->epoch = msg->epoch;
	switch (msg->body_case) {
	case VX__CPG__BODY_RSTART:
		out->type = VP_RSTART;
		ring_from(msg->rstart->ring, &out->ring);
		out->round = msg->rstart->round;
		return 0;
	case VX__CPG__BODY_HELLO:
		return hello_from(msg->hello, out);
	case VX__CPG__BODY_NEWVIEW:
		return newview_from(msg->newview, out);
	case VX__CPG__BODY_BUSY:
		out->type = VP_BUSY;
		ring_from(msg->busy->ring, &out->ring);
		return 0;
	case VX__CPG__BODY_STEP_DONE:
		out->type = VP_STEP_DONE;
		out->step = msg->step_done->step;
		out->error = msg->step_done->error;
		reason_from(msg->step_done->reason, out);
		return 0;
	case VX__CPG__BODY_LEAVE:
		if (msg->leave->how > VX__LEAVE_HOW__LEFT_ABORTED) {
			return -VX_E_PROTO;
		}
		out->type = VP_LEAVE;
		out->how = (enum view_how)msg->leave->how;
		out->incarnation = msg->leave->incarnation;
		reason_from(msg->leave->reason, out);
		return 0;
	case VX__CPG__BODY_REFUSE:
		out->type = VP_REFUSE;
		out->nodeid = msg->refuse->nodeid;
		out->incarnation = msg->refuse->incarnation;
		reason_from(msg->refuse->reason, out);
		return 0;
	case VX__CPG__BODY_RECONF_ASK:
		out->type = VP_RECONF;
		reason_from(msg->reconf_ask->reason, out);
		return 0;
	case VX__CPG__BODY_PORT_STATE:
	case VX__CPG__BODY_PORT_DATA:
	case VX__CPG__BODY__NOT_SET:
	case _VX__CPG__BODY__CASE_IS_INT_SIZE:
		return -VX_E_PROTO;
	}
	return -VX_E_PROTO;
}

/* ---- from the view core to the schema ---- */

/* Messages that point into one another; as large as the largest packet. */
struct packet_parts {
	Vx__RingId ring;
	Vx__Member self, member[VX_NODES_MAX];
	Vx__Member *member_at[VX_NODES_MAX];
	Vx__Leaver leaver[2 * VX_NODES_MAX];
	Vx__Leaver *leaver_at[2 * VX_NODES_MAX];
	Vx__View view;
	uint32_t joiner[VX_NODES_MAX];
};

static void member_to(const struct view_member *member, Vx__Member *out)
{
	vx__member__init(out);
	out->nodeid = member->nodeid;
	out->nid = member->nid;
	out->incarnation = member->incarnation;
	out->joined_epoch = member->joined_epoch;
	out->fenced_at = member->fenced_at;
	out->preference = member->preference;
}

static void parts_fill(struct packet_parts *parts, const struct view *view)
{
	for (size_t i = 0; i < view->member_count; i++) {
		member_to(&view->member[i], &parts->member[i]);
		parts->member_at[i] = &parts->member[i];
	}
	for (size_t i = 0; i < view->leaver_count; i++) {
		Vx__Leaver *leaver = &parts->leaver[i];

		vx__leaver__init(leaver);
		leaver->nodeid = view->leaver[i].nodeid;
		leaver->nid = view->leaver[i].nid;
		leaver->incarnation = view->leaver[i].incarnation;
		leaver->fenced_at = view->leaver[i].fenced_at;
		leaver->how = (Vx__LeaveHow)view->leaver[i].how;
		parts->leaver_at[i] = leaver;
	}
	memcpy(parts->joiner, view->joiner, sizeof(parts->joiner));
	vx__view__init(&parts->view);
	parts->view.epoch = view->epoch;
	parts->view.master = view->master;
	parts->view.cold = view->cold;
	parts->view.unfolded = view->unfolded;
	parts->view.n_member = view->member_count;
	parts->view.member = parts->member_at;
	parts->view.n_leaver = view->leaver_count;
	parts->view.leaver = parts->leaver_at;
	parts->view.n_joiner = view->joiner_count;
	parts->view.joiner = parts->joiner;
}

static uint8_t *hello_to(const struct view_packet *packet, Vx__Cpg *msg, struct packet_parts *parts,
			 size_t *out_length)
{
	Vx__Hello hello = VX__HELLO__INIT;

	parts_fill(parts, &packet->view);
	member_to(&packet->self, &parts->self);
	hello.ring = &parts->ring;
	hello.round = packet->round;
	hello.coordinator = packet->coordinator;
	hello.member = packet->member;
	hello.let_go = packet->let_go;
	hello.ran = packet->ran;
	hello.self = &parts->self;
	hello.last_epoch = packet->last_epoch;
	hello.n_view = parts->view.n_member;
	hello.view = parts->view.member;
	hello.n_leaver = parts->view.n_leaver;
	hello.leaver = parts->view.leaver;
	hello.proto_min = VX_PROTOCOL_MIN;
	hello.proto_max = VX_PROTOCOL_MAX;
	msg->body_case = VX__CPG__BODY_HELLO;
	msg->hello = &hello;
	return packet_encode(msg, out_length);
}

uint8_t *packet_from_view(const struct view_packet *packet, uint64_t serial, size_t *out_length)
{
	struct packet_parts parts;
	Vx__Cpg msg = VX__CPG__INIT;
	char *reason = (char *)(uintptr_t)packet->reason;
	Vx__Rstart rstart = VX__RSTART__INIT;
	Vx__NewView newview = VX__NEW_VIEW__INIT;
	Vx__Busy busy = VX__BUSY__INIT;
	Vx__StepDone step_done = VX__STEP_DONE__INIT;
	Vx__Leave leave = VX__LEAVE__INIT;
	Vx__Refuse refuse = VX__REFUSE__INIT;
	Vx__ReconfAsk reconf = VX__RECONF_ASK__INIT;

	vx__ring_id__init(&parts.ring);
	parts.ring.rep = packet->ring.rep;
	parts.ring.seq = packet->ring.seq;
	msg.epoch = packet->epoch;
	msg.serial = serial;
	switch (packet->type) {
	case VP_RSTART:
		rstart.ring = &parts.ring;
		rstart.round = packet->round;
		msg.body_case = VX__CPG__BODY_RSTART;
		msg.rstart = &rstart;
		break;
	case VP_HELLO:
		return hello_to(packet, &msg, &parts, out_length);
	case VP_NEWVIEW:
		parts_fill(&parts, &packet->view);
		newview.ring = &parts.ring;
		newview.round = packet->round;
		newview.view = &parts.view;
		msg.body_case = VX__CPG__BODY_NEWVIEW;
		msg.newview = &newview;
		break;
	case VP_BUSY:
		busy.ring = &parts.ring;
		msg.body_case = VX__CPG__BODY_BUSY;
		msg.busy = &busy;
		break;
	case VP_STEP_DONE:
		step_done.step = packet->step;
		step_done.error = packet->error;
		step_done.reason = reason;
		msg.body_case = VX__CPG__BODY_STEP_DONE;
		msg.step_done = &step_done;
		break;
	case VP_LEAVE:
		leave.how = (Vx__LeaveHow)packet->how;
		leave.incarnation = packet->incarnation;
		leave.reason = reason;
		msg.body_case = VX__CPG__BODY_LEAVE;
		msg.leave = &leave;
		break;
	case VP_REFUSE:
		refuse.nodeid = packet->nodeid;
		refuse.incarnation = packet->incarnation;
		refuse.reason = reason;
		msg.body_case = VX__CPG__BODY_REFUSE;
		msg.refuse = &refuse;
		break;
	case VP_RECONF:
		reconf.reason = reason;
		msg.body_case = VX__CPG__BODY_RECONF_ASK;
		msg.reconf_ask = &reconf;
		break;
	}
	return packet_encode(&msg, out_length);
}

/* ---- a view for local clients ---- */

Vx__View *packet_view_make(const struct view *view, const struct packet_names *names, uint32_t self,
			   const char *cluster)
{
	struct packet_parts *parts = calloc(1, sizeof(*parts));

	if (parts == NULL) {
		abort();
	}
	parts_fill(parts, view);
	for (size_t i = 0; i < view->member_count; i++) {
		uint32_t nodeid = view->member[i].nodeid;

		parts->member[i].name = (char *)(uintptr_t)names->name(names->ctx, nodeid);
		parts->member[i].addr = (char *)(uintptr_t)names->addr(names->ctx, nodeid);
	}
	for (size_t i = 0; i < view->leaver_count; i++) {
		parts->leaver[i].name =
			(char *)(uintptr_t)names->name(names->ctx, view->leaver[i].nodeid);
	}
	parts->view.self = self;
	parts->view.cluster = (char *)(uintptr_t)cluster;
	return &parts->view;
}

void packet_view_free(Vx__View *view)
{
	if (view != NULL) {
		free((char *)view - offsetof(struct packet_parts, view));
	}
}
