// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IodSuspend and IodResume: the gate of the volumes that a transaction touches.
 *
 * A suspension outlives the connection of who asked for it: if vxconfigd dies between suspend and
 * commit, this node must not do I/O under a configuration that the others may have left. V27: it is
 * lifted by IodResume, by the removal of the group, or when another connection has loaded the
 * group's configuration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/id.h"
#include "base/log.h"
#include "base/timeouts.h"
#include "volio/bits.h"
#include "volio/control.h"
#include "volio/volume.h"

struct suspension {
	LIST_ENTRY(suspension) link;
	struct iod *iod;
	struct gather drained;
	uint8_t txid[ID_BYTES];
	size_t txid_length;
	char dgid[128];
	uint64_t asker, cookie;
	uint64_t *rid, *clean_rid;
	size_t rids, clean_rids;
	bool answered, dropped;
	struct loop_timer timer;
};

static bool suspension_covers(const struct suspension *suspension, const struct volume *volume)
{
	for (size_t i = 0; i < suspension->rids; i++) {
		if (suspension->rid[i] == volume->conf->rid &&
		    strcmp(suspension->dgid, volume->group->dgid) == 0) {
			return true;
		}
	}
	return false;
}

static void suspension_free(struct suspension *suspension)
{
	loop_timer_cancel(&suspension->timer);
	free(suspension->rid);
	free(suspension->clean_rid);
	free(suspension);
}

/* Takes it out; its volumes go on unless another one covers them. */
static void suspension_end(struct suspension *suspension)
{
	struct iod *iod = suspension->iod;

	LIST_REMOVE(suspension, link);
	loop_timer_cancel(&suspension->timer);
	for (size_t i = 0; i < suspension->rids; i++) {
		struct volume *volume = iod_volume(iod, suspension->dgid, suspension->rid[i]);
		const struct suspension *other;
		bool covered = false;

		LIST_FOREACH(other, &iod->suspensions, link)
		{
			covered = covered || (volume != NULL && suspension_covers(other, volume));
		}
		if (volume != NULL && !covered) {
			volume_release(volume, VIO_HOLD_TXN);
		}
	}
	suspension->dropped = true;
	if (suspension->answered) {
		suspension_free(suspension);
	}
}

static void suspension_answer(struct suspension *suspension, int error, const char *reason)
{
	if (!suspension->answered) {
		suspension->answered = true;
		control_answer(suspension->iod, suspension->asker, suspension->cookie, error,
			       reason);
	}
}

static void suspension_ready(struct gather *gather)
{
	struct suspension *suspension = gather->ctx;

	loop_timer_cancel(&suspension->timer);
	if (suspension->dropped) {
		suspension_answer(suspension, -ECANCELED, "resumed before the volumes were quiet");
		suspension_free(suspension);
		return;
	}
	suspension_answer(suspension, gather->error, gather->reason);
}

/* V35: CLEAN says that the plexes are equal, or that a log says where they are not. */
static void suspension_clean(struct volume *volume, struct gather *gather)
{
	const struct volconf *conf = volume->conf;
	char reason[VX_REASON_MAX];

	if (conf->regions > 0 && conf->logs == 0 &&
	    (!volume->maps_ready || bits_count(volume->map, conf->regions) > 0)) {
		snprintf(reason, sizeof(reason), "volume %s: its recovery has not ended",
			 conf->name);
		gather_add(gather);
		gather_end(gather, -VX_E_DIFFERS, reason);
	} else {
		volume_clean(volume, gather);
	}
}

static void suspension_drained(struct gather *gather)
{
	struct suspension *suspension = gather->ctx;

	if (gather->error != 0 || suspension->dropped) {
		suspension_ready(gather);
		return;
	}
	gather_begin(gather, suspension_ready, suspension);
	for (size_t i = 0; i < suspension->rids; i++) {
		struct volume *volume =
			iod_volume(suspension->iod, suspension->dgid, suspension->rid[i]);

		if (volume != NULL) {
			volume_map_wait(volume, gather);
		}
	}
	for (size_t i = 0; i < suspension->clean_rids; i++) {
		struct volume *volume =
			iod_volume(suspension->iod, suspension->dgid, suspension->clean_rid[i]);

		if (volume != NULL) {
			suspension_clean(volume, gather);
		}
	}
	gather_end(gather, 0, NULL);
}

static void suspension_slow(void *ctx, const char *text)
{
	struct suspension *suspension = ctx;
	char reason[VX_REASON_MAX];

	snprintf(reason, sizeof(reason), "volumes did not become quiet in time: %s", text);
	suspension_answer(suspension, -VX_E_TIMEOUT, reason);
	if (!suspension->dropped) {
		suspension->answered = false; /* suspension_drained() frees it: the holds end now */
		suspension_end(suspension);
		suspension->answered = true;
	}
	gather_end(&suspension->drained, 0, NULL);
}

static void suspension_on_timer(void *ctx)
{
	struct suspension *suspension = ctx;

	for (size_t i = 0; i < suspension->rids; i++) {
		struct volume *volume =
			iod_volume(suspension->iod, suspension->dgid, suspension->rid[i]);

		if (volume != NULL && !volume->leaving &&
		    (volume->map_writes > 0 || atomic_load_explicit(&volume->vio->shown_in_flight,
								    memory_order_relaxed) > 0)) {
			gather_add(&suspension->drained);
			volume_slowest(volume, suspension_slow, suspension);
			return;
		}
	}
}

void suspend_request(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	const Vx__IodSuspend *request = msg->iod_suspend;
	struct suspension *suspension = calloc(1, sizeof(*suspension));
	uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : VX_DRAIN_MS;

	if (request->txid.len > ID_BYTES || request->n_vol_rid > VX_VOLUMES_MAX ||
	    request->n_clean_rid > request->n_vol_rid) {
		control_answer(iod, asker, msg->cookie, -VX_E_PROTO,
			       "transaction id or list of volumes too long");
		free(suspension);
		return;
	}
	if (suspension != NULL) {
		suspension->rid = calloc(request->n_vol_rid + 1, sizeof(uint64_t));
	}
	if (suspension != NULL) {
		suspension->clean_rid = calloc(request->n_clean_rid + 1, sizeof(uint64_t));
	}
	if (suspension == NULL || suspension->rid == NULL || suspension->clean_rid == NULL) {
		log_bug("out of memory");
	}
	suspension->iod = iod;
	suspension->asker = asker;
	suspension->cookie = msg->cookie;
	suspension->txid_length = request->txid.len;
	memcpy(suspension->txid, request->txid.data, request->txid.len);
	snprintf(suspension->dgid, sizeof(suspension->dgid), "%s", request->dgid);
	suspension->rids = request->n_vol_rid;
	memcpy(suspension->rid, request->vol_rid, request->n_vol_rid * sizeof(uint64_t));
	suspension->clean_rids = request->n_clean_rid;
	memcpy(suspension->clean_rid, request->clean_rid, request->n_clean_rid * sizeof(uint64_t));
	LIST_INSERT_HEAD(&iod->suspensions, suspension, link);
	loop_timer_set(iod->loop, &suspension->timer, timeout_ms, suspension_on_timer, suspension);
	gather_begin(&suspension->drained, suspension_drained, suspension);
	for (size_t i = 0; i < suspension->rids; i++) {
		struct volume *volume = iod_volume(iod, suspension->dgid, suspension->rid[i]);

		if (volume != NULL && !volume->leaving) {
			volume_hold(volume, VIO_HOLD_TXN, &suspension->drained);
		}
	}
	gather_end(&suspension->drained, 0, NULL);
}

void resume_request(struct iod *iod, uint64_t asker, const Vx__Ipc *msg)
{
	const Vx__IodResume *request = msg->iod_resume;
	struct suspension *suspension, *next;

	for (suspension = LIST_FIRST(&iod->suspensions); suspension != NULL; suspension = next) {
		next = LIST_NEXT(suspension, link);
		if (suspension->txid_length == request->txid.len &&
		    memcmp(suspension->txid, request->txid.data, request->txid.len) == 0) {
			suspension_end(suspension);
		}
	}
	control_answer(iod, asker, msg->cookie, 0, NULL);
}

void suspensions_lift(struct iod *iod, const char *dgid, bool all)
{
	struct suspension *suspension, *next;

	for (suspension = LIST_FIRST(&iod->suspensions); suspension != NULL; suspension = next) {
		next = LIST_NEXT(suspension, link);
		if (strcmp(suspension->dgid, dgid) == 0 &&
		    (all || !control_asker_is_there(iod, suspension->asker))) {
			log_info("dg=%s: a suspension whose asker is gone is lifted", dgid);
			suspension_end(suspension);
		}
	}
}
