// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labdisk - the shared disks of the test lab, with a cable per node that can be pulled
 *
 * A disk is one file. Each node reaches it through two loop devices of its own:
 *
 *	node a: "upper" loop -> "lower" loop -+
 *	                                      +-> disk file
 *	node b: "upper" loop -> "lower" loop -+
 *
 * The node opens the upper one only. To pull the cable of one node the lower one is moved past the
 * end of the file (reads end short) and made read-only (writes are refused); the upper one's driver
 * turns both into EIO, at once and also for those who have it open already. One loop device alone
 * would answer "end of file" and ENOSPC, which no broken disk does.
 *
 * All loop devices clear themselves when the last opener is gone; this process is that opener.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_MAJOR 7
#define LOOP_TRIES 200
#define NAME_SIZE 32
#define LOOP_KEEP 8	/* as many as kernels make at boot */

/* One line of the table: "NODE DISK UPPER LOWER BYTES"; UPPER and LOWER are minor numbers. */
struct cable {
	char node[NAME_SIZE];
	char disk[NAME_SIZE];
	unsigned int upper;
	unsigned int lower;
	uint64_t size_bytes;
};

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void die(const char *fmt, ...)
{
	va_list args;

	fputs("labdisk: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void usage(FILE *to)
{
	fputs("usage: labdisk hold TABLE DEVDIR MARK NODE:DISK:FILE...\n"
	      "           make the loop devices, write TABLE, stay: they vanish with this process\n"
	      "       labdisk fail TABLE DEVDIR NODE DISK    pull NODE's cable to DISK: EIO\n"
	      "       labdisk heal TABLE DEVDIR NODE DISK    plug it in again\n"
	      "       labdisk drain TABLE DEVDIR NODE        wait until nothing is in flight\n"
	      "       labdisk state TABLE DEVDIR NODE DISK   print 'ok' or 'failed'\n"
	      "       labdisk forget MARK MINOR...           tidy up; 1: one is still bound\n"
	      "DEVDIR is a private folder for device nodes; MARK tells whose devices they are.\n",
	      to);
}

/* Device nodes of our own, so that a /dev without new loop devices (a container's) is enough. */
static int loop_open(const char *devdir, unsigned int minor_number)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/loop%u", devdir, minor_number) >= (int)sizeof(path)) {
		die("%s: name too long", devdir);
	}
	if (mknod(path, S_IFBLK | 0600, makedev(LOOP_MAJOR, minor_number)) != 0 &&
	    errno != EEXIST) {
		die("%s: cannot make the device node: %s", path, strerror(errno));
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno != ENXIO) {
		die("%s: cannot open: %s", path, strerror(errno));
	}
	return fd;
}

/* Binds a free loop device to backing_fd; returns it open and its minor number. */
static int loop_create(const char *devdir, int backing_fd, const char *mark,
		       unsigned int *out_minor)
{
	struct loop_config config = {
		.fd = (uint32_t)backing_fd,
		.block_size = 512,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
	};
	const int writable = 0;
	int control;
	int tries;

	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", mark);
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		die("/dev/loop-control: %s", strerror(errno));
	}
	for (tries = 0; tries < LOOP_TRIES; tries++) {
		int minor_number = ioctl(control, LOOP_CTL_GET_FREE);
		int fd;

		if (minor_number < 0) {
			die("no free loop device: %s", strerror(errno));
		}
		fd = loop_open(devdir, (unsigned int)minor_number);
		/* A device may still be read-only from a disk that failed in a lab before. */
		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) == 0 &&
		    ioctl(fd, BLKROSET, &writable) == 0) {
			close(control);
			*out_minor = (unsigned int)minor_number;
			return fd;
		}
		/* Someone else (another lab) was quicker: take the next. */
		if (fd >= 0 && errno != EBUSY && errno != ENXIO) {
			die("loop%d: %s", minor_number, strerror(errno));
		}
		if (fd >= 0) {
			close(fd);
		}
		usleep(10000);
	}
	die("no free loop device after %d tries", LOOP_TRIES);
}

/* The open loop devices stay with the process on purpose. */
static struct cable cable_create(const char *devdir, const char *mark, char *spec)
{
	struct cable cable = { 0 };
	struct stat st;
	char *save = NULL;
	char *node = strtok_r(spec, ":", &save);
	char *disk = strtok_r(NULL, ":", &save);
	char *path = strtok_r(NULL, "", &save);
	int file_fd, lower_fd;

	if (!path || strlen(node) >= NAME_SIZE || strlen(disk) >= NAME_SIZE) {
		die("a disk is given as NODE:DISK:FILE");
	}
	file_fd = open(path, O_RDWR | O_CLOEXEC);
	if (file_fd < 0 || fstat(file_fd, &st) != 0) {
		die("%s: %s", path, strerror(errno));
	}
	strcpy(cable.node, node);
	strcpy(cable.disk, disk);
	cable.size_bytes = (uint64_t)st.st_size;
	lower_fd = loop_create(devdir, file_fd, mark, &cable.lower);
	loop_create(devdir, lower_fd, mark, &cable.upper);
	close(file_fd);
	return cable;
}

static void hold(const char *table, const char *devdir, const char *mark, int count, char **specs)
{
	char tmp[PATH_MAX];
	FILE *out;
	int i;

	if (snprintf(tmp, sizeof(tmp), "%s.new", table) >= (int)sizeof(tmp)) {
		die("%s: name too long", table);
	}
	out = fopen(tmp, "we");
	if (!out) {
		die("%s: %s", tmp, strerror(errno));
	}
	for (i = 0; i < count; i++) {
		struct cable cable = cable_create(devdir, mark, specs[i]);

		fprintf(out, "%s %s %u %u %" PRIu64 "\n", cable.node, cable.disk, cable.upper,
			cable.lower, cable.size_bytes);
	}
	if (fclose(out) != 0 || rename(tmp, table) != 0) {
		die("%s: %s", table, strerror(errno));
	}
	for (;;) {
		pause();
	}
}

/* Moving the lower device also waits for what is in flight in it: the driver freezes its queue. */
static void cable_set(const char *devdir, const struct cable *cable, bool failed)
{
	struct loop_info64 info;
	int read_only = failed;
	int lower_fd = loop_open(devdir, cable->lower);
	int upper_fd = loop_open(devdir, cable->upper);

	if (lower_fd < 0 || upper_fd < 0 || ioctl(lower_fd, LOOP_GET_STATUS64, &info) != 0) {
		die("the disks are gone: %s", strerror(errno));
	}
	info.lo_offset = failed ? cable->size_bytes : 0;
	if (ioctl(lower_fd, BLKROSET, &read_only) != 0 ||
	    ioctl(lower_fd, LOOP_SET_STATUS64, &info) != 0) {
		die("loop%u: %s", cable->lower, strerror(errno));
	}
	/* What the node has in its page cache must not hide the failure. */
	if (ioctl(upper_fd, BLKFLSBUF, 0) != 0) {
		die("loop%u: cannot drop the cache: %s", cable->upper, strerror(errno));
	}
	close(lower_fd);
	close(upper_fd);
}

/*
 * Sets what is set already: nothing changes, but the queue is frozen for a moment, i.e. empty once.
 */
static void loop_drain(const char *devdir, unsigned int minor_number)
{
	struct loop_info64 info;
	int fd = loop_open(devdir, minor_number);

	if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) != 0 ||
	    ioctl(fd, LOOP_SET_STATUS64, &info) != 0) {
		die("loop%u: cannot drain: %s", minor_number, strerror(errno));
	}
	close(fd);
}

static void cable_print(const char *devdir, const struct cable *cable)
{
	struct loop_info64 info;
	int fd = loop_open(devdir, cable->lower);

	if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) != 0) {
		die("the disks are gone: %s", strerror(errno));
	}
	puts(info.lo_offset ? "failed" : "ok");
	close(fd);
}

static int each_cable(const char *verb, const char *table, const char *devdir, const char *node,
		      const char *disk)
{
	FILE *in = fopen(table, "re");
	struct cable cable;
	int found = 0;

	if (!in) {
		die("%s: %s", table, strerror(errno));
	}
	while (fscanf(in, "%31s %31s %u %u %" SCNu64, cable.node, cable.disk, &cable.upper,
		      &cable.lower, &cable.size_bytes) == 5) {
		if (strcmp(cable.node, node) != 0 || (disk && strcmp(cable.disk, disk) != 0)) {
			continue;
		}
		found++;
		if (strcmp(verb, "fail") == 0) {
			cable_set(devdir, &cable, true);
		} else if (strcmp(verb, "heal") == 0) {
			cable_set(devdir, &cable, false);
		} else if (strcmp(verb, "state") == 0) {
			cable_print(devdir, &cable);
		} else {
			loop_drain(devdir, cable.upper);
			loop_drain(devdir, cable.lower);
		}
	}
	fclose(in);
	if (!found && disk) {
		die("node %s has no disk %s", node, disk);
	}
	return 0;
}

/*
 * Returns false while the device is ours still. One that is bound again by another is its business.
 */
static bool loop_reset(const char *mark, unsigned int minor_number)
{
	const int writable = 0;
	struct loop_info64 info = { 0 };
	char path[32];
	bool bound, ours;
	int fd;

	snprintf(path, sizeof(path), "/dev/loop%u", minor_number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return true;
	}
	bound = ioctl(fd, LOOP_GET_STATUS64, &info) == 0;
	ours = bound && strncmp((const char *)info.lo_file_name, mark,
				sizeof(info.lo_file_name) - 1) == 0;
	/* "fail" leaves it read-only, for whoever binds it next. */
	if (!bound && ioctl(fd, BLKROSET, &writable) != 0) {
		die("loop%u: cannot make it writable again: %s", minor_number, strerror(errno));
	}
	close(fd);
	return !ours;
}

/* Devices beyond the first ones were made for us by GET_FREE; one in use stays (EBUSY). */
static int forget(const char *mark, int count, char **minors)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int i;

	if (control < 0) {
		die("/dev/loop-control: %s", strerror(errno));
	}
	for (i = 0; i < count; i++) {
		unsigned int minor_number = (unsigned int)strtoul(minors[i], NULL, 10);

		if (!loop_reset(mark, minor_number)) {
			close(control);
			return 1;
		}
		if (minor_number >= LOOP_KEEP &&
		    ioctl(control, LOOP_CTL_REMOVE, minor_number) < 0 &&
		    errno != EBUSY && errno != ENODEV) {
			die("loop%s: cannot remove: %s", minors[i], strerror(errno));
		}
	}
	close(control);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(verb, "hold") == 0 && argc >= 5) {
		hold(argv[2], argv[3], argv[4], argc - 5, argv + 5);
	}
	if (strcmp(verb, "forget") == 0 && argc >= 3) {
		return forget(argv[2], argc - 3, argv + 3);
	}
	if ((strcmp(verb, "fail") == 0 || strcmp(verb, "heal") == 0 ||
	     strcmp(verb, "state") == 0) && argc == 6) {
		return each_cable(verb, argv[2], argv[3], argv[4], argv[5]);
	}
	if (strcmp(verb, "drain") == 0 && argc == 5) {
		return each_cable(verb, argv[2], argv[3], argv[4], NULL);
	}
	usage(stderr);
	return 2;
}
