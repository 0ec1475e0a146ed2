// SPDX-License-Identifier: GPL-2.0-or-later
/* vxassist maxsize: the largest volume that could be made now, found by planning. Changes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "vxconfigd/allocate.h"
#include "vxconfigd/group.h"
#include "vxconfigd/messages.h"
#include "vxconfigd/plan.h"
#include "vxconfigd/proto.h"
#include "vxconfigd/request_queue.h"
#include "vxconfigd/server.h"

struct size_try {
	struct configd *configd;
	const Vx__Config *config;
	Vx__Request *request; /* vxassist make NAME SIZE ... */
	Vx__DiskInfo **disk;
	size_t disk_count;
};

static void size_request(struct size_try *try, const Vx__Request *request)
{
	char **operand = proto_grow(NULL, 0, (request->n_operand + 2) * sizeof(*operand));

	try->request = proto_clone(request);
	operand[0] = proto_string("maxsize-of-nothing");
	operand[1] = proto_string("0s");
	for (size_t i = 0; i < request->n_operand; i++) {
		operand[2 + i] = try->request->operand[i];
	}
	free(try->request->operand);
	try->request->operand = operand;
	try->request->n_operand += 2;
	proto_string_set(&try->request->verb, "make");
}

/* 0 if a volume of so many sectors could be made; else the reason is in reply. */
static int size_fits(struct size_try *try, uint64_t sectors, Vx__Reply *reply)
{
	struct plan_env env = {
		.node = try->configd->cluster.node,
		.host = try->configd->host,
		.cluster = try->configd->cluster.cluster,
		.now_s = clock_wall_ms() / 1000,
		.serial = 1,
		.disk = (const Vx__DiskInfo *const *)try->disk,
		.disk_count = try->disk_count,
	};
	char text[32];
	struct plan *plan;
	int rc;

	snprintf(text, sizeof(text), "%" PRIu64 "s", sectors);
	proto_string_set(&try->request->operand[1], text);
	rc = plan_make(try->config, try->request, &env, &plan, reply);
	if (rc == 0) {
		plan_free(plan);
	}
	return rc;
}

static uint64_t size_free(const Vx__Config *config)
{
	size_t count;
	struct allocate_extent *extent = allocate_free_extents(config, &count);
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += extent[i].len;
	}
	free(extent);
	return sum;
}

static void size_search(struct size_try *try, Vx__Reply *reply)
{
	uint64_t fits = 0, too_large = size_free(try->config) / ALLOCATE_ALIGN_SECTORS + 1;
	char line[96];

	if (size_fits(try, ALLOCATE_ALIGN_SECTORS, reply) != 0) {
		return; /* nothing at all, or the words were wrong: reply says why */
	}
	while (too_large - fits > 1) {
		uint64_t middle = fits + (too_large - fits) / 2;
		Vx__Reply *unread = ask_reply_new();

		if (size_fits(try, middle * ALLOCATE_ALIGN_SECTORS, unread) == 0) {
			fits = middle;
		} else {
			too_large = middle;
		}
		proto_free(unread);
	}
	fits *= ALLOCATE_ALIGN_SECTORS;
	snprintf(line, sizeof(line), "Maximum volume size: %" PRIu64 " (%" PRIu64 "Mb)", fits,
		 fits / 2048);
	PROTO_ADD(reply->line, reply->n_line, proto_string(line));
}

void server_size(struct ask *ask)
{
	struct size_try try = { .configd = ask->configd };
	struct group *group = group_by_name(ask->configd, ask->request->group);
	Vx__Reply *reply = ask_reply_new();

	if (group == NULL || group->config == NULL) {
		message_add(reply, ask->request->tool, MSG_GROUP_UNKNOWN, ask->request->group);
		ask_answer(ask, reply);
		return;
	}
	try.config = group->config;
	size_request(&try, ask->request);
	try.disk_count = request_disks(ask->configd, &try.disk);
	size_search(&try, reply);
	request_disks_free(try.disk, try.disk_count);
	proto_free(try.request);
	ask_answer(ask, reply);
}
