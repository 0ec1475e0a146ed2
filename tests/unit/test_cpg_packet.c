// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets between vxclustds: they come back as they were sent, and nothing else is believed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "cpg/packet.h"
#include "tests/unit/suite.h"

static struct view_packet sample(enum view_packet_type type)
{
	struct view_packet packet = {
		.type = type, .from = 2, .pid = 4711, .epoch = 0x1203, .ring = { 1, 77 }, .round = 3
	};

	packet.coordinator = 1;
	packet.self = (struct view_member){ 2, 1, UINT64_C(9) << 32 | 4711, 0x1003, 12345, -5, 10, 11, true };
	packet.last_epoch = 0x1203;
	packet.protocol = 13;
	packet.upgrade = packet.leaving = packet.ready = true;
	packet.view.protocol = 14;
	packet.member = packet.let_go = packet.ran = true;
	packet.view.cold = packet.view.unfolded = true;
	packet.view.epoch = 0x1303;
	packet.view.master = 1;
	for (uint32_t i = 0; i < VX_NODES_MAX; i++) {
		packet.view.member[i] =
			(struct view_member){ i + 1, i, i + 1000, 0x1003, 7 * i, (int32_t)i, 11, 12, i % 2 == 1 };
		packet.view.leaver[2 * i] =
			(struct view_leaver){ i + 1, i, i + 50, 60 + i, VIEW_ABORTED, false };
		packet.view.leaver[2 * i + 1] =
			(struct view_leaver){ i + 1, i, i + 70, 60 + i, VIEW_LOST, false };
		packet.view.joiner[i] = i + 1;
	}
	packet.view.member_count = packet.view.joiner_count = VX_NODES_MAX;
	packet.view.leaver_count = 2 * VX_NODES_MAX;
	packet.step = 4;
	packet.error = -7;
	packet.how = VIEW_CLEAN;
	packet.incarnation = 99;
	packet.nodeid = 3;
	strcpy(packet.reason, "why not");
	return packet;
}

static int decode(const uint8_t *data, size_t length, struct view_packet *out)
{
	Vx__Cpg *msg = NULL;
	int rc = packet_decode(data, length, &msg);

	if (rc == 0) {
		rc = packet_to_view(msg, 2, 4711, out);
		vx__cpg__free_unpacked(msg, NULL);
	}
	return rc;
}

static void member_same(const struct view_member *a, const struct view_member *b)
{
	ck_assert_uint_eq(a->nodeid, b->nodeid);
	ck_assert_uint_eq(a->nid, b->nid);
	ck_assert_uint_eq(a->incarnation, b->incarnation);
	ck_assert_uint_eq(a->joined_epoch, b->joined_epoch);
	ck_assert_uint_eq(a->fenced_at, b->fenced_at);
	ck_assert_int_eq(a->preference, b->preference);
	ck_assert_uint_eq(a->proto_min, b->proto_min);
	ck_assert_uint_eq(a->proto_max, b->proto_max);
	ck_assert(a->leaving == b->leaving);
}

static void view_same(const struct view *a, const struct view *b, bool newview)
{
	ck_assert_uint_eq(a->member_count, b->member_count);
	for (size_t i = 0; i < a->member_count; i++) {
		member_same(&a->member[i], &b->member[i]);
	}
	ck_assert_uint_eq(a->leaver_count, b->leaver_count);
	for (size_t i = 0; i < a->leaver_count; i++) {
		ck_assert_uint_eq(a->leaver[i].incarnation, b->leaver[i].incarnation);
		ck_assert_uint_eq(a->leaver[i].fenced_at, b->leaver[i].fenced_at);
		ck_assert_int_eq(a->leaver[i].how, b->leaver[i].how);
	}
	if (newview) {
		ck_assert_uint_eq(a->epoch, b->epoch);
		ck_assert_uint_eq(a->master, b->master);
		ck_assert_uint_eq(a->protocol, b->protocol);
		ck_assert(b->cold && b->unfolded);
		ck_assert_mem_eq(a->joiner, b->joiner, sizeof(a->joiner));
	}
}

START_TEST(round_trip)
{
	enum view_packet_type type = (enum view_packet_type)_i;
	struct view_packet packet = sample(type), back;
	size_t length;
	uint8_t *data = packet_from_view(&packet, 1, &length);

	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(decode(data, length, &back), 0);
	ck_assert_int_eq(back.type, type);
	ck_assert_uint_eq(back.epoch, packet.epoch);
	if (type == VP_RSTART || type == VP_HELLO || type == VP_NEWVIEW || type == VP_BUSY) {
		ck_assert_uint_eq(back.ring.seq, packet.ring.seq);
		ck_assert_uint_eq(back.round, type == VP_BUSY ? 0 : packet.round);
	}
	if (type == VP_HELLO || type == VP_NEWVIEW) {
		view_same(&packet.view, &back.view, type == VP_NEWVIEW);
	}
	if (type == VP_HELLO) {
		member_same(&back.self, &packet.self);
		ck_assert(back.member && back.let_go && back.ran);
		ck_assert_uint_eq(back.coordinator, packet.coordinator);
		ck_assert_uint_eq(back.last_epoch, packet.last_epoch);
		ck_assert_uint_eq(back.protocol, packet.protocol);
	}
	if (type == VP_RECONF) {
		ck_assert(back.upgrade);
	}
	if (type == VP_LEAVE) {
		ck_assert_int_eq(back.how, VIEW_CLEAN);
		ck_assert_uint_eq(back.incarnation, 99);
		ck_assert_str_eq(back.reason, "why not");
	}
	if (type == VP_STEP_DONE) {
		ck_assert_uint_eq(back.step, packet.step);
		ck_assert_int_eq(back.error, packet.error);
	}
	if (type == VP_REFUSE || type == VP_SETMASTER) {
		ck_assert_uint_eq(back.nodeid, packet.nodeid);
		ck_assert_uint_eq(back.incarnation, packet.incarnation);
	}
	if (type == VP_ASK) {
		member_same(&back.self, &packet.self);
	}
	if (type == VP_REFUSE) {
		ck_assert_int_eq(back.error, packet.error);
	}
	if (type == VP_LEAVING) {
		ck_assert(back.leaving && back.ready);
		ck_assert_uint_eq(back.incarnation, packet.incarnation);
	}
	if (type == VP_STEP_DONE || type == VP_REFUSE || type == VP_RECONF) {
		ck_assert_str_eq(back.reason, "why not");
	}
	free(data);
}
END_TEST

/* Each byte that is changed, each length that is cut: refused. */
START_TEST(damage_is_refused)
{
	struct view_packet packet = sample(VP_HELLO), back;
	size_t length;
	uint8_t *data = packet_from_view(&packet, 1, &length);

	for (size_t i = 0; i < length; i++) {
		data[i] ^= 0x40;
		if (i < 6 || i >= 8) { /* a newer minor version is read */
			ck_assert_msg(decode(data, length, &back) != 0, "byte %zu", i);
		}
		data[i] ^= 0x40;
		ck_assert_int_ne(decode(data, i, &back), 0);
	}
	data[4] = PACKET_MAJOR + 1;
	ck_assert_int_eq(decode(data, length, &back), -VX_E_VERSION);
	free(data);
}
END_TEST

static int decode_hello(void (*spoil)(Vx__Hello *hello, Vx__Member *self))
{
	Vx__Cpg msg = VX__CPG__INIT;
	Vx__Hello hello = VX__HELLO__INIT;
	Vx__Member self = VX__MEMBER__INIT;
	struct view_packet back;

	self.nodeid = 2;
	self.incarnation = 4711;
	hello.self = &self;
	msg.body_case = VX__CPG__BODY_HELLO;
	msg.hello = &hello;
	spoil(&hello, &self);
	return packet_to_view(&msg, 2, 4711, &back);
}

static void spoil_nothing(Vx__Hello *hello, Vx__Member *self)
{
	(void)hello;
	(void)self;
}

static void spoil_self(Vx__Hello *hello, Vx__Member *self)
{
	(void)self;
	hello->self = NULL;
}

static void spoil_pid(Vx__Hello *hello, Vx__Member *self)
{
	(void)hello;
	self->incarnation = 4712;
}

static void spoil_node(Vx__Hello *hello, Vx__Member *self)
{
	(void)hello;
	self->nodeid = 3;
}

static void spoil_nid(Vx__Hello *hello, Vx__Member *self)
{
	(void)hello;
	self->nid = VX_NODES_MAX;
}

static void spoil_count(Vx__Hello *hello, Vx__Member *self)
{
	static Vx__Member *many[VX_NODES_MAX + 1];

	for (size_t i = 0; i < VX_COUNT_OF(many); i++) {
		many[i] = self;
	}
	hello->view = many;
	hello->n_view = VX_COUNT_OF(many);
}

/* Well-formed messages that break a bound, or speak for somebody else. */
START_TEST(bounds_are_kept)
{
	ck_assert_int_eq(decode_hello(spoil_nothing), 0);
	ck_assert_int_eq(decode_hello(spoil_self), -VX_E_PROTO);
	ck_assert_int_eq(decode_hello(spoil_pid), -VX_E_PROTO);
	ck_assert_int_eq(decode_hello(spoil_node), -VX_E_PROTO);
	ck_assert_int_eq(decode_hello(spoil_nid), -VX_E_PROTO);
	ck_assert_int_eq(decode_hello(spoil_count), -VX_E_PROTO);
}
END_TEST

/* A master that is no member would end all who install its view. */
START_TEST(master_is_a_member)
{
	struct view_packet packet = sample(VP_NEWVIEW), back;
	size_t length;
	uint8_t *data;

	packet.view.master = VX_NODES_MAX + 1;
	data = packet_from_view(&packet, 1, &length);
	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(decode(data, length, &back), -VX_E_PROTO);
	free(data);
}
END_TEST

/* R18: the largest packet that is made */
START_TEST(larger_ones_are_not_made)
{
	uint8_t *bytes = calloc(1, VX_CPG_MSG_MAX);
	Vx__PortData port = VX__PORT_DATA__INIT;
	Vx__Cpg msg = VX__CPG__INIT;
	size_t length, spare;
	uint8_t *data;

	port.data.data = bytes;
	port.data.len = VX_CPG_MSG_MAX - 100;
	msg.body_case = VX__CPG__BODY_PORT_DATA;
	msg.port_data = &port;
	spare = VX_CPG_MSG_MAX - vx__cpg__get_packed_size(&msg);
	port.data.len += spare;
	data = packet_encode(&msg, &length);
	ck_assert_ptr_nonnull(data);
	free(data);
	port.data.len++;
	ck_assert_ptr_null(packet_encode(&msg, &length));
	free(bytes);
}
END_TEST

START_TEST(random_bytes_do_no_harm)
{
	uint8_t data[512];
	struct view_packet back;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t length = (size_t)rand() % sizeof(data);

		for (size_t i = 0; i < length; i++) {
			data[i] = (uint8_t)rand();
		}
		ck_assert_int_ne(decode(data, length, &back), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpg_packet");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, round_trip, VP_RSTART, VP_ASK + 1);
	tcase_add_test(all, damage_is_refused);
	tcase_add_test(all, bounds_are_kept);
	tcase_add_test(all, master_is_a_member);
	tcase_add_test(all, larger_ones_are_not_made);
	tcase_add_test(all, random_bytes_do_no_harm);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
