// SPDX-License-Identifier: GPL-2.0-or-later
/* The small things of the floor: checksum, ids, errors, configuration file, one instance. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/daemon.h"
#include "base/errors.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/proto.h"
#include "base/text.h"
#include "tests/unit/suite.h"
#include "vxha.pb-c.h"
#include "tests/unit/temp.h"

/* RFC 3720, B.4 */
START_TEST(crc32c_of_known_bytes)
{
	uint8_t bytes[32];

	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	for (uint8_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = i;
	}
	ck_assert_uint_eq(crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
	ck_assert_uint_eq(crc32c(crc32c(0, bytes, 5), bytes + 5, 27), 0x46dd794e);
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283);
}
END_TEST

START_TEST(errors_have_texts_and_codes)
{
	ck_assert_str_eq(vx_strerror(0), "success");
	ck_assert_str_eq(vx_strerror(-ENOENT), strerror(ENOENT));
	ck_assert_str_eq(vx_strerror(-VX_E_NOGROUP), "no such disk group");
	ck_assert_int_eq(vx_exit_code(0), 0);
	ck_assert_int_eq(vx_exit_code(-VX_E_NOTFOUND), 11);
	ck_assert_int_eq(vx_exit_code(-EIO), 5);
	for (int error = VX_E_FIRST + 1; error < VX_E_END; error++) {
		ck_assert_ptr_nonnull(vx_strerror(-error));
		ck_assert_int_gt(vx_exit_code(-error), 0);
	}
}
END_TEST

START_TEST(ids_are_new_each_time)
{
	uint8_t a[ID_BYTES], b[ID_BYTES];
	char text[ID_TEXT];

	id_make(a);
	id_make(b);
	ck_assert_mem_ne(a, b, ID_BYTES);
	id_text((const uint8_t *)"\x01\xab", 2, text);
	ck_assert_str_eq(text, "01ab");
	ck_assert_uint_ne(id_make_u64(), id_make_u64());
}
END_TEST

START_TEST(ids_of_transactions_tell_their_age)
{
	uint8_t a[ID_BYTES], b[ID_BYTES];
	uint64_t age;

	id_make_txn(a);
	id_make_txn(b);
	ck_assert_mem_ne(a, b, ID_BYTES);
	ck_assert(id_txn_age_ms(a, &age));
	ck_assert_uint_lt(age, 60000);
	b[5]--; /* 2^32 ms: before this boot, or, in its second month, that long ago */
	ck_assert(!id_txn_age_ms(b, &age) || age >= UINT64_C(1) << 32);
	a[0] ^= 1; /* of another boot */
	ck_assert(!id_txn_age_ms(a, &age));
}
END_TEST

static int read_conf(const char *text, struct conf **out_conf, char *reason)
{
	char path[TEMP_PATH_MAX];
	int fd;

	temp_template(path);
	fd = mkstemp(path);

	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);

	int rc = conf_read(path, out_conf, reason);

	unlink(path);
	return rc;
}

START_TEST(conf_is_read)
{
	struct conf *conf;
	char reason[VX_REASON_MAX] = "";

	ck_assert_int_eq(
		read_conf("# a comment\n\n debug = yes # why\nio_threads=3\n", &conf, reason), 0);
	ck_assert(conf_get_bool(conf, CONF_debug));
	ck_assert_uint_eq(conf_get_number(conf, CONF_io_threads), 3);
	ck_assert_str_eq(conf_get(conf, CONF_fencing), "pacemaker");
	conf_free(conf);
}
END_TEST

START_TEST(conf_missing_is_told)
{
	struct conf *conf;
	char text[VX_REASON_MAX] = "";

	setenv("VXHA_CONF", "/nonexistent/vxha.conf", 1);
	ck_assert_int_eq(conf_read(NULL, &conf, text), 0);
	ck_assert(conf_is_missing(conf, text));
	ck_assert_str_eq(text,
			 "/nonexistent/vxha.conf does not exist, the defaults are used: disks = "
			 "/dev/disk/by-id/*, fencing = pacemaker, debug = no, io_threads = 0, "
			 "resync_slow_ms = 0, realtime = yes");
	conf_free(conf);
	ck_assert_int_eq(read_conf("", &conf, text), 0);
	ck_assert(!conf_is_missing(conf, text));
	conf_free(conf);
}
END_TEST

START_TEST(conf_mistakes_are_told)
{
	struct conf *conf = NULL;
	char reason[VX_REASON_MAX] = "";

	ck_assert_int_eq(read_conf("debug = no\nfensing = pacemaker\n", &conf, reason),
			 -VX_E_SYNTAX);
	ck_assert_ptr_nonnull(strstr(reason, ":2: unknown key 'fensing'"));
	ck_assert_int_eq(read_conf("debug\n", &conf, reason), -VX_E_SYNTAX);
	ck_assert_int_eq(conf_read("/nonexistent/vxha.conf", &conf, reason), -ENOENT);
	ck_assert_ptr_null(conf);
}
END_TEST

/* The second one is told who the first is; after its end the name is free. */
START_TEST(one_instance)
{
	struct daemon *daemon = NULL;
	pid_t pid = 0;
	int to_child[2], status;
	char dir[TEMP_PATH_MAX];

	temp_template(dir);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("VXHA_RUN_DIR", dir, 1);
	setenv("VXHA_STATE_DIR", dir, 1);
	setenv("VXHA_LOG_DIR", dir, 1);
	ck_assert_int_eq(pipe(to_child), 0);
	ck_assert_int_eq(daemon_start("one", true, &daemon, &pid), 0);

	pid_t child = fork();

	if (child == 0) {
		struct daemon *second = NULL;
		pid_t other = 0;
		int rc = daemon_start("one", true, &second, &other);

		_exit(rc == -VX_E_BUSY && other == getppid() &&
				      daemon_running("one") == getppid() && !daemon_died("one")
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	daemon_end(daemon);
	ck_assert_int_eq(daemon_running("one"), 0);
	ck_assert(!daemon_died("one"));
	child = fork();
	if (child == 0) {
		_exit(daemon_start("one", true, &daemon, &pid)); /* without daemon_end() */
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(daemon_died("one"));
	ck_assert_int_eq(daemon_start("one", true, &daemon, &pid), 0);
	daemon_end(daemon);
	ck_assert(!daemon_died("one"));
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(text_is_escaped)
{
	static const struct {
		const char *text, *shown;
	} row[] = {
		{ "", "" },
		{ "vol1 = 100% \"x\" \\", "vol1 = 100% \"x\" \\" },
		{ "a\033[2J\n\177\001", "a\\x1b[2J\\x0a\\x7f\\x01" },
		{ "\303\244 \342\202\254 \360\237\230\200",
		  "\303\244 \342\202\254 \360\237\230\200" },
		{ "\302\233"
		  "31m",
		  "\\xc2\\x9b31m" }, /* a control character of UTF-8 */
		{ "\233 \377 \303", "\\x9b \\xff \\xc3" },
		{ "\300\200 \355\240\200", "\\xc0\\x80 \\xed\\xa0\\x80" },
	};
	char out[64], again[64];

	for (size_t i = 0; i < VX_COUNT_OF(row); i++) {
		text_escape(row[i].text, out, sizeof(out));
		ck_assert_str_eq(out, row[i].shown);
		text_escape(out, again, sizeof(again));
		ck_assert_str_eq(again, out);
	}
	text_escape("ab\033c", out, 6);
	ck_assert_str_eq(out, "ab"); /* four bytes and the end do not fit */
	text_escape("ab\342\202\254", out, 5);
	ck_assert_str_eq(out, "ab");
}
END_TEST

START_TEST(crc32c_around_its_own_place)
{
	uint8_t data[16] = { 1, 2, 3, 4, 0, 0, 0, 0, 9 };
	uint32_t crc = crc32c(0, data, sizeof(data));

	memset(data + 4, 0xff, 4);
	ck_assert_uint_eq(crc32c_around(data, sizeof(data), 4), crc);
	data[8]++;
	ck_assert_uint_ne(crc32c_around(data, sizeof(data), 4), crc);
}
END_TEST

START_TEST(fields_are_little_endian)
{
	static const uint8_t wanted[] = { 0xfe, 0x02, 0x01, 0x08, 0x07, 0x06, 0x05, 0x04,
					  0x03, 0x02, 0x01, 'x',  'a',	'b',  0,    0 };
	uint8_t data[sizeof(wanted)];
	char text[4];
	struct cursor cursor = cursor_write(data, sizeof(data));

	cursor_put(&cursor, 0xfe, 1);
	cursor_put(&cursor, 0x0102, 2);
	cursor_put(&cursor, 0x0102030405060708, 8);
	cursor_put_bytes(&cursor, "x", 1);
	cursor_put_text(&cursor, "ab", 4);
	ck_assert_mem_eq(data, wanted, sizeof(wanted));

	cursor = cursor_read(data, sizeof(data));
	ck_assert_uint_eq(cursor_get(&cursor, 1), 0xfe);
	ck_assert_uint_eq(cursor_get(&cursor, 2), 0x0102);
	ck_assert_uint_eq(cursor_get(&cursor, 8), 0x0102030405060708);
	ck_assert_int_eq(*cursor_get_bytes(&cursor, 1), 'x');
	cursor_get_text(&cursor, text, 4);
	ck_assert_str_eq(text, "ab");
	ck_assert(!cursor.bad);
}
END_TEST

START_TEST(fields_are_bounded)
{
	static const uint8_t data[] = { 1, 2, 3, 'a', 'b', 0, 'c', 0 };
	struct cursor cursor = cursor_read(data, 3);
	char text[4];

	ck_assert_uint_eq(cursor_get(&cursor, 4), 0);
	ck_assert(cursor.bad);
	ck_assert_uint_eq(cursor_get(&cursor, 1), 0); /* and bad it stays */
	ck_assert_ptr_null(cursor_get_bytes(&cursor, 1));

	cursor = cursor_read(data + 3, 4);
	cursor_get_text(&cursor, text, 4); /* something behind the end of the text */
	ck_assert(cursor.bad);
	cursor = cursor_read(data + 3, 2);
	cursor_get_text(&cursor, text, 2); /* no end */
	ck_assert(cursor.bad);

	cursor = cursor_read(data, sizeof(data));
	cursor.offset = 5;
	cursor_get_zero(&cursor, 6);
	ck_assert(!cursor.bad);
	cursor_get_zero(&cursor, 8);
	ck_assert(cursor.bad);
}
END_TEST

START_TEST(messages_are_cloned)
{
	Vx__Delta *delta = PROTO_NEW(vx__delta, Vx__Delta);
	Vx__Record *record = PROTO_NEW(vx__record, Vx__Record);
	Vx__Vol *vol = PROTO_NEW(vx__vol, Vx__Vol);
	Vx__Delta *copy;

	proto_string_set(&vol->name, "vol1");
	record->kind_case = VX__RECORD__KIND_VOL;
	record->vol = vol;
	PROTO_ADD(delta->put, delta->n_put, record);
	copy = proto_clone(delta);
	ck_assert(proto_equal(delta, copy));
	proto_string_set(&copy->put[0]->vol->name, copy->put[0]->vol->name + 1);
	ck_assert_str_eq(copy->put[0]->vol->name, "ol1");
	ck_assert_str_eq(vol->name, "vol1");
	ck_assert(!proto_equal(delta, copy));
	proto_free(copy);
	proto_free(delta);
	proto_free(NULL);
}
END_TEST

/* Each kind of field: the copy packs to the same bytes, shares nothing and can be freed. */
START_TEST(clones_share_nothing)
{
	static const uint8_t newer[] = { 0xf8, 0x3f, 0x05 }; /* field 1023 of a newer program */
	Vx__Ipc *msg = PROTO_NEW(vx__ipc, Vx__Ipc), *copy, *known;
	Vx__Request *request = PROTO_NEW(vx__request, Vx__Request);
	Vx__Attr *attr = PROTO_NEW(vx__attr, Vx__Attr);
	uint8_t *data;
	size_t length;

	msg->cookie = 7;
	msg->body_case = VX__IPC__BODY_REQUEST;
	msg->request = request;
	proto_string_set(&request->tool, "vxvol");
	PROTO_ADD(request->operand, request->n_operand, proto_string("vol1"));
	PROTO_ADD(request->operand, request->n_operand, proto_string(""));
	proto_string_set(&attr->key, "comment");
	PROTO_ADD(request->attr, request->n_attr, attr);
	request->txid.data = (uint8_t *)proto_string("0123456789abcdef");
	request->txid.len = 16;
	data = proto_pack(msg, &length);
	data = proto_grow(data, length + sizeof(newer), 1);
	memcpy(data + length, newer, sizeof(newer));
	known = vx__ipc__unpack(NULL, length + sizeof(newer), data);
	ck_assert_uint_eq(known->base.n_unknown_fields, 1);
	copy = proto_clone(known);
	ck_assert(proto_equal(known, copy));
	ck_assert(!proto_equal(msg, copy));
	memset(known->request->txid.data, 0, 16);
	known->request->operand[0][0] = 'x';
	proto_string_set(&known->request->attr[0]->key, "other");
	proto_free(known);
	ck_assert_str_eq(copy->request->operand[0], "vol1");
	ck_assert_str_eq(copy->request->operand[1], "");
	ck_assert_str_eq(copy->request->attr[0]->key, "comment");
	ck_assert_str_eq(copy->request->attr[0]->value, "");
	ck_assert_mem_eq(copy->request->txid.data, "0123456789abcdef", 16);
	ck_assert_str_eq(copy->request->verb, "");
	proto_free(copy);
	proto_free(msg);
	free(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_floor");
	TCase *all = tcase_create("all");

	tcase_add_test(all, crc32c_of_known_bytes);
	tcase_add_test(all, errors_have_texts_and_codes);
	tcase_add_test(all, ids_are_new_each_time);
	tcase_add_test(all, ids_of_transactions_tell_their_age);
	tcase_add_test(all, conf_is_read);
	tcase_add_test(all, conf_missing_is_told);
	tcase_add_test(all, conf_mistakes_are_told);
	tcase_add_test(all, one_instance);
	tcase_add_test(all, text_is_escaped);
	tcase_add_test(all, crc32c_around_its_own_place);
	tcase_add_test(all, fields_are_little_endian);
	tcase_add_test(all, fields_are_bounded);
	tcase_add_test(all, messages_are_cloned);
	tcase_add_test(all, clones_share_nothing);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
