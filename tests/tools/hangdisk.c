// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hangdisk DISK - a node's path to a disk, made so that it can hang
 *
 *	vxconfigd, vxiod -> DISK (a file, served by this process) -> the disk that was there
 *
 * It puts itself over DISK in the mount namespace it is started in, and goes on in the background.
 * While it is stopped (SIGSTOP) what is asked of DISK does not come back, as where a multipath
 * device queues without a path; the name of the disk and its size are still there. After SIGUSR1
 * it stops itself at the next write. When it ends, all that fails, with ENOTCONN.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define IO_MAX (1024 * 1024)
#define FOREVER 1000000 /* seconds: who asks for size and kind need not ask us */

static volatile sig_atomic_t stop_at_write;

struct server {
	int disk, fuse;
	uint64_t size;
	uint8_t *data; /* aligned */
};

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void die(const char *fmt, ...)
{
	va_list args;

	fputs("hangdisk: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void on_signal(int number)
{
	(void)number;
	stop_at_write = 1;
}

static void reply(const struct server *server, uint64_t unique, int error, const void *data,
		  size_t length)
{
	struct fuse_out_header head = { .len = (uint32_t)(sizeof(head) + length),
					.error = error,
					.unique = unique };
	struct iovec parts[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)data, length } };

	/* ENOENT: whoever asked was killed */
	if (writev(server->fuse, parts, length > 0 ? 2 : 1) < 0 && errno != ENOENT) {
		die("cannot answer: %s", strerror(errno));
	}
}

static void serve_attr(const struct server *server, uint64_t unique)
{
	struct fuse_attr_out out = { .attr_valid = FOREVER,
				     .attr = { .ino = FUSE_ROOT_ID,
					       .size = server->size,
					       .blocks = server->size / 512,
					       .mode = S_IFREG | 0600,
					       .nlink = 1,
					       .blksize = 4096 } };

	reply(server, unique, 0, &out, sizeof(out));
}

static void serve_read(const struct server *server, uint64_t unique, const struct fuse_read_in *in)
{
	ssize_t done = pread(server->disk, server->data, in->size, (off_t)in->offset);

	reply(server, unique, done < 0 ? -errno : 0, server->data, done < 0 ? 0 : (size_t)done);
}

static void serve_write(const struct server *server, uint64_t unique, const struct fuse_write_in *in)
{
	struct fuse_write_out out = { 0 };
	ssize_t done;

	if (stop_at_write) {
		stop_at_write = 0;
		raise(SIGSTOP);
	}
	memcpy(server->data, in + 1, in->size);
	done = pwrite(server->disk, server->data, in->size, (off_t)in->offset);
	out.size = done < 0 ? 0 : (uint32_t)done;
	reply(server, unique, done < 0 ? -errno : 0, &out, done < 0 ? 0 : sizeof(out));
}

static void serve(const struct server *server, const struct fuse_in_header *head)
{
	const void *body = head + 1;
	const struct fuse_init_in *init = body;
	struct fuse_init_out init_out = { .major = FUSE_KERNEL_VERSION,
					  .minor = FUSE_KERNEL_MINOR_VERSION,
					  .max_readahead = init->max_readahead,
					  .max_background = 64,
					  .max_write = IO_MAX,
					  .flags = FUSE_MAX_PAGES,
					  .max_pages = IO_MAX / 4096 };
	struct fuse_open_out open_out = { .open_flags = FOPEN_DIRECT_IO };

	switch (head->opcode) {
	case FUSE_INIT:
		reply(server, head->unique, 0, &init_out, sizeof(init_out));
		return;
	case FUSE_GETATTR:
		serve_attr(server, head->unique);
		return;
	case FUSE_OPEN:
		reply(server, head->unique, 0, &open_out, sizeof(open_out));
		return;
	case FUSE_READ:
		serve_read(server, head->unique, body);
		return;
	case FUSE_WRITE:
		serve_write(server, head->unique, body);
		return;
	case FUSE_FSYNC:
		reply(server, head->unique, fdatasync(server->disk) == 0 ? 0 : -errno, NULL, 0);
		return;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		reply(server, head->unique, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT: /* what was asked is answered all the same */
		return;
	default:
		reply(server, head->unique, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	struct server server = { .data = aligned_alloc(4096, IO_MAX) };
	uint8_t *request = aligned_alloc(4096, IO_MAX + 4096);
	char options[64];

	if (argc != 2 || argv[1][0] == '-') {
		fputs("usage: hangdisk DISK\n", stderr);
		return 2;
	}
	if (server.data == NULL || request == NULL) {
		die("out of memory");
	}
	server.disk = open(argv[1], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (server.disk < 0 || ioctl(server.disk, BLKGETSIZE64, &server.size) != 0) {
		die("%s: %s", argv[1], strerror(errno));
	}
	server.fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100600,user_id=0,group_id=0,max_read=%d",
		 server.fuse, IO_MAX);
	if (server.fuse < 0 ||
	    mount("hangdisk", argv[1], "fuse.hangdisk", MS_NOSUID | MS_NODEV, options) != 0) {
		die("%s: cannot be mounted: %s", argv[1], strerror(errno));
	}
	signal(SIGUSR1, on_signal);
	if (daemon(0, 0) != 0) {
		die("%s", strerror(errno));
	}
	for (;;) {
		ssize_t length = read(server.fuse, request, IO_MAX + 4096);

		if (length >= (ssize_t)sizeof(struct fuse_in_header)) {
			serve(&server, (const struct fuse_in_header *)(const void *)request);
		} else if (length >= 0 || (errno != EINTR && errno != ENOENT && errno != EAGAIN)) {
			return 0; /* unmounted */
		}
	}
}
