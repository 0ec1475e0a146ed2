// SPDX-License-Identifier: GPL-2.0-or-later
/* The cluster as this node sees it. */
#include <stdio.h>
#include <string.h>

#include "base/proto.h"
#include "vxconfigd/configd.h"

static void cview_peers_clear(struct cview *cluster)
{
	for (size_t i = 0; i < cluster->peer_count; i++) {
		proto_free(cluster->peer[i].state);
		cluster->peer[i] = (struct peer){ 0 };
	}
	cluster->peer_count = 0;
}

void cview_set(struct cview *cluster, const Vx__View *view)
{
	cview_peers_clear(cluster);
	proto_free(cluster->view);
	cluster->view = proto_clone(view);
	if (view->self != 0) {
		cluster->self = view->self;
	}
	for (size_t i = 0; i < view->n_member && i < VX_NODES_MAX; i++) {
		cluster->peer[cluster->peer_count++].nodeid = view->member[i]->nodeid;
	}
	cluster->member = cview_member(view, cluster->self) != NULL;
	cluster->open = cluster->member;
	cluster->wait_view = false;
	cluster->was_settled = cluster->was_settled || cluster->settled;
	cluster->settled = false;
}

void cview_registered(struct cview *cluster, const Vx__Registered *registered)
{
	cluster->registered = true;
	cluster->fencing = registered->fencing;
	cluster->state = registered->state;
	cluster->self = registered->self;
	snprintf(cluster->node, sizeof(cluster->node), "%s", registered->node);
	snprintf(cluster->cluster, sizeof(cluster->cluster), "%s", registered->cluster);
	if (registered->view != NULL && registered->state == VX__NODE_STATE__NODE_MEMBER) {
		cview_set(cluster, registered->view);
		cluster->settled = registered->view_open;
	}
}

void cview_clear(struct cview *cluster)
{
	cview_peers_clear(cluster);
	cluster->member = false;
	cluster->open = false;
	cluster->settled = false;
	cluster->was_settled = false;
	cluster->wait_view = false;
	cluster->state = VX__NODE_STATE__NODE_OUT;
	cluster->master_serial = 0;
}

const Vx__Member *cview_member(const Vx__View *view, uint32_t nodeid)
{
	for (size_t i = 0; view != NULL && i < view->n_member; i++) {
		if (view->member[i]->nodeid == nodeid) {
			return view->member[i];
		}
	}
	return NULL;
}

bool cview_is_joiner(const Vx__View *view, uint32_t nodeid)
{
	for (size_t i = 0; i < view->n_joiner; i++) {
		if (view->joiner[i] == nodeid) {
			return true;
		}
	}
	return false;
}

static bool cview_names(const Vx__View *view, const Vx__Member *life)
{
	for (size_t i = 0; view != NULL && i < view->n_leaver; i++) {
		if (view->leaver[i]->nodeid == life->nodeid &&
		    view->leaver[i]->incarnation == life->incarnation) {
			return true;
		}
	}
	return cview_member(view, life->nodeid) != NULL; /* R4: its HELLO is the proof */
}

const Vx__Member *cview_unproven(const Vx__View *view, Vx__Member *const *durable, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!cview_names(view, durable[i])) {
			return durable[i];
		}
	}
	return NULL;
}

bool cview_is_master(const struct cview *cluster)
{
	return cluster->member && cluster->view->master == cluster->self;
}

bool cview_is_settled(const struct cview *cluster)
{
	return cluster->settled && cluster->open && !cluster->wait_view;
}

struct peer *cview_peer(struct cview *cluster, uint32_t nodeid)
{
	for (size_t i = 0; i < cluster->peer_count; i++) {
		if (cluster->peer[i].nodeid == nodeid) {
			return &cluster->peer[i];
		}
	}
	return NULL;
}

const char *cview_name(struct cview *cluster, uint32_t nodeid)
{
	const Vx__Member *member = cview_member(cluster->view, nodeid);

	if (member != NULL && member->name[0] != '\0') {
		return member->name;
	}
	for (size_t i = 0; cluster->view != NULL && i < cluster->view->n_leaver; i++) {
		const Vx__Leaver *leaver = cluster->view->leaver[i];

		if (leaver->nodeid == nodeid && leaver->name[0] != '\0') {
			return leaver->name;
		}
	}
	snprintf(cluster->number, sizeof(cluster->number), "node %u", nodeid);
	return cluster->number;
}

uint64_t cview_epoch(const struct cview *cluster)
{
	return cluster->view != NULL ? cluster->view->epoch : 0;
}

uint64_t cview_incarnation(const struct cview *cluster)
{
	const Vx__Member *member = cview_member(cluster->view, cluster->self);

	return member != NULL ? member->incarnation : 0;
}
