// SPDX-License-Identifier: GPL-2.0-or-later
/* Several requests in one transaction (T15). */
#include "vxconfigd/share.h"

#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/record.h"

#define PACKET_OTHER_BYTES 64 /* of the packet around a proposal */

bool share_allows(const Vx__Request *request)
{
	for (size_t i = 0; i < request->n_flag; i++) {
		if (strcmp(request->flag[i], "dry-run") == 0) {
			return false;
		}
	}
	return strcmp(request->tool, "vxdg") != 0;
}

/* 0: the group's own record. */
static uint64_t share_rid(const Vx__Record *put)
{
	switch (put->kind_case) {
	case VX__RECORD__KIND_DM:
		return put->dm->rid;
	case VX__RECORD__KIND_VOL:
		return put->vol->rid;
	case VX__RECORD__KIND_PLEX:
		return put->plex->rid;
	case VX__RECORD__KIND_SD:
		return put->sd->rid;
	case VX__RECORD__KIND_DG:
	case VX__RECORD__KIND__NOT_SET:
	case _VX__RECORD__KIND__CASE_IS_INT_SIZE:
		break;
	}
	return 0;
}

static bool share_changes(const Vx__Delta *delta, uint64_t rid)
{
	for (size_t i = 0; i < delta->n_put; i++) {
		if (share_rid(delta->put[i]) == rid) {
			return true;
		}
	}
	for (size_t i = 0; i < delta->n_del_rid; i++) {
		if (delta->del_rid[i] == rid) {
			return true;
		}
	}
	return false;
}

static bool share_is_apart(const Vx__Delta *shared, const Vx__Delta *next)
{
	for (size_t i = 0; i < next->n_put; i++) {
		if (share_changes(shared, share_rid(next->put[i]))) {
			return false;
		}
	}
	for (size_t i = 0; i < next->n_del_rid; i++) {
		if (share_changes(shared, next->del_rid[i])) {
			return false;
		}
	}
	return true;
}

/* Something is removed, or has another place or length. */
static bool share_frees(const Vx__Config *base, const Vx__Delta *delta)
{
	bool frees = delta->n_del_rid > 0;

	for (size_t i = 0; i < delta->n_put && !frees; i++) {
		frees = delta->put[i]->kind_case == VX__RECORD__KIND_SD &&
			delta->put[i]->sd->rid < base->next_rid;
	}
	return frees;
}

static bool share_places(const Vx__Delta *delta)
{
	for (size_t i = 0; i < delta->n_put; i++) {
		if (delta->put[i]->kind_case == VX__RECORD__KIND_SD) {
			return true;
		}
	}
	return false;
}

bool share_takes(const Vx__Config *base, const Vx__Propose *shared, const Vx__Propose *next)
{
	return shared->kind == VX__TXN_KIND__TXN_CHANGE &&
	       next->kind == VX__TXN_KIND__TXN_CHANGE &&
	       shared->lost_plex == 0 && next->lost_plex == 0 && /* T18: each by its own vote */
	       shared->n_also + 2 <= VX_TXN_SHARE_MAX &&
	       vx__propose__get_packed_size(shared) + vx__propose__get_packed_size(next) <=
		       VX_CPG_MSG_MAX - PACKET_OTHER_BYTES &&
	       share_is_apart(shared->delta, next->delta) &&
	       !(share_frees(base, shared->delta) && share_places(next->delta));
}

static void share_join_delta(Vx__Delta *shared, const Vx__Delta *next)
{
	for (size_t i = 0; i < next->n_put; i++) {
		PROTO_ADD(shared->put, shared->n_put, proto_clone(next->put[i]));
	}
	for (size_t i = 0; i < next->n_del_rid; i++) {
		PROTO_ADD(shared->del_rid, shared->n_del_rid, next->del_rid[i]);
	}
	shared->next_rid = next->next_rid;
}

static void share_add_volume(Vx__Propose *shared, uint64_t rid)
{
	for (size_t i = 0; i < shared->n_quiesce; i++) {
		if (shared->quiesce[i] == rid) {
			return;
		}
	}
	PROTO_ADD(shared->quiesce, shared->n_quiesce, rid);
}

static void share_add_disk(Vx__Propose *shared, const char *diskid)
{
	for (size_t i = 0; i < shared->n_need_disk; i++) {
		if (strcmp(shared->need_disk[i], diskid) == 0) {
			return;
		}
	}
	PROTO_ADD(shared->need_disk, shared->n_need_disk, proto_string(diskid));
}

void share_join(Vx__Propose *shared, const Vx__Propose *next)
{
	Vx__Outcome *also = PROTO_NEW(vx__outcome, Vx__Outcome);

	also->txid.data = proto_grow(NULL, 0, ID_BYTES);
	also->txid.len = ID_BYTES;
	memcpy(also->txid.data, next->txid.data, ID_BYTES);
	also->author = proto_clone(next->author);
	PROTO_ADD(shared->also, shared->n_also, also);
	share_join_delta(shared->delta, next->delta);
	for (size_t i = 0; i < next->n_quiesce; i++) {
		share_add_volume(shared, next->quiesce[i]);
	}
	for (size_t i = 0; i < next->n_need_disk; i++) {
		share_add_disk(shared, next->need_disk[i]);
	}
}

bool share_is_sane(const Vx__Propose *propose)
{
	bool sane = propose->txid.len == ID_BYTES && propose->n_also < VX_TXN_SHARE_MAX;

	for (size_t i = 0; i < propose->n_also && sane; i++) {
		sane = propose->also[i]->txid.len == ID_BYTES;
	}
	return sane;
}

bool share_has(const Vx__Propose *propose, const uint8_t *txid)
{
	bool has = memcmp(propose->txid.data, txid, ID_BYTES) == 0;

	for (size_t i = 0; i < propose->n_also && !has; i++) {
		has = memcmp(propose->also[i]->txid.data, txid, ID_BYTES) == 0;
	}
	return has;
}

void share_outcomes_add(Vx__Config *config, const Vx__Propose *propose, bool committed)
{
	config_outcome_add(config, propose->txid.data, committed, propose->author);
	for (size_t i = 0; i < propose->n_also; i++) {
		config_outcome_add(config, propose->also[i]->txid.data, committed,
				   propose->also[i]->author);
	}
}

Vx__Change *share_change(const Vx__Config *after, const Vx__Propose *propose)
{
	Vx__Change *change = PROTO_NEW(vx__change, Vx__Change);

	change->delta = proto_clone(propose->delta);
	change->outcome = proto_clone(config_outcome_find(after, propose->txid.data));
	for (size_t i = 0; i < propose->n_also; i++) {
		const Vx__Outcome *also = config_outcome_find(after, propose->also[i]->txid.data);

		PROTO_ADD(change->also, change->n_also, proto_clone(also));
	}
	return change;
}
