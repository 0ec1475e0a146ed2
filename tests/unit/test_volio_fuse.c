// SPDX-License-Identifier: GPL-2.0-or-later
/* FUSE requests: what becomes of them on the disks. */
#include <check.h>
#include <fcntl.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "volio/fuse_slot.h"
#include "volio_hand.h"

static struct vio *vio;
static struct volconf *conf;
static struct fuse_server server;
static struct fuse_slot slot;

static void no_mail(struct mail *mail)
{
	(void)mail;
}

static void world_open(void)
{
	hand_open();
	conf = hand_conf(2, 0, 0, 8);
	ck_assert_int_eq(vio_create(&hand.lane, conf, 0, NULL, no_mail, no_mail, &vio), 0);
	server = (struct fuse_server){ .vio = vio, .fd = HAND_DISKS };
	slot = (struct fuse_slot){ .server = &server, .request = io_request_get(vio) };
}

static void world_close(void)
{
	hand_end_disk(0, 0);
	hand_end_disk(1, 0);
	ck_assert_uint_eq(hand.ops, 1); /* the answer */
	io_request_put(slot.request);
	vio_destroy(vio);
	volconf_free(&hand.iod.disks, conf);
	hand_close();
}

/* A write with the flags that the file was opened with, or the write asked for (RWF_DSYNC). */
static void ask_write(uint32_t flags)
{
	struct fuse_write_in args = { .size = 4096, .flags = flags };
	struct fuse_in_header in = { .opcode = FUSE_WRITE, .len = FUSE_HEAD_BYTES + args.size };

	memcpy(slot.head, &in, sizeof(in));
	memcpy(slot.head + sizeof(in), &args, sizeof(args));
	fuse_dispatch(&slot, &in);
}

static void expect_writes(bool durable)
{
	ck_assert_uint_eq(hand.ops, 2);
	for (size_t i = 0; i < hand.ops; i++) {
		ck_assert_int_eq(hand.op[i].kind, HAND_WRITE);
		ck_assert_int_eq(hand.op[i].durable, durable);
	}
}

START_TEST(a_write_is_durable_if_asked)
{
	static const uint32_t flags[] = { O_WRONLY | O_DSYNC, O_RDWR | O_SYNC };

	ask_write(flags[_i]);
	expect_writes(true);
}
END_TEST

START_TEST(others_are_not)
{
	ask_write(O_RDWR | O_DIRECT);
	expect_writes(false);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("volio_fuse");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, world_open, world_close);
	tcase_add_loop_test(all, a_write_is_durable_if_asked, 0, 2);
	tcase_add_test(all, others_are_not);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
