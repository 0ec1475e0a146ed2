// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One configuration copy as a whole: every torn write leaves the old or the new content, random histories
 * with crashes, damage, random bytes.
 */
#include "tests/unit/suite.h"
#include "vxconfigd/copy_image.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "region_sample.h"

#define SECTORS_PER_BLOCK (VX_BLOCK / VX_SECTOR)

/* What a copy holds: the number of its content and its sequence. */
static void check_content(struct memdisk *disk, uint64_t seq, uint64_t changes, const char *what)
{
	struct copy_image *image = memdisk_image(disk);

	ck_assert_msg(image->body != NULL && image->damage == NULL, "%s: no content", what);
	ck_assert_msg(image->place.seq == seq, "%s: sequence %llu, not %llu", what,
		      (unsigned long long)image->place.seq, (unsigned long long)seq);
	ck_assert_msg(image->change_count == changes, "%s: %zu changes", what, image->change_count);
	copy_image_free(image);
}

/* Every way to tear one step of a change; after it the copy holds seq_old or seq_new, and seq_new for sure
 * once the last step is whole. */
static void tear_step(struct memdisk *disk, const struct copy_write *write, bool last, uint64_t seq_old,
		      uint64_t seq_new, const char *what)
{
	size_t sectors = (size_t)write->blocks * SECTORS_PER_BLOCK;
	size_t bytes = (size_t)disk->blocks * VX_BLOCK;
	uint8_t *before = malloc(bytes);

	memcpy(before, disk->data, bytes);
	for (int tear = TEAR_TAIL; tear <= TEAR_HEAD; tear++) {
		for (size_t done = 0; done <= sectors; done++) {
			struct copy_image *image;

			memdisk_write_torn(disk, write, done, tear);
			image = memdisk_image(disk);
			ck_assert_msg(image->body != NULL && image->damage == NULL, "%s: content lost", what);
			ck_assert_msg(image->place.seq == seq_old || (last && image->place.seq == seq_new),
				      "%s: %zu of %zu sectors: sequence %llu", what, done, sectors,
				      (unsigned long long)image->place.seq);
			ck_assert(!last || done < sectors || image->place.seq == seq_new);
			copy_image_free(image);
			memcpy(disk->data, before, bytes);
		}
	}
	free(before);
	memdisk_write(disk, write);
}

/* D8 */
START_TEST(torn_checkpoint)
{
	struct memdisk disk;
	struct copy_place place;

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 1);
	region_append(&disk, &place, 2, 100);
	region_append(&disk, &place, 3, 9000);
	check_content(&disk, 3, 2, "before");
	for (uint64_t seq = 4; seq < 9; seq++) {
		struct copy_steps steps;
		struct copy_place next;
		uint8_t *body;

		region_plan_checkpoint(&place, 0x101, seq, seq, seq, &body, &steps, &next);
		ck_assert_uint_eq(steps.count, 2);
		tear_step(&disk, &steps.write[0], false, seq - 1, seq, "body");
		tear_step(&disk, &steps.write[1], true, seq - 1, seq, "header");
		copy_steps_free(&steps);
		free(body);
		place = next;
		check_content(&disk, seq, 0, "after");
	}
	memdisk_free(&disk);
}
END_TEST

START_TEST(torn_append)
{
	struct memdisk disk;
	struct copy_place place;
	uint64_t seq = 1;

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	/* Two rounds: in the second one the journal holds the records of the first. */
	for (uint64_t round = 1; round <= 2; round++) {
		region_checkpoint(&disk, &place, 0x101, seq, seq, round);
		for (size_t i = 0; i < 6; i++) {
			Vx__Change *change = region_change(seq + 1, (i % 3) * 4000 + 100);
			struct copy_steps steps;
			struct copy_place next;

			ck_assert_int_eq(copy_plan_change(&place, change, &steps, &next), 0);
			tear_step(&disk, &steps.write[0], true, seq, seq + 1, "record");
			copy_steps_free(&steps);
			vx__change__free_unpacked(change, NULL);
			place = next;
			seq++;
			check_content(&disk, seq, i + 1, "after");
		}
		seq++;
	}
	memdisk_free(&disk);
}
END_TEST

START_TEST(torn_claim)
{
	struct memdisk disk;
	struct copy_place place;
	size_t bytes = (size_t)REGION_BLOCKS * VX_BLOCK;
	uint8_t *before = malloc(bytes);

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 1);
	for (uint64_t epoch = 0x201; epoch < 0x900; epoch += 0x100) {
		struct copy_image *image = memdisk_image(&disk);
		struct copy_steps steps;

		ck_assert_uint_eq(image->claim_epoch, epoch == 0x201 ? 0 : epoch - 0x100);
		ck_assert_int_eq(copy_plan_claim(image, REGION_DGID, epoch, &steps), 0);
		copy_image_free(image);
		memcpy(before, disk.data, bytes);
		for (size_t done = 0; done <= SECTORS_PER_BLOCK; done++) {
			memdisk_write_torn(&disk, &steps.write[0], done, TEAR_TAIL);
			image = memdisk_image(&disk);
			ck_assert(image->claim_epoch == epoch ||
				  (done == 0 && image->claim_epoch == (epoch == 0x201 ? 0 : epoch - 0x100)) ||
				  (done < SECTORS_PER_BLOCK && image->claim_epoch != epoch));
			ck_assert(image->claim_epoch == epoch || epoch == 0x201 ||
				  image->claim_epoch == epoch - 0x100);
			copy_image_free(image);
			memcpy(disk.data, before, bytes);
		}
		memdisk_steps(&disk, &steps);
	}
	free(before);
	memdisk_free(&disk);
}
END_TEST

/* A crash after any write of a random history, compared with a model of two numbers. */
START_TEST(random_histories)
{
	unsigned int seed = (unsigned int)_i + 1;
	struct memdisk disk;
	struct copy_place place;
	uint64_t epoch = 0x101, seq = 1, generation = 1;

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, epoch, seq, seq, generation);
	for (int step = 0; step < 150; step++) {
		struct copy_steps steps = { 0 };
		struct copy_place next;
		uint8_t *body = NULL;
		unsigned int kind = (unsigned int)rand_r(&seed) % 12;
		Vx__Change *change = region_change(seq + 1, (size_t)rand_r(&seed) % 30000);
		int rc = kind == 0 ? -VX_E_NOSPACE : copy_plan_change(&place, change, &steps, &next);
		bool crash = rand_r(&seed) % 5 == 0;
		size_t crash_step, crash_sectors;

		vx__change__free_unpacked(change, NULL);
		if (rc != 0) {
			ck_assert_int_eq(rc, -VX_E_NOSPACE);
			epoch += kind == 0 ? 0x100 : 0;
			region_plan_checkpoint(&place, epoch, seq + 1, seq + 1, ++generation, &body, &steps,
					       &next);
		}
		crash_step = (size_t)rand_r(&seed) % steps.count;
		crash_sectors = (size_t)rand_r(&seed) %
				((size_t)steps.write[crash_step].blocks * SECTORS_PER_BLOCK + 1);
		for (size_t i = 0; i < steps.count && (!crash || i <= crash_step); i++) {
			if (crash && i == crash_step) {
				memdisk_write_torn(&disk, &steps.write[i], crash_sectors,
						   (enum tear)(rand_r(&seed) % 2));
			} else {
				memdisk_write(&disk, &steps.write[i]);
			}
		}
		copy_steps_free(&steps);
		free(body);

		struct copy_image *image = memdisk_image(&disk);

		ck_assert_msg(image->body != NULL && image->damage == NULL, "seed %d step %d: lost", _i, step);
		ck_assert_msg(image->place.seq == seq + 1 || (crash && image->place.seq == seq),
			      "seed %d step %d: sequence %llu, expected %llu", _i, step,
			      (unsigned long long)image->place.seq, (unsigned long long)seq + 1);
		if (crash) {
			/* Whoever comes next begins with a checkpoint of what it found, of a higher epoch. */
			seq = image->place.seq;
			epoch += 0x100;
			place = image->place;
			region_checkpoint(&disk, &place, epoch, seq, seq, ++generation);
		} else {
			ck_assert_mem_eq(&image->place, &next, sizeof(next));
			place = next;
			seq++;
		}
		copy_image_free(image);
	}
	memdisk_free(&disk);
}
END_TEST

/* D10: a record belongs to one checkpoint, not to any that its sequence would follow. */
START_TEST(record_of_another_checkpoint)
{
	struct memdisk disk;
	struct copy_place place;

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 1);
	region_append(&disk, &place, 2, 10);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 2);
	check_content(&disk, 1, 0, "old record");
	place.journal_used = 2;
	region_append(&disk, &place, 2, 10);
	check_content(&disk, 1, 0, "gap");
	place.journal_used = 0;
	place.seq = 1;
	place.chain ^= 1;
	region_append(&disk, &place, 2, 10);
	check_content(&disk, 1, 0, "chain");
	memdisk_free(&disk);
}
END_TEST

START_TEST(damaged_copy_is_not_believed)
{
	struct memdisk disk;
	struct copy_place place;
	const struct copy_reader reader = { memdisk_read, &disk };
	struct copy_image *image;
	char reason[VX_REASON_MAX];

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 1);
	region_checkpoint(&disk, &place, 0x101, 2, 2, 2);
	/* The body of the newest header rots: the older content shows, marked. */
	disk.data[(size_t)place.layout.body_block[1] * VX_BLOCK + 20] ^= 4;
	image = memdisk_image(&disk);
	ck_assert(image->damage != NULL && image->place.seq == 1);
	copy_image_free(image);
	disk.data[(size_t)place.layout.body_block[0] * VX_BLOCK + 20] ^= 4;
	image = memdisk_image(&disk);
	ck_assert(image->damage != NULL && image->body == NULL);
	copy_image_free(image);
	ck_assert_int_eq(copy_image_read(&reader, REGION_DGID, "d9", &image, reason), -VX_E_NODISK);
	ck_assert_ptr_nonnull(strstr(reason, "another disk"));
	disk.error = -EIO;
	ck_assert_int_eq(copy_image_read(&reader, REGION_DGID, "d1", &image, reason), -EIO);
	memdisk_free(&disk);
}
END_TEST

/* Any bytes at all behind a good label: an error or a content, never a crash or a read outside. */
START_TEST(random_regions)
{
	unsigned int seed = (unsigned int)_i + 77;
	struct memdisk disk;
	struct copy_place place;
	const struct copy_reader reader = { memdisk_read, &disk };
	struct copy_image *image;
	char reason[VX_REASON_MAX];

	memdisk_create(&disk, "d1");
	place = region_place(&disk);
	region_checkpoint(&disk, &place, 0x101, 1, 1, 1);
	region_append(&disk, &place, 2, 6000);
	region_append(&disk, &place, 3, 10);
	for (int round = 0; round < 400; round++) {
		uint32_t block = 2 + (uint32_t)rand_r(&seed) % (disk.blocks - 2);
		uint32_t from = 2 + (uint32_t)rand_r(&seed) % (disk.blocks - 2);

		if (round % 4 == 0) {
			static const uint32_t often[] = { 2, 3, 4, 5, 8, 101, 194, 195, 196 };

			block = often[(size_t)rand_r(&seed) % VX_COUNT_OF(often)];
		}
		if (round % 2 == 0) {
			memcpy(disk.data + (size_t)block * VX_BLOCK, disk.data + (size_t)from * VX_BLOCK, VX_BLOCK);
		} else {
			disk.data[(size_t)block * VX_BLOCK + (size_t)rand_r(&seed) % 200] =
				(uint8_t)rand_r(&seed);
		}
		if (copy_image_read(&reader, REGION_DGID, "d1", &image, reason) == 0) {
			copy_image_free(image);
		}
	}
	memdisk_free(&disk);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("copy_image");
	TCase *copy = tcase_create("copy");

	tcase_add_test(copy, torn_checkpoint);
	tcase_add_test(copy, torn_append);
	tcase_add_test(copy, torn_claim);
	tcase_add_loop_test(copy, random_histories, 0, 40);
	tcase_add_test(copy, record_of_another_checkpoint);
	tcase_add_test(copy, damaged_copy_is_not_believed);
	tcase_add_loop_test(copy, random_regions, 0, 20);
	tcase_set_timeout(copy, 60);
	suite_add_tcase(suite, copy);
	return suite_run(suite);
}
