// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a request waits for is told to who typed it, on whatever node: every VX_WAIT_TELL_MS, until
 * it is answered. A forwarded one is told by the master, and by its own node when the master is
 * silent.
 */
#include <stdio.h>
#include <string.h>

#include "base/proto.h"
#include "base/timeouts.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/relay.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

/* What a question of this node's waits for. */
static void ask_waits_here(const struct ask *ask, char *text)
{
	struct configd *configd = ask->configd;
	const char *node = configd->cluster.member
				   ? cview_name(&configd->cluster, configd->cluster.self)
				   : configd->host;
	const char *tool = ask->request->tool;

	if (ask->reply != NULL) {
		snprintf(text, VX_REASON_MAX, "vxiod of node %s to take the change", node);
	} else if (ask->asked_epoch != 0) {
		snprintf(text, VX_REASON_MAX, "the cluster reconfiguration");
	} else if (strcmp(tool, "vxdisk") == 0 || strcmp(tool, "vxdg") == 0 ||
		   strcmp(tool, "vxdctl") == 0) {
		snprintf(text, VX_REASON_MAX, "the disks of node %s", node);
	} else {
		snprintf(text, VX_REASON_MAX, "vxiod of the nodes");
	}
}

static void ask_on_tell(void *ctx)
{
	struct ask *ask = ctx;
	char text[VX_REASON_MAX] = "";

	if (!relay_waits_for(ask->configd, ask, text) &&
	    !request_waits_for(ask->configd, ask->request->txid.data, text)) {
		ask_waits_here(ask, text);
	}
	if (text[0] != '\0') {
		Vx__Reply *reply = ask_reply_new();

		message_add(reply, ask->request->tool, MSG_WAITS, text);
		reply->message[0]->severity = VX__SEVERITY__SEV_NOTICE;
		reply->exit_code = 0;
		reply->progress = true;
		ask_progress(ask, reply);
		proto_free(reply);
	}
	ask_wait_begin(ask);
}

void ask_wait_begin(struct ask *ask)
{
	if (ask->caller != 0 || ask->nodeid != 0) {
		loop_timer_set(ask->configd->loop, &ask->tell_timer, VX_WAIT_TELL_MS, ask_on_tell,
			       ask);
	}
}

void ask_wait_end(struct ask *ask)
{
	loop_timer_cancel(&ask->tell_timer);
}
