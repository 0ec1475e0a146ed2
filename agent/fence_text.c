// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustd and its fencing helper say to each other. */
#include "agent/fence_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

static const char *const fence_text_what[] = {
	[FENCE_LOOKED] = "looked",
	[FENCE_FENCED] = "fenced",
	[FENCE_LOST] = "lost",
};

size_t fence_text_look(char *out, uint64_t serial, bool apart)
{
	return (size_t)snprintf(out, VX_FENCE_TEXT_MAX, "look %" PRIu64 " %d", serial, apart);
}

size_t fence_text_word(char *out, const struct fence_word *word)
{
	struct fence_word failed = { .what = FENCE_LOOKED, .serial = word->serial, .error = -ENOBUFS };
	int length = snprintf(out, VX_FENCE_TEXT_MAX, "%s", fence_text_what[word->what]);

	if (word->what == FENCE_LOOKED) {
		length += snprintf(out + length, VX_FENCE_TEXT_MAX - (size_t)length,
				   " %" PRIu64 " %d", word->serial, -word->error);
	}
	for (size_t i = 0; i < word->count; i++) {
		size_t room = VX_FENCE_TEXT_MAX - (size_t)length;
		int more = snprintf(out + length, room, " %s", word->node[i]);

		if (more < 0 || (size_t)more >= room) {
			return word->what == FENCE_LOOKED ? fence_text_word(out, &failed) : 0;
		}
		length += more;
	}
	return (size_t)length;
}

/* ---- reading ---- */

/* The next word; words are separated by one blank. NULL: there is none, or an empty one. */
static const char *fence_text_next(char **text)
{
	char *word = *text;

	if (word == NULL) {
		return NULL;
	}

	char *blank = strchr(word, ' ');

	if (blank != NULL) {
		*blank = '\0';
	}
	*text = blank != NULL ? blank + 1 : NULL;
	return *word != '\0' ? word : NULL;
}

static int fence_text_number(const char *word, uint64_t max, uint64_t *out)
{
	char *end;

	if (word == NULL || !isdigit((unsigned char)*word)) {
		return -VX_E_PROTO;
	}
	errno = 0;
	*out = strtoull(word, &end, 10);
	return errno == 0 && *end == '\0' && *out <= max ? 0 : -VX_E_PROTO;
}

int fence_text_read_look(char *text, uint64_t *out_serial, bool *out_apart)
{
	const char *what = fence_text_next(&text);
	uint64_t apart;

	if (what == NULL || strcmp(what, "look") != 0 ||
	    fence_text_number(fence_text_next(&text), UINT64_MAX, out_serial) != 0 ||
	    fence_text_number(fence_text_next(&text), 1, &apart) != 0 || text != NULL) {
		return -VX_E_PROTO;
	}
	*out_apart = apart != 0;
	return 0;
}

int fence_text_read_word(char *text, struct fence_word *out_word)
{
	const char *what = fence_text_next(&text);
	uint64_t error = 0;
	size_t kind = 0;

	*out_word = (struct fence_word){ 0 };
	while (what != NULL && kind < VX_COUNT_OF(fence_text_what) &&
	       strcmp(what, fence_text_what[kind]) != 0) {
		kind++;
	}
	if (what == NULL || kind == VX_COUNT_OF(fence_text_what)) {
		return -VX_E_PROTO;
	}
	out_word->what = (enum fence_what)kind;
	if (kind == FENCE_LOOKED &&
	    (fence_text_number(fence_text_next(&text), UINT64_MAX, &out_word->serial) != 0 ||
	     fence_text_number(fence_text_next(&text), VX_E_END, &error) != 0)) {
		return -VX_E_PROTO;
	}
	out_word->error = -(int)error;
	while (text != NULL) {
		const char *node = fence_text_next(&text);

		if (node == NULL || out_word->count == VX_COUNT_OF(out_word->node)) {
			return -VX_E_PROTO;
		}
		out_word->node[out_word->count++] = node;
	}
	return kind == FENCE_LOOKED || out_word->count == (kind == FENCE_FENCED) ? 0 : -VX_E_PROTO;
}
