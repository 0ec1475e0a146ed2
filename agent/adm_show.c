// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustadm prints about the cluster. */
#include "agent/adm_show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"

#define ADM_MASK_BITS 32 /* of one word of a mask */
#define ADM_MASK_WORDS 2 /* the original shows 64 nodes */

const char *adm_state_text(Vx__NodeState state)
{
	/* Leaving is a member that waits: a script that knows the original's four states goes on.
	 */
	static const char *const text[] = {
		[VX__NODE_STATE__NODE_OUT] = "out of cluster",
		[VX__NODE_STATE__NODE_JOINING] = "joining",
		[VX__NODE_STATE__NODE_MEMBER] = "cluster member",
		[VX__NODE_STATE__NODE_LEAVING] = "cluster member",
		[VX__NODE_STATE__NODE_ABORTING] = "cluster aborting",
	};

	return (size_t)state < VX_COUNT_OF(text) ? text[state] : "unknown";
}

const char *adm_step_text(Vx__Step step)
{
	static const char *const text[] = {
		[VX__STEP__STEP_STOP] = "suspend",
		[VX__STEP__STEP_FENCE] = "fence",
		[VX__STEP__STEP_ROLE] = "role",
		[VX__STEP__STEP_CONFIG] = "configuration",
		[VX__STEP__STEP_RECOVER] = "recovery map",
		[VX__STEP__STEP_RESUME] = "resume",
		[VX__STEP__STEP_SURVEY] = "survey",
		[VX__STEP__STEP_CLAIM] = "claim",
		[VX__STEP__STEP_LEAVE] = "leave",
		[VX__STEP__STEP_LEAVE_CANCEL] = "leave cancelled",
		[VX__STEP__STEP_ABORT] = "abort",
		[VX__STEP__STEP_CLOSE] = "close",
	};

	return (size_t)step < VX_COUNT_OF(text) && text[step] != NULL ? text[step] : "unknown";
}

const char *adm_left_text(Vx__LeaveHow how)
{
	static const char *const text[] = {
		[VX__LEAVE_HOW__LEFT_LOST] = "lost",
		[VX__LEAVE_HOW__LEFT_CLEAN] = "clean",
		[VX__LEAVE_HOW__LEFT_ABORTED] = "aborted",
	};

	return (size_t)how < VX_COUNT_OF(text) ? text[how] : "unknown";
}

const Vx__Member *adm_member(const Vx__View *view, uint32_t nodeid)
{
	for (size_t i = 0; view != NULL && i < view->n_member; i++) {
		if (view->member[i]->nodeid == nodeid) {
			return view->member[i];
		}
	}
	return NULL;
}

/* ---- masks ---- */

struct adm_mask {
	uint32_t word[ADM_MASK_WORDS];
};

static void adm_mask_set(struct adm_mask *mask, uint32_t nid)
{
	if (nid < ADM_MASK_WORDS * ADM_MASK_BITS) {
		mask->word[nid / ADM_MASK_BITS] |= 1u << nid % ADM_MASK_BITS;
	}
}

static void adm_show_masks(FILE *out, const Vx__View *view, bool open)
{
	struct adm_mask members = { 0 }, joiners = { 0 }, leavers = { 0 };

	for (size_t i = 0; i < view->n_member; i++) {
		adm_mask_set(&members, view->member[i]->nid);
	}
	/* of the reconfiguration that runs: once the view is open nobody joins or leaves */
	for (size_t i = 0; !open && i < view->n_joiner; i++) {
		const Vx__Member *joiner = adm_member(view, view->joiner[i]);

		if (joiner != NULL) {
			adm_mask_set(&joiners, joiner->nid);
		}
	}
	for (size_t i = 0; !open && i < view->n_leaver; i++) {
		adm_mask_set(&leavers, view->leaver[i]->nid);
	}
	for (size_t i = 0; i < ADM_MASK_WORDS; i++) {
		fprintf(out, "\tmembers[%zu]=0x%x\n", i, members.word[i]);
		fprintf(out, "\tjoiners[%zu]=0x%x\n", i, joiners.word[i]);
		fprintf(out, "\tleavers[%zu]=0x%x\n", i, leavers.word[i]);
	}
}

/* The member with the next higher node number, round to the lowest; alone: itself. */
static uint32_t adm_neighbor(const Vx__View *view, uint32_t self)
{
	uint32_t lowest = self, next = UINT32_MAX;

	for (size_t i = 0; i < view->n_member; i++) {
		uint32_t nid = view->member[i]->nid;

		if (nid < lowest) {
			lowest = nid;
		}
		if (nid > self && nid < next) {
			next = nid;
		}
	}
	return next != UINT32_MAX ? next : lowest;
}

static void adm_show_ids(FILE *out, const Vx__AdmState *state)
{
	const Vx__View *view = state->view;
	const Vx__Member *self = adm_member(view, state->self);
	const Vx__Member *master = view != NULL ? adm_member(view, view->master) : NULL;

	if (self != NULL) {
		fprintf(out, "\tnodeId=%" PRIu32 "\n", self->nid);
		if (master != NULL) {
			fprintf(out, "\tmasterId=%" PRIu32 "\n", master->nid);
		}
		fprintf(out, "\tneighborId=%" PRIu32 "\n", adm_neighbor(view, self->nid));
		adm_show_masks(out, view, state->view_open);
	}
	fprintf(out, "\treconfig_seqnum=0x%" PRIx64 "\n", state->seqnum);
	fprintf(out, "\tvxfen=%s\n", state->fencing ? "on" : "off");
}

/* ---- reconfigurations ---- */

static void adm_show_reconf(FILE *out, const Vx__Reconf *reconf)
{
	time_t seconds = (time_t)(reconf->wall_ms / 1000u);
	struct tm local;
	char when[32] = "-";

	if (localtime_r(&seconds, &local) != NULL) {
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
	}
	fprintf(out, "\t%s epoch=0x%" PRIx64 " %s%s\n", when, reconf->epoch, reconf->cause,
		reconf->done ? "" : " (not finished)");
	fprintf(out,
		"\t\tfreeze=%" PRIu64 "ms quorum=%" PRIu64 "ms fencing=%" PRIu64 "ms own=%" PRIu64
		"ms\n",
		reconf->freeze_ms, reconf->quorum_ms, reconf->fence_ms, reconf->own_ms);
	for (size_t i = 0; i < reconf->n_step; i++) {
		const Vx__StepTime *step = reconf->step[i];
		uint64_t us = step->us != 0 ? step->us : step->ms * 1000u;

		fprintf(out, "\t\t%s=%" PRIu64 ".%03" PRIu64 "ms\n", adm_step_text(step->step),
			us / 1000u, us % 1000u);
	}
}

/* ---- verbs ---- */

static void adm_show_line(FILE *out, const char *key, const char *text)
{
	if (text[0] != '\0') {
		fprintf(out, "%s: %s\n", key, text);
	}
}

void adm_show_nodestate(FILE *out, const Vx__AdmState *state, bool verbose)
{
	bool leaving = state->state == VX__NODE_STATE__NODE_LEAVING;

	fprintf(out, "state: %s\n", adm_state_text(state->state));
	if (verbose) {
		adm_show_ids(out, state);
	}
	if (leaving && state->detail[0] == '\0') {
		adm_show_line(out, "state", "leaving, waits until no shared volume is open");
	}
	if (strcmp(state->detail, state->reconfig) != 0) {
		adm_show_line(out, "state", state->detail);
	}
	adm_show_line(out, "reconfig", state->reconfig);
	if (state->state != VX__NODE_STATE__NODE_MEMBER) {
		adm_show_line(out, "reason", state->reason);
	}
	for (size_t i = 0; leaving && i < state->n_waiting; i++) {
		adm_show_line(out, "open", state->waiting[i]);
	}
	if (verbose && state->n_reconf > 0) {
		fprintf(out, "reconfigurations:\n");
		for (size_t i = 0; i < state->n_reconf; i++) {
			adm_show_reconf(out, state->reconf[i]);
		}
	}
}

void adm_show_nodestate_out(FILE *out, const char *reason)
{
	fprintf(out, "state: %s\n", adm_state_text(VX__NODE_STATE__NODE_OUT));
	if (reason != NULL) {
		adm_show_line(out, "reason", reason);
	}
}

static const char *adm_node_text(const Vx__NodeInfo *node)
{
	switch (node->state) {
	case VX__NODE_STATE__NODE_MEMBER:
	case VX__NODE_STATE__NODE_LEAVING:
		return node->master ? "Joined: Master" : "Joined: Slave";
	case VX__NODE_STATE__NODE_JOINING:
		return "Joining";
	case VX__NODE_STATE__NODE_ABORTING:
		return "Aborting";
	case VX__NODE_STATE__NODE_OUT:
	case _VX__NODE_STATE_IS_INT_SIZE:
		break;
	}
	return "Out of Cluster";
}

void adm_show_nidmap(FILE *out, const Vx__AdmState *state)
{
	if (state->state == VX__NODE_STATE__NODE_OUT) {
		adm_show_nidmap_out(out);
		return;
	}
	fprintf(out, "%-32s %-10s %-10s %s\n", "Name", "CVM Nid", "CM Nid", "State");
	for (size_t i = 0; i < state->n_node; i++) {
		const Vx__NodeInfo *node = state->node[i];

		fprintf(out, "%-31s %-10" PRIu32 " %-10" PRIu32 " %s\n", node->name, node->nid,
			node->nodeid, adm_node_text(node));
	}
}

void adm_show_nidmap_out(FILE *out)
{
	fprintf(out, "Out of cluster: No mapping information available\n");
}

bool adm_is_open_of(const Vx__OpenBy *open, const Vx__VolInfo *volume)
{
	return strcmp(open->group, volume->group) == 0 && strcmp(open->volume, volume->name) == 0;
}

void adm_show_volumes(FILE *out, const Vx__IodReport *report)
{
	char name[2 * VX_NAME_MAX + 2];

	fprintf(out, "%-31s %-31s %s\n", "Volume", "Device", "Open by");
	for (size_t i = 0; i < report->n_vol; i++) {
		const Vx__VolInfo *volume = report->vol[i];
		const char *device = volume->device[0] != '\0' ? volume->device
				     : volume->nbd[0] != '\0'  ? volume->nbd
							       : "-";
		const char *between = "";

		snprintf(name, sizeof(name), "%s/%s", volume->group, volume->name);
		fprintf(out, "%-31s %-31s ", name, device);
		for (size_t k = 0; k < report->n_open; k++) {
			if (adm_is_open_of(report->open[k], volume)) {
				fprintf(out, "%s%s (pid %" PRIu32 ")", between,
					report->open[k]->command, report->open[k]->pid);
				between = ", ";
			}
		}
		fprintf(out, "%s\n", between[0] == '\0' ? "-" : "");
	}
}
