// SPDX-License-Identifier: GPL-2.0-or-later
/* Regions that a write or flush of this node left different, in their lane (V12). */
#include <errno.h>

#include "volio/bits.h"
#include "volio/engine.h"
#include "volio/vio_log.h"

void vio_stuck_show(struct vio *vio)
{
	if (vio->stuck.count > 0 && vio->dead == 0 &&
	    !atomic_exchange_explicit(&vio->stuck_mail.posted, true, memory_order_acquire)) {
		mailbox_post(vio->lane->main, &vio->stuck_mail.mail);
	}
}

/* What the disks' caches had of any write may be lost: all that is marked, without a log all. */
static void stick_flushed(struct vio *vio)
{
	if (vio->log == NULL) {
		stuck_add(&vio->stuck, 0, vio->stuck.regions - 1);
	} else {
		vio_log_stick_marked(vio);
	}
}

void vio_stick(const struct io_request *request)
{
	struct vio *vio = request->vio;
	const struct volconf *conf = vio->conf;
	uint64_t end = request->end < conf->length ? request->end : conf->length;

	if (vio->stuck.regions == 0) {
		return; /* one plex */
	}
	if (request->kind == IO_FLUSH) {
		stick_flushed(vio);
	} else if (request->start < end) { /* the volume may have become shorter */
		uint32_t first = (uint32_t)(request->start / conf->region_bytes);
		uint32_t last = (uint32_t)((end - 1) / conf->region_bytes);

		stuck_add(&vio->stuck, first, last);
		vio_log_stick(vio, first, last);
	}
	vio_stuck_show(vio);
}

void vio_run_take(struct lane_call *call)
{
	struct vio_take *take = (struct vio_take *)call;
	struct vio *vio = call->vio;
	bool fits = take->regions == vio->stuck.regions;

	take->count = fits ? stuck_take(&vio->stuck, take->all, take->map) : 0;
	lane_call_end(call, fits ? 0 : -EAGAIN);
}

void vio_run_clear(struct lane_call *call)
{
	struct vio_clear *clear = (struct vio_clear *)call;
	struct vio *vio = call->vio;

	for (uint32_t region = clear->first;
	     region <= clear->last && region < vio->conf->regions; region++) {
		if (vio->recover != NULL) {
			bits_put(vio->recover, region, false);
		}
		if (clear->healed && stuck_heal(&vio->stuck, region)) {
			vio_log_unstick(vio, region);
		}
	}
	clear->stuck = vio->stuck.count;
	vio_recover_show(vio);
	lane_call_end(call, 0);
}
