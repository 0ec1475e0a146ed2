// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * labsyslog - the syslog of a test node: what arrives at /dev/log is appended to a file
 *
 *	labsyslog SOCKET FILE
 *
 * One datagram is one line, "TIME MESSAGE"; the priority stays in front of the message as "<N>".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_SIZE 8192

static int fail(const char *what)
{
	fprintf(stderr, "labsyslog: %s: %s\n", what, strerror(errno));
	return 1;
}

static void append(FILE *out, char *message, size_t length)
{
	struct timespec now;
	struct tm tm;
	char when[32];
	size_t i;

	for (i = 0; i < length; i++) {
		if (message[i] == '\n' || message[i] == '\0') {
			message[i] = ' ';
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%F %T", &tm);
	fprintf(out, "%s.%03ld %.*s\n", when, now.tv_nsec / 1000000, (int)length, message);
	fflush(out);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char message[MESSAGE_SIZE];
	FILE *out;
	int fd;

	if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fputs("usage: labsyslog SOCKET FILE\n", stderr);
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	out = fopen(argv[2], "ae");
	if (!out) {
		return fail(argv[2]);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(argv[1], 0666) != 0) {
		return fail(argv[1]);
	}
	for (;;) {
		ssize_t got = recv(fd, message, sizeof(message), 0);

		if (got < 0 && errno != EINTR) {
			return fail("recv");
		}
		if (got > 0) {
			append(out, message, (size_t)got);
		}
	}
}
