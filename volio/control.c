// SPDX-License-Identifier: GPL-2.0-or-later
/* The server for vxconfigd. */
#include "volio/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/paths.h"
#include "volio/report.h"
#include "volio/volume.h"

#define CONTROL_LOG_MS 5000 /* one line about I/O errors of a group in that time */

struct asker {
	LIST_ENTRY(asker) link;
	struct ipc_peer *peer;
	uint64_t id;
};

LIST_HEAD(asker_list, asker);

struct control {
	struct iod *iod;
	struct ipc_server *server;
	struct asker_list askers;
	uint64_t ids;
	uint64_t logged_ms;
};

static void control_on_opened(void *ctx, struct ipc_peer *peer)
{
	struct control *control = ctx;
	struct asker *asker = calloc(1, sizeof(*asker));

	if (asker == NULL) {
		ipc_peer_disconnect(peer);
		return;
	}
	asker->peer = peer;
	asker->id = ++control->ids;
	LIST_INSERT_HEAD(&control->askers, asker, link);
	ipc_peer_user_set(peer, asker);
}

static void control_on_closed(void *ctx, struct ipc_peer *peer)
{
	struct asker *asker = ipc_peer_user(peer);

	(void)ctx;
	if (asker != NULL) {
		LIST_REMOVE(asker, link);
		free(asker);
	}
}

static struct asker *control_find(const struct control *control, uint64_t id)
{
	struct asker *asker;

	LIST_FOREACH(asker, &control->askers, link)
	{
		if (asker->id == id) {
			return asker;
		}
	}
	return NULL;
}

bool control_asker_is_there(const struct iod *iod, uint64_t asker)
{
	return control_find(iod->control, asker) != NULL;
}

static void control_send(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	struct asker *to = control_find(iod->control, asker);

	if (to != NULL) {
		(void)ipc_peer_send(to->peer, msg);
	}
}

void control_answer(struct iod *iod, uint64_t asker, uint64_t cookie, int error, const char *reason)
{
	Vx__Ipc msg = VX__IPC__INIT;

	msg.cookie = cookie;
	msg.error = error;
	msg.reason = (char *)(uintptr_t)(reason != NULL ? reason : "");
	control_send(iod, asker, &msg);
}

static void control_query(struct iod *iod, uint64_t asker, const Vx__Ipc *request)
{
	Vx__Ipc msg = VX__IPC__INIT;
	Vx__IodReport *report = report_make(iod, request->iod_query);

	msg.cookie = request->cookie;
	msg.body_case = VX__IPC__BODY_IOD_REPORT;
	msg.iod_report = report;
	control_send(iod, asker, &msg);
	vx__iod_report__free_unpacked(report, NULL);
}

static void control_set(struct iod *iod, uint64_t asker, const Vx__Ipc *request)
{
	const Vx__IodSet *set = request->iod_set;
	char *end;
	unsigned long number = strtoul(set->value, &end, 10);
	int rc = 0;

	if (strcmp(set->name, "resync_slow_ms") == 0) {
		if (set->value[0] == '\0' || *end != '\0' || number > 60000) {
			rc = -VX_E_SYNTAX;
		} else {
			iod->resync_slow_ms = (uint32_t)number;
		}
	} else if (strcmp(set->name, "debug") == 0) {
		log_debug_set(strcmp(set->value, "yes") == 0);
	} else {
		rc = -VX_E_NOTFOUND;
	}
	control_answer(iod, asker, request->cookie, rc,
		       rc != 0 ? "unknown name or invalid value" : NULL);
}

/* ---- could devices appear? ---- */

struct control_devices {
	struct gather gather;
	struct iod *iod;
	uint64_t asker, cookie;
};

static void control_devices_checked(struct gather *gather)
{
	struct control_devices *devices = gather->ctx;

	control_answer(devices->iod, devices->asker, devices->cookie, gather->error,
		       gather->reason);
	free(devices);
}

static void control_devices(struct iod *iod, uint64_t asker, const Vx__Ipc *request)
{
	struct control_devices *devices = calloc(1, sizeof(*devices));

	if (devices == NULL) {
		log_bug("out of memory");
	}
	devices->iod = iod;
	devices->asker = asker;
	devices->cookie = request->cookie;
	gather_begin(&devices->gather, control_devices_checked, devices);
	for (int i = 0; i < FRONT_COUNT; i++) {
		if (iod->front[i] != NULL && front_table[i]->check != NULL) {
			front_table[i]->check(iod->front[i], request->iod_devices,
					      &devices->gather);
		}
	}
	gather_end(&devices->gather, 0, NULL);
}

/* A volume that is gone has nothing to write. */
static void control_local(struct iod *iod, uint64_t asker, const Vx__Ipc *request)
{
	struct volume *volume =
		iod_volume(iod, request->iod_local->dgid, request->iod_local->vol_rid);

	if (volume != NULL) {
		volume_fail_writes(volume);
	}
	control_answer(iod, asker, request->cookie, 0, NULL);
}

static void control_on_message(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg)
{
	struct iod *iod = ((struct control *)ctx)->iod;
	const struct asker *asker = ipc_peer_user(peer);

	if (asker == NULL) {
		return;
	}
	if (msg->body_case == VX__IPC__BODY_IOD_LOAD) {
		load_submit(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_UNLOAD) {
		unload_submit(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_SUSPEND) {
		suspend_request(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_RESUME) {
		resume_request(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_FORMAT_LOG) {
		format_log_submit(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_QUERY) {
		control_query(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_DEVICES) {
		control_devices(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_LOCAL) {
		control_local(iod, asker->id, msg);
	} else if (msg->body_case == VX__IPC__BODY_IOD_SET) {
		control_set(iod, asker->id, msg);
	} else {
		control_answer(iod, asker->id, msg->cookie, -VX_E_PROTO,
			       "not a request that vxiod serves");
	}
}

int control_create(struct iod *iod, struct control **out_control)
{
	static const struct ipc_server_ops ops = {
		.opened = control_on_opened,
		.message = control_on_message,
		.closed = control_on_closed,
	};
	struct control *control = calloc(1, sizeof(*control));
	int rc;

	if (control == NULL) {
		return -ENOMEM;
	}
	control->iod = iod;
	LIST_INIT(&control->askers);
	rc = ipc_server_create(iod->loop, IPC_IOD, &ops, control, &control->server);
	if (rc != 0) {
		free(control);
		return rc;
	}
	*out_control = control;
	return 0;
}

void control_free(struct control *control)
{
	if (control != NULL) {
		ipc_server_destroy(control->server);
		free(control);
	}
}

/* ---- events ---- */

static void control_event(struct iod *iod, const Vx__Ipc *msg)
{
	struct asker *asker, *next;

	for (asker = LIST_FIRST(&iod->control->askers); asker != NULL; asker = next) {
		next = LIST_NEXT(asker, link);
		(void)ipc_peer_send(asker->peer, msg);
	}
}

static const char *control_plex_name(const struct volume *volume, uint64_t rid)
{
	for (uint32_t i = 0; i < volume->conf->written; i++) {
		if (volume->conf->plex[i].rid == rid) {
			return volume->conf->plex[i].name;
		}
	}
	for (uint32_t i = 0; i < volume->conf->logs; i++) {
		if (volume->conf->log[i].rid == rid) {
			return volume->conf->log[i].name;
		}
	}
	return "?";
}

void control_plex_error(struct volume *volume, uint64_t plex_rid, uint64_t offset, uint64_t length,
			bool write, int error)
{
	struct iod *iod = volume->group->iod;
	Vx__IodPlexError event = VX__IOD_PLEX_ERROR__INIT;
	Vx__Ipc msg = VX__IPC__INIT;
	uint64_t now = clock_ms();

	if (now - iod->control->logged_ms > CONTROL_LOG_MS) {
		iod->control->logged_ms = now;
		log_err("dg=%s vol=%s plex=%s: %s error at %llu: %s", volume->conf->group,
			volume->conf->name, control_plex_name(volume, plex_rid),
			write ? "write" : "read", (unsigned long long)offset, vx_strerror(error));
	}
	event.dgid = volume->group->dgid;
	event.vol_rid = volume->conf->rid;
	event.plex_rid = plex_rid;
	event.offset = offset / VX_SECTOR;
	event.len = length / VX_SECTOR;
	event.write = write;
	event.error = error;
	msg.body_case = VX__IPC__BODY_IOD_PLEX_ERROR;
	msg.iod_plex_error = &event;
	control_event(iod, &msg);
}

void control_log_errors(struct volume *volume, uint32_t plexes)
{
	for (uint32_t i = 0; i < volume->conf->logs; i++) {
		if ((plexes >> i & 1) != 0) {
			control_plex_error(volume, volume->conf->log[i].rid, 0, VX_BLOCK, true,
					   -EIO);
		}
	}
}

void control_synced(struct volume *volume, uint64_t regions, uint64_t all_regions, uint64_t ms,
		    const uint64_t *attach, uint32_t attaches)
{
	Vx__IodSynced event = VX__IOD_SYNCED__INIT;
	Vx__Ipc msg = VX__IPC__INIT;

	event.dgid = volume->group->dgid;
	event.vol_rid = volume->conf->rid;
	event.regions = regions;
	event.all_regions = all_regions;
	event.ms = ms;
	event.attach = (uint64_t *)(uintptr_t)attach;
	event.n_attach = attaches;
	msg.body_case = VX__IPC__BODY_IOD_SYNCED;
	msg.iod_synced = &event;
	control_event(volume->group->iod, &msg);
}
