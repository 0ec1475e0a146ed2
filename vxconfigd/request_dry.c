// SPDX-License-Identifier: GPL-2.0-or-later
/* --dry-run: what a change that every node agreed to would have done, for every utility. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/record_tell.h"
#include "vxconfigd/request_queue.h"

#define DRY_ROOM (VX_CPG_MSG_MAX / 2) /* of the answer, which may travel to another node */

struct dry {
	Vx__Reply *reply;
	size_t used, left_out;
};

static void dry_line(void *ctx, const char *text)
{
	struct dry *dry = ctx;

	dry->used += strlen(text) + 8;
	if (dry->used > DRY_ROOM) {
		dry->left_out++;
		return;
	}
	PROTO_ADD(dry->reply->line, dry->reply->n_line, proto_string(text));
}

static void dry_change(struct dry *dry, const struct group *group, const Vx__Propose *propose)
{
	Vx__Config *after = proto_clone(group->config);
	char reason[VX_REASON_MAX];

	if (config_apply(after, propose->delta, reason) == 0) {
		record_tell(group->config, after, dry_line, dry);
	} else {
		log_bug("dg=%s a change that every node agreed to does not fit: %s", group->name,
			reason);
	}
	proto_free(after);
}

static void dry_group(struct dry *dry, const char *what, const struct group *group)
{
	char text[VX_REASON_MAX];

	snprintf(text, sizeof(text), "%-7s dg %s", what, group->name);
	dry_line(dry, text);
}

static void dry_activation(struct dry *dry, struct group *group, const Vx__Propose *propose)
{
	char text[VX_REASON_MAX];

	snprintf(text, sizeof(text), "change  dg %s activation=%s->%s on node %.255s", group->name,
		 activation_name(activation_get(&group->activation, propose->nodeid)),
		 activation_name(propose->activation),
		 cview_name(&group->configd->cluster, propose->nodeid));
	dry_line(dry, text);
}

void request_tell_nothing(struct request *req)
{
	PROTO_ADD(req->reply->line, req->reply->n_line,
		  proto_string("dry run: there is nothing to be changed"));
}

void request_tell_dry(struct request *req)
{
	const Vx__Propose *propose = req->propose;
	struct dry dry = { .reply = req->reply };
	char more[64];

	switch (propose->kind) {
	case VX__TXN_KIND__TXN_CHANGE:
		dry_change(&dry, req->group, propose);
		break;
	case VX__TXN_KIND__TXN_IMPORT:
		if (req->plan != NULL) { /* vxdg init */
			record_tell(NULL, propose->config, dry_line, &dry);
		} else {
			dry_group(&dry, "import", req->group);
		}
		break;
	case VX__TXN_KIND__TXN_DEPORT:
		if (req->group->config == NULL) {
			dry_group(&dry, propose->destroy ? "destroy" : "deport", req->group);
		} else if (propose->destroy) {
			record_tell(req->group->config, NULL, dry_line, &dry);
		} else {
			dry_group(&dry, "deport", req->group);
		}
		break;
	case VX__TXN_KIND__TXN_ACTIVATE:
		dry_activation(&dry, req->group, propose);
		break;
	case _VX__TXN_KIND_IS_INT_SIZE:
		break;
	}
	if (dry.left_out > 0) {
		snprintf(more, sizeof(more), "... and %zu more records", dry.left_out);
		PROTO_ADD(req->reply->line, req->reply->n_line, proto_string(more));
	}
	PROTO_ADD(req->reply->line, req->reply->n_line,
		  proto_string("dry run: every node agrees, nothing was changed"));
}
