// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids. */
#include "base/id.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define TXN_BOOT_BYTES 4
#define TXN_TIME_BYTES 6

static void id_random(void *out, size_t length)
{
	if (getrandom(out, length, 0) != (ssize_t)length) {
		abort(); /* cannot fail for 256 bytes or less once the kernel is up */
	}
}

void id_make(uint8_t out_id[ID_BYTES])
{
	id_random(out_id, ID_BYTES);
}

uint64_t id_make_u64(void)
{
	uint64_t id = 0;

	while (id == 0) {
		id_random(&id, sizeof(id));
	}
	return id;
}

/* The first bytes of the boot's id, which is hexadecimal text. */
static bool id_boot(uint8_t out_boot[TXN_BOOT_BYTES])
{
	char text[2 * TXN_BOOT_BYTES];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)sizeof(text);

	if (fd >= 0) {
		close(fd);
	}
	for (size_t i = 0; i < TXN_BOOT_BYTES && good; i++) {
		const char byte[] = { text[2 * i], text[2 * i + 1], '\0' };

		out_boot[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return good;
}

static uint64_t id_boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void id_make_txn(uint8_t out_id[ID_BYTES])
{
	uint64_t now = id_boottime_ms();

	id_make(out_id);
	if (!id_boot(out_id)) {
		return;
	}
	for (size_t i = 0; i < TXN_TIME_BYTES; i++) {
		out_id[TXN_BOOT_BYTES + i] = (uint8_t)(now >> 8 * (TXN_TIME_BYTES - 1 - i));
	}
}

bool id_txn_age_ms(const uint8_t id[ID_BYTES], uint64_t *out_ms)
{
	uint64_t made = 0, now = id_boottime_ms();
	uint8_t boot[TXN_BOOT_BYTES];

	for (size_t i = 0; i < TXN_TIME_BYTES; i++) {
		made = made << 8 | id[TXN_BOOT_BYTES + i];
	}
	if (!id_boot(boot) || memcmp(boot, id, sizeof(boot)) != 0 || made > now) {
		return false;
	}
	*out_ms = now - made;
	return true;
}

void id_text(const uint8_t *id, size_t length, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*out++ = digit[id[i] >> 4];
		*out++ = digit[id[i] & 15];
	}
	*out = '\0';
}
