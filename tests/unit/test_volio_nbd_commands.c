// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of an NBD client that is past its negotiation: what cannot be done is refused with the
 * right number before anything of it comes to a disk, and the connection goes on.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "volio/nbd_conn.h"
#include "volio_vios.h"

#define END (REGIONS * HAND_REGION) /* of the volume */
#define LAST (END - BYTES)	    /* its last block */
#define COOKIE UINT64_C(0x1234567890abcdef)

static struct nbd_conn *conn;
static int client; /* the other end of its socket */
static bool closed;
static uint8_t said[NBD_EARLY_MAX];
static size_t said_length;

static void say(uint32_t type, uint32_t flags, uint64_t cookie, uint64_t offset, uint64_t length)
{
	uint8_t *at = said + said_length;

	nbd_put(at, 4, NBD_REQUEST_MAGIC);
	nbd_put(at + 4, 2, flags);
	nbd_put(at + 6, 2, type);
	nbd_put(at + 8, 8, cookie);
	nbd_put(at + 16, 8, offset);
	nbd_put(at + 24, 4, length);
	said_length += NBD_REQUEST_BYTES + (type == NBD_CMD_WRITE ? length : 0);
	ck_assert_uint_le(said_length, sizeof(said));
}

static void on_closed(struct mail *mail)
{
	ck_assert_ptr_eq(nbd_conn_owner_of(mail), &closed);
	closed = true;
}

static void on_lane_done(struct lane_call *call)
{
	ck_assert_int_eq(call->result, 0);
}

static void in_lane(void (*body)(struct lane_call *call))
{
	struct lane_call call = { .lane = &hand.lane, .run = body, .done = on_lane_done, .ctx = conn };

	lane_call_send(&call);
	hand_turn();
}

/* The lane gets a connection that said this. */
static void serve(bool read_only)
{
	struct nbd_conn_setup setup = { .vio = vio[0], .read_only = read_only, .closed = on_closed,
					.early = said, .early_length = said_length, .owner = &closed };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	setup.fd = pair[0];
	client = pair[1];
	ck_assert_int_eq(nbd_conn_create(&setup, &conn), 0);
	in_lane(nbd_run_start);
}

static void commands_open(void)
{
	world_open();
	said_length = 0;
	closed = false;
}

static void commands_close(void)
{
	in_lane(nbd_run_stop);
	hand_end_disk(-1, -ECONNRESET); /* the receive that it waits in */
	ck_assert(closed);
	nbd_conn_free(conn);
	close(client);
	world_close();
}

/* The reply that is being sent has this number and cookie, and so many bytes of data; it is sent. */
static void heard(uint32_t error, uint64_t cookie, uint64_t length)
{
	const uint8_t *head = conn->vector[0].iov_base;

	ck_assert_uint_eq(conn->sending, 1);
	ck_assert_uint_eq(conn->vector[0].iov_len, 16);
	ck_assert_uint_eq(nbd_get(head, 4), NBD_SIMPLE_MAGIC);
	ck_assert_uint_eq(nbd_get(head + 4, 4), error);
	ck_assert_uint_eq(nbd_get(head + 8, 8), cookie);
	ck_assert_uint_eq(conn->message.msg_iovlen, length > 0 ? 2 : 1);
	ck_assert(length == 0 || conn->vector[1].iov_len == length);
	for (size_t i = 0; i < hand.ops; i++) {
		if (hand.op[i].op == &conn->send_op) {
			hand_end(i, 0);
			hand_turn();
			return;
		}
	}
	ck_abort_msg("nothing is being sent");
}

/* How many transfers of that kind are under way on the disks. */
static size_t transfers(enum hand_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < hand.ops; i++) {
		count += hand.op[i].kind == kind;
	}
	return count;
}

struct command {
	bool read_only;
	uint32_t type, flags;
	uint64_t offset, length;
	uint32_t error;
};

static const struct command refused[] = {
	/* a volume that is read only here */
	{ true, NBD_CMD_WRITE, 0, 0, BYTES, NBD_EPERM },
	{ true, NBD_CMD_WRITE, NBD_CMD_FLAG_FUA, LAST, BYTES, NBD_EPERM },
	{ true, NBD_CMD_TRIM, 0, 0, BYTES, NBD_EPERM },
	{ true, NBD_CMD_WRITE_ZEROES, 0, 0, BYTES, NBD_EPERM },
	{ true, NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE, 0, BYTES, NBD_EPERM },
	/* begins inside, ends behind the end */
	{ false, NBD_CMD_READ, 0, LAST, BYTES + 512, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 0, LAST, BYTES + 512, NBD_ENOSPC },
	{ false, NBD_CMD_TRIM, 0, LAST, BYTES + 512, NBD_EINVAL },
	{ false, NBD_CMD_WRITE_ZEROES, 0, LAST, BYTES + 512, NBD_ENOSPC },
	{ false, NBD_CMD_READ, 0, END - 1, 2, NBD_EINVAL },
	{ false, NBD_CMD_TRIM, 0, 0, UINT32_MAX, NBD_EINVAL },
	/* begins there */
	{ false, NBD_CMD_READ, 0, END, BYTES, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 0, END, BYTES, NBD_ENOSPC },
	{ false, NBD_CMD_READ, 0, END + 1, BYTES, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 0, END + 1, BYTES, NBD_ENOSPC },
	/* so far that the sum is inside again */
	{ false, NBD_CMD_READ, 0, UINT64_MAX - 511, BYTES, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 0, UINT64_MAX - 511, BYTES, NBD_ENOSPC },
	/* nothing at all; what was not offered */
	{ false, NBD_CMD_READ, 0, 0, 0, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 0, 0, 0, NBD_EINVAL },
	{ false, NBD_CMD_TRIM, 0, 0, 0, NBD_EINVAL },
	{ false, NBD_CMD_WRITE_ZEROES, 0, 0, 0, NBD_EINVAL },
	{ false, NBD_CMD_WRITE, 1u << 15, 0, BYTES, NBD_EINVAL },
	{ false, 5, 0, 0, BYTES, NBD_EINVAL },
};

START_TEST(is_refused)
{
	const struct command *command = &refused[_i];

	say(command->type, command->flags, COOKIE, command->offset, command->length);
	say(NBD_CMD_READ, 0, COOKIE + 1, LAST, BYTES);
	serve(command->read_only);
	ck_assert_uint_eq(transfers(HAND_WRITE) + transfers(HAND_ZERO) + transfers(HAND_FLUSH), 0);
	heard(command->error, COOKIE, 0);
	/* what was said behind it is understood, and done */
	ck_assert_uint_eq(transfers(HAND_READ), 1);
	ck_assert_uint_eq(hand.op[0].offset, LAST);
	ck_assert_uint_eq(hand.op[0].length, BYTES);
	hand_end(0, 0);
	hand_turn();
	heard(0, COOKIE + 1, BYTES);
	ck_assert(conn->receiving && !conn->closing);
	ck_assert_uint_eq(hand.ops, 1);
}
END_TEST

/* What just fits is done, on both plexes if it writes. */
START_TEST(is_done)
{
	static const struct command done[] = {
		{ true, NBD_CMD_READ, 0, LAST, BYTES, 0 },
		{ false, NBD_CMD_WRITE, 0, LAST, BYTES, 0 },
		{ false, NBD_CMD_WRITE_ZEROES, NBD_CMD_FLAG_NO_HOLE, LAST, BYTES, 0 },
	};
	static const enum hand_kind kind[] = { HAND_READ, HAND_WRITE, HAND_ZERO };
	const struct command *command = &done[_i];

	say(command->type, command->flags, COOKIE, command->offset, command->length);
	serve(command->read_only);
	ck_assert_uint_eq(transfers(kind[_i]), kind[_i] == HAND_READ ? 1 : 2);
	while (transfers(kind[_i]) > 0) {
		size_t i = 0;

		while (hand.op[i].kind != kind[_i]) {
			i++;
		}
		ck_assert_uint_eq(hand.op[i].offset, LAST);
		hand_end(i, 0);
		hand_turn();
	}
	heard(0, COOKIE, kind[_i] == HAND_READ ? BYTES : 0);
	ck_assert(conn->receiving && !conn->closing);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio nbd commands");
	TCase *tcase = tcase_create("commands");

	tcase_add_checked_fixture(tcase, commands_open, commands_close);
	tcase_add_loop_test(tcase, is_refused, 0, VX_COUNT_OF(refused));
	tcase_add_loop_test(tcase, is_done, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
