// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustd and its fencing helper say to each other. */
#include "agent/fence_text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/limits.h"

/* "NODEID:WHEN:PENDING:ERROR " at its longest, with room to spare */
#define FENCE_TEXT_ENTRY 64

static_assert(VX_NODES_MAX * FENCE_TEXT_ENTRY + 32 <= VX_FENCE_TEXT_MAX,
	      "a packet holds all nodes");

size_t fence_text_ask(char *out, uint64_t serial, const uint32_t *nodeid, size_t count)
{
	assert(count <= VX_NODES_MAX);

	int length = snprintf(out, VX_FENCE_TEXT_MAX, "%" PRIu64, serial);

	for (size_t i = 0; i < count; i++) {
		length += snprintf(out + length, FENCE_TEXT_ENTRY, " %" PRIu32, nodeid[i]);
	}
	return (size_t)length;
}

size_t fence_text_answer(char *out, uint64_t serial, const struct fence_time *time, size_t count)
{
	assert(count <= VX_NODES_MAX);

	int length = snprintf(out, VX_FENCE_TEXT_MAX, "%" PRIu64, serial);

	for (size_t i = 0; i < count; i++) {
		length += snprintf(out + length, FENCE_TEXT_ENTRY, " %" PRIu32 ":%" PRIu64 ":%d:%d",
				   time[i].nodeid, time[i].when_s, time[i].pending, time[i].error);
	}
	return (size_t)length;
}

/* An unsigned number up to max, which ends at one of the characters in stop. */
static int fence_text_number(const char **text, const char *stop, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)**text)) {
		return -VX_E_PROTO;
	}
	errno = 0;
	*out = strtoull(*text, &end, 10);
	if (errno != 0 || *out > max) {
		return -VX_E_PROTO;
	}
	for (const char *c = stop;; c++) {
		if (*end == *c) {
			*text = end;
			return 0;
		}
		if (*c == '\0') {
			return -VX_E_PROTO;
		}
	}
}

int fence_text_read_ask(const char *text, uint64_t *out_serial, uint32_t *out_nodeid,
			size_t *out_count)
{
	size_t count = 0;
	uint64_t number;
	int rc = fence_text_number(&text, " ", UINT64_MAX, out_serial);

	while (rc == 0 && *text == ' ') {
		text++;
		rc = fence_text_number(&text, " ", UINT32_MAX, &number);
		if (rc == 0 && count == VX_NODES_MAX) {
			rc = -VX_E_PROTO;
		}
		if (rc == 0) {
			out_nodeid[count++] = (uint32_t)number;
		}
	}
	*out_count = count;
	return rc;
}

static int fence_text_entry(const char **text, struct fence_time *out_time)
{
	uint64_t nodeid, when, pending, error;
	bool negative;

	if (fence_text_number(text, ":", UINT32_MAX, &nodeid) != 0 || *(*text)++ != ':' ||
	    fence_text_number(text, ":", UINT64_MAX, &when) != 0 || *(*text)++ != ':' ||
	    fence_text_number(text, ":", 1, &pending) != 0 || *(*text)++ != ':') {
		return -VX_E_PROTO;
	}
	negative = **text == '-';
	*text += negative;
	if (fence_text_number(text, " ", VX_E_END, &error) != 0 || (error != 0 && !negative)) {
		return -VX_E_PROTO;
	}
	*out_time = (struct fence_time){ .nodeid = (uint32_t)nodeid,
					 .when_s = when,
					 .pending = pending != 0,
					 .error = -(int)error };
	return 0;
}

int fence_text_read_answer(const char *text, uint64_t *out_serial, struct fence_time *out_time,
			   size_t *out_count)
{
	size_t count = 0;
	int rc = fence_text_number(&text, " ", UINT64_MAX, out_serial);

	while (rc == 0 && *text == ' ') {
		text++;
		if (count == VX_NODES_MAX) {
			return -VX_E_PROTO;
		}
		rc = fence_text_entry(&text, &out_time[count++]);
	}
	*out_count = count;
	return rc;
}
