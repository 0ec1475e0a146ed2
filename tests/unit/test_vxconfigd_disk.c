// SPDX-License-Identifier: GPL-2.0-or-later
/* Real files below build/: worker threads, scan, setup, owner, probe, copies end to end. */
#include "disk_files.h"
#include "region_sample.h"
#include "tests/unit/suite.h"

static void on_claimed(void *ctx, int error, uint64_t max_epoch, const char *reason)
{
	(void)ctx;
	answer.max_epoch = max_epoch;
	answered(error, reason);
}

static void on_read(void *ctx, struct copies_found *found)
{
	(void)ctx;
	answer.seq = found->config != NULL ? found->config->seq : 0;
	answer.number = found->config != NULL ? region_number(found->config) : 0;
	answer.copies = found->copy_count;
	answer.durable = found->durable_count;
	for (size_t i = 0; i < found->copy_count; i++) {
		snprintf(answer.state[i], sizeof(answer.state[i]), "%s %s", found->copy[i].disk,
			 found->copy[i].state);
	}
	answered(found->error, found->reason);
}

static void file_write(const char *name, off_t offset, const void *data, size_t length)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert(fd >= 0 && pwrite(fd, data, length, offset) == (ssize_t)length);
	close(fd);
}

START_TEST(scan_and_setup)
{
	const struct disk *disk;
	char id[DISK_ID_SIZE];

	scan();
	ck_assert_uint_eq(disk_count(set), 4);
	disk = disk_by_device(set, "c2");
	ck_assert_ptr_nonnull(disk);
	ck_assert_int_eq(disk->error, -VX_E_NOTFOUND);
	ck_assert_uint_eq(disk->len, DISK_BYTES / 512);
	disk_setup(set, "c2", VX_PRIV_LEN_MIN, false, true, on_written, NULL); /* a dry run */
	wait_answer();
	ck_assert_int_eq(answer.error, 0);
	ck_assert_int_eq(disk->error, -VX_E_NOTFOUND);
	scan();
	disk = disk_by_device(set, "c2");
	ck_assert_int_eq(disk->error, -VX_E_NOTFOUND);
	ck_assert_int_eq(setup_disk("c2", VX_PRIV_LEN_MIN, false), 0);
	disk = disk_by_device(set, "c2");
	ck_assert_int_eq(disk->error, 0);
	ck_assert_uint_eq(disk->label.pub_offset, 2048);
	ck_assert_uint_eq(disk->label.pub_len, DISK_BYTES / 512 - 2048);
	snprintf(id, sizeof(id), "%s", disk->label.diskid);
	ck_assert_uint_eq(strlen(id), 32);
	scan();
	ck_assert_ptr_eq(disk_by_id(set, id), disk_by_device(set, "c2"));
	ck_assert_ptr_null(disk_by_id(set, ""));
	/* once more: a new disk */
	ck_assert_int_eq(setup_disk("c2", VX_PRIV_LEN_MIN, false), 0);
	ck_assert_ptr_null(disk_by_id(set, id));
}
END_TEST

START_TEST(setup_refuses)
{
	char path[512];

	file_make("csmall", 1024 * 1024);
	file_make("cext4", DISK_BYTES);
	file_write("cext4", 1080, "\x53\xef", 2);
	file_make("cbad", DISK_BYTES);
	file_write("cbad", 0, "vxhaLABL\1\0\0\0", 12);
	snprintf(path, sizeof(path), "%s/cfifo", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	scan();
	ck_assert_uint_eq(disk_count(set), 8);
	ck_assert_int_eq(disk_by_device(set, "cfifo")->error, -EINVAL);
	ck_assert_int_eq(setup_disk("nosuch", VX_PRIV_LEN, false), -VX_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(answer.reason, "nosuch: not known on this node"));
	ck_assert_int_eq(setup_disk("csmall", VX_PRIV_LEN, true), -VX_E_NOSPACE);
	ck_assert_ptr_nonnull(strstr(answer.reason, "csmall: too small"));
	ck_assert_int_eq(setup_disk("c1", 77, true), -VX_E_INVAL);
	ck_assert_int_eq(setup_disk("cfifo", VX_PRIV_LEN_MIN, true), -EINVAL);
	ck_assert_int_eq(setup_disk("cext4", VX_PRIV_LEN_MIN, false), -VX_E_EXISTS);
	ck_assert_ptr_nonnull(strstr(answer.reason, "ext4"));
	ck_assert_int_eq(setup_disk("cext4", VX_PRIV_LEN_MIN, true), 0);
	ck_assert_int_eq(setup_disk("cbad", VX_PRIV_LEN_MIN, false), -VX_E_CORRUPT);
	ck_assert_int_eq(setup_disk("cbad", VX_PRIV_LEN_MIN, true), 0);
	unlink(path);
}
END_TEST

START_TEST(read_only_file)
{
	char path[512];

	scan();
	snprintf(path, sizeof(path), "%s/c1", folder);
	if (geteuid() == 0) {
		return; /* root writes what it likes: a block device with the switch on is for the lab */
	}
	chmod(path, 0400);
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), -EACCES);
}
END_TEST

START_TEST(owners)
{
	struct disk_relabel label[2];

	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	ck_assert_int_eq(setup_disk("c2", VX_PRIV_LEN_MIN, false), 0);
	label[0] = owner("c1", REGION_DGID, "data");
	label[1] = owner("c2", REGION_DGID, "data");
	disk_label_write(set, label, 2, on_written, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_str_eq(disk_by_device(set, "c2")->label.group, "data");
	scan();
	ck_assert_str_eq(disk_by_device(set, "c2")->label.group, "data");
	ck_assert(disk_by_device(set, "c1")->label.shared);
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), -VX_E_BUSY);
	ck_assert_ptr_nonnull(strstr(answer.reason, "owned by disk group data"));
	label[0] = owner("c1", "other.1", "other");
	disk_label_write(set, label, 1, on_written, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_OWNER);
	label[0] = owner("c1", REGION_DGID, "");
	label[0].kind = DISK_CLEAR;
	disk_label_write(set, label, 1, on_written, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, 0);
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	snprintf(label[0].label.diskid, sizeof(label[0].label.diskid), "gone");
	disk_label_write(set, label, 1, on_written, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_NODISK);
}
END_TEST

START_TEST(two_paths)
{
	char target[64] = "c1", path[512];
	const struct disk *first, *second;

	snprintf(path, sizeof(path), "%s/calias", folder);
	ck_assert_int_eq(symlink(target, path), 0);
	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	first = disk_by_device(set, "c1");
	second = disk_by_device(set, "calias");
	ck_assert_str_eq(first->label.diskid, second->label.diskid);
	ck_assert_int_ne(first->duplicate, second->duplicate);
	ck_assert(!disk_by_id(set, first->label.diskid)->duplicate);
}
END_TEST

START_TEST(probe)
{
	const char *id[2];
	char one[DISK_ID_SIZE], two[DISK_ID_SIZE], path[512], other[512];

	scan();
	ck_assert_int_eq(setup_disk("c1", VX_PRIV_LEN_MIN, false), 0);
	ck_assert_int_eq(setup_disk("c2", VX_PRIV_LEN_MIN, false), 0);
	snprintf(one, sizeof(one), "%s", disk_by_device(set, "c1")->label.diskid);
	snprintf(two, sizeof(two), "%s", disk_by_device(set, "c2")->label.diskid);
	id[0] = one;
	id[1] = two;
	disk_probe(set, id, 2, on_probed, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	disk_probe(set, id, 0, on_probed, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, 0);
	/* another disk in its place */
	snprintf(path, sizeof(path), "%s/c2", folder);
	snprintf(other, sizeof(other), "%s/hidden", folder);
	ck_assert_int_eq(rename(path, other), 0);
	disk_probe(set, id, 2, on_probed, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -ENOENT);
	ck_assert_str_eq(answer.diskid, two);
	/* and back under another name: looked for */
	snprintf(path, sizeof(path), "%s/cnew", folder);
	scan();
	ck_assert_int_eq(rename(other, path), 0);
	disk_probe(set, id, 2, on_probed, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	id[0] = "nosuch";
	disk_probe(set, id, 1, on_probed, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_NODISK);
}
END_TEST

static struct copies_disk copy_disk[4];
static char copy_text[4][2][DISK_ID_SIZE + 300];

static struct copies *copies_of_three(void)
{
	struct copies *copies;

	scan();
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i + 1);
		if (disk_by_device(set, name)->error != 0) {
			ck_assert_int_eq(setup_disk(name, VX_PRIV_LEN_MIN, false), 0);
		}
		snprintf(copy_text[i][0], sizeof(copy_text[i][0]), "%s", disk_by_device(set, name)->label.diskid);
		snprintf(copy_text[i][1], sizeof(copy_text[i][1]), "%s/%s", folder, name);
		copy_disk[i] = (struct copies_disk){ copy_text[i][0], copy_text[i][1] };
	}
	ck_assert_int_eq(copies_create(worker, REGION_DGID, copy_disk, 3, &copies), 0);
	return copies;
}

static int append(struct copies *copies, uint64_t epoch, uint64_t seq)
{
	Vx__Config *before = region_config(epoch, seq - 1, seq - 1);
	Vx__Change *change = region_change(seq, 100);

	copies_append(copies, epoch, seq, change, before, on_written, NULL);
	vx__change__free_unpacked(change, NULL);
	vx__config__free_unpacked(before, NULL);
	wait_answer();
	return answer.error;
}

static int checkpoint(struct copies *copies, uint64_t epoch, uint64_t seq)
{
	Vx__Config *config = region_config(epoch, seq, seq);
	Vx__Member member = VX__MEMBER__INIT, *members[1] = { &member };

	member.nodeid = 3;
	copies_checkpoint(copies, config, members, 1, on_written, NULL);
	vx__config__free_unpacked(config, NULL);
	ck_assert(!copies_idle(copies));
	wait_answer();
	return answer.error;
}

static void settle(struct copies *copies)
{
	copies_when_written(copies, on_done, NULL);
	wait_answer();
	ck_assert(copies_idle(copies));
	copies_free(copies);
}

/* Nothing that follows a forced operation is forced, whatever became of it: an import that was only tried, or refused. */
START_TEST(force_is_for_one_operation)
{
	struct copies *copies = copies_of_three();

	ck_assert_msg(checkpoint(copies, 0x101, 1) == 0, "%s", answer.reason);
	copy_disk[1].path = copy_disk[2].path = NULL;
	ck_assert_int_eq(copies_set_disks(copies, copy_disk, 3), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_MINORITY);
	copies_force(copies, true);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_uint_eq(answer.number, 1);
	copies_claim(copies, 0x201, on_claimed, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_MINORITY);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_MINORITY);
	ck_assert_int_eq(checkpoint(copies, 0x201, 2), -VX_E_MINORITY);
	settle(copies);
}
END_TEST

START_TEST(copies_on_files)
{
	struct copies *copies = copies_of_three();

	copies_claim(copies, 0x101, on_claimed, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_msg(checkpoint(copies, 0x101, 1) == 0, "%s", answer.reason);
	for (uint64_t seq = 2; seq < 100; seq++) {
		ck_assert_msg(append(copies, 0x101, seq) == 0, "%s", answer.reason);
	}
	settle(copies);
	copies = copies_of_three();
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_msg(answer.error == 0, "%s", answer.reason);
	ck_assert_uint_eq(answer.seq, 99);
	ck_assert_uint_eq(answer.number, 99);
	ck_assert_uint_eq(answer.durable, 1);
	ck_assert_str_eq(answer.state[2], "c3 clean online");
	copies_read(copies, 98, on_read, NULL);
	wait_answer();
	ck_assert_uint_eq(answer.number, 98);
	copies_claim(copies, 0x101, on_claimed, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, -VX_E_STALE);
	ck_assert_uint_eq(answer.max_epoch, 0x101);
	settle(copies);
}
END_TEST

/* The disks are given anew while somebody else reads the copies: his answer is of the old ones, the next of the new ones. */
START_TEST(copies_of_new_disks_while_read)
{
	struct copies *copies = copies_of_three();
	char path[512], away[512];

	ck_assert_int_eq(checkpoint(copies, 0x101, 1), 0);
	snprintf(path, sizeof(path), "%s/c2", folder);
	snprintf(away, sizeof(away), "%s/away", folder);
	ck_assert_int_eq(rename(path, away), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	copy_disk[1].path = away;
	ck_assert_int_eq(copies_set_disks(copies, copy_disk, 3), 0);
	wait_answer();
	ck_assert_str_eq(answer.state[1], "c2 clean online"); /* it had it open */
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_str_eq(answer.state[1], "away clean online");
	ck_assert_int_eq(rename(away, path), 0);
	settle(copies);
}
END_TEST

START_TEST(copies_lose_a_file)
{
	struct copies *copies = copies_of_three();
	char path[512], away[512];

	ck_assert_int_eq(checkpoint(copies, 0x101, 1), 0);
	settle(copies);
	snprintf(path, sizeof(path), "%s/c2", folder);
	snprintf(away, sizeof(away), "%s/away", folder);
	copies = copies_of_three();
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_msg(append(copies, 0x101, 2) == 0, "%s", answer.reason);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_int_eq(answer.error, 0);
	ck_assert_ptr_nonnull(strstr(answer.state[1], "c2 unreachable: cannot be opened"));
	ck_assert_int_eq(rename(away, path), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_str_eq(answer.state[1], "c2 stale");
	ck_assert_int_eq(checkpoint(copies, 0x101, 3), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_str_eq(answer.state[1], "c2 clean online");
	/* a file that ends too early is a disk that fails */
	ck_assert_int_eq(truncate(path, 4096 * 4), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_ptr_nonnull(strstr(answer.state[1], "unreachable: cannot read the checkpoint"));
	ck_assert_int_eq(append(copies, 0x101, 4), 0);
	ck_assert_int_eq(copies_set_disks(copies, copy_disk, 1), 0);
	ck_assert_int_eq(checkpoint(copies, 0x101, 5), 0);
	copies_read(copies, UINT64_MAX, on_read, NULL);
	wait_answer();
	ck_assert_uint_eq(answer.copies, 1);
	settle(copies);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("disk");
	TCase *files = tcase_create("files");

	tcase_add_checked_fixture(files, files_setup, files_teardown);
	tcase_add_test(files, scan_and_setup);
	tcase_add_test(files, setup_refuses);
	tcase_add_test(files, read_only_file);
	tcase_add_test(files, owners);
	tcase_add_test(files, two_paths);
	tcase_add_test(files, probe);
	tcase_add_test(files, copies_on_files);
	tcase_add_test(files, force_is_for_one_operation);
	tcase_add_test(files, copies_lose_a_file);
	tcase_add_test(files, copies_of_new_disks_while_read);
	tcase_set_timeout(files, 60);
	suite_add_tcase(suite, files);
	return suite_run(suite);
}
