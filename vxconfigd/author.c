// SPDX-License-Identifier: GPL-2.0-or-later
/* Who wanted a change. */
#include "vxconfigd/author.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/loop.h"
#include "base/proto.h"

Vx__Author *author_new(const Vx__Request *request, const char *node)
{
	const char *line = request->command_line;
	Vx__Author *author = PROTO_NEW(vx__author, Vx__Author);
	char cut[VX_AUDIT_LINE_MAX];

	snprintf(cut, sizeof(cut), "%s", line[0] != '\0' ? line : request->verb);
	proto_string_set(&author->command_line, cut);
	proto_string_set(&author->node, node);
	author->uid = request->uid;
	author->pid = request->pid;
	author->time_ms = clock_wall_ms();
	return author;
}

const char *author_text(const Vx__Author *author, char out[VX_REASON_MAX])
{
	if (author == NULL) {
		return "(not known)";
	}
	snprintf(out, VX_REASON_MAX, "%s (node %s, uid %" PRIu32 ", pid %" PRIu32 ")",
		 author->command_line, author->node, author->uid, author->pid);
	return out;
}
