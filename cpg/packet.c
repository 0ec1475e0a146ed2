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
#define PACKET_PROTOCOL_FIRST 10 /* before it was said */

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

/* ---- what has the same name in the schema and in the view core ---- */

#define COPY(field) to->field = from->field;
#define MEMBER_FIELDS(X) X(nodeid) X(nid) X(incarnation) X(joined_epoch) X(fenced_at) X(preference) \
	X(proto_min) X(proto_max) X(leaving)
#define LEAVER_FIELDS(X) X(nodeid) X(nid) X(incarnation) X(fenced_at)
#define VIEW_FIELDS(X) X(epoch) X(master) X(protocol) X(cold) X(unfolded)
#define HELLO_FIELDS(X) X(round) X(coordinator) X(member) X(let_go) X(ran) X(last_epoch) X(protocol)

/* ---- from the schema to the view core ---- */

static void ring_from(const Vx__RingId *from, struct view_ring *to)
{
	if (from != NULL) {
		*to = (struct view_ring){ .rep = from->rep, .seq = from->seq };
	}
}

static int how_from(Vx__LeaveHow from, enum view_how *to)
{
	*to = (enum view_how)from;
	return from <= VX__LEAVE_HOW__LEFT_ABORTED ? 0 : -VX_E_PROTO;
}

static uint32_t first_if_absent(uint32_t protocol)
{
	return protocol != 0 ? protocol : PACKET_PROTOCOL_FIRST;
}

int packet_to_member(const Vx__Member *from, struct view_member *to)
{
	MEMBER_FIELDS(COPY)
	to->proto_min = first_if_absent(to->proto_min);
	to->proto_max = first_if_absent(to->proto_max);
	return to->nid < VX_NODES_MAX ? 0 : -VX_E_PROTO;
}

static int leaver_from(const Vx__Leaver *from, struct view_leaver *to)
{
	LEAVER_FIELDS(COPY)
	return to->nid < VX_NODES_MAX ? how_from(from->how, &to->how) : -VX_E_PROTO;
}

static int lists_from(Vx__Member *const *member, size_t members, Vx__Leaver *const *leaver,
		      size_t leavers, struct view *to)
{
	int rc = members <= VX_COUNT_OF(to->member) && leavers <= VX_COUNT_OF(to->leaver)
			 ? 0
			 : -VX_E_PROTO;

	for (size_t i = 0; rc == 0 && i < members; i++) {
		rc = packet_to_member(member[i], &to->member[to->member_count++]);
	}
	for (size_t i = 0; rc == 0 && i < leavers; i++) {
		rc = leaver_from(leaver[i], &to->leaver[to->leaver_count++]);
	}
	return rc;
}

/* What a node says of itself. */
static int self_from(const Vx__Member *from, struct view_packet *to)
{
	return from != NULL && packet_to_member(from, &to->self) == 0 &&
			       (uint32_t)to->self.incarnation == to->pid &&
			       to->self.nodeid == to->from
		       ? 0
		       : -VX_E_PROTO;
}

static int hello_from(const Vx__Hello *from, struct view_packet *to)
{
	if (self_from(from->self, to) != 0) {
		return -VX_E_PROTO;
	}
	to->type = VP_HELLO;
	ring_from(from->ring, &to->ring);
	HELLO_FIELDS(COPY)
	return lists_from(from->view, from->n_view, from->leaver, from->n_leaver, &to->view);
}

static int view_from(const Vx__View *from, struct view *to)
{
	if (from == NULL || from->n_joiner > VX_COUNT_OF(to->joiner) || from->n_member == 0) {
		return -VX_E_PROTO;
	}
	VIEW_FIELDS(COPY)
	to->protocol = first_if_absent(to->protocol);
	for (size_t i = 0; i < from->n_joiner; i++) {
		to->joiner[to->joiner_count++] = from->joiner[i];
	}
	if (lists_from(from->member, from->n_member, from->leaver, from->n_leaver, to) != 0) {
		return -VX_E_PROTO;
	}
	return view_has_member(to, to->master) ? 0 : -VX_E_PROTO;
}

static void reason_from(const char *reason, struct view_packet *to)
{
	snprintf(to->reason, sizeof(to->reason), "%s", reason != NULL ? reason : "");
}

int packet_to_view(const Vx__Cpg *msg, uint32_t from, uint32_t pid, struct view_packet *to)
{
	memset(to, 0, sizeof(*to));
	to->from = from;
	to->pid = pid;
	to->epoch = msg->epoch;
	switch (msg->body_case) {
	case VX__CPG__BODY_RSTART:
		to->type = VP_RSTART;
		ring_from(msg->rstart->ring, &to->ring);
		to->round = msg->rstart->round;
		return 0;
	case VX__CPG__BODY_HELLO:
		return hello_from(msg->hello, to);
	case VX__CPG__BODY_NEWVIEW:
		to->type = VP_NEWVIEW;
		ring_from(msg->newview->ring, &to->ring);
		to->round = msg->newview->round;
		return view_from(msg->newview->view, &to->view);
	case VX__CPG__BODY_BUSY:
		to->type = VP_BUSY;
		ring_from(msg->busy->ring, &to->ring);
		return 0;
	case VX__CPG__BODY_STEP_DONE:
		to->type = VP_STEP_DONE;
		to->step = msg->step_done->step;
		to->error = msg->step_done->error;
		reason_from(msg->step_done->reason, to);
		return 0;
	case VX__CPG__BODY_LEAVE:
		to->type = VP_LEAVE;
		to->incarnation = msg->leave->incarnation;
		reason_from(msg->leave->reason, to);
		return how_from(msg->leave->how, &to->how);
	case VX__CPG__BODY_REFUSE:
		to->type = VP_REFUSE;
		to->nodeid = msg->refuse->nodeid;
		to->incarnation = msg->refuse->incarnation;
		to->error = msg->refuse->error;
		reason_from(msg->refuse->reason, to);
		return 0;
	case VX__CPG__BODY_RECONF_ASK:
		to->type = VP_RECONF;
		to->upgrade = msg->reconf_ask->upgrade;
		reason_from(msg->reconf_ask->reason, to);
		return 0;
	case VX__CPG__BODY_SETMASTER:
		to->type = VP_SETMASTER;
		to->nodeid = msg->setmaster->nodeid;
		to->incarnation = msg->setmaster->incarnation;
		return 0;
	case VX__CPG__BODY_ASK:
		to->type = VP_ASK;
		to->look = msg->ask->look;
		return self_from(msg->ask->self, to);
	case VX__CPG__BODY_LEAVING:
		to->type = VP_LEAVING;
		to->leaving = msg->leaving->leaving;
		to->incarnation = msg->leaving->incarnation;
		to->ready = msg->leaving->ready;
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
	Vx__Cpg msg;
	union {
		Vx__Rstart rstart;
		Vx__Hello hello;
		Vx__NewView newview;
		Vx__Busy busy;
		Vx__StepDone step_done;
		Vx__Leave leave;
		Vx__Refuse refuse;
		Vx__ReconfAsk reconf_ask;
		Vx__Setmaster setmaster;
		Vx__Leaving leaving;
		Vx__Ask ask;
	} body;
	Vx__RingId ring;
	Vx__Member self, member[VX_NODES_MAX];
	Vx__Member *member_at[VX_NODES_MAX];
	Vx__Leaver leaver[2 * VX_NODES_MAX];
	Vx__Leaver *leaver_at[2 * VX_NODES_MAX];
	Vx__View view;
	uint32_t joiner[VX_NODES_MAX];
};

/* Makes body.FIELD the body of the message: its address. */
#define PARTS_BODY(parts, field, message, NAME) \
	(vx__##message##__init(&(parts)->body.field), \
	 (parts)->msg.body_case = VX__CPG__BODY_##NAME, (parts)->msg.field = &(parts)->body.field)

static void ring_to(const struct view_ring *from, Vx__RingId *to)
{
	vx__ring_id__init(to);
	to->rep = from->rep;
	to->seq = from->seq;
}

static Vx__Member *member_to(const struct view_member *from, Vx__Member *to)
{
	vx__member__init(to);
	MEMBER_FIELDS(COPY)
	return to;
}

static Vx__Leaver *leaver_to(const struct view_leaver *from, Vx__Leaver *to)
{
	vx__leaver__init(to);
	LEAVER_FIELDS(COPY)
	to->how = (Vx__LeaveHow)from->how;
	return to;
}

static Vx__View *view_to(const struct view *from, struct packet_parts *parts)
{
	Vx__View *to = &parts->view;

	vx__view__init(to);
	VIEW_FIELDS(COPY)
	to->n_member = from->member_count;
	to->member = parts->member_at;
	for (size_t i = 0; i < from->member_count; i++) {
		to->member[i] = member_to(&from->member[i], &parts->member[i]);
	}
	to->n_leaver = from->leaver_count;
	to->leaver = parts->leaver_at;
	for (size_t i = 0; i < from->leaver_count; i++) {
		to->leaver[i] = leaver_to(&from->leaver[i], &parts->leaver[i]);
	}
	to->n_joiner = from->joiner_count;
	to->joiner = parts->joiner;
	memcpy(to->joiner, from->joiner, sizeof(parts->joiner));
	return to;
}

static void hello_to(const struct view_packet *from, struct packet_parts *parts)
{
	const Vx__View *view = view_to(&from->view, parts);
	Vx__Hello *to = PARTS_BODY(parts, hello, hello, HELLO);

	HELLO_FIELDS(COPY)
	to->ring = &parts->ring;
	to->self = member_to(&from->self, &parts->self);
	to->n_view = view->n_member;
	to->view = view->member;
	to->n_leaver = view->n_leaver;
	to->leaver = view->leaver;
}

static void body_to(const struct view_packet *from, struct packet_parts *parts)
{
	char *reason = (char *)(uintptr_t)from->reason;

	switch (from->type) {
	case VP_RSTART:
		PARTS_BODY(parts, rstart, rstart, RSTART)->ring = &parts->ring;
		parts->body.rstart.round = from->round;
		return;
	case VP_HELLO:
		hello_to(from, parts);
		return;
	case VP_NEWVIEW:
		PARTS_BODY(parts, newview, new_view, NEWVIEW)->ring = &parts->ring;
		parts->body.newview.round = from->round;
		parts->body.newview.view = view_to(&from->view, parts);
		return;
	case VP_BUSY:
		PARTS_BODY(parts, busy, busy, BUSY)->ring = &parts->ring;
		return;
	case VP_STEP_DONE:
		PARTS_BODY(parts, step_done, step_done, STEP_DONE)->reason = reason;
		parts->body.step_done.step = from->step;
		parts->body.step_done.error = from->error;
		return;
	case VP_LEAVE:
		PARTS_BODY(parts, leave, leave, LEAVE)->reason = reason;
		parts->body.leave.how = (Vx__LeaveHow)from->how;
		parts->body.leave.incarnation = from->incarnation;
		return;
	case VP_REFUSE:
		PARTS_BODY(parts, refuse, refuse, REFUSE)->reason = reason;
		parts->body.refuse.nodeid = from->nodeid;
		parts->body.refuse.incarnation = from->incarnation;
		parts->body.refuse.error = from->error;
		return;
	case VP_RECONF:
		PARTS_BODY(parts, reconf_ask, reconf_ask, RECONF_ASK)->reason = reason;
		parts->body.reconf_ask.upgrade = from->upgrade;
		return;
	case VP_SETMASTER:
		PARTS_BODY(parts, setmaster, setmaster, SETMASTER)->nodeid = from->nodeid;
		parts->body.setmaster.incarnation = from->incarnation;
		return;
	case VP_ASK:
		PARTS_BODY(parts, ask, ask, ASK)->self = member_to(&from->self, &parts->self);
		parts->body.ask.look = (Vx__Look *)(uintptr_t)from->look;
		return;
	case VP_LEAVING:
		PARTS_BODY(parts, leaving, leaving, LEAVING)->leaving = from->leaving;
		parts->body.leaving.incarnation = from->incarnation;
		parts->body.leaving.ready = from->ready;
		return;
	}
}

uint8_t *packet_from_view(const struct view_packet *packet, uint64_t serial, size_t *out_length)
{
	struct packet_parts parts;

	vx__cpg__init(&parts.msg);
	parts.msg.epoch = packet->epoch;
	parts.msg.serial = serial;
	ring_to(&packet->ring, &parts.ring);
	body_to(packet, &parts);
	return packet_encode(&parts.msg, out_length);
}

/* ---- a view for local clients ---- */

Vx__View *packet_view_make(const struct view *view, const struct packet_names *names, uint32_t self,
			   const char *cluster)
{
	struct packet_parts *parts = calloc(1, sizeof(*parts));

	if (parts == NULL) {
		abort();
	}
	view_to(view, parts);
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
