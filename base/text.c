// SPDX-License-Identifier: GPL-2.0-or-later
/* Text that a stranger typed, for people to read. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the character at `at`, which is to be shown as it is; 0: it is not. */
static size_t text_visible(const unsigned char *at)
{
	static const struct {
		unsigned char mask, head; /* of the first byte */
		uint32_t min;		  /* a smaller one would be written in fewer bytes */
	} form[] = {
		{ 0x80, 0x00, 0x20 }, /* the rest of ASCII are control bytes */
		{ 0xe0, 0xc0, 0xa0 }, /* 0x80 to 0x9f are control characters too */
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		uint32_t code = at[0] & ~(uint32_t)form[i].mask;
		bool whole = (at[0] & form[i].mask) == form[i].head;

		for (size_t k = 1; k <= i && whole; k++) {
			whole = (at[k] & 0xc0) == 0x80;
			code = code << 6 | (at[k] & 0x3f);
		}
		if (whole && code >= form[i].min && code != 0x7f && code <= 0x10ffff &&
		    (code < 0xd800 || code > 0xdfff)) {
			return i + 1;
		}
	}
	return 0;
}

bool text_is_plain(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		size_t length = text_visible(at);

		if (length == 0) {
			return false;
		}
		at += length;
	}
	return true;
}

void text_escape(const char *text, char *out, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0;

	while (*at != '\0') {
		size_t length = text_visible(at), needs = length > 0 ? length : strlen("\\xNN");

		if (used + needs >= size) {
			break;
		}
		if (length > 0) {
			memcpy(out + used, at, length);
		} else {
			snprintf(out + used, size - used, "\\x%02x", *at);
		}
		used += needs;
		at += length > 0 ? length : 1;
	}
	out[used] = '\0';
}
