// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose turn it is in the queue of a group, and who shares the transaction that begins (T15). */
#include <string.h>

#include "base/log.h"
#include "base/proto.h"
#include "vxconfigd/record.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/share.h"

/* What vxconfigd itself wants comes first: writes wait for the end of a plex that failed; then what
 * was begun before (it was put aside, or failed together with others); then the nodes take turns.
 */
static struct request *request_next(const struct group *group)
{
	struct request *next = TAILQ_FIRST(&group->queue), *req;

	TAILQ_FOREACH(req, &group->queue, next)
	{
		if (request_is_internal(req->request)) {
			return req;
		}
	}
	if (next == NULL || next->attempt > 0) {
		return next;
	}
	TAILQ_FOREACH(req, &group->queue, next)
	{
		if (req->nodeid - group->turn - 1 < next->nodeid - group->turn - 1) {
			next = req;
		}
	}
	return next;
}

struct request *request_take(struct group *group)
{
	struct request *req = request_next(group);

	if (req != NULL) {
		TAILQ_REMOVE(&group->queue, req, next);
		group->turn = req->nodeid;
		req->attempt++;
	}
	return req;
}

/* Nothing is answered on the grounds of changes that may yet fail: who has no place here, or
 * nothing to do after them, waits for what becomes of them. */
static bool request_joins(struct request *first, struct request *req, Vx__Config *after)
{
	char reason[VX_REASON_MAX];

	if (request_plan_after(req, after) != 0 || req->propose == NULL ||
	    !share_takes(first->group->config, first->propose, req->propose)) {
		return false;
	}
	if (config_replay(after, req->propose->delta, reason) != 0) {
		log_bug("dg=%s a change that was just planned does not fit: %s", first->group->name,
			reason);
		return false;
	}
	share_join(first->propose, req->propose);
	return true;
}

void request_gather(struct request *first)
{
	struct group *group = first->group;
	const struct cview *cluster = &group->configd->cluster;
	Vx__Config *after;
	struct request *req;
	bool goes_on = true;
	char reason[VX_REASON_MAX];

	if (cluster->view->protocol < VX_PROTOCOL_SHARE || !share_allows(first->request) ||
	    TAILQ_EMPTY(&group->queue)) {
		return;
	}
	after = proto_clone(group->config);
	goes_on = config_replay(after, first->propose->delta, reason) == 0;
	while (goes_on && (req = request_next(group)) != NULL && req->part == first->part &&
	       request_is_internal(req->request) == request_is_internal(first->request) &&
	       share_allows(req->request)) {
		request_take(group);
		goes_on = request_joins(first, req, after);
		if (goes_on) {
			TAILQ_INSERT_TAIL(&group->sharing, req, next);
		} else {
			request_unplan(req);
			TAILQ_INSERT_HEAD(&group->queue, req, next);
		}
	}
	proto_free(after);
}

void request_scatter(struct group *group, bool halve)
{
	struct request *req;
	size_t count = 0;

	TAILQ_INSERT_HEAD(&group->sharing, group->current, next);
	group->current = NULL;
	TAILQ_FOREACH(req, &group->sharing, next)
	{
		count++;
	}
	group->parts += halve ? 2 : 0;
	for (size_t i = count; (req = TAILQ_LAST(&group->sharing, request_list)) != NULL;) {
		TAILQ_REMOVE(&group->sharing, req, next);
		request_unplan(req);
		req->part = !halve ? req->part : --i < count / 2 ? group->parts - 1 : group->parts;
		TAILQ_INSERT_HEAD(&group->queue, req, next);
	}
}
