// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rawtwo - the limit of a two-way mirror on this machine: the same disk I/O with nothing around it
 *
 *	rawtwo read|write DISK0 DISK1 SIZE_MIB BLOCK_BYTES DEPTH SECONDS
 *
 * A write goes to both disks and is done when both have it; reads take the disks in turn. Plain
 * io_uring with registered files and buffers, one thread, one io_uring_enter for a round. Prints
 *one line: iops p50_us p99_us cpu_us (CPU microseconds for one operation).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DISKS 2
#define DEPTH_MAX 256
#define BUCKETS 100000 /* of a microsecond */

struct job {
	bool write;
	uint64_t blocks;
	uint32_t block_size, depth;
	double seconds;
};

struct slot {
	uint64_t began_us, offset;
	uint32_t left; /* completions to come */
};

struct run {
	struct io_uring ring;
	struct slot slot[DEPTH_MAX];
	struct iovec buffer[DEPTH_MAX];
	uint64_t random, done, turn;
	uint32_t bucket[BUCKETS];
};

__attribute__((noreturn)) static void die(const char *what, int error)
{
	fprintf(stderr, "rawtwo: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t run_random(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

static void run_leg(struct run *run, const struct job *job, uint32_t index, int disk)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&run->ring);
	struct slot *slot = &run->slot[index];

	if (job->write) {
		io_uring_prep_write_fixed(sqe, disk, run->buffer[index].iov_base, job->block_size,
					  slot->offset, (int)index);
	} else {
		io_uring_prep_read_fixed(sqe, disk, run->buffer[index].iov_base, job->block_size,
					 slot->offset, (int)index);
	}
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, index);
	slot->left++;
}

static void run_start(struct run *run, const struct job *job, uint32_t index)
{
	struct slot *slot = &run->slot[index];

	slot->offset = run_random(run) % job->blocks * job->block_size;
	slot->began_us = now_us();
	if (job->write) {
		run_leg(run, job, index, 0);
		run_leg(run, job, index, 1);
	} else {
		run_leg(run, job, index, (int)(run->turn++ % DISKS));
	}
}

static void run_open(struct run *run, const struct job *job, char **path)
{
	int fd[DISKS], rc;

	for (int i = 0; i < DISKS; i++) {
		fd[i] = open(path[i], O_RDWR | O_DIRECT | O_CLOEXEC);
		if (fd[i] < 0) {
			die(path[i], errno);
		}
	}
	for (uint32_t i = 0; i < job->depth; i++) {
		void *data;

		if (posix_memalign(&data, 4096, job->block_size) != 0) {
			die("memory", ENOMEM);
		}
		memset(data, (int)i, job->block_size);
		run->buffer[i] = (struct iovec){ data, job->block_size };
	}
	rc = io_uring_queue_init(2 * DEPTH_MAX, &run->ring,
				 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (rc < 0) {
		rc = io_uring_queue_init(2 * DEPTH_MAX, &run->ring, 0);
	}
	if (rc == 0) {
		rc = io_uring_register_files(&run->ring, fd, DISKS);
	}
	if (rc == 0) {
		rc = io_uring_register_buffers(&run->ring, run->buffer, job->depth);
	}
	if (rc < 0) {
		die("io_uring", -rc);
	}
}

static void run_complete(struct run *run, const struct job *job, const struct io_uring_cqe *cqe)
{
	uint32_t index = (uint32_t)io_uring_cqe_get_data64(cqe);
	struct slot *slot = &run->slot[index];
	uint64_t took_us;

	if (cqe->res != (int)job->block_size) {
		die("I/O", cqe->res < 0 ? -cqe->res : EIO);
	}
	if (--slot->left > 0) {
		return;
	}
	took_us = now_us() - slot->began_us;
	run->bucket[took_us < BUCKETS ? took_us : BUCKETS - 1]++;
	run->done++;
	run_start(run, job, index);
}

static uint32_t run_percentile(const struct run *run, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)run->done * share);

	for (uint32_t i = 0; i < BUCKETS; i++) {
		seen += run->bucket[i];
		if (seen > wanted) {
			return i;
		}
	}
	return BUCKETS - 1;
}

static void run_rounds(struct run *run, const struct job *job)
{
	uint64_t began_us = now_us(), end_us = began_us + (uint64_t)(job->seconds * 1e6);
	struct rusage usage;
	double cpu_us, seconds;

	for (uint32_t i = 0; i < job->depth; i++) {
		run_start(run, job, i);
	}
	while (now_us() < end_us) {
		struct io_uring_cqe *cqe;
		unsigned int head, count = 0;
		int rc = io_uring_submit_and_wait(&run->ring, 1);

		if (rc < 0 && rc != -EINTR) {
			die("io_uring_enter", -rc);
		}
		io_uring_for_each_cqe(&run->ring, head, cqe)
		{
			run_complete(run, job, cqe);
			count++;
		}
		io_uring_cq_advance(&run->ring, count);
	}
	getrusage(RUSAGE_SELF, &usage);
	seconds = (double)(now_us() - began_us) / 1e6;
	cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
		 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	printf("%.0f %" PRIu32 " %" PRIu32 " %.2f\n", (double)run->done / seconds,
	       run_percentile(run, 0.5), run_percentile(run, 0.99),
	       cpu_us / (double)(run->done > 0 ? run->done : 1));
}

int main(int argc, char **argv)
{
	struct job job;
	struct run *run;

	if (argc != 8 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "write") != 0)) {
		fputs("usage: rawtwo read|write DISK0 DISK1 SIZE_MIB BLOCK_BYTES DEPTH SECONDS\n",
		      stderr);
		return 2;
	}
	job.write = strcmp(argv[1], "write") == 0;
	job.block_size = (uint32_t)strtoul(argv[5], NULL, 10);
	job.depth = (uint32_t)strtoul(argv[6], NULL, 10);
	job.seconds = strtod(argv[7], NULL);
	if (job.block_size < 512 || job.depth < 1 || job.depth > DEPTH_MAX || job.seconds <= 0) {
		fputs("rawtwo: block, depth or seconds out of range\n", stderr);
		return 2;
	}
	job.blocks = (strtoull(argv[4], NULL, 10) << 20) / job.block_size;
	run = calloc(1, sizeof(*run));
	if (run == NULL || job.blocks == 0) {
		die("size", EINVAL);
	}
	run->random = (uint64_t)getpid() << 32 | now_us() | 1;
	run_open(run, &job, argv + 2);
	run_rounds(run, &job);
	io_uring_queue_exit(&run->ring);
	free(run);
	return 0;
}
