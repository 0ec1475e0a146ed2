// SPDX-License-Identifier: GPL-2.0-or-later
/* Small parts of the view core: effects, names, looking things up, the invariant. */
#include "cpg/view_core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIEW_FX_FIRST 16

struct view_effect *view_fx(struct view_effects *fx, enum view_effect_type type)
{
	if (fx->count == fx->capacity) {
		size_t capacity = fx->capacity > 0 ? 2 * fx->capacity : VIEW_FX_FIRST;
		struct view_effect *effect = realloc(fx->effect, capacity * sizeof(*effect));

		if (effect == NULL) {
			abort();
		}
		fx->effect = effect;
		fx->capacity = capacity;
	}

	struct view_effect *effect = &fx->effect[fx->count++];

	memset(effect, 0, sizeof(*effect));
	effect->type = type;
	return effect;
}

void view_effects_free(struct view_effects *fx)
{
	for (size_t i = 0; i < fx->count; i++) {
		if (fx->effect[i].type == FX_SEND) {
			free(fx->effect[i].u.packet);
		}
	}
	free(fx->effect);
	*fx = (struct view_effects){ 0 };
}

void view_fx_timer(struct view_effects *fx, enum view_timer timer, uint32_t delay_ms)
{
	struct view_effect *effect = view_fx(fx, FX_TIMER_SET);

	effect->u.set.timer = timer;
	effect->u.set.delay_ms = delay_ms;
}

void view_fx_timer_cancel(struct view_effects *fx, enum view_timer timer)
{
	view_fx(fx, FX_TIMER_CANCEL)->u.timer = timer;
}

void view_fx_mark(struct view_effects *fx, const char *format, ...)
{
	struct view_effect *effect = view_fx(fx, FX_MARK);
	va_list args;

	va_start(args, format);
	vsnprintf(effect->text, sizeof(effect->text), format, args);
	va_end(args);
}

struct view_packet *view_fx_send(struct view_core *core, struct view_effects *fx,
				 enum view_packet_type type)
{
	struct view_packet *packet = calloc(1, sizeof(*packet));

	if (packet == NULL) {
		abort();
	}
	packet->type = type;
	packet->from = core->nodeid;
	packet->epoch = core->have_view ? core->view.epoch : 0;
	packet->ring = core->cpg_ring;
	view_fx(fx, FX_SEND)->u.packet = packet;
	return packet;
}

uint64_t view_token(struct view_core *core)
{
	return ++core->tokens;
}

bool view_ring_equal(const struct view_ring *a, const struct view_ring *b)
{
	return a->rep == b->rep && a->seq == b->seq;
}

/* Index in the CPG member list, -1 if it is not there. */
int view_node_index(const struct view_core *core, uint32_t nodeid, uint32_t pid)
{
	for (size_t i = 0; i < core->node_count; i++) {
		if (core->node[i].nodeid == nodeid && core->node[i].pid == pid) {
			return (int)i;
		}
	}
	return -1;
}

/* A member of the group whose node totem does not name is a ghost, not a member. */
bool view_in_totem(const struct view_core *core, uint32_t nodeid)
{
	for (size_t i = 0; i < core->totem_count; i++) {
		if (core->totem[i] == nodeid) {
			return true;
		}
	}
	return false;
}

bool view_in_ring(const struct view_core *core, uint32_t nodeid, uint32_t pid)
{
	return view_node_index(core, nodeid, pid) >= 0 && view_in_totem(core, nodeid);
}

const struct view_leaver *view_leaver_find(const struct view_leaver *list, size_t count,
					   uint32_t nodeid, uint64_t incarnation)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].nodeid == nodeid && list[i].incarnation == incarnation) {
			return &list[i];
		}
	}
	return NULL;
}

/*
 * A fresh node that was paused may still hold HELLOs of others that made a view without it since:
 * the copies name them as members, their HELLOs did not (R5).
 */
bool view_outdated(const struct view_core *core, const struct view_member *durable, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct view_member *member = &durable[i];

		for (size_t k = 0; k < core->node_count; k++) {
			const struct view_hello *hello = &core->hello[k];

			if (hello->here && !hello->member && hello->self.nodeid == member->nodeid &&
			    hello->self.incarnation == member->incarnation) {
				return true;
			}
		}
	}
	return false;
}

static enum view_how view_how_worse(enum view_how a, enum view_how b)
{
	if (a == VIEW_LOST || b == VIEW_LOST) {
		return VIEW_LOST;
	}
	return a == VIEW_ABORTED || b == VIEW_ABORTED ? VIEW_ABORTED : VIEW_CLEAN;
}

static bool view_leaver_open(const struct view_leaver *leaver)
{
	return leaver->how == VIEW_LOST && !leaver->proven;
}

/* Of two lives of a node: what is to be proven and folded of both. */
static void view_leaver_merge(struct view_leaver *to, const struct view_leaver *from)
{
	bool to_open = view_leaver_open(to), from_open = view_leaver_open(from);

	if (to_open && from_open) {
		to->incarnation |= from->incarnation; /* a new one: the proof of one is none of both */
	} else if (from_open) {
		to->incarnation = from->incarnation;
	}
	to->proven = !to_open && !from_open;
	to->how = view_how_worse(to->how, from->how);
	to->fenced_at = to->fenced_at > from->fenced_at ? to->fenced_at : from->fenced_at;
}

/* Adds or keeps; a word of the node itself (clean, aborted) is better than "lost". */
void view_leaver_add(struct view_leaver *list, size_t *count, size_t max,
		     const struct view_leaver *leaver)
{
	for (size_t i = 0; i < *count; i++) {
		if (list[i].nodeid == leaver->nodeid &&
		    list[i].incarnation == leaver->incarnation) {
			if (list[i].how == VIEW_LOST) {
				list[i].how = leaver->how;
			}
			list[i].proven = list[i].proven || leaver->proven;
			return;
		}
	}
	if (*count < max) {
		list[(*count)++] = *leaver;
		return;
	}
	/* full: those of one node and slot become one, with all that is to be proven and folded */
	for (size_t i = 0; i < *count; i++) {
		if (list[i].nodeid == leaver->nodeid && list[i].nid == leaver->nid) {
			view_leaver_merge(&list[i], leaver);
			return;
		}
	}
}

bool view_has_member(const struct view *view, uint32_t nodeid)
{
	return view_member_of(view, nodeid) != NULL;
}

const struct view_member *view_member_of(const struct view *view, uint32_t nodeid)
{
	for (size_t i = 0; i < view->member_count; i++) {
		if (view->member[i].nodeid == nodeid) {
			return &view->member[i];
		}
	}
	return NULL;
}

static const char *const view_packet_names[] = {
#define VIEW_NAME(name) [VP_##name] = #name,
	VIEW_PACKETS(VIEW_NAME)
#undef VIEW_NAME
};

const char *view_packet_name(enum view_packet_type type)
{
	return view_packet_names[type];
}

static const char *const view_coord_names[] = {
#define VIEW_NAME(name) [VC_##name] = #name,
	VIEW_COORDS(VIEW_NAME)
#undef VIEW_NAME
};

const char *view_coord_name(enum view_coord coord)
{
	return view_coord_names[coord];
}

/* Invariants of one node's core (I10 of the model among them). */
void view_check(const struct view_core *core)
{
	assert(!core->open || core->have_view);
	assert(!core->stored || core->have_view);
	assert(!core->settled || (core->open && core->stored));
	assert(core->state != VS_MEMBER || core->have_view);
	assert(core->state != VS_OUT || (core->coord == VC_IDLE && !core->have_view));
	assert(core->coord == VC_IDLE || core->coord == VC_PRESTOP ||
	       (core->following && core->follow_nodeid == core->nodeid) || core->coord == VC_HELLO);
	if (core->open) {
		assert(core->view.epoch <= core->last_epoch);
		assert(view_has_member(&core->view, core->view.master));
		for (size_t i = 0; i < core->view.member_count; i++) {
			const struct view_member *member = &core->view.member[i];

			assert(view_node_index(core, member->nodeid,
					       (uint32_t)member->incarnation) >= 0);
			assert(view_leaver_find(core->view.leaver, core->view.leaver_count,
						member->nodeid, member->incarnation) == NULL);
		}
	}
	assert(core->left_count <= VX_COUNT_OF(core->left));
}
